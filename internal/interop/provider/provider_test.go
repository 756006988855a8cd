// Package provider signs in at an OpenID provider that is certified: npm's oidc-provider.
package provider

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/easoauth/easoauth/bearer"
	"github.com/easoauth/easoauth/internal/interop/servers"
	"github.com/easoauth/easoauth/token"
)

var endpoint = &url.URL{Scheme: "https", Host: "mail.contoso.com", Path: "/Microsoft-Server-ActiveSync"}

// start starts the provider and returns its issuer.
func start(t *testing.T, lifetime time.Duration) string {
	t.Helper()
	port := servers.Provider(t, lifetime)
	return fmt.Sprintf("http://127.0.0.1:%d", port)
}

// counter counts the requests for tokens.
type counter struct{ posts atomic.Int64 }

func (c *counter) RoundTrip(r *http.Request) (*http.Response, error) {
	if strings.HasSuffix(r.URL.Path, "/token") {
		c.posts.Add(1)
	}
	return http.DefaultTransport.RoundTrip(r)
}

func configure(t *testing.T, issuer string, c *counter) *token.Config {
	t.Helper()
	u, err := url.Parse(issuer)
	if err != nil {
		t.Fatal(err)
	}
	config, err := token.Configure(t.Context(), "easoauth", &bearer.Offer{AuthorizationURI: issuer + "/auth"}, endpoint,
		&token.Options{HTTPClient: &http.Client{Transport: c}, TrustedAuthorities: []string{u.Host}, Issuer: issuer, AllowLoopback: true})
	if err != nil {
		t.Fatal(err)
	}
	return config
}

// person signs in as a user at a browser would.
func person(ctx context.Context, target string) error {
	return servers.FillIn(ctx, new(http.Client), target, "ada")
}

