package engine_test

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"net/http"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/easoauth/easoauth/eas"
	"github.com/easoauth/easoauth/eas/eastest"
	"github.com/easoauth/easoauth/examples/provision/engine"
	"github.com/easoauth/easoauth/examples/provision/internal/world"
	"github.com/easoauth/easoauth/examples/provision/store"
)

const ada = "ada@contoso.com"

// fill puts something of everything into a mailbox.
func fill(m *eastest.Mailbox, mails int) {
	for i := range mails {
		m.Deliver(&eas.Email{From: "bob@contoso.com", Subject: fmt.Sprintf("Mail %d", i)})
	}
	start := time.Now().Add(time.Hour).Truncate(time.Hour)
	m.Put(eas.FolderCalendar, &eas.Event{Subject: "Review", Start: start, End: start.Add(time.Hour)})
	m.Put(eas.FolderContacts, &eas.Contact{FirstName: "Bob", FileAs: "Bob"})
}

func same(t *testing.T, w *world.World, id int64, box *eastest.Mailbox) {
	t.Helper()
	if diff := cmp.Diff(world.Original(box, w.Tenant.Now()), w.Copy(id)); diff != "" {
		t.Errorf("the copy is not the mailbox (-mailbox +copy):\n%s", diff)
	}
}

// The copy follows all that happens in a mailbox.
func TestSync(t *testing.T) {
	w := world.New(t, nil)
	box := w.Tenant.AddMailbox(ada)
	fill(box, 250)
	id := w.Provision(ada)
	w.Sync(id)
	same(t, w, id, box)
	if n := len(w.Copy(id)); n != 252 {
		t.Fatalf("%d items in the copy, want 252", n)
	}

	box.Deliver(&eas.Email{From: "eve@contoso.com", Subject: "New"})
	box.RemoveItem(eas.FolderInbox, "Mail 7")
	if err := w.Store.MarkDue(t.Context(), id, false); err != nil {
		t.Fatal(err)
	}
	w.Sync(id)
	same(t, w, id, box)

	// The server forgets its keys: nothing is missing meanwhile, and nothing is twice.
	box.ForgetSyncKeys()
	box.RemoveItem(eas.FolderInbox, "Mail 8")
	if err := w.Store.MarkDue(t.Context(), id, false); err != nil {
		t.Fatal(err)
	}
	before := len(w.Copy(id))
	if done, err := w.Engine.Sync(t.Context(), id, 0); err != nil || done {
		t.Fatalf("Sync without time = %v, %v", done, err)
	}
	if n := len(w.Copy(id)); n < before-1 {
		t.Errorf("%d of %d items are left while the mailbox is read again", n, before)
	}
	w.Sync(id)
	same(t, w, id, box)
	folders, err := w.Store.Folders(t.Context(), id)
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range folders {
		if f.Reading || f.Due || f.Life != 2 {
			t.Errorf("folder %s: reading %v, due %v, life %d", f.Name, f.Reading, f.Due, f.Life)
		}
	}
}

// A mailbox that has moved is followed, with tokens for its new place.
func TestMove(t *testing.T) {
	w := world.New(t, nil)
	box := w.Tenant.AddMailbox(ada)
	fill(box, 30)
	id := w.Provision(ada)
	w.Sync(id)
	box.Move()
	box.Deliver(&eas.Email{From: "eve@contoso.com", Subject: "After the move"})
	if err := w.Store.MarkDue(t.Context(), id, false); err != nil {
		t.Fatal(err)
	}
	w.Sync(id)
	same(t, w, id, box)
	m, err := w.Store.Mailbox(t.Context(), id)
	if err != nil {
		t.Fatal(err)
	}
	if m.Moves != 1 || m.URL == m.Endpoint {
		t.Errorf("moved %d times, from %s to %s", m.Moves, m.Endpoint, m.URL)
	}
	// Another process begins at the new place.
	n := len(w.Tenant.Requests())
	w.Engine.Drop(id)
	if err := w.Store.MarkDue(t.Context(), id, false); err != nil {
		t.Fatal(err)
	}
	w.Sync(id)
	for _, r := range w.Tenant.RequestsAfter(n) {
		if r.Status == 451 {
			t.Errorf("another process went to the old place: %v", r)
		}
	}
	// The client may call it by its new name.
	if again := w.Provision(ada); again != id {
		t.Errorf("provisioned at the new endpoint it is mailbox %d, want %d", again, id)
	}
}

