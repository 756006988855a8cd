package eastest

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"iter"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/easoauth/easoauth/internal/archive"
	"github.com/easoauth/easoauth/internal/wbxml"
)

// A Request is one request and the tenant's response to it. It is redacted: credentials are
// described but not kept, and a form keeps only the fields that are not secret.
type Request struct {
	Number           int // from 1
	Time             time.Time
	Host             string
	Method           string
	Path             string
	Query            url.Values
	Command          string      // of ActiveSync
	User             string      // the address of the mailbox, where a token names one
	Header           http.Header // without Authorization and Cookie
	Authorization    string      // "", "Bearer" for an empty one, "Bearer …" for a token, else the scheme
	Form             url.Values  // of a token request: grant_type, client_id, scope and their like
	Document         string      // a WBXML body as XML
	Status           int         // of the response; 0 if the connection was cut without one
	ResponseHeader   http.Header // of the response, without Set-Cookie
	ResponseDocument string      // a WBXML response as XML
	Why              []string    // the reasons for the response, in the order of the checks

	document, answer []byte // WBXML, read when it is asked for
	named            string // the user as the query names it
	sent, got        archive.Message
}

// size is what a request holds of the transcript's limit, in bytes.
func (r Request) size() int {
	return len(r.sent.Body) + len(r.got.Body) // a document is one of these
}

// String returns the request as one line.
func (r Request) String() string {
	s := r.Method + " " + r.Host + r.Path
	if r.Command != "" {
		s += " " + r.Command
	}
	if g := r.Form.Get("grant_type"); g != "" {
		s += " " + g
	}
	return fmt.Sprintf("%s %d", s, r.Status)
}

// decoded returns the request with its documents.
func (r Request) decoded() Request {
	r.Document, r.ResponseDocument = toXML(r.document), toXML(r.answer)
	return r
}

// maxKept bounds the documents of the transcript, in bytes.
const maxKept = 64 << 20

// A transcript keeps the last requests. Tenant.mu guards it.
type transcript struct {
	requests []Request
	number   int
	bytes    int
	watchers map[chan struct{}]bool
}

func (t *transcript) add(r Request, most int) {
	t.number++
	r.Number = t.number
	t.requests = append(t.requests, r)
	t.bytes += r.size()
	drop := 0
	for len(t.requests)-drop > max(most, 1) || t.bytes > maxKept && drop < len(t.requests)-1 {
		t.bytes -= t.requests[drop].size()
		drop++
	}
	if drop > 0 {
		clear(t.requests[:drop]) // what is forgotten is not held
		t.requests = t.requests[drop:]
	}
	for w := range t.watchers {
		select {
		case w <- struct{}{}:
		default:
		}
	}
}

// Requests returns the requests so far, in the order of their responses: the last
// [Options.MaxRequests] of them, and no more than hold documents of 64 MiB.
func (tn *Tenant) Requests() []Request { return tn.RequestsAfter(0) }

// RequestsAfter returns those requests whose Number is above n.
func (tn *Tenant) RequestsAfter(n int) []Request {
	tn.mu.Lock()
	i, _ := slices.BinarySearchFunc(tn.log.requests, n+1, func(r Request, n int) int { return r.Number - n })
	out := slices.Clone(tn.log.requests[i:])
	tn.mu.Unlock()
	for i := range out {
		out[i] = out[i].decoded()
	}
	return out
}

// ForgetRequests empties the transcript. The numbers continue.
func (tn *Tenant) ForgetRequests() {
	tn.mu.Lock()
	defer tn.mu.Unlock()
	tn.log.requests, tn.log.bytes = nil, 0
}

