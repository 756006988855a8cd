package sqlstore

import (
	"bytes"
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/easoauth/easoauth/token"
	"github.com/easoauth/easoauth/token/storetest"
)

var update = flag.Bool("update", false, "write the files in testdata")

var dialects = []Dialect{SQLite, PostgreSQL}

func newFake(t *testing.T, d Dialect) (*fakeDB, *Store) {
	t.Helper()
	q, err := d.queries(DefaultTable)
	if err != nil {
		t.Fatal(err)
	}
	f := &fakeDB{q: q, durable: map[Dialect]string{SQLite: "2", PostgreSQL: "on"}[d]}
	db := f.open()
	t.Cleanup(func() { db.Close() })
	s := &Store{DB: db, Dialect: d}
	if err := s.Migrate(t.Context()); err != nil {
		t.Fatal(err)
	}
	return f, s
}

func TestStore(t *testing.T) {
	for _, d := range dialects {
		t.Run(d.String(), func(t *testing.T) {
			storetest.Run(t, func(t *testing.T) token.Store {
				_, s := newFake(t, d)
				return s
			})
		})
	}
	t.Run("encrypted", func(t *testing.T) {
		key := token.NewEncryptionKey()
		storetest.Run(t, func(t *testing.T) token.Store {
			_, s := newFake(t, SQLite)
			s.EncryptionKey = key
			return s
		})
	})
}

// TestStatements shows every statement, for review by those who run a database.
func TestStatements(t *testing.T) {
	for _, d := range dialects {
		q, err := d.queries("auth.tokens")
		if err != nil {
			t.Fatal(err)
		}
		var b strings.Builder
		for _, s := range append(q.create, q.version, q.setVersion, q.durable, q.row, q.load, q.insert, q.update, q.delete,
			q.acquire, q.fence, q.renew, q.release) {
			fmt.Fprintf(&b, "%s;\n\n", s)
		}
		name := filepath.Join("testdata", strings.ToLower(d.String())+".sql")
		if *update {
			if err := os.WriteFile(name, []byte(b.String()), 0o644); err != nil {
				t.Fatal(err)
			}
		}
		want, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(string(want), b.String()); diff != "" {
			t.Errorf("%s (-want +got):\n%s", name, diff)
		}
	}
}

func TestConfiguration(t *testing.T) {
	f := &fakeDB{}
	db := f.open()
	defer db.Close()
	for _, tt := range []struct {
		name  string
		store *Store
		want  string
	}{
		{"no database", &Store{Dialect: SQLite}, "DB is not set"},
		{"no dialect", &Store{DB: db}, "Dialect(0) is no dialect"},
		{"short key", &Store{DB: db, Dialect: SQLite, EncryptionKey: []byte("secret")}, "32 bytes"},
		{"injection", &Store{DB: db, Dialect: SQLite, Table: "t; DROP TABLE t"}, "no name of a table"},
		{"two dots", &Store{DB: db, Dialect: SQLite, Table: "a.b.c"}, "no name of a table"},
		{"newline", &Store{DB: db, Dialect: SQLite, Table: "a\n"}, "no name of a table"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			_, loadErr := tt.store.Load(t.Context(), "ada")
			_, saveErr := tt.store.Save(t.Context(), "ada", token.Record{})
			_, lockErr := tt.store.Lock(t.Context(), "ada")
			_, reserveErr := tt.store.Reserve(t.Context(), "ada", 1)
			for _, err := range []error{loadErr, saveErr, lockErr, reserveErr, tt.store.Delete(t.Context(), "ada", 1), tt.store.Migrate(t.Context())} {
				if err == nil || !strings.Contains(err.Error(), tt.want) || strings.Contains(err.Error(), "secret") {
					t.Errorf("error %v, want one with %q", err, tt.want)
				}
			}
		})
	}
}

type stateError string

func (e stateError) Error() string    { return "state " + string(e) }
func (e stateError) SQLState() string { return string(e) }

func TestMigrate(t *testing.T) {
	for _, tt := range []struct {
		name    string
		dialect Dialect
		durable string
		version int64
		want    error
	}{
		{"new", SQLite, "2", 0, nil},
		{"there", PostgreSQL, "on", 1, nil},
		{"synchronous NORMAL", SQLite, "1", 0, ErrNotDurable},
		{"synchronous EXTRA", SQLite, "3", 0, nil},
		{"synchronous_commit local", PostgreSQL, "local", 0, nil},
		{"synchronous_commit off", PostgreSQL, "off", 0, ErrNotDurable},
		{"later version", SQLite, "2", 2, ErrSchema},
	} {
		t.Run(tt.name, func(t *testing.T) {
			f, s := newFake(t, tt.dialect)
			f.durable, f.version = tt.durable, tt.version
			if err := s.Migrate(t.Context()); !errors.Is(err, tt.want) || (err == nil) != (tt.want == nil) {
				t.Errorf("Migrate = %v, want %v", err, tt.want)
			}
			if tt.want == nil && f.version != schemaVersion {
				t.Errorf("version %d", f.version)
			}
		})
	}
}

