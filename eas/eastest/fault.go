package eastest

import (
	"net/http"
	"slices"
	"strings"
	"time"
)

// A Fault is what goes wrong with one request. The zero Fault cuts the connection.
type Fault struct {
	Status int         // of the answer
	Header http.Header // of the answer
	Body   string      // of the answer

	// Delay passes before the answer, or before the request is dealt with as usual if
	// Status is 0 and Cut and Lose are false.
	Delay time.Duration
	// Lose deals with the request and then cuts the connection: the answer is lost.
	Lose bool
	// Truncate deals with the request and sends only the first bytes of the body, this
	// many, as if it were whole.
	Truncate int
	// Times is how often it happens; if 0, once.
	Times int
}

type fault struct {
	match string
	Fault
}

// Fail makes the next request that matches fail as f says, once. A request matches if
// match is its ActiveSync command ("Sync"), its OAuth grant ("refresh_token"), its host
// ("mail.contoso.com"), or a part of its host and path ("/oauth2/v2.0/token").
func (tn *Tenant) Fail(match string, f Fault) {
	if match == "" {
		panic("eastest: Fail without a match")
	}
	tn.mu.Lock()
	defer tn.mu.Unlock()
	tn.faults = append(tn.faults, &fault{match, f})
}

func (tn *Tenant) takeFault(r Request) *Fault {
	tn.mu.Lock()
	defer tn.mu.Unlock()
	for i, f := range tn.faults {
		if f.match != r.Command && f.match != r.Form.Get("grant_type") && !strings.Contains(r.Host+r.Path, f.match) {
			continue
		}
		if f.Times--; f.Times <= 0 {
			tn.faults = slices.Delete(tn.faults, i, i+1)
		}
		return &f.Fault
	}
	return nil
}

// serve reports whether it answered. If not, the request is dealt with as usual, perhaps by
// an answer that was changed.
func (f *Fault) serve(a *answer, r *http.Request) bool {
	if f.Delay > 0 {
		t := time.NewTimer(f.Delay)
		defer t.Stop()
		select {
		case <-t.C:
		case <-r.Context().Done():
			panic(http.ErrAbortHandler)
		}
	}
	switch {
	case f.Status != 0:
		for k, v := range f.Header {
			a.Header()[http.CanonicalHeaderKey(k)] = v
		}
		a.WriteHeader(f.Status)
		_, _ = a.Write([]byte(f.Body))
		return true
	case f.Lose:
		a.ResponseWriter = &lostWriter{header: http.Header{}, truncate: -1}
		return false
	case f.Truncate > 0:
		a.ResponseWriter = &lostWriter{header: a.ResponseWriter.Header(), to: a.ResponseWriter, truncate: f.Truncate}
		return false
	case f.Delay > 0:
		return false
	}
	panic(http.ErrAbortHandler)
}

// A lostWriter takes an answer that does not arrive, or not whole.
type lostWriter struct {
	header   http.Header
	to       http.ResponseWriter
	truncate int // bytes to pass on; -1 cuts the connection
}

func (w *lostWriter) Header() http.Header { return w.header }

func (w *lostWriter) WriteHeader(status int) {
	if w.to != nil {
		w.header.Del("Content-Length")
		w.to.WriteHeader(status)
	}
}

func (w *lostWriter) Write(b []byte) (int, error) {
	n := len(b)
	if w.to != nil {
		w.header.Del("Content-Length")
		b = b[:min(len(b), w.truncate)]
		w.truncate -= len(b)
		if _, err := w.to.Write(b); err != nil {
			return 0, err
		}
	}
	return n, nil
}
