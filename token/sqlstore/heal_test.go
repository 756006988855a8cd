package sqlstore

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"golang.org/x/oauth2"

	"github.com/easoauth/easoauth/token"
)

// A rotating is an authority of one grant, which ends when a refresh token comes twice.
type rotating struct {
	mu       sync.Mutex
	issued   int
	requests int
	over     bool
}

func (r *rotating) current() string { return fmt.Sprintf("rt-%d", r.issued) }

func (r *rotating) RoundTrip(req *http.Request) (*http.Response, error) {
	b, err := io.ReadAll(req.Body)
	if err != nil {
		return nil, err
	}
	form, err := url.ParseQuery(string(b))
	if err != nil {
		return nil, err
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	r.requests++
	status, body := 400, `{"error":"invalid_grant"}`
	if form.Get("refresh_token") == r.current() && !r.over {
		r.issued++
		status, body = 200, fmt.Sprintf(`{"token_type":"Bearer","expires_in":3600,"access_token":"at-%d","refresh_token":%q}`, r.issued, r.current())
	} else {
		r.over = true
	}
	return &http.Response{StatusCode: status, Header: http.Header{}, Body: io.NopCloser(strings.NewReader(body)), Request: req}, nil
}

// SignIn is a person's sign-in.
func (r *rotating) SignIn(context.Context, *token.Config) (*oauth2.Token, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.issued, r.over = r.issued+1, false
	return &oauth2.Token{AccessToken: fmt.Sprintf("at-%d", r.issued), RefreshToken: r.current(), Expiry: time.Now().Add(time.Hour)}, nil
}

// TestSourceOverADatabaseThatFails has each statement of a Source, and each connection, fail
// once, at an authority that ends the grant when a refresh token comes twice. The call that met
// the fault has its outcome or fails, and the source heals by itself: the grant goes on, its
// refresh token is stored, and nothing was sent twice.
func TestSourceOverADatabaseThatFails(t *testing.T) {
	t.Parallel()
	for _, fault := range []struct {
		name string
		set  func(f *fakeDB, hit func() bool)
		all  error // what an error matches
	}{
		{"before", func(f *fakeDB, hit func() bool) { f.before = unless(hit, stateError("XX000")) }, stateError("XX000")},
		{"behind the commit", func(f *fakeDB, hit func() bool) { f.after = unless(hit, stateError("XX000")) }, stateError("XX000")},
		{"shutdown behind the commit", func(f *fakeDB, hit func() bool) { f.after = unless(hit, stateError("57P01")) }, nil},
		{"no response", func(f *fakeDB, hit func() bool) { f.hang = func(string) bool { return hit() } }, context.DeadlineExceeded},
		{"connection refused", func(f *fakeDB, hit func() bool) {
			f.dial = func() error { return unless(hit, syscall.ECONNREFUSED)("") }
		}, nil},
		{"connection forbidden", func(f *fakeDB, hit func() bool) {
			f.dial = func() error { return unless(hit, stateError("28P01"))("") }
		}, stateError("28P01")},
	} {
		for _, replay := range []token.Replay{token.ReplayTolerant, token.ReplayStrict} {
			for _, call := range []string{"Token", "SignIn", "SignOut"} {
				t.Run(fmt.Sprintf("%s/%s/replay %d", fault.name, call, replay), func(t *testing.T) {
					for n, done := 1, false; !done; n++ {
						synctest.Test(t, func(t *testing.T) {
							f, store := newFake(t, PostgreSQL)
							defer store.DB.Close()
							store.DB.SetMaxIdleConns(-1) // each statement makes a connection
							a := &rotating{}
							config := &token.Config{ClientID: "c", Endpoint: &url.URL{Scheme: "https", Host: "mail.contoso.com"}, Scopes: []string{"https://mail.contoso.com/EAS.AccessAsUser.All"},
								Authority:  &token.Authority{Kind: token.OpenID, Host: "sts.contoso.com", TokenEndpoint: &url.URL{Scheme: "https", Host: "sts.contoso.com", Path: "/token"}},
								HTTPClient: &http.Client{Transport: a}}
							src := &token.Source{Config: config, Store: store, Key: "ada", Flow: a, Replay: replay, Early: -1}
							if _, err := src.SignIn(t.Context()); err != nil {
								t.Fatal(err)
							}
							time.Sleep(2 * time.Hour)
							if call != "SignIn" {
								src.Flow = nil // a person is not asked again
							}
							count := 0
							f.set(func() { fault.set(f, func() bool { count++; return count == n }) })
							var err error
							switch call {
							case "Token":
								_, err = src.Token(t.Context())
							case "SignIn":
								_, err = src.SignIn(t.Context())
							case "SignOut":
								err = src.SignOut(t.Context())
							}
							synctest.Wait()
							f.set(func() { done, f.before, f.after, f.hang, f.dial = count < n, nil, nil, nil, nil })
							if err != nil && (fault.all == nil || !errors.Is(err, fault.all) && fault.all != context.DeadlineExceeded || strings.Contains(err.Error(), "rt-")) {
								t.Errorf("statement %d: %v", n, err)
							}
							r, loadErr := store.Load(t.Context(), "ada")
							if call == "SignOut" {
								if err == nil && !errors.Is(loadErr, token.ErrNotFound) || err != nil && loadErr != nil && !errors.Is(loadErr, token.ErrNotFound) {
									t.Errorf("statement %d: SignOut = %v, and Load = %v", n, err, loadErr)
								}
								if err := src.SignOut(t.Context()); err != nil {
									t.Errorf("statement %d: the next SignOut = %v", n, err)
								}
								if _, err := store.Load(t.Context(), "ada"); !errors.Is(err, token.ErrNotFound) {
									t.Errorf("statement %d: after the next SignOut Load = %v", n, err)
								}
								return
							}
							if loadErr != nil || err == nil && r.RefreshToken != a.current() {
								t.Errorf("statement %d: %s = %v, and stored is %q, %v; the last is %q", n, call, err, r.RefreshToken, loadErr, a.current())
							}
							time.Sleep(time.Minute)
							if _, err := src.Token(t.Context()); err != nil {
								t.Fatalf("statement %d: a minute later Token = %v", n, err)
							}
							if r, err = store.Load(t.Context(), "ada"); err != nil || r.RefreshToken != a.current() || a.over || a.requests > 1 {
								t.Errorf("statement %d: stored %q, %v; want %q, after %d requests; ended: %v", n, r.RefreshToken, err, a.current(), a.requests, a.over)
							}
							if st, err := src.Status(t.Context()); err != nil || st.Err != nil || st.Unsaved || st.Ended != "" {
								t.Errorf("statement %d: Status = %+v, %v", n, st, err)
							}
						})
						if n > 100 {
							t.Fatal("no end of statements")
						}
					}
				})
			}
		}
	}
}

// unless returns a hook that fails when hit says so.
func unless(hit func() bool, err error) func(string) error {
	return func(string) error {
		if hit() {
			return err
		}
		return nil
	}
}