func record(refreshToken string) token.Record {
	return token.Record{Lineage: "l", RefreshToken: refreshToken}
}

func TestErrorsOfTheDatabase(t *testing.T) {
	locked := errors.New("database is locked (5) (SQLITE_BUSY)")
	for _, tt := range []struct {
		name    string
		dialect Dialect
		err     error
		times   int
		want    error // nil: it succeeds
		tries   int
	}{
		{"busy", SQLite, locked, 3, nil, 4},
		{"busy for good", SQLite, locked, 1 << 30, locked, 0},
		{"serialization failure", PostgreSQL, stateError("40001"), 2, nil, 3},
		{"deadlock", PostgreSQL, stateError("40P01"), 1, nil, 2},
		{"not migrated", PostgreSQL, stateError("42P01"), 1, ErrSchema, 1},
		{"not migrated", SQLite, errors.New("SQL logic error: no such table: easoauth_token (1)"), 1, ErrSchema, 1},
		{"read only", SQLite, errors.New("attempt to write a readonly database (8)"), 1, nil, 0},
		{"cancelled", PostgreSQL, context.Canceled, 1, context.Canceled, 1},
	} {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				f, s := newFake(t, tt.dialect)
				saved, err := s.Save(t.Context(), "ada", record("rt1"))
				if err != nil {
					t.Fatal(err)
				}
				tries := 0
				f.before = func(query string) error {
					if query != f.q.update {
						return nil
					}
					if tries++; tries <= tt.times {
						return tt.err
					}
					return nil
				}
				saved.RefreshToken = "rt2"
				_, err = s.Save(t.Context(), "ada", saved)
				switch {
				case tt.name == "read only":
					if !errors.Is(err, tt.err) || tries != 1 {
						t.Errorf("Save = %v after %d tries", err, tries)
					}
				case !errors.Is(err, tt.want) || (err == nil) != (tt.want == nil):
					t.Errorf("Save = %v, want %v", err, tt.want)
				}
				if tt.tries > 0 && tries != tt.tries {
					t.Errorf("%d tries, want %d", tries, tt.tries)
				}
				if err != nil && strings.Contains(err.Error(), "rt2") {
					t.Errorf("the error holds the refresh token: %v", err)
				}
				s.DB.Close()
			})
		})
	}
}

// TestLostOutcome cuts the connection behind a commit: the refresh token is stored, and
// Save must not say otherwise.
func TestLostOutcome(t *testing.T) {
	f, s := newFake(t, PostgreSQL)
	saved, err := s.Save(t.Context(), "ada", record("rt1"))
	if err != nil {
		t.Fatal(err)
	}
	f.after = func(query string) error {
		if query == f.q.update {
			return errors.New("connection reset")
		}
		return nil
	}
	saved.RefreshToken = "rt2"
	again, err := s.Save(t.Context(), "ada", saved)
	if err != nil || again.Generation != saved.Generation+1 {
		t.Errorf("Save = generation %d, %v", again.Generation, err)
	}
	f.after = nil
	if r, err := s.Load(t.Context(), "ada"); err != nil || r.RefreshToken != "rt2" {
		t.Errorf("Load = %v, %v", r, err)
	}
}

func TestEncryption(t *testing.T) {
	f, s := newFake(t, SQLite)
	s.EncryptionKey = token.NewEncryptionKey()
	const key = "ada@contoso.com"
	for _, k := range []string{key, "bob"} {
		if _, err := s.Save(t.Context(), k, record("rt-secret")); err != nil {
			t.Fatal(err)
		}
	}
	for _, a := range f.args {
		text := fmt.Sprint(a.Value)
		if b, ok := a.Value.([]byte); ok {
			text = string(b)
		}
		if strings.Contains(text, "rt-secret") || strings.Contains(text, key) {
			t.Errorf("a statement holds %q", text)
		}
	}
	other := &Store{DB: s.DB, Dialect: SQLite, EncryptionKey: token.NewEncryptionKey()}
	if _, err := other.Load(t.Context(), key); !errors.Is(err, token.ErrRecord) {
		t.Errorf("Load with another key = %v, want ErrRecord", err)
	}
	none := &Store{DB: s.DB, Dialect: SQLite}
	var ce *token.ConfigError
	if _, err := none.Load(t.Context(), key); !errors.As(err, &ce) {
		t.Errorf("Load without a key = %v, want a *ConfigError", err)
	}
	if _, err := none.Save(t.Context(), key, record("rt9")); !errors.As(err, &ce) {
		t.Errorf("Save over what cannot be read without the key = %v, want a *ConfigError", err)
	}
	f.rows[rowName(key)].record = bytes.Clone(f.rows[rowName("bob")].record)
	if _, err := s.Load(t.Context(), key); !errors.Is(err, token.ErrRecord) {
		t.Errorf("Load of another row's record = %v, want ErrRecord", err)
	}
	f.rows[rowName(key)].record = []byte("{")
	saved, err := s.Save(t.Context(), key, record("rt9"))
	if err != nil || saved.Generation != 2 {
		t.Errorf("a new sign-in over a torn record: %v, %v", saved, err)
	}
	plain := &Store{DB: s.DB, Dialect: SQLite}
	if _, err := plain.Save(t.Context(), "eve", record("rt-plain")); err != nil {
		t.Fatal(err)
	}
	if r, err := s.Load(t.Context(), "eve"); err != nil || r.RefreshToken != "rt-plain" {
		t.Errorf("Load of a plain record = %v, %v", r, err)
	}
	f.rows[rowName("eve")].generation = 7
	if _, err := s.Load(t.Context(), "eve"); !errors.Is(err, token.ErrRecord) {
		t.Errorf("Load of a record of another generation = %v, want ErrRecord", err)
	}
}

