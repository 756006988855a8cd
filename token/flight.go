package token

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"time"

	"golang.org/x/oauth2"
)

const (
	// forcedInterval is the least time between two renewals that the endpoint's refusals
	// bring about.
	forcedInterval = 30 * time.Second
	// latchInterval is the least time between two looks at the Store for a new sign-in.
	latchInterval = time.Second
	// flightTimeout bounds a renewal, the wait for the lock included, but not a Flow.
	flightTimeout = 2 * time.Minute
	// saveTimeout bounds the storing of a refresh token once it is there.
	saveTimeout = 30 * time.Second
)

// A demand says what a caller wants beyond a good token.
type demand struct {
	refused string // not this one
	claims  string // a token that meets this challenge
	forced  bool   // the endpoint refused a good token
	signIn  bool   // a new sign-in
	early   bool   // nobody waits
}

// A flight is a renewal under way.
type flight struct {
	demand
	done    chan struct{}
	latched *failure // the failure that may hold still

	waiters int // guarded by Source.mu
	cancel  context.CancelFunc

	handout *handout
	err     error
}

// A failure is the outcome of a renewal, until the next attempt is due.
type failure struct {
	err        error
	until      time.Time
	count      int
	generation uint64 // of the record that cannot be used; the error holds while it is the same
	latched    bool
	flow       bool // it is the Flow that failed
}

// wait returns a token that meets d: the current one, or that of the flight under way, or
// that of a new flight.
func (s *Source) wait(ctx context.Context, d demand) (*oauth2.Token, error) {
	for {
		s.mu.Lock()
		now := time.Now()
		if h := s.current.Load(); h.good(now) && !d.signIn && h.token.AccessToken != d.refused {
			s.mu.Unlock()
			return h.token, nil
		}
		f := s.flight
		if f == nil {
			if s.failed != nil && now.Before(s.failed.until) && !d.signIn {
				err := s.failed.err
				s.mu.Unlock()
				return nil, err
			}
			f = s.launch(ctx, d)
		}
		f.waiters++
		s.mu.Unlock()
		select {
		case <-f.done:
			if d.signIn && !f.signIn {
				continue
			}
			if f.err != nil {
				if f.early && s.mayDoMore(f.err) {
					continue // someone waits now, so that the Flow may run
				}
				return nil, f.err
			}
			if f.handout.token.AccessToken == d.refused && f.refused != d.refused {
				continue
			}
			return f.handout.token, nil
		case <-ctx.Done():
			s.leave(f)
			return nil, fmt.Errorf("token: no longer waiting for a token: %w", contextError(ctx))
		}
	}
}

// mayDoMore reports whether a flight for which nobody waited failed for want of a sign-in
// that the Flow can make. The failure that it left is forgotten.
func (s *Source) mayDoMore(err error) bool {
	var re *ReauthError
	if s.Flow == nil || !errors.As(err, &re) {
		return false
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.flight == nil && s.failed != nil && s.failed.err == err && !s.failed.flow {
		s.failed = nil
	}
	return true
}

// renewEarly starts a flight for a token that is still good, if none is under way. Only
// one caller in 30 seconds tries.
func (s *Source) renewEarly(ctx context.Context, h *handout, now time.Time) {
	soft := h.soft.Load()
	if now.UnixNano() < soft || !h.soft.CompareAndSwap(soft, now.Add(requestTimeout).UnixNano()) {
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.flight == nil && s.current.Load() == h && (s.failed == nil || now.After(s.failed.until)) {
		s.launch(ctx, demand{early: true})
	}
}

// launch starts a flight. s.mu is held.
func (s *Source) launch(ctx context.Context, d demand) *flight {
	f := &flight{demand: d, done: make(chan struct{}), latched: s.failed}
	if d.forced {
		s.refused = d.refused
		if h := s.current.Load(); h != nil && h.token.AccessToken == d.refused {
			s.current.Store(nil)
		}
	}
	s.flight = f
	base := context.WithoutCancel(ctx)
	flow, cancel := context.WithCancel(base)
	f.cancel = cancel
	go s.run(base, flow, f)
	return f
}

// leave takes a caller whose context has ended out of a flight. When the last has left, a
// Flow is cancelled, while a refresh goes on.
func (s *Source) leave(f *flight) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if f.waiters--; f.waiters == 0 {
		f.cancel()
	}
}

// run makes the flight and lands it even if the caller's Store or Flow panics.
func (s *Source) run(ctx, flow context.Context, f *flight) {
	defer f.cancel()
	r := &renewal{Source: s, flight: f, flow: flow}
	r.err = errors.New("token: the Store or the Flow ended its goroutine")
	defer func() {
		if p := recover(); p != nil {
			r.err = errors.New("token: the Store or the Flow panicked")
		}
		r.unlock()
		s.land(r)
	}()
	ctx, cancel := context.WithTimeout(ctx, flightTimeout)
	defer cancel()
	r.ctx = ctx
	r.handout, r.err = r.renew()
}

// land hands the outcome to everybody.
func (s *Source) land(r *renewal) {
	f := r.flight
	f.handout, f.err = r.handout, r.err
	s.report(r)
	s.mu.Lock()
	if r.err == nil {
		s.current.Store(r.handout)
		s.failed = nil
	} else {
		s.failed = s.failure(r)
		if h := s.current.Load(); h != nil && s.failed != nil {
			h.soft.Store(s.failed.until.UnixNano())
		}
	}
	s.flight = nil
	close(f.done)
	s.mu.Unlock()
}

// failure says how long the error of a flight holds. s.mu is held.
func (s *Source) failure(r *renewal) *failure {
	if r.flow.Err() != nil && errors.Is(r.err, context.Canceled) {
		return nil // all callers left the Flow, which says nothing about the next try
	}
	e := &failure{err: r.err, count: 1, generation: r.generation, flow: r.flowFailed}
	if s.failed != nil {
		e.count = min(s.failed.count+1, 16)
	}
	var (
		re *ReauthError
		ce *ConfigError
		ae *AudienceError
		te *TransientError
	)
	now := time.Now()
	switch {
	case errors.As(r.err, &re), e.flow:
		e.latched = true
		e.until = now.Add(latchInterval)
	case errors.As(r.err, &ce), errors.As(r.err, &ae):
		e.until = now.Add(backoff(e.count, 5*time.Second, 5*time.Minute))
	case errors.As(r.err, &te) && te.RetryAfter > 0:
		e.until = now.Add(te.RetryAfter)
	default:
		e.until = now.Add(backoff(e.count, time.Second, time.Minute))
	}
	return e
}

// backoff returns a span that doubles with each failure, less up to half of it.
func backoff(count int, first, limit time.Duration) time.Duration {
	d := min(first<<min(count-1, 16), limit)
	return d - rand.N(d/2+1)
}
