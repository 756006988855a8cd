package token

import (
	"context"
	"crypto/subtle"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"
)

const (
	maxCallback    = 64 << 10 // bytes of an authorization response
	maxConnections = 32       // at the loopback listener, at a time
)

// A callback is what the browser brought back: the parameters of an authorization response
// (RFC 6749 section 4.1.2).
type callback struct{ params url.Values }

// A receiver listens on loopback addresses for one authorization response. Whatever else
// comes gets a constant page and is ignored.
type receiver struct {
	port      int
	path      string
	state     string
	listeners []net.Listener
	server    *http.Server
	got       chan callback
	once      sync.Once
	done      sync.WaitGroup

	mu     sync.Mutex
	reason string // why the last response was refused
}

// listen binds port, or a free port if it is 0, of 127.0.0.1, and with both also that of
// [::1] where there is IPv6, because "localhost" may be either.
func listen(ctx context.Context, state string, both bool, port int, path string) (*receiver, error) {
	if path == "" {
		path = "/"
	}
	var last error
	for range 8 {
		listeners, err := listenOnce(ctx, both, port)
		if err == nil {
			return newReceiver(state, path, listeners), nil
		}
		last = err
	}
	if port != 0 {
		return nil, unavailable(fmt.Errorf("token: browser: port %d of the redirect URI cannot be listened on; end the program that has it, or register another: %w", port, last))
	}
	return nil, unavailable(fmt.Errorf("token: browser: no free loopback port to listen on: %w", last))
}

func listenOnce(ctx context.Context, both bool, port int) ([]net.Listener, error) {
	var lc net.ListenConfig
	v4, err := lc.Listen(ctx, "tcp4", net.JoinHostPort("127.0.0.1", strconv.Itoa(port)))
	if err != nil {
		if isInUse(err) {
			return nil, err
		}
		// A machine may have IPv6 only.
		v6, err6 := lc.Listen(ctx, "tcp6", net.JoinHostPort("::1", strconv.Itoa(port)))
		if err6 != nil {
			return nil, err
		}
		return []net.Listener{v6}, nil
	}
	if !both {
		return []net.Listener{v4}, nil
	}
	v6, err := lc.Listen(ctx, "tcp6", net.JoinHostPort("::1", strconv.Itoa(v4.Addr().(*net.TCPAddr).Port)))
	switch {
	case err == nil:
		return []net.Listener{v4, v6}, nil
	case isInUse(err):
		// Another program would receive what is meant for us.
		v4.Close()
		return nil, err
	}
	return []net.Listener{v4}, nil
}

func newReceiver(state, path string, listeners []net.Listener) *receiver {
	r := &receiver{
		port:      listeners[0].Addr().(*net.TCPAddr).Port,
		path:      path,
		state:     state,
		listeners: listeners,
		got:       make(chan callback, 1),
	}
	r.server = &http.Server{
		Handler:           r,
		ReadHeaderTimeout: 5 * time.Second,
		ReadTimeout:       10 * time.Second,
		WriteTimeout:      10 * time.Second,
		IdleTimeout:       5 * time.Second,
		MaxHeaderBytes:    32 << 10,
		ErrorLog:          log.New(io.Discard, "", 0),
	}
	for _, l := range listeners {
		r.done.Go(func() { _ = r.server.Serve(&limitedListener{Listener: l, slots: make(chan struct{}, maxConnections)}) })
	}
	return r
}

// close ends the listeners. If the response has come, its page has a second to reach the
// browser.
func (r *receiver) close() {
	waiting := false
	r.once.Do(func() { waiting = true })
	if !waiting {
		ctx, cancel := context.WithTimeout(context.Background(), time.Second)
		defer cancel()
		_ = r.server.Shutdown(ctx)
	}
	r.server.Close()
	r.done.Wait()
}

// isOurs reports whether the Host field names this listener, which a name rebound to
// 127.0.0.1 does not.
func (r *receiver) isOurs(host string) bool {
	port := strconv.Itoa(r.port)
	return slices.Contains([]string{"localhost:" + port, "127.0.0.1:" + port, "[::1]:" + port}, host)
}

