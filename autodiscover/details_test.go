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
	"net/url"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/easoauth/easoauth/autodiscover"
)

// A cookie of another host of the domain does not open a place once more: only one that the place
// has just set does.
func TestCookieOfTheDomain(t *testing.T) {
	w := &world{hosts: map[string]http.HandlerFunc{
		own: func(rw http.ResponseWriter, r *http.Request) {
			http.SetCookie(rw, &http.Cookie{Name: "lb", Value: "1", Domain: "contoso.com", Path: "/"})
			redirectTo("https://b.contoso.com"+jsonPath)(rw, r)
		},
		"b.contoso.com": redirectTo("https://b.contoso.com" + jsonPath + "?RedirectCount=2"),
	}}
	_, err := (&autodiscover.Resolver{HTTPClient: w.client(), NoCloud: true}).Lookup(t.Context(), "ada@contoso.com")
	if !errors.Is(err, autodiscover.ErrSelfRedirect) || len(w.asked) != 2 || w.asked[1].Header.Get("Cookie") != "lb=1" {
		t.Errorf("%v after %d requests, want ErrSelfRedirect after 2", err, len(w.asked))
	}
}

// A load balancer that wants its cookie back gets it, once.
func TestCookieOfALoadBalancer(t *testing.T) {
	w := &world{hosts: map[string]http.HandlerFunc{own: func(rw http.ResponseWriter, r *http.Request) {
		if _, err := r.Cookie("lb"); err != nil {
			http.SetCookie(rw, &http.Cookie{Name: "lb", Value: "1"})
			redirectTo("https://"+own+jsonPath)(rw, r)
			return
		}
		jsonAnswer(200, found)(rw, r)
	}}}
	e, err := (&autodiscover.Resolver{HTTPClient: w.client(), NoCloud: true}).Lookup(t.Context(), "ada@contoso.com")
	if err != nil || len(e.Hops) != 2 || e.Hops[0].Candidate != "autodiscover.<domain>" || e.Hops[1].Candidate != "redirect" {
		t.Errorf("Lookup = %v, %v", e, err)
	}
}

// A certificate is reported in the fortnight before its end, once for each host, also by v1.
func TestCertificateExpiring(t *testing.T) {
	const fortnight = 14 * 24 * time.Hour
	for _, v1 := range []bool{false, true} {
		for left, want := range map[time.Duration]int{fortnight: 0, fortnight - time.Nanosecond: 1, -time.Hour: 1} {
			synctest.Test(t, func(t *testing.T) {
				state := &tls.ConnectionState{PeerCertificates: []*x509.Certificate{{NotAfter: time.Now().Add(left)}, {NotAfter: time.Now()}}}
				w := &world{hosts: map[string]http.HandlerFunc{cloud: plain(404), own: plain(404), "contoso.com": jsonAnswer(200, found)}}
				if v1 {
					w.hosts = map[string]http.HandlerFunc{own: plain(404), "contoso.com": func(rw http.ResponseWriter, _ *http.Request) { _, _ = rw.Write([]byte(poxFound)) }}
				}
				c := &http.Client{Transport: roundTripper(func(r *http.Request) (*http.Response, error) {
					resp, err := w.RoundTrip(r)
					if err == nil {
						resp.TLS = state
					}
					return resp, err
				})}
				r := &autodiscover.Resolver{HTTPClient: c, NoCloud: true, AskDomain: true}
				if v1 {
					r = &autodiscover.Resolver{HTTPClient: c, NoCloud: true, NoHost: true, Authorize: bearerT}
				}
				e, err := r.Lookup(t.Context(), "ada@contoso.com")
				if err != nil || len(e.Warnings) != 2*want {
					t.Fatalf("v1 %v, %v before the end: %v, %v; want %d warnings", v1, left, e, err, 2*want)
				}
				if date := "on " + time.Now().Add(left).UTC().Format(time.DateOnly); want > 0 &&
					(e.Warnings[0].Fault != "TLS_CERT_EXPIRING" || e.Warnings[0].Host != own || e.Warnings[1].Host != "contoso.com" || !strings.HasPrefix(e.Warnings[0].Text, date)) {
					t.Errorf("warnings %v", e.Warnings)
				}
				// The same again says nothing new; nor does a connection without a certificate.
				state.PeerCertificates = nil
				if e, err := r.Lookup(t.Context(), "ada@contoso.com"); err != nil || len(e.Warnings) != 0 {
					t.Errorf("without a certificate: %v, %v", e, err)
				}
			})
		}
	}
}

