package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/easoauth/easoauth/eas"
	"github.com/easoauth/easoauth/eas/eastest"
)

// maxBody bounds what is sent to the API, in bytes.
const maxBody = 1 << 20

// A failed request of the API or the page: what is wrong with it.
type usageError struct {
	status int
	text   string
}

func (e *usageError) Error() string { return e.text }

func wrong(format string, args ...any) error {
	return &usageError{http.StatusBadRequest, fmt.Sprintf(format, args...)}
}

func missing(format string, args ...any) error {
	return &usageError{http.StatusNotFound, fmt.Sprintf(format, args...)}
}

// api is a handler that takes and returns JSON.
func api(status int, f func(r *http.Request) (any, error)) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		r.Body = http.MaxBytesReader(w, r.Body, maxBody)
		v, err := careful(f, r)
		w.Header().Set("Content-Type", "application/json; charset=utf-8")
		if err != nil {
			var u *usageError
			code := http.StatusInternalServerError
			if errors.As(err, &u) {
				code = u.status
			}
			w.WriteHeader(code)
			v = map[string]string{"error": err.Error()}
		} else if v == nil {
			w.WriteHeader(http.StatusNoContent)
			return
		} else {
			w.WriteHeader(status)
		}
		e := json.NewEncoder(w)
		e.SetEscapeHTML(false)
		_ = e.Encode(v) // the client may have hung up
	})
}

// careful calls f. Misuse of the tenant is a mistake of the request.
func careful(f func(r *http.Request) (any, error), r *http.Request) (v any, err error) {
	defer misuse(&err)
	return f(r)
}

// misuse, deferred, makes an error of the panic by which package eastest reports misuse.
func misuse(err *error) {
	what := recover()
	text, ok := what.(string)
	switch {
	case what == nil:
	case ok && strings.HasPrefix(text, "eastest: "):
		*err = wrong("%s", strings.TrimPrefix(text, "eastest: "))
	default:
		panic(what)
	}
}

func decode(r *http.Request, v any) error {
	d := json.NewDecoder(r.Body)
	d.DisallowUnknownFields()
	if err := d.Decode(v); err != nil {
		return wrong("the body is not the JSON that is wanted: %v", err)
	}
	return nil
}

// handleAPI adds the API to the page's routes.
func (p *page) handleAPI(mux *http.ServeMux) {
	tn := p.tenant
	mux.Handle("GET /api/tenant", api(200, func(*http.Request) (any, error) { return p.started, nil }))
	mux.Handle("GET /api/requests", api(200, func(r *http.Request) (any, error) {
		after, err := strconv.Atoi("0" + r.URL.Query().Get("after"))
		if err != nil {
			return nil, wrong("after is not a number")
		}
		return requests(tn.RequestsAfter(after)), nil
	}))
	mux.Handle("DELETE /api/requests", api(204, func(*http.Request) (any, error) {
		tn.ForgetRequests()
		return nil, nil
	}))
	mux.Handle("GET /api/faults", api(200, func(*http.Request) (any, error) { return p.faults(), nil }))
	mux.Handle("POST /api/faults", api(201, func(r *http.Request) (any, error) {
		var f Fault
		if err := decode(r, &f); err != nil {
			return nil, err
		}
		return f, p.switchOn(f)
	}))
	mux.Handle("DELETE /api/faults", api(204, func(*http.Request) (any, error) {
		for _, s := range tn.Switches() {
			s.Lift()
		}
		return nil, nil
	}))
	mux.Handle("DELETE /api/faults/{id}", api(204, func(r *http.Request) (any, error) { return nil, p.lift(r.PathValue("id")) }))
	mux.Handle("POST /api/failures", api(201, func(r *http.Request) (any, error) {
		var f Failure
		if err := decode(r, &f); err != nil {
			return nil, err
		}
		return f, f.set(tn)
	}))
	mux.Handle("GET /api/clock", api(200, func(*http.Request) (any, error) { return clock{Now: tn.Now()}, nil }))
	mux.Handle("POST /api/clock", api(200, func(r *http.Request) (any, error) {
		var c clock
		if err := decode(r, &c); err != nil {
			return nil, err
		}
		if err := p.advance(c.Advance); err != nil {
			return nil, err
		}
		return clock{Now: tn.Now()}, nil
	}))
	p.handlePeople(mux)
	mux.Handle("POST /api/mailboxes/{address}/messages", api(201, func(r *http.Request) (any, error) {
		var m Message
		if err := decode(r, &m); err != nil {
			return nil, err
		}
		return m, p.deliver(r.PathValue("address"), m)
	}))
	mux.Handle("POST /api/mailboxes/{address}/move", api(204, func(r *http.Request) (any, error) { return nil, p.move(r.PathValue("address")) }))
	mux.Handle("POST /api/mailboxes/{address}/revoke", api(204, func(r *http.Request) (any, error) {
		box, err := p.mailbox(r.PathValue("address"))
		if err != nil {
			return nil, err
		}
		tn.Revoke(box.Address())
		return nil, nil
	}))
	mux.Handle("POST /api/tokens", api(201, func(r *http.Request) (any, error) {
		var t struct {
			Address string `json:"address"`
			Host    string `json:"host"`
		}
		if err := decode(r, &t); err != nil {
			return nil, err
		}
		box, err := p.mailbox(t.Address)
		if err != nil {
			return nil, err
		}
		if t.Host == "" {
			t.Host = tn.URL().Host
		}
		token := tn.TokenFor(box.Address(), t.Host)
		return map[string]any{"access_token": token.AccessToken, "token_type": token.TokenType, "expires_at": token.Expiry}, nil
	}))
	mux.Handle("POST /api/devices/{code}", api(204, func(r *http.Request) (any, error) {
		var d struct {
			Address string `json:"address"`
			Decline bool   `json:"decline"`
		}
		if err := decode(r, &d); err != nil {
			return nil, err
		}
		return nil, p.device(r.PathValue("code"), d.Address, d.Decline)
	}))
}

