package autodiscover_test

import (
	"compress/gzip"
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
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/easoauth/easoauth/autodiscover"
	"github.com/easoauth/easoauth/internal/safehttp"
)

// A world is an internet of handlers by host. It records what it is asked.
type world struct {
	hosts map[string]http.HandlerFunc // of a host, or of "http://" and a host

	mu    sync.Mutex
	asked []*http.Request
}

func (w *world) RoundTrip(req *http.Request) (*http.Response, error) {
	w.mu.Lock()
	w.asked = append(w.asked, req)
	w.mu.Unlock()
	host := req.URL.Host
	if req.URL.Scheme != "https" {
		host = req.URL.Scheme + "://" + host
	}
	h := w.hosts[host]
	if h == nil {
		return nil, fmt.Errorf("no such host")
	}
	rec := httptest.NewRecorder()
	h(rec, req)
	resp := rec.Result()
	resp.Request = req
	return resp, nil
}

func (w *world) client() *http.Client { return &http.Client{Transport: w} }

const (
	cloud = "outlook.office365.com"
	own   = "autodiscover.contoso.com"
)

func jsonAnswer(status int, body string) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/json; charset=utf-8")
		w.Header().Set("request-id", "fee7f899")
		w.Header().Add("X-FEServer", "AM0PR0202CA0008")
		w.Header().Add("X-FEServer", "BL1PR13CA0291")
		w.WriteHeader(status)
		io.WriteString(w, body)
	}
}

func redirectTo(u string) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Location", u)
		w.Header().Set("Content-Type", "text/html; charset=utf-8")
		w.WriteHeader(http.StatusFound)
	}
}

func page(status int, body string) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "text/html")
		w.WriteHeader(status)
		io.WriteString(w, body)
	}
}

func plain(status int, header ...string) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		for i := 0; i < len(header); i += 2 {
			w.Header().Set(header[i], header[i+1])
		}
		w.WriteHeader(status)
	}
}

const found = `{"Protocol":"activesync","Url":"https://mail.contoso.com/Microsoft-Server-ActiveSync"}`

