package token

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/coreos/go-oidc/v3/oidc"

	"github.com/easoauth/easoauth/bearer"
	"github.com/easoauth/easoauth/internal/safehttp"
)

// An IDTokenError says why the response to a sign-in cannot be trusted.
type IDTokenError struct {
	Reason string
	Err    error
}

func (e *IDTokenError) Error() string {
	s := "token: ID token: " + e.Reason
	if e.Err != nil {
		s += ": " + safehttp.Clean(e.Err.Error(), 512)
	}
	return s
}

func (e *IDTokenError) Unwrap() error { return e.Err }

// checkIDToken verifies the ID token of a sign-in (OpenID Connect Core section 3.1.3.7).
// An empty nonce is not compared.
func (c *Config) checkIDToken(ctx context.Context, raw, nonce string) error {
	if raw == "" {
		return &IDTokenError{Reason: "the authority sent none although openid was requested"}
	}
	if c.Authority.keys == nil {
		if c.Authority.KeysEndpoint == nil {
			return &ConfigError{Kind: ConfigMissing, Hint: "Config.Authority.KeysEndpoint is not set; Configure sets it"}
		}
		return c.verifyIDToken(ctx, &keySet{authority: c.Authority, url: c.Authority.KeysEndpoint, client: c.HTTPClient}, raw, nonce)
	}
	return c.verifyIDToken(ctx, c.Authority.keys, raw, nonce)
}

func (c *Config) verifyIDToken(ctx context.Context, keys *keySet, raw, nonce string) error {
	claims, err := inspect(raw, true)
	if err != nil {
		return &IDTokenError{Reason: "it is malformed", Err: err}
	}
	issuer := expandIssuer(c.Authority.Issuer, claims.Tenant)
	if issuer == "" {
		return &IDTokenError{Reason: "its tid is not a tenant"}
	}
	config := &oidc.Config{ClientID: c.ClientID}
	for alg := range schemes {
		config.SupportedSigningAlgs = append(config.SupportedSigningAlgs, alg)
	}
	t, err := oidc.NewVerifier(issuer, keys, config).Verify(ctx, raw)
	if err != nil {
		return &IDTokenError{Reason: "it does not verify", Err: err}
	}
	if nonce != "" && t.Nonce != nonce {
		return &IDTokenError{Reason: "its nonce is not that of this sign-in"}
	}
	return nil
}

// VerifyKind says which check a token failed.
type VerifyKind string

// The kinds of [VerifyError].
const (
	VerifyMalformed VerifyKind = "malformed" // not a JWT, or its claims have wrong types
	VerifySignature VerifyKind = "signature" // no key of the authority signed it
	VerifyIssuer    VerifyKind = "issuer"
	VerifyTenant    VerifyKind = "tenant"
	VerifyAudience  VerifyKind = "audience" // Err is an *AudienceError
	VerifyExpired   VerifyKind = "expired"
	VerifyNotYet    VerifyKind = "not yet valid"
	VerifyScope     VerifyKind = "scope"
	VerifyClient    VerifyKind = "client"
)

// A VerifyError says why a token was refused.
type VerifyError struct {
	Kind   VerifyKind
	Reason string
	Err    error
}

func (e *VerifyError) Error() string {
	s := "token: refused (" + string(e.Kind) + "): " + e.Reason
	if e.Err != nil {
		s += ": " + safehttp.Clean(e.Err.Error(), 512)
	}
	return s
}

func (e *VerifyError) Unwrap() error { return e.Err }

// Diagnostics returns the refusal with the number and the text of Exchange's X-MS-Diagnostics.
func (e *VerifyError) Diagnostics() bearer.Diagnostics {
	switch e.Kind {
	case VerifySignature:
		return bearer.Diagnostics{Code: 2000000, Reason: "The token has an invalid signature.", Category: "invalid_signature"}
	case VerifyExpired, VerifyNotYet:
		return bearer.Diagnostics{Code: 2000002, Reason: "The token has expired.", Category: "token_expired"}
	case VerifyAudience:
		reason := "The audience claim value is invalid 'aud'."
		var ae *AudienceError
		if errors.As(e.Err, &ae) && ae.Kind != AudienceMissing {
			reason = fmt.Sprintf("The hostname component of the audience claim value is invalid. Expected '%s'. Actual '%s'.",
				quotable(ae.Expected), quotable(ae.Actual))
		}
		return bearer.Diagnostics{Code: 2000003, Reason: reason, Category: "invalid_resource"}
	case VerifyTenant:
		return bearer.Diagnostics{Code: 2000004, Reason: "The tenant of the token is not trusted.", Category: "invalid_tenant"}
	case VerifyClient:
		return bearer.Diagnostics{Code: 2000006, Reason: "The client of the token is not accepted.", Category: "invalid_client"}
	case VerifyScope:
		return bearer.Diagnostics{Code: 2000008, Reason: "The token should have valid permissions.", Category: "invalid_grant"}
	}
	return bearer.Diagnostics{Code: 2000001, Reason: "OAuth token submitted with the request can not be parsed.", Category: "invalid_token"}
}

