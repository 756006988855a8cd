package bearer_test

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"strings"
	"sync/atomic"
	"testing"

	"golang.org/x/oauth2"

	"github.com/easoauth/easoauth/bearer"
)

func TestProbe(t *testing.T) {
	for _, tt := range []struct {
		name   string
		status int
		header http.Header
		text   string // of the error; "" for none
	}{
		{"a challenge", 401, http.Header{"WWW-Authenticate": seed004}, ""},
		{"403 with a challenge", 403, http.Header{"WWW-Authenticate": seed004}, ""},
		{"403 without", 403, nil, "a device in front blocks"},
		{"Basic only", 401, http.Header{"WWW-Authenticate": {`Basic realm="x"`}}, "only legacy schemes"},
		{"200", 200, nil, "security defect"},
		{"a login page", 200, http.Header{"Content-Type": {"text/html; charset=utf-8"}}, "login page"},
		{"302 to a login page", 302, http.Header{"Location": {"https://sso.example/login?user=ada"}}, "sso.example"},
		{"404", 404, nil, "not an ActiveSync URL"},
		{"451", 451, http.Header{"X-MS-Location": {"https://mail.fabrikam.com/x"}}, "mail.fabrikam.com"},
		{"500", 500, http.Header{"request-id": {"abc"}}, "request-id abc"},
		{"503", 503, nil, "try again later"},
		{"418", 418, nil, "status 418"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			var got http.Header
			srv := httptest.NewTLSServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				got = r.Header.Clone()
				for k, v := range tt.header {
					w.Header()[http.CanonicalHeaderKey(k)] = v
				}
				w.WriteHeader(tt.status)
			}))
			defer srv.Close()
			u, _ := url.Parse(srv.URL + "/Microsoft-Server-ActiveSync")
			offer, err := bearer.Probe(t.Context(), srv.Client(), u, "ada@contoso.com")
			if got.Get("Authorization") != "Bearer" || got.Get("X-User-Identity") != "ada@contoso.com" {
				t.Errorf("sent Authorization %q, X-User-Identity %q", got.Get("Authorization"), got.Get("X-User-Identity"))
			}
			if tt.text == "" {
				if err != nil || offer.AuthorizationURI == "" {
					t.Fatalf("Probe = %v, %v", offer, err)
				}
				return
			}
			if err == nil || !strings.Contains(err.Error(), tt.text) {
				t.Fatalf("Probe = %v, want %q", err, tt.text)
			}
			if strings.Contains(err.Error(), "ada") {
				t.Errorf("error %q holds the address", err)
			}
		})
	}
	t.Run("refused before sending", func(t *testing.T) {
		for _, in := range []string{"http://mail.contoso.com/", "https://ada:x@mail.contoso.com/", ""} {
			u, _ := url.Parse(in)
			var pe *bearer.ProbeError
			if _, err := bearer.Probe(t.Context(), nil, u, ""); !errors.As(err, &pe) {
				t.Errorf("Probe(%q) = %v", in, err)
			}
		}
		u, _ := url.Parse("https://mail.contoso.com/")
		if _, err := bearer.Probe(t.Context(), nil, u, "a\r\nb"); err == nil {
			t.Error("a user with a line break was sent")
		}
	})
}

// source counts what a Transport asks of it.
type source struct {
	token, next       string
	tokens, refreshes atomic.Int32
	refused           string
	why               *bearer.Offer
	err               error
}

func (s *source) Token(context.Context) (*oauth2.Token, error) {
	s.tokens.Add(1)
	return &oauth2.Token{AccessToken: s.token}, nil
}

func (s *source) Refresh(_ context.Context, refused *oauth2.Token, why *bearer.Offer) (*oauth2.Token, error) {
	s.refreshes.Add(1)
	s.refused, s.why = refused.AccessToken, why
	return &oauth2.Token{AccessToken: s.next}, s.err
}

