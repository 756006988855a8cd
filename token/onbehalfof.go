package token

import (
	"context"
	"net/url"
	"strings"

	"golang.org/x/oauth2"
)

// OnBehalfOf exchanges an access token that a front client presented to this service for one for
// the endpoint of the Config (the on-behalf-of flow of Microsoft Entra ID). It needs Config.Auth.
// With offline_access among the scopes the response includes a refresh token, with which the
// service renews without the front client.
//
// Send the Claims of a [*ReauthError] to the front client as a challenge: 401 with
// WWW-Authenticate: Bearer error="insufficient_claims" and the claims in base64.
type OnBehalfOf struct {
	// Assertion returns the access token of the front client, whose audience must be this
	// service. Required.
	Assertion func(ctx context.Context) (string, error)
}

// Interactive returns false: the person is at the front client.
func (*OnBehalfOf) Interactive() bool { return false }

// SignIn exchanges the token.
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
