package safehttp

import (
	"fmt"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"strings"
	"unicode"
	"unicode/utf8"
)

// CheckURL refuses a URL that no credential and no address may be sent to: anything but
// an absolute https URL with a host, without user information, zone identifier, control
// characters or a length over [MaxURL]. The error is a [*URLError].
func CheckURL(u *url.URL) error {
	switch {
	case u == nil:
		return &URLError{URL: `""`, Reason: "it is empty"}
	case u.Scheme != "https":
		return refuse(u, fmt.Sprintf("its scheme is %q and must be \"https\"", Clean(u.Scheme, 16)))
	}
	return checkParts(u)
}

func checkParts(u *url.URL) error {
	switch {
	case u.Opaque != "" || u.Host == "" || u.Hostname() == "":
		return refuse(u, "it has no host")
	case u.User != nil:
		return refuse(u, "it carries user information")
	case strings.ContainsRune(u.Hostname(), '%'):
		return refuse(u, "its host has a zone identifier or an escape")
	case strings.ContainsFunc(u.Host, func(r rune) bool { return r <= ' ' || r == 0x7f || r == '\\' }):
		return refuse(u, "its host has a character that no host name has")
	case len(u.String()) > MaxURL:
		return refuse(u, fmt.Sprintf("it is longer than %d bytes", MaxURL))
	}
	return nil
}

func refuse(u *url.URL, reason string) error { return &URLError{URL: Redact(u), Reason: reason} }

func isPlainLoopback(u *url.URL) bool {
	return u != nil && u.Scheme == "http" && checkParts(u) == nil && IsLoopback(u)
}

// IsLoopback reports whether the host of u is a loopback address literal. The name
// "localhost" is not one, since a resolver may say otherwise.
func IsLoopback(u *url.URL) bool {
	a, err := netip.ParseAddr(u.Hostname())
	return err == nil && a.IsLoopback()
}

// Location returns where a 3xx answer points to, resolved against the request's URL. An
// answer with no Location, with several different ones, or with one that [CheckURL]
// refuses is a [*URLError].
func Location(resp *http.Response) (*url.URL, error) {
	values := resp.Header.Values("Location")
	if len(values) == 0 || values[0] == "" {
		return nil, &URLError{URL: `""`, Reason: "the answer has no Location"}
	}
	for _, v := range values[1:] {
		if v != values[0] {
			return nil, &URLError{URL: `""`, Reason: "the answer has several Locations"}
		}
	}
	return Resolve(resp.Request.URL, values[0])
}

// Resolve parses ref, which came from the network, relative to base and checks it with
// [CheckURL].
func Resolve(base *url.URL, ref string) (*url.URL, error) {
	if len(ref) > MaxURL {
		return nil, &URLError{URL: "…", Reason: fmt.Sprintf("it is longer than %d bytes", MaxURL)}
	}
	u, err := url.Parse(strings.TrimSpace(ref))
	if err != nil {
		// The *url.Error would print the whole reference.
		return nil, &URLError{URL: "…", Reason: "it does not parse"}
	}
	if base != nil {
		u = base.ResolveReference(u)
	}
	if err := CheckURL(u); err != nil {
		return nil, err
	}
	return u, nil
}

// Origin returns the origin of u (RFC 6454): lower-case scheme and host, without a
// trailing dot, and the port, the default one included.
func Origin(u *url.URL) string {
	scheme := strings.ToLower(u.Scheme)
	port := u.Port()
	if port == "" {
		switch scheme {
		case "https":
			port = "443"
		case "http":
			port = "80"
		}
	}
	return scheme + "://" + net.JoinHostPort(Host(u), port)
}

// SameOrigin reports whether a and b have the same [Origin]. A sub-domain or another port
// is another origin.
func SameOrigin(a, b *url.URL) bool { return Origin(a) == Origin(b) }

// Host returns the host name of u in lower case, without port and trailing dot.
func Host(u *url.URL) string {
	return strings.TrimSuffix(strings.ToLower(u.Hostname()), ".")
}

// Redact returns u for an error or a log: scheme, host, port and path. Query, fragment and
// user information are dropped, a path segment that holds an address or is longer than 64
// bytes is replaced by "…", and so is what follows 512 bytes.
func Redact(u *url.URL) string {
	if u == nil {
		return `""`
	}
	var b strings.Builder
	if u.Scheme != "" {
		b.WriteString(Clean(u.Scheme, 16))
		b.WriteByte(':')
	}
	if u.Opaque != "" {
		b.WriteString("…")
		return b.String()
	}
	b.WriteString("//")
	b.WriteString(Clean(u.Host, 256))
	begun := false
	for seg := range strings.SplitSeq(u.Path, "/") {
		if begun {
			b.WriteByte('/')
		}
		begun = true
		if b.Len() >= 512 {
			b.WriteString("…")
			break
		}
		if strings.Contains(seg, "@") || len(seg) > 64 {
			b.WriteString("…")
			continue
		}
		b.WriteString(Clean(seg, 64))
	}
	return b.String()
}

// Clean makes text from the network safe to print: control, format and bidirectional
// characters and invalid UTF-8 become "·", and what is longer than limit bytes is cut and
// ends in "…".
func Clean(s string, limit int) string {
	if len(s) <= limit && isPlain(s) {
		return s
	}
	var b strings.Builder
	for i, r := range s {
		if i+utf8.RuneLen(r) > limit {
			b.WriteString("…")
			break
		}
		if r == utf8.RuneError || !unicode.IsPrint(r) {
			r = '·'
		}
		b.WriteRune(r)
	}
	return b.String()
}

func isPlain(s string) bool {
	for i := range len(s) {
		if s[i] < ' ' || s[i] >= 0x7f {
			return false
		}
	}
	return true
}
