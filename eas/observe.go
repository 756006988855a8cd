package eas

import (
	"context"
	"log/slog"
	"time"
)

// An Observation describes one request and its response, for [Client.Observe]. It holds no
// content, no mail address and no token. A command may send several requests.
type Observation struct {
	Command    string
	Version    Version // the protocol version of the request; "" for OPTIONS
	HTTPStatus int     // 0 if there was no response
	Status     int     // at the top of the response; 0 if there is none
	RequestID  string  // under which the server finds the request in its logs
	Server     string  // X-FEServer
	Throttle   string  // X-MS-ASThrottle
	Sent       int64   // bytes of the request's body
	Received   int64   // bytes of the response's body that were read, decompressed
	Start      time.Time
	Duration   time.Duration // to the last byte, the wait for a token and a heartbeat included
	Err        error         // why there was no response, or none that could be read; nil for any response
}

// observe tells the observer and the log of an exchange.
func (c *Client) observe(ctx context.Context, x *exchange, err error) {
	if c.Observe == nil && c.Logger == nil {
		return
	}
	defer func() { _ = recover() }() // an observer that panics must not take the caller along
	o := Observation{
		Command: x.command, Version: x.version, Sent: x.sent, Received: x.received, Start: x.start, Duration: time.Since(x.start), Err: err,
	}
	if r := x.response; r != nil {
		o.HTTPStatus, o.RequestID, o.Server, o.Throttle = r.status, r.requestID, r.server, r.throttle
		if r.status == 200 && len(r.body) > 0 {
			o.Status = r.topStatus()
		}
	}
	if c.Logger != nil {
		o.log(ctx, c.Logger)
	}
	if c.Observe != nil {
		c.Observe(o)
	}
}

func (o *Observation) log(ctx context.Context, to *slog.Logger) {
	level := slog.LevelDebug
	if o.Err != nil || o.HTTPStatus >= 400 {
		level = slog.LevelWarn
	}
	if !to.Enabled(ctx, level) {
		return
	}
	attrs := []slog.Attr{
		slog.String("command", o.Command), slog.Int("http_status", o.HTTPStatus), slog.Duration("duration", o.Duration),
		slog.Int64("sent", o.Sent), slog.Int64("received", o.Received),
	}
	for _, s := range []struct{ name, value string }{
		{"version", string(o.Version)}, {"request_id", o.RequestID}, {"server", o.Server}, {"throttle", o.Throttle},
	} {
		if s.value != "" {
			attrs = append(attrs, slog.String(s.name, s.value))
		}
	}
	if o.Status != 0 {
		attrs = append(attrs, slog.Int("status", o.Status))
	}
	if o.Err != nil {
		attrs = append(attrs, slog.Any("error", o.Err))
	}
	to.LogAttrs(ctx, level, "eas", attrs...)
}