// A sign-in that has ended waits for the user, whose copy stays.
func TestSignIn(t *testing.T) {
	w := world.New(t, nil)
	box := w.Tenant.AddMailbox(ada)
	fill(box, 5)
	id := w.Provision(ada)
	w.Sync(id)
	w.Tenant.Revoke(ada)
	w.Tenant.ExpireAccessTokens()
	w.Engine.Drop(id)
	if err := w.Store.MarkDue(t.Context(), id, false); err != nil {
		t.Fatal(err)
	}
	var failure *engine.Failure
	if err := w.TrySync(id); !errors.As(err, &failure) || !failure.Ended {
		t.Fatalf("Sync = %v, want a Failure that has ended", err)
	}
	m, err := w.Store.Mailbox(t.Context(), id)
	if err != nil || m.State != store.SignIn || m.Error == "" || m.Remedy == "" {
		t.Errorf("mailbox %+v, %v", m, err)
	}
	same(t, w, id, box)
	box.Deliver(&eas.Email{From: "bob@contoso.com", Subject: "Meanwhile"})
	if again := w.Provision(ada); again != id {
		t.Errorf("the user came back to mailbox %d, want %d", again, id)
	}
	w.Sync(id)
	same(t, w, id, box)
	kinds := map[string]int{}
	events, err := w.Store.Events(t.Context(), id)
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range events {
		kinds[e.Kind]++
	}
	if diff := cmp.Diff(map[string]int{"activated": 2, "sign-in": 1}, kinds); diff != "" {
		t.Errorf("events (-want +got):\n%s", diff)
	}
}

// The hierarchy is read when it is due or old, and a folder alone otherwise.
func TestFoldersEvery(t *testing.T) {
	w := world.New(t, nil)
	box := w.Tenant.AddMailbox(ada)
	fill(box, 5)
	id := w.Provision(ada)
	w.Sync(id)
	folders, err := w.Store.Folders(t.Context(), id)
	if err != nil {
		t.Fatal(err)
	}
	commands := func() map[string]int {
		t.Helper()
		n := len(w.Tenant.Requests())
		if err := w.Store.MarkDue(t.Context(), id, false, folders[0].ID); err != nil {
			t.Fatal(err)
		}
		w.Sync(id)
		all := map[string]int{}
		for _, r := range w.Tenant.RequestsAfter(n) {
			if r.Command != "" {
				all[r.Command]++
			}
		}
		return all
	}
	if diff := cmp.Diff(map[string]int{"Sync": 1}, commands()); diff != "" {
		t.Errorf("soon after the first (-want +got):\n%s", diff)
	}
	w.Engine.FoldersEvery = time.Nanosecond
	if diff := cmp.Diff(map[string]int{"FolderSync": 1, "Sync": 1}, commands()); diff != "" {
		t.Errorf("when it is old (-want +got):\n%s", diff)
	}
}

// Mail that the server's month has and the window has not is known, and has no content.
func TestWindow(t *testing.T) {
	w := world.New(t, nil)
	w.Engine.Window = 5 * 24 * time.Hour
	box := w.Tenant.AddMailbox(ada)
	now := time.Now()
	box.Deliver(&eas.Email{From: "bob@contoso.com", Subject: "Of today", Received: now.Add(-time.Hour)}, &eas.Email{From: "bob@contoso.com", Subject: "Of last week", Received: now.Add(-7 * 24 * time.Hour)})
	box.Put(eas.FolderContacts, &eas.Contact{FirstName: "Bob", FileAs: "Bob"})
	id := w.Provision(ada)
	w.Sync(id)
	items, err := w.Store.Items(t.Context(), id, "", 0, 9)
	rows, err2 := w.Store.Count(t.Context(), id)
	if err != nil || err2 != nil || len(items) != 2 || rows.Items != 3 {
		t.Fatalf("%d items and %d rows, %v, %v; want 2 and 3", len(items), rows.Items, err, err2)
	}
	if d := now.Sub(items[0].At); d < 59*time.Minute || d > 61*time.Minute || !items[1].At.IsZero() {
		t.Errorf("the mail was received %v ago, want an hour; a contact at %v", d, items[1].At)
	}
}

