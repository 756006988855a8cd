package token

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"net/url"
	"strings"
	"time"

	"golang.org/x/oauth2"

	"github.com/easoauth/easoauth/internal/safehttp"
)

// secretFields are the parameters of a request whose values an authority might echo.
var secretFields = []string{"refresh_token", "client_secret", "client_assertion", "assertion", "code", "code_verifier", "device_code"}

// requestToken sends a grant to the token endpoint. It is the only place that does.
//
// The request is one POST, with the client authentication among the parameters; it is
// never sent twice and never follows a redirect; the answer is read to at most 1 MiB. A
// refusal is a *ReauthError, *ConfigError or *TransientError over an
// *oauth2.RetrieveError. A nil error means that a grant came, which may still be unusable:
// see grant.problem.
func (c *Config) requestToken(ctx context.Context, form url.Values) (*grant, error) {
	c, err := c.complete(ctx)
	if err != nil {
		return nil, err
	}
	if err := c.authenticate(ctx, form); err != nil {
		return nil, err
	}
	resp, body, err := c.post(ctx, c.Authority.TokenEndpoint, form)
	if err != nil {
		return nil, err
	}
	m, err := c.answer(resp, body, form)
	if err != nil {
		return nil, c.withConsent(err)
	}
	return parseGrant(m, resp.Header, time.Now()), nil
}

// authenticate adds the client to the parameters.
func (c *Config) authenticate(ctx context.Context, form url.Values) error {
	form.Set("client_id", c.ClientID)
	if c.Auth == nil {
		return nil
	}
	params, err := c.Auth.Params(ctx, c.ClientID, c.Authority.TokenEndpoint)
	if err != nil {
		return err
	}
	for name, values := range params {
		form[name] = values
	}
	return nil
}

func (c *Config) post(ctx context.Context, to *url.URL, form url.Values) (*http.Response, []byte, error) {
	ctx, cancel := context.WithTimeout(ctx, requestTimeout)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, "POST", to.String(), strings.NewReader(form.Encode()))
	if err != nil {
		return nil, nil, &ConfigError{Kind: ConfigMissing, Hint: "the endpoint of the authority is no URL"}
	}
	req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	req.Header.Set("Accept", "application/json")
	resp, err := c.Authority.do(c.HTTPClient, req)
	if err != nil {
		if errors.Is(err, safehttp.ErrURL) {
			return nil, nil, &ConfigError{Kind: ConfigMissing, Hint: "the endpoint of the authority is refused", Err: err}
		}
		return nil, nil, &TransientError{Hint: "the authority did not answer", Err: err}
	}
	defer resp.Body.Close()
	body, err := safehttp.ReadAll(resp.Body, safehttp.MaxJSON)
	if err != nil {
		r := Refusal{Status: resp.StatusCode, RequestID: safehttp.RequestID(resp.Header)}
		return nil, nil, &TransientError{Refusal: r, Hint: "the answer of the authority broke off or is too long", Err: err}
	}
	return resp, body, nil
}

// answer reads the members of a good answer, or makes the error of a bad one.
func (c *Config) answer(resp *http.Response, body []byte, form url.Values) (map[string]json.RawMessage, error) {
	var m map[string]json.RawMessage
	parsed := json.Unmarshal(body, &m) == nil && m != nil
	wait, _ := safehttp.RetryAfter(resp.Header, time.Now(), maxRetryAfter)
	oe := parseOAuthError(m)
	if parsed && resp.StatusCode == http.StatusOK && oe.code == "" {
		return m, nil
	}
	var secrets []string
	for _, name := range secretFields {
		secrets = append(secrets, form[name]...)
	}
	r := oe.refusal(resp.StatusCode, resp.Header)
	cause := oe.retrieveError(resp, secrets)
	if parsed && oe.code != "" && (resp.StatusCode < 300 || resp.StatusCode >= 400) {
		return nil, classify(r, cause, wait)
	}
	te := &TransientError{Refusal: r, RetryAfter: wait, Err: cause}
	switch {
	case resp.StatusCode >= 300 && resp.StatusCode < 400:
		te.Hint = "the token endpoint redirects; credentials are not sent along a redirect"
	case resp.StatusCode == http.StatusOK:
		te.Hint = "the answer is not the JSON of a token endpoint, as when a captive portal or proxy answers in its place"
	case resp.StatusCode == http.StatusTooManyRequests:
		te.Hint = "the authority is throttling"
	default:
		te.Hint = "the answer is not one of a token endpoint"
	}
	return nil, te
}

// postJSON sends form to another endpoint of the authority and returns the members of its
// answer.
func (c *Config) postJSON(ctx context.Context, to *url.URL, form url.Values) (map[string]json.RawMessage, error) {
	resp, body, err := c.post(ctx, to, form)
	if err != nil {
		return nil, err
	}
	return c.answer(resp, body, form)
}

// refreshForm is RFC 6749 section 6, with the scope, which Entra needs to choose the
// resource, and with claims.
func (c *Config) refreshForm(refreshToken, claims string) url.Values {
	form := url.Values{
		"grant_type":    {"refresh_token"},
		"refresh_token": {refreshToken},
		"scope":         {strings.Join(c.Scopes, " ")},
	}
	if claims != "" {
		form.Set("claims", claims)
	}
	return form
}

// A grant is the answer of a token endpoint.
type grant struct {
	access        string
	tokenType     string
	refresh       string // "" if the authority sent none: the old one stays good
	idToken       string
	scope         string
	expiry        time.Time
	refreshAt     time.Time // when the authority asks for a renewal (refresh_in); zero if it did not
	refreshExpiry time.Time // zero if the authority did not say
	problem       error     // why the access token cannot be used, although a refresh token may have come
}

// token returns g in the form in which a Flow hands it to a Source.
func (g *grant) token() (*oauth2.Token, error) {
	if g.problem != nil {
		return nil, g.problem
	}
	extra := map[string]any{}
	if g.idToken != "" {
		extra["id_token"] = g.idToken
	}
	if g.scope != "" {
		extra["scope"] = g.scope
	}
	if !g.refreshAt.IsZero() {
		extra["refresh_at"] = g.refreshAt
	}
	if !g.refreshExpiry.IsZero() {
		extra["refresh_token_expiry"] = g.refreshExpiry
	}
	t := &oauth2.Token{AccessToken: g.access, TokenType: g.tokenType, RefreshToken: g.refresh, Expiry: g.expiry}
	return t.WithExtra(extra), nil
}
