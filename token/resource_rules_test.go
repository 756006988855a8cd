package token

import (
	"errors"
	"fmt"
	"net/url"
	"slices"
	"strings"
	"testing"
)

func parse(t *testing.T, s string) *url.URL {
	t.Helper()
	u, err := url.Parse(s)
	if err != nil {
		t.Fatal(err)
	}
	return u
}

// The name of a resource, before a permission.
func TestResourceNames(t *testing.T) {
	for _, tt := range []struct{ in, uri, id string }{
		{"https://MAIL.contoso.com:443/x/", "https://mail.contoso.com", "https://mail.contoso.com/x"},
		{"https://mail.contoso.com:80", "https://mail.contoso.com:80", "https://mail.contoso.com:80"},
		{"http://mail.contoso.com:80/", "http://mail.contoso.com", "http://mail.contoso.com"},
		{"http://mail.contoso.com:443", "http://mail.contoso.com:443", "http://mail.contoso.com:443"},
		{"https://[2001:db8::1]:8443/a%2Fb", "https://[2001:db8::1]:8443", "https://[2001:db8::1]:8443/a%2Fb"},
		{"api://x/y/", "api://x", "api://x/y"},
	} {
		u := parse(t, tt.in)
		if got := resourceURI(u); got != tt.uri {
			t.Errorf("resourceURI(%s) = %s, want %s", tt.in, got, tt.uri)
		}
		if got := identifier(u); got != tt.id {
			t.Errorf("identifier(%s) = %s, want %s", tt.in, got, tt.id)
		}
	}
	for _, tt := range []struct{ scope, resource, permission string }{
		{"https://h/p", "https://h", "p"}, {"https://h//p", "https://h", "p"}, {"p", "", "p"}, {"/p", "", "p"}, {"a/", "a", ""},
	} {
		if r, p := splitScope(tt.scope); r != tt.resource || p != tt.permission {
			t.Errorf("splitScope(%s) = %q, %q", tt.scope, r, p)
		}
	}
	for _, tt := range []struct {
		scopes []string
		want   string // "": none
	}{
		{[]string{"openid", "https://h/p"}, "https://h"}, {[]string{"https://h//p"}, "https://h"}, {[]string{"api://x/p"}, "api://x"}, {[]string{"p", "https://h/p"}, "https://h"},
		{[]string{"/p"}, ""}, {[]string{"p"}, ""}, {nil, ""}, {[]string{"%/p", "https://h/p"}, "https://h"}, {[]string{"x/p", "https://h/a/p"}, "https://h/a"}, {[]string{"openid"}, ""},
	} {
		u, err := scopesResource(tt.scopes)
		var ce *ConfigError
		if tt.want == "" && (!errors.As(err, &ce) || ce.Kind != ConfigResource) || tt.want != "" && (err != nil || u.String() != tt.want) {
			t.Errorf("scopesResource(%q) = %v, %v; want %s", tt.scopes, u, err, tt.want)
		}
	}
}

// What an access token can be for.
func TestCheckResource(t *testing.T) {
	for _, tt := range []struct {
		in       string
		loopback bool
		want     bool
	}{
		{"https://h/x", false, true}, {"https://h/x?q", false, false}, {"http://h/", false, false}, {"http://127.0.0.1/", false, false}, {"http://127.0.0.1/", true, true}, {"http://h/", true, false},
		{"api://x", false, true}, {"api://", false, false}, {"api:x", false, false}, {"api://u@x", false, false}, {"api://x?q", false, false}, {"api://x#f", false, false}, {"https://u@h/", false, false},
		{"https://u@h/", true, false}, {"", false, false}, {"", true, false},
	} {
		if err := checkResource(parse(t, tt.in), tt.loopback); (err == nil) != tt.want {
			t.Errorf("checkResource(%s, %v) = %v, want ok = %v", tt.in, tt.loopback, err, tt.want)
		}
		if u := parse(t, tt.in); u.Scheme != "api" && u.RawQuery == "" {
			if err := checkEndpoint(u, tt.loopback); (err == nil) != tt.want {
				t.Errorf("checkEndpoint(%s, %v) = %v, want ok = %v", tt.in, tt.loopback, err, tt.want)
			}
		}
	}
	if checkEndpoint(nil, true) == nil || checkEndpoint(nil, false) == nil {
		t.Error("no endpoint is one")
	}
}

