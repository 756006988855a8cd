package bearer_test

import (
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"

	"golang.org/x/oauth2"

	"github.com/easoauth/easoauth/bearer"
)

// recorder is an origin that keeps what Authorization fields it saw.
type recorder struct {
	*httptest.Server
	auth []string
	to   string // where it redirects, "" for nowhere
}

func newRecorder(t *testing.T) *recorder {
	r := &recorder{}
	r.Server = httptest.NewTLSServer(http.HandlerFunc(func(w http.ResponseWriter, req *http.Request) {
		r.auth = append(r.auth, req.Header.Get("Authorization"))
		if r.to != "" {
			http.Redirect(w, req, r.to, http.StatusTemporaryRedirect)
		}
	}))
	t.Cleanup(r.Close)
	return r
}

func (r *recorder) client(s bearer.Source) *http.Client {
	u, _ := url.Parse(r.URL)
	return &http.Client{Transport: &bearer.Transport{Source: s, Endpoint: u, Base: r.Client().Transport}}
}

// The cases are those of docs/attacks.md, by their ids.
func TestAttacks(t *testing.T) {
	token := bearer.Static(&oauth2.Token{AccessToken: "good"})
	endpoint, _ := url.Parse("https://mail.contoso.com/Microsoft-Server-ActiveSync")
	offerOf := func(fields ...string) (*bearer.Offer, error) {
		return bearer.FromResponse(response(401, http.Header{"Www-Authenticate": fields}))
	}

	t.Run("S002 a redirect to another port gets no token", func(t *testing.T) {
		a, b := newRecorder(t), newRecorder(t)
		a.to = b.URL
		if _, err := a.client(token).Get(a.URL); !errors.Is(err, bearer.ErrForeignOrigin) || len(b.auth) != 0 {
			t.Errorf("Get = %v; the other port saw %q", err, b.auth)
		}
	})
	t.Run("S004 a chain over a foreign host ends there", func(t *testing.T) {
		a, b := newRecorder(t), newRecorder(t)
		a.to, b.to = b.URL, a.URL
		if _, err := a.client(token).Get(a.URL); !errors.Is(err, bearer.ErrForeignOrigin) || len(a.auth) != 1 || len(b.auth) != 0 {
			t.Errorf("Get = %v; seen %q and %q", err, a.auth, b.auth)
		}
		// A sub-domain is another origin.
		var hosts []string
		c := &http.Client{Transport: &bearer.Transport{Source: token, Endpoint: endpoint, Base: roundTripper(func(r *http.Request) (*http.Response, error) {
			hosts = append(hosts, r.URL.Host)
			return response(302, http.Header{"Location": {"https://sub.mail.contoso.com/"}}), nil
		})}}
		if _, err := c.Get(endpoint.String()); !errors.Is(err, bearer.ErrForeignOrigin) || len(hosts) != 1 {
			t.Errorf("Get = %v; sent to %q", err, hosts)
		}
	})
	t.Run("S023 a proxy's challenge is not the server's", func(t *testing.T) {
		o, err := bearer.FromResponse(response(407, http.Header{"Www-Authenticate": seed004, "Proxy-Authenticate": seed004}))
		if o != nil || !errors.Is(err, bearer.ErrNoChallenge) {
			t.Errorf("FromResponse = %v, %v", o, err)
		}
		s := &source{token: "good", next: "other"}
		tr := &bearer.Transport{Source: s, Endpoint: endpoint, Base: roundTripper(func(r *http.Request) (*http.Response, error) {
			if r.Header.Get("Proxy-Authorization") != "" {
				t.Error("a token goes to the proxy")
			}
			return response(407, http.Header{"Proxy-Authenticate": seed004}), nil
		})}
		req, _ := http.NewRequest("POST", endpoint.String(), nil)
		if resp, err := tr.RoundTrip(req); err != nil || resp.StatusCode != 407 || s.refreshes.Load() != 0 {
			t.Errorf("RoundTrip = %v, %v, %d refreshes", resp, err, s.refreshes.Load())
		}
	})
	t.Run("S026 NTLM and Basic are never a way out", func(t *testing.T) {
		for status, field := range map[int]string{401: "NTLM", 403: `Basic realm="x"`} {
			s, sent := &source{token: "good", next: "other"}, 0
			tr := &bearer.Transport{Source: s, Endpoint: endpoint, Base: roundTripper(func(r *http.Request) (*http.Response, error) {
				sent++
				if a := r.Header.Get("Authorization"); !strings.HasPrefix(a, "Bearer ") {
					t.Errorf("sent %q", a)
				}
				return response(status, http.Header{"Www-Authenticate": {field}, "Connection": {"close"}}), nil
			})}
			req, _ := http.NewRequest("POST", endpoint.String(), nil)
			resp, err := tr.RoundTrip(req)
			// A 403 without a Bearer challenge is not about the token.
			if err != nil || resp.StatusCode != status || status == 403 && (s.refreshes.Load() != 0 || sent != 1) {
				t.Errorf("%d: %v, %v, %d refreshes, sent %d times", status, resp, err, s.refreshes.Load(), sent)
			}
		}
	})
	t.Run("S046 two authorities, or one in a quoted realm", func(t *testing.T) {
		if o, err := offerOf(`Bearer authorization_uri="https://a.contoso.com/"`, `Bearer authorization_uri="https://b.contoso.com/"`); o != nil || !errors.Is(err, bearer.ErrConflict) {
			t.Errorf("two authorities = %v, %v", o, err)
		}
		if o, err := offerOf(`Basic realm="x, Bearer authorization_uri=https://evil.example/"`); o != nil || !errors.Is(err, bearer.ErrLegacyOnly) {
			t.Errorf("a quoted realm = %v, %v", o, err)
		}
	})
	t.Run("S047 much of everything stays bounded", func(t *testing.T) {
		for _, f := range []string{strings.Repeat("x", 1<<20), strings.Repeat(`a="b",`, 1e5), `Bearer realm="` + strings.Repeat("x", 1e5), strings.Repeat(",", 1e6), "Bearer a=\"\x00\"", "Bearer a=\"\xe4\""} {
			c, err := bearer.Parse([]string{f})
			if len(c) > bearer.MaxChallenges || err == nil && len(f) > 100 {
				t.Errorf("Parse of %d bytes = %d challenges, %v", len(f), len(c), err)
			}
		}
	})
	t.Run("S048 a server's text cannot drive a terminal", func(t *testing.T) {
		_, err := bearer.FromResponse(response(401, http.Header{
			"Www-Authenticate": {"Bearer error=\"\u202e\u009b31m" + strings.Repeat("x", 4096) + "\""},
			"X-Ms-Diagnostics": {"2000003;reason=\"\u202e\u009b" + strings.Repeat("x", 4096) + "\""},
		}))
		if err == nil || strings.ContainsAny(err.Error(), "\u202e\u009b\x1b\r\n") || len(err.Error()) > 1024 {
			t.Errorf("error of %d bytes: %.80q", len(err.Error()), err)
		}
	})
	t.Run("S052 the challenge names another tenant", func(t *testing.T) {
		const own, other = "5de110f8-2e0f-4d45-891d-bcf2218e253d", "11111111-2222-3333-4444-555555555555"
		for list, want := range map[string][2]bool{ // trusted, ok
			"00000001-0000-0000-c000-000000000000@" + strings.ToUpper(own): {true, true},
			"00000001-0000-0000-c000-000000000000@*":                       {true, true},
			"00000001-0000-0000-c000-000000000000@" + other:                {false, true},
			"https://sts.windows.net/" + own + "/":                         {true, true},
			"https://sts.windows.net/*/":                                   {true, true},
			"https://sts.windows.net/" + other + "/":                       {false, true},
			"":                                                             {false, false},
		} {
			o, err := offerOf(`Bearer authorization_uri="https://login.windows.net/common", trusted_issuers="` + list + `"`)
			if err != nil {
				t.Fatal(err)
			}
			if trusted, ok := o.Trusts(own); trusted != want[0] || ok != want[1] {
				t.Errorf("Trusts by %q = %v, %v, want %v", list, trusted, ok, want)
			}
		}
	})
	t.Run("S053 a server that always refuses", func(t *testing.T) {
		s, sent := &source{token: "old", next: "new"}, 0
		tr := &bearer.Transport{Source: s, Endpoint: endpoint, Base: roundTripper(func(*http.Request) (*http.Response, error) {
			sent++
			return response(401, http.Header{"Www-Authenticate": {`Bearer error="invalid_token", authorization_uri="https://a"`}}), nil
		})}
		req, _ := http.NewRequest("POST", endpoint.String(), nil)
		if resp, err := tr.RoundTrip(req); err != nil || resp.StatusCode != 401 || sent != 2 || s.refreshes.Load() != 1 {
			t.Errorf("RoundTrip = %v, %v; sent %d times, %d refreshes", resp, err, sent, s.refreshes.Load())
		}
	})
	t.Run("S054 claims that are broken or huge", func(t *testing.T) {
		for _, c := range []string{"%%%", "WzFd", "bnVsbA==", strings.Repeat("e", 64<<10), base64.StdEncoding.EncodeToString([]byte(`{"a":"` + strings.Repeat("x", bearer.MaxClaimsBytes) + `"}`))} {
			if o, err := offerOf(`Bearer authorization_uri="https://a", error="insufficient_claims", claims="` + c + `"`); !errors.Is(err, bearer.ErrClaims) || o == nil || o.Claims != "" {
				t.Errorf("claims of %d bytes = %v", len(c), err)
			}
		}
		o, err := offerOf(`Bearer authorization_uri="https://a", claims="eyJhIjoxfQ"`)
		if err != nil || o.Claims != `{"a":1}` {
			t.Errorf("claims = %v, %v", o, err)
		}
	})
	t.Run("S055 diagnostics of TLS offloading, and hostile ones", func(t *testing.T) {
		d, err := bearer.ParseDiagnostics(`2000003;reason="The hostname component of the audience claim value is invalid. Expected 'https://mail.contoso.com'. Actual 'http://mail.contoso.com'.";error_category="invalid_resource"`)
		if err != nil || !d.TLSOffloading() {
			t.Errorf("ParseDiagnostics = %+v, %v", d, err)
		}
		for _, v := range []string{"2000003;reason=" + strings.Repeat("x", 100<<10), "2000003;reason=\"a\r\nb\"", "2000003;reason='Expected x", "2000003", ";;;", "99999999999999"} {
			if d, err := bearer.ParseDiagnostics(v); err == nil && d.TLSOffloading() || len(d.String()) > 400 {
				t.Errorf("ParseDiagnostics(%.20q) = %.60v, %v", v, d, err)
			}
		}
	})
	t.Run("S135 the token stands in no URL and in no response", func(t *testing.T) {
		a := newRecorder(t)
		resp, err := a.client(token).Get(a.URL + "/?x=1")
		if err != nil {
			t.Fatal(err)
		}
		defer resp.Body.Close()
		if s := fmt.Sprintf("%v %+v", resp.Request.URL, resp.Request.Header); strings.Contains(s, "good") || a.auth[0] != "Bearer good" {
			t.Errorf("request %s, sent %q", s, a.auth)
		}
	})
	t.Run("S138 zero values", func(t *testing.T) {
		req, _ := http.NewRequest("GET", "https://mail.contoso.com/", nil)
		if _, err := new(bearer.Transport).RoundTrip(req); err == nil {
			t.Error("the zero Transport sent a request")
		}
		if _, err := (&bearer.Transport{Source: bearer.SourceFunc(func(context.Context) (*oauth2.Token, error) { return nil, nil }), Endpoint: endpoint}).RoundTrip(req); !errors.Is(err, bearer.ErrNoToken) {
			t.Errorf("a source of nothing = %v", err)
		}
		if _, err := bearer.FromResponse(nil); err == nil {
			t.Error("FromResponse(nil) = nil error")
		}
	})
}

