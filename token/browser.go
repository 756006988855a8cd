package token

import (
	"context"
	"errors"

	"golang.org/x/oauth2"
)

// Browser signs in by authorization code with PKCE on a loopback redirect (RFC 8252).
type Browser struct {
	// Open shows the URL to the user. If nil, the system's browser is started.
	Open func(ctx context.Context, url string) error
}

// SignIn runs the flow.
func (b *Browser) SignIn(ctx context.Context, c *Config) (*oauth2.Token, error) {
	return nil, errors.ErrUnsupported
}
