package token_test

import (
	"context"
	"errors"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/easoauth/easoauth/token"
)

// device answers the device endpoint with init and the token endpoint with the answers in
// turn, the last for ever; "ok" is a grant.
func device(s *sts, init map[string]any, answers ...string) {
	n := 0
	s.intercept = func(w http.ResponseWriter, r *http.Request) bool {
		switch {
		case strings.HasSuffix(r.URL.Path, "/devicecode"):
			m := map[string]any{"device_code": "dc-secret", "user_code": "ABCD-EFGH", "verification_uri": "https://microsoft.com/devicelogin",
				"expires_in": 900, "interval": 5, "message": "Type ABCD-EFGH"}
			for k, v := range init {
				m[k] = v
			}
			writeJSON(w, 200, m)
			return true
		case strings.HasSuffix(r.URL.Path, "/token"):
			if r.Form.Get("device_code") != "dc-secret" || r.Form.Get("grant_type") != "urn:ietf:params:oauth:grant-type:device_code" {
				writeJSON(w, 400, map[string]any{"error": "invalid_request"})
				return true
			}
			a := answers[min(n, len(answers)-1)]
			n++
			switch a {
			case "ok":
				return false
			case "503":
				http.Error(w, "", http.StatusServiceUnavailable)
			default:
				writeJSON(w, 400, map[string]any{"error": a})
			}
			return true
		}
		return false
	}
}

// A page on another host than the authority's is shown, as long as it is https: Entra's own is
// at microsoft.com, and it is the authority that names it, over TLS.
func TestDeviceCode(t *testing.T) {
	for _, tt := range []struct {
		name    string
		init    map[string]any
		answers []string
		took    time.Duration // 0: do not look
		target  any           // nil: it succeeds
		mention string
	}{
		{"at once", nil, []string{"ok"}, 5 * time.Second, nil, ""},
		{"pending", nil, []string{"authorization_pending", "authorization_pending", "ok"}, 15 * time.Second, nil, ""},
		{"slow_down", nil, []string{"authorization_pending", "slow_down", "slow_down", "ok"}, 5*time.Second + 5*time.Second + 10*time.Second + 15*time.Second, nil, ""},
		{"interval of the authority", map[string]any{"interval": "7"}, []string{"ok"}, 7 * time.Second, nil, ""},
		{"S062 interval 0", map[string]any{"interval": 0}, []string{"ok"}, 5 * time.Second, nil, ""},
		{"interval -1", map[string]any{"interval": -1}, []string{"ok"}, 5 * time.Second, nil, ""},
		{"S062 interval 1e9", map[string]any{"interval": 1e9}, []string{"ok"}, time.Minute, nil, ""},
		{"no interval", map[string]any{"interval": nil}, []string{"ok"}, 5 * time.Second, nil, ""},
		{"authority ill for a while", nil, []string{"503", "503", "ok"}, 35 * time.Second, nil, ""},
		{"older name of the URI", map[string]any{"verification_uri": nil, "verification_url": "https://www.microsoft.com/link"}, []string{"ok"}, 0, nil, ""},

		{"declined at Entra", nil, []string{"authorization_pending", "authorization_declined"}, 10 * time.Second, new(*token.ReauthError), "declined"},
		{"declined elsewhere", nil, []string{"access_denied"}, 5 * time.Second, new(*token.ReauthError), "declined"},
		{"expired", nil, []string{"expired_token"}, 5 * time.Second, new(*token.ReauthError), "expired"},
		{"never used", nil, []string{"authorization_pending"}, 15 * time.Minute, new(*token.ReauthError), "expired"},
		{"S062 slow_down for ever", map[string]any{"expires_in": 600}, []string{"slow_down"}, 10 * time.Minute, new(*token.ReauthError), "expired"},
		{"S062 no lifetime", map[string]any{"expires_in": 0}, []string{"authorization_pending"}, 15 * time.Minute, new(*token.ReauthError), "expired"},
		{"endless lifetime", map[string]any{"expires_in": 1e12}, []string{"authorization_pending"}, time.Hour, new(*token.ReauthError), "expired"},
		{"public client flows are off", nil, []string{"invalid_client"}, 5 * time.Second, new(*token.ConfigError), "public client flows"},
		{"S062 plain http page", map[string]any{"verification_uri": "http://microsoft.com/devicelogin"}, nil, 0, new(*token.TransientError), "verification_uri"},
		{"script for a page", map[string]any{"verification_uri": "javascript:alert(1)"}, nil, 0, new(*token.TransientError), "verification_uri"},
		{"S062 page with user information", map[string]any{"verification_uri": "https://microsoft.com@evil.example/"}, nil, 0, new(*token.TransientError), "verification_uri"},
		{"no page", map[string]any{"verification_uri": nil}, nil, 0, new(*token.TransientError), "verification_uri"},
		{"no code", map[string]any{"user_code": ""}, nil, 0, new(*token.TransientError), "no device code"},
		{"no device code", map[string]any{"device_code": 7}, nil, 0, new(*token.TransientError), "no device code"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				s := newSTS()
				c := s.config(t)
				device(s, tt.init, tt.answers...)
				begin := time.Now()
				var prompt *token.DevicePrompt
				tok, err := (&token.DeviceCode{Prompt: func(ctx context.Context, p *token.DevicePrompt) error {
					prompt = p
					return nil
				}}).SignIn(t.Context(), c)
				if tt.took != 0 && time.Since(begin) != tt.took {
					t.Errorf("took %v, want %v", time.Since(begin), tt.took)
				}
				if tt.target == nil {
					if err != nil || tok.RefreshToken == "" {
						t.Errorf("SignIn = %v", err)
					}
					return
				}
				if err == nil || !errors.As(err, tt.target) || !strings.Contains(err.Error(), tt.mention) {
					t.Errorf("SignIn = %v, want %T that mentions %q", err, tt.target, tt.mention)
				}
				if tt.answers == nil && prompt != nil {
					t.Errorf("the user was shown %+v", prompt)
				}
				if strings.Contains(err.Error(), "dc-secret") {
					t.Errorf("error %v holds a secret", err)
				}
			})
		})
	}
}

