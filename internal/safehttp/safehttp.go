package safehttp

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/textproto"
	"net/url"
	"strconv"
	"strings"
	"time"
)

// Limits of one exchange, in bytes.
const (
	MaxHeader = 64 << 10 // all header fields of an answer together
	MaxJSON   = 1 << 20  // AutoDiscover, metadata, keys, token answers
	MaxURL    = 8 << 10  // a URL taken from an answer
)

var (
	// ErrTooLarge is matched by every [*LimitError].
	ErrTooLarge = errors.New("too large")
	// ErrURL is matched by every [*URLError].
	ErrURL = errors.New("URL refused")
)

// A LimitError says that an answer was longer than the library is willing to read.
type LimitError struct {
	What  string // "body" or "header"
	Limit int64  // in bytes
}

func (e *LimitError) Error() string {
	return fmt.Sprintf("%s longer than %d bytes", e.What, e.Limit)
}

// Is reports whether target is [ErrTooLarge].
func (e *LimitError) Is(target error) bool { return target == ErrTooLarge }

// A URLError says why a URL was refused. URL is redacted.
type URLError struct {
	URL    string
	Reason string
}

func (e *URLError) Error() string { return fmt.Sprintf("URL %s refused: %s", e.URL, e.Reason) }

// Is reports whether target is [ErrURL].
func (e *URLError) Is(target error) bool { return target == ErrURL }

// Do sends req with the transport, cookie jar and timeout of c (nil means
// [http.DefaultClient]'s) and returns the response as it came: redirects are not followed,
// and a Location is not parsed. The request's URL must pass [CheckURL]. A request without a
// User-Agent gets [UserAgent].
func Do(c *http.Client, req *http.Request) (*http.Response, error) {
	if err := CheckURL(req.URL); err != nil {
		return nil, err
	}
	return send(c, req)
}

// DoLoopback is [Do] for a caller who has said that servers beside the program are meant:
// it also sends plain http to a loopback address literal. Nothing read from the network
// may decide between the two.
func DoLoopback(c *http.Client, req *http.Request) (*http.Response, error) {
	if err := CheckURL(req.URL); err != nil && !isPlainLoopback(req.URL) {
		return nil, err
	}
	return send(c, req)
}

func send(c *http.Client, req *http.Request) (*http.Response, error) {
	if _, ok := req.Header["User-Agent"]; !ok {
		req.Header.Set("User-Agent", UserAgent())
	}
	if c == nil {
		c = http.DefaultClient
	}
	once := *c
	held := &holder{base: c.Transport}
	once.Transport = held
	ctx, at := watch(req.Context())
	resp, err := once.Do(req.WithContext(ctx))
	if err != nil {
		return nil, requestError(req, err, stage(at.Load()))
	}
	if held.location != nil {
		resp.Header["Location"] = held.location
	}
	if n := headerSize(resp.Header); n > MaxHeader {
		resp.Body.Close()
		return nil, requestError(req, &LimitError{What: "header", Limit: MaxHeader}, stageReady)
	}
	return resp, nil
}

// A holder keeps the Location of a response from http.Client, which follows it, parses it and,
// where that fails, prints it whole: with the mail address and the code that it may hold.
type holder struct {
	base     http.RoundTripper
	location []string
}

func (h *holder) RoundTrip(req *http.Request) (*http.Response, error) {
	base := h.base
	if base == nil {
		base = http.DefaultTransport
	}
	resp, err := base.RoundTrip(req)
	if err == nil && resp != nil {
		h.location = resp.Header["Location"]
		delete(resp.Header, "Location")
	}
	return resp, err
}

func headerSize(h http.Header) int {
	n := 0
	for name, values := range h {
		for _, v := range values {
			n += len(name) + len(v) + len(": \r\n")
		}
	}
	return n
}

// ReadAll reads r to its end, and at most limit bytes of it; a longer r is a [*LimitError].
// What was read before an error is returned with it. The text of the error is safe to print: that
// of net/http quotes trailers that it cannot read, and what the server says when it hangs up.
func ReadAll(r io.Reader, limit int64) ([]byte, error) {
	b, err := io.ReadAll(io.LimitReader(r, limit+1))
	if int64(len(b)) > limit {
		return b[:limit], &LimitError{What: "body", Limit: limit}
	}
	return b, readFailure(err)
}