func TestLookup(t *testing.T) {
	for _, tt := range []struct {
		name  string // and the source of an answer that was seen
		hosts map[string]http.HandlerFunc
		r     autodiscover.Resolver
		want  string
		asked []string // hosts
	}{
		{name: "the cloud answers", hosts: map[string]http.HandlerFunc{cloud: jsonAnswer(200, found)},
			want: "https://mail.contoso.com/Microsoft-Server-ActiveSync", asked: []string{cloud}},
		{name: "the cloud redirects to the organization", hosts: map[string]http.HandlerFunc{
			cloud: redirectTo("https://" + own + "/autodiscover/autodiscover.json?Email=x&Protocol=ActiveSync&RedirectCount=1"), own: jsonAnswer(200, found)},
			want: "https://mail.contoso.com/Microsoft-Server-ActiveSync", asked: []string{cloud, own}},
		{name: "the cloud redirects to the ActiveSync URL itself", hosts: map[string]http.HandlerFunc{
			cloud: redirectTo("https://outlook.office365.com/Microsoft-Server-ActiveSync?x=y")},
			want: "https://outlook.office365.com/Microsoft-Server-ActiveSync", asked: []string{cloud}},
		{name: "the cloud does not know (o365enum capture): a redirect to itself", hosts: map[string]http.HandlerFunc{
			cloud: redirectTo("https://outlook.office365.com/autodiscover/autodiscover.json?Email=x&Protocol=ActiveSync&RedirectCount=2"), own: jsonAnswer(200, found)},
			want: "https://mail.contoso.com/Microsoft-Server-ActiveSync", asked: []string{cloud, own}},
		{name: "the cloud is down", hosts: map[string]http.HandlerFunc{cloud: plain(503, "Retry-After", "10"), own: jsonAnswer(200, found)},
			want: "https://mail.contoso.com/Microsoft-Server-ActiveSync", asked: []string{cloud, own}},
		{name: "without the cloud", r: autodiscover.Resolver{NoCloud: true}, hosts: map[string]http.HandlerFunc{own: jsonAnswer(200, found)},
			want: "https://mail.contoso.com/Microsoft-Server-ActiveSync", asked: []string{own}},
		{name: "a pinned host", r: autodiscover.Resolver{Host: "ad.fabrikam.com"}, hosts: map[string]http.HandlerFunc{"ad.fabrikam.com": jsonAnswer(200, found)},
			want: "https://mail.contoso.com/Microsoft-Server-ActiveSync", asked: []string{"ad.fabrikam.com"}},
		{name: "another cloud", r: autodiscover.Resolver{Cloud: autodiscover.GCCHigh}, hosts: map[string]http.HandlerFunc{"outlook.office365.us": jsonAnswer(200, found)},
			want: "https://mail.contoso.com/Microsoft-Server-ActiveSync", asked: []string{"outlook.office365.us"}},
		{name: "a byte order mark and other members", hosts: map[string]http.HandlerFunc{
			cloud: jsonAnswer(200, "\xef\xbb\xbf{\"ServerLocation\":{\"a\":[1]},"+found[1:])},
			want: "https://mail.contoso.com/Microsoft-Server-ActiveSync", asked: []string{cloud}},
		{name: "a bare host (EAS-4-TbSync#312)", hosts: map[string]http.HandlerFunc{cloud: jsonAnswer(200, `{"Protocol":"ActiveSync","Url":"https://outlook.office365.com"}`)},
			want: "https://outlook.office365.com/Microsoft-Server-ActiveSync", asked: []string{cloud}},
		{name: "EWS", r: autodiscover.Resolver{Protocol: "EWS"}, hosts: map[string]http.HandlerFunc{cloud: jsonAnswer(200, `{"Protocol":"EWS","Url":"https://mail.contoso.com/EWS/Exchange.asmx"}`)},
			want: "https://mail.contoso.com/EWS/Exchange.asmx", asked: []string{cloud}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			w := &world{hosts: tt.hosts}
			tt.r.HTTPClient = w.client()
			e, err := tt.r.Lookup(t.Context(), "ada@contoso.com")
			if err != nil {
				t.Fatal(err)
			}
			if e.URL.String() != tt.want {
				t.Errorf("URL = %s, want %s", e.URL, tt.want)
			}
			var asked []string
			for _, r := range w.asked {
				asked = append(asked, r.URL.Host)
				if len(r.Header) != 2 || r.Header.Get("Accept") == "" || !strings.HasPrefix(r.UserAgent(), "easoauth") {
					t.Errorf("%s was sent %v, want Accept and User-Agent", r.URL.Host, r.Header)
				}
			}
			if diff := cmp.Diff(tt.asked, asked); diff != "" {
				t.Errorf("hosts (-want +got):\n%s", diff)
			}
			if s := e.String(); strings.Contains(s, "ada") || !strings.Contains(s, tt.want) {
				t.Errorf("String = %s", s)
			}
			if len(e.Hops) != len(asked) {
				t.Errorf("%d hops of %d requests", len(e.Hops), len(asked))
			}
		})
	}
}

