package eastest

import (
	"bytes"
	"fmt"
	"io"
	"maps"
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
	Status        int         // of the answer; 0 if the connection was cut without one
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

// secrets are parameters of a query, in lower case, that are not kept.
var secrets = []string{"access_token", "assertion", "client_secret", "code", "code_verifier", "device_code", "email",
	"id_token", "id_token_hint", "login_hint", "nonce", "password", "refresh_token", "state", "username"}

// maxRequest bounds a body, in bytes.
const maxRequest = 32 << 20

// record answers a request by h, or by a failure that was set for it, and keeps both in the
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
	for name := range entry.Query {
		if slices.Contains(secrets, strings.ToLower(name)) {
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
			for _, f := range publicFields {
				if form.Has(f) {
					entry.Form[f] = form[f]
				}
			}
		}
	case strings.HasPrefix(r.Header.Get("Content-Type"), typeWBXML):
		entry.Document = toXML(body)
	}
	a := &answer{header: http.Header{}}
	defer func() {
		// A panic of a handler cuts the connection, as in net/http.
		cut := recover()
		if cut == nil {
			entry.Status = a.code()
			if strings.HasPrefix(a.header.Get("Content-Type"), typeWBXML) {
				entry.Answer = toXML(a.body.Bytes())
			}
		}
		tn.mu.Lock()
		tn.requests = append(tn.requests, entry)
		tn.mu.Unlock()
		if cut != nil {
			panic(cut)
		}
		// Only now: who has the answer finds the request in the transcript.
		a.send(w)
	}()
	f := tn.takeFailure(entry)
	if f == nil || !f.instead(a, r) {
		h.ServeHTTP(a, r)
	}
	if f != nil {
		f.after(a)
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
	_, _ = w.Write(a.body.Bytes()) // a client that hung up is no news
}
