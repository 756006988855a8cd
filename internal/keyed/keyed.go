// Package keyed lets callers through one at a time for each key.
package keyed

import (
	"context"
	"errors"
	"fmt"
	"sync"
)

// A Queue holds one turn per key. The zero value is ready to use, and it is safe for
// concurrent use. It remembers only the keys that have a holder or a waiter.
type Queue struct {
	mu    sync.Mutex
	turns map[string]*turn
}

// A turn is a channel of one element, which the holder has put in.
type turn struct {
	held  chan struct{}
	users int // the holder and the waiters; guarded by Queue.mu
}

// Enter waits for the turn of key, or until ctx ends, and returns the function that ends
// the turn, which may be called more than once. The error is that of [Ended].
func (q *Queue) Enter(ctx context.Context, key string) (leave func(), err error) {
	if ctx.Err() != nil {
		return nil, Ended(ctx)
	}
	q.mu.Lock()
	t := q.turns[key]
	if t == nil {
		if q.turns == nil {
			q.turns = map[string]*turn{}
		}
		t = &turn{held: make(chan struct{}, 1)}
		q.turns[key] = t
	}
	t.users++
	q.mu.Unlock()
	select {
	case t.held <- struct{}{}:
		return sync.OnceFunc(func() {
			<-t.held
			q.drop(key, t)
		}), nil
	case <-ctx.Done():
		q.drop(key, t)
		return nil, Ended(ctx)
	}
}

// drop takes a holder or a waiter off the turn, and forgets the key with the last one.
func (q *Queue) drop(key string, t *turn) {
	q.mu.Lock()
	defer q.mu.Unlock()
	if t.users--; t.users == 0 {
		delete(q.turns, key)
	}
}

// Len returns how many keys have a holder or a waiter.
func (q *Queue) Len() int {
	q.mu.Lock()
	defer q.mu.Unlock()
	return len(q.turns)
}

// Ended returns the error of a wait that the end of ctx cut short. It matches both ctx.Err()
// and the cause.
func Ended(ctx context.Context) error {
	err, cause := ctx.Err(), context.Cause(ctx)
	if errors.Is(cause, err) {
		return cause
	}
	return fmt.Errorf("%w: %w", err, cause)
}
