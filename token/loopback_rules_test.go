package token

import (
	"errors"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// Each page, with the fields that keep others from making use of it.
func TestReceiverPages(t *testing.T) {
	r := &receiver{port: 4711, path: "/cb", state: "s", got: make(chan callback, 1)}
	long := "/cb?state=s&code=" + strings.Repeat("x", maxCallback-len("state=s&code="))
	post := func(body string) *http.Request {
		req := httptest.NewRequest("POST", "/cb", strings.NewReader(body))
		req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		return req
	}
	for _, tt := range []struct {
		name   string
		req    *http.Request
		host   string
		status int
		page   string
		allow  string
		reason string
	}{
		{"another host", httptest.NewRequest("GET", "/cb?state=s&code=c", nil), "evil.example:4711", 421, pageStray, "", "a response for another host name"},
		{"another port", httptest.NewRequest("GET", "/cb?state=s&code=c", nil), "localhost:4712", 421, pageStray, "", "a response for another host name"},
		{"another path", httptest.NewRequest("GET", "/?state=s&error=access_denied", nil), "localhost:4711", 404, pageStray, "", "a response at another path than that of the redirect URI (error access_denied)"},
		{"another method", httptest.NewRequest("PUT", "/cb?state=s&code=c", nil), "localhost:4711", 405, pageStray, "GET, POST", ""},
		{"too long", httptest.NewRequest("GET", long+"x", nil), "127.0.0.1:4711", 414, pageStray, "", ""},
		{"a form that is too long", post("state=s&code=" + strings.Repeat("x", maxCallback)), "127.0.0.1:4711", 400, pageStray, "", ""},
		{"no state", httptest.NewRequest("GET", "/cb?code=c", nil), "[::1]:4711", 400, pageStray, "", "a response without the state of this sign-in"},
		{"two states", httptest.NewRequest("GET", "/cb?code=c&state=s&state=s", nil), "[::1]:4711", 400, pageStray, "", "a response without the state of this sign-in"},
		{"a longer state", httptest.NewRequest("GET", "/cb?error=x&state=sx", nil), "[::1]:4711", 400, pageStray, "", "a response without the state of this sign-in (error x)"},
		{"nothing", httptest.NewRequest("GET", "/cb", nil), "[::1]:4711", 400, pageStray, "", ""},
		{"a state in the query of a form", post("code=c"), "localhost:4711", 400, pageStray, "", "a response without the state of this sign-in"},
		{"the response", httptest.NewRequest("GET", long, nil), "localhost:4711", 200, pageDone, "", ""},
		{"the response again", post("state=s&code=c"), "localhost:4711", 410, pageStray, "", ""},
	} {
		r.reason = ""
		tt.req.Host = tt.host
		w := httptest.NewRecorder()
		r.ServeHTTP(w, tt.req)
		if w.Code != tt.status || !strings.Contains(w.Body.String(), "<p>"+tt.page+"</p>") {
			t.Errorf("%s: status %d and %q, want %d and %q", tt.name, w.Code, w.Body, tt.status, tt.page)
		}
		if got := r.refused(); got != tt.reason {
			t.Errorf("%s: remembered is %q, want %q", tt.name, got, tt.reason)
		}
		want := http.Header{"Content-Type": {"text/html; charset=utf-8"}, "X-Frame-Options": {"DENY"}, "X-Content-Type-Options": {"nosniff"}, "Referrer-Policy": {"no-referrer"},
			"Content-Security-Policy": {"default-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"}, "Cache-Control": {"no-store"},
			"Cross-Origin-Opener-Policy": {"same-origin"}, "Connection": {"close"}}
		if tt.allow != "" {
			want.Set("Allow", tt.allow)
		}
		if diff := cmp.Diff(want, w.Header()); diff != "" {
			t.Errorf("%s: header (-want +got):\n%s", tt.name, diff)
		}
	}
	select {
	case got := <-r.got:
		if got.params.Get("state") != "s" {
			t.Errorf("got %v", got)
		}
	default:
		t.Error("the response has not arrived")
	}
}

// Closing a receiver does not wait for connections that bring nothing: the quickest of some
// times counts, on a machine that may be busy.
func TestReceiverCloses(t *testing.T) {
	quickest := time.Hour
	for range 5 {
		r, err := listen(t.Context(), "s", false, 0, "")
		if err != nil {
			t.Fatal(err)
		}
		c, err := net.Dial("tcp", "127.0.0.1:"+strconv.Itoa(r.port))
		if err != nil {
			t.Fatal(err)
		}
		begin := time.Now()
		r.close()
		quickest = min(quickest, time.Since(begin))
		c.Close()
		if quickest < 500*time.Millisecond {
			return
		}
	}
	t.Errorf("closing took %v at the least", quickest)
}

// A flood of connections is cut off beyond a number.
func TestReceiverBounds(t *testing.T) {
	r, err := listen(t.Context(), "s", false, 0, "")
	if err != nil {
		t.Fatal(err)
	}
	if s := r.server; s.ReadHeaderTimeout != 5*time.Second || s.ReadTimeout != 10*time.Second || s.WriteTimeout != 10*time.Second || s.IdleTimeout != 5*time.Second || s.MaxHeaderBytes != 32<<10 || r.path != "/" {
		t.Errorf("limits of the server %+v", s)
	}
	address := "127.0.0.1:" + strconv.Itoa(r.port)
	dial := func() net.Conn {
		t.Helper()
		c, err := net.Dial("tcp", address)
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { c.Close() })
		return c
	}
	first := dial()
	for range maxConnections - 1 {
		dial()
	}
	beyond := dial()
	beyond.SetReadDeadline(time.Now().Add(10 * time.Second))
	if _, err := beyond.Read(make([]byte, 1)); err == nil || isTimeout(err) {
		t.Errorf("connection %d stays open: %v", maxConnections+1, err)
	}
	first.Close() // makes room
	for deadline := time.Now().Add(10 * time.Second); ; time.Sleep(time.Millisecond) {
		c := dial()
		io.WriteString(c, "GET / HTTP/1.1\r\nHost: "+address+"\r\n\r\n")
		b, _ := io.ReadAll(c)
		if strings.HasPrefix(string(b), "HTTP/1.1 400 ") {
			break
		}
		if time.Now().After(deadline) {
			t.Fatalf("there is no room again: %q", b)
		}
	}
	r.close()
	if _, err := net.Dial("tcp", address); err == nil {
		t.Error("it still listens")
	}
}

