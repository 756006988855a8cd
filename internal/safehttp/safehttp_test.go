package safehttp_test

import (
	"bufio"
	"bytes"
	"compress/gzip"
	"context"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"testing/iotest"
	"testing/synctest"
	"time"

	"github.com/easoauth/easoauth/internal/safehttp"
)

func TestCheckURL(t *testing.T) {
	for _, tt := range []struct {
		in   string
		want bool
	}{
		{"https://mail.contoso.com/Microsoft-Server-ActiveSync", true},
		{"https://mail.contoso.com:8443/", true},
		{"https://[2001:db8::1]/", true},
		{"http://mail.contoso.com/", false},
		{"javascript:alert(1)", false},
		{"file:///etc/passwd", false},
		{"ftp://mail.contoso.com/", false},
		{"data:text/plain,x", false},
		{"//evil.example", false},
		{"https:///evil", false},
		{"https://:443/", false},
		{"https:evil.example", false},
		{"https://good.example@evil.example/", false},
		{"https://[fe80::1%25eth0]/", false},
		{"https://evil.example/" + strings.Repeat("a", safehttp.MaxURL), false},
		{"", false},
	} {
		u, err := url.Parse(tt.in)
		if err != nil {
			t.Fatalf("Parse(%q): %v", tt.in, err)
		}
		err = safehttp.CheckURL(u)
		if (err == nil) != tt.want {
			t.Errorf("CheckURL(%.60q) = %v, want ok = %v", tt.in, err, tt.want)
		}
		if err != nil && !errors.Is(err, safehttp.ErrURL) {
			t.Errorf("CheckURL(%.60q) = %v, want it to match ErrURL", tt.in, err)
		}
	}
	if err := safehttp.CheckURL(nil); !errors.Is(err, safehttp.ErrURL) {
		t.Errorf("CheckURL(nil) = %v, want ErrURL", err)
	}
}

// No redirect is followed, whatever its status, the method, and what the client's own rule says.
func TestDoDoesNotFollow(t *testing.T) {
	for _, status := range []int{300, 301, 302, 303, 304, 305, 306, 307, 308} {
		for _, method := range []string{"GET", "POST"} {
			requests := 0
			c := &http.Client{
				Transport: roundTripper(func(r *http.Request) (*http.Response, error) {
					requests++
					return &http.Response{StatusCode: status, Header: http.Header{"Location": {"/next"}}, Body: http.NoBody, Request: r}, nil
				}),
				CheckRedirect: func(*http.Request, []*http.Request) error { return nil },
			}
			req, _ := http.NewRequest(method, "https://mail.contoso.com/", strings.NewReader("x"))
			resp, err := safehttp.Do(c, req)
			if err != nil {
				t.Fatal(err)
			}
			got, err := safehttp.Location(resp)
			if resp.StatusCode != status || requests != 1 || err != nil || got.String() != "https://mail.contoso.com/next" {
				t.Errorf("%s, status %d: %d after %d requests, Location %v, %v", method, status, resp.StatusCode, requests, got, err)
			}
		}
	}
}

// A transport that breaks the contract of [http.RoundTripper] costs an error.
func TestDoWithoutAResponse(t *testing.T) {
	for _, cause := range []error{nil, errors.New("broken")} {
		c := &http.Client{Transport: roundTripper(func(r *http.Request) (*http.Response, error) {
			if cause == nil {
				return nil, nil
			}
			return &http.Response{StatusCode: 200, Body: http.NoBody, Request: r}, cause
		})}
		req, _ := http.NewRequest("GET", "https://mail.contoso.com/", nil)
		if resp, err := safehttp.Do(c, req); err == nil || resp != nil || cause != nil && !errors.Is(err, cause) {
			t.Errorf("Do = %v, %v", resp, err)
		}
	}
}

