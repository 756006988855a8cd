package sqlstore

import (
	"context"
	"crypto/rand"
	"fmt"
	"sync"
	"time"
)

// A lease is a lock that this Store holds.
type lease struct {
	owner string // made for this lease
	fence int64
}

func (s *Store) span() time.Duration {
	if s.Lease == 0 {
		return DefaultLease
	}
	return max(s.Lease, minLease)
}

// Lock waits for the lease of key, see [token.Locker]. It asks the database from 50 times a
// second to once a second. The unlock that it returns reports [ErrLeaseLost] if the lease
// was taken over.
func (s *Store) Lock(ctx context.Context, key string) (func() error, error) {
	if err := s.init(); err != nil {
		return nil, err
	}
	name := rowName(key)
	leave, err := s.enter(ctx, name)
	if err != nil {
		return nil, err
	}
	l, err := s.acquire(ctx, name)
	if err != nil {
		leave()
		return nil, err
	}
	s.mu.Lock()
	if s.held == nil {
		s.held = map[string]*lease{}
	}
	s.held[name] = l
	s.mu.Unlock()

	renewing, stop := context.WithCancel(context.WithoutCancel(ctx))
	var done sync.WaitGroup
	done.Go(func() { s.keep(renewing, name, l) })
	return sync.OnceValue(func() error {
		stop()
		done.Wait()
		s.mu.Lock()
		if s.held[name] == l {
			delete(s.held, name)
		}
		s.mu.Unlock()
		defer leave()
		ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), unlockTime)
		defer cancel()
		n, err := s.exec(ctx, s.q.release, name, l.owner)
		switch {
		case err != nil:
			return s.failed("unlock", err) // the lease runs out
		case n == 0:
			return ErrLeaseLost
		}
		return nil
	}), nil
}

// enter queues the callers within this process, so that one of them asks the database.
func (s *Store) enter(ctx context.Context, name string) (func(), error) {
	s.mu.Lock()
	if s.queue == nil {
		s.queue = map[string]chan struct{}{}
	}
	turn := s.queue[name]
	if turn == nil {
		turn = make(chan struct{}, 1)
		s.queue[name] = turn
	}
	s.mu.Unlock()
	select {
	case turn <- struct{}{}:
		return func() { <-turn }, nil
	case <-ctx.Done():
		return nil, fmt.Errorf("token/sqlstore: lock: %w", context.Cause(ctx))
	}
}

// acquire takes the lease when it is free or has run out.
func (s *Store) acquire(ctx context.Context, name string) (*lease, error) {
	if err := s.row(ctx, name); err != nil {
		return nil, err
	}
	l := &lease{owner: rand.Text()}
	for wait := firstPoll; ; wait = min(2*wait, maxPoll) {
		n, err := s.exec(ctx, s.q.acquire, l.owner, s.span().Milliseconds(), name)
		if err == nil && n > 0 {
			err = s.retry(ctx, func() error { return s.DB.QueryRowContext(ctx, s.q.fence, name, l.owner).Scan(&l.fence) })
			if err == nil {
				return l, nil
			}
		}
		if err != nil {
			s.abandon(ctx, name, l) // the lease may be ours all the same
			return nil, s.failed("lock", err)
		}
		if !sleep(ctx, wait) {
			return nil, fmt.Errorf("token/sqlstore: lock: %w", context.Cause(ctx))
		}
	}
}

func (s *Store) abandon(ctx context.Context, name string, l *lease) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), unlockTime)
	defer cancel()
	_, _ = s.exec(ctx, s.q.release, name, l.owner) // it runs out
}

// keep renews the lease until ctx ends or the lease is lost.
func (s *Store) keep(ctx context.Context, name string, l *lease) {
	for {
		select {
		case <-time.After(s.span() / 3):
		case <-ctx.Done():
			return
		}
		if held, err := s.renew(ctx, name, l); err == nil && !held {
			return
		}
	}
}

// renew reports whether the lease is still held.
func (s *Store) renew(ctx context.Context, name string, l *lease) (bool, error) {
	n, err := s.exec(ctx, s.q.renew, s.span().Milliseconds(), name, l.owner, l.fence)
	return n > 0, err
}

// Reserve sees, before a refresh token is spent, that the database can be written to and
// that the lease, if this Store holds one for key, has not been taken over: otherwise the
// error matches [ErrLeaseLost]. It makes no room in advance; that is the database's.
func (s *Store) Reserve(ctx context.Context, key string, _ int) (func(), error) {
	if err := s.init(); err != nil {
		return nil, err
	}
	name := rowName(key)
	s.mu.Lock()
	l := s.held[name]
	s.mu.Unlock()
	if l == nil {
		if err := s.row(ctx, name); err != nil {
			return nil, err
		}
		return func() {}, nil
	}
	held, err := s.renew(ctx, name, l)
	if err != nil {
		return nil, s.failed("reserve", err)
	}
	if !held {
		return nil, ErrLeaseLost
	}
	return func() {}, nil
}
