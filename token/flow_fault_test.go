package token_test

import (
	"context"
	"errors"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/easoauth/easoauth/bearer"
	"github.com/easoauth/easoauth/token"
)

// Whatever is wrong with a Config, each way to sign in says it, and sends no credential.
func TestFlowsOfABrokenConfig(t *testing.T) {
	errAuth := errors.New("the key is in a drawer")
	all := "browser authorize redeem device show wait obo app import"
	flow := func(f token.Flow) func(ctx context.Context, c *token.Config) error {
		return func(ctx context.Context, c *token.Config) error { _, err := f.SignIn(ctx, c); return err }
	}
	type check func(err error) bool
	config := func(kind token.ConfigKind, mention string) check {
		return func(err error) bool {
			var ce *token.ConfigError
			return errors.As(err, &ce) && ce.Kind == kind && strings.Contains(err.Error(), mention)
		}
	}
	is := func(target error) check { return func(err error) bool { return errors.Is(err, target) } }
	transient := func(err error) bool { var te *token.TransientError; return errors.As(err, &te) }
	for _, tt := range []struct {
		name  string
		spoil func(s *sts, c *token.Config)
		flows string
		want  check
		posts int // requests to the token endpoint
	}{
		{"no client ID", func(s *sts, c *token.Config) { c.ClientID = "" }, all, config(token.ConfigMissing, "Config.ClientID"), 0},
		{"no authority", func(s *sts, c *token.Config) { c.Authority = nil }, all, config(token.ConfigMissing, "Config.Authority"), 0},
		{"no endpoint", func(s *sts, c *token.Config) { c.Endpoint = nil }, all, config(token.ConfigMissing, "Config.Endpoint"), 0},
		{"no scopes", func(s *sts, c *token.Config) { c.Scopes = nil }, all, config(token.ConfigMissing, "Config.Scopes"), 0},
		{"no token endpoint", func(s *sts, c *token.Config) {
			c.Authority = &token.Authority{Kind: token.Entra, Host: c.Authority.Host, AuthorizationEndpoint: c.Authority.AuthorizationEndpoint}
		}, all, config(token.ConfigMissing, "Config.Authority.TokenEndpoint"), 0},
		{"no metadata", func(s *sts, c *token.Config) {
			lazy, err := token.Configure(context.Background(), c.ClientID, &bearer.Offer{AuthorizationURI: v1Authority}, c.Endpoint, &token.Options{Lazy: true})
			if err != nil {
				panic(err)
			}
			c.Authority = lazy.Authority
			s.set(func() {
				s.intercept = func(w http.ResponseWriter, r *http.Request) bool { w.WriteHeader(503); return true }
			})
		}, all, transient, 0},
		{"claims", func(s *sts, c *token.Config) { c.Claims = "{" }, "browser authorize redeem device show obo app import", is(token.ErrClaims), 0},
		{"no authorization endpoint", func(s *sts, c *token.Config) {
			a := *c.Authority
			a.AuthorizationEndpoint = nil
			c.Authority = &a
		}, "browser authorize", is(token.ErrFlowUnavailable), 0},
		{"an authorization endpoint that must not be shown", func(s *sts, c *token.Config) {
			a := *c.Authority
			a.AuthorizationEndpoint = mustURL("http://login.microsoftonline.com/authorize")
			c.Authority = &a
		}, "browser authorize", config(token.ConfigMissing, "authorization endpoint is refused"), 0},
		{"no device endpoint", func(s *sts, c *token.Config) {
			a := *c.Authority
			a.DeviceAuthorizationEndpoint = nil
			c.Authority = &a
		}, "device show", is(token.ErrFlowUnavailable), 0},
		{"a public client", func(s *sts, c *token.Config) { c.Auth = nil }, "obo app", config(token.ConfigMissing, "set Auth"), 0},
		{"authentication that fails", func(s *sts, c *token.Config) {
			c.Auth = token.ClientAssertion(func(context.Context, string, *url.URL) (string, error) { return "", errAuth })
		}, "redeem device show wait obo app import", is(errAuth), 0},
		{"a certificate of no use", func(s *sts, c *token.Config) { c.Auth = &token.Certificate{} }, all, config(token.ConfigMissing, "Certificate needs"), 0},
		{"a token endpoint that must not be called", func(s *sts, c *token.Config) {
			a := *c.Authority
			a.TokenEndpoint = mustURL("http://login.microsoftonline.com/token")
			c.Authority = &a
		}, "redeem wait obo app import", config(token.ConfigMissing, "endpoint of the authority is refused"), 0},
		{"a response without a token", func(s *sts, c *token.Config) {
			s.set(func() {
				s.intercept = func(w http.ResponseWriter, r *http.Request) bool {
					if strings.HasSuffix(r.URL.Path, "/token") {
						writeJSON(w, 200, map[string]any{"token_type": "Bearer"})
						return true
					}
					return false
				}
			})
		}, "redeem wait obo app import", func(err error) bool { return err != nil }, 1},
		{"a refusal", func(s *sts, c *token.Config) { s.refuse("invalid_grant", "", 53003) },
			"redeem wait obo app import", func(err error) bool { var re *token.ReauthError; return errors.As(err, &re) }, 1},
	} {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				for _, name := range strings.Fields(tt.flows) {
					s := newSTS()
					c := s.config(t)
					c.Scopes = []string{c.Scopes[0], "offline_access"}
					c.Auth = token.Secret("s3cret")
					authorization, err := c.Authorize(t.Context(), redirectURI, nil)
					if err != nil {
						t.Fatal(err)
					}
					device, err := c.AuthorizeDevice(t.Context())
					if err != nil {
						t.Fatal(err)
					}
					app := *c
					if name == "app" {
						app.Scopes = []string{"https://graph.microsoft.com/.default"}
					}
					params := respond(s, authorization)
					tt.spoil(s, &app)
					do := map[string]func(ctx context.Context, c *token.Config) error{
						"browser": flow(&token.Browser{Open: func(context.Context, string) error { return errors.New("no browser is to be opened") }}),
						"authorize": func(ctx context.Context, c *token.Config) error {
							_, err := c.Authorize(ctx, redirectURI, nil)
							return err
						},
						"redeem": flow(authorization.Redeem(params)),
						"device": flow(&token.DeviceCode{Prompt: func(context.Context, *token.DevicePrompt) error { return errors.New("no code is to be shown") }}),
						"show":   func(ctx context.Context, c *token.Config) error { _, err := c.AuthorizeDevice(ctx); return err },
						"wait":   flow(device),
						"obo":    flow(&token.OnBehalfOf{Assertion: func(context.Context) (string, error) { return "front-secret", nil }}),
						"app":    flow(token.ClientCredentials{}),
						"import": flow(token.RefreshToken("rt-secret")),
					}[name]
					before := s.posts()
					ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
					err = do(ctx, &app)
					cancel()
					if err == nil || !tt.want(err) || strings.Contains(err.Error(), "secret") {
						t.Errorf("%s: %v", name, err)
					}
					if n := s.posts() - before; n != tt.posts {
						t.Errorf("%s: %d requests to the token endpoint, want %d", name, n, tt.posts)
					}
				}
			})
		})
	}
}

