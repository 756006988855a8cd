package eastest_test

import (
	"io"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"golang.org/x/oauth2"

	"github.com/easoauth/easoauth/eas/eastest"
)

// x/oauth2 refreshes without a scope: the sign-in's is meant, offline_access included, so
// that each refresh brings the token for the next.
func TestRefreshChain(t *testing.T) {
	for name, strict := range map[string]bool{"tolerant": false, "strict": true} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				tn := eastest.New(t, &eastest.Options{Topology: eastest.Hybrid, StrictRotation: strict})
				ctx, conf, _ := start(t, tn)
				verifier := oauth2.GenerateVerifier()
				code := authorize(t, tn, conf.AuthCodeURL("s", oauth2.S256ChallengeOption(verifier))).Get("code")
				first, err := conf.Exchange(ctx, code, oauth2.VerifierOption(verifier))
				if err != nil {
					t.Fatal(err)
				}
				last, seen := first, map[string]bool{first.RefreshToken: true}
				for range 4 {
					// Each in time, all together longer than one refresh token lives.
					time.Sleep(10 * 24 * time.Hour)
					if last, err = conf.TokenSource(ctx, last).Token(); err != nil {
						t.Fatal(err)
					}
					if seen[last.RefreshToken] {
						t.Fatal("the refresh token was not replaced")
					}
					seen[last.RefreshToken] = true
					if status, why := options(t, tn, last.AccessToken); status != 200 {
						t.Fatalf("the refreshed token is refused: %d %s", status, why)
					}
				}
				if last.Extra("id_token") == nil {
					t.Error("openid was consented to, and a refresh brings no ID token")
				}
				if !strict {
					return
				}
				// Whoever comes with the first one stole it, and the whole sign-in ends.
				_, err = conf.TokenSource(ctx, &oauth2.Token{RefreshToken: first.RefreshToken}).Token()
				wantError(t, err, "invalid_grant", "AADSTS700082") // it has run out by now
				recent := last.RefreshToken
				if last, err = conf.TokenSource(ctx, &oauth2.Token{RefreshToken: recent}).Token(); err != nil {
					t.Fatal(err)
				}
				_, err = conf.TokenSource(ctx, &oauth2.Token{RefreshToken: recent}).Token()
				wantError(t, err, "invalid_grant", "AADSTS70000")
				_, err = conf.TokenSource(ctx, &oauth2.Token{RefreshToken: last.RefreshToken}).Token()
				wantError(t, err, "invalid_grant", "AADSTS70000")
			})
		})
	}
}

// options asks Exchange what it thinks of a token.
func options(t *testing.T, tn *eastest.Tenant, token string) (status int, diagnostics string) {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), http.MethodOptions, tn.URL().String(), nil)
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Authorization", "Bearer "+token)
	resp, err := tn.Client().Do(req)
	if err != nil {
		t.Fatal(err)
	}
	resp.Body.Close()
	diagnostics, _, _ = strings.Cut(resp.Header.Get("X-Ms-Diagnostics"), ";")
	return resp.StatusCode, diagnostics
}

// What a scope asks for is what Exchange is shown.
func TestScopeAndAudience(t *testing.T) {
	for _, tt := range []struct {
		scope string
		want  string // diagnostics
	}{
		{"https://mail.contoso.com/EAS.AccessAsUser.All", ""},
		{"openid https://mail.contoso.com/.default", ""},
		{"https://mail.contoso.com//EAS.AccessAsUser.All", ""},
		{"https://mail.contoso.com/Mail.Read https://mail.contoso.com/EAS.AccessAsUser.All", ""},
		{"https://mail.contoso.com/Mail.Read", "2000008"},
		{"https://mail.contoso.com/Mail.Read https://outlook.office.com/EAS.AccessAsUser.All", "2000008"},
		{"https://outlook.office365.com/EAS.AccessAsUser.All", "2000003"},
		{"EAS.AccessAsUser.All", "2000003"}, // Graph's
		{"openid profile", "2000003"},
	} {
		tn := eastest.New(t, &eastest.Options{Topology: eastest.Hybrid})
		ctx, conf, _ := start(t, tn)
		conf.Scopes = strings.Fields(tt.scope)
		verifier := oauth2.GenerateVerifier()
		code := authorize(t, tn, conf.AuthCodeURL("s", oauth2.S256ChallengeOption(verifier))).Get("code")
		tok, err := conf.Exchange(ctx, code, oauth2.VerifierOption(verifier))
		if err != nil {
			t.Errorf("%s: %v", tt.scope, err)
			continue
		}
		if tok.RefreshToken != "" {
			t.Errorf("%s: a refresh token without offline_access", tt.scope)
		}
		if status, got := options(t, tn, tok.AccessToken); got != tt.want || (status == 200) != (tt.want == "") {
			t.Errorf("%s: Exchange says %d %q, want %q", tt.scope, status, got, tt.want)
		}
	}
}

