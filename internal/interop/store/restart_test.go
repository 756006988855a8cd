package store

import (
	"context"
	"database/sql"
	"fmt"
	"strconv"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/easoauth/easoauth/internal/interop/servers"
	"github.com/easoauth/easoauth/token"
	"github.com/easoauth/easoauth/token/sqlstore"
)

// TestRestart restarts PostgreSQL three times, once as a crash does, below sign-ins that are
// renewed without a pause over five connections. Nobody sees an error, what was stored stays
// stored, and nobody waits for the lease of a connection that broke.
func TestRestart(t *testing.T) {
	cluster := servers.NewCluster(t)
	db, err := sql.Open("pgx", cluster.URL)
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	db.SetMaxOpenConns(5)
	s := &sqlstore.Store{DB: db, Dialect: sqlstore.PostgreSQL} // whose leases last for 30 seconds
	if err := s.Migrate(t.Context()); err != nil {
		t.Fatal(err)
	}
	const keys = 200
	for i := range keys {
		if _, err := s.Save(t.Context(), strconv.Itoa(i), token.Record{Lineage: "l", RefreshToken: "0"}); err != nil {
			t.Fatal(err)
		}
	}
	var done atomic.Bool
	var renewals, slowest atomic.Int64
	var wg sync.WaitGroup
	for i := range keys {
		wg.Go(func() {
			for n := 0; !done.Load(); n++ {
				start := time.Now()
				if err := renewOnce(t.Context(), s, strconv.Itoa(i), n); err != nil {
					t.Errorf("key %d, renewal %d: %v", i, n, err)
					return
				}
				renewals.Add(1)
				for d, old := int64(time.Since(start)), slowest.Load(); d > old && !slowest.CompareAndSwap(old, d); {
					old = slowest.Load()
				}
			}
		})
	}
	for _, how := range []syscall.Signal{syscall.SIGINT, syscall.SIGQUIT, syscall.SIGINT} {
		time.Sleep(time.Second)
		cluster.Restart(t, how, time.Second)
	}
	time.Sleep(time.Second)
	done.Store(true)
	wg.Wait()
	t.Logf("%d renewals, the slowest of %v", renewals.Load(), time.Duration(slowest.Load()).Round(time.Millisecond))
	if d := time.Duration(slowest.Load()); d > 15*time.Second {
		t.Errorf("a renewal took %v", d)
	}
}

// renewOnce does what a Source does, and sees that what was stored last is there.
func renewOnce(ctx context.Context, s *sqlstore.Store, key string, n int) error {
	ctx, cancel := context.WithTimeout(ctx, time.Minute)
	defer cancel()
	r, err := s.Load(ctx, key)
	if err != nil {
		return err
	}
	if r.RefreshToken != strconv.Itoa(n) {
		return fmt.Errorf("loaded %q, want %d", r.RefreshToken, n)
	}
	l, r, err := s.Lease(ctx, key)
	if err != nil {
		return err
	}
	defer l.Release()
	if r.RefreshToken != strconv.Itoa(n) {
		return fmt.Errorf("the lease came with %q, want %d", r.RefreshToken, n)
	}
	release, err := s.Reserve(ctx, key, 1000)
	if err != nil {
		return err
	}
	defer release()
	r.RefreshToken = strconv.Itoa(n + 1)
	_, err = l.SaveAndRelease(ctx, r)
	return err
}

// TestRights has an administrator make the tables, and a role that may not make any use
// them.
func TestRights(t *testing.T) {
	dsn := servers.PostgreSQL(t)
	admin, err := sql.Open("pgx", dsn)
	if err != nil {
		t.Fatal(err)
	}
	defer admin.Close()
	do := func(statement string) {
		t.Helper()
		if _, err := admin.ExecContext(t.Context(), statement); err != nil {
			t.Fatalf("%s: %v", statement, err)
		}
	}
	do("CREATE ROLE app LOGIN")
	do("CREATE SCHEMA auth")
	app, err := sql.Open("pgx", dsn+"&user=app")
	if err != nil {
		t.Fatal(err)
	}
	defer app.Close()
	open := func() *sqlstore.Store {
		return &sqlstore.Store{DB: app, Dialect: sqlstore.PostgreSQL, Table: "auth.tokens"}
	}
	err = open().Migrate(t.Context())
	t.Logf("Migrate without rights: %v", err)
	if err == nil {
		t.Fatal("Migrate without rights succeeded")
	}
	ddl, err := sqlstore.DDL(sqlstore.PostgreSQL, "auth.tokens")
	if err != nil {
		t.Fatal(err)
	}
	for _, statement := range ddl {
		do(statement)
	}
	do("GRANT USAGE ON SCHEMA auth TO app")
	do("GRANT SELECT ON auth.tokens, auth.tokens_schema TO app")
	do("GRANT INSERT, UPDATE, DELETE ON auth.tokens TO app")
	s := open()
	if err := s.Migrate(t.Context()); err != nil {
		t.Fatalf("Migrate of tables that are current: %v", err)
	}
	if _, err := s.Save(t.Context(), "ada", token.Record{Lineage: "l", RefreshToken: "0"}); err != nil {
		t.Fatal(err)
	}
	if err := renewOnce(t.Context(), s, "ada", 0); err != nil {
		t.Error(err)
	}
	l, _, err := s.Lease(t.Context(), "bob")
	if err != nil {
		t.Fatal(err)
	}
	if err := l.Release(); err != nil {
		t.Error(err)
	}
	var rows int
	if err := admin.QueryRowContext(t.Context(), "SELECT count(*) FROM auth.tokens").Scan(&rows); err != nil || rows != 1 {
		t.Errorf("%d rows, %v; want one", rows, err)
	}
}
