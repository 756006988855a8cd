package bearer_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"golang.org/x/oauth2"

	"github.com/easoauth/easoauth/bearer"
)

// flight is a source that renews a token once for all who were refused it, as package
// token's does: the duty is the source's, and needs the refused token from the transport.
type flight struct {
	mu       sync.Mutex
	current  string
	renewals int
}

func (f *flight) Token(context.Context) (*oauth2.Token, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	return &oauth2.Token{AccessToken: f.current}, nil
}

func (f *flight) Refresh(_ context.Context, refused *oauth2.Token, _ *bearer.Offer) (*oauth2.Token, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if refused.AccessToken == f.current {
		f.renewals++
		f.current = fmt.Sprintf("renewed%d", f.renewals)
	}
	return &oauth2.Token{AccessToken: f.current}, nil
}

func TestTransportManyWithOneStaleToken(t *testing.T) {
	const n = 100
	var arrived sync.WaitGroup // all requests are under way with the stale token
	arrived.Add(n)
	base := roundTripper(func(r *http.Request) (*http.Response, error) {
		if r.Header.Get("Authorization") == "Bearer stale" {
			arrived.Done()
			arrived.Wait()
			return &http.Response{StatusCode: 401, Header: http.Header{"Www-Authenticate": seed004}, Body: http.NoBody}, nil
		}
		return &http.Response{StatusCode: 200, Body: http.NoBody}, nil
	})
	src := &flight{current: "stale"}
	endpoint, _ := url.Parse("https://mail.contoso.com/")
	tr := &bearer.Transport{Source: src, Endpoint: endpoint, Base: base}
	var wg sync.WaitGroup
	for range n {
		wg.Go(func() {
			req, _ := http.NewRequest("POST", endpoint.String(), strings.NewReader("x"))
			resp, err := tr.RoundTrip(req)
			if err != nil || resp.StatusCode != 200 {
				t.Errorf("RoundTrip = %v, %v", resp, err)
			}
		})
	}
	wg.Wait()
	if src.renewals != 1 {
		t.Errorf("%d renewals for %d refusals of one token, want 1", src.renewals, n)
	}
}

// body counts what is open.
type body struct {
	io.Reader
	open *atomic.Int32
}

func newBody(s string, open *atomic.Int32) *body {
	open.Add(1)
	return &body{strings.NewReader(s), open}
}

func (b *body) Close() error { b.open.Add(-1); return nil }

func TestTransportClosesBodies(t *testing.T) {
	endpoint, _ := url.Parse("https://mail.contoso.com/")
	cause := errors.New("cause")
	for _, tt := range []struct {
		name    string
		source  *source
		length  int64 // of the refusal
		getBody error
		status  int // of the answer; 0 for an error
	}{
		{"replayed", &source{token: "old", next: "good"}, 4, nil, 200},
		{"replayed, long refusal", &source{token: "old", next: "good"}, 1 << 20, nil, 200},
		{"replayed, refusal of unknown length", &source{token: "old", next: "good"}, -1, nil, 200},
		{"refused for ever", &source{token: "old", next: "older"}, 4, nil, 401},
		{"refresh fails", &source{token: "old", err: cause}, 4, nil, 0},
		{"refresh has nothing", &source{token: "old"}, 4, nil, 0},
		{"refresh has a token that cannot be sent", &source{token: "old", next: "a\r\nb"}, 4, nil, 0},
		{"the body cannot be had again", &source{token: "old", next: "good"}, 4, cause, 401},
	} {
		t.Run(tt.name, func(t *testing.T) {
			var open atomic.Int32
			base := roundTripper(func(r *http.Request) (*http.Response, error) {
				if sent, err := io.ReadAll(r.Body); string(sent) != "x" || err != nil {
					t.Errorf("sent %q, %v", sent, err)
				}
				r.Body.Close()
				if r.Header.Get("Authorization") == "Bearer good" {
					return &http.Response{StatusCode: 200, Body: newBody("", &open)}, nil
				}
				return &http.Response{StatusCode: 401, ContentLength: tt.length, Body: newBody("page", &open)}, nil
			})
			req, _ := http.NewRequest("POST", endpoint.String(), newBody("x", &open))
			req.GetBody = func() (io.ReadCloser, error) {
				if tt.getBody != nil {
					return nil, tt.getBody
				}
				return newBody("x", &open), nil
			}
			tr := &bearer.Transport{Source: tt.source, Endpoint: endpoint, Base: base}
			resp, err := tr.RoundTrip(req)
			if tt.status == 0 {
				if err == nil || strings.Contains(err.Error(), "old") {
					t.Errorf("RoundTrip = %v, %v", resp, err)
				}
			} else if err != nil || resp.StatusCode != tt.status {
				t.Errorf("RoundTrip = %v, %v; want status %d", resp, err, tt.status)
			} else {
				if resp.Request != req || resp.Request.Header.Get("Authorization") != "" {
					t.Error("the answer's request is not the caller's, without a token")
				}
				resp.Body.Close()
			}
			if n := open.Load(); n != 0 {
				t.Errorf("%d bodies are open", n)
			}
			want := int32(1)
			if tt.getBody != nil {
				want = 0 // nothing could be sent with the new token
			}
			if n := tt.source.refreshes.Load(); n != want {
				t.Errorf("%d refreshes, want %d", n, want)
			}
		})
	}
}

