package token_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"golang.org/x/oauth2"

	"github.com/easoauth/easoauth/token"
)

var (
	ada   = token.Account{Tenant: tenantID, Object: "oid-ada", Username: "ada@contoso.com"}
	admin = token.Account{Tenant: tenantID, Object: "oid-admin", Username: "admin@contoso.com"}
)

// as is a Flow that signs an account in.
func (s *sts) as(a token.Account) token.Flow {
	return flowFunc(func(ctx context.Context, c *token.Config) (*oauth2.Token, error) {
		t, err := s.SignIn(ctx, c)
		if err != nil {
			return nil, err
		}
		return t.WithExtra(map[string]any{"id_token": idTokenOf(a)}), nil
	})
}

func idTokenOf(a token.Account) string {
	claims := map[string]any{"aud": clientID}
	for name, value := range map[string]string{"tid": a.Tenant, "oid": a.Object, "preferred_username": a.Username} {
		if value != "" {
			claims[name] = value
		}
	}
	return sign(claims)
}

func TestWhoSignedIn(t *testing.T) {
	notOne := errors.New("not one of ours")
	for _, tt := range []struct {
		name   string
		stored token.Account // who has signed in to the key before; zero: nobody
		expect token.Account
		accept func(ctx context.Context, a token.Account) error
		actual token.Account
		bad    bool
		cause  error
	}{
		{name: "nobody is expected", actual: ada},
		{name: "the same again", stored: ada, actual: ada},
		{name: "the same with another name", stored: ada, actual: token.Account{Tenant: tenantID, Object: "OID-ADA", Username: "ada.byron@contoso.com"}},
		{name: "another object", stored: ada, actual: admin, bad: true},
		{name: "another tenant", stored: ada, actual: token.Account{Tenant: "t2", Object: "oid-ada"}, bad: true},
		{name: "another name, and nothing else is known", stored: token.Account{Username: "ada@contoso.com"}, actual: token.Account{Username: "admin@contoso.com"}, bad: true},
		{name: "not known before", stored: token.Account{Username: "ada@contoso.com"}, actual: ada},
		{name: "known before, and the tokens do not say", stored: ada, bad: true},
		{name: "expected by object", expect: token.Account{Object: "oid-ada"}, actual: ada},
		{name: "expected by name", expect: token.Account{Username: "Ada@contoso.com"}, actual: ada},
		{name: "expected by name, another", expect: token.Account{Username: "ada@contoso.com"}, actual: admin, bad: true},
		{name: "expected by tenant, another", expect: token.Account{Tenant: "t2"}, actual: ada, bad: true},
		{name: "expected, and the tokens do not say", expect: token.Account{Username: "ada@contoso.com"}, bad: true},
		{name: "said to be another now", stored: ada, expect: admin, actual: admin},
		{name: "accepted", accept: func(_ context.Context, a token.Account) error {
			if a != ada {
				return errors.New("asked about another")
			}
			return nil
		}, actual: ada},
		{name: "not accepted", accept: func(context.Context, token.Account) error { return notOne }, actual: ada, bad: true, cause: notOne},
		{name: "accepted by the hook, and another than before", stored: ada, accept: func(context.Context, token.Account) error { return nil }, actual: admin, bad: true},
	} {
		for _, call := range []string{"SignIn", "Token"} {
			t.Run(tt.name+"/"+call, func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) {
					s := newSTS()
					src := &token.Source{Config: s.config(t), Store: &token.MemoryStore{}, Key: "ada@contoso.com"}
					if tt.stored != (token.Account{}) {
						src.Flow = s.as(tt.stored)
						if _, err := src.SignIn(t.Context()); err != nil {
							t.Fatal(err)
						}
						s.set(func() { s.dead = true })
						time.Sleep(2 * time.Hour)
					}
					before, _ := src.Store.Load(t.Context(), src.Key)
					next := &token.Source{Config: src.Config, Store: src.Store, Key: src.Key, Flow: s.as(tt.actual), Account: tt.expect, Accept: tt.accept}
					get := next.Token
					if call == "SignIn" {
						get = next.SignIn
					}
					_, err := get(t.Context())
					after, _ := src.Store.Load(t.Context(), src.Key)
					if !tt.bad {
						if err != nil || after.Account != tt.actual || after.Lineage == before.Lineage {
							t.Errorf("%v; stored %v, want %v", err, after.Account, tt.actual)
						}
						return
					}
					var ae *token.AccountError
					if !errors.As(err, &ae) || ae.Actual != tt.actual || tt.cause != nil && !errors.Is(err, tt.cause) {
						t.Fatalf("error %v, want *AccountError of the account that signed in", err)
					}
					for _, text := range []string{err.Error(), fmt.Sprintf("%v", err)} {
						if strings.Contains(text, "@") || strings.Contains(text, "oid") {
							t.Errorf("%q names an account", text)
						}
					}
					if after.Account != before.Account || after.Lineage != before.Lineage {
						t.Errorf("the stored sign-in was replaced by that of %v", after.Account)
					}
					if _, err := next.Token(t.Context()); err == nil {
						t.Error("the other account's token is handed out")
					}
				})
			})
		}
	}
}

