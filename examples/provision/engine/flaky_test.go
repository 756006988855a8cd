package engine_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/easoauth/easoauth/eas"
	"github.com/easoauth/easoauth/eas/eastest"
	"github.com/easoauth/easoauth/examples/provision/engine"
	"github.com/easoauth/easoauth/examples/provision/internal/world"
	"github.com/easoauth/easoauth/examples/provision/store"
)

// A deed is what the engine does with a mailbox.
type deed struct {
	before func(w *world.World, box *eastest.Mailbox, id int64) // what happens meanwhile
	do     func(ctx context.Context, w *world.World, id int64) error
}

var deeds = map[string]deed{
	"sync": {nil, func(ctx context.Context, w *world.World, id int64) error {
		_, err := w.Engine.Sync(ctx, id, time.Minute)
		return err
	}},
	"sync from the start": {func(_ *world.World, box *eastest.Mailbox, _ int64) { box.ForgetSyncKeys() }, func(ctx context.Context, w *world.World, id int64) error {
		_, err := w.Engine.Sync(ctx, id, time.Minute)
		return err
	}},
	"sync after a move": {func(_ *world.World, box *eastest.Mailbox, _ int64) { box.Move() }, func(ctx context.Context, w *world.World, id int64) error {
		_, err := w.Engine.Sync(ctx, id, time.Minute)
		return err
	}},
	"sync by another process": {func(w *world.World, _ *eastest.Mailbox, id int64) { w.Engine.Drop(id) }, func(ctx context.Context, w *world.World, id int64) error {
		_, err := w.Engine.Sync(ctx, id, time.Minute)
		return err
	}},
	"wait": {func(w *world.World, box *eastest.Mailbox, id int64) {
		w.Sync(id)
		box.Deliver(&eas.Email{From: "bob@contoso.com", Subject: "News"})
	}, func(ctx context.Context, w *world.World, id int64) error {
		return w.Engine.Wait(ctx, id, &eas.WatchOptions{MinHeartbeat: time.Minute, MaxHeartbeat: time.Minute})
	}},
	"away":  {nil, func(ctx context.Context, w *world.World, id int64) error { return w.Engine.Away(ctx, id) }},
	"renew": {func(w *world.World, _ *eastest.Mailbox, id int64) { w.Engine.Drop(id) }, func(ctx context.Context, w *world.World, id int64) error { return w.Engine.Renew(ctx, id) }},
	"search": {nil, func(ctx context.Context, w *world.World, id int64) error {
		m, err := w.Store.Mailbox(ctx, id)
		if err != nil {
			return err
		}
		_, remote, err := w.Engine.Search(ctx, m, "mail", 10)
		return errors.Join(err, remote)
	}},
}

// renew replaces the mail of the last round by another.
func renew(box *eastest.Mailbox, n int) {
	if n > 1 {
		box.RemoveItem(eas.FolderInbox, fmt.Sprintf("News %d", n-1))
	}
	box.Deliver(&eas.Email{From: "bob@contoso.com", Subject: fmt.Sprintf("News %d", n)})
}

func inboxOf(t *testing.T, w *world.World, id int64) eas.FolderID {
	t.Helper()
	folders, err := w.Store.Folders(t.Context(), id)
	if err != nil || len(folders) == 0 || folders[0].Type != eas.FolderInbox {
		t.Fatalf("folders %+v, %v", folders, err)
	}
	return folders[0].ID
}