// refuse remembers why a response was refused, if params are those of one.
func (r *receiver) refuse(params url.Values, reason string) {
	if !params.Has("code") && !params.Has("error") {
		return
	}
	if code := params.Get("error"); isErrorCode(code) {
		reason += " (error " + code + ")"
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	r.reason = reason
}

// refused returns why the last response was refused; "" if none was.
func (r *receiver) refused() string {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.reason
}

// isErrorCode reports whether s is a code such as access_denied, safe to print.
func isErrorCode(s string) bool {
	return s != "" && len(s) <= 40 && strings.Trim(s, "abcdefghijklmnopqrstuvwxyz_") == ""
}

// ServeHTTP takes the authorization response with the right state, once.
func (r *receiver) ServeHTTP(w http.ResponseWriter, req *http.Request) {
	var params url.Values
	if len(req.URL.RawQuery) <= maxCallback {
		params, _ = url.ParseQuery(req.URL.RawQuery)
	}
	switch {
	case !r.isOurs(req.Host):
		r.refuse(params, "a response for another host name")
		writePage(w, http.StatusMisdirectedRequest, pageStray)
		return
	case req.URL.Path != r.path:
		r.refuse(params, "a response at another path than that of the redirect URI")
		writePage(w, http.StatusNotFound, pageStray)
		return
	}
	switch req.Method {
	case http.MethodGet:
		if len(req.URL.RawQuery) > maxCallback {
			writePage(w, http.StatusRequestURITooLong, pageStray)
			return
		}
	case http.MethodPost: // response_mode form_post
		req.Body = http.MaxBytesReader(w, req.Body, maxCallback)
		if err := req.ParseForm(); err != nil {
			writePage(w, http.StatusBadRequest, pageStray)
			return
		}
		params = req.PostForm
	default:
		w.Header().Set("Allow", "GET, POST")
		writePage(w, http.StatusMethodNotAllowed, pageStray)
		return
	}
	states := params["state"]
	if len(states) != 1 || subtle.ConstantTimeCompare([]byte(states[0]), []byte(r.state)) != 1 {
		r.refuse(params, "a response without the state of this sign-in")
		writePage(w, http.StatusBadRequest, pageStray)
		return
	}
	taken := false
	r.once.Do(func() { taken = true })
	if !taken {
		writePage(w, http.StatusGone, pageStray)
		return
	}
	writePage(w, http.StatusOK, pageDone)
	r.got <- callback{params}
}

// The pages are constant: nothing of a request is repeated.
const (
	pageDone  = "The response has arrived. Return to the program; this window can be closed."
	pageStray = "This address waits for the response of a sign-in, and this is not it."
)

func writePage(w http.ResponseWriter, status int, message string) {
	h := w.Header()
	h.Set("Content-Type", "text/html; charset=utf-8")
	h.Set("Content-Security-Policy", "default-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'")
	h.Set("X-Frame-Options", "DENY")
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("Referrer-Policy", "no-referrer")
	h.Set("Cache-Control", "no-store")
	h.Set("Cross-Origin-Opener-Policy", "same-origin")
	h.Set("Connection", "close")
	w.WriteHeader(status)
	_, _ = io.WriteString(w, "<!DOCTYPE html><html lang=\"en\"><meta charset=\"utf-8\"><title>Sign-in</title><p>"+message+"</p></html>\n")
}

// A limitedListener closes connections beyond its slots at once, so that a flood costs
// little.
type limitedListener struct {
	net.Listener
	slots chan struct{}
}

func (l *limitedListener) Accept() (net.Conn, error) {
	for {
		c, err := l.Listener.Accept()
		if err != nil {
			return nil, err
		}
		select {
		case l.slots <- struct{}{}:
			return &limitedConn{Conn: c, free: sync.OnceFunc(func() { <-l.slots })}, nil
		default:
			c.Close()
		}
	}
}

type limitedConn struct {
	net.Conn
	free func()
}

func (c *limitedConn) Close() error {
	c.free()
	return c.Conn.Close()
}
