package autodiscover

import (
	"context"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/easoauth/easoauth/internal/safehttp"
)

// A Lookuper finds the endpoint of a mailbox. [*Resolver] and [Static] are Lookupers; a
// mock is one as well.
type Lookuper interface {
	Lookup(ctx context.Context, addr string) (*Endpoint, error)
}

// Static returns a [Lookuper] that returns endpoint, which must be an https URL, for every mail
// address. Lookup fails for an address that is malformed ([ErrAddress]) and for another URL.
func Static(endpoint *url.URL) Lookuper { return static{endpoint} }

type static struct{ endpoint *url.URL }

func (s static) Lookup(_ context.Context, addr string) (*Endpoint, error) {
	if _, err := parseAddress(addr); err != nil {
		return nil, err
	}
	if err := safehttp.CheckURL(s.endpoint); err != nil {
		return nil, fmt.Errorf("autodiscover: Static: %w", err)
	}
	u := *s.endpoint
	return &Endpoint{URL: &u, Protocol: ActiveSync}, nil
}

// An Endpoint is the location of a mailbox.
type Endpoint struct {
	URL      *url.URL // without query and fragment
	Protocol Protocol // as the server wrote it; compare with Is
	Foreign  bool     // the host is neither the mail domain's nor the cloud's: the cloud, or Confirm, vouches for it
	Hops     []Hop    // every request that was made, in order
	Warnings []Warning
}

// A Warning is a condition that works but should be corrected, or known.
type Warning struct {
	Fault string // its id in docs/faults.md, e.g. "TLS_CERT_EXPIRING"
	Host  string // where it was seen
	Text  string // what it means and what to do
}

// String returns the warning as one line.
func (w Warning) String() string { return w.Host + ": " + w.Text }

// String explains how the endpoint was found, one line for each hop. It contains no mail address.
func (e *Endpoint) String() string {
	if e == nil || e.URL == nil {
		return "no endpoint"
	}
	var b strings.Builder
	fmt.Fprintf(&b, "%s at %s", safehttp.Plain(string(e.Protocol), 64), safehttp.Redact(e.URL))
	if e.Foreign {
		b.WriteString(" (outside the mail domain)")
	}
	for _, h := range e.Hops {
		fmt.Fprintf(&b, "\n  %v", h)
	}
	for _, w := range e.Warnings {
		fmt.Fprintf(&b, "\n  warning: %v", w)
	}
	return b.String()
}

// A Hop is one request of a look-up and its result.
type Hop struct {
	Candidate string        // where the host came from: "pinned", "cloud", "autodiscover.<domain>", "<domain>", "SRV", "http", "v1", "redirect"
	Method    string        // if "", GET
	URL       string        // without the query, which holds the mail address
	Status    int           // 0 if no response came
	By        string        // who responded, as far as it shows: "Exchange 15.2.1748.24", "F5 BIG-IP", "nginx"
	Elapsed   time.Duration //
	Server    Trace         // what identifies the server and the request
	Next      string        // host of the redirect that was followed or refused, or of the endpoint
	Err       error         // why it failed; nil if it was followed or returned the endpoint
}

// A Trace holds the header fields by which an administrator finds the request in logs.
type Trace struct {
	RequestID string // request-id
	FrontEnd  string // X-FEServer; several are joined by ", "
	BackEnd   string // X-BEServer
	Target    string // X-CalculatedBETarget, the server that was to respond
	Version   string // X-OWA-Version, or MS-Server-ActiveSync
	DiagInfo  string // X-DiagInfo
	Date      string // Date, to compare clocks by
}

// String returns the hop as one line.
func (h Hop) String() string {
	if h.Err == nil {
		return h.head()
	}
	return h.head() + ": " + safehttp.Plain(h.Err.Error(), 1024)
}

// head says what was asked and what came back.
func (h Hop) head() string {
	var b strings.Builder
	method := h.Method
	if method == "" {
		method = http.MethodGet
	}
	fmt.Fprintf(&b, "%s %s", method, h.URL)
	if h.Status != 0 {
		fmt.Fprintf(&b, " → %d", h.Status)
	}
	if h.By != "" && h.Err != nil {
		fmt.Fprintf(&b, " from %s", h.By)
	}
	if h.Next != "" {
		fmt.Fprintf(&b, " → %s", h.Next)
	}
	if h.Server.RequestID != "" {
		fmt.Fprintf(&b, " (request-id %s)", h.Server.RequestID)
	}
	return b.String()
}

