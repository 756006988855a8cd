package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"time"

	"github.com/easoauth/easoauth/examples/internal/account"
)

// A show prints the steps of the dance as they happen, for people or as JSON lines. It is
// safe for concurrent use.
type show struct {
	out   io.Writer
	json  bool
	color bool

	mu       sync.Mutex
	step     int
	requests int
	failed   int
	rows     []*exchange   // requests of the step that runs, as they were sent
	begun    chan struct{} // closed when the next one is; see next
	facts    []fact
	expected map[int]string // why a status is no fault in this step
	started  time.Time
}

// An exchange is one request and what came back. It holds no query but the command and no
// header but the challenge.
type exchange struct {
	Method    string `json:"method"`
	URL       string `json:"url"`
	Status    int    `json:"status,omitempty"`
	Expected  string `json:"expected,omitempty"` // why a refusal is as it should be
	Error     string `json:"error,omitempty"`
	RequestID string `json:"request_id,omitempty"`
}

type fact struct{ Name, Value string }

// run does one step: f learns facts with the function it is given. The result of a step
// that failed stops the dance.
func (s *show) run(pkg, title string, f func(learn func(name, format string, args ...any)) error) error {
	s.mu.Lock()
	s.step++
	s.rows, s.facts, s.expected, s.started = nil, nil, map[int]string{}, time.Now()
	if !s.json {
		fmt.Fprintf(s.out, "\n%s  %s\n", s.paint(bold, fmt.Sprintf("%d  %s", s.step, title)), s.paint(dim, "["+pkg+"]"))
	}
	s.mu.Unlock()

	err := f(func(name, format string, args ...any) {
		s.mu.Lock()
		defer s.mu.Unlock()
		s.facts = append(s.facts, fact{name, account.Plain(fmt.Sprintf(format, args...))})
	})

	s.mu.Lock()
	defer s.mu.Unlock()
	if err != nil {
		s.failed++
	}
	if s.json {
		s.printJSON(pkg, title, err)
	} else {
		s.print(err)
	}
	return err
}

// Colours of a terminal.
const bold, dim, red, green, yellow, cyan = "1", "90", "31", "32", "33", "36"

func (s *show) paint(color, text string) string {
	if !s.color {
		return text
	}
	return "\x1b[" + color + "m" + text + "\x1b[0m"
}

// note says something before the first step, to people.
func (s *show) note(text string) {
	if !s.json {
		fmt.Fprintf(s.out, "%s\n", s.paint(dim, text))
	}
}

func (s *show) print(err error) {
	for _, r := range s.rows {
		switch {
		case r.Error != "":
			fmt.Fprintf(s.out, "   %-7s %s\n           %s %s\n", r.Method, r.URL, s.paint(red, "✗"), r.Error)
		case r.Status == 0:
			fmt.Fprintf(s.out, "   %-7s %s\n", r.Method, r.URL)
		default:
			color, why := green, ""
			if r.Status >= 400 {
				color = yellow
			}
			if r.Expected != "" {
				why = s.paint(dim, "  expected: "+r.Expected)
			}
			fmt.Fprintf(s.out, "   %-7s %s → %s%s\n", r.Method, r.URL, s.paint(color, fmt.Sprint(r.Status)), why)
		}
	}
	width := 0
	for _, f := range s.facts {
		width = max(width, len(f.Name))
	}
	for _, f := range s.facts {
		value := strings.ReplaceAll(f.Value, "\n", "\n"+strings.Repeat(" ", width+7))
		fmt.Fprintf(s.out, "     %s  %s\n", s.paint(cyan, fmt.Sprintf("%-*s", width, f.Name)), value)
	}
	if err != nil {
		fmt.Fprintf(s.out, "   %s %v\n", s.paint(red, "✗"), err)
	}
}

func (s *show) printJSON(pkg, title string, err error) {
	line := struct {
		Step     int               `json:"step"`
		Package  string            `json:"package"`
		Title    string            `json:"title"`
		OK       bool              `json:"ok"`
		Error    string            `json:"error,omitempty"`
		Millis   int64             `json:"ms"`
		Requests []*exchange       `json:"requests"`
		Learned  map[string]string `json:"learned"`
	}{s.step, pkg, title, err == nil, "", time.Since(s.started).Milliseconds(), s.rows, map[string]string{}}
	if err != nil {
		line.Error = err.Error()
	}
	for _, f := range s.facts {
		if old, ok := line.Learned[f.Name]; ok {
			f.Value = old + "\n" + f.Value
		}
		line.Learned[f.Name] = f.Value
	}
	b, err := json.Marshal(line)
	if err != nil {
		b = fmt.Appendf(nil, `{"step":%d,"ok":false,"error":%q}`, s.step, err)
	}
	fmt.Fprintf(s.out, "%s\n", b)
}

// close prints the line that counts, and reports whether every step held.
func (s *show) close() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	ok := s.failed == 0
	if s.json {
		fmt.Fprintf(s.out, "{\"steps\":%d,\"failed\":%d,\"requests\":%d,\"ok\":%t}\n", s.step, s.failed, s.requests, ok)
		return ok
	}
	verdict := s.paint(green, "every step held")
	if !ok {
		verdict = s.paint(red, fmt.Sprintf("%d failed", s.failed))
	}
	fmt.Fprintf(s.out, "\n%d steps, %d requests: %s\n", s.step, s.requests, verdict)
	return ok
}

// record wraps base so that each request becomes a row of the running step.
func (s *show) record(base http.RoundTripper) http.RoundTripper {
	if base == nil {
		base = http.DefaultTransport
	}
	return roundTripper(func(req *http.Request) (*http.Response, error) {
		// The query holds the mail address: of it, only the command is shown.
		row := &exchange{Method: req.Method, URL: req.URL.Scheme + "://" + req.URL.Host + req.URL.Path}
		if cmd := req.URL.Query().Get("Cmd"); cmd != "" {
			row.URL += " " + cmd
		}
		s.mu.Lock()
		s.requests++
		s.rows = append(s.rows, row)
		if s.begun != nil {
			close(s.begun)
			s.begun = nil
		}
		s.mu.Unlock()
		resp, err := base.RoundTrip(req)
		s.mu.Lock()
		defer s.mu.Unlock()
		if err != nil {
			row.Error = err.Error()
		} else {
			row.Status, row.Expected = resp.StatusCode, s.expected[resp.StatusCode]
			row.RequestID = resp.Header.Get("request-id")
		}
		return resp, err
	})
}

// expect says why a status is as it should be in the step that runs.
func (s *show) expect(status int, why string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.expected[status] = why
}

// next returns a channel that is closed when the next request is sent.
func (s *show) next() <-chan struct{} {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.begun = make(chan struct{})
	return s.begun
}

// opened makes a row of a URL that was opened in the browser. Its query holds state and
// challenge, which are not shown.
func (s *show) opened(target string) {
	if u, err := url.Parse(target); err == nil {
		target = u.Scheme + "://" + u.Host + u.Path
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.rows = append(s.rows, &exchange{Method: "browser", URL: target})
}

type roundTripper func(*http.Request) (*http.Response, error)

func (f roundTripper) RoundTrip(req *http.Request) (*http.Response, error) { return f(req) }

// errWanted says that something was let through that must be refused.
func errWanted(what string) error {
	return errors.New(what + ": it was let through and must be refused")
}
