package token

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"strconv"
	"strings"
	"syscall"

	"golang.org/x/oauth2"
)

// Browser signs in with the user's browser: authorization code with PKCE S256 (RFC 7636) and a
// loopback redirect (RFC 8252 section 7.3). The zero value is ready to use.
//
// It listens on 127.0.0.1 (and, for localhost, on [::1]) until the response has arrived or the
// context is done, and on no other address. The response must carry the state of this attempt, the
// issuer of the authority if it announces one (RFC 9207), and, if openid is among the scopes, an
// ID token with the nonce of this attempt and a valid signature, issuer, audience and time. Any
// other request to the listener gets a constant page and is ignored, so that another program
// cannot cancel the sign-in; if no valid response arrives until the context is done, the error
// says what was refused.
type Browser struct {
	// Open shows the URL, which is https, to the user. It must not pass it to a shell. It
	// may return immediately or block while the browser runs: SignIn does not wait for it, and
	// returns when the response has arrived or the context is done. If nil, the system's
	// browser is started, which writes nothing to the program's standard output.
	Open func(ctx context.Context, url string) error

	// RedirectHost is the host of the redirect URI: "localhost", "127.0.0.1" or "::1",
	// as the app registration has it. If empty, "localhost" for Entra, which registers
	// that, and "127.0.0.1" for other authorities.
	RedirectHost string

	// RedirectPort is the port of the redirect URI. If zero, a free one, which is right
	// for authorities that ignore the port of a loopback redirect (RFC 8252 section 7.3), as
	// Entra does. AD FS compares the redirect URI with its port: set the one that is
	// registered. Two sign-ins at a time then cannot have it both.
	RedirectPort int

	// RedirectPath is the path of the redirect URI, as "/callback". If empty, the URI has
	// none. Authorities compare it with the registered one.
	RedirectPath string

	// LoginHint is the address of the user who is expected to sign in. Optional.
	LoginHint string

	// Prompt is passed on, as "select_account" or "login". If empty, "consent" for an OpenID
	// provider, which issues no refresh token without (OpenID Connect Core section 11), and
	// none for Entra and AD FS.
	Prompt string
}

// Interactive returns true.
func (*Browser) Interactive() bool { return true }

// SignIn runs the flow. It returns when it has the tokens, the authority has refused, or ctx is
// done. Errors are a [*ReauthError] (for example if the user declines), a [*ConfigError], a
// [*TransientError], an [*IDTokenError], or one that matches ctx's. The error matches
// [ErrFlowUnavailable] without a browser, a port to listen on, or an authorization endpoint.
func (b *Browser) SignIn(ctx context.Context, c *Config) (*oauth2.Token, error) {
	c, err := c.complete(ctx)
	if err != nil {
		return nil, err
	}
	if c.Authority.AuthorizationEndpoint == nil {
		return nil, unavailable(&ConfigError{Kind: ConfigMissing, Hint: "the authority has no authorization endpoint; use DeviceCode"})
	}
	host, err := b.host(c.Authority)
	if err != nil {
		return nil, err
	}
	attempt := newAttempt()
	r, err := listen(ctx, attempt.state, host != "127.0.0.1", b.RedirectPort, b.RedirectPath)
	if err != nil {
		return nil, err
	}
	defer r.close()
	if strings.Contains(host, ":") {
		host = "[" + host + "]"
	}
	attempt.redirect = "http://" + host + ":" + strconv.Itoa(r.port) + b.RedirectPath
	// A form keeps the code out of the browser's history.
	to, err := c.authorizeURL(attempt, b.LoginHint, b.Prompt, c.Authority.FormPost)
	if err != nil {
		return nil, err
	}
	opened := b.open(ctx, to)
	for {
		select {
		case got := <-r.got:
			return c.redeem(ctx, got.params, attempt)
		case err := <-opened:
			if err != nil {
				return nil, err
			}
			// It is the response that counts.
		case <-ctx.Done():
			refused := r.refused()
			if refused != "" {
				refused = "; refused meanwhile: " + refused
			}
			return nil, fmt.Errorf("token: browser: the user has not signed in%s: %w", refused, contextError(ctx))
		}
	}
}

// host returns the host of the redirect URI, whose other parts it checks.
func (b *Browser) host(a *Authority) (string, error) {
	u, err := url.Parse("http://localhost" + b.RedirectPath)
	switch {
	case b.RedirectPort < 0 || b.RedirectPort > 65535:
		return "", &ConfigError{Kind: ConfigRedirect, Hint: "Browser.RedirectPort must be a port, or 0 for a free one"}
	case err != nil || b.RedirectPath != "" && (u.Host != "localhost" || u.Path != b.RedirectPath || u.EscapedPath() != u.Path || u.JoinPath().Path != u.Path):
		return "", &ConfigError{Kind: ConfigRedirect, Hint: `Browser.RedirectPath must be a plain path such as "/callback"`}
	}
	switch b.RedirectHost {
	case "localhost", "127.0.0.1", "::1":
		return b.RedirectHost, nil
	case "":
		if a.Kind == Entra {
			return "localhost", nil
		}
		return "127.0.0.1", nil
	}
	return "", &ConfigError{Kind: ConfigRedirect, Hint: "Browser.RedirectHost must be localhost, 127.0.0.1 or ::1"}
}

// open shows the URL and sends the outcome, which may take for as long as the browser runs.
func (b *Browser) open(ctx context.Context, to string) <-chan error {
	opened := make(chan error, 1)
	go func() {
		err := error(panicked("Browser.Open", nil))
		defer func() {
			if p := recover(); p != nil {
				err = panicked("Browser.Open", p)
			}
			opened <- err
		}()
		if b.Open == nil {
			if err = launch(to); err != nil {
				err = unavailable(fmt.Errorf("token: browser: could not be opened; DeviceCode needs none: %w", err))
			}
			return
		}
		if err = b.Open(ctx, to); err != nil {
			err = unavailable(fmt.Errorf("token: browser: could not be opened: %w", err))
		}
	}()
	return opened
}

// isInUse reports whether another program has the port. Windows has a number of its own
// for that (WSAEADDRINUSE).
func isInUse(err error) bool {
	return errors.Is(err, syscall.EADDRINUSE) || errors.Is(err, syscall.Errno(10048))
}
