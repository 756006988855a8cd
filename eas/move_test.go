package eas_test

import (
	"context"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"

	"golang.org/x/oauth2"

	"github.com/easoauth/easoauth/bearer"
	"github.com/easoauth/easoauth/eas"
)

// A station is a server that answers FolderSync or sends a client on.
type station struct {
	*httptest.Server
	tokens []string // as they came
	paths  []string
	to     []string // X-MS-Location; none: it answers
}

func newStation(t *testing.T) *station {
	s := &station{}
	s.Server = httptest.NewTLSServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_, _ = io.Copy(io.Discard, r.Body)
		s.tokens = append(s.tokens, strings.TrimPrefix(r.Header.Get("Authorization"), "Bearer "))
		s.paths = append(s.paths, r.URL.Path)
		if len(s.to) > 0 && !strings.HasSuffix(r.URL.Path, "/final") {
			for _, v := range s.to {
				w.Header().Add("X-MS-Location", v)
			}
			w.WriteHeader(451)
			return
		}
		w.Header().Set("Content-Type", "application/vnd.ms-sync.wbxml")
		_, _ = w.Write(captured(t, "hstern-foldersync-response-empty"))
	}))
	t.Cleanup(s.Close)
	return s
}

func (s *station) client() *eas.Client {
	u, _ := url.Parse(s.URL + "/Microsoft-Server-ActiveSync")
	c := &eas.Client{URL: u, User: "a", HTTPClient: s.Client(), Token: bearer.Static(&oauth2.Token{AccessToken: "first"})}
	c.Restore(eas.State{Version: eas.Version161, Provisioned: true})
	return c
}

// Status 451: another origin is asked with the caller's consent alone, and with a token of its
// own.
func TestMoved(t *testing.T) {
	a, b := newStation(t), newStation(t)
	a.to = []string{b.URL + "/eas?user=ada#x"}
	c := a.client()
	_, err := c.FolderSync(t.Context(), "0")
	var e *eas.Error
	if !errors.Is(err, eas.ErrRedirected) || !errors.As(err, &e) || e.Location == nil || "https://"+e.Location.Host != b.URL {
		t.Fatalf("FolderSync without Moved = %v", err)
	}
	refusal := errors.New("not that host")
	c.Moved = func(context.Context, *url.URL) (bearer.Source, error) { return nil, refusal }
	if _, err := c.FolderSync(t.Context(), "0"); !errors.Is(err, refusal) || !errors.Is(err, eas.ErrRedirected) {
		t.Errorf("FolderSync with a refusal = %v", err)
	}
	c.Moved = func(context.Context, *url.URL) (bearer.Source, error) { return nil, nil }
	if _, err := c.FolderSync(t.Context(), "0"); !errors.Is(err, eas.ErrRedirected) {
		t.Errorf("FolderSync with Moved that gives no source = %v", err)
	}
	if len(b.tokens) != 0 {
		t.Fatalf("the other host was asked %d times", len(b.tokens))
	}
	asked := 0
	c.Moved = func(_ context.Context, to *url.URL) (bearer.Source, error) {
		asked++
		if to.String() != b.URL+"/eas" {
			t.Errorf("Moved(%s), want %s/eas", to, b.URL)
		}
		return bearer.Static(&oauth2.Token{AccessToken: "second"}), nil
	}
	for range 2 {
		if _, err := c.FolderSync(t.Context(), "0"); err != nil {
			t.Fatal(err)
		}
	}
	if got := strings.Join(b.tokens, " "); got != "second second" || asked != 1 {
		t.Errorf("the other host saw the tokens %q, Moved was asked %d times", got, asked)
	}
	for _, tok := range a.tokens {
		if tok != "first" {
			t.Errorf("the first host saw the token %q", tok)
		}
	}
	if got := c.State().URL; got != b.URL+"/eas" {
		t.Errorf("State.URL = %q", got)
	}
}

func TestMovedWithinTheOrigin(t *testing.T) {
	a := newStation(t)
	a.to = []string{"/final"}
	c := a.client()
	if _, err := c.FolderSync(t.Context(), "0"); err != nil {
		t.Fatal(err)
	}
	if got := strings.Join(a.paths, " "); got != "/Microsoft-Server-ActiveSync /final" || c.State().URL != a.URL+"/final" {
		t.Errorf("paths %s, State.URL %s", got, c.State().URL)
	}
}

// What a server may say in X-MS-Location without being followed, and loops.
func TestS106MovedNowhere(t *testing.T) {
	for _, to := range [][]string{
		{"http://mail.fabrikam.com/"}, {"https://good@mail.fabrikam.com/"}, {""}, {"//"}, {"javascript:x"}, {"https:///x"}, {"file:///etc/passwd"},
		{"https://mail.fabrikam.com/", "https://mail.contoso.com/"}, nil,
	} {
		a := newStation(t)
		if a.to = to; to == nil {
			a.to = []string{""}
		}
		c := a.client()
		c.Moved = func(_ context.Context, u *url.URL) (bearer.Source, error) {
			t.Errorf("X-MS-Location %q: Moved(%s)", to, u)
			return nil, errors.New("no")
		}
		if _, err := c.FolderSync(t.Context(), "0"); !errors.Is(err, eas.ErrRedirected) {
			t.Errorf("X-MS-Location %q = %v", to, err)
		}
	}
	a, b := newStation(t), newStation(t)
	a.to, b.to = []string{b.URL + "/b"}, []string{a.URL + "/a"}
	c := a.client()
	c.Moved = func(context.Context, *url.URL) (bearer.Source, error) {
		return bearer.Static(&oauth2.Token{AccessToken: "x"}), nil
	}
	if _, err := c.FolderSync(t.Context(), "0"); !errors.Is(err, eas.ErrRedirected) || len(a.paths)+len(b.paths) != 4 {
		t.Errorf("two hosts that point at each other = %v after %d requests, want 4", err, len(a.paths)+len(b.paths))
	}
}
