package token

import (
	"cmp"
	"encoding/json"
	"fmt"
	"net/url"
	"slices"
	"strings"

	"github.com/easoauth/easoauth/internal/safehttp"
)

// ConfigDocument is the kind of a [ConfigError] about a stored Config that cannot be read.
const ConfigDocument ConfigKind = "document"

const (
	configVersion     = 1
	maxConfigDocument = 256 << 10 // bytes
)

// configDocument is a Config as JSON, version 1. The authority stands as an authorization_uri
// would name it, and what follows from that is derived again when it is read.
type configDocument struct {
	Version      int               `json:"version"`
	ClientID     string            `json:"client_id"`
	Endpoint     string            `json:"endpoint"`
	Scopes       []string          `json:"scopes"`
	Capabilities []string          `json:"capabilities,omitempty"`
	Authority    authorityDocument `json:"authority"`
}

type authorityDocument struct {
	URL     string   `json:"url"`
	Trusted bool     `json:"trusted_by_caller,omitempty"` // not a known cloud
	Issuer  string   `json:"openid_issuer,omitempty"`     // that the metadata must have, for an OpenID provider
	Cloud   string   `json:"cloud,omitempty"`             // as instance discovery named it
	Hosts   []string `json:"hosts,omitempty"`             // as instance discovery named them

	Metadata *metadata `json:"metadata,omitempty"` // nil if it has not been read
}

// MarshalJSON writes what [Configure] learned: the client ID, the authority with its metadata, the
// endpoint, the scopes and the capabilities, as an object with the member version. It leaves out
// Auth, HTTPClient and Claims, so that the document holds no secret. The form is stable: later
// versions read it.
func (c Config) MarshalJSON() ([]byte, error) {
	if err := c.check(); err != nil {
		return nil, err
	}
	a := c.Authority
	if a.lazy != nil {
		if read := a.lazy.read.Load(); read != nil {
			a = read
		}
	}
	doc, err := a.document()
	if err != nil {
		return nil, err
	}
	return json.Marshal(configDocument{
		Version: configVersion, ClientID: c.ClientID, Endpoint: c.Endpoint.String(), Scopes: c.Scopes,
		Capabilities: c.Capabilities, Authority: doc,
	})
}

func (a *Authority) document() (authorityDocument, error) {
	if a.Host == "" {
		return authorityDocument{}, &ConfigError{Kind: ConfigMissing, Hint: "Config.Authority.Host is not set; Configure sets it"}
	}
	base := &url.URL{Scheme: "https", Host: a.Host}
	if a.loopback {
		base.Scheme = "http"
	}
	doc := authorityDocument{Trusted: a.loopback || !authorityHosts[a.Host].trusted}
	switch a.Kind {
	case Entra:
		base.Path = "/" + cmp.Or(a.Tenant, "common") + "/oauth2/v2.0/authorize"
		doc.URL = base.String()
		if doc.Trusted && len(a.group) > 1 {
			doc.Cloud, doc.Hosts = a.Cloud, a.group
		}
	case ADFS:
		base.Path = "/adfs/oauth2/authorize"
		doc.URL = base.String()
	default:
		doc.Issuer = cmp.Or(a.issuer, a.Issuer) // a.issuer is empty if it was made by hand
		doc.URL = doc.Issuer
	}
	if a.TokenEndpoint == nil {
		return doc, nil
	}
	doc.Metadata = &metadata{
		Issuer: a.Issuer, AccessTokenIssuer: a.AccessTokenIssuer, Authorization: urlText(a.AuthorizationEndpoint),
		Token: urlText(a.TokenEndpoint), DeviceAuthorization: urlText(a.DeviceAuthorizationEndpoint), Keys: urlText(a.KeysEndpoint),
		IssuerParameter: a.IssuerParameter,
	}
	if a.FormPost {
		doc.Metadata.ResponseModes = []string{"form_post"}
	}
	return doc, nil
}

// UnmarshalJSON reads what [Config.MarshalJSON] wrote, as [RestoreConfig] does, except that it
// takes the document's word for what the caller had trusted: whoever can write the document
// can name an authority. Set Auth afterwards, if the client is confidential; HTTPClient is nil,
// which means http.DefaultClient, and can be set as well.
func (c *Config) UnmarshalJSON(data []byte) error {
	restored, err := restore(data, nil)
	if err != nil {
		return err
	}
	*c = *restored
	return nil
}

