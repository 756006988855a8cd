package eastest_test

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"net"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/coreos/go-oidc/v3/oidc"
	"golang.org/x/oauth2"

	"github.com/easoauth/easoauth/eas"
	"github.com/easoauth/easoauth/eas/eastest"
)

// The authority is tested with clients that nobody here wrote: x/oauth2 and go-oidc.

const ada = "ada@contoso.com"

var scopes = []string{"https://mail.contoso.com/EAS.AccessAsUser.All", "offline_access", "openid"}

func start(t *testing.T, tn *eastest.Tenant) (context.Context, *oauth2.Config, *oidc.Provider) {
	t.Helper()
	tn.AddMailbox(ada)
	ctx := oidc.ClientContext(t.Context(), tn.Client())
	p, err := oidc.NewProvider(ctx, "https://login.microsoftonline.com/"+eastest.TenantID+"/v2.0")
	if err != nil {
		t.Fatal(err)
	}
	e := p.Endpoint()
	e.AuthStyle = oauth2.AuthStyleInParams
	return ctx, &oauth2.Config{ClientID: eastest.ClientID, Endpoint: e, Scopes: scopes, RedirectURL: "http://localhost:1234"}, p
}

// authorize opens the URL as a browser would and returns what the redirect URI is sent.
func authorize(t *testing.T, tn *eastest.Tenant, target string) url.Values {
	t.Helper()
	c := *tn.Client()
	c.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	resp, err := c.Get(target)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	u, err := resp.Location()
	if err != nil {
		b, _ := io.ReadAll(resp.Body)
		return url.Values{"page": {string(b)}}
	}
	return u.Query()
}

func TestAuthorizationCode(t *testing.T) {
	tn := eastest.New(t, &eastest.Options{Topology: eastest.Hybrid})
	ctx, conf, p := start(t, tn)
	verifier := oauth2.GenerateVerifier()
	got := authorize(t, tn, conf.AuthCodeURL("state1", oauth2.S256ChallengeOption(verifier), oidc.Nonce("nonce1")))
	if got.Get("state") != "state1" || got.Get("iss") == "" {
		t.Fatalf("redirect %v", got)
	}
	tok, err := conf.Exchange(ctx, got.Get("code"), oauth2.VerifierOption(verifier))
	if err != nil {
		t.Fatal(err)
	}
	id, err := p.Verifier(&oidc.Config{ClientID: eastest.ClientID}).Verify(ctx, tok.Extra("id_token").(string))
	if err != nil || id.Nonce != "nonce1" {
		t.Fatalf("ID token %+v, %v", id, err)
	}
	keys := oidc.NewRemoteKeySet(ctx, "https://login.microsoftonline.com/common/discovery/keys")
	access, err := oidc.NewVerifier("https://sts.windows.net/"+eastest.TenantID+"/", keys, &oidc.Config{ClientID: "https://mail.contoso.com"}).Verify(ctx, tok.AccessToken)
	if err != nil {
		t.Fatal(err)
	}
	var claims struct {
		UPN, Scp, Tid, Ver, AppID string
	}
	if err := access.Claims(&claims); err != nil {
		t.Fatal(err)
	}
	if claims.UPN != ada || claims.Scp != "EAS.AccessAsUser.All" || claims.Tid != eastest.TenantID || claims.Ver != "1.0" || claims.AppID != eastest.ClientID {
		t.Errorf("claims %+v", claims)
	}
	// A code that comes twice ends what the first brought.
	_, err = conf.Exchange(ctx, got.Get("code"), oauth2.VerifierOption(verifier))
	wantError(t, err, "invalid_grant", "AADSTS54005")
	_, err = conf.TokenSource(ctx, &oauth2.Token{RefreshToken: tok.RefreshToken}).Token()
	wantError(t, err, "invalid_grant", "AADSTS50173")
}

