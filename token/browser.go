package token

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"syscall"

	"github.com/cli/browser"
	"golang.org/x/oauth2"

	"github.com/easoauth/easoauth/internal/safehttp"
)

// Browser signs in with the user's browser: authorization code with PKCE S256 (RFC 7636)
// on a loopback redirect (RFC 8252 section 7.3). The zero value is ready to use.
//
// It listens on a free port of 127.0.0.1 (and, for Entra, of [::1]) until the answer has
// come or the context has ended, and on no other address. The answer must carry the state
// of this attempt, the issuer of the authority where it announces one (RFC 9207), and, if
// openid is among the scopes, an ID token with the nonce of this attempt whose signature,
// issuer, audience and times hold. Any other request to the listener is answered with a
// constant page and ignored, so that another program cannot cancel the sign-in.
type Browser struct {
	// Open shows the URL, which is https, to the user, and may return before the user has
	// finished. It must not pass it to a shell. If nil, the system's browser is started.
	Open func(ctx context.Context, url string) error

	// RedirectHost is the host of the redirect URI: "localhost", "127.0.0.1" or "::1",
	// as the app registration has it. If empty, "localhost" for Entra, which registers
	// that, and "127.0.0.1" for other authorities. The port is always a free one, which
	// authorities must ignore (RFC 8252 section 7.3).
	RedirectHost string

	// LoginHint is the address of the user who is expected to sign in. Optional.
	LoginHint string

	// Prompt is passed on, as "select_account" or "login". If empty, "consent" for an OpenID
	// provider, which issues no refresh token without (OpenID Connect Core section 11), and
	// none for Entra and AD FS.
	Prompt string
}

// SignIn runs the flow. It returns when the tokens are there, the authority has refused,
// or ctx has ended. Errors are a [*ReauthError] (as when the user declines), a
// [*ConfigError], a [*TransientError], an [*IDTokenError], or one that matches ctx's.
func (b *Browser) SignIn(ctx context.Context, c *Config) (*oauth2.Token, error) {
	if err := c.check(); err != nil {
		return nil, err
	}
	if c.Authority.AuthorizationEndpoint == nil {
		return nil, &ConfigError{Kind: ConfigMissing, Hint: "the authority has no authorization endpoint; use DeviceCode"}
	}
	host := b.RedirectHost
	if host == "" {
		host = "127.0.0.1"
		if c.Authority.Kind == Entra {
			host = "localhost"
		}
	}
	if host != "localhost" && host != "127.0.0.1" && host != "::1" {
		return nil, &ConfigError{Kind: ConfigRedirect, Hint: "Browser.RedirectHost must be localhost, 127.0.0.1 or ::1"}
	}
	attempt := attempt{verifier: oauth2.GenerateVerifier(), state: rand.Text() + rand.Text(), nonce: rand.Text() + rand.Text()}
	r, err := listen(ctx, attempt.state, host != "127.0.0.1")
	if err != nil {
		return nil, err
	}
	defer r.close()
	if strings.Contains(host, ":") {
		host = "[" + host + "]"
	}
	attempt.redirect = "http://" + host + ":" + strconv.Itoa(r.port)
	to, err := b.authorizeURL(c, attempt)
	if err != nil {
		return nil, err
	}
	if err := b.open(ctx, to); err != nil {
		return nil, err
	}
	select {
	case got := <-r.got:
		return c.redeem(ctx, got.params, attempt)
	case <-ctx.Done():
		return nil, fmt.Errorf("token: browser: the user has not signed in: %w", context.Cause(ctx))
	}
}

// An attempt is the one-time values of one sign-in.
type attempt struct{ verifier, state, nonce, redirect string }

