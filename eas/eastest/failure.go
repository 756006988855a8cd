package eastest

import (
	"bytes"
	"compress/gzip"
	"io"
	"maps"
	"net/http"
	"slices"
	"strconv"
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
	// Twice deals with the request twice, as where a device in front repeats it, and sends the
	// second answer.
	Twice bool
	// Stale sends the answer that the last request to the same host, path and command got, and
	// does not deal with this one. If there was none, the request is dealt with as usual.
	Stale bool
	// Truncate sends only the first bytes of the body, this many, as if they were the whole.
	Truncate int
	// Cut sends only the first bytes of the body, this many, and then cuts the connection: a
	// client sees fewer than were announced, and over HTTP/2 a reset of the stream.
	Cut int
	// Drip passes before each byte of the body.
	Drip time.Duration
	// Inflate sends, in place of the body, this many zero bytes compressed by gzip, a thousandth of
	// that on the wire.
	Inflate int64
	// Change is what happens to the body on its way: it gets the server's, and returns what is
	// sent. It must not keep or change its argument.
	Change func(body []byte) []byte

	// From is the first request that has it, counted from 1 among those that match; if 0, the first.
	From int
	// Times is how often it happens; if 0, once.
	Times int
	// Optional lets the test pass if no request matches.
	Optional bool
}

type failure struct {
	match string
	Failure
	seen    int // requests that matched
	matched bool
}

// Fail makes the next request that matches fail as f says, once. A request matches if
// match is its ActiveSync command ("Sync"), its OAuth grant ("refresh_token"), its method
// ("OPTIONS"), the address that its query names ("ada@contoso.com"), or a part of its host, path
// and command ("mail.contoso.com", "/oauth2/v2.0/token",
// "mail.contoso.com/Microsoft-Server-ActiveSync?Sync"). Failures that match the same request
// happen one after the other, in the order in which they were set.
//
// A failure that no request matched fails the test, unless it is Optional. Fail panics for a
// command or a method in the wrong case, which no request can match.
func (tn *Tenant) Fail(match string, f Failure) {
	if match == "" {
		panic("eastest: Fail without a match")
	}
	for c := range strings.SplitSeq(commands, ",") {
		if match != c && strings.EqualFold(match, c) {
			panic("eastest: Fail(" + strconv.Quote(match) + ") matches no command; write " + strconv.Quote(c))
		}
	}
	if match != strings.ToUpper(match) && slices.Contains([]string{"OPTIONS", "POST", "GET"}, strings.ToUpper(match)) {
		panic("eastest: Fail(" + strconv.Quote(match) + ") matches no method; write " + strconv.Quote(strings.ToUpper(match)))
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
		if f.seen++; f.seen < f.From {
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
	if match == r.Method || strings.Contains(match, "@") && strings.EqualFold(match, r.named) {
		return true
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
	wait(r, f.Delay)
	switch {
	case f.Status != 0:
		for k, v := range f.Header {
			a.header[http.CanonicalHeaderKey(k)] = slices.Clone(v)
		}
		a.status = f.Status
		a.body.WriteString(f.Body)
		return true
	case f.Lose, f.Twice, f.Stale, f.Truncate > 0, f.Delay > 0, f.Cut > 0, f.Drip > 0, f.Inflate > 0, f.Change != nil:
		return false
	}
	panic(http.ErrAbortHandler)
}

// after does to an answer what the failure says.
func (f *Failure) after(a *answer) {
	if f.Change != nil {
		changed := f.Change(bytes.Clone(a.body.Bytes()))
		a.header.Del("Content-Length")
		a.body.Reset()
		a.body.Write(changed)
	}
	if f.Inflate > 0 {
		a.header.Del("Content-Length")
		a.header.Set("Content-Encoding", "gzip")
		a.body.Reset()
		z := gzip.NewWriter(&a.body)
		_, _ = io.CopyN(z, zeros{}, f.Inflate) // a buffer takes all
		_ = z.Close()
	}
	if f.Truncate > 0 && f.Truncate < a.body.Len() {
		a.header.Del("Content-Length")
		a.body.Truncate(f.Truncate)
	}
	if f.Lose {
		panic(http.ErrAbortHandler)
	}
}

type zeros struct{}

func (zeros) Read(p []byte) (int, error) {
	clear(p)
	return len(p), nil
}

// send sends an answer as slowly, or as far, as the failure says.
func (f *Failure) send(a *answer, w http.ResponseWriter, r *http.Request) {
	if f.Cut <= 0 && f.Drip <= 0 {
		a.send(w)
		return
	}
	body := a.body.Bytes()
	maps.Copy(w.Header(), a.header)
	if w.Header().Get("Content-Length") == "" {
		w.Header().Set("Content-Length", strconv.Itoa(len(body)))
	}
	w.WriteHeader(a.code())
	cut := f.Cut > 0 && f.Cut < len(body)
	if cut {
		body = body[:f.Cut]
	}
	step := max(len(body), 1)
	if f.Drip > 0 {
		step = 1
	}
	for part := range slices.Chunk(body, step) {
		wait(r, f.Drip)
		_, _ = w.Write(part)                      // the client may have hung up
		_ = http.NewResponseController(w).Flush() // nor here
	}
	if cut {
		panic(http.ErrAbortHandler)
	}
}

// wait returns after d, or cuts the connection if the client is gone before.
func wait(r *http.Request, d time.Duration) {
	if d <= 0 {
		return
	}
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
	case <-r.Context().Done():
		panic(http.ErrAbortHandler)
	}
}
