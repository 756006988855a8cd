package autodiscover

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/easoauth/easoauth/internal/safehttp"
)

const (
	maxRedirects   = 10
	defaultTimeout = 20 * time.Second
	maxRetryAfter  = 24 * time.Hour
)

// Lookup returns the endpoint of the mailbox addr. It takes as long as ctx and Timeout let
// it. The error is a [*LookupError], or matches [ErrAddress] if addr was refused before
// anything was sent.
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
	if e := l.cached(ctx); e != nil {
		return e, nil
	}
	e, hops := l.race(ctx, l.candidates())
	if e == nil {
		return nil, &LookupError{Hops: hops}
	}
	e.Hops = hops
	l.keep(ctx, e)
	return e, nil
}

// A lookup is one call of Lookup. It is not changed after its making, so that candidates
// may share it.
type lookup struct {
	*Resolver
	addr     address
	cloud    Cloud
	protocol Protocol
}

// A chain is the requests of one candidate.
type chain struct {
	*lookup
	name string
	seen map[string]bool // URLs that were asked
	hops []Hop
}

func (l *lookup) chain(name string) *chain {
	return &chain{lookup: l, name: name, seen: map[string]bool{}}
}

// v2 asks host by AutoDiscover v2, and whom it redirects to.
func (l *lookup) v2(name, host string) candidate {
	return func(ctx context.Context) (*Endpoint, []Hop) {
		c := l.chain(name)
		return c.follow(ctx, l.v2URL(host)), c.hops
	}
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

// follow asks u, and whom it redirects to. It returns nil when the chain ends without an
// endpoint; the hops say why.
func (l *chain) follow(ctx context.Context, u *url.URL) *Endpoint {
	name := l.name
	for n := 0; ; n++ {
		if l.seen[u.String()] {
			l.hops = append(l.hops, Hop{Candidate: name, URL: safehttp.Redact(u),
				Err: &HopError{Err: ErrSelfRedirect, Reason: "it was asked before"}})
			return nil
		}
		l.seen[u.String()] = true
		hop := Hop{Candidate: name, URL: safehttp.Redact(u)}
		start := time.Now()
		endpoint, next, err := l.ask(ctx, &hop, u)
		hop.Elapsed = time.Since(start)
		if err == nil && next != nil {
			err = l.mayFollow(ctx, u, next, n)
		}
		hop.Err = err
		l.hops = append(l.hops, hop)
		if err != nil || endpoint != nil {
			return endpoint
		}
		u, name = next, "redirect"
	}
}

// ask sends one request. It returns the endpoint, or where the answer redirects to, or why
// it is neither.
func (l *chain) ask(ctx context.Context, hop *Hop, u *url.URL) (*Endpoint, *url.URL, error) {
	ctx, cancel := context.WithTimeout(ctx, l.timeout())
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, u.String(), nil)
	if err != nil {
		return nil, nil, &safehttp.URLError{URL: safehttp.Redact(u), Reason: "it makes no request"}
	}
	req.Header.Set("Accept", "application/json")
	resp, err := safehttp.Do(l.client(), req)
	if err != nil {
		return nil, nil, unwrapRequest(err)
	}
	defer safehttp.Drain(resp.Body)
	hop.Status = resp.StatusCode
	hop.Server = trace(resp.Header)
	if s := resp.StatusCode; s >= 300 && s < 400 {
		return l.redirect(hop, resp)
	}
	body, err := safehttp.ReadAll(resp.Body, safehttp.MaxJSON)
	if err != nil {
		return nil, nil, &HopError{Status: resp.StatusCode, Reason: "the body was not read", Err: err}
	}
	return l.read(hop, resp, body)
}