func TestAnotherAccountAfterSignOut(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newSTS()
		src := &token.Source{Config: s.config(t), Store: &token.MemoryStore{}, Key: "k", Flow: s.as(ada)}
		mustToken(t, src)
		if err := src.SignOut(t.Context()); err != nil {
			t.Fatal(err)
		}
		src = &token.Source{Config: src.Config, Store: src.Store, Key: "k", Flow: s.as(admin)}
		mustToken(t, src)
	})
}

// A refresh whose response is of another account is not taken for the user's.
func TestRefreshOfAnotherAccount(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newSTS()
		src := &token.Source{Config: s.config(t), Store: &token.MemoryStore{}, Key: "k", Flow: s.as(ada)}
		mustToken(t, src)
		src = &token.Source{Config: src.Config, Key: src.Key, Store: src.Store}
		time.Sleep(2 * time.Hour)
		s.extra = map[string]any{"id_token": idTokenOf(admin)}
		var ae *token.AccountError
		if _, err := src.Token(t.Context()); !errors.As(err, &ae) || ae.Expected != ada || ae.Actual != admin {
			t.Errorf("Token = %v, want *AccountError", err)
		}
		s.extra = map[string]any{"id_token": idTokenOf(ada)}
		time.Sleep(time.Minute)
		mustToken(t, src)
	})
}

// What is known of a sign-in at its beginning is told at once, not when it is over.
func TestReportsOfASignIn(t *testing.T) {
	permission := "https://mail.contoso.com/EAS.AccessAsUser.All"
	for _, tt := range []struct {
		name    string
		refresh bool
		scope   string
		kind    token.AuthorityKind
		want    []token.EventKind
		bad     bool
	}{
		{"all is well", true, "openid " + permission, token.Entra, []token.EventKind{token.EventSignedIn}, false},
		{"no refresh token", false, "", token.Entra, []token.EventKind{token.EventSignedIn, token.EventNoRefresh}, false},
		{"the permission is missing", true, "openid profile", token.Entra, []token.EventKind{token.EventFailed}, true},
		{"the permission is missing elsewhere", true, "openid profile", token.OpenID, []token.EventKind{token.EventSignedIn, token.EventScopes}, false},
		{"the permission by another name of the resource", true, "https://outlook.office365.com/eas.accessasuser.all", token.Entra, []token.EventKind{token.EventSignedIn}, false},
	} {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				s := newSTS()
				s.audience = ""
				var got []token.EventKind
				var log bytes.Buffer
				config := s.config(t)
				authority := *config.Authority
				authority.Kind = tt.kind
				config.Authority = &authority
				src := &token.Source{Config: config, Store: &token.MemoryStore{}, Key: "mailbox 7", Logger: slog.New(slog.NewTextHandler(&log, nil)),
					Observe: func(e token.Event) {
						got = append(got, e.Kind)
						if e.Key != "mailbox 7" || e.Err == nil && e.Account != ada {
							t.Errorf("event %+v lacks key or account", e)
						}
						if e.Kind == token.EventScopes && (len(e.Missing) != 1 || e.Missing[0] != permission) {
							t.Errorf("missing %v, want %s", e.Missing, permission)
						}
					}}
				src.Flow = flowFunc(func(context.Context, *token.Config) (*oauth2.Token, error) {
					tok := &oauth2.Token{AccessToken: "at", Expiry: time.Now().Add(time.Hour)}
					if tt.refresh {
						tok.RefreshToken = "rt"
					}
					return tok.WithExtra(map[string]any{"scope": tt.scope, "id_token": idTokenOf(ada)}), nil
				})
				_, err := src.Token(t.Context())
				var ce *token.ConfigError
				if tt.bad != errors.As(err, &ce) || tt.bad && (ce.Kind != token.ConfigScope || !strings.Contains(err.Error(), permission)) {
					t.Errorf("Token = %v", err)
				}
				if fmt.Sprint(got) != fmt.Sprint(tt.want) {
					t.Errorf("events %v, want %v", got, tt.want)
				}
				for _, want := range []string{`key="mailbox 7"`, "account.tenant=" + tenantID, "account.object=oid-ada"} {
					if !strings.Contains(log.String(), want) {
						t.Errorf("log lacks %s:\n%s", want, &log)
					}
				}
				if strings.Contains(log.String(), "@") {
					t.Errorf("log names the user:\n%s", &log)
				}
			})
		})
	}
}

