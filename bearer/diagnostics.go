package bearer

import (
	"errors"
	"fmt"
	"net/url"
	"strconv"
	"strings"

	"github.com/easoauth/easoauth/internal/fault"
	"github.com/easoauth/easoauth/internal/safehttp"
)

//go:generate go run ./gen

// MaxDiagnosticsBytes bounds an X-MS-Diagnostics field, in bytes.
const MaxDiagnosticsBytes = 16 << 10

// ErrDiagnostics is matched when an X-MS-Diagnostics field is not understood: it does not
// begin with a number, has a control character, or is longer than [MaxDiagnosticsBytes].
var ErrDiagnostics = errors.New("bearer: X-MS-Diagnostics not understood")

// Diagnostics is the X-MS-Diagnostics field in which Exchange says why it refused a token:
//
//	2000003;reason="The hostname component …";error_category="invalid_resource"
type Diagnostics struct {
	Code     int    // e.g. 2000003
	Reason   string // the server's words
	Category string // e.g. "invalid_resource", from error_category, error_type or category
}

// A DiagnosticKind is the meaning of a [Diagnostics.Code], named as Exchange names the
// category.
type DiagnosticKind string

// The kinds of [Diagnostics].
const (
	InvalidSignature   DiagnosticKind = "invalid_signature"   // 2000000
	InvalidToken       DiagnosticKind = "invalid_token"       // 2000001
	TokenExpired       DiagnosticKind = "token_expired"       // 2000002
	InvalidResource    DiagnosticKind = "invalid_resource"    // 2000003
	InvalidTenant      DiagnosticKind = "invalid_tenant"      // 2000004
	InvalidUser        DiagnosticKind = "invalid_user"        // 2000005
	InvalidClient      DiagnosticKind = "invalid_client"      // 2000006; SharePoint 3005004
	InternalError      DiagnosticKind = "internal_error"      // 2000007
	InvalidGrant       DiagnosticKind = "invalid_grant"       // 2000008
	InsufficientClaims DiagnosticKind = "insufficient_claims" // 2000020
	OAuthNotAvailable  DiagnosticKind = "oauth_not_available" // 4000000
)

// A diagnostic is a row of the table. The first whose code and condition hold is meant.
type diagnostic struct {
	code          int
	when          string // "" always, "tls" if [Diagnostics.TLSOffloading], "reason:…" if the reason holds the text
	kind          DiagnosticKind
	refresh       bool     // whether another token may be accepted
	fault         fault.ID // or ""
	cause, remedy string   // if "", those of the fault
	own           bool     // set by find: cause and remedy are not the fault's
}

func (d Diagnostics) find() diagnostic {
	for _, row := range diagnostics {
		if row.code != d.Code {
			continue
		}
		text, isReason := strings.CutPrefix(row.when, "reason:")
		switch {
		case isReason && !strings.Contains(d.Reason, text):
		case row.when == "tls" && !d.TLSOffloading():
		default:
			if row.own = row.cause != ""; !row.own {
				f := fault.Get(row.fault)
				row.cause, row.remedy = f.Cause, f.Remedy
			}
			return row
		}
	}
	return diagnostic{}
}

// Kind returns the meaning of the code, or the category for a number that is not known.
func (d Diagnostics) Kind() DiagnosticKind {
	if k := d.find().kind; k != "" {
		return k
	}
	return DiagnosticKind(d.Category)
}

// Cause says in plain words what a known number means; it returns "" for others.
func (d Diagnostics) Cause() string { return d.find().cause }

// Remedy says what to do about a known number; it returns "" for others.
func (d Diagnostics) Remedy() string { return d.find().remedy }

// Explanation returns cause and remedy of a known number in one line, with the command to run
// where there is a short one; it returns "" for others.
func (d Diagnostics) Explanation() string { return d.verdict().String() }

