package store_test

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/easoauth/easoauth/eas"
	"github.com/easoauth/easoauth/examples/provision/store"
)

func open(t *testing.T) *store.Store {
	t.Helper()
	s, err := store.Open(t.Context(), filepath.Join(t.TempDir(), "a ?#.db"), 3)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(s.Close)
	if err := s.Migrate(t.Context()); err != nil {
		t.Fatal(err)
	}
	return s
}

func mailbox(t *testing.T, s *store.Store, name string) int64 {
	t.Helper()
	m, err := s.Create(t.Context(), &store.Mailbox{TID: "t", OID: name, Endpoint: "https://mail.contoso.com/x", URL: "https://mail.contoso.com/x", Address: name + "@contoso.com", Name: "t/" + name, Config: 1, Device: "d"})
	if err != nil || m.State != store.Creating {
		t.Fatalf("Create = %+v, %v", m, err)
	}
	if _, err := s.Activate(t.Context(), m.ID); err != nil {
		t.Fatal(err)
	}
	return m.ID
}

// wanted copies every folder but tasks.
func wanted(t eas.FolderType) bool { return t != eas.FolderTasks }

// folder makes an inbox and returns it.
func folder(t *testing.T, s *store.Store, id int64) *store.Folder {
	t.Helper()
	err := s.SaveHierarchy(t.Context(), id, "", &eas.Folders{Key: "1", Added: []eas.Folder{{ID: "5", Name: "Inbox", Type: eas.FolderInbox}, {ID: "7", Name: "Tasks", Type: eas.FolderTasks}}}, wanted)
	if err != nil {
		t.Fatal(err)
	}
	all, err := s.Folders(t.Context(), id)
	if err != nil || len(all) != 1 || !all[0].Due || !all[0].Reading {
		t.Fatalf("folders %+v, %v", all, err)
	}
	return &all[0]
}

func ids(t *testing.T, s *store.Store, id int64) (all []string) {
	t.Helper()
	items, err := s.Items(t.Context(), id, "", 0, 1000)
	if err != nil {
		t.Fatal(err)
	}
	for _, i := range items {
		all = append(all, fmt.Sprintf("%s=%s", i.ID, i.Raw))
	}
	return all
}

