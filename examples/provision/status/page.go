package status

import (
	"bytes"
	"context"
	_ "embed"
	"html/template"
	"log/slog"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/prometheus/client_golang/prometheus/promhttp"

	"github.com/easoauth/easoauth/examples/provision/store"
)

// A Server serves the page, the metrics, and whether this process lives and is ready. It is
// for operators: it must not be reached from outside. Store, Process and Metrics are required.
type Server struct {
	Store   *store.Store
	Process string
	Metrics *Metrics
	Jobs    http.Handler // the queue's own pages, at /jobs/; nil: none
	Ready   func(ctx context.Context) error
	Logger  *slog.Logger
}

//go:embed page.html
var text string

var page = template.Must(template.New("page").Funcs(template.FuncMap{
	"since": func(t time.Time) string { return round(time.Since(t)) },
	"until": func(t time.Time) string {
		if d := time.Until(t); d > 0 {
			return "in " + round(d)
		}
		return "now"
	},
	"host": func(text string) string {
		if u, err := url.Parse(text); err == nil {
			return u.Host
		}
		return ""
	},
}).Parse(text))

// round makes a duration readable.
func round(d time.Duration) string {
	switch {
	case d < 0:
		return "0s"
	case d < time.Minute:
		return d.Round(time.Second).String()
	case d < 48*time.Hour:
		return d.Round(time.Minute).String()
	}
	return strconv.Itoa(int(d.Hours()/24)) + " days"
}

// Handler returns the server as a handler.
func (s *Server) Handler() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /{$}", s.page)
	mux.HandleFunc("POST /{$}", s.page) // an address does not stand in a URL
	mux.Handle("GET /metrics", promhttp.HandlerFor(s.Metrics.Registry, promhttp.HandlerOpts{ErrorHandling: promhttp.ContinueOnError}))
	mux.HandleFunc("GET /healthz", func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write([]byte("ok\n")) })
	mux.HandleFunc("GET /readyz", func(w http.ResponseWriter, r *http.Request) {
		ctx, cancel := context.WithTimeout(r.Context(), 5*time.Second)
		defer cancel()
		if err := s.Ready(ctx); err != nil {
			s.failed(w, r, err, http.StatusServiceUnavailable)
			return
		}
		_, _ = w.Write([]byte("ready\n"))
	})
	if s.Jobs != nil {
		mux.Handle("/jobs/", s.Jobs)
	}
	return mux
}

func (s *Server) failed(w http.ResponseWriter, r *http.Request, err error, status int) {
	if s.Logger != nil {
		s.Logger.WarnContext(r.Context(), "status", "path", r.URL.Path, "error", err)
	}
	http.Error(w, http.StatusText(status), status)
}

const pageLength = 100

func (s *Server) page(w http.ResponseWriter, r *http.Request) {
	ctx := r.Context()
	after, _ := strconv.ParseInt(r.URL.Query().Get("after"), 10, 64)
	failing := r.URL.Query().Get("failing") != ""
	sum, err := s.Store.Summarize(ctx)
	if err != nil {
		s.failed(w, r, err, http.StatusInternalServerError)
		return
	}
	processes, err := s.Store.Processes(ctx)
	if err != nil {
		s.failed(w, r, err, http.StatusInternalServerError)
		return
	}
	var mailboxes []*store.Mailbox
	address := strings.TrimSpace(r.PostFormValue("address"))
	if address != "" {
		mailboxes, err = s.Store.Addressed(ctx, address)
	} else {
		mailboxes, err = s.Store.Page(ctx, after, failing, pageLength)
	}
	if err != nil {
		s.failed(w, r, err, http.StatusInternalServerError)
		return
	}
	events, err := s.Store.Latest(ctx, 20)
	if err != nil {
		s.failed(w, r, err, http.StatusInternalServerError)
		return
	}
	progress := map[int64]store.Progress{}
	for _, m := range mailboxes {
		if !m.Synced.IsZero() || m.State != store.Active {
			continue
		}
		if progress[m.ID], err = s.Store.Progress(ctx, m.ID); err != nil {
			s.failed(w, r, err, http.StatusInternalServerError)
			return
		}
	}
	type state struct {
		Name  store.State
		Count int
	}
	var states []state
	for _, name := range []store.State{store.Active, store.Paused, store.SignIn, store.Wiped, store.Creating} {
		if n := sum.States[name]; n > 0 {
			states = append(states, state{name, n})
		}
	}
	data := map[string]any{
		"Summary": sum, "States": states, "Processes": processes, "Mailboxes": mailboxes, "Events": events, "Process": s.Process,
		"Failing": failing, "Found": address != "", "Progress": progress, "Next": int64(0), "Lag": "", "JobsPath": "",
	}
	if lag := sum.Lag(time.Now()); lag > 0 {
		data["Lag"] = round(lag)
	}
	if s.Jobs != nil {
		data["JobsPath"] = "jobs/"
	}
	if len(mailboxes) == pageLength && address == "" {
		data["Next"] = mailboxes[len(mailboxes)-1].ID
	}
	var b bytes.Buffer
	if err := page.Execute(&b, data); err != nil {
		s.failed(w, r, err, http.StatusInternalServerError)
		return
	}
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	w.Header().Set("Content-Security-Policy", "default-src 'none'; style-src 'unsafe-inline'")
	w.Header().Set("Cache-Control", "no-store")
	_, _ = w.Write(b.Bytes())
}
