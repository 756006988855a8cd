package eastest

import (
	"context"
	"crypto/tls"
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
	server *http.Server
	ln     *pipeListener
	done   chan struct{} // closed when Serve has returned
	once   sync.Once
	extra  []func() // close what Listen opened
}

func newNetwork(tn *Tenant) *network {
	n := &network{tn: tn, ln: newPipeListener(), done: make(chan struct{})}
	n.server = tn.newServer()
	go func() {
		defer close(n.done)
		_ = n.server.ServeTLS(n.ln, "", "") // ends with ErrServerClosed
	}()
	return n
}

func (tn *Tenant) newServer() *http.Server {
	return &http.Server{
		Handler: tn,
		TLSConfig: &tls.Config{
			MinVersion:     tls.VersionTLS12,
			NextProtos:     []string{"http/1.1"},
			GetCertificate: func(h *tls.ClientHelloInfo) (*tls.Certificate, error) { return tn.ca.leaf(h.ServerName) },
		},
		TLSNextProto: map[string]func(*http.Server, *tls.Conn, http.Handler){},
		ErrorLog:     log.New(io.Discard, "", 0), // a client that hangs up is no news
	}
}

func (n *network) close() {
	n.once.Do(func() {
		for _, f := range n.extra {
			f()
		}
		n.ln.Close() // before the server's Close, which waits for Serve
		n.server.Close()
		<-n.done
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
	if n.tn.lookup[host] == nil {
		return nil, &net.OpError{Op: "dial", Net: "tcp", Err: &net.DNSError{Err: "no such host", Name: host, IsNotFound: true}}
	}
	if port != "443" {
		return nil, &net.OpError{Op: "dial", Net: "tcp", Err: errRefused}
	}
	return n.ln.dial(ctx)
}

type refusedError struct{}

func (refusedError) Error() string   { return "connection refused" }
func (refusedError) Timeout() bool   { return false }
func (refusedError) Temporary() bool { return false }

var errRefused net.Error = refusedError{}

// A pipeListener accepts what its dial sends.
type pipeListener struct {
	conns  chan net.Conn
	closed chan struct{}
	once   sync.Once
}

func newPipeListener() *pipeListener {
	return &pipeListener{conns: make(chan net.Conn), closed: make(chan struct{})}
}

func (l *pipeListener) dial(ctx context.Context) (net.Conn, error) {
	client, server := net.Pipe()
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
	l.once.Do(func() { close(l.closed) })
	return nil
}

func (l *pipeListener) Addr() net.Addr { return pipeAddr{} }

type pipeAddr struct{}

func (pipeAddr) Network() string { return "pipe" }
func (pipeAddr) String() string  { return "pipe" }

// Listen serves the tenant on a free port of 127.0.0.1 as well, for programs that are not
// linked with it, and returns the address and a client that reaches every host there. The
// listener is closed by [Tenant.Close].
func (tn *Tenant) Listen() (addr string, client *http.Client, err error) {
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return "", nil, err
	}
	server := tn.newServer()
	done := make(chan struct{})
	go func() {
		defer close(done)
		_ = server.ServeTLS(ln, "", "")
	}()
	t := &http.Transport{
		TLSClientConfig: &tls.Config{RootCAs: tn.ca.pool(), MinVersion: tls.VersionTLS12},
		DialContext: func(ctx context.Context, network, to string) (net.Conn, error) {
			host, _, err := net.SplitHostPort(to)
			if err != nil || tn.lookup[strings.ToLower(host)] == nil {
				return nil, &net.OpError{Op: "dial", Net: "tcp", Err: &net.DNSError{Err: "no such host", Name: host, IsNotFound: true}}
			}
			var d net.Dialer
			return d.DialContext(ctx, network, ln.Addr().String())
		},
	}
	tn.mu.Lock()
	defer tn.mu.Unlock()
	tn.net.extra = append(tn.net.extra, func() {
		t.CloseIdleConnections()
		server.Close()
		<-done
	})
	return ln.Addr().String(), &http.Client{Transport: t}, nil
}