func isTimeout(err error) bool {
	var ne net.Error
	return errors.As(err, &ne) && ne.Timeout()
}

// The page reaches the browser though the receiver is closed as soon as the response is there.
func TestReceiverDeliversItsPage(t *testing.T) {
	for range 20 {
		r, err := listen(t.Context(), "s", false, 0, "/")
		if err != nil {
			t.Fatal(err)
		}
		go func() {
			<-r.got
			r.close()
		}()
		resp, err := http.Get("http://127.0.0.1:" + strconv.Itoa(r.port) + "/?" + url.Values{"state": {"s"}, "code": {"c"}}.Encode())
		if err != nil {
			t.Fatal(err)
		}
		b, err := io.ReadAll(resp.Body)
		resp.Body.Close()
		if err != nil || !strings.Contains(string(b), pageDone) {
			t.Errorf("page %q, %v", b, err)
		}
		r.done.Wait()
	}
}

// What cannot be listened on is an error that lets another Flow try.
func TestListenFails(t *testing.T) {
	l, err := net.Listen("tcp4", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	port := l.Addr().(*net.TCPAddr).Port
	for _, both := range []bool{false, true} {
		if _, err := listen(t.Context(), "s", both, port, "/"); !errors.Is(err, ErrFlowUnavailable) || !strings.Contains(err.Error(), "port "+strconv.Itoa(port)+" of the redirect URI") {
			t.Errorf("listen on a port that is taken = %v", err)
		}
	}
}