// A response that grants less than the permission keeps the rotated refresh token.
func TestRefreshWithoutThePermission(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newSTS()
		s.strict, s.audience = true, ""
		src := source(t, s)
		time.Sleep(2 * time.Hour)
		s.extra = map[string]any{"scope": "openid profile"}
		var ce *token.ConfigError
		if _, err := src.Token(t.Context()); !errors.As(err, &ce) || ce.Kind != token.ConfigScope {
			t.Fatalf("Token = %v, want *ConfigError of kind scope", err)
		}
		s.extra = nil
		time.Sleep(time.Minute)
		mustToken(t, src)
		if s.posts() != 2 {
			t.Errorf("%d requests, want 2", s.posts())
		}
	})
}

// Sources of one key at one host do not get each other's access tokens if they request
// something else.
func TestAccessTokensAreKeptByWhatTheyWereRequestedFor(t *testing.T) {
	const host = "https://mail.contoso.com/"
	for _, tt := range []struct {
		name    string
		change  func(c *token.Config)
		another bool
	}{
		{"the same", func(*token.Config) {}, false},
		{"another order", func(c *token.Config) { c.Scopes = []string{"profile", c.Scopes[0], "openid", "offline_access"} }, false},
		{"without an ID token", func(c *token.Config) { c.Scopes = []string{c.Scopes[0]} }, false},
		{"another path", func(c *token.Config) { c.Endpoint = mustURL("https://MAIL.contoso.com:443/EWS/Exchange.asmx") }, false},
		{"another scope", func(c *token.Config) { c.Scopes = []string{host + "EWS.AccessAsUser.All"} }, true},
		{"one scope more", func(c *token.Config) { c.Scopes = append(c.Scopes, host+"EWS.AccessAsUser.All") }, true},
		{"a capability", func(c *token.Config) { c.Capabilities = []string{"cp1"} }, true},
	} {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				s := newSTS()
				s.extra = map[string]any{"scope": nil}
				src := source(t, s)
				first := mustToken(t, src).AccessToken
				c := *src.Config
				c.Scopes = append([]string(nil), c.Scopes...)
				tt.change(&c)
				other := &token.Source{Config: &c, Key: src.Key, Store: src.Store}
				if got := mustToken(t, other).AccessToken; (got != first) != tt.another {
					t.Errorf("another token: %v, want %v", got != first, tt.another)
				}
				// Each finds its own again.
				for _, again := range []*token.Source{src, other} {
					mustToken(t, &token.Source{Config: again.Config, Key: again.Key, Store: again.Store})
				}
				want := 0
				if tt.another {
					want = 1
				}
				if s.posts() != want {
					t.Errorf("%d requests, want %d", s.posts(), want)
				}
			})
		})
	}
}

// A record whose access tokens are named by the origin alone is read; they are replaced.
func TestRecordOfAnEarlierVersion(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newSTS()
		src := source(t, s)
		r := load(t, src)
		for name, a := range r.Access {
			delete(r.Access, name)
			r.Access["https://mail.contoso.com:443"] = a
		}
		if _, err := src.Store.Save(t.Context(), src.Key, r); err != nil {
			t.Fatal(err)
		}
		mustToken(t, &token.Source{Config: src.Config, Key: src.Key, Store: src.Store})
		if s.posts() != 1 {
			t.Errorf("%d requests, want 1", s.posts())
		}
	})
}

// A restart while the authority cannot be reached, not even for its metadata: a stored access
// token is handed out without it.
func TestRestartWithoutTheAuthority(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newSTS()
		src := source(t, s)
		s.intercept = func(w http.ResponseWriter, r *http.Request) bool { w.WriteHeader(503); return true }
		c := *src.Config
		c.Authority = &token.Authority{Kind: token.Entra, Host: c.Authority.Host}
		restarted := &token.Source{Config: &c, Key: src.Key, Store: src.Store}
		n := s.count("")
		mustToken(t, restarted)
		if _, err := restarted.Status(t.Context()); err != nil {
			t.Errorf("Status = %v", err)
		}
		if got := s.count("") - n; got != 0 {
			t.Errorf("%d requests, want none", got)
		}
		time.Sleep(2 * time.Hour)
		if _, err := restarted.Token(t.Context()); err == nil {
			t.Error("Token of an expired token succeeded")
		}
		if r := load(t, src); r.RefreshToken == "" {
			t.Error("the sign-in was lost")
		}
	})
}
