package autodiscover_test

import (
	"context"
	"errors"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/easoauth/easoauth/autodiscover"
)

const jsonPath = "/autodiscover/autodiscover.json"

// An organization has its mail servers in another domain than its addresses: the cloud names
// one host of it, and the others are known from then on. Nobody else's are.
func TestTheCloudNamesASite(t *testing.T) {
	for _, tt := range []struct{ url, want string }{
		{"https://mail.fabrikam.com/Microsoft-Server-ActiveSync", "mail.fabrikam.com"},
		{"https://autodiscover.fabrikam.com/Microsoft-Server-ActiveSync", "autodiscover.fabrikam.com"},
		{"https://mail.contoso.com/Microsoft-Server-ActiveSync", "mail.contoso.com"},
		{"https://mail.evil.example/Microsoft-Server-ActiveSync", ""},
		{"https://fabrikam.com.evil.example/Microsoft-Server-ActiveSync", ""},
	} {
		w := &world{hosts: map[string]http.HandlerFunc{
			cloud:                            redirectTo("https://autodiscover-s.outlook.com:443" + jsonPath),
			"autodiscover-s.outlook.com:443": redirectTo("https://autodiscover.fabrikam.com" + jsonPath),
			"autodiscover.fabrikam.com":      jsonAnswer(200, `{"Protocol":"ActiveSync","Url":"`+tt.url+`"}`),
		}}
		cache := &autodiscover.MemoryCache{}
		r := &autodiscover.Resolver{HTTPClient: w.client(), NoHost: true, Cache: cache}
		for range 2 {
			e, err := r.Lookup(t.Context(), "ada@contoso.com")
			switch {
			case tt.want == "":
				if !errors.Is(err, autodiscover.ErrUnconfirmed) || !errors.Is(err, autodiscover.ErrBadEndpoint) {
					t.Errorf("%s: %v, %v; want ErrUnconfirmed", tt.url, e, err)
				}
			case err != nil || e.URL.Host != tt.want || e.Foreign != !strings.HasSuffix(tt.want, "contoso.com"):
				t.Errorf("%s: %v, %v; want %s", tt.url, e, err, tt.want)
			}
		}
		if n := len(w.asked); tt.want != "" && n != 3 {
			t.Errorf("%s: %d requests, want 3: the second look-up reads the cache", tt.url, n)
		}
		// A Resolver that does not ask the cloud does not take its word from a cache.
		w.asked = nil
		_, _ = (&autodiscover.Resolver{HTTPClient: w.client(), NoHost: true, NoCloud: true, Cache: cache}).Lookup(t.Context(), "ada@contoso.com")
	}
}

// Confirm is called once for each host of a chain.
func TestConfirmOnce(t *testing.T) {
	for name, tt := range map[string]struct {
		r     autodiscover.Resolver
		hosts map[string]http.HandlerFunc
		want  []string
	}{
		"a redirect": {autodiscover.Resolver{NoCloud: true}, map[string]http.HandlerFunc{own: redirectTo("https://eas.hoster.example" + jsonPath)}, []string{"eas.hoster.example"}},
		"a redirect, and another host": {autodiscover.Resolver{NoCloud: true}, map[string]http.HandlerFunc{own: redirectTo("https://ad.hoster.example" + jsonPath),
			"ad.hoster.example": jsonAnswer(200, `{"Url":"https://eas.hoster.example/Microsoft-Server-ActiveSync"}`)}, []string{"ad.hoster.example", "eas.hoster.example"}},
		"SRV": {autodiscover.Resolver{NoCloud: true, NoHost: true, AskSRV: true, LookupSRV: func(context.Context, string, string, string) (string, []*net.SRV, error) {
			return "", []*net.SRV{{Target: "eas.hoster.example.", Port: 443}}, nil
		}}, nil, []string{"eas.hoster.example"}},
		"plain http": {autodiscover.Resolver{NoCloud: true, NoHost: true, AskHTTP: true}, map[string]http.HandlerFunc{"http://" + own: redirectTo("https://eas.hoster.example/")}, []string{"eas.hoster.example"}},
		"a pinned host vouches for its site": {autodiscover.Resolver{Host: "https://AD.hoster.example/"}, map[string]http.HandlerFunc{
			"ad.hoster.example": jsonAnswer(200, `{"Url":"https://eas.hoster.example/Microsoft-Server-ActiveSync"}`)}, nil},
	} {
		t.Run(name, func(t *testing.T) {
			w := &world{hosts: map[string]http.HandlerFunc{"eas.hoster.example": jsonAnswer(200, `{"Url":"https://eas.hoster.example/Microsoft-Server-ActiveSync"}`)}}
			for k, v := range tt.hosts {
				w.hosts[k] = v
			}
			var confirmed []string
			tt.r.HTTPClient = w.client()
			tt.r.Confirm = func(_ context.Context, _, to *url.URL) error {
				confirmed = append(confirmed, to.Host)
				return nil
			}
			e, err := tt.r.Lookup(t.Context(), "ada@contoso.com")
			if err != nil || e.URL.Host != "eas.hoster.example" || e.Foreign != (tt.want != nil) {
				t.Fatalf("Lookup = %v, %v", e, err)
			}
			if diff := cmp.Diff(tt.want, confirmed); diff != "" {
				t.Errorf("Confirm (-want +got):\n%s", diff)
			}
		})
	}
}

