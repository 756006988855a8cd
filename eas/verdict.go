package eas

import (
	"errors"
	"net/url"

	"github.com/easoauth/easoauth/internal/origin"
	"github.com/easoauth/easoauth/internal/safehttp"
)

// A Verdict says whose host a server names, by the rules that package autodiscover applies to
// redirects. It does not say that the host may be trusted: [Client.Moved] decides.
type Verdict string

// The verdicts of [Client.Judge].
const (
	VerdictOwn     Verdict = "own"     // of the mail domain of Client.User, or of the site of Client.URL
	VerdictCloud   Verdict = "cloud"   // Exchange Online's, worldwide or of a national cloud
	VerdictForeign Verdict = "foreign" // of anyone else
	VerdictRefused Verdict = "refused" // not to be used: not https, private, local, or a public suffix
)

// whose is how an error says it.
var whose = map[Verdict]string{
	VerdictOwn: "the organization's own", VerdictCloud: "Exchange Online's",
	VerdictForeign: "neither the organization's nor Exchange Online's",
}

// Judge says whose host u is at: that of X-MS-Location in [Client.Moved], or that of
// [Discovery.URL]. It sends nothing, and needs only the URL of the client: without one it refuses
// every host. The site of Client.URL is its registrable domain with all subdomains, as is that of
// the address in User. It may be called concurrently.
func (c *Client) Judge(u *url.URL) Verdict {
	if c.configurePolicy() != nil {
		return VerdictRefused
	}
	v, _ := c.judge(u)
	return v
}

// judge is Judge, with the reason for which a host is refused.
func (c *Client) judge(u *url.URL) (Verdict, error) {
	v, reason := c.policy.Judge(u)
	switch v {
	case origin.Own:
		return VerdictOwn, nil
	case origin.Cloud:
		return VerdictCloud, nil
	case origin.Foreign:
		return VerdictForeign, nil
	}
	return VerdictRefused, errors.New("the host is not to be used: " + reason)
}

// newPolicy returns what hosts are judged by. The caller vouches for the host of the client's
// URL, and for private addresses if that is one.
func newPolicy(endpoint *url.URL, user string, private bool) origin.Policy {
	host := safehttp.Host(endpoint)
	p := origin.Policy{Domain: origin.Domain(user), Cloud: origin.CloudHosts, AllowPrivate: private || origin.IsLocal(host)}
	if v, _ := p.Judge(endpoint); v != origin.Cloud {
		p.Trusted = origin.Site(host)
	}
	return p
}
