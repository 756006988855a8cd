package token

import (
	"context"
	"crypto/subtle"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"net/url"
	"sync"
	"time"

	"golang.org/x/oauth2"

	"github.com/easoauth/easoauth/internal/safehttp"
)

// ErrState is matched if an authorization response does not belong to the [Authorization]: its
// state is missing or differs. The response of another user came to this session, or the user has
// started two sign-ins. Nothing was sent to the authority.
var ErrState = errors.New("token: the authorization response is not of this sign-in: its state differs")

// authorizationLifetime is how long a user may take.
const authorizationLifetime = time.Hour

// An Authorization is the first half of a sign-in in a hosted application, where the browser
// returns to the application's own URL in another request, possibly in another process: the
// authorization code flow with PKCE (RFC 6749 section 4.1, RFC 7636). [Config.Authorize] makes
// one. Send the browser to URL, and call [Authorization.Redeem] when it returns.
//
// An Authorization is secret, because it holds the code verifier, and does not print. Store the
// result of [Authorization.Encode] in the user's session, on the server or encrypted, and never
// where the browser of another user could return it: the session binds the response to the browser
// that started the sign-in.
type Authorization struct {
	URL    string    // where to send the browser
	State  string    // of this sign-in, which the response repeats; a key to find it by
	Expiry time.Time // 1 hour from the start

	attempt             attempt
	clientID, authority string
	claims              string
}

// AuthorizeOptions configure [Config.Authorize].
type AuthorizeOptions struct {
	LoginHint string // the address of the user who is expected to sign in
	Prompt    string // as [Browser.Prompt]

	// FormPost has the authority post the response, so that the code stays out of the
	// browser's history and of logs. A browser then sends no cookie that is SameSite=Lax
	// with the response. If false, the response is a query.
	FormPost bool
}

// Authorize starts a sign-in whose response goes to redirectURI, which the app registration must
// list: an https URL, or http on a loopback host, without a fragment. It includes the claims
// challenge of Config.Claims. Nil options are the zero options. It sends no request if the
// metadata has been read. Errors are a [*ConfigError], and those of [Config.Discover].
func (c *Config) Authorize(ctx context.Context, redirectURI string, o *AuthorizeOptions) (*Authorization, error) {
	if o == nil {
		o = &AuthorizeOptions{}
	}
	u, err := url.Parse(redirectURI)
	if err != nil || u.Fragment != "" || safehttp.CheckURL(u) != nil && !isLocalRedirect(u) {
		return nil, &ConfigError{Kind: ConfigRedirect, Hint: "the redirect URI must be an absolute https URL without a fragment, or http on localhost"}
	}
	c, err = c.complete(ctx)
	if err != nil {
		return nil, err
	}
	if c.Authority.AuthorizationEndpoint == nil {
		return nil, unavailable(&ConfigError{Kind: ConfigMissing, Hint: "the authority has no authorization endpoint; use DeviceCode"})
	}
	a := newAttempt()
	a.redirect = redirectURI
	to, err := c.authorizeURL(a, o.LoginHint, o.Prompt, o.FormPost)
	if err != nil {
		return nil, err
	}
	return &Authorization{
		URL: to, State: a.state, Expiry: time.Now().Add(authorizationLifetime).Truncate(time.Second), attempt: a,
		clientID: c.ClientID, authority: c.Authority.Host, claims: c.Claims,
	}, nil
}

// isLocalRedirect reports whether u is http on this machine, as for an application under
// development.
func isLocalRedirect(u *url.URL) bool {
	return u.Scheme == "http" && u.User == nil && (u.Hostname() == "localhost" || safehttp.IsLoopback(u))
}

// Redeem returns the second half of the sign-in as a Flow, which needs no person: it checks the
// parameters of the authorization response, from the query or the posted form, as [Browser] does,
// and exchanges the code. Run it by [Source.SignIn], so that the sign-in is stored:
//
//	source := &token.Source{Config: cfg, Store: store, Key: user, Flow: authorization.Redeem(r.Form)}
//	_, err := source.SignIn(r.Context())
//
// A code is valid once: after a success, or a refusal that is not a [*TransientError], the flow
// cannot be used again. Errors match [ErrState] if the response does not belong to this sign-in;
// otherwise they are a [*ReauthError] (for example if the user declines or takes too long), a
// [*ConfigError], a [*TransientError] or an [*IDTokenError].
func (a *Authorization) Redeem(params url.Values) Flow {
	return &redemption{authorization: a, params: params}
}

// A redemption is an authorization whose response has come.
type redemption struct {
	authorization *Authorization
	params        url.Values

	mu    sync.Mutex
	spent bool
}

// Interactive returns false: the person has done their part.
func (*redemption) Interactive() bool { return false }

