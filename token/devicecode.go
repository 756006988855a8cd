package token

import (
	"context"
	"errors"
	"time"

	"golang.org/x/oauth2"
)

// DeviceCode signs in by device code (RFC 8628).
type DeviceCode struct {
	// Prompt shows the code to the user. Required.
	Prompt func(ctx context.Context, p *DevicePrompt) error
}

// A DevicePrompt is what to show to the user.
type DevicePrompt struct {
	UserCode                string
	VerificationURI         string
	VerificationURIComplete string
	Message                 string
	Expires                 time.Time
}

// SignIn runs the flow.
func (d *DeviceCode) SignIn(ctx context.Context, c *Config) (*oauth2.Token, error) {
	return nil, errors.ErrUnsupported
}