// What each way to sign in sends: the claims of the Config, with its capabilities, where there are
// any, and its scopes.
func TestFlowsSendClaims(t *testing.T) {
	const claims = `{"access_token":{"acrs":{"value":"c1"},"xms_cc":{"values":["cp1"]}}}`
	for _, with := range []bool{true, false} {
		synctest.Test(t, func(t *testing.T) {
			for _, name := range strings.Fields("redeem device wait obo app import") {
				s := newSTS()
				c := s.config(t)
				c.Auth = token.Secret("s3cret")
				c.Scopes = []string{c.Scopes[0], "offline_access"}
				if name == "app" {
					c.Scopes = []string{"https://graph.microsoft.com/.default"}
				}
				want := ""
				if with {
					c.Claims, c.Capabilities, want = `{"access_token":{"acrs":{"value":"c1"}}}`, []string{"cp1"}, claims
				}
				s.set(func() { s.tokens["rt-secret"] = &refreshState{issued: time.Now()} })
				authorization, err := c.Authorize(t.Context(), redirectURI, nil)
				if err != nil {
					t.Fatal(err)
				}
				device, err := c.AuthorizeDevice(t.Context())
				if err != nil {
					t.Fatal(err)
				}
				if got := mustURL(authorization.URL).Query().Get("claims"); got != want {
					t.Errorf("%s: the browser is sent with claims %q, want %q", name, got, want)
				}
				if got := s.posted("/devicecode").Get("claims"); got != want {
					t.Errorf("%s: a device code is requested with claims %q, want %q", name, got, want)
				}
				f := map[string]token.Flow{
					"redeem": authorization.Redeem(respond(s, authorization)),
					"device": &token.DeviceCode{Prompt: func(context.Context, *token.DevicePrompt) error { return nil }},
					"wait":   device,
					"obo":    &token.OnBehalfOf{Assertion: func(context.Context) (string, error) { return "front-secret", nil }},
					"app":    token.ClientCredentials{},
					"import": token.RefreshToken("rt-secret"),
				}[name]
				if _, err := f.SignIn(t.Context(), c); err != nil {
					t.Errorf("%s: %v", name, err)
					continue
				}
				form := s.posted("/token")
				if got := form.Get("claims"); got != want || form.Has("claims") != with {
					t.Errorf("%s: claims %q, want %q", name, got, want)
				}
				scope := strings.Join(c.Scopes, " ")
				if name == "device" || name == "wait" {
					scope = "" // it was requested with the code
				}
				if got := form.Get("scope"); got != scope || form.Get("client_id") != clientID || form.Get("client_secret") != "s3cret" {
					t.Errorf("%s: sent %v, want scope %q", name, form, scope)
				}
			}
		})
	}
}
