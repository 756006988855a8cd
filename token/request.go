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

// requestToken sends a grant to the token endpoint. It is the only place that does.
//
// The request is one POST, with the client authentication among the parameters; it is
// never sent twice and never follows a redirect; the response is read to at most 1 MiB. A
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
	resp, m, err := c.post(ctx, c.Authority.TokenEndpoint, form)
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

// post sends form and returns the members of the response.
func (c *Config) post(ctx context.Context, to *url.URL, form url.Values) (*http.Response, map[string]json.RawMessage, error) {
	ctx, cancel := context.WithTimeout(ctx, requestTimeout)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, "POST", to.String(), strings.NewReader(form.Encode()))
	if err != nil {
		return nil, nil, &ConfigError{Kind: ConfigMissing, Hint: "the endpoint of the authority is not a URL"}
	}
	req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	req.Header.Set("Accept", "application/json")
	resp, err := c.Authority.do(c.HTTPClient, req)
	if err != nil {
		if errors.Is(err, safehttp.ErrURL) {
			return nil, nil, &ConfigError{Kind: ConfigMissing, Hint: "the endpoint of the authority is refused", Err: err}
		}
		return nil, nil, &TransientError{Hint: "the authority did not respond", Err: err}
	}
	defer resp.Body.Close()
	body, err := safehttp.ReadAll(resp.Body, safehttp.MaxJSON)
	m, err := c.readResponse(resp, body, err, form)
	return resp, m, err
}

func isSuccess(status int) bool { return status >= 200 && status < 300 }

// readResponse reads the members of a good response, or makes the error of a bad one. A response
// of any status 2xx that holds a token is good, whatever it is wrapped in: the token that
// was sent may have been replaced by it.
func (c *Config) readResponse(resp *http.Response, body []byte, broken error, form url.Values) (map[string]json.RawMessage, error) {
	m, whole := members(body)
	wait, _ := safehttp.RetryAfter(resp.Header, time.Now(), maxRetryAfter)
	oe := parseOAuthError(m)
	if isSuccess(resp.StatusCode) && oe.code == "" {
		hasToken := text(m["access_token"]) != "" || text(m["refresh_token"]) != ""
		if hasToken || whole && broken == nil {
			return m, nil
		}
	}
	secrets := secretsOf(form)
	r := oe.refusal(resp.StatusCode, resp.Header, secrets)
	cause := oe.retrieveError(resp, secrets)
	if whole && oe.code != "" && (resp.StatusCode < 300 || resp.StatusCode >= 400) {
		return nil, classify(c.inquiry(form), r, cause, wait)
	}
	te := &TransientError{Refusal: r, RetryAfter: wait, Err: cause}
	switch {
	case broken != nil:
		te.Hint, te.Err = "the response of the authority broke off or is too long", broken
	case resp.StatusCode >= 300 && resp.StatusCode < 400:
		te.Hint = "the token endpoint redirects; credentials are not sent along a redirect"
	case isSuccess(resp.StatusCode):
		te.Hint = "the response is not the JSON of a token endpoint, as when a captive portal or proxy responds in its place"
	case resp.StatusCode == http.StatusTooManyRequests:
		te.Hint = "the authority is throttling"
	default:
		te.Hint = "the response is not one of a token endpoint"
	}
	return nil, te
}

// members reads the members of the JSON object that body begins with, and reports whether
// the object is complete. A byte order mark and white space before it are skipped, and what
// stands after it is ignored. Of an object that breaks off, the members that are complete
// are returned: one of them may be the only copy of a refresh token.
func members(body []byte) (m map[string]json.RawMessage, whole bool) {
	m = map[string]json.RawMessage{}
	sc := &scanner{s: strings.TrimPrefix(strings.TrimSpace(string(body)), "\ufeff")}
	sc.space()
	whole = sc.object(func(name string, v jsonValue) { m[name] = json.RawMessage(v.raw) }, 0)
	return m, whole
}

// postJSON sends form to another endpoint of the authority and returns the members of its
// response.
func (c *Config) postJSON(ctx context.Context, to *url.URL, form url.Values) (map[string]json.RawMessage, error) {
	_, m, err := c.post(ctx, to, form)
	return m, err
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

// A grant is the response of a token endpoint.
type grant struct {
	access        string
	tokenType     string
	refresh       string // "" if the authority sent none: the old one stays good
	idToken       string
	scope         string
	expiry        time.Time
	refreshAt     time.Time // when the authority wants a renewal (refresh_in); zero if it did not
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