func TestLookupFails(t *testing.T) {
	for _, tt := range []struct {
		name   string
		answer http.HandlerFunc
		want   error
		text   string
	}{
		{"400 ProtocolNotSupported (captured in 2022)", jsonAnswer(400, `{"ErrorCode":"ProtocolNotSupported","ErrorMessage":"The given protocol value \u0027XYZ\u0027 is not supported. Supported values are \u0027Rest,ActiveSync,Ews\u0027"}`), nil, "it supports Rest, ActiveSync, Ews"},
		{"200 with an error (gromox)", jsonAnswer(200, `{"ErrorCode":"MissingProtocol","ErrorMessage":"A valid value must be provided for the query parameter 'Protocol'."}`), nil, "MissingProtocol"},
		{"400 InvalidProtocol (mailcow)", jsonAnswer(400, `{"ErrorCode":"InvalidProtocol","ErrorMessage":"The given protocol value 'x' is invalid. Supported values are 'ActiveSync,AutodiscoverV1'"}`), nil, "ActiveSync, AutodiscoverV1"},
		{"404", plain(404), autodiscover.ErrNotV2, "404"},
		{"405", plain(405), autodiscover.ErrNotV2, "405"},
		{"500", plain(500), autodiscover.ErrServer, "500"},
		{"S032 401 of a device in front", plain(401, "WWW-Authenticate", `Basic realm="x"`), autodiscover.ErrPreAuthentication, "pre-authentication"},
		{"403", plain(403), autodiscover.ErrPreAuthentication, "403"},
		{"a web site's page", plain(200, "Content-Type", "text/html", "Server", "nginx/1.24"), autodiscover.ErrDevice, "from nginx"},
		{"a web site's redirect", redirectTo("https://www.contoso.com/"), autodiscover.ErrDevice, "wildcard DNS record"},
		{"a login page", page(200, `<form><input type="password">`), autodiscover.ErrPreAuthentication, "login page"},
		{"F5 rejects", page(200, "<html>Request Rejected. Your support ID is: 1439692"), autodiscover.ErrDevice, "1439692"},
		{"Cloudflare", plain(403, "Server", "cloudflare", "CF-RAY", "8c1d-FRA"), autodiscover.ErrDevice, "8c1d-FRA"},
		{"IIS 403.6", page(403, "403.6 - Forbidden: IP address rejected"), autodiscover.ErrDevice, "IP address"},
		{"IIS 403.6 that says so", func(w http.ResponseWriter, r *http.Request) {
			w.Header().Set("Server", "Microsoft-IIS/10.0")
			page(403, "403.6 - Forbidden: IP address rejected")(w, r)
		}, autodiscover.ErrDevice, "IP Address and Domain Restrictions"},
		{"a web site that refuses", page(403, "<html><title>403 Forbidden</title>"), autodiscover.ErrDevice, "wildcard DNS record"},
		{"nginx's own 404", page(404, "<html><center><h1>404 Not Found</h1></center><hr><center>nginx</center>"), autodiscover.ErrDevice, "a device in front of Exchange responds"},
		{"nginx's own 404 is not v2, either", page(404, "<html><hr><center>nginx</center>"), autodiscover.ErrNotV2, "from nginx"},
		{"nginx denies", page(403, "<html><center><h1>403 Forbidden</h1></center><hr><center>nginx</center>"), autodiscover.ErrDevice, "allow GET on /autodiscover"},
		{"nginx denies by a sign-in page", page(403, `<html><input type="password"><hr><center>nginx</center>`), autodiscover.ErrPreAuthentication, "from nginx"},
		{"HAProxy denies", page(403, "<html><body><h1>403 Forbidden</h1>\nRequest forbidden by administrative rules.\n</body></html>\n"), autodiscover.ErrDevice, "allow GET on /autodiscover"},
		{"HAProxy without a server behind", page(503, "<html><body><h1>503 Service Unavailable</h1>\nNo server is available to handle this request.\n</body></html>\n"), autodiscover.ErrServer, "reports an error of its own"},
		{"nginx limits", page(503, "<html><hr><center>nginx</center>"), autodiscover.ErrThrottled, "from nginx"},
		{"the routing plane of Exchange Online", plain(400, "X-NanoProxy", "1,1"), autodiscover.ErrServer, "send a User-Agent"},
		{"503 with an error code", func(w http.ResponseWriter, r *http.Request) {
			w.Header().Set("Retry-After", "7")
			jsonAnswer(503, `{"ErrorCode":"ServerBusy"}`)(w, r)
		}, autodiscover.ErrThrottled, "retry after 7s"},
		{"500 UserNotFound", jsonAnswer(500, `{"ErrorCode":"UserNotFound"}`), autodiscover.ErrUserUnknown, "spelling"},
		{"500 with another code", jsonAnswer(500, `{"ErrorCode":"InternalServerError"}`), autodiscover.ErrServer, "AutoDiscover log"},
		{"a captive portal", plain(511), autodiscover.ErrDevice, "sign in to the network"},
		{"407", plain(407), autodiscover.ErrUnreachable, "proxy"},
		{"421", plain(421), autodiscover.ErrServer, "host names of the load balancer"},
		{"502", plain(502), autodiscover.ErrServer, "502"},
		{"504", plain(504), autodiscover.ErrServer, "504"},
		{"404 UserNotFound", jsonAnswer(404, `{"ErrorCode":"UserNotFound","ErrorMessage":"The user 'ada@contoso.com' was not found"}`), autodiscover.ErrUserUnknown, "check the spelling"},
		{"500 with an error code", jsonAnswer(500, `{"ErrorCode":"InternalServerError","ErrorMessage":"for ada@contoso.com"}`), nil, "InternalServerError"},
		{"an answer for another protocol", jsonAnswer(200, `{"Protocol":"Ews","Url":"https://mail.contoso.com/x"}`), autodiscover.ErrBadEndpoint, "another protocol"},
		{"the EWS path", jsonAnswer(200, `{"Protocol":"ActiveSync","Url":"https://mail.contoso.com/EWS/Exchange.asmx"}`), autodiscover.ErrBadEndpoint, "another service"},
		{"the OWA path", jsonAnswer(200, `{"Protocol":"ActiveSync","Url":"https://mail.contoso.com/owa"}`), autodiscover.ErrBadEndpoint, "another service"},
		{"S030 Url in a foreign domain", jsonAnswer(200, `{"Url":"https://mail.evil.example/Microsoft-Server-ActiveSync"}`), autodiscover.ErrUnconfirmed, "Confirm"},
		{"Url at a public suffix", jsonAnswer(200, `{"Url":"https://co.uk/Microsoft-Server-ActiveSync"}`), autodiscover.ErrBadEndpoint, "public suffix"},
		{"S039 Url in a local network", jsonAnswer(200, `{"Url":"https://ex01.contoso.local/Microsoft-Server-ActiveSync"}`), autodiscover.ErrBadEndpoint, "local network"},
		{"302 to a login page", redirectTo("https://sso.contoso.com/login"), autodiscover.ErrPreAuthentication, "sso.contoso.com"},
		{"429", plain(429, "Retry-After", "120"), autodiscover.ErrThrottled, "retry after 2m0s"},
		{"503 with a date", plain(503, "Retry-After", time.Now().Add(time.Hour).UTC().Format(http.TimeFormat)), autodiscover.ErrThrottled, "retry after"},
		{"XML", jsonAnswer(200, `<?xml version="1.0"?><Autodiscover/>`), autodiscover.ErrNotV2, "JSON"},
		{"empty", jsonAnswer(200, ""), autodiscover.ErrNotV2, "JSON"},
		{"S035 Url twice", jsonAnswer(200, `{"Url":"https://a.contoso.com","Url":"https://evil.example"}`), autodiscover.ErrNotV2, "Url twice"},
		{"url in another case", jsonAnswer(200, `{"url":"https://evil.example","Protocol":"x"}`), autodiscover.ErrBadEndpoint, "set the external URL (ExternalUrl)"},
		{"Url is no string", jsonAnswer(200, `{"Url":["https://a"]}`), autodiscover.ErrNotV2, "not a string"},
		{"something behind", jsonAnswer(200, found+"{}"), autodiscover.ErrNotV2, "follows"},
		{"S035 deeply nested", jsonAnswer(200, `{"x":`+strings.Repeat("[", 20000)), autodiscover.ErrNotV2, "syntax"},
		{"S035 UTF-16", jsonAnswer(200, "\xff\xfe{\x00}\x00"), autodiscover.ErrNotV2, "JSON"},
		{"Url empty", jsonAnswer(200, `{"Protocol":"ActiveSync","Url":""}`), autodiscover.ErrBadEndpoint, "set the external URL (ExternalUrl)"},
		{"Url is http", jsonAnswer(200, `{"Url":"http://mail.contoso.com/Microsoft-Server-ActiveSync"}`), autodiscover.ErrBadEndpoint, `scheme is "http"`},
		{"Url with user information", jsonAnswer(200, `{"Url":"https://a:b@evil.example/"}`), autodiscover.ErrBadEndpoint, "user information"},
		{"S039 Url is loopback", jsonAnswer(200, `{"Url":"https://127.0.0.1/"}`), autodiscover.ErrBadEndpoint, "private address"},
		{"S039 Url is the metadata service", jsonAnswer(200, `{"Url":"https://169.254.169.254/"}`), autodiscover.ErrBadEndpoint, "private address"},
		{"Url is a decimal address", jsonAnswer(200, `{"Url":"https://2130706433/"}`), autodiscover.ErrBadEndpoint, "private address"},
		{"Url is localhost", jsonAnswer(200, `{"Url":"https://localhost/"}`), autodiscover.ErrBadEndpoint, "private address"},
		{"S033 redirect to http", redirectTo("http://autodiscover.contoso.com/autodiscover/autodiscover.json"), autodiscover.ErrRedirect, `scheme is "http"`},
		{"S008 redirect to javascript", redirectTo("javascript:alert(1)"), autodiscover.ErrRedirect, "refused"},
		{"S008 redirect with user information", redirectTo("https://contoso.com@evil.example/autodiscover/autodiscover.json"), autodiscover.ErrRedirect, "user information"},
		{"redirect without a Location", plain(302), autodiscover.ErrRedirect, "no Location"},
		{"redirect to a private address", redirectTo("https://10.0.0.1/autodiscover/autodiscover.json"), autodiscover.ErrRedirect, "private address"},
		{"redirect elsewhere", redirectTo("https://evil.example/autodiscover/autodiscover.json"), autodiscover.ErrRedirect, "Confirm"},
		{"redirect to a look-alike of the domain", redirectTo("https://evilcontoso.com/autodiscover/autodiscover.json"), autodiscover.ErrRedirect, "Confirm"},
		{"redirect to itself", redirectTo("https://" + own + "/autodiscover/autodiscover.json?RedirectCount=2"), autodiscover.ErrSelfRedirect, "in a circle"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			w := &world{hosts: map[string]http.HandlerFunc{own: tt.answer}}
			r := &autodiscover.Resolver{HTTPClient: w.client(), NoCloud: true}
			e, err := r.Lookup(t.Context(), "ada@contoso.com")
			var le *autodiscover.LookupError
			if e != nil || !errors.As(err, &le) || len(le.Hops) != 1 {
				t.Fatalf("Lookup = %v, %v", e, err)
			}
			if tt.want != nil && !errors.Is(err, tt.want) {
				t.Errorf("%v does not match %v", err, tt.want)
			}
			for line := range strings.Lines(err.Error()) {
				if n := len([]rune(strings.TrimRight(line, "\n"))); n > 80 {
					t.Errorf("a line of %d columns: %s", n, line)
				}
			}
			if !strings.Contains(strings.Join(strings.Fields(err.Error()), " "), tt.text) || strings.Contains(err.Error(), "ada@") {
				t.Errorf("error %q, want %q in it and no address", err, tt.text)
			}
			if len(w.asked) != 1 {
				t.Errorf("%d requests, want 1", len(w.asked))
			}
		})
	}
}

