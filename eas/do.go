package eas

import (
	"bytes"
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"mime"
	"net/http"
	"net/http/httptrace"
	"net/url"
	"strconv"
	"strings"
	"sync/atomic"
	"time"

	"golang.org/x/oauth2"

	"github.com/easoauth/easoauth/bearer"
	"github.com/easoauth/easoauth/internal/safehttp"
	"github.com/easoauth/easoauth/internal/wbxml"
)

const (
	typeWBXML     = "application/vnd.ms-sync.wbxml"
	typeWBXMLOld  = "application/vnd.ms-sync"
	typeMultipart = "application/vnd.ms-sync.multipart"
	typeRFC822    = "message/rfc822"
)

// A request is a command to send.
type request struct {
	command     string
	part        string  // of the command, where [resends] tells it from the rest
	version     Version // for which the body was made; "" if it is as good for any
	method      string  // if "", POST
	path        string  // if not "", instead of the URL's, and without a query
	contentType string  // if "", WBXML
	body        []byte
	wait        time.Duration // that the server may take on purpose
	policyKey   string        // X-MS-PolicyKey; command sets that of the state
	asked       asked         // of Sync
	saveSent    bool
	clientID    bool // the body has a ClientId
	anyVersion  bool // the body is as good for any version

	params    params // of old mail commands
	multipart bool   // request a multipart response
	// sink, if not nil, gets a response that is longer than some kilobytes as it comes. A
	// shorter one is read as usual, since it may be a status.
	sink func(r *response, body io.Reader) error
}

// A response is a response that came.
type response struct {
	command    string
	status     int
	body       []byte
	batch      *wbxml.Batch // of what is read from body
	mediaType  string
	requestID  string
	server     string
	throttle   string
	retryAfter time.Duration
	location   *url.URL
	verdict    Verdict // about location
	site       *site   // that was asked
	offer      *bearer.Offer
	versions   []string
	commands   []string
	activeSync string
	streamed   bool // the body went to the sink
	tooLarge   bool // the web server refuses the length of the request
}

// An exchange is one request under way.
type exchange struct {
	command        string
	version        Version
	start          time.Time
	sent, received int64     // bytes of bodies
	response       *response // once its header has come
	token          *oauth2.Token
	renewed        bool        // the token was refused and refreshed
	traced         atomic.Bool // the transport reports its connections
	connected      atomic.Bool // a connection was found, so that something may have been sent
	shared         atomic.Bool // over HTTP/2: the next request will get the same connection
}

type exchangeKey struct{}

func exchangeOf(ctx context.Context) *exchange {
	x, _ := ctx.Value(exchangeKey{}).(*exchange)
	return x
}

// send sends a request, and sends it again to where the server says the mailbox has moved.
func (c *Client) send(ctx context.Context, q request) (*response, error) {
	r, err := c.sendHere(ctx, q)
	for moves := 0; err == nil && r.status == statusRedirect && moves < maxMoves; moves++ {
		moved, moveErr := c.move(ctx, r)
		if moveErr != nil {
			e := r.httpError()
			e.Err = moveErr
			return nil, e
		}
		if !moved {
			break
		}
		r, err = c.sendHere(ctx, q)
	}
	return r, err
}

// sendHere sends a request, and once more with another token if the first was refused with
// 403. Status 401 is the transport's.
func (c *Client) sendHere(ctx context.Context, q request) (*response, error) {
	r, x, err := c.transmit(ctx, q)
	if err != nil || r.status != http.StatusForbidden {
		return r, err
	}
	again, err := r.site.renew(ctx, x, r)
	switch {
	case err != nil:
		e := r.httpError()
		e.Err = fmt.Errorf("the token could not be refreshed: %w", err)
		e.sourceFailed(err)
		return nil, e
	case again:
		r, _, err = c.transmit(ctx, q)
	}
	return r, err
}

// suspectPause is what the transport needs to see that a request which was late is over.
const suspectPause = 50 * time.Millisecond

