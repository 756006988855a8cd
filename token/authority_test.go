package token_test

import (
	"encoding/json"
	"errors"
	"net/http"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/easoauth/easoauth/bearer"
	"github.com/easoauth/easoauth/token"
)

func TestParseAuthority(t *testing.T) {
	own := &token.Options{TrustedAuthorities: []string{"fs.contoso.com", "id.contoso.com:8443", "127.0.0.1:9000"}}
	type answer struct {
		Kind                token.AuthorityKind
		Host, Cloud, Tenant string
	}
	for _, tt := range []struct {
		name, in string
		o        *token.Options
		want     answer // zero: refused
	}{
		{"seed", v1Authority, nil, answer{token.Entra, "login.microsoftonline.com", "public", "common"}},
		{"v2", "https://login.microsoftonline.com/contoso.com/oauth2/v2.0/authorize", nil, answer{token.Entra, "login.microsoftonline.com", "public", "contoso.com"}},
		{"upper case", "HTTPS://LOGIN.WINDOWS.NET/Common/oauth2/authorize", nil, answer{token.Entra, "login.microsoftonline.com", "public", "common"}},
		{"default port", "https://login.windows.net:443/common/oauth2/authorize", nil, answer{token.Entra, "login.microsoftonline.com", "public", "common"}},
		{"no path", "https://login.windows.net", nil, answer{token.Entra, "login.microsoftonline.com", "public", "common"}},
		{"query is ignored", "https://login.windows.net/common/oauth2/authorize?resource=https://graph.microsoft.com", nil, answer{token.Entra, "login.microsoftonline.com", "public", "common"}},
		{"v1 issuer host", "https://sts.windows.net/" + tenantID + "/", nil, answer{token.Entra, "login.microsoftonline.com", "public", tenantID}},
		{"china", "https://login.chinacloudapi.cn/common/oauth2/authorize", nil, answer{token.Entra, "login.partner.microsoftonline.cn", "china", "common"}},
		{"us government", "https://login.usgovcloudapi.net/organizations/oauth2/authorize", nil, answer{token.Entra, "login.microsoftonline.us", "usgov", "organizations"}},
		{"tenant option", v1Authority, &token.Options{Tenant: "Contoso.com"}, answer{token.Entra, "login.microsoftonline.com", "public", "contoso.com"}},
		{"AD FS trusted", "https://fs.contoso.com/adfs/oauth2/authorize", own, answer{token.ADFS, "fs.contoso.com", "", ""}},
		{"AD FS upper case", "https://FS.contoso.com/ADFS/oauth2/authorize", own, answer{token.ADFS, "fs.contoso.com", "", ""}},
		{"OpenID trusted", "https://id.contoso.com:8443/realms/x/protocol/openid-connect/auth", own, answer{token.OpenID, "id.contoso.com:8443", "", ""}},
		{"Entra form on a trusted host", "https://fs.contoso.com/common/oauth2/authorize", own, answer{token.Entra, "fs.contoso.com", "", "common"}},
		{"loopback", "http://127.0.0.1:9000/adfs/oauth2/authorize", &token.Options{TrustedAuthorities: own.TrustedAuthorities, AllowLoopback: true}, answer{token.ADFS, "127.0.0.1:9000", "", ""}},

		{"default port of a trusted host", "https://FS.contoso.com:443/adfs", own, answer{token.ADFS, "fs.contoso.com", "", ""}},
		{"listed with the default port", "https://fs.contoso.com/adfs", &token.Options{TrustedAuthorities: []string{"fs.contoso.com:443"}}, answer{token.ADFS, "fs.contoso.com", "", ""}},
		{"Entra form, no more than it takes", "https://fs.contoso.com/common/oauth2", own, answer{token.Entra, "fs.contoso.com", "", "common"}},
		{"Entra form, and an issuer", "https://fs.contoso.com/common/oauth2", &token.Options{TrustedAuthorities: own.TrustedAuthorities, Issuer: "https://FS.contoso.com/x"}, answer{token.OpenID, "fs.contoso.com", "", ""}},
		{"the longest tenant", v1Authority, &token.Options{Tenant: strings.Repeat("a", 253)}, answer{token.Entra, "login.microsoftonline.com", "public", strings.Repeat("a", 253)}},

		{"a tenant that is too long", v1Authority, &token.Options{Tenant: strings.Repeat("a", 254)}, answer{}},
		{"Entra form with a bad tenant", "https://fs.contoso.com/a_b/oauth2/authorize", own, answer{}},
		{"dot segment of a trusted host", "https://fs.contoso.com/realms/./x", own, answer{}},
		{"dot segments of a trusted host", "https://fs.contoso.com/realms/../x", own, answer{}},
		{"loopback with user information", "http://u@127.0.0.1:9000/adfs", &token.Options{TrustedAuthorities: own.TrustedAuthorities, AllowLoopback: true}, answer{}},
		{"issuer of another scheme", "https://fs.contoso.com/x", &token.Options{TrustedAuthorities: own.TrustedAuthorities, Issuer: "http://fs.contoso.com/x"}, answer{}},
		{"issuer that is not a URL", "https://fs.contoso.com/x", &token.Options{TrustedAuthorities: own.TrustedAuthorities, Issuer: "https://fs.contoso.com/%"}, answer{}},
		{"AD FS not trusted", "https://fs.contoso.com/adfs/oauth2/authorize", nil, answer{}},
		{"S044 suffix", "https://login.windows.net.evil.example/common/oauth2/authorize", nil, answer{}},
		{"prefix", "https://evil-login.windows.net/common/oauth2/authorize", nil, answer{}},
		{"sub-domain", "https://x.login.windows.net/common/oauth2/authorize", nil, answer{}},
		{"S044 user information", "https://login.windows.net@evil.example/common", nil, answer{}},
		{"user information of a known host", "https://evil.example@login.windows.net/common", nil, answer{}},
		{"S044 another port", "https://login.windows.net:444/common/oauth2/authorize", nil, answer{}},
		{"S044 trailing dot", "https://login.windows.net./common/oauth2/authorize", nil, answer{}},
		{"S044 homograph", "https://lоgin.windows.net/common/oauth2/authorize", nil, answer{}}, // Cyrillic о
		{"punycode homograph", "https://xn--lgin-tsa.windows.net/common/oauth2/authorize", nil, answer{}},
		{"full-width dot", "https://login。windows。net/common/oauth2/authorize", nil, answer{}},
		{"escaped dot", "https://login%2ewindows%2enet/common/oauth2/authorize", nil, answer{}},
		{"S044 backslash", `https://login.windows.net\@evil.example/common`, nil, answer{}},
		{"S044 tab", "https://login.windows\t.net/common", nil, answer{}},
		{"space", " https://login.windows.net/common", nil, answer{}},
		{"line feed", "https://login.windows.net/common\n", nil, answer{}},
		{"S045 http", "http://login.windows.net/common/oauth2/authorize", nil, answer{}},
		{"http although loopback is allowed", "http://login.windows.net/common/oauth2/authorize", &token.Options{AllowLoopback: true}, answer{}},
		{"loopback not allowed", "http://127.0.0.1:9000/adfs/oauth2/authorize", own, answer{}},
		{"loopback not listed", "http://127.0.0.1:9001/adfs", &token.Options{TrustedAuthorities: own.TrustedAuthorities, AllowLoopback: true}, answer{}},
		{"opaque", "https:login.windows.net/common", nil, answer{}},
		{"no scheme", "login.windows.net/common/oauth2/authorize", nil, answer{}},
		{"protocol-relative", "//login.windows.net/common", nil, answer{}},
		{"javascript", "javascript:alert(1)//login.windows.net", nil, answer{}},
		{"empty", "", nil, answer{}},
		{"test cloud", "https://login.windows-ppe.net/common/oauth2/authorize", nil, answer{}},
		{"adfs at a cloud", "https://login.windows.net/adfs/oauth2/authorize", nil, answer{}},
		{"dot segments", "https://login.windows.net/../common", nil, answer{}},
		{"escaped path", "https://login.windows.net/com%6don/oauth2/authorize", nil, answer{}},
		{"empty segment", "https://login.windows.net//evil/oauth2", nil, answer{}},
		{"tenant with odd characters", "https://login.windows.net/{tenantid}/oauth2/authorize", nil, answer{}},
		{"bad tenant option", v1Authority, &token.Options{Tenant: "a/../b"}, answer{}},
		{"issuer of another host", "https://fs.contoso.com/x", &token.Options{TrustedAuthorities: own.TrustedAuthorities, Issuer: "https://evil.example/x"}, answer{}},
		{"listed without its port", "https://id.contoso.com/adfs", own, answer{}},
		{"listed is no suffix", "https://evilfs.contoso.com/adfs", own, answer{}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			a, err := token.ParseAuthority(tt.in, tt.o)
			if tt.want == (answer{}) {
				var ae *token.AuthorityError
				if !errors.As(err, &ae) || !errors.Is(err, token.ErrUntrustedAuthority) {
					t.Fatalf("ParseAuthority(%q) = %v, %v; want it refused", tt.in, a, err)
				}
				return
			}
			if err != nil {
				t.Fatalf("ParseAuthority(%q): %v", tt.in, err)
			}
			if diff := cmp.Diff(tt.want, answer{a.Kind, a.Host, a.Cloud, a.Tenant}); diff != "" {
				t.Errorf("ParseAuthority(%q) (-want +got)\n%s", tt.in, diff)
			}
		})
	}
}

