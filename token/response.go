package token

import (
	"encoding/json"
	"errors"
	"math"
	"net"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/easoauth/easoauth/internal/safehttp"
)

const (
	// DefaultAccessLifetime is the lifetime of an access token when the authority names none
	// that makes sense. Microsoft Entra ID names 60 to 90 minutes, and 20 to 28 hours for a
	// client with the capability cp1 ([Options.Capabilities]).
	DefaultAccessLifetime = time.Hour
	// DefaultRefreshLifetime is the default of [Source.RefreshLifetime].
	DefaultRefreshLifetime = 14 * 24 * time.Hour

	// maxLifetime bounds what an authority may say.
	maxLifetime = 366 * 24 * time.Hour
)

// parseGrant reads the members of a good response (RFC 6749 section 5.1). Whatever is wrong
// with the access token or its times, a refresh token that came along is kept: the old one
// may be dead already.
func parseGrant(m map[string]json.RawMessage, h http.Header, now time.Time) *grant {
	g := &grant{
		access:  text(m["access_token"]),
		refresh: text(m["refresh_token"]),
		idToken: text(m["id_token"]),
		scope:   safehttp.Clean(text(m["scope"]), 4096),
	}
	switch typ := text(m["token_type"]); {
	case typ == "" || strings.EqualFold(typ, "bearer"):
		g.tokenType = "Bearer"
	default:
		g.problem = &ConfigError{Kind: ConfigRequest, Hint: "the authority sent a token of type " +
			strconv.Quote(safehttp.Clean(typ, 32)) + ", which ActiveSync cannot use"}
	}
	if g.access == "" {
		g.problem = &TransientError{Refusal: Refusal{Status: http.StatusOK, RequestID: safehttp.RequestID(h)},
			Hint: "the response has no access token"}
	} else if !isToken68(g.access) {
		g.problem = &TransientError{Refusal: Refusal{Status: http.StatusOK, RequestID: safehttp.RequestID(h)},
			Hint: "the access token holds characters that no Authorization field can carry"}
	}
	lifetime, ok := seconds(m["expires_in"])
	if !ok {
		lifetime, ok = until(m["expires_on"], h, now)
	}
	if !ok {
		lifetime = DefaultAccessLifetime
	}
	g.expiry = now.Add(lifetime)
	if in, ok := seconds(m["refresh_in"]); ok && in < lifetime {
		g.refreshAt = now.Add(in)
	}
	if in, ok := seconds(m["refresh_token_expires_in"]); ok {
		g.refreshExpiry = now.Add(in)
	}
	return g
}

// seconds reads a span in any of the forms in which authorities write it: a number, a
// number with a fraction, or either in a string. A span that is missing, unreadable or not
// positive does not count; a longer one than a year is a year.
func seconds(raw json.RawMessage) (time.Duration, bool) {
	f, ok := number(raw)
	if !ok || f < 1 {
		return 0, false
	}
	if f > maxLifetime.Seconds() {
		return maxLifetime, true
	}
	return time.Duration(f * float64(time.Second)), true
}

// until reads a point in Unix time, as v1 endpoints write it (expires_on), by the clock of
// the server if it shows it.
func until(raw json.RawMessage, h http.Header, now time.Time) (time.Duration, bool) {
	f, ok := number(raw)
	if !ok || f < 1e9 || f > math.MaxInt32*1000.0 {
		return 0, false
	}
	if t, err := http.ParseTime(h.Get("Date")); err == nil {
		now = t
	}
	d := time.Unix(int64(f), 0).Sub(now)
	if d <= 0 {
		return 0, false
	}
	return min(d, maxLifetime), true
}

func number(raw json.RawMessage) (float64, bool) {
	s := string(raw)
	if len(s) > 64 {
		return 0, false
	}
	if strings.HasPrefix(s, `"`) {
		s = strings.TrimSpace(text(raw))
	}
	for _, c := range []byte(s) {
		if (c < '0' || c > '9') && !strings.ContainsRune("+-.eE", rune(c)) {
			return 0, false // neither null, true, hexadecimal, Inf nor NaN
		}
	}
	f, err := strconv.ParseFloat(s, 64)
	if err != nil && !errors.Is(err, strconv.ErrRange) {
		return 0, false
	}
	return f, true
}

// isToken68 reports whether s can stand in an Authorization field (RFC 6750 section 2.1).
func isToken68(s string) bool {
	t := strings.TrimRight(s, "=")
	for _, c := range []byte(t) {
		switch {
		case c >= 'a' && c <= 'z', c >= 'A' && c <= 'Z', c >= '0' && c <= '9', strings.IndexByte("-._~+/", c) >= 0:
		default:
			return false
		}
	}
	return t != ""
}

// mayBeSpent reports whether a refresh that failed with err may have reached the authority
// and been granted, so that the refresh token may have been replaced by one that was
// lost.
func mayBeSpent(err error) bool {
	var te *TransientError
	if !errors.As(err, &te) || te.Code != "" || te.Status == http.StatusTooManyRequests || te.Status == http.StatusServiceUnavailable {
		return false
	}
	var op *net.OpError
	if errors.As(err, &op) && op.Op == "dial" {
		return false
	}
	var dns *net.DNSError
	return !errors.As(err, &dns)
}
