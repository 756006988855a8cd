package world

import (
	"context"
	"crypto/rand"
	"database/sql"
	"database/sql/driver"
	"errors"
	"sync"

	"modernc.org/sqlite"

	"github.com/easoauth/easoauth/examples/provision/store"
	"github.com/easoauth/easoauth/token/sqlstore"
)

// ErrFlaky is how a statement of a [Flaky] database fails.
var ErrFlaky = errors.New("the connection is gone")

// A Flaky database is SQLite in memory of which one statement fails, a commit included.
type Flaky struct {
	mu   sync.Mutex
	name string
	left int // statements until it fails; 0: it does not
}

// Store returns a store on the database.
func (f *Flaky) Store() *store.Store {
	f.name = rand.Text()
	s := &store.Store{DB: sql.OpenDB(f), Dialect: sqlstore.SQLite}
	s.DB.SetMaxOpenConns(1)
	return s
}

// Fail has the n-th statement from now on fail.
func (f *Flaky) Fail(n int) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.left = n
}

// Failed reports whether the statement has come that [Flaky.Fail] named. If not, it does not fail
// any more.
func (f *Flaky) Failed() bool {
	f.mu.Lock()
	defer f.mu.Unlock()
	failed := f.left == 0
	f.left = 0
	return failed
}

func (f *Flaky) fails() bool {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.left == 0 {
		return false
	}
	f.left--
	return f.left == 0
}

// Driver and Connect make it a [driver.Connector].
func (f *Flaky) Driver() driver.Driver { return new(sqlite.Driver) }

// Connect opens a connection.
func (f *Flaky) Connect(context.Context) (driver.Conn, error) {
	c, err := new(sqlite.Driver).Open("file:/" + f.name + "?vfs=memdb&_txlock=immediate")
	return &flakyConn{c, f}, err
}

type flakyConn struct {
	driver.Conn
	f *Flaky
}

func (c *flakyConn) ExecContext(ctx context.Context, query string, args []driver.NamedValue) (driver.Result, error) {
	if c.f.fails() {
		return nil, ErrFlaky
	}
	return c.Conn.(driver.ExecerContext).ExecContext(ctx, query, args)
}

func (c *flakyConn) QueryContext(ctx context.Context, query string, args []driver.NamedValue) (driver.Rows, error) {
	if c.f.fails() {
		return nil, ErrFlaky
	}
	return c.Conn.(driver.QueryerContext).QueryContext(ctx, query, args)
}

func (c *flakyConn) BeginTx(ctx context.Context, o driver.TxOptions) (driver.Tx, error) {
	if c.f.fails() {
		return nil, ErrFlaky
	}
	tx, err := c.Conn.(driver.ConnBeginTx).BeginTx(ctx, o)
	return &flakyTx{tx, c.f}, err
}

type flakyTx struct {
	driver.Tx
	f *Flaky
}

func (t *flakyTx) Commit() error {
	if t.f.fails() {
		return errors.Join(ErrFlaky, t.Rollback())
	}
	return t.Tx.Commit()
}
