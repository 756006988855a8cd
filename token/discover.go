package token

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/coreos/go-oidc/v3/oidc"

	"github.com/easoauth/easoauth/internal/safehttp"
)

// requestTimeout bounds one request to an authority, from dialling to the last byte.
const requestTimeout = 30 * time.Second

func asError[T error](err error, target *T) bool { return errors.As(err, target) }

// Discover finds the authority of authorizationURI, which [ParseAuthority] must accept, and reads
// its OpenID metadata: from https://<host>/<tenant>/v2.0/.well-known/openid-configuration for
// Entra, whatever the version of the URI, and from
// https://<host>/adfs/.well-known/openid-configuration for AD FS.
//
// The metadata must have at most 1 MiB and come without a redirect; its issuer must be the
// authority itself, where Entra's may contain {tenantid} for a tenant that is known only after the
// sign-in; and every endpoint must be https on a host of the authority or of the same cloud. The
// error is an [*AuthorityError] or, if there was no usable response, a [*TransientError].
func Discover(ctx context.Context, authorizationURI string, o *Options) (*Authority, error) {
	if o == nil {
		o = &Options{}
	}
	a, err := find(ctx, authorizationURI, o)
	if err != nil {
		return nil, err
	}
	if err := a.discover(ctx, o.HTTPClient); err != nil {
		return nil, err
	}
	return a, nil
}

// find trusts or refuses the authority that authorizationURI names.
func find(ctx context.Context, authorizationURI string, o *Options) (*Authority, error) {
	a, err := ParseAuthority(authorizationURI, o)
	if err != nil && o.InstanceDiscovery && errors.Is(err, ErrUntrustedAuthority) {
		return vouched(ctx, authorizationURI, o, err)
	}
	return a, err
}

// metadata is what we use of OpenID Connect Discovery 1.0 section 3, RFC 8414, RFC 8628
// section 4, RFC 9207 section 3 and [MS-OIDCE] 2.2.3.2.
type metadata struct {
	Issuer              string   `json:"issuer"`
	AccessTokenIssuer   string   `json:"access_token_issuer,omitempty"`
	Authorization       string   `json:"authorization_endpoint"`
	Token               string   `json:"token_endpoint"`
	DeviceAuthorization string   `json:"device_authorization_endpoint,omitempty"`
	Keys                string   `json:"jwks_uri"`
	ResponseModes       []string `json:"response_modes_supported,omitempty"`
	IssuerParameter     bool     `json:"authorization_response_iss_parameter_supported,omitempty"`
}

func (a *Authority) discover(ctx context.Context, c *http.Client) error {
	ctx, cancel := context.WithTimeout(ctx, requestTimeout)
	defer cancel()
	base := strings.TrimSuffix(a.configuration.String(), wellKnown)
	// go-oidc compares the issuer with one string; Entra's is a template and AD FS has
	// two, so that checkIssuer takes its place.
	octx := oidc.InsecureIssuerURLContext(oidc.ClientContext(ctx, a.limited(c)), base)
	p, err := oidc.NewProvider(octx, base)
	if err != nil {
		return a.discoveryError(ctx, err)
	}
	var m metadata
	if err := p.Claims(&m); err != nil {
		return &AuthorityError{Host: a.Host, Reason: "the metadata cannot be read"}
	}
	if err := a.take(&m); err != nil {
		return err
	}
	a.keys = &keySet{authority: a, url: a.KeysEndpoint, client: c}
	a.background = newBackground()
	return nil
}

// take checks metadata and sets the fields that come from it.
func (a *Authority) take(m *metadata) error {
	if err := a.checkIssuer(m.Issuer); err != nil {
		return err
	}
	a.Issuer, a.AccessTokenIssuer = m.Issuer, m.AccessTokenIssuer
	for _, e := range []struct {
		to       **url.URL
		name, in string
		optional bool
	}{
		{&a.AuthorizationEndpoint, "authorization_endpoint", m.Authorization, false},
		{&a.TokenEndpoint, "token_endpoint", m.Token, false},
		{&a.KeysEndpoint, "jwks_uri", m.Keys, false},
		{&a.DeviceAuthorizationEndpoint, "device_authorization_endpoint", m.DeviceAuthorization, true},
	} {
		if e.in == "" && e.optional {
			continue
		}
		u, err := a.checkEndpoint(e.name, e.in)
		if err != nil {
			return err
		}
		*e.to = u
	}
	a.FormPost = slices.Contains(m.ResponseModes, "form_post")
	a.IssuerParameter = m.IssuerParameter
	return nil
}

