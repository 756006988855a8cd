package eastest_test

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"os"
	"runtime"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/easoauth/easoauth/eas"
	"github.com/easoauth/easoauth/eas/eastest"
)

// The transcript forgets the oldest, can be emptied and followed, and says why.
func TestTranscriptLimits(t *testing.T) {
	tn := eastest.New(t, &eastest.Options{Topology: eastest.Hybrid, MaxRequests: 3})
	tn.AddMailbox(ada)
	for i := range 5 {
		ask(t, tn, "GET", fmt.Sprintf("https://mail.contoso.com/%d", i))
	}
	paths := func(rs []eastest.Request) (out []string) {
		for _, r := range rs {
			out = append(out, fmt.Sprint(r.Number, r.Path))
		}
		return out
	}
	if diff := cmp.Diff([]string{"3/2", "4/3", "5/4"}, paths(tn.Requests())); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	if diff := cmp.Diff([]string{"5/4"}, paths(tn.RequestsAfter(4))); diff != "" {
		t.Errorf("after the fourth (-want +got):\n%s", diff)
	}
	if got := tn.RequestsAfter(9); len(got) != 0 {
		t.Errorf("after the ninth: %v", got)
	}
	tn.ForgetRequests()
	if got := tn.Requests(); len(got) != 0 {
		t.Errorf("emptied: %v", got)
	}
	ask(t, tn, "OPTIONS", mailURL, "Authorization", "Bearer "+tn.Token(ada).AccessToken+"x")
	got := tn.Requests()
	if len(got) != 1 || got[0].Number != 6 || !slices.ContainsFunc(got[0].Why, func(s string) bool { return strings.Contains(s, "2000000") }) || got[0].ResponseHeader.Get("X-MS-Diagnostics") == "" {
		t.Errorf("%+v", got)
	}
	tn.ForgetRequests()
	ask(t, tn, "OPTIONS", mailURL, "Authorization", "Bearer "+tn.Token(ada).AccessToken)
	if got := tn.Requests(); got[0].User != ada {
		t.Errorf("user %q", got[0].User)
	}
}

func TestWatchRequests(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		tn := eastest.New(t, nil)
		ctx, cancel := context.WithCancel(t.Context())
		var got []string
		ended := make(chan bool)
		go func() {
			for r := range tn.Watch(ctx) {
				got = append(got, r.Path)
			}
			close(ended)
		}()
		synctest.Wait()
		for _, p := range []string{"/a", "/b"} {
			ask(t, tn, "GET", "https://outlook.office365.com"+p)
			synctest.Wait()
		}
		cancel()
		<-ended
		if diff := cmp.Diff([]string{"/a", "/b"}, got); diff != "" {
			t.Errorf("(-want +got):\n%s", diff)
		}
		// The end of the tenant ends it as well.
		over := make(chan bool)
		go func() {
			for range tn.Watch(context.Background()) {
			}
			close(over)
		}()
		synctest.Wait()
		tn.Close()
		<-over
	})
}

