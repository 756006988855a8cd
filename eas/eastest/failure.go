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
	Status int         // of the response
	Header http.Header // of the response
	Body   string      // of the response

	// Delay is how long the response is held back. A Failure with nothing but a Delay only delays:
	// the request is then processed as usual.
	Delay time.Duration
	// Lose processes the request and then cuts the connection: the response is lost.
	Lose bool
	// Twice processes the request twice, as if a device in front had repeated it, and sends the
	// second response.
	Twice bool
	// Stale sends the response to the previous request for the same host, path and command, and
	// does not process this one. Without a previous request it is processed as usual.
	Stale bool
	// Truncate sends only this many bytes of the body, as if they were all of it.
	Truncate int
	// Cut sends only this many bytes of the body and then cuts the connection: a client receives
	// fewer bytes than were announced, or over HTTP/2 a reset of the stream.
	Cut int
	// Drip is the delay before each byte of the body.
	Drip time.Duration
	// Inflate replaces the body by this many zero bytes compressed with gzip, about a thousandth of
	// that on the wire.
	Inflate int64
	// Change returns the body to send in place of the server's. It must not retain or modify its
	// argument.
	Change func(body []byte) []byte

	// From is the first matching request that fails, counted from 1; if 0, the first.
	From int
	// Times is how many matching requests fail; if 0, one.
	Times int
	// Optional allows that no request matches; otherwise the test fails.
	Optional bool
}

type failure struct {
	match string
	Failure
	seen    int // requests that matched
	matched bool
}

// Fail makes the next matching request fail as f says, once unless f.Times says otherwise. A
// request matches if match is its ActiveSync command ("Sync"), its OAuth grant ("refresh_token"),
// its method ("OPTIONS"), the address in its query ("ada@contoso.com"), or a part of its host, path
// and command ("mail.contoso.com", "/oauth2/v2.0/token",
// "mail.contoso.com/Microsoft-Server-ActiveSync?Sync"). Failures that match the same request
// are used one after the other, in the order of the calls.
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

// instead reports whether the failure replaces the response. If not, the request is to
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

// after changes a response as the failure says.
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

// send sends a response as slowly, or as far, as the failure says.
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
