package token

import (
	"context"
	"errors"
)

var (
	// ErrNotFound is matched by the error of [Store.Load] when there is no record.
	ErrNotFound = errors.New("token: no record")
	// ErrConflict is matched by the error of [Store.Save] and [Store.Delete] when the
	// record has changed since it was loaded.
	ErrConflict = errors.New("token: the record has changed")
)

// A Store keeps records by keys that the caller chooses, typically one for each mailbox.
// [MemoryStore] and [FileStore] are stores, package sqlstore has another, and package storetest
// tests any. Implementations must be safe for concurrent use.
//
// A record must survive the end of the process before Save returns: the refresh token that it
// replaces may no longer be valid.
type Store interface {
	// Load returns the record. The error matches ErrNotFound if there is none.
	Load(ctx context.Context, key string) (Record, error)

	// Save stores r if the stored record still has r.Generation, where 0 stands for no
	// record, and returns r with its new generation: a number greater than any that the
	// key has had, those before a Delete included. Otherwise the error matches
	// ErrConflict and nothing has changed.
	Save(ctx context.Context, key string, r Record) (Record, error)

	// Delete removes the record if it still has the generation. Otherwise, unless it
	// does not exist, the error matches ErrConflict.
	Delete(ctx context.Context, key string, generation uint64) error
}

// A Locker is an optional ability of a [Store]: an exclusive lock for a key. A Source holds the
// lock from reading a record to storing the next one, so that only one of several processes
// refreshes. Without it more than one may refresh, and an authority that allows one use of a
// refresh token may end the sign-in.
type Locker interface {
	// Lock waits until it has the lock, or ctx ends. The lock ends with unlock or with the
	// process.
	Lock(ctx context.Context, key string) (unlock func() error, err error)
}

// A Reserver is an optional ability of a [Store]: to ensure that the next Save has room. A Source
// reserves before it spends a refresh token, so that a full or read-only disk is noticed before.
type Reserver interface {
	// Reserve makes room for a record of size bytes. Save uses the room up, and release
	// gives back what is left.
	Reserve(ctx context.Context, key string, size int) (release func(), err error)
}

// A Leaser is an optional ability of a [Store] for which each round trip is expensive. For a
// renewal, a Source uses it instead of [Locker.Lock], [Store.Load] and [Store.Save].
type Leaser interface {
	// Lease waits for the exclusive lease of key, as [Locker.Lock] does, and returns it with
	// the record as of then: the zero Record if there is none. A key that has no record
	// costs no write beyond the lease and leaves nothing behind. An error means that the
	// lease is not held; it matches ErrRecord if the record cannot be read.
	Lease(ctx context.Context, key string) (Lease, Record, error)
}

// A Lease is the exclusive right to replace the record of one key. It ends with SaveAndRelease or
// Release; a Release after that does nothing and returns nil.
type Lease interface {
	// SaveAndRelease stores r as [Store.Save] does and gives the lease up in the same
	// transaction. If it fails, the lease is still held.
	SaveAndRelease(ctx context.Context, r Record) (Record, error)

	// Release gives the lease up. It is safe to call more than once.
	Release() error
}