// Whichever statement fails of what the engine does, it says so, and the next attempt brings the
// copy into step.
func TestEachStatementFails(t *testing.T) {
	for name, d := range deeds {
		t.Run(name, func(t *testing.T) {
			fl := new(world.Flaky)
			s := fl.Store()
			defer s.Close()
			w := world.NewWith(t, nil, s)
			box := w.Tenant.AddMailbox(ada)
			fill(box, 2)
			id := w.Provision(ada)
			w.Sync(id)
			inbox := inboxOf(t, w, id)
			for n := 1; ; n++ {
				renew(box, n)
				if err := s.MarkDue(t.Context(), id, true, inbox); err != nil {
					t.Fatal(err)
				}
				if d.before != nil {
					d.before(w, box, id)
				}
				fl.Fail(n)
				err := d.do(t.Context(), w, id)
				if !fl.Failed() {
					if err != nil || n == 1 {
						t.Errorf("without a failure: %v", err)
					}
					break
				}
				if !errors.Is(err, world.ErrFlaky) {
					t.Errorf("statement %d fails: %v, want %v", n, err, world.ErrFlaky)
				}
				if name == "wait" {
					if err := s.MarkDue(t.Context(), id, true, inbox); err != nil {
						t.Fatal(err)
					}
				}
				w.Engine.Drop(id) // a source of tokens waits a second after a failure
				w.Sync(id)
				same(t, w, id, box)
			}
		})
	}
}

// Whichever request to the server fails, the mailbox says so, and the next attempt brings the
// copy into step.
func TestEachRequestFails(t *testing.T) {
	for _, name := range []string{"sync", "sync from the start", "sync after a move", "away"} {
		d := deeds[name]
		t.Run(name, func(t *testing.T) {
			w := world.New(t, nil)
			box := w.Tenant.AddMailbox(ada)
			fill(box, 2)
			id := w.Provision(ada)
			w.Sync(id)
			inbox := inboxOf(t, w, id)
			for n := 1; ; n++ {
				renew(box, n)
				if err := w.Store.MarkDue(t.Context(), id, true, inbox); err != nil {
					t.Fatal(err)
				}
				if d.before != nil {
					d.before(w, box, id)
				}
				seen := len(w.Tenant.Requests())
				w.Tenant.Fail("Microsoft-Server-ActiveSync", eastest.Failure{Status: 500, From: n, Optional: true})
				err := d.do(t.Context(), w, id)
				failed := ""
				for _, r := range w.Tenant.RequestsAfter(seen) {
					if r.Status == 500 {
						failed = r.Command
					}
				}
				m, err2 := w.Store.Mailbox(t.Context(), id)
				if err2 != nil {
					t.Fatal(err2)
				}
				switch {
				case failed == "" && err == nil && n > 1:
					return
				case failed == "GetItemEstimate" || failed == "Settings" && name != "away": // which are not needed
				case err == nil || name != "away" && (m.Error == "" || m.RetryAt.IsZero()):
					t.Errorf("request %d (%s) fails: %v, error %q, retry at %v", n, failed, err, m.Error, m.RetryAt)
				}
				w.Sync(id)
				same(t, w, id, box)
			}
		})
	}
}

// A mailbox that is not active is left alone, and so is one that has work when it is to be waited
// for.
func TestNotActive(t *testing.T) {
	w := world.New(t, nil)
	box := w.Tenant.AddMailbox(ada)
	fill(box, 2)
	id := w.Provision(ada)
	ctx := t.Context()
	if err := w.Engine.Wait(ctx, id, nil); err != nil {
		t.Errorf("Wait with work that is due: %v", err)
	}
	w.Sync(id)
	if _, err := w.Store.Pause(ctx, id); err != nil {
		t.Fatal(err)
	}
	n := len(w.Tenant.Requests())
	done, err := w.Engine.Sync(ctx, id, time.Minute)
	for what, err := range map[string]error{"Sync": err, "Wait": w.Engine.Wait(ctx, id, nil), "Away": w.Engine.Away(ctx, id)} {
		if err != nil || !done {
			t.Errorf("%s of a paused mailbox: %v, %v", what, done, err)
		}
	}
	m, err := w.Store.Mailbox(ctx, id)
	if err != nil {
		t.Fatal(err)
	}
	hits, remote, err := w.Engine.Search(ctx, m, "mail 1", 10)
	if err != nil || remote != nil || len(hits) != 1 || hits[0].Folder == "" {
		t.Errorf("Search in a paused mailbox: %+v, %v, %v", hits, remote, err)
	}
	for _, r := range w.Tenant.RequestsAfter(n) {
		t.Errorf("a request for a paused mailbox: %v", r)
	}
	for what, err := range map[string]error{"Wait": w.Engine.Wait(ctx, 99, nil), "Away": w.Engine.Away(ctx, 99), "Renew": w.Engine.Renew(ctx, 99)} {
		if !errors.Is(err, store.ErrNotFound) {
			t.Errorf("%s of a mailbox that is not there: %v", what, err)
		}
	}
	if _, err := w.Engine.Sync(ctx, 99, 0); !errors.Is(err, store.ErrNotFound) {
		t.Errorf("Sync of a mailbox that is not there: %v", err)
	}
	ended, cancel := context.WithCancel(ctx)
	cancel()
	if _, err := w.Store.Activate(ctx, id); err != nil {
		t.Fatal(err)
	}
	var failure *engine.Failure
	if _, err := w.Engine.Sync(ended, id, 0); err == nil || errors.As(err, &failure) {
		t.Errorf("Sync at the end of the process: %v, want an error that says nothing of the mailbox", err)
	}
}

