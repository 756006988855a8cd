package token

import (
	"net/url"
	"strings"
)

// The values of grant_type.
const (
	grantRefresh = "refresh_token"
	grantCode    = "authorization_code"
	grantDevice  = "urn:ietf:params:oauth:grant-type:device_code"
	grantJWT     = "urn:ietf:params:oauth:grant-type:jwt-bearer"
)

// An inquiry is what was requested of an authority. The hint of a refusal speaks of nothing
// else: of the refresh token only where one was sent, of a scope only where it would help.
type inquiry struct {
	kind     AuthorityKind
	grant    string   // grant_type; "" at other endpoints than the token endpoint
	scope    string   // the scope to request; "" if that is not known
	endpoint *url.URL // nil if there is none
}

// inquiry returns what form, which may be nil, requests from the authority of c.
func (c *Config) inquiry(form url.Values) inquiry {
	q := inquiry{grant: form.Get("grant_type"), endpoint: c.Endpoint}
	if c.Authority != nil {
		q.kind = c.Authority.Kind
	}
	for _, s := range c.Scopes {
		if isOpenIDScope(s) {
			continue
		}
		q.scope = s
		if _, p := splitScope(s); p == permission && c.Endpoint != nil {
			q.scope = Scopes(q.kind, c.Endpoint)[0]
		}
		break
	}
	return q
}

// isOpenIDScope reports whether s belongs to the sign-in and not to a resource.
func isOpenIDScope(s string) bool {
	switch s {
	case "openid", "profile", "email", "offline_access":
		return true
	}
	return false
}

// splitScope returns the resource and the permission of a scope.
func splitScope(scope string) (resource, permission string) {
	i := strings.LastIndexByte(scope, '/')
	if i < 0 {
		return "", scope
	}
	return strings.TrimRight(scope[:i], "/"), scope[i+1:]
}

// reauthHints say what a person does about each kind, whatever was requested.
var reauthHints = map[ReauthKind]string{
	ReauthNone:        "no sign-in is stored: sign in",
	ReauthExpired:     "the sign-in has expired: sign in again",
	ReauthRevoked:     "the sign-in is no longer valid: sign in again",
	ReauthPassword:    "the password has changed or expired: sign in again",
	ReauthFrequency:   "the sign-in frequency set by a policy has passed: sign in again",
	ReauthMFA:         "multi-factor authentication is required: sign in again",
	ReauthClaims:      "a claims challenge must be met: sign in again, with Claims in the request",
	ReauthConsent:     "consent is missing: the user or an administrator must grant the permission to the app",
	ReauthBlocked:     "a policy refuses the sign-in: an administrator must change it",
	ReauthDevice:      "a managed device is required: sign in on one",
	ReauthUser:        "the account cannot be used: an administrator checks it",
	ReauthDeclined:    "the user declined: sign in again",
	ReauthInteraction: "the authority requires the user: sign in again",
	ReauthAssertion:   "the assertion is not valid: present a new one",
	ReauthNoRefresh:   "the access token has expired and the authority issued no refresh token: request offline_access and sign in again",
}

const (
	deviceHint = "the device code has expired before the sign-in was completed: begin again; " +
		"if the browser refused the sign-in, a Conditional Access policy or Security Defaults may block device codes: use Browser instead"
	assertionHint = "the front client must present a new token"
)

func (q inquiry) reauthHint(kind ReauthKind, hint string) string {
	if hint != "" {
		return q.expand(hint)
	}
	unusable := kind == ReauthRevoked || kind == ReauthExpired
	switch {
	case kind == ReauthConsent:
		return q.expand("<consent>")
	case kind == ReauthExpired && q.grant == grantDevice:
		return deviceHint
	case unusable && q.grant == grantRefresh:
		return "the refresh token has expired or was revoked: sign in again"
	case unusable && q.grant == grantCode:
		return "the authorization code has expired or was used before: sign in again"
	case unusable && q.grant == grantDevice:
		return "the device code is not valid: begin the device sign-in again"
	case unusable && q.grant == grantJWT:
		return "the assertion is not accepted: " + assertionHint
	case kind == ReauthInteraction && q.grant == grantRefresh:
		return "the authority requires the user, and the refresh token is kept: sign in again, or retry later"
	case kind == ReauthInteraction && q.grant == grantJWT:
		return "the authority requires the user: send the challenge to the front client"
	}
	return reauthHints[kind]
}

func (q inquiry) configHint(kind ConfigKind, hint string) string {
	if hint != "" {
		return q.expand(hint)
	}
	switch kind {
	case ConfigClient:
		return "the app may not do this: check the client ID and whether the app registration allows the flow"
	case ConfigSecret:
		return "the client authentication is not accepted: check the secret or certificate, and whether public client flows are allowed"
	case ConfigRedirect:
		return q.expand("the redirect URI is not accepted: <redirect>")
	case ConfigResource:
		return q.expand("the resource is not accepted: <register>")
	case ConfigScope:
		return q.expand("the scope is not accepted: request <scope>")
	case ConfigTenant:
		return "the tenant is not accepted: check the tenant"
	case ConfigCloud:
		return "the tenant is in another cloud: use its authority"
	}
	return "the authority does not accept the request: check the client ID, the scope and the redirect URI"
}

// expand replaces what the hints of the table leave open.
func (q inquiry) expand(hint string) string {
	if !strings.ContainsRune(hint, '<') {
		return hint
	}
	resource, permission := splitScope(q.scope)
	scope := q.scope
	if scope == "" {
		scope, resource, permission = "a scope of the resource", "the resource", "the permission"
	}
	of := resource
	switch u, err := url.Parse(resource); {
	case err != nil:
	case isExchange(permission):
		of = "Office 365 Exchange Online"
	case u.Host == "graph.microsoft.com":
		of = "Microsoft Graph"
	}
	assertion := "sign in again"
	if q.grant == grantJWT {
		assertion = assertionHint
	}
	redirect := "add http://localhost under Mobile and desktop applications"
	if q.kind == ADFS {
		redirect = "add it to the native application of the application group"
	}
	return strings.NewReplacer(
		"<scope>", scope,
		"<register>", q.register(resource, permission),
		"<permit>", "add "+permission+" of "+of,
		"<consent>", "consent is missing: the user or an administrator must grant "+permission+" of "+of+" to the app",
		"<adminconsent>", "an administrator must grant the app its permissions",
		"<assertion>", assertion,
		"<device>", deviceHint,
		"<redirect>", redirect,
	).Replace(hint)
}

// register says how a resource becomes known to the authority.
func (q inquiry) register(resource, permission string) string {
	switch {
	case q.endpoint == nil || resource == "" || !isExchange(permission):
		return "check the resource of the scope and the tenant"
	case isExchangeOnline(q.endpoint):
		return "check that the tenant has Exchange Online"
	case q.kind == ADFS:
		return "add " + resource + "/ as the identifier of a web API to the application group"
	}
	return "add " + resource + " as a service principal name of " + exchangeAppID
}

// isExchange reports whether Exchange has the permission.
func isExchange(permission string) bool {
	for _, p := range []string{"EAS.", "EWS.", "IMAP.", "POP.", "SMTP."} {
		if strings.HasPrefix(permission, p) {
			return true
		}
	}
	return false
}
