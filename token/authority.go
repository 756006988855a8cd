package token

import (
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"github.com/easoauth/easoauth/internal/safehttp"
)

// An AuthorityKind is a family of authorities.
type AuthorityKind string

// The kinds of [Authority].
const (
	Entra  AuthorityKind = "Entra"  // Microsoft Entra ID, in any of its clouds
	ADFS   AuthorityKind = "ADFS"   // Active Directory Federation Services
	OpenID AuthorityKind = "OpenID" // any other OpenID provider that the caller trusts
)

// An Authority signs users in and issues tokens. [ParseAuthority] sets the first four fields from
// an authorization_uri; [Discover] sets the others from the metadata of the authority. It must not
// be modified while in use.
type Authority struct {
	Kind   AuthorityKind
	Host   string // the network host, e.g. login.microsoftonline.com; with the port unless it is 443
	Cloud  string // the cloud that the host belongs to, e.g. "public"; "" if the caller trusts the host
	Tenant string // as in the path: "common", "organizations", a domain or a GUID; "" except for Entra

	Issuer            string // may hold "{tenantid}", see [Verifier]
	AccessTokenIssuer string // AD FS puts another issuer into access tokens (access_token_issuer, [MS-OIDCE] 2.2.3.2)

	AuthorizationEndpoint       *url.URL
	TokenEndpoint               *url.URL
	DeviceAuthorizationEndpoint *url.URL // nil if there is none
	KeysEndpoint                *url.URL // jwks_uri

	FormPost        bool // the authorization response can come as a form (response_mode form_post)
	IssuerParameter bool // the authorization response carries iss (RFC 9207)

	configuration *url.URL // of the metadata
	issuer        string   // what the metadata must say, for OpenID and ADFS
	group         []string // hosts that may serve the endpoints
	loopback      bool     // plain http to a loopback address is allowed
	keys          *keySet
	background    *Limiter      // of renewals by Sources without a Limiter of their own; may be nil
	lazy          *lazyMetadata // nil once the metadata has been read
}

// An authorityHost is a row of data/authority-hosts.tsv.
type authorityHost struct {
	cloud    string
	network  string
	trusted  bool
	v1Issuer string // host of the issuer of tokens of version 1.0; "" if not known
}

// String returns the host and the tenant.
func (a *Authority) String() string {
	if a == nil {
		return "none"
	}
	if a.Tenant == "" {
		return a.Host
	}
	return a.Host + "/" + a.Tenant
}

// ParseAuthority reads the authority from the authorization_uri of a challenge, which is not
// trusted. It sends no request.
//
// The URI must be an https URL without user information, and its host must be exactly a host of
// the known Microsoft clouds with the default port, or an entry of [Options.TrustedAuthorities];
// otherwise the error is an [*AuthorityError] that matches [ErrUntrustedAuthority]. Query and
// fragment are ignored. An alias such as login.windows.net becomes the host that its cloud uses
// now, and the first path segment becomes the tenant ("common" if there is none) unless
// [Options.Tenant] overrides it. On a host that the caller trusts, a path that begins with /adfs
// is AD FS, a path in the form of Entra (/<tenant>/oauth2/…) is Entra, and anything else is an
// OpenID provider whose issuer is the URI without a trailing /authorize, /auth, /oauth2/authorize
// or /protocol/openid-connect/auth. Nil options are the zero options.
func ParseAuthority(authorizationURI string, o *Options) (*Authority, error) {
	if o == nil {
		o = &Options{}
	}
	u, err := url.Parse(authorizationURI)
	if err != nil {
		return nil, untrusted("", "the URI does not parse")
	}
	host := safehttp.Clean(strings.ToLower(u.Host), 128)
	loopback := o.AllowLoopback && u.Scheme == "http" && safehttp.IsLoopback(u)
	if loopback {
		tls := *u
		tls.Scheme = "https"
		err = safehttp.CheckURL(&tls)
	} else {
		err = safehttp.CheckURL(u)
	}
	if err != nil {
		var ue *safehttp.URLError
		if asError(err, &ue) {
			return nil, untrusted(host, "the URI is refused: "+ue.Reason)
		}
		return nil, untrusted(host, "the URI is refused")
	}
	if u.EscapedPath() != u.Path || strings.Contains(u.Path, "//") {
		return nil, untrusted(host, "the path has escapes or empty segments")
	}
	segments := strings.Split(strings.Trim(u.Path, "/"), "/")
	for _, s := range segments {
		if s == "." || s == ".." {
			return nil, untrusted(host, "the path has dot segments")
		}
	}
	known, ok := authorityHosts[strings.ToLower(u.Hostname())]
	if ok && known.trusted && (u.Port() == "" || u.Port() == "443") && !loopback {
		return entra(known, segments, o)
	}
	name := strings.TrimSuffix(strings.ToLower(u.Host), ":443")
	if !slices.ContainsFunc(o.TrustedAuthorities, func(t string) bool {
		return strings.TrimSuffix(strings.ToLower(t), ":443") == name
	}) {
		return nil, untrusted(host, "the host is not a known authority; list it in Options.TrustedAuthorities if it is yours")
	}
	a := &Authority{Host: name, group: []string{name}, loopback: loopback}
	base := &url.URL{Scheme: u.Scheme, Host: name}
	switch {
	case strings.EqualFold(segments[0], "adfs"):
		a.Kind = ADFS
		a.issuer = base.JoinPath("adfs").String()
	case len(segments) >= 2 && segments[1] == "oauth2" && o.Issuer == "":
		tenant, err := entraTenant(host, segments, o)
		if err != nil {
			return nil, err
		}
		a.Kind, a.Tenant = Entra, tenant
		a.configuration = base.JoinPath(tenant, "v2.0/.well-known/openid-configuration")
		return a, nil
	default:
		a.Kind = OpenID
		a.issuer = base.String() + openIDPath(u.Path)
		if o.Issuer != "" {
			iss, err := url.Parse(o.Issuer)
			if err != nil || !strings.EqualFold(iss.Host, u.Host) || iss.Scheme != u.Scheme {
				return nil, untrusted(host, "Options.Issuer is not a URL of this host")
			}
			a.issuer = o.Issuer
		}
	}
	conf, err := url.Parse(strings.TrimSuffix(a.issuer, "/") + wellKnown)
	if err != nil {
		return nil, untrusted(host, "the path does not parse")
	}
	a.configuration = conf
	return a, nil
}

