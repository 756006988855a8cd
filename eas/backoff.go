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
	waited   time.Duration
	last     time.Duration
}

func (b *backoff) reset() { b.waited, b.last = 0, 0 }

// sleep waits before another attempt after err. It reports false if another would be of no
// use: err is not temporary, patience has run out, or ctx has ended.
func (b *backoff) sleep(ctx context.Context, err error) bool {
	var e *Error
	if !errors.As(err, &e) || !e.Temporary() || ctx.Err() != nil {
		return false
	}
	wait := b.next(e)
	if b.waited+wait > b.patience {
		return false
	}
	b.waited += wait
	return pause(ctx, wait)
}

// next returns how long to wait after e: as long as the server says, and longer each time.
func (b *backoff) next(e *Error) time.Duration {
	b.last = min(max(2*b.last, firstWait), maxWait)
	return max(b.last, e.RetryAfter)
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
