package token_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/easoauth/easoauth/token"
)

const redirectURI = "https://app.contoso.com/signed-in"

// respond is what the authority sends the browser back with after the user has signed in.
func respond(s *sts, a *token.Authorization) url.Values {
	q := mustURL(a.URL).Query()
	s.set(func() { s.codes["code-secret-1"] = q })
	return url.Values{"code": {"code-secret-1"}, "state": {q.Get("state")}, "session_state": {"x"}}
}

// The two halves run in two processes, and the sign-in is stored as any other.
func TestAuthorization(t *testing.T) {
	s := newSTS()
	s.metadata = func(m map[string]any) { m["response_modes_supported"] = []string{"query", "form_post"} }
	c := s.config(t)
	c.Auth = token.Secret("s3cret")
	step := *c
	step.Claims = `{"access_token":{"acrs":{"essential":true,"value":"c1"}}}`
	a, err := step.Authorize(t.Context(), redirectURI, &token.AuthorizeOptions{LoginHint: "ada@contoso.com", Prompt: "login"})
	if err != nil {
		t.Fatal(err)
	}
	q := mustURL(a.URL).Query()
	for name, want := range map[string]string{
		"client_id": clientID, "redirect_uri": redirectURI, "state": a.State, "response_mode": "query", "prompt": "login",
		"login_hint": "ada@contoso.com", "code_challenge_method": "S256", "claims": `{"access_token":{"acrs":{"essential":true,"value":"c1"}}}`,
	} {
		if got := q.Get(name); got != want {
			t.Errorf("%s = %q, want %q", name, got, want)
		}
	}
	params := respond(s, a)
	kept, err := a.Encode()
	if err != nil {
		t.Fatal(err)
	}

	again, err := token.DecodeAuthorization(kept)
	if err != nil {
		t.Fatal(err)
	}
	if again.URL != a.URL || again.State != a.State || !again.Expiry.Equal(a.Expiry) {
		t.Errorf("decoded %v, want %v", again, a)
	}
	store := &token.MemoryStore{}
	src := &token.Source{Config: c, Store: store, Key: "ada", Flow: again.Redeem(params)}
	if _, err := src.SignIn(t.Context()); err != nil {
		t.Fatal(err)
	}
	if f := s.posted("/token"); f.Get("redirect_uri") != redirectURI || f.Get("client_secret") != "s3cret" || !strings.Contains(f.Get("claims"), "acrs") {
		t.Errorf("redeemed with %v", f)
	}
	// A later request, without a flow.
	later := &token.Source{Config: c, Store: store, Key: "ada"}
	mustToken(t, later)
	if st, err := later.Status(t.Context()); err != nil || st.Account.Username != "ada@contoso.com" {
		t.Errorf("Status = %+v, %v", st, err)
	}

	form, err := c.Authorize(t.Context(), redirectURI, &token.AuthorizeOptions{FormPost: true})
	if err != nil || mustURL(form.URL).Query().Get("response_mode") != "form_post" {
		t.Errorf("with FormPost: %v, %v", form, err)
	}
}

