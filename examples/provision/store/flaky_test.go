package store_test

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/easoauth/easoauth/eas"
	"github.com/easoauth/easoauth/examples/provision/internal/world"
	"github.com/easoauth/easoauth/examples/provision/store"
)

// dump returns all that is in the database.
func dump(t *testing.T, db *sql.DB) string {
	t.Helper()
	var b strings.Builder
	for _, table := range []string{"schema", "config", "mailbox", "folder", "item", "found", "event", "process"} {
		rows, err := db.QueryContext(t.Context(), `SELECT * FROM provision_`+table)
		if err != nil {
			t.Fatal(err)
		}
		columns, err := rows.Columns()
		if err != nil {
			t.Fatal(err)
		}
		for rows.Next() {
			values := make([]any, len(columns))
			for i := range values {
				values[i] = new(any)
			}
			if err := rows.Scan(values...); err != nil {
				t.Fatal(err)
			}
			fmt.Fprint(&b, table)
			for i, v := range values {
				fmt.Fprintf(&b, " %s=%v", columns[i], *v.(*any))
			}
			b.WriteByte('\n')
		}
		if err := rows.Close(); err != nil {
			t.Fatal(err)
		}
	}
	return b.String()
}

// Whichever statement of an operation fails, the operation says so and has changed nothing, and it
// succeeds when it is repeated.
func TestEachStatementFails(t *testing.T) {
	ctx := t.Context()
	now := time.Now()
	fail := func(_ any, err error) error { return err }
	f := &store.Folder{Folder: eas.Folder{ID: "5"}, Key: "k", Life: 1, Reading: true}
	page := &store.Page{Key: "l", Stored: []store.Item{{ID: "9", Raw: []byte("x"), At: now}}, Gone: []eas.ItemID{"2"},
		Changed: []store.Change{{ID: "1", Apply: func(old []byte) ([]byte, time.Time, error) { return append(old, '+'), now, nil }}}}
	hierarchy := &eas.Folders{Key: "2", Added: []eas.Folder{{ID: "8", Type: eas.FolderUserMail}, {ID: "9", Type: eas.FolderTasks}}, Deleted: []eas.FolderID{"5"}}
	for name, do := range map[string]func(s *store.Store, id int64, m *store.Mailbox) error{
		"Activate":      func(s *store.Store, id int64, _ *store.Mailbox) error { return fail(s.Activate(ctx, id)) },
		"Activate back": func(s *store.Store, _ int64, _ *store.Mailbox) error { return fail(s.Activate(ctx, 2)) },
		"Pause":         func(s *store.Store, id int64, _ *store.Mailbox) error { return fail(s.Pause(ctx, id)) },
		"Touch":         func(s *store.Store, id int64, _ *store.Mailbox) error { return s.Touch(ctx, id, now.Add(48*time.Hour)) },
		"MarkDue":       func(s *store.Store, id int64, _ *store.Mailbox) error { return s.MarkDue(ctx, id, false) },
		"MarkDue one":   func(s *store.Store, id int64, _ *store.Mailbox) error { return s.MarkDue(ctx, id, true, "5") },
		"Nudge":         func(s *store.Store, id int64, _ *store.Mailbox) error { return s.Nudge(ctx, id) },
		"Rest": func(s *store.Store, _ int64, _ *store.Mailbox) error {
			rested, err := s.Rest(ctx, 2, func(tx *sql.Tx) error { return fail(tx.Exec(`DELETE FROM provision_event`)) })
			if rested != (err == nil) {
				return fmt.Errorf("rested is %v with %v", rested, err)
			}
			return err
		},
		"SaveClient": func(s *store.Store, id int64, m *store.Mailbox) error {
			return s.SaveClient(ctx, id, m.Client, "https://b/", 7)
		},
		"SaveAway": func(s *store.Store, id int64, _ *store.Mailbox) error { return s.SaveAway(ctx, id, &eas.OutOfOffice{}) },
		"SaveRenewals": func(s *store.Store, id int64, _ *store.Mailbox) error {
			return s.SaveRenewals(ctx, "p", []store.Renewal{{id, now, 1}, {2, now, 1}})
		},
		"Fail": func(s *store.Store, _ int64, m *store.Mailbox) error {
			return s.Fail(ctx, m, store.Failure{Text: "x", Kind: "failing", State: store.SignIn})
		},
		"Config": func(s *store.Store, _ int64, _ *store.Mailbox) error { return fail(s.Config(ctx, 1)) },
		"SaveConfig": func(s *store.Store, _ int64, _ *store.Mailbox) error {
			return fail(s.SaveConfig(ctx, "other", []byte("{}")))
		},
		"Create": func(s *store.Store, _ int64, _ *store.Mailbox) error {
			return fail(s.Create(ctx, &store.Mailbox{Name: "ada"}))
		},
		"Find": func(s *store.Store, _ int64, m *store.Mailbox) error {
			return fail(s.Find(ctx, m.TID, m.OID, m.Endpoint))
		},
		"Of":        func(s *store.Store, _ int64, m *store.Mailbox) error { return fail(s.Of(ctx, m.TID, m.OID)) },
		"Page":      func(s *store.Store, _ int64, _ *store.Mailbox) error { return fail(s.Page(ctx, 0, false, 9)) },
		"Addressed": func(s *store.Store, _ int64, _ *store.Mailbox) error { return fail(s.Addressed(ctx, "x")) },
		"Unused":    func(s *store.Store, _ int64, _ *store.Mailbox) error { return fail(s.Unused(ctx, now, 9)) },
		"SaveHierarchy": func(s *store.Store, id int64, _ *store.Mailbox) error {
			return s.SaveHierarchy(ctx, id, "1", hierarchy, wanted)
		},
		"SavePage":   func(s *store.Store, id int64, _ *store.Mailbox) error { return fail(s.SavePage(ctx, id, f, page)) },
		"StartOver":  func(s *store.Store, id int64, _ *store.Mailbox) error { return s.StartOver(ctx, id, f) },
		"Folders":    func(s *store.Store, id int64, _ *store.Mailbox) error { return fail(s.Folders(ctx, id)) },
		"Items":      func(s *store.Store, id int64, _ *store.Mailbox) error { return fail(s.Items(ctx, id, "", 0, 9)) },
		"CountItems": func(s *store.Store, id int64, _ *store.Mailbox) error { return fail(s.CountItems(ctx, id, "")) },
		"Join":       func(s *store.Store, _ int64, _ *store.Mailbox) error { return s.Join(ctx, store.Process{Name: "q"}) },
		"Alive": func(s *store.Store, _ int64, _ *store.Mailbox) error {
			return s.Alive(ctx, store.Process{Name: "p", Slots: 7})
		},
		"Leave":     func(s *store.Store, _ int64, _ *store.Mailbox) error { return fail(s.Leave(ctx, "p", time.Time{})) },
		"Processes": func(s *store.Store, _ int64, _ *store.Mailbox) error { return fail(s.Processes(ctx)) },
		"Pulses":    func(s *store.Store, _ int64, _ *store.Mailbox) error { return fail(s.Pulses(ctx, 0, 1, time.Time{})) },
		"Summarize": func(s *store.Store, _ int64, _ *store.Mailbox) error { return fail(s.Summarize(ctx)) },
		"Progress":  func(s *store.Store, id int64, _ *store.Mailbox) error { return fail(s.Progress(ctx, id)) },
		"Remove":    func(s *store.Store, id int64, _ *store.Mailbox) error { return fail(s.Remove(ctx, id)) },
		"Count":     func(s *store.Store, id int64, _ *store.Mailbox) error { return fail(s.Count(ctx, id)) },
		"Empty":     func(s *store.Store, id int64, _ *store.Mailbox) error { return s.Empty(ctx, id) },
		"Age":       func(s *store.Store, _ int64, _ *store.Mailbox) error { return fail(s.Age(ctx, now.Add(time.Hour), 9)) },
		"SaveFound": func(s *store.Store, id int64, _ *store.Mailbox) error {
			return s.SaveFound(ctx, id, []store.Found{{ID: "a"}, {ID: "b", Raw: []byte("b"), At: now}}[1:])
		},
		"Found":    func(s *store.Store, id int64, _ *store.Mailbox) error { return fail(s.Found(ctx, id)) },
		"AddEvent": func(s *store.Store, id int64, _ *store.Mailbox) error { return s.AddEvent(ctx, id, "k", "t") },
		"Latest":   func(s *store.Store, _ int64, _ *store.Mailbox) error { return fail(s.Latest(ctx, 9)) },
		"Events":   func(s *store.Store, id int64, _ *store.Mailbox) error { return fail(s.Events(ctx, id)) },
		"Check":    func(s *store.Store, _ int64, _ *store.Mailbox) error { return s.Check(ctx) },
		"Migrate":  func(s *store.Store, _ int64, _ *store.Mailbox) error { return s.Migrate(ctx) },
	} {
		t.Run(name, func(t *testing.T) {
			fl := new(world.Flaky)
			s := fl.Store()
			defer s.Close()
			if err := s.Migrate(ctx); err != nil {
				t.Fatal(err)
			}
			id := mailbox(t, s, "ada")
			first := folder(t, s, id)
			if _, err := s.SavePage(ctx, id, first, &store.Page{Key: "k", More: true, Stored: []store.Item{{ID: "1", Raw: []byte("one"), At: now}, {ID: "2", Raw: []byte("two")}}}); err != nil {
				t.Fatal(err)
			}
			eve := mailbox(t, s, "eve")
			if err := s.SaveHierarchy(ctx, eve, "", &eas.Folders{Key: "1"}, wanted); err != nil {
				t.Fatal(err)
			}
			if name == "Activate back" {
				if _, err := s.Pause(ctx, eve); err != nil {
					t.Fatal(err)
				}
			}
			for _, err := range []error{
				fail(s.SaveConfig(ctx, "c", []byte("{}"))), s.Join(ctx, store.Process{Name: "p"}),
				s.SaveFound(ctx, id, []store.Found{{ID: "f", Class: "Email", Raw: []byte("z"), At: now}}),
			} {
				if err != nil {
					t.Fatal(err)
				}
			}
			s.Enqueue = func(ctx context.Context, tx *sql.Tx, _ int64, _ bool) error {
				return fail(tx.ExecContext(ctx, `UPDATE provision_schema SET version = version`))
			}
			m, err := s.Mailbox(ctx, id)
			if err != nil {
				t.Fatal(err)
			}
			before := dump(t, s.DB)
			for n := 1; ; n++ {
				fl.Fail(n)
				err := do(s, id, m)
				if !fl.Failed() { // it has fewer statements
					if err != nil || n == 1 {
						t.Errorf("without a failure: %v", err)
					}
					break
				}
				if !errors.Is(err, world.ErrFlaky) || !strings.HasPrefix(err.Error(), "store: ") && !errors.Is(err, store.ErrSchema) && name != "Rest" {
					t.Errorf("statement %d fails: %v, want %v", n, err, world.ErrFlaky)
				}
				if diff := cmp.Diff(before, dump(t, s.DB)); diff != "" && name != "Create" { // which may be repeated

					t.Errorf("after statement %d has failed (-before +after):\n%s", n, diff)
				}
			}
		})
	}
}
