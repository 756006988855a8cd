package token_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"golang.org/x/oauth2"

	"github.com/easoauth/easoauth/bearer"
	"github.com/easoauth/easoauth/token"
)

// source returns a Source that has been signed in to s.
func source(t *testing.T, s *sts) *token.Source {
	t.Helper()
	src := &token.Source{Config: s.config(t), Store: &token.MemoryStore{}, Key: "ada", Flow: s}
	if _, err := src.SignIn(t.Context()); err != nil {
		t.Fatalf("SignIn: %v", err)
	}
	src.Flow = nil
	return src
}

func mustToken(t *testing.T, src bearer.Source) *oauth2.Token {
	t.Helper()
	tok, err := src.Token(t.Context())
	if err != nil {
		t.Fatalf("Token: %v", err)
	}
	return tok
}

func load(t *testing.T, src *token.Source) token.Record {
	t.Helper()
	r, err := src.Store.Load(t.Context(), src.Key)
	if err != nil {
		t.Fatalf("Load: %v", err)
	}
	return r
}

// The life of a token pair with the default lifetimes: a refresh at each expiry for
// fourteen days of use, then fourteen days without, and the user has to come back.
func TestFourteenDays(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newSTS()
		s.strict, s.idle = true, token.DefaultRefreshLifetime
		s.extra = map[string]any{"expires_in": nil} // the default lifetime
		src := source(t, s)
		src.Early = -1
		begin := time.Now()
		seen := map[string]bool{}
		for time.Since(begin) < 14*24*time.Hour {
			tok := mustToken(t, src)
			seen[tok.AccessToken] = true
			if got := time.Until(tok.Expiry); got <= 0 || got > token.DefaultAccessLifetime {
				t.Fatalf("token expires in %v", got)
			}
			time.Sleep(20 * time.Minute)
		}
		// A token serves until 10 seconds before its hour is over, and callers come every
		// 20 minutes, so that there is one refresh an hour.
		if got, want := s.posts(), 14*24-1; got != want {
			t.Errorf("%d refreshes in 14 days, want %d", got, want)
		}
		if len(seen) != s.posts()+1 {
			t.Errorf("%d access tokens, want %d", len(seen), s.posts()+1)
		}
		st, err := src.Status(t.Context())
		if err != nil || !st.RefreshExpiry.After(time.Now()) {
			t.Errorf("Status = %+v, %v; want a refresh expiry ahead", st, err)
		}

		time.Sleep(14*24*time.Hour + time.Second)
		_, err = src.Token(t.Context())
		var re *token.ReauthError
		if !errors.As(err, &re) || re.Kind != token.ReauthExpired || re.AADSTS != 700082 {
			t.Fatalf("Token after 14 days without use = %v, want *ReauthError of kind expired", err)
		}
		n := s.posts()
		for range 100 {
			if _, err := src.Token(t.Context()); !errors.As(err, &re) {
				t.Fatalf("Token = %v, want *ReauthError", err)
			}
			time.Sleep(time.Minute)
		}
		if s.posts() != n {
			t.Errorf("the dead refresh token was sent %d more times", s.posts()-n)
		}
		if r := load(t, src); r.Ended != token.ReauthExpired || r.RefreshToken != "" {
			t.Errorf("record %v, want it ended", r)
		}

		// Another process signs in.
		other := &token.Source{Config: src.Config, Store: src.Store, Key: src.Key, Flow: s}
		if _, err := other.SignIn(t.Context()); err != nil {
			t.Fatal(err)
		}
		time.Sleep(time.Second)
		mustToken(t, src)
	})
}

