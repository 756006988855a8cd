package bearer

import (
	"cmp"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/easoauth/easoauth/internal/front"
	"github.com/easoauth/easoauth/internal/safehttp"
)

var (
	// ErrNoChallenge is matched when a response has no challenge at all: a device in front
	// of Exchange responded, or the virtual directory has no authentication.
	ErrNoChallenge = errors.New("bearer: no challenge")
	// ErrLegacyOnly is matched when the server offers Basic, Negotiate or NTLM and no
	// Bearer.
	ErrLegacyOnly = errors.New("bearer: no Bearer challenge, only legacy schemes")
	// ErrNoAuthorizationURI is matched when the Bearer challenge names no authority.
	ErrNoAuthorizationURI = errors.New("bearer: Bearer challenge without authorization_uri")
	// ErrConflict is matched when a response names two different authorities, in one
	// challenge or in several. None of them is believed.
	ErrConflict = errors.New("bearer: challenges name different authorities")
	// ErrClaims is matched when the claims of a challenge are not a JSON object of at most
	// [MaxClaimsBytes] bytes in any of the encodings seen.
	ErrClaims = errors.New("bearer: claims of the challenge cannot be read")
)

// MaxClaimsBytes bounds the claims of a challenge, in bytes after decoding.
const MaxClaimsBytes = 16 << 10

// An Offer is the content of a Bearer challenge, as Exchange, Exchange Online and the Microsoft
// gateways send it ([MS-XOAUTH] 3.2.5.4, with the parameters that were added later), and of the
// X-MS-Diagnostics of the same response. Nothing in it is authenticated, and the texts may hold
// anything but ASCII control characters: print them with care.
type Offer struct {
	ClientID         string   // client_id: the application ID of the server itself, never that of a client
	Realm            string   // usually a tenant; may be present and empty
	AuthorizationURI string   // also from the aliases authorization and authority
	IssuerKind       string   // "AzureAD" or "ADFS", from Exchange SE on
	Error            string   // e.g. "invalid_token", "insufficient_claims"
	ErrorDescription string   // prose, safe to print only after cleaning
	Claims           string   // the claims that a new token must meet, decoded to JSON
	TrustedIssuers   []Issuer // whose tokens the server accepts; see Trusts
	TokenTypes       []string // accepted for server-to-server calls; user tokens are always accepted as well

	// Legacy lists the password schemes offered beside Bearer, such as Basic: the server is
	// still open to sign-ins to which the authority's policies do not apply.
	Legacy []string

	ResourceMetadata string        // RFC 9728
	Scope            []string      // what the server says; never ask for it unseen
	ACRValues        []string      // RFC 9470
	MaxAge           time.Duration // RFC 9470; -1 if absent
	DPoPAlgs         []string      // of a DPoP challenge beside the Bearer one, RFC 9449
	PoPNonce         string        // of a PoP challenge beside the Bearer one

	Diagnostics *Diagnostics // nil if the response has none
	Challenges  []Challenge  // all of the response's challenges
	Repairs     []Repair     // what had to be read through
	Status      int          // HTTP status
	RequestID   string       // under which the server finds the request in its logs
}

// An Issuer is an entry of trusted_issuers: id@realm, where the realm may be "*", or a URL.
type Issuer struct {
	ID    string // a GUID, or the whole URL
	Realm string // a tenant, a domain or "*"; "" for a URL
}

// String returns the entry as the server writes it.
func (i Issuer) String() string {
	if i.Realm == "" {
		return i.ID
	}
	return i.ID + "@" + i.Realm
}

// Trusts reports whether TrustedIssuers names the tenant, by its GUID, by a domain, or as
// "*". It reports false, false if the challenge has no list.
func (o *Offer) Trusts(tenant string) (trusted, ok bool) {
	for _, i := range o.TrustedIssuers {
		ok = true
		if i.Realm == "*" || tenant != "" && equalFold(i.Realm, tenant) {
			return true, true
		}
		if u, err := url.Parse(i.ID); i.Realm == "" && err == nil {
			for segment := range strings.SplitSeq(u.Path, "/") {
				if segment == "*" || tenant != "" && equalFold(segment, tenant) {
					return true, true
				}
			}
		}
	}
	return false, ok
}

// Refreshable reports whether another token may be accepted where this one was refused: the
// challenge demands claims, or its Diagnostics do not say otherwise, see
// [Diagnostics.Refreshable].
func (o *Offer) Refreshable() bool {
	return o == nil || o.Claims != "" || o.Diagnostics == nil || o.Diagnostics.Refreshable()
}

