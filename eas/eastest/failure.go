package eastest

import (
	"net/http"
	"slices"
	"strings"
	"time"
)

// A Failure is what goes wrong with one request. The zero Failure cuts the connection.
type Failure struct {
	Status int         // of the answer
	Header http.Header // of the answer
	Body   string      // of the answer

	// Delay passes before the rest happens. A Failure that is nothing but a Delay lets the
	// request be dealt with as usual after it.
	Delay time.Duration
	// Lose deals with the request and then cuts the connection: the answer is lost.
	Lose bool
	// Truncate sends only the first bytes of the body, this many, as if they were the whole.
	Truncate int
	// Times is how often it happens; if 0, once.
	Times int
	// Optional says that it is no mistake of the test if no request matches.
	Optional bool
}

type failure struct {
	match string
	Failure
	matched bool
}

// Fail makes the next request that matches fail as f says, once. A request matches if
// match is its ActiveSync command ("Sync"), its OAuth grant ("refresh_token"), or a part of
// its host, path and command ("mail.contoso.com", "/oauth2/v2.0/token",
// "mail.contoso.com/Microsoft-Server-ActiveSync?Sync"). Faults that match the same request
// happen one after the other, in the order in which they were set.
func (tn *Tenant) Fail(match string, f Failure) {
	if match == "" {
		panic("eastest: Fail without a match")
	}
	tn.mu.Lock()
	defer tn.mu.Unlock()
	tn.failures = append(tn.failures, &failure{match: match, Failure: f})
}

func (tn *Tenant) takeFailure(r Request) *Failure {
	tn.mu.Lock()
	defer tn.mu.Unlock()
	for i, f := range tn.failures {
		if !r.matches(f.match) {
			continue
		}
		f.matched = true
		if f.Times--; f.Times <= 0 {
			tn.failures = slices.Delete(tn.failures, i, i+1)
		}
		return &f.Failure
	}
	return nil
}

func (r Request) matches(match string) bool {
	if slices.Contains(strings.Split(commands, ","), match) {
		return match == r.Command // "Sync" is also a part of every path of ActiveSync
	}
	target := r.Host + r.Path
	if r.Command != "" {
		target += "?" + r.Command
	}
	return match == r.Form.Get("grant_type") || strings.Contains(target, match)
}

// instead reports whether the failure takes the place of the answer. If not, the request is to
// be dealt with as usual.
func (f *Failure) instead(a *answer, r *http.Request) bool {
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
			a.header[http.CanonicalHeaderKey(k)] = slices.Clone(v)
		}
		a.status = f.Status
		a.body.WriteString(f.Body)
		return true
	case f.Lose, f.Truncate > 0, f.Delay > 0:
		return false
	}
	panic(http.ErrAbortHandler)
}

// after does to an answer what the failure says.
func (f *Failure) after(a *answer) {
	if f.Truncate > 0 && f.Truncate < a.body.Len() {
		a.header.Del("Content-Length")
		a.body.Truncate(f.Truncate)
	}
	if f.Lose {
		panic(http.ErrAbortHandler)
	}
}
