package sqlstore

import (
	"context"
	"crypto/rand"
	"encoding/binary"
	"errors"
	"sync"
	"time"

	"github.com/easoauth/easoauth/internal/keyed"
	"github.com/easoauth/easoauth/token"
)

const (
	minPoll     = 20 * time.Millisecond
	maxPoll     = time.Second
	releaseTime = 5 * time.Second // what a release may take, whose lease runs out anyway
	settleTime  = 5 * time.Second
)

// ownerName returns what the table has of an owner, within its column.
func ownerName(owner string) string {
	if owner == "" {
		return rand.Text()
	}
	return rowName(owner)
}

// newFence returns a number for one lease, which no other has.
func newFence() int64 {
	var b [8]byte
	_, _ = rand.Read(b[:]) // never fails
	return int64(binary.BigEndian.Uint64(b[:]))
}

func (s *Store) span() time.Duration {
	if s.LeaseTime == 0 {
		return DefaultLeaseTime
	}
	return max(s.LeaseTime, minLease)
}

// A lease is the lock of a key that this Store holds.
type lease struct {
	store *Store
	name  string
	fence int64
	leave func() // the queue of this process

	row row // as of then

	mu      sync.Mutex
	renewed time.Time // when the last statement was sent that renewed it
	timer   *time.Timer
	over    bool // it was given up
}

// Lock waits for the lease of key, see [token.Locker]. While another process holds it, the table
// is read 50 times a second at first, and later once a second. The returned unlock reports
// [ErrLeaseLost] if another process has taken over the lease.
func (s *Store) Lock(ctx context.Context, key string) (func() error, error) {
	l, err := s.lease(ctx, key)
	if err != nil {
		return nil, err
	}
	return l.Release, nil
}

// Lease is [Store.Lock] with the record, see [token.Leaser], in one statement if the lease is
// free.
func (s *Store) Lease(ctx context.Context, key string) (token.Lease, token.Record, error) {
	l, err := s.lease(ctx, key)
	if err != nil {
		return nil, token.Record{}, err
	}
	r, err := s.record(l.name, l.row)
	if err != nil && !errors.Is(err, token.ErrNotFound) {
		_ = l.Release()
		return nil, token.Record{}, err
	}
	return l, r, nil
}

func (s *Store) lease(ctx context.Context, key string) (*lease, error) {
	if err := s.init(); err != nil {
		return nil, err
	}
	name := rowName(key)
	leave, err := s.queue.Enter(ctx, name)
	if err != nil {
		return nil, s.failed("lock", err)
	}
	l := &lease{store: s, name: name, fence: newFence(), leave: leave}
	if err := l.acquire(ctx); err != nil {
		leave()
		return nil, s.failed("lock", err)
	}
	s.mu.Lock()
	if s.held == nil {
		s.held = map[string]*lease{}
	}
	s.held[name] = l
	s.mu.Unlock()
	l.mu.Lock()
	l.timer = time.AfterFunc(s.span()/3, l.keep)
	l.mu.Unlock()
	return l, nil
}

// acquire takes the lease when it is free, has run out, or is this owner's own.
func (l *lease) acquire(ctx context.Context) error {
	s := l.store
	for wait := minPoll; ; {
		l.renewed = time.Now()
		got, err := s.query(ctx, normal, []any{&l.row.generation, &l.row.data}, s.q.acquire,
			l.name, s.owner, l.fence, s.span().Milliseconds())
		if err != nil {
			go l.giveUp() // the lease may be ours all the same
			return err
		}
		if got {
			return nil
		}
		for held := true; held; wait = min(2*wait, maxPoll) {
			if !sleep(ctx, wait) {
				return keyed.Ended(ctx)
			}
			var n int
			if _, err := s.query(ctx, normal, []any{&n}, s.q.busy, l.name); err != nil {
				return err
			}
			held = n > 0
		}
	}
}

// keep renews the lease until it is over or lost.
func (l *lease) keep() {
	held, err := l.renew(context.Background())
	l.mu.Lock()
	defer l.mu.Unlock()
	if !l.over && (held || err != nil) {
		l.timer.Reset(l.store.span() / 3)
	}
}

