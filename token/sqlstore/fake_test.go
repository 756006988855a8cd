package sqlstore

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"fmt"
	"io"
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
	statements []string
}

type fakeRow struct {
	generation int64
	record     []byte
	owner      string
	fence      int64
	until      time.Time
}

func (f *fakeDB) open() *sql.DB { return sql.OpenDB(f) }

func (f *fakeDB) Connect(context.Context) (driver.Conn, error) { return fakeConn{f}, nil }
func (f *fakeDB) Driver() driver.Driver                        { return nil }

type fakeConn struct{ *fakeDB }

func (fakeConn) Prepare(string) (driver.Stmt, error) { panic("not used") }
func (fakeConn) Close() error                        { return nil }
func (fakeConn) Begin() (driver.Tx, error)           { return fakeTx{}, nil }

type fakeTx struct{}

func (fakeTx) Commit() error   { return nil }
func (fakeTx) Rollback() error { return nil }

func (c fakeConn) ExecContext(_ context.Context, query string, args []driver.NamedValue) (driver.Result, error) {
	_, n, err := c.run(query, args)
	return driver.RowsAffected(n), err
}

func (c fakeConn) QueryContext(_ context.Context, query string, args []driver.NamedValue) (driver.Rows, error) {
	row, _, err := c.run(query, args)
	if err != nil {
		return nil, err
	}
	return &fakeRows{row}, nil
}

type fakeRows struct{ row []driver.Value }

func (r *fakeRows) Columns() []string { return make([]string, max(len(r.row), 1)) }
func (r *fakeRows) Close() error      { return nil }
func (r *fakeRows) Next(dest []driver.Value) error {
	if r.row == nil {
		return io.EOF
	}
	copy(dest, r.row)
	r.row = nil
	return nil
}

func (f *fakeDB) run(query string, args []driver.NamedValue) ([]driver.Value, int64, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.args = append(f.args, args...)
	f.statements = append(f.statements, query)
	if f.before != nil {
		if err := f.before(query); err != nil {
			return nil, 0, err
		}
	}
	row, n := f.carryOut(query, args)
	if f.after != nil {
		if err := f.after(query); err != nil {
			return nil, 0, err
		}
	}
	return row, n, nil
}

func (f *fakeDB) carryOut(query string, args []driver.NamedValue) (row []driver.Value, n int64) {
	text := func(i int) string { return args[i].Value.(string) }
	number := func(i int) int64 { return args[i].Value.(int64) }
	get := func(i int) *fakeRow {
		if r := f.rows[text(i)]; r != nil {
			return r
		}
		return &fakeRow{generation: -1, owner: "nobody", until: time.Now().Add(time.Hour)}
	}
	did := func(ok bool, f func()) int64 {
		if !ok {
			return 0
		}
		f()
		return 1
	}
	switch query {
	case f.q.create[0], f.q.create[1], `SELECT pg_advisory_xact_lock($1)`:
		return nil, 0
	case f.q.version:
		return []driver.Value{f.version}, 0
	case f.q.setVersion:
		f.version = number(0)
		return nil, 1
	case f.q.durable:
		return []driver.Value{f.durable}, 0
	case f.q.row:
		return nil, did(f.rows[text(0)] == nil, func() {
			if f.rows == nil {
				f.rows = map[string]*fakeRow{}
			}
			f.rows[text(0)] = &fakeRow{}
		})
	case f.q.load:
		if r := f.rows[text(0)]; r != nil {
			if r.record == nil {
				return []driver.Value{r.generation, nil}, 0
			}
			return []driver.Value{r.generation, r.record}, 0
		}
		return nil, 0
	case f.q.insert, f.q.update:
		r := get(2)
		return nil, did(r.generation == number(3) && (r.record == nil) == (query == f.q.insert), func() {
			r.record, r.generation = args[0].Value.([]byte), number(1)
		})
	case f.q.delete:
		r := get(0)
		return nil, did(r.generation == number(1) && r.record != nil, func() { r.record = nil })
	case f.q.acquire:
		r := get(2)
		return nil, did(r.owner == "" || time.Now().After(r.until), func() {
			r.owner, r.until = text(0), time.Now().Add(time.Duration(number(1))*time.Millisecond)
			r.fence++
		})
	case f.q.fence:
		if r := get(0); r.owner == text(1) {
			return []driver.Value{r.fence}, 0
		}
		return nil, 0
	case f.q.renew:
		r := get(1)
		return nil, did(r.owner == text(2) && r.fence == number(3), func() {
			r.until = time.Now().Add(time.Duration(number(0)) * time.Millisecond)
		})
	case f.q.release:
		r := get(0)
		return nil, did(r.owner == text(1), func() { r.owner, r.until = "", time.Time{} })
	}
	panic(fmt.Sprintf("not a statement of this package: %s", query))
}
