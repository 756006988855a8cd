package sqlstore

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"fmt"
	"io"
	"strings"
	"sync"
	"time"
)

// A fakeDB carries out the statements of one table, known by their texts. What databases
// make of the texts is tested where there are drivers.
type fakeDB struct {
	q queries

	mu         sync.Mutex
	rows       map[string]*fakeRow
	version    int64
	durable    string
	args       []driver.NamedValue // of every statement
	before     func(query string) error
	after      func(query string) error // its error hides an outcome
	hang       func(query string) bool  // no response to what it accepts
	dial       func() error             // fails a connection
	begin      error                    // of a transaction
	uncounted  error                    // of the number of rows
	atEnd      func(query string) error // behind the row of a response
	note       func(query string)       // of each statement
	odd        any                      // the generation of a row that is read, which need not be read to its end
	statements []string
	tables     bool // they are there
	delay      time.Duration
}

func (f *fakeDB) set(change func()) {
	f.mu.Lock()
	defer f.mu.Unlock()
	change()
}

// count returns the number of statements since the last call, and how many of them are
// commits.
func (f *fakeDB) count() (statements, commits int) {
	f.mu.Lock()
	defer f.mu.Unlock()
	for _, s := range f.statements {
		statements++
		if verb, _, _ := strings.Cut(s, " "); verb != "SELECT" && verb != "PRAGMA" && verb != "SHOW" {
			commits++
		}
	}
	f.statements = nil
	return statements, commits
}

type fakeRow struct {
	generation int64
	record     []byte
	owner      string
	fence      int64
	until      time.Time
}

func (r *fakeRow) holds(owner string, fence int64) bool { return r.owner == owner && r.fence == fence }

func (r *fakeRow) values() []driver.Value {
	if r.record == nil {
		return []driver.Value{r.generation, nil}
	}
	return []driver.Value{r.generation, r.record}
}

func (f *fakeDB) open() *sql.DB { return sql.OpenDB(f) }

func (f *fakeDB) Driver() driver.Driver { return nil }

func (f *fakeDB) Connect(context.Context) (driver.Conn, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.dial != nil {
		if err := f.dial(); err != nil {
			return nil, err
		}
	}
	return fakeConn{f}, nil
}

type fakeConn struct{ *fakeDB }

func (fakeConn) Prepare(string) (driver.Stmt, error) { panic("not used") }
func (fakeConn) Close() error                        { return nil }
func (c fakeConn) Begin() (driver.Tx, error)         { return fakeTx{}, c.begin }

type fakeTx struct{}

func (fakeTx) Commit() error   { return nil }
func (fakeTx) Rollback() error { return nil }

func (c fakeConn) ExecContext(ctx context.Context, query string, args []driver.NamedValue) (driver.Result, error) {
	_, n, err := c.run(ctx, query, args)
	if err == nil && c.uncounted != nil {
		return uncounted{c.uncounted}, nil
	}
	return driver.RowsAffected(n), err
}

// uncounted is a result that does not know how many rows there were.
type uncounted struct{ err error }

func (u uncounted) LastInsertId() (int64, error) { return 0, u.err }
func (u uncounted) RowsAffected() (int64, error) { return 0, u.err }

func (c fakeConn) QueryContext(ctx context.Context, query string, args []driver.NamedValue) (driver.Rows, error) {
	row, _, err := c.run(ctx, query, args)
	if err != nil {
		return nil, err
	}
	rows := &fakeRows{row: row, db: c.fakeDB}
	if c.atEnd != nil {
		rows.err = c.atEnd(query)
	}
	return rows, nil
}

type fakeRows struct {
	row  []driver.Value
	db   *fakeDB
	err  error // behind the row
	done bool
}

func (r *fakeRows) Columns() []string { return make([]string, max(len(r.row), 1)) }

// Close insists that a statement was carried out to its end, where SQLite commits.
func (r *fakeRows) Close() error {
	if !r.done && r.db.odd == nil {
		panic("the rows were not read to their end")
	}
	return nil
}

func (r *fakeRows) Next(dest []driver.Value) error {
	if r.row == nil {
		r.done = true
		if r.err != nil {
			return r.err
		}
		return io.EOF
	}
	copy(dest, r.row)
	r.row = nil
	return nil
}

