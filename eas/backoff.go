package eas

import (
	"context"
	"errors"
	"time"
)

// Times between attempts where the server does not say.
const (
	firstWait = time.Second
	maxWait   = time.Minute
)

// A backoff waits between attempts, a little longer each time, within a patience for all of
// them.
type backoff struct {
	patience time.Duration // between two successes; negative: none
	forever  bool          // instead of patience
	waited   time.Duration
	next     time.Duration
}

func (b *backoff) reset() { b.waited, b.next = 0, 0 }

// sleep waits before another attempt after err. It reports false if another would be of no
// use: err is not temporary, patience has run out, or ctx has ended.
func (b *backoff) sleep(ctx context.Context, err error) bool {
	var e *Error
	if !errors.As(err, &e) || !e.Temporary() || ctx.Err() != nil {
		return false
	}
	b.next = min(max(2*b.next, firstWait), maxWait)
	wait := max(b.next, e.RetryAfter)
	if !b.forever && b.waited+wait > b.patience {
		return false
	}
	b.waited += wait
	return pause(ctx, wait)
}

// pause waits, and reports false if ctx ended before.
func pause(ctx context.Context, d time.Duration) bool {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
		return true
	case <-ctx.Done():
		return false
	}
}
