package token

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"net/url"
	"strings"
	"time"

	"golang.org/x/oauth2"

	"github.com/easoauth/easoauth/internal/safehttp"
)

// A DeviceAuthorization is the first half of a sign-in on another device (RFC 8628) that survives
// a restart, or whose code another process displays. [Config.AuthorizeDevice] makes one. Show its
// [DevicePrompt], store the result of [DeviceAuthorization.Encode], and run it as the Flow of a
// Source by [Source.SignIn], as often as necessary until Expiry: each run continues to wait.
// [DeviceCode] is both halves in one.
//
// It is secret, because the device code can be redeemed by anyone who has it, and does not print.
// It may be used concurrently, by one process at a time.
type DeviceAuthorization struct {
	DevicePrompt

	code                string
	interval            time.Duration
	clientID, authority string
	claims              string // the parameter
}

// AuthorizeDevice requests a code, with the authentication of the client if it has one (RFC 8628
// section 3.1). Errors are a [*ConfigError], which matches [ErrFlowUnavailable] if the
// authority has no device authorization endpoint, a [*ReauthError], a [*TransientError], and
// those of [Config.Discover].
func (c *Config) AuthorizeDevice(ctx context.Context) (*DeviceAuthorization, error) {
	c, err := c.complete(ctx)
	if err != nil {
		return nil, err
	}
	if c.Authority.DeviceAuthorizationEndpoint == nil {
		return nil, unavailable(&ConfigError{Kind: ConfigMissing, Hint: "the authority has no device authorization endpoint; use Browser"})
	}
	claims, err := c.claims()
	if err != nil {
		return nil, err
	}
	form := url.Values{"scope": {strings.Join(c.Scopes, " ")}}
	if claims != "" {
		form.Set("claims", claims)
	}
	if err := c.authenticate(ctx, form); err != nil {
		return nil, err
	}
	m, err := c.postJSON(ctx, c.Authority.DeviceAuthorizationEndpoint, form)
	if err != nil {
		return nil, err
	}
	return c.parseDevice(m, claims)
}

// parseDevice reads a device authorization response (RFC 8628 section 3.2).
func (c *Config) parseDevice(m map[string]json.RawMessage, claims string) (*DeviceAuthorization, error) {
	d := &DeviceAuthorization{
		DevicePrompt: DevicePrompt{
			UserCode: safehttp.Clean(text(m["user_code"]), 64),
			Message:  safehttp.Clean(text(m["message"]), 1024),
		},
		code: text(m["device_code"]), clientID: c.ClientID, authority: c.Authority.Host, claims: claims,
	}
	if d.code == "" || d.UserCode == "" {
		return nil, &TransientError{Hint: "the authority sent no device code"}
	}
	var err error
	if d.VerificationURI, err = c.Authority.verificationURI(text(m["verification_uri"])); err != nil {
		if d.VerificationURI, err = c.Authority.verificationURI(text(m["verification_url"])); err != nil { // the name in older drafts
			return nil, err
		}
	}
	if complete, err := c.Authority.verificationURI(text(m["verification_uri_complete"])); err == nil {
		d.VerificationURIComplete = complete
	}
	lifetime, ok := seconds(m["expires_in"])
	if !ok {
		lifetime = deviceLifetime
	}
	d.Expiry = time.Now().Add(min(lifetime, maxDeviceLifetime))
	if d.interval, ok = seconds(m["interval"]); !ok {
		d.interval = deviceInterval
	}
	return d, nil
}

// Interactive returns true: the person has not finished.
func (*DeviceAuthorization) Interactive() bool { return true }

