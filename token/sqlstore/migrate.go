package sqlstore

import (
	"context"
	"errors"
	"fmt"
	"hash/fnv"
)

// Migrate makes the tables if they are missing, and brings those of an earlier version of
// this package up to date. It may be called at every start and by many processes at a
// time. The error matches [ErrSchema] if the tables are those of a later version, and
// [ErrNotDurable] if the database may lose what it has committed: SQLite with a synchronous
// below FULL, or PostgreSQL with synchronous_commit off.
func (s *Store) Migrate(ctx context.Context) error {
	if err := s.init(); err != nil {
		return err
	}
	var setting string
	if err := s.DB.QueryRowContext(ctx, s.q.durable).Scan(&setting); err != nil {
		return s.failed("migrate", err)
	}
	if !s.Dialect.isDurable(setting) {
		return fmt.Errorf("%w: %s answers %q", ErrNotDurable, s.q.durable, setting)
	}
	err := s.retry(ctx, func() error { return s.migrate(ctx) })
	if err == nil || errors.Is(err, ErrSchema) {
		return err
	}
	return s.failed("migrate", err)
}

func (s *Store) migrate(ctx context.Context) error {
	tx, err := s.DB.BeginTx(ctx, nil)
	if err != nil {
		return err
	}
	defer tx.Rollback()
	if s.Dialect == PostgreSQL {
		// CREATE TABLE IF NOT EXISTS alone fails when two do it at a time.
		h := fnv.New64a()
		h.Write([]byte(s.q.create[0]))
		if _, err := tx.ExecContext(ctx, `SELECT pg_advisory_xact_lock($1)`, int64(h.Sum64())); err != nil {
			return err
		}
	}
	for _, statement := range s.q.create {
		if _, err := tx.ExecContext(ctx, statement); err != nil {
			return err
		}
	}
	var version int64
	if err := tx.QueryRowContext(ctx, s.q.version).Scan(&version); err != nil {
		return err
	}
	if version > schemaVersion {
		return fmt.Errorf("%w: the tables are of version %d, and this package knows version %d", ErrSchema, version, schemaVersion)
	}
	if _, err := tx.ExecContext(ctx, s.q.setVersion, int64(schemaVersion)); err != nil {
		return err
	}
	return tx.Commit()
}
