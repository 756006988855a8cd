package eastest

import (
	"context"
	"crypto/tls"
	"net"
	"sync/atomic"
)

// A mutedListener accepts connections that can go silent, as they do when a firewall forgets
// them: neither end hears of it.
type mutedListener struct{ net.Listener }

func (l mutedListener) Accept() (net.Conn, error) {
	c, err := l.Listener.Accept()
	if err != nil {
		return nil, err
	}
	return &mutedConn{Conn: c}, nil
}

// A mutedConn is the server's end. Once dead, nothing that it writes arrives.
type mutedConn struct {
	net.Conn
	dead atomic.Bool
}

func (c *mutedConn) Write(p []byte) (int, error) {
	if c.dead.Load() {
		return len(p), nil
	}
	return c.Conn.Write(p)
}

type mutedKey struct{}

// withConn lets a handler find the connection of its request.
func withConn(ctx context.Context, c net.Conn) context.Context {
	if t, ok := c.(*tls.Conn); ok {
		c = t.NetConn()
	}
	return context.WithValue(ctx, mutedKey{}, c)
}
