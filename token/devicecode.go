package token

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"time"

	"golang.org/x/oauth2"

	"github.com/easoauth/easoauth/internal/safehttp"
)

// DeviceCode signs in on another device (RFC 8628): the program displays a code, and the user
// enters it on the page of the authority in any browser.
//
// Device codes can be phished: an attacker who makes a user enter a code that the attacker
// requested has access to the mailbox. Use [Browser] where there is a browser, and display with
// the code which program requests it.
type DeviceCode struct {
	// Prompt shows the code to the user and returns immediately. Required.
	Prompt func(ctx context.Context, p *DevicePrompt) error
}

// A DevicePrompt is what to show the user. Its texts are safe to print.
type DevicePrompt struct {
	UserCode                string
	VerificationURI         string // https, where to type the code in
	VerificationURIComplete string // the same with the code, if the authority has such a thing
	Message                 string // what the authority says, in its words and the user's language; may be ""
	Expiry                  time.Time
}

const (
	deviceInterval    = 5 * time.Second // RFC 8628 section 3.2
	minDeviceInterval = time.Second
	maxDeviceInterval = time.Minute
	deviceLifetime    = 15 * time.Minute // Entra's
	maxDeviceLifetime = time.Hour
)

// Interactive returns true.
func (*DeviceCode) Interactive() bool { return true }

// SignIn requests a code, calls Prompt, and waits for the user as [DeviceAuthorization.SignIn]
// does. Errors are those, and that of Prompt.
func (d *DeviceCode) SignIn(ctx context.Context, c *Config) (*oauth2.Token, error) {
	if d.Prompt == nil {
		return nil, unavailable(&ConfigError{Kind: ConfigMissing, Hint: "DeviceCode.Prompt is not set"})
	}
	c, err := c.complete(ctx)
	if err != nil {
		return nil, err
	}
	a, err := c.AuthorizeDevice(ctx)
	if err != nil {
		return nil, err
	}
	p := a.DevicePrompt
	if err := d.Prompt(ctx, &p); err != nil {
		return nil, fmt.Errorf("token: device code: it could not be shown: %w", err)
	}
	return a.SignIn(ctx, c)
}

// verificationURI accepts an absolute https URL, and plain http on loopback of an authority
// that is there.
func (a *Authority) verificationURI(s string) (string, error) {
	if u, err := url.Parse(s); err == nil && a.loopback && u.Scheme == "http" && safehttp.IsLoopback(u) {
		return u.String(), nil
	}
	u, err := safehttp.Resolve(nil, s)
	if err != nil {
		return "", &TransientError{Hint: "the authority sent a verification_uri that the user must not be sent to", Err: err}
	}
	return u.String(), nil
}

// poll requests the tokens until there is an outcome (RFC 8628 section 3.4 and 3.5).
func (c *Config) poll(ctx context.Context, code, claims string, expires time.Time, interval time.Duration) (*grant, error) {
	expired := &ReauthError{Kind: ReauthExpired, Hint: deviceHint}
	for {
		if !time.Now().Add(interval).Before(expires) {
			interval = time.Until(expires)
		}
		timer := time.NewTimer(max(interval, 0))
		select {
		case <-timer.C:
		case <-ctx.Done():
			timer.Stop()
			return nil, fmt.Errorf("token: device code: the user has not signed in: %w", contextError(ctx))
		}
		if !time.Now().Before(expires) {
			return nil, expired
		}
		form := url.Values{"grant_type": {"urn:ietf:params:oauth:grant-type:device_code"}, "device_code": {code}}
		if claims != "" {
			form.Set("claims", claims)
		}
		g, err := c.requestToken(ctx, form)
		if err == nil {
			return g, nil
		}
		if ctx.Err() != nil {
			return nil, fmt.Errorf("token: device code: the user has not signed in: %w", contextError(ctx))
		}
		var re *oauth2.RetrieveError
		if errors.As(err, &re) {
			switch re.ErrorCode {
			case "authorization_pending":
				continue
			case "slow_down":
				interval += 5 * time.Second
				continue
			}
		}
		var te *TransientError
		if !errors.As(err, &te) {
			return nil, err
		}
		interval = max(min(2*interval, maxDeviceInterval), te.RetryAfter, interval)
	}
}
