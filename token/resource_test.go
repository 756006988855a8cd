package token_test

import (
	"context"
	"errors"
	"net/url"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/oauth2"

	"github.com/easoauth/easoauth/token"
)

const entraAuthority = "https://login.microsoftonline.com/contoso.com"

func TestConfigureResource(t *testing.T) {
	user := []string{"offline_access", "openid", "profile"}
	with := func(scopes ...string) []string { return append(scopes, user...) }
	for _, tt := range []struct {
		name      string
		authority string
		resource  string // "": nil
		scopes    []string
		want      []string // nil: an error
		endpoint  string
		mention   string
	}{
		{"IMAP", entraAuthority, "", []string{token.ScopeIMAP}, with("https://outlook.office.com/IMAP.AccessAsUser.All"), "https://outlook.office.com", ""},
		{"IMAP and SMTP", entraAuthority, "https://outlook.office.com", []string{"IMAP.AccessAsUser.All", "SMTP.Send"},
			with("https://outlook.office.com/IMAP.AccessAsUser.All", "https://outlook.office.com/SMTP.Send"), "https://outlook.office.com", ""},
		{"IMAP by the other host of Exchange Online", entraAuthority, "https://outlook.office365.com", []string{token.ScopeIMAP}, with(token.ScopeIMAP), "https://outlook.office365.com", ""},
		{"IMAP in China", "https://login.partner.microsoftonline.cn/common", "https://partner.outlook.cn", []string{"IMAP.AccessAsUser.All"},
			with("https://partner.outlook.cn/IMAP.AccessAsUser.All"), "https://partner.outlook.cn", ""},
		{"EWS by its endpoint", entraAuthority, "https://outlook.office365.com/EWS/Exchange.asmx", []string{token.ScopeEWS}, with(token.ScopeEWS), "https://outlook.office365.com/EWS/Exchange.asmx", ""},
		{"Graph", entraAuthority, "", []string{token.ScopeGraph, "https://graph.microsoft.com/Calendars.Read"}, with(token.ScopeGraph, "https://graph.microsoft.com/Calendars.Read"), "https://graph.microsoft.com", ""},
		{"Graph by short names", entraAuthority, "https://graph.microsoft.com/", []string{"Mail.Read", "User.Read"}, with("https://graph.microsoft.com/Mail.Read", "https://graph.microsoft.com/User.Read"), "https://graph.microsoft.com/", ""},
		{"whatever was granted", entraAuthority, "https://graph.microsoft.com", nil, with("https://graph.microsoft.com/.default"), "https://graph.microsoft.com", ""},
		{"own API", entraAuthority, "api://11111111-0000-0000-0000-000000000000", []string{"Mail.Sort"}, with("api://11111111-0000-0000-0000-000000000000/Mail.Sort"), "api://11111111-0000-0000-0000-000000000000", ""},
		{"own API by its application ID", entraAuthority, "https://api.contoso.com/v1", []string{"11111111-0000-0000-0000-000000000000/.default"},
			with("11111111-0000-0000-0000-000000000000/.default"), "https://api.contoso.com/v1", ""},
		{"own API with a path", entraAuthority, "https://api.contoso.com/v1", []string{"Read"}, with("https://api.contoso.com/v1/Read"), "https://api.contoso.com/v1", ""},
		{"only the caller's scopes of OpenID", entraAuthority, "", []string{token.ScopeIMAP, "openid"}, []string{token.ScopeIMAP, "openid"}, "https://outlook.office.com", ""},
		{"AD FS", "https://fs.contoso.com/adfs", "https://mail.contoso.com", []string{"EWS.AccessAsUser.All"}, []string{"https://mail.contoso.com//EWS.AccessAsUser.All", "openid"}, "https://mail.contoso.com", ""},
		{"ActiveSync", entraAuthority, "https://mail.contoso.com", []string{"EAS.AccessAsUser.All"}, with("https://mail.contoso.com/EAS.AccessAsUser.All"), "https://mail.contoso.com", ""},

		{"AD FS knows no default", "https://fs.contoso.com/adfs", "https://mail.contoso.com", nil, nil, "", "no scope names the resource"},
		{"two resources", entraAuthority, "", []string{token.ScopeIMAP, token.ScopeGraph}, nil, "", "another resource"},
		{"scope of another resource", entraAuthority, "https://graph.microsoft.com", []string{token.ScopeIMAP}, nil, "", "another resource"},
		{"Exchange's ID at Graph", entraAuthority, "https://graph.microsoft.com", []string{"00000002-0000-0ff1-ce00-000000000000/.default"}, nil, "", "another resource"},
		{"ActiveSync for Graph", entraAuthority, "https://graph.microsoft.com", []string{"EAS.AccessAsUser.All"}, nil, "", "Graph"},
		{"bad scope", entraAuthority, "https://graph.microsoft.com", []string{"Mail Read"}, nil, "", "characters"},
		{"quote in a scope", entraAuthority, "https://graph.microsoft.com", []string{"Mail\"Read"}, nil, "", "characters"},
		{"backslash in a scope", entraAuthority, "https://graph.microsoft.com", []string{"Mail\\Read"}, nil, "", "characters"},
		{"umlaut in a scope", entraAuthority, "https://graph.microsoft.com", []string{"Mail.Lösen"}, nil, "", "characters"},
		{"control character in a scope", entraAuthority, "https://graph.microsoft.com", []string{"Mail\x7f"}, nil, "", "characters"},
		{"Exchange of another cloud", entraAuthority, "https://partner.outlook.cn", []string{token.ScopeIMAP}, nil, "", "another resource"},
		{"empty scope", entraAuthority, "https://graph.microsoft.com", []string{""}, nil, "", "characters"},
		{"scope without permission", entraAuthority, "https://graph.microsoft.com", []string{"https://graph.microsoft.com/"}, nil, "", "permission"},
		{"neither resource nor scope", entraAuthority, "", nil, nil, "", "neither"},
		{"short name alone", entraAuthority, "", []string{"Mail.Read"}, nil, "", "neither"},
		{"http", entraAuthority, "http://mail.contoso.com", []string{"x"}, nil, "", "https"},
		{"query", entraAuthority, "https://mail.contoso.com/?a=b", []string{"x"}, nil, "", "https"},
		{"imap URL", entraAuthority, "imap://outlook.office365.com:993", []string{"IMAP.AccessAsUser.All"}, nil, "", "https"},
		{"untrusted authority", "https://evil.example/common", "", []string{token.ScopeIMAP}, nil, "", "not a known authority"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			var resource *url.URL
			if tt.resource != "" {
				resource = mustURL(tt.resource)
			}
			s := newSTS()
			c, err := token.ConfigureResource(t.Context(), clientID, tt.authority, resource, tt.scopes,
				&token.Options{HTTPClient: s.Client(), Lazy: true, TrustedAuthorities: []string{"fs.contoso.com"}})
			if tt.want == nil {
				if err == nil || !strings.Contains(err.Error(), tt.mention) {
					t.Errorf("ConfigureResource = %v, want an error that mentions %q", err, tt.mention)
				}
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(tt.want, c.Scopes); diff != "" {
				t.Errorf("Scopes (-want +got)\n%s", diff)
			}
			if c.Endpoint.String() != tt.endpoint {
				t.Errorf("Endpoint = %s, want %s", c.Endpoint, tt.endpoint)
			}
		})
	}
	_, err := token.ConfigureResource(t.Context(), clientID, entraAuthority, nil, []string{token.ScopeIMAP}, &token.Options{Scopes: []string{"x"}})
	var ce *token.ConfigError
	if !errors.As(err, &ce) || ce.Kind != token.ConfigScope {
		t.Errorf("with Options.Scopes: %v, want *ConfigError of kind scope", err)
	}
	c, err := token.ConfigureResource(t.Context(), clientID, entraAuthority, nil, []string{token.ScopeIMAP}, &token.Options{HTTPClient: func() *sts {
		s := newSTS()
		s.issuer = "https://login.microsoftonline.com/" + tenantID + "/v2.0"
		return s
	}().Client()})
	if err != nil || c.Authority.TokenEndpoint == nil {
		t.Errorf("ConfigureResource = %v, want the metadata", err)
	}
}