// What a process has learned is another process's as well: it sends no more than is needed.
func TestLearned(t *testing.T) {
	w := world.New(t, nil)
	var renewed, stored int
	observed := map[string]int{}
	w.Engine.Renewed = func(int64, time.Time) { renewed++ }
	w.Engine.Stored = func(_ eas.Class, n int) { stored += n }
	w.Engine.Observe = func(o eas.Observation) { observed[o.Command]++ }
	box := w.Tenant.AddMailbox(ada)
	fill(box, 3)
	id := w.Provision(ada)
	w.Sync(id)
	if stored != 5 || renewed != 0 || observed["Provision"] != 2 || observed["FolderSync"] == 0 || observed["GetItemEstimate"] == 0 {
		t.Errorf("%d items stored, %d renewals, commands %v", stored, renewed, observed)
	}
	m, err := w.Store.Mailbox(t.Context(), id)
	if err != nil || m.Client.PolicyKey == "" || m.Device == "" {
		t.Fatalf("client %+v, device %q, %v", m.Client, m.Device, err)
	}
	for _, r := range w.Tenant.Requests() {
		if id := r.Query.Get("DeviceId"); id != "" && id != m.Device {
			t.Errorf("the device is %q: %v", id, r)
		}
	}
	// Another process sends a Sync, and neither Provision nor OPTIONS nor a request for a token.
	other := &engine.Engine{Store: w.Store, Tokens: w.Tokens, ClientID: w.Engine.ClientID, Auth: w.Engine.Auth, HTTPClient: w.Engine.HTTPClient}
	folders, err := w.Store.Folders(t.Context(), id)
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range folders {
		if f.Type == eas.FolderInbox && f.Total != 3 {
			t.Errorf("%d items are expected in the Inbox, want 3", f.Total)
		}
	}
	if err := w.Store.MarkDue(t.Context(), id, false, folders[0].ID); err != nil {
		t.Fatal(err)
	}
	n := len(w.Tenant.Requests())
	if done, err := other.Sync(t.Context(), id, time.Minute); err != nil || !done {
		t.Fatal(done, err)
	}
	if rested, err := w.Store.Rest(t.Context(), id, nil); err != nil || !rested {
		t.Fatal(rested, err)
	}
	var sent []string
	for _, r := range w.Tenant.RequestsAfter(n) {
		sent = append(sent, strings.TrimSpace(r.Command+" "+r.Form.Get("grant_type")))
	}
	if diff := cmp.Diff([]string{"Sync"}, sent); diff != "" {
		t.Errorf("what another process sends (-want +got):\n%s", diff)
	}
	// A renewal is reported.
	w.Tenant.ExpireAccessTokens()
	w.Engine.Drop(id)
	if err := w.Store.MarkDue(t.Context(), id, false, folders[0].ID); err != nil {
		t.Fatal(err)
	}
	w.Sync(id)
	if renewed != 1 {
		t.Errorf("%d renewals are reported, want 1", renewed)
	}
}

