package autodiscover

import (
	"context"
	"errors"
	"net/netip"
	"net/url"
	"strings"

	"golang.org/x/net/publicsuffix"

	"github.com/easoauth/easoauth/internal/safehttp"
)

// ErrUnconfirmed is matched by a hop to a host that was found by SRV or plain http and that
// [Resolver.Confirm] did not allow.
var ErrUnconfirmed = errors.New("host not confirmed")

// The origin policy: whose is a host that a redirect, a response, DNS or a cache names? It
// is asked here, and nowhere else.

// A party owns hosts.
type party string

const (
	partyOwn     party = "own"     // the mail domain's, or the host that the caller named
	partyCloud   party = "cloud"   // Exchange Online's own, by the table
	partyForeign party = "foreign" // anybody else's
	partyNone    party = ""        // may not be asked at all
)

// judge returns whose host it is, and why it may not be asked if it is nobody's.
func (l *lookup) judge(u *url.URL) (party, string) {
	if err := safehttp.CheckURL(u); err != nil {
		return partyNone, err.Error()
	}
	host := safehttp.Host(u)
	switch {
	case !l.AllowPrivate && isLocal(host):
		return partyNone, "it is a private address or a name of a local network"
	case isLocal(host):
		return partyOwn, "" // AllowPrivate: the program runs inside the organization
	case isSuffix(host):
		return partyNone, "it is a public suffix"
	case l.pinned != "" && host == safehttp.Host(&url.URL{Host: l.pinned}):
		return partyOwn, ""
	case host == l.addr.domain, !l.addr.shared && strings.HasSuffix(host, "."+l.addr.domain):
		return partyOwn, ""
	case l.isCloud(host):
		return partyCloud, ""
	}
	return partyForeign, ""
}

// isCloud reports whether host is one of the cloud's own.
func (l *lookup) isCloud(host string) bool {
	if host == l.cloud.Host {
		return true
	}
	for _, h := range l.cloud.Hosts {
		if host == h || strings.HasPrefix(h, ".") && strings.HasSuffix(host, h) {
			return true
		}
	}
	return false
}

// allow decides whether u may be asked, or returned as an endpoint, because from named it.
// vouched says that the chain has come all the way over the cloud's own hosts: then it is
// the cloud's word about an address of its tenant. The error wraps sentinel.
func (l *lookup) allow(ctx context.Context, from, to *url.URL, vouched bool, sentinel error) (party, error) {
	p, why := l.judge(to)
	switch {
	case p == partyNone:
		return p, &HopError{Reason: why, Err: sentinel}
	case p != partyForeign || vouched:
		return p, nil
	case l.Confirm == nil:
		return p, &HopError{Fault: "AD_REDIRECT_CROSS_DOMAIN", Reason: "it leaves the mail domain (a program that accepts that sets Confirm)", Err: errors.Join(sentinel, ErrForeign)}
	}
	if err := l.confirm(ctx, from, to); err != nil {
		return p, &HopError{Fault: "AD_REDIRECT_CROSS_DOMAIN", Reason: "not confirmed", Err: errors.Join(sentinel, ErrForeign, err)}
	}
	return p, nil
}

// confirmHost decides about a host that nobody vouches for, as DNS and plain http name them:
// Confirm is called whosever it is.
func (l *lookup) confirmHost(ctx context.Context, from, to *url.URL) error {
	switch p, why := l.judge(to); {
	case p == partyNone:
		return &HopError{Reason: why, Err: ErrRedirect}
	case l.Confirm == nil:
		return &HopError{Reason: "a program that wants it asked sets Confirm", Err: ErrUnconfirmed}
	}
	if err := l.confirm(ctx, from, to); err != nil {
		return &HopError{Reason: "Confirm refused it", Err: errors.Join(ErrUnconfirmed, err)}
	}
	return nil
}

// confirm calls Confirm with copies.
func (l *lookup) confirm(ctx context.Context, from, to *url.URL) error {
	f, t := *from, *to
	return l.Confirm(ctx, &f, &t)
}

// isSuffix reports whether a registry gives out names under host.
func isSuffix(host string) bool {
	suffix, icann := publicsuffix.PublicSuffix(host)
	return suffix == host && (icann || !strings.Contains(host, "."))
}

// localNames are the suffixes of names that only a local network resolves (RFC 6761, RFC
// 6762, RFC 8375, and those that the ICANN board has set aside).
var localNames = []string{"localhost", "local", "localdomain", "internal", "intranet", "lan", "corp", "home", "home.arpa"}

// isLocal reports whether host is an address that is not public, in any of the spellings
// that resolvers understand, or a name of a local network.
func isLocal(host string) bool {
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