// A Fault is a switch of the tenant.
type Fault struct {
	ID       string   `json:"id"`
	Value    string   `json:"value,omitempty"`
	Host     string   `json:"host,omitempty"`
	User     string   `json:"user,omitempty"`
	From     int      `json:"from,omitempty"`
	Times    int      `json:"times,omitempty"`
	On       bool     `json:"on"`
	Fired    int      `json:"fired,omitempty"`
	Severity string   `json:"severity,omitempty"`
	Cause    string   `json:"cause,omitempty"`
	Remedy   string   `json:"remedy,omitempty"`
	Takes    string   `json:"takes,omitempty"`
	Where    []string `json:"where,omitempty"`
}

// faults returns all that can show here, with those that are on.
func (p *page) faults() []Fault {
	out := []Fault{}
	on := p.tenant.Switches()
	for _, info := range eastest.Faults() {
		if !slices.Contains(info.Where, p.topology) {
			continue
		}
		f := Fault{ID: info.ID, Severity: info.Severity, Cause: info.Cause, Remedy: info.Remedy, Takes: info.Value}
		for _, w := range info.Where {
			f.Where = append(f.Where, w.String())
		}
		for _, s := range on {
			if sf := s.Fault(); sf.ID == f.ID {
				f.On, f.Value, f.Host, f.User, f.From, f.Times, f.Fired = true, sf.Value, sf.Host, sf.User, sf.From, sf.Times, s.Fired()
			}
		}
		out = append(out, f)
	}
	return out
}

func (p *page) switchOn(f Fault) error {
	fault := eastest.Fault{ID: f.ID, Value: f.Value, Host: f.Host, User: f.User, From: f.From, Times: f.Times, Optional: true}
	if err := checkFault(fault, p.topology); err != nil {
		return wrong("%v", err)
	}
	p.tenant.Switch(fault)
	return nil
}

func (p *page) lift(id string) error {
	found := false
	for _, s := range p.tenant.Switches() {
		if s.Fault().ID == id {
			s.Lift()
			found = true
		}
	}
	if !found {
		return missing("the fault %q is not switched on", id)
	}
	return nil
}

// A Failure is what goes wrong with the next requests that match.
type Failure struct {
	Match    string            `json:"match"`
	Status   int               `json:"status,omitempty"`
	Header   map[string]string `json:"header,omitempty"`
	Body     string            `json:"body,omitempty"`
	DelayMS  int               `json:"delay_ms,omitempty"`
	Lose     bool              `json:"lose,omitempty"`
	Twice    bool              `json:"twice,omitempty"`
	Stale    bool              `json:"stale,omitempty"`
	Truncate int               `json:"truncate,omitempty"`
	Cut      int               `json:"cut,omitempty"`
	DripMS   int               `json:"drip_ms,omitempty"`
	Inflate  int64             `json:"inflate,omitempty"`
	From     int               `json:"from,omitempty"`
	Times    int               `json:"times,omitempty"`
}

