package token_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/easoauth/easoauth/token"
)

const exchangeApp = "00000002-0000-0ff1-ce00-000000000000"

func TestCheckAudience(t *testing.T) {
	for _, tt := range []struct {
		name     string
		aud      []string
		endpoint string
		want     token.AudienceKind // "": it fits
	}{
		{"exact", []string{"https://mail.contoso.com"}, endpointURL, ""},
		{"trailing slash, as from AD FS", []string{"https://mail.contoso.com/"}, endpointURL, ""},
		{"path", []string{"https://mail.contoso.com/Microsoft-Server-ActiveSync"}, endpointURL, ""},
		{"case", []string{"HTTPS://Mail.Contoso.COM"}, endpointURL, ""},
		{"trailing dot", []string{"https://mail.contoso.com."}, endpointURL, ""},
		{"default port", []string{"https://mail.contoso.com:443"}, endpointURL, ""},
		{"one of several", []string{"https://other.contoso.com", "https://mail.contoso.com"}, endpointURL, ""},
		{"IPv6", []string{"https://[2001:db8::1]"}, "https://[2001:DB8::1]:443/x", ""},
		{"IDN in Unicode", []string{"https://Pößt.Example"}, "https://xn--pt-gia5g.example/x", ""},
		{"IDN in ASCII", []string{"https://xn--bcher-kva.example"}, "https://bücher.example/x", ""},
		{"Exchange Online at its default port", []string{exchangeApp}, "https://outlook.office365.com:443/x", ""},
		{"Exchange Online, by application", []string{exchangeApp}, "https://outlook.office365.com/Microsoft-Server-ActiveSync", ""},
		{"Exchange Online, other host", []string{"https://outlook.office.com"}, "https://outlook.office365.com/Microsoft-Server-ActiveSync", ""},

		{"Exchange Online, personal accounts", []string{"https://outlook.office.com"}, "https://eas.outlook.com/Microsoft-Server-ActiveSync", ""},
		{"IDN in full-width letters", []string{"https://ｍail.contoso.com"}, endpointURL, ""},

		{"another cloud", []string{"https://outlook.office.com"}, "https://outlook.office365.us/Microsoft-Server-ActiveSync", token.AudienceOnline},
		{"IDN of another name", []string{"https://xn--bcher-kva.example"}, "https://bucher.example/x", token.AudienceHost},
		{"IDN that is none", []string{"https://xn--a-ecp.ru"}, "https://a.ru/x", token.AudienceHost},
		{"TLS offloading", []string{"http://mail.contoso.com"}, endpointURL, token.TLSOffloading},
		{"TLS offloading with slash", []string{"http://mail.contoso.com/"}, endpointURL, token.TLSOffloading},
		{"TLS offloading, the other way", []string{"https://mail.contoso.com"}, "http://mail.contoso.com/Microsoft-Server-ActiveSync", token.TLSOffloading},
		{"the nearest of several explains", []string{"https://other.contoso.com", "http://mail.contoso.com", "x"}, endpointURL, token.TLSOffloading},
		{"another host", []string{"https://mail.fabrikam.com"}, endpointURL, token.AudienceHost},
		{"sub-domain", []string{"https://x.mail.contoso.com"}, endpointURL, token.AudienceHost},
		{"parent domain", []string{"https://contoso.com"}, endpointURL, token.AudienceHost},
		{"Graph", []string{"https://graph.microsoft.com"}, endpointURL, token.AudienceHost},
		{"another port", []string{"https://mail.contoso.com:8443"}, endpointURL, token.AudiencePort},
		{"Exchange Online for on-premises", []string{"https://outlook.office365.com"}, endpointURL, token.AudienceOnline},
		{"Exchange Online for on-premises, by application", []string{exchangeApp}, endpointURL, token.AudienceOnline},
		{"Exchange Online over http", []string{"http://outlook.office.com"}, "https://outlook.office365.com/", token.AudienceOnline},
		{"an application", []string{"00000003-0000-0000-c000-000000000000"}, endpointURL, token.AudienceApp},
		{"none", nil, endpointURL, token.AudienceMissing},
		{"empty", []string{""}, endpointURL, token.AudienceUnusable},
		{"no URL", []string{"mail.contoso.com"}, endpointURL, token.AudienceUnusable},
		{"application ID URI", []string{"api://mail.contoso.com"}, endpointURL, token.AudienceUnusable},
		{"user information", []string{"https://mail.contoso.com@evil.example"}, endpointURL, token.AudienceUnusable},
		{"user information before the host", []string{"https://evil@mail.contoso.com"}, endpointURL, token.AudienceUnusable},
		{"query", []string{"https://mail.contoso.com?x"}, endpointURL, token.AudienceUnusable},
		{"control characters", []string{"https://mail.contoso.com\x1b[2J"}, endpointURL, token.AudienceUnusable},
	} {
		t.Run(tt.name, func(t *testing.T) {
			err := token.CheckAudience(tt.aud, mustURL(tt.endpoint))
			if tt.want == "" {
				if err != nil {
					t.Errorf("CheckAudience(%q, %s) = %v, want nil", tt.aud, tt.endpoint, err)
				}
				return
			}
			var ae *token.AudienceError
			if !errors.As(err, &ae) || ae.Kind != tt.want {
				t.Fatalf("CheckAudience(%q, %s) = %v, want kind %s", tt.aud, tt.endpoint, err, tt.want)
			}
			if !strings.Contains(err.Error(), ae.Expected) || strings.Contains(err.Error(), "\x1b") {
				t.Errorf("error %q", err)
			}
			if tt.want == token.TLSOffloading && !strings.Contains(err.Error(), "TLS bridging") {
				t.Errorf("error %q does not say what to do", err)
			}
		})
	}
	var ae *token.AudienceError
	if err := token.CheckAudience([]string{"https://mail.contoso.com"}, nil); !errors.As(err, &ae) || ae.Kind != token.AudienceUnusable {
		t.Errorf("CheckAudience(nil endpoint) = %v", err)
	}
}

