package autodiscover_test

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/easoauth/easoauth/autodiscover"
)

const foreign = `{"Protocol":"ActiveSync","Url":"https://mail.hoster.example/Microsoft-Server-ActiveSync"}`

func yes(context.Context, *url.URL, *url.URL) error { return nil }

// A host outside the mail domain and the cloud is asked about, whoever names it.
func TestOriginPolicy(t *testing.T) {
	chainTo := func(host string) http.HandlerFunc {
		return redirectTo("https://" + host + "/autodiscover/autodiscover.json?Email=x")
	}
	for _, tt := range []struct {
		name    string
		r       autodiscover.Resolver
		hosts   map[string]http.HandlerFunc
		want    string // host; "" for ErrUnconfirmed
		foreign bool
		confirm int // calls
	}{
		{name: "S030 the own host names a foreign endpoint", r: autodiscover.Resolver{NoCloud: true}, hosts: map[string]http.HandlerFunc{own: jsonAnswer(200, foreign)}},
		{name: "and it is confirmed", r: autodiscover.Resolver{NoCloud: true, Confirm: yes}, hosts: map[string]http.HandlerFunc{own: jsonAnswer(200, foreign)}, want: "mail.hoster.example", foreign: true, confirm: 1},
		{name: "the own host redirects to it", r: autodiscover.Resolver{NoCloud: true}, hosts: map[string]http.HandlerFunc{own: chainTo("ad.hoster.example")}},
		{name: "the own host redirects to its ActiveSync URL", r: autodiscover.Resolver{NoCloud: true}, hosts: map[string]http.HandlerFunc{own: redirectTo("https://mail.hoster.example/Microsoft-Server-ActiveSync")}},
		{name: "the cloud names it: its word about its tenant", hosts: map[string]http.HandlerFunc{cloud: jsonAnswer(200, foreign)}, want: "mail.hoster.example", foreign: true},
		{name: "the cloud redirects to it", hosts: map[string]http.HandlerFunc{cloud: chainTo("ad.hoster.example"), "ad.hoster.example": jsonAnswer(200, found)}, want: "mail.contoso.com"},
		{name: "two hops in the cloud (exchangelib#863)", hosts: map[string]http.HandlerFunc{cloud: chainTo("autodiscover-s.outlook.com:443"), "autodiscover-s.outlook.com:443": chainTo("ad.hoster.example"), "ad.hoster.example": jsonAnswer(200, found)}, want: "mail.contoso.com"},
		{name: "the tenant's routing domain (php-ews#446)", r: autodiscover.Resolver{NoCloud: true}, hosts: map[string]http.HandlerFunc{own: chainTo("autodiscover.contoso.mail.onmicrosoft.com"), "autodiscover.contoso.mail.onmicrosoft.com": jsonAnswer(200, found)}, want: "mail.contoso.com"},
		{name: "behind a foreign host the cloud's word is over", hosts: map[string]http.HandlerFunc{cloud: chainTo("ad.hoster.example"), "ad.hoster.example": chainTo("ad.evil.example")}},
		{name: "another port of the cloud vouches for nothing", hosts: map[string]http.HandlerFunc{cloud: chainTo("outlook.office365.com:8443"), "outlook.office365.com:8443": jsonAnswer(200, foreign)}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			w := &world{hosts: tt.hosts}
			r, calls := tt.r, 0
			r.HTTPClient, r.NoHost = w.client(), !r.NoCloud
			if confirm := r.Confirm; confirm != nil {
				r.Confirm = func(ctx context.Context, from, to *url.URL) error {
					calls++
					err := confirm(ctx, from, to)
					to.Host = "evil.example" // what a callback does to its URLs is its own affair
					return err
				}
			}
			e, err := r.Lookup(t.Context(), "ada@contoso.com")
			if tt.want == "" {
				if e != nil || !errors.Is(err, autodiscover.ErrUnconfirmed) {
					t.Errorf("Lookup = %v, %v, want ErrUnconfirmed", e, err)
				}
				return
			}
			if err != nil || e.URL.Host != tt.want || e.Foreign != tt.foreign || calls != tt.confirm {
				t.Errorf("Lookup = %v, %v, foreign %v after %d calls of Confirm", e, err, e != nil && e.Foreign, calls)
			}
		})
	}
}