// SignIn requests the tokens every interval (1 to 60 seconds, and 5 more each time the authority
// responds slow_down) until it has them, the user has declined, the code has expired (after 1 hour
// at the latest), or ctx is done, after which it can be called again. It waits through failures
// that may pass. Errors are a [*ReauthError], a [*ConfigError], a [*TransientError], an
// [*IDTokenError], or one that matches ctx's.
func (d *DeviceAuthorization) SignIn(ctx context.Context, c *Config) (*oauth2.Token, error) {
	c, err := c.complete(ctx)
	if err != nil {
		return nil, err
	}
	if err := ofConfig(c, d.clientID, d.authority); err != nil {
		return nil, err
	}
	g, err := c.poll(ctx, d.code, d.claims, d.Expiry, min(max(d.interval, minDeviceInterval), maxDeviceInterval))
	if err != nil {
		return nil, err
	}
	if g.idToken != "" && g.problem == nil {
		if err := c.checkIDToken(ctx, g.idToken, ""); err != nil {
			return nil, err
		}
	}
	return g.token()
}

// wireDevice is the form that is kept, version 1.
type wireDevice struct {
	Version   int       `json:"version"`
	UserCode  string    `json:"user_code"`
	URI       string    `json:"verification_uri"`
	Complete  string    `json:"verification_uri_complete,omitempty"`
	Message   string    `json:"message,omitempty"`
	Expires   time.Time `json:"expires"`
	Code      string    `json:"device_code"`
	Interval  int       `json:"interval"` // seconds
	ClientID  string    `json:"client_id"`
	Authority string    `json:"authority"`
	Claims    string    `json:"claims,omitempty"`
}

// Encode returns the device authorization as JSON, with its secrets, to be stored until the user
// has signed in.
func (d *DeviceAuthorization) Encode() ([]byte, error) {
	return json.Marshal(wireDevice{
		Version: halfVersion, UserCode: d.UserCode, URI: d.VerificationURI, Complete: d.VerificationURIComplete, Message: d.Message,
		Expires: d.Expiry, Code: d.code, Interval: int(d.interval / time.Second), ClientID: d.clientID, Authority: d.authority, Claims: d.claims,
	})
}

// DecodeDeviceAuthorization reads the output of [DeviceAuthorization.Encode]. The error is a
// [*ConfigError] of kind [ConfigDocument] and quotes nothing of the data.
func DecodeDeviceAuthorization(data []byte) (*DeviceAuthorization, error) {
	var w wireDevice
	if err := decodeHalf(data, &w, &w.Version); err != nil {
		return nil, err
	}
	if w.Code == "" || w.UserCode == "" {
		return nil, errHalf()
	}
	interval := min(max(w.Interval, 0), int(maxDeviceInterval/time.Second))
	if limit := time.Now().Add(maxDeviceLifetime); w.Expires.After(limit) {
		w.Expires = limit
	}
	return &DeviceAuthorization{
		DevicePrompt: DevicePrompt{UserCode: w.UserCode, VerificationURI: w.URI, VerificationURIComplete: w.Complete, Message: w.Message, Expiry: w.Expires},
		code:         w.Code, interval: time.Duration(interval) * time.Second, clientID: w.ClientID, authority: w.Authority, claims: w.Claims,
	}, nil
}

// Format prints no secret under any verb.
func (d DeviceAuthorization) Format(f fmt.State, _ rune) {
	fmt.Fprintf(f, "device authorization of client %s at %s until %s", d.clientID, d.authority, d.Expiry.Format(time.RFC3339))
}

// LogValue holds no secret.
func (d DeviceAuthorization) LogValue() slog.Value { return slog.StringValue(fmt.Sprint(d)) }

// MarshalJSON writes a summary without secrets, which cannot be read back; see
// [DeviceAuthorization.Encode].
func (d DeviceAuthorization) MarshalJSON() ([]byte, error) { return json.Marshal(fmt.Sprint(d)) }

// UnmarshalJSON refuses: [DecodeDeviceAuthorization] reads what [DeviceAuthorization.Encode]
// wrote.
func (*DeviceAuthorization) UnmarshalJSON([]byte) error {
	return errors.New("token: use DecodeDeviceAuthorization to read a device authorization")
}
