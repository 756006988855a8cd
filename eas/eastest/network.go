package eastest

import (
	"context"
	"crypto/tls"
	"errors"
	"io"
	"log"
	"net"
	"net/http"
	"strings"
	"sync"
	"time"
)

// A network is one TLS server for all hosts of a tenant, reached over pipes.
type network struct {
	tn     *Tenant
	ln     *pipeListener
	served sync.WaitGroup // Serve of every server, until it returns
	conns  sync.WaitGroup // connections of every server

	mu        sync.Mutex
	plain     *pipeListener  // of port 80, once a client has connected to it
	closed    chan struct{}  // closed by close
	errands   sync.WaitGroup // what Browser began
	listeners []net.Listener
	servers   []*http.Server
	clients   []*http.Transport
}

func newNetwork(tn *Tenant) *network {
	n := &network{tn: tn, ln: newPipeListener(), closed: make(chan struct{})}
	n.serve(n.ln)
	return n
}

// serve starts a server. The caller holds n.mu, or nobody else knows n.
func (n *network) serve(ln net.Listener) {
	tn := n.tn
	server := &http.Server{
		Handler: tn,
		TLSConfig: &tls.Config{
			MinVersion:     tls.VersionTLS12,
			GetCertificate: tn.certificate,
			GetConfigForClient: func(h *tls.ClientHelloInfo) (*tls.Config, error) {
				return tn.handshake(h, strings.ToLower(h.ServerName))
			},
		},
		ReadHeaderTimeout: time.Minute,
		ConnContext:       withConn,
	}
	if tn.at.HTTP1 {
		server.Protocols = new(http.Protocols)
		server.Protocols.SetHTTP1(true)
	}
	ln = mutedListener{ln}
	n.start(server, ln, func() { _ = server.ServeTLS(ln, "", "") }) // until ln is closed
}

// certificate is that of the host that the client names.
func (tn *Tenant) certificate(h *tls.ClientHelloInfo) (*tls.Certificate, error) {
	name := strings.ToLower(h.ServerName)
	if !tn.exists(name) {
		return nil, errors.New("eastest: no such host")
	}
	if tn.isAlias(name) {
		name = nationOf(tn.at.Nation).aliasTarget()
	}
	return tn.ca.leaf(name)
}

func (n *network) start(server *http.Server, ln net.Listener, serve func()) {
	server.ErrorLog = log.New(io.Discard, "", 0) // clients may hang up at any time
	server.ConnState = func(_ net.Conn, s http.ConnState) {
		switch s {
		case http.StateNew:
			n.conns.Add(1)
		case http.StateClosed, http.StateHijacked:
			n.conns.Done()
		}
	}
	n.listeners = append(n.listeners, ln)
	n.servers = append(n.servers, server)
	n.served.Go(serve)
}

// close returns when every goroutine of the servers and of the errands has ended.
func (n *network) close() {
	n.mu.Lock()
	if n.isClosed() {
		n.mu.Unlock()
		return
	}
	close(n.closed)
	n.mu.Unlock()
	for _, t := range n.clients {
		t.CloseIdleConnections()
	}
	for _, ln := range n.listeners {
		ln.Close()
	}
	// A server knows all its connections, and closes them, only when it accepts no more.
	n.served.Wait()
	for _, s := range n.servers {
		s.Close()
	}
	n.conns.Wait()
	n.errands.Wait()
}

func (n *network) isClosed() bool {
	select {
	case <-n.closed:
		return true
	default:
		return false
	}
}

// errand runs f, whose context ends when the network is closed, in the background.
func (n *network) errand(ctx context.Context, f func(ctx context.Context)) {
	n.mu.Lock()
	defer n.mu.Unlock()
	if n.isClosed() {
		return
	}
	ctx, cancel := context.WithCancel(ctx)
	n.errands.Go(func() {
		defer cancel()
		f(ctx)
	})
	n.errands.Go(func() {
		defer cancel()
		select {
		case <-n.closed:
		case <-ctx.Done():
		}
	})
}

func (n *network) client() *http.Client {
	return &http.Client{Transport: &http.Transport{
		DialContext:     n.dial,
		TLSClientConfig: &tls.Config{RootCAs: n.tn.ca.pool(), MinVersion: tls.VersionTLS12},
		MaxIdleConns:    100, MaxIdleConnsPerHost: 20, IdleConnTimeout: 90 * time.Second,
	}}
}