func TestS042CachePolicy(t *testing.T) {
	cache := new(autodiscover.MemoryCache)
	hosts := map[string]http.HandlerFunc{own: jsonAnswer(200, foreign)}
	lookup := func(r autodiscover.Resolver) (*autodiscover.Endpoint, int, error) {
		w := &world{hosts: hosts}
		r.HTTPClient, r.Cache = w.client(), cache
		e, err := r.Lookup(t.Context(), "ada@contoso.com")
		return e, len(w.asked), err
	}
	if e, _, err := lookup(autodiscover.Resolver{NoCloud: true, Confirm: yes}); err != nil || !e.Foreign {
		t.Fatalf("Lookup = %v, %v", e, err)
	}
	// What another Resolver's Confirm allowed is not this one's.
	if e, _, err := lookup(autodiscover.Resolver{NoCloud: true}); !errors.Is(err, autodiscover.ErrUnconfirmed) {
		t.Errorf("a strict Resolver got %v, %v from the cache", e, err)
	}
	if e, asked, err := lookup(autodiscover.Resolver{NoCloud: true, Confirm: yes}); err != nil || asked != 0 || !e.Foreign {
		t.Errorf("the permissive Resolver got %v, %v after %d requests, want the cached one", e, err, asked)
	}
	hosts = map[string]http.HandlerFunc{cloud: jsonAnswer(200, foreign)}
	cache.Forget("contoso.com")
	if e, _, err := lookup(autodiscover.Resolver{NoHost: true}); err != nil || !e.Foreign {
		t.Fatalf("Lookup = %v, %v", e, err)
	}
	if e, asked, err := lookup(autodiscover.Resolver{NoHost: true}); err != nil || asked != 0 || !e.Foreign {
		t.Errorf("the cloud's word is not cached: %v, %v, %d requests", e, err, asked)
	}
	// What DNS or plain http named, and Confirm allowed, is not the cloud's word.
	for name, by := range map[string]autodiscover.Resolver{
		"SRV": {NoHost: true, AskSRV: true, LookupSRV: func(context.Context, string, string, string) (string, []*net.SRV, error) {
			return "", []*net.SRV{{Target: "mail.hoster.example.", Port: 443}}, nil
		}},
		"http": {NoHost: true, AskHTTP: true},
	} {
		cache.Forget("contoso.com")
		hosts = map[string]http.HandlerFunc{cloud: plain(404), "http://" + own: redirectTo("https://mail.hoster.example/"), "mail.hoster.example": jsonAnswer(200, foreign)}
		by.Confirm = yes
		if e, _, err := lookup(by); err != nil || !e.Foreign {
			t.Fatalf("%s: Lookup = %v, %v", name, e, err)
		}
		if e, asked, err := lookup(by); err != nil || asked != 0 {
			t.Errorf("%s: the permissive Resolver got %v, %v after %d requests", name, e, err, asked)
		}
		if e, _, err := lookup(autodiscover.Resolver{NoHost: true}); err == nil {
			t.Errorf("%s: a strict Resolver got %v from the cache", name, e)
		}
	}
	for _, bad := range []string{"https://ex01.contoso.local/x", "http://mail.contoso.com/x", "https://mail.contoso.com/x?a=b", "https://evil.example/x cloud", ":", "https://co.uk/"} {
		poisoned := cacheFunc(func() string { return bad })
		w := &world{hosts: map[string]http.HandlerFunc{own: jsonAnswer(200, found)}}
		e, err := (&autodiscover.Resolver{HTTPClient: w.client(), Cache: poisoned, NoCloud: true}).Lookup(t.Context(), "ada@contoso.com")
		if err != nil || e.URL.Host != "mail.contoso.com" || len(w.asked) != 1 {
			t.Errorf("with %q in the cache: %v, %v", bad, e, err)
		}
	}
}

type cacheFunc func() string

func (f cacheFunc) Get(context.Context, string) (string, bool) { return f(), true }
func (f cacheFunc) Put(context.Context, string, string)        {}