// What stands twice in the responses of a host is reported once.
func TestWarningsOnce(t *testing.T) {
	w := &world{hosts: map[string]http.HandlerFunc{own: func(rw http.ResponseWriter, r *http.Request) {
		rw.Header().Set("X-OWA-Version", "15.1.2507.55")
		if r.Header.Get("Cookie") == "" {
			http.SetCookie(rw, &http.Cookie{Name: "lb", Value: "1"})
			redirectTo("https://"+own+jsonPath)(rw, r)
			return
		}
		jsonAnswer(200, found)(rw, r)
	}}}
	e, err := (&autodiscover.Resolver{HTTPClient: w.client(), NoCloud: true}).Lookup(t.Context(), "ada@contoso.com")
	if err != nil || len(e.Warnings) != 1 || len(e.Hops) != 2 {
		t.Errorf("Lookup = %v, %v", e, err)
	}
}

// joined is an error that wraps several, or none.
type joined []error

func (joined) Error() string     { return "joined" }
func (j joined) Unwrap() []error { return j }

// A HopError says what is known of it, each once.
func TestHopErrorTexts(t *testing.T) {
	for _, tt := range []struct {
		err  *autodiscover.HopError
		want string
	}{
		{&autodiscover.HopError{Err: joined{}}, "joined"},
		{&autodiscover.HopError{Err: joined{autodiscover.ErrServer, errors.New("x")}}, "the server failed"},
		{&autodiscover.HopError{Err: errors.Join(autodiscover.ErrServer, errors.New("x")), Reason: "why"}, "the server failed: why"},
		{&autodiscover.HopError{Err: errors.New("of ada@contoso.com")}, "of …"},
		{&autodiscover.HopError{Err: autodiscover.ErrThrottled, RetryAfter: 1500 * time.Millisecond}, "the server is too busy: retry after 1.5s"},
		{&autodiscover.HopError{Err: autodiscover.ErrThrottled, RetryAfter: -1}, "the server is too busy"},
		{&autodiscover.HopError{Err: autodiscover.ErrThrottled, Fault: "no such fault", Reason: "TCP"}, "the server is too busy: TCP: no such fault"},
		{&autodiscover.HopError{Err: autodiscover.ErrThrottled, Fault: "SERVER_BUSY", RetryAfter: time.Second},
			"the server is too busy: retry after 1s: wait as long as it says, then try again"},
		{&autodiscover.HopError{Err: autodiscover.ErrThrottled, Fault: "SERVER_BUSY", Reason: "HTTP"}, "HTTP: the server is too busy: wait as long as it says, then try again"},
		{&autodiscover.HopError{Err: autodiscover.ErrThrottled, Fault: "SERVER_BUSY", Reason: "of late"}, "of late: the server is too busy: wait as long as it says, then try again"},
	} {
		if got := tt.err.Error(); got != tt.want {
			t.Errorf("%+v: %q, want %q", *tt.err, got, tt.want)
		}
	}
}

// The protocols that a message lists: those in the quotes that follow the last "supported".
func TestSupportedLists(t *testing.T) {
	many := strings.Repeat("p,", 100)
	for message, want := range map[string][]string{
		"":                                    nil,
		"upported 'a'":                        {"a"},
		"Supported values are 'a, b ,,c'.":    {"a", "b", "c"},
		"'x' is not supported. Use a":         nil,
		"'x' is not supported. Supported: 'a": {"a"},
		"Supported 'a', supported 'b', 'c'":   {"b"},
		"Values are 'a'":                      nil,
		"Supported '" + many + "'":            strings.Split(many[:2*64-1], ","),
		"Supported '" + strings.Repeat("x", 40) + "," + strings.Repeat("y", 65) + ",z'": {strings.Repeat("x", 40), "z"},
		"Supported 'ada@contoso.com'": {"…"},
	} {
		body := fmt.Sprintf(`{"ErrorCode":"ProtocolNotSupported","ErrorMessage":%q}`, message)
		w := &world{hosts: map[string]http.HandlerFunc{own: jsonAnswer(400, body)}}
		_, err := (&autodiscover.Resolver{HTTPClient: w.client(), NoCloud: true}).Lookup(t.Context(), "ada@contoso.com")
		var se *autodiscover.ServerError
		if !errors.As(err, &se) {
			t.Fatal(err)
		}
		if diff := cmp.Diff(want, se.Supported); diff != "" {
			t.Errorf("%.60q (-want +got):\n%s", message, diff)
		}
	}
}

