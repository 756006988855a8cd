package token

import (
	"context"
	"net/url"
	"strings"

	"golang.org/x/oauth2"
)

// A Flow is one way to sign a user in. [Browser], [DeviceCode], [OnBehalfOf] and
// [RefreshToken] are the ones of this package.
//
// SignIn returns the tokens of the new sign-in: AccessToken, Expiry and, if the authority
// issued one, RefreshToken; the ID token, the granted scope, refresh_at and
// refresh_token_expiry (each a time.Time) may be in Extra. It must return soon after ctx
// has ended. A [Source] stores what SignIn returns before it hands anything out.
type Flow interface {
	SignIn(ctx context.Context, c *Config) (*oauth2.Token, error)
}

// claims returns the claims parameter of a request, or "".
func (c *Config) claims() (string, error) { return claimsParameter(c.Claims, c.Capabilities) }

// A RefreshToken is the flow that imports an existing refresh token: it is exchanged at
// once, so that a dead one is noticed. It does not print.
type RefreshToken string

// SignIn exchanges the refresh token.
func (r RefreshToken) SignIn(ctx context.Context, c *Config) (*oauth2.Token, error) {
	if err := c.check(); err != nil {
		return nil, err
	}
	if r == "" {
		return nil, &ConfigError{Kind: ConfigMissing, Hint: "the refresh token to import is empty"}
	}
	claims, err := c.claims()
	if err != nil {
		return nil, err
	}
	g, err := c.requestToken(ctx, c.refreshForm(string(r), claims))
	if err != nil {
		return nil, err
	}
	if g.refresh == "" {
		g.refresh = string(r)
	}
	return g.token()
}

// OnBehalfOf exchanges an access token that a front client presented to this service for
// one that is for the Config's endpoint (the on-behalf-of flow of Microsoft Entra ID). It
// needs Config.Auth. With offline_access among the scopes the answer brings a refresh
// token, with which the service renews alone.
//
// A [*ReauthError] with Claims is the challenge to send to the front client: 401 with
// WWW-Authenticate: Bearer error="insufficient_claims" and the claims in base64.
type OnBehalfOf struct {
	// Assertion returns the access token of the front client, whose audience must be this
	// service. Required.
	Assertion func(ctx context.Context) (string, error)
}

// SignIn makes the exchange.
func (f *OnBehalfOf) SignIn(ctx context.Context, c *Config) (*oauth2.Token, error) {
	if err := c.check(); err != nil {
		return nil, err
	}
	if f.Assertion == nil {
		return nil, &ConfigError{Kind: ConfigMissing, Hint: "OnBehalfOf.Assertion is not set"}
	}
	if c.Auth == nil {
		return nil, &ConfigError{Kind: ConfigMissing, Hint: "on-behalf-of needs a confidential client: set Auth"}
	}
	assertion, err := f.Assertion(ctx)
	if err != nil {
		return nil, err
	}
	claims, err := c.claims()
	if err != nil {
		return nil, err
	}
	form := url.Values{
		"grant_type":          {"urn:ietf:params:oauth:grant-type:jwt-bearer"},
		"assertion":           {assertion},
		"requested_token_use": {"on_behalf_of"},
		"scope":               {strings.Join(c.Scopes, " ")},
	}
	if claims != "" {
		form.Set("claims", claims)
	}
	g, err := c.requestToken(ctx, form)
	if err != nil {
		return nil, err
	}
	return g.token()
}