// Watch yields each request after its response, from the call on, until ctx ends or the tenant is
// closed. A consumer that is slow misses what the transcript has forgotten.
func (tn *Tenant) Watch(ctx context.Context) iter.Seq[Request] {
	tn.mu.Lock()
	from := tn.log.number
	tn.mu.Unlock()
	return func(yield func(Request) bool) {
		last := from
		news := make(chan struct{}, 1)
		tn.mu.Lock()
		if tn.log.watchers == nil {
			tn.log.watchers = map[chan struct{}]bool{}
		}
		tn.log.watchers[news] = true
		tn.mu.Unlock()
		defer func() {
			tn.mu.Lock()
			delete(tn.log.watchers, news)
			tn.mu.Unlock()
		}()
		for {
			for _, r := range tn.RequestsAfter(last) {
				last = r.Number
				if !yield(r) {
					return
				}
			}
			select {
			case <-news:
			case <-ctx.Done():
				return
			case <-tn.net.closed:
				return
			}
		}
	}
}

// A note is what a handler says about the request at hand.
type note struct {
	user string
	why  []string
	then *Failure // what happens to the response on its way
}

type noteKey struct{}

// because notes why the server responds as it does. Nothing of a token, a code or a password
// goes into it.
func because(r *http.Request, format string, args ...any) {
	if r == nil {
		return
	}
	if n, ok := r.Context().Value(noteKey{}).(*note); ok {
		n.why = append(n.why, fmt.Sprintf(format, args...))
	}
}

// afterwards has the response of a handler meet a failure on its way.
func afterwards(r *http.Request, f *Failure) {
	if n, ok := r.Context().Value(noteKey{}).(*note); ok {
		n.then = f
	}
}

// of notes whose mailbox the request is about.
func of(r *http.Request, user string) {
	if n, ok := r.Context().Value(noteKey{}).(*note); ok {
		n.user = user
	}
}

// maxRequest bounds a body, in bytes.
const maxRequest = 32 << 20

// record responds to a request by h, or by a failure that was set for it, and keeps both in the
// transcript.
func (tn *Tenant) record(w http.ResponseWriter, r *http.Request, host string, h http.Handler) {
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, maxRequest))
	if err != nil {
		w.WriteHeader(http.StatusRequestEntityTooLarge)
		return
	}
	r.Body = io.NopCloser(bytes.NewReader(body))
	entry := Request{
		Time: tn.now(), Host: host, Method: r.Method, Path: r.URL.Path, Query: r.URL.Query(),
		Command: r.URL.Query().Get("Cmd"), Header: r.Header.Clone(), Authorization: describe(r.Header),
	}
	if q, ok := parseQuery(r.URL.RawQuery); ok && entry.Command == "" {
		entry.Command = q.command
	}
	entry.named = userNamed(r)
	for name := range entry.Query {
		if slices.Contains(archive.Secrets, strings.ToLower(name)) {
			delete(entry.Query, name)
		}
	}
	for _, name := range []string{"Authorization", "Proxy-Authorization", "Cookie"} {
		entry.Header.Del(name)
	}
	switch {
	case strings.HasPrefix(r.Header.Get("Content-Type"), "application/x-www-form-urlencoded"):
		entry.Form = url.Values{}
		if form, err := url.ParseQuery(string(body)); err == nil {
			for _, f := range archive.PublicFields {
				if form.Has(f) {
					entry.Form[f] = form[f]
				}
			}
		}
	case strings.HasPrefix(r.Header.Get("Content-Type"), typeWBXML):
		entry.document = body
	}
	secret := &archive.Redactor{}
	entry.sent = secret.Sent(r, host, body)
	a := &answer{header: http.Header{}}
	var f *Failure
	tn.mu.Lock()
	mark := tn.o.Header.Clone()
	tn.mu.Unlock()
	n := &note{}
	r = r.WithContext(context.WithValue(r.Context(), noteKey{}, n))
	defer func() {
		// A panic of a handler cuts the connection, as in net/http.
		cut := recover()
		if cut == nil {
			maps.Copy(a.header, mark)
			entry.Status = a.code()
			entry.ResponseHeader = publicReply(a.header)
			entry.got = secret.Received(a.code(), a.header, a.body.Bytes())
			if strings.HasPrefix(a.header.Get("Content-Type"), typeWBXML) {
				entry.answer = entry.got.Body
			}
		}
		tn.mu.Lock()
		entry.User, entry.Why = n.user, n.why
		if cut == nil {
			tn.remember(entry, a)
		}
		tn.log.add(entry, tn.o.MaxRequests)
		tn.mu.Unlock()
		if cut != nil {
			panic(cut)
		}
		// Only now: a client that has the response finds the request in the transcript.
		if f != nil {
			f.send(a, w, r)
			return
		}
		a.send(w)
	}()
	f = tn.takeFailure(entry)
	if f != nil {
		because(r, "a failure that the test set")
	}
	if f == nil || !f.instead(a, r) && !(f.Stale && tn.stale(entry, a)) {
		h.ServeHTTP(a, r)
	}
	if f != nil && f.Twice {
		a = &answer{header: http.Header{}}
		r.Body = io.NopCloser(bytes.NewReader(body))
		h.ServeHTTP(a, r)
	}
	if f == nil {
		f = n.then
	}
	if f != nil {
		f.after(a)
	}
}

