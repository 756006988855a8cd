package autodiscover

import (
	"context"
	"errors"
	"net"
	"net/http"
	"net/url"
	"os"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"time"

	"github.com/easoauth/easoauth/internal/safehttp"
)

const (
	maxRedirects   = 10
	defaultTimeout = 20 * time.Second
	maxRetryAfter  = 24 * time.Hour
)

// ErrHost is matched by the error for a [Resolver.Host] that is not a host name, with or without a
// port.
var ErrHost = errors.New("autodiscover: Resolver.Host is not a host name")

// Lookup returns the endpoint of the mailbox addr. It ends with ctx or after Timeout, whatever a
// callback does. The error is a [*LookupError], which also matches context.Canceled or
// context.DeadlineExceeded if ctx ended the look-up; or it matches [ErrAddress] or [ErrHost], and
// nothing was sent.
//
// A panic in a callback of the Resolver is raised again in the goroutine that called Lookup.
func (r *Resolver) Lookup(ctx context.Context, addr string) (*Endpoint, error) {
	a, err := parseAddress(addr)
	if err != nil {
		return nil, err
	}
	l := &lookup{Resolver: r, addr: a, cloud: r.Cloud, protocol: r.Protocol}
	if l.cloud.Host == "" {
		l.cloud = Worldwide
	}
	if l.protocol == "" {
		l.protocol = ActiveSync
	}
	if l.pinned, err = pinnedHost(r.Host); err != nil {
		return nil, err
	}
	base, closeBase := r.baseClient()
	defer closeBase()
	l.base = base
	e, done := l.cached(ctx)
	if e != nil {
		return e, nil
	}
	result := false
	defer func() { done(result) }()
	e, hops, err := l.race(ctx, l.candidates())
	result = err == nil
	if e == nil {
		return nil, &LookupError{Hops: hops, Err: err, advice: l.advice(hops, err)}
	}
	e.Hops = hops
	e.Warnings = append(l.taken(), warnEndpoint(e)...)
	l.keep(ctx, e)
	return e, nil
}

// pinnedHost reads Resolver.Host: a name, with or without a port; an https URL of nothing
// else is one, too.
func pinnedHost(s string) (string, error) {
	if s == "" {
		return "", nil
	}
	bare := strings.TrimSuffix(strings.TrimPrefix(strings.ToLower(s), "https://"), "/")
	u := &url.URL{Scheme: "https", Host: bare}
	parsed, err := url.Parse(u.String())
	if err != nil || parsed.Host != bare || parsed.Path != "" || safehttp.CheckURL(parsed) != nil {
		return "", ErrHost
	}
	return bare, nil
}

// A lookup is one call of Lookup. It is not changed after its making, so that candidates
// may share it, except for what several of them write.
type lookup struct {
	*Resolver
	addr     address
	cloud    Cloud
	protocol Protocol
	pinned   string // Host, checked
	base     *http.Client
	byCloud  sync.Map     // of *Endpoint: those for which the cloud alone vouches
	calls    atomic.Int32 // of callbacks under way
	warnings
}

// callback calls f, which is one of the caller's, and counts it meanwhile.
func (l *lookup) callback(f func()) {
	l.calls.Add(1)
	defer l.calls.Add(-1)
	f()
}

func (l *lookup) v2URL(host string) *url.URL {
	u := &url.URL{Scheme: "https", Host: host, Path: "/autodiscover/autodiscover.json"}
	if l.PathForm {
		u = u.JoinPath("v1.0")
		u.RawPath = u.Path + "/" + url.PathEscape(l.addr.full)
		u.Path += "/" + l.addr.full
		u.RawQuery = url.Values{"Protocol": {string(l.protocol)}}.Encode()
		return u
	}
	u.RawQuery = url.Values{"Email": {l.addr.full}, "Protocol": {string(l.protocol)}, "RedirectCount": {"1"}}.Encode()
	return u
}

// httpClient returns the client to use, with the jar of the chain alone: a cookie of
// another look-up tells who asks.
func (l *lookup) httpClient(jar http.CookieJar) *http.Client {
	once := *l.base
	once.Jar = jar
	return &once
}

