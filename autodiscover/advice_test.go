package autodiscover_test

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"strings"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"github.com/easoauth/easoauth/autodiscover"
	"github.com/easoauth/easoauth/internal/golden"
)

// failures are ways in which a host is of no use.
var failures = []struct {
	name  string
	serve func(*http.Request) (*http.Response, error)
}{
	{"absent", fails(&net.DNSError{Err: "no such host", IsNotFound: true})},
	{"DNS", fails(&net.DNSError{Err: "server misbehaving", IsTemporary: true})},
	{"TCP", fails(&net.OpError{Op: "dial", Net: "tcp", Err: os.NewSyscallError("connect", syscall.ECONNREFUSED)})},
	{"404", respondAs(sender{header: http.Header{}}, 404)},
	{"unknown", respondAs(sender{header: http.Header{}, body: `{"ErrorCode":"UserNotFound"}`}, 404)},
	{"500", respondAs(sender{header: http.Header{}}, 500)},
}

// TestAdvices holds what is advised about a look-up as a whole: by how the cloud and the host of
// the organization fail, and by what the Resolver may ask. testdata/advice.txt shows it.
func TestAdvices(t *testing.T) {
	t.Setenv("HTTPS_PROXY", "http://proxy.contoso.com:3128") // which is not the client's affair
	noRecord := func(context.Context, string, string, string) (string, []*net.SRV, error) {
		return "", nil, &net.DNSError{IsNotFound: true}
	}
	var b strings.Builder
	for _, tt := range []struct {
		name string
		r    autodiscover.Resolver
	}{
		{"both", autodiscover.Resolver{}},
		{"both, and SRV", autodiscover.Resolver{AskSRV: true, LookupSRV: noRecord}},
		{"both, and v1", autodiscover.Resolver{Authorize: func(context.Context, *http.Request) error { return errors.New("no token") }}},
		{"without the cloud", autodiscover.Resolver{NoCloud: true}},
		{"without the cloud, and SRV", autodiscover.Resolver{NoCloud: true, AskSRV: true, LookupSRV: noRecord}},
		{"a pinned host", autodiscover.Resolver{Host: own}},
	} {
		fmt.Fprintf(&b, "-- %s --\n", tt.name)
		pairs := map[string]string{} // of an advice
		var order []string
		for _, atCloud := range failures {
			for _, atOwn := range failures {
				tt.r.HTTPClient = &http.Client{Transport: roundTripper(func(r *http.Request) (*http.Response, error) {
					if r.URL.Host == cloud {
						return atCloud.serve(r)
					}
					return atOwn.serve(r)
				})}
				_, err := tt.r.Lookup(t.Context(), "ada@contoso.com")
				_, advice, _ := strings.Cut(err.Error(), "\n")
				advice, _, _ = strings.Cut("\n"+advice, "\n  GET")
				advice = strings.Join(strings.Fields(advice), " ")
				pair := atCloud.name + "+" + atOwn.name
				if tt.r.NoCloud || tt.r.Host != "" {
					pair = atOwn.name
				}
				if pairs[advice] == "" {
					order = append(order, advice)
				}
				if !strings.Contains(pairs[advice]+" ", " "+pair+" ") {
					pairs[advice] += " " + pair
				}
			}
		}
		for _, advice := range order {
			fmt.Fprintf(&b, "%s: %s\n", strings.TrimSpace(pairs[advice]), advice)
		}
		b.WriteString("\n")
	}
	golden.Check(t, "testdata/advice.txt", b.String(), *update)
}

