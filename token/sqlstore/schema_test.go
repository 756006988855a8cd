package sqlstore

import (
	"errors"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestMigrate(t *testing.T) {
	for _, tt := range []struct {
		name    string
		dialect Dialect
		durable string
		tables  bool
		version int64
		want    error
	}{
		{"new", SQLite, "2", false, 0, nil},
		{"made by hand, without a version", PostgreSQL, "on", true, 0, nil},
		{"there", PostgreSQL, "on", true, 1, nil},
		{"synchronous NORMAL", SQLite, "1", false, 0, ErrNotDurable},
		{"synchronous EXTRA", SQLite, "3", false, 0, nil},
		{"synchronous_commit local", PostgreSQL, "local", false, 0, nil},
		{"synchronous_commit off", PostgreSQL, "off", false, 0, ErrNotDurable},
		{"later version", SQLite, "2", true, 2, ErrSchema},
	} {
		t.Run(tt.name, func(t *testing.T) {
			f, s := newFake(t, tt.dialect)
			f.durable, f.version, f.tables = tt.durable, tt.version, tt.tables
			err := s.Migrate(t.Context())
			if !errors.Is(err, tt.want) || (err == nil) != (tt.want == nil) {
				t.Errorf("Migrate = %v, want %v", err, tt.want)
			}
			if tt.want == nil && (f.version != schemaVersion || !f.tables) {
				t.Errorf("version %d, tables %v", f.version, f.tables)
			}
		})
	}
}

// A role that may not create tables can use those that are there.
func TestMigrateLooksFirst(t *testing.T) {
	for _, d := range dialects {
		f, s := newFake(t, d) // migrates
		denied := stateError("42501")
		f.before = func(query string) error {
			if verb, _, _ := strings.Cut(query, " "); verb != "SELECT" && verb != "SHOW" && verb != "PRAGMA" {
				return denied
			}
			return nil
		}
		f.count()
		if err := s.Migrate(t.Context()); err != nil {
			t.Errorf("%v: Migrate of tables that are current = %v", d, err)
		}
		if statements, commits := f.count(); statements != 3 || commits != 0 {
			t.Errorf("%v: %d statements and %d commits, want 3 and none", d, statements, commits)
		}
		f.tables = false
		if err := s.Migrate(t.Context()); !errors.Is(err, ErrSchema) || !errors.Is(err, denied) || !strings.Contains(err.Error(), "DDL") {
			t.Errorf("%v: Migrate without the right = %v, want ErrSchema and what to do", d, err)
		}
	}
}

// DDL returns what Migrate executes, and nothing else.
func TestDDL(t *testing.T) {
	for _, d := range dialects {
		f, s := newFake(t, d)
		f.tables, f.version = false, 0
		f.count()
		var executed []string
		f.before = func(query string) error {
			if verb, _, _ := strings.Cut(query, " "); verb == "CREATE" || verb == "INSERT" {
				executed = append(executed, query)
			}
			return nil
		}
		if err := s.Migrate(t.Context()); err != nil {
			t.Fatal(err)
		}
		ddl, err := DDL(d, "")
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(executed, ddl); diff != "" {
			t.Errorf("%v (-executed +DDL):\n%s", d, diff)
		}
		if named, _ := DDL(d, "auth.tokens"); !slices.ContainsFunc(named, func(s string) bool { return strings.Contains(s, "auth.tokens_schema") }) {
			t.Errorf("%v: DDL of another table: %q", d, named)
		}
	}
	if ddl, err := DDL(SQLite, "a; DROP TABLE b"); err == nil || len(ddl) > 0 {
		t.Errorf("DDL of a bad name = %q, %v", ddl, err)
	}
	if _, err := DDL(0, ""); err == nil {
		t.Error("DDL of no dialect succeeded")
	}
}

// Two processes that make the tables at the same time do it one after the other, for each
// table: only PostgreSQL needs a lock for that.
func TestMigrateLocks(t *testing.T) {
	const lock = `SELECT pg_advisory_xact_lock($1)`
	for _, d := range dialects {
		keys := map[int64]bool{}
		for _, table := range []string{"", "", "auth.tokens"} {
			q, err := d.queries(table)
			if err != nil {
				t.Fatal(err)
			}
			f := &fakeDB{q: q, durable: map[Dialect]string{SQLite: "2", PostgreSQL: "on"}[d]}
			db := f.open()
			defer db.Close()
			if err := (&Store{DB: db, Dialect: d, Table: table}).Migrate(t.Context()); err != nil {
				t.Fatal(err)
			}
			if got, want := slices.Contains(f.statements, lock), d == PostgreSQL; got != want {
				t.Errorf("%v takes a lock: %v, want %v", d, got, want)
			}
			if d == PostgreSQL {
				keys[f.args[0].Value.(int64)] = true
			}
		}
		if d == PostgreSQL && len(keys) != 2 {
			t.Errorf("locks %v for two tables", keys)
		}
	}
}