func wantError(t *testing.T, err error, code, text string) {
	t.Helper()
	re, ok := err.(*oauth2.RetrieveError)
	if !ok || re.ErrorCode != code || !strings.Contains(re.ErrorDescription, text) {
		t.Errorf("error %v, want %s and %s", err, code, text)
		return
	}
	var body struct {
		Codes                     []int `json:"error_codes"`
		Trace, Correlation, Stamp string
	}
	if err := json.Unmarshal(re.Body, &body); err != nil || len(body.Codes) != 1 {
		t.Errorf("body %s: %v", re.Body, err)
	}
}

func TestAuthorizeRefuses(t *testing.T) {
	tn := eastest.New(t, &eastest.Options{Topology: eastest.Hybrid})
	_, conf, _ := start(t, tn)
	challenge := oauth2.S256ChallengeOption(oauth2.GenerateVerifier())
	for _, tt := range []struct {
		name  string
		url   string
		error string
	}{
		{"no PKCE", conf.AuthCodeURL("s"), "invalid_request"},
		{"plain PKCE", conf.AuthCodeURL("s", oauth2.SetAuthURLParam("code_challenge", "x"), oauth2.SetAuthURLParam("code_challenge_method", "plain")), "invalid_request"},
		{"implicit", conf.AuthCodeURL("s", challenge, oauth2.SetAuthURLParam("response_type", "token")), "unsupported_response_type"},
		{"a stranger", conf.AuthCodeURL("s", challenge, oauth2.SetAuthURLParam("login_hint", "eve@contoso.com")), "access_denied"},
		{"another resource", conf.AuthCodeURL("s", challenge, oauth2.SetAuthURLParam("scope", "https://mail.fabrikam.com/EAS.AccessAsUser.All")), "invalid_resource"},
	} {
		if got := authorize(t, tn, tt.url); got.Get("error") != tt.error || got.Get("code") != "" || got.Get("state") != "s" {
			t.Errorf("%s: %v, want %s", tt.name, got, tt.error)
		}
	}
	// Where the redirect URI cannot be trusted, nothing is sent to it.
	for _, u := range []string{
		conf.AuthCodeURL("s", challenge, oauth2.SetAuthURLParam("redirect_uri", "https://evil.example/")),
		conf.AuthCodeURL("s", challenge, oauth2.SetAuthURLParam("redirect_uri", "http://192.0.2.1/")),
		conf.AuthCodeURL("s", challenge, oauth2.SetAuthURLParam("client_id", "other")),
	} {
		if got := authorize(t, tn, u); got.Get("page") == "" {
			t.Errorf("%s was redirected: %v", u, got)
		}
	}
	tn.Switch(eastest.Fault{ID: "CONSENT"})
	if got := authorize(t, tn, conf.AuthCodeURL("s", challenge)); got.Get("error") != "access_denied" || !strings.Contains(got.Get("error_description"), "AADSTS65001") {
		t.Errorf("refused sign-in: %v", got)
	}
}

func TestTokenEndpointRefuses(t *testing.T) {
	tn := eastest.New(t, &eastest.Options{Topology: eastest.Hybrid})
	ctx, conf, _ := start(t, tn)
	verifier := oauth2.GenerateVerifier()
	code := func() string {
		return authorize(t, tn, conf.AuthCodeURL("s", oauth2.S256ChallengeOption(verifier))).Get("code")
	}
	_, err := conf.Exchange(ctx, code(), oauth2.VerifierOption(oauth2.GenerateVerifier()))
	wantError(t, err, "invalid_grant", "AADSTS501481")
	_, err = conf.Exchange(ctx, code(), oauth2.VerifierOption(verifier), oauth2.SetAuthURLParam("redirect_uri", "http://localhost:99"))
	wantError(t, err, "invalid_grant", "AADSTS50011")
	_, err = conf.Exchange(ctx, "made up", oauth2.VerifierOption(verifier))
	wantError(t, err, "invalid_grant", "AADSTS70000")
	_, err = conf.PasswordCredentialsToken(ctx, ada, "secret")
	wantError(t, err, "unsupported_grant_type", "AADSTS70003")
	_, err = conf.TokenSource(ctx, &oauth2.Token{RefreshToken: "made up"}).Token()
	wantError(t, err, "invalid_grant", "AADSTS70000")
	other := *conf
	other.ClientID = "other"
	_, err = other.Exchange(ctx, code())
	wantError(t, err, "unauthorized_client", "AADSTS700016")
	other = *conf
	other.Endpoint.TokenURL = "https://login.microsoftonline.com/fabrikam.com/oauth2/v2.0/token"
	_, err = other.Exchange(ctx, code())
	wantError(t, err, "invalid_tenant", "AADSTS90002")
}

