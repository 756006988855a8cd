package api_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/easoauth/easoauth/eas"
	"github.com/easoauth/easoauth/examples/provision/internal/world"
)

// What a client sees of a mailbox and of its items.
func TestViews(t *testing.T) {
	w := open(t, nil)
	at1 := w.SignIn(ada)
	received, start := time.Now().Add(-time.Hour).UTC().Truncate(time.Second), time.Now().Add(24*time.Hour).UTC().Truncate(time.Hour)
	box := w.Tenant.Mailbox(ada)
	box.Deliver(&eas.Email{From: "bob@contoso.com", Subject: "Three", Received: received})
	box.Put(eas.FolderCalendar, &eas.Event{Subject: "Review", Start: start, End: start.Add(time.Hour)})
	box.Put(eas.FolderContacts, &eas.Contact{FirstName: "Bob", FileAs: "Bob B."})
	id := world.Body[view](t, call(t, w, "POST", "/mailboxes", at1, fmt.Sprintf(`{"endpoint":%q}`, w.Endpoint(ada)), 201).Body).ID
	w.Sync(id)
	if err := w.Engine.Away(t.Context(), id); err != nil {
		t.Fatal(err)
	}
	path := fmt.Sprintf("/mailboxes/%d", id)
	type item struct {
		Class, Subject, From string
		At                   time.Time
		Read                 *bool
		Local                bool
	}
	out := call(t, w, "GET", path+"/items", at1, "", 200)
	if got := out.Header().Get("Cache-Control"); got != "no-store" {
		t.Errorf("Cache-Control is %q", got)
	}
	unread := false
	want := map[string]item{
		"Three":  {"Email", "Three", "bob@contoso.com", received, &unread, true},
		"Review": {"Calendar", "Review", "", start, nil, true},
		"Bob B.": {"Contacts", "Bob B.", "", time.Time{}, nil, true},
	}
	items := world.Body[struct{ Items []item }](t, out.Body).Items
	if len(items) != 5 {
		t.Errorf("%d items, want 5", len(items))
	}
	for _, i := range items {
		if w, ok := want[i.Subject]; ok {
			i.At = i.At.UTC()
			if diff := cmp.Diff(w, i); diff != "" {
				t.Errorf("%s (-want +got):\n%s", i.Subject, diff)
			}
			delete(want, i.Subject)
		}
	}
	if len(want) > 0 {
		t.Errorf("items are missing: %v", want)
	}
	type mailbox struct {
		URL, Endpoint string
		OutOfOffice   *bool
		Expires, Used time.Time
	}
	m := world.Body[mailbox](t, call(t, w, "GET", path, at1, "", 200).Body)
	if m.URL != m.Endpoint || m.OutOfOffice == nil || *m.OutOfOffice || m.Expires.Sub(m.Used) != 30*24*time.Hour {
		t.Errorf("a mailbox in step: %+v", m)
	}
	box.Move()
	if err := w.Store.MarkDue(t.Context(), id, false); err != nil {
		t.Fatal(err)
	}
	w.Sync(id)
	if m := world.Body[mailbox](t, call(t, w, "GET", path, at1, "", 200).Body); m.URL == m.Endpoint || m.Endpoint != w.Tenant.URL().String() {
		t.Errorf("a mailbox that has moved: %+v", m)
	}
}