func TestS062DevicePromptIsSafeToPrint(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newSTS()
		c := s.config(t)
		device(s, map[string]any{"user_code": "AB\x1b]0;x\x07\u202eCD", "message": "Anmeldung \x1b[2Jnötig", "verification_uri_complete": "http://x"}, "ok")
		var got *token.DevicePrompt
		_, err := (&token.DeviceCode{Prompt: func(_ context.Context, p *token.DevicePrompt) error { got = p; return nil }}).SignIn(t.Context(), c)
		if err != nil {
			t.Fatal(err)
		}
		want := token.DevicePrompt{UserCode: "AB·]0;x··CD", Message: "Anmeldung ·[2Jnötig", VerificationURI: "https://microsoft.com/devicelogin", Expiry: got.Expiry}
		if *got != want {
			t.Errorf("prompt %+v, want %+v", *got, want)
		}
	})
}

func TestDeviceCodeEndsWithItsContext(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newSTS()
		c := s.config(t)
		device(s, nil, "authorization_pending")
		ctx, cancel := context.WithTimeout(t.Context(), 7*time.Second)
		defer cancel()
		begin := time.Now()
		_, err := (&token.DeviceCode{Prompt: func(context.Context, *token.DevicePrompt) error { return nil }}).SignIn(ctx, c)
		if !errors.Is(err, context.DeadlineExceeded) || time.Since(begin) != 7*time.Second {
			t.Errorf("SignIn = %v after %v, want DeadlineExceeded after 7s", err, time.Since(begin))
		}
		// The request for the code is bound to the context as well.
		s.delay = time.Minute
		ctx, cancel = context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		if _, err := (&token.DeviceCode{Prompt: func(context.Context, *token.DevicePrompt) error { return nil }}).SignIn(ctx, c); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("SignIn = %v, want DeadlineExceeded", err)
		}
		time.Sleep(2 * time.Minute)
	})
}

func TestDeviceCodeNeedsAPrompt(t *testing.T) {
	s := newSTS()
	c := s.config(t)
	var ce *token.ConfigError
	if _, err := (&token.DeviceCode{}).SignIn(t.Context(), c); !errors.As(err, &ce) {
		t.Errorf("SignIn = %v, want *ConfigError", err)
	}
	boom := errors.New("boom")
	if _, err := (&token.DeviceCode{Prompt: func(context.Context, *token.DevicePrompt) error { return boom }}).SignIn(t.Context(), c); !errors.Is(err, boom) {
		t.Errorf("SignIn = %v, want the error of Prompt", err)
	}
	a := *c.Authority
	a.DeviceAuthorizationEndpoint = nil
	c.Authority = &a
	if _, err := (&token.DeviceCode{Prompt: func(context.Context, *token.DevicePrompt) error { return nil }}).SignIn(t.Context(), c); !errors.As(err, &ce) {
		t.Errorf("SignIn without an endpoint = %v, want *ConfigError", err)
	}
}

// An ID token that comes along is verified, although a device sign-in has no nonce.
func TestDeviceCodeVerifiesTheIDToken(t *testing.T) {
	show := func(context.Context, *token.DevicePrompt) error { return nil }
	for name, change := range map[string]func(m map[string]any){
		"for another client": func(m map[string]any) { m["aud"] = "other" },
		"of another issuer":  func(m map[string]any) { m["iss"] = "https://evil.example" },
		"":                   func(map[string]any) {},
	} {
		synctest.Test(t, func(t *testing.T) {
			s := newSTS()
			s.extra = map[string]any{"id_token": idToken(change)}
			c := s.config(t)
			device(s, nil, "ok")
			_, err := (&token.DeviceCode{Prompt: show}).SignIn(t.Context(), c)
			var ie *token.IDTokenError
			if (name == "") != (err == nil) || err != nil && !errors.As(err, &ie) {
				t.Errorf("ID token %s: SignIn = %v", name, err)
			}
		})
	}
}