func TestSignInRefused(t *testing.T) {
	tn := eastest.New(t, &eastest.Options{Topology: eastest.Hybrid})
	refused := tn.Switch(eastest.Fault{ID: "SIGN_IN_REFUSED", Value: "AADSTS50076"})
	ctx, conf, _ := start(t, tn)
	conf.Endpoint.DeviceAuthURL = "https://login.microsoftonline.com/common/oauth2/v2.0/devicecode"
	got := authorize(t, tn, conf.AuthCodeURL("s", oauth2.S256ChallengeOption(oauth2.GenerateVerifier())))
	if got.Get("error") != "interaction_required" || !strings.HasPrefix(got.Get("error_description"), "AADSTS50076: ") {
		t.Errorf("authorize: %v", got)
	}
	_, err := conf.TokenSource(ctx, &oauth2.Token{RefreshToken: "x"}).Token()
	wantError(t, err, "invalid_grant", "AADSTS70000")
	for _, bad := range []string{"consent", "AADSTS", "65001 ", "065001", "-1"} {
		func() {
			defer func() {
				if recover() == nil {
					t.Errorf("SIGN_IN_REFUSED = %q: no panic", bad)
				}
			}()
			tn.Switch(eastest.Fault{ID: "SIGN_IN_REFUSED", Value: bad})
		}()
	}
	refused.Lift()
	resp, err := tn.Client().PostForm(conf.Endpoint.DeviceAuthURL, url.Values{"client_id": {conf.ClientID}, "scope": {scopes[0]}})
	if err != nil {
		t.Fatal(err)
	}
	b, err := io.ReadAll(resp.Body)
	resp.Body.Close()
	if err != nil || resp.StatusCode != 200 || !strings.Contains(string(b), "device_code") {
		t.Errorf("once it is over: %d %s", resp.StatusCode, b)
	}
}

// The automatic user sees what a user would see.
func TestBrowserFails(t *testing.T) {
	tn := eastest.New(t, &eastest.Options{Topology: eastest.Hybrid})
	_, conf, _ := start(t, tn)
	challenge := oauth2.S256ChallengeOption(oauth2.GenerateVerifier())
	for _, tt := range []struct{ url, want string }{
		{conf.AuthCodeURL("s", challenge, oauth2.SetAuthURLParam("client_id", "x")), "AADSTS700016"},
		{conf.AuthCodeURL("s", challenge, oauth2.SetAuthURLParam("redirect_uri", "https://evil.example/")), "AADSTS50011"},
		{"https://login.example/authorize?state=s3cret", "no such host"},
	} {
		err := tn.Browser()(t.Context(), tt.url)
		if err == nil || !strings.Contains(err.Error(), tt.want) || strings.Contains(err.Error(), "s3cret") {
			t.Errorf("Browser: %v, want %s", err, tt.want)
		}
	}
}

// Events end the tokens of those they concern, and only those issued before.
func TestRevokeAndExpire(t *testing.T) {
	tn := eastest.New(t, &eastest.Options{Topology: eastest.Hybrid})
	ctx, conf, _ := start(t, tn)
	const bob = "bob@contoso.com"
	tn.AddMailbox(bob)
	signIn := func(addr string) *oauth2.Token {
		verifier := oauth2.GenerateVerifier()
		target := conf.AuthCodeURL("s", oauth2.S256ChallengeOption(verifier), oauth2.SetAuthURLParam("login_hint", addr))
		tok, err := conf.Exchange(ctx, authorize(t, tn, target).Get("code"), oauth2.VerifierOption(verifier))
		if err != nil {
			t.Fatal(err)
		}
		return tok
	}
	want := func(when string, tok *oauth2.Token, diagnostics string) {
		t.Helper()
		if _, got := options(t, tn, tok.AccessToken); got != diagnostics {
			t.Errorf("%s: Exchange says %q, want %q", when, got, diagnostics)
		}
	}
	refresh := func(tok *oauth2.Token) (*oauth2.Token, error) {
		return conf.TokenSource(ctx, &oauth2.Token{RefreshToken: tok.RefreshToken}).Token()
	}
	a, b := signIn(ada), signIn(bob)
	tn.ExpireAccessTokens()
	want("expired early", a, "2000002")
	want("expired early", b, "2000002")
	a, err := refresh(a)
	if err != nil {
		t.Fatal(err)
	}
	if b, err = refresh(b); err != nil {
		t.Fatal(err)
	}
	want("refreshed", a, "")
	tn.Revoke("Ada@contoso.com")
	want("revoked", a, "2000002")
	want("another user", b, "")
	_, err = refresh(a)
	wantError(t, err, "invalid_grant", "AADSTS50173")
	if _, err = refresh(b); err != nil {
		t.Errorf("another user cannot refresh: %v", err)
	}
	want("signed in again", signIn(ada), "")
}
