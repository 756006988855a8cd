package eas

import (
	"context"
	"errors"
	"fmt"
	"runtime/debug"
	"sync"
	"time"
)

// A flight does once what several commands of a client wait for: negotiation, provisioning,
// a move. All that wait share the outcome, failure included, and each waits no longer than
// its own context. The work ends when nobody waits any more, or after its time.
//
// The zero value is ready for use.
type flight[T any] struct {
	mu     sync.Mutex
	now    *trip[T] // nil while nothing is under way
	failed error    // how the last trip ended; nil if it succeeded
	landed time.Time
	count  uint64 // of the trips that have landed
}

// A trip is one run of the work of a flight.
type trip[T any] struct {
	done     chan struct{} // closed when the rest is set
	cancel   context.CancelCauseFunc
	waiting  int
	value    T
	err      error
	panicked any
}

// freshFailure is how long a failure counts for commands that were refused before it.
const freshFailure = 5 * time.Second

var (
	// errLeft ends a trip that nobody waits for.
	errLeft = errors.New("eas: nobody waits for it any more")
	// errRecursive is the error of a callback that waits for the client that waits for it.
	errRecursive = errors.New("a callback called a method of the client that waits for the callback")
)

// insideKey is the key of the trips from which a context comes, for callbacks that call the
// client again.
type insideKey struct{}

type inside struct {
	trip  any
	outer *inside
}

// do returns the outcome of the trip that is under way, and begins one if there is none. The
// work gets limit, and a context with the values of ctx that ends with the last that waits.
func (f *flight[T]) do(ctx context.Context, limit time.Duration, work func(context.Context) (T, error)) (T, error) {
	var none T
	if ctx.Err() != nil {
		return none, ended(ctx)
	}
	f.mu.Lock()
	t := f.now
	outer, _ := ctx.Value(insideKey{}).(*inside)
	for in := outer; t != nil && in != nil; in = in.outer {
		if in.trip == any(t) {
			f.mu.Unlock()
			return none, errRecursive
		}
	}
	if t == nil {
		t = &trip[T]{done: make(chan struct{})}
		f.now = t
		own := context.WithValue(context.WithoutCancel(ctx), insideKey{}, &inside{t, outer})
		own, clock := withBudget(own, limit)
		t.cancel = clock.cancel
		go f.run(own, t, clock, work)
	}
	t.waiting++
	f.mu.Unlock()

	select {
	case <-t.done:
	case <-ctx.Done():
		f.leave(t)
		return none, ended(ctx)
	}
	if t.panicked != nil {
		panic(t.panicked)
	}
	return t.value, t.err
}

// run does the work and lands.
func (f *flight[T]) run(ctx context.Context, t *trip[T], clock *budget, work func(context.Context) (T, error)) {
	t.err = errors.New("eas: a callback ended its goroutine")
	defer func() {
		t.panicked = recover()
		clock.stop()
		f.mu.Lock()
		if f.now == t { // it has not been left by all
			f.now, f.failed, f.landed = nil, t.err, time.Now()
			f.count++
		}
		f.mu.Unlock()
		close(t.done)
	}()
	t.value, t.err = work(ctx)
}

// leave says that one waits no longer for t.
func (f *flight[T]) leave(t *trip[T]) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if t.waiting--; t.waiting > 0 {
		return
	}
	if f.now == t {
		f.now = nil
	}
	t.cancel(errLeft)
}

// trips returns how many trips have landed.
func (f *flight[T]) trips() uint64 {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.count
}

// since returns how the last trip that landed after the first n ended, and whether it
// counts: success always does, and failure for some seconds.
func (f *flight[T]) since(n uint64) (err error, counts bool) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.count == n || f.now != nil || f.failed != nil && time.Since(f.landed) > freshFailure {
		return nil, false
	}
	return f.failed, true
}

// await calls a function of the caller's and waits for it no longer than ctx, whatever it
// does. What it returns later is dropped. Its panic is raised here.
func await[T any](ctx context.Context, name string, call func() (T, error)) (T, error) {
	type outcome struct {
		value    T
		err      error
		panicked any
	}
	landed := make(chan outcome, 1)
	go func() {
		o := outcome{err: fmt.Errorf("%s ended its goroutine", name)}
		defer func() {
			if v := recover(); v != nil {
				o.panicked = fmt.Sprintf("eas: %s panicked: %v\n\n%s", name, v, debug.Stack())
			}
			landed <- o
		}()
		o.value, o.err = call()
	}()
	select {
	case o := <-landed:
		if o.panicked != nil {
			panic(o.panicked)
		}
		return o.value, o.err
	case <-ctx.Done():
		var none T
		return none, ended(ctx)
	}
}

// ended returns why ctx is over: an error that matches both its Err and its Cause. A budget
// that has run out is its own cause alone.
func ended(ctx context.Context) error {
	err, cause := ctx.Err(), context.Cause(ctx)
	if cause == nil || errors.Is(cause, err) || errors.Is(cause, errLate) {
		return cause
	}
	return fmt.Errorf("%w: %w", err, cause)
}