// transmit is the one place that builds and sends a request.
func (c *Client) transmit(ctx context.Context, q request) (r *response, x *exchange, err error) {
	timeout := c.timeout()
	if q.wait > 0 {
		timeout += q.wait + waitSlack
	}
	clock := budgetOf(ctx)
	if clock == nil || q.wait > 0 {
		ctx, clock = withBudget(ctx, timeout)
		defer clock.stop()
	}
	x = &exchange{command: q.command, version: q.version, start: time.Now(), sent: int64(len(q.body))}
	ctx = httptrace.WithClientTrace(context.WithValue(ctx, exchangeKey{}, x), &httptrace.ClientTrace{
		GetConn: func(string) { x.traced.Store(true) },
		GotConn: func(i httptrace.GotConnInfo) {
			x.connected.Store(true)
			if conn, ok := i.Conn.(*tls.Conn); ok && conn.ConnectionState().NegotiatedProtocol == "h2" {
				x.shared.Store(true)
			}
		},
	})
	here := c.here()
	req, err := c.newRequest(ctx, q, here)
	if err != nil {
		return nil, x, err
	}
	defer func() {
		if x.shared.Load() && errors.Is(err, errLate) {
			c.suspect.Store(true)
		}
		c.observe(ctx, x, err)
	}()
	if c.suspect.CompareAndSwap(true, false) {
		pause(ctx, suspectPause)
		c.base.CloseIdleConnections()
	}
	resp, err := safehttp.Do(here.http, req)
	if err != nil {
		return nil, x, c.sendError(ctx, &q, err)
	}
	defer safehttp.Drain(resp.Body)
	r = c.header(q.command, resp, here)
	x.response = r
	c.learnVersions(r)
	limit := c.MaxResponseBytes
	if limit == 0 {
		limit = DefaultMaxResponseBytes
	}
	body := &received{resp.Body, x, clock, q.sink != nil}
	if r.status != http.StatusOK {
		r.tooLarge = len(q.body) >= minTooLarge && refusesLength(r.status, body)
		return r, x, nil
	}
	here.worked(x.token)
	if q.sink != nil {
		err := r.stream(q, body)
		var e *Error
		switch {
		case err == nil, errors.As(err, &e):
		case isNetwork(err) || ctx.Err() != nil:
			err = c.sendError(ctx, &q, err)
		default: // of the one that the body was passed on to
			err = &Error{Command: q.command, RequestID: r.requestID, Server: r.server, Err: err}
		}
		r.trim()
		return r, x, err
	}
	if r.body, err = safehttp.ReadSized(body, resp.ContentLength, limit); err != nil {
		return nil, x, c.sendError(ctx, &q, fmt.Errorf("the response was not read to its end: %w", err))
	}
	r.trim()
	return r, x, nil
}

// isDocument reports whether the body is a WBXML document and nothing else.
func (r *response) isDocument() bool {
	return r.mediaType == typeWBXML || r.mediaType == typeWBXMLOld || r.mediaType == "" && r.command != "GetAttachment"
}

// trim takes the line breaks away that some servers and gateways send behind the document.
// No document ends with such a byte, and one that is passed on as it comes may have them; but a
// response of nothing else is empty.
func (r *response) trim() {
	if r.isDocument() {
		r.body = bytes.TrimRight(r.body, "\r\n")
	}
}

// received is the body of a response on its way. Where it is passed on as it comes, the
// server has as long for each piece as for a whole command.
type received struct {
	io.Reader
	x       *exchange
	clock   *budget
	patient bool
}

func (b *received) Read(p []byte) (int, error) {
	n, err := b.Reader.Read(p)
	b.x.received += int64(n)
	if n > 0 && b.patient {
		b.clock.refill()
	}
	if err != nil && err != io.EOF {
		err = &networkError{err}
	}
	return n, err
}

func (c *Client) newRequest(ctx context.Context, q request, here *site) (*http.Request, error) {
	method := q.method
	if method == "" {
		method = http.MethodPost
	}
	u := *here.url
	if q.path != "" {
		u.Path, u.RawPath, u.RawQuery = q.path, "", ""
	}
	isCommand := q.command != "OPTIONS" && q.path == ""
	key := q.policyKey
	compact := false
	if isCommand {
		raw := query{
			version: q.version, command: q.command, user: c.User, device: c.device,
			saveSent: q.saveSent, multipart: q.multipart, params: q.params,
		}
		u.RawQuery = raw.plain()
		if c.Base64Query && isCompactKey(key) {
			if q.command != "Ping" {
				raw.policyKey = key
			}
			var err error
			if u.RawQuery, err = raw.base64(); err != nil {
				return nil, err
			}
			compact = true
		}
	}
	req, err := http.NewRequestWithContext(ctx, method, u.String(), bytes.NewReader(q.body))
	if err != nil {
		return nil, fmt.Errorf("eas: %s: the request cannot be made", q.command)
	}
	h := req.Header
	h.Set("User-Agent", c.device.UserAgent)
	if c.Language != "" {
		h.Set("Accept-Language", c.Language)
	}
	if len(q.body) > 0 {
		h.Set("Content-Type", typeWBXML)
		if q.contentType != "" {
			h.Set("Content-Type", q.contentType)
		}
	}
	if q.again() {
		// QUIRK: SOGo closes the connection behind every response without saying so.
		// net/http sends a request again on a new connection only if it may; the empty
		// entry says so and is not sent.
		h["Idempotency-Key"] = []string{}
	}
	if !isCommand {
		return req, nil
	}
	if q.multipart {
		h.Set("MS-ASAcceptMultiPart", "T")
	}
	if !compact {
		h.Set("MS-ASProtocolVersion", string(q.version))
		if key != "" && q.command != "Ping" {
			h.Set("X-MS-PolicyKey", key)
		}
	}
	return req, nil
}