func TestRedeemRefuses(t *testing.T) {
	for _, tt := range []struct {
		name    string
		alter   func(v url.Values)
		config  func(c *token.Config)
		wait    time.Duration
		target  any
		is      error
		mention string
		posts   int
	}{
		{name: "no state", alter: func(v url.Values) { v.Del("state") }, is: token.ErrState},
		{name: "another state", alter: func(v url.Values) { v.Set("state", "x") }, is: token.ErrState},
		{name: "two states", alter: func(v url.Values) { v.Add("state", "x") }, is: token.ErrState},
		{name: "no parameters", alter: func(v url.Values) { clear(v) }, is: token.ErrState},
		{name: "declined", alter: func(v url.Values) { v.Del("code"); v.Set("error", "access_denied") }, target: new(*token.ReauthError), mention: "declined"},
		{name: "two codes", alter: func(v url.Values) { v.Add("code", "x") }, target: new(*token.TransientError), mention: "repeats"},
		{name: "neither code nor error", alter: func(v url.Values) { v.Del("code") }, target: new(*token.TransientError), mention: "neither"},
		{name: "forged code", alter: func(v url.Values) { v.Set("code", "x") }, target: new(*token.ReauthError), mention: "70000", posts: 1},
		{name: "another issuer", alter: func(v url.Values) { v.Set("iss", "https://evil.example") }, target: new(*token.IDTokenError), mention: "mix-up"},
		{name: "too late", wait: 2 * time.Hour, target: new(*token.ReauthError), mention: "hour"},
		{name: "another client", config: func(c *token.Config) { c.ClientID = "x" }, target: new(*token.ConfigError), mention: "another client"},
		{name: "another authority", config: func(c *token.Config) { a := *c.Authority; a.Host = "fs.contoso.com"; c.Authority = &a }, target: new(*token.ConfigError), mention: "another authority"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				s := newSTS()
				c := s.config(t)
				a, err := c.Authorize(t.Context(), redirectURI, nil)
				if err != nil {
					t.Fatal(err)
				}
				params := respond(s, a)
				if tt.alter != nil {
					tt.alter(params)
				}
				d := *c
				if tt.config != nil {
					tt.config(&d)
				}
				time.Sleep(tt.wait)
				_, err = a.Redeem(params).SignIn(t.Context(), &d)
				if err == nil || tt.is != nil && !errors.Is(err, tt.is) || tt.target != nil && !errors.As(err, tt.target) || !strings.Contains(err.Error(), tt.mention) {
					t.Errorf("SignIn = %v, want %v %T that mentions %q", err, tt.is, tt.target, tt.mention)
				}
				if n := s.posts(); n != tt.posts {
					t.Errorf("%d requests for a token, want %d", n, tt.posts)
				}
				if err != nil && strings.Contains(err.Error(), "secret") {
					t.Errorf("error %v holds a secret", err)
				}
			})
		})
	}
}

// A code is sent once, and once more only when the authority could not answer.
func TestRedeemIsSpent(t *testing.T) {
	s := newSTS()
	c := s.config(t)
	a, err := c.Authorize(t.Context(), redirectURI, nil)
	if err != nil {
		t.Fatal(err)
	}
	f := a.Redeem(respond(s, a))
	s.set(func() {
		s.intercept = func(w http.ResponseWriter, r *http.Request) bool { w.WriteHeader(503); return true }
	})
	var te *token.TransientError
	if _, err := f.SignIn(t.Context(), c); !errors.As(err, &te) {
		t.Errorf("SignIn = %v, want *TransientError", err)
	}
	s.set(func() { s.intercept = nil })
	if _, err := f.SignIn(t.Context(), c); err != nil {
		t.Errorf("SignIn after an outage = %v", err)
	}
	before := s.posts()
	var re *token.ReauthError
	if _, err := f.SignIn(t.Context(), c); !errors.As(err, &re) || s.posts() != before {
		t.Errorf("SignIn with a used code = %v after %d requests, want *ReauthError and none", err, s.posts()-before)
	}
}

func TestAuthorizeRedirect(t *testing.T) {
	c := newSTS().config(t)
	for uri, ok := range map[string]bool{
		"https://app.contoso.com/cb": true, "https://app.contoso.com/cb?x=1": true, "http://localhost:8080/cb": true, "http://127.0.0.1/": true,
		"http://app.contoso.com/cb": false, "https://app.contoso.com/cb#x": false, "https://u@app.contoso.com/": false, "http://u@localhost/": false,
		"javascript:alert(1)": false, "/cb": false, "": false, "https://": false,
	} {
		_, err := c.Authorize(t.Context(), uri, nil)
		var ce *token.ConfigError
		if ok && err != nil || !ok && (!errors.As(err, &ce) || ce.Kind != token.ConfigRedirect) {
			t.Errorf("Authorize to %q = %v, want success %v", uri, err, ok)
		}
	}
}

