package bearer_test

import (
	"context"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync/atomic"
	"testing"

	"golang.org/x/oauth2"

	"github.com/easoauth/easoauth/bearer"
)

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

// Which responses are about the token: any 401, and a 403 with a Bearer challenge.
func TestTransportRefreshesWhen(t *testing.T) {
	endpoint, _ := url.Parse("https://mail.contoso.com/")
	for _, tt := range []struct {
		status    int
		challenge []string
		want      bool
	}{
		{401, nil, true},
		{401, []string{`Basic realm="x"`}, true},
		{403, []string{"Bearer"}, true},
		{403, []string{`Basic realm="x", bEARER error="insufficient_claims"`}, true},
		{403, []string{"Negotiate", `Bearer error="invalid_token"`}, true},
		{403, nil, false},
		{403, []string{""}, false},
		{403, []string{`Basic realm="x"`}, false},
		{403, []string{"Negotiate", "NTLM"}, false},
		{403, []string{`Digest realm="Bearer", nonce="Bearer"`}, false},
		{403, []string{"BearerX a=b"}, false},
		{200, seed004, false},
		{400, seed004, false},
		{402, seed004, false},
		{404, seed004, false},
		{407, seed004, false},
		{449, seed004, false},
		{503, seed004, false},
	} {
		src := &source{token: "old", next: "good"}
		sent := 0
		tr := &bearer.Transport{Source: src, Endpoint: endpoint, Base: roundTripper(func(*http.Request) (*http.Response, error) {
			sent++
			return &http.Response{StatusCode: tt.status, Header: http.Header{"Www-Authenticate": tt.challenge}, Body: http.NoBody}, nil
		})}
		req, _ := http.NewRequest("GET", endpoint.String(), nil)
		resp, err := tr.RoundTrip(req)
		if err != nil || resp.StatusCode != tt.status {
			t.Fatalf("status %d with %q: RoundTrip = %v, %v", tt.status, tt.challenge, resp, err)
		}
		if n := src.refreshes.Load(); n > 1 || (n == 1) != tt.want || sent != 1+int(n) {
			t.Errorf("status %d with %q: %d refreshes, sent %d times; want a refresh: %v", tt.status, tt.challenge, n, sent, tt.want)
		}
	}
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
