package sqlstore

import (
	"bytes"
	"errors"
	"flag"
	"fmt"
	"path/filepath"
	"strings"
	"testing"

	"github.com/easoauth/easoauth/internal/golden"
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
		for _, s := range append(q.schema, q.look, q.write, q.version, q.durable, q.load, q.first, q.replace, q.finish, q.erase,
			q.acquire, q.busy, q.renew, q.drop, q.forget) {
			fmt.Fprintf(&b, "%s;\n\n", s)
		}
		golden.Check(t, filepath.Join("testdata", strings.ToLower(d.String())+".sql"), b.String(), *update)
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
		{"no dialect", &Store{DB: db}, "Dialect(0) is not a dialect"},
		{"short key", &Store{DB: db, Dialect: SQLite, EncryptionKey: token.EncryptionKey("secret")}, "32 bytes"},
		{"injection", &Store{DB: db, Dialect: SQLite, Table: "t; DROP TABLE t"}, "not the name of a table"},
		{"two dots", &Store{DB: db, Dialect: SQLite, Table: "a.b.c"}, "not the name of a table"},
		{"newline", &Store{DB: db, Dialect: SQLite, Table: "a\n"}, "not the name of a table"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			_, loadErr := tt.store.Load(t.Context(), "ada")
			_, saveErr := tt.store.Save(t.Context(), "ada", token.Record{})
			_, lockErr := tt.store.Lock(t.Context(), "ada")
			_, _, leaseErr := tt.store.Lease(t.Context(), "ada")
			_, reserveErr := tt.store.Reserve(t.Context(), "ada", 1)
			for _, err := range []error{loadErr, saveErr, lockErr, leaseErr, reserveErr, tt.store.Delete(t.Context(), "ada", 1), tt.store.Migrate(t.Context())} {
				if err == nil || !strings.Contains(err.Error(), tt.want) || strings.Contains(err.Error(), "secret") {
					t.Errorf("error %v, want one with %q", err, tt.want)
				}
			}
		})
	}
}

func record(refreshToken string) token.Record {
	return token.Record{Lineage: "l", RefreshToken: refreshToken}
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
