package token_test

import (
	"context"
	"encoding/json"
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

type tokenSourceFunc func() (*oauth2.Token, error)

func (f tokenSourceFunc) Token() (*oauth2.Token, error) { return f() }

func TestTokenSource(t *testing.T) {
	s := newSTS()
	src := source(t, s)
	tok, err := token.TokenSource(t.Context(), src).Token()
	if err != nil || tok != mustToken(t, src) {
		t.Errorf("Token = %v, %v; want that of the Source", tok, err)
	}
}

func TestFromTokenSource(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		want := &oauth2.Token{AccessToken: "at"}
		slow := token.FromTokenSource(tokenSourceFunc(func() (*oauth2.Token, error) { time.Sleep(time.Second); return want, nil }))
		if tok, err := slow.Token(t.Context()); err != nil || tok != want {
			t.Errorf("Token = %v, %v", tok, err)
		}
		ctx, cancel := context.WithTimeout(t.Context(), 100*time.Millisecond)
		defer cancel()
		begin := time.Now()
		if _, err := slow.Token(ctx); !errors.Is(err, context.DeadlineExceeded) || time.Since(begin) != 100*time.Millisecond {
			t.Errorf("Token = %v after %v, want DeadlineExceeded after 100ms", err, time.Since(begin))
		}
		boom := errors.New("boom")
		if _, err := token.FromTokenSource(tokenSourceFunc(func() (*oauth2.Token, error) { return nil, boom })).Token(t.Context()); !errors.Is(err, boom) {
			t.Errorf("Token = %v, want the error of the TokenSource", err)
		}
		if _, err := token.FromTokenSource(tokenSourceFunc(func() (*oauth2.Token, error) { return nil, nil })).Token(t.Context()); err == nil {
			t.Error("neither token nor error was taken for a token")
		}
		time.Sleep(2 * time.Second) // the slow call ends
	})
}

// A renewal in the background found that the sign-in has ended while the access token was
// good; the caller who comes next waits for the Flow.
func TestFlowAfterAnEarlyRenewalThatFailed(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newSTS()
		src := source(t, s)
		runs := 0
		src.Flow = flowFunc(func(ctx context.Context, c *token.Config) (*oauth2.Token, error) {
			runs++
			return s.SignIn(ctx, c)
		})
		s.intercept = func(w http.ResponseWriter, r *http.Request) bool {
			aadsts(w, http.StatusBadRequest, "invalid_grant", 50173)
			return true
		}
		time.Sleep(55 * time.Minute)
		mustToken(t, src)
		synctest.Wait()
		if runs != 0 {
			t.Error("the user was asked although nobody waits")
		}
		mustToken(t, src)
		time.Sleep(10 * time.Minute)
		mustToken(t, src)
		if runs != 1 {
			t.Errorf("the user was asked %d times, want once", runs)
		}
	})
}

// A caller who joins a renewal in the background after its token has run out gets the Flow
// as well.
func TestFlowForACallerWhoJoinsAnEarlyRenewal(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newSTS()
		src := source(t, s)
		src.Flow = s
		s.intercept = func(w http.ResponseWriter, r *http.Request) bool {
			aadsts(w, http.StatusBadRequest, "invalid_grant", 50173)
			return true
		}
		s.delay = 20 * time.Second
		time.Sleep(59*time.Minute + 40*time.Second)
		mustToken(t, src)            // starts the renewal
		time.Sleep(15 * time.Second) // the token is over
		mustToken(t, src)
	})
}

func TestLogger(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var log strings.Builder
		s := newSTS()
		src := &token.Source{Config: s.config(t), Flow: s, Logger: slog.New(slog.NewTextHandler(&log, nil))}
		mustToken(t, src)
		src.Flow = nil
		s.set(func() { s.dead = true })
		time.Sleep(2 * time.Hour)
		src.Token(t.Context())
		for _, want := range []string{`event="signed in"`, "event=ended", "AADSTS50173", "level=WARN"} {
			if !strings.Contains(log.String(), want) {
				t.Errorf("log lacks %q:\n%s", want, log.String())
			}
		}
		if strings.Contains(log.String(), "secret") || strings.Contains(log.String(), "ada@") {
			t.Errorf("log holds a secret or an address:\n%s", log.String())
		}
	})
}

// An observer that panics does not take the callers along.
func TestObserverThatPanics(t *testing.T) {
	s := newSTS()
	src := &token.Source{Config: s.config(t), Flow: s, Observe: func(token.Event) { panic("boom") }}
	mustToken(t, src)
}

// A Config made by hand says what it lacks.
func TestConfigMadeByHand(t *testing.T) {
	good := newSTS().config(t)
	for name, change := range map[string]func(c *token.Config){
		"ClientID":      func(c *token.Config) { c.ClientID = "" },
		"Authority":     func(c *token.Config) { c.Authority = nil },
		"TokenEndpoint": func(c *token.Config) { c.Authority = &token.Authority{} },
		"Endpoint":      func(c *token.Config) { c.Endpoint = nil },
		"Scopes":        func(c *token.Config) { c.Scopes = nil },
	} {
		c := *good
		change(&c)
		_, err := (&token.Source{Config: &c}).Token(t.Context())
		var ce *token.ConfigError
		if !errors.As(err, &ce) || !strings.Contains(err.Error(), name) {
			t.Errorf("without %s: Token = %v, want *ConfigError that names it", name, err)
		}
	}
	// One without keys verifies the ID token all the same.
	s := newSTS()
	c := s.config(t)
	c.Authority = &token.Authority{
		Kind: token.Entra, Host: c.Authority.Host, Issuer: c.Authority.Issuer, AuthorizationEndpoint: c.Authority.AuthorizationEndpoint,
		TokenEndpoint: c.Authority.TokenEndpoint, KeysEndpoint: c.Authority.KeysEndpoint,
	}
	if _, err := (&token.Browser{Open: (&user{sts: s}).open}).SignIn(t.Context(), c); err != nil {
		t.Error(err)
	}
	c.Authority.KeysEndpoint = nil
	var ce *token.ConfigError
	if _, err := (&token.Browser{Open: (&user{sts: s}).open}).SignIn(t.Context(), c); !errors.As(err, &ce) {
		t.Errorf("SignIn without keys = %v, want *ConfigError", err)
	}
}

// QUIRK: Entra announces distributed claims for users in many groups and names no source.
func TestGroupsOverage(t *testing.T) {
	s := newSTS()
	u := &user{sts: s}
	s.intercept = func(w http.ResponseWriter, r *http.Request) bool {
		if !strings.HasSuffix(r.URL.Path, "/token") {
			return false
		}
		s.set(func() {
			nonce := u.queries[0].Get("nonce")
			s.extra = map[string]any{"id_token": idToken(func(m map[string]any) {
				m["nonce"] = nonce
				m["_claim_names"] = map[string]any{"groups": "src1"}
			})}
		})
		return false
	}
	if _, err := (&token.Browser{Open: u.open}).SignIn(t.Context(), s.config(t)); err != nil {
		t.Error(err)
	}
}

// A value prints no more than a pointer to it does.
func TestCertificateDoesNotPrint(t *testing.T) {
	c := &token.Certificate{Key: signingKey()}
	for _, v := range []any{c, *c, struct{ Certificate token.Certificate }{*c}, []any{*c}} {
		j, err := json.Marshal(v)
		if s := fmt.Sprintf("%v %+v %#v %x %s", v, v, v, v, j); err != nil || strings.Contains(s, signingKey().D.String()[:20]) || !strings.Contains(s, "redacted") {
			t.Errorf("the certificate prints as %s, %v", s, err)
		}
	}
}