func TestSupportedProtocols(t *testing.T) {
	w := &world{hosts: map[string]http.HandlerFunc{own: jsonAnswer(400, `{"ErrorCode":"ProtocolNotSupported","ErrorMessage":"The given protocol value 'X' is not supported. Supported values are 'Rest, ActiveSync'"}`)}}
	_, err := (&autodiscover.Resolver{HTTPClient: w.client(), NoCloud: true}).Lookup(t.Context(), "ada@contoso.com")
	var se *autodiscover.ServerError
	if !errors.As(err, &se) || se.Code != "ProtocolNotSupported" {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]string{"Rest", "ActiveSync"}, se.Supported); diff != "" {
		t.Errorf("Supported (-want +got):\n%s", diff)
	}
	var le *autodiscover.LookupError
	errors.As(err, &le)
	if got := le.Hops[0].Server; got.RequestID != "fee7f899" || got.FrontEnd != "AM0PR0202CA0008, BL1PR13CA0291" {
		t.Errorf("Server = %+v", got)
	}
}

func TestConfirm(t *testing.T) {
	hosts := map[string]http.HandlerFunc{
		own: redirectTo("https://ad.hoster.example/autodiscover/autodiscover.json?Email=x"), "ad.hoster.example": jsonAnswer(200, found),
	}
	for _, refuse := range []bool{false, true} {
		w := &world{hosts: hosts}
		var from, to string
		no := errors.New("no")
		r := &autodiscover.Resolver{HTTPClient: w.client(), NoCloud: true, Confirm: func(_ context.Context, a, b *url.URL) error {
			from, to = a.Host, b.Host
			if refuse {
				return no
			}
			return nil
		}}
		_, err := r.Lookup(t.Context(), "ada@contoso.com")
		if from != own || to != "ad.hoster.example" {
			t.Errorf("Confirm was asked about %s to %s", from, to)
		}
		if refuse != (err != nil) || refuse && !errors.Is(err, no) {
			t.Errorf("refuse = %v: %v", refuse, err)
		}
		if asked := len(w.asked); refuse && asked != 1 {
			t.Errorf("%d hosts were asked", asked)
		}
	}
}

