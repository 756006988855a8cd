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
	"github.com/easoauth/easoauth/examples/provision/store"
)

// near reports whether two times are the same, as far as the database has them.
func near(a, b time.Time) bool { return a.Sub(b).Abs() < 5*time.Second && a.IsZero() == b.IsZero() }

// What is stored of a mailbox is what is read of it.
func TestMailboxValues(t *testing.T) {
	s := open(t)
	ctx, now := t.Context(), time.Now()
	id := mailbox(t, s, "ada")
	other := mailbox(t, s, "eve")
	m, err := s.Mailbox(ctx, id)
	if err != nil {
		t.Fatal(err)
	}
	if !near(m.Created, now) || !near(m.Used, now) || !near(m.DueAt, now) || !m.Due || !m.HierarchyDue || m.Visits != 1 || m.State != store.Active ||
		!m.Synced.IsZero() || !m.Checked.IsZero() || !m.Changed.IsZero() || !m.ErrorAt.IsZero() || !m.RetryAt.IsZero() || !m.RenewedAt.IsZero() || !m.AwayAt.IsZero() || m.Away != nil {
		t.Errorf("a new mailbox: %+v", m)
	}
	away := &eas.OutOfOffice{State: eas.OutOfOfficeOn}
	client := eas.State{PolicyKey: "7", URL: "https://b.contoso.com/x"}
	retry := now.Add(time.Hour)
	for _, err := range []error{
		s.SaveAway(ctx, id, away), s.SaveClient(ctx, id, client, "https://b.contoso.com/x", 5), s.SaveClient(ctx, id, client, "https://b.contoso.com/x", 5),
		s.SaveRenewals(ctx, "p", []store.Renewal{{id, now, 2}}), s.SaveRenewals(ctx, "q", []store.Renewal{{id, now.Add(time.Minute), 1}}),
		s.Fail(ctx, m, store.Failure{Text: "busy"}), // of which no operator has to know
		s.Fail(ctx, m, store.Failure{Text: "first", Remedy: "Do it.", RetryAt: retry, Kind: "failing"}),
		s.Fail(ctx, m, store.Failure{Text: strings.Repeat("ü", 2000), Remedy: "Do it.", RetryAt: retry, Kind: "failing"}), // no further event
	} {
		if err != nil {
			t.Fatal(err)
		}
	}
	if m, err = s.Mailbox(ctx, id); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(away, m.Away); diff != "" || !near(m.AwayAt, now) {
		t.Errorf("out-of-office state of %v (-want +got):\n%s", m.AwayAt, diff)
	}
	if m.Client != client || m.URL != "https://b.contoso.com/x" || m.Config != 5 || m.Moves != 1 || m.Endpoint != "https://mail.contoso.com/x" {
		t.Errorf("client %+v, URL %s, config %d, %d moves", m.Client, m.URL, m.Config, m.Moves)
	}
	if m.Renewals != 3 || m.RenewedBy != "q" || !near(m.RenewedAt, now.Add(time.Minute)) {
		t.Errorf("%d renewals, the last by %s at %v", m.Renewals, m.RenewedBy, m.RenewedAt)
	}
	if m.Failures != 3 || len([]rune(m.Error)) != 901 || m.Remedy != "Do it." || !near(m.ErrorAt, now) || !near(m.RetryAt, retry) || m.State != store.Active {
		t.Errorf("%d failures, error %.20q, remedy %q at %v, retry at %v, state %s", m.Failures, m.Error, m.Remedy, m.ErrorAt, m.RetryAt, m.State)
	}
	// Another state is another event, once.
	for range 2 {
		if err := s.Fail(ctx, m, store.Failure{Text: "over", State: store.SignIn, Kind: "sign-in"}); err != nil {
			t.Fatal(err)
		}
	}
	events, err := s.Events(ctx, id)
	var kinds []string
	for _, e := range events {
		if kinds = append(kinds, e.Kind); !near(e.At, now) || e.Mailbox != id || e.Text == "" {
			t.Errorf("event %+v", e)
		}
	}
	if diff := cmp.Diff([]string{"activated", "failing", "sign-in"}, kinds); err != nil || diff != "" {
		t.Errorf("events: %v (-want +got):\n%s", err, diff)
	}
	if failing, err := s.Page(ctx, 0, true, 9); err != nil || len(failing) != 1 || failing[0].ID != id {
		t.Errorf("those that fail: %+v, %v", failing, err)
	}
	if all, err := s.Page(ctx, id, false, 9); err != nil || len(all) != 1 || all[0].ID != other {
		t.Errorf("those after the first: %+v, %v", all, err)
	}
	// What fails in the state sign-in stays there, and the user's return ends it.
	if m, err = s.Mailbox(ctx, id); err != nil || m.State != store.SignIn {
		t.Fatalf("state %s, %v", m.State, err)
	}
	if changed, err := s.Activate(ctx, id); err != nil || !changed {
		t.Errorf("Activate = %v, %v", changed, err)
	}
	if err := s.Fail(ctx, m, store.Failure{Text: "of the past"}); !errors.Is(err, store.ErrConflict) {
		t.Errorf("a failure of before the user's return: %v, want ErrConflict", err)
	}
	if m, err = s.Mailbox(ctx, id); err != nil || m.Error != "" || m.Remedy != "" || m.Failures != 0 || !m.ErrorAt.IsZero() || !m.RetryAt.IsZero() || m.Visits != 2 {
		t.Errorf("after the user's return: %+v, %v", m, err)
	}
	// A pause is not a failure, and nothing that fails ends it.
	if _, err := s.Pause(ctx, id); err != nil {
		t.Fatal(err)
	}
	if err := s.Fail(ctx, m, store.Failure{Text: "over", State: store.SignIn}); err != nil {
		t.Fatal(err)
	}
	if m, err = s.Mailbox(ctx, id); err != nil || m.State != store.Paused {
		t.Errorf("a paused mailbox whose sign-in has ended is in the state %s, %v", m.State, err)
	}
}

