package diagnose

import (
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/easoauth/easoauth/autodiscover"
	"github.com/easoauth/easoauth/bearer"
	"github.com/easoauth/easoauth/eas"
	"github.com/easoauth/easoauth/internal/fault"
	"github.com/easoauth/easoauth/internal/safehttp"
	"github.com/easoauth/easoauth/token"
)

// DefaultTimeout bounds each probe, and DefaultSignInTime the one in which a person signs in.
const (
	DefaultTimeout    = 20 * time.Second
	DefaultSignInTime = 5 * time.Minute
)

// Options configure [Run]. The zero Options, and nil, are a check from outside, without a sign-in.
type Options struct {
	// HTTPClient is used for every request. If nil, a client that uses the proxy of the
	// environment and keeps no cookies. Its CheckRedirect is not used.
	HTTPClient *http.Client

	Endpoint *url.URL // the ActiveSync URL, if known; AutoDiscover is then skipped
	Host     string   // the only AutoDiscover host to query
	NoCloud  bool     // do not query Exchange Online for the mailbox

	// TrustedAuthorities lists authorities to trust in addition to Microsoft's, such as an AD FS
	// farm: "adfs.contoso.com".
	TrustedAuthorities []string
	Tenant             string // GUID or domain, where the authority says "common"

	// ClientID and SignIn turn on the probes that need a sign-in, by a [token.Browser] or another
	// flow.
	ClientID string
	SignIn   token.Flow

	// Security turns on the probes that a healthy server refuses, such as a forged token.
	Security bool
	// AutoDetect queries Microsoft's AutoDetect service. The address is sent to that service.
	AutoDetect bool

	// SignInTime is how long the user has to sign in; if 0, DefaultSignInTime.
	SignInTime time.Duration

	// RequestBytes, if not 0, turns on a request of this many bytes, with a sign-in: a FolderSync
	// with an invalid key, which changes nothing. A front end whose maxRequestLength is lower
	// refuses it, as it refuses a message of that size.
	RequestBytes int

	// DNS looks up names for the report: addresses, aliases, the SRV record. If nil, it is
	// net.DefaultResolver if HTTPClient is nil too; otherwise DNS is not probed.
	DNS DNS

	Timeout  time.Duration    // of each probe; if 0, DefaultTimeout
	Progress func(p Probe)    // called when each probe ends, one call at a time, in any order; optional
	Now      func() time.Time // if nil, time.Now
	Unmask   bool             // do not mask the address; hosts are never masked

	// Record receives, at the end, every request and response of the check as text in the txtar
	// format, which package eastest replays. Tokens, codes, addresses, tenants and host names are
	// replaced consistently; the contents of the mailbox are left out. The requests of a browser
	// are not recorded.
	Record io.Writer
}

// Run checks the deployment of a mail address and reports what is wrong. A deployment that is down
// is a report, not an error: Run returns an error if the address is malformed ([autodiscover.ErrAddress]) or
// the context ends. It is safe for concurrent use.
func Run(ctx context.Context, address string, o *Options) (*Report, error) {
	if o == nil {
		o = &Options{}
	}
	c := &check{o: *o, address: address, now: o.Now, blocked: map[string]bool{}}
	if c.now == nil {
		c.now = time.Now
	}
	if c.o.Timeout <= 0 {
		c.o.Timeout = DefaultTimeout
	}
	if c.o.SignInTime <= 0 {
		c.o.SignInTime = DefaultSignInTime
	}
	if c.o.HTTPClient == nil {
		if c.o.DNS == nil {
			c.o.DNS = net.DefaultResolver
		}
		tr := http.DefaultTransport.(*http.Transport).Clone()
		defer tr.CloseIdleConnections()
		c.o.HTTPClient = &http.Client{Transport: tr}
	}
	client := *c.o.HTTPClient
	client.Jar = nil
	client.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	c.client = &client
	c.transport, _ = client.Transport.(*http.Transport)
	c.journal.progress = c.o.Progress
	recorder := c.recordInto()
	local, domain, ok := strings.Cut(address, "@")
	if !ok || local == "" || domain == "" || strings.ContainsAny(address, " \t\r\n") {
		return nil, autodiscover.ErrAddress
	}
	c.report.Began = c.now()
	c.run(ctx)
	if err := context.Cause(ctx); err != nil {
		return nil, err
	}
	c.report.Duration = c.now().Sub(c.report.Began)
	c.conclude()
	if err := c.writeRecording(recorder); err != nil {
		return nil, err
	}
	return &c.report, nil
}

// A check is one run.
type check struct {
	o       Options
	client  *http.Client
	address string
	now     func() time.Time

	transport *http.Transport // of the client, if it is net/http's
	report    Report
	journal   journal

	sides    []*lookup // that were asked for the endpoint
	endpoint *url.URL
	lost     bool // the cloud does not place the address
	offer    *bearer.Offer
	config   *token.Config
	source   *token.Source
	eac      *eas.Client
	witness  witness // of its responses
	inbox    eas.FolderID

	blocked map[string]bool // probes that could not be made because of what failed before; written by run alone

	reached     bool     // the server responds
	private     *step    // that found a private address
	guessed     guess    // if nothing named the endpoint
	withhold    bool     // the server is not what it should be, and gets no token
	signInFault fault.ID // why the sign-in was refused
}

// faultOf returns the fault that an error of the library names, or "".
func faultOf(err error) fault.ID {
	var he *autodiscover.HopError
	var pe *bearer.ProbeError
	var re *safehttp.RequestError
	switch {
	case errors.As(err, &pe) && pe.Fault != "":
		return fault.ID(pe.Fault)
	case errors.As(err, &he) && he.Fault != "":
		return fault.ID(he.Fault)
	case errors.As(err, &re):
		return re.Fault
	}
	return ""
}