// An OfferError says why a response offers no usable Bearer challenge. It matches one of
// [ErrNoChallenge], [ErrLegacyOnly], [ErrNoAuthorizationURI], [ErrConflict] and
// [ErrClaims], or wraps a [*SyntaxError].
type OfferError struct {
	Status    int
	RequestID string
	Schemes   []string // offered, in order
	Exchange  bool     // the response bears the marks of Exchange; otherwise a device in front may have sent it
	By        string   // who sent the response, as far as it shows: "Exchange 15.2.1748.24", "SOGo", "F5 BIG-IP"; "" otherwise
	Err       error
	Offer     *Offer // what was understood all the same, or nil

	who front.Who
}

func (e *OfferError) Error() string {
	var b strings.Builder
	fmt.Fprintf(&b, "%v (status %d", e.Err, e.Status)
	if e.By != "" {
		fmt.Fprintf(&b, " from %s", e.By)
	}
	if len(e.Schemes) > 0 {
		fmt.Fprintf(&b, ", schemes %s", safehttp.Clean(strings.Join(e.Schemes, " "), 128))
	}
	if e.RequestID != "" {
		fmt.Fprintf(&b, ", request-id %s", e.RequestID)
	}
	b.WriteByte(')')
	if e.Offer != nil && e.Offer.Error != "" {
		fmt.Fprintf(&b, ": the server says %s", safehttp.Plain(e.Offer.Error, 64))
	}
	if e.Offer != nil && e.Offer.Diagnostics != nil {
		fmt.Fprintf(&b, ": %v", e.Offer.Diagnostics)
	}
	b.WriteString("; ")
	b.WriteString(e.explain().String())
	return b.String()
}

func (e *OfferError) Unwrap() error { return e.Err }

// FromResponse reads the Bearer challenge of a response of status 401 or 403, with
// [ParseLenient]. It does not touch the body. Several Bearer challenges are read as one:
// of each parameter the first that is not empty counts, and different authorities are an
// error.
//
// The error is an [*OfferError]; for one that matches [ErrNoAuthorizationURI] or
// [ErrClaims] the offer is returned as well, since a refused token is explained by the rest
// of it. An offer with an Error and no error returned is a refused token, or the response to
// a probe that sent none; [Diagnostics.Explanation] of its Diagnostics, if it has any, says
// why and what to do.
func FromResponse(resp *http.Response) (*Offer, error) {
	if resp == nil {
		return nil, &OfferError{Err: ErrNoChallenge}
	}
	var challenges []Challenge
	var repairs []Repair
	var syntax error
	if resp.StatusCode != http.StatusProxyAuthRequired { // a proxy's challenge is not the server's
		challenges, repairs, syntax = ParseLenient(resp.Header.Values("WWW-Authenticate"))
	}
	o := &Offer{
		Challenges: challenges, Repairs: repairs, MaxAge: -1,
		Status: resp.StatusCode, RequestID: safehttp.RequestID(resp.Header),
	}
	o.Diagnostics = diagnosticsOf(resp.Header)
	err := o.readAll()
	switch {
	case errors.Is(err, ErrNoChallenge) && syntax != nil, errors.Is(err, ErrLegacyOnly) && syntax != nil:
		err = syntax // the Bearer challenge may be the broken one
	case err == nil:
		return o, nil
	}
	e := &OfferError{Status: o.Status, RequestID: o.RequestID, Err: err, Offer: o}
	e.from(front.Of(resp, nil))
	for _, c := range challenges {
		e.Schemes = append(e.Schemes, c.Scheme)
	}
	if errors.Is(err, ErrNoAuthorizationURI) || errors.Is(err, ErrClaims) {
		return o, e
	}
	return nil, e
}

// diagnosticsOf returns the first X-MS-Diagnostics that can be read, or nil.
func diagnosticsOf(h http.Header) *Diagnostics {
	for _, v := range h.Values("X-MS-Diagnostics") {
		if d, err := ParseDiagnostics(v); err == nil {
			return &d
		}
	}
	return nil
}

// authorityNames are the names under which servers send the authority, best first.
var authorityNames = []string{"authorization_uri", "authorization", "authority"}

func (o *Offer) readAll() error {
	found := false
	for _, c := range o.Challenges {
		switch {
		case c.Is("Bearer"):
			found = true
			o.read(c)
			for _, name := range authorityNames {
				if v, _ := c.Get(name); v != "" && !sameAuthority(v, o.AuthorizationURI) {
					return ErrConflict
				}
			}
		case c.Is("DPoP"):
			o.DPoPAlgs = or(o.DPoPAlgs, words(first(c, "algs")))
		case c.Is("PoP"):
			o.PoPNonce = cmp.Or(o.PoPNonce, first(c, "nonce"))
		case c.Is("Basic"), c.Is("NTLM"), c.Is("Negotiate"), c.Is("Digest"), c.Is("Kerberos"):
			o.Legacy = append(o.Legacy, c.Scheme)
		}
	}
	for _, r := range o.Repairs {
		if r.Kind == DuplicateParam && r.Dropped != "" && isAuthorityName(r.Name) && !sameAuthority(r.Dropped, o.AuthorizationURI) {
			return ErrConflict
		}
	}
	switch {
	case len(o.Challenges) == 0:
		return ErrNoChallenge
	case !found:
		return ErrLegacyOnly
	}
	if o.Claims != "" {
		claims, err := decodeClaims(o.Claims)
		if o.Claims = claims; err != nil {
			return err
		}
	}
	if o.AuthorizationURI == "" {
		return ErrNoAuthorizationURI
	}
	return nil
}