// Counters in the query prolong nothing.
func TestS009S031Circles(t *testing.T) {
	n := 0
	count := func(host, path string) http.HandlerFunc {
		return func(w http.ResponseWriter, r *http.Request) {
			n++
			redirectTo(fmt.Sprintf("https://%s%s?Email=x&RedirectCount=%d", host, path, n))(w, r)
		}
	}
	const path = "/autodiscover/autodiscover.json"
	w := &world{hosts: map[string]http.HandlerFunc{cloud: count(own, path), own: count(cloud, path)}}
	_, err := (&autodiscover.Resolver{HTTPClient: w.client()}).Lookup(t.Context(), "ada@contoso.com")
	if !errors.Is(err, autodiscover.ErrSelfRedirect) || len(w.asked) > 4 {
		t.Errorf("cloud and organization that redirect to each other: %d requests, %v", len(w.asked), err)
	}
	// An endless chain of new places ends, too.
	w = &world{hosts: map[string]http.HandlerFunc{own: func(rw http.ResponseWriter, r *http.Request) {
		n++
		redirectTo(fmt.Sprintf("https://%s/%d/autodiscover.json", own, n))(rw, r)
	}}}
	if _, err := (&autodiscover.Resolver{HTTPClient: w.client(), NoCloud: true}).Lookup(t.Context(), "ada@contoso.com"); !errors.Is(err, autodiscover.ErrRedirect) || len(w.asked) != 11 {
		t.Errorf("an endless chain: %d requests, %v", len(w.asked), err)
	}
	// A load balancer that wants its cookie back, and one that corrects the case of a path
	// (exchangelib#228).
	w = &world{hosts: map[string]http.HandlerFunc{own: func(rw http.ResponseWriter, r *http.Request) {
		if c, err := r.Cookie("lb"); err != nil || c.Value != "1" {
			http.SetCookie(rw, &http.Cookie{Name: "lb", Value: "1", Path: "/", Secure: true})
			redirectTo("https://"+own+r.URL.RequestURI())(rw, r)
			return
		}
		jsonAnswer(200, found)(rw, r)
	}}}
	if e, err := (&autodiscover.Resolver{HTTPClient: w.client(), NoCloud: true}).Lookup(t.Context(), "ada@contoso.com"); err != nil || len(w.asked) != 2 {
		t.Errorf("a cookie: %v, %v, %d requests", e, err, len(w.asked))
	}
	w = &world{hosts: map[string]http.HandlerFunc{own: func(rw http.ResponseWriter, r *http.Request) {
		if r.URL.Path != "/Autodiscover/Autodiscover.json" {
			redirectTo("https://"+own+"/Autodiscover/Autodiscover.json?"+r.URL.RawQuery)(rw, r)
			return
		}
		jsonAnswer(200, found)(rw, r)
	}}}
	if e, err := (&autodiscover.Resolver{HTTPClient: w.client(), NoCloud: true}).Lookup(t.Context(), "ada@contoso.com"); err != nil || len(w.asked) != 2 {
		t.Errorf("another case of the path: %v, %v, %d requests", e, err, len(w.asked))
	}
}

// A cookie of one look-up is not sent in another.
func TestS024NoCookieStays(t *testing.T) {
	var got []string
	w := &world{hosts: map[string]http.HandlerFunc{own: func(rw http.ResponseWriter, r *http.Request) {
		got = append(got, r.Header.Get("Cookie"))
		http.SetCookie(rw, &http.Cookie{Name: "who", Value: "ada", Path: "/"})
		jsonAnswer(200, found)(rw, r)
	}}}
	r := &autodiscover.Resolver{HTTPClient: w.client(), NoCloud: true}
	for range 2 {
		if _, err := r.Lookup(t.Context(), "ada@contoso.com"); err != nil {
			t.Fatal(err)
		}
	}
	if strings.Join(got, "") != "" {
		t.Errorf("cookies %q", got)
	}
}