// How the scopes of a caller are completed.
func TestResourceScopes(t *testing.T) {
	const h = "https://h"
	for _, tt := range []struct {
		kind     AuthorityKind
		resource string
		scopes   string
		want     string
	}{
		{Entra, h, "", h + "/.default offline_access openid profile"},
		{Entra, h, "openid", h + "/.default openid"},
		{Entra, h, "a", h + "/a offline_access openid profile"},
		{Entra, h, "https://x/a email", "https://x/a email"},
		{ADFS, h, "a", h + "//a openid"},
		{ADFS, "api://x", "a", "api://x/a openid"},
		{OpenID, h, "", "offline_access openid profile"},
		{OpenID, h, "a", h + "/a offline_access openid profile"},
	} {
		if got := strings.Join(resourceScopes(tt.kind, parse(t, tt.resource), strings.Fields(tt.scopes)), " "); got != tt.want {
			t.Errorf("%s, %s, %q: %q, want %q", tt.kind, tt.resource, tt.scopes, got, tt.want)
		}
	}
	if got := resourceScopes(OpenID, parse(t, h), []string{""}); !slices.Equal(got, []string{"", "offline_access", "openid", "profile"}) {
		t.Errorf("an empty scope becomes %q", got)
	}
}

// Scopes are of the resource, each of them.
func TestCheckResourceScopes(t *testing.T) {
	const guid = "11111111-2222-3333-4444-555555555555"
	for _, tt := range []struct {
		resource string
		scopes   string
		want     string // in the error; "": none
	}{
		{"https://h", "https://h/a openid https://h/b", ""},
		{"https://h", "HTTPS://H/a", ""},
		{"https://h", "https://h:443/a", ""},
		{"https://h", "https://h:444/a", "another resource"},
		{"https://h", "https://h/a https://x/a", "another resource"},
		{"https://h", "http://h/a", "another resource"},
		{"https://h", "a", "names no permission"},
		{"https://h", "/a", "names no permission"},
		{"https://h", "https://h/", "names no permission"},
		{"https://h", "openid", "no scope names the resource"},
		{"https://h", "", "no scope names the resource"},
		{"https://h", "https://h/a\x7f", "characters"},
		{"https://h", guid + "/a", ""},
		{"https://h", exchangeAppID + "/a", "another resource"},
		{"https://h", graphAppID + "/a", "another resource"},
		{"https://outlook.office365.com", exchangeAppID + "/a", ""},
		{"https://outlook.office365.com", guid + "/a", "another resource"},
		{"https://outlook.office365.com", graphAppID + "/a", "another resource"},
		{"https://outlook.office365.com", "https://outlook.office.com/a", ""},
		{"https://outlook.office365.com", "http://outlook.office.com/a", "another resource"},
		{"https://outlook.office365.com", "https://outlook.office365.us/a", "another resource"},
		{"https://graph.microsoft.com", graphAppID + "/a", ""},
		{"https://graph.microsoft.com", guid + "/a", "another resource"},
		{"https://graph.microsoft.com", "https://outlook.office.com/a", "another resource"},
		{"api://x", "api://x/a", ""},
		{"api://x", "api://y/a", "another resource"},
		{"api://x", "https://x/a", "another resource"},
		{"https://x", "api://x/a", "another resource"},
		{"https://h", "%/a", "another resource"},
		{"https://h", "x/a", "another resource"},
		{"https://h", "https://h/EAS.AccessAsUser.All", ""},
		{"https://h", "https://x/EAS.AccessAsUser.All", "another host"},
		{"https://h", "EAS.AccessAsUser.All", "Microsoft Graph"},
	} {
		err := checkResourceScopes(strings.Fields(tt.scopes), parse(t, tt.resource))
		if tt.want == "" && err != nil || tt.want != "" && (err == nil || !strings.Contains(err.Error(), tt.want)) {
			t.Errorf("%s: %q: %v, want %q", tt.resource, tt.scopes, err, tt.want)
		}
	}
	if got := quote(strings.Repeat("x", 200)); len(got) > 140 || !strings.HasPrefix(got, `"x`) {
		t.Errorf("quote = %s", got)
	}
}

