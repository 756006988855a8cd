package token

import (
	"fmt"
	"net/url"
	"strings"

	"github.com/easoauth/easoauth/internal/safehttp"
)

// permission is the delegated permission of ActiveSync.
const permission = "EAS.AccessAsUser.All"

// Scopes returns the scopes for ActiveSync at endpoint: the permission at the resource that
// is the endpoint's scheme and host, a refresh token, and an ID token.
//
// AD FS registers a resource with a trailing slash, so that its scope has two, and issues
// refresh tokens without a request for them: https://mail.contoso.com//EAS.AccessAsUser.All.
// At eas.outlook.com, where the personal accounts are, the resource is
// https://outlook.office.com. Without an endpoint there are none.
func Scopes(kind AuthorityKind, endpoint *url.URL) []string {
	if endpoint == nil {
		return nil
	}
	resource := resourceOf(endpoint)
	if kind == ADFS {
		return []string{resource + "//" + permission, "openid"}
	}
	return []string{resource + "/" + permission, "offline_access", "openid", "profile"}
}

// resourceOf is the resource whose tokens the endpoint accepts.
func resourceOf(endpoint *url.URL) string {
	if row, ok := exchangeOnline(endpoint); ok && row.resource != "" {
		return row.resource
	}
	return resourceURI(endpoint)
}

// resourceURI is scheme and host, and the port unless it is the default one: the form of a
// service principal name and of the audience.
func resourceURI(endpoint *url.URL) string {
	scheme := strings.ToLower(endpoint.Scheme)
	host := safehttp.Host(endpoint)
	if strings.Contains(host, ":") {
		host = "[" + host + "]"
	}
	if p := endpoint.Port(); p != "" && !(scheme == "https" && p == "443") && !(scheme == "http" && p == "80") {
		host += ":" + p
	}
	return scheme + "://" + host
}

// checkScopes refuses scopes that bring a token that Exchange does not accept: a bare
// EAS.AccessAsUser.All, which Entra takes for a permission of Microsoft Graph; one of
// Microsoft Graph; one over http; one of another host than endpoint's, unless both are
// Exchange Online's in the same cloud; more than one resource; and none. The error is a [*ConfigError] of
// kind [ConfigScope].
func checkScopes(scopes []string, endpoint *url.URL) error {
	bad := func(format string, args ...any) error {
		return &ConfigError{Kind: ConfigScope, Hint: fmt.Sprintf(format, args...)}
	}
	if endpoint == nil {
		return bad("the endpoint is not set, which says what the scopes are for")
	}
	want := resourceOf(endpoint) + "/" + permission
	resource := ""
	for _, s := range scopes {
		switch {
		case isOpenIDScope(s):
			continue
		case s == permission:
			return bad("the scope %s without a host is one of Microsoft Graph, whose tokens Exchange refuses: request %s", permission, want)
		}
		if !isScopeToken(s) {
			return bad("the scope %q holds characters that no scope has (RFC 6749 section 3.3)", safehttp.Clean(s, 64))
		}
		if strings.HasPrefix(s, exchangeAppID+"/") {
			s = "https://outlook.office365.com" + strings.TrimPrefix(s, exchangeAppID)
		}
		u, err := url.Parse(s)
		if err != nil || u.Host == "" {
			return bad("the scope %q names no resource: request %s", safehttp.Clean(s, 64), want)
		}
		host := safehttp.Host(u)
		switch {
		case host == "graph.microsoft.com":
			return bad("the scope %q is one of Microsoft Graph, whose tokens Exchange refuses: request %s", safehttp.Clean(s, 128), want)
		case u.Scheme != strings.ToLower(endpoint.Scheme):
			return bad("the scope %q begins with %s and must begin with %s: request %s", safehttp.Clean(s, 128),
				safehttp.Clean(u.Scheme, 16), endpoint.Scheme, want)
		case !safehttp.SameOrigin(u, endpoint) && !sameService(u, endpoint):
			return bad("the scope %q is for another host than the endpoint: request %s", safehttp.Clean(s, 128), want)
		case resource != "" && resource != host:
			return bad("the scopes name more than one resource, and a token is for one")
		}
		resource = host
	}
	if resource == "" {
		return bad("no scope names the mailbox server: request %s", want)
	}
	return nil
}
