package sqlstore

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"regexp"
	"strings"
	"time"
)

// A Dialect is the kind of SQL that a database speaks.
type Dialect int

// The dialects. The zero Dialect is none.
const (
	SQLite     Dialect = iota + 1 // from 3.24 on
	PostgreSQL                    // from 9.5 on
)

func (d Dialect) String() string {
	switch d {
	case SQLite:
		return "SQLite"
	case PostgreSQL:
		return "PostgreSQL"
	}
	return fmt.Sprintf("Dialect(%d)", int(d))
}

var validTable = regexp.MustCompile(`^(?i:[a-z_][a-z0-9_]{0,40}\.)?(?i:[a-z_][a-z0-9_]{0,40})$`)

// schemaVersion is the version of the tables.
const schemaVersion = 1

// queries are the statements for one table. Arguments are in the order in which the text
// names them: $1, $2, ….
type queries struct {
	create                            []string
	version, setVersion, durable      string
	row, load, insert, update, delete string
	acquire, fence, renew, release    string
}

func (d Dialect) queries(table string) (queries, error) {
	var now, blob string
	switch d {
	case SQLite:
		now, blob = "CAST((julianday('now') - 2440587.5) * 86400000 AS INTEGER)", "BLOB"
	case PostgreSQL:
		now, blob = "CAST(extract(epoch FROM clock_timestamp()) * 1000 AS BIGINT)", "BYTEA"
	default:
		return queries{}, fmt.Errorf("token/sqlstore: %v is no dialect", d)
	}
	fill := strings.NewReplacer("{t}", table, "{now}", now, "{blob}", blob).Replace
	q := queries{
		// lease_until is in milliseconds since 1970 by the clock of the database.
		create: []string{
			fill(`CREATE TABLE IF NOT EXISTS {t} (
	name        VARCHAR(64) NOT NULL PRIMARY KEY,
	generation  BIGINT NOT NULL DEFAULT 0,
	record      {blob},
	lease_owner VARCHAR(64),
	lease_fence BIGINT NOT NULL DEFAULT 0,
	lease_until BIGINT NOT NULL DEFAULT 0
)`),
			fill(`CREATE TABLE IF NOT EXISTS {t}_schema (version BIGINT NOT NULL PRIMARY KEY)`),
		},
		version:    fill(`SELECT COALESCE(MAX(version), 0) FROM {t}_schema`),
		setVersion: fill(`INSERT INTO {t}_schema (version) VALUES ($1) ON CONFLICT (version) DO NOTHING`),

		row:    fill(`INSERT INTO {t} (name) VALUES ($1) ON CONFLICT (name) DO NOTHING`),
		load:   fill(`SELECT generation, record FROM {t} WHERE name = $1`),
		insert: fill(`UPDATE {t} SET record = $1, generation = $2 WHERE name = $3 AND generation = $4 AND record IS NULL`),
		update: fill(`UPDATE {t} SET record = $1, generation = $2 WHERE name = $3 AND generation = $4 AND record IS NOT NULL`),
		delete: fill(`UPDATE {t} SET record = NULL WHERE name = $1 AND generation = $2 AND record IS NOT NULL`),

		acquire: fill(`UPDATE {t} SET lease_owner = $1, lease_fence = lease_fence + 1, lease_until = {now} + $2` +
			` WHERE name = $3 AND (lease_owner IS NULL OR lease_until < {now})`),
		fence:   fill(`SELECT lease_fence FROM {t} WHERE name = $1 AND lease_owner = $2`),
		renew:   fill(`UPDATE {t} SET lease_until = {now} + $1 WHERE name = $2 AND lease_owner = $3 AND lease_fence = $4`),
		release: fill(`UPDATE {t} SET lease_owner = NULL, lease_until = 0 WHERE name = $1 AND lease_owner = $2`),
	}
	switch d {
	case SQLite:
		q.durable = `PRAGMA synchronous`
	case PostgreSQL:
		q.durable = `SHOW synchronous_commit`
	}
	return q, nil
}

// isDurable reads the answer to the query durable: whether a commit is on the disk when it
// returns.
func (d Dialect) isDurable(setting string) bool {
	if d == SQLite {
		return setting == "2" || setting == "3"
	}
	return setting != "off"
}

// sqlState is implemented by the errors of PostgreSQL's drivers.
type sqlState interface{ SQLState() string }

// isBusy reports whether a statement may do better when it is repeated, and has not been
// carried out.
func (d Dialect) isBusy(err error) bool {
	var state sqlState
	switch d {
	case PostgreSQL:
		if errors.As(err, &state) {
			switch state.SQLState() {
			case "40001", "40P01", "55P03": // serialization failure, deadlock, lock not available
				return true
			}
		}
	case SQLite:
		// QUIRK: the drivers have no error in common. These are SQLite's own words.
		text := err.Error()
		return strings.Contains(text, "database is locked") || strings.Contains(text, "database table is locked")
	}
	return false
}

// isMissing reports whether the table is not there.
func (d Dialect) isMissing(err error) bool {
	var state sqlState
	if errors.As(err, &state) {
		return state.SQLState() == "42P01"
	}
	return strings.Contains(err.Error(), "no such table")
}

// retry repeats f while the database is busy.
func (s *Store) retry(ctx context.Context, f func() error) error {
	deadline := time.Now().Add(busyFor)
	wait := firstPoll
	for {
		err := f()
		if err == nil || !s.Dialect.isBusy(err) || time.Now().After(deadline) || !sleep(ctx, wait) {
			return err
		}
		wait = min(2*wait, maxPoll)
	}
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