// What passes by itself is tried again, a little later each time, and says so.
func TestBackoff(t *testing.T) {
	w := world.New(t, nil)
	box := w.Tenant.AddMailbox(ada)
	fill(box, 5)
	id := w.Provision(ada)
	w.Sync(id)
	if err := w.Store.MarkDue(t.Context(), id, false); err != nil {
		t.Fatal(err)
	}
	for i, want := range []time.Duration{time.Second, 2 * time.Second, 4 * time.Second} {
		w.Tenant.Fail("FolderSync", eastest.Failure{Status: 500})
		var failure *engine.Failure
		if err := w.TrySync(id); !errors.As(err, &failure) || failure.Ended || failure.RetryAfter != want {
			t.Fatalf("failure %d: %v, want one to be repeated after %v", i+1, err, want)
		}
		m, err := w.Store.Mailbox(t.Context(), id)
		if err != nil || m.State != store.Active || m.Failures != i+1 || time.Until(m.RetryAt) > want || m.RetryAt.IsZero() {
			t.Errorf("failure %d: mailbox %+v, %v", i+1, m, err)
		}
	}
	w.Tenant.Fail("FolderSync", eastest.Failure{Status: 503, Header: http.Header{"Retry-After": {"90"}}})
	var failure *engine.Failure
	if err := w.TrySync(id); !errors.As(err, &failure) || failure.RetryAfter != 90*time.Second {
		t.Errorf("a server that says when: %v", err)
	}
	w.Sync(id)
	same(t, w, id, box)
	if m, err := w.Store.Mailbox(t.Context(), id); err != nil || m.Failures != 0 || m.Error != "" || !m.RetryAt.IsZero() {
		t.Errorf("afterwards: mailbox %+v, %v", m, err)
	}
}

// A remote wipe erases the copy and the sign-in, and is acknowledged.
func TestWipe(t *testing.T) {
	w := world.New(t, nil)
	box := w.Tenant.AddMailbox(ada)
	fill(box, 5)
	id := w.Provision(ada)
	w.Sync(id)
	box.Wipe(true)
	if err := w.Store.MarkDue(t.Context(), id, false); err != nil {
		t.Fatal(err)
	}
	var failure *engine.Failure
	if err := w.TrySync(id); !errors.As(err, &failure) || !failure.Ended || !errors.Is(err, eas.ErrRemoteWipe) {
		t.Fatalf("Sync = %v, want a remote wipe", err)
	}
	m, err := w.Store.Mailbox(t.Context(), id)
	if err != nil || m.State != store.Wiped {
		t.Errorf("mailbox %+v, %v", m, err)
	}
	signedIn, err := w.Engine.SignedIn(t.Context(), m)
	if n := len(w.Copy(id)); n != 0 || signedIn || err != nil || box.Wiped() != 1 {
		t.Errorf("%d items and signed in %v (%v) after a wipe, which %d devices acknowledged", n, signedIn, err, box.Wiped())
	}
}

// Two processes that work on one mailbox, because one was given up for dead, spoil each other's
// keys at the server and not the copy: each tries again, as the queue would have it.
func TestTwoProcesses(t *testing.T) {
	w := world.New(t, nil)
	box := w.Tenant.AddMailbox(ada)
	fill(box, 350)
	id := w.Provision(ada)
	other := &engine.Engine{Store: w.Store, Tokens: w.Tokens, ClientID: w.Engine.ClientID, Auth: w.Engine.Auth, HTTPClient: w.Engine.HTTPClient}
	done := make(chan error, 2)
	for _, e := range []*engine.Engine{w.Engine, other} {
		go func() {
			for range 100 {
				ok, err := e.Sync(t.Context(), id, time.Minute)
				var failure *engine.Failure
				switch {
				case errors.Is(err, store.ErrConflict), errors.As(err, &failure) && !failure.Ended:
					time.Sleep(rand.N(20 * time.Millisecond))
				case ok || err != nil:
					done <- err
					return
				}
			}
			done <- errors.New("no end after 100 attempts")
		}()
	}
	for range 2 {
		if err := <-done; err != nil {
			t.Error(err)
		}
	}
	w.Sync(id)
	same(t, w, id, box)
}