func TestCheckScopes(t *testing.T) {
	for _, tt := range []struct {
		scopes   []string
		endpoint string
		mention  string // "": accepted
	}{
		{[]string{"https://mail.contoso.com/EAS.AccessAsUser.All", "offline_access", "openid", "profile", "email"}, endpointURL, ""},
		{[]string{"https://mail.contoso.com//EAS.AccessAsUser.All", "openid"}, endpointURL, ""},
		{[]string{"https://mail.contoso.com/.default", "offline_access"}, endpointURL, ""},
		{[]string{"https://outlook.office.com/EAS.AccessAsUser.All"}, "https://outlook.office365.com/x", ""},
		{[]string{exchangeApp + "/EAS.AccessAsUser.All"}, "https://outlook.office365.com/x", ""},
		{[]string{"https://mail.contoso.com:8443/EAS.AccessAsUser.All"}, "https://mail.contoso.com:8443/x", ""},

		{[]string{"https://outlook.office.com/EAS.AccessAsUser.All", "offline_access"}, "https://eas.outlook.com/Microsoft-Server-ActiveSync", ""},
		{[]string{"https://outlook.office365.us/EAS.AccessAsUser.All"}, "https://outlook-dod.office365.us/x", ""},

		{[]string{"https://outlook.office365.com/EAS.AccessAsUser.All"}, "https://outlook.office365.us/x", "another host"},
		{[]string{"https://partner.outlook.cn/EAS.AccessAsUser.All"}, "https://outlook.office365.com/x", "another host"},
		{[]string{"https://mail.fabrikam.com/EAS.AccessAsUser.All"}, "https://eas.outlook.com/x", "https://outlook.office.com/EAS.AccessAsUser.All"},
		{nil, endpointURL, "no scope names"},
		{[]string{"offline_access", "openid"}, endpointURL, "no scope names"},
		{[]string{"EAS.AccessAsUser.All"}, endpointURL, "Microsoft Graph"},
		{[]string{"https://graph.microsoft.com/EAS.AccessAsUser.All"}, endpointURL, "Microsoft Graph"},
		{[]string{"Mail.Read"}, endpointURL, "names no resource"},
		{[]string{"http://mail.contoso.com/EAS.AccessAsUser.All"}, endpointURL, "must begin with https"},
		{[]string{"https://mail.fabrikam.com/EAS.AccessAsUser.All"}, endpointURL, "another host"},
		{[]string{"https://outlook.office365.com/EAS.AccessAsUser.All"}, endpointURL, "another host"},
		{[]string{"https://mail.contoso.com/EAS.AccessAsUser.All offline_access"}, endpointURL, "characters"},
		{[]string{"https://mail.contoso.com/\x1b"}, endpointURL, "characters"},
		{[]string{""}, endpointURL, "characters"},
		{[]string{"https://outlook.office.com/EAS.AccessAsUser.All", "https://outlook.office365.com/EAS.AccessAsUser.All"}, "https://outlook.office365.com/x", "more than one resource"},
	} {
		err := token.CheckScopes(tt.scopes, mustURL(tt.endpoint))
		var ce *token.ConfigError
		switch {
		case tt.mention == "" && err != nil:
			t.Errorf("CheckScopes(%q, %s) = %v, want nil", tt.scopes, tt.endpoint, err)
		case tt.mention != "" && (!errors.As(err, &ce) || ce.Kind != token.ConfigScope || !strings.Contains(err.Error(), tt.mention)):
			t.Errorf("CheckScopes(%q, %s) = %v, want %q", tt.scopes, tt.endpoint, err, tt.mention)
		}
	}
}

func TestScopes(t *testing.T) {
	for _, tt := range []struct{ endpoint, want string }{
		{"https://MAIL.contoso.com:443/Microsoft-Server-ActiveSync?x", "https://mail.contoso.com/EAS.AccessAsUser.All"},
		{"https://mail.contoso.com:8443/", "https://mail.contoso.com:8443/EAS.AccessAsUser.All"},
		{"https://[2001:db8::1]/", "https://[2001:db8::1]/EAS.AccessAsUser.All"},
		{"https://EAS.outlook.com/Microsoft-Server-ActiveSync", "https://outlook.office.com/EAS.AccessAsUser.All"},
		{"https://outlook.office365.us/Microsoft-Server-ActiveSync", "https://outlook.office365.us/EAS.AccessAsUser.All"},
		{"https://partner.outlook.cn/Microsoft-Server-ActiveSync", "https://partner.outlook.cn/EAS.AccessAsUser.All"},
	} {
		if got := token.Scopes(token.Entra, mustURL(tt.endpoint))[0]; got != tt.want {
			t.Errorf("Scopes(%s) = %s, want %s", tt.endpoint, got, tt.want)
		}
	}
}

// Without an endpoint nothing can be said about scopes, and that is an error and no panic.
func TestScopesWithoutEndpoint(t *testing.T) {
	var ce *token.ConfigError
	if err := token.CheckScopes([]string{"EAS.AccessAsUser.All"}, nil); !errors.As(err, &ce) || ce.Kind != token.ConfigScope {
		t.Errorf("CheckScopes = %v, want *ConfigError of kind scope", err)
	}
	for _, kind := range []token.AuthorityKind{token.Entra, token.ADFS, token.OpenID} {
		if s := token.Scopes(kind, nil); s != nil {
			t.Errorf("Scopes(%s) = %v", kind, s)
		}
	}
}