// Neither a Location nor a Url nor a message brings the address into a text.
func TestS133NothingLeaks(t *testing.T) {
	const canary = "ada.lovelace"
	for name, h := range map[string]http.HandlerFunc{
		"Location that does not parse": redirectTo("https://%zz/?Email=" + canary + "@contoso.com"),
		"Location with a query":        redirectTo("https://" + own + "/login?user=" + canary + "@contoso.com"),
		"Location with a path":         redirectTo("https://" + own + "/users/" + canary + "@contoso.com/"),
		"a message":                    jsonAnswer(400, `{"ErrorCode":"X","ErrorMessage":"the user `+canary+`@contoso.com is odd"}`),
		"a code":                       jsonAnswer(400, `{"ErrorCode":"`+canary+`@contoso.com"}`),
		"a Url with a query":           jsonAnswer(200, `{"Url":"https://mail.contoso.com/Microsoft-Server-ActiveSync?User=`+canary+`@contoso.com#`+canary+`"}`),
		"a Url that is http":           jsonAnswer(200, `{"Url":"http://mail.contoso.com/`+canary+`@contoso.com"}`),
		"a protocol":                   jsonAnswer(200, `{"Protocol":"`+canary+`@contoso.com","Url":"https://mail.contoso.com/x"}`),
		"header fields":                plain(500, "request-id", canary+"@contoso.com", "X-FEServer", canary+"@contoso.com", "Server", canary+"@contoso.com"),
		"Retry-After":                  plain(503, "Retry-After", canary+"@contoso.com"),
	} {
		w := &world{hosts: map[string]http.HandlerFunc{own: h}}
		e, err := (&autodiscover.Resolver{HTTPClient: w.client(), NoCloud: true}).Lookup(t.Context(), canary+"@contoso.com")
		text := fmt.Sprintf("%v %v %+v", e, err, err)
		if err == nil {
			text += e.URL.String()
		}
		var le *autodiscover.LookupError
		if errors.As(err, &le) {
			for _, h := range le.Hops {
				text += fmt.Sprint(h, h.Server)
			}
		}
		if strings.Contains(text, "lovelace") || len(text) > 5000 {
			t.Errorf("%s: the address is in %s", name, text)
		}
	}
}

// A Confirm that waits for a person, or for ever, holds nobody whom it does not concern.
func TestConfirmHoldsNobody(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithCancel(t.Context())
		stuck := func(context.Context, *url.URL, *url.URL) error { <-ctx.Done(); return nil } // not its own context
		w := &world{hosts: map[string]http.HandlerFunc{own: jsonAnswer(200, foreign), cloud: late(5*time.Second, jsonAnswer(200, found))}}
		start := time.Now()
		e, err := (&autodiscover.Resolver{HTTPClient: w.client(), Confirm: stuck}).Lookup(t.Context(), "ada@contoso.com")
		if err != nil || e.URL.Host != "mail.contoso.com" || time.Since(start) != 5*time.Second {
			t.Errorf("Lookup = %v, %v after %v, want the cloud's after 5s", e, err, time.Since(start))
		}
		start = time.Now()
		short, stop := context.WithTimeout(t.Context(), 5*time.Second)
		defer stop()
		_, err = (&autodiscover.Resolver{HTTPClient: w.client(), Confirm: stuck, NoCloud: true}).Lookup(short, "ada@contoso.com")
		if !errors.Is(err, context.DeadlineExceeded) || time.Since(start) != 5*time.Second {
			t.Errorf("Lookup = %v after %v, want DeadlineExceeded after 5s", err, time.Since(start))
		}
		cancel()
	})
}

// A panic comes back to the caller, who may recover.
func TestS139PanicsReachTheCaller(t *testing.T) {
	boom := func(context.Context, *url.URL, *url.URL) error { panic("boom of Confirm") }
	w := &world{hosts: map[string]http.HandlerFunc{own: jsonAnswer(200, foreign)}}
	defer func() {
		if v := recover(); v != "boom of Confirm" {
			t.Errorf("recovered %v, want what Confirm panicked with", v)
		}
	}()
	_, _ = (&autodiscover.Resolver{HTTPClient: w.client(), Confirm: boom, NoCloud: true}).Lookup(t.Context(), "ada@contoso.com")
}

