package token

import (
	"fmt"
	"net/url"
	"slices"
	"strings"
	"unicode"

	"golang.org/x/net/idna"

	"github.com/easoauth/easoauth/internal/safehttp"
)

// exchangeAppID is the application ID of Office 365 Exchange Online, on whose service
// principal the host names of on-premises servers are registered.
const exchangeAppID = "00000002-0000-0ff1-ce00-000000000000"

// AudienceKind says how an audience differs.
type AudienceKind string

// The kinds of [AudienceError].
const (
	TLSOffloading    AudienceKind = "TLS offloading"  // http against https on the same host
	AudienceHost     AudienceKind = "host"            // the token is for another host
	AudiencePort     AudienceKind = "port"            // the same host, another port
	AudienceOnline   AudienceKind = "Exchange Online" // the token is for Exchange Online, the endpoint is not
	AudienceApp      AudienceKind = "application"     // the token is for an application ID, not for a URL
	AudienceMissing  AudienceKind = "missing"         // the token has no audience
	AudienceUnusable AudienceKind = "malformed"       // the audience is neither URL nor application ID
)

// An AudienceError says why Exchange would refuse the audience of a token.
type AudienceError struct {
	Kind     AudienceKind
	Expected string // the audience that the endpoint needs, e.g. https://mail.contoso.com
	Actual   string // what the token says; several are joined by ", "
}

func (e *AudienceError) Error() string {
	return fmt.Sprintf("token: audience (%s): expected %q, actual %q: %s", e.Kind, e.Expected, e.Actual, e.hint())
}

func (e *AudienceError) hint() string {
	switch e.Kind {
	case TLSOffloading:
		if strings.HasPrefix(e.Expected, "https:") {
			return "the likely cause is TLS offloading: a load balancer ends TLS and speaks http to Exchange, which then " +
				"knows itself by http, or the http URL was registered as service principal name; use TLS bridging and register the https URL"
		}
		return "the likely cause is TLS offloading: the token is for https and the endpoint is known by http; use TLS bridging, " +
			"so that Exchange is reached by https, and use the https URL"
	case AudienceHost:
		return "the token is for another host: request the scope of this host, register the host as service principal name, and let no proxy rewrite it"
	case AudiencePort:
		return "the token is for another port: register the URL with this port, or reach the server by the registered one"
	case AudienceOnline:
		if u, err := url.Parse(e.Expected); err == nil && isExchangeOnline(u) {
			return "the token is for another cloud of Exchange Online or for http: use the authority of the endpoint's cloud and request the scope of the endpoint"
		}
		return "the token is for Exchange Online and the endpoint is on-premises: register its https URL as service principal name of " +
			exchangeAppID + " and request its scope"
	case AudienceApp:
		return "the token is for an application ID that is not known to be the resource's: request the scope by the resource's URL"
	case AudienceMissing:
		return "the token has no aud claim"
	}
	return "the aud claim is neither a URL nor an application ID"
}

// CheckAudience compares the aud claim of an access token with the endpoint that it is for, as
// Exchange does: by scheme, host and port. Case, a trailing dot of the host, the default port, the
// spelling of an international name, the path and a trailing slash (AD FS sends one, Entra none)
// do not matter. One matching audience of several is sufficient. For an endpoint of Exchange
// Online, its application ID and its other hosts in the same cloud match as well. The error is an
// [*AudienceError].
func CheckAudience(aud []string, endpoint *url.URL) error {
	e := &AudienceError{Kind: AudienceMissing, Actual: safehttp.Clean(strings.Join(aud, ", "), 256)}
	if endpoint == nil || endpoint.Host == "" {
		e.Kind = AudienceUnusable
		return e
	}
	e.Expected = resourceOf(endpoint)
	online := isExchangeOnline(endpoint)
	rank := -1
	// The kind that comes nearest to a fit explains most.
	kinds := []AudienceKind{AudienceUnusable, AudienceApp, AudienceHost, AudienceOnline, AudiencePort, TLSOffloading}
	for _, s := range aud {
		kind, ok := matchAudience(s, endpoint, online)
		if ok {
			return nil
		}
		if r := slices.Index(kinds, kind); r > rank {
			rank, e.Kind = r, kind
		}
	}
	return e
}

func matchAudience(s string, endpoint *url.URL, online bool) (AudienceKind, bool) {
	if strings.EqualFold(s, exchangeAppID) {
		return AudienceOnline, online
	}
	if isGUID(s) {
		return AudienceApp, false
	}
	u, err := url.Parse(s)
	if err != nil || u.Host == "" || u.Opaque != "" || u.User != nil || u.Scheme != "https" && u.Scheme != "http" {
		return AudienceUnusable, false
	}
	if u.RawQuery != "" || u.Fragment != "" {
		return AudienceUnusable, false
	}
	switch {
	case asciiHost(u) == asciiHost(endpoint) && safehttp.SameOrigin(onHost(u), onHost(endpoint)):
		return "", true
	case asciiHost(u) != asciiHost(endpoint):
		if isExchangeOnline(u) {
			return AudienceOnline, u.Scheme == "https" && sameService(u, endpoint)
		}
		return AudienceHost, false
	case u.Scheme != strings.ToLower(endpoint.Scheme):
		return TLSOffloading, false
	}
	return AudiencePort, false
}

// onHost returns the scheme and port of u on a host that compares as equal.
func onHost(u *url.URL) *url.URL { return &url.URL{Scheme: u.Scheme, Host: "host:" + u.Port()} }

// An exchangeHost is a row of data/exchange-hosts.tsv.
type exchangeHost struct {
	cloud    string
	resource string // of the tokens for this host, if it is not the host itself
}

// exchangeOnline returns the row of the host of u, if it is one of Exchange Online.
func exchangeOnline(u *url.URL) (exchangeHost, bool) {
	row, ok := exchangeHosts[safehttp.Host(u)]
	return row, ok && (u.Port() == "" || u.Port() == "443")
}

func isExchangeOnline(u *url.URL) bool {
	_, ok := exchangeOnline(u)
	return ok
}

// sameService reports whether both are hosts of Exchange Online in the same cloud.
func sameService(a, b *url.URL) bool {
	x, ok := exchangeOnline(a)
	y, _ := exchangeOnline(b) // another host has no cloud
	return ok && x.cloud == y.cloud
}

// hostProfile is how names are looked up: as in the WHATWG URL standard, without the
// transitional mapping.
var hostProfile = idna.New(idna.MapForLookup(), idna.StrictDomainName(true), idna.BidiRule(), idna.Transitional(false), idna.VerifyDNSLength(true))

// asciiHost returns the host of u with international labels in their ASCII form, so that
// the two spellings of a name compare as equal.
func asciiHost(u *url.URL) string {
	host := safehttp.Host(u)
	if !strings.ContainsFunc(host, func(r rune) bool { return r > unicode.MaxASCII }) {
		return host
	}
	if ascii, err := hostProfile.ToASCII(host); err == nil {
		return ascii
	}
	return host
}

func isGUID(s string) bool {
	if len(s) != 36 {
		return false
	}
	for i := range len(s) {
		switch c := s[i]; {
		case i == 8 || i == 13 || i == 18 || i == 23:
			if c != '-' {
				return false
			}
		case c >= '0' && c <= '9' || c >= 'a' && c <= 'f' || c >= 'A' && c <= 'F':
		default:
			return false
		}
	}
	return true
}