// The kinds of a ServerError's code.
func TestServerErrorKinds(t *testing.T) {
	for code, fault := range map[string]string{
		"UserNotFound": "USER_UNKNOWN", "MAILBOXNOTFOUND": "USER_UNKNOWN", "InvalidUserId": "USER_UNKNOWN", "NotFound": "USER_UNKNOWN",
		"ProtocolNotSupported": "AD_PROTOCOL_NOT_SUPPORTED", "MissingPROTOCOL": "AD_PROTOCOL_NOT_SUPPORTED", "InternalServerError": "AD_ERROR_CODE",
	} {
		w := &world{hosts: map[string]http.HandlerFunc{own: jsonAnswer(400, `{"ErrorCode":"`+code+`"}`)}}
		_, err := (&autodiscover.Resolver{HTTPClient: w.client(), NoCloud: true}).Lookup(t.Context(), "ada@contoso.com")
		var he *autodiscover.HopError
		if !errors.As(err, &he) || he.Fault != fault || errors.Is(err, autodiscover.ErrUserUnknown) != (fault == "USER_UNKNOWN") || errors.Is(err, autodiscover.ErrServer) {
			t.Errorf("%s: %v", code, err)
		}
	}
}

// The targets of SRV records in their order: priority, weight, then name and port, so that two
// look-ups ask the same. Records that lead nowhere are left out.
func TestSRVOrder(t *testing.T) {
	a := func(target string, port, priority, weight uint16) *net.SRV {
		return &net.SRV{Target: target, Port: port, Priority: priority, Weight: weight}
	}
	for _, tt := range []struct {
		records []*net.SRV
		want    string // "" for none
	}{
		{[]*net.SRV{a("b.x.example.", 443, 1, 1), a("a.x.example.", 443, 2, 9)}, "b.x.example"},
		{[]*net.SRV{a("b.x.example.", 443, 1, 1), a("a.x.example.", 443, 1, 9)}, "a.x.example"},
		{[]*net.SRV{a("b.x.example.", 443, 1, 1), a("a.x.example.", 443, 1, 1)}, "a.x.example"},
		{[]*net.SRV{a("A.X.example", 8443, 1, 1), a("A.X.example", 444, 1, 1)}, "a.x.example:444"},
		{[]*net.SRV{a(".", 443, 0, 1), a("", 443, 0, 1), a("c.x.example.", 0, 0, 1), nil, a("d.x.example.", 443, 5, 1)}, "d.x.example"},
		{[]*net.SRV{a(".", 443, 0, 0)}, ""},
		{nil, ""},
	} {
		w := &world{}
		var from, to string
		before := fmt.Sprint(tt.records)
		_, err := (&autodiscover.Resolver{HTTPClient: w.client(), NoCloud: true, NoHost: true, AskSRV: true,
			LookupSRV: func(context.Context, string, string, string) (string, []*net.SRV, error) { return "", tt.records, nil },
			Confirm: func(_ context.Context, f, u *url.URL) error {
				from, to = f.String(), u.Host
				return nil
			}}).Lookup(t.Context(), "ada@contoso.com")
		if to != tt.want || tt.want != "" && (hosts(w) != "s"+tt.want || from != "dns://_autodiscover._tcp.contoso.com") {
			t.Errorf("%v: Confirm from %q to %q, asked %q; want %q", tt.records, from, to, hosts(w), tt.want)
		}
		var he *autodiscover.HopError
		if tt.want == "" && (!errors.As(err, &he) || he.Fault != "DNS_NXDOMAIN" || !errors.Is(err, autodiscover.ErrNotV2)) {
			t.Errorf("no record: %v", err)
		}
		if fmt.Sprint(tt.records) != before {
			t.Error("the records of the caller were changed")
		}
	}
	// A failure of DNS is not an absence.
	_, err := (&autodiscover.Resolver{NoCloud: true, NoHost: true, AskSRV: true, LookupSRV: func(context.Context, string, string, string) (string, []*net.SRV, error) {
		return "", []*net.SRV{a("a.x.example.", 443, 0, 0)}, &net.DNSError{IsTemporary: true}
	}}).Lookup(t.Context(), "ada@contoso.com")
	var he *autodiscover.HopError
	if !errors.As(err, &he) || he.Fault != "DNS_FAILED" || !errors.Is(err, autodiscover.ErrUnreachable) || errors.Is(err, autodiscover.ErrNotV2) {
		t.Errorf("a failure of DNS: %v", err)
	}
}