// The audience of a token for something other than Exchange.
func TestCheckAudienceOfAResource(t *testing.T) {
	const guid, other = "11111111-2222-3333-4444-555555555555", "11111111-2222-3333-4444-555555555556"
	for _, tt := range []struct {
		endpoint, scopes, aud string
		want                  AudienceKind // "": it fits
	}{
		{"https://api.contoso.com/a", "", "https://api.contoso.com/a", ""},
		{"https://api.contoso.com/a", "", "HTTPS://api.contoso.com/a/", ""},
		{"https://api.contoso.com/a", "", "https://api.contoso.com/b", ""},
		{"https://api.contoso.com/a", "", "https://api.contoso.com:444/a", AudienceHost},
		{"https://api.contoso.com/a", "", "http://api.contoso.com/a", AudienceHost},
		{"https://api.contoso.com/a", "", "https://x.contoso.com/a", AudienceHost},
		{"https://api.contoso.com/a", "", "%", AudienceHost},
		{"https://api.contoso.com/a", "", "x https://api.contoso.com/a", ""},
		{"https://api.contoso.com/a", "", guid, ""},
		{"https://api.contoso.com/a", "", exchangeAppID, AudienceApp},
		{"https://api.contoso.com/a", "", graphAppID, AudienceApp},
		{"https://api.contoso.com/a", "", "", AudienceMissing},
		{"api://" + guid, "", guid, ""},
		{"api://" + guid, "", other, AudienceApp},
		{"api://" + guid, "", "api://" + guid, ""},
		{"api://" + guid, "", "https://" + guid, AudienceHost},
		{"https://" + guid, "", "api://" + guid, AudienceHost},
		{"https://" + guid, "", other, ""},
		{"api://x", "", guid, ""},
		{"https://graph.microsoft.com", "", graphAppID, ""},
		{"https://graph.microsoft.com", "", guid, AudienceApp},
		{"https://dod-graph.microsoft.us", "", graphAppID, ""},
		// Exchange compares host names.
		{"https://outlook.office365.com", "", exchangeAppID, ""},
		{"https://mail.contoso.com/Microsoft-Server-ActiveSync", "", guid, AudienceApp},
		{"https://mail.contoso.com/EWS/Exchange.asmx", "", "https://mail.contoso.com:444/", AudiencePort},
		{"https://mail.contoso.com", "https://mail.contoso.com/IMAP.AccessAsUser.All", "https://mail.contoso.com:444/", AudiencePort},
		{"https://mail.contoso.com", "full_access_as_app", "https://mail.contoso.com:444/", AudiencePort},
		{"https://mail.contoso.com/x/ews", "https://mail.contoso.com/Mail.Read", "https://mail.contoso.com:444/", AudienceHost},
	} {
		c := &Config{Endpoint: parse(t, tt.endpoint), Scopes: strings.Fields(tt.scopes)}
		err := c.checkAudience(strings.Fields(tt.aud))
		var ae *AudienceError
		switch {
		case tt.want == "" && err != nil:
			t.Errorf("%s, %q: %v", tt.endpoint, tt.aud, err)
		case tt.want != "" && (!errors.As(err, &ae) || ae.Kind != tt.want):
			t.Errorf("%s, %q: %v, want kind %s", tt.endpoint, tt.aud, err, tt.want)
		}
	}
}

