package bearer_test

import (
	"context"
	"errors"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/easoauth/easoauth/bearer"
)

func TestProbe(t *testing.T) {
	html := []string{"text/html; charset=utf-8"}
	for _, tt := range []struct {
		name     string
		status   int
		header   http.Header
		want     error  // that the error matches
		text     string // of the error; "" for none
		exchange bool
		html     bool
		body     string
		fault    string
	}{
		{name: "a challenge", status: 401, header: http.Header{"WWW-Authenticate": seed004}},
		{name: "403 with a challenge", status: 403, header: http.Header{"WWW-Authenticate": seed004}},
		{name: "a page with a challenge", status: 401, header: http.Header{"WWW-Authenticate": seed004, "Content-Type": html}},
		{name: "401 without", status: 401, want: bearer.ErrNoChallenge, text: "a device in front of Exchange responds in its place"},
		{name: "401 without, from Exchange", status: 401, header: http.Header{"X-FEServer": {"FE01"}}, want: bearer.ErrNoChallenge, text: "enable OAuth on the ActiveSync virtual directory", exchange: true},
		{name: "Basic only", status: 401, header: http.Header{"WWW-Authenticate": {`Basic realm="x"`}}, want: bearer.ErrLegacyOnly, text: "only legacy schemes"},
		{name: "Negotiate and NTLM, connection closed", status: 401, header: http.Header{"WWW-Authenticate": {"Negotiate", "NTLM"}, "Connection": {"close"}}, want: bearer.ErrLegacyOnly, text: "OAuth2ClientProfileEnabled"},
		{name: "no authority", status: 401, header: http.Header{"WWW-Authenticate": {`Bearer error="invalid_token"`}, "X-MS-Diagnostics": {`4000000;reason="Flighting"`}},
			want: bearer.ErrNoAuthorizationURI, text: "diagnostics 4000000", exchange: true},
		{name: "two authorities", status: 401, header: http.Header{"WWW-Authenticate": {`Bearer authorization_uri="https://a", authorization_uri="https://b"`}}, want: bearer.ErrConflict, text: "neither authority is trusted"},
		{name: "403 without", status: 403, text: "a device in front blocks"},
		{name: "403, a page of Exchange", status: 403, header: http.Header{"request-id": {"r"}, "Content-Type": html}, text: "ActiveSync is disabled", exchange: true, html: true},
		{name: "200 from elsewhere", status: 200, text: "a device in front responds itself"},
		{name: "200 from Exchange", status: 200, header: http.Header{"MS-Server-ActiveSync": {"15.2"}}, text: "correct the publishing rule at once", exchange: true},
		{name: "a page", status: 200, header: http.Header{"Content-Type": html}, text: "a web site responds", html: true},
		{name: "302 to a login page", status: 302, header: http.Header{"Location": {"https://sso.example/login?user=ada"}}, text: "to sso.example: a redirect came"},
		{name: "308 to a relative place", status: 308, header: http.Header{"Location": {"/owa"}}, text: "a redirect"},
		{name: "404", status: 404, text: "not an ActiveSync URL"},
		{name: "405", status: 405, text: "the OPTIONS method is refused"},
		{name: "407", status: 407, header: http.Header{"Proxy-Authenticate": seed004, "WWW-Authenticate": seed004}, text: "a proxy on the way"},
		{name: "451", status: 451, header: http.Header{"X-MS-Location": {"https://mail.fabrikam.com/x"}}, text: "mail.fabrikam.com"},
		{name: "500", status: 500, header: http.Header{"request-id": {"abc"}}, text: "request-id abc", exchange: true},
		{name: "502", status: 502, text: "the server behind it fails"},
		{name: "503", status: 503, text: "the server is too busy"},
		{name: "418", status: 418, text: "status 418"},
		{name: "403 of Exchange with diagnostics and no challenge", status: 403, exchange: true, fault: "USER_AMBIGUOUS", text: "Get-Recipient",
			header: http.Header{"X-MS-Diagnostics": {`2000005;reason="The user 'ada@contoso.com' is ambiguous.";error_category="invalid_user"`}}},
		{name: "401 of Exchange with diagnostics and no challenge", status: 401, exchange: true, fault: "CERT_METADATA_STALE", text: "RefreshAuthMetadata", want: bearer.ErrNoChallenge,
			header: http.Header{"X-MS-Diagnostics": {`2000000;reason="The token has an invalid signature.";error_category="invalid_signature"`}}},
		{name: "a web site behind a wildcard record", status: 200, body: "<!DOCTYPE html><title>Contoso</title>", header: http.Header{"Content-Type": html, "Server": {"nginx/1.24"}},
			html: true, fault: "WILDCARD_DNS", text: "from nginx: a web site responds"},
		{name: "a redirect to the web site without a slash", status: 302, header: http.Header{"Location": {"https://www.contoso.com"}}, fault: "WILDCARD_DNS", text: "302 without a mark of Exchange, to www.contoso.com: a web site"},
		{name: "a redirect of Exchange to its root is not a web site's", status: 302, exchange: true, header: http.Header{"request-id": {"r"}, "Location": {"https://mail.contoso.com/"}}, fault: "AD_PREAUTH", text: "302 from Exchange, request-id r"},
		{name: "a redirect to the web site", status: 301, header: http.Header{"Location": {"https://www.contoso.com/"}}, fault: "WILDCARD_DNS", text: "to www.contoso.com"},
		{name: "a login page", status: 200, body: `<form><input name=p type="password">`, header: http.Header{"Content-Type": html}, html: true, fault: "AD_PREAUTH", text: "login page"},
		{name: "F5 rejects", status: 200, body: "<html><head><title>Request Rejected</title></head><body>The requested URL was rejected. Your support ID is: 14396929317839226498</body></html>",
			header: http.Header{"Content-Type": html}, html: true, fault: "WAF_BLOCK", text: "14396929317839226498"},
		{name: "Cloudflare", status: 403, header: http.Header{"Server": {"cloudflare"}, "CF-RAY": {"8c1d-FRA"}}, fault: "WAF_BLOCK", text: "from Cloudflare: a web application firewall"},
		{name: "IIS refuses the address", status: 403, body: "<h2>403.6 - Forbidden: IP address rejected</h2>", header: http.Header{"Server": {"Microsoft-IIS/10.0"}}, fault: "EAS_UNREACHABLE", text: "IP Address and Domain Restrictions"},
		{name: "a captive portal", status: 511, fault: "CAPTIVE_PORTAL", text: "sign in to the network"},
		{name: "Basic of Kemp", status: 401, header: http.Header{"Server": {"KEMP"}, "WWW-Authenticate": {`Basic realm="ESP"`}}, want: bearer.ErrLegacyOnly, fault: "EAS_NOT_EXCHANGE", text: "Kemp LoadMaster demands a password"},
		{name: "Basic of SOGo", status: 401, header: http.Header{"WWW-Authenticate": {`basic realm="SOGo"`}}, want: bearer.ErrLegacyOnly, fault: "EAS_NOT_EXCHANGE", text: "SOGo does not offer OAuth"},
		{name: "Basic of Exchange", status: 401, exchange: true, header: http.Header{"X-OWA-Version": {"15.2.1748.24"}, "WWW-Authenticate": {`Basic realm="mail.contoso.com"`}}, want: bearer.ErrLegacyOnly,
			fault: "EAS_BASIC_ONLY_EMPTY_BEARER", text: "from Exchange 15.2.1748.24, schemes Basic); the server offers only passwords"},
		{name: "Exchange Online's routing plane (mustang#1105)", status: 200, header: http.Header{"request-id": {"r"}, "Server": {"Microsoft-HTTPAPI/2.0"}, "X-FEServer": {"AM0P190CA0008"}, "X-NanoProxy": {"1"}},
			fault: "EXO_NANOPROXY", text: "could not reach the mailbox server"},
		{name: "451 to the sign-in by certificate", status: 451, header: http.Header{"X-MS-Location": {"https://outlook-cba.office365.com/Microsoft-Server-ActiveSync"}}, fault: "EAS_451_CBA", text: "sign-in by certificate"},
		{name: "nginx's own 404", status: 404, body: "<html><center><h1>404 Not Found</h1></center><hr><center>nginx</center>", header: http.Header{"Content-Type": html}, html: true,
			fault: "EAS_NOT_EXCHANGE", text: "404 from nginx: a device in front of Exchange responds in its place"},
		{name: "nginx's own 405", status: 405, body: "<html><center><h1>405 Not Allowed</h1></center><hr><center>nginx/1.22.1</center>", html: true, fault: "EAS_NOT_EXCHANGE", text: "405 from nginx: a device"},
		{name: "a 405 that nginx passes on", status: 405, header: http.Header{"Server": {"nginx/1.22.1"}}, fault: "WAF_BLOCK", text: "the OPTIONS method is refused"},
		{name: "IIS's own 404", status: 404, body: "<h2>HTTP Error 400. The request hostname is invalid.</h2>", fault: "AD_WRONG_URL", text: "404 from IIS"},
		{name: "HAProxy without a server behind", status: 503, body: "<html><body><h1>503 Service Unavailable</h1>\nNo server is available to handle this request.\n</body></html>\n",
			html: true, fault: "EAS_UNREACHABLE", text: "503 from HAProxy: the ActiveSync URL cannot be reached"},
		{name: "nginx that limits", status: 503, body: "<html><hr><center>nginx</center>", html: true, fault: "SERVER_BUSY", text: "503 from nginx: the server is too busy"},
		{name: "415", status: 415, fault: "AD_WRONG_URL", text: "not an ActiveSync URL"},
		{name: "421", status: 421, fault: "MISDIRECTED", text: "does not serve this host name"},
		{name: "440", status: 440, text: "session has timed out"},
		{name: "441", status: 441, text: "does not recognize"},
		{name: "449", status: 449, text: "policy before it has seen a token"},
		{name: "456", status: 456, text: "the account is blocked"},
		{name: "457", status: 457, text: "the password has expired"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			asked := 0
			srv := httptest.NewTLSServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				asked++
				if r.Method != http.MethodOptions || r.Header.Get("X-User-Identity") != "ada@contoso.com" ||
					len(r.Header["Authorization"]) != 1 || r.Header["Authorization"][0] != "Bearer" {
					t.Errorf("%s with Authorization %q, X-User-Identity %q", r.Method, r.Header["Authorization"], r.Header.Get("X-User-Identity"))
				}
				for k, v := range tt.header {
					w.Header()[http.CanonicalHeaderKey(k)] = v
				}
				w.WriteHeader(tt.status)
				_, _ = w.Write([]byte(tt.body))
			}))
			defer srv.Close()
			u, _ := url.Parse(srv.URL + "/Microsoft-Server-ActiveSync?Cmd=x")
			offer, err := bearer.Probe(t.Context(), srv.Client(), u, "ada@contoso.com")
			if asked != 1 {
				t.Errorf("%d requests, want 1: a redirect is not followed", asked)
			}
			if tt.text == "" {
				if err != nil || offer.AuthorizationURI == "" {
					t.Fatalf("Probe = %v, %v", offer, err)
				}
				return
			}
			var pe *bearer.ProbeError
			if !errors.As(err, &pe) || pe.Status != tt.status || pe.Exchange != tt.exchange || pe.HTML != tt.html || pe.Host != u.Host {
				t.Fatalf("Probe = %#v, want Exchange %v, HTML %v", err, tt.exchange, tt.html)
			}
			if tt.fault != "" && pe.Fault != tt.fault {
				t.Errorf("fault %q, want %q", pe.Fault, tt.fault)
			}
			if n := len(err.Error()); n > 600 {
				t.Errorf("the error has %d bytes", n)
			}
			if tt.want != nil && !errors.Is(err, tt.want) || (offer != nil) != errors.Is(err, bearer.ErrNoAuthorizationURI) {
				t.Errorf("Probe = %v, %v; want %v", offer, err, tt.want)
			}
			if !strings.HasPrefix(err.Error(), "bearer: probe of "+u.Host) || !strings.Contains(err.Error(), tt.text) {
				t.Errorf("Probe = %v, want %q", err, tt.text)
			}
			if strings.Contains(err.Error(), "ada@") || strings.Contains(err.Error(), "Cmd=") {
				t.Errorf("error %q holds the address or the query", err)
			}
		})
	}
}