func TestOneRefreshForManyCallers(t *testing.T) {
	for _, tt := range []struct {
		name string
		fail bool
	}{{"granted", false}, {"refused", true}} {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				s := newSTS()
				src := source(t, s)
				time.Sleep(2 * time.Hour)
				s.delay = 20 * time.Millisecond
				if tt.fail {
					s.intercept = func(w http.ResponseWriter, r *http.Request) bool {
						http.Error(w, "", http.StatusServiceUnavailable)
						return true
					}
				}
				var wg sync.WaitGroup
				var failed atomic.Int64
				for range 10_000 {
					wg.Go(func() {
						if _, err := src.Token(t.Context()); err != nil {
							failed.Add(1)
						}
					})
				}
				wg.Wait()
				if got := s.posts(); got != 1 {
					t.Errorf("%d requests, want 1", got)
				}
				if got := failed.Load(); tt.fail && got != 10_000 || !tt.fail && got != 0 {
					t.Errorf("%d callers failed", got)
				}
			})
		})
	}
}

func TestCallerLeavesAndTheRefreshGoesOn(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newSTS()
		src := source(t, s)
		time.Sleep(2 * time.Hour)
		s.delay = 1500 * time.Millisecond
		ctx, cancel := context.WithTimeout(t.Context(), 100*time.Millisecond)
		defer cancel()
		begin := time.Now()
		_, err := src.Token(ctx)
		if !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("Token = %v, want DeadlineExceeded", err)
		}
		if got := time.Since(begin); got != 100*time.Millisecond {
			t.Errorf("Token returned after %v, want 100ms", got)
		}
		time.Sleep(2 * time.Second)
		if r := load(t, src); r.RefreshToken != "rt-secret-2" {
			t.Errorf("the rotated refresh token was not stored: %s", r.RefreshToken)
		}
		mustToken(t, src)
		if s.posts() != 1 {
			t.Errorf("%d requests, want 1", s.posts())
		}
	})
}

// A context that ends after the first call must not end later refreshes.
func TestContextOfTheFirstCallerIsNotKept(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newSTS()
		src := source(t, s)
		ctx, cancel := context.WithCancel(t.Context())
		if _, err := src.Token(ctx); err != nil {
			t.Fatal(err)
		}
		cancel()
		time.Sleep(2 * time.Hour)
		mustToken(t, src)
	})
}

func TestFailureIsSharedWithBackoff(t *testing.T) {
	for _, tt := range []struct {
		name       string
		retryAfter string
		status     int
		span       time.Duration
		most       int
	}{
		{"Retry-After", "60", 429, 10 * time.Minute, 10},
		{"exponential", "", 500, 10 * time.Minute, 35},
	} {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				s := newSTS()
				src := source(t, s)
				time.Sleep(2 * time.Hour)
				s.intercept = func(w http.ResponseWriter, r *http.Request) bool {
					if tt.retryAfter != "" {
						w.Header().Set("Retry-After", tt.retryAfter)
					}
					http.Error(w, "Too Many Requests", tt.status)
					return true
				}
				begin := time.Now()
				for time.Since(begin) < tt.span {
					_, err := src.Token(t.Context())
					var te *token.TransientError
					if !errors.As(err, &te) || te.Status != tt.status {
						t.Fatalf("Token = %v, want *TransientError of status %d", err, tt.status)
					}
					if tt.retryAfter != "" && te.RetryAfter != time.Minute {
						t.Fatalf("RetryAfter = %v, want 1m", te.RetryAfter)
					}
					time.Sleep(100 * time.Millisecond)
				}
				if got := s.posts(); got < 2 || got > tt.most {
					t.Errorf("%d requests in %v, want 2 to %d", got, tt.span, tt.most)
				}
				if r := load(t, src); r.RefreshToken != "rt-secret-1" {
					t.Errorf("refresh token %q, want it kept", r.RefreshToken)
				}
				s.set(func() { s.intercept = nil })
				time.Sleep(time.Minute)
				mustToken(t, src)
			})
		})
	}
}