func TestTransportGuards(t *testing.T) {
	endpoint, _ := url.Parse("https://mail.contoso.com/")
	good := bearer.Static(&oauth2.Token{AccessToken: "s3cret"})
	for _, tt := range []struct {
		name   string
		source bearer.Source
		edit   func(*http.Request)
		want   error
	}{
		{"another Host", good, func(r *http.Request) { r.Host = "mail.fabrikam.com" }, bearer.ErrForeignOrigin},
		{"another port in Host", good, func(r *http.Request) { r.Host = "mail.contoso.com:8443" }, bearer.ErrForeignOrigin},
		{"authorization in lower case", good, func(r *http.Request) { r.Header["authorization"] = []string{"Basic eDp5"} }, nil},
		{"an empty Authorization", good, func(r *http.Request) { r.Header["Authorization"] = nil }, nil},
		{"no URL", good, func(r *http.Request) { r.URL = nil }, nil},
		{"a password in the URL", good, func(r *http.Request) { r.URL.User = url.UserPassword("ada", "x") }, nil},
		{"a token of type MAC", bearer.Static(&oauth2.Token{AccessToken: "s3cret", TokenType: "mac"}), nil, bearer.ErrNoToken},
		{"a token of type Basic", bearer.Static(&oauth2.Token{AccessToken: "s3cret", TokenType: "Basic"}), nil, bearer.ErrNoToken},
		{"a token with a space", bearer.Static(&oauth2.Token{AccessToken: "s3 cret"}), nil, bearer.ErrNoToken},
		{"a token beyond ASCII", bearer.Static(&oauth2.Token{AccessToken: "s3crét"}), nil, bearer.ErrNoToken},
	} {
		tr := &bearer.Transport{Source: tt.source, Endpoint: endpoint, Base: roundTripper(func(*http.Request) (*http.Response, error) {
			t.Errorf("%s: sent", tt.name)
			return nil, errors.New("sent")
		})}
		req, _ := http.NewRequest("GET", endpoint.String(), nil)
		if tt.edit != nil {
			tt.edit(req)
		}
		_, err := tr.RoundTrip(req)
		if err == nil || tt.want != nil && !errors.Is(err, tt.want) {
			t.Errorf("%s: %v, want %v", tt.name, err, tt.want)
		}
		if err != nil && (strings.Contains(err.Error(), "s3c") || strings.Contains(err.Error(), "eDp5")) {
			t.Errorf("%s: error %q holds the secret", tt.name, err)
		}
	}
}