// A stored Config names its authority as a challenge would, and what it was told of its hosts.
func TestAuthorityDocument(t *testing.T) {
	for _, tt := range []struct {
		a    Authority
		want string // URL, trusted, issuer, cloud, hosts
	}{
		{Authority{Kind: Entra, Host: "login.microsoftonline.com", Tenant: "contoso.com", group: []string{"a", "b"}}, "https://login.microsoftonline.com/contoso.com/oauth2/v2.0/authorize false   []"},
		{Authority{Kind: Entra, Host: "login.microsoftonline.com"}, "https://login.microsoftonline.com/common/oauth2/v2.0/authorize false   []"},
		{Authority{Kind: Entra, Host: "x.contoso.com", Tenant: "t", Cloud: "c", group: []string{"x.contoso.com"}}, "https://x.contoso.com/t/oauth2/v2.0/authorize true   []"},
		{Authority{Kind: Entra, Host: "x.contoso.com", Tenant: "t", Cloud: "c", group: []string{"x.contoso.com", "y"}}, "https://x.contoso.com/t/oauth2/v2.0/authorize true  c [x.contoso.com y]"},
		{Authority{Kind: Entra, Host: "login.microsoftonline.com", Tenant: "t", loopback: true}, "http://login.microsoftonline.com/t/oauth2/v2.0/authorize true   []"},
		{Authority{Kind: ADFS, Host: "fs.contoso.com"}, "https://fs.contoso.com/adfs/oauth2/authorize true   []"},
		{Authority{Kind: ADFS, Host: "127.0.0.1:9", loopback: true}, "http://127.0.0.1:9/adfs/oauth2/authorize true   []"},
		{Authority{Kind: OpenID, Host: "id.contoso.com", issuer: "https://id.contoso.com/r", Issuer: "https://id.contoso.com/R"}, "https://id.contoso.com/r true https://id.contoso.com/r  []"},
		{Authority{Kind: OpenID, Host: "id.contoso.com", Issuer: "https://id.contoso.com/R"}, "https://id.contoso.com/R true https://id.contoso.com/R  []"},
	} {
		doc, err := tt.a.document()
		if got := fmt.Sprintf("%s %v %s %s %v", doc.URL, doc.Trusted, doc.Issuer, doc.Cloud, doc.Hosts); err != nil || got != tt.want || doc.Metadata != nil {
			t.Errorf("%s at %s: %s, %v; want %s", tt.a.Kind, tt.a.Host, got, err, tt.want)
		}
	}
	var ce *ConfigError
	if _, err := (&Authority{}).document(); !errors.As(err, &ce) || ce.Kind != ConfigMissing {
		t.Errorf("of no host: %v", err)
	}
	a := Authority{Kind: ADFS, Host: "h", TokenEndpoint: &url.URL{Path: "t"}, FormPost: true, IssuerParameter: true, Issuer: "i", AccessTokenIssuer: "ai"}
	doc, _ := a.document()
	if m := doc.Metadata; m == nil || m.Token != "t" || m.Authorization != "" || m.Keys != "" || m.DeviceAuthorization != "" || !slices.Equal(m.ResponseModes, []string{"form_post"}) || !m.IssuerParameter || m.Issuer != "i" || m.AccessTokenIssuer != "ai" {
		t.Errorf("metadata %+v", m)
	}
	a.FormPost = false
	if doc, _ = a.document(); doc.Metadata.ResponseModes != nil {
		t.Errorf("metadata %+v", doc.Metadata)
	}
}