func TestRefreshesEarlyInTheBackground(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newSTS()
		src := source(t, s)
		first := mustToken(t, src)
		time.Sleep(51 * time.Minute)
		if mustToken(t, src) != first || s.posts() != 0 {
			t.Errorf("renewed 9 minutes before expiry")
		}
		time.Sleep(3*time.Minute + time.Second) // 6 minutes before expiry at the latest
		s.delay = time.Second
		for range 100 {
			if tok := mustToken(t, src); tok != first {
				t.Fatal("the good token was not handed out while it was renewed")
			}
		}
		time.Sleep(2 * time.Second)
		if tok := mustToken(t, src); tok == first || s.posts() != 1 {
			t.Errorf("after the renewal: same token %v, %d requests; want another and 1", tok == first, s.posts())
		}
	})
}

// refresh_in says when to renew.
func TestRefreshIn(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newSTS()
		s.extra = map[string]any{"expires_in": 86400, "refresh_in": 43200}
		src := source(t, s)
		time.Sleep(2 * time.Hour)
		mustToken(t, src) // the one with refresh_in
		time.Sleep(11 * time.Hour)
		mustToken(t, src)
		if s.posts() != 1 {
			t.Fatalf("%d requests before refresh_in, want 1", s.posts())
		}
		time.Sleep(time.Hour)
		mustToken(t, src)
		synctest.Wait()
		if s.posts() != 2 {
			t.Errorf("%d requests after refresh_in, want 2", s.posts())
		}
	})
}

// A failed renewal in the background costs nothing while the token is good.
func TestEarlyFailureKeepsTheToken(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newSTS()
		src := source(t, s)
		s.intercept = func(w http.ResponseWriter, r *http.Request) bool {
			http.Error(w, "", http.StatusServiceUnavailable)
			return true
		}
		time.Sleep(55 * time.Minute)
		for range 200 {
			mustToken(t, src)
			time.Sleep(time.Second)
		}
		if got := s.posts(); got < 2 || got > 20 {
			t.Errorf("%d attempts in 200 s, want 2 to 20", got)
		}
	})
}

func TestS072RefreshOfARefusedToken(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newSTS()
		src := source(t, s)
		stale := mustToken(t, src)
		s.delay = 50 * time.Millisecond
		var wg sync.WaitGroup
		for range 100 {
			wg.Go(func() {
				tok, err := src.Refresh(t.Context(), stale, &bearer.Offer{Error: "invalid_token"})
				if err != nil || tok.AccessToken == stale.AccessToken {
					t.Errorf("Refresh = %v, %v; want another token", tok, err)
				}
			})
		}
		wg.Wait()
		if s.posts() != 1 {
			t.Errorf("%d requests for 100 callers with the same stale token, want 1", s.posts())
		}
		// One that comes late gets the token that the others got.
		if _, err := src.Refresh(t.Context(), stale, nil); err != nil || s.posts() != 1 {
			t.Errorf("late Refresh = %v with %d requests, want none more", err, s.posts())
		}
		// The endpoint that always refuses does not make a loop.
		fresh := mustToken(t, src)
		_, err := src.Refresh(t.Context(), fresh, &bearer.Offer{Diagnostics: &bearer.Diagnostics{Code: 2000000, Reason: "The token has an invalid signature."}})
		var rf *token.EndpointError
		if !errors.As(err, &rf) || s.posts() != 1 || !strings.Contains(err.Error(), "invalid signature") {
			t.Errorf("Refresh of a token just renewed = %v, want *EndpointError with the reason and no request", err)
		}
		// Nor does a fault that no other token mends, however old the token is.
		time.Sleep(31 * time.Second)
		if _, err := src.Refresh(t.Context(), fresh, &bearer.Offer{Diagnostics: &bearer.Diagnostics{Code: 2000004}}); !errors.As(err, &rf) || rf.Hint == "" || s.posts() != 1 {
			t.Errorf("Refresh for an unknown tenant = %v with %d requests, want *EndpointError and no request", err, s.posts())
		}
		if _, err := src.Refresh(t.Context(), fresh, nil); err != nil || s.posts() != 2 {
			t.Errorf("Refresh half a minute later = %v with %d requests, want one more", err, s.posts())
		}
		// Without a token to name it is the current one.
		time.Sleep(31 * time.Second)
		if tok, err := src.Refresh(t.Context(), nil, nil); err != nil || s.posts() != 3 || tok.AccessToken == fresh.AccessToken {
			t.Errorf("Refresh(nil) = %v with %d requests", err, s.posts())
		}
	})
}