func quotable(s string) string {
	return strings.Map(func(r rune) rune {
		if r < ' ' || r > '~' || r == '"' || r == '\'' || r == '\\' {
			return '.'
		}
		return r
	}, s)
}

// maxLeeway bounds [Verifier.Leeway].
const maxLeeway = 5 * time.Minute

// A Verifier verifies access tokens that clients present, for gateways, for mock servers and for
// resources of your own. Authority and Endpoint are required. It is safe for concurrent use; its
// fields must not be changed after its first use.
//
// The signature must be by a key that the authority publishes, with the algorithm of that key,
// which is never none and never an HMAC; a key that is published for one issuer signs for no
// other. A token that matches no known key causes at most one request for the keys in 30 seconds.
// A token in which a member of the header or a claim appears twice is malformed.
//
// The issuer must be that of the authority: for Entra with the tid of the token, which must be a
// GUID, for {tenantid}; for tokens of version 1.0 https://sts.windows.net/<tid>/ in the public
// cloud and that of the US government, and https://sts.chinacloudapi.cn/<tid>/ in China; for AD FS
// also its access_token_issuer.
//
// Microsoft encrypts or changes some tokens for its own services, which only those can verify.
type Verifier struct {
	Authority *Authority // from Discover
	Endpoint  *url.URL   // compared with the audience as by CheckAudience

	// Audiences are also accepted, exactly: an application ID, or an application ID URI such
	// as api://….
	Audiences []string

	// Tenants lists the tenants whose users may come. If empty, every tenant that the
	// authority signs for: with a common authority that is everybody.
	Tenants []string

	// Clients lists the application IDs that may come. If empty, every one.
	Clients []string

	// Scope is a permission that the token must have. If empty, EAS.AccessAsUser.All.
	Scope string

	// Leeway is the clock difference that is tolerated: from 0 to 5 minutes. If zero, 5
	// minutes; if negative, none.
	Leeway time.Duration

	// HTTPClient is used for the keys. If nil, http.DefaultClient.
	HTTPClient *http.Client

	once     sync.Once
	keys     *keySet // of version 2.0 tokens
	v1       *keySet // of version 1.0 tokens of Entra
	resource string  // the audience as it is written most often
}

// Verify returns the claims of a valid token, or a [*VerifyError]. If the keys are not available,
// the error is a [*TransientError] or the context's.
func (v *Verifier) Verify(ctx context.Context, raw string) (*Claims, error) {
	if v.Authority == nil || v.Authority.KeysEndpoint == nil || v.Endpoint == nil {
		return nil, &ConfigError{Kind: ConfigMissing, Hint: "Verifier needs Authority, from Discover, and Endpoint"}
	}
	v.once.Do(v.init)
	claims, err := inspect(raw, true)
	if err != nil {
		return nil, &VerifyError{Kind: VerifyMalformed, Reason: "it is not a JWT", Err: err}
	}
	if len(claims.Malformed) > 0 {
		return nil, &VerifyError{Kind: VerifyMalformed, Reason: "claims of the wrong type: " + strings.Join(claims.Malformed, ", ")}
	}
	if err := signatureError(ctx, v.keysOf(claims.Version).verify(ctx, raw, claims.Issuer, claims.Tenant)); err != nil {
		return nil, err
	}
	if err := v.check(claims, time.Now()); err != nil {
		return nil, err
	}
	return claims, nil
}

// VerifySignature returns the payload of a compact JWS that a published key of the authority
// signed, without checking the payload, for claims that [Claims] does not hold. Of the fields of v
// it uses only Authority and HTTPClient. It makes a Verifier an oidc.KeySet. Errors are those of
// Verify.
func (v *Verifier) VerifySignature(ctx context.Context, raw string) ([]byte, error) {
	if v.Authority == nil || v.Authority.KeysEndpoint == nil {
		return nil, &ConfigError{Kind: ConfigMissing, Hint: "Verifier needs Authority, from Discover"}
	}
	v.once.Do(v.init)
	version := ""
	if claims, err := Inspect(raw); err == nil {
		version = claims.Version
	}
	payload, err := v.keysOf(version).VerifySignature(ctx, raw)
	return payload, signatureError(ctx, err)
}