func TestConfigure(t *testing.T) {
	s := newSTS()
	c := s.config(t)
	want := []string{"https://mail.contoso.com/EAS.AccessAsUser.All", "offline_access", "openid", "profile"}
	if diff := cmp.Diff(want, c.Scopes); diff != "" {
		t.Errorf("Scopes (-want +got)\n%s", diff)
	}
	if got := s.requests[0].URL.String(); got != "https://login.microsoftonline.com/common/v2.0/.well-known/openid-configuration" {
		t.Errorf("metadata read from %s", got)
	}
	if got := c.Authority.TokenEndpoint.String(); got != "https://login.microsoftonline.com/common/oauth2/v2.0/token" {
		t.Errorf("TokenEndpoint = %s", got)
	}
	if got := c.Authority.String(); got != "login.microsoftonline.com/common" {
		t.Errorf("Authority = %s", got)
	}

	for _, tt := range []struct {
		name, client string
		offer        *bearer.Offer
		endpoint     string
		o            token.Options
		target       any
	}{
		{"no client ID", "", &bearer.Offer{AuthorizationURI: v1Authority}, endpointURL, token.Options{}, new(*token.ConfigError)},
		{"no offer", clientID, nil, endpointURL, token.Options{}, new(*token.AuthorityError)},
		{"no authorization_uri", clientID, &bearer.Offer{}, endpointURL, token.Options{}, new(*token.AuthorityError)},
		{"plain http endpoint", clientID, &bearer.Offer{AuthorizationURI: v1Authority}, "http://mail.contoso.com/", token.Options{}, new(*token.ConfigError)},
		{"untrusted", clientID, &bearer.Offer{AuthorizationURI: "https://login.windows.net.evil.example/common"}, endpointURL, token.Options{}, new(*token.AuthorityError)},
		{"bad scope", clientID, &bearer.Offer{AuthorizationURI: v1Authority}, endpointURL, token.Options{Scopes: []string{"EAS.AccessAsUser.All"}}, new(*token.ConfigError)},
	} {
		t.Run(tt.name, func(t *testing.T) {
			tt.o.HTTPClient = s.Client()
			_, err := token.Configure(t.Context(), tt.client, tt.offer, mustURL(tt.endpoint), &tt.o)
			if err == nil || !errors.As(err, tt.target) {
				t.Errorf("Configure = %v, want %T", err, tt.target)
			}
		})
	}
	if _, err := token.Configure(t.Context(), clientID, nil, nil, nil); err == nil {
		t.Error("Configure without an endpoint succeeded")
	}
}

