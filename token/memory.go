package token

import (
	"context"
	"sync"
	"sync/atomic"

	"github.com/easoauth/easoauth/internal/keyed"
)

// A MemoryStore keeps records in memory, for tests and for programs whose users sign in at
// every start. The zero value is ready to use, and it is safe for concurrent use. It is a
// [Locker]. It does not print its records.
type MemoryStore struct {
	state atomic.Pointer[memory] // which fmt does not follow
}

type memory struct {
	locks keyed.Queue

	mu      sync.Mutex
	records map[string]Record
	last    uint64
}

func (s *MemoryStore) memory() *memory {
	if m := s.state.Load(); m != nil {
		return m
	}
	s.state.CompareAndSwap(nil, &memory{records: map[string]Record{}})
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
	return r.clone(), nil
}

// Save stores r, see [Store].
func (s *MemoryStore) Save(_ context.Context, key string, r Record) (Record, error) {
	m := s.memory()
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.records[key].Generation != r.Generation {
		return Record{}, ErrConflict
	}
	m.last++
	r = r.clone()
	r.Generation = m.last
	m.records[key] = r
	return r.clone(), nil
}

// Delete removes the record of key, see [Store].
func (s *MemoryStore) Delete(_ context.Context, key string, generation uint64) error {
	m := s.memory()
	m.mu.Lock()
	defer m.mu.Unlock()
	r, ok := m.records[key]
	if ok && r.Generation != generation {
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
