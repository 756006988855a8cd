package autodiscover

import (
	"errors"
	"fmt"
	"net/netip"
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/net/idna"
	"golang.org/x/net/publicsuffix"
)

// ErrAddress is matched by the error for a malformed mail address. Nothing was sent.
var ErrAddress = errors.New("autodiscover: not a mail address")

// An address is a mail address split and checked.
type address struct {
	full   string // local@domain, the domain in its ASCII form
	domain string // ASCII, lower case
	shared bool   // strangers may register names under the domain, as under kapsi.fi
}

var hostProfile = idna.New(idna.MapForLookup(), idna.StrictDomainName(true), idna.BidiRule(), idna.Transitional(false), idna.VerifyDNSLength(true))

// parseAddress checks an address as far as a look-up needs it: one @, a local part of at
// most 64 bytes, a domain that is a host name below a registry's suffix (RFC 5321
// section 4.5.3.1), and no white space or control character anywhere.
func parseAddress(s string) (address, error) {
	bad := func(reason string) (address, error) { return address{}, fmt.Errorf("%w: %s", ErrAddress, reason) }
	if len(s) > 320 {
		return bad("longer than 320 bytes")
	}
	if !utf8.ValidString(s) {
		return bad("invalid UTF-8")
	}
	if strings.ContainsFunc(s, func(r rune) bool { return unicode.IsSpace(r) || unicode.IsControl(r) || !unicode.IsGraphic(r) }) {
		return bad("a space or control character")
	}
	local, domain, ok := strings.Cut(s, "@")
	switch {
	case !ok:
		return bad("no @")
	case strings.Contains(domain, "@"):
		return bad("more than one @")
	case local == "" || len(local) > 64:
		return bad("the part before the @ is empty or longer than 64 bytes")
	case strings.ContainsAny(domain, "[]:"):
		return bad("an address literal instead of a domain")
	}
	ascii, err := hostProfile.ToASCII(domain)
	if err != nil || ascii == "" || strings.HasSuffix(ascii, ".") {
		return bad("the domain is not a host name")
	}
	if _, err := netip.ParseAddr(ascii); err == nil {
		return bad("an IP address instead of a domain")
	}
	// A suffix of the private section of the list, such as kapsi.fi or eu.org, may be a
	// mail domain; one of a registry is not.
	suffix, icann := publicsuffix.PublicSuffix(ascii)
	if suffix == ascii && (icann || !strings.Contains(ascii, ".")) {
		return bad("the domain is a public suffix")
	}
	return address{full: local + "@" + ascii, domain: ascii, shared: suffix == ascii}, nil
}
