package token

import (
	"context"
	"errors"
	"sync/atomic"
	"time"
)

// lazyMetadata is what all copies of an Authority share whose metadata is read when it is
// first needed. One request is under way at a time, and a failure is the outcome for those who
// come within a second, or before the authority wants to hear from us again.
type lazyMetadata struct {
	turn   chan struct{} // holds one value while nobody reads
	read   atomic.Pointer[Authority]
	failed error // of the last attempt; guarded by turn, as until
	until  time.Time
}

func newLazyMetadata() *lazyMetadata {
	l := &lazyMetadata{turn: make(chan struct{}, 1)}
	l.turn <- struct{}{}
	return l
}

// discover trusts or refuses the authority that uri names, and reads its metadata unless that
// is left for later.
func discover(ctx context.Context, uri string, o *Options) (*Authority, error) {
	if !o.Lazy {
		return Discover(ctx, uri, o)
	}
	a, err := find(ctx, uri, o)
	if err != nil {
		return nil, err
	}
	a.lazy, a.background = newLazyMetadata(), newBackground()
	return a, nil
}

// Discover returns the authority with its metadata, which it reads if [Options.Lazy] has postponed
// that. Errors are those of the function [Discover]. It may be called concurrently.
func (c *Config) Discover(ctx context.Context) (*Authority, error) {
	if err := c.check(); err != nil {
		return nil, err
	}
	a := c.Authority
	if a.TokenEndpoint != nil {
		return a, nil
	}
	if a.lazy == nil { // made by ParseAuthority
		a = a.clone()
		return a, a.discover(ctx, c.HTTPClient)
	}
	return a.lazy.complete(ctx, c)
}

func (l *lazyMetadata) complete(ctx context.Context, c *Config) (*Authority, error) {
	if a := l.read.Load(); a != nil {
		return a, nil
	}
	select {
	case <-l.turn:
		defer func() { l.turn <- struct{}{} }()
	case <-ctx.Done():
		return nil, &TransientError{Hint: "the metadata of " + c.Authority.Host + " was not read", Err: contextError(ctx)}
	}
	if a := l.read.Load(); a != nil {
		return a, nil
	}
	if l.failed != nil && time.Now().Before(l.until) {
		return nil, l.failed
	}
	a := c.Authority.clone()
	a.lazy = nil
	err := a.discover(ctx, c.HTTPClient)
	if err == nil {
		l.read.Store(a)
		l.failed = nil
		return a, nil
	}
	if ctx.Err() == nil { // otherwise it is this caller's failure alone
		l.failed, l.until = err, time.Now().Add(time.Second)
		var te *TransientError
		if errors.As(err, &te) && te.RetryAfter > time.Second {
			l.until = time.Now().Add(te.RetryAfter)
		}
	}
	return nil, err
}

// complete returns the Config with the authority's metadata, which a request needs.
func (c *Config) complete(ctx context.Context) (*Config, error) {
	a, err := c.Discover(ctx)
	if err != nil {
		return nil, err
	}
	if a == c.Authority {
		return c, nil
	}
	d := *c
	d.Authority = a
	return &d, nil
}