func TestRefreshWithClaims(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newSTS()
		src := source(t, s)
		src.Config.Capabilities = []string{"cp1"}
		stale := mustToken(t, src)
		offer := &bearer.Offer{Error: "insufficient_claims", Claims: `{"access_token":{"nbf":{"essential":true,"value":"1700000000"}}}`}
		if _, err := src.Refresh(t.Context(), stale, offer); err != nil {
			t.Fatal(err)
		}
		want := `{"access_token":{"nbf":{"essential":true,"value":"1700000000"},"xms_cc":{"values":["cp1"]}}}`
		if got := s.last().Get("claims"); got != want {
			t.Errorf("claims = %s, want %s", got, want)
		}
		time.Sleep(time.Minute)

		// The authority wants the user.
		s.intercept = func(w http.ResponseWriter, r *http.Request) bool {
			writeJSON(w, 400, map[string]any{"error": "interaction_required", "error_codes": []int{50076}, "claims": `{"access_token":{"polids":{"values":["x"]}}}`})
			return true
		}
		_, err := src.Refresh(t.Context(), mustToken(t, src), offer)
		var re *token.ReauthError
		if !errors.As(err, &re) || re.Kind != token.ReauthMFA || re.Claims == "" {
			t.Fatalf("Refresh = %v, want *ReauthError with Claims", err)
		}
		if r := load(t, src); r.RefreshToken == "" || r.Ended != "" {
			t.Errorf("record %v, want its refresh token kept: it is as good as before", r)
		}

		for _, bad := range []string{"%%%", "bm90IGpzb24", "[1]", `{"a":"` + strings.Repeat("x", 17<<10) + `"}`} {
			if _, err := src.Refresh(t.Context(), stale, &bearer.Offer{Claims: bad}); !errors.Is(err, token.ErrClaims) {
				t.Errorf("Refresh with claims %.20q = %v, want ErrClaims", bad, err)
			}
		}
	})
}

func TestRefreshAfterAComplaintAboutTheAudience(t *testing.T) {
	s := newSTS()
	src := source(t, s)
	d, err := bearer.ParseDiagnostics(`2000003;reason="The hostname component of the audience claim value is invalid. Expected 'https://mail.contoso.com'. Actual 'http://mail.contoso.com'.";error_category="invalid_resource"`)
	if err != nil {
		t.Fatal(err)
	}
	_, err = src.Refresh(t.Context(), mustToken(t, src), &bearer.Offer{Diagnostics: &d})
	var ae *token.AudienceError
	if !errors.As(err, &ae) || ae.Kind != token.TLSOffloading || ae.Expected != "https://mail.contoso.com" || ae.Actual != "http://mail.contoso.com" {
		t.Errorf("Refresh = %v, want *AudienceError of kind TLS offloading", err)
	}
	if s.posts() != 0 {
		t.Errorf("%d requests, want none", s.posts())
	}
}

func TestAudienceIsChecked(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newSTS()
		s.audience = "http://mail.contoso.com"
		src := &token.Source{Config: s.config(t), Flow: s}
		_, err := src.Token(t.Context())
		var ae *token.AudienceError
		if !errors.As(err, &ae) || ae.Kind != token.TLSOffloading {
			t.Fatalf("Token = %v, want *AudienceError of kind TLS offloading", err)
		}
		for _, want := range []string{"https://mail.contoso.com", "http://mail.contoso.com", "TLS offloading"} {
			if !strings.Contains(err.Error(), want) {
				t.Errorf("error %q lacks %q", err, want)
			}
		}
		if _, err := src.Token(t.Context()); !errors.As(err, &ae) {
			t.Errorf("second Token = %v", err)
		}

		allowed := &token.Source{Config: src.Config, Flow: s, AllowAudience: func(e *token.AudienceError) error { return nil }}
		mustToken(t, allowed)

		s.audience = ""
		opaque := &token.Source{Config: src.Config, Flow: s}
		mustToken(t, opaque)
	})
}