func TestS009RedirectLoop(t *testing.T) {
	n := 0
	hop := func(w http.ResponseWriter, r *http.Request) {
		n++
		redirectTo(fmt.Sprintf("https://a%d.contoso.com/autodiscover/autodiscover.json", n))(w, r)
	}
	hosts := map[string]http.HandlerFunc{own: hop}
	for i := range 50 {
		hosts[fmt.Sprintf("a%d.contoso.com", i)] = hop
	}
	w := &world{hosts: hosts}
	_, err := (&autodiscover.Resolver{HTTPClient: w.client(), NoCloud: true}).Lookup(t.Context(), "ada@contoso.com")
	if !errors.Is(err, autodiscover.ErrRedirect) || len(w.asked) != 11 {
		t.Errorf("%d requests, %v; want 11 and ErrRedirect", len(w.asked), err)
	}
	// a → b → a
	w = &world{hosts: map[string]http.HandlerFunc{
		own:             redirectTo("https://b.contoso.com/autodiscover/autodiscover.json?x"),
		"b.contoso.com": redirectTo("https://c.contoso.com/autodiscover/autodiscover.json?x"),
		"c.contoso.com": redirectTo("https://b.contoso.com/autodiscover/autodiscover.json?x"),
	}}
	_, err = (&autodiscover.Resolver{HTTPClient: w.client(), NoCloud: true}).Lookup(t.Context(), "ada@contoso.com")
	if !errors.Is(err, autodiscover.ErrSelfRedirect) || len(w.asked) != 3 {
		t.Errorf("%d requests, %v; want 3 and ErrSelfRedirect", len(w.asked), err)
	}
}