func TestTransportSends(t *testing.T) {
	endpoint, _ := url.Parse("https://mail.contoso.com/Microsoft-Server-ActiveSync")
	for _, tt := range []struct {
		name string
		tok  *oauth2.Token
		edit func(*http.Request)
	}{
		{"same origin, other spelling", &oauth2.Token{AccessToken: "t"}, func(r *http.Request) { r.URL.Host = "MAIL.contoso.com:443"; r.Host = "" }},
		{"no header fields", &oauth2.Token{AccessToken: "t"}, func(r *http.Request) { r.Header = nil }},
		{"a type in lower case", &oauth2.Token{AccessToken: "t", TokenType: "bearer"}, func(*http.Request) {}},
	} {
		var sent string
		tr := &bearer.Transport{Source: bearer.Static(tt.tok), Endpoint: endpoint, Base: roundTripper(func(r *http.Request) (*http.Response, error) {
			sent = r.Header.Get("Authorization")
			return &http.Response{StatusCode: 200, Body: http.NoBody}, nil
		})}
		req, _ := http.NewRequest("GET", endpoint.String(), nil)
		tt.edit(req)
		if _, err := tr.RoundTrip(req); err != nil || sent != "Bearer t" {
			t.Errorf("%s: sent %q, %v", tt.name, sent, err)
		}
		if req.Header.Get("Authorization") != "" {
			t.Errorf("%s: the caller's request was changed", tt.name)
		}
	}
}

// A redirect of another host leads back to the endpoint (CVE-2024-45336): the token is sent
// where the endpoint is, and the foreign hop gets none and ends the request.
func TestTransportChain(t *testing.T) {
	var foreign int
	other := httptest.NewTLSServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { foreign++ }))
	defer other.Close()
	srv := httptest.NewTLSServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch r.URL.Path {
		case "/away": // another port of the same address
			http.Redirect(w, r, other.URL+"/back", http.StatusFound)
		case "/here":
			http.Redirect(w, r, "/end", http.StatusFound)
		}
		if r.Header.Get("Authorization") != "Bearer t" {
			t.Errorf("%s without the token", r.URL.Path)
		}
	}))
	defer srv.Close()
	endpoint, _ := url.Parse(srv.URL)
	c := &http.Client{Transport: &bearer.Transport{Source: bearer.Static(&oauth2.Token{AccessToken: "t"}), Endpoint: endpoint, Base: srv.Client().Transport}}
	if resp, err := c.Get(srv.URL + "/here"); err != nil || resp.StatusCode != 200 {
		t.Errorf("a redirect to the same origin = %v, %v", resp, err)
	} else {
		resp.Body.Close()
	}
	if _, err := c.Get(srv.URL + "/away"); !errors.Is(err, bearer.ErrForeignOrigin) || foreign != 0 {
		t.Errorf("a redirect to another port = %v, %d requests arrived", err, foreign)
	}
}

// In the bubble, a goroutine that stays behind would fail the test.
func TestTransportHonoursContext(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		endpoint, _ := url.Parse("https://mail.contoso.com/")
		waits := func(ctx context.Context) error {
			<-ctx.Done()
			return ctx.Err()
		}
		refusal := roundTripper(func(*http.Request) (*http.Response, error) {
			return &http.Response{StatusCode: 401, Body: http.NoBody}, nil
		})
		slow := roundTripper(func(r *http.Request) (*http.Response, error) { return nil, waits(r.Context()) })
		for _, tr := range []*bearer.Transport{
			{Source: bearer.SourceFunc(func(ctx context.Context) (*oauth2.Token, error) { return nil, waits(ctx) }), Base: refusal},
			{Source: slowRefresher(waits), Base: refusal},
			{Source: bearer.Static(&oauth2.Token{AccessToken: "t"}), Base: slow},
		} {
			tr.Endpoint = endpoint
			ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
			req, _ := http.NewRequestWithContext(ctx, "GET", endpoint.String(), nil)
			start := time.Now()
			if _, err := tr.RoundTrip(req); !errors.Is(err, context.DeadlineExceeded) || time.Since(start) != time.Minute {
				t.Errorf("RoundTrip = %v after %v, want context.DeadlineExceeded after a minute", err, time.Since(start))
			}
			cancel()
		}
	})
}