func isAuthorityName(name string) bool {
	for _, n := range authorityNames {
		if equalFold(n, name) {
			return true
		}
	}
	return false
}

// sameAuthority reports whether a and b name the same authority: the same origin, and the
// same path but for the endpoint that aliases leave out and the case of a tenant.
func sameAuthority(a, b string) bool {
	if a == b {
		return true
	}
	x, err1 := url.Parse(a)
	y, err2 := url.Parse(b)
	if err1 != nil || err2 != nil || x.Host == "" || !safehttp.SameOrigin(x, y) || x.User != nil || y.User != nil {
		return false
	}
	return equalFold(tenantPath(x), tenantPath(y)) && x.RawQuery == y.RawQuery
}

func tenantPath(u *url.URL) string {
	path := strings.TrimSuffix(u.Path, "/")
	for _, end := range []string{"/oauth2/authorize", "/oauth2/v2.0/authorize"} {
		path = strings.TrimSuffix(path, end)
	}
	return path
}

// read takes from c what the offer has not yet.
func (o *Offer) read(c Challenge) {
	for _, f := range []struct {
		to    *string
		names []string
	}{
		{&o.ClientID, []string{"client_id"}},
		{&o.Realm, []string{"realm"}},
		{&o.AuthorizationURI, authorityNames},
		{&o.IssuerKind, []string{"issuer_kind"}},
		{&o.Error, []string{"error"}},
		{&o.ErrorDescription, []string{"error_description"}},
		{&o.Claims, []string{"claims"}},
		{&o.ResourceMetadata, []string{"resource_metadata"}},
	} {
		if *f.to == "" {
			*f.to = first(c, f.names...)
		}
	}
	if o.TrustedIssuers == nil {
		o.TrustedIssuers = issuers(first(c, "trusted_issuers"))
	}
	o.TokenTypes = or(o.TokenTypes, words(first(c, "token_types")))
	o.Scope = or(o.Scope, words(first(c, "scope")))
	o.ACRValues = or(o.ACRValues, words(first(c, "acr_values")))
	if n, err := strconv.ParseUint(first(c, "max_age"), 10, 32); err == nil && o.MaxAge < 0 {
		o.MaxAge = time.Duration(n) * time.Second
	}
}

func or(a, b []string) []string {
	if a != nil {
		return a
	}
	return b
}

// first returns the first of the named parameters that is not empty.
func first(c Challenge, names ...string) string {
	for _, n := range names {
		if v, _ := c.Get(n); v != "" {
			return v
		}
	}
	return ""
}

// words splits at white space; nothing gives nil.
func words(s string) []string {
	if s == "" {
		return nil
	}
	return strings.Fields(s)
}

func issuers(s string) []Issuer {
	var out []Issuer
	for part := range strings.SplitSeq(s, ",") {
		part = strings.TrimSpace(part)
		if part == "" {
			continue
		}
		if id, realm, ok := strings.Cut(part, "@"); ok && !strings.Contains(id, "://") {
			out = append(out, Issuer{id, realm})
		} else {
			out = append(out, Issuer{ID: part})
		}
	}
	return out
}

// decodeClaims accepts what servers send: JSON, with or without backslashes before its
// quotes, or base64 of either alphabet, padded or not.
func decodeClaims(s string) (string, error) {
	if len(s) > 2*MaxClaimsBytes {
		return "", ErrClaims
	}
	j := strings.TrimSpace(s)
	if strings.HasPrefix(j, "{") {
		if !json.Valid([]byte(j)) {
			j = strings.ReplaceAll(j, `\"`, `"`)
		}
	} else {
		b, err := base64.RawStdEncoding.DecodeString(strings.NewReplacer("-", "+", "_", "/").Replace(strings.TrimRight(j, "=")))
		if err != nil {
			return "", ErrClaims
		}
		j = string(b)
	}
	var object map[string]json.RawMessage
	if len(j) > MaxClaimsBytes || json.Unmarshal([]byte(j), &object) != nil || object == nil {
		return "", ErrClaims
	}
	return j, nil
}

// from notes who sent the response.
func (e *OfferError) from(w front.Who) {
	e.who, e.Exchange, e.By = w, w.Kind == front.Exchange, w.String()
}
