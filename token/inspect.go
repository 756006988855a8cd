package token

import (
	"encoding/base64"
	"errors"
	"fmt"
	"log/slog"
	"math"
	"strconv"
	"strings"
	"time"
)

// maxToken bounds a token that is read, in bytes.
const maxToken = 64 << 10

// ErrOpaque is matched if a token is not a JWT that can be read. That is a normal result: access
// tokens may be opaque or encrypted, and clients have no right to their content.
var ErrOpaque = errors.New("token: opaque")

// Claims are the claims of a token that matter to ActiveSync. [Inspect] does not verify them;
// [Verifier.Verify] does.
type Claims struct {
	Issuer    string    // iss
	Audience  []string  // aud
	Subject   string    // sub
	Expiry    time.Time // exp
	NotBefore time.Time // nbf
	IssuedAt  time.Time // iat
	Tenant    string    // tid
	Object    string    // oid
	AppID     string    // appid, or azp in version 2.0
	Username  string    // upn, preferred_username or unique_name
	Scope     string    // scp: the delegated permissions, separated by spaces
	Version   string    // ver: "1.0" or "2.0"
	Nonce     string    // nonce of the payload

	Algorithm string   // alg of the header
	KeyID     string   // kid of the header
	Malformed []string // names of claims whose values have the wrong type, or are not a valid time
}

// HasScope reports whether scp holds the permission.
func (c *Claims) HasScope(permission string) bool {
	for s := range strings.FieldsSeq(c.Scope) {
		if s == permission {
			return true
		}
	}
	return false
}

// LogValue holds what identifies the token's issuer, audience and time, but no person.
func (c *Claims) LogValue() slog.Value {
	return slog.GroupValue(slog.String("iss", c.Issuer), slog.Any("aud", c.Audience), slog.Time("exp", c.Expiry),
		slog.String("tid", c.Tenant), slog.String("appid", c.AppID), slog.String("scp", c.Scope))
}

// Inspect reads the claims of a compact JWT of at most 64 KiB without verifying anything: show and
// explain the result, but never rely on it. A token that is not three parts of unpadded base64url
// with a JSON object in the first two is opaque, and the error matches [ErrOpaque]. If a claim
// appears twice, the last one counts.
func Inspect(raw string) (*Claims, error) { return inspect(raw, false) }

// inspect does what Inspect does. If strict, nothing may appear twice.
func inspect(raw string, strict bool) (*Claims, error) {
	if len(raw) > maxToken {
		return nil, fmt.Errorf("%w: longer than %d bytes", ErrOpaque, maxToken)
	}
	head, rest, ok := strings.Cut(raw, ".")
	payload, sig, ok2 := strings.Cut(rest, ".")
	if !ok || !ok2 || strings.Contains(sig, ".") {
		return nil, fmt.Errorf("%w: not three parts", ErrOpaque)
	}
	// The decoder of the standard library skips line breaks.
	if strings.ContainsAny(raw, "\r\n") || !isBase64URL(sig) {
		return nil, fmt.Errorf("%w: not base64url", ErrOpaque)
	}
	n := base64.RawURLEncoding.DecodedLen(len(head))
	buf := make([]byte, n+base64.RawURLEncoding.DecodedLen(len(payload)))
	if _, err := base64.RawURLEncoding.Decode(buf[:n], []byte(head)); err != nil {
		return nil, fmt.Errorf("%w: not base64url", ErrOpaque)
	}
	if _, err := base64.RawURLEncoding.Decode(buf[n:], []byte(payload)); err != nil {
		return nil, fmt.Errorf("%w: not base64url", ErrOpaque)
	}
	text := string(buf)
	c := &Claims{}
	for i, part := range [2]string{text[:n], text[n:]} {
		set := c.setClaim
		if i == 0 {
			set = c.setHeader
		}
		scan := scanObject
		if strict {
			scan = scanUnique
		}
		if err := scan(part, set); err != nil {
			return nil, fmt.Errorf("%w: %w", ErrOpaque, err)
		}
	}
	if c.Algorithm == "" {
		return nil, fmt.Errorf("%w: no alg", ErrOpaque)
	}
	return c, nil
}

func (c *Claims) setHeader(name string, v jsonValue) {
	switch name {
	case "alg":
		c.text(&c.Algorithm, name, v)
	case "kid":
		c.text(&c.KeyID, name, v)
	}
}

func (c *Claims) setClaim(name string, v jsonValue) {
	switch name {
	case "iss":
		c.text(&c.Issuer, name, v)
	case "aud":
		c.audience(v)
	case "sub":
		c.text(&c.Subject, name, v)
	case "exp":
		c.time(&c.Expiry, name, v)
	case "nbf":
		c.time(&c.NotBefore, name, v)
	case "iat":
		c.time(&c.IssuedAt, name, v)
	case "tid":
		c.text(&c.Tenant, name, v)
	case "oid":
		c.text(&c.Object, name, v)
	case "appid", "azp":
		c.text(&c.AppID, name, v)
	case "upn":
		c.text(&c.Username, name, v)
	case "preferred_username", "unique_name":
		if c.Username == "" {
			c.text(&c.Username, name, v)
		}
	case "scp":
		c.text(&c.Scope, name, v)
	case "ver":
		c.text(&c.Version, name, v)
	case "nonce":
		c.text(&c.Nonce, name, v)
	}
}

func (c *Claims) text(to *string, name string, v jsonValue) {
	if v.kind != '"' {
		c.Malformed = append(c.Malformed, name)
		return
	}
	*to = v.string()
}

// audience reads aud, a string or an array of strings (RFC 7519 section 4.1.3).
func (c *Claims) audience(v jsonValue) {
	c.Audience = nil
	switch v.kind {
	case '"':
		c.Audience = []string{v.string()}
	case '[':
		bad := false
		err := scanArray(v.raw, func(e jsonValue) {
			if e.kind != '"' {
				bad = true
				return
			}
			c.Audience = append(c.Audience, e.string())
		})
		if err == nil && !bad {
			return
		}
		fallthrough
	default:
		c.Malformed = append(c.Malformed, "aud")
	}
}

// maxTime is the end of the year 9999.
const maxTime = 253402300799

// time reads a NumericDate (RFC 7519 section 2), which may have a fraction.
func (c *Claims) time(to *time.Time, name string, v jsonValue) {
	*to = time.Time{}
	if v.kind != '0' {
		c.Malformed = append(c.Malformed, name)
		return
	}
	if n, err := strconv.ParseInt(v.raw, 10, 64); err == nil && n >= 0 && n <= maxTime {
		*to = time.Unix(n, 0)
		return
	}
	f, err := strconv.ParseFloat(v.raw, 64)
	if err != nil || math.IsNaN(f) || f < 0 || f > maxTime {
		c.Malformed = append(c.Malformed, name)
		return
	}
	*to = time.Unix(int64(f), 0)
}
