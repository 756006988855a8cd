package main

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/easoauth/easoauth/eas/diagnose"
	"github.com/easoauth/easoauth/examples/internal/account"
)

// one checks an address, once or again and again.
func (p *program) one(ctx context.Context, address string, o *diagnose.Options) int {
	if account.IsTerminal(p.log) && !p.quiet {
		o.Progress = func(x diagnose.Probe) { fmt.Fprintf(p.log, "\r\x1b[K%s: %s", x.Name, x.Verdict) }
	}
	var last *diagnose.Report
	for {
		r, err := p.check(ctx, address, o)
		if o.Progress != nil {
			fmt.Fprint(p.log, "\r\x1b[K")
		}
		switch {
		case err != nil && ctx.Err() != nil && last != nil:
			return status(last) // interrupted between two checks, or within one
		case err != nil && ctx.Err() != nil:
			return p.fail(errors.New("interrupted"))
		case err != nil:
			return p.fail(err)
		}
		news := changes(last, r)
		if last == nil || news != "" || p.json || p.prometheus {
			if err := p.print(r); err != nil {
				return p.fail(err)
			}
		}
		if p.watch <= 0 {
			return status(r)
		}
		if last != nil {
			if news == "" {
				news = "unchanged: " + r.Root
			}
			fmt.Fprintf(p.log, "%s %s\n", r.Began.Format(time.TimeOnly), news)
		}
		last = r
		select {
		case <-time.After(p.watch):
		case <-ctx.Done():
			return status(r)
		}
	}
}

// changes says what is different since the last check, or "".
func changes(last, now *diagnose.Report) string {
	if last == nil {
		return ""
	}
	ids := func(r *diagnose.Report) (out []string) {
		for f := range r.Faults() {
			out = append(out, f.Fault)
		}
		return out
	}
	before, after := ids(last), ids(now)
	var said []string
	if last.Root != now.Root {
		said = append(said, fmt.Sprintf("it was %s, and is %s", last.Root, now.Root))
	}
	for _, x := range []struct {
		word       string
		here, then []string
	}{{"new", after, before}, {"gone", before, after}} {
		list := slices.DeleteFunc(slices.Clone(x.here), func(id string) bool { return slices.Contains(x.then, id) })
		if len(list) > 0 {
			said = append(said, x.word+": "+strings.Join(list, ", "))
		}
	}
	return strings.Join(said, "; ")
}

// serve responds to scrapes with a fresh check of each address.
func (p *program) serve(ctx context.Context, addresses []string, o *diagnose.Options) int {
	ln, err := (&net.ListenConfig{}).Listen(ctx, "tcp", p.listen)
	if err != nil {
		return p.fail(err)
	}
	fmt.Fprintf(p.log, "metrics at http://%s/metrics\n", ln.Addr())
	server := &http.Server{ReadHeaderTimeout: time.Minute, Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path != "/metrics" {
			http.NotFound(w, r)
			return
		}
		var reports []*diagnose.Report
		for _, c := range checkAll(r.Context(), addresses, o, nil) {
			if c.err == nil {
				reports = append(reports, c.report)
			}
		}
		w.Header().Set("Content-Type", "text/plain; version=0.0.4; charset=utf-8")
		_ = diagnose.Prometheus(w, reports...) // the scraper may have hung up
	})}
	defer context.AfterFunc(ctx, func() { server.Close() })()
	if err := server.Serve(ln); !errors.Is(err, http.ErrServerClosed) {
		return p.fail(err)
	}
	return healthy
}
