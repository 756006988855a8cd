package token

import (
	"context"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"github.com/easoauth/easoauth/bearer"
	"github.com/easoauth/easoauth/internal/safehttp"
)

// Options configure [Configure]. The zero value is ready to use.
type Options struct {
	// HTTPClient is used for every request to the authority. If nil, http.DefaultClient.
	// Redirects are never followed, and its Timeout applies on top of 30 seconds for each
	// request.
	HTTPClient *http.Client

	// TrustedAuthorities lists further hosts that may sign users in, such as an AD FS
	// farm: "fs.contoso.com", or "fs.contoso.com:8443". A host matches exactly or not at
	// all; international names are written in their ASCII form.
	TrustedAuthorities []string

	// InstanceDiscovery queries a Microsoft host that is known about a host that is not, as
	// for a cloud that is newer than this library. The unknown host is sent nothing.
	InstanceDiscovery bool

	// Tenant overrides the tenant of the authorization_uri: a domain or a GUID. An
	// authorization_uri usually says "common", which single-tenant apps cannot use.
	Tenant string

	// Issuer is the issuer of an OpenID provider whose authorization_uri does not tell it.
	Issuer string

	// Scopes overrides the scopes that are derived from the endpoint. Scopes that bring a token
	// which Exchange does not accept are refused.
	Scopes []string

	// Auth authenticates the client. If nil, the client is public.
	Auth ClientAuth

	// Capabilities are declared to the authority (xms_cc), as "cp1" for a client that
	// handles claims challenges. Access tokens may then live 20 to 28 hours and be refused
	// before that.
	Capabilities []string

	// AllowLoopback accepts an authority that is reached over plain http at a loopback
	// address, for tests. Its host must be in TrustedAuthorities as well.
	AllowLoopback bool

	// Lazy reads the authority's metadata when a token must first be requested of it, and not
	// before, so that a start with a good stored token needs no authority. What is wrong with
	// the metadata is then an error of that request. See also [RestoreConfig].
	Lazy bool
}

// A Config says where and for what to request tokens. [Configure] and [ConfigureResource] make
// one, and [RestoreConfig] reads a stored one; a Config made by hand needs ClientID, Authority
// with its endpoints, Endpoint and Scopes. It must not be modified while in use.
//
// As JSON, a Config is what was learned about the authority, without secrets.
type Config struct {
	ClientID  string
	Authority *Authority
	Endpoint  *url.URL // what the tokens are for: the ActiveSync URL, or the resource
	Scopes    []string

	Auth         ClientAuth   // nil: a public client
	Capabilities []string     // see [Options.Capabilities]
	HTTPClient   *http.Client // nil: http.DefaultClient

	// Claims is a claims challenge that the next sign-in must meet, as in
	// [ReauthError.Claims]: a JSON object, plain or in base64. A [Source] sets it on the
	// copy that it hands to its Flow.
	Claims string
}

// Configure determines from the challenge of an endpoint that the caller trusts where and for what
// to request tokens: it accepts or refuses the authority that the offer names ([ParseAuthority]),
// reads its metadata ([Discover]) unless [Options.Lazy] is set, and derives the scope from the
// endpoint ([Scopes]). Nil options are the zero options.
//
// Errors are an [*AuthorityError] if the authority is refused or its metadata cannot be used, a
// [*TransientError] if it cannot be reached, and a [*ConfigError] if the client ID, the endpoint
// or the scopes cannot be used.
func Configure(ctx context.Context, clientID string, offer *bearer.Offer, endpoint *url.URL, o *Options) (*Config, error) {
	if o == nil {
		o = &Options{}
	}
	if err := checkClientID(clientID); err != nil {
		return nil, err
	}
	if err := checkEndpoint(endpoint, o.AllowLoopback); err != nil {
		return nil, err
	}
	if err := checkAuth(o.Auth); err != nil {
		return nil, err
	}
	if offer == nil || offer.AuthorizationURI == "" {
		return nil, &AuthorityError{Reason: "the challenge has no authorization_uri, so the server names no authority"}
	}
	a, err := discover(ctx, offer.AuthorizationURI, o)
	if err != nil {
		return nil, err
	}
	scopes := o.Scopes
	if len(scopes) == 0 {
		scopes = Scopes(a.Kind, endpoint)
	}
	if err := checkScopes(scopes, endpoint); err != nil {
		return nil, err
	}
	return o.config(clientID, a, endpoint, scopes), nil
}