// The scope comes from the endpoint, whatever the challenge says.
func TestS049ScopeDoesNotComeFromTheChallenge(t *testing.T) {
	offer := &bearer.Offer{AuthorizationURI: v1Authority + "?resource=https%3A%2F%2Fgraph.microsoft.com", Scope: []string{"https://graph.microsoft.com/.default"}}
	c, err := token.Configure(t.Context(), clientID, offer, endpoint, &token.Options{HTTPClient: newSTS().Client()})
	if err != nil {
		t.Fatal(err)
	}
	if s := strings.Join(c.Scopes, " "); strings.Contains(s, "graph") {
		t.Errorf("Scopes = %s", s)
	}
}

func TestDiscoverADFS(t *testing.T) {
	s := newSTS()
	s.base, s.issuer = "https://fs.contoso.com/adfs", "https://fs.contoso.com/adfs"
	s.metadata = func(m map[string]any) { m["access_token_issuer"] = "http://fs.contoso.com/adfs/services/trust" }
	c, err := token.Configure(t.Context(), clientID, &bearer.Offer{AuthorizationURI: "https://fs.contoso.com/adfs/oauth2/authorize"}, endpoint,
		&token.Options{HTTPClient: s.Client(), TrustedAuthorities: []string{"fs.contoso.com"}})
	if err != nil {
		t.Fatal(err)
	}
	if got := s.requests[0].URL.String(); got != "https://fs.contoso.com/adfs/.well-known/openid-configuration" {
		t.Errorf("metadata read from %s", got)
	}
	if diff := cmp.Diff([]string{"https://mail.contoso.com//EAS.AccessAsUser.All", "openid"}, c.Scopes); diff != "" {
		t.Errorf("Scopes (-want +got)\n%s", diff)
	}
	if c.Authority.AccessTokenIssuer == "" {
		t.Error("AccessTokenIssuer is empty")
	}
}