// keysOf returns the keys that sign tokens of a version.
func (v *Verifier) keysOf(version string) *keySet {
	if version == "1.0" && v.v1 != nil {
		return v.v1
	}
	return v.keys
}

// signatureError tells a signature that does not hold from keys that could not be read.
func signatureError(ctx context.Context, err error) error {
	if err == nil {
		return nil
	}
	var te *TransientError
	if errors.As(err, &te) || ctx.Err() != nil || errors.Is(err, context.DeadlineExceeded) {
		return fmt.Errorf("token: the keys of the authority: %w", err)
	}
	return &VerifyError{Kind: VerifySignature, Reason: "no published key signed it", Err: err}
}

func (v *Verifier) init() {
	a := v.Authority
	if v.Endpoint != nil {
		v.resource = resourceOf(v.Endpoint)
	}
	v.keys = a.keys
	if v.keys == nil || v.HTTPClient != nil {
		v.keys = &keySet{authority: a, url: a.KeysEndpoint, client: v.HTTPClient}
	}
	if a.Kind == Entra {
		// The v1 metadata is not read: its jwks_uri has had this form throughout.
		keys := *a.KeysEndpoint
		keys.Path = "/" + a.Tenant + "/discovery/keys"
		v.v1 = &keySet{authority: a, url: &keys, client: v.keys.client}
	}
}

func (v *Verifier) check(c *Claims, now time.Time) error {
	fail := func(kind VerifyKind, format string, args ...any) error {
		return &VerifyError{Kind: kind, Reason: fmt.Sprintf(format, args...)}
	}
	leeway := min(v.Leeway, maxLeeway)
	switch {
	case v.Leeway == 0:
		leeway = maxLeeway
	case v.Leeway < 0:
		leeway = 0
	}
	switch {
	case !slices.Contains(v.Authority.issuers(c), c.Issuer) || c.Issuer == "":
		return fail(VerifyIssuer, "iss is %q", safehttp.Clean(c.Issuer, 128))
	case len(v.Tenants) > 0 && !slices.ContainsFunc(v.Tenants, func(t string) bool { return strings.EqualFold(t, c.Tenant) }):
		return fail(VerifyTenant, "tid is %q", safehttp.Clean(c.Tenant, 64))
	case c.Expiry.IsZero():
		return fail(VerifyExpired, "it has no exp")
	case !now.Before(c.Expiry.Add(leeway)):
		return fail(VerifyExpired, "it expired at %s", c.Expiry.UTC().Format(time.RFC3339))
	case now.Add(leeway).Before(c.NotBefore):
		return fail(VerifyNotYet, "it is valid from %s", c.NotBefore.UTC().Format(time.RFC3339))
	case now.Add(leeway).Before(c.IssuedAt):
		return fail(VerifyNotYet, "it is issued in the future, at %s", c.IssuedAt.UTC().Format(time.RFC3339))
	}
	if !slices.ContainsFunc(c.Audience, func(a string) bool { return a == v.resource || slices.Contains(v.Audiences, a) }) {
		if err := CheckAudience(c.Audience, v.Endpoint); err != nil {
			return &VerifyError{Kind: VerifyAudience, Reason: "it is for another resource", Err: err}
		}
	}
	if len(v.Clients) > 0 && !slices.ContainsFunc(v.Clients, func(id string) bool { return strings.EqualFold(id, c.AppID) }) {
		return fail(VerifyClient, "appid is %q", safehttp.Clean(c.AppID, 64))
	}
	scope := v.Scope
	if scope == "" {
		scope = permission
	}
	if !c.HasScope(scope) {
		return fail(VerifyScope, "scp lacks %s", scope)
	}
	return nil
}

// issuers returns the values of iss that a token with these claims may have.
func (a *Authority) issuers(c *Claims) []string {
	switch a.Kind {
	case ADFS:
		if a.AccessTokenIssuer != "" {
			return []string{a.Issuer, a.AccessTokenIssuer}
		}
	case Entra:
		if !isGUID(c.Tenant) {
			return nil
		}
		if host := authorityHosts[a.Host].v1Issuer; c.Version == "1.0" && host != "" {
			return []string{"https://" + host + "/" + c.Tenant + "/"}
		}
		return []string{expandIssuer(a.Issuer, c.Tenant)}
	}
	return []string{a.Issuer}
}