func TestRotation(t *testing.T) {
	for _, strict := range []bool{false, true} {
		synctest.Test(t, func(t *testing.T) {
			tn := eastest.New(t, &eastest.Options{Topology: eastest.Hybrid, StrictRotation: strict})
			ctx, conf, _ := start(t, tn)
			verifier := oauth2.GenerateVerifier()
			first, err := conf.Exchange(ctx, authorize(t, tn, conf.AuthCodeURL("s", oauth2.S256ChallengeOption(verifier))).Get("code"), oauth2.VerifierOption(verifier))
			if err != nil {
				t.Fatal(err)
			}
			refresh := func(rt string) (*oauth2.Token, error) {
				return conf.TokenSource(ctx, &oauth2.Token{RefreshToken: rt}).Token()
			}
			// x/oauth2 refreshes without a scope.
			if tok, err := refresh(first.RefreshToken); err != nil || tok.AccessToken == first.AccessToken {
				t.Fatalf("refresh = %v, %v", tok, err)
			}
			_, err = refresh(first.RefreshToken)
			if strict {
				wantError(t, err, "invalid_grant", "AADSTS70000")
			} else if err != nil {
				t.Errorf("a tolerant authority refuses: %v", err)
			}
			if strict {
				return
			}
			time.Sleep(14*24*time.Hour + time.Second)
			_, err = refresh(first.RefreshToken)
			wantError(t, err, "invalid_grant", "AADSTS700082")
		})
	}
}

func TestDeviceCode(t *testing.T) {
	for _, tt := range []struct {
		name   string
		manual bool
		answer func(tn *eastest.Tenant, userCode string) error
		error  string
	}{
		{"approved by itself", false, nil, ""},
		{"approved", true, func(tn *eastest.Tenant, c string) error { return tn.ApproveDevice(c, ada) }, ""},
		{"declined", true, func(tn *eastest.Tenant, c string) error { return tn.DeclineDevice(c) }, "authorization_declined"},
		{"forgotten", true, func(*eastest.Tenant, string) error { return nil }, "expired"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				tn := eastest.New(t, &eastest.Options{Topology: eastest.Hybrid, ManualDevice: tt.manual})
				ctx, conf, _ := start(t, tn)
				conf.Endpoint.DeviceAuthURL = "https://login.microsoftonline.com/common/oauth2/v2.0/devicecode"
				da, err := conf.DeviceAuth(ctx)
				if err != nil {
					t.Fatal(err)
				}
				if da.VerificationURI != "https://microsoft.com/devicelogin" || da.UserCode == "" || da.Interval != 5 {
					t.Errorf("device authorization %+v", da)
				}
				if tt.answer != nil {
					go func() {
						time.Sleep(12 * time.Second)
						if err := tt.answer(tn, da.UserCode); err != nil {
							t.Error(err)
						}
					}()
				}
				tok, err := conf.DeviceAccessToken(ctx, da)
				if tt.error == "" {
					if err != nil || tok.RefreshToken == "" {
						t.Errorf("token %v, %v", tok, err)
					}
				} else if err == nil || !strings.Contains(err.Error(), tt.error) && !errors.Is(err, context.DeadlineExceeded) {
					t.Errorf("error %v, want %s", err, tt.error)
				}
			})
		})
	}
	tn := eastest.New(t, nil)
	if tn.ApproveDevice("none", "") == nil || tn.DeclineDevice("none") == nil {
		t.Error("a user code that was never issued is accepted")
	}
}

