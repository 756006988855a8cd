package tenant

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/coreos/go-oidc/v3/oidc"
	"golang.org/x/oauth2"

	"github.com/easoauth/easoauth/eas/eastest"
)

const (
	redirect = "http://localhost:53682/"
	issuer   = "https://login.microsoftonline.com/" + eastest.TenantID + "/v2.0"
)

// folderSync is a FolderSync with the key 0 in WBXML, by code page 7 of MS-ASWBXML.
var folderSync = []byte("\x03\x01\x6a\x00\x00\x07\x56\x52\x03\x30\x00\x01\x01")

// folders sends a FolderSync with an access token and returns status and body.
func folders(t *testing.T, c *http.Client, tn *tenant, token string) (int, []byte) {
	t.Helper()
	q := url.Values{"Cmd": {"FolderSync"}, "User": {ada}, "DeviceId": {"peer1"}, "DeviceType": {"peer"}}
	req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, tn.ActiveSync+"?"+q.Encode(), bytes.NewReader(folderSync))
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Authorization", "Bearer "+token)
	req.Header.Set("MS-ASProtocolVersion", "16.1")
	req.Header.Set("Content-Type", "application/vnd.ms-sync.wbxml")
	resp, err := c.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	b, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	return resp.StatusCode, b
}

// challenge is the response to an empty Bearer.
func challenge(t *testing.T, c *http.Client, tn *tenant) string {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, tn.ActiveSync, nil)
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Authorization", "Bearer")
	req.Header.Set("X-User-Identity", ada)
	resp, err := c.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	resp.Body.Close()
	return strings.Join(resp.Header.Values("WWW-Authenticate"), ", ")
}

// open opens an authorization URL and returns what the redirect URI receives.
func open(t *testing.T, c *http.Client, target string) url.Values {
	t.Helper()
	browser := *c
	browser.CheckRedirect = func(r *http.Request, _ []*http.Request) error {
		if strings.HasPrefix(r.URL.String(), redirect) {
			return http.ErrUseLastResponse
		}
		return nil
	}
	resp, err := browser.Get(target)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	to, err := resp.Location()
	if err != nil {
		b, _ := io.ReadAll(resp.Body)
		t.Fatalf("status %d and no redirect: %s", resp.StatusCode, b)
	}
	return to.Query()
}

