package token

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"
)

// How the time of the next request moves.
func TestLimiterPace(t *testing.T) {
	now := time.Now()
	for _, tt := range []struct {
		rate float64
		next time.Duration // from now, before
		want time.Duration // after
	}{
		{0, -time.Hour, time.Second / DefaultRate},
		{1, -time.Hour, time.Second},
		{1, 0, time.Second},
		{1, time.Second, 2 * time.Second},
		{200, -time.Hour, catchUp},
		{250, -time.Hour, -time.Millisecond},
		{250, -2 * time.Millisecond, 2 * time.Millisecond},
		{1000, -time.Hour, -4 * time.Millisecond},
		{-1, -time.Hour, -time.Hour},
	} {
		l := &Limiter{Rate: tt.rate, next: now.Add(tt.next)}
		l.advance(now)
		if got := l.next.Sub(now); got != tt.want {
			t.Errorf("rate %v, next %v: %v, want %v", tt.rate, tt.next, got, tt.want)
		}
	}
}

// When a limiter is closed, and for how long.
func TestLimiterCloses(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		status := func(status int, wait time.Duration) error {
			return &TransientError{Refusal: Refusal{Status: status}, RetryAfter: wait}
		}
		for _, tt := range []struct {
			name     string
			errs     []error
			from, to time.Duration
		}{
			{"429", []error{status(429, time.Minute)}, time.Minute, time.Minute},
			{"503", []error{status(503, time.Minute)}, time.Minute, time.Minute},
			{"500", []error{status(500, time.Minute)}, 0, 0},
			{"another error", []error{errors.New("x")}, 0, 0},
			{"success", []error{nil}, 0, 0},
			{"without a span", []error{status(429, 0)}, 500 * time.Millisecond, 875 * time.Millisecond},
			{"without a span, while it is closed", []error{status(429, 0), status(429, 0), status(429, 0)}, 500 * time.Millisecond, 875 * time.Millisecond},
			{"the longer one counts", []error{status(429, time.Minute), status(429, time.Second)}, time.Minute, time.Minute},
		} {
			l := &Limiter{}
			for _, err := range tt.errs {
				l.learn(err)
			}
			var te *TransientError
			err := l.closedError(time.Now())
			if tt.to == 0 {
				if err != nil {
					t.Errorf("%s: %v", tt.name, err)
				}
				continue
			}
			if !errors.As(err, &te) || !errors.Is(err, errLimited) || te.RetryAfter < tt.from || te.RetryAfter > tt.to || l.closedError(l.closed) != nil || l.closedError(l.closed.Add(-1)) == nil {
				t.Errorf("%s: %v, want closed for %v to %v", tt.name, err, tt.from, tt.to)
			}
		}
		// It doubles, and starts over after a success.
		l := &Limiter{}
		for _, most := range []time.Duration{875 * time.Millisecond, 1750 * time.Millisecond, 3500 * time.Millisecond, 7 * time.Second} {
			l.learn(status(429, 0))
			d := time.Until(l.closed)
			if d > most || d < most*4/7 {
				t.Errorf("closed for %v, want %v to %v", d, most*4/7, most)
			}
			time.Sleep(d)
			l.learn(errors.New("x")) // says nothing
		}
		l.learn(nil)
		l.learn(status(429, 0))
		if d := time.Until(l.closed); d > 875*time.Millisecond {
			t.Errorf("closed for %v after a success", d)
		}
	})
}

// What waits begins when the limiter opens, in its order, and not before; what a caller waits
// for fails at once.
func TestLimiterOpens(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := &Limiter{Concurrency: 1, Rate: -1}
		begin := time.Now()
		l.learn(&TransientError{Refusal: Refusal{Status: 429}, RetryAfter: time.Minute})
		var started []time.Duration
		ticketOf := func() *ticket {
			return &ticket{start: func(err error) {
				if err != nil {
					t.Errorf("a ticket in the background: %v", err)
				}
				started = append(started, time.Since(begin))
				time.Sleep(time.Second)
				l.done()
			}}
		}
		l.enqueue(ticketOf(), true)
		l.enqueue(ticketOf(), true)
		if err := l.take(t.Context()); !errors.Is(err, errLimited) {
			t.Errorf("take = %v, want that it is closed", err)
		}
		promoted := make(chan error, 1)
		p := &ticket{start: func(err error) { promoted <- err }}
		l.enqueue(p, true)
		l.promote(p)
		if err := <-promoted; !errors.Is(err, errLimited) || l.cancel(p) {
			t.Errorf("promoted = %v, want that it is closed", err)
		}
		time.Sleep(2 * time.Minute)
		synctest.Wait()
		if len(started) != 2 || started[0] != time.Minute || started[1] != time.Minute+time.Second {
			t.Errorf("started after %v, want a minute, and a second more", started)
		}
		if l.running != 0 || l.front.Len() != 0 || l.back.Len() != 0 {
			t.Errorf("%d run, %d and %d wait", l.running, l.front.Len(), l.back.Len())
		}
	})
}

// What fails as the limiter closes is in no queue any more.
func TestLimiterClosesWhatWaits(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := &Limiter{Concurrency: 1, Rate: -1}
		if err := l.take(t.Context()); err != nil {
			t.Fatal(err)
		}
		failed := make(chan error, 1)
		p := &ticket{start: func(err error) { failed <- err }}
		l.enqueue(p, false)
		l.learn(&TransientError{Refusal: Refusal{Status: 429}, RetryAfter: time.Minute})
		if err := <-failed; !errors.Is(err, errLimited) || l.cancel(p) {
			t.Errorf("what waited gets %v, and is in a queue: %v", err, l.front.Len())
		}
		l.done()
	})
}

// A caller whose context ends gives its turn back, also if it comes at the same moment.
func TestLimiterOfOneWhoLeaves(t *testing.T) {
	l := &Limiter{Concurrency: 1, Rate: -1}
	ended, cancel := context.WithCancel(t.Context())
	cancel()
	for range 200 {
		if err := l.take(ended); err == nil {
			l.done()
		} else if !errors.Is(err, context.Canceled) {
			t.Fatal(err)
		}
		if l.running != 0 || l.front.Len() != 0 {
			t.Fatalf("%d run, and %d wait", l.running, l.front.Len())
		}
	}
	if err := l.take(t.Context()); err != nil {
		t.Fatal(err)
	}
	for range 20 {
		if err := l.take(ended); !errors.Is(err, context.Canceled) || l.front.Len() != 0 || l.running != 1 {
			t.Fatalf("take = %v; %d run, and %d wait", err, l.running, l.front.Len())
		}
	}
	l.done()
}

// How many are under way at a time.
func TestLimiterConcurrency(t *testing.T) {
	for concurrency, want := range map[int]int{0: DefaultConcurrency, 1: 1, 3: 3, -1: 100} {
		synctest.Test(t, func(t *testing.T) {
			l := &Limiter{Concurrency: concurrency, Rate: -1}
			started := 0
			for range 100 {
				l.enqueue(&ticket{start: func(error) { l.mu.Lock(); started++; l.mu.Unlock() }}, true)
			}
			synctest.Wait()
			if started != want {
				t.Errorf("concurrency %d: %d under way, want %d", concurrency, started, want)
			}
		})
	}
}