// What is answered between the call of Watch and the loop over what it returns is not missed.
func TestWatchFromTheCall(t *testing.T) {
	tn := eastest.New(t, nil)
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
	defer cancel()
	ask(t, tn, "GET", "https://outlook.office365.com/before")
	watch := tn.Watch(ctx)
	ask(t, tn, "GET", "https://outlook.office365.com/between")
	var got []string
	for r := range watch {
		got = append(got, r.Path)
		break
	}
	if diff := cmp.Diff([]string{"/between"}, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

// The clock can be set forward where time cannot pass by itself.
func TestAdvance(t *testing.T) {
	tn := eastest.New(t, &eastest.Options{Topology: eastest.Hybrid})
	tn.AddMailbox(ada)
	token := "Bearer " + tn.Token(ada).AccessToken
	if status, _, _ := ask(t, tn, "OPTIONS", mailURL, "Authorization", token); status != 200 {
		t.Fatalf("fresh: %d", status)
	}
	tn.Advance(time.Hour)
	if status, h, _ := ask(t, tn, "OPTIONS", mailURL, "Authorization", token); status != 401 || !strings.HasPrefix(h.Get("X-MS-Diagnostics"), "2000002;") {
		t.Errorf("an hour later: %d %v", status, h)
	}
	if d := time.Until(tn.Now()); d < 59*time.Minute || d > 61*time.Minute {
		t.Errorf("Now is %v ahead", d)
	}
	tn.Advance(-time.Hour)
	if status, _, _ := ask(t, tn, "OPTIONS", mailURL, "Authorization", token); status != 200 {
		t.Errorf("back again: %d", status)
	}
}

// Listeners serve both versions of HTTP, and the proxy leads to the hosts; all ends with the
// tenant, tunnels that are open included.
func TestServe(t *testing.T) {
	before := runtime.NumGoroutine()
	tn := eastest.New(nil, &eastest.Options{CA: eastest.NewCA(), Header: http.Header{"X-Mark": {"fake"}}})
	listen := func() net.Listener {
		ln, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			t.Fatal(err)
		}
		return ln
	}
	direct, proxy := listen(), listen()
	if err := errors.Join(tn.Serve(direct), tn.ServeProxy(proxy)); err != nil {
		t.Fatal(err)
	}
	var transports []*http.Transport
	for _, h2 := range []bool{false, true} {
		for _, through := range []bool{false, true} {
			tr := &http.Transport{TLSClientConfig: &tls.Config{RootCAs: tn.CertPool()}, ForceAttemptHTTP2: h2}
			transports = append(transports, tr)
			if through {
				tr.Proxy = http.ProxyURL(&url.URL{Scheme: "http", Host: proxy.Addr().String()})
			} else {
				tr.DialContext = func(ctx context.Context, network, _ string) (net.Conn, error) {
					return (&net.Dialer{}).DialContext(ctx, network, direct.Addr().String())
				}
			}
			resp, err := (&http.Client{Transport: tr}).Get("https://outlook.office365.com/")
			if err != nil {
				t.Fatalf("h2 %v, proxy %v: %v", h2, through, err)
			}
			resp.Body.Close()
			if want := map[bool]int{false: 1, true: 2}[h2]; resp.ProtoMajor != want || resp.Header.Get("X-Mark") != "fake" {
				t.Errorf("h2 %v, proxy %v: %s %v", h2, through, resp.Proto, resp.Header)
			}
		}
	}
	tn.Close()
	if err := tn.Serve(listen()); !errors.Is(err, http.ErrServerClosed) {
		t.Errorf("Serve after Close = %v", err)
	}
	if err := tn.ServeProxy(listen()); !errors.Is(err, http.ErrServerClosed) {
		t.Errorf("ServeProxy after Close = %v", err)
	}
	for _, tr := range transports {
		tr.CloseIdleConnections()
	}
	for i := 0; runtime.NumGoroutine() > before && i < 200; i++ {
		time.Sleep(5 * time.Millisecond)
	}
	if after := runtime.NumGoroutine(); after > before {
		t.Errorf("%d goroutines before, %d after", before, after)
	}
}

// A tenant without HTTP/2 does not offer it, whatever certificate it presents.
func TestHTTP1(t *testing.T) {
	for name, o := range map[string]eastest.Options{
		"HTTP/1.1": {HTTP1: true}, "HTTP/2.0": {},
		"HTTP/1.1 with a fault": {HTTP1: true, Faults: []eastest.Fault{{ID: "TLS_CERT_EXPIRING"}}}, "HTTP/2.0 with a fault": {Faults: []eastest.Fault{{ID: "TLS_CERT_EXPIRING"}}},
	} {
		tn := eastest.New(t, &o)
		tr := tn.Client().Transport.(*http.Transport).Clone()
		tr.ForceAttemptHTTP2 = true
		resp, err := (&http.Client{Transport: tr}).Get("https://outlook.office365.com/")
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		resp.Body.Close()
		tr.CloseIdleConnections()
		if want, _, _ := strings.Cut(name, " "); resp.Proto != want {
			t.Errorf("%s: %s", name, resp.Proto)
		}
	}
}

// Options can stand in a table, and one value can make many tenants.
func TestOptionsAreValues(t *testing.T) {
	options := []eastest.Options{{}, {Topology: eastest.Hybrid, Domains: []string{"Fabrikam.com"}}, {Topology: eastest.Hybrid, Nation: "China"}}
	shared := eastest.Options{Topology: eastest.Hybrid, Apps: []eastest.App{{ID: "a", Secret: "s"}}, Policies: []eastest.Policy{{Users: []string{"x"}}}}
	tn := eastest.New(t, &shared)
	tn.Change(func(o *eastest.Options) { o.Apps[0].ID, o.Policies[0].Users = "b", nil })
	if shared.Apps[0].ID != "a" || shared.Policies[0].Users == nil {
		t.Error("a change of the tenant reaches the options that it was made of")
	}
	for _, o := range options {
		before := o
		for range 2 {
			tn := eastest.New(t, &o)
			if tn.Topology() != o.Topology {
				t.Errorf("topology %v", tn.Topology())
			}
		}
		if diff := cmp.Diff(before, o); diff != "" {
			t.Errorf("New changed the options (-before +after):\n%s", diff)
		}
	}
}

// A fault that never shows fails the test, and one that cannot show panics.
func TestUnfired(t *testing.T) {
	r := &recorder{TB: t}
	tn := eastest.New(r, nil)
	tn.Switch(eastest.Fault{ID: "SERVER_BUSY"})
	tn.Switch(eastest.Fault{ID: "EAS_403", Optional: true})
	tn.Fail("Ping", eastest.Failure{})
	tn.Fail("Sync", eastest.Failure{Optional: true})
	for _, f := range r.cleanups {
		f()
	}
	if diff := cmp.Diff([]string{
		"eastest: the fault SERVER_BUSY was switched on and never showed",
		`eastest: no request matched Fail("Ping")`,
	}, r.errors); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

// A recorder is a test whose failures are kept.
type recorder struct {
	testing.TB
	cleanups []func()
	errors   []string
}

func (r *recorder) Cleanup(f func()) { r.cleanups = append(r.cleanups, f) }
func (r *recorder) Errorf(format string, args ...any) {
	r.errors = append(r.errors, fmt.Sprintf(format, args...))
}

// full asks for the sizes of a whole run.
var full = os.Getenv("EASOAUTH_TEST_FULL") != ""

// A thousand tenants start and stop in one process, and leave no goroutine. The full size
// needs EASOAUTH_TEST_FULL.
func TestManyTenants(t *testing.T) {
	n := 50
	if full {
		n = 1000
	}
	before := runtime.NumGoroutine()
	for range n {
		tn := eastest.New(nil, &eastest.Options{Topology: eastest.Hybrid})
		tn.AddMailbox(ada)
		ask(t, tn, "OPTIONS", mailURL)
		tn.Close()
	}
	for i := 0; runtime.NumGoroutine() > before && i < 200; i++ {
		time.Sleep(5 * time.Millisecond)
	}
	if after := runtime.NumGoroutine(); after > before {
		t.Errorf("%d goroutines before, %d after", before, after)
	}
}

// BenchmarkTenant is what a test pays for a tenant of its own.
func BenchmarkTenant(b *testing.B) {
	b.ReportAllocs()
	for b.Loop() {
		tn := eastest.New(nil, &eastest.Options{Topology: eastest.Hybrid})
		tn.AddMailbox(ada)
		tn.Close()
	}
}

// BenchmarkMailboxes is the start of a tenant of 10,000 mailboxes.
func BenchmarkMailboxes(b *testing.B) {
	b.ReportAllocs()
	for b.Loop() {
		tn := eastest.New(nil, nil)
		for i := range 10_000 {
			tn.AddMailbox(fmt.Sprintf("user%d@contoso.com", i), &eas.Email{Subject: "one"})
		}
		tn.Close()
	}
}
