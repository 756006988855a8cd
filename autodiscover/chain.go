package autodiscover

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"strings"
	"time"

	"golang.org/x/net/publicsuffix"

	"github.com/easoauth/easoauth/internal/fault"
	"github.com/easoauth/easoauth/internal/front"
	"github.com/easoauth/easoauth/internal/safehttp"
)

// A chain is the requests of one candidate.
type chain struct {
	*lookup
	*journal
	name      string
	vouched   bool              // all hosts so far are the cloud's own, and it was asked first
	trusted   []string          // foreign hosts that the chain may go to, as in origin.Policy
	confirmed bool              // Confirm has let one of them pass
	visits    map[string]int    // of a host and path
	jar       http.CookieJar    // of this chain alone: load balancers demand their cookies back
	cookies   map[string]string // that a place was sent
}

func (l *lookup) chain(j *journal, name string) *chain {
	jar, _ := cookiejar.New(&cookiejar.Options{PublicSuffixList: publicsuffix.List}) // which never fails
	return &chain{lookup: l, journal: j, name: name, visits: map[string]int{}, jar: jar, cookies: map[string]string{}}
}

// v2 asks host by AutoDiscover v2, and whom it redirects to.
func (l *lookup) v2(name, host string) candidate {
	return func(ctx context.Context, j *journal) *Endpoint {
		c := l.chain(j, name)
		c.vouched = name == "cloud"
		return c.follow(ctx, l.v2URL(host))
	}
}

// follow asks u, and whom it redirects to. It returns nil when the chain ends without an
// endpoint; the journal says why.
func (c *chain) follow(ctx context.Context, u *url.URL) *Endpoint {
	name := c.name
	for n := 0; ; n++ {
		hop := Hop{Candidate: name, URL: safehttp.Redact(u)}
		c.visits[place(u)]++
		c.cookies[place(u)] = c.cookiesFor(u)
		c.vouched = c.vouched && c.isCloud(u)
		start := time.Now()
		endpoint, next, err := c.ask(ctx, &hop, u)
		hop.Elapsed = time.Since(start)
		switch {
		case err != nil:
		case next != nil:
			err = c.mayFollow(ctx, u, next, n)
		default:
			endpoint.Foreign, err = c.allow(ctx, u, endpoint.URL, ErrBadEndpoint)
		}
		hop.Err = err
		c.add(hop)
		switch {
		case err != nil:
			return nil
		case endpoint != nil:
			if c.name == "cloud" && !c.confirmed {
				c.byCloud.Store(endpoint, true)
			}
			return endpoint
		}
		u, name = next, "redirect"
	}
}

// place is what a chain visits: counters in the query do not make another place of it.
func place(u *url.URL) string { return safehttp.Origin(u) + u.EscapedPath() }

// cookiesFor returns the cookies that a request to u carries.
func (c *chain) cookiesFor(u *url.URL) string {
	var b strings.Builder
	for _, k := range c.jar.Cookies(u) {
		b.WriteString(k.Name + "=" + k.Value + ";")
	}
	return b.String()
}

// mayFollow decides about a redirect, the n-th of the chain counted from 0.
func (c *chain) mayFollow(ctx context.Context, from, to *url.URL, n int) error {
	at := place(to)
	switch visits := c.visits[at]; {
	case n+1 > maxRedirects:
		return &HopError{Fault: "AD_REDIRECT_LOOP", Reason: fmt.Sprintf("more than %d redirects", maxRedirects), Err: ErrRedirect}
	case visits == 0:
	case visits == 1 && at == place(from) && c.cookiesFor(to) != c.cookies[at]: // it wants back the cookie that it has just set
	case c.isCloud(to):
		return &HopError{Fault: "AD_SELF_REDIRECT", Err: ErrSelfRedirect}
	default:
		return &HopError{Fault: "AD_REDIRECT_LOOP", Err: ErrSelfRedirect}
	}
	_, err := c.allow(ctx, from, to, ErrRedirect)
	return err
}

// ask sends one request. It returns the endpoint, or where the response redirects to, or
// why it is neither.
func (c *chain) ask(ctx context.Context, hop *Hop, u *url.URL) (*Endpoint, *url.URL, error) {
	ctx, cancel := context.WithTimeout(ctx, c.timeout())
	defer cancel()
	req, err := c.newRequest(ctx, http.MethodGet, u, "")
	if err != nil {
		return nil, nil, err
	}
	req.Header.Set("Accept", "application/json")
	resp, err := safehttp.Do(c.httpClient(c.jar), req)
	if err != nil {
		return nil, nil, unreachable(err)
	}
	defer safehttp.Drain(resp.Body)
	hop.note(resp)
	c.warn(resp)
	if s := resp.StatusCode; s >= 300 && s < 400 {
		return c.redirect(hop, resp)
	}
	body, err := safehttp.ReadSized(resp.Body, resp.ContentLength, safehttp.MaxJSON)
	if err != nil {
		return nil, nil, bodyError(resp.StatusCode, err)
	}
	return c.read(hop, resp, body)
}