// What a host may not be has a fault of its own, whoever names it.
func TestRefusedHosts(t *testing.T) {
	for host, fault := range map[string]string{
		"10.0.0.1": "PRIVATE_ADDRESS", "ex01.contoso.local": "PRIVATE_ADDRESS", "localhost": "PRIVATE_ADDRESS", "co.uk": "AD_TLD_BACKOFF", "a@contoso.com": "AD_REDIRECT_INVALID",
	} {
		for name, r := range map[string]autodiscover.Resolver{
			"redirect": {NoCloud: true},
			"http":     {NoCloud: true, NoHost: true, AskHTTP: true, Confirm: yes},
			"SRV": {NoCloud: true, NoHost: true, AskSRV: true, Confirm: yes, LookupSRV: func(context.Context, string, string, string) (string, []*net.SRV, error) {
				return "", []*net.SRV{{Target: host + ".", Port: 443}}, nil
			}},
		} {
			to := redirectTo("https://" + host + jsonPath)
			w := &world{hosts: map[string]http.HandlerFunc{own: to, "http://" + own: to}}
			r.HTTPClient = w.client()
			_, err := r.Lookup(t.Context(), "ada@contoso.com")
			var he *autodiscover.HopError
			if !errors.As(err, &he) || he.Fault != fault && !strings.Contains(host, "@") || strings.Contains(hosts(w), "s"+host) || !errors.Is(err, autodiscover.ErrRedirect) {
				t.Errorf("%s to %s: %v after %q, want %s", name, host, err, hosts(w), fault)
			}
		}
	}
}

// Confirm is told who names a host, also along a chain of addresses of v1.
func TestConfirmFrom(t *testing.T) {
	redirect := func(addr string) http.HandlerFunc {
		return func(rw http.ResponseWriter, _ *http.Request) {
			_, _ = rw.Write([]byte(pox(`<Action><Redirect>` + addr + `</Redirect></Action>`)))
		}
	}
	w := &world{hosts: map[string]http.HandlerFunc{
		own: redirect("ada@fabrikam.com"), "autodiscover.fabrikam.com": redirect("ada@northwind.example"),
		"autodiscover.northwind.example": func(rw http.ResponseWriter, _ *http.Request) {
			_, _ = rw.Write([]byte(strings.ReplaceAll(poxFound, "mail.contoso.com", "mail.northwind.example")))
		},
	}}
	var pairs []string
	e, err := (&autodiscover.Resolver{HTTPClient: w.client(), NoCloud: true, NoHost: true, Authorize: bearerT, Confirm: func(_ context.Context, from, to *url.URL) error {
		pairs = append(pairs, from.Host+" "+to.Host)
		return nil
	}}).Lookup(t.Context(), "ada@contoso.com")
	if err != nil || !e.Foreign || e.URL.Host != "mail.northwind.example" {
		t.Fatalf("Lookup = %v, %v", e, err)
	}
	if diff := cmp.Diff([]string{own + " autodiscover.fabrikam.com", "autodiscover.fabrikam.com autodiscover.northwind.example",
		"autodiscover.northwind.example mail.northwind.example"}, pairs); diff != "" {
		t.Errorf("Confirm (-want +got):\n%s", diff)
	}
	// A fourth address is one too many; a sub-domain of the mail domain needs no Confirm.
	w.hosts["autodiscover.northwind.example"] = redirect("ada@fourth.example")
	if _, err := (&autodiscover.Resolver{HTTPClient: w.client(), NoCloud: true, NoHost: true, Authorize: bearerT, Confirm: yes}).Lookup(t.Context(), "ada@contoso.com"); !errors.Is(err, autodiscover.ErrRedirect) ||
		strings.Contains(hosts(w), "fourth") {
		t.Errorf("four addresses: %v after %q", err, hosts(w))
	}
	w = &world{hosts: map[string]http.HandlerFunc{own: redirect("ada@mail.contoso.com"), "autodiscover.mail.contoso.com": func(rw http.ResponseWriter, _ *http.Request) { _, _ = rw.Write([]byte(poxFound)) }}}
	if e, err := (&autodiscover.Resolver{HTTPClient: w.client(), NoCloud: true, NoHost: true, Authorize: bearerT}).Lookup(t.Context(), "ada@contoso.com"); err != nil || e.Foreign || len(w.asked) != 2 {
		t.Errorf("a sub-domain: %v, %v after %q", e, err, hosts(w))
	}
	w.hosts[own] = redirect("ada@notcontoso.com")
	if _, err := (&autodiscover.Resolver{HTTPClient: w.client(), NoCloud: true, NoHost: true, Authorize: bearerT}).Lookup(t.Context(), "ada@contoso.com"); !errors.Is(err, autodiscover.ErrUnconfirmed) {
		t.Errorf("a look-alike of the domain: %v", err)
	}
}