// What is not one plain address sends nothing; what is, is sent as one parameter.
func TestS034Address(t *testing.T) {
	for _, tt := range []struct{ in, email, host string }{
		{"user+tag@contoso.com", "user+tag@contoso.com", own},
		{"o'neill%41@contoso.com", "o'neill%41@contoso.com", own},
		{"jürgen@contoso.com", "jürgen@contoso.com", own},
		{"Ada@CONTOSO.com", "Ada@contoso.com", own},
		{"ada@bücher.example", "ada@xn--bcher-kva.example", "autodiscover.xn--bcher-kva.example"},
		{"a&Protocol=x#y@contoso.com", "a&Protocol=x#y@contoso.com", own},
	} {
		w := &world{}
		_, err := (&autodiscover.Resolver{HTTPClient: w.client(), NoCloud: true}).Lookup(t.Context(), tt.in)
		if len(w.asked) != 1 {
			t.Fatalf("Lookup(%q): %d requests, %v", tt.in, len(w.asked), err)
		}
		u := w.asked[0].URL
		if u.Host != tt.host || u.Query().Get("Email") != tt.email || len(u.Query()) != 3 || u.Fragment != "" {
			t.Errorf("Lookup(%q) asked %s", tt.in, u)
		}
	}
	for _, in := range []string{
		"", "ada", "@contoso.com", "ada@", "a@b@contoso.com", "a b@contoso.com", "a\r\n@contoso.com", "a\x00@contoso.com", "ada@com",
		"ada@co.uk", "ada@[192.0.2.1]", "ada@[IPv6:::1]", "ada@192.0.2.1", "ada@contoso.com.", "ada@-contoso.com", "ada@con_toso.com",
		"ada@contoso..com", strings.Repeat("a", 65) + "@contoso.com", "ada@" + strings.Repeat("a.", 200) + "com", "\xff@contoso.com",
		"ada@contoso.com/evil", "ada@contoso.com:443", "\u202eada@contoso.com", strings.Repeat("x", 64<<10),
	} {
		w := &world{}
		if _, err := (&autodiscover.Resolver{HTTPClient: w.client()}).Lookup(t.Context(), in); !errors.Is(err, autodiscover.ErrAddress) || len(w.asked) != 0 {
			t.Errorf("Lookup(%.40q) = %v, %d requests; want ErrAddress and none", in, err, len(w.asked))
		}
	}
}

// A long body, a gzip bomb and a long header end the hop.
func TestLimits(t *testing.T) {
	for name, h := range map[string]http.HandlerFunc{
		"S017 a body": jsonAnswer(200, `{"x":"`+strings.Repeat("x", 2<<20)+`"}`),
		"S014 gzip": func(w http.ResponseWriter, r *http.Request) {
			w.Header().Set("Content-Encoding", "gzip")
			z := gzip.NewWriter(w)
			io.WriteString(z, `{"x":"`+strings.Repeat("x", 64<<20))
			z.Close()
		},
		"S015 a header": func(w http.ResponseWriter, r *http.Request) {
			w.Header().Set("X-Long", strings.Repeat("x", 65<<10))
		},
	} {
		srv := httptest.NewTLSServer(h)
		u, _ := url.Parse(srv.URL)
		c := srv.Client()
		base := c.Transport
		// The certificate is for 127.0.0.1; the name is the resolver's.
		c.Transport = roundTripper(func(r *http.Request) (*http.Response, error) {
			r = r.Clone(r.Context())
			r.URL.Host = u.Host
			return base.RoundTrip(r)
		})
		_, err := (&autodiscover.Resolver{HTTPClient: c, NoCloud: true}).Lookup(t.Context(), "ada@contoso.com")
		if !errors.Is(err, safehttp.ErrTooLarge) {
			t.Errorf("%s: %v, want ErrTooLarge", name, err)
		}
		srv.Close()
	}
}