// A cookie opens a place once more only to the host that has set it for itself: two hosts
// that set cookies and redirect to each other are a circle.
func TestS031CookiesDoNotOpenACircle(t *testing.T) {
	n := 0
	to := func(u string) http.HandlerFunc {
		return func(w http.ResponseWriter, r *http.Request) {
			n++
			http.SetCookie(w, &http.Cookie{Name: "lb", Value: strings.Repeat("x", n)})
			redirectTo(u+"?RedirectCount="+strings.Repeat("1", n))(w, r)
		}
	}
	w := &world{hosts: map[string]http.HandlerFunc{cloud: to("https://" + own + jsonPath), own: to("https://" + cloud + jsonPath)}}
	_, err := (&autodiscover.Resolver{HTTPClient: w.client()}).Lookup(t.Context(), "ada@contoso.com")
	if !errors.Is(err, autodiscover.ErrSelfRedirect) || len(w.asked) != 4 {
		t.Errorf("%d requests, %v; want 4: each candidate and one redirect", len(w.asked), err)
	}
	// A server that sets another cookie each time has one more try, not ten.
	w = &world{hosts: map[string]http.HandlerFunc{own: to("https://" + own + jsonPath)}}
	if _, err := (&autodiscover.Resolver{HTTPClient: w.client(), NoCloud: true}).Lookup(t.Context(), "ada@contoso.com"); err == nil || len(w.asked) != 2 {
		t.Errorf("%d requests, %v; want 2", len(w.asked), err)
	}
}

// A page in the name of the cloud is the local network's, not a web site's or a device's of
// the organization.
func TestPageInTheNameOfTheCloud(t *testing.T) {
	for name, h := range map[string]http.HandlerFunc{
		"a page": page(200, "<html>Welcome"), "a login page": page(200, `<input type="password">`), "a refusal": page(403, "<html>"),
		"a redirect": redirectTo("https://portal.hotel.example/login"),
	} {
		w := &world{hosts: map[string]http.HandlerFunc{cloud: h}}
		_, err := (&autodiscover.Resolver{HTTPClient: w.client(), NoHost: true}).Lookup(t.Context(), "ada@contoso.com")
		var he *autodiscover.HopError
		if !errors.As(err, &he) || he.Fault != "CAPTIVE_PORTAL" || !errors.Is(err, autodiscover.ErrDevice) {
			t.Errorf("%s: %v, want CAPTIVE_PORTAL", name, err)
		}
	}
	w := &world{hosts: map[string]http.HandlerFunc{cloud: redirectTo("https://outlook.office.com/owa/")}}
	_, err := (&autodiscover.Resolver{HTTPClient: w.client(), NoHost: true}).Lookup(t.Context(), "ada@contoso.com")
	if errors.Is(err, autodiscover.ErrDevice) || err == nil {
		t.Errorf("a redirect inside the cloud: %v", err)
	}
}

// A candidate has its whole head start, however late it began; and one that fails later does
// not start another before its time.
func TestWholeHeadStart(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		start := time.Now()
		var at time.Duration
		w := &world{hosts: map[string]http.HandlerFunc{
			cloud: late(time.Second, plain(404)), own: late(time.Hour, plain(404)),
			"contoso.com": func(w http.ResponseWriter, r *http.Request) {
				at = time.Since(start)
				jsonAnswer(200, found)(w, r)
			},
		}}
		e, err := (&autodiscover.Resolver{HTTPClient: w.client(), AskDomain: true}).Lookup(t.Context(), "ada@contoso.com")
		if err != nil || at != 3*time.Second || time.Since(start) != 8*time.Second {
			t.Errorf("Lookup = %v, %v: the third was asked after %v and the result came after %v; want 3s and 8s", e, err, at, time.Since(start))
		}
	})
}

// A body that is too long is not that of AutoDiscover; one that is cut is the network's.
func TestBodies(t *testing.T) {
	for fault, h := range map[string]http.HandlerFunc{
		"AD_NOT_V2": jsonAnswer(200, `{"x":"`+strings.Repeat("x", 2<<20)+`"}`),
		"CONN_RESET": func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Length", "100")
			_, _ = w.Write([]byte("{"))
		},
	} {
		srv := httptest.NewTLSServer(h)
		c := srv.Client()
		c.Transport.(*http.Transport).TLSClientConfig.ServerName = "example.com"
		c.Transport.(*http.Transport).DialContext = func(ctx context.Context, network, _ string) (net.Conn, error) {
			return new(net.Dialer).DialContext(ctx, network, srv.Listener.Addr().String())
		}
		_, err := (&autodiscover.Resolver{HTTPClient: c, NoCloud: true}).Lookup(t.Context(), "ada@contoso.com")
		var he *autodiscover.HopError
		if !errors.As(err, &he) || he.Fault != fault {
			t.Errorf("%v, want %s", err, fault)
		}
		srv.Close()
	}
}

// When the look-up for which others wait is cancelled, one of them takes over, not all.
func TestFlightIsTakenOver(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := &world{hosts: map[string]http.HandlerFunc{own: late(time.Second, jsonAnswer(200, found))}}
		r := &autodiscover.Resolver{HTTPClient: w.client(), NoCloud: true, Cache: &autodiscover.MemoryCache{}, OneEndpoint: true}
		ctx, cancel := context.WithCancel(t.Context())
		go func() { _, _ = r.Lookup(ctx, "ada@contoso.com") }()
		synctest.Wait()
		var wg sync.WaitGroup
		for range 50 {
			wg.Go(func() {
				if e, err := r.Lookup(t.Context(), "bob@contoso.com"); err != nil || e.URL.Host != "mail.contoso.com" {
					t.Errorf("Lookup = %v, %v", e, err)
				}
			})
		}
		synctest.Wait()
		cancel()
		wg.Wait()
		if n := len(w.asked); n != 2 {
			t.Errorf("%d requests, want 2", n)
		}
	})
}
