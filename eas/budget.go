package eas

import (
	"context"
	"fmt"
	"sync"
	"time"
)

// A budget is the time that an exchange, or several for one purpose, may take. It stands
// still while the source of tokens is waited for: a token that a person must sign in for
// takes as long as the person is given, and ends with the caller's context alone.
type budget struct {
	cancel context.CancelCauseFunc
	total  time.Duration

	mu     sync.Mutex
	timer  *time.Timer
	left   time.Duration
	since  time.Time // when the timer was started
	pauses int
}

type budgetKey struct{}

// withBudget returns a context that ends with an error that matches errLate when d has
// passed.
func withBudget(ctx context.Context, d time.Duration) (context.Context, *budget) {
	ctx, cancel := context.WithCancelCause(ctx)
	b := &budget{cancel: cancel, total: d, left: d, since: time.Now()}
	b.timer = time.AfterFunc(d, func() { cancel(fmt.Errorf("no response within %v: %w", d, errLate)) })
	return context.WithValue(ctx, budgetKey{}, b), b
}

// budgetOf returns the budget that ctx has, or nil.
func budgetOf(ctx context.Context) *budget {
	b, _ := ctx.Value(budgetKey{}).(*budget)
	return b
}

// pause stops the clock until resume is called as often.
func (b *budget) pause() {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.pauses++; b.pauses == 1 && b.timer.Stop() {
		b.left = max(b.left-time.Since(b.since), 0)
	}
}

func (b *budget) resume() {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.pauses--; b.pauses == 0 {
		b.since = time.Now()
		b.timer.Reset(b.left)
	}
}

// refill sets the clock back to the whole time, for a response that comes piece by piece.
func (b *budget) refill() {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.left, b.since = b.total, time.Now()
	if b.pauses == 0 && b.timer.Stop() {
		b.timer.Reset(b.left)
	}
}

// stop ends the context.
func (b *budget) stop() {
	b.mu.Lock()
	b.timer.Stop()
	b.pauses++ // resume must not start it again
	b.mu.Unlock()
	b.cancel(nil)
}