func (l *lookup) redirect(hop *Hop, resp *http.Response) (*Endpoint, *url.URL, error) {
	next, err := safehttp.Location(resp)
	if err != nil {
		return nil, nil, &HopError{Status: resp.StatusCode, Reason: err.Error(), Err: errors.Join(ErrRedirect, err)}
	}
	hop.Next = safehttp.Clean(next.Host, 256)
	if l.refusesAddress(safehttp.Host(next)) {
		return nil, nil, &HopError{Status: resp.StatusCode, Reason: "it points to a private address", Err: ErrRedirect}
	}
	path := strings.ToLower(next.Path)
	switch {
	case strings.HasSuffix(path, "/microsoft-server-activesync") && l.protocol.Is(ActiveSync):
		return &Endpoint{URL: endpointURL(next), Protocol: l.protocol}, nil, nil
	case !strings.Contains(path, "/autodiscover.json"):
		return nil, nil, &HopError{Status: resp.StatusCode, Reason: "it redirects to a page that is not AutoDiscover", Err: ErrPreAuthentication}
	}
	return nil, next, nil
}

// endpointURL drops what a redirect carries along and an endpoint must not.
func endpointURL(u *url.URL) *url.URL {
	return &url.URL{Scheme: u.Scheme, Host: u.Host, Path: u.Path}
}

func (l *lookup) read(hop *Hop, resp *http.Response, body []byte) (*Endpoint, *url.URL, error) {
	status := resp.StatusCode
	fail := func(err error, format string, args ...any) (*Endpoint, *url.URL, error) {
		return nil, nil, &HopError{Status: status, Reason: fmt.Sprintf(format, args...), Err: err}
	}
	html := strings.HasPrefix(strings.ToLower(resp.Header.Get("Content-Type")), "text/html")
	switch {
	case status == 401 || status == 403 || status == 407:
		return fail(ErrPreAuthentication, "status %d", status)
	case status == 429 || status == 503:
		wait, _ := safehttp.RetryAfter(resp.Header, time.Now(), maxRetryAfter)
		return nil, nil, &HopError{Status: status, RetryAfter: wait, Err: ErrThrottled}
	case status == 200 && html:
		return fail(ErrPreAuthentication, "a page came instead of JSON")
	case status != 200 && status != 400:
		return fail(ErrNotV2, "status %d", status)
	}
	a, err := parseAnswer(body)
	if err != nil {
		return fail(ErrNotV2, "%v", err)
	}
	if se := a.serverError(); se != nil {
		return nil, nil, &HopError{Status: status, Err: se}
	}
	if status != 200 {
		return fail(ErrNotV2, "status %d", status)
	}
	u, err := url.Parse(strings.TrimSpace(a.URL))
	if err != nil || a.URL == "" {
		return fail(ErrBadEndpoint, "the Url is empty or does not parse: set the ExternalUrl of the ActiveSync virtual directory")
	}
	if err := safehttp.CheckURL(u); err != nil {
		return nil, nil, &HopError{Status: status, Reason: "set the ExternalUrl of the ActiveSync virtual directory", Err: errors.Join(ErrBadEndpoint, err)}
	}
	if l.refusesAddress(safehttp.Host(u)) {
		return fail(ErrBadEndpoint, "its host is a private address")
	}
	if u.Path == "" && l.protocol.Is(ActiveSync) {
		// QUIRK: Exchange Online has named its bare host (EAS-4-TbSync #312).
		u.Path = "/Microsoft-Server-ActiveSync"
	}
	hop.Next = safehttp.Clean(u.Host, 256)
	protocol := Protocol(safehttp.Clean(a.Protocol, 64))
	if protocol == "" {
		protocol = l.protocol
	}
	return &Endpoint{URL: u, Protocol: protocol}, nil, nil
}