// A caller that goes on using its URL does not move the token.
func TestTransportKeepsItsOrigin(t *testing.T) {
	endpoint, _ := url.Parse("https://mail.contoso.com/")
	var hosts []string
	tr := &bearer.Transport{Source: bearer.Static(&oauth2.Token{AccessToken: "good"}), Endpoint: endpoint, Base: roundTripper(func(r *http.Request) (*http.Response, error) {
		hosts = append(hosts, r.URL.Host)
		return response(200, nil), nil
	})}
	get := func(u string) error {
		req, _ := http.NewRequest("GET", u, nil)
		_, err := tr.RoundTrip(req)
		return err
	}
	if err := get("https://mail.contoso.com/a"); err != nil {
		t.Fatal(err)
	}
	endpoint.Host = "mail.fabrikam.com"
	if err := get("https://mail.fabrikam.com/"); !errors.Is(err, bearer.ErrForeignOrigin) {
		t.Errorf("a request to the changed host = %v, want ErrForeignOrigin", err)
	}
	if err := get("https://mail.contoso.com/b"); err != nil || len(hosts) != 2 {
		t.Errorf("a request to the first host = %v, sent to %q", err, hosts)
	}
}

// With one connection to a host the refresh must not wait for the refused response.
func TestTransportFreesTheConnection(t *testing.T) {
	var open bool
	tr := &bearer.Transport{Endpoint: &url.URL{Scheme: "https", Host: "mail.contoso.com"}}
	tr.Base = roundTripper(func(r *http.Request) (*http.Response, error) {
		if r.Header.Get("Authorization") == "Bearer new" {
			return response(200, nil), nil
		}
		open = true
		return &http.Response{StatusCode: 401, ContentLength: -1, Body: closer{strings.NewReader("page"), func() { open = false }}}, nil
	})
	tr.Source = refresher(func() {
		if open {
			t.Error("the refused response is open during the refresh")
		}
	})
	req, _ := http.NewRequest("GET", "https://mail.contoso.com/", nil)
	if resp, err := tr.RoundTrip(req); err != nil || resp.StatusCode != 200 {
		t.Errorf("RoundTrip = %v, %v", resp, err)
	}
}

type closer struct {
	io.Reader
	close func()
}

func (c closer) Close() error { c.close(); return nil }

type refresher func()

func (refresher) Token(context.Context) (*oauth2.Token, error) {
	return &oauth2.Token{AccessToken: "old"}, nil
}

func (f refresher) Refresh(context.Context, *oauth2.Token, *bearer.Offer) (*oauth2.Token, error) {
	f()
	return &oauth2.Token{AccessToken: "new"}, nil
}
