package token

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"golang.org/x/oauth2"
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
func (r *rotating) SignIn(context.Context, *Config) (*oauth2.Token, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.issued, r.over = r.issued+1, false
	return &oauth2.Token{AccessToken: fmt.Sprintf("at-%d", r.issued), RefreshToken: r.current(), Expiry: time.Now().Add(time.Hour)}, nil
}

func (r *rotating) config() *Config {
	return &Config{ClientID: "c", Endpoint: &url.URL{Scheme: "https", Host: "mail.contoso.com"}, Scopes: []string{"https://mail.contoso.com/EAS.AccessAsUser.All"},
		Authority:  &Authority{Kind: OpenID, Host: "sts.contoso.com", TokenEndpoint: &url.URL{Scheme: "https", Host: "sts.contoso.com", Path: "/token"}},
		HTTPClient: &http.Client{Transport: r}}
}

// TestSourceOverADiskThatFails has each call of a Source to the file system fail once, at an
// authority that ends the grant when a refresh token comes twice. No other file than the
// record's holds a secret, the call that met the fault fails or has its outcome, and the source
// heals by itself: the grant goes on, its refresh token is stored, and nothing was sent twice.
func TestSourceOverADiskThatFails(t *testing.T) {
	t.Parallel()
	for _, op := range []struct {
		name string
		do   func(ctx context.Context, s *Source) error
		gone bool // the sign-in, if the call succeeds
	}{
		{name: "Token", do: func(ctx context.Context, s *Source) error { _, err := s.Token(ctx); return err }},
		{name: "SignIn", do: func(ctx context.Context, s *Source) error { _, err := s.SignIn(ctx); return err }},
		{name: "SignOut", do: func(ctx context.Context, s *Source) error { return s.SignOut(ctx) }, gone: true},
		{name: "Status", do: func(ctx context.Context, s *Source) error { _, err := s.Status(ctx); return err }},
	} {
		for _, replay := range []Replay{ReplayTolerant, ReplayStrict} {
			if replay == ReplayStrict && op.name != "Token" {
				continue // it makes no difference
			}
			t.Run(fmt.Sprintf("%s, replay %d", op.name, replay), func(t *testing.T) {
				for fail, done := 1, false; !done; fail++ {
					synctest.Test(t, func(t *testing.T) {
						d := &tracedDisk{}
						a := &rotating{}
						store := &FileStore{Dir: filepath.Join(t.TempDir(), "tokens"), disk: d}
						src := &Source{Config: a.config(), Store: store, Key: "ada", Flow: a, Replay: replay, Early: -1}
						if _, err := src.SignIn(t.Context()); err != nil {
							t.Fatal(err)
						}
						time.Sleep(2 * time.Hour)
						src.Flow = nil // a person is not asked again
						if op.name == "SignIn" {
							src.Flow = a
						}
						name := fmt.Sprintf("call %d", fail)
						d.calls, d.fail = nil, fail
						err := op.do(t.Context(), src)
						synctest.Wait()
						done = len(d.calls) < fail
						if err != nil && (!errors.Is(err, errDiskFault) || strings.Contains(err.Error(), "rt-")) {
							t.Errorf("%s: %v, want the error of the disk without a secret", name, err)
						}
						if !done && err == nil {
							name += " (in vain) " + d.calls[fail-1]
						}
						d.fail = 0
						checkNoOrphan(t, store.Dir, name)
						r, loadErr := store.Load(t.Context(), "ada")
						if loadErr != nil && !(errors.Is(loadErr, ErrNotFound) && op.gone) {
							t.Fatalf("%s: Load = %v", name, loadErr)
						}
						if op.gone {
							if err == nil && loadErr == nil {
								t.Errorf("%s: SignOut succeeded, and the record is there", name)
							}
							if err := src.SignOut(t.Context()); err != nil {
								t.Errorf("%s: the next SignOut = %v", name, err)
							}
							if _, err := store.Load(t.Context(), "ada"); !errors.Is(err, ErrNotFound) {
								t.Errorf("%s: after the next SignOut Load = %v", name, err)
							}
							checkNoOrphan(t, store.Dir, name)
							return
						}
						if err == nil && op.name != "Status" && r.RefreshToken != a.current() {
							t.Errorf("%s: %s succeeded, and %q is stored, want %q", name, op.name, r.RefreshToken, a.current())
						}
						time.Sleep(time.Minute)
						if _, err := src.Token(t.Context()); err != nil {
							t.Fatalf("%s: a minute later Token = %v", name, err)
						}
						if r, err = store.Load(t.Context(), "ada"); err != nil || r.RefreshToken != a.current() || a.over || a.requests > 1 {
							t.Errorf("%s: stored %q, %v; want %q, after %d requests; ended: %v", name, r.RefreshToken, err, a.current(), a.requests, a.over)
						}
						if st, err := src.Status(t.Context()); err != nil || st.Err != nil || st.Unsaved || st.Ended != "" {
							t.Errorf("%s: Status = %+v, %v", name, st, err)
						}
						checkNoOrphan(t, store.Dir, name)
						if names, _ := filepath.Glob(filepath.Join(store.Dir, "*"+tempSuffix)); len(names) > 0 {
							t.Errorf("%s: left behind: %q", name, names)
						}
					})
					if fail > 200 {
						t.Fatal("no end of calls")
					}
				}
			})
		}
	}
}
