package eas

import (
	"net"
	"net/http"
	"net/http/httptrace"
	"sync"
	"sync/atomic"
	"time"
)

// When a connection that carries nothing is found dead: it is asked for a sign of life after
// aliveAfter, and given up when none has come within aliveWithin.
const (
	aliveAfter  = 15 * time.Second
	aliveWithin = 10 * time.Second
)

// A Transport is an [http.Transport] that fits ActiveSync, which waits long on connections that
// carry nothing and comes back to few hosts. Make one with [NewTransport]. It differs from
// [http.DefaultTransport]:
//
//   - A dead connection is noticed within 30 seconds: over HTTP/2 by pings, over HTTP/1.1 by
//     probes of TCP and, on Linux, by the limit for what is not acknowledged. Without them, all
//     commands of a host wait for an HTTP/2 connection that a network has dropped, and each of
//     them until its Timeout.
//   - Connections that are idle are kept, for 90 seconds, however many there are to one host.
//     http.DefaultTransport keeps two, and a fleet of mailboxes opens the others again for
//     every Ping.
//   - Of many requests that find no connection to a host, the first opens one, and the others
//     wait for it, for at most a second: over HTTP/2 they share it, instead of opening one
//     each and closing it unused.
//   - Buffers are small, since most connections are idle most of the time.
//
// A program may set fields of the embedded http.Transport (Proxy, TLSClientConfig) before it
// is used; it puts the Transport into an [http.Client] and uses that for all its Clients. One
// with a transport of its own should do as much there: HTTP2.SendPingTimeout,
// HTTP2.PingTimeout, MaxIdleConnsPerHost. Over HTTP/1.1 each Ping has a connection of its own,
// so that MaxConnsPerHost must not be below the number of mailboxes that are watched.
//
// It is safe for concurrent use.
type Transport struct {
	*http.Transport

	mu    sync.Mutex
	gates map[string]*gate // by host
}

// A gate lets one request at a time through until a connection has been found.
type gate struct {
	turn chan struct{}
	open atomic.Bool
}

// gateWait is how long a request waits for the connection of another.
const gateWait = time.Second

// RoundTrip sends a request, as [http.Transport.RoundTrip] does.
func (t *Transport) RoundTrip(req *http.Request) (*http.Response, error) {
	g := t.gate(req.URL.Host)
	if !g.open.Load() {
		late := time.NewTimer(gateWait)
		defer late.Stop()
		select {
		case g.turn <- struct{}{}:
			pass := sync.OnceFunc(func() { <-g.turn })
			defer pass()
			req = req.WithContext(httptrace.WithClientTrace(req.Context(), &httptrace.ClientTrace{
				GotConn: func(httptrace.GotConnInfo) { g.open.Store(true); pass() },
			}))
		case <-late.C:
		case <-req.Context().Done(): // which the transport says
		}
	}
	resp, err := t.Transport.RoundTrip(req)
	if err != nil {
		g.open.Store(false)
	}
	return resp, err
}

func (t *Transport) gate(host string) *gate {
	t.mu.Lock()
	defer t.mu.Unlock()
	g := t.gates[host]
	if g == nil {
		if t.gates == nil || len(t.gates) >= maxGates {
			t.gates = map[string]*gate{}
		}
		g = &gate{turn: make(chan struct{}, 1)}
		t.gates[host] = g
	}
	return g
}

// maxGates bounds the hosts that are remembered.
const maxGates = 10000

// NewTransport returns a transport with the settings that [Transport] documents.
func NewTransport() *Transport {
	dialer := &net.Dialer{
		Timeout: 30 * time.Second, Control: giveUp,
		KeepAliveConfig: net.KeepAliveConfig{
			Enable: true, Idle: aliveAfter, Interval: aliveWithin / 2, Count: 2,
		},
	}
	return &Transport{Transport: &http.Transport{
		Proxy:                 http.ProxyFromEnvironment,
		DialContext:           dialer.DialContext,
		ForceAttemptHTTP2:     true,
		MaxIdleConnsPerHost:   1 << 16,
		IdleConnTimeout:       90 * time.Second,
		TLSHandshakeTimeout:   10 * time.Second,
		ExpectContinueTimeout: time.Second,
		ReadBufferSize:        2 << 10,
		WriteBufferSize:       2 << 10,
		HTTP2:                 &http.HTTP2Config{SendPingTimeout: aliveAfter, PingTimeout: aliveWithin},
	}}
}

// defaultHTTPClient is that of clients which have none.
var defaultHTTPClient = sync.OnceValue(func() *http.Client { return &http.Client{Transport: NewTransport()} })
