package bearer

import (
	"errors"
	"fmt"
	"strconv"
	"strings"

	"github.com/easoauth/easoauth/internal/safehttp"
)

//go:generate go run ./gen

// MaxDiagnostics bounds an X-MS-Diagnostics field, in bytes.
const MaxDiagnostics = 16 << 10

// ErrDiagnostics is matched when an X-MS-Diagnostics field does not begin with a number.
var ErrDiagnostics = errors.New("bearer: X-MS-Diagnostics not understood")

// Diagnostics is the X-MS-Diagnostics field in which Exchange says why it refused a token:
//
//	2000003;reason="The hostname component …";error_category="invalid_resource"
type Diagnostics struct {
	Code     int    // e.g. 2000003
	Reason   string // the server's words
	Category string // e.g. "invalid_resource", from error_category, error_type or category
}

// A DiagnosticKind is the meaning of a known [Diagnostics.Code].
type DiagnosticKind string

// The kinds of [Diagnostics].
const (
	InvalidSignature   DiagnosticKind = "invalid_signature"
	InvalidToken       DiagnosticKind = "invalid_token"
	TokenExpired       DiagnosticKind = "token_expired"
	InvalidResource    DiagnosticKind = "invalid_resource"
	InvalidTenant      DiagnosticKind = "invalid_tenant"
	InvalidUser        DiagnosticKind = "invalid_user"
	InvalidClient      DiagnosticKind = "invalid_client"
	InternalError      DiagnosticKind = "internal_error"
	InvalidGrant       DiagnosticKind = "invalid_grant"
	InsufficientClaims DiagnosticKind = "insufficient_claims"
	OAuthNotAvailable  DiagnosticKind = "oauth_not_available"
)

// Kind returns the meaning of the code, or the category for a number that is not known.
func (d Diagnostics) Kind() DiagnosticKind {
	if k, ok := diagnostics[d.Code]; ok {
		return k.kind
	}
	return DiagnosticKind(d.Category)
}

// Cause says in plain words what a known number means; it returns "" for others.
func (d Diagnostics) Cause() string { return diagnostics[d.Code].cause }

// Remedy says what to do about a known number; it returns "" for others.
func (d Diagnostics) Remedy() string { return diagnostics[d.Code].remedy }

// String returns number, category and reason, safe to print.
func (d Diagnostics) String() string {
	s := "diagnostics " + strconv.Itoa(d.Code)
	if d.Category != "" {
		s += " " + safehttp.Clean(d.Category, 64)
	}
	if d.Reason != "" {
		s += fmt.Sprintf(" (%s)", safehttp.Clean(d.Reason, 256))
	}
	return s
}

// Audience returns the two audiences that the reason of an invalid_resource names, as in
// "Expected 'https://mail.contoso.com'. Actual 'http://mail.contoso.com'.". The server
// does not say which of them is the token's. It reports false if the reason has no such
// pair.
func (d Diagnostics) Audience() (expected, actual string, ok bool) {
	expected, ok1 := quotedAfter(d.Reason, "Expected")
	actual, ok2 := quotedAfter(d.Reason, "Actual")
	return expected, actual, ok1 && ok2
}

func quotedAfter(s, word string) (string, bool) {
	_, s, ok := strings.Cut(s, word)
	if !ok {
		return "", false
	}
	s, ok = strings.CutPrefix(strings.TrimLeft(s, " :="), "'")
	if !ok {
		return "", false
	}
	v, _, ok := strings.Cut(s, "'")
	return v, ok
}

// ParseDiagnostics reads an X-MS-Diagnostics field. It is not challenge syntax: a number, a
// semicolon, and name="value" pairs, between which servers leave out semicolons and put
// spaces. An unknown number keeps its texts. The error matches [ErrDiagnostics].
func ParseDiagnostics(value string) (Diagnostics, error) {
	var d Diagnostics
	if len(value) > MaxDiagnostics {
		return d, fmt.Errorf("%w: longer than %d bytes", ErrDiagnostics, MaxDiagnostics)
	}
	if indexClass(value, controlByte) >= 0 {
		return d, fmt.Errorf("%w: control character", ErrDiagnostics)
	}
	s := strings.TrimLeft(value, " \t")
	n := 0
	for n < len(s) && s[n] >= '0' && s[n] <= '9' {
		n++
	}
	code, err := strconv.ParseUint(s[:n], 10, 31)
	if err != nil || n < len(s) && !strings.ContainsRune("; \t", rune(s[n])) {
		return d, fmt.Errorf("%w: it does not begin with a number", ErrDiagnostics)
	}
	d.Code = int(code)
	s = s[n:]
	for {
		s = strings.TrimLeft(s, "; \t")
		name, rest, ok := strings.Cut(s, "=")
		if !ok {
			return d, nil
		}
		var v string
		rest = strings.TrimLeft(rest, " \t")
		if q, isQuoted := strings.CutPrefix(rest, `"`); isQuoted {
			v, s = untilQuote(q)
		} else {
			v, s, _ = strings.Cut(rest, ";")
			v = strings.TrimRight(v, " \t")
		}
		switch name = strings.TrimSpace(name); {
		case equalFold(name, "reason") && d.Reason == "":
			d.Reason = v
		case d.Category == "" && (equalFold(name, "error_category") || equalFold(name, "error_type") || equalFold(name, "category")):
			d.Category = v
		}
	}
}

// untilQuote returns what stands before the closing quote and what follows it. A quote that
// is followed by neither the end, a semicolon, white space nor a name= is part of the
// value: servers do not escape quotes.
func untilQuote(s string) (value, rest string) {
	for i := 0; i < len(s); i++ {
		if s[i] != '"' {
			continue
		}
		after := strings.TrimLeft(s[i+1:], " \t")
		if after == "" || after[0] == ';' || startsPair(after) {
			return s[:i], s[i+1:]
		}
	}
	return s, ""
}

func startsPair(s string) bool {
	i := 0
	for i < len(s) && class[s[i]]&tokenByte != 0 {
		i++
	}
	return i > 0 && strings.HasPrefix(strings.TrimLeft(s[i:], " \t"), "=")
}