func TestSignInWithoutAFlow(t *testing.T) {
	s := newSTS()
	src := &token.Source{Config: s.config(t)}
	_, err := src.Token(t.Context())
	var re *token.ReauthError
	if !errors.As(err, &re) || re.Kind != token.ReauthNone {
		t.Errorf("Token = %v, want *ReauthError of kind none", err)
	}
	var ce *token.ConfigError
	if _, err := src.SignIn(t.Context()); !errors.As(err, &ce) {
		t.Errorf("SignIn = %v, want *ConfigError", err)
	}
	if _, err := src.Status(t.Context()); !errors.As(err, &re) {
		t.Errorf("Status = %v, want *ReauthError", err)
	}
	if _, err := (&token.Source{Config: src.Config, Store: &token.MemoryStore{}}).Token(t.Context()); !errors.As(err, &ce) {
		t.Errorf("Token without a key = %v, want *ConfigError", err)
	}
	if _, err := (&token.Source{}).Token(t.Context()); !errors.As(err, &ce) {
		t.Errorf("Token without a Config = %v, want *ConfigError", err)
	}
}

type flowFunc func(ctx context.Context, c *token.Config) (*oauth2.Token, error)

func (f flowFunc) SignIn(ctx context.Context, c *token.Config) (*oauth2.Token, error) {
	return f(ctx, c)
}

func TestFlowRunsOnceAndEndsWithItsCallers(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newSTS()
		var runs, ended atomic.Int64
		src := &token.Source{Config: s.config(t), Flow: flowFunc(func(ctx context.Context, c *token.Config) (*oauth2.Token, error) {
			runs.Add(1)
			<-ctx.Done()
			ended.Add(1)
			return nil, ctx.Err()
		})}
		var wg sync.WaitGroup
		for i := range 10 {
			wg.Go(func() {
				ctx, cancel := context.WithTimeout(t.Context(), time.Duration(i+1)*time.Second)
				defer cancel()
				if _, err := src.Token(ctx); !errors.Is(err, context.DeadlineExceeded) {
					t.Errorf("Token = %v", err)
				}
			})
		}
		time.Sleep(9500 * time.Millisecond)
		if runs.Load() != 1 || ended.Load() != 0 {
			t.Errorf("%d runs, %d ended while a caller waits; want 1 and 0", runs.Load(), ended.Load())
		}
		wg.Wait()
		synctest.Wait()
		if ended.Load() != 1 {
			t.Error("the Flow goes on although all callers have left")
		}
		// Nothing is held against the next caller.
		src2 := runs.Load()
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		src.Token(ctx)
		synctest.Wait()
		if runs.Load() != src2+1 {
			t.Error("the Flow did not run for the next caller")
		}
	})
}

func TestFlowThatFailsIsNotRepeated(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newSTS()
		runs := 0
		declined := &token.ReauthError{Kind: token.ReauthDeclined}
		src := &token.Source{Config: s.config(t), Flow: flowFunc(func(context.Context, *token.Config) (*oauth2.Token, error) {
			runs++
			return nil, declined
		})}
		for range 50 {
			if _, err := src.Token(t.Context()); !errors.Is(err, declined) {
				t.Fatalf("Token = %v", err)
			}
			time.Sleep(time.Minute)
		}
		if runs != 1 {
			t.Errorf("the user was asked %d times, want once", runs)
		}
		src.SignIn(t.Context())
		if runs != 2 {
			t.Errorf("SignIn did not ask the user")
		}
	})
}