func TestTransport(t *testing.T) {
	var seen []string
	srv := httptest.NewTLSServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		b, _ := io.ReadAll(r.Body)
		seen = append(seen, r.Header.Get("Authorization")+" "+string(b))
		switch {
		case r.URL.Path == "/away":
			http.Redirect(w, r, "https://evil.example/", http.StatusTemporaryRedirect)
		case r.Header.Get("Authorization") == "Bearer good":
		case r.URL.Path == "/forbidden":
			w.WriteHeader(http.StatusForbidden)
		case r.URL.Path == "/claims":
			w.Header().Set("WWW-Authenticate", `Bearer authorization_uri="https://login.windows.net/common", error="insufficient_claims", claims="eyJhIjoxfQ"`)
			w.WriteHeader(http.StatusForbidden)
		default:
			w.Header().Set("WWW-Authenticate", seed004[0])
			w.WriteHeader(http.StatusUnauthorized)
		}
	}))
	defer srv.Close()
	endpoint, _ := url.Parse(srv.URL)
	base := srv.Client().Transport
	do := func(s bearer.Source, path string, body io.Reader) (*http.Response, error) {
		seen = nil
		c := &http.Client{Transport: &bearer.Transport{Source: s, Endpoint: endpoint, Base: base}}
		req, err := http.NewRequest("POST", srv.URL+path, body)
		if err != nil {
			t.Fatal(err)
		}
		resp, err := c.Do(req)
		if resp != nil {
			resp.Body.Close()
		}
		return resp, err
	}

	t.Run("sent", func(t *testing.T) {
		s := &source{token: "good"}
		if resp, err := do(s, "/", strings.NewReader("x")); err != nil || resp.StatusCode != 200 || s.refreshes.Load() != 0 {
			t.Fatalf("%v, %v", resp, err)
		}
	})
	t.Run("refreshed once, body sent again", func(t *testing.T) {
		s := &source{token: "old", next: "good"}
		resp, err := do(s, "/", strings.NewReader("body"))
		if err != nil || resp.StatusCode != 200 {
			t.Fatalf("%v, %v", resp, err)
		}
		if want := []string{"Bearer old body", "Bearer good body"}; len(seen) != 2 || seen[0] != want[0] || seen[1] != want[1] {
			t.Errorf("sent %q, want %q", seen, want)
		}
		if s.refused != "old" || s.why == nil || s.why.ClientID == "" {
			t.Errorf("Refresh got %q, %+v", s.refused, s.why)
		}
	})
	t.Run("403 with claims", func(t *testing.T) {
		s := &source{token: "old", next: "good"}
		if resp, err := do(s, "/claims", nil); err != nil || resp.StatusCode != 200 || s.why.Claims != `{"a":1}` {
			t.Fatalf("%v, %v, %+v", resp, err, s.why)
		}
	})
	t.Run("403 without a challenge is not about the token", func(t *testing.T) {
		s := &source{token: "old", next: "good"}
		if resp, err := do(s, "/forbidden", nil); err != nil || resp.StatusCode != 403 || s.refreshes.Load() != 0 {
			t.Fatalf("%v, %v", resp, err)
		}
	})
	t.Run("refused for ever", func(t *testing.T) {
		s := &source{token: "old", next: "bad"}
		if resp, err := do(s, "/", nil); err != nil || resp.StatusCode != 401 || s.refreshes.Load() != 1 || len(seen) != 2 {
			t.Fatalf("%v, %v, %d refreshes, %q", resp, err, s.refreshes.Load(), seen)
		}
	})
	t.Run("a body that cannot be read again", func(t *testing.T) {
		s := &source{token: "old", next: "good"}
		if resp, err := do(s, "/", io.MultiReader(strings.NewReader("x"))); err != nil || resp.StatusCode != 401 || s.refreshes.Load() != 0 {
			t.Fatalf("%v, %v", resp, err)
		}
	})
	t.Run("no refresher", func(t *testing.T) {
		if resp, err := do(bearer.Static(&oauth2.Token{AccessToken: "old"}), "/", nil); err != nil || resp.StatusCode != 401 {
			t.Fatalf("%v, %v", resp, err)
		}
	})
	t.Run("refresh fails", func(t *testing.T) {
		cause := errors.New("sign in again")
		_, err := do(&source{token: "old", next: "x", err: cause}, "/", nil)
		var re *bearer.RefreshError
		if !errors.Is(err, cause) || !errors.As(err, &re) || re.Status != 401 || re.Offer == nil {
			t.Fatalf("%v", err)
		}
	})
	t.Run("refresh returns the same token", func(t *testing.T) {
		if _, err := do(&source{token: "old", next: "old"}, "/", nil); !errors.Is(err, bearer.ErrNoToken) {
			t.Fatalf("%v", err)
		}
	})
	t.Run("a redirect elsewhere gets no token", func(t *testing.T) {
		_, err := do(&source{token: "good"}, "/away", nil)
		if !errors.Is(err, bearer.ErrForeignOrigin) {
			t.Fatalf("%v, want ErrForeignOrigin", err)
		}
		if strings.Contains(err.Error(), "good") {
			t.Errorf("error %q holds the token", err)
		}
	})
}

