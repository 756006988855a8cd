package eastest_test

import (
	"errors"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"runtime"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/easoauth/easoauth/eas/eastest"
)

const discovery = "https://outlook.office365.com/autodiscover/autodiscover.json?Email=ada@contoso.com&Protocol=ActiveSync"

// get returns status and body.
func get(t *testing.T, c *http.Client, url string) (int, string) {
	t.Helper()
	resp, err := c.Get(url)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	b, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	return resp.StatusCode, string(b)
}

func TestOnlyTheTenantIsReached(t *testing.T) {
	tn := eastest.New(t, &eastest.Options{Topology: eastest.Hybrid, Domain: "Fabrikam.com"})
	want := []string{"adfs.fabrikam.com", "autodiscover-s.outlook.com", "autodiscover.fabrikam.com", "autodiscover.outlook.com", "login.microsoft.com", "login.microsoftonline.com", "login.windows.net",
		"mail.fabrikam.com", "microsoft.com", "odc.officeapps.live.com", "outlook.office.com", "outlook.office365.com", "prod.autodetect.outlook.cloud.microsoft",
		"sts.windows.net"}
	if diff := cmp.Diff(want, tn.Hosts()); diff != "" {
		t.Errorf("Hosts() (-want +got):\n%s", diff)
	}
	for _, host := range tn.Hosts() {
		c := *tn.Client()
		c.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
		resp, err := c.Get("https://" + strings.ToUpper(host) + "/nothing")
		if err != nil {
			t.Errorf("%s: %v", host, err)
			continue
		}
		resp.Body.Close()
		want, ok := map[string]int{"microsoft.com": 200, "autodiscover.outlook.com": 302}[host]
		if !ok {
			want = http.StatusNotFound
		}
		if resp.StatusCode != want || resp.TLS == nil || !strings.EqualFold(resp.TLS.PeerCertificates[0].DNSNames[0], host) {
			t.Errorf("%s: status %d, TLS %v", host, resp.StatusCode, resp.TLS != nil)
		}
	}
	for _, url := range []string{"https://example.com/", "https://mail.contoso.com/", "https://127.0.0.1/", "http://localhost:80/"} {
		_, err := tn.Client().Get(url)
		var dns *net.DNSError
		if !errors.As(err, &dns) || !dns.IsNotFound {
			t.Errorf("Get(%q) = %v, want a DNS error", url, err)
		}
	}
	for _, url := range []string{"http://mail.fabrikam.com/", "https://mail.fabrikam.com:8443/"} {
		_, err := tn.Client().Get(url)
		var op *net.OpError
		if !errors.As(err, &op) || op.Err.Error() != "connection refused" {
			t.Errorf("Get(%q) = %v, want connection refused", url, err)
		}
	}
}

// A bubble ends only when each of its goroutines has, and its clock stands still unless
// a client waits.
func TestCloseLeavesNothing(t *testing.T) {
	for name, use := range map[string]func(t *testing.T, tn *eastest.Tenant){
		"unused": func(*testing.T, *eastest.Tenant) {},
		"idle connections": func(t *testing.T, tn *eastest.Tenant) {
			get(t, tn.Client(), discovery)
			get(t, tn.Client(), "https://login.microsoftonline.com/x")
		},
		"a body that nobody reads": func(t *testing.T, tn *eastest.Tenant) {
			tn.Fail("autodiscover", eastest.Failure{Status: 200, Body: strings.Repeat("x", 1<<20)})
			resp, err := tn.Client().Get(discovery)
			if err != nil {
				t.Fatal(err)
			}
			t.Cleanup(func() { resp.Body.Close() })
		},
		"a request under way": func(t *testing.T, tn *eastest.Tenant) {
			tn.Fail("autodiscover", eastest.Failure{Status: 503, Delay: time.Hour})
			go func() {
				if resp, err := tn.Client().Get(discovery); err == nil {
					resp.Body.Close()
					t.Error("a request outlived Close")
				}
			}()
			synctest.Wait()
		},
		"a handshake under way": func(t *testing.T, tn *eastest.Tenant) {
			conn, err := tn.Client().Transport.(*http.Transport).DialContext(t.Context(), "tcp", "outlook.office365.com:443")
			if err != nil {
				t.Fatal(err)
			}
			t.Cleanup(func() { conn.Close() })
		},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				began := time.Now()
				tn := eastest.New(nil, nil)
				defer tn.Close()
				tn.AddMailbox("ada@contoso.com")
				use(t, tn)
				tn.Close()
				if d := time.Since(began); d != 0 {
					t.Errorf("Close took %v", d)
				}
				if _, err := tn.Client().Get(discovery); err == nil {
					t.Error("a closed tenant answers")
				}
			})
		})
	}
}

// When Close returns, the servers have no goroutine any more.
func TestCloseWaits(t *testing.T) {
	for range 20 {
		tn := eastest.New(nil, nil)
		tn.Fail("autodiscover", eastest.Failure{Status: 503, Delay: time.Hour, Times: 4})
		_, stranger, err := tn.Listen()
		if err != nil {
			t.Fatal(err)
		}
		var clients sync.WaitGroup
		for _, c := range []*http.Client{tn.Client(), tn.Client(), stranger, stranger} {
			clients.Go(func() {
				if resp, err := c.Get(discovery); err == nil {
					resp.Body.Close()
				}
			})
		}
		runtime.Gosched() // in whatever state they are
		tn.Close()
		stacks := make([]byte, 1<<20)
		stacks = stacks[:runtime.Stack(stacks, true)]
		for g := range strings.SplitSeq(string(stacks), "\n\n") {
			// One that is runnable has told Close and is about to return.
			if strings.Contains(g, "net/http.(*Server).Serve(0x") || strings.Contains(g, "net/http.(*conn).serve(0x") && !strings.Contains(g, "[runnable]") {
				t.Errorf("after Close:\n%s", g)
			}
		}
		clients.Wait()
	}
}

func TestListen(t *testing.T) {
	tn := eastest.New(t, &eastest.Options{Topology: eastest.Hybrid})
	tn.AddMailbox("ada@contoso.com")
	addr, client, err := tn.Listen()
	if err != nil {
		t.Fatal(err)
	}
	if host, _, err := net.SplitHostPort(addr); err != nil || host != "127.0.0.1" {
		t.Errorf("Listen() = %q, want a port of 127.0.0.1", addr)
	}
	status, body := get(t, client, "https://mail.contoso.com/autodiscover/autodiscover.json?Email=ada@contoso.com&Protocol=ActiveSync")
	if want := `"https://mail.contoso.com/Microsoft-Server-ActiveSync"`; status != 200 || !strings.Contains(body, want) {
		t.Errorf("over loopback: %d %s", status, body)
	}
	var dns *net.DNSError
	if _, err := client.Get("https://example.com/"); !errors.As(err, &dns) {
		t.Errorf("example.com: %v, want a DNS error", err)
	}
	tn.Close()
	if _, err := client.Get(discovery); err == nil {
		t.Error("a closed tenant answers on loopback")
	}
	if _, _, err := tn.Listen(); err == nil {
		t.Error("a closed tenant listens")
	}
}

func TestHandler(t *testing.T) {
	tn := eastest.New(t, nil)
	tn.AddMailbox("ada@contoso.com")
	s := httptest.NewServer(tn.Handler("outlook.office365.com"))
	defer s.Close()
	if status, body := get(t, s.Client(), s.URL+"/Autodiscover/Autodiscover.json?Email=ada@contoso.com&Protocol=ActiveSync"); status != 200 {
		t.Errorf("mounted elsewhere: %d %s", status, body)
	}
}