func TestSlowDown(t *testing.T) {
	tn := eastest.New(t, &eastest.Options{Topology: eastest.Hybrid, ManualDevice: true})
	_, conf, _ := start(t, tn)
	post := func(path string, form url.Values) map[string]any {
		resp, err := tn.Client().PostForm("https://login.microsoftonline.com/common/oauth2/v2.0/"+path, form)
		if err != nil {
			t.Fatal(err)
		}
		defer resp.Body.Close()
		var m map[string]any
		if err := json.NewDecoder(resp.Body).Decode(&m); err != nil {
			t.Fatal(err)
		}
		return m
	}
	code := post("devicecode", url.Values{"client_id": {conf.ClientID}, "scope": {strings.Join(scopes, " ")}})["device_code"].(string)
	poll := url.Values{"client_id": {conf.ClientID}, "grant_type": {"urn:ietf:params:oauth:grant-type:device_code"}, "device_code": {code}}
	if got := post("token", poll)["error"]; got != "slow_down" {
		t.Errorf("a poll at once = %v", got)
	}
	poll.Set("device_code", "x")
	if got := post("token", poll)["error"]; got != "bad_verification_code" {
		t.Errorf("a made-up code = %v", got)
	}
	for _, form := range []url.Values{{}, {"client_id": {conf.ClientID}}, {"client_id": {"x"}}, {"client_id": {conf.ClientID}, "scope": {"https://mail.fabrikam.com/x"}}} {
		if got := post("devicecode", form); got["error"] == nil {
			t.Errorf("devicecode %v = %v", form, got)
		}
	}
}

func TestBrowser(t *testing.T) {
	for _, mode := range []string{"query", "form_post"} {
		tn := eastest.New(t, &eastest.Options{Topology: eastest.Hybrid})
		_, conf, _ := start(t, tn)
		ln, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			t.Fatal(err)
		}
		got := make(chan url.Values, 1)
		srv := &http.Server{Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			_ = r.ParseForm()
			got <- r.Form
		})}
		go srv.Serve(ln)
		conf.RedirectURL = "http://" + ln.Addr().String()
		u := conf.AuthCodeURL("st&<>\"", oauth2.S256ChallengeOption(oauth2.GenerateVerifier()), oauth2.SetAuthURLParam("response_mode", mode))
		if err := tn.Browser()(t.Context(), u); err != nil {
			t.Fatal(err)
		}
		if v := <-got; v.Get("code") == "" || v.Get("state") != "st&<>\"" {
			t.Errorf("%s: the listener got %v", mode, v)
		}
		srv.Close()
	}
}

func TestMisusePanics(t *testing.T) {
	tn := eastest.New(t, nil)
	box := tn.AddMailbox(ada)
	for name, f := range map[string]func(){
		"no address":        func() { tn.AddMailbox("ada") },
		"the same address":  func() { tn.AddMailbox("Ada@contoso.com") },
		"no such fault":     func() { tn.Switch(eastest.Fault{ID: "NO_SUCH_FAULT"}) },
		"a host":            func() { tn.Handler("nowhere") },
		"a token of nobody": func() { tn.Token("eve@contoso.com") },
		"a failure for all": func() { tn.Fail("", eastest.Failure{}) },
		"no such folder":    func() { box.RemoveFolder("99") },
		"no such mail":      func() { box.RemoveItem(eas.FolderInbox, "x") },
		"no mail at all":    func() { box.Deliver(&eas.Unknown{}) },
	} {
		func() {
			defer func() {
				if recover() == nil {
					t.Errorf("%s: no panic", name)
				}
			}()
			f()
		}()
	}
}