// Many who look for one domain at once make one request.
func TestOneFlight(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var asked atomic.Int32
		w := &world{hosts: map[string]http.HandlerFunc{own: func(rw http.ResponseWriter, r *http.Request) {
			asked.Add(1)
			late(time.Second, jsonAnswer(200, found))(rw, r)
		}}}
		r := &autodiscover.Resolver{HTTPClient: w.client(), NoCloud: true, Cache: new(autodiscover.MemoryCache), OneEndpoint: true}
		var wg sync.WaitGroup
		for i := range 50 {
			wg.Go(func() {
				if _, err := r.Lookup(t.Context(), fmt.Sprintf("user%d@contoso.com", i)); err != nil {
					t.Error(err)
				}
			})
		}
		wg.Wait()
		if n := asked.Load(); n != 1 {
			t.Errorf("%d requests of 50 look-ups, want 1", n)
		}
		// One that fails says nothing about the others.
		w.hosts["autodiscover.fabrikam.com"] = late(time.Second, plain(404))
		start := time.Now()
		for i := range 50 {
			wg.Go(func() {
				if _, err := r.Lookup(t.Context(), fmt.Sprintf("user%d@fabrikam.com", i)); err == nil {
					t.Error("Lookup of nothing = nil error")
				}
			})
		}
		wg.Wait()
		if d := time.Since(start); d != 2*time.Second {
			t.Errorf("50 failures took %v: they waited for each other", d)
		}
	})
}

func TestEndedContext(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		hang := func(_ http.ResponseWriter, r *http.Request) { <-r.Context().Done() }
		for _, want := range []error{context.Canceled, context.DeadlineExceeded} {
			ctx, cancel := context.WithTimeout(t.Context(), time.Second)
			if want == context.Canceled {
				go func() { time.Sleep(time.Second / 2); cancel() }()
			}
			w := &world{hosts: map[string]http.HandlerFunc{own: hang, cloud: hang}}
			_, err := (&autodiscover.Resolver{HTTPClient: w.client()}).Lookup(ctx, "ada@contoso.com")
			var le *autodiscover.LookupError
			if !errors.Is(err, want) || !errors.As(err, &le) || len(le.Hops) == 0 || strings.Contains(err.Error(), "no endpoint found") {
				t.Errorf("Lookup = %v, want %v", err, want)
			}
			cancel()
		}
	})
}

func TestHost(t *testing.T) {
	for host, want := range map[string]string{
		"ad.fabrikam.com": "ad.fabrikam.com", "https://ad.fabrikam.com": "ad.fabrikam.com", "https://ad.fabrikam.com/": "ad.fabrikam.com", "AD.fabrikam.com:8443": "ad.fabrikam.com:8443",
		"http://ad.fabrikam.com": "", "https://ad.fabrikam.com/autodiscover": "", "a b": "", "u@ad.fabrikam.com": "", "ad.fabrikam.com?x": "",
	} {
		w := &world{hosts: map[string]http.HandlerFunc{want: jsonAnswer(200, found)}}
		e, err := (&autodiscover.Resolver{HTTPClient: w.client(), Host: host, Confirm: yes}).Lookup(t.Context(), "ada@contoso.com")
		switch {
		case want == "" && (!errors.Is(err, autodiscover.ErrHost) || len(w.asked) != 0):
			t.Errorf("Host %q = %v, %v, want ErrHost and no request", host, e, err)
		case want != "" && (err != nil || w.asked[0].URL.Host != want):
			t.Errorf("Host %q = %v, %v", host, e, err)
		}
	}
}

// Domains under which anybody can have a name are mail domains, and their host is asked only
// when Confirm allows it.
func TestSharedDomains(t *testing.T) {
	for _, domain := range []string{"kapsi.fi", "eu.org", "freedesktop.org", "debian.net"} {
		addr := "ada@" + domain
		if e, err := autodiscover.Static(&url.URL{Scheme: "https", Host: "mail.contoso.com"}).Lookup(t.Context(), addr); err != nil {
			t.Errorf("Static.Lookup(%s) = %v, %v", addr, e, err)
		}
		hosts := map[string]http.HandlerFunc{cloud: plain(404), "autodiscover." + domain: jsonAnswer(200, `{"Url":"https://`+domain+`/Microsoft-Server-ActiveSync"}`)}
		w := &world{hosts: hosts}
		if e, err := (&autodiscover.Resolver{HTTPClient: w.client()}).Lookup(t.Context(), addr); !errors.Is(err, autodiscover.ErrUnconfirmed) || len(w.asked) != 1 {
			t.Errorf("Lookup(%s) = %v, %v after %d requests", addr, e, err, len(w.asked))
		}
		w = &world{hosts: hosts}
		if e, err := (&autodiscover.Resolver{HTTPClient: w.client(), Confirm: yes}).Lookup(t.Context(), addr); err != nil || e.URL.Host != domain {
			t.Errorf("Lookup(%s) with Confirm = %v, %v", addr, e, err)
		}
	}
}

