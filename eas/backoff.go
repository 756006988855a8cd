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
	wait := b.wait(e)
	b.next = min(max(2*b.next, firstWait), maxWait)
	if !b.forever && b.waited+wait > b.patience {
		return false
	}
	b.waited += wait
	return pause(ctx, wait)
}

// wait returns how long sleep would wait after e.
func (b *backoff) wait(e *Error) time.Duration {
	return max(min(max(2*b.next, firstWait), maxWait), e.RetryAfter)
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
