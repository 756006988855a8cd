package token_test

import (
	"errors"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/easoauth/easoauth/token"
)

func TestAdminConsentURL(t *testing.T) {
	loopback, err := token.ParseAuthority("http://127.0.0.1:9000/common/oauth2", &token.Options{TrustedAuthorities: []string{"127.0.0.1:9000"}, AllowLoopback: true})
	if err != nil {
		t.Fatal(err)
	}
	for _, tt := range []struct {
		authority  *token.Authority
		redirect   string
		want       string
		withoutApp bool
	}{
		{authority: &token.Authority{Kind: token.Entra, Host: "login.microsoftonline.com", Tenant: "common"}, want: "https://login.microsoftonline.com/organizations/adminconsent?client_id=" + clientID},
		{authority: &token.Authority{Kind: token.Entra, Host: "login.microsoftonline.us", Tenant: tenantID}, redirect: "https://app.contoso.com/cb?a=b",
			want: "https://login.microsoftonline.us/" + tenantID + "/adminconsent?client_id=" + clientID + "&redirect_uri=https%3A%2F%2Fapp.contoso.com%2Fcb%3Fa%3Db"},
		{authority: &token.Authority{Kind: token.Entra, Host: "login.microsoftonline.com", Tenant: "consumers"}},
		{authority: &token.Authority{Kind: token.ADFS, Host: "fs.contoso.com"}},
		{authority: nil},
		{authority: &token.Authority{Kind: token.Entra, Host: "login.microsoftonline.com", Tenant: "common"}, withoutApp: true},
		{authority: loopback, want: "http://127.0.0.1:9000/organizations/adminconsent?client_id=" + clientID},
	} {
		id := clientID
		if tt.withoutApp {
			id = ""
		}
		if got := tt.authority.AdminConsentURL(id, tt.redirect); got != tt.want {
			t.Errorf("AdminConsentURL of %v = %q, want %q", tt.authority, got, tt.want)
		}
	}
}

// The error that says that consent is missing says where it can be given, and prints no URL.
func TestConsentErrorOffersThePage(t *testing.T) {
	s := newSTS()
	c := s.config(t)
	want := c.Authority.AdminConsentURL(clientID, "")
	s.intercept = func(w http.ResponseWriter, r *http.Request) bool {
		aadsts(w, 400, "invalid_grant", 65001)
		return true
	}
	_, refresh := token.RefreshToken("rt-secret").SignIn(t.Context(), c)
	u := &user{sts: s, alter: func(v url.Values) {
		v.Del("code")
		v.Set("error", "access_denied")
		v.Set("error_description", "AADSTS90094: The grant needs an administrator")
	}}
	_, browser := (&token.Browser{Open: u.open}).SignIn(t.Context(), c)
	for name, err := range map[string]error{"refresh": refresh, "browser": browser} {
		var re *token.ReauthError
		if !errors.As(err, &re) || re.Kind != token.ReauthConsent || re.AdminConsentURL != want {
			t.Errorf("%s: %v with %q, want the page %q", name, err, re.AdminConsentURL, want)
		}
		if err != nil && strings.Contains(err.Error(), "adminconsent?") {
			t.Errorf("%s: error %v prints the page", name, err)
		}
	}
	s.intercept = func(w http.ResponseWriter, r *http.Request) bool {
		aadsts(w, 400, "invalid_grant", 50076)
		return true
	}
	_, err := token.RefreshToken("rt-secret").SignIn(t.Context(), c)
	var re *token.ReauthError
	if !errors.As(err, &re) || re.AdminConsentURL != "" {
		t.Errorf("%v has a page for consent", err)
	}
}