type roundTripper func(*http.Request) (*http.Response, error)

func (f roundTripper) RoundTrip(r *http.Request) (*http.Response, error) { return f(r) }

// A server that does not respond costs its own timeout and no more; where an endpoint is in
// hand, it costs Patience.
func TestS041Timeout(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := &world{hosts: map[string]http.HandlerFunc{own: jsonAnswer(200, found), cloud: func(_ http.ResponseWriter, r *http.Request) { <-r.Context().Done() }}}
		start := time.Now()
		e, err := (&autodiscover.Resolver{HTTPClient: w.client(), Timeout: 5 * time.Second}).Lookup(t.Context(), "ada@contoso.com")
		if err != nil || time.Since(start) != 5*time.Second || e.Hops[0].Elapsed != 5*time.Second {
			t.Errorf("Lookup = %v, %v after %v", e, err, time.Since(start))
		}
		start = time.Now()
		e, err = (&autodiscover.Resolver{HTTPClient: w.client()}).Lookup(t.Context(), "ada@contoso.com")
		if err != nil || time.Since(start) != 7*time.Second || len(e.Hops) != 2 {
			t.Errorf("Lookup = %v, %v after %v, want after 7s: the head start and the patience", e, err, time.Since(start))
		}
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		w.asked = nil
		if _, err := (&autodiscover.Resolver{HTTPClient: w.client()}).Lookup(ctx, "ada@contoso.com"); err == nil || len(w.asked) != 1 {
			t.Errorf("a context that ended: %v, %d requests", err, len(w.asked))
		}
	})
}

// The client of the zero Resolver does not dial into the network behind the program.
func TestS039PrivateAddress(t *testing.T) {
	for _, addr := range []string{"127.0.0.1:443", "[::1]:443", "10.1.2.3:443", "172.16.0.1:443", "192.168.0.1:443", "169.254.169.254:80",
		"[fe80::1]:443", "[fc00::1]:443", "0.0.0.0:443", "[::ffff:127.0.0.1]:443", "100.64.0.1:443", "224.0.0.1:443", "[::ffff:10.0.0.1]:443", "mail:443"} {
		if err := safehttp.PublicOnly("tcp", addr, nil); !errors.Is(err, safehttp.ErrPrivateAddress) {
			t.Errorf("PublicOnly(%s) = %v, want ErrPrivateAddress", addr, err)
		}
	}
	for _, addr := range []string{"40.97.0.1:443", "[2603:1036::1]:443"} {
		if err := safehttp.PublicOnly("tcp", addr, nil); err != nil {
			t.Errorf("PublicOnly(%s) = %v", addr, err)
		}
	}
	_, err := (&autodiscover.Resolver{Host: "127.0.0.1"}).Lookup(t.Context(), "ada@contoso.com")
	if !errors.Is(err, safehttp.ErrPrivateAddress) {
		t.Errorf("Lookup at 127.0.0.1 = %v, want ErrPrivateAddress", err)
	}
	// Where the caller allows it, the certificate is what ends the hop.
	srv := httptest.NewTLSServer(jsonAnswer(200, found))
	defer srv.Close()
	_, err = (&autodiscover.Resolver{Host: srv.Listener.Addr().String(), AllowPrivate: true}).Lookup(t.Context(), "ada@contoso.com")
	var ce *tls.CertificateVerificationError
	if !errors.As(err, &ce) {
		t.Errorf("Lookup with AllowPrivate = %v, want a certificate that does not verify", err)
	}
	w := &world{hosts: map[string]http.HandlerFunc{own: jsonAnswer(200, `{"Url":"https://10.0.0.5/Microsoft-Server-ActiveSync"}`)}}
	if e, err := (&autodiscover.Resolver{HTTPClient: w.client(), NoCloud: true, AllowPrivate: true}).Lookup(t.Context(), "ada@contoso.com"); err != nil || e.URL.Host != "10.0.0.5" {
		t.Errorf("Lookup of a private endpoint = %v, %v", e, err)
	}
}