const wellKnown = "/.well-known/openid-configuration"

func entra(known authorityHost, segments []string, o *Options) (*Authority, error) {
	tenant, err := entraTenant(known.network, segments, o)
	if err != nil {
		return nil, err
	}
	return &Authority{
		Kind: Entra, Host: known.network, Cloud: known.cloud, Tenant: tenant,
		group:         cloudHosts(known.cloud),
		configuration: &url.URL{Scheme: "https", Host: known.network, Path: "/" + tenant + "/v2.0" + wellKnown},
	}, nil
}

// entraTenant reads the tenant from the path of a v1 (/common/oauth2/authorize) or v2
// (/common/oauth2/v2.0/authorize) endpoint, or of an authority (/common, /common/v2.0).
func entraTenant(host string, segments []string, o *Options) (string, error) {
	tenant := strings.ToLower(segments[0])
	if tenant == "" {
		tenant = "common"
	}
	if o.Tenant != "" {
		tenant = strings.ToLower(o.Tenant)
	}
	if !isTenant(tenant) {
		return "", untrusted(host, fmt.Sprintf("%q is not a tenant", safehttp.Clean(tenant, 64)))
	}
	return tenant, nil
}

// isTenant reports whether s, which is not empty, can be a tenant in a path: letters, digits, dots, hyphens.
func isTenant(s string) bool {
	if len(s) > 253 || s == "adfs" || strings.Trim(s, ".") != s || strings.Contains(s, "..") {
		return false
	}
	for _, c := range []byte(s) {
		if (c < 'a' || c > 'z') && (c < '0' || c > '9') && c != '.' && c != '-' {
			return false
		}
	}
	return true
}

func openIDPath(path string) string {
	for _, suffix := range []string{"/protocol/openid-connect/auth", "/oauth2/authorize", "/authorize", "/auth"} {
		if p, ok := strings.CutSuffix(path, suffix); ok {
			return p
		}
	}
	return strings.TrimSuffix(path, "/")
}

func cloudHosts(cloud string) []string {
	var hosts []string
	for h, row := range authorityHosts {
		if row.cloud == cloud {
			hosts = append(hosts, h)
		}
	}
	slices.Sort(hosts)
	return hosts
}

func untrusted(host, reason string) error {
	return &AuthorityError{Host: host, Reason: reason, Err: ErrUntrustedAuthority}
}

// checkEndpoint accepts a URL of the metadata: https, on the authority's host or one of its
// cloud.
func (a *Authority) checkEndpoint(name, raw string) (*url.URL, error) {
	u, err := url.Parse(raw)
	if err != nil {
		return nil, &AuthorityError{Host: a.Host, Reason: name + " of the metadata is not a URL"}
	}
	if !a.loopback || u.Scheme != "http" || !safehttp.IsLoopback(u) {
		if err := safehttp.CheckURL(u); err != nil {
			return nil, &AuthorityError{Host: a.Host, Reason: name + " of the metadata", Err: err}
		}
	}
	host := strings.TrimSuffix(strings.ToLower(u.Host), ":443")
	if !slices.Contains(a.group, host) {
		return nil, &AuthorityError{Host: a.Host, Reason: fmt.Sprintf("%s of the metadata is on another host, %s",
			name, safehttp.Clean(host, 128))}
	}
	if u.Fragment != "" {
		return nil, &AuthorityError{Host: a.Host, Reason: name + " of the metadata has a fragment"}
	}
	return u, nil
}

// do sends a request to this authority: https, or plain http beside the program if the
// caller said so.
func (a *Authority) do(c *http.Client, req *http.Request) (*http.Response, error) {
	if a.loopback {
		return safehttp.DoLoopback(c, req)
	}
	return safehttp.Do(c, req)
}