// A byte order mark before the metadata and the keys does not matter.
func TestDiscoverByteOrderMark(t *testing.T) {
	s := newSTS()
	s.intercept = func(w http.ResponseWriter, r *http.Request) bool {
		const base = "https://login.microsoftonline.com/common"
		w.Write([]byte("\ufeff\r\n"))
		if strings.HasSuffix(r.URL.Path, "/keys") {
			json.NewEncoder(w).Encode(map[string]any{"keys": []any{jwk(&signingKey().PublicKey, "k1", s.issuer)}})
			return true
		}
		json.NewEncoder(w).Encode(map[string]any{"issuer": s.issuer, "authorization_endpoint": base + "/oauth2/v2.0/authorize",
			"token_endpoint": base + "/oauth2/v2.0/token", "jwks_uri": base + "/discovery/v2.0/keys"})
		return true
	}
	a, err := token.Discover(t.Context(), v1Authority, &token.Options{HTTPClient: s.Client()})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := (&token.Verifier{Authority: a, Endpoint: endpoint}).Verify(t.Context(), sign(accessClaims(nil))); err != nil {
		t.Errorf("Verify = %v", err)
	}
}

// AD FS publishes the name of its service as the administrator wrote it.
func TestDiscoverInCapitals(t *testing.T) {
	for _, tt := range []struct {
		name, uri, issuer string
		trusted           string
		ok                bool
	}{
		{"AD FS service name", "https://fs.contoso.com/adfs/oauth2/authorize", "https://FS.Contoso.com/adfs", "fs.contoso.com", true},
		{"AD FS path", "https://fs.contoso.com/ADFS/oauth2/authorize", "https://fs.contoso.com/ADFS", "fs.contoso.com", true},
		{"AD FS in the challenge", "https://FS.CONTOSO.COM/ADFS/OAuth2/Authorize", "https://fs.contoso.com/adfs", "fs.contoso.com", true},
		{"AD FS as trusted", "https://fs.contoso.com/adfs/oauth2/authorize", "https://fs.contoso.com/adfs", "FS.Contoso.com", true},
		{"provider", "https://id.contoso.com/realms/Mail/protocol/openid-connect/auth", "https://ID.contoso.com/realms/Mail", "id.contoso.com", true},
		{"provider, other path", "https://id.contoso.com/realms/Mail/protocol/openid-connect/auth", "https://id.contoso.com/realms/mail", "id.contoso.com", false},
		{"AD FS of another name", "https://fs.contoso.com/adfs/oauth2/authorize", "https://FS.fabrikam.com/adfs", "fs.contoso.com", false},
		{"provider of a longer name", "https://id.contoso.com/auth", "https://id.contoso.com.evil.example", "id.contoso.com", false},
		{"provider, no issuer", "https://id.contoso.com/auth", "", "id.contoso.com", false},
	} {
		t.Run(tt.name, func(t *testing.T) {
			s := newSTS()
			s.issuer = tt.issuer
			s.base = strings.ToLower("https://" + mustURL(tt.uri).Host)
			s.intercept = func(w http.ResponseWriter, r *http.Request) bool {
				if !strings.HasSuffix(r.URL.Path, "/.well-known/openid-configuration") {
					return false
				}
				base := "https://" + mustURL(tt.uri).Host
				writeJSON(w, 200, map[string]any{"issuer": tt.issuer, "authorization_endpoint": base + "/a", "token_endpoint": base + "/t", "jwks_uri": base + "/k"})
				return true
			}
			a, err := token.Discover(t.Context(), tt.uri, &token.Options{HTTPClient: s.Client(), TrustedAuthorities: []string{tt.trusted}})
			if (err == nil) != tt.ok {
				t.Fatalf("Discover = %v, want ok = %v", err, tt.ok)
			}
			if err == nil && a.Issuer != tt.issuer {
				t.Errorf("Issuer = %q, want the one that is published, %q", a.Issuer, tt.issuer)
			}
		})
	}
}

