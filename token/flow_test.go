package token_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"

	"golang.org/x/oauth2"

	"github.com/easoauth/easoauth/token"
)

// A stub is a flow with one outcome.
type stub struct {
	err    error
	person bool
	ran    *[]string
	name   string
	claims *string
}

func (f stub) Interactive() bool { return f.person }

func (f stub) SignIn(ctx context.Context, c *token.Config) (*oauth2.Token, error) {
	*f.ran = append(*f.ran, f.name)
	if f.claims != nil {
		*f.claims = c.Claims
	}
	c.Scopes[0] = "changed" // its own copy
	if f.err != nil {
		return nil, f.err
	}
	return &oauth2.Token{AccessToken: f.name}, nil
}

func TestFirstOf(t *testing.T) {
	reauth := &token.ReauthError{Kind: token.ReauthMFA, Refusal: token.Refusal{Claims: `{"a":1}`}}
	missing := fmt.Errorf("no display: %w", token.ErrFlowUnavailable)
	declined := &token.ReauthError{Kind: token.ReauthDeclined}
	for _, tt := range []struct {
		name    string
		first   error
		person  bool // the first flow needs one
		second  error
		want    string // flows that ran
		is      error  // nil: the second succeeds
		claimed string
	}{
		{"first succeeds", nil, false, nil, "first", nil, ""},
		{"dead import, then the person", reauth, false, nil, "first second", nil, `{"a":1}`},
		{"no display, then the code", missing, true, nil, "first second", nil, ""},
		{"the user declines", declined, true, nil, "first", declined, ""},
		{"the authority is down", &token.TransientError{Hint: "down"}, false, nil, "first", nil, ""},
		{"nothing works", missing, true, declined, "first second", declined, ""},
		{"nothing is available", missing, true, missing, "first second", token.ErrFlowUnavailable, ""},
	} {
		t.Run(tt.name, func(t *testing.T) {
			var ran []string
			var claims string
			c := newSTS().config(t)
			scope := c.Scopes[0]
			f := token.FirstOf(stub{err: tt.first, person: tt.person, ran: &ran, name: "first"},
				stub{err: tt.second, person: true, ran: &ran, name: "second", claims: &claims})
			tok, err := f.SignIn(t.Context(), c)
			if got := strings.Join(ran, " "); got != tt.want {
				t.Errorf("ran %q, want %q", got, tt.want)
			}
			if tt.is != nil && !errors.Is(err, tt.is) {
				t.Errorf("SignIn = %v, want %v", err, tt.is)
			}
			if tt.first != nil && err != nil && !errors.Is(err, tt.first) {
				t.Errorf("SignIn = %v, which does not wrap the first flow's %v", err, tt.first)
			}
			if tt.is == nil && err == nil && tok.AccessToken != ran[len(ran)-1] {
				t.Errorf("token of %q", tok.AccessToken)
			}
			if claims != tt.claimed {
				t.Errorf("second flow has claims %q, want %q", claims, tt.claimed)
			}
			if c.Scopes[0] != scope {
				t.Error("a flow changed the caller's Config")
			}
			if strings.Contains(fmt.Sprint(err), "\n") {
				t.Errorf("error of several lines: %v", err)
			}
		})
	}
	if _, err := token.FirstOf().SignIn(t.Context(), newSTS().config(t)); !errors.Is(err, token.ErrFlowUnavailable) {
		t.Errorf("SignIn without flows = %v", err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	var ran []string
	cancelling := token.FlowFunc(func(context.Context, *token.Config) (*oauth2.Token, error) {
		cancel()
		return nil, token.ErrFlowUnavailable
	})
	if _, err := token.FirstOf(cancelling, stub{ran: &ran, name: "late"}).SignIn(ctx, newSTS().config(t)); err == nil || len(ran) != 0 {
		t.Errorf("SignIn = %v, and ran %v after its context had ended", err, ran)
	}
}

func TestInteractive(t *testing.T) {
	is := func(f token.Flow) bool {
		i, ok := f.(interface{ Interactive() bool })
		return !ok || i.Interactive()
	}
	for name, tt := range map[string]struct {
		flow token.Flow
		want bool
	}{
		"browser": {&token.Browser{}, true}, "device": {&token.DeviceCode{}, true}, "import": {token.RefreshToken("x"), false},
		"on behalf of": {&token.OnBehalfOf{}, false}, "app": {token.ClientCredentials{}, false}, "func": {token.FlowFunc(nil), true},
		"chain with a person": {token.FirstOf(token.RefreshToken("x"), &token.Browser{}), true},
		"chain without":       {token.FirstOf(token.RefreshToken("x"), token.ClientCredentials{}), false},
	} {
		if got := is(tt.flow); got != tt.want {
			t.Errorf("%s: Interactive = %v, want %v", name, got, tt.want)
		}
	}
}

func TestClientCredentials(t *testing.T) {
	for _, tt := range []struct {
		name   string
		scopes []string
		want   string // scope that is sent
		err    string
	}{
		{"IMAP", []string{"https://outlook.office365.com/IMAP.AccessAsApp", "offline_access"}, "https://outlook.office365.com/.default", ""},
		{"default", []string{"https://graph.microsoft.com/.default"}, "https://graph.microsoft.com/.default", ""},
		{"own API", []string{"openid", "api://11111111-2222-3333-4444-555555555555/.default"}, "api://11111111-2222-3333-4444-555555555555/.default", ""},
		{"by application ID", []string{"00000002-0000-0ff1-ce00-000000000000/.default"}, "00000002-0000-0ff1-ce00-000000000000/.default", ""},
		{"only a user's scopes", []string{"openid", "profile"}, "https://mail.contoso.com/.default", ""},
		{"ActiveSync", []string{"https://mail.contoso.com/EAS.AccessAsUser.All"}, "", "no application permission"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			s := newSTS()
			c := s.config(t)
			c.Auth, c.Scopes = token.Secret("s3cret"), tt.scopes
			s.extra = map[string]any{"scope": "https://outlook.office365.com/.default"} // which is not what an app was granted
			tok, err := (&token.Source{Config: c, Flow: token.ClientCredentials{}, AllowAudience: func(*token.AudienceError) error { return nil }}).Token(t.Context())
			if tt.err != "" {
				var ce *token.ConfigError
				if !errors.As(err, &ce) || ce.Kind != token.ConfigScope || !strings.Contains(err.Error(), tt.err) || s.posts() != 0 {
					t.Errorf("SignIn = %v after %d requests, want a *ConfigError that mentions %q and none", err, s.posts(), tt.err)
				}
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			form := s.last()
			if form.Get("grant_type") != "client_credentials" || form.Get("scope") != tt.want || form.Get("client_secret") != "s3cret" {
				t.Errorf("sent %v, want scope %q", form, tt.want)
			}
			if tok.AccessToken == "" {
				t.Error("no access token")
			}
			if tok, err := (token.ClientCredentials{}).SignIn(t.Context(), c); err != nil || tok.RefreshToken != "" || tok.Extra("scope") != nil {
				t.Errorf("SignIn = %v with refresh token %q: an app has none", err, tok.RefreshToken)
			}
		})
	}
	c := newSTS().config(t)
	c.Scopes = []string{"https://graph.microsoft.com/.default"}
	if _, err := (token.ClientCredentials{}).SignIn(t.Context(), c); err == nil || !strings.Contains(err.Error(), "Auth") {
		t.Errorf("SignIn of a public client = %v, want an error that names Auth", err)
	}
}