// Nothing is sent over plain http, but to a loopback address that the caller allows.
func TestS007DoRefusesPlainHTTP(t *testing.T) {
	var asked bool
	srv := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { asked = true }))
	defer srv.Close()
	req, _ := http.NewRequest("GET", srv.URL, nil)
	if _, err := safehttp.Do(nil, req); !errors.Is(err, safehttp.ErrURL) || asked {
		t.Errorf("Do over http = %v, asked = %v; want ErrURL and nothing sent", err, asked)
	}
	resp, err := safehttp.DoLoopback(nil, req)
	if err != nil {
		t.Fatalf("DoLoopback: %v", err)
	}
	safehttp.Drain(resp.Body)
	for _, u := range []*url.URL{
		nil,
		{Scheme: "http", Host: "localhost"}, // a name is not an address
		{Scheme: "ftp", Host: "127.0.0.1"},
		{Scheme: "http", Host: "127.0.0.1", User: url.User("ada")},
		{Scheme: "http", Host: "10.0.0.1"},
	} {
		asked := false
		c := &http.Client{Transport: roundTripper(func(*http.Request) (*http.Response, error) { asked = true; return nil, errors.New("asked") })}
		if _, err := safehttp.DoLoopback(c, &http.Request{URL: u, Header: http.Header{}}); !errors.Is(err, safehttp.ErrURL) || asked {
			t.Errorf("DoLoopback to %v = %v, asked = %v; want ErrURL and nothing sent", u, err, asked)
		}
	}
}

func TestS015DoLimitsHeader(t *testing.T) {
	srv := httptest.NewTLSServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		for range 100 {
			w.Header().Add("WWW-Authenticate", strings.Repeat("x", 1024))
		}
	}))
	defer srv.Close()
	req, _ := http.NewRequest("GET", srv.URL, nil)
	if _, err := safehttp.Do(srv.Client(), req); !errors.Is(err, safehttp.ErrTooLarge) {
		t.Errorf("Do = %v, want ErrTooLarge", err)
	}
}

func TestDoErrorHoldsNoQuery(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	req, _ := http.NewRequestWithContext(ctx, "GET", "https://127.0.0.1/a/v1.0/ada@contoso.com?Email=ada%40contoso.com", nil)
	_, err := safehttp.Do(nil, req)
	if !errors.Is(err, context.Canceled) {
		t.Fatalf("Do = %v, want context.Canceled", err)
	}
	if strings.Contains(err.Error(), "ada") {
		t.Errorf("error %q holds the address", err)
	}
}

// A bomb costs what any other long body does.
func TestS014ReadAllStopsAGzipBomb(t *testing.T) {
	srv := httptest.NewTLSServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Encoding", "gzip")
		z := gzip.NewWriter(w)
		io.Copy(z, io.LimitReader(zeros{}, 64<<20))
		z.Close()
	}))
	defer srv.Close()
	req, _ := http.NewRequest("GET", srv.URL, nil)
	resp, err := safehttp.Do(srv.Client(), req)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	if _, err := safehttp.ReadAll(resp.Body, safehttp.MaxJSON); !errors.Is(err, safehttp.ErrTooLarge) {
		t.Errorf("ReadAll = %v, want ErrTooLarge", err)
	}
	if b, err := safehttp.ReadAll(bytes.NewReader([]byte("four")), 4); err != nil || string(b) != "four" {
		t.Errorf("ReadAll at the limit = %q, %v", b, err)
	}
}

// What came before a body broke off is returned with the error.
func TestReadAllBroken(t *testing.T) {
	broken := errors.New("connection reset")
	b, err := safehttp.ReadAll(io.MultiReader(strings.NewReader("rt"), iotest.ErrReader(broken)), 10)
	if string(b) != "rt" || !errors.Is(err, broken) {
		t.Errorf("ReadAll = %q, %v; want what was read, and the error", b, err)
	}
}

type zeros struct{}

func (zeros) Read(p []byte) (int, error) { clear(p); return len(p), nil }

func TestOrigin(t *testing.T) {
	for _, tt := range []struct {
		a, b string
		want bool
	}{
		{"https://mail.contoso.com/a", "HTTPS://MAIL.contoso.com:443/b", true},
		{"https://mail.contoso.com.", "https://mail.contoso.com", true},
		{"https://mail.contoso.com", "https://mail.contoso.com:8443", false},
		{"https://mail.contoso.com", "http://mail.contoso.com", false},
		{"https://contoso.com", "https://mail.contoso.com", false},
		{"https://[::1]:443", "https://[::1]", true},
		{"http://contoso.com:80", "HTTP://contoso.com", true},
		{"http://contoso.com:443", "http://contoso.com", false},
		{"https://contoso.com:80", "https://contoso.com", false},
		{"http://contoso.com:8080", "https://contoso.com:8080", false},
	} {
		a, _ := url.Parse(tt.a)
		b, _ := url.Parse(tt.b)
		if got := safehttp.SameOrigin(a, b); got != tt.want {
			t.Errorf("SameOrigin(%s, %s) = %v, want %v", tt.a, tt.b, got, tt.want)
		}
	}
}