// baseClient returns the client of a look-up, and what to do at its end.
func (r *Resolver) baseClient() (c *http.Client, done func()) {
	switch {
	case r.HTTPClient != nil:
		return r.HTTPClient, func() {}
	case r.Proxy != nil:
		c := newClient(r.Proxy, nil)
		return c, c.CloseIdleConnections
	case r.AllowPrivate:
		return openClient(), func() {}
	}
	return publicClient(), func() {}
}

// publicClient refuses private addresses when it dials, so that no DNS response can lead a
// look-up into the network behind the program; openClient does not.
var (
	publicClient = sync.OnceValue(func() *http.Client { return newClient(nil, safehttp.PublicOnly) })
	openClient   = sync.OnceValue(func() *http.Client { return newClient(nil, nil) })
)

func newClient(proxy func(*http.Request) (*url.URL, error), control func(network, address string, c syscall.RawConn) error) *http.Client {
	d := &net.Dialer{Timeout: 10 * time.Second, Control: control}
	return &http.Client{Transport: &http.Transport{
		Proxy: proxy, DialContext: d.DialContext, MaxResponseHeaderBytes: safehttp.MaxHeader, ForceAttemptHTTP2: true,
		TLSHandshakeTimeout: 10 * time.Second, MaxIdleConns: 20, IdleConnTimeout: 30 * time.Second,
	}}
}

func (l *lookup) timeout() time.Duration {
	if l.Timeout == 0 {
		return defaultTimeout
	}
	return l.Timeout
}

func (l *lookup) newRequest(ctx context.Context, method string, u *url.URL, body string) (*http.Request, error) {
	req, err := http.NewRequestWithContext(ctx, method, u.String(), strings.NewReader(body))
	if err != nil {
		return nil, &HopError{Fault: "AD_REDIRECT_INVALID", Err: ErrRedirect}
	}
	if l.UserAgent != "" {
		req.Header.Set("User-Agent", l.UserAgent)
	}
	return req, nil
}

// noContact are the faults of a network that leads nowhere.
var noContact = []string{"DNS_NXDOMAIN", "DNS_FAILED", "TCP_UNREACHABLE"}

// advice says what a program or an administrator can do about a look-up as a whole that its
// hops do not say.
func (l *lookup) advice(hops []Hop, ended error) string {
	if ended != nil {
		return ""
	}
	offline, absent, notV2, unknown := true, false, false, false
	for _, h := range hops {
		he := new(HopError)
		errors.As(h.Err, &he)
		offline = offline && slices.Contains(noContact, he.Fault)
		absent = absent || he.Fault == "DNS_NXDOMAIN"
		notV2 = notV2 || errors.Is(h.Err, ErrNotV2)
		unknown = unknown || errors.Is(h.Err, ErrUserUnknown)
	}
	switch {
	case len(hops) == 0:
		return "No host was left to ask: correct the fields of the Resolver"
	case offline && l.HTTPClient == nil && l.Proxy == nil && os.Getenv("HTTPS_PROXY")+os.Getenv("https_proxy") != "":
		return "HTTPS_PROXY is set, and the Resolver ignores it: set Resolver.Proxy to http.ProxyFromEnvironment"
	case offline && !l.NoCloud && l.pinned == "":
		return "Not even the cloud's host can be reached: check the network connection"
	case unknown:
		return ""
	case l.pinned != "" && (absent || notV2):
		return "Correct Resolver.Host, or name the URL (Static) if it is known"
	case absent && !l.AskSRV:
		return "If the domain publishes an SRV record, set Resolver.AskSRV and Confirm; if the server's name is known, set Host" + orV1(notV2, l)
	case notV2:
		return "Name the host (Resolver.Host) or the URL (Static) if it is known" + orV1(notV2, l)
	}
	return ""
}

func orV1(notV2 bool, l *lookup) string {
	if notV2 && l.Authorize == nil {
		return "; for a server without AutoDiscover v2, set Authorize (v1)"
	}
	return ""
}
