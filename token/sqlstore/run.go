package sqlstore

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"time"

	"github.com/easoauth/easoauth/internal/keyed"
)

const (
	busyFor  = 10 * time.Second // how long a statement is repeated that meets a busy database,
	awayFor  = 20 * time.Second // and one that does not reach the database
	tryTime  = 10 * time.Second // of one try, the wait for a connection included
	minRetry = 20 * time.Millisecond
	maxRetry = time.Second
)

// An outcome says what is known of a statement.
type outcome struct {
	rows int64
	// repeated says that an earlier try may have been carried out, though its response was
	// lost.
	repeated bool
}

// exec carries out a statement that changes rows.
func (s *Store) exec(ctx context.Context, u urgency, query string, args ...any) (outcome, error) {
	var n int64
	repeated, err := s.run(ctx, u, func(ctx context.Context) error {
		result, err := s.DB.ExecContext(ctx, query, args...)
		if err != nil {
			return err
		}
		n, err = result.RowsAffected()
		return err
	})
	return outcome{n, repeated}, err
}

// query carries out a statement that returns one row or none, to its end: SQLite commits an
// INSERT that returns something when it has returned everything.
func (s *Store) query(ctx context.Context, u urgency, dest []any, query string, args ...any) (found bool, err error) {
	_, err = s.run(ctx, u, func(ctx context.Context) error {
		found = false
		rows, err := s.DB.QueryContext(ctx, query, args...)
		if err != nil {
			return err
		}
		defer rows.Close()
		for rows.Next() {
			found = true
			if err := rows.Scan(dest...); err != nil {
				return err
			}
		}
		return errors.Join(rows.Err(), rows.Close())
	})
	return found, err
}

// run tries f, a statement, until it succeeds, fails for good, or time is up. It reports
// whether a try before the last may have been carried out.
func (s *Store) run(ctx context.Context, u urgency, f func(context.Context) error) (repeated bool, err error) {
	start := time.Now()
	for wait := minRetry; ; wait = min(2*wait, maxRetry) {
		err := s.try(ctx, u, f)
		if err == nil {
			return repeated, nil
		}
		if ctx.Err() != nil {
			return repeated, keyed.Ended(ctx)
		}
		limit := busyFor
		switch s.Dialect.trouble(err) {
		case fatal:
			return repeated, err
		case away:
			limit, repeated = awayFor, true
		}
		if time.Since(start)+wait > limit {
			return repeated, err
		}
		if !sleep(ctx, wait) {
			return repeated, fmt.Errorf("%w: %w", keyed.Ended(ctx), err)
		}
	}
}

// try makes one try. A try whose time runs out while ctx goes on counts as a database that
// cannot be reached.
func (s *Store) try(ctx context.Context, u urgency, f func(context.Context) error) error {
	leave, err := s.gate.enter(ctx, s.DB.Stats().MaxOpenConnections, u)
	if err != nil {
		return err
	}
	defer leave()
	within, cancel := context.WithTimeout(ctx, tryTime)
	defer cancel()
	err = f(within)
	if err != nil && within.Err() != nil && ctx.Err() == nil {
		return noResponseError{err}
	}
	return err
}

// A noResponseError is the error of a try whose time ran out. It matches no context error,
// for the caller's context goes on.
type noResponseError struct{ cause error }

func (e noResponseError) Error() string {
	return fmt.Sprintf("no response within %v: %v", tryTime, e.cause)
}

// SafeToRetry says that another try may succeed.
func (noResponseError) SafeToRetry() bool { return true }

// failed wraps an error of the database, whose texts hold no arguments of statements.
func (s *Store) failed(what string, err error) error {
	if s.Dialect.isMissing(err) {
		return fmt.Errorf("%w: call Migrate first: %w", ErrSchema, err)
	}
	return fmt.Errorf("token/sqlstore: %s: %w", what, err)
}

// sleep waits for d, less up to half of it, and reports whether ctx lasted.
func sleep(ctx context.Context, d time.Duration) bool {
	t := time.NewTimer(d - rand.N(d/2+1))
	defer t.Stop()
	select {
	case <-t.C:
		return true
	case <-ctx.Done():
		return false
	}
}
