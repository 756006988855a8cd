package safehttp

import (
	"context"
	"crypto/tls"
	"net/http/httptrace"
	"sync/atomic"

	"github.com/easoauth/easoauth/internal/fault"
)

// A stage is how far an exchange has come. It tells where one was cut off, or stayed, where
// the error does not.
type stage int32

const (
	stageNone      stage = iota // not known: another transport than net/http's
	stageDNS                    // the name is being resolved
	stageTCP                    // the connection is being made
	stageConnected              // connected; a proxy may have to open the way
	stageTLS                    // the handshake has begun
	stageReady                  // the request can be sent
)

type stageKey struct{}

// FaultOf returns the fault that an error of a transport shows, or "" if none is known by name.
// ctx is that of the request, as [Do] hands it to the transport.
func FaultOf(ctx context.Context, err error) fault.ID {
	at := stageNone
	if n, ok := ctx.Value(stageKey{}).(*atomic.Int32); ok {
		at = stage(n.Load())
	}
	layer, id, _ := explain(err, at)
	if layer == LayerContext {
		return "NO_RESPONSE"
	}
	return id
}

// watch returns a context that records the stage of the exchange that is made with it.
func watch(ctx context.Context) (context.Context, *atomic.Int32) {
	var at atomic.Int32
	set := func(s stage) { // never back: another connection may still be on its way
		for old := at.Load(); old < int32(s) && !at.CompareAndSwap(old, int32(s)); old = at.Load() {
		}
	}
	ctx = context.WithValue(ctx, stageKey{}, &at)
	return httptrace.WithClientTrace(ctx, &httptrace.ClientTrace{
		DNSStart:     func(httptrace.DNSStartInfo) { set(stageDNS) },
		ConnectStart: func(string, string) { set(stageTCP) },
		ConnectDone: func(_, _ string, err error) {
			if err == nil {
				set(stageConnected)
			}
		},
		TLSHandshakeStart: func() { set(stageTLS) },
		TLSHandshakeDone: func(_ tls.ConnectionState, err error) {
			if err == nil {
				set(stageReady)
			}
		},
		GotConn: func(httptrace.GotConnInfo) { set(stageReady) },
	}), &at
}