func (f Failure) set(tn *eastest.Tenant) error {
	if f.Match == "" {
		return wrong("match is missing: a command, a grant, or a part of host and path")
	}
	if f.Status != 0 && (f.Status < 200 || f.Status > 599) {
		return wrong("status %d is not one of a response", f.Status)
	}
	h := http.Header{}
	for k, v := range f.Header {
		h.Set(k, v)
	}
	tn.Fail(f.Match, eastest.Failure{
		Status: f.Status, Header: h, Body: f.Body, Delay: time.Duration(f.DelayMS) * time.Millisecond,
		Lose: f.Lose, Twice: f.Twice, Stale: f.Stale, Truncate: f.Truncate, Cut: f.Cut, Drip: time.Duration(f.DripMS) * time.Millisecond, Inflate: f.Inflate,
		From: f.From, Times: f.Times,
	})
	return nil
}

type clock struct {
	Now     time.Time `json:"now"`
	Advance string    `json:"advance,omitempty"` // a Go duration, such as "1h30m"
}

func (p *page) advance(s string) error {
	d, err := time.ParseDuration(s)
	if err != nil {
		return wrong("advance is a duration, such as 1h30m")
	}
	p.tenant.Advance(d)
	return nil
}

func (p *page) mailbox(addr string) (*eastest.Mailbox, error) {
	m := p.tenant.Mailbox(addr)
	if m == nil {
		return nil, missing("there is no mailbox of this address")
	}
	return m, nil
}

func (p *page) deliver(addr string, m Message) error {
	box, err := p.mailbox(addr)
	if err != nil {
		return err
	}
	if m.From == "" {
		_, domain, _ := strings.Cut(box.Address(), "@")
		m.From = "postmaster@" + domain
	}
	box.Deliver(&eas.Email{From: m.From, Subject: m.Subject, Body: &eas.Body{Type: eas.BodyPlain, Data: m.Body}})
	return nil
}

func (p *page) move(addr string) error {
	box, err := p.mailbox(addr)
	if err != nil {
		return err
	}
	if p.topology != eastest.Hybrid {
		return wrong("a mailbox can move in a hybrid organization alone")
	}
	box.Move()
	return nil
}

func (p *page) device(code, addr string, decline bool) error {
	var err error
	if decline {
		err = p.tenant.DeclineDevice(code)
	} else {
		if addr != "" {
			if _, err := p.mailbox(addr); err != nil {
				return err
			}
		}
		err = p.tenant.ApproveDevice(code, addr)
	}
	if err != nil {
		return missing("no program shows this code")
	}
	return nil
}

// A Request is a request of the transcript.
type Request struct {
	Number        int                 `json:"number"`
	Time          time.Time           `json:"time"`
	Method        string              `json:"method"`
	Host          string              `json:"host"`
	Path          string              `json:"path"`
	Query         map[string][]string `json:"query,omitempty"`
	Command       string              `json:"command,omitempty"`
	User          string              `json:"user,omitempty"`
	Authorization string              `json:"authorization,omitempty"`
	Header        http.Header         `json:"header,omitempty"`
	Form          map[string][]string `json:"form,omitempty"`
	Document      string              `json:"document,omitempty"`
	Status        int                 `json:"status"`
	Reply         http.Header         `json:"reply,omitempty"`
	Answer        string              `json:"answer,omitempty"`
	Why           []string            `json:"why,omitempty"`
}

func requests(in []eastest.Request) []Request {
	out := make([]Request, 0, len(in))
	for _, r := range in {
		out = append(out, Request{
			Number: r.Number, Time: r.Time, Method: r.Method, Host: r.Host, Path: r.Path, Query: r.Query, Command: r.Command, User: r.User,
			Authorization: r.Authorization, Header: r.Header, Form: r.Form, Document: r.Document, Status: r.Status, Reply: r.ResponseHeader,
			Answer: r.ResponseDocument, Why: r.Why,
		})
	}
	return out
}
