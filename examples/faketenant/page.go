package main

import (
	"bytes"
	"context"
	_ "embed"
	"encoding/json"
	"errors"
	"fmt"
	"html/template"
	"net"
	"net/http"
	"net/netip"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/easoauth/easoauth/eas/eastest"
	"github.com/easoauth/easoauth/internal/picture"
)

var (
	//go:embed page.html
	pageHTML string
	//go:embed page.css
	pageCSS string
	//go:embed page.js
	pageJS string
)

// shownRequests is how many requests the page lists.
const shownRequests = 100

// A page is the page of a tenant and its API.
type page struct {
	ctx      context.Context // ends with the program
	tenant   *eastest.Tenant
	topology eastest.Topology
	started  *Started
	hosts    []string // names under which it may be opened
	template *template.Template

	peopleMu sync.Mutex
	people   map[string]*eastest.Mailbox // that have been changed, by address
}

// newPage returns the page's handler. Beside loopback's names, it may be opened under hosts.
func newPage(ctx context.Context, tn *eastest.Tenant, s *Started, hosts []string) http.Handler {
	p := &page{ctx: ctx, tenant: tn, topology: tn.Topology(), started: s, hosts: hosts}
	p.template = template.Must(template.New("page").Funcs(template.FuncMap{
		"chain": chain,
		"clock": func(t time.Time) string { return t.Format("15:04:05") },
	}).Parse(pageHTML))
	mux := http.NewServeMux()
	mux.HandleFunc("GET /{$}", p.show)
	mux.HandleFunc("GET /page.css", asset("text/css; charset=utf-8", pageCSS+picture.CSS))
	mux.HandleFunc("GET /page.js", asset("text/javascript; charset=utf-8", pageJS))
	mux.HandleFunc("GET /ca.pem", func(w http.ResponseWriter, r *http.Request) { http.ServeFile(w, r, s.CA) })
	mux.HandleFunc("GET /api/events", p.events)
	p.handleAPI(mux)
	form := func(pattern string, f func(r *http.Request) error) {
		mux.HandleFunc(pattern, func(w http.ResponseWriter, r *http.Request) {
			r.Body = http.MaxBytesReader(w, r.Body, maxBody)
			if _, err := careful(func(r *http.Request) (any, error) { return nil, f(r) }, r); err != nil {
				var u *usageError
				code := http.StatusInternalServerError
				if errors.As(err, &u) {
					code = u.status
				}
				http.Error(w, err.Error(), code)
				return
			}
			http.Redirect(w, r, "/#"+r.PostFormValue("back"), http.StatusSeeOther)
		})
	}
	form("POST /fault", func(r *http.Request) error {
		if r.PostFormValue("on") == "" {
			return p.lift(r.PostFormValue("id"))
		}
		return p.switchOn(Fault{ID: r.PostFormValue("id"), Value: r.PostFormValue("value")})
	})
	form("POST /clock", func(r *http.Request) error { return p.advance(r.PostFormValue("advance")) })
	form("POST /deliver", func(r *http.Request) error {
		return p.deliver(r.PostFormValue("address"), Message{Subject: r.PostFormValue("subject"), Body: r.PostFormValue("body")})
	})
	form("POST /move", func(r *http.Request) error { return p.move(r.PostFormValue("address")) })
	form("POST /device", func(r *http.Request) error {
		return p.device(r.PostFormValue("code"), r.PostFormValue("address"), r.PostFormValue("decline") != "")
	})
	form("POST /forget", func(*http.Request) error {
		tn.ForgetRequests()
		return nil
	})
	return p.guard(http.NewCrossOriginProtection().Handler(mux))
}

func asset(kind, text string) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", kind)
		_, _ = w.Write([]byte(text)) // the client may have hung up
	}
}

// guard lets those requests pass that name this machine, so that a web site whose name leads
// here cannot drive the tenant from a user's browser.
func (p *page) guard(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		h := w.Header()
		h.Set("X-Fake-Tenant", "easoauth")
		h.Set("Content-Security-Policy", "default-src 'none'; style-src 'self'; script-src 'self'; connect-src 'self'; img-src 'self' data:; form-action 'self'; base-uri 'none'; frame-ancestors 'none'")
		h.Set("X-Content-Type-Options", "nosniff")
		h.Set("Referrer-Policy", "no-referrer")
		h.Set("Cache-Control", "no-store")
		host := r.Host
		if name, _, err := net.SplitHostPort(host); err == nil {
			host = name
		}
		addr, err := netip.ParseAddr(strings.Trim(host, "[]"))
		if !strings.EqualFold(host, "localhost") && (err != nil || !addr.IsLoopback()) && !slices.ContainsFunc(p.hosts, func(s string) bool { return s != "" && strings.EqualFold(s, host) }) {
			http.Error(w, "This is the page of a fake tenant for tests. It is opened as localhost, or by a name that -page-hosts lists.", http.StatusMisdirectedRequest)
			return
		}
		next.ServeHTTP(w, r)
	})
}

