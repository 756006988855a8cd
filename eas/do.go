package eas

import (
	"bytes"
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"mime"
	"net"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

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

// repeatable are the commands that a server recognizes or that do nothing when they come
// twice: the key of a Sync, the ClientId of a SendMail, and what only asks.
var repeatable = map[string]bool{
	"Sync": true, "FolderSync": true, "Ping": true, "Provision": true, "SendMail": true, "GetItemEstimate": true,
	"Search": true, "Find": true, "ResolveRecipients": true, "ValidateCert": true,
}

// A request is a command to send.
type request struct {
	command     string
	method      string // if "", POST
	contentType string // if "", WBXML
	body        []byte
	wait        time.Duration // that the server may take on purpose
	policyKey   string        // for Provision, instead of the state's
	saveSent    bool
	once        bool // must not be sent again by itself
	safe        bool // may be sent again, though the command in general may not

	params    params // of old mail commands
	multipart bool   // ask for a multipart answer
	// sink, if not nil, gets an answer that is longer than some kilobytes as it comes. A
	// shorter one is read as usual, since it may be a status.
	sink func(r *response, body io.Reader) error
}

// again reports whether sending the request twice does no harm.
func (q *request) again() bool { return (repeatable[q.command] || q.safe) && !q.once }

// A response is an answer that came.
type response struct {
	command    string
	status     int
	body       []byte
	mediaType  string
	requestID  string
	server     string
	throttle   string
	retryAfter time.Duration
	location   *url.URL
	site       *site // that was asked
	offer      *bearer.Offer
	versions   []string
	commands   []string
	activeSync string
	streamed   bool // the body went to the sink
}

// send sends a request, and sends it again to where the server says the mailbox has moved.
func (c *Client) send(ctx context.Context, q request) (*response, error) {
	r, err := c.sendOnce(ctx, q)
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
		r, err = c.sendOnce(ctx, q)
	}
	return r, err
}