// A code that was shown by one process is waited for by another.
func TestDeviceAuthorization(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newSTS()
		c := s.config(t)
		c.Auth = token.Secret("s3cret")
		device(s, map[string]any{"interval": 7}, "authorization_pending", "authorization_pending", "ok")
		d, err := c.AuthorizeDevice(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		if f := s.last(); f.Get("client_secret") != "s3cret" || f.Get("client_id") != clientID { // RFC 8628 section 3.1
			t.Errorf("the device endpoint was sent %v, want the client's authentication", f)
		}
		if d.UserCode != "ABCD-EFGH" || time.Until(d.Expiry) != 15*time.Minute {
			t.Errorf("%+v", d.DevicePrompt)
		}
		kept, err := d.Encode()
		if err != nil {
			t.Fatal(err)
		}
		time.Sleep(time.Minute) // the process ends, and another begins
		again, err := token.DecodeDeviceAuthorization(kept)
		if err != nil {
			t.Fatal(err)
		}
		if again.UserCode != d.UserCode || !again.Expiry.Equal(d.Expiry) || again.VerificationURI != d.VerificationURI || again.Message != d.Message {
			t.Errorf("decoded %+v, want %+v", again.DevicePrompt, d.DevicePrompt)
		}
		begin := time.Now()
		src := &token.Source{Config: c, Store: &token.MemoryStore{}, Key: "ada", Flow: again}
		if _, err := src.SignIn(t.Context()); err != nil {
			t.Fatal(err)
		}
		if took := time.Since(begin); took != 21*time.Second {
			t.Errorf("took %v, want three intervals of 7s", took)
		}
		other := *c
		other.ClientID = "x"
		var ce *token.ConfigError
		if _, err := again.SignIn(t.Context(), &other); !errors.As(err, &ce) {
			t.Errorf("SignIn of another client = %v, want *ConfigError", err)
		}
		time.Sleep(time.Hour)
		var re *token.ReauthError
		if _, err := again.SignIn(t.Context(), c); !errors.As(err, &re) || re.Kind != token.ReauthExpired || !strings.Contains(err.Error(), "Browser") {
			t.Errorf("SignIn after the end = %v, want expired", err)
		}
	})
}

// Between its halves a sign-in is a secret.
func TestHalvesDoNotPrint(t *testing.T) {
	s := newSTS()
	c := s.config(t)
	a, err := c.Authorize(t.Context(), redirectURI, nil)
	if err != nil {
		t.Fatal(err)
	}
	d, err := c.AuthorizeDevice(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	kept, _ := a.Encode()
	var secrets struct {
		Verifier string `json:"code_verifier"`
		Nonce    string `json:"nonce"`
		State    string `json:"state"`
	}
	if err := json.Unmarshal(kept, &secrets); err != nil || secrets.Verifier == "" || secrets.Nonce == "" {
		t.Fatalf("Encode = %s", kept)
	}
	var out strings.Builder
	log := slog.New(slog.NewJSONHandler(&out, nil))
	redeem := a.Redeem(url.Values{"code": {secrets.Verifier}, "state": {a.State}})
	for _, v := range []any{a, *a, d, *d, struct{ A any }{a}, []any{*a, d}, redeem, struct{ Flow token.Flow }{redeem}} {
		fmt.Fprintf(&out, "%v %+v %#v %s\n", v, v, v, v)
		log.Info("x", "v", v)
		b, err := json.Marshal(v)
		if err != nil {
			t.Error(err)
		}
		out.Write(b)
	}
	for _, secret := range []string{secrets.Verifier, secrets.Nonce, secrets.State, "dc-secret", "ABCD-EFGH"} {
		if strings.Contains(out.String(), secret) {
			t.Errorf("%q is printed:\n%s", secret, &out)
		}
	}
	if json.Unmarshal([]byte(`"x"`), a) == nil || json.Unmarshal([]byte(`"x"`), d) == nil {
		t.Error("a summary was read back")
	}
}

func FuzzDecodeHalves(f *testing.F) {
	for _, s := range []string{
		`{"version":1,"url":"https://x","expires":"2026-01-02T03:04:05Z","client_id":"c","authority":"a","redirect_uri":"https://r","state":"s","nonce":"n","code_verifier":"v"}`,
		`{"version":1,"user_code":"u","device_code":"d","expires":"2026-01-02T03:04:05Z","interval":-5}`, `{"version":2}`, `[]`, ``,
	} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		var ce *token.ConfigError
		a, err := token.DecodeAuthorization(data)
		if err == nil {
			if b, err := a.Encode(); err == nil {
				if _, err := token.DecodeAuthorization(b); err != nil {
					t.Errorf("%s: %v", b, err)
				}
			}
		} else if !errors.As(err, &ce) || ce.Kind != token.ConfigDocument {
			t.Errorf("DecodeAuthorization = %v", err)
		}
		d, err := token.DecodeDeviceAuthorization(data)
		if err == nil {
			if b, err := d.Encode(); err == nil {
				if _, err := token.DecodeDeviceAuthorization(b); err != nil {
					t.Errorf("%s: %v", b, err)
				}
			}
		} else if !errors.As(err, &ce) || ce.Kind != token.ConfigDocument {
			t.Errorf("DecodeDeviceAuthorization = %v", err)
		}
	})
}
