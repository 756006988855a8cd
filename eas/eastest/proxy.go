package eastest

import (
	"context"
	"io"
	"net"
	"net/http"
	"strings"
	"sync"
	"time"
)

// ServeProxy serves an HTTP proxy on a listener, until [Tenant.Close]. Its CONNECT reaches the
// hosts of the tenant at port 443 and nothing else: a program under test needs the proxy and the
// CA as settings, and no names in DNS. It returns immediately, with [http.ErrServerClosed] if the
// tenant is closed.
func (tn *Tenant) ServeProxy(ln net.Listener) error {
	n := tn.net
	n.mu.Lock()
	defer n.mu.Unlock()
	if n.isClosed() {
		ln.Close()
		return http.ErrServerClosed
	}
	server := &http.Server{Handler: http.HandlerFunc(tn.proxy), ReadHeaderTimeout: time.Minute}
	n.start(server, ln, func() { _ = server.Serve(ln) }) // until ln is closed
	return nil
}

// proxy is one request to the proxy.
func (tn *Tenant) proxy(w http.ResponseWriter, r *http.Request) {
	if tn.proxyFails(w, r) {
		return
	}
	if r.Method != http.MethodConnect && r.URL.Scheme == "http" && tn.redirectsPlain(hostOf(r)) {
		tn.servePlain(w, r)
		return
	}
	if r.Method != http.MethodConnect {
		http.Error(w, "This proxy of a fake tenant for tests takes CONNECT alone: use https URLs.", http.StatusMethodNotAllowed)
		return
	}
	host, port, err := net.SplitHostPort(r.Host)
	if err != nil || port != "443" || !tn.exists(strings.ToLower(host)) {
		http.Error(w, "The fake tenant has no such host; it has "+strings.Join(tn.Hosts(), ", ")+", at port 443.", http.StatusBadGateway)
		return
	}
	inner, err := tn.net.dial(r.Context(), "tcp", r.Host)
	if err != nil {
		http.Error(w, err.Error(), http.StatusBadGateway)
		return
	}
	outer, buf, err := w.(http.Hijacker).Hijack()
	if err != nil {
		inner.Close()
		http.Error(w, err.Error(), http.StatusInternalServerError)
		return
	}
	// The connection outlives the handler; the network's end ends it.
	tn.net.errand(context.Background(), func(ctx context.Context) {
		stop := context.AfterFunc(ctx, func() {
			inner.Close()
			outer.Close()
		})
		defer stop()
		if _, err := io.WriteString(outer, "HTTP/1.1 200 Connection established\r\n\r\n"); err != nil {
			inner.Close()
			outer.Close()
			return
		}
		var both sync.WaitGroup
		both.Go(func() { pump(inner, buf) })
		both.Go(func() { pump(outer, inner) })
		both.Wait()
	})
}

// pump copies until one side ends, and ends the other.
func pump(to net.Conn, from io.Reader) {
	_, _ = io.Copy(to, from) // either side may end the connection
	to.Close()
}