// A Resolver finds mailboxes by AutoDiscover. The zero value is ready to use. It sends the
// mail address to the hosts that it queries, and no credential to AutoDiscover v2. It is safe
// for concurrent use if its fields are not modified.
//
// The candidates, in the order of preference:
//
//  1. Host, if it is set; then no other.
//  2. The Exchange Online host of Cloud, which returns the endpoint or a redirect to the
//     on-premises AutoDiscover; NoCloud leaves it out.
//  3. autodiscover.<domain>; NoHost leaves it out.
//  4. <domain>, with AskDomain: the host of the web site, which often returns a page.
//  5. The target of the SRV record _autodiscover._tcp.<domain>, with AskSRV. DNS is not
//     authenticated: Confirm decides about the target.
//  6. Where http://autodiscover.<domain> redirects to, with AskHTTP. A bare GET without the
//     address is sent; the response is not authenticated: Confirm decides about the target.
//  7. AutoDiscover v1 (mobilesync) at autodiscover.<domain> and <domain>, with Authorize,
//     for the many ActiveSync servers that have no v2.
//
// A candidate is queried when the one before it has failed or HeadStart has passed. If a
// later candidate finds an endpoint, the earlier ones have Patience to find a preferred one,
// which is then the result. All others are cancelled, and Lookup does not wait for them.
//
// Redirects are followed, 10 at most, over https alone, and no host and path twice (except
// once more with a cookie that the host has just set), to the hosts of the cloud and of the
// mail domain. A host outside both needs Confirm, whether a redirect, a response or the
// cache names it; only the hosts of the cloud itself may name one without, and such
// an endpoint is marked Foreign.
type Resolver struct {
	// HTTPClient is used for every request, but not its cookie jar and CheckRedirect. If nil, a
	// client that speaks HTTP/2, uses Proxy, and refuses private addresses.
	HTTPClient *http.Client

	// Proxy selects a proxy if HTTPClient is nil, such as http.ProxyFromEnvironment. If nil, none
	// is used, and the environment is ignored: a proxy resolves names itself, so that their
	// addresses cannot be checked.
	Proxy func(*http.Request) (*url.URL, error)

	UserAgent string // if "", the library's own name and version

	Cloud    Cloud    // if zero, Worldwide
	Protocol Protocol // if "", ActiveSync
	Host     string   // query only this host, e.g. "autodiscover.contoso.com"; with a port if it is not 443
	PathForm bool     // send the address in the path (…/autodiscover.json/v1.0/<address>), as Outlook for Windows does

	NoCloud   bool // do not query Exchange Online, unless a host of the organization redirects there
	NoHost    bool // do not query autodiscover.<domain>
	AskDomain bool // query <domain>
	AskSRV    bool // query the target of the SRV record
	AskHTTP   bool // query the host to which plain http redirects

	// Authorize adds a bearer token for AutoDiscover v1 to a request to the URL, and turns
	// v1 on. It must set Authorization to "Bearer …" and nothing else; a request with
	// another scheme is not sent. If nil, v1 is not used.
	Authorize func(ctx context.Context, req *http.Request) error

	// Confirm is called before a redirect is followed to a host outside the cloud and the
	// mail domain, before an endpoint there is returned, and before a host is queried that
	// was found by SRV or plain http: a program would ask its user. An error refuses the host;
	// if Confirm is nil, the host is refused. It may be called concurrently; Lookup does not
	// wait for a call whose result is no longer needed.
	Confirm func(ctx context.Context, from, to *url.URL) error

	// AllowPrivate allows hosts with loopback, link-local and private addresses, as inside an
	// organization. Without it, such an address is refused when it
	// is dialled (unless HTTPClient brings its own transport) and as a literal.
	AllowPrivate bool

	// LookupSRV resolves SRV records; if nil, net.DefaultResolver does.
	LookupSRV func(ctx context.Context, service, proto, name string) (string, []*net.SRV, error)

	// Cache keeps endpoints by address; if nil, nothing is kept.
	Cache Cache

	// OneEndpoint says that all mailboxes of a domain are at one endpoint, so that Cache keeps
	// it by domain. It must not be set for a domain with mailboxes both on-premises and in the
	// cloud, or at several sites.
	OneEndpoint bool

	Timeout   time.Duration // of each request; if 0, 20 seconds
	HeadStart time.Duration // of each candidate before the next; if 0, 2 seconds
	Patience  time.Duration // how long an endpoint in hand waits for a preferred candidate; if 0, two and a half times HeadStart
}

// A Cloud is a national cloud of Exchange Online.
type Cloud struct {
	Name  string
	Host  string   // for AutoDiscover v2
	Hosts []string // that its redirects may name; a leading dot stands for sub-domains
}
