package token

import (
	"context"
	"errors"
	"fmt"
)

// What a renewal does with the Store. A key without a sign-in, a good access token of a peer
// and a sign-in that has ended cost one Load and neither a lock nor a write. What needs a
// request to the authority holds the record from reading it to storing its successor: by a
// Lease, by a lock, or, in a Store that has neither, by the generation alone.

// load reads the record; without one it is the zero Record.
func (a *renewal) load(ctx context.Context) (Record, error) {
	var r Record
	var err error
	a.call("Store.Load", func() { r, err = a.k.store().Load(ctx, a.s.Key) })
	if errors.Is(err, ErrNotFound) {
		return Record{}, nil
	}
	if err != nil {
		return Record{}, storeError("load", err)
	}
	return r, nil
}

// hold takes the record for this renewal alone and returns it as of then.
func (a *renewal) hold(ctx context.Context) (Record, error) {
	var r Record
	var err error
	switch store := a.k.store().(type) {
	case Leaser:
		a.call("Store.Lease", func() { a.lease, r, err = store.Lease(ctx, a.s.Key) })
		if err != nil {
			return Record{}, storeError("lease", err)
		}
		return r, nil
	case Locker:
		a.call("Store.Lock", func() { a.unlock, err = store.Lock(ctx, a.s.Key) })
		if err != nil {
			return Record{}, storeError("lock", err)
		}
	}
	return a.load(ctx)
}

// holds reports whether hold has been called, in a Store that can.
func (a *renewal) holds() bool { return a.lease != nil || a.unlock != nil }

// release gives the record up, if it is held.
func (a *renewal) release() {
	if lease := a.lease; lease != nil {
		a.lease = nil
		a.call("Lease.Release", func() { _ = lease.Release() }) // it ends by itself at the latest
	}
	if unlock := a.unlock; unlock != nil {
		a.unlock = nil
		a.call("Store.Lock's unlock", func() { _ = unlock() }) // the lock ends with the process at the latest
	}
}

// mark stores r and goes on holding it.
func (a *renewal) mark(ctx context.Context, r Record) (Record, error) {
	var err error
	a.call("Store.Save", func() { r, err = a.k.store().Save(ctx, a.s.Key, r) })
	if err == nil {
		a.saved(r)
	}
	return r, err
}

// save stores r as the last thing that this renewal does to the record.
func (a *renewal) save(ctx context.Context, r Record) error {
	lease := a.lease
	if lease == nil {
		_, err := a.mark(ctx, r)
		return err
	}
	var err error
	a.call("Lease.SaveAndRelease", func() { r, err = lease.SaveAndRelease(ctx, r) })
	if err == nil {
		a.lease = nil
		a.saved(r)
	}
	return err
}

func (a *renewal) saved(r Record) { a.record, a.grant = r, r.fingerprint() }

// reserve makes sure that a record of some size can be stored, before anything is spent
// for it.
func (a *renewal) reserve(ctx context.Context, r Record, spent string) (release func(), err error) {
	var free func()
	store, ok := a.k.store().(Reserver)
	if !ok {
		return func() {}, nil
	}
	b, err := r.Encode()
	if err != nil {
		return nil, err
	}
	a.call("Store.Reserve", func() { free, err = store.Reserve(ctx, a.s.Key, 2*len(b)+16<<10) })
	if err != nil {
		return nil, fmt.Errorf("%w: %s: %w", ErrNotPersisted, spent, storeError("reserve", err))
	}
	return func() { a.call("the release of Store.Reserve", free) }, nil
}

// saveUnsaved stores what an earlier renewal could not.
func (a *renewal) saveUnsaved() error {
	a.k.mu.Lock()
	u := a.k.unsaved
	a.k.mu.Unlock()
	if u == nil {
		return nil
	}
	var err error
	if u.signIn {
		err = a.replace(u.record)
	} else {
		err = a.succeed(u.record, u.spent)
	}
	a.release()
	if err == errAgain {
		return nil
	}
	return err
}

// patient calls the Store for a method of Source that a caller waits in, and ends with ctx
// though the Store does not: the call then goes on by itself.
func patient[T any](ctx context.Context, callback string, call func() (T, error)) (T, error) {
	type outcome struct {
		value T
		err   error
	}
	done := make(chan outcome, 1)
	go func() {
		o := outcome{err: panicked(callback, nil)} // if runtime.Goexit ends the goroutine
		defer func() {
			if p := recover(); p != nil {
				o.err = panicked(callback, p)
			}
			done <- o
		}()
		o.value, o.err = call()
	}()
	select {
	case o := <-done:
		return o.value, o.err
	case <-ctx.Done():
		var none T
		return none, contextError(ctx)
	}
}

func storeError(what string, err error) error { return fmt.Errorf("token: store: %s: %w", what, err) }

// notPersisted says that the record is kept in memory, as it is by setUnsaved.
func notPersisted(what string, err error) error {
	return fmt.Errorf("%w; it is kept in memory and tried again: %w", ErrNotPersisted, storeError(what, err))
}