// A use is noted once an hour, and Activate of what is in step changes nothing else.
func TestTouch(t *testing.T) {
	s := open(t)
	ctx := t.Context()
	id := mailbox(t, s, "ada")
	if err := s.SaveHierarchy(ctx, id, "", &eas.Folders{Key: "1"}, wanted); err != nil {
		t.Fatal(err)
	}
	if rested, err := s.Rest(ctx, id, nil); err != nil || !rested {
		t.Fatal(rested, err)
	}
	begin, err := s.Mailbox(ctx, id)
	if err != nil || !near(begin.Synced, time.Now()) || begin.Due {
		t.Fatalf("%+v, %v", begin, err)
	}
	used := func() time.Duration {
		t.Helper()
		m, err := s.Mailbox(ctx, id)
		if err != nil {
			t.Fatal(err)
		}
		return m.Used.Sub(begin.Used)
	}
	if err := s.Touch(ctx, id, begin.Used.Add(59*time.Minute)); err != nil || used() != 0 {
		t.Errorf("59 minutes later: %v, used %v later", err, used())
	}
	if err := s.Touch(ctx, id, begin.Used.Add(61*time.Minute)); err != nil || used() != 61*time.Minute {
		t.Errorf("61 minutes later: %v, used %v later", err, used())
	}
	if _, err := s.DB.ExecContext(ctx, `UPDATE provision_mailbox SET used = 1`); err != nil {
		t.Fatal(err)
	}
	jobs := 0
	s.Enqueue = func(_ context.Context, _ *sql.Tx, _ int64, _ bool) error { jobs++; return nil }
	if changed, err := s.Activate(ctx, id); err != nil || changed || jobs != 0 || used() < 0 {
		t.Errorf("Activate of a mailbox in step = %v, %v; %d jobs, used %v later", changed, err, jobs, used())
	}
}