// renew reports whether the lease is still held.
func (l *lease) renew(ctx context.Context) (bool, error) {
	sent := time.Now()
	did, err := l.store.exec(ctx, urgent, l.store.q.renew, l.store.span().Milliseconds(), l.name, l.store.owner, l.fence)
	if err != nil || did.rows == 0 {
		return false, err
	}
	l.mu.Lock()
	l.renewed = sent
	l.mu.Unlock()
	return true, nil
}

// isFresh reports whether the lease was made or renewed so lately that it cannot have run
// out, by a clock that can be set and by one that stops in a suspended machine.
func (l *lease) isFresh() bool {
	l.mu.Lock()
	renewed := l.renewed
	l.mu.Unlock()
	now, limit := time.Now(), l.store.span()/2
	wall := now.Round(0).Sub(renewed.Round(0))
	return wall >= 0 && max(now.Sub(renewed), wall) < limit
}

// SaveAndRelease stores r and gives the lease up, in one statement. A lease that was lost
// does not keep r from being stored, for its refresh token may be the only good one; the
// generation does, if the new holder has stored something.
func (l *lease) SaveAndRelease(ctx context.Context, r token.Record) (token.Record, error) {
	l.mu.Lock()
	over := l.over
	l.mu.Unlock()
	if over {
		return token.Record{}, errors.New("token/sqlstore: save: the lease was given up before")
	}
	var saved token.Record
	var err error
	if r.Generation == 0 {
		saved, err = l.store.begin(ctx, l.name, r, l.row, l)
	} else {
		saved, err = l.store.replace(ctx, l.name, r, row{generation: int64(r.Generation), data: []byte{}}, l)
	}
	if err != nil {
		return token.Record{}, err
	}
	l.end()
	l.leave()
	return saved, nil
}

// Release gives the lease up. The error matches [ErrLeaseLost] if another process has taken
// it over.
func (l *lease) Release() error {
	if !l.end() {
		return nil
	}
	defer l.leave()
	return l.giveUp()
}

// end stops the renewals, and reports whether the lease was not over.
func (l *lease) end() bool {
	l.mu.Lock()
	first := !l.over
	l.over = true
	l.timer.Stop()
	l.mu.Unlock()
	s := l.store
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.held[l.name] == l {
		delete(s.held, l.name)
	}
	return first
}

// giveUp frees the row of the lease, or removes it if nothing else is in it.
func (l *lease) giveUp() error {
	s := l.store
	ctx, cancel := context.WithTimeout(context.Background(), releaseTime)
	defer cancel()
	repeated := false
	statements := []string{s.q.drop}
	if l.row.generation == 0 && l.row.data == nil {
		statements = []string{s.q.forget, s.q.drop} // the second if the user has signed in meanwhile
	}
	for _, statement := range statements {
		did, err := s.exec(ctx, urgent, statement, l.name, s.owner, l.fence)
		if err != nil {
			return s.failed("unlock", err) // the lease runs out
		}
		if did.rows > 0 {
			return nil
		}
		repeated = repeated || did.repeated
	}
	if repeated {
		return nil // by an earlier try, whose response was lost
	}
	return ErrLeaseLost
}

// Reserve sees, before a refresh token is spent, that the database can be written to and
// that the lease, if this Store holds one for key, has not been taken over: otherwise the
// error matches [ErrLeaseLost]. A lease that is fresh shows both without a statement.
// Reserve makes no room in advance; that is the database's.
func (s *Store) Reserve(ctx context.Context, key string, _ int) (func(), error) {
	if err := s.init(); err != nil {
		return nil, err
	}
	s.mu.Lock()
	l := s.held[rowName(key)]
	s.mu.Unlock()
	if l == nil {
		if _, err := s.exec(ctx, normal, s.q.write); err != nil {
			return nil, s.failed("reserve", err)
		}
		return func() {}, nil
	}
	if l.isFresh() {
		return func() {}, nil
	}
	held, err := l.renew(ctx)
	if err != nil {
		return nil, s.failed("reserve", err)
	}
	if !held {
		return nil, ErrLeaseLost
	}
	return func() {}, nil
}