// Format prints neither the code nor the verifier under any verb.
func (r *redemption) Format(f fmt.State, _ rune) { fmt.Fprint(f, "redemption of ", r.authorization) }

func (r *redemption) SignIn(ctx context.Context, c *Config) (*oauth2.Token, error) {
	a := r.authorization
	c, err := c.complete(ctx)
	if err != nil {
		return nil, err
	}
	if err := ofConfig(c, a.clientID, a.authority); err != nil {
		return nil, err
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	states := r.params["state"]
	switch {
	case len(states) != 1 || a.State == "" || subtle.ConstantTimeCompare([]byte(states[0]), []byte(a.State)) != 1:
		return nil, ErrState
	case r.spent:
		return nil, &ReauthError{Kind: ReauthNone, Hint: "the authorization code has been used: begin the sign-in again"}
	case !time.Now().Before(a.Expiry):
		return nil, &ReauthError{Kind: ReauthExpired, Hint: "the sign-in took longer than an hour: begin it again"}
	}
	if a.claims != "" {
		d := *c
		d.Claims = a.claims
		c = &d
	}
	t, err := c.redeem(ctx, r.params, a.attempt)
	var te *TransientError
	r.spent = !errors.As(err, &te)
	return t, err
}

// ofConfig refuses the first half of a sign-in at another authority, or of another client.
func ofConfig(c *Config, clientID, authority string) error {
	if c.ClientID == clientID && c.Authority.Host == authority {
		return nil
	}
	return &ConfigError{Kind: ConfigClient, Hint: "the sign-in was begun at another authority or with another client ID: finish it with the Config that began it"}
}

// wireAuthorization is the form that is kept, version 1.
type wireAuthorization struct {
	Version   int       `json:"version"`
	URL       string    `json:"url"`
	Expires   time.Time `json:"expires"`
	ClientID  string    `json:"client_id"`
	Authority string    `json:"authority"`
	Redirect  string    `json:"redirect_uri"`
	State     string    `json:"state"`
	Nonce     string    `json:"nonce"`
	Verifier  string    `json:"code_verifier"`
	Claims    string    `json:"claims,omitempty"`
}

const (
	halfVersion = 1
	maxHalf     = 64 << 10 // bytes of a stored first half
)

// Encode returns the authorization as JSON, with its secrets, to be stored until the user returns.
func (a *Authorization) Encode() ([]byte, error) {
	return json.Marshal(wireAuthorization{
		Version: halfVersion, URL: a.URL, Expires: a.Expiry, ClientID: a.clientID, Authority: a.authority, Redirect: a.attempt.redirect,
		State: a.State, Nonce: a.attempt.nonce, Verifier: a.attempt.verifier, Claims: a.claims,
	})
}

// DecodeAuthorization reads the output of [Authorization.Encode]. The error is a [*ConfigError] of
// kind [ConfigDocument] and quotes nothing of the data.
func DecodeAuthorization(data []byte) (*Authorization, error) {
	var w wireAuthorization
	if err := decodeHalf(data, &w, &w.Version); err != nil {
		return nil, err
	}
	if w.State == "" || w.Verifier == "" || w.Redirect == "" {
		return nil, errHalf()
	}
	return &Authorization{
		URL: w.URL, State: w.State, Expiry: w.Expires, clientID: w.ClientID, authority: w.Authority, claims: w.Claims,
		attempt: attempt{verifier: w.Verifier, state: w.State, nonce: w.Nonce, redirect: w.Redirect},
	}, nil
}

func decodeHalf(data []byte, into any, version *int) error {
	if len(data) > maxHalf || json.Unmarshal(data, into) != nil || *version != halfVersion {
		return errHalf()
	}
	return nil
}

func errHalf() error {
	return &ConfigError{Kind: ConfigDocument, Hint: "the stored sign-in cannot be read: begin it again"}
}

// Format prints no secret under any verb.
func (a Authorization) Format(f fmt.State, _ rune) {
	fmt.Fprintf(f, "authorization of client %s at %s until %s", a.clientID, a.authority, a.Expiry.Format(time.RFC3339))
}

// LogValue holds no secret.
func (a Authorization) LogValue() slog.Value { return slog.StringValue(fmt.Sprint(a)) }

// MarshalJSON writes a summary without secrets, which cannot be read back; see
// [Authorization.Encode].
func (a Authorization) MarshalJSON() ([]byte, error) { return json.Marshal(fmt.Sprint(a)) }

// UnmarshalJSON refuses: [DecodeAuthorization] reads what [Authorization.Encode] wrote.
func (*Authorization) UnmarshalJSON([]byte) error {
	return errors.New("token: use DecodeAuthorization to read an authorization")
}
