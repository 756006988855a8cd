package main

import (
	"context"
	"database/sql"
	"fmt"
	"net/url"
	"strings"
	"time"

	_ "github.com/jackc/pgx/v5/stdlib"
	_ "modernc.org/sqlite"

	"github.com/easoauth/easoauth/token"
	"github.com/easoauth/easoauth/token/sqlstore"
)

// A board is the database: the sign-ins, and beside them who renewed what.
type board struct {
	db    *sql.DB
	store *sqlstore.Store
}

const (
	createMailboxes = `CREATE TABLE IF NOT EXISTS fleet_mailbox (
	mailbox VARCHAR(320) NOT NULL PRIMARY KEY, worker VARCHAR(200) NOT NULL, event VARCHAR(32) NOT NULL,
	generation BIGINT NOT NULL, expiry BIGINT NOT NULL, renewals BIGINT NOT NULL, at BIGINT NOT NULL)`
	createWorkers = `CREATE TABLE IF NOT EXISTS fleet_worker (
	worker VARCHAR(200) NOT NULL PRIMARY KEY, renewals BIGINT NOT NULL, adoptions BIGINT NOT NULL, seen BIGINT NOT NULL)`

	tellMailbox = `INSERT INTO fleet_mailbox (mailbox, worker, event, generation, expiry, renewals, at) VALUES ($1, $2, $3, $4, $5, $6, $7)
	ON CONFLICT (mailbox) DO UPDATE SET worker = excluded.worker, event = excluded.event, generation = excluded.generation,
	expiry = excluded.expiry, renewals = fleet_mailbox.renewals + excluded.renewals, at = excluded.at`
	tellWorker = `INSERT INTO fleet_worker (worker, renewals, adoptions, seen) VALUES ($1, $2, $3, $4)
	ON CONFLICT (worker) DO UPDATE SET renewals = fleet_worker.renewals + excluded.renewals,
	adoptions = fleet_worker.adoptions + excluded.adoptions, seen = excluded.seen`

	readMailboxes = `SELECT mailbox, worker, event, generation, expiry, renewals FROM fleet_mailbox ORDER BY mailbox`
	readWorkers   = `SELECT worker, renewals, adoptions, seen FROM fleet_worker ORDER BY worker`
)

func openBoard(ctx context.Context, dsn string, key []byte) (*board, error) {
	driver, dialect := "sqlite", sqlstore.SQLite
	if u, err := url.Parse(dsn); err == nil && strings.HasPrefix(u.Scheme, "postgres") {
		driver, dialect = "pgx", sqlstore.PostgreSQL
	} else {
		// Wait for one another, keep what is committed, and take the write lock at the start
		// of a transaction and not in its middle.
		dsn = "file:" + (&url.URL{Path: dsn}).EscapedPath() +
			"?_pragma=busy_timeout(10000)&_pragma=journal_mode(WAL)&_pragma=synchronous(FULL)&_txlock=immediate"
	}
	db, err := sql.Open(driver, dsn)
	if err != nil {
		return nil, err
	}
	b := &board{db: db, store: &sqlstore.Store{DB: db, Dialect: dialect, EncryptionKey: key, LeaseTime: 5 * time.Second}}
	err = b.store.Migrate(ctx)
	for _, create := range []string{createMailboxes, createWorkers} {
		if err == nil {
			_, err = db.ExecContext(ctx, create)
		}
	}
	if err != nil {
		db.Close()
		return nil, fmt.Errorf("the database: %w", err)
	}
	return b, nil
}

// tell writes down what a worker's source has done.
func (b *board) tell(ctx context.Context, worker string, e token.Event) error {
	var renewals, adoptions int64
	now := time.Now().UnixMilli()
	switch e.Kind {
	case token.EventRefreshed:
		renewals = 1
	case token.EventAdopted:
		adoptions = 1
	}
	if e.Kind != token.EventAdopted {
		if _, err := b.db.ExecContext(ctx, tellMailbox, e.Key, worker, string(e.Kind), int64(e.Generation), e.Expiry.UnixMilli(), renewals, now); err != nil {
			return err
		}
	}
	_, err := b.db.ExecContext(ctx, tellWorker, worker, renewals, adoptions, now)
	return err
}

type mailboxRow struct {
	mailbox, worker, event string
	generation             int64
	expiry                 time.Time
	renewals               int64
}

type workerRow struct {
	worker              string
	renewals, adoptions int64
	seen                time.Time
}

func (b *board) read(ctx context.Context) (mailboxes []mailboxRow, workers []workerRow, err error) {
	err = scan(ctx, b.db, readMailboxes, func(rows *sql.Rows) error {
		var r mailboxRow
		var expiry int64
		if err := rows.Scan(&r.mailbox, &r.worker, &r.event, &r.generation, &expiry, &r.renewals); err != nil {
			return err
		}
		r.expiry = time.UnixMilli(expiry)
		mailboxes = append(mailboxes, r)
		return nil
	})
	if err != nil {
		return nil, nil, err
	}
	err = scan(ctx, b.db, readWorkers, func(rows *sql.Rows) error {
		var r workerRow
		var seen int64
		if err := rows.Scan(&r.worker, &r.renewals, &r.adoptions, &seen); err != nil {
			return err
		}
		r.seen = time.UnixMilli(seen)
		workers = append(workers, r)
		return nil
	})
	return mailboxes, workers, err
}

func scan(ctx context.Context, db *sql.DB, query string, each func(*sql.Rows) error) error {
	rows, err := db.QueryContext(ctx, query)
	if err != nil {
		return err
	}
	defer rows.Close()
	for rows.Next() {
		if err := each(rows); err != nil {
			return err
		}
	}
	return rows.Err()
}