// config makes a Config that shares nothing with what it is made of.
func (o *Options) config(clientID string, a *Authority, endpoint *url.URL, scopes []string) *Config {
	return &Config{
		ClientID: clientID, Authority: a, Endpoint: cloneURL(endpoint), Scopes: slices.Clone(scopes),
		Auth: o.Auth, Capabilities: slices.Clone(o.Capabilities), HTTPClient: o.HTTPClient,
	}
}

func checkClientID(clientID string) error {
	if clientID == "" || strings.TrimSpace(clientID) != clientID {
		return &ConfigError{Kind: ConfigMissing, Hint: "a client ID is needed: that of your app registration"}
	}
	return nil
}

func checkEndpoint(endpoint *url.URL, allowLoopback bool) error {
	err := safehttp.CheckURL(endpoint)
	if err != nil && allowLoopback && endpoint != nil && endpoint.Scheme == "http" && safehttp.IsLoopback(endpoint) {
		err = nil
	}
	if err != nil {
		return &ConfigError{Kind: ConfigResource, Hint: "the endpoint must be an absolute https URL", Err: err}
	}
	return nil
}

// check says what is missing from a Config made by hand.
func (c *Config) check() error {
	if err := c.checkStored(); err != nil {
		return err
	}
	if c.Authority.TokenEndpoint == nil && c.Authority.configuration == nil {
		return missing("Authority.TokenEndpoint")
	}
	return checkAuth(c.Auth)
}

// checkStored says what is missing for an access token that is stored already.
func (c *Config) checkStored() error {
	switch {
	case c == nil:
		return &ConfigError{Kind: ConfigMissing, Hint: "Config is nil"}
	case c.ClientID == "":
		return missing("ClientID")
	case c.Authority == nil:
		return missing("Authority")
	case c.Endpoint == nil:
		return missing("Endpoint")
	case len(c.Scopes) == 0:
		return missing("Scopes")
	}
	return nil
}

func missing(what string) error {
	return &ConfigError{Kind: ConfigMissing, Hint: "Config." + what + " is not set; Configure sets it"}
}

// resource is the name under which an access token of this Config is kept.
func (c *Config) resource() string { return safehttp.Origin(c.Endpoint) }

// wants reports whether scope is requested.
func (c *Config) wants(scope string) bool {
	for _, s := range c.Scopes {
		if s == scope {
			return true
		}
	}
	return false
}

// claims returns the claims parameter of a request, or "".
func (c *Config) claims() (string, error) { return claimsParameter(c.Claims, c.Capabilities) }

// clone returns a copy that shares nothing that a Flow could change. HTTPClient and Auth are
// shared: they are made to be.
func (c *Config) clone() *Config {
	if c == nil {
		return nil
	}
	d := *c
	d.Authority = c.Authority.clone()
	d.Endpoint = cloneURL(c.Endpoint)
	d.Scopes, d.Capabilities = slices.Clone(c.Scopes), slices.Clone(c.Capabilities)
	return &d
}

func (a *Authority) clone() *Authority {
	if a == nil {
		return nil
	}
	b := *a
	b.AuthorizationEndpoint, b.TokenEndpoint = cloneURL(a.AuthorizationEndpoint), cloneURL(a.TokenEndpoint)
	b.DeviceAuthorizationEndpoint, b.KeysEndpoint = cloneURL(a.DeviceAuthorizationEndpoint), cloneURL(a.KeysEndpoint)
	return &b
}

func cloneURL(u *url.URL) *url.URL {
	if u == nil {
		return nil
	}
	v := *u
	return &v
}
