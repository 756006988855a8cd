package sqlstore

import (
	"context"
	"errors"
	"fmt"
	"hash/fnv"
)

// DDL returns the statements that [Store.Migrate] executes where the tables are missing, for
// an administrator to read, or to execute if the program's role may not create tables. If
// table is "", it is [DefaultTable]. The program's role needs SELECT on both tables, and
// INSERT, UPDATE and DELETE on the first.
func DDL(d Dialect, table string) ([]string, error) {
	q, err := d.queries(table)
	return q.schema, err
}

// Migrate makes the tables if they are missing, and brings those of an earlier version of
// this package up to date. It looks first: where the tables are current it writes nothing
// and needs no right to. It may be called at every start and by many processes at a time.
// The error matches [ErrSchema] if the tables are those of a later version, and
// [ErrNotDurable] if the database may lose what it has committed: SQLite with a synchronous
// below FULL, or PostgreSQL with synchronous_commit off.
func (s *Store) Migrate(ctx context.Context) error {
	if err := s.init(); err != nil {
		return err
	}
	var setting string
	if _, err := s.query(ctx, normal, []any{&setting}, s.q.durable); err != nil {
		return s.failed("migrate", err)
	}
	if !s.Dialect.isDurable(setting) {
		return fmt.Errorf("%w: %s is %q: set it to FULL or on", ErrNotDurable, s.q.durable, setting)
	}
	current, err := s.isCurrent(ctx)
	if err == nil && !current {
		_, err = s.run(ctx, normal, s.create)
		if err == nil {
			current, err = s.isCurrent(ctx)
		}
	}
	switch {
	case errors.Is(err, ErrSchema):
		return err
	case err != nil && mayNot(err):
		return fmt.Errorf("%w: the role may not make the tables: execute the statements of DDL as another: %w", ErrSchema, err)
	case err != nil:
		return s.failed("migrate", err)
	case !current:
		return fmt.Errorf("%w: the tables are still missing after they were made", ErrSchema)
	}
	return nil
}

// isCurrent reports whether the tables are those of this version, or false if they are
// missing or older.
func (s *Store) isCurrent(ctx context.Context) (bool, error) {
	var rows, version int64
	for _, look := range []struct {
		statement string
		dest      *int64
	}{{s.q.look, &rows}, {s.q.version, &version}} {
		switch _, err := s.query(ctx, normal, []any{look.dest}, look.statement); {
		case err != nil && s.Dialect.isMissing(err):
			return false, nil
		case err != nil:
			return false, err
		}
	}
	if version > schemaVersion {
		return false, fmt.Errorf("%w: the tables are of version %d, and this package knows version %d: update the program", ErrSchema, version, schemaVersion)
	}
	return version == schemaVersion, nil
}

// create makes the tables in one transaction.
func (s *Store) create(ctx context.Context) error {
	tx, err := s.DB.BeginTx(ctx, nil)
	if err != nil {
		return err
	}
	defer tx.Rollback()
	if s.Dialect == PostgreSQL {
		// CREATE TABLE IF NOT EXISTS alone fails when two do it at a time.
		h := fnv.New64a()
		h.Write([]byte(s.q.schema[0]))
		if _, err := tx.ExecContext(ctx, `SELECT pg_advisory_xact_lock($1)`, int64(h.Sum64())); err != nil {
			return err
		}
	}
	for _, statement := range s.q.schema {
		if _, err := tx.ExecContext(ctx, statement); err != nil {
			return err
		}
	}
	return tx.Commit()
}
