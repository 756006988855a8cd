package bearer_test

import (
	"context"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"golang.org/x/oauth2"

	"github.com/easoauth/easoauth/bearer"
)

// A refresh may need the connection that the refusal came on: where a host has one alone, the
// refusal does not hold it meanwhile, whatever its body does.
func TestRefreshOverTheOnlyConnection(t *testing.T) {
	for _, tt := range []struct {
		name string
		body func(w http.ResponseWriter, r *http.Request)
	}{
		{"short", func(w http.ResponseWriter, _ *http.Request) { io.WriteString(w, "refused") }},
		{"long", func(w http.ResponseWriter, _ *http.Request) { io.WriteString(w, strings.Repeat("x", 1<<20)) }},
		{"trickling", func(w http.ResponseWriter, r *http.Request) {
			for r.Context().Err() == nil {
				io.WriteString(w, "x")
				w.(http.Flusher).Flush()
				time.Sleep(10 * time.Millisecond)
			}
		}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			srv := httptest.NewTLSServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				if r.Header.Get("Authorization") == "Bearer old" {
					w.Header().Set("WWW-Authenticate", "Bearer")
					w.WriteHeader(http.StatusUnauthorized)
					tt.body(w, r)
				}
			}))
			defer srv.Close()
			base := srv.Client().Transport.(*http.Transport)
			base.MaxConnsPerHost = 1
			u, _ := url.Parse(srv.URL)
			source := &sameHost{client: srv.Client(), url: srv.URL}
			client := &http.Client{Transport: &bearer.Transport{Source: source, Endpoint: u, Base: base}, Timeout: 20 * time.Second}
			resp, err := client.Post(srv.URL, "text/plain", strings.NewReader("x"))
			if err != nil {
				t.Fatal(err)
			}
			resp.Body.Close()
			if resp.StatusCode != 200 {
				t.Errorf("status %d", resp.StatusCode)
			}
		})
	}
}

// A sameHost is a source whose authority is the host of the endpoint.
type sameHost struct {
	client *http.Client
	url    string
}

func (s *sameHost) Token(context.Context) (*oauth2.Token, error) {
	return &oauth2.Token{AccessToken: "old"}, nil
}

func (s *sameHost) Refresh(ctx context.Context, _ *oauth2.Token, _ *bearer.Offer) (*oauth2.Token, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, s.url, nil)
	if err != nil {
		return nil, err
	}
	resp, err := s.client.Do(req)
	if err != nil {
		return nil, err
	}
	return &oauth2.Token{AccessToken: "new"}, resp.Body.Close()
}