// TestOAuth2 goes from the challenge to the folders with golang.org/x/oauth2 and go-oidc: metadata and
// issuer, a code with PKCE, the identity token and its nonce, a refresh, and what a revoked sign-in gets.
func TestOAuth2(t *testing.T) {
	for _, topology := range []string{"cloud", "hybrid"} {
		t.Run(topology, func(t *testing.T) {
			tn := start(t, "-topology", topology, "-no-policy", "-access-lifetime", "30m")
			c := tn.client(t)
			uri := regexp.MustCompile(`authorization_uri="([^"]+)"`).FindStringSubmatch(challenge(t, c, tn))
			if uri == nil {
				t.Fatal("the challenge names no authority")
			}
			authority, err := url.Parse(uri[1])
			if err != nil {
				t.Fatal(err)
			}
			ctx := oidc.ClientContext(t.Context(), c)
			// Exchange names login.windows.net, whose metadata name login.microsoftonline.com as the issuer.
			provider, err := oidc.NewProvider(oidc.InsecureIssuerURLContext(ctx, issuer), "https://"+authority.Host+"/"+eastest.TenantID+"/v2.0")
			if err != nil {
				t.Fatal(err)
			}
			resource := strings.TrimSuffix(tn.ActiveSync, "/Microsoft-Server-ActiveSync")
			config := oauth2.Config{ClientID: tn.ClientID, Endpoint: provider.Endpoint(), RedirectURL: redirect,
				Scopes: []string{resource + "/EAS.AccessAsUser.All", oidc.ScopeOpenID, oidc.ScopeOfflineAccess, "profile"}}
			verifier := oauth2.GenerateVerifier()
			values := open(t, c, config.AuthCodeURL("state", oauth2.S256ChallengeOption(verifier), oidc.Nonce("nonce"), oauth2.SetAuthURLParam("login_hint", ada)))
			if values.Get("state") != "state" || values.Get("code") == "" {
				t.Fatalf("the redirect URI receives %v", values)
			}
			if _, err := config.Exchange(ctx, values.Get("code"), oauth2.VerifierOption(oauth2.GenerateVerifier())); err == nil {
				t.Fatal("a code is good for another verifier")
			}
			values = open(t, c, config.AuthCodeURL("state", oauth2.S256ChallengeOption(verifier), oidc.Nonce("nonce"), oauth2.SetAuthURLParam("login_hint", ada)))
			token, err := config.Exchange(ctx, values.Get("code"), oauth2.VerifierOption(verifier))
			if err != nil {
				t.Fatal(err)
			}
			raw, _ := token.Extra("id_token").(string)
			id, err := provider.VerifierContext(ctx, &oidc.Config{ClientID: tn.ClientID}).Verify(ctx, raw)
			if err != nil {
				t.Fatalf("the identity token: %v", err)
			}
			var claims struct {
				User string `json:"preferred_username"`
			}
			if err := id.Claims(&claims); err != nil {
				t.Fatal(err)
			}
			if id.Nonce != "nonce" || claims.User != ada {
				t.Errorf("nonce %q, user %q", id.Nonce, claims.User)
			}
			if status, body := folders(t, c, tn, token.AccessToken); status != 200 || !bytes.Contains(body, []byte("Inbox")) {
				t.Errorf("FolderSync: status %d: %q", status, body)
			}

			// Half an hour later the token is refused, and the refresh token gets another.
			tn.api(t, "POST", "clock", `{"advance":"31m"}`, nil)
			if status, _ := folders(t, c, tn, token.AccessToken); status != 401 {
				t.Errorf("FolderSync with an expired token: status %d, want 401", status)
			}
			late := *token
			late.Expiry = time.Now().Add(-time.Minute)
			next, err := config.TokenSource(ctx, &late).Token()
			if err != nil {
				t.Fatalf("refresh: %v", err)
			}
			if next.AccessToken == token.AccessToken {
				t.Error("the refresh brings the same token")
			}
			if status, _ := folders(t, c, tn, next.AccessToken); status != 200 {
				t.Errorf("FolderSync with the next token: status %d", status)
			}
			tn.api(t, "POST", "mailboxes/"+ada+"/revoke", "", nil)
			late = *next
			late.Expiry = time.Now().Add(-time.Minute)
			_, err = config.TokenSource(ctx, &late).Token()
			var refused *oauth2.RetrieveError
			if !errors.As(err, &refused) || refused.ErrorCode != "invalid_grant" {
				t.Errorf("refresh of a revoked sign-in: %v, want invalid_grant", err)
			}
		})
	}
}

// TestOAuth2Device signs in with a device code, which is approved by the API.
func TestOAuth2Device(t *testing.T) {
	tn := start(t, "-no-policy")
	ctx, cancel := context.WithTimeout(oidc.ClientContext(t.Context(), tn.client(t)), time.Minute)
	defer cancel()
	provider, err := oidc.NewProvider(ctx, issuer)
	if err != nil {
		t.Fatal(err)
	}
	resource := strings.TrimSuffix(tn.ActiveSync, "/Microsoft-Server-ActiveSync")
	config := oauth2.Config{ClientID: tn.ClientID, Endpoint: provider.Endpoint(), Scopes: []string{resource + "/EAS.AccessAsUser.All", oidc.ScopeOfflineAccess}}
	code, err := config.DeviceAuth(ctx)
	if err != nil {
		t.Fatal(err)
	}
	if code.UserCode == "" || code.VerificationURI != "https://microsoft.com/devicelogin" {
		t.Errorf("user code %q at %q", code.UserCode, code.VerificationURI)
	}
	tn.api(t, "POST", "devices/"+code.UserCode, `{"address":"`+ada+`"}`, nil)
	code.Interval = 1
	token, err := config.DeviceAccessToken(ctx, code)
	if err != nil {
		t.Fatal(err)
	}
	if status, _ := folders(t, tn.client(t), tn, token.AccessToken); status != 200 {
		t.Errorf("FolderSync: status %d", status)
	}

	code, err = config.DeviceAuth(ctx)
	if err != nil {
		t.Fatal(err)
	}
	tn.api(t, "POST", "devices/"+code.UserCode, `{"decline":true}`, nil)
	code.Interval = 1
	_, err = config.DeviceAccessToken(ctx, code)
	var refused *oauth2.RetrieveError
	if !errors.As(err, &refused) || refused.ErrorCode != "authorization_declined" {
		t.Errorf("a declined code: %v, want authorization_declined", err)
	}
}
