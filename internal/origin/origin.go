// Package origin is the one place that says whose host it is that a redirect, a response,
// DNS, a cache or an X-MS-Location names: the mail domain's own, Exchange Online's, that of
// anyone else, or one that may not be asked at all. What to do about the verdict is the caller's
// decision; nothing here sends anything.
package origin

import (
	"net/netip"
	"net/url"
	"strings"

	"golang.org/x/net/idna"
	"golang.org/x/net/publicsuffix"

	"github.com/easoauth/easoauth/internal/safehttp"
)

// A Verdict says whose a host is.
type Verdict string

// The verdicts of [Policy.Judge].
const (
	Refused Verdict = "refused" // may not be asked: not https, private, local, or a public suffix
	Own     Verdict = "own"     // the mail domain's, or one that the caller trusts
	Cloud   Verdict = "cloud"   // Exchange Online's, by the table
	Foreign Verdict = "foreign" // anybody else's
)

// A Policy judges hosts for one mailbox. It is not changed by Judge and may be used
// concurrently.
type Policy struct {
	Domain       string   // the mail domain, ASCII and lower case; "" if it is not known
	Trusted      []string // host names that the caller vouches for; a leading dot stands for sub-domains
	Cloud        []string // Exchange Online's host names, in the same form
	AllowPrivate bool     // private addresses and local names are the organization's own
}

// Judge returns whose the host of u is. For Refused, the reason says why, as a clause.
func (p Policy) Judge(u *url.URL) (v Verdict, reason string) {
	if err := safehttp.CheckURL(u); err != nil {
		return Refused, err.Error()
	}
	host := safehttp.Host(u)
	switch {
	case !p.AllowPrivate && IsLocal(host):
		return Refused, "it is a private address or a name of a local network"
	case IsLocal(host):
		return Own, ""
	case Matches(host, p.Trusted):
		return Own, ""
	case p.Domain != "" && (host == p.Domain || !IsSuffix(p.Domain) && strings.HasSuffix(host, "."+p.Domain)):
		return Own, ""
	case Matches(host, p.Cloud) && (u.Port() == "" || u.Port() == "443"):
		return Cloud, ""
	case IsRegistry(host):
		return Refused, "it is a public suffix"
	}
	return Foreign, ""
}

// Matches reports whether the list holds host, or a suffix of it that begins with a dot.
func Matches(host string, list []string) bool {
	for _, h := range list {
		if host == h || strings.HasPrefix(h, ".") && strings.HasSuffix(host, h) {
			return true
		}
	}
	return false
}

// IsSuffix reports whether strangers may register names under host: it is a suffix of a
// registry, such as co.uk, or of an organization that gives out names, such as kapsi.fi.
func IsSuffix(host string) bool {
	suffix, _ := publicsuffix.PublicSuffix(host)
	return suffix == host
}

// IsRegistry reports whether host is a suffix of a registry, which no mail server has.
func IsRegistry(host string) bool {
	suffix, icann := publicsuffix.PublicSuffix(host)
	return suffix == host && (icann || !strings.Contains(host, "."))
}

// Domain returns the mail domain of an address as [Policy.Domain] takes it, or "" if the
// address has none.
func Domain(address string) string {
	at := strings.LastIndexByte(address, '@')
	ascii, err := idna.Lookup.ToASCII(address[at+1:])
	if at < 0 || err != nil || IsRegistry(ascii) {
		return ""
	}
	return strings.ToLower(ascii)
}

// Site returns what [Policy.Trusted] takes for all hosts of the organization that has host:
// the registrable domain and its sub-domains, or host alone where there is none.
func Site(host string) []string {
	domain, err := publicsuffix.EffectiveTLDPlusOne(host)
	if _, ip := netip.ParseAddr(host); err != nil || ip == nil {
		return []string{host}
	}
	return []string{domain, "." + domain}
}

// localNames are the suffixes of names that only a local network resolves (RFC 6761, RFC
// 6762, RFC 8375, and those that the ICANN board has set aside).
var localNames = []string{"localhost", "local", "localdomain", "internal", "intranet", "private", "lan", "corp", "home", "home.arpa"}

// IsLocal reports whether host is an address that is not public, in any of the spellings
// that resolvers understand, or a name that only a local network resolves.
func IsLocal(host string) bool {
	for _, name := range localNames {
		if host == name || strings.HasSuffix(host, "."+name) {
			return true
		}
	}
	if a, err := netip.ParseAddr(host); err == nil {
		return !safehttp.IsPublic(a)
	}
	// 2130706433, 0x7f000001 and 127.1 are addresses to some resolvers and names to none.
	last := host[strings.LastIndexByte(host, '.')+1:]
	return last != "" && last[0] >= '0' && last[0] <= '9'
}