// A wait that is huge, negative, past or garbage.
func TestS027RetryAfter(t *testing.T) {
	now := time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
	for _, tt := range []struct {
		in   string
		want time.Duration
		ok   bool
	}{
		{"120", 2 * time.Minute, true},
		{" 0 ", 0, true},
		{"3599", 3599 * time.Second, true},
		{"3600", time.Hour, true},
		{"3601", time.Hour, true},
		{"1 0", 0, false},
		{"1:", 0, false},
		{"1/", 0, false},
		{"99999999999999", time.Hour, true},
		{"999999999999999999999999999", time.Hour, true},
		{"-5", 0, false},
		{"soon", 0, false},
		{"", 0, false},
		{"Sun, 01 Mar 2026 12:01:30 GMT", 90 * time.Second, true},
		{"Thu, 01 Jan 1970 00:00:00 GMT", 0, true},
		{"Fri, 31 Dec 9999 23:59:59 GMT", time.Hour, true},
	} {
		got, ok := safehttp.RetryAfter(http.Header{"Retry-After": {tt.in}}, now, time.Hour)
		if got != tt.want || ok != tt.ok {
			t.Errorf("RetryAfter(%q) = %v, %v; want %v, %v", tt.in, got, ok, tt.want, tt.ok)
		}
	}
}

// A limit that is not whole seconds is not exceeded by rounding, nor taken for the wait.
func TestRetryAfterLimit(t *testing.T) {
	for in, want := range map[string]time.Duration{"89": 89 * time.Second, "90": 90 * time.Second, "91": 90*time.Second + time.Millisecond} {
		if got, _ := safehttp.RetryAfter(http.Header{"Retry-After": {in}}, time.Now(), 90*time.Second+time.Millisecond); got != want {
			t.Errorf("RetryAfter(%s) = %v, want %v", in, got, want)
		}
	}
}

// The clock of a server may be wrong: a date of its is relative to its own Date.
func TestRetryAfterByTheServersClock(t *testing.T) {
	now := time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
	for _, tt := range []struct {
		after, date string
		want        time.Duration
	}{
		{"Sun, 01 Mar 2026 12:01:30 GMT", "Sun, 01 Mar 2026 12:01:00 GMT", 30 * time.Second},
		{"Sun, 01 Mar 2026 10:01:30 GMT", "Sun, 01 Mar 2026 10:00:00 GMT", 90 * time.Second},
		{"Sun, 01 Mar 2026 10:00:00 GMT", "Sun, 01 Mar 2026 10:01:00 GMT", 0},
		{"Sun, 01 Mar 2026 12:01:30 GMT", "yesterday", 90 * time.Second},
		{"30", "Thu, 01 Jan 1970 00:00:00 GMT", 30 * time.Second},
	} {
		got, ok := safehttp.RetryAfter(http.Header{"Retry-After": {tt.after}, "Date": {tt.date}}, now, time.Hour)
		if got != tt.want || !ok {
			t.Errorf("RetryAfter(%q) at %q = %v, %v; want %v", tt.after, tt.date, got, ok, tt.want)
		}
	}
}

// A body that trickles costs its connection and not the time of the caller; one that has ended
// is closed once.
func TestDrainIsBounded(t *testing.T) {
	for name, drain := range map[string]func(io.ReadCloser){
		"Drain": safehttp.Drain, "Detach": func(b io.ReadCloser) { _ = safehttp.Detach(b) },
	} {
		synctest.Test(t, func(t *testing.T) {
			start := time.Now()
			r, w := io.Pipe()
			go func() {
				for {
					if _, err := io.WriteString(w, "x"); err != nil {
						return
					}
					time.Sleep(20 * time.Millisecond)
				}
			}()
			drain(r)
			if d := time.Since(start); d != time.Second {
				t.Errorf("%s took %v, want a second", name, d)
			}
			short := &closing{Reader: strings.NewReader("why")}
			drain(short)
			time.Sleep(time.Minute)
			if short.times != 1 {
				t.Errorf("%s closed the body %d times", name, short.times)
			}
			long := &closing{Reader: zeros{}}
			drain(long)
			if long.read != 64<<10 || long.times != 1 {
				t.Errorf("%s read %d bytes and closed the body %d times", name, long.read, long.times)
			}
		})
	}
}