type slowRefresher func(context.Context) error

func (s slowRefresher) Token(context.Context) (*oauth2.Token, error) {
	return &oauth2.Token{AccessToken: "t"}, nil
}

func (s slowRefresher) Refresh(ctx context.Context, _ *oauth2.Token, _ *bearer.Offer) (*oauth2.Token, error) {
	return nil, s(ctx)
}

// What the server said reaches the source even if it makes no usable offer.
func TestTransportTellsWhy(t *testing.T) {
	endpoint, _ := url.Parse("https://mail.contoso.com/")
	src := &source{token: "old", err: errors.New("sign in again")}
	tr := &bearer.Transport{Source: src, Endpoint: endpoint, Base: roundTripper(func(*http.Request) (*http.Response, error) {
		return &http.Response{StatusCode: 401, Body: http.NoBody, Header: http.Header{
			"Www-Authenticate": {`Basic realm="mail.contoso.com"`}, "Request-Id": {"r1"},
			"X-Ms-Diagnostics": {`2000003;reason="Expected 'https://mail.contoso.com'. Actual 'http://mail.contoso.com'."`},
		}}, nil
	})}
	req, _ := http.NewRequest("GET", endpoint.String(), nil)
	_, err := tr.RoundTrip(req)
	var re *bearer.RefreshError
	if !errors.As(err, &re) || re.Status != 401 || re.RequestID != "r1" || re.Offer == nil {
		t.Fatalf("RoundTrip = %#v", err)
	}
	if src.why == nil || src.why.Diagnostics == nil || !src.why.Diagnostics.TLSOffloading() {
		t.Errorf("Refresh was told %+v", src.why)
	}
	for _, want := range []string{"status 401", "request-id r1", "diagnostics 2000003", "sign in again"} {
		if !strings.Contains(err.Error(), want) {
			t.Errorf("error %q lacks %q", err, want)
		}
	}
}

// A server that repeats the token wherever it can does not bring it into an error.
func TestTransportErrorsHoldNoToken(t *testing.T) {
	const secret = "EwBwA8l6BAAUs5fZ7bqT2hJ0n4cXyQ"
	endpoint := &url.URL{Scheme: "https", Host: "mail.contoso.com", Path: "/Microsoft-Server-ActiveSync"}
	for name, answer := range map[string]func(r *http.Request) (*http.Response, error){
		"a response that is none": func(*http.Request) (*http.Response, error) {
			return nil, fmt.Errorf("malformed HTTP response %q", "Bearer "+secret)
		},
		"a refusal": func(r *http.Request) (*http.Response, error) {
			h := http.Header{}
			h.Set("WWW-Authenticate", `Bearer error="invalid_token", error_description="not `+secret+`"`)
			h.Set("X-MS-Diagnostics", `2000001;reason="not `+secret+`";error_category="`+secret+`"`)
			h.Set("request-id", secret)
			return &http.Response{StatusCode: 401, Header: h, Body: http.NoBody, Request: r}, nil
		},
	} {
		src := &source{token: secret, err: errors.New("no other")}
		client := &http.Client{Transport: &bearer.Transport{Source: src, Endpoint: endpoint, Base: roundTripper(answer)}}
		_, err := client.Get(endpoint.String())
		if err == nil {
			t.Errorf("%s: no error", name)
		}
		for ; err != nil; err = errors.Unwrap(err) {
			var re *bearer.RefreshError
			if errors.As(err, &re) && strings.Contains(fmt.Sprintf("%+v %+v", re.Offer, re.Offer.Diagnostics), secret) || strings.Contains(err.Error(), secret) {
				t.Errorf("%s: %v holds the token", name, err)
			}
		}
	}
}
