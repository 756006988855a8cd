package bearer

import (
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/easoauth/easoauth/internal/safehttp"
)

var (
	// ErrNoChallenge is matched when an answer of status 401 has no challenge at all: a
	// device in front of Exchange answered, or the virtual directory has no
	// authentication.
	ErrNoChallenge = errors.New("bearer: no challenge")
	// ErrLegacyOnly is matched when the server offers Basic, Negotiate or NTLM and no
	// Bearer.
	ErrLegacyOnly = errors.New("bearer: no Bearer challenge, only legacy schemes")
	// ErrNoAuthorizationURI is matched when the Bearer challenge names no authority.
	ErrNoAuthorizationURI = errors.New("bearer: Bearer challenge without authorization_uri")
	// ErrConflict is matched when an answer names two different authorities.
	ErrConflict = errors.New("bearer: challenges name different authorities")
	// ErrClaims is matched when the claims of a challenge cannot be read.
	ErrClaims = errors.New("bearer: claims of the challenge cannot be read")
)

// MaxClaims bounds the claims of a challenge, in bytes after decoding.
const MaxClaims = 16 << 10

// An Offer is what a Bearer challenge says, as Exchange, Exchange Online and the Microsoft
// gateways send it ([MS-XOAUTH] 3.2.5.4, with the parameters that came later), with the
// X-MS-Diagnostics beside it. All of it is the word of the server, and the texts may hold
// anything but control characters.
type Offer struct {
	ClientID         string   // the server's own principal, not yours
	Realm            string   // usually a tenant; may be present and empty
	AuthorizationURI string   // also from the aliases authorization and authority
	IssuerKind       string   // "AzureAD" or "ADFS", from Exchange SE on
	Error            string   // e.g. "invalid_token", "insufficient_claims"
	ErrorDescription string   //
	Claims           string   // the claims that a new token must meet, decoded to JSON
	TrustedIssuers   []Issuer //
	TokenTypes       []string //

	ResourceMetadata string        // RFC 9728
	Scope            []string      // what the server says; never ask for it unseen
	ACRValues        []string      // RFC 9470
	MaxAge           time.Duration // RFC 9470; -1 if absent
	DPoPAlgs         []string      // of a DPoP challenge beside the Bearer one, RFC 9449
	PoPNonce         string        // of a PoP challenge beside the Bearer one

	Diagnostics *Diagnostics // nil if the answer has none
	Challenges  []Challenge  // all of the answer's challenges
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

// An OfferError says why an answer offers no usable Bearer challenge. It matches one of
// [ErrNoChallenge], [ErrLegacyOnly], [ErrNoAuthorizationURI], [ErrConflict] and
// [ErrClaims], or wraps a [*SyntaxError].
type OfferError struct {
	Status    int
	RequestID string
	Schemes   []string // offered, in order
	Exchange  bool     // the answer bears the marks of Exchange; otherwise a device in front may have sent it
	Err       error
	Offer     *Offer // what was understood all the same, or nil
}

func (e *OfferError) Error() string {
	var b strings.Builder
	fmt.Fprintf(&b, "%v (status %d", e.Err, e.Status)
	if len(e.Schemes) > 0 {
		fmt.Fprintf(&b, ", schemes %s", safehttp.Clean(strings.Join(e.Schemes, " "), 128))
	}
	if e.RequestID != "" {
		fmt.Fprintf(&b, ", request-id %s", e.RequestID)
	}
	b.WriteByte(')')
	if e.Offer != nil && e.Offer.Error != "" {
		fmt.Fprintf(&b, ": the server says %s", safehttp.Clean(e.Offer.Error, 64))
	}
	if e.Offer != nil && e.Offer.Diagnostics != nil {
		fmt.Fprintf(&b, ": %v", e.Offer.Diagnostics)
	}
	if h := e.hint(); h != "" {
		b.WriteString("; ")
		b.WriteString(h)
	}
	return b.String()
}

func (e *OfferError) Unwrap() error { return e.Err }

func (e *OfferError) hint() string {
	switch {
	case errors.Is(e.Err, ErrNoChallenge) && !e.Exchange:
		return "the answer does not look like Exchange's: a device in front of it answered; let it pass the ActiveSync path through without pre-authentication"
	case errors.Is(e.Err, ErrLegacyOnly):
		return "OAuth is not enabled for the ActiveSync virtual directory or the organization (OAuth2ClientProfileEnabled), or a proxy strips the challenge; legacy schemes are never tried"
	case errors.Is(e.Err, ErrNoAuthorizationURI):
		return "the authorization server is not the default one (Set-AuthServer -IsDefaultAuthorizationEndpoint $true), or a policy blocks modern authentication for this user"
	}
	return ""
}

// FromResponse reads the Bearer challenge of an answer, usually of status 401 or 403, with
// [ParseLenient]. It does not touch the body. The error is an [*OfferError]; for one that
// matches [ErrNoAuthorizationURI] or [ErrClaims] the offer is returned as well, since a
// refused token is explained by the rest of it.
func FromResponse(resp *http.Response) (*Offer, error) {
	challenges, repairs, err := ParseLenient(resp.Header.Values("WWW-Authenticate"))
	o := &Offer{
		Challenges: challenges, Repairs: repairs, MaxAge: -1,
		Status: resp.StatusCode, RequestID: safehttp.RequestID(resp.Header),
	}
	if v := resp.Header.Get("X-MS-Diagnostics"); v != "" {
		if d, err := ParseDiagnostics(v); err == nil {
			o.Diagnostics = &d
		}
	}
	fail := func(err error) (*Offer, error) {
		e := &OfferError{Status: o.Status, RequestID: o.RequestID, Exchange: isExchange(resp.Header), Err: err, Offer: o}
		for _, c := range challenges {
			e.Schemes = append(e.Schemes, c.Scheme)
		}
		if errors.Is(err, ErrNoAuthorizationURI) || errors.Is(err, ErrClaims) {
			return o, e
		}
		return nil, e
	}
	found := false
	for _, c := range challenges {
		switch {
		case c.Is("Bearer"):
			uri := first(c, "authorization_uri", "authorization", "authority")
			if found && uri != "" && o.AuthorizationURI != "" && uri != o.AuthorizationURI {
				return fail(ErrConflict)
			}
			if !found || o.AuthorizationURI == "" && uri != "" {
				o.read(c)
			}
			found = true
		case c.Is("DPoP"):
			o.DPoPAlgs = words(first(c, "algs"))
		case c.Is("PoP"):
			o.PoPNonce = first(c, "nonce")
		}
	}
	switch {
	case !found && err != nil:
		return fail(err)
	case !found && len(challenges) == 0:
		return fail(ErrNoChallenge)
	case !found:
		return fail(ErrLegacyOnly)
	}
	if o.Claims != "" {
		claims, err := decodeClaims(o.Claims)
		o.Claims = claims
		if err != nil {
			return fail(err)
		}
	}
	if o.AuthorizationURI == "" {
		return fail(ErrNoAuthorizationURI)
	}
	return o, nil
}

func (o *Offer) read(c Challenge) {
	o.ClientID = first(c, "client_id")
	o.Realm = first(c, "realm")
	o.AuthorizationURI = first(c, "authorization_uri", "authorization", "authority")
	o.IssuerKind = first(c, "issuer_kind")
	o.Error = first(c, "error")
	o.ErrorDescription = first(c, "error_description")
	o.Claims = first(c, "claims")
	o.TrustedIssuers = issuers(first(c, "trusted_issuers"))
	o.TokenTypes = words(first(c, "token_types"))
	o.ResourceMetadata = first(c, "resource_metadata")
	o.Scope = words(first(c, "scope"))
	o.ACRValues = words(first(c, "acr_values"))
	if n, err := strconv.ParseUint(first(c, "max_age"), 10, 32); err == nil {
		o.MaxAge = time.Duration(n) * time.Second
	}
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
	if len(s) > 2*MaxClaims {
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
	if len(j) > MaxClaims || json.Unmarshal([]byte(j), &object) != nil || object == nil {
		return "", ErrClaims
	}
	return j, nil
}

// isExchange reports whether an answer bears a header field that Exchange sets and a device
// in front of it does not.
func isExchange(h http.Header) bool {
	for _, name := range []string{"request-id", "X-FEServer", "X-BEServer", "X-OWA-Version", "MS-Server-ActiveSync", "X-MS-Diagnostics"} {
		if h.Get(name) != "" {
			return true
		}
	}
	return false
}