func TestFlowMeetsTheClaimsOfARefusal(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newSTS()
		src := source(t, s)
		challenge := `{"access_token":{"polids":{"values":["x"]}}}`
		s.intercept = func(w http.ResponseWriter, r *http.Request) bool {
			writeJSON(w, 400, map[string]any{"error": "interaction_required", "claims": challenge})
			return true
		}
		var got string
		src.Flow = flowFunc(func(ctx context.Context, c *token.Config) (*oauth2.Token, error) {
			got = c.Claims
			return s.SignIn(ctx, c)
		})
		time.Sleep(2 * time.Hour)
		mustToken(t, src)
		if got != challenge {
			t.Errorf("the Flow was told claims %q, want %q", got, challenge)
		}
		if src.Config.Claims != "" {
			t.Error("the claims stayed in the Config")
		}
	})
}

func TestNoGoodFlow(t *testing.T) {
	s := newSTS()
	for name, flow := range map[string]flowFunc{
		"nil, nil":      func(context.Context, *token.Config) (*oauth2.Token, error) { return nil, nil },
		"empty":         func(context.Context, *token.Config) (*oauth2.Token, error) { return &oauth2.Token{}, nil },
		"panic":         func(context.Context, *token.Config) (*oauth2.Token, error) { panic("secret-in-panic") },
		"its own error": func(context.Context, *token.Config) (*oauth2.Token, error) { return nil, errors.New("no") },
	} {
		t.Run(name, func(t *testing.T) {
			src := &token.Source{Config: s.config(t), Flow: flow}
			_, err := src.Token(t.Context())
			if err == nil || strings.Contains(err.Error(), "secret") {
				t.Errorf("Token = %v, want an error without a secret", err)
			}
		})
	}
}

func TestDeviceCodeFlowTokenWithoutRefreshToken(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newSTS()
		src := &token.Source{Config: s.config(t), Flow: flowFunc(func(context.Context, *token.Config) (*oauth2.Token, error) {
			return &oauth2.Token{AccessToken: "at"}, nil
		})}
		tok := mustToken(t, src)
		if got := time.Until(tok.Expiry); got != token.DefaultAccessLifetime {
			t.Errorf("a token without expiry lives %v, want %v and not for ever", got, token.DefaultAccessLifetime)
		}
		src.Flow = nil
		time.Sleep(2 * time.Hour)
		var re *token.ReauthError
		if _, err := src.Token(t.Context()); !errors.As(err, &re) || re.Kind != token.ReauthNoRefresh {
			t.Errorf("Token = %v, want *ReauthError of kind no refresh", err)
		}
	})
}

func TestHandedOutTokensHoldNoRefreshToken(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newSTS()
		src := source(t, s)
		for range 3 {
			if tok := mustToken(t, src); tok.RefreshToken != "" || tok.Extra("id_token") != nil || tok.Extra("refresh_token") != nil {
				t.Errorf("the token holds more than its use needs")
			}
			time.Sleep(2 * time.Hour)
		}
	})
}

// A record of another client or authority is not sent anywhere.
func TestForeignRecord(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newSTS()
		src := source(t, s)
		time.Sleep(2 * time.Hour)
		other := *src.Config
		other.ClientID = "another"
		_, err := (&token.Source{Config: &other, Store: src.Store, Key: src.Key}).Token(t.Context())
		var ce *token.ConfigError
		if !errors.As(err, &ce) || s.posts() != 0 {
			t.Errorf("Token = %v after %d requests, want *ConfigError and none", err, s.posts())
		}
	})
}