// Endpoints are those of the domain of the address and of Microsoft's cloud, and what the operator
// has listed.
func TestJudge(t *testing.T) {
	e := &engine.Engine{Hosts: []string{"mail.fabrikam.com"}}
	for endpoint, ok := range map[string]bool{
		"https://mail.contoso.com/x": true, "https://outlook.office365.com/x": true, "https://mail.fabrikam.com/x": true, "https://MAIL.fabrikam.com/x": true,
		"https://mail.example.org/x": false, "http://mail.contoso.com/x": false, "https://10.0.0.1/x": false, "http://mail.fabrikam.com/x": false,
	} {
		u, err := url.Parse(endpoint)
		if err != nil {
			t.Fatal(err)
		}
		err = e.Judge(u, ada)
		if (err == nil) != ok || err != nil && (!errors.Is(err, engine.ErrEndpoint) || !strings.Contains(err.Error(), u.Host)) {
			t.Errorf("%s: %v, want it allowed: %v", endpoint, err, ok)
		}
		var refused *engine.EndpointError
		if errors.As(err, &refused) && (refused.Remedy == "" || strings.Contains(refused.Remedy, "-allow-host") != (u.Host == "mail.example.org")) {
			t.Errorf("%s: the remedy is %q", endpoint, refused.Remedy)
		}
	}
	if _, _, err := e.Configure(t.Context(), "t", &url.URL{Scheme: "https", Host: "mail.example.org"}, ada); !errors.Is(err, engine.ErrEndpoint) {
		t.Errorf("Configure of a foreign endpoint: %v", err)
	}
}

// A search finds all words, in the copy and beyond, and no more than asked for.
func TestSearch(t *testing.T) {
	w := world.New(t, nil)
	box := w.Tenant.AddMailbox(ada)
	box.Deliver(&eas.Email{From: "bob@contoso.com", Subject: "Budget of this year", Body: &eas.Body{Type: eas.BodyPlain, Data: "numbers"}},
		&eas.Email{From: "carol@contoso.com", Subject: "Budget"}, &eas.Email{From: "bob@contoso.com", Subject: "Old budget", Received: time.Now().Add(-100 * 24 * time.Hour)})
	start := time.Now().Add(time.Hour).Truncate(time.Hour)
	box.Put(eas.FolderCalendar, &eas.Event{Subject: "Budget meeting", Start: start, End: start.Add(time.Hour)})
	box.Put(eas.FolderContacts, &eas.Contact{FirstName: "Bob", LastName: "Budget", FileAs: "Bob Budget"})
	id := w.Provision(ada)
	w.Sync(id)
	m, err := w.Store.Mailbox(t.Context(), id)
	if err != nil {
		t.Fatal(err)
	}
	for _, tt := range []struct {
		text  string
		limit int
		want  int
	}{
		{"budget", 100, 5}, {"BUDGET", 3, 3}, {"budget bob", 100, 3}, {"budget year", 100, 1}, {"numbers", 100, 1}, {"meeting", 100, 1}, {"budget nothing", 100, 0}, {" ", 100, 0},
	} {
		hits, remote, err := w.Engine.Search(t.Context(), m, tt.text, tt.limit)
		if err != nil || remote != nil || len(hits) != tt.want {
			t.Errorf("%q: %d hits, %v, %v; want %d", tt.text, len(hits), remote, err, tt.want)
		}
		local := 0
		for _, h := range hits {
			if h.Folder != "" {
				local++
			}
		}
		if tt.text == "budget" && local != 4 {
			t.Errorf("%d of the hits are in the copy, want 4", local)
		}
	}
	// Nothing is searched at the server for a mailbox that it does not let in.
	w.Tenant.Fail("Search", eastest.Failure{Status: http.StatusForbidden, Times: 9, Optional: true})
	hits, remote, err := w.Engine.Search(t.Context(), m, "old budget", 100)
	if err != nil || remote == nil || len(hits) != 1 {
		t.Errorf("while the server refuses: %d hits, %v, %v; want what it found before", len(hits), remote, err)
	}
}