// userNamed returns the user that a request's query names, or "".
func userNamed(r *http.Request) string {
	if q, ok := parseQuery(r.URL.RawQuery); ok && q.user != "" {
		return q.user
	}
	for name, v := range r.URL.Query() {
		if n := strings.ToLower(name); (n == "user" || n == "email" || n == "login_hint") && len(v) > 0 {
			return v[0]
		}
	}
	return ""
}

// publicReply is a response's header without cookies, and without the query of a redirect,
// which holds a code.
func publicReply(h http.Header) http.Header {
	h = h.Clone()
	h.Del("Set-Cookie")
	if to := h.Get("Location"); to != "" {
		path, _, cut := strings.Cut(to, "?")
		if cut {
			path += "?…"
		}
		h.Set("Location", path)
	}
	return h
}

func describe(h http.Header) string {
	v, ok := h["Authorization"]
	if !ok {
		return ""
	}
	scheme, rest, _ := strings.Cut(strings.Join(v, ", "), " ")
	if strings.TrimSpace(rest) != "" {
		scheme += " …"
	}
	return scheme
}

func toXML(doc []byte) string {
	if len(doc) == 0 {
		return ""
	}
	var b strings.Builder
	if err := wbxml.ToXML(&b, bytes.NewReader(doc), &wbxml.XMLOptions{Plain: true}); err != nil {
		return "not WBXML: " + err.Error()
	}
	return b.String()
}

// place tells requests apart whose responses a broken cache would confuse.
func (r Request) place() string { return r.Method + " " + r.Host + r.Path + "?" + r.Command }

// maxPlaces is for how many places a response is kept.
const maxPlaces = 100

// remember keeps the response for [Failure.Stale]. The caller holds tn.mu, and changes it no more.
func (tn *Tenant) remember(r Request, a *answer) {
	if tn.last == nil || len(tn.last) >= maxPlaces {
		tn.last = map[string]*answer{}
	}
	tn.last[r.place()] = a
}

// stale returns the response to the last request to the same place, if there was one.
func (tn *Tenant) stale(r Request, a *answer) bool {
	tn.mu.Lock()
	defer tn.mu.Unlock()
	last, ok := tn.last[r.place()]
	if ok {
		a.header, a.status = last.header.Clone(), last.status
		a.body.Write(last.body.Bytes())
	}
	return ok
}

// An answer keeps what a handler answers until it is sent.
type answer struct {
	header http.Header
	status int
	body   bytes.Buffer
}

func (a *answer) Header() http.Header { return a.header }

func (a *answer) WriteHeader(status int) {
	if a.status == 0 {
		a.status = status
	}
}

func (a *answer) Write(b []byte) (int, error) { return a.body.Write(b) }

func (a *answer) code() int {
	if a.status == 0 {
		return http.StatusOK
	}
	return a.status
}

func (a *answer) send(w http.ResponseWriter) {
	maps.Copy(w.Header(), a.header)
	w.WriteHeader(a.code())
	_, _ = w.Write(a.body.Bytes()) // the client may have hung up
}