func TestS051DiscoverRefusesMetadata(t *testing.T) {
	type change = func(m map[string]any)
	for _, tt := range []struct {
		name   string
		tenant string
		change change
	}{
		{"issuer of another cloud", "", func(m map[string]any) { m["issuer"] = "https://login.microsoftonline.us/{tenantid}/v2.0" }},
		{"issuer of a stranger", "", func(m map[string]any) { m["issuer"] = "https://evil.example/{tenantid}/v2.0" }},
		{"issuer over http", "", func(m map[string]any) { m["issuer"] = "http://login.microsoftonline.com/{tenantid}/v2.0" }},
		{"issuer with another template", "", func(m map[string]any) { m["issuer"] = "https://login.microsoftonline.com/{tenant}/v2.0" }},
		{"issuer with query", "", func(m map[string]any) { m["issuer"] = "https://login.microsoftonline.com/{tenantid}/v2.0?x" }},
		{"one tenant for all", "", func(m map[string]any) { m["issuer"] = "https://login.microsoftonline.com/" + tenantID + "/v2.0" }},
		{"all tenants for one", tenantID, func(m map[string]any) { m["issuer"] = "https://login.microsoftonline.com/{tenantid}/v2.0" }},
		{"another tenant", tenantID, func(m map[string]any) {
			m["issuer"] = "https://login.microsoftonline.com/00000000-0000-0000-0000-000000000001/v2.0"
		}},
		{"no issuer", "", func(m map[string]any) { delete(m, "issuer") }},
		{"no token endpoint", "", func(m map[string]any) { delete(m, "token_endpoint") }},
		{"token endpoint elsewhere", "", func(m map[string]any) { m["token_endpoint"] = "https://evil.example/token" }},
		{"token endpoint of another cloud", "", func(m map[string]any) { m["token_endpoint"] = "https://login.microsoftonline.us/token" }},
		{"S007 token endpoint over http", "", func(m map[string]any) { m["token_endpoint"] = "http://login.microsoftonline.com/token" }},
		{"token endpoint on another port", "", func(m map[string]any) { m["token_endpoint"] = "https://login.microsoftonline.com:8443/token" }},
		{"keys over http", "", func(m map[string]any) { m["jwks_uri"] = "http://login.microsoftonline.com/keys" }},
		{"device endpoint elsewhere", "", func(m map[string]any) { m["device_authorization_endpoint"] = "https://evil.example/d" }},
		{"endpoint with user information", "", func(m map[string]any) {
			m["authorization_endpoint"] = "https://login.microsoftonline.com@evil.example/a"
		}},
		{"endpoint with fragment", "", func(m map[string]any) { m["authorization_endpoint"] = "https://login.microsoftonline.com/a#b" }},
		{"endpoint of the wrong type", "", func(m map[string]any) { m["token_endpoint"] = 7 }},
	} {
		t.Run(tt.name, func(t *testing.T) {
			s := newSTS()
			s.metadata = tt.change
			_, err := token.Discover(t.Context(), v1Authority, &token.Options{HTTPClient: s.Client(), Tenant: tt.tenant})
			var ae *token.AuthorityError
			if !errors.As(err, &ae) {
				t.Errorf("Discover = %v, want *AuthorityError", err)
			}
		})
	}
}

func TestDiscoverAcceptsTheCloudsHosts(t *testing.T) {
	s := newSTS()
	s.metadata = func(m map[string]any) {
		m["issuer"] = "https://login.microsoftonline.com/" + tenantID + "/v2.0"
		m["jwks_uri"] = "https://login.windows.net/common/discovery/v2.0/keys"
		delete(m, "device_authorization_endpoint")
		m["response_modes_supported"] = []string{"query", "form_post"}
	}
	a, err := token.Discover(t.Context(), "https://login.windows.net/contoso.com", &token.Options{HTTPClient: s.Client()})
	if err != nil {
		t.Fatal(err)
	}
	if a.DeviceAuthorizationEndpoint != nil || !a.FormPost {
		t.Errorf("device endpoint %v, form_post %v; want none and true", a.DeviceAuthorizationEndpoint, a.FormPost)
	}
}

