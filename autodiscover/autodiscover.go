package autodiscover

import (
	"context"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"strings"
	"time"
)

// A Lookuper finds the endpoint of a mailbox. [*Resolver] and [Static] are Lookupers; a
// mock is one as well.
type Lookuper interface {
	Lookup(ctx context.Context, addr string) (*Endpoint, error)
}

// Static is a [Lookuper] for those who know their URL: it returns it for every address that
// is one.
type Static struct {
	URL *url.URL // required, https
}

// Lookup returns the URL.
func (s Static) Lookup(_ context.Context, addr string) (*Endpoint, error) {
	if _, err := parseAddress(addr); err != nil {
		return nil, err
	}
	return &Endpoint{URL: s.URL, Protocol: ActiveSync}, nil
}

// An Endpoint is where a mailbox is reached.
type Endpoint struct {
	URL      *url.URL
	Protocol Protocol // as the server wrote it; compare with Is
	Hops     []Hop    // every request that was made, in order
}

// String explains how the endpoint was found, a line each hop. It holds no mail address.
func (e *Endpoint) String() string {
	if e == nil || e.URL == nil {
		return "no endpoint"
	}
	var b strings.Builder
	fmt.Fprintf(&b, "%s at %s", e.Protocol, e.URL.Redacted())
	for _, h := range e.Hops {
		fmt.Fprintf(&b, "\n  %v", h)
	}
	return b.String()
}

// A Hop is one request of a look-up and what came of it.
type Hop struct {
	Candidate string        // where the host came from: "pinned", "cloud", "autodiscover.<domain>", "<domain>", "SRV", "http", "v1", "redirect"
	Method    string        // if "", GET
	URL       string        // without the query, which holds the mail address
	Status    int           // 0 if no answer came
	Elapsed   time.Duration //
	Server    Trace         // what identifies the server and the request
	Next      string        // host of the redirect that was followed or refused, or of the endpoint
	Err       error         // why it was not the answer; nil if it was followed or was the answer
}

// A Trace holds the header fields by which an administrator finds the request.
type Trace struct {
	RequestID string // request-id
	FrontEnd  string // X-FEServer; several are joined by ", "
	BackEnd   string // X-BEServer
	Target    string // X-CalculatedBETarget, the server that was to answer
	Version   string // X-OWA-Version, or MS-Server-ActiveSync
	DiagInfo  string // X-DiagInfo
	Date      string // Date, to compare clocks by
}

// String returns the hop as one line.
func (h Hop) String() string {
	var b strings.Builder
	method := h.Method
	if method == "" {
		method = http.MethodGet
	}
	fmt.Fprintf(&b, "%s %s", method, h.URL)
	if h.Status != 0 {
		fmt.Fprintf(&b, " → %d", h.Status)
	}
	if h.Next != "" {
		fmt.Fprintf(&b, " → %s", h.Next)
	}
	if h.Server.RequestID != "" {
		fmt.Fprintf(&b, " (request-id %s)", h.Server.RequestID)
	}
	if h.Err != nil {
		fmt.Fprintf(&b, ": %v", h.Err)
	}
	return b.String()
}

// A Resolver finds mailboxes by AutoDiscover. The zero value is ready to use. It sends the
// mail address, and nothing else, to the hosts it asks; no credential leaves for AutoDiscover
// v2. It is safe for concurrent use if its fields are not modified.
//
// The candidates, in the order of preference:
//
//  1. Host, if it is set; then no other.
//  2. The Exchange Online host of Cloud, which answers with the endpoint or with a redirect
//     to the on-premises AutoDiscover; NoCloud leaves it out.
//  3. autodiscover.<domain>; NoHost leaves it out.
//  4. <domain>, with AskDomain: the host of the web site, which often answers with a page.
//  5. The target of the SRV record _autodiscover._tcp.<domain>, with AskSRV. DNS is not
//     authenticated: Confirm decides about the target.
//  6. Where http://autodiscover.<domain> redirects to, with AskHTTP. A bare GET without the
//     address is sent; the answer is not authenticated: Confirm decides about the target.
//  7. AutoDiscover v1 (mobilesync) at autodiscover.<domain> and <domain>, with Authorize,
//     for the many ActiveSync servers that have no v2.
//
// A candidate is asked when the one before it has failed or HeadStart has passed. A later
// candidate's answer counts only when all earlier ones have failed, so that the result does
// not depend on which was quicker; then the others are cancelled.
//
// Redirects are followed, 10 at most, over https alone, never to the same URL twice, to the
// hosts of the cloud and of the mail domain; others need Confirm, except that a redirect
// which the Exchange Online host gives is the v2 chain itself and is followed.
type Resolver struct {
	HTTPClient *http.Client // if nil, one that refuses private addresses; redirects are never left to it
	Cloud      Cloud        // if zero, Worldwide
	Protocol   Protocol     // if "", ActiveSync
	Host       string       // ask this host alone, e.g. "autodiscover.contoso.com"
	PathForm   bool         // ask with the address in the path (…/autodiscover.json/v1.0/<address>), as Outlook for Windows does

	NoCloud   bool // do not ask Exchange Online: the address does not leave the organization
	NoHost    bool // do not ask autodiscover.<domain>
	AskDomain bool // ask <domain>
	AskSRV    bool // ask the target of the SRV record
	AskHTTP   bool // ask where plain http redirects to

	// Authorize adds a bearer token for AutoDiscover v1 to a request to the URL, and turns
	// v1 on. It must set Authorization to "Bearer …" and nothing else; a request with
	// another scheme is not sent. If nil, v1 is not asked.
	Authorize func(ctx context.Context, req *http.Request) error

	// Confirm is asked before a redirect is followed to a host outside the cloud and the
	// mail domain, and before a host is asked that was found by SRV or plain http, as a
	// program would ask its user. An error refuses it. If nil, it is refused.
	Confirm func(ctx context.Context, from, to *url.URL) error

	// AllowPrivate lets hosts have loopback, link-local and private addresses, as inside an
	// organization whose DNS gives them out. Without it, such an address is refused when it
	// is dialled (unless HTTPClient brings its own transport) and as a literal.
	AllowPrivate bool

	// LookupSRV resolves SRV records; if nil, net.DefaultResolver does.
	LookupSRV func(ctx context.Context, service, proto, name string) (string, []*net.SRV, error)

	// Cache keeps endpoints by domain; if nil, nothing is kept. In a domain with mailboxes
	// both on-premises and in the cloud, endpoints differ from user to user: use no cache.
	Cache Cache

	Timeout   time.Duration // of each request; if 0, 20 seconds
	HeadStart time.Duration // of each candidate before the next; if 0, 2 seconds
}

// A Cloud is a national cloud of Exchange Online.
type Cloud struct {
	Name  string
	Host  string   // that answers AutoDiscover v2
	Hosts []string // that its redirects may name; a leading dot stands for sub-domains
}