func TestEndpointPath(t *testing.T) {
	for in, want := range map[string]string{
		"https://outlook.office365.com/":                                     "https://outlook.office365.com/Microsoft-Server-ActiveSync",
		"https://outlook.office365.com":                                      "https://outlook.office365.com/Microsoft-Server-ActiveSync",
		"https://mail.contoso.com/Microsoft-Server-ActiveSync/":              "https://mail.contoso.com/Microsoft-Server-ActiveSync/",
		"https://mail.contoso.com/microsoft-server-activesync?User=x#y":      "https://mail.contoso.com/microsoft-server-activesync",
		"https://mail.contoso.com/sub/index.php/Microsoft-Server-ActiveSync": "https://mail.contoso.com/sub/index.php/Microsoft-Server-ActiveSync",
		"https://mail.contoso.com/ewsroom/eas":                               "https://mail.contoso.com/ewsroom/eas",
	} {
		w := &world{hosts: map[string]http.HandlerFunc{cloud: jsonAnswer(200, `{"Protocol":"ActiveSync","Url":"`+in+`"}`)}}
		if e, err := (&autodiscover.Resolver{HTTPClient: w.client()}).Lookup(t.Context(), "ada@contoso.com"); err != nil || e.URL.String() != want {
			t.Errorf("Url %s = %v, %v, want %s", in, e, err, want)
		}
	}
}

func TestWarnings(t *testing.T) {
	at := func(e *autodiscover.Endpoint) (ids []string) {
		for _, w := range e.Warnings {
			ids = append(ids, w.Fault)
		}
		return ids
	}
	w := &world{hosts: map[string]http.HandlerFunc{cloud: func(rw http.ResponseWriter, r *http.Request) {
		rw.Header().Set("X-OWA-Version", "15.1.2507.55")
		jsonAnswer(200, `{"Url":"https://contoso.msappproxy.net/Microsoft-Server-ActiveSync"}`)(rw, r)
	}}}
	soon := roundTripper(func(r *http.Request) (*http.Response, error) {
		resp, err := w.RoundTrip(r)
		if err == nil {
			resp.TLS = &tls.ConnectionState{PeerCertificates: []*x509.Certificate{{NotAfter: time.Now().Add(24 * time.Hour)}}}
		}
		return resp, err
	})
	e, err := (&autodiscover.Resolver{HTTPClient: &http.Client{Transport: soon}}).Lookup(t.Context(), "ada@contoso.com")
	if err != nil || fmt.Sprint(at(e)) != "[TLS_CERT_EXPIRING BUILD_UNSUPPORTED HYBRID_AGENT]" || !strings.Contains(e.String(), "warning: ") {
		t.Errorf("Lookup = %v, %v", e, err)
	}
}