// RestoreConfig reads the output of [Config.MarshalJSON] without a request, and checks it against
// o as [Configure] would: the authority, and the hosts that InstanceDiscovery found, must belong
// to the known Microsoft clouds or be listed in TrustedAuthorities, and a loopback authority needs
// AllowLoopback; every endpoint must be on a host of the authority, and the scopes must match the
// endpoint. HTTPClient and Auth come from o; the other fields are in the document and must not be
// set. Nil options are the zero options.
//
// Errors are an [*AuthorityError] if the document names an authority or an endpoint that is not
// trusted, and a [*ConfigError], of kind [ConfigDocument] if it is not a Config.
func RestoreConfig(data []byte, o *Options) (*Config, error) {
	if o == nil {
		o = &Options{}
	}
	if o.Tenant != "" || o.Issuer != "" || len(o.Scopes)+len(o.Capabilities) != 0 {
		return nil, &ConfigError{Kind: ConfigDocument, Hint: "a restored Config has the tenant, issuer, scopes and capabilities of its document: do not set them in Options"}
	}
	return restore(data, o)
}

// restore reads a document. If o is nil, it may say itself what is trusted.
func restore(data []byte, o *Options) (*Config, error) {
	bad := func(why string) error {
		return &ConfigError{Kind: ConfigDocument, Hint: "the stored Config cannot be read: " + why}
	}
	if len(data) > maxConfigDocument {
		return nil, bad(fmt.Sprintf("it is longer than %d bytes", maxConfigDocument))
	}
	var doc configDocument
	if err := json.Unmarshal(data, &doc); err != nil {
		return nil, bad("it is not the JSON of a Config")
	}
	if doc.Version != configVersion {
		return nil, bad(fmt.Sprintf("it has version %d, and this library reads version %d", doc.Version, configVersion))
	}
	if err := checkClientID(doc.ClientID); err != nil {
		return nil, err
	}
	if o == nil {
		o = doc.ownOptions()
	}
	a, err := doc.Authority.restore(o)
	if err != nil {
		return nil, err
	}
	endpoint, err := url.Parse(doc.Endpoint)
	if err != nil {
		return nil, bad("its endpoint is not a URL")
	}
	if checkEndpoint(endpoint, o.AllowLoopback) != nil {
		if err := checkResource(endpoint, o.AllowLoopback); err != nil {
			return nil, err
		}
	}
	if err := checkResourceScopes(doc.Scopes, endpoint); err != nil {
		return nil, err
	}
	c := o.config(doc.ClientID, a, endpoint, doc.Scopes)
	c.Capabilities = doc.Capabilities
	return c, nil
}

// ownOptions trusts what the document says that its writer trusted.
func (doc *configDocument) ownOptions() *Options {
	o := &Options{AllowLoopback: true}
	if u, err := url.Parse(doc.Authority.URL); err == nil && doc.Authority.Trusted {
		o.TrustedAuthorities = append([]string{u.Host}, doc.Authority.Hosts...)
	}
	return o
}

func (doc *authorityDocument) restore(o *Options) (*Authority, error) {
	with := *o
	with.Issuer = doc.Issuer
	a, err := ParseAuthority(doc.URL, &with)
	if err != nil {
		return nil, err
	}
	if a.Kind == Entra && len(doc.Hosts) > 0 && a.Cloud == "" {
		trusted := func(h string) bool {
			return slices.ContainsFunc(o.TrustedAuthorities, func(t string) bool { return strings.EqualFold(t, h) })
		}
		for _, h := range doc.Hosts {
			if !trusted(h) {
				return nil, untrusted(safehttp.Clean(h, 128), "the stored Config has it for a host of its authority; list it in Options.TrustedAuthorities if it is yours")
			}
		}
		a.Cloud, a.group = safehttp.Clean(doc.Cloud, 128), doc.Hosts
	}
	a.background = newBackground()
	if doc.Metadata == nil {
		a.lazy = newLazyMetadata()
		return a, nil
	}
	return a, a.take(doc.Metadata)
}

func urlText(u *url.URL) string {
	if u == nil {
		return ""
	}
	return u.String()
}