// note keeps who responded.
func (h *Hop) note(resp *http.Response) {
	h.Status, h.Server = resp.StatusCode, trace(resp.Header)
	if who := front.Of(resp, nil); who.Kind != front.Website { // a redirect is a page, too
		h.By = who.String()
	}
}

// unreachable explains why a request brought no response.
func unreachable(err error) error {
	e := &HopError{Fault: "NO_RESPONSE", Reason: safehttp.Plain(err.Error(), 160), Err: errors.Join(ErrUnreachable, err)}
	var re *safehttp.RequestError
	if !errors.As(err, &re) {
		return e
	}
	e.Reason, e.Err = re.Detail(), errors.Join(ErrUnreachable, re.Err)
	switch {
	case re.Fault != "":
		e.Fault = string(re.Fault)
	case errors.Is(err, context.Canceled):
		e.Fault = "" // the caller, or a better candidate, ended it
	}
	return e
}

// bodyError explains why a body was not read.
func bodyError(status int, err error) error {
	e := &HopError{Status: status, Fault: "CONN_RESET", Reason: "the body was not read: " + safehttp.Plain(err.Error(), 128), Err: errors.Join(ErrServer, err)}
	switch {
	case errors.Is(err, safehttp.ErrTooLarge):
		e.Fault = "AD_NOT_V2"
	case errors.Is(err, context.DeadlineExceeded):
		e.Fault = "NO_RESPONSE"
	}
	return e
}

func (c *chain) redirect(hop *Hop, resp *http.Response) (*Endpoint, *url.URL, error) {
	refuse := func(id fault.ID, reason string, err error) (*Endpoint, *url.URL, error) {
		return nil, nil, &HopError{Status: resp.StatusCode, Fault: string(id), Reason: reason, Err: err}
	}
	next, err := safehttp.Location(resp)
	if err != nil {
		id := fault.ID("AD_REDIRECT_INVALID")
		if strings.HasPrefix(strings.ToLower(strings.TrimSpace(resp.Header.Get("Location"))), "http:") {
			id = "AD_REDIRECT_DOWNGRADE"
		}
		return refuse(id, err.Error(), errors.Join(ErrRedirect, err))
	}
	hop.Next = safehttp.Clean(next.Host, 256)
	path := strings.ToLower(next.Path)
	switch {
	case isActiveSyncPath(path) && c.protocol.Is(ActiveSync):
		return &Endpoint{URL: bareURL(next), Protocol: c.protocol}, nil, nil
	case strings.Contains(path, "/autodiscover.json"):
		return nil, next, nil
	case c.isCloud(resp.Request.URL) && !c.isCloud(next):
		return refuse("CAPTIVE_PORTAL", "", ErrDevice)
	case path == "" || path == "/":
		return refuse("WILDCARD_DNS", "", ErrDevice)
	}
	return refuse("AD_PREAUTH", "", ErrPreAuthentication)
}

func isActiveSyncPath(lower string) bool {
	return strings.HasSuffix(strings.TrimSuffix(lower, "/"), "/microsoft-server-activesync")
}

// bareURL drops what a response carries along and an endpoint must not.
func bareURL(u *url.URL) *url.URL {
	return &url.URL{Scheme: u.Scheme, Host: u.Host, Path: u.Path, RawPath: u.RawPath}
}