// checkIssuer compares the issuer of the metadata with the authority
// (OpenID Connect Discovery 1.0 section 4.3).
func (a *Authority) checkIssuer(issuer string) error {
	bad := func(reason string) error {
		return &AuthorityError{Host: a.Host, Reason: fmt.Sprintf("the issuer of the metadata, %q, %s", safehttp.Plain(issuer, 256), reason)}
	}
	if a.Kind != Entra {
		if !a.isIssuer(issuer) {
			return bad(fmt.Sprintf("is not the authority itself, %q", safehttp.Clean(a.issuer, 256)))
		}
		return nil
	}
	// Entra: https://<host of the cloud>/<tenant>/v2.0
	u, err := url.Parse(issuer)
	if err != nil {
		return bad("is not a URL")
	}
	if u.Scheme != "https" && !(a.loopback && u.Scheme == "http") || u.User != nil || u.RawQuery != "" || u.Fragment != "" {
		return bad("is not a plain https URL")
	}
	if !slices.Contains(a.group, strings.ToLower(u.Host)) {
		return bad("is on a host of another cloud")
	}
	tenant, ok := strings.CutSuffix(strings.TrimPrefix(u.Path, "/"), "/v2.0")
	switch {
	case !ok:
		return bad("is not of the form https://<host>/<tenant>/v2.0")
	case tenant == "{tenantid}":
		if a.isShared() {
			return nil
		}
		return bad("names no tenant although the authority is that of one")
	case a.isShared() && a.Tenant != "consumers":
		return bad("names one tenant although the authority is that of all")
	case !isGUID(tenant):
		return bad("names no tenant")
	case isGUID(a.Tenant) && !strings.EqualFold(tenant, a.Tenant):
		return bad("names another tenant than the authority")
	}
	return nil
}

// isIssuer reports whether issuer names this authority, which is not Entra. Scheme and host
// compare without regard to case; so does the path of AD FS, which publishes the name of its
// service as its administrator wrote it, and serves it in any case.
func (a *Authority) isIssuer(issuer string) bool {
	if a.Kind == ADFS {
		return strings.EqualFold(issuer, a.issuer)
	}
	// The URL of a.issuer has neither user information nor an escape before its path.
	n := strings.Index(a.issuer, "://") + len("://")
	if i := strings.IndexByte(a.issuer[n:], '/'); i >= 0 {
		n += i
	} else {
		n = len(a.issuer)
	}
	return len(issuer) >= n && strings.EqualFold(issuer[:n], a.issuer[:n]) && issuer[n:] == a.issuer[n:]
}

// isShared reports whether the tenant is only known after the sign-in.
func (a *Authority) isShared() bool {
	return a.Kind == Entra && (a.Tenant == "common" || a.Tenant == "organizations" || a.Tenant == "consumers")
}

// limited returns an HTTP client for go-oidc, which reads bodies without a limit and quotes
// them in errors. It hands go-oidc responses of status 200 that are at most 1 MiB.
func (a *Authority) limited(c *http.Client) *http.Client {
	return &http.Client{Transport: limitedTransport{a, c}}
}

type limitedTransport struct {
	authority *Authority
	client    *http.Client
}

func (t limitedTransport) RoundTrip(req *http.Request) (*http.Response, error) {
	req = req.Clone(req.Context())
	req.Header.Set("Accept", "application/json")
	resp, err := t.authority.do(t.client, req)
	if err != nil {
		return nil, err
	}
	defer resp.Body.Close()
	if resp.StatusCode != http.StatusOK {
		return nil, statusError(t.authority.Kind, resp)
	}
	b, err := safehttp.ReadAll(resp.Body, safehttp.MaxJSON)
	if err != nil {
		return nil, err
	}
	b = bytes.TrimPrefix(bytes.TrimSpace(b), []byte("\ufeff")) // the JSON decoders refuse a byte order mark
	resp.Body = io.NopCloser(bytes.NewReader(b))
	return resp, nil
}