// isCompactKey reports whether the compact query can carry a policy key. One that is not a
// number goes into the header, and the command into the plain query.
func isCompactKey(key string) bool {
	_, err := strconv.ParseUint(key, 10, 32)
	return key == "" || err == nil
}

func (c *Client) header(command string, resp *http.Response, here *site) *response {
	h := resp.Header
	r := &response{
		site: here, command: command, status: resp.StatusCode, requestID: safehttp.RequestID(h),
		server:     safehttp.Plain(h.Get("X-FEServer"), 64),
		throttle:   safehttp.Plain(h.Get("X-MS-ASThrottle"), 64),
		activeSync: safehttp.Plain(h.Get("MS-Server-ActiveSync"), 32),
		versions:   list(h, "MS-ASProtocolVersions"), commands: list(h, "MS-ASProtocolCommands"),
	}
	if v := list(h, "X-MS-RP"); len(v) > 0 && len(r.versions) == 0 {
		r.versions = v // [MS-ASHTTP] 2.2.2.1.3.2
	}
	r.mediaType, _, _ = mime.ParseMediaType(h.Get("Content-Type"))
	r.retryAfter, _ = safehttp.RetryAfter(h, time.Now(), maxRetryAfter)
	for _, name := range []string{"X-MS-Location", "Location"} {
		if v := h.Get(name); v != "" && len(h.Values(name)) == 1 {
			if u, err := safehttp.Resolve(here.url, v); err == nil {
				r.location = u
				r.verdict, _ = c.judge(u)
				break
			}
		}
	}
	if r.status == http.StatusUnauthorized || r.status == http.StatusForbidden {
		if o, err := bearer.FromResponse(resp); o != nil {
			r.offer = o
		} else {
			var oe *bearer.OfferError
			if errors.As(err, &oe) {
				r.offer = oe.Offer
			}
		}
	}
	return r
}

// list reads a comma list that may be spread over several fields.
func list(h http.Header, name string) []string {
	var out []string
	for v := range strings.SplitSeq(strings.Join(h.Values(name), ","), ",") {
		if v = strings.TrimSpace(v); v != "" && len(out) < 100 {
			out = append(out, safehttp.Clean(v, 32))
		}
	}
	return out
}

// unexpected is the error of a response that is not ActiveSync. It quotes the beginning of a text,
// which says what responded, and nothing of a document, which holds mail.
func (r *response) unexpected(why string) error {
	near := ""
	if len(r.body) > 0 && r.body[0] >= ' ' {
		near = fmt.Sprintf(", beginning %q", safehttp.Plain(string(r.body[:min(len(r.body), 256)]), 64))
	}
	return &Error{
		Command: r.command, HTTPStatus: r.status, RequestID: r.requestID, Server: r.server, Action: ActionReport,
		Err: fmt.Errorf("%w: %s (type %q%s)", ErrUnexpectedContent, why, safehttp.Plain(r.mediaType, 64), near),
	}
}

// check refuses an answer that is not a document. An empty one is let through if it may be.
func (r *response) check(emptyOK bool) error {
	switch {
	case r.status != http.StatusOK:
		return r.httpError()
	case len(r.body) == 0 && emptyOK:
		return nil
	case len(r.body) == 0:
		return r.unexpected("an empty answer")
	case r.mediaType != typeWBXML && r.mediaType != typeWBXMLOld && r.mediaType != "":
		return r.unexpected("not a WBXML document: a device in front may have answered")
	}
	return nil
}