// Refreshable reports whether another token may be accepted where this one was refused.
// It is false where a known number blames the deployment, the user's account or the
// token's permissions, and true for an unknown number.
func (d Diagnostics) Refreshable() bool {
	row := d.find()
	return row.code == 0 || row.refresh
}

// String returns number, category and reason, safe to print and at most 400 bytes. Mail
// addresses in the server's words are replaced by "…".
func (d Diagnostics) String() string {
	s := "diagnostics " + strconv.Itoa(d.Code)
	if d.Category != "" {
		s += " " + safehttp.Plain(d.Category, 64)
	}
	if d.Reason != "" {
		s += fmt.Sprintf(" (%s)", safehttp.Plain(d.Reason, 256))
	}
	return s
}

// Audience returns the two audiences that the reason of an [InvalidResource] names, as in
//
//	Expected 'https://mail.contoso.com'. Actual 'http://mail.contoso.com'.
//
// Exchange does not document which of them is the token's: compare them, and do not take
// one for the token's. It reports false if the reason has no such pair.
func (d Diagnostics) Audience() (expected, actual string, ok bool) {
	expected, ok1 := quotedAfter(d.Reason, "Expected")
	actual, ok2 := quotedAfter(d.Reason, "Actual")
	if !ok1 || !ok2 {
		return "", "", false
	}
	return expected, actual, true
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

// TLSOffloading reports whether the two audiences of the reason have the same host and
// differ in http and https, on whichever side: a device in front of Exchange ends TLS.
func (d Diagnostics) TLSOffloading() bool {
	expected, actual, ok := d.Audience()
	if !ok {
		return false
	}
	a, err1 := url.Parse(expected)
	b, err2 := url.Parse(actual)
	return err1 == nil && err2 == nil && a.Hostname() != "" && safehttp.Host(a) == safehttp.Host(b) &&
		(a.Scheme == "https" && b.Scheme == "http" || a.Scheme == "http" && b.Scheme == "https")
}

// ParseDiagnostics reads an X-MS-Diagnostics field. It does not have the syntax of a challenge: a
// number, a semicolon, and name="value" pairs, between which servers leave out semicolons and put
// spaces, and whose values hold single quotes, URLs and even double quotes. If a name is repeated,
// the first value counts. An unknown number keeps its texts. The error matches [ErrDiagnostics].
// Strings of the result are substrings of value.
func ParseDiagnostics(value string) (Diagnostics, error) {
	var d Diagnostics
	if len(value) > MaxDiagnosticsBytes {
		return d, fmt.Errorf("%w: longer than %d bytes", ErrDiagnostics, MaxDiagnosticsBytes)
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
	if err != nil || n < len(s) && s[n] != ';' && s[n] != ' ' && s[n] != '\t' {
		return d, fmt.Errorf("%w: it does not begin with a number", ErrDiagnostics)
	}
	d.Code = int(code)
	s = s[n:]
	for {
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
		if i := strings.LastIndexByte(name, ';'); i >= 0 {
			name = name[i+1:] // other semicolons, and words without a "=", stand before it
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
// is followed by neither the end, a semicolon nor a name= is part of the value: servers do
// not escape quotes.
func untilQuote(s string) (value, rest string) {
	for i := 0; i < len(s); i++ {
		if s[i] != '"' {
			continue
		}
		next := i + 1
		for next < len(s) && (s[next] == ' ' || s[next] == '\t') {
			next++
		}
		if next == len(s) || s[next] == ';' || startsPair(s[next:]) {
			return s[:i], s[i+1:]
		}
		i = next - 1 // no quote is between
	}
	return s, ""
}

// startsPair reports whether s begins with a name of at most 32 bytes and an "=".
func startsPair(s string) bool {
	i := 0
	for i < len(s) && i <= 32 && class[s[i]]&tokenByte != 0 {
		i++
	}
	j := i
	for j < len(s) && j < i+32 && (s[j] == ' ' || s[j] == '\t') {
		j++
	}
	return i > 0 && i <= 32 && j < len(s) && s[j] == '='
}
