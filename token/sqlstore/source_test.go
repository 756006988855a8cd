package sqlstore

import (
	"io"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/easoauth/easoauth/token"
)

type answer func(*http.Request) (*http.Response, error)

func (a answer) RoundTrip(r *http.Request) (*http.Response, error) { return a(r) }

// What a Source costs the database: one SELECT for a key without a sign-in, for a good token of
// another process and for a sign-in that has ended; three statements for a refresh.
func TestStatementsOfASource(t *testing.T) {
	for _, d := range dialects {
		for _, strict := range []bool{false, true} {
			t.Run(d.String(), func(t *testing.T) {
				f, store := newFake(t, d)
				body := `{"token_type":"Bearer","expires_in":3600,"access_token":"at","refresh_token":"rt"}`
				endpoint := &url.URL{Scheme: "https", Host: "mail.contoso.com", Path: "/Microsoft-Server-ActiveSync"}
				config := &token.Config{ClientID: "c", Endpoint: endpoint, Scopes: []string{"https://mail.contoso.com/EAS.AccessAsUser.All"},
					Authority: &token.Authority{Kind: token.OpenID, Host: "sts.contoso.com", TokenEndpoint: &url.URL{Scheme: "https", Host: "sts.contoso.com", Path: "/token"}},
					HTTPClient: &http.Client{Transport: answer(func(r *http.Request) (*http.Response, error) {
						return &http.Response{StatusCode: 200, Header: http.Header{}, Body: io.NopCloser(strings.NewReader(body)), Request: r}, nil
					})}}
				replay := token.ReplayTolerant
				if strict {
					replay = token.ReplayStrict
				}
				ask := func(what string, statements, commits int, good bool) {
					t.Helper()
					f.count()
					s := &token.Source{Config: config, Store: store, Key: "ada", Replay: replay}
					if _, err := s.Token(t.Context()); (err == nil) != good {
						t.Errorf("%s: Token = %v", what, err)
					}
					if n, c := f.count(); n != statements || c != commits {
						t.Errorf("%s: %d statements and %d commits, want %d and %d", what, n, c, statements, commits)
					}
				}
				save := func(change func(r *token.Record)) {
					t.Helper()
					r, err := store.Load(t.Context(), "ada")
					if err != nil {
						r = token.Record{Lineage: "l", ClientID: "c", Authority: "sts.contoso.com"}
					}
					change(&r)
					if _, err := store.Save(t.Context(), "ada", r); err != nil {
						t.Fatal(err)
					}
				}
				ask("no sign-in", 1, 0, false)
				save(func(r *token.Record) { r.RefreshToken, r.RefreshExpiry = "rt", time.Now().Add(time.Hour) })
				if strict {
					ask("refresh", 4, 3, true)
				} else {
					ask("refresh", 3, 2, true)
				}
				ask("a good token", 1, 0, true)
				save(func(r *token.Record) { r.RefreshToken, r.Ended, r.Access = "", token.ReauthRevoked, nil })
				ask("ended", 1, 0, false)
			})
		}
	}
}
