package sqlstore

import (
	"fmt"
	"regexp"
	"strings"
)

// A Dialect is the kind of SQL that a database speaks.
type Dialect int

// The dialects. The zero Dialect is none.
const (
	SQLite     Dialect = iota + 1 // from 3.35 on
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
	schema                              []string
	look, write, version, durable       string
	load, first, replace, finish, erase string
	acquire, busy, renew, drop, forget  string
}

// fill writes a statement for a dialect and a table.
func (d Dialect) fill(table string) (func(string) string, error) {
	var now, blob string
	switch d {
	case SQLite:
		now, blob = "CAST((julianday('now') - 2440587.5) * 86400000 AS INTEGER)", "BLOB"
	case PostgreSQL:
		now, blob = "CAST(extract(epoch FROM clock_timestamp()) * 1000 AS BIGINT)", "BYTEA"
	default:
		return nil, fmt.Errorf("token/sqlstore: %v is not a dialect: use SQLite or PostgreSQL", d)
	}
	if table == "" {
		table = DefaultTable
	}
	if !validTable.MatchString(table) {
		return nil, fmt.Errorf("token/sqlstore: %.64q is not the name of a table", table)
	}
	return strings.NewReplacer("{t}", table, "{now}", now, "{blob}", blob, "{version}", fmt.Sprint(schemaVersion)).Replace, nil
}

func (d Dialect) queries(table string) (queries, error) {
	fill, err := d.fill(table)
	if err != nil {
		return queries{}, err
	}
	const (
		// A lease belongs to a life of an owner, which the fence names.
		held = `lease_owner = $%d AND lease_fence = $%d`
		// What is replaced is one generation of a record, or of a record that was deleted.
		same = `name = $%d AND generation = $%d AND (record IS NULL) = $%d`
	)
	q := queries{
		// lease_until is in milliseconds since 1970 by the clock of the database.
		schema: []string{
			fill(`CREATE TABLE IF NOT EXISTS {t} (
	name        VARCHAR(64) NOT NULL PRIMARY KEY,
	generation  BIGINT NOT NULL DEFAULT 0,
	record      {blob},
	lease_owner VARCHAR(64),
	lease_fence BIGINT NOT NULL DEFAULT 0,
	lease_until BIGINT NOT NULL DEFAULT 0
)`),
			fill(`CREATE TABLE IF NOT EXISTS {t}_schema (version BIGINT NOT NULL PRIMARY KEY)`),
			fill(`INSERT INTO {t}_schema (version) VALUES ({version}) ON CONFLICT (version) DO NOTHING`),
		},
		look:    fill(`SELECT COUNT(*) FROM {t} WHERE name = ''`),
		write:   fill(`UPDATE {t} SET generation = generation WHERE name = ''`),
		version: fill(`SELECT COALESCE(MAX(version), 0) FROM {t}_schema`),

		load: fill(`SELECT generation, record FROM {t} WHERE name = $1`),
		first: fill(`INSERT INTO {t} AS r (name, generation, record) VALUES ($1, 1, $2) ON CONFLICT (name)` +
			` DO UPDATE SET generation = 1, record = excluded.record WHERE r.generation = 0 AND r.record IS NULL`),
		replace: fill(`UPDATE {t} SET record = $1, generation = $2 WHERE ` + fmt.Sprintf(same, 3, 4, 5)),
		finish: fill(fmt.Sprintf(`UPDATE {t} SET record = $1, generation = $2,`+
			` lease_until = CASE WHEN `+held+` THEN 0 ELSE lease_until END,`+
			` lease_owner = CASE WHEN `+held+` THEN NULL ELSE lease_owner END WHERE `+same, 3, 4, 3, 4, 5, 6, 7)),
		erase: fill(`UPDATE {t} SET record = NULL WHERE name = $1 AND generation = $2 AND record IS NOT NULL`),

		acquire: fill(`INSERT INTO {t} AS r (name, lease_owner, lease_fence, lease_until) VALUES ($1, $2, $3, {now} + $4) ON CONFLICT (name)` +
			` DO UPDATE SET lease_owner = excluded.lease_owner, lease_fence = excluded.lease_fence, lease_until = excluded.lease_until` +
			` WHERE r.lease_owner IS NULL OR r.lease_owner = excluded.lease_owner OR r.lease_until < {now}` +
			` RETURNING generation, record`),
		busy:  fill(`SELECT COUNT(*) FROM {t} WHERE name = $1 AND lease_owner IS NOT NULL AND lease_until >= {now}`),
		renew: fill(`UPDATE {t} SET lease_until = {now} + $1 WHERE name = $2 AND ` + fmt.Sprintf(held, 3, 4)),
		drop:  fill(`UPDATE {t} SET lease_owner = NULL, lease_until = 0 WHERE name = $1 AND ` + fmt.Sprintf(held, 2, 3)),
		forget: fill(`DELETE FROM {t} WHERE name = $1 AND ` + fmt.Sprintf(held, 2, 3) +
			` AND generation = 0 AND record IS NULL`),
	}
	switch d {
	case SQLite:
		q.durable = `PRAGMA synchronous`
	case PostgreSQL:
		q.durable = `SHOW synchronous_commit`
	}
	return q, nil
}

// isDurable reads the response to the query durable: whether a commit is on the disk when it
// returns.
func (d Dialect) isDurable(setting string) bool {
	if d == SQLite {
		return setting == "2" || setting == "3"
	}
	return setting != "off"
}
