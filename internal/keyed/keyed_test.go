package keyed_test

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/easoauth/easoauth/internal/keyed"
)

func TestOneAtATime(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var q keyed.Queue
		var inside [3]atomic.Int64
		var wg sync.WaitGroup
		start := time.Now()
		for i := range 30 {
			wg.Go(func() {
				leave, err := q.Enter(t.Context(), fmt.Sprint(i%3))
				if err != nil {
					t.Error(err)
					return
				}
				if n := inside[i%3].Add(1); n != 1 {
					t.Errorf("%d have the turn of key %d", n, i%3)
				}
				time.Sleep(time.Second)
				inside[i%3].Add(-1)
				leave()
				leave() // does nothing
			})
		}
		wg.Wait()
		if d := time.Since(start); d != 10*time.Second {
			t.Errorf("ten turns of each of three keys took %v, want 10s: keys must not wait for each other", d)
		}
		if n := q.Len(); n != 0 {
			t.Errorf("%d keys are remembered, want 0", n)
		}
	})
}

func TestWaiterLeaves(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var q keyed.Queue
		leave, err := q.Enter(t.Context(), "ada")
		if err != nil {
			t.Fatal(err)
		}
		gone := errors.New("gone")
		ctx, cancel := context.WithCancelCause(t.Context())
		time.AfterFunc(time.Second, func() { cancel(gone) })
		if _, err := q.Enter(ctx, "ada"); !errors.Is(err, gone) || !errors.Is(err, context.Canceled) {
			t.Errorf("Enter = %v, want the end of the context and its cause", err)
		}
		if _, err := q.Enter(ctx, "free"); !errors.Is(err, gone) {
			t.Errorf("Enter of a free key with a context that has ended = %v", err)
		}
		if n := q.Len(); n != 1 {
			t.Errorf("%d keys, want the holder's alone", n)
		}
		leave()
		leave, err = q.Enter(t.Context(), "ada")
		if err != nil {
			t.Fatal(err)
		}
		leave()
		if n := q.Len(); n != 0 {
			t.Errorf("%d keys are remembered, want 0", n)
		}
	})
}

func TestEnded(t *testing.T) {
	plain, cancel := context.WithCancel(t.Context())
	cancel()
	if err := keyed.Ended(plain); err != context.Canceled {
		t.Errorf("Ended = %v, want context.Canceled itself", err)
	}
	cause := errors.New("the user left")
	with, cancelCause := context.WithCancelCause(t.Context())
	cancelCause(cause)
	if err := keyed.Ended(with); !errors.Is(err, context.Canceled) || !errors.Is(err, cause) {
		t.Errorf("Ended = %v, want both the end and its cause", err)
	}
}

func BenchmarkEnter(b *testing.B) {
	var q keyed.Queue
	b.ReportAllocs()
	for b.Loop() {
		leave, err := q.Enter(b.Context(), "ada")
		if err != nil {
			b.Fatal(err)
		}
		leave()
	}
}
