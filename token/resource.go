package token

import (
	"context"
	"net/url"
	"slices"
	"strings"

	"github.com/easoauth/easoauth/internal/safehttp"
)

// Scopes for [ConfigureResource]: what a program requests for a signed-in user at Exchange
// Online and Microsoft Graph, in the public cloud and for personal accounts. In a national
// cloud, name that cloud's host as the resource, such as https://outlook.office365.us or
// https://partner.outlook.cn, and the permission alone, such as "IMAP.AccessAsUser.All".
const (
	ScopeIMAP  = "https://outlook.office.com/IMAP.AccessAsUser.All"
	ScopePOP   = "https://outlook.office.com/POP.AccessAsUser.All"
	ScopeSMTP  = "https://outlook.office.com/SMTP.Send"
	ScopeEWS   = "https://outlook.office365.com/EWS.AccessAsUser.All"
	ScopeGraph = "https://graph.microsoft.com/Mail.ReadWrite" // one of many permissions
)

// Scopes for [ConfigureResource] and [ClientCredentials]: whatever application permissions
// were granted to the app.
const (
	ScopeExchangeApp = "https://outlook.office365.com/.default"
	ScopeGraphApp    = "https://graph.microsoft.com/.default"
)

// graphAppID is the application ID of Microsoft Graph.
const graphAppID = "00000003-0000-0000-c000-000000000000"

// graphHosts are those of Microsoft Graph in its clouds.
var graphHosts = []string{"graph.microsoft.com", "graph.microsoft.us", "dod-graph.microsoft.us", "microsoftgraph.chinacloudapi.cn"}

// exchangePermissions are the permissions of Exchange, whose servers compare host names.
var exchangePermissions = []string{
	permission, "EWS.AccessAsUser.All", "IMAP.AccessAsUser.All", "POP.AccessAsUser.All", "SMTP.Send",
	"IMAP.AccessAsApp", "POP.AccessAsApp", "SMTP.SendAsApp", "full_access_as_app",
}

// ConfigureResource determines where and for what to request tokens without a challenge: for IMAP,
// POP, SMTP, EWS, Microsoft Graph, or your own API.
//
//	token.ConfigureResource(ctx, clientID, "https://login.microsoftonline.com/common", nil, []string{token.ScopeIMAP}, nil)
//
// The authority is a URL such as https://login.microsoftonline.com/contoso.com or
// https://fs.contoso.com/adfs, and is accepted or refused as by [Configure].
//
// The resource is the URL by which the authority knows what the tokens are for: https, or an
// application ID URI that begins with api:. A Source compares the audience of tokens with it. If
// nil, it is taken from the scopes.
//
// A scope is written in full, or as the permission alone, which is completed by the resource. All
// scopes must belong to the resource, because a token is for one resource. Without scopes,
// Microsoft Entra ID receives the resource's .default: all permissions that were granted to the
// app. Other authorities need at least one. If no scope of OpenID Connect is among them,
// offline_access, openid and profile are added, without which the sign-in has neither a refresh
// token nor the user's name (openid alone for AD FS).
//
// [Options.Scopes] must be empty. Errors are those of Configure.
func ConfigureResource(ctx context.Context, clientID, authority string, resource *url.URL, scopes []string, o *Options) (*Config, error) {
	if o == nil {
		o = &Options{}
	}
	if err := checkClientID(clientID); err != nil {
		return nil, err
	}
	if len(o.Scopes) != 0 {
		return nil, &ConfigError{Kind: ConfigScope, Hint: "name the scopes in the parameter of ConfigureResource, not in its Options"}
	}
	if resource == nil {
		var err error
		if resource, err = scopesResource(scopes); err != nil {
			return nil, err
		}
	}
	if err := checkResource(resource, o.AllowLoopback); err != nil {
		return nil, err
	}
	a, err := discover(ctx, authority, o)
	if err != nil {
		return nil, err
	}
	scopes = resourceScopes(a.Kind, resource, scopes)
	if err := checkResourceScopes(scopes, resource); err != nil {
		return nil, err
	}
	return o.config(clientID, a, resource, scopes), nil
}

// checkResource accepts what an access token can be for.
func checkResource(resource *url.URL, allowLoopback bool) error {
	if resource.Scheme == "api" && resource.Host != "" && resource.User == nil && resource.RawQuery == "" && resource.Fragment == "" {
		return nil
	}
	if checkEndpoint(resource, allowLoopback) != nil || resource.RawQuery != "" {
		return &ConfigError{Kind: ConfigResource, Hint: "the resource must be an absolute https URL without a query, or an application ID URI such as api://<application ID>"}
	}
	return nil
}

// scopesResource returns the resource that the scopes name.
func scopesResource(scopes []string) (*url.URL, error) {
	for _, s := range scopes {
		i := strings.LastIndexByte(s, '/')
		if isOpenIDScope(s) || i <= 0 {
			continue
		}
		if u, err := url.Parse(strings.TrimRight(s[:i], "/")); err == nil && u.Host != "" {
			return u, nil
		}
	}
	return nil, &ConfigError{Kind: ConfigResource, Hint: "neither the resource nor a scope says what the tokens are for: give the resource's URL, or a scope in full such as " + ScopeIMAP}
}

// identifier is the resource as it stands before a permission.
func identifier(resource *url.URL) string {
	if resource.Scheme == "api" {
		return strings.TrimRight(resource.String(), "/")
	}
	return resourceURI(resource) + strings.TrimRight(resource.EscapedPath(), "/")
}