// Two endpoints, one sign-in.
func TestOneGrantManyAccessTokens(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newSTS()
		s.strict = true
		src := source(t, s)
		src.Replay = token.ReplayStrict
		online := *src.Config
		online.Endpoint, online.Scopes = mustURL("https://outlook.office365.com/Microsoft-Server-ActiveSync"), []string{"https://outlook.office365.com/EAS.AccessAsUser.All", "offline_access"}
		s.audience = "https://outlook.office365.com"
		second := &token.Source{Config: &online, Store: src.Store, Key: src.Key, Replay: token.ReplayStrict}
		mustToken(t, second)
		if r := load(t, src); len(r.Access) != 2 {
			t.Errorf("record %v, want two access tokens", r)
		}
		if got := s.last().Get("scope"); got != "https://outlook.office365.com/EAS.AccessAsUser.All offline_access" {
			t.Errorf("scope = %q", got)
		}
		s.set(func() { s.audience = "https://mail.contoso.com" })
		time.Sleep(2 * time.Hour)
		mustToken(t, src)
		if s.dead {
			t.Error("the sign-in was lost between the two")
		}
	})
}

func TestSignOut(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newSTS()
		src := source(t, s)
		time.Sleep(2 * time.Hour)
		s.delay = time.Second
		done := make(chan error, 1)
		go func() {
			_, err := src.Token(t.Context())
			done <- err
		}()
		time.Sleep(500 * time.Millisecond)
		if err := src.SignOut(t.Context()); err != nil {
			t.Fatal(err)
		}
		var re *token.ReauthError
		if err := <-done; !errors.As(err, &re) || re.Kind != token.ReauthNone {
			t.Errorf("Token = %v, want *ReauthError of kind none", err)
		}
		if _, err := src.Store.Load(t.Context(), src.Key); !errors.Is(err, token.ErrNotFound) {
			t.Errorf("Load after SignOut = %v: a late refresh brought the sign-in back", err)
		}
		if err := src.SignOut(t.Context()); err != nil {
			t.Errorf("second SignOut = %v", err)
		}
	})
}

func TestS071ClockJumps(t *testing.T) {
	// The wall clock cannot be set in a test; a record with times from another clock is
	// the same to a process that starts.
	for _, tt := range []struct {
		name             string
		obtained, expiry time.Duration // from now
		requests         int
	}{
		{"made in the future, as after the clock was set back", 24 * time.Hour, 25 * time.Hour, 1},
		{"made years ahead", 9 * 365 * 24 * time.Hour, 9*365*24*time.Hour + time.Hour, 1},
		{"made by a clock that is 4 minutes ahead", 4 * time.Minute, 64 * time.Minute, 0},
		{"a lifetime of ten years", 0, 10 * 365 * 24 * time.Hour, 1},
		{"expired long ago, as after the clock was set ahead", -15 * 24 * time.Hour, -15*24*time.Hour + time.Hour, 1},
		{"expiry before its making", time.Hour, 0, 1},
		{"no times", 0, 0, 1},
	} {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				s := newSTS()
				src := source(t, s)
				r := load(t, src)
				now := time.Now()
				r.RefreshExpiry = now.Add(-time.Hour) // an expectation, no verdict
				for name, a := range r.Access {
					a.Obtained, a.Expiry = now.Add(tt.obtained), now.Add(tt.expiry)
					r.Access[name] = a
				}
				if _, err := src.Store.Save(t.Context(), src.Key, r); err != nil {
					t.Fatal(err)
				}
				fresh := &token.Source{Config: src.Config, Store: src.Store, Key: src.Key}
				mustToken(t, fresh)
				if s.posts() != tt.requests {
					t.Errorf("%d requests, want %d", s.posts(), tt.requests)
				}
				time.Sleep(90 * time.Minute)
				mustToken(t, fresh)
				if s.posts() != tt.requests+1 {
					t.Errorf("%d requests 90 minutes later, want %d", s.posts(), tt.requests+1)
				}
			})
		})
	}
}

