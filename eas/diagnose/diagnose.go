package diagnose

import (
	"context"
	"errors"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/easoauth/easoauth/autodiscover"
	"github.com/easoauth/easoauth/bearer"
	"github.com/easoauth/easoauth/internal/fault"
	"github.com/easoauth/easoauth/internal/safehttp"
	"github.com/easoauth/easoauth/token"
)

// DefaultTimeout bounds each probe, and DefaultSignInTime the one in which a person signs in.
const (
	DefaultTimeout    = 20 * time.Second
	DefaultSignInTime = 5 * time.Minute
)

// Options are the choices of [Run]. Nil means the zero value: a check from outside, without a
// sign-in.
type Options struct {
	// HTTPClient is used for every request. If nil, a client with a proxy of the environment
	// and no cookies. Redirects are not left to it.
	HTTPClient *http.Client

	Endpoint *url.URL // the ActiveSync URL, if it is known: AutoDiscover is skipped
	Host     string   // ask this AutoDiscover host alone
	NoCloud  bool     // do not ask Exchange Online where the mailbox is

	// Trust lists authorities beside Microsoft's, such as an AD FS farm: "adfs.contoso.com".
	Trust  []string
	Tenant string // GUID or domain, where the authority says "common"

	// ClientID and SignIn turn on what needs a sign-in, by a [token.Browser] or another flow.
	ClientID string
	SignIn   token.Flow

	// Security turns on probes that a healthy server refuses: a forged token.
	Security bool
	// AutoDetect asks Microsoft's service of that name, which sends the address there.
	AutoDetect bool

	// SignInTime is how long the user has to sign in; if 0, DefaultSignInTime.
	SignInTime time.Duration

	Timeout  time.Duration    // of each probe; if 0, DefaultTimeout
	Progress func(p Probe)    // called as each probe ends, one at a time; optional
	Now      func() time.Time // if nil, time.Now
	Unmask   bool             // the address as it is; hosts are never masked
}

// ErrAddress is matched by the error of [Run] for what is no mail address.
var ErrAddress = autodiscover.ErrAddress

// Run checks the deployment of a mail address and reports what is wrong. A deployment that is
// down is a report, not an error: the error is for what is no address ([ErrAddress]) and for a
// context that ended. It is safe for concurrent use.
func Run(ctx context.Context, address string, o *Options) (*Report, error) {
	if o == nil {
		o = &Options{}
	}
	c := &check{o: *o, address: address, now: o.Now}
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
		tr := http.DefaultTransport.(*http.Transport).Clone()
		defer tr.CloseIdleConnections()
		c.o.HTTPClient = &http.Client{Transport: tr}
	}
	client := *c.o.HTTPClient
	client.Jar = nil
	client.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	c.client = &client
	local, domain, ok := strings.Cut(address, "@")
	if !ok || local == "" || domain == "" || strings.ContainsAny(address, " \t\r\n") {
		return nil, ErrAddress
	}
	c.report.Began = c.now()
	c.run(ctx)
	if err := context.Cause(ctx); err != nil {
		return nil, err
	}
	c.report.Duration = c.now().Sub(c.report.Began)
	c.conclude()
	return &c.report, nil
}

// A check is one run.
type check struct {
	o       Options
	client  *http.Client
	address string
	now     func() time.Time

	report   Report
	found    []found
	endpoint *url.URL
	offer    *bearer.Offer
	config   *token.Config
	source   *token.Source
	ended    bool // what follows cannot be checked
	lost     bool // the cloud does not place the address
}

// A found is a fault that a probe showed.
type found struct {
	id     fault.ID
	probe  string
	advice string
}

// probe runs one step within the time of a probe.
func (c *check) probe(ctx context.Context, name, expected string, f func(ctx context.Context, p *Probe)) {
	c.within(ctx, c.o.Timeout, name, expected, f)
}

func (c *check) within(ctx context.Context, limit time.Duration, name, expected string, f func(ctx context.Context, p *Probe)) {
	p := Probe{Name: name, Expected: expected, Verdict: Pass}
	began := c.now()
	ctx, cancel := context.WithTimeout(ctx, limit)
	defer cancel()
	f(ctx, &p)
	p.Duration = c.now().Sub(began)
	c.done(p)
}

func (c *check) done(p Probe) {
	c.report.Probes = append(c.report.Probes, p)
	if c.o.Progress != nil {
		c.o.Progress(p)
	}
}

// skip notes a step that was not taken.
func (c *check) skip(name, why string) { c.done(Probe{Name: name, Verdict: Skipped, Seen: why}) }

// wrong notes what a probe found.
func (c *check) wrong(p *Probe, id fault.ID, advice string) {
	p.Fault = string(id)
	switch fault.Get(id).Severity {
	case fault.Fail:
		p.Verdict = Fail
	case fault.Warn:
		if p.Verdict != Fail {
			p.Verdict = Warn
		}
	default:
		if p.Verdict == Pass {
			p.Verdict = Info
		}
	}
	c.found = append(c.found, found{id, p.Name, advice})
}

// run takes the steps in the order of the dance.
func (c *check) run(ctx context.Context) {
	for _, step := range []func(ctx context.Context){
		c.autodiscover, c.autodetect, c.certificate, c.anonymous, c.empty, c.identity, c.authority, c.legacy, c.forged,
		c.signIn, c.token, c.options, c.folders,
	} {
		if ctx.Err() != nil {
			return
		}
		step(ctx)
	}
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
