package eastest

import (
	"bytes"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/easoauth/easoauth/internal/wbxml"
)

// A Request is one request that the tenant answered. It is redacted: credentials are
// described and not held, and of a form only what is no secret is kept.
type Request struct {
	Time          time.Time
	Host          string
	Method        string
	Path          string
	Query         url.Values
	Command       string      // of ActiveSync
	Header        http.Header // without Authorization and Cookie
	Authorization string      // "", "Bearer" for an empty one, "Bearer …" for a token, else the scheme
	Form          url.Values  // of a token request: grant_type, client_id, scope and their like
	Document      string      // a WBXML body as XML
	Status        int         // of the answer; 0 if the connection was cut
	Answer        string      // a WBXML answer as XML
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

// Requests returns all requests so far, in the order in which they were answered.
func (tn *Tenant) Requests() []Request {
	tn.mu.Lock()
	defer tn.mu.Unlock()
	return slices.Clone(tn.requests)
}

// publicFields of a form are no secrets.
var publicFields = []string{"grant_type", "client_id", "scope", "resource", "redirect_uri", "response_type",
	"response_mode", "code_challenge_method", "requested_token_use", "prompt"}

// maxRequest bounds a body, in bytes.
const maxRequest = 32 << 20

// record answers a request by h, or by a fault that was set for it, and keeps both in the
// transcript.
func (tn *Tenant) record(w http.ResponseWriter, r *http.Request, host string, h http.Handler) {
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, maxRequest))
	if err != nil {
		w.WriteHeader(http.StatusRequestEntityTooLarge)
		return
	}
	r.Body = io.NopCloser(bytes.NewReader(body))
	entry := Request{
		Time: time.Now(), Host: host, Method: r.Method, Path: r.URL.Path, Query: r.URL.Query(),
		Command: r.URL.Query().Get("Cmd"), Header: r.Header.Clone(), Authorization: describe(r.Header),
	}
	if q, ok := parseQuery(r.URL.RawQuery); ok && entry.Command == "" {
		entry.Command = q.command
	}
	for _, secret := range []string{"code", "state", "nonce", "login_hint", "Email"} {
		entry.Query.Del(secret)
	}
	entry.Header.Del("Authorization")
	entry.Header.Del("Cookie")
	switch {
	case strings.HasPrefix(r.Header.Get("Content-Type"), "application/x-www-form-urlencoded"):
		entry.Form = url.Values{}
		if form, err := url.ParseQuery(string(body)); err == nil {
			for _, f := range publicFields {
				if form.Has(f) {
					entry.Form[f] = form[f]
				}
			}
		}
	case strings.HasPrefix(r.Header.Get("Content-Type"), typeWBXML):
		entry.Document = toXML(body)
	}
	a := &answer{ResponseWriter: w, status: http.StatusOK}
	defer func() {
		cut := recover()
		entry.Status = a.status
		if cut != nil {
			entry.Status = 0
		} else if strings.HasPrefix(w.Header().Get("Content-Type"), typeWBXML) {
			entry.Answer = toXML(a.body.Bytes())
		}
		tn.mu.Lock()
		tn.requests = append(tn.requests, entry)
		tn.mu.Unlock()
		if cut != nil {
			panic(cut)
		}
	}()
	if f := tn.takeFault(entry); f != nil && f.serve(a, r) {
		return
	}
	h.ServeHTTP(a, r)
	if l, ok := a.ResponseWriter.(*lostWriter); ok && l.to == nil {
		panic(http.ErrAbortHandler)
	}
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

// An answer keeps what a handler answers.
type answer struct {
	http.ResponseWriter
	status int
	body   bytes.Buffer
}

func (a *answer) WriteHeader(status int) {
	a.status = status
	a.ResponseWriter.WriteHeader(status)
}

func (a *answer) Write(b []byte) (int, error) {
	if a.body.Len() < 4<<20 {
		a.body.Write(b)
	}
	return a.ResponseWriter.Write(b)
}
