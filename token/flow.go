package token

import (
	"context"
	"errors"
	"fmt"

	"golang.org/x/oauth2"
)

// A Flow is a way to sign in. [Browser], [DeviceCode], [OnBehalfOf], [ClientCredentials] and
// [RefreshToken] are flows; [Authorization.Redeem] and a [*DeviceAuthorization] are the second
// halves of a sign-in that spans processes; [FlowFunc] makes a flow of a function, such as a call
// of the system's broker; and [FirstOf] chains flows.
//
// SignIn returns the tokens of the new sign-in: AccessToken, Expiry and, if the authority issued
// one, RefreshToken; the ID token, the granted scope, refresh_at and refresh_token_expiry (each a
// time.Time) may be in Extra. It must return soon after ctx is done. A Source stores the result
// before it hands out a token. The Config is a copy: changes to it have no effect.
//
// A Flow may have a method Interactive() bool. If it returns false, the flow needs no person, and
// a Source repeats it like a refresh. A Flow without the method is assumed to need a person, and
// is not run again automatically after a failure.
type Flow interface {
	SignIn(ctx context.Context, c *Config) (*oauth2.Token, error)
}

// interactive reports whether f needs a person.
func interactive(f Flow) bool {
	i, ok := f.(interface{ Interactive() bool })
	return !ok || i.Interactive()
}

// ErrFlowUnavailable is matched by the error of a [Flow] that cannot be used here, whoever signs
// in: there is no browser or no display, the port of the redirect URI is in use, the authority has
// no endpoint for it, or a required field is not set. [FirstOf] then tries the next flow.
var ErrFlowUnavailable = errors.New("token: this way to sign in is not available")

// unavailable marks err as one that matches ErrFlowUnavailable, without a word more.
func unavailable(err error) error { return &unavailableError{err} }

type unavailableError struct{ err error }

func (e *unavailableError) Error() string   { return e.err.Error() }
func (e *unavailableError) Unwrap() []error { return []error{e.err, ErrFlowUnavailable} }

// A FlowFunc is a function as a Flow that needs a person.
type FlowFunc func(ctx context.Context, c *Config) (*oauth2.Token, error)

// SignIn calls f.
func (f FlowFunc) SignIn(ctx context.Context, c *Config) (*oauth2.Token, error) { return f(ctx, c) }

// FirstOf returns a Flow that tries flows in turn: the next one if one is not available
// ([ErrFlowUnavailable]), or if one that needs no person gets a [*ReauthError], such as an
// imported refresh token that has expired. Any other result is final, so that a user who declines
// is not prompted twice. If all flows fail, the error is that of the last one and wraps the
// others. The Flow needs a person if one of flows does.
//
//	token.FirstOf(token.RefreshToken(old), &token.Browser{}, &token.DeviceCode{Prompt: show})
func FirstOf(flows ...Flow) Flow { return firstOf(flows) }

type firstOf []Flow

// Interactive reports whether one of the flows needs a person.
func (fs firstOf) Interactive() bool {
	for _, f := range fs {
		if interactive(f) {
			return true
		}
	}
	return false
}

// SignIn tries the flows in turn.
func (fs firstOf) SignIn(ctx context.Context, c *Config) (*oauth2.Token, error) {
	var failed error
	claims := ""
	for _, f := range fs {
		d := c.clone()
		if claims != "" {
			d.Claims = claims
		}
		t, err := f.SignIn(ctx, d)
		if err == nil {
			return t, nil
		}
		if failed != nil {
			err = fmt.Errorf("%w (tried before: %w)", err, failed)
		}
		var re *ReauthError
		if !errors.Is(err, ErrFlowUnavailable) && (interactive(f) || !errors.As(err, &re)) || ctx.Err() != nil {
			return nil, err
		}
		if re != nil && re.Claims != "" {
			claims = re.Claims // for the person to meet
		}
		failed = err
	}
	if failed == nil {
		failed = unavailable(&ConfigError{Kind: ConfigMissing, Hint: "FirstOf has no flow to try"})
	}
	return nil, failed
}

// contextError returns the end of ctx as an error that matches context.Canceled or
// context.DeadlineExceeded, and its cause if it has one.
func contextError(ctx context.Context) error {
	err, cause := ctx.Err(), context.Cause(ctx)
	if errors.Is(cause, err) {
		return cause
	}
	return fmt.Errorf("%w: %w", err, cause)
}
