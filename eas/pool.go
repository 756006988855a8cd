package eas

import (
	"net"
	"net/http"
	"sync"
	"time"
)

// When a connection that carries nothing is found dead: it is asked for a sign of life after
// aliveAfter, and given up when none has come within aliveWithin.
const (
	aliveAfter  = 15 * time.Second
	aliveWithin = 10 * time.Second
)

// NewTransport returns a transport that fits ActiveSync, which waits long on connections that
// carry nothing and comes back to few hosts. It differs from [http.DefaultTransport]:
//
//   - A dead connection is noticed within 30 seconds: over HTTP/2 by pings, over HTTP/1.1 by
//     probes of TCP. Without them, all commands of a host wait for an HTTP/2 connection that a
//     network has dropped, and each of them until its Timeout.
//   - Connections that are idle are kept, for 90 seconds, however many there are to one host.
//     http.DefaultTransport keeps two, and a fleet of mailboxes opens the others again for
//     every Ping.
//   - Buffers are small, since most connections are idle most of the time.
//
// A program that sets fields of it (Proxy, TLSClientConfig, MaxConnsPerHost) puts it into an
// [http.Client] and uses that for all its Clients. One with a transport of its own should do
// the same there: HTTP2.SendPingTimeout, HTTP2.PingTimeout, MaxIdleConnsPerHost. Over
// HTTP/1.1 each Ping has a connection of its own, so that MaxConnsPerHost must not be below
// the number of mailboxes that are watched.
func NewTransport() *http.Transport {
	dialer := &net.Dialer{
		Timeout: 30 * time.Second,
		KeepAliveConfig: net.KeepAliveConfig{
			Enable: true, Idle: aliveAfter, Interval: aliveWithin / 2, Count: 2,
		},
	}
	return &http.Transport{
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
	}
}

// defaultHTTPClient is that of clients which have none.
var defaultHTTPClient = sync.OnceValue(func() *http.Client { return &http.Client{Transport: NewTransport()} })