func TestDiscoverFails(t *testing.T) {
	for _, tt := range []struct {
		name      string
		answer    func(w http.ResponseWriter, r *http.Request) bool
		target    any
		mentioned string
	}{
		{"503", func(w http.ResponseWriter, r *http.Request) bool {
			w.Header().Set("Retry-After", "7")
			http.Error(w, "secret body", http.StatusServiceUnavailable)
			return true
		}, new(*token.TransientError), "retry after 7s"},
		{"404", func(w http.ResponseWriter, r *http.Request) bool { http.Error(w, "secret body", 404); return true }, new(*token.AuthorityError), "404"},
		{"redirect", func(w http.ResponseWriter, r *http.Request) bool {
			http.Redirect(w, r, "https://evil.example/", http.StatusFound)
			return true
		}, new(*token.TransientError), "redirect"},
		{"HTML", func(w http.ResponseWriter, r *http.Request) bool { w.Write([]byte("<html>secret body")); return true }, new(*token.AuthorityError), "not the JSON"},
		{"too long", func(w http.ResponseWriter, r *http.Request) bool {
			w.Write([]byte(`{"issuer":"` + strings.Repeat("x", 2<<20) + `"}`))
			return true
		}, new(*token.AuthorityError), "1048576"},
		{"unknown tenant", func(w http.ResponseWriter, r *http.Request) bool {
			aadsts(w, 400, "invalid_tenant", 90002)
			return true
		}, new(*token.ConfigError), "AADSTS90002"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			s := newSTS()
			s.intercept = tt.answer
			_, err := token.Discover(t.Context(), v1Authority, &token.Options{HTTPClient: s.Client()})
			if err == nil || !errors.As(err, tt.target) {
				t.Fatalf("Discover = %v, want %T", err, tt.target)
			}
			if !strings.Contains(err.Error(), tt.mentioned) || strings.Contains(err.Error(), "secret body") || strings.Contains(err.Error(), "ada@") {
				t.Errorf("error %q, want %q in it and nothing of the body", err, tt.mentioned)
			}
			if n := len(s.requests); n != 1 {
				t.Errorf("%d requests, want 1", n)
			}
		})
	}
}

func TestInstanceDiscovery(t *testing.T) {
	s := newSTS()
	s.base, s.issuer = "https://login.newcloud.example", "https://login.newcloud.example/{tenantid}/v2.0"
	uri := "https://login.newcloud.example/common/oauth2/authorize"
	vouch := true
	s.intercept = func(w http.ResponseWriter, r *http.Request) bool {
		if !strings.HasSuffix(r.URL.Path, "/discovery/instance") {
			return false
		}
		if r.URL.Host != "login.microsoftonline.com" {
			t.Errorf("instance discovery asked %s", r.URL.Host)
		}
		aliases := []string{"login.other.example"}
		if vouch {
			aliases = append(aliases, "login.newcloud.example")
		}
		json.NewEncoder(w).Encode(map[string]any{"metadata": []any{map[string]any{"preferred_network": aliases[len(aliases)-1], "aliases": aliases}}})
		return true
	}
	o := &token.Options{HTTPClient: s.Client()}
	if _, err := token.Discover(t.Context(), uri, o); !errors.Is(err, token.ErrUntrustedAuthority) {
		t.Errorf("Discover without InstanceDiscovery = %v, want it refused", err)
	}
	if n := len(s.requests); n != 0 {
		t.Errorf("%d requests without InstanceDiscovery", n)
	}
	o.InstanceDiscovery = true
	a, err := token.Discover(t.Context(), uri, o)
	if err != nil || a.Host != "login.newcloud.example" {
		t.Errorf("Discover = %v, %v", a, err)
	}
	vouch = false
	s.requests = nil
	if _, err := token.Discover(t.Context(), uri, o); !errors.Is(err, token.ErrUntrustedAuthority) {
		t.Errorf("Discover of a host that nobody vouches for = %v", err)
	}
	for _, r := range s.requests {
		if r.URL.Host == "login.newcloud.example" {
			t.Errorf("the unknown host was asked: %s", r.URL)
		}
	}
	if _, err := token.Discover(t.Context(), "https://login.newcloud.example:8443/common/oauth2/authorize", o); !errors.Is(err, token.ErrUntrustedAuthority) {
		t.Errorf("Discover with a port = %v", err)
	}
}