// Authorize may set one bearer token and nothing else.
func TestAuthorizeSets(t *testing.T) {
	for value, ok := range map[string]bool{"Bearer t": true, "bearer t": true, "Bearer ": false, "Bearer": false, "Basic eDp5": false, "Bearertt": false, "": false} {
		w := &world{hosts: map[string]http.HandlerFunc{own: func(rw http.ResponseWriter, _ *http.Request) { _, _ = rw.Write([]byte(poxFound)) }}}
		_, err := (&autodiscover.Resolver{HTTPClient: w.client(), NoCloud: true, NoHost: true, Authorize: func(_ context.Context, r *http.Request) error {
			r.Header["Authorization"] = []string{value}
			return nil
		}}).Lookup(t.Context(), "ada@contoso.com")
		if (err == nil) != ok || len(w.asked) > 0 != ok {
			t.Errorf("%q: %v after %d requests", value, err, len(w.asked))
		}
	}
	w := &world{}
	if _, err := (&autodiscover.Resolver{HTTPClient: w.client(), NoCloud: true, NoHost: true, Authorize: func(_ context.Context, r *http.Request) error {
		r.Header["Authorization"] = []string{"Bearer a", "Bearer b"}
		return nil
	}}).Lookup(t.Context(), "ada@contoso.com"); err == nil || len(w.asked) != 0 {
		t.Errorf("two tokens: %v after %d requests", err, len(w.asked))
	}
}

// The documents of v1.
func TestV1Documents(t *testing.T) {
	server := func(kind, host string) string {
		return "<Server><Type>" + kind + "</Type><Url>https://" + host + "/Microsoft-Server-ActiveSync</Url></Server>"
	}
	settings := func(s ...string) string {
		return pox("<Action><Settings>" + strings.Join(s, "") + "</Settings></Action>")
	}
	marked := func(n int) string {
		n -= strings.Count(poxFound, "<") + strings.Count(poxFound, "=")
		return strings.Replace(poxFound, "<Culture>", strings.Repeat("=", n%2)+strings.Repeat("<x/>", n/4)+strings.Repeat("=", n-n%2-n/4)+"<Culture>", 1)
	}
	nested := func(n int) string {
		return strings.Replace(poxFound, "<Culture>", strings.Repeat("<x>", n)+strings.Repeat("</x>", n)+"<Culture>", 1)
	}
	for _, tt := range []struct{ name, body, want string }{
		{"as it is", poxFound, "mail.contoso.com"},
		{"the first of two", settings(server("MobileSync", "a.contoso.com"), server("MobileSync", "b.contoso.com")), "a.contoso.com"},
		{"the type in another case", settings(server("certenroll", "a.contoso.com"), server("MOBILESYNC", "b.contoso.com")), "b.contoso.com"},
		{"a type without a URL after a URL without a type", settings("<Server><Url>https://a.contoso.com/</Url></Server>", "<Server><Type>MobileSync</Type></Server>"), ""},
		{"a bare host", strings.Replace(poxFound, "/Microsoft-Server-ActiveSync", "", 1), "mail.contoso.com"},
		{"comments and instructions", "<!-- a --><?b c?>" + strings.TrimPrefix(strings.Replace(poxFound, "<Culture>", "<!-- d --><?e f?><Culture>", 1), `<?xml version="1.0" encoding="utf-8"?>`), "mail.contoso.com"},
		{"UTF-8 in capitals", strings.Replace(poxFound, "utf-8", "UTF-8", 1), "mail.contoso.com"},
		{"US-ASCII", strings.Replace(poxFound, "utf-8", "US-ASCII", 1), "mail.contoso.com"},
		{"another charset", strings.Replace(poxFound, "utf-8", "iso-8859-1", 1), ""},
		{"text in several parts", strings.Replace(poxFound, "MobileSync", "Mobile<!-- x -->Sync", 1), "mail.contoso.com"},
		{"as deep as it may be", nested(62), "mail.contoso.com"},
		{"deeper", nested(63), ""},
		{"as many marks as there may be", marked(1024), "mail.contoso.com"},
		{"one more", marked(1025), ""},
		{"another place", strings.ReplaceAll(poxFound, "Settings", "Others"), ""},
		{"two roots", poxFound + "<Autodiscover/>", ""},
		{"cut", poxFound[:len(poxFound)-5], ""},
		{"only a comment", "<!-- a -->", ""},
		{"text around the values of elements inside", strings.Replace(poxFound, "<Type>MobileSync", "noise<Type>MobileSync", 1), "mail.contoso.com"},
	} {
		w := &world{hosts: map[string]http.HandlerFunc{own: func(rw http.ResponseWriter, _ *http.Request) { _, _ = rw.Write([]byte(tt.body)) }}}
		e, err := (&autodiscover.Resolver{HTTPClient: w.client(), NoCloud: true, NoHost: true, Authorize: bearerT}).Lookup(t.Context(), "ada@contoso.com")
		if tt.want == "" && err == nil || tt.want != "" && (err != nil || e.URL.String() != "https://"+tt.want+"/Microsoft-Server-ActiveSync") {
			t.Errorf("%s: %v, %v; want %s", tt.name, e, err, tt.want)
		}
	}
}

