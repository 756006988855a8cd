package eas

import (
	"context"
	"testing"
	"testing/synctest"
	"time"
)

// The time of a request stands still while it waits for a token, is whole again after each piece
// of a body, and is over once the request is.
func TestBudget(t *testing.T) {
	const total = 10 * time.Second
	for _, tt := range []struct {
		name string
		do   func(b *budget)
		want time.Duration // at which it is over; 0: never
	}{
		{"nothing", func(*budget) {}, total},
		{"a pause", func(b *budget) { time.Sleep(4 * time.Second); b.pause(); time.Sleep(time.Hour); b.resume() }, total + time.Hour},
		{"a pause within another", func(b *budget) {
			b.pause()
			time.Sleep(time.Minute)
			b.pause()
			time.Sleep(time.Minute)
			b.resume()
			time.Sleep(time.Minute)
			b.resume()
		}, total + 3*time.Minute},
		{"two pauses", func(b *budget) {
			for range 2 {
				time.Sleep(3 * time.Second)
				b.pause()
				time.Sleep(time.Minute)
				b.resume()
			}
		}, total + 2*time.Minute},
		{"a refill", func(b *budget) { time.Sleep(9 * time.Second); b.refill() }, 9*time.Second + total},
		{"a refill, then a pause", func(b *budget) {
			time.Sleep(9 * time.Second)
			b.refill()
			time.Sleep(time.Second)
			b.pause()
			time.Sleep(time.Minute)
			b.resume()
		}, 9*time.Second + total + time.Minute},
		{"a refill in a pause", func(b *budget) {
			time.Sleep(9 * time.Second)
			b.pause()
			b.refill()
			time.Sleep(time.Minute)
			b.resume()
		}, 9*time.Second + time.Minute + total},
		{"a pause without an end", func(b *budget) { b.pause() }, 0},
	} {
		synctest.Test(t, func(t *testing.T) {
			start := time.Now()
			ctx, b := withBudget(t.Context(), total)
			if budgetOf(ctx) != b || budgetOf(t.Context()) != nil {
				t.Errorf("%s: the budget is not found", tt.name)
			}
			tt.do(b)
			select {
			case <-ctx.Done():
			case <-time.After(24 * time.Hour):
			}
			got := time.Since(start)
			if ctx.Err() == nil {
				got = 0
			}
			if got != tt.want {
				t.Errorf("%s: over after %v, want %v", tt.name, got, tt.want)
			}
			b.stop()
			if ctx.Err() != context.Canceled {
				t.Errorf("%s: after its end, the context's error is %v", tt.name, ctx.Err())
			}
		})
	}
	synctest.Test(t, func(t *testing.T) {
		ctx, b := withBudget(t.Context(), total)
		b.pause()
		b.stop()
		b.resume()
		time.Sleep(time.Hour)
		if cause := context.Cause(ctx); cause != context.Canceled {
			t.Errorf("resumed after its end, the cause is %v", cause)
		}
	})
}

// The wait grows from a second to a minute, and to what the server asks for, within the patience.
func TestBackoff(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var b backoff
		for _, want := range []time.Duration{1, 2, 4, 8, 16, 32, 60, 60} {
			if got := b.next(&Error{}); got != want*time.Second {
				t.Errorf("wait %v, want %v s", got, int(want))
			}
		}
		if got := b.next(&Error{RetryAfter: time.Hour}); got != time.Hour {
			t.Errorf("wait %v, want an hour", got)
		}
		b.reset()
		if got := b.next(&Error{RetryAfter: 1}); got != time.Second {
			t.Errorf("wait %v, want a second again", got)
		}
		b = backoff{patience: 7 * time.Second}
		start := time.Now()
		busy := &Error{Action: ActionRetry}
		for b.sleep(t.Context(), busy) {
		}
		if got := time.Since(start); got != 7*time.Second { // 1 + 2 + 4
			t.Errorf("it waited %v", got)
		}
		if b.reset(); !b.sleep(t.Context(), busy) || time.Since(start) != 8*time.Second {
			t.Error("it does not wait after a success")
		}
		if b.sleep(t.Context(), &Error{Action: ActionFix}) || b.sleep(t.Context(), context.Canceled) || (&backoff{patience: -1}).sleep(t.Context(), busy) {
			t.Error("it waits for what does not pass, or without patience")
		}
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		if (&backoff{patience: time.Hour}).sleep(ctx, busy) || time.Since(start) != 8*time.Second {
			t.Error("it waits after its context")
		}
	})
}