// Folders, items and processes are read as they were stored.
func TestOtherValues(t *testing.T) {
	s := open(t)
	ctx, now := t.Context(), time.Now()
	id := mailbox(t, s, "ada")
	f := folder(t, s, id)
	if n, err := s.SavePage(ctx, id, f, &store.Page{Key: "a", Total: 7, More: true, Stored: []store.Item{{ID: "1", Raw: []byte("one"), At: now}, {ID: "2", Raw: []byte("two")}}}); err != nil || n != 2 {
		t.Fatal(n, err)
	}
	if p, err := s.Progress(ctx, id); err != nil || p != (store.Progress{Folders: 1, Total: 7, Received: 2}) {
		t.Errorf("progress %+v, %v", p, err)
	}
	f.Key = "a"
	if n, err := s.SavePage(ctx, id, f, &store.Page{Key: "b"}); err != nil || n != 0 {
		t.Fatal(n, err)
	}
	folders, err := s.Folders(ctx, id)
	if err != nil || len(folders) != 1 {
		t.Fatal(folders, err)
	}
	if g := folders[0]; g.Due || g.Reading || g.Total != 7 || g.Received != 2 || g.Key != "b" || g.Life != 1 || !near(g.Synced, now) {
		t.Errorf("folder %+v", g)
	}
	if p, err := s.Progress(ctx, id); err != nil || p != (store.Progress{Folders: 1, Done: 1, Total: 7, Received: 2}) {
		t.Errorf("progress %+v, %v", p, err)
	}
	items, err := s.Items(ctx, id, "5", 0, 9)
	if err != nil || len(items) != 2 || items[0].ID != "1" || items[0].Folder != "5" || !near(items[0].At, now) || !items[1].At.IsZero() {
		t.Errorf("items %+v, %v", items, err)
	}
	if items, err := s.Items(ctx, id, "", 1, 1); err != nil || len(items) != 1 || items[0].ID != "2" {
		t.Errorf("the second item: %+v, %v", items, err)
	}
	m, err := s.Mailbox(ctx, id)
	if err != nil || !near(m.Changed, now) {
		t.Errorf("changed at %v, %v", m.Changed, err)
	}

	if err := s.SaveHierarchy(ctx, id, "1", &eas.Folders{Key: "2"}, wanted); err != nil {
		t.Fatal(err)
	}
	if again, err := s.Mailbox(ctx, id); err != nil || !again.Changed.Equal(m.Changed) || again.Hierarchy != "2" {
		t.Errorf("after a hierarchy without news: changed at %v, want %v; key %s, %v", again.Changed, m.Changed, again.Hierarchy, err)
	}
	f.Key = "b"
	if n, err := s.SavePage(ctx, id, f, &store.Page{Key: "c", Gone: []eas.ItemID{"1", "2", "3"}}); err != nil || n != 2 {
		t.Errorf("of three that are gone the copy had %d, %v; want 2", n, err)
	}

	p := store.Process{Name: "p", Started: now.Add(-time.Hour), Seen: now, Slots: 3, Waiting: 4}
	if err := s.Join(ctx, p); err != nil {
		t.Fatal(err)
	}
	p.Slots, p.Waiting, p.Seen = 5, 6, now.Add(time.Second)
	if err := s.Alive(ctx, p); err != nil {
		t.Fatal(err)
	}
	all, err := s.Processes(ctx)
	if err != nil || len(all) != 1 || !near(all[0].Started, p.Started) || all[0].Seen.UnixMilli() != p.Seen.UnixMilli() || all[0].Slots != 5 || all[0].Waiting != 6 {
		t.Errorf("processes %+v, %v", all, err)
	}
	if known, err := s.Leave(ctx, "p", now); err != nil || known {
		t.Errorf("Leave of an earlier process = %v, %v", known, err)
	}
	if err := s.Alive(ctx, store.Process{Name: "p", Started: now}); !errors.Is(err, store.ErrNotFound) {
		t.Errorf("Alive of another process = %v, want ErrNotFound", err)
	}
	if known, err := s.Leave(ctx, "p", p.Started); err != nil || !known {
		t.Errorf("Leave = %v, %v", known, err)
	}

	if err := s.SaveFound(ctx, id, []store.Found{{ID: "old", Class: "Email", Raw: []byte("o"), At: now.Add(-time.Hour)}, {ID: "new", Class: "Email", Raw: []byte("n"), At: now}}); err != nil {
		t.Fatal(err)
	}
	found, err := s.Found(ctx, id)
	if err != nil || len(found) != 2 || found[0].ID != "new" || found[0].Class != "Email" || string(found[0].Raw) != "n" || !near(found[0].At, now) {
		t.Errorf("found %+v, %v", found, err)
	}
	if err := s.Forget(ctx, now.Add(-time.Minute), now.Add(time.Hour)); err != nil {
		t.Fatal(err)
	}
	found, err = s.Found(ctx, id)
	events, err2 := s.Latest(ctx, 9)
	if err != nil || err2 != nil || len(found) != 1 || found[0].ID != "new" || len(events) != 0 {
		t.Errorf("after Forget: found %+v, events %+v, %v, %v", found, events, err, err2)
	}
	first, err := s.SaveConfig(ctx, "c", []byte("one"))
	if err != nil {
		t.Fatal(err)
	}
	again, err := s.SaveConfig(ctx, "c", []byte("two"))
	if text, err2 := s.Config(ctx, first); err != nil || err2 != nil || again != first || string(text) != "two" {
		t.Errorf("config %d and %d: %q, %v, %v", first, again, text, err, err2)
	}
}