// The documents of v2: what is strict, and what is not.
func TestV2Documents(t *testing.T) {
	for body, ok := range map[string]bool{
		found:                  true,
		" \n" + found + "\n ":  true,
		"\xef\xbb\xbf" + found: true,
		"{" + strings.Repeat(`"x":1,`, 62) + found[1:]:         true,
		"{" + strings.Repeat(`"x":1,`, 63) + found[1:]:         false,
		`{"x":{"Url":"https://evil.example"},` + found[1:]:     true,
		`{"Protocol":null,"Url":"https://mail.contoso.com/x"}`: true,
		found + found:               false,
		found[:len(found)-1]:        false,
		found + "]":                 false,
		found[:len(found)-1] + ",":  false,
		found[:len(found)-1] + ",}": false,
		`{"Url":"https://mail.contoso.com/x","Url":"https://mail.contoso.com/x"}`:              false,
		`{"Url":"https://mail.contoso.com/x","Protocol":"ActiveSync","Protocol":"ActiveSync"}`: false,
		`{"Url":1}`: false,
		`{"Url":"https://mail.contoso.com/x","ErrorCode":{}}`:    false,
		`{"Url":"https://mail.contoso.com/x","ErrorMessage":[]}`: false,
		`{"x":tru,` + found[1:]:                                  false,
		`["` + found + `"]`:                                      false,
		`"x"`:                                                    false,
		"null":                                                   false,
	} {
		w := &world{hosts: map[string]http.HandlerFunc{own: jsonAnswer(200, body)}}
		e, err := (&autodiscover.Resolver{HTTPClient: w.client(), NoCloud: true}).Lookup(t.Context(), "ada@contoso.com")
		if (err == nil) != ok || ok && e.URL.Host != "mail.contoso.com" || !ok && !errors.Is(err, autodiscover.ErrNotV2) {
			t.Errorf("%s: %v, %v", body, e, err)
		}
	}
}

// What a look-up prints.
func TestStrings(t *testing.T) {
	hop := autodiscover.Hop{URL: "https://mail.contoso.com/x"}
	for want, edit := range map[string]func(h *autodiscover.Hop){
		"GET https://mail.contoso.com/x":                           func(*autodiscover.Hop) {},
		"POST https://mail.contoso.com/x":                          func(h *autodiscover.Hop) { h.Method = "POST" },
		"GET https://mail.contoso.com/x → 200 → b.contoso.com":     func(h *autodiscover.Hop) { h.Status, h.Next, h.By = 200, "b.contoso.com", "nginx" },
		"GET https://mail.contoso.com/x (request-id r1)":           func(h *autodiscover.Hop) { h.Server.RequestID = "r1" },
		"GET https://mail.contoso.com/x → 404 from nginx: of …":    func(h *autodiscover.Hop) { h.Status, h.By, h.Err = 404, "nginx", errors.New("of ada@contoso.com") },
		"GET https://mail.contoso.com/x: the server does not … no": func(h *autodiscover.Hop) { h.Err = errors.New("the server does not … no") },
	} {
		h := hop
		if edit(&h); h.String() != want {
			t.Errorf("%+v prints %q, want %q", h, h, want)
		}
	}
	u := &url.URL{Scheme: "https", Host: "mail.contoso.com", Path: "/eas"}
	for want, e := range map[string]*autodiscover.Endpoint{
		"no endpoint": nil,
		"ActiveSync at https://mail.contoso.com/eas": {URL: u, Protocol: autodiscover.ActiveSync},
		"… at https://mail.contoso.com/eas (outside the mail domain)\n  GET https://mail.contoso.com/x\n  warning: h: text": {URL: u, Protocol: "ada@contoso.com", Foreign: true,
			Hops: []autodiscover.Hop{hop}, Warnings: []autodiscover.Warning{{Host: "h", Text: "text"}}},
	} {
		if e.String() != want {
			t.Errorf("%+v prints %q, want %q", e, e, want)
		}
	}
	if s := new(autodiscover.Endpoint).String(); s != "no endpoint" {
		t.Errorf("the zero Endpoint prints %q", s)
	}
}