// A certificate that does not verify ends the hop; plain http is not tried.
func TestCertificate(t *testing.T) {
	srv := httptest.NewTLSServer(jsonAnswer(200, found))
	defer srv.Close()
	addr := srv.Listener.Addr().String()
	for name, roots := range map[string]*x509.CertPool{"unknown authority": x509.NewCertPool(), "wrong name": srv.Client().Transport.(*http.Transport).TLSClientConfig.RootCAs} {
		dials := 0
		c := &http.Client{Transport: &http.Transport{TLSClientConfig: &tls.Config{RootCAs: roots}, DialContext: func(ctx context.Context, network, _ string) (net.Conn, error) {
			dials++
			var d net.Dialer
			return d.DialContext(ctx, network, addr)
		}}}
		_, err := (&autodiscover.Resolver{HTTPClient: c, NoCloud: true}).Lookup(t.Context(), "ada@contoso.com")
		var ce *tls.CertificateVerificationError
		if !errors.As(err, &ce) || dials != 1 {
			t.Errorf("%s: %v after %d dials", name, err, dials)
		}
	}
}

func TestStatic(t *testing.T) {
	u, _ := url.Parse("https://mail.contoso.com/Microsoft-Server-ActiveSync")
	if _, err := autodiscover.Static(u).Lookup(t.Context(), "nobody"); !errors.Is(err, autodiscover.ErrAddress) {
		t.Errorf("Static of no address = %v", err)
	}
	var e *autodiscover.Endpoint
	if e.String() == "" {
		t.Error("a nil Endpoint prints nothing")
	}
}

// FuzzLookup gives the answer to a fuzzer: no panic, and never an endpoint that is not https.
func FuzzLookup(f *testing.F) {
	f.Add(200, "application/json", found, "")
	f.Add(302, "text/html", "", "https://mail.contoso.com/autodiscover/autodiscover.json?x")
	f.Add(302, "", "", "//evil")
	f.Add(400, "application/json", `{"ErrorCode":"X","ErrorMessage":"Supported 'a,b"}`, "")
	f.Fuzz(func(t *testing.T, status int, contentType, body, location string) {
		if status < 200 || status > 599 {
			return
		}
		w := &world{hosts: map[string]http.HandlerFunc{own: func(w http.ResponseWriter, _ *http.Request) {
			w.Header()["Content-Type"] = []string{contentType}
			if location != "" {
				w.Header()["Location"] = []string{location}
			}
			w.WriteHeader(status)
			io.WriteString(w, body)
		}}}
		e, err := (&autodiscover.Resolver{HTTPClient: w.client(), NoCloud: true}).Lookup(t.Context(), "ada@contoso.com")
		if err == nil && (e.URL.Scheme != "https" || e.URL.User != nil || e.URL.Hostname() == "") {
			t.Fatalf("endpoint %s", e.URL)
		}
		if len(w.asked) > 12 {
			t.Fatalf("%d requests", len(w.asked))
		}
	})
}

// FuzzAddress holds that what is sent is one address to a host below the mail domain.
func FuzzAddress(f *testing.F) {
	for _, s := range []string{"ada@contoso.com", "a&b=c@contoso.com", "a\r\n@b", "ü@bücher.example", "a@b@c", "%0d%0a@x.example", "c@co.com"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, addr string) {
		w := &world{}
		_, err := (&autodiscover.Resolver{HTTPClient: w.client(), NoCloud: true}).Lookup(t.Context(), addr)
		if errors.Is(err, autodiscover.ErrAddress) {
			return
		}
		if len(w.asked) == 0 { // the domain is one under which anybody registers names
			if err == nil {
				t.Fatalf("Lookup(%q) found an endpoint and asked nobody", addr)
			}
			return
		}
		u, perr := url.Parse(w.asked[0].URL.String())
		if perr != nil || !strings.HasPrefix(u.Host, "autodiscover.") || len(u.Query()) != 3 || len(u.Query()["Email"]) != 1 {
			t.Fatalf("Lookup(%q) asked %s", addr, w.asked[0].URL)
		}
		local, _, _ := strings.Cut(addr, "@")
		if !strings.HasPrefix(u.Query().Get("Email"), local+"@") {
			t.Fatalf("Lookup(%q) asked about %q", addr, u.Query().Get("Email"))
		}
	})
}