func TestBrowser(t *testing.T) {
	c := &counter{}
	issuer := start(t, time.Hour)
	config := configure(t, issuer, c)
	if !config.Authority.IssuerParameter {
		t.Error("the provider does not announce iss (RFC 9207)")
	}
	source := &token.Source{Config: config, Flow: &token.Browser{Open: person}}
	tok, err := source.SignIn(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	claims, err := token.Inspect(tok.AccessToken)
	if err != nil {
		t.Fatal(err)
	}
	if err := token.CheckAudience(claims.Audience, endpoint); err != nil {
		t.Error(err)
	}
	// A server that trusts the provider takes the token.
	v := &token.Verifier{Authority: config.Authority, Endpoint: endpoint, HTTPClient: &http.Client{}}
	if _, err := v.Verify(t.Context(), tok.AccessToken); err != nil {
		t.Errorf("Verify = %v", err)
	}
	if status, err := source.Status(t.Context()); err != nil || status.RefreshExpiry.IsZero() {
		t.Errorf("status %+v, %v: no refresh token", status, err)
	}
}

func TestDeviceCode(t *testing.T) {
	config := configure(t, start(t, time.Hour), &counter{})
	flow := &token.DeviceCode{Prompt: func(ctx context.Context, p *token.DevicePrompt) error {
		return person(ctx, p.VerificationURI+"?user_code="+url.QueryEscape(p.UserCode))
	}}
	source := &token.Source{Config: config, Flow: flow}
	if _, err := source.SignIn(t.Context()); err != nil {
		t.Fatal(err)
	}
}

// TestRotation renews a sign-in again and again, lets 200 goroutines ask at an expiry, and
// then has a thief use an old refresh token: the provider ends the sign-in.
func TestRotation(t *testing.T) {
	c := &counter{}
	config := configure(t, start(t, 2*time.Second), c)
	store := &token.MemoryStore{}
	source := &token.Source{Config: config, Store: store, Key: "ada", Early: -1, Flow: &token.Browser{Open: person}}
	if _, err := source.SignIn(t.Context()); err != nil {
		t.Fatal(err)
	}
	source.Flow = nil
	old, err := store.Load(t.Context(), "ada")
	if err != nil {
		t.Fatal(err)
	}
	for expiry := range 3 {
		time.Sleep(2 * time.Second)
		before := c.posts.Load()
		var wg sync.WaitGroup
		for range 200 {
			wg.Go(func() {
				if _, err := source.Token(t.Context()); err != nil {
					t.Errorf("expiry %d: %v", expiry, err)
				}
			})
		}
		wg.Wait()
		if n := c.posts.Load() - before; n != 1 {
			t.Errorf("expiry %d: %d requests, want 1", expiry, n)
		}
	}
	now, err := store.Load(t.Context(), "ada")
	if err != nil {
		t.Fatal(err)
	}
	if now.RefreshToken == old.RefreshToken {
		t.Fatal("the provider does not rotate")
	}
	form := url.Values{"grant_type": {"refresh_token"}, "client_id": {"easoauth"}, "refresh_token": {old.RefreshToken}}
	resp, err := http.PostForm(config.Authority.TokenEndpoint.String(), form)
	if err != nil {
		t.Fatal(err)
	}
	resp.Body.Close()
	if resp.StatusCode != 400 {
		t.Errorf("the old refresh token is answered with %d", resp.StatusCode)
	}
	time.Sleep(2 * time.Second)
	var re *token.ReauthError
	if _, err := source.Token(t.Context()); !errors.As(err, &re) {
		t.Errorf("Token after the theft = %v, want a *ReauthError", err)
	}
	before := c.posts.Load()
	for range 20 {
		source.Token(t.Context())
	}
	if n := c.posts.Load() - before; n != 0 {
		t.Errorf("%d more requests after the end", n)
	}
}

// TestOnBehalfOf has a service exchange the token that a user's program presented to it, and
// renew alone.
func TestOnBehalfOf(t *testing.T) {
	c := &counter{}
	issuer := start(t, 2*time.Second)
	front := &token.Source{Config: configure(t, issuer, c), Flow: &token.Browser{Open: person}}
	presented, err := front.SignIn(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	config := *configure(t, issuer, c)
	config.ClientID, config.Auth = "service", token.Secret("service secret")
	assertion := presented.AccessToken
	service := &token.Source{Config: &config, Store: new(token.MemoryStore), Key: "ada", Early: -1,
		Flow: &token.OnBehalfOf{Assertion: func(context.Context) (string, error) { return assertion, nil }}}
	first, err := service.SignIn(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	service.Flow = nil
	time.Sleep(2 * time.Second)
	second, err := service.Token(t.Context())
	if err != nil || second.AccessToken == first.AccessToken {
		t.Errorf("the service does not renew alone: %v", err)
	}
	// What does not hold is refused.
	bad := &token.Source{Config: &config, Flow: &token.OnBehalfOf{Assertion: func(context.Context) (string, error) { return assertion[:len(assertion)-9] + "AAAAAAAAA", nil }}}
	var re *token.ReauthError
	if _, err := bad.SignIn(t.Context()); !errors.As(err, &re) {
		t.Errorf("SignIn with a changed assertion = %v, want a *ReauthError", err)
	}
}

// TestRestart is the sign-in of another process: with FileStore, and no person.
func TestRestart(t *testing.T) {
	c := &counter{}
	config := configure(t, start(t, 2*time.Second), c)
	store := &token.FileStore{Dir: filepath.Join(t.TempDir(), "tokens")}
	first := &token.Source{Config: config, Store: store, Key: "ada", Flow: &token.Browser{Open: person}}
	if _, err := first.SignIn(t.Context()); err != nil {
		t.Fatal(err)
	}
	time.Sleep(2 * time.Second)
	second := &token.Source{Config: config, Store: &token.FileStore{Dir: store.Dir}, Key: "ada"}
	if _, err := second.Token(t.Context()); err != nil {
		t.Error(err)
	}
}