// A candidate that was cancelled is to blame for nothing, and one whose body did not come in time
// has not responded.
func TestFaultsOfTime(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		hang := roundTripper(func(r *http.Request) (*http.Response, error) {
			<-r.Context().Done()
			return nil, r.Context().Err()
		})
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		stop, end := context.WithCancel(t.Context())
		time.AfterFunc(time.Second, end)
		for want, ctx := range map[string]context.Context{"NO_RESPONSE": ctx, "": stop} {
			_, err := (&autodiscover.Resolver{HTTPClient: &http.Client{Transport: hang}, NoCloud: true}).Lookup(ctx, "ada@contoso.com")
			var he *autodiscover.HopError
			if !errors.As(err, &he) || he.Fault != want || !errors.Is(err, autodiscover.ErrUnreachable) || !errors.Is(err, ctx.Err()) {
				t.Errorf("%v: %v, want fault %q", ctx.Err(), err, want)
			}
		}
		trickle := roundTripper(func(r *http.Request) (*http.Response, error) {
			pr, pw := io.Pipe()
			context.AfterFunc(r.Context(), func() { pw.CloseWithError(r.Context().Err()) })
			return &http.Response{StatusCode: 200, Header: http.Header{}, Body: pr, ContentLength: -1, Request: r}, nil
		})
		_, err := (&autodiscover.Resolver{HTTPClient: &http.Client{Transport: trickle}, NoCloud: true}).Lookup(t.Context(), "ada@contoso.com")
		var he *autodiscover.HopError
		if !errors.As(err, &he) || he.Fault != "NO_RESPONSE" || !strings.Contains(he.Reason, "the body was not read") {
			t.Errorf("a body that does not come: %v", err)
		}
	})
}

// What is not an address is not sent to a service; and what is asked of it.
func TestServicesRequests(t *testing.T) {
	service := &url.URL{Scheme: "https", Host: "detect.example", Path: "/detect", RawQuery: "a=b"}
	var asked []string
	c := &http.Client{Transport: roundTripper(func(r *http.Request) (*http.Response, error) {
		asked = append(asked, r.URL.String()+" "+r.Header.Get("X-Email"))
		return respondAs(sender{header: http.Header{}}, 404)(r)
	})}
	for _, addr := range []string{"x", "ada@contoso.com"} {
		_, err := (&autodiscover.AutoDetect{URL: service, HTTPClient: c}).Lookup(t.Context(), addr)
		_, err2 := (&autodiscover.FederationProvider{HTTPClient: c}).Cloud(t.Context(), addr)
		if bad := addr == "x"; errors.Is(err, autodiscover.ErrAddress) != bad || errors.Is(err2, autodiscover.ErrAddress) != bad || err == nil || err2 == nil {
			t.Errorf("%s: %v, %v", addr, err, err2)
		}
	}
	if diff := cmp.Diff([]string{"https://detect.example/detect?a=b&protocols=rest-cloud%2Crest-outlook%2Crest-office365%2Ceas&services=office365%2Coutlook ada@contoso.com",
		"https://odc.officeapps.live.com/odc/v2.1/federationprovider?domain=contoso.com "}, asked); diff != "" {
		t.Errorf("requests (-want +got):\n%s", diff)
	}
}

// Every body is read and closed, and an address that redirects to itself is asked about once.
func TestBodiesAreClosed(t *testing.T) {
	for name, lookup := range everyLookup(t) {
		for _, body := range []string{"", "x", pox(`<Action><Redirect>ada@contoso.com</Redirect></Action>`)} {
			requests, open := 0, 0
			c := &http.Client{Transport: roundTripper(func(r *http.Request) (*http.Response, error) {
				requests, open = requests+1, open+1
				return &http.Response{StatusCode: 200, Header: http.Header{}, Body: counted{strings.NewReader(body), &open}, ContentLength: -1, Request: r}, nil
			})}
			if err := lookup(c); err == nil && name != "federation provider" || open != 0 || requests > 1 && len(body) > 1 {
				t.Errorf("%s, body %.10q: %v after %d requests, %d bodies are open", name, body, err, requests, open)
			}
		}
	}
}

