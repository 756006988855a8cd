// Package store keeps the copies of mailboxes in a database: the mailboxes, their folders and
// items, what searches found, and what an operator should know. It is the only package with
// SQL.
//
// Two rules hold throughout. Items are stored in the transaction that stores the sync key they
// came with, and only if the key in the database is the one they were requested with: a
// process that is killed at any point, or is late, neither loses an item nor stores one twice.
// And whoever makes work for a mailbox puts the job into the queue in the transaction that
// says so.
package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"net/url"
	"strings"
	"sync/atomic"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/jackc/pgx/v5/stdlib"
	_ "modernc.org/sqlite"

	"github.com/easoauth/easoauth/token/sqlstore"
)

// The errors of this package.
var (
	// ErrNotFound: the mailbox does not exist; it may have been removed.
	ErrNotFound = errors.New("store: no such mailbox")
	// ErrConflict: another process has gone on from what this one has read.
	ErrConflict = errors.New("store: another process was faster")
	// ErrSchema: the tables are missing, or of another version.
	ErrSchema = errors.New("store: the tables are not those of this version: run the command migrate")
)

// A Store is the database. Make one with [Open]. It is safe for concurrent use.
type Store struct {
	DB      *sql.DB
	Dialect sqlstore.Dialect

	// Listener listens for River's notifications on PostgreSQL; nil on SQLite.
	Listener *pgxpool.Pool

	// Enqueue puts the job of a mailbox into the queue, in a transaction. now says that a job
	// that is in the queue for later is due at once. If nil, there is no queue. It must be set
	// before the first use.
	Enqueue func(ctx context.Context, tx *sql.Tx, mailbox int64, now bool) error

	statements atomic.Int64
}

// Open opens a SQLite file, which may be a URI of SQLite ("file:…"), or the database of a
// PostgreSQL URL. The program then holds at most conns connections, and on PostgreSQL one more
// that listens. If conns is 0, it is 10.
func Open(ctx context.Context, dsn string, conns int) (*Store, error) {
	if conns <= 0 {
		conns = 10
	}
	s := new(Store)
	if !strings.HasPrefix(dsn, "postgres://") && !strings.HasPrefix(dsn, "postgresql://") {
		// Wait for one another, keep what is committed, and take the write lock at the start of
		// a transaction and not in its middle.
		uri, options, _ := strings.Cut(dsn, "?")
		if !strings.HasPrefix(dsn, "file:") {
			uri, options = "file:"+(&url.URL{Path: dsn}).EscapedPath(), ""
		}
		db, err := sql.Open("sqlite", uri+"?_pragma=busy_timeout(20000)&_pragma=journal_mode(WAL)&_pragma=synchronous(FULL)&_txlock=immediate&"+options)
		if err != nil {
			return nil, err
		}
		db.SetMaxOpenConns(min(conns, 4)) // there is one writer
		db.SetMaxIdleConns(min(conns, 4)) // to open one means to map and read the index of the log
		s.DB, s.Dialect = db, sqlstore.SQLite
		return s, s.ping(ctx)
	}
	config, err := pgx.ParseConfig(dsn)
	if err != nil {
		return nil, errors.New("store: the URL of the database is not valid") // the cause holds the URL
	}
	config.Tracer = counter{&s.statements}
	s.DB, s.Dialect = stdlib.OpenDB(*config), sqlstore.PostgreSQL
	s.DB.SetMaxOpenConns(conns)
	s.DB.SetMaxIdleConns(conns)
	s.DB.SetConnMaxIdleTime(5 * time.Minute)
	pool, err := pgxpool.ParseConfig(dsn)
	if err != nil {
		s.DB.Close()
		return nil, errors.New("store: the URL of the database is not valid")
	}
	pool.MaxConns, pool.MinConns = 1, 0
	if s.Listener, err = pgxpool.NewWithConfig(ctx, pool); err != nil {
		s.DB.Close()
		return nil, fmt.Errorf("store: %w", err)
	}
	return s, s.ping(ctx)
}

// ping waits for a database that is starting.
func (s *Store) ping(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, 20*time.Second)
	defer cancel()
	for {
		err := s.DB.PingContext(ctx)
		if err == nil {
			return nil
		}
		select {
		case <-time.After(time.Second):
		case <-ctx.Done():
			s.Close()
			return fmt.Errorf("store: the database cannot be reached: %w", err)
		}
	}
}

// Close closes the connections.
func (s *Store) Close() {
	if s.Listener != nil {
		s.Listener.Close()
	}
	s.DB.Close()
}

// Statements returns how many statements this process has sent to PostgreSQL, those of the
// queue and of the sign-ins included. On SQLite it returns 0.
func (s *Store) Statements() int64 { return s.statements.Load() }

// A counter counts statements.
type counter struct{ n *atomic.Int64 }

func (c counter) TraceQueryStart(ctx context.Context, _ *pgx.Conn, _ pgx.TraceQueryStartData) context.Context {
	c.n.Add(1)
	return ctx
}
func (c counter) TraceQueryEnd(context.Context, *pgx.Conn, pgx.TraceQueryEndData) {}

// tx runs f in a transaction.
func (s *Store) tx(ctx context.Context, f func(tx *sql.Tx) error) error {
	tx, err := s.DB.BeginTx(ctx, nil)
	if err != nil {
		return fmt.Errorf("store: %w", err)
	}
	defer func() { _ = tx.Rollback() }() // without effect after Commit
	if err := f(tx); err != nil {
		return err
	}
	if err := tx.Commit(); err != nil {
		return fmt.Errorf("store: %w", err)
	}
	return nil
}

// one fails with missing unless exactly one row was changed.
func one(r sql.Result, err error, missing error) error {
	if err != nil {
		return fmt.Errorf("store: %w", err)
	}
	if n, err := r.RowsAffected(); err != nil {
		return fmt.Errorf("store: %w", err)
	} else if n != 1 {
		return missing
	}
	return nil
}

// each calls f for each row of a query.
func each(ctx context.Context, q querier, f func(scan func(...any) error) error, query string, args ...any) error {
	rows, err := q.QueryContext(ctx, query, args...)
	if err != nil {
		return fmt.Errorf("store: %w", err)
	}
	defer rows.Close()
	for rows.Next() {
		if err := f(rows.Scan); err != nil {
			return fmt.Errorf("store: %w", err)
		}
	}
	if err := rows.Err(); err != nil {
		return fmt.Errorf("store: %w", err)
	}
	return nil
}

type querier interface {
	QueryContext(ctx context.Context, query string, args ...any) (*sql.Rows, error)
	QueryRowContext(ctx context.Context, query string, args ...any) *sql.Row
	ExecContext(ctx context.Context, query string, args ...any) (sql.Result, error)
}

// Times are milliseconds since 1970 in the database; 0 is the zero time.
func stamp(t time.Time) int64 {
	if t.IsZero() {
		return 0
	}
	return t.UnixMilli()
}

func moment(ms int64) time.Time {
	if ms == 0 {
		return time.Time{}
	}
	return time.UnixMilli(ms).UTC()
}