func TestTransportRefuses(t *testing.T) {
	endpoint, _ := url.Parse("https://mail.contoso.com/Microsoft-Server-ActiveSync")
	sent := 0
	base := roundTripper(func(*http.Request) (*http.Response, error) { sent++; return nil, errors.New("sent") })
	good := bearer.Static(&oauth2.Token{AccessToken: "good"})
	for _, tt := range []struct {
		name, url string
		source    bearer.Source
		header    string
	}{
		{"another host", "https://evil.example/", good, ""},
		{"a sub-domain", "https://a.mail.contoso.com/", good, ""},
		{"the parent", "https://contoso.com/", good, ""},
		{"another port", "https://mail.contoso.com:8443/", good, ""},
		{"plain http", "http://mail.contoso.com/", good, ""},
		{"a second Authorization", "https://mail.contoso.com/", good, "Basic eDp5"},
		{"no token", "https://mail.contoso.com/", bearer.Static(nil), ""},
		{"an empty token", "https://mail.contoso.com/", bearer.Static(&oauth2.Token{}), ""},
		{"a token with a line break", "https://mail.contoso.com/", bearer.Static(&oauth2.Token{AccessToken: "a\r\nb"}), ""},
		{"no source", "https://mail.contoso.com/", nil, ""},
	} {
		closed := &closeRecorder{Reader: strings.NewReader("x")}
		req, err := http.NewRequest("POST", tt.url, closed)
		if err != nil {
			t.Fatal(err)
		}
		if tt.header != "" {
			req.Header.Set("Authorization", tt.header)
		}
		tr := &bearer.Transport{Source: tt.source, Endpoint: endpoint, Base: base}
		if _, err := tr.RoundTrip(req); err == nil || sent != 0 {
			t.Errorf("%s: %v, sent = %d", tt.name, err, sent)
		}
		if !closed.closed {
			t.Errorf("%s: the body was not closed", tt.name)
		}
	}
}

type roundTripper func(*http.Request) (*http.Response, error)

func (f roundTripper) RoundTrip(r *http.Request) (*http.Response, error) { return f(r) }

type closeRecorder struct {
	io.Reader
	closed bool
}

func (c *closeRecorder) Close() error { c.closed = true; return nil }

// The generated table must be that of the data file.
func TestGenerated(t *testing.T) {
	data, err := os.ReadFile("data/diagnostics.tsv")
	if err != nil {
		t.Fatal(err)
	}
	src, err := os.ReadFile("diagnostics_gen.go")
	if err != nil {
		t.Fatal(err)
	}
	lines := strings.Split(strings.TrimSpace(string(data)), "\n")[1:]
	for _, line := range lines {
		f := strings.Split(line, "\t")
		if len(f) != 5 || f[4] == "" {
			t.Fatalf("row %q: want 5 columns, the last the source", line)
		}
		for _, v := range f[:4] {
			if !bytes.Contains(src, []byte(v)) {
				t.Errorf("diagnostics_gen.go lacks %q of %s; run go generate", v, f[0])
			}
		}
	}
	if n := bytes.Count(src, []byte("\n\t")); n < len(lines) {
		t.Errorf("%d rows generated of %d", n, len(lines))
	}
}