type counted struct {
	io.Reader
	open *int
}

func (c counted) Close() error { *c.open--; return nil }

// The hop of plain http names where it redirects to.
func TestPlainHop(t *testing.T) {
	w := &world{hosts: map[string]http.HandlerFunc{"http://" + own: redirectTo("https://ad.hoster.example/x"), "ad.hoster.example": jsonAnswer(200, foreign)}}
	e, err := (&autodiscover.Resolver{HTTPClient: w.client(), NoCloud: true, NoHost: true, AskHTTP: true, Confirm: yes}).Lookup(t.Context(), "ada@contoso.com")
	if err != nil || len(e.Hops) != 2 || e.Hops[0].Candidate != "http" || e.Hops[0].Next != "ad.hoster.example" || e.Hops[0].Status != 302 || e.Hops[1].Candidate != "http" || !e.Foreign {
		t.Errorf("Lookup = %v, %v", e, err)
	}
}

// A Confirm that panics ends what the others have begun.
func TestPanicEndsTheOthers(t *testing.T) {
	var other context.Context
	c := &http.Client{Transport: roundTripper(func(r *http.Request) (*http.Response, error) {
		if r.URL.Host == cloud {
			other = r.Context()
			<-r.Context().Done()
			return nil, r.Context().Err()
		}
		return jsonFor(r, foreign), nil
	})}
	defer func() {
		if recover() != "boom" || other == nil || other.Err() == nil {
			t.Errorf("after the panic the other candidate goes on")
		}
	}()
	r := &autodiscover.Resolver{HTTPClient: c, HeadStart: time.Millisecond, Confirm: func(context.Context, *url.URL, *url.URL) error { panic("boom") }}
	_, _ = r.Lookup(t.Context(), "ada@contoso.com")
}

func jsonFor(r *http.Request, body string) *http.Response {
	return &http.Response{StatusCode: 200, Header: http.Header{}, Body: io.NopCloser(strings.NewReader(body)), ContentLength: -1, Request: r}
}

// A candidate whose callback has returned is heard to its end, which its cancellation brings.
func TestCancelledCandidatesAreHeard(t *testing.T) {
	for name, r := range map[string]autodiscover.Resolver{
		"Authorize": {Authorize: bearerT},
		"LookupSRV and Confirm": {AskSRV: true, Confirm: yes, LookupSRV: func(context.Context, string, string, string) (string, []*net.SRV, error) {
			return "", []*net.SRV{{Target: "ad.hoster.example.", Port: 443}}, nil
		}},
	} {
		synctest.Test(t, func(t *testing.T) {
			r.NoCloud = true
			r.HTTPClient = &http.Client{Transport: roundTripper(func(req *http.Request) (*http.Response, error) {
				if req.Method == "GET" && req.URL.Host == own {
					time.Sleep(3 * time.Second)
					return jsonFor(req, found), nil
				}
				<-req.Context().Done()
				time.Sleep(time.Millisecond)
				return nil, req.Context().Err()
			})}
			start := time.Now()
			e, err := r.Lookup(t.Context(), "ada@contoso.com")
			if err != nil || time.Since(start) != 3*time.Second+time.Millisecond {
				t.Fatalf("%s: %v, %v after %v", name, e, err, time.Since(start))
			}
			if last := e.Hops[len(e.Hops)-1]; !errors.Is(last.Err, context.Canceled) {
				t.Errorf("%s: the last hop is %v", name, last)
			}
		})
	}
}

// A look-up that has ended confirms nothing: Confirm is not called, and is not taken to have agreed.
func TestNoConfirmAfterTheEnd(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	c := &http.Client{Transport: roundTripper(func(r *http.Request) (*http.Response, error) {
		cancel()
		return jsonFor(r, foreign), nil
	})}
	e, err := (&autodiscover.Resolver{HTTPClient: c, NoCloud: true, Confirm: func(context.Context, *url.URL, *url.URL) error {
		t.Error("Confirm was called")
		return nil
	}}).Lookup(ctx, "ada@contoso.com")
	var le *autodiscover.LookupError
	if e != nil || !errors.As(err, &le) || len(le.Hops) != 1 || !errors.Is(le.Hops[0].Err, context.Canceled) || !errors.Is(le.Hops[0].Err, autodiscover.ErrUnconfirmed) {
		t.Errorf("Lookup = %v, %v", e, err)
	}
}
