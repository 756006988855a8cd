package token

import (
	"context"
	"crypto/rand"
	"net/http"
	"net/url"
	"strconv"
	"strings"

	"golang.org/x/oauth2"

	"github.com/easoauth/easoauth/internal/safehttp"
)

// An attempt is the one-time values of one sign-in.
type attempt struct{ verifier, state, nonce, redirect string }

func newAttempt() attempt {
	return attempt{verifier: oauth2.GenerateVerifier(), state: rand.Text() + rand.Text(), nonce: rand.Text() + rand.Text()}
}

// authorizeURL is the request of RFC 6749 section 4.1.1 with PKCE.
func (c *Config) authorizeURL(a attempt, loginHint, prompt string, formPost bool) (string, error) {
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
	if formPost {
		q.Set("response_mode", "form_post")
	}
	if loginHint != "" {
		q.Set("login_hint", loginHint)
	}
	switch {
	case prompt != "":
		q.Set("prompt", prompt)
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

// redeem checks an authorization response and exchanges its code.
func (c *Config) redeem(ctx context.Context, params url.Values, a attempt) (*oauth2.Token, error) {
	for name, values := range params {
		if len(values) > 1 { // RFC 6749 section 3.1
			return nil, &TransientError{Hint: "the authorization response repeats the parameter " + strconv.Quote(safehttp.Clean(name, 32))}
		}
	}
	// RFC 9207 section 2.4: before anything else, an error included.
	switch iss := params.Get("iss"); {
	case iss == "" && c.Authority.IssuerParameter:
		return nil, &IDTokenError{Reason: "the authorization response names no issuer (iss), although the authority announces one: it may come from another (mix-up)"}
	case iss != "" && !c.Authority.mayIssue(iss):
		return nil, &IDTokenError{Reason: "the authorization response comes from another issuer (mix-up)"}
	}
	if code := params.Get("error"); code != "" {
		oe := oauthError{code: code, description: params.Get("error_description"), uri: params.Get("error_uri"),
			suberror: params.Get("error_subcode"), claims: params.Get("claims")}
		return nil, c.withConsent(classify(c.inquiry(nil), oe.refusal(0, http.Header{}, nil), oe.retrieveError(nil, nil), 0))
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