// A token is handed out only if it is for the resource.
func TestResourceAudience(t *testing.T) {
	const ownID, exchange, graph = "11111111-0000-0000-0000-000000000000", "00000002-0000-0ff1-ce00-000000000000", "00000003-0000-0000-c000-000000000000"
	for _, tt := range []struct {
		resource, scope string
		audience        string
		kind            token.AudienceKind // "": it fits
	}{
		{"https://outlook.office.com", token.ScopeIMAP, "https://outlook.office.com", ""},
		{"https://outlook.office.com", token.ScopeIMAP, "https://outlook.office365.com", ""},
		{"https://outlook.office.com", token.ScopeIMAP, exchange, ""},
		{"https://outlook.office.com", token.ScopeIMAP, "https://graph.microsoft.com", token.AudienceHost},
		{"https://outlook.office.com", token.ScopeIMAP, graph, token.AudienceApp},
		{"https://graph.microsoft.com", token.ScopeGraph, "https://graph.microsoft.com", ""},
		{"https://graph.microsoft.com", token.ScopeGraph, "https://graph.microsoft.com/", ""},
		{"https://graph.microsoft.com", token.ScopeGraph, graph, ""},
		{"https://graph.microsoft.com", token.ScopeGraph, exchange, token.AudienceApp},
		{"https://graph.microsoft.com", token.ScopeGraph, "https://outlook.office.com", token.AudienceHost},
		{"https://graph.microsoft.com", token.ScopeGraph, ownID, token.AudienceApp},
		{"api://" + ownID, "Read", "api://" + ownID, ""},
		{"api://" + ownID, "Read", ownID, ""},
		{"api://" + ownID, "Read", "22222222-0000-0000-0000-000000000000", token.AudienceApp},
		{"api://" + ownID, "Read", "api://22222222-0000-0000-0000-000000000000", token.AudienceHost},
		{"https://api.contoso.com/v1", "Read", "https://API.contoso.com/v1/", ""},
		{"https://api.contoso.com/v1", "Read", ownID, ""},
		{"https://api.contoso.com/v1", "Read", graph, token.AudienceApp},
		{"https://api.contoso.com/v1", "Read", "http://api.contoso.com/v1", token.AudienceHost},
		{"https://api.contoso.com/v1", "Read", "", token.AudienceHost},
		{"https://mail.contoso.com", "EWS.AccessAsUser.All", ownID, token.AudienceApp}, // Exchange compares host names
		{"https://mail.contoso.com", "EWS.AccessAsUser.All", "http://mail.contoso.com", token.TLSOffloading},
	} {
		s := newSTS()
		c, err := token.ConfigureResource(t.Context(), clientID, entraAuthority, mustURL(tt.resource), []string{tt.scope}, &token.Options{HTTPClient: s.Client(), Lazy: true})
		if err != nil {
			t.Fatal(err)
		}
		flow := token.FlowFunc(func(context.Context, *token.Config) (*oauth2.Token, error) {
			return &oauth2.Token{AccessToken: sign(map[string]any{"aud": tt.audience})}, nil
		})
		_, err = (&token.Source{Config: c, Flow: flow}).Token(t.Context())
		var ae *token.AudienceError
		switch {
		case tt.kind == "" && err != nil:
			t.Errorf("%s with a token for %q: %v", tt.resource, tt.audience, err)
		case tt.kind != "" && (!errors.As(err, &ae) || ae.Kind != tt.kind):
			t.Errorf("%s with a token for %q: %v, want *AudienceError of kind %s", tt.resource, tt.audience, err, tt.kind)
		}
	}
}