// resourceScopes completes the scopes of a caller.
func resourceScopes(kind AuthorityKind, resource *url.URL, scopes []string) []string {
	// As in Scopes, AD FS knows a resource by a URL with a trailing slash.
	base := identifier(resource) + "/"
	if kind == ADFS && resource.Scheme != "api" {
		base += "/"
	}
	var out []string
	signIn, named := false, false
	for _, s := range scopes {
		switch {
		case isOpenIDScope(s):
			signIn = true
		case s != "" && !strings.Contains(s, "/"):
			s = base + s
			named = true
		default:
			named = true
		}
		out = append(out, s)
	}
	if !named && kind == Entra {
		out = append([]string{base + ".default"}, out...)
	}
	switch {
	case signIn:
	case kind == ADFS:
		out = append(out, "openid")
	default:
		out = append(out, "offline_access", "openid", "profile")
	}
	return out
}

// checkResourceScopes refuses scopes that bring a token for something other than resource. Those of
// ActiveSync are held to more, see checkScopes.
func checkResourceScopes(scopes []string, resource *url.URL) error {
	bad := func(s, why string) error {
		return &ConfigError{Kind: ConfigScope, Hint: "the scope " + quote(s) + " " + why}
	}
	if slices.ContainsFunc(scopes, func(s string) bool { return s == permission || strings.HasSuffix(s, "/"+permission) }) {
		return checkScopes(scopes, resource)
	}
	want := identifier(resource)
	named := false
	for _, s := range scopes {
		if isOpenIDScope(s) {
			continue
		}
		if !isScopeToken(s) {
			return bad(s, "holds characters that no scope has (RFC 6749 section 3.3)")
		}
		i := strings.LastIndexByte(s, '/')
		if i <= 0 || i == len(s)-1 {
			return bad(s, "names no permission of a resource: write it as "+want+"/<permission>")
		}
		if of := strings.TrimRight(s[:i], "/"); !isOfResource(of, resource) {
			return bad(s, "is for another resource than "+want+", and a token is for one: configure each resource by itself; they can share a sign-in")
		}
		named = true
	}
	if !named {
		return &ConfigError{Kind: ConfigScope, Hint: "no scope names the resource: request " + want + "/<permission>"}
	}
	return nil
}

// isScopeToken reports whether s is a scope-token of RFC 6749 section 3.3.
func isScopeToken(s string) bool {
	return s != "" && !strings.ContainsFunc(s, func(r rune) bool { return r <= ' ' || r > '~' || r == '"' || r == '\\' })
}

func quote(s string) string { return `"` + safehttp.Clean(s, 128) + `"` }

// isOfResource reports whether the part of a scope before its permission is the resource.
func isOfResource(of string, resource *url.URL) bool {
	if strings.EqualFold(of, identifier(resource)) {
		return true
	}
	if isGUID(of) { // the application ID of the resource
		switch {
		case strings.EqualFold(of, exchangeAppID):
			return isExchangeOnline(resource)
		case strings.EqualFold(of, graphAppID):
			return isGraph(resource)
		}
		return !isExchangeOnline(resource) && !isGraph(resource)
	}
	u, err := url.Parse(of)
	if err != nil || u.Host == "" || u.Scheme == "api" || resource.Scheme == "api" {
		return false
	}
	return safehttp.SameOrigin(u, resource) || u.Scheme == "https" && sameService(u, resource)
}

func isGraph(u *url.URL) bool { return slices.Contains(graphHosts, safehttp.Host(u)) }

// isExchange reports whether the tokens are for Exchange.
func (c *Config) isExchange() bool {
	if isExchangeOnline(c.Endpoint) {
		return true
	}
	path := strings.ToLower(c.Endpoint.Path)
	if strings.HasPrefix(path, "/microsoft-server-activesync") || strings.HasPrefix(path, "/ews") {
		return true
	}
	return slices.ContainsFunc(c.Scopes, func(s string) bool {
		return slices.Contains(exchangePermissions, s[strings.LastIndexByte(s, '/')+1:])
	})
}

// checkAudience compares the aud claim of an access token with what the token is for. Exchange
// knows itself by its URL alone ([CheckAudience]). Other resources may know themselves by an
// application ID instead, which only a resource of the form api://<application ID> tells.
func (c *Config) checkAudience(aud []string) error {
	if c.isExchange() {
		return CheckAudience(aud, c.Endpoint)
	}
	want := identifier(c.Endpoint)
	e := &AudienceError{Kind: AudienceMissing, Expected: want, Actual: safehttp.Clean(strings.Join(aud, ", "), 256)}
	for _, s := range aud {
		switch u, err := url.Parse(s); {
		case isGUID(s):
			if c.hasApplicationID(s) {
				return nil
			}
			e.Kind = AudienceApp
		case strings.EqualFold(strings.TrimRight(s, "/"), want):
			return nil
		case err == nil && u.Scheme == "https" && u.Host != "" && c.Endpoint.Scheme == "https" && safehttp.SameOrigin(u, c.Endpoint):
			return nil
		default:
			e.Kind = AudienceHost
		}
	}
	return e
}

// hasApplicationID reports whether id is, or may be, the application ID of the resource.
func (c *Config) hasApplicationID(id string) bool {
	switch {
	case isGraph(c.Endpoint):
		return strings.EqualFold(id, graphAppID)
	case c.Endpoint.Scheme == "api" && isGUID(c.Endpoint.Host):
		return strings.EqualFold(id, c.Endpoint.Host)
	}
	return !strings.EqualFold(id, graphAppID) && !strings.EqualFold(id, exchangeAppID)
}