func TestSummary(t *testing.T) {
	s := open(t)
	ctx := t.Context()
	sum, err := s.Summarize(ctx)
	if err != nil || sum.Total() != 0 || sum.Due != 0 || sum.Failing != 0 || !sum.Oldest.IsZero() || sum.Lag(time.Now()) != 0 {
		t.Errorf("of nothing: %+v, %v", sum, err)
	}
	for i := range 3 {
		mailbox(t, s, fmt.Sprint(i))
	}
	if _, err := s.Pause(ctx, 3); err != nil {
		t.Fatal(err)
	}
	m, err := s.Mailbox(ctx, 1)
	if err == nil {
		err = s.Fail(ctx, m, store.Failure{Text: "x"})
	}
	if err == nil {
		_, err = s.DB.ExecContext(ctx, `UPDATE provision_mailbox SET due_at = due_at - 60000 WHERE id > 1`)
	}
	if err != nil {
		t.Fatal(err)
	}
	sum, err = s.Summarize(ctx)
	if err != nil || sum.Total() != 3 || sum.States[store.Active] != 2 || sum.States[store.Paused] != 1 || sum.Failing != 1 || sum.Due != 2 {
		t.Errorf("%+v, %v", sum, err)
	}
	if lag := sum.Lag(time.Now()); lag < time.Minute || lag > 70*time.Second {
		t.Errorf("lag %v, want a minute", lag)
	}
	if lag := sum.Lag(sum.Oldest.Add(-time.Hour)); lag != 0 {
		t.Errorf("lag %v by a clock that is behind, want 0", lag)
	}
}

// A row that cannot be read is an error, and not a mailbox without its state.
func TestTorn(t *testing.T) {
	s := open(t)
	id := mailbox(t, s, "ada")
	for _, column := range []string{"client", "away"} {
		if _, err := s.DB.ExecContext(t.Context(), `UPDATE provision_mailbox SET `+column+` = '{'`); err != nil {
			t.Fatal(err)
		}
		if m, err := s.Mailbox(t.Context(), id); err == nil {
			t.Errorf("with a torn %s: %+v", column, m)
		}
		if _, err := s.DB.ExecContext(t.Context(), `UPDATE provision_mailbox SET `+column+` = ''`); err != nil {
			t.Fatal(err)
		}
	}
	// SQLite keeps a text where a number is to be.
	f := folder(t, s, id)
	if _, err := s.SavePage(t.Context(), id, f, &store.Page{Key: "a", Stored: []store.Item{{ID: "1", Raw: []byte("one")}}}); err != nil {
		t.Fatal(err)
	}
	if err := s.SaveFound(t.Context(), id, []store.Found{{ID: "f", Raw: []byte("z")}}); err != nil {
		t.Fatal(err)
	}
	if err := s.Join(t.Context(), store.Process{Name: "p"}); err != nil {
		t.Fatal(err)
	}
	for _, statement := range []string{`provision_item SET at = 'x'`, `provision_found SET found = 'x'`, `provision_event SET at = 'x'`, `provision_process SET seen = 'x'`, `provision_folder SET synced = 'x'`} {
		if _, err := s.DB.ExecContext(t.Context(), `UPDATE `+statement); err != nil {
			t.Fatal(err)
		}
	}
	for what, read := range map[string]func() error{
		"items":     func() error { _, err := s.Items(t.Context(), id, "", 0, 9); return err },
		"found":     func() error { _, err := s.Found(t.Context(), id); return err },
		"events":    func() error { _, err := s.Latest(t.Context(), 9); return err },
		"processes": func() error { _, err := s.Processes(t.Context()); return err },
		"folders":   func() error { _, err := s.Folders(t.Context(), id); return err },
	} {
		if read() == nil {
			t.Errorf("torn %s are read", what)
		}
	}
	if m, err := s.Mailbox(t.Context(), 99); !errors.Is(err, store.ErrNotFound) {
		t.Errorf("a mailbox that is not there: %+v, %v", m, err)
	}
}