func (b *Browser) authorizeURL(c *Config, a attempt) (string, error) {
	q := c.Authority.AuthorizationEndpoint.Query()
	q.Set("client_id", c.ClientID)
	q.Set("response_type", "code")
	q.Set("redirect_uri", a.redirect)
	q.Set("scope", strings.Join(c.Scopes, " "))
	q.Set("state", a.state)
	q.Set("code_challenge", oauth2.S256ChallengeFromVerifier(a.verifier))
	q.Set("code_challenge_method", "S256")
	if c.wants("openid") {
		q.Set("nonce", a.nonce)
	}
	q.Set("response_mode", "query")
	if c.Authority.FormPost {
		q.Set("response_mode", "form_post") // keeps the code out of the browser's history
	}
	if b.LoginHint != "" {
		q.Set("login_hint", b.LoginHint)
	}
	switch {
	case b.Prompt != "":
		q.Set("prompt", b.Prompt)
	case c.Authority.Kind == OpenID && c.wants("offline_access"):
		// OpenID Connect Core section 11: without it the scope is ignored.
		q.Set("prompt", "consent")
	}
	claims, err := c.claims()
	if err != nil {
		return "", err
	}
	if claims != "" {
		q.Set("claims", claims)
	}
	u := *c.Authority.AuthorizationEndpoint
	u.RawQuery = q.Encode()
	if !c.Authority.loopback {
		if err := safehttp.CheckURL(&u); err != nil {
			return "", &ConfigError{Kind: ConfigMissing, Hint: "the authorization endpoint is refused", Err: err}
		}
	}
	return u.String(), nil
}

// open shows the URL. The system's opener may block for as long as the browser runs, so
// that it is waited for only until ctx ends.
func (b *Browser) open(ctx context.Context, to string) error {
	if b.Open != nil {
		if err := b.Open(ctx, to); err != nil {
			return fmt.Errorf("token: browser: could not be opened: %w", err)
		}
		return nil
	}
	failed := make(chan error, 1)
	go func() { failed <- browser.OpenURL(to) }()
	select {
	case err := <-failed:
		if err != nil {
			return fmt.Errorf("token: browser: could not be opened; DeviceCode needs none: %w", err)
		}
	case <-ctx.Done():
	}
	return nil
}

// redeem checks an authorization response and exchanges its code.
func (c *Config) redeem(ctx context.Context, params url.Values, a attempt) (*oauth2.Token, error) {
	for name, values := range params {
		if len(values) > 1 { // RFC 6749 section 3.1
			return nil, &TransientError{Hint: "the authorization response repeats the parameter " + strconv.Quote(safehttp.Clean(name, 32))}
		}
	}
	// RFC 9207 section 2.4: before anything else, an error included.
	if iss := params.Get("iss"); iss != "" || c.Authority.IssuerParameter {
		if !c.Authority.mayIssue(iss) {
			return nil, &IDTokenError{Reason: "the authorization response comes from another issuer (mix-up)"}
		}
	}
	if code := params.Get("error"); code != "" {
		oe := oauthError{code: code, description: params.Get("error_description"), uri: params.Get("error_uri"),
			suberror: params.Get("error_subcode"), claims: params.Get("claims")}
		return nil, classify(c.inquiry(nil), oe.refusal(0, http.Header{}, nil), oe.retrieveError(nil, nil), 0)
	}
	code := params.Get("code")
	if code == "" {
		return nil, &TransientError{Hint: "the authorization response has neither code nor error"}
	}
	form := url.Values{
		"grant_type":    {"authorization_code"},
		"code":          {code},
		"redirect_uri":  {a.redirect},
		"code_verifier": {a.verifier},
		"scope":         {strings.Join(c.Scopes, " ")},
	}
	claims, err := c.claims()
	if err != nil {
		return nil, err
	}
	if claims != "" {
		form.Set("claims", claims)
	}
	g, err := c.requestToken(ctx, form)
	if err != nil {
		return nil, err
	}
	if c.wants("openid") {
		if err := c.checkIDToken(ctx, g.idToken, a.nonce); err != nil {
			return nil, err
		}
	}
	return g.token()
}

// mayIssue reports whether iss is the issuer of this authority. A template is filled with
// whatever GUID stands in its place, since the tenant is not known yet.
func (a *Authority) mayIssue(iss string) bool {
	before, after, ok := strings.Cut(a.Issuer, "{tenantid}")
	if !ok {
		return iss == a.Issuer
	}
	tenant, ok := strings.CutPrefix(iss, before)
	if !ok {
		return false
	}
	tenant, ok = strings.CutSuffix(tenant, after)
	return ok && (isGUID(tenant) || tenant == "{tenantid}")
}

// isInUse reports whether another program has the port. Windows has a number of its own
// for that (WSAEADDRINUSE).
func isInUse(err error) bool {
	return errors.Is(err, syscall.EADDRINUSE) || errors.Is(err, syscall.Errno(10048))
}