// The issuer of the metadata is the authority itself.
func TestIssuers(t *testing.T) {
	const guid = "11111111-2222-3333-4444-555555555555"
	entra := func(tenant string) Authority {
		return Authority{Kind: Entra, Host: "h", Tenant: tenant, group: []string{"h", "sts.h"}}
	}
	beside := entra("common")
	beside.loopback = true
	for _, tt := range []struct {
		a    Authority
		iss  string
		want string // in the error; "": none
	}{
		{entra("common"), "https://h/{tenantid}/v2.0", ""},
		{entra("organizations"), "https://STS.H/{tenantid}/v2.0", ""},
		{entra("common"), "https://x/{tenantid}/v2.0", "another cloud"},
		{entra("common"), "http://h/{tenantid}/v2.0", "plain https"},
		{beside, "http://h/{tenantid}/v2.0", ""},
		{beside, "https://h/{tenantid}/v2.0", ""},
		{beside, "ftp://h/{tenantid}/v2.0", "plain https"},
		{entra("common"), "https://u@h/{tenantid}/v2.0", "plain https"},
		{entra("common"), "https://h/{tenantid}/v2.0?q", "plain https"},
		{entra("common"), "https://h/{tenantid}/v2.0#f", "plain https"},
		{entra("common"), "https://h/{tenantid}", "not of the form"},
		{entra("common"), "%", "is not a URL"},
		{entra("common"), "https://h/" + guid + "/v2.0", "names one tenant"},
		{entra("consumers"), "https://h/" + guid + "/v2.0", ""},
		{entra("consumers"), "https://h/x/v2.0", "names no tenant"},
		{entra("contoso.com"), "https://h/{tenantid}/v2.0", "names no tenant although"},
		{entra("contoso.com"), "https://h/" + guid + "/v2.0", ""},
		{entra("contoso.com"), "https://h/contoso.com/v2.0", "names no tenant"},
		{entra(guid), "https://h/" + strings.ToUpper(guid) + "/v2.0", ""},
		{entra(guid), "https://h/" + guid[:35] + "6/v2.0", "another tenant"},
		{Authority{Kind: ADFS, issuer: "https://h/adfs"}, "https://H/ADFS", ""},
		{Authority{Kind: ADFS, issuer: "https://h/adfs"}, "https://h/adfs/", "not the authority itself"},
		{Authority{Kind: OpenID, issuer: "https://h/r"}, "HTTPS://H/r", ""},
		{Authority{Kind: OpenID, issuer: "https://h/r"}, "https://h/R", "not the authority itself"},
		{Authority{Kind: OpenID, issuer: "https://h/r"}, "https://h/r/", "not the authority itself"},
		{Authority{Kind: OpenID, issuer: "https://h/r"}, "https://h", "not the authority itself"},
		{Authority{Kind: OpenID, issuer: "https://h"}, "https://H", ""},
		{Authority{Kind: OpenID, issuer: "https://h"}, "https://h/", "not the authority itself"},
		{Authority{Kind: OpenID, issuer: "https://h"}, "", "not the authority itself"},
	} {
		err := tt.a.checkIssuer(tt.iss)
		if tt.want == "" && err != nil || tt.want != "" && (err == nil || !strings.Contains(err.Error(), tt.want)) {
			t.Errorf("%s of %q: %q: %v, want %q", tt.a.Kind, tt.a.Tenant, tt.iss, err, tt.want)
		}
	}
	for template, want := range map[string]string{"https://h/x": "https://h/x", "https://h/{tenantid}/v2.0": "https://h/" + guid + "/v2.0"} {
		a := &Authority{Issuer: template}
		if got := expandIssuer(template, guid); got != want {
			t.Errorf("expandIssuer(%s) = %s", template, got)
		}
		if template != want && expandIssuer(template, "x") != "" {
			t.Errorf("expandIssuer(%s) of no GUID = %s", template, expandIssuer(template, "x"))
		}
		for iss, ok := range map[string]bool{want: true, template: true, "https://h/x/v2.0": false, "": false, "https://x/" + guid + "/v2.0": false, "https://h/" + guid + "/v2.1": false, "https://h/" + guid: false} {
			if got := a.mayIssue(iss); got != ok {
				t.Errorf("%s may issue %s: %v", template, iss, got)
			}
		}
	}
	for _, tt := range []struct {
		a    Authority
		c    Claims
		want string
	}{
		{Authority{Kind: ADFS, Issuer: "i", AccessTokenIssuer: "ai"}, Claims{}, "[i ai]"},
		{Authority{Kind: ADFS, Issuer: "i"}, Claims{}, "[i]"},
		{Authority{Kind: OpenID, Issuer: "i", AccessTokenIssuer: "ai"}, Claims{}, "[i]"},
		{Authority{Kind: Entra, Issuer: "https://h/{tenantid}/v2.0"}, Claims{Tenant: "x"}, "[]"},
		{Authority{Kind: Entra, Issuer: "https://h/{tenantid}/v2.0"}, Claims{Tenant: guid}, "[https://h/" + guid + "/v2.0]"},
		{Authority{Kind: Entra, Host: "login.microsoftonline.com", Issuer: "https://h/{tenantid}/v2.0"}, Claims{Tenant: guid, Version: "1.0"}, "[https://sts.windows.net/" + guid + "/]"},
		{Authority{Kind: Entra, Host: "login.microsoftonline.com", Issuer: "https://h/{tenantid}/v2.0"}, Claims{Tenant: guid, Version: "2.0"}, "[https://h/" + guid + "/v2.0]"},
		{Authority{Kind: Entra, Host: "x.contoso.com", Issuer: "https://h/{tenantid}/v2.0"}, Claims{Tenant: guid, Version: "1.0"}, "[https://h/" + guid + "/v2.0]"},
	} {
		if got := fmt.Sprint(tt.a.issuers(&tt.c)); got != tt.want {
			t.Errorf("%s at %q, version %q: %s, want %s", tt.a.Kind, tt.a.Host, tt.c.Version, got, tt.want)
		}
	}
}