// A step is a link of the dance.
type step struct {
	name, detail string
	seen, failed bool // of the last request
}

// steps says how far the requests went.
func steps(all []eastest.Request) []step {
	out := []step{
		{name: "AutoDiscover", detail: "where is the mailbox"},
		{name: "Challenge", detail: "401, Bearer"},
		{name: "Authority", detail: "sign-in, tokens"},
		{name: "OPTIONS", detail: "versions"},
		{name: "Provision", detail: "device policy"},
		{name: "FolderSync", detail: "folders"},
		{name: "Sync", detail: "items"},
		{name: "Ping", detail: "what is new"},
	}
	mark := func(i int, ok bool) { out[i].seen, out[i].failed = true, !ok }
	for _, r := range all {
		good := r.Status >= 200 && r.Status < 400
		switch {
		case strings.Contains(strings.ToLower(r.Path), "/autodiscover/"):
			mark(0, good)
		case r.Status == http.StatusUnauthorized && r.Authorization == "Bearer" && strings.Contains(r.Path, "ActiveSync"):
			mark(1, strings.Contains(strings.Join(r.ResponseHeader.Values("WWW-Authenticate"), ","), "authorization_uri"))
		case r.Status == http.StatusUnauthorized && r.Authorization == "": // before the dance
		case strings.Contains(r.Path, "/oauth2/"):
			mark(2, good)
		case r.Method == http.MethodOptions:
			mark(3, good)
		case r.Command == "Provision":
			mark(4, good)
		case r.Command == "FolderSync":
			mark(5, good)
		case r.Command == "Sync":
			mark(6, good)
		case r.Command == "Ping":
			mark(7, good)
		}
	}
	return out
}

// chain draws the steps. The link is broken to the first one that was refused.
func chain(steps []step) template.HTML {
	broken := -1
	var drawn []picture.Step
	for i, s := range steps {
		class := "skipped"
		switch {
		case s.failed:
			class = "fail"
			if broken < 0 {
				broken = i
			}
		case s.seen:
			class = "pass"
		}
		drawn = append(drawn, picture.Step{Name: s.name, Text: s.detail, Class: class})
	}
	return picture.Chain("The steps of the dance and how far the requests went", drawn, broken)
}

// show is the page.
func (p *page) show(w http.ResponseWriter, r *http.Request) {
	all := p.tenant.Requests()
	data := struct {
		Started
		Topology  string
		Now       time.Time
		Steps     []step
		Requests  []Request
		More      int
		Faults    []Fault
		Mailboxes []Mailbox
		Hybrid    bool
	}{
		Started: *p.started, Topology: p.topology.String(), Now: p.tenant.Now(), Steps: steps(all), Faults: p.faults(),
		Mailboxes: p.mailboxes(), Hybrid: p.topology == eastest.Hybrid,
	}
	if data.More = max(0, len(all)-shownRequests); data.More > 0 {
		all = all[data.More:]
	}
	data.Requests = requests(all)
	slices.Reverse(data.Requests) // the last one first
	var b bytes.Buffer
	if err := p.template.Execute(&b, data); err != nil {
		http.Error(w, err.Error(), http.StatusInternalServerError)
		return
	}
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	_, _ = w.Write(b.Bytes()) // the client may have hung up
}

// events is the live log, as server-sent events: one event for each request, whose data is the
// request as JSON.
func (p *page) events(w http.ResponseWriter, r *http.Request) {
	ctx, cancel := context.WithCancel(r.Context())
	defer cancel()
	defer context.AfterFunc(p.ctx, cancel)()
	watch := p.tenant.Watch(ctx) // before the greeting, so that nothing behind it is missed
	w.Header().Set("Content-Type", "text/event-stream")
	c := http.NewResponseController(w)
	fmt.Fprint(w, ": a fake tenant for tests\n\n")
	if c.Flush() != nil {
		return
	}
	for one := range watch {
		b, err := json.Marshal(requests([]eastest.Request{one})[0])
		if err != nil {
			return
		}
		if _, err := fmt.Fprintf(w, "id: %d\nevent: request\ndata: %s\n\n", one.Number, b); err != nil || c.Flush() != nil {
			return
		}
	}
}