// statusError makes the error of a response other than 200 to a request for a document.
func statusError(kind AuthorityKind, resp *http.Response) error {
	defer safehttp.Drain(resp.Body)
	wait, _ := safehttp.RetryAfter(resp.Header, time.Now(), maxRetryAfter)
	e := &TransientError{
		Refusal:    Refusal{Status: resp.StatusCode, RequestID: safehttp.RequestID(resp.Header)},
		RetryAfter: wait,
	}
	if resp.StatusCode >= 300 && resp.StatusCode < 400 {
		e.Hint = "it redirects, and redirects are not followed"
	}
	// Entra explains an unknown tenant in the body of the metadata request.
	if b, err := safehttp.ReadAll(resp.Body, 64<<10); err == nil {
		m, _ := members(b)
		oe := parseOAuthError(m)
		if r := oe.refusal(resp.StatusCode, resp.Header, nil); r.Code != "" {
			return classify(inquiry{kind: kind}, r, oe.retrieveError(resp, nil), wait)
		}
	}
	return e
}

func (a *Authority) discoveryError(ctx context.Context, err error) error {
	if ctxErr := context.Cause(ctx); ctxErr != nil {
		return &TransientError{Hint: "the metadata of " + a.Host + " was not read", Err: ctxErr}
	}
	var te *TransientError
	var ce *ConfigError
	var re *ReauthError
	var rq *safehttp.RequestError
	var le *safehttp.LimitError
	switch {
	case errors.As(err, &ce):
		return ce
	case errors.As(err, &re):
		return &AuthorityError{Host: a.Host, Reason: "the metadata is refused", Err: re}
	case errors.As(err, &te):
		if te.Status >= 400 && te.Status < 500 && te.Status != http.StatusTooManyRequests && te.Status != http.StatusRequestTimeout {
			return &AuthorityError{Host: a.Host, Reason: "there is no metadata", Err: te}
		}
		if te.Hint == "" {
			te.Hint = "the metadata of " + a.Host + " was not read"
		}
		return te
	case errors.As(err, &le):
		return &AuthorityError{Host: a.Host, Reason: "the metadata is refused", Err: le}
	case errors.As(err, &rq):
		return &TransientError{Hint: "the metadata of " + a.Host + " was not read", Err: rq}
	}
	// What is left is a body that go-oidc does not understand; its error quotes it.
	return &AuthorityError{Host: a.Host, Reason: "the metadata is not the JSON of OpenID Connect Discovery"}
}

// instanceHost knows the hosts of all clouds.
const instanceHost = "login.microsoftonline.com"

// vouched looks the host of the URI up at Microsoft's instance discovery. A host that it
// lists becomes an authority whose group is the entry that lists it.
func vouched(ctx context.Context, authorizationURI string, o *Options, refused error) (*Authority, error) {
	u, err := url.Parse(authorizationURI)
	if err != nil || u.Port() != "" {
		return nil, refused
	}
	host := strings.ToLower(u.Hostname())
	a, err := ParseAuthority(authorizationURI, &Options{TrustedAuthorities: []string{host}, Tenant: o.Tenant})
	if err != nil || a.Kind != Entra {
		return nil, refused
	}
	ctx, cancel := context.WithTimeout(ctx, requestTimeout)
	defer cancel()
	q := url.Values{
		"api-version":            {"1.1"},
		"authorization_endpoint": {"https://" + host + "/common/oauth2/v2.0/authorize"},
	}
	lookup := &url.URL{Scheme: "https", Host: instanceHost, Path: "/common/discovery/instance", RawQuery: q.Encode()}
	req, err := http.NewRequestWithContext(ctx, "GET", lookup.String(), nil)
	if err != nil {
		return nil, refused
	}
	resp, err := limitedTransport{a, o.HTTPClient}.RoundTrip(req)
	if err != nil {
		return nil, &AuthorityError{Host: host, Reason: "not known, and instance discovery does not vouch for it", Err: errors.Join(ErrUntrustedAuthority, err)}
	}
	var known struct {
		Metadata []struct {
			PreferredNetwork string   `json:"preferred_network"`
			Aliases          []string `json:"aliases"`
		} `json:"metadata"`
	}
	if json.NewDecoder(resp.Body).Decode(&known) == nil {
		for _, m := range known.Metadata {
			if slices.Contains(m.Aliases, host) && slices.Contains(m.Aliases, m.PreferredNetwork) {
				a.Host, a.Cloud, a.group = m.PreferredNetwork, m.PreferredNetwork, m.Aliases
				a.configuration.Host = m.PreferredNetwork
				return a, nil
			}
		}
	}
	return nil, untrusted(host, "not known, and instance discovery does not vouch for it")
}