// dial connects to a host of the tenant. There are no others.
func (n *network) dial(ctx context.Context, _, addr string) (net.Conn, error) {
	host, port, err := net.SplitHostPort(addr)
	if err != nil {
		return nil, err
	}
	host = strings.TrimSuffix(strings.ToLower(host), ".")
	if !n.tn.exists(host) {
		return nil, &net.OpError{Op: "dial", Net: "tcp", Err: &net.DNSError{Err: "no such host", Name: host, IsNotFound: true}}
	}
	if port != "443" && (port != "80" || !n.tn.redirectsPlain(host)) {
		return nil, &net.OpError{Op: "dial", Net: "tcp", Err: errRefused}
	}
	if err := n.tn.unreached(host); err != nil {
		return nil, err
	}
	if port == "80" {
		return n.dialPlain(ctx)
	}
	return n.ln.dial(ctx)
}

type refusedError struct{}

func (refusedError) Error() string   { return "connection refused" }
func (refusedError) Timeout() bool   { return false }
func (refusedError) Temporary() bool { return false }

var errRefused net.Error = refusedError{}

// A pipeListener accepts what its dial sends. Its Close closes the connections too: the alert
// with which TLS says goodbye would otherwise wait, up to five seconds, for a peer that does not
// read.
type pipeListener struct {
	conns  chan net.Conn
	closed chan struct{}

	mu   sync.Mutex
	open map[*pipeConn]struct{} // nil once closed
}

func newPipeListener() *pipeListener {
	return &pipeListener{conns: make(chan net.Conn), closed: make(chan struct{}), open: map[*pipeConn]struct{}{}}
}

// A pipeConn is the server's end.
type pipeConn struct {
	net.Conn
	ln *pipeListener
}

func (c *pipeConn) Close() error {
	c.ln.mu.Lock()
	delete(c.ln.open, c)
	c.ln.mu.Unlock()
	return c.Conn.Close()
}

func (l *pipeListener) dial(ctx context.Context) (net.Conn, error) {
	client, pipe := newPipe()
	server := &pipeConn{Conn: pipe, ln: l}
	l.mu.Lock()
	if l.open == nil {
		l.mu.Unlock()
		return nil, &net.OpError{Op: "dial", Net: "tcp", Err: errRefused}
	}
	l.open[server] = struct{}{}
	l.mu.Unlock()
	select {
	case l.conns <- server:
		return client, nil
	case <-l.closed:
	case <-ctx.Done():
	}
	client.Close()
	server.Close()
	if ctx.Err() != nil {
		return nil, ctx.Err()
	}
	return nil, &net.OpError{Op: "dial", Net: "tcp", Err: errRefused}
}

func (l *pipeListener) Accept() (net.Conn, error) {
	select {
	case c := <-l.conns:
		return c, nil
	case <-l.closed:
		return nil, net.ErrClosed
	}
}

func (l *pipeListener) Close() error {
	l.mu.Lock()
	open := l.open
	l.open = nil
	l.mu.Unlock()
	if open == nil {
		return nil
	}
	close(l.closed)
	for c := range open {
		c.Conn.Close()
	}
	return nil
}

func (l *pipeListener) Addr() net.Addr { return pipeAddr{} }

type pipeAddr struct{}

func (pipeAddr) Network() string { return "pipe" }
func (pipeAddr) String() string  { return "pipe" }

// Serve also serves all hosts of the tenant over TLS on a listener, until [Tenant.Close], which
// closes the listener. Clients name the host by SNI and speak HTTP/1.1 or HTTP/2. It returns
// immediately, with [http.ErrServerClosed] if the tenant is closed.
func (tn *Tenant) Serve(ln net.Listener) error {
	n := tn.net
	n.mu.Lock()
	defer n.mu.Unlock()
	if n.isClosed() {
		ln.Close()
		return http.ErrServerClosed
	}
	n.serve(ln)
	return nil
}

// Listen calls [Tenant.Serve] on a free port of 127.0.0.1, for other processes. It returns the
// address and a client that reaches every host there.
func (tn *Tenant) Listen() (addr string, client *http.Client, err error) {
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return "", nil, err
	}
	if err := tn.Serve(ln); err != nil {
		return "", nil, err
	}
	t := &http.Transport{
		TLSClientConfig: &tls.Config{RootCAs: tn.ca.pool(), MinVersion: tls.VersionTLS12},
		DialContext: func(ctx context.Context, network, to string) (net.Conn, error) {
			host, port, err := net.SplitHostPort(to)
			if port == "80" {
				return tn.net.dial(ctx, network, to)
			}
			if err != nil || !tn.exists(strings.ToLower(host)) {
				return nil, &net.OpError{Op: "dial", Net: "tcp", Err: &net.DNSError{Err: "no such host", Name: host, IsNotFound: true}}
			}
			if err := tn.unreached(strings.ToLower(host)); err != nil {
				return nil, err
			}
			var d net.Dialer
			return d.DialContext(ctx, network, ln.Addr().String())
		},
	}
	tn.net.mu.Lock()
	defer tn.net.mu.Unlock()
	tn.net.clients = append(tn.net.clients, t)
	return ln.Addr().String(), &http.Client{Transport: t}, nil
}