func (f *fakeDB) run(ctx context.Context, query string, args []driver.NamedValue) ([]driver.Value, int64, error) {
	f.mu.Lock()
	hang, delay := f.hang != nil && f.hang(query), f.delay
	f.mu.Unlock()
	time.Sleep(delay)
	if hang {
		<-ctx.Done()
		return nil, 0, ctx.Err()
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	f.args = append(f.args, args...)
	f.statements = append(f.statements, query)
	if f.note != nil {
		f.note(query)
	}
	if f.before != nil {
		if err := f.before(query); err != nil {
			return nil, 0, err
		}
	}
	row, n, err := f.carryOut(query, args)
	if err != nil {
		return nil, 0, err
	}
	if f.after != nil {
		if err := f.after(query); err != nil {
			return nil, 0, err
		}
	}
	return row, n, nil
}

func (f *fakeDB) carryOut(query string, args []driver.NamedValue) (row []driver.Value, n int64, err error) {
	text := func(i int) string { return args[i].Value.(string) }
	number := func(i int) int64 { return args[i].Value.(int64) }
	blob := func(i int) []byte { return args[i].Value.([]byte) }
	get := func(i int) *fakeRow {
		if r := f.rows[text(i)]; r != nil {
			return r
		}
		return &fakeRow{generation: -1, owner: "nobody", until: time.Now().Add(time.Hour)}
	}
	put := func(i int) *fakeRow {
		if f.rows[text(i)] == nil {
			if f.rows == nil {
				f.rows = map[string]*fakeRow{}
			}
			f.rows[text(i)] = &fakeRow{}
		}
		return f.rows[text(i)]
	}
	did := func(ok bool, f func()) ([]driver.Value, int64, error) {
		if !ok {
			return nil, 0, nil
		}
		f()
		return nil, 1, nil
	}
	after := func(i int) time.Time { return time.Now().Add(time.Duration(number(i)) * time.Millisecond) }
	switch query {
	case f.q.schema[0], f.q.schema[1], `SELECT pg_advisory_xact_lock($1)`:
		f.tables = true
		return nil, 0, nil
	case f.q.schema[2]:
		f.version = schemaVersion
		return nil, 1, nil
	case f.q.durable:
		return []driver.Value{f.durable}, 0, nil
	}
	if !f.tables {
		return nil, 0, errors.New("SQL logic error: no such table: easoauth_token (1)")
	}
	switch query {
	case f.q.look:
		return []driver.Value{int64(0)}, 0, nil
	case f.q.version:
		return []driver.Value{f.version}, 0, nil
	case f.q.write:
		return nil, 0, nil
	case f.q.load:
		if r := f.rows[text(0)]; r != nil {
			if row = r.values(); f.odd != nil {
				row[0] = f.odd
			}
			return row, 0, nil
		}
		return nil, 0, nil
	case f.q.first:
		r := put(0)
		return did(r.generation == 0 && r.record == nil, func() { r.generation, r.record = 1, blob(1) })
	case f.q.replace:
		r := get(2)
		return did(r.generation == number(3) && (r.record == nil) == args[4].Value.(bool), func() {
			r.record, r.generation = blob(0), number(1)
		})
	case f.q.finish:
		r := get(4)
		return did(r.generation == number(5) && (r.record == nil) == args[6].Value.(bool), func() {
			r.record, r.generation = blob(0), number(1)
			if r.holds(text(2), number(3)) {
				r.owner, r.until = "", time.Time{}
			}
		})
	case f.q.erase:
		r := get(0)
		return did(r.generation == number(1) && r.record != nil, func() { r.record = nil })
	case f.q.acquire:
		r := put(0)
		if r.owner != "" && r.owner != text(1) && !time.Now().After(r.until) {
			return nil, 0, nil
		}
		r.owner, r.fence, r.until = text(1), number(2), after(3)
		return r.values(), 0, nil
	case f.q.busy:
		if r := f.rows[text(0)]; r != nil && r.owner != "" && !time.Now().After(r.until) {
			return []driver.Value{int64(1)}, 0, nil
		}
		return []driver.Value{int64(0)}, 0, nil
	case f.q.renew:
		r := get(1)
		return did(r.holds(text(2), number(3)), func() { r.until = after(0) })
	case f.q.drop:
		r := get(0)
		return did(r.holds(text(1), number(2)), func() { r.owner, r.until = "", time.Time{} })
	case f.q.forget:
		r := get(0)
		return did(r.holds(text(1), number(2)) && r.generation == 0 && r.record == nil, func() { delete(f.rows, text(0)) })
	}
	panic(fmt.Sprintf("not a statement of this package: %s", query))
}