func TestTakeoverFromTheDead(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f, s := newFake(t, PostgreSQL)
		if err := s.row(t.Context(), rowName("ada")); err != nil {
			t.Fatal(err)
		}
		row := f.rows[rowName("ada")]
		row.owner, row.fence, row.until = "dead", 7, time.Now().Add(DefaultLease)
		start := time.Now()
		unlock, err := s.Lock(t.Context(), "ada")
		if err != nil {
			t.Fatal(err)
		}
		if waited := time.Since(start); waited < DefaultLease || waited > DefaultLease+maxPoll+time.Millisecond {
			t.Errorf("took over after %v, want %v", waited, DefaultLease)
		}
		if row.fence != 8 {
			t.Errorf("fencing number %d, want 8", row.fence)
		}
		if err := unlock(); err != nil {
			t.Error(err)
		}
		if row.owner != "" {
			t.Error("the lease is still held")
		}
		s.DB.Close()
	})
}

func TestLeaseIsRenewed(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		_, s := newFake(t, SQLite)
		s.Lease = 3 * time.Second
		unlock, err := s.Lock(t.Context(), "ada")
		if err != nil {
			t.Fatal(err)
		}
		other := &Store{DB: s.DB, Dialect: SQLite, Lease: time.Second}
		ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
		defer cancel()
		if _, err := other.Lock(ctx, "ada"); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("Lock of another process within a minute = %v, want DeadlineExceeded", err)
		}
		if err := unlock(); err != nil {
			t.Error(err)
		}
		s.DB.Close()
	})
}

// TestSuspendedHolder has a holder sleep through its lease, as a suspended machine does: it
// must not spend the refresh token.
func TestSuspendedHolder(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f, s := newFake(t, SQLite)
		unlock, err := s.Lock(t.Context(), "ada")
		if err != nil {
			t.Fatal(err)
		}
		if _, err := s.Reserve(t.Context(), "ada", 100); err != nil {
			t.Errorf("Reserve under the lease = %v", err)
		}
		f.mu.Lock()
		f.rows[rowName("ada")].until = time.Now().Add(-time.Second)
		f.mu.Unlock()
		other := &Store{DB: s.DB, Dialect: SQLite}
		unlockOther, err := other.Lock(t.Context(), "ada")
		if err != nil {
			t.Fatal(err)
		}
		if _, err := s.Reserve(t.Context(), "ada", 100); !errors.Is(err, ErrLeaseLost) {
			t.Errorf("Reserve after the takeover = %v, want ErrLeaseLost", err)
		}
		time.Sleep(DefaultLease) // the renewal notices as well
		if err := unlock(); !errors.Is(err, ErrLeaseLost) {
			t.Errorf("unlock = %v, want ErrLeaseLost", err)
		}
		if err := unlockOther(); err != nil {
			t.Errorf("unlock of the new holder = %v", err)
		}
		s.DB.Close()
	})
}

func TestReserveWithoutALock(t *testing.T) {
	f, s := newFake(t, SQLite)
	if _, err := s.Reserve(t.Context(), "ada", 100); err != nil {
		t.Error(err)
	}
	readOnly := errors.New("attempt to write a readonly database (8)")
	f.before = func(string) error { return readOnly }
	if _, err := s.Reserve(t.Context(), "ada", 100); !errors.Is(err, readOnly) {
		t.Errorf("Reserve = %v, want the error of the database", err)
	}
}

// TestLockFails sees that a lease whose acquisition failed halfway is given back.
func TestLockFails(t *testing.T) {
	f, s := newFake(t, SQLite)
	broken := errors.New("connection reset")
	f.after = func(query string) error {
		if query == f.q.acquire {
			return broken
		}
		return nil
	}
	if _, err := s.Lock(t.Context(), "ada"); !errors.Is(err, broken) {
		t.Errorf("Lock = %v", err)
	}
	f.after = nil
	unlock, err := s.Lock(t.Context(), "ada")
	if err != nil {
		t.Fatal(err)
	}
	if err := unlock(); err != nil {
		t.Error(err)
	}
}