func TestDetach(t *testing.T) {
	body := &closing{Reader: strings.NewReader("why")}
	if b, err := io.ReadAll(safehttp.Detach(body)); string(b) != "why" || err != nil || !body.closed {
		t.Errorf("Detach = %q, %v, closed %v", b, err, body.closed)
	}
	long := &closing{Reader: zeros{}}
	if b, err := io.ReadAll(safehttp.Detach(long)); len(b) != 64<<10 || err != nil || !long.closed {
		t.Errorf("Detach of a long body = %d bytes, %v, closed %v", len(b), err, long.closed)
	}
}

type closing struct {
	io.Reader
	closed      bool
	times, read int
}

func (c *closing) Read(p []byte) (int, error) {
	n, err := c.Reader.Read(p)
	c.read += n
	return n, err
}

func (c *closing) Close() error { c.closed = true; c.times++; return nil }

func TestClean(t *testing.T) {
	for _, tt := range []struct {
		in    string
		limit int
		want  string
	}{
		{"plain", 64, "plain"},
		{"a\r\nb\x1b]0;x\x07", 64, "a··b·]0;x·"},
		{"a\u202eb", 64, "a·b"},
		{"\xff", 64, "·"},
		{"abcdef", 3, "abc…"},
		{"abc", 3, "abc"},
		{"ab\x7f", 3, "ab·"},
		{"ab \x1f", 64, "ab ·"},
		{"aäb", 3, "aä…"},
		{"ä", 1, "…"},
		{"Anmeldung nötig", 64, "Anmeldung nötig"},
	} {
		if got := safehttp.Clean(tt.in, tt.limit); got != tt.want {
			t.Errorf("Clean(%q, %d) = %q, want %q", tt.in, tt.limit, got, tt.want)
		}
	}
}

// A text that needs no cleaning is returned as it is.
func TestCleanCopiesNothing(t *testing.T) {
	for _, s := range []string{"", "in short", " ~", strings.Repeat("a", 64)} {
		if n := testing.AllocsPerRun(10, func() { safehttp.Clean(s, 64) }); n != 0 {
			t.Errorf("Clean(%q) allocates %v times", s, n)
		}
	}
}

func FuzzResolve(f *testing.F) {
	base, _ := url.Parse("https://mail.contoso.com/a/b?c")
	for _, s := range []string{"/x", "//evil", "https:///evil", "javascript:x", "https://good@evil", "https://evil%00.good", "\t", "https://[::1%25lo]/"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, ref string) {
		u, err := safehttp.Resolve(base, ref)
		if err != nil {
			if !errors.Is(err, safehttp.ErrURL) {
				t.Fatalf("Resolve(%q) = %v, want a *URLError", ref, err)
			}
			return
		}
		if u.Scheme != "https" || u.Hostname() == "" || u.User != nil {
			t.Fatalf("Resolve(%q) = %s", ref, u)
		}
	})
}

// The text of a body that broke off holds nothing of what the server sent, which may be the
// secret of the request.
func TestBodyThatBreaksOffQuotesNothing(t *testing.T) {
	secret := "eyJhbGciOiJub25lIn0.secret.x"
	for name, tt := range map[string]struct{ response, want string }{
		"trailer":  {"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nTrailer: X\r\n\r\n1\r\na\r\n0\r\nsecret\r\n\r\n", "it breaks the protocol"},
		"cut":      {"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nab", "unexpected EOF"},
		"encoding": {"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: 6\r\n\r\nsecret", "gzip: "},
	} {
		t.Run(name, func(t *testing.T) {
			resp, err := http.ReadResponse(bufio.NewReader(strings.NewReader(tt.response)), nil)
			if err != nil {
				t.Fatal(err)
			}
			body := resp.Body
			if resp.Header.Get("Content-Encoding") == "gzip" {
				body = io.NopCloser(failing{errors.New("gzip: invalid header in " + secret)})
			}
			if _, err := safehttp.ReadAll(body, 100); err == nil || strings.Contains(err.Error(), "secret") || !strings.Contains(err.Error(), tt.want) {
				t.Errorf("ReadAll = %v, want %q and no secret", err, tt.want)
			}
		})
	}
	if _, err := safehttp.ReadAll(failing{context.Canceled}, 100); !errors.Is(err, context.Canceled) {
		t.Errorf("ReadAll = %v, want the cause wrapped", err)
	}
}

type failing struct{ err error }

func (f failing) Read([]byte) (int, error) { return 0, f.err }