// mayFollow is the redirect policy. from has just answered over verified TLS.
func (l *lookup) mayFollow(ctx context.Context, from, to *url.URL, n int) error {
	refuse := func(reason string) error { return &HopError{Reason: reason, Err: ErrRedirect} }
	if n+1 > maxRedirects {
		return refuse(fmt.Sprintf("more than %d", maxRedirects))
	}
	if count, err := strconv.Atoi(to.Query().Get("RedirectCount")); err == nil && count > maxRedirects+5 {
		return refuse("its RedirectCount is out of bounds")
	}
	// A redirect to the same host and path, with another counter, is Exchange Online's
	// way to say that it does not place the address.
	if safehttp.SameOrigin(from, to) && strings.EqualFold(from.Path, to.Path) {
		return &HopError{Err: ErrSelfRedirect}
	}
	host := safehttp.Host(to)
	if l.knows(host) || l.fromCloud(from) {
		return nil
	}
	if l.Confirm == nil {
		return refuse("it leaves the mail domain; a program that wants to follow it sets Confirm")
	}
	if err := l.Confirm(ctx, from, to); err != nil {
		return &HopError{Reason: "not confirmed", Err: errors.Join(ErrRedirect, err)}
	}
	return nil
}

// fromCloud reports whether the redirect is the cloud's own word about an address of its
// tenant: the v2 chain to the on-premises AutoDiscover.
func (l *lookup) fromCloud(from *url.URL) bool {
	return l.Host == "" && !l.NoCloud && safehttp.Host(from) == l.cloud.Host && from.Port() == ""
}

// knows reports whether host belongs to the mail domain or to the cloud.
func (l *lookup) knows(host string) bool {
	if host == l.addr.domain || strings.HasSuffix(host, "."+l.addr.domain) {
		return true
	}
	for _, h := range l.cloud.Hosts {
		if host == h || strings.HasPrefix(h, ".") && strings.HasSuffix(host, h) {
			return true
		}
	}
	return false
}

// client returns the client to use, without a cookie jar: a cookie tells who asks.
func (l *lookup) client() *http.Client {
	switch {
	case l.HTTPClient == nil && l.AllowPrivate:
		return openClient()
	case l.HTTPClient == nil:
		return publicClient()
	}
	c := *l.HTTPClient
	c.Jar = nil
	return &c
}

// publicClient refuses private addresses when it dials, so that no answer of DNS can lead
// a look-up into the network behind the program; openClient does not.
var (
	publicClient = sync.OnceValue(func() *http.Client { return newClient(&net.Dialer{Control: safehttp.PublicOnly}) })
	openClient   = sync.OnceValue(func() *http.Client { return newClient(&net.Dialer{}) })
)

func newClient(d *net.Dialer) *http.Client {
	d.Timeout = 10 * time.Second
	return &http.Client{Transport: &http.Transport{
		DialContext: d.DialContext, MaxResponseHeaderBytes: safehttp.MaxHeader, ForceAttemptHTTP2: true,
		TLSHandshakeTimeout: 10 * time.Second, MaxIdleConns: 20, IdleConnTimeout: 30 * time.Second,
	}}
}

func trace(h http.Header) Trace {
	get := func(name string) string { return safehttp.Clean(strings.Join(h.Values(name), ", "), 128) }
	t := Trace{RequestID: safehttp.RequestID(h), FrontEnd: get("X-FEServer"), BackEnd: get("X-BEServer"),
		Target: get("X-CalculatedBETarget"), Version: get("X-OWA-Version"), DiagInfo: get("X-DiagInfo"), Date: get("Date")}
	if t.Version == "" {
		t.Version = get("MS-Server-ActiveSync")
	}
	return t
}

// unwrapRequest drops the URL of a request error: the hop has it.
func unwrapRequest(err error) error {
	var re *safehttp.RequestError
	if errors.As(err, &re) {
		return re.Err
	}
	return err
}

// refusesAddress reports whether host is a private address that may not be asked.
func (l *lookup) refusesAddress(host string) bool { return !l.AllowPrivate && isLocal(host) }

// isLocal reports whether host is an address that is not public, in any of the spellings
// that resolvers understand.
func isLocal(host string) bool {
	if host == "localhost" || strings.HasSuffix(host, ".localhost") {
		return true
	}
	if a, err := netip.ParseAddr(host); err == nil {
		return !safehttp.IsPublic(a)
	}
	// 2130706433, 0x7f000001 and 127.1 are addresses to some resolvers and names to none.
	last := host[strings.LastIndexByte(host, '.')+1:]
	return last != "" && last[0] >= '0' && last[0] <= '9'
}