func TestMigrate(t *testing.T) {
	dsn := filepath.Join(t.TempDir(), "p.db")
	s, err := store.Open(t.Context(), dsn, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	if err := s.Check(t.Context()); !errors.Is(err, store.ErrSchema) {
		t.Errorf("Check without tables = %v, want ErrSchema", err)
	}
	var wg sync.WaitGroup
	for range 4 { // several processes at a time
		wg.Go(func() {
			other, err := store.Open(t.Context(), dsn, 0)
			if err != nil {
				t.Error(err)
				return
			}
			defer other.Close()
			if err := other.Migrate(t.Context()); err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
	if err := s.Check(t.Context()); err != nil {
		t.Errorf("Check = %v", err)
	}
	if _, err := s.DB.ExecContext(t.Context(), `INSERT INTO provision_schema (version) VALUES (99)`); err != nil {
		t.Fatal(err)
	}
	if err := s.Check(t.Context()); !errors.Is(err, store.ErrSchema) {
		t.Errorf("Check of a newer version = %v, want ErrSchema", err)
	}
	if err := s.Migrate(t.Context()); !errors.Is(err, store.ErrSchema) {
		t.Errorf("Migrate of a newer version = %v, want ErrSchema", err)
	}
}

func TestCreate(t *testing.T) {
	s := open(t)
	id := mailbox(t, s, "ada")
	again, err := s.Create(t.Context(), &store.Mailbox{TID: "t", OID: "ada", Endpoint: "e", URL: "e", Address: "a@b", Name: "t/ada", Device: "other"})
	if err != nil || again.ID != id || again.State != store.Active || again.Device != "d" {
		t.Errorf("Create again = %+v, %v; want mailbox %d as it was", again, err, id)
	}
	for endpoint, want := range map[string]error{"https://mail.contoso.com/x": nil, "https://mail.contoso.com/y": store.ErrNotFound} {
		if _, err := s.Find(t.Context(), "t", "ada", endpoint); !errors.Is(err, want) {
			t.Errorf("Find(%s) = %v, want %v", endpoint, err, want)
		}
	}
	if err := s.SaveClient(t.Context(), id, eas.State{PolicyKey: "17"}, "https://mail.contoso.com/y", 2); err != nil {
		t.Fatal(err)
	}
	m, err := s.Find(t.Context(), "t", "ada", "https://mail.contoso.com/y")
	if err != nil || m.Moves != 1 || m.Client.PolicyKey != "17" || m.Config != 2 {
		t.Errorf("after a move: %+v, %v", m, err)
	}
	if all, err := s.Of(t.Context(), "t", "eve"); err != nil || len(all) != 0 {
		t.Errorf("eve has %d mailboxes, %v", len(all), err)
	}
	if _, err := s.Activate(t.Context(), 99); !errors.Is(err, store.ErrNotFound) {
		t.Errorf("Activate of nothing = %v", err)
	}
}

// A page is stored with its key, or not at all.
func TestSavePage(t *testing.T) {
	s := open(t)
	id := mailbox(t, s, "ada")
	f := folder(t, s, id)
	now := time.Now()
	save := func(f *store.Folder, p *store.Page, want error) {
		t.Helper()
		if _, err := s.SavePage(t.Context(), id, f, p); !errors.Is(err, want) {
			t.Fatalf("SavePage = %v, want %v", err, want)
		}
	}
	item := func(name, raw string) store.Item { return store.Item{ID: eas.ItemID(name), At: now, Raw: []byte(raw)} }
	save(f, &store.Page{Key: "a", Stored: []store.Item{item("1", "one"), item("2", "two")}, More: true}, nil)
	// The page comes again, to a process that was killed, and to another that is late.
	save(f, &store.Page{Key: "b", Stored: []store.Item{item("3", "three")}}, store.ErrConflict)
	late := *f
	f.Key = "a"
	change := func(id eas.ItemID, to string) store.Change {
		return store.Change{ID: id, Apply: func(old []byte) ([]byte, time.Time, error) {
			return append(append([]byte(nil), old...), to...), now, nil
		}}
	}
	save(f, &store.Page{Key: "b", Changed: []store.Change{change("1", "+"), change("9", "+")}, Gone: []eas.ItemID{"2", "8"}}, nil)
	if diff := cmp.Diff([]string{"1=one+"}, ids(t, s, id)); diff != "" {
		t.Errorf("items (-want +got):\n%s", diff)
	}
	all, err := s.Folders(t.Context(), id)
	if err != nil || all[0].Key != "b" || all[0].Due || all[0].Reading || all[0].Synced.IsZero() {
		t.Errorf("folder %+v, %v", all[0], err)
	}
	// What cannot be applied leaves everything as it was.
	f.Key, f.Reading = "b", false
	broken := errors.New("broken")
	save(f, &store.Page{Key: "c", Stored: []store.Item{item("4", "four")}, Changed: []store.Change{{ID: "1", Apply: func([]byte) ([]byte, time.Time, error) { return nil, now, broken }}}}, broken)
	if diff := cmp.Diff([]string{"1=one+"}, ids(t, s, id)); diff != "" {
		t.Errorf("items after a page that failed (-want +got):\n%s", diff)
	}

	// A new life: what does not come again is gone with the last page, and not before.
	save(f, &store.Page{Key: "c", Stored: []store.Item{item("5", "five"), item("6", "six")}}, nil)
	f.Key = "c"
	if err := s.StartOver(t.Context(), id, f); err != nil {
		t.Fatal(err)
	}
	if err := s.StartOver(t.Context(), id, f); !errors.Is(err, store.ErrConflict) {
		t.Errorf("StartOver twice = %v, want ErrConflict", err)
	}
	late.Key = ""
	save(&late, &store.Page{Key: "z"}, store.ErrConflict) // of the life before
	f.Key, f.Life, f.Reading = "", 2, true
	save(f, &store.Page{Key: "d", Stored: []store.Item{item("5", "FIVE")}, More: true}, nil)
	if n := len(ids(t, s, id)); n != 3 {
		t.Errorf("%d items while the folder is read again, want 3", n)
	}
	f.Key = "d"
	save(f, &store.Page{Key: "e", Stored: []store.Item{item("7", "seven")}}, nil)
	if diff := cmp.Diff([]string{"5=FIVE", "7=seven"}, ids(t, s, id)); diff != "" {
		t.Errorf("items after the folder was read again (-want +got):\n%s", diff)
	}

	// Mail that has left the window: what the server says of it is understood.
	if n, err := s.Age(t.Context(), now.Add(time.Hour), 1); err != nil || n != 1 {
		t.Errorf("Age = %d, %v", n, err)
	}
	if n, err := s.Age(t.Context(), now.Add(time.Hour), 10); err != nil || n != 1 {
		t.Errorf("Age = %d, %v", n, err)
	}
	f.Key, f.Reading = "e", false
	save(f, &store.Page{Key: "f", Changed: []store.Change{change("5", "?")}, Gone: []eas.ItemID{"7"}}, nil)
	rows, err := s.Count(t.Context(), id)
	if n := len(ids(t, s, id)); err != nil || n != 0 || rows.Items != 1 {
		t.Errorf("%d items and %d rows, %v; want the row of 5 without content", n, rows.Items, err)
	}
}

func TestHierarchy(t *testing.T) {
	s := open(t)
	id := mailbox(t, s, "ada")
	f := folder(t, s, id)
	if _, err := s.SavePage(t.Context(), id, f, &store.Page{Key: "a", Stored: []store.Item{{ID: "1", Raw: []byte("x")}}}); err != nil {
		t.Fatal(err)
	}
	if err := s.SaveHierarchy(t.Context(), id, "", &eas.Folders{Key: "2"}, wanted); !errors.Is(err, store.ErrConflict) {
		t.Errorf("SaveHierarchy from an old key = %v, want ErrConflict", err)
	}
	changes := &eas.Folders{Key: "2", Changed: []eas.Folder{{ID: "5", Name: "In", Type: eas.FolderInbox}}, Added: []eas.Folder{{ID: "8", Name: "New", Type: eas.FolderUserMail}}}
	if err := s.SaveHierarchy(t.Context(), id, "1", changes, wanted); err != nil {
		t.Fatal(err)
	}
	all, err := s.Folders(t.Context(), id)
	if err != nil || len(all) != 2 || all[0].Name != "In" || all[0].Key != "a" || all[1].Key != "" {
		t.Errorf("folders %+v, %v", all, err)
	}
	if err := s.SaveHierarchy(t.Context(), id, "2", &eas.Folders{Key: "3", Deleted: []eas.FolderID{"5"}}, wanted); err != nil {
		t.Fatal(err)
	}
	if rows, err := s.Count(t.Context(), id); err != nil || rows.Folders != 1 || rows.Items != 0 {
		t.Errorf("after the folder was deleted: %+v, %v", rows, err)
	}
}

// Work that comes while a job ends is not lost: either the job sees it, or there is another.
func TestRest(t *testing.T) {
	s := open(t)
	jobs := 0
	s.Enqueue = func(context.Context, *sql.Tx, int64, bool) error { jobs++; return nil }
	id := mailbox(t, s, "ada")
	if rested, err := s.Rest(t.Context(), id, nil); err != nil || rested {
		t.Errorf("Rest with a hierarchy that is due = %v, %v", rested, err)
	}
	f := folder(t, s, id)
	if rested, err := s.Rest(t.Context(), id, nil); err != nil || rested {
		t.Errorf("Rest with a folder that is due = %v, %v", rested, err)
	}
	if _, err := s.SavePage(t.Context(), id, f, &store.Page{Key: "a"}); err != nil {
		t.Fatal(err)
	}
	failed := errors.New("the job")
	if rested, err := s.Rest(t.Context(), id, func(*sql.Tx) error { return failed }); !errors.Is(err, failed) || rested {
		t.Errorf("Rest whose job cannot be completed = %v, %v", rested, err)
	}
	if m, err := s.Mailbox(t.Context(), id); err != nil || !m.Due {
		t.Errorf("then the mailbox is %+v, %v", m, err)
	}
	if rested, err := s.Rest(t.Context(), id, nil); err != nil || !rested {
		t.Errorf("Rest = %v, %v", rested, err)
	}
	jobs = 0
	if err := s.MarkDue(t.Context(), id, false, "5"); err != nil || jobs != 1 {
		t.Errorf("MarkDue = %v, %d jobs", err, jobs)
	}
	m, err := s.Mailbox(t.Context(), id)
	if err != nil || !m.Due || m.HierarchyDue {
		t.Errorf("mailbox %+v, %v", m, err)
	}
	// A mailbox that is not active gets no work.
	if _, err := s.Pause(t.Context(), id); err != nil {
		t.Fatal(err)
	}
	if err := s.MarkDue(t.Context(), id, true); !errors.Is(err, store.ErrNotFound) {
		t.Errorf("MarkDue of a paused mailbox = %v", err)
	}
	if rested, err := s.Rest(t.Context(), id, nil); err != nil || !rested {
		t.Errorf("Rest of a paused mailbox = %v, %v", rested, err)
	}
}

// Pulses tell whoever owns a slot what has changed, and every mailbox is in one slot.
func TestPulses(t *testing.T) {
	s := open(t)
	all := map[int64]bool{}
	for i := range 40 {
		all[mailbox(t, s, fmt.Sprintf("user%d", i))] = true
	}
	for _, slots := range []int{1, 3, 64} {
		seen := map[int64]int{}
		for slot := range slots {
			pulses, err := s.Pulses(t.Context(), slot, slots, time.Time{})
			if err != nil {
				t.Fatal(err)
			}
			for _, p := range pulses {
				seen[p.ID]++
				if !p.Active || !p.Due {
					t.Errorf("pulse %+v", p)
				}
			}
		}
		for id := range all {
			if seen[id] != 1 {
				t.Errorf("%d slots: mailbox %d is in %d of them", slots, id, seen[id])
			}
		}
	}
	time.Sleep(5 * time.Millisecond)
	since := time.Now()
	time.Sleep(5 * time.Millisecond)
	var id int64
	for id = range all {
		break
	}
	if _, err := s.Pause(t.Context(), id); err != nil {
		t.Fatal(err)
	}
	pulses, err := s.Pulses(t.Context(), 0, 1, since)
	if err != nil || len(pulses) != 1 || pulses[0].ID != id || pulses[0].Active {
		t.Errorf("pulses since then: %+v, %v; want that of the paused mailbox", pulses, err)
	}
}

func TestOpen(t *testing.T) {
	_, err := store.Open(t.Context(), "postgres://user:s3cret@%zz/x", 0)
	if err == nil {
		t.Fatalf("Open = %v", err)
	}
	if strings.Contains(err.Error(), "s3cret") {
		t.Errorf("the error holds the URL: %v", err)
	}
}

// A pause is noted once, and a removal counts what it removes.
func TestPauseRemove(t *testing.T) {
	s := open(t)
	id := mailbox(t, s, "ada")
	f := folder(t, s, id)
	if _, err := s.SavePage(t.Context(), id, f, &store.Page{Key: "a", Stored: []store.Item{{ID: "1", Raw: []byte("x")}, {ID: "2", Raw: []byte("y")}}}); err != nil {
		t.Fatal(err)
	}
	if err := s.SaveFound(t.Context(), id, []store.Found{{ID: "f", Class: "Email", Raw: []byte("z"), At: time.Now()}}); err != nil {
		t.Fatal(err)
	}
	for i, want := range []bool{true, false} {
		if changed, err := s.Pause(t.Context(), id); err != nil || changed != want {
			t.Errorf("pause %d: %v, %v; want %v", i+1, changed, err, want)
		}
	}
	want := store.Rows{Mailboxes: 1, Folders: 1, Items: 2, Found: 1, Events: 2} // activated and paused
	rows, err := s.Remove(t.Context(), id)
	if diff := cmp.Diff(want, rows); err != nil || diff != "" || rows.Total() != 7 {
		t.Errorf("Remove: %v, total %d (-want +got):\n%s", err, rows.Total(), diff)
	}
	if _, err := s.Remove(t.Context(), id); !errors.Is(err, store.ErrNotFound) {
		t.Errorf("Remove again = %v, want ErrNotFound", err)
	}
	if err := s.SaveFound(t.Context(), id, []store.Found{{ID: "f", Class: "Email", Raw: []byte("z")}}); !errors.Is(err, store.ErrNotFound) {
		t.Errorf("SaveFound of a mailbox that is gone = %v, want ErrNotFound", err)
	}
	if left, err := s.Count(t.Context(), id); err != nil || left.Total() != 0 {
		t.Errorf("left: %+v, %v", left, err)
	}
}