// Tokens that live for seconds do not make a loop.
func TestShortLifetime(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newSTS()
		s.lifetime = 5 * time.Second
		src := source(t, s)
		for range 1000 {
			mustToken(t, src)
		}
		if s.posts() != 0 {
			t.Errorf("%d requests at once for a token of 5 seconds", s.posts())
		}
		begin := time.Now()
		for time.Since(begin) < time.Minute {
			mustToken(t, src)
			time.Sleep(10 * time.Millisecond)
		}
		if got := s.posts(); got < 12 || got > 40 {
			t.Errorf("%d requests in a minute, want 12 to 40", got)
		}
	})
}

// A refresh token whose lifetime counts from the sign-in ends in the middle of daily use, and
// the program learns of it before.
func TestNoticeBeforeTheEnd(t *testing.T) {
	for _, tt := range []struct {
		name     string
		lifetime time.Duration
		fixed    bool
		notice   time.Duration
		want     time.Duration // before the end; 0: no notice
	}{
		{"sliding", 0, false, 0, 0},
		{"fixed", token.DefaultRefreshLifetime, true, 0, 3 * 24 * time.Hour},
		{"page", 24 * time.Hour, true, 0, 6 * time.Hour},
		{"a week before", token.DefaultRefreshLifetime, true, 7 * 24 * time.Hour, 7 * 24 * time.Hour},
		{"not wanted", token.DefaultRefreshLifetime, true, -1, 0},
	} {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				s := newSTS()
				s.audience = "" // opaque tokens, which cost nothing to make
				begin := time.Now()
				var notices []token.Event
				var at []time.Duration
				var log bytes.Buffer
				src := &token.Source{Config: s.config(t), Store: &token.MemoryStore{}, Key: "ada", Flow: s, Early: -1,
					RefreshLifetime: tt.lifetime, RefreshFixed: tt.fixed, Notice: tt.notice, Logger: slog.New(slog.NewTextHandler(&log, nil))}
				src.Observe = func(e token.Event) {
					if e.Kind == token.EventExpiring {
						notices, at = append(notices, e), append(at, time.Since(begin))
					}
				}
				mustToken(t, src)
				for time.Since(begin) < max(tt.lifetime, 20*24*time.Hour)-time.Hour {
					step := time.Hour
					if tt.lifetime-time.Since(begin) > 8*24*time.Hour {
						step = 12 * time.Hour
					}
					time.Sleep(step)
					mustToken(t, src)
				}
				if tt.want == 0 {
					if len(notices) != 0 {
						t.Errorf("notices %v, want none", notices)
					}
					return
				}
				if len(notices) != 1 {
					t.Fatalf("%d notices, want 1", len(notices))
				}
				if end := begin.Add(tt.lifetime); !notices[0].RefreshExpiry.Equal(end) {
					t.Errorf("the end is told as %v, want %v", notices[0].RefreshExpiry, end)
				}
				if before := tt.lifetime - at[0]; before > tt.want || before < tt.want-time.Hour-time.Minute {
					t.Errorf("notice %v before the end, want %v", before, tt.want)
				}
				if !strings.Contains(log.String(), "level=WARN msg=token event=expiring") {
					t.Errorf("log:\n%s", &log)
				}
			})
		})
	}
}

func TestObserver(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newSTS()
		var events []string
		src := &token.Source{Config: s.config(t), Store: &token.MemoryStore{}, Key: "ada", Flow: s, Early: -1}
		src.Observe = func(e token.Event) {
			events = append(events, string(e.Kind))
			if txt := fmt.Sprintf("%+v", e); strings.Contains(txt, "secret") {
				t.Errorf("event %s holds a secret", txt)
			}
		}
		mustToken(t, src)
		time.Sleep(2 * time.Hour)
		mustToken(t, src)
		s.set(func() { s.dead = true })
		src.Flow = nil
		time.Sleep(2 * time.Hour)
		src.Token(t.Context())
		synctest.Wait()
		if got, want := strings.Join(events, ","), "signed in,refreshed,ended"; got != want {
			t.Errorf("events %s, want %s", got, want)
		}
	})
}
