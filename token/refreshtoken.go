package token

import (
	"context"

	"golang.org/x/oauth2"
)

// A RefreshToken is the flow that imports an existing refresh token. It is exchanged immediately,
// so that an invalid one is noticed. It does not print.
type RefreshToken string

// Interactive returns false: an import needs no person.
func (RefreshToken) Interactive() bool { return false }

// SignIn exchanges the refresh token.
func (r RefreshToken) SignIn(ctx context.Context, c *Config) (*oauth2.Token, error) {
	if err := c.check(); err != nil {
		return nil, err
	}
	if r == "" {
		return nil, unavailable(&ConfigError{Kind: ConfigMissing, Hint: "the refresh token to import is empty"})
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