func (c *chain) read(hop *Hop, resp *http.Response, body []byte) (*Endpoint, *url.URL, error) {
	status := resp.StatusCode
	fail := func(id fault.ID, err error, format string, args ...any) (*Endpoint, *url.URL, error) {
		return nil, nil, &HopError{Status: status, Fault: string(id), Reason: fmt.Sprintf(format, args...), Err: err}
	}
	who := front.Of(resp, body)
	hop.By = who.String()
	a, notJSON := parseAnswer(body)
	if status == http.StatusTooManyRequests || status == http.StatusServiceUnavailable && !who.Down {
		wait, _ := safehttp.RetryAfter(resp.Header, time.Now(), maxRetryAfter)
		return nil, nil, &HopError{Status: status, RetryAfter: wait, Fault: "SERVER_BUSY", Err: ErrThrottled}
	}
	// An error code counts at any status: servers disagree about which to use.
	if se := a.serverError(); notJSON == nil && se != nil {
		var err error = se
		if status >= 500 {
			err = errors.Join(se, ErrServer)
		}
		return nil, nil, &HopError{Status: status, Fault: string(se.fault()), Reason: se.Error(), Err: err}
	}
	// Nobody but the network itself shows a page in the name of the cloud.
	page := who.Kind != front.Exchange && (who.HTML || who.Kind == front.Website)
	broken, why := failed(status)
	switch {
	case status == http.StatusProxyAuthRequired:
		return fail(broken, why, "")
	case who.Kind == front.Firewall && who.Ref != "":
		return fail("WAF_BLOCK", ErrDevice, "it logs the request as %s", who.Ref)
	case who.Kind == front.Firewall:
		return fail("WAF_BLOCK", ErrDevice, "")
	case who.Kind == front.Portal, page && status < 500 && c.isCloud(resp.Request.URL):
		return fail("CAPTIVE_PORTAL", ErrDevice, "")
	case who.Kind == front.RoutingPlane:
		return fail("EXO_NANOPROXY", ErrServer, "")
	case status == 403 && who.AddressRefused:
		return fail("ADDRESS_REFUSED", ErrDevice, "")
	case status == 403 && who.Kind == front.Website && !who.Login && len(resp.Header.Values("WWW-Authenticate")) == 0:
		return fail("WILDCARD_DNS", ErrDevice, "a web site refuses the path")
	case status == 403 && who.Own && who.Kind == front.Proxy && !who.Login && len(resp.Header.Values("WWW-Authenticate")) == 0:
		return fail("WAF_BLOCK", ErrDevice, "")
	case status == 401 || status == 403:
		return fail("AD_PREAUTH", ErrPreAuthentication, "")
	case broken != "":
		return fail(broken, why, "")
	case status == 200 && who.Login:
		return fail("AD_PREAUTH", ErrPreAuthentication, "a login page came instead of JSON")
	case status == 200 && who.Kind == front.Website && len(bytes.TrimSpace(body)) == 0:
		return fail("AD_PREAUTH", ErrPreAuthentication, "a page came instead of JSON")
	case status == 200 && page:
		return fail("WILDCARD_DNS", ErrDevice, "a page came instead of JSON")
	case status == 404 && who.Own && who.Kind == front.Proxy:
		return fail("EAS_NOT_EXCHANGE", errors.Join(ErrDevice, ErrNotV2), "")
	case status != 200:
		return fail("AD_NOT_V2", ErrNotV2, "")
	case notJSON != nil:
		return fail("AD_NOT_V2", ErrNotV2, "%v", notJSON)
	}
	return c.endpoint(hop, status, a)
}

// endpoint reads the URL of a good response.
func (c *chain) endpoint(hop *Hop, status int, a answer) (*Endpoint, *url.URL, error) {
	fail := func(id fault.ID, reason string) (*Endpoint, *url.URL, error) {
		return nil, nil, &HopError{Status: status, Fault: string(id), Reason: reason, Err: ErrBadEndpoint}
	}
	u, err := url.Parse(strings.TrimSpace(a.URL))
	if err != nil || a.URL == "" {
		return fail("AD_WRONG_URL", "the Url is empty or does not parse")
	}
	if err := safehttp.CheckURL(u); err != nil {
		return fail("AD_WRONG_URL", err.Error())
	}
	hop.Next = safehttp.Clean(u.Host, 256)
	protocol := Protocol(safehttp.Plain(a.Protocol, 64))
	if protocol == "" {
		protocol = c.protocol
	}
	if !protocol.Is(c.protocol) {
		return fail("NOT_ACTIVESYNC", "the response is about another protocol than the request")
	}
	u = bareURL(u)
	if c.protocol.Is(ActiveSync) && !completeActiveSync(u) {
		return fail("NOT_ACTIVESYNC", "")
	}
	return &Endpoint{URL: u, Protocol: protocol}, nil, nil
}

// otherServices are paths of Exchange that are not ActiveSync.
var otherServices = []string{"/ews", "/owa", "/ecp", "/mapi", "/oab", "/rpc", "/powershell", "/autodiscover", "/api", "/public", "/exchange", "/exchweb"}

// completeActiveSync gives a URL without a path that of ActiveSync, and reports whether the
// URL may be one of ActiveSync.
func completeActiveSync(u *url.URL) bool {
	path := strings.ToLower(u.Path)
	if strings.Trim(path, "/") == "" {
		// QUIRK: Exchange Online has named its bare host (EAS-4-TbSync #312).
		u.Path, u.RawPath = "/Microsoft-Server-ActiveSync", ""
		return true
	}
	for _, other := range otherServices {
		if path == other || strings.HasPrefix(path, other+"/") {
			return false
		}
	}
	return true
}

func trace(h http.Header) Trace {
	get := func(name string) string { return safehttp.Plain(strings.Join(h.Values(name), ", "), 128) }
	t := Trace{RequestID: safehttp.RequestID(h), FrontEnd: get("X-FEServer"), BackEnd: get("X-BEServer"),
		Target: get("X-CalculatedBETarget"), Version: get("X-OWA-Version"), DiagInfo: get("X-DiagInfo"), Date: get("Date")}
	if t.Version == "" {
		t.Version = get("MS-Server-ActiveSync")
	}
	return t
}