// move goes to where an answer with status 451 points, and reports whether there is a reason
// to ask again.
func (c *Client) move(ctx context.Context, r *response) (bool, error) {
	to := r.location
	switch {
	case to == nil:
		return false, nil
	case safehttp.SameOrigin(to, r.site.url) && to.Path == r.site.url.Path:
		// QUIRK: eas.outlook.com answers 451 to its own host until the mailbox is named
		// in a cookie (mustang-im #220, EAS-4-TbSync #265).
		return c.anchor(r.site), nil
	}
	to = &url.URL{Scheme: to.Scheme, Host: to.Host, Path: to.Path, RawPath: to.RawPath}
	next := &site{to, r.site.http}
	if !safehttp.SameOrigin(to, r.site.url) {
		if c.Moved == nil {
			return false, nil
		}
		source, err := c.Moved(ctx, to)
		if err != nil {
			return false, err
		}
		if source == nil {
			return false, errors.New("Client.Moved returned no source of tokens")
		}
		if next, err = c.newSite(to, source); err != nil {
			return false, err
		}
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.site != r.site {
		return true, nil // another command has moved meanwhile
	}
	c.site, c.state.URL = next, to.String()
	return true, nil
}

// sendOnce is the one place that builds and sends a request.
func (c *Client) sendOnce(ctx context.Context, q request) (*response, error) {
	timeout := c.Timeout
	if timeout == 0 {
		timeout = DefaultTimeout
	}
	if q.wait > 0 {
		timeout += q.wait + waitSlack
	}
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	late := time.AfterFunc(timeout, func() { cancel(fmt.Errorf("no answer within %v: %w", timeout, errLate)) })
	defer late.Stop()
	here := c.here()
	req, err := c.newRequest(ctx, q, here)
	if err != nil {
		return nil, err
	}
	resp, err := safehttp.Do(here.http, req)
	if err != nil {
		return nil, c.sendError(ctx, q, err)
	}
	defer safehttp.Drain(resp.Body)
	r := c.header(q.command, resp, here)
	c.learnVersions(r)
	limit := c.MaxBody
	if limit == 0 {
		limit = DefaultMaxBody
	}
	if r.status != http.StatusOK {
		return r, nil
	}
	if q.sink != nil {
		err := r.stream(q, &patient{resp.Body, late, timeout})
		var e *Error
		if err != nil && !errors.As(err, &e) {
			err = c.sendError(ctx, q, err)
		}
		return r, err
	}
	if r.body, err = safehttp.ReadAll(resp.Body, limit); err != nil {
		return nil, c.sendError(ctx, q, fmt.Errorf("the answer was not read to its end: %w", err))
	}
	return r, nil
}

func (c *Client) newRequest(ctx context.Context, q request, here *site) (*http.Request, error) {
	method := q.method
	if method == "" {
		method = http.MethodPost
	}
	u := *here.url
	state := c.State()
	key := state.PolicyKey
	if q.command == "Provision" {
		key = q.policyKey
	}
	compact := false
	if q.command != "OPTIONS" {
		raw := query{
			version: state.Version, command: q.command, user: c.User, device: c.device,
			saveSent: q.saveSent, multipart: q.multipart, params: q.params,
		}
		u.RawQuery = raw.plain()
		if c.Base64Query {
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
	if q.command == "OPTIONS" {
		return req, nil
	}
	if q.multipart {
		h.Set("MS-ASAcceptMultiPart", "T")
	}
	if q.again() {
		// QUIRK: SOGo closes the connection behind every answer without saying so.
		// net/http sends a request again on a new connection only if it may; the empty
		// entry says so and is not sent.
		h["Idempotency-Key"] = []string{}
	}
	if !compact {
		h.Set("MS-ASProtocolVersion", string(state.Version))
		if key != "" && q.command != "Ping" {
			h.Set("X-MS-PolicyKey", key)
		}
	}
	return req, nil
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

// sendError wraps the failure of an exchange that brought no answer.
func (c *Client) sendError(ctx context.Context, q request, err error) error {
	var re *safehttp.RequestError
	if errors.As(err, &re) {
		err = re.Cause()
	}
	if cause := context.Cause(ctx); cause != nil && errors.Is(err, ctx.Err()) {
		err = cause
	}
	e := &Error{Command: q.command, Err: err}
	if q.again() && isNetwork(err) {
		e.Action = ActionRetry
	}
	var refresh *bearer.RefreshError
	if errors.As(err, &refresh) {
		e.HTTPStatus, e.Offer, e.RequestID, e.Action = refresh.Status, refresh.Offer, refresh.RequestID, ActionReauth
	} else if errors.Is(err, safehttp.ErrTooLarge) {
		e.Action = ActionAdjust
	}
	return e
}

// isNetwork reports whether an exchange failed on the way, or took too long, so that another
// may do better.
func isNetwork(err error) bool {
	var certificate *tls.CertificateVerificationError
	var op *net.OpError
	switch {
	case errors.Is(err, context.Canceled), errors.As(err, &certificate):
		return false
	case errors.Is(err, errLate), errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF), errors.Is(err, io.ErrClosedPipe):
		return true
	}
	var timeout interface{ Timeout() bool }
	return errors.As(err, &op) || errors.As(err, &timeout) && timeout.Timeout() && !errors.Is(err, context.DeadlineExceeded)
}

// errLate is within the error of a command that took longer than [Client.Timeout].
var errLate = fmt.Errorf("too late: %w", context.DeadlineExceeded)

// unexpected is the error of an answer that is not ActiveSync.
func (r *response) unexpected(why string) error {
	near := ""
	if len(r.body) > 0 {
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

// decode reads the document into v.
func (r *response) decode(v any) error {
	if err := wbxml.Unmarshal(r.body, v); err != nil {
		return r.unexpected("the document cannot be read: " + err.Error())
	}
	return nil
}

// command sends a command with all that a client has to do around it: the version, the
// first provisioning, and one more provisioning and repetition when the server demands it.
func (c *Client) command(ctx context.Context, q request) (*response, error) {
	if err := c.init(); err != nil {
		return nil, err
	}
	if _, err := c.version(ctx); err != nil {
		return nil, err
	}
	if !c.State().Provisioned {
		if _, err := c.provisionOnce(ctx, State{}); err != nil {
			return nil, err
		}
	}
	before := c.State()
	r, err := c.send(ctx, q)
	if err != nil {
		return nil, err
	}
	demand := r.demands()
	if demand == actionDoubt && c.negotiatedOfLate() {
		return r, nil
	}
	switch demand {
	case ActionProvision, ActionWipe:
		if _, err := c.provisionOnce(ctx, before); err != nil {
			return nil, err
		}
		return c.send(ctx, q)
	case ActionVersion, actionDoubt:
		v, err := c.renegotiate(ctx)
		if err != nil || v == before.Version {
			return r, err
		}
		return c.send(ctx, q)
	}
	return r, nil
}

// demands returns what the server wants done before it runs any command.
func (r *response) demands() Action {
	switch {
	case r.status == 449:
		return ActionProvision
	case r.status != http.StatusOK || len(r.body) == 0 || r.command == "Provision":
		return ""
	}
	code, ok := topStatus(r.body)
	if !ok || code < 101 {
		return ""
	}
	if a := lookupStatus(r.command, "", code).action; a == ActionProvision || a == ActionWipe || a == ActionVersion {
		return a
	}
	if code >= 102 && code <= 105 {
		// A server that has been changed may not understand what it did before.
		return actionDoubt
	}
	return ""
}

// actionDoubt is ActionVersion, unless the version has been negotiated of late.
const actionDoubt Action = "doubt"

// topStatus reads the status that is the first child of the root, without reading further.
func topStatus(doc []byte) (int, bool) {
	var d wbxml.Decoder
	d.ResetBytes(doc)
	if t, err := d.ReadToken(); err != nil || t.Kind != wbxml.KindStart {
		return 0, false
	}
	t, err := d.ReadToken()
	if err != nil || t.Kind != wbxml.KindStart || t.Tag.Name() != "Status" {
		return 0, false
	}
	text, err := d.ReadText()
	if err != nil {
		return 0, false
	}
	n, err := strconv.Atoi(strings.TrimSpace(string(text)))
	return n, err == nil
}

// anchor sets the cookie that names the mailbox, and reports whether it was not set before.
func (c *Client) anchor(here *site) bool {
	const name = "DefaultAnchorMailbox"
	for _, k := range here.http.Jar.Cookies(here.url) {
		if k.Name == name {
			return false
		}
	}
	here.http.Jar.SetCookies(here.url, []*http.Cookie{{Name: name, Value: url.PathEscape(c.User), Secure: true}})
	return true
}

// Do sends any command with a document of the caller's and returns the server's document, both in
// WBXML, for what the typed methods do not know. It provisions and refreshes as they do.
// The status in the answer is the caller's to read. A nil document sends no body.
func (c *Client) Do(ctx context.Context, command string, document []byte) ([]byte, error) {
	if _, ok := commandCodes[command]; !ok {
		return nil, fmt.Errorf("eas: %q is no command", safehttp.Clean(command, 32))
	}
	r, err := c.command(ctx, request{command: command, body: document, once: command == "SendMail"})
	if err != nil {
		return nil, err
	}
	if err := r.check(true); err != nil {
		return nil, err
	}
	return r.body, nil
}

// run sends a command as a struct and reads the answer into another.
func (c *Client) run(ctx context.Context, q request, in, out any, emptyOK bool) (*response, error) {
	if in != nil {
		doc, err := wbxml.Marshal(in)
		if err != nil {
			return nil, fmt.Errorf("eas: %s: %w", q.command, err)
		}
		q.body = doc
	}
	r, err := c.command(ctx, q)
	if err != nil {
		return nil, err
	}
	if err := r.check(emptyOK); err != nil {
		return nil, err
	}
	if len(r.body) == 0 {
		return r, nil
	}
	return r, r.decode(out)
}