// TestAdviceOfTheEnvironment: HTTPS_PROXY is to blame only where nothing was reached by a client
// that ignores it, and nothing is advised about a look-up that its context ended.
func TestAdviceOfTheEnvironment(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	l.Close() // nothing listens there now
	srv := httptest.NewTLSServer(http.NotFoundHandler())
	defer srv.Close()
	closed, open := l.Addr().String(), srv.Listener.Addr().String()
	t.Setenv("https_proxy", "")
	for _, tt := range []struct {
		name, env string
		r         autodiscover.Resolver
		want      bool
	}{
		{"set", "http://proxy.contoso.com:3128", autodiscover.Resolver{Host: closed}, true},
		{"not set", "", autodiscover.Resolver{Host: closed}, false},
		{"set, and something is there", "http://proxy.contoso.com:3128", autodiscover.Resolver{Host: open}, false},
		{"set, and the client is the caller's", "http://proxy.contoso.com:3128", autodiscover.Resolver{Host: closed, HTTPClient: &http.Client{Transport: &http.Transport{}}}, false},
		{"set, and so is Proxy", "http://proxy.contoso.com:3128", autodiscover.Resolver{Host: closed, Proxy: func(*http.Request) (*url.URL, error) { return nil, nil }}, false},
	} {
		t.Setenv("HTTPS_PROXY", tt.env)
		tt.r.AllowPrivate = true
		if _, err := tt.r.Lookup(t.Context(), "ada@contoso.com"); err == nil || strings.Contains(err.Error(), "Resolver.Proxy") != tt.want {
			t.Errorf("%s: %v", tt.name, err)
		}
	}
	t.Setenv("https_proxy", "http://proxy.contoso.com:3128") // as curl has it
	if _, err := (&autodiscover.Resolver{Host: closed, AllowPrivate: true}).Lookup(t.Context(), "ada@contoso.com"); err == nil || !strings.Contains(err.Error(), "Resolver.Proxy") {
		t.Errorf("https_proxy: %v", err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	absent := &http.Client{Transport: roundTripper(fails(&net.DNSError{IsNotFound: true}))}
	if _, err := (&autodiscover.Resolver{HTTPClient: absent}).Lookup(ctx, "ada@contoso.com"); !errors.Is(err, context.Canceled) || strings.Contains(err.Error(), "cloud's host") || strings.Contains(err.Error(), "AskSRV") {
		t.Errorf("a context that ended: %v", err)
	}
}

// everyLookup has each way to look something up, which takes nothing but a client.
func everyLookup(t *testing.T) map[string]func(c *http.Client) error {
	service := &url.URL{Scheme: "https", Host: "detect.example"}
	return map[string]func(c *http.Client) error{
		"v2": func(c *http.Client) error {
			_, err := (&autodiscover.Resolver{HTTPClient: c, NoCloud: true}).Lookup(t.Context(), "ada@contoso.com")
			return err
		},
		"v1": func(c *http.Client) error {
			_, err := (&autodiscover.Resolver{HTTPClient: c, NoCloud: true, NoHost: true, Authorize: bearerT}).Lookup(t.Context(), "ada@contoso.com")
			return err
		},
		"http": func(c *http.Client) error {
			_, err := (&autodiscover.Resolver{HTTPClient: c, NoCloud: true, NoHost: true, AskHTTP: true}).Lookup(t.Context(), "ada@contoso.com")
			return err
		},
		"AutoDetect": func(c *http.Client) error {
			_, err := (&autodiscover.AutoDetect{URL: service, HTTPClient: c}).Lookup(t.Context(), "ada@contoso.com")
			return err
		},
		"federation provider": func(c *http.Client) error {
			_, err := (&autodiscover.FederationProvider{URL: service, HTTPClient: c}).Cloud(t.Context(), "ada@contoso.com")
			return err
		},
	}
}

// TestContextsEnd: what a look-up has begun ends with it, also where the transport goes on.
func TestContextsEnd(t *testing.T) {
	for name, lookup := range everyLookup(t) {
		var contexts []context.Context
		c := &http.Client{Transport: roundTripper(func(r *http.Request) (*http.Response, error) {
			contexts = append(contexts, r.Context())
			return respondAs(sender{header: http.Header{}}, 404)(r)
		})}
		if err := lookup(c); err == nil || len(contexts) == 0 {
			t.Errorf("%s: %v after %d requests", name, err, len(contexts))
		}
		for _, ctx := range contexts {
			if _, limited := ctx.Deadline(); ctx.Err() == nil || !limited {
				t.Errorf("%s: the context of a request has not ended, or had no deadline", name)
			}
		}
	}
	var found context.Context
	_, _ = (&autodiscover.Resolver{NoCloud: true, NoHost: true, AskSRV: true, LookupSRV: func(ctx context.Context, _, _, _ string) (string, []*net.SRV, error) {
		found = ctx
		return "", nil, errors.New("no")
	}}).Lookup(t.Context(), "ada@contoso.com")
	if _, limited := found.Deadline(); found.Err() == nil || !limited {
		t.Error("the context of LookupSRV has not ended, or had no deadline")
	}
}

// TestTimeouts: each request has 20 seconds, or Timeout.
func TestTimeouts(t *testing.T) {
	service := &url.URL{Scheme: "https", Host: "detect.example"}
	hang := &http.Client{Transport: roundTripper(func(r *http.Request) (*http.Response, error) {
		<-r.Context().Done()
		return nil, r.Context().Err()
	})}
	for name, lookup := range map[string]func(ctx context.Context, timeout time.Duration) error{
		"v2": func(ctx context.Context, timeout time.Duration) error {
			_, err := (&autodiscover.Resolver{HTTPClient: hang, NoCloud: true, Timeout: timeout}).Lookup(ctx, "ada@contoso.com")
			return err
		},
		"http": func(ctx context.Context, timeout time.Duration) error {
			_, err := (&autodiscover.Resolver{HTTPClient: hang, NoCloud: true, NoHost: true, AskHTTP: true, Timeout: timeout}).Lookup(ctx, "ada@contoso.com")
			return err
		},
		"SRV": func(ctx context.Context, timeout time.Duration) error {
			_, err := (&autodiscover.Resolver{NoCloud: true, NoHost: true, AskSRV: true, Timeout: timeout, LookupSRV: func(ctx context.Context, _, _, _ string) (string, []*net.SRV, error) {
				<-ctx.Done()
				return "", nil, ctx.Err()
			}}).Lookup(ctx, "ada@contoso.com")
			return err
		},
		"v1": func(ctx context.Context, timeout time.Duration) error {
			_, err := (&autodiscover.Resolver{HTTPClient: hang, NoCloud: true, NoHost: true, Authorize: bearerT, Timeout: timeout / 2}).Lookup(ctx, "ada@contoso.com") // two hosts
			return err
		},
		"AutoDetect": func(ctx context.Context, timeout time.Duration) error {
			_, err := (&autodiscover.AutoDetect{URL: service, HTTPClient: hang, Timeout: timeout}).Lookup(ctx, "ada@contoso.com")
			return err
		},
		"federation provider": func(ctx context.Context, timeout time.Duration) error {
			_, err := (&autodiscover.FederationProvider{URL: service, HTTPClient: hang, Timeout: timeout}).Cloud(ctx, "ada@contoso.com")
			return err
		},
	} {
		for _, timeout := range []time.Duration{0, 7 * time.Second} {
			synctest.Test(t, func(t *testing.T) {
				start := time.Now()
				err := lookup(t.Context(), timeout)
				want := timeout
				if want == 0 {
					want = 20 * time.Second
					if name == "v1" {
						want *= 2
					}
				}
				var le *autodiscover.LookupError
				if took := time.Since(start); !errors.Is(err, context.DeadlineExceeded) || took != want {
					t.Errorf("%s, Timeout %v: %v after %v, want after %v", name, timeout, err, took, want)
				} else if errors.As(err, &le) {
					sum := time.Duration(0)
					for _, h := range le.Hops {
						sum += h.Elapsed
					}
					if sum != want || le.Err != nil {
						t.Errorf("%s, Timeout %v: the hops took %v, the look-up's error is %v", name, timeout, sum, le.Err)
					}
				}
			})
		}
	}
}