func TestProbeSendsNothing(t *testing.T) {
	mail := "https://mail.contoso.com/"
	for _, tt := range []struct{ url, user string }{
		{"http://mail.contoso.com/", ""}, {"https://ada:x@mail.contoso.com/", ""}, {"", ""}, {"https:///x", ""},
		{mail, "a\r\nb"}, {mail, "a\x00"}, {mail, strings.Repeat("a", 1025)},
	} {
		client := &http.Client{Transport: roundTripper(func(*http.Request) (*http.Response, error) {
			t.Errorf("Probe(%q, %q) sent a request", tt.url, tt.user)
			return nil, errors.New("sent")
		})}
		u, _ := url.Parse(tt.url)
		var pe *bearer.ProbeError
		if _, err := bearer.Probe(t.Context(), client, u, tt.user); !errors.As(err, &pe) || pe.Status != 0 {
			t.Errorf("Probe(%q, %q) = %v", tt.url, tt.user, err)
		}
	}
	u, _ := url.Parse(mail)
	var none context.Context
	if _, err := bearer.Probe(none, nil, u, ""); err == nil {
		t.Error("Probe with a nil context sent a request")
	}
}

func TestProbeWithoutAnAnswer(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close() // accepts nothing
	u, _ := url.Parse("https://" + l.Addr().String())
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Millisecond)
	defer cancel()
	var pe *bearer.ProbeError
	if _, err := bearer.Probe(ctx, &http.Client{Transport: &http.Transport{}}, u, ""); !errors.Is(err, context.DeadlineExceeded) || !errors.As(err, &pe) {
		t.Errorf("Probe of a silent server = %v, want context.DeadlineExceeded", err)
	}
	// An unknown certificate is an error, and nothing is sent in the clear instead.
	srv := httptest.NewTLSServer(http.NotFoundHandler())
	srv.Config.ErrorLog = nil
	defer srv.Close()
	u, _ = url.Parse(srv.URL)
	if _, err := bearer.Probe(t.Context(), &http.Client{Transport: &http.Transport{}}, u, ""); err == nil || !strings.Contains(err.Error(), "certificate") {
		t.Errorf("Probe of an unknown certificate = %v", err)
	}
}