// A readError says why a body ended early, in words that are not the server's.
type readError struct{ err error }

func readFailure(err error) error {
	if err == nil {
		return nil
	}
	return &readError{err}
}

func (e *readError) Error() string {
	var protocol textproto.ProtocolError
	text := e.err.Error()
	if errors.As(e.err, &protocol) || strings.Contains(text, "GOAWAY") {
		return "it breaks the protocol"
	}
	return Plain(text, 160)
}

func (e *readError) Unwrap() error { return e.err }

// What is read of a body that is not wanted, so that the connection can be used again.
const (
	maxRest  = 64 << 10
	restTime = time.Second
)

// Drain reads what is left of body, so that the connection can be used again, and closes it.
// It reads at most 64 KiB and for at most a second: a server that sends slowly costs its
// connection and not the time of the caller.
func Drain(body io.ReadCloser) { _, _ = drain(body, io.Discard) }

// Detach reads body as [Drain] does and returns what it has read, cut off where Drain stops,
// so that the connection is free before the response is dealt with.
func Detach(body io.ReadCloser) io.ReadCloser {
	var b bytes.Buffer
	_, _ = drain(body, &b)
	return io.NopCloser(&b)
}

func drain(body io.ReadCloser, to io.Writer) (int64, error) {
	late := time.AfterFunc(restTime, func() { body.Close() })
	defer late.Stop()
	defer body.Close()
	return io.CopyN(to, body, maxRest)
}

// RequestID returns the identifier under which the server can find the request in its logs,
// or "": the first of request-id, x-ms-request-id, X-Request-Id and client-request-id,
// made safe to print and at most 64 bytes.
func RequestID(h http.Header) string {
	for _, name := range []string{"request-id", "x-ms-request-id", "X-Request-Id", "client-request-id"} {
		if v := h.Get(name); v != "" {
			return Plain(v, 64)
		}
	}
	return ""
}

// RetryAfter reads the Retry-After field, a number of seconds or an HTTP date. A date is
// relative to the Date field, whose clock is the one that made it, and to now where there is
// none. The wait is never negative and at most limit. It reports false when the field is
// absent or makes no sense. See RFC 9110 section 10.2.3.
func RetryAfter(h http.Header, now time.Time, limit time.Duration) (time.Duration, bool) {
	v := strings.TrimSpace(h.Get("Retry-After"))
	if v == "" {
		return 0, false
	}
	if isDigits(v) {
		n, err := strconv.ParseInt(v, 10, 64)
		if err != nil || n > int64(limit/time.Second) {
			return limit, true // all digits: out of range means very long
		}
		return time.Duration(n) * time.Second, true
	}
	t, err := http.ParseTime(v)
	if err != nil {
		return 0, false
	}
	if date, err := http.ParseTime(h.Get("Date")); err == nil {
		now = date
	}
	return min(max(t.Sub(now), 0), limit), true
}

func isDigits(s string) bool {
	for i := range len(s) {
		if s[i] < '0' || s[i] > '9' {
			return false
		}
	}
	return s != ""
}

// PlainRedirect sends a bare GET over plain http, without any header field, query or body
// of the caller's, and returns where the answer redirects to: an https URL that [CheckURL]
// lets pass. It exists for the one step of AutoDiscover that is defined over http; nothing
// may be told to the server, and nothing it says is authenticated.
func PlainRedirect(ctx context.Context, c *http.Client, u *url.URL) (to *url.URL, status int, err error) {
	if u.Scheme != "http" || u.RawQuery != "" || u.Fragment != "" || checkParts(u) != nil {
		return nil, 0, refuse(u, "it is not a bare http URL")
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, u.String(), nil)
	if err != nil {
		return nil, 0, refuse(u, "it makes no request")
	}
	resp, err := send(c, req)
	if err != nil {
		return nil, 0, err
	}
	defer Drain(resp.Body)
	if resp.StatusCode < 300 || resp.StatusCode > 399 {
		return nil, resp.StatusCode, refuse(u, "the response is not a redirect")
	}
	to, err = Location(resp)
	return to, resp.StatusCode, err
}