// The advice says what the hops cannot.
func TestAdvice(t *testing.T) {
	fails := func(err error) *http.Client {
		return &http.Client{Transport: roundTripper(func(*http.Request) (*http.Response, error) { return nil, err })}
	}
	absent := &net.DNSError{Err: "no such host", Name: "x", IsNotFound: true}
	w := &world{hosts: map[string]http.HandlerFunc{cloud: plain(404), own: plain(404)}}
	part := roundTripper(func(r *http.Request) (*http.Response, error) {
		if r.URL.Host == own {
			return nil, absent
		}
		return w.RoundTrip(r)
	})
	for name, tt := range map[string]struct {
		r    *autodiscover.Resolver
		want string
	}{
		"offline":          {&autodiscover.Resolver{HTTPClient: fails(absent)}, "Not even the cloud's host can be reached"},
		"no name":          {&autodiscover.Resolver{HTTPClient: &http.Client{Transport: part}}, "AskSRV"},
		"no v2":            {&autodiscover.Resolver{HTTPClient: w.client()}, "set Authorize (v1)"},
		"nothing to ask":   {&autodiscover.Resolver{NoCloud: true, NoHost: true}, "No host was left"},
		"own host, no SRV": {&autodiscover.Resolver{HTTPClient: fails(absent), NoCloud: true}, "AskSRV"},
	} {
		_, err := tt.r.Lookup(t.Context(), "ada@contoso.com")
		if err == nil || !strings.Contains(strings.Join(strings.Fields(err.Error()), " "), tt.want) {
			t.Errorf("%s: %v, want %q", name, err, tt.want)
		}
	}
}

// Every hop that failed says what to do.
func TestEveryHopHasARemedy(t *testing.T) {
	for name, h := range map[string]http.HandlerFunc{
		"401": plain(401), "403": plain(403), "404": plain(404), "407": plain(407), "421": plain(421), "429": plain(429), "500": plain(500), "503": plain(503), "511": plain(511),
		"page": page(200, "<html>"), "login": page(200, `<input type="password">`), "no JSON": jsonAnswer(200, "x"), "no Url": jsonAnswer(200, "{}"),
		"foreign": jsonAnswer(200, foreign), "unknown": jsonAnswer(404, `{"ErrorCode":"UserNotFound"}`), "circle": redirectTo("https://" + own + "/autodiscover/autodiscover.json"),
		"sso": redirectTo("https://sso.contoso.com/login"), "away": redirectTo("https://evil.example/autodiscover/autodiscover.json"), "ews": jsonAnswer(200, `{"Url":"https://mail.contoso.com/ews/x"}`),
	} {
		w := &world{hosts: map[string]http.HandlerFunc{own: h}}
		_, err := (&autodiscover.Resolver{HTTPClient: w.client(), NoCloud: true}).Lookup(t.Context(), "ada@contoso.com")
		var he *autodiscover.HopError
		if !errors.As(err, &he) || he.Fault == "" {
			t.Errorf("%s has no fault: %v", name, err)
		}
		if lines := strings.Count(err.Error(), "\n"); lines > 12 {
			t.Errorf("%s: %d lines", name, lines)
		}
	}
}

// A body that trickles ends with the timeout of its request.
func TestS011Trickle(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		slow := roundTripper(func(r *http.Request) (*http.Response, error) {
			pr, pw := io.Pipe()
			go func() {
				for r.Context().Err() == nil {
					time.Sleep(time.Second)
					if _, err := pw.Write([]byte("x")); err != nil {
						return
					}
				}
				pw.CloseWithError(r.Context().Err())
			}()
			return &http.Response{StatusCode: 200, Header: http.Header{}, Body: pr, Request: r}, nil
		})
		start := time.Now()
		_, err := (&autodiscover.Resolver{HTTPClient: &http.Client{Transport: slow}, NoCloud: true, Timeout: 5 * time.Second}).Lookup(t.Context(), "ada@contoso.com")
		if err == nil || time.Since(start) > 7*time.Second {
			t.Errorf("Lookup = %v after %v", err, time.Since(start))
		}
	})
}

// A certificate for another name is an error with its names, and nothing is sent in
// the clear.
func TestS019CertificateNames(t *testing.T) {
	srv := httptest.NewTLSServer(jsonAnswer(200, found))
	defer srv.Close()
	c := srv.Client()
	base := c.Transport.(*http.Transport)
	base.DialContext = func(ctx context.Context, network, _ string) (net.Conn, error) {
		return new(net.Dialer).DialContext(ctx, network, srv.Listener.Addr().String())
	}
	_, err := (&autodiscover.Resolver{HTTPClient: c, NoCloud: true}).Lookup(t.Context(), "ada@contoso.com")
	var he *autodiscover.HopError
	if !errors.As(err, &he) || he.Fault != "TLS_CERT_INVALID" || !strings.Contains(err.Error(), "example.com") {
		t.Errorf("Lookup = %v", err)
	}
}
