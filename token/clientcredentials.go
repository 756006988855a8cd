package token

import (
	"context"
	"net/url"
	"strings"

	"golang.org/x/oauth2"
)

// ClientCredentials is the flow of a service that acts as itself, without a user (RFC 6749 section
// 4.4). It needs [Config.Auth], and an administrator must have granted the app its application
// permissions. There is no refresh token: a Source runs the flow again when the access token
// expires.
//
// Microsoft Entra ID issues the permissions that were granted: the scope is always the resource's
// .default, and the scopes of the Config only determine the resource. Other authorities receive
// the scopes of the Config, except those of OpenID Connect.
//
// Exchange has no application permission for ActiveSync: SignIn refuses a Config for it with a
// [*ConfigError] of kind [ConfigScope]. It has them for IMAP (IMAP.AccessAsApp), POP
// (POP.AccessAsApp), SMTP (SMTP.SendAsApp), and EWS (full_access_as_app), of the resource
// https://outlook.office365.com; the service principal must be registered in Exchange Online and
// be granted access to each mailbox. Use [ConfigureResource] for these and for Microsoft Graph.
type ClientCredentials struct{}

// Interactive returns false.
func (ClientCredentials) Interactive() bool { return false }

// SignIn requests an access token for the app.
func (ClientCredentials) SignIn(ctx context.Context, c *Config) (*oauth2.Token, error) {
	if err := c.check(); err != nil {
		return nil, err
	}
	if c.Auth == nil {
		return nil, &ConfigError{Kind: ConfigMissing, Hint: "client credentials need a confidential client: set Auth"}
	}
	scope, err := c.appScope()
	if err != nil {
		return nil, err
	}
	claims, err := c.claims()
	if err != nil {
		return nil, err
	}
	form := url.Values{"grant_type": {"client_credentials"}}
	if scope != "" {
		form.Set("scope", scope)
	}
	if claims != "" {
		form.Set("claims", claims)
	}
	g, err := c.requestToken(ctx, form)
	if err != nil {
		return nil, err
	}
	g.refresh = "" // RFC 6749 section 4.4.3: there should be none, and it would stand for nobody
	if c.Authority.Kind == Entra {
		g.scope = "" // .default, if anything: the permissions are the roles in the token
	}
	return g.token()
}

// appScope returns the scope of an app that acts as itself.
func (c *Config) appScope() (string, error) {
	var scopes []string
	for _, s := range c.Scopes {
		switch {
		case strings.HasSuffix(s, "/"+permission):
			return "", &ConfigError{Kind: ConfigScope, Hint: "ActiveSync has no application permission: sign a user in, or exchange a user's token with OnBehalfOf; " +
				"IMAP, POP, SMTP, EWS and Microsoft Graph have application permissions, see ConfigureResource"}
		case isOpenIDScope(s):
		default:
			scopes = append(scopes, s)
		}
	}
	if c.Authority.Kind != Entra {
		return strings.Join(scopes, " "), nil
	}
	for _, s := range scopes {
		if i := strings.LastIndexByte(s, '/'); i > 0 && (strings.Contains(s[:i], "://") || isGUID(s[:i])) {
			return strings.TrimSuffix(s[:i], "/") + "/.default", nil
		}
	}
	return resourceURI(c.Endpoint) + "/.default", nil
}
