package token

import (
	"context"
	"sync"
	"sync/atomic"

	"github.com/easoauth/easoauth/internal/keyed"
)

// A MemoryStore keeps records in memory, for tests and for programs whose users sign in at every
// start. The zero value is ready to use, and it is safe for concurrent use. It is a [Locker]. It
// does not print its records.
type MemoryStore struct {
	state atomic.Pointer[memory] // which fmt does not follow
}

type memory struct {
	locks keyed.Queue

	mu      sync.Mutex
	records map[string]kept
	last    uint64
}

// kept is a record with its access tokens in a list: a map of one takes a kilobyte.
type kept struct {
	record Record
	access []namedAccess
}

type namedAccess struct {
	name string
	Access
}

func keep(r Record) kept {
	k := kept{record: r}
	k.record.Access = nil
	for name, a := range r.Access {
		k.access = append(k.access, namedAccess{name, a})
	}
	return k
}

func (k kept) load() Record {
	r := k.record
	if len(k.access) > 0 {
		r.Access = make(map[string]Access, len(k.access))
		for _, a := range k.access {
			r.Access[a.name] = a.Access
		}
	}
	return r
}

func (s *MemoryStore) memory() *memory {
	if m := s.state.Load(); m != nil {
		return m
	}
	s.state.CompareAndSwap(nil, &memory{records: map[string]kept{}})
	return s.state.Load()
}

// Load returns the record of key.
func (s *MemoryStore) Load(_ context.Context, key string) (Record, error) {
	m := s.memory()
	m.mu.Lock()
	defer m.mu.Unlock()
	r, ok := m.records[key]
	if !ok {
		return Record{}, ErrNotFound
	}
	return r.load(), nil
}

// Save stores r, see [Store].
func (s *MemoryStore) Save(_ context.Context, key string, r Record) (Record, error) {
	m := s.memory()
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.records[key].record.Generation != r.Generation {
		return Record{}, ErrConflict
	}
	m.last++
	r = r.clone()
	r.Generation = m.last
	m.records[key] = keep(r)
	return r, nil
}

// Delete removes the record of key, see [Store].
func (s *MemoryStore) Delete(_ context.Context, key string, generation uint64) error {
	m := s.memory()
	m.mu.Lock()
	defer m.mu.Unlock()
	r, ok := m.records[key]
	if ok && r.record.Generation != generation {
		return ErrConflict
	}
	delete(m.records, key)
	return nil
}

// Lock waits for the lock of key, see [Locker].
func (s *MemoryStore) Lock(ctx context.Context, key string) (func() error, error) {
	leave, err := s.memory().locks.Enter(ctx, key)
	if err != nil {
		return nil, err
	}
	return func() error { leave(); return nil }, nil
}
