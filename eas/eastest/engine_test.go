package eastest_test

import (
	"context"
	"fmt"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/easoauth/easoauth/bearer"
	"github.com/easoauth/easoauth/eas"
	"github.com/easoauth/easoauth/eas/eastest"
)

// keysOf returns the sync keys of an answer by collection, and the subjects that it adds.
func keysOf(a string) (keys map[string]string, subjects []string) {
	keys = map[string]string{}
	for _, part := range strings.Split(a, "<Collection>")[1:] {
		keys[between(part, "<CollectionId>", "</CollectionId>")] = between(part, "<SyncKey>", "</SyncKey>")
	}
	for _, part := range strings.Split(a, "<Subject")[1:] {
		subjects = append(subjects, between(part, ">", "<"))
	}
	return keys, subjects
}

// A request of several collections whose response was lost is answered alike, as often as it
// comes; what changed since comes with the next key.
func TestRepeatedRequest(t *testing.T) {
	s := newStranger(t, eastest.New(t, &eastest.Options{Topology: eastest.Hybrid}), "16.1")
	both := func(a, b, rest string) string {
		return `<Sync xmlns="AirSync"><Collections><Collection><SyncKey>` + a + `</SyncKey><CollectionId>1</CollectionId>` + rest +
			`</Collection><Collection><SyncKey>` + b + `</SyncKey><CollectionId>3</CollectionId></Collection></Collections></Sync>`
	}
	_, _, a := s.post("Sync", both("0", "0", ""))
	keys, _ := keysOf(a)
	first := both(keys["1"], keys["3"], "")
	_, _, a = s.post("Sync", first)
	_, subjects := keysOf(a)
	if diff := cmp.Diff([]string{"one", "two"}, subjects); diff != "" {
		t.Fatalf("the first (-want +got):\n%s", diff)
	}
	for range 3 {
		if _, _, again := s.post("Sync", first); again != a {
			t.Errorf("the first again: %s", again)
		}
	}
	s.tn.Mailbox(ada).Deliver(&eas.Email{Subject: "three"})
	if _, _, again := s.post("Sync", first); again != a {
		t.Errorf("the first again, after a delivery: %s", again)
	}
	// Another request with the key before: what that response brought comes again.
	_, _, b := s.post("Sync", both(keys["1"], keys["3"], `<GetChanges>1</GetChanges>`))
	if _, subjects = keysOf(b); !cmp.Equal(subjects, []string{"one", "two", "three"}) {
		t.Errorf("with the key before: %v", subjects)
	}
	next, _ := keysOf(b)
	if _, _, c := s.post("Sync", both(next["1"], keys["3"], "")); c != "" {
		t.Errorf("nothing new: %s", c)
	}
	if _, _, c := s.post("Sync", syncDoc(`<SyncKey>{nonsense}7</SyncKey><CollectionId>1</CollectionId>`, "")); !strings.Contains(c, "<Status>3</Status>") {
		t.Errorf("a key of nobody's: %s", c)
	}
}

// An item that was added is not added twice by a request whose response was lost, whether it
// comes again as it was or with more.
func TestRepeatedAdd(t *testing.T) {
	s := newStranger(t, eastest.New(t, &eastest.Options{Topology: eastest.Hybrid}), "14.1")
	_, _, a := s.post("Sync", syncDoc(`<SyncKey>0</SyncKey><CollectionId>8</CollectionId>`, ""))
	keys, _ := keysOf(a)
	add := func(id, name string) string {
		return `<Add><ClientId>` + id + `</ClientId><ApplicationData><FileAs xmlns="Contacts">` + name + `</FileAs></ApplicationData></Add>`
	}
	doc := func(cmds string) string {
		return syncDoc(`<SyncKey>`+keys["8"]+`</SyncKey><CollectionId>8</CollectionId><Commands>`+cmds+`</Commands>`, "")
	}
	_, _, first := s.post("Sync", doc(add("c1", "One")))
	if _, _, again := s.post("Sync", doc(add("c1", "One"))); again != first {
		t.Errorf("again: %s", again)
	}
	_, _, more := s.post("Sync", doc(add("c1", "One")+add("c2", "Two")))
	if got := len(s.tn.Mailbox(ada).Items(eas.FolderContacts)); got != 2 {
		t.Errorf("%d contacts: %s", got, more)
	}
	if want := between(first, "<ServerId>", "</ServerId>"); between(more, "<ServerId>", "</ServerId>") != want {
		t.Errorf("the first of them got another id: %s", more)
	}
}

// The window of the whole request bounds what all its collections bring.
func TestWindowOfTheRequest(t *testing.T) {
	tn := eastest.New(t, &eastest.Options{Topology: eastest.Hybrid})
	s := newStranger(t, tn, "14.1")
	tn.Mailbox(ada).Put(eas.FolderNotes, &eas.Note{Subject: "n1"}, &eas.Note{Subject: "n2"})
	both := func(a, b string) string {
		return `<Sync xmlns="AirSync"><Collections><Collection><SyncKey>` + a + `</SyncKey><CollectionId>1</CollectionId></Collection>` +
			`<Collection><SyncKey>` + b + `</SyncKey><CollectionId>9</CollectionId></Collection></Collections><WindowSize>3</WindowSize></Sync>`
	}
	_, _, a := s.post("Sync", both("0", "0"))
	k, _ := keysOf(a)
	_, _, a = s.post("Sync", both(k["1"], k["9"]))
	if got := strings.Count(a, "<Add>"); got != 3 || strings.Count(a, "<MoreAvailable") != 1 {
		t.Errorf("%d: %s", got, a)
	}
}

// Mail and events leave by the filter; a series that goes on stays; a wider filter brings back.
func TestFilters(t *testing.T) {
	tn := eastest.New(t, &eastest.Options{Topology: eastest.Hybrid})
	box := tn.AddMailbox(ada)
	now := tn.Now()
	day := 24 * time.Hour
	box.Deliver(&eas.Email{Subject: "old", Received: now.Add(-40 * day)}, &eas.Email{Subject: "new", Received: now.Add(-day)})
	event := func(subject string, ago time.Duration) *eas.Event {
		return &eas.Event{Subject: subject, Start: now.Add(-ago).Truncate(time.Second), End: now.Add(-ago + time.Hour).Truncate(time.Second)}
	}
	series := event("series", 200*day)
	series.Recurrence = &eas.Recurrence{Type: eas.Daily, Interval: 1}
	box.Put(eas.FolderCalendar, event("past", 40*day), event("coming", -2*day), series)
	c := &eas.Client{URL: tn.URL(), User: ada, Token: bearer.Static(tn.Token(ada)), HTTPClient: tn.Client()}
	folders, err := c.FolderSync(t.Context(), eas.InitialSyncKey)
	if err != nil {
		t.Fatal(err)
	}
	read := func(kind eas.FolderType, key eas.SyncKey, filter eas.Filter) (got []string, next eas.SyncKey) {
		f, _ := folders.Find(kind)
		for p, err := range c.Pages(t.Context(), f.ID, key, &eas.SyncOptions{Filter: filter}) {
			if err != nil {
				t.Fatal(err)
			}
			for _, e := range p.Added {
				switch x := e.Item.(type) {
				case *eas.Email:
					got = append(got, x.Subject)
				case *eas.Event:
					got = append(got, x.Subject)
				}
			}
			for range p.SoftDeleted {
				got = append(got, "gone by the filter")
			}
			next = p.Key
		}
		return got, next
	}
	mail, key := read(eas.FolderInbox, eas.InitialSyncKey, eas.FilterOneMonth)
	if diff := cmp.Diff([]string{"new"}, mail); diff != "" {
		t.Errorf("a month of mail (-want +got):\n%s", diff)
	}
	mail, key = read(eas.FolderInbox, key, eas.FilterAll)
	if diff := cmp.Diff([]string{"old"}, mail); diff != "" {
		t.Errorf("all mail (-want +got):\n%s", diff)
	}
	mail, _ = read(eas.FolderInbox, key, eas.FilterOneMonth)
	if diff := cmp.Diff([]string{"gone by the filter"}, mail); diff != "" {
		t.Errorf("a month again (-want +got):\n%s", diff)
	}
	events, _ := read(eas.FolderCalendar, eas.InitialSyncKey, eas.FilterOneMonth)
	if diff := cmp.Diff([]string{"coming", "series"}, events); diff != "" {
		t.Errorf("a month of events (-want +got):\n%s", diff)
	}
}

// Ping wakes for what the device does not know: additions, changes and deletions by others,
// and not for what its filter hides.
func TestPingWakes(t *testing.T) {
	for name, tt := range map[string]struct {
		do   func(box *eastest.Mailbox, other *eas.Client, in eas.FolderID)
		want bool
	}{
		"a delivery":          {func(box *eastest.Mailbox, _ *eas.Client, _ eas.FolderID) { box.Deliver(&eas.Email{Subject: "new"}) }, true},
		"a deletion":          {func(box *eastest.Mailbox, _ *eas.Client, _ eas.FolderID) { box.RemoveItem(eas.FolderInbox, "one") }, true},
		"a change by another": {func(_ *eastest.Mailbox, other *eas.Client, in eas.FolderID) { markFirst(other, in) }, true},
		"what the filter hides": {func(box *eastest.Mailbox, _ *eas.Client, _ eas.FolderID) {
			box.Deliver(&eas.Email{Subject: "x", Received: time.Unix(0, 0)})
		}, false},
		"nothing": {func(*eastest.Mailbox, *eas.Client, eas.FolderID) {}, false},
		"another folder": {func(box *eastest.Mailbox, _ *eas.Client, _ eas.FolderID) {
			box.Put(eas.FolderNotes, &eas.Note{Subject: "n"})
		}, false},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				tn := eastest.New(t, &eastest.Options{Topology: eastest.Hybrid})
				box := tn.AddMailbox(ada, &eas.Email{Subject: "one"})
				client := func(id string) *eas.Client {
					return &eas.Client{URL: tn.URL(), User: ada, Token: bearer.Static(tn.Token(ada)), HTTPClient: tn.Client(), Device: eas.Device{ID: id, Type: "test"}}
				}
				c := client("a")
				folders, err := c.FolderSync(t.Context(), eas.InitialSyncKey)
				if err != nil {
					t.Fatal(err)
				}
				in, _ := folders.Find(eas.FolderInbox)
				for _, err := range c.Pages(t.Context(), in.ID, eas.InitialSyncKey, &eas.SyncOptions{Filter: eas.FilterOneWeek}) {
					if err != nil {
						t.Fatal(err)
					}
				}
				var result *eas.PingResult
				done := make(chan error)
				go func() {
					var err error
					result, err = c.Ping(t.Context(), []eas.Folder{in}, &eas.PingOptions{Heartbeat: 10 * time.Minute})
					done <- err
				}()
				synctest.Wait()
				began := time.Now()
				tt.do(box, client("b"), in.ID)
				if err := <-done; err != nil {
					t.Fatal(err)
				}
				if got := len(result.Changed) > 0; got != tt.want || got == (time.Since(began) >= 10*time.Minute) {
					t.Errorf("woken %v after %v", got, time.Since(began))
				}
			})
		})
	}
}

func markFirst(c *eas.Client, in eas.FolderID) {
	for p, err := range c.Pages(context.Background(), in, eas.InitialSyncKey, nil) {
		if err != nil {
			panic(err)
		}
		if len(p.Added) > 0 {
			if _, err := c.Apply(context.Background(), in, p.Key, eas.MarkRead(p.Added[0].ID, true)); err != nil {
				panic(err)
			}
			return
		}
	}
}

// Many Pings wait, and one delivery each wakes them. The full size needs EASOAUTH_TEST_FULL.
func TestManyPings(t *testing.T) {
	n := 200
	if full {
		n = 5000
	}
	synctest.Test(t, func(t *testing.T) {
		tn := eastest.New(t, &eastest.Options{Topology: eastest.Hybrid, DevicePolicies: []eastest.DevicePolicy{{None: true}}})
		var all sync.WaitGroup
		woken := make([]bool, n)
		for i := range n {
			addr := fmt.Sprintf("user%d@contoso.com", i)
			tn.AddMailbox(addr)
			c := &eas.Client{URL: tn.URL(), User: addr, Token: bearer.Static(tn.Token(addr)), HTTPClient: tn.Client()}
			all.Go(func() {
				folders, err := c.FolderSync(t.Context(), eas.InitialSyncKey)
				if err != nil {
					t.Error(err)
					return
				}
				in, _ := folders.Find(eas.FolderInbox)
				result, err := c.Ping(t.Context(), []eas.Folder{in}, &eas.PingOptions{Heartbeat: 30 * time.Minute})
				woken[i] = err == nil && len(result.Changed) == 1
			})
		}
		synctest.Wait()
		for _, m := range tn.Mailboxes() {
			m.Deliver(&eas.Email{Subject: "new"})
		}
		all.Wait()
		for i, ok := range woken {
			if !ok {
				t.Fatalf("the %dth was not woken", i)
			}
		}
	})
}

// Mail to an address that does not exist comes back, and mail to others leaves.
func TestDelivery(t *testing.T) {
	tn := eastest.New(t, &eastest.Options{Topology: eastest.Hybrid})
	box := tn.AddMailbox(ada)
	bob := tn.AddMailbox("bob@contoso.com")
	c := &eas.Client{URL: tn.URL(), User: ada, Token: bearer.Static(tn.Token(ada)), HTTPClient: tn.Client()}
	message := "From: ada@contoso.com\r\nTo: bob@contoso.com, nobody@contoso.com, carol@fabrikam.com\r\nSubject: Hello\r\n\r\ntext\r\n"
	if err := c.SendMail(t.Context(), strings.NewReader(message), nil); err != nil {
		t.Fatal(err)
	}
	if got := bob.Messages(eas.FolderInbox); len(got) != 1 || got[0].Subject != "Hello" {
		t.Errorf("bob: %+v", got)
	}
	got := box.Messages(eas.FolderInbox)
	if len(got) != 1 || got[0].Subject != "Undeliverable: Hello" || got[0].MessageClass != "REPORT.IPM.Note.NDR" || !strings.Contains(got[0].Body.Data, "5.1.10") {
		t.Errorf("the report: %+v", got)
	}
	if out := tn.Outgoing(); len(out) != 1 || out[0].Subject != "Hello" {
		t.Errorf("outgoing: %+v", out)
	}
}

// What a change up to 14.1 leaves out is removed, unless the device said that it does not
// manage it.
func TestGhosting(t *testing.T) {
	for name, tt := range map[string]struct {
		supported string
		want      string // of the phone number that the change leaves out
	}{
		"nothing said": {"", ""},
		"managed":      {`<Supported><FileAs xmlns="Contacts"/><MobilePhoneNumber xmlns="Contacts"/></Supported>`, ""},
		"not managed":  {`<Supported><FileAs xmlns="Contacts"/></Supported>`, "123"},
		"none of them": {`<Supported/>`, "123"},
	} {
		t.Run(name, func(t *testing.T) {
			s := newStranger(t, eastest.New(t, &eastest.Options{Topology: eastest.Hybrid}), "14.1")
			s.tn.Mailbox(ada).Put(eas.FolderContacts, &eas.Contact{FileAs: "One", MobilePhone: "123"})
			_, _, a := s.post("Sync", syncDoc(`<SyncKey>0</SyncKey><CollectionId>8</CollectionId>`+tt.supported, ""))
			keys, _ := keysOf(a)
			_, _, a = s.post("Sync", syncDoc(`<SyncKey>`+keys["8"]+`</SyncKey><CollectionId>8</CollectionId>`, ""))
			keys, _ = keysOf(a)
			id := between(a, "<ServerId>", "</ServerId>")
			_, _, a = s.post("Sync", syncDoc(`<SyncKey>`+keys["8"]+`</SyncKey><CollectionId>8</CollectionId><Commands><Change><ServerId>`+id+
				`</ServerId><ApplicationData><FileAs xmlns="Contacts">Two</FileAs></ApplicationData></Change></Commands>`, ""))
			got := s.tn.Mailbox(ada).Items(eas.FolderContacts)[0].(*eas.Contact)
			if got.FileAs != "Two" || got.MobilePhone != tt.want {
				t.Errorf("%+v, want %q; %s", got, tt.want, a)
			}
		})
	}
}

// What is put into a calendar is what a device gets, in either version: the server's own
// properties, and who has answered what, included.
func TestPutEvent(t *testing.T) {
	tn := eastest.New(t, &eastest.Options{Topology: eastest.Hybrid})
	box := tn.AddMailbox(ada)
	start := time.Date(2026, 12, 1, 9, 0, 0, 0, time.UTC)
	busy := eas.BusyBusy
	want := &eas.Event{
		Subject: "Review", Start: start, End: start.Add(time.Hour), UID: "0123ABCD", Stamp: start.Add(-time.Hour), Busy: &busy,
		Organizer: eas.Person{Name: "Bob", Email: "bob@contoso.com"}, Status: eas.MeetingReceived, Response: eas.ResponseAccepted,
		Replied: start.Add(-30 * time.Minute), Attendees: []eas.Attendee{{Name: "Ada", Email: ada, Response: eas.ResponseAccepted, Type: eas.AttendeeRequired}},
	}
	box.Put(eas.FolderCalendar, want)
	for _, version := range []eas.Version{eas.Version141, eas.Version161} {
		c := &eas.Client{URL: tn.URL(), User: ada, Token: bearer.Static(tn.Token(ada)), HTTPClient: tn.Client(), Versions: []eas.Version{version}}
		folders, err := c.FolderSync(t.Context(), eas.InitialSyncKey)
		if err != nil {
			t.Fatal(err)
		}
		f, _ := folders.Find(eas.FolderCalendar)
		for p, err := range c.Pages(t.Context(), f.ID, eas.InitialSyncKey, nil) {
			if err != nil {
				t.Fatal(err)
			}
			for _, e := range p.Added {
				got := e.Item.(*eas.Event)
				if got.UID != want.UID || !got.Stamp.Equal(want.Stamp) || got.Organizer != want.Organizer || got.Response != want.Response ||
					!got.Replied.Equal(want.Replied) || len(got.Attendees) != 1 || got.Attendees[0].Response != eas.ResponseAccepted {
					t.Errorf("%s: %+v", version, got)
				}
			}
		}
	}
}

// Who accepts an invitation has the meeting in the calendar, and its organizer hears of it.
func TestMeetingAnswer(t *testing.T) {
	tn := eastest.New(t, &eastest.Options{Topology: eastest.Hybrid})
	box, bob := tn.AddMailbox(ada), tn.AddMailbox("bob@contoso.com")
	start := time.Date(2026, 12, 1, 9, 0, 0, 0, time.UTC)
	bob.Put(eas.FolderCalendar, &eas.Event{Subject: "Review", Start: start, End: start.Add(time.Hour), UID: "0123ABCD", Status: eas.MeetingOrganized,
		Attendees: []eas.Attendee{{Name: "Ada", Email: ada, Type: eas.AttendeeRequired}}})
	box.Deliver(&eas.Email{From: "bob@contoso.com", Subject: "Review", MessageClass: "IPM.Schedule.Meeting.Request",
		Meeting: &eas.MeetingRequest{Start: start, End: start.Add(time.Hour), UID: "0123ABCD", Organizer: "Bob <bob@contoso.com>"}})
	s := &stranger{t: t, tn: tn, version: "16.1", key: "0", token: tn.Token(ada).AccessToken}
	s.device2()
	_, _, a := s.post2("Sync", syncDoc(`<SyncKey>0</SyncKey><CollectionId>1</CollectionId>`, ""))
	_, _, a = s.post2("Sync", syncDoc(`<SyncKey>`+between(a, "<SyncKey>", "</SyncKey>")+`</SyncKey><CollectionId>1</CollectionId>`, ""))
	_, _, a = s.post2("MeetingResponse", `<MeetingResponse xmlns="MeetingResponse"><Request><UserResponse>1</UserResponse><CollectionId>1</CollectionId><RequestId>`+
		between(a, "<ServerId>", "</ServerId>")+`</RequestId></Request></MeetingResponse>`)
	got := box.Items(eas.FolderCalendar)
	if len(got) != 1 {
		t.Fatalf("%d events: %s", len(got), a)
	}
	e := got[0].(*eas.Event)
	if e.UID != "0123ABCD" || e.Organizer.Email != "bob@contoso.com" || e.Response != eas.ResponseAccepted || !e.Start.Equal(start) {
		t.Errorf("the event: %+v", e)
	}
	if o := bob.Items(eas.FolderCalendar)[0].(*eas.Event); o.Attendees[0].Response != eas.ResponseAccepted {
		t.Errorf("the organizer's: %+v", o.Attendees)
	}
}

// A message is taken apart: its text, its attachments, and an invitation, which can be answered.
func TestSentParts(t *testing.T) {
	tn := eastest.New(t, &eastest.Options{Topology: eastest.Hybrid})
	tn.AddMailbox(ada)
	bob := tn.AddMailbox("bob@contoso.com")
	c := &eas.Client{URL: tn.URL(), User: ada, Token: bearer.Static(tn.Token(ada)), HTTPClient: tn.Client()}
	send := func(lines ...string) eas.Email {
		t.Helper()
		message := "From: ada@contoso.com\r\nTo: bob@contoso.com\r\nSubject: Parts\r\nMIME-Version: 1.0\r\n" + strings.Join(lines, "\r\n") + "\r\n"
		if err := c.SendMail(t.Context(), strings.NewReader(message), nil); err != nil {
			t.Fatal(err)
		}
		all := bob.Messages(eas.FolderInbox)
		return all[len(all)-1]
	}
	got := send("Content-Type: multipart/mixed; boundary=b", "", "--b", "Content-Type: multipart/alternative; boundary=c", "", "--c",
		"Content-Type: text/plain; charset=utf-8", "Content-Transfer-Encoding: quoted-printable", "", "caf=C3=A9", "--c",
		"Content-Type: text/html", "", "<p>caf\u00e9</p>", "--c--", "--b", "Content-Type: text/plain; name=a.txt",
		"Content-Disposition: attachment; filename=a.txt", "Content-Transfer-Encoding: base64", "", "aGVsbG8=", "--b--")
	if got.Body.Type != eas.BodyHTML || got.Body.Data != "<p>caf\u00e9</p>" || len(got.Attachments) != 1 || string(got.Attachments[0].Content) != "hello" || got.Attachments[0].Name != "a.txt" {
		t.Errorf("%+v", got)
	}
	got = send("Content-Type: text/calendar; method=REQUEST", "", "BEGIN:VCALENDAR", "METHOD:REQUEST", "BEGIN:VEVENT", "UID:0123", " ABCD",
		"DTSTART;TZID=Europe/Berlin:20261201T100000", "DTEND:20261201T100000Z", "ORGANIZER;CN=Ada:MAILTO:ada@contoso.com", "END:VEVENT", "END:VCALENDAR")
	m := got.Meeting
	if m == nil || got.MessageClass != "IPM.Schedule.Meeting.Request" || m.UID != "0123ABCD" || m.Organizer != "ada@contoso.com" ||
		!m.Start.Equal(time.Date(2026, 12, 1, 9, 0, 0, 0, time.UTC)) || !m.End.Equal(time.Date(2026, 12, 1, 10, 0, 0, 0, time.UTC)) {
		t.Errorf("%+v %+v", got, m)
	}
	if got = send("Content-Type: multipart/mixed; boundary=b", "", "no parts"); got.Body.Data != "" {
		t.Errorf("a broken message: %+v", got)
	}
}

// A draft is written, changed and sent by Sync, from 16.0 on.
func TestDrafts(t *testing.T) {
	tn := eastest.New(t, &eastest.Options{Topology: eastest.Hybrid})
	box, bob := tn.AddMailbox(ada), tn.AddMailbox("bob@contoso.com")
	c := &eas.Client{URL: tn.URL(), User: ada, Token: bearer.Static(tn.Token(ada)), HTTPClient: tn.Client()}
	folders, err := c.FolderSync(t.Context(), eas.InitialSyncKey)
	if err != nil {
		t.Fatal(err)
	}
	f, _ := folders.Find(eas.FolderDrafts)
	key := eas.SyncKey(eas.InitialSyncKey)
	for p, err := range c.Pages(t.Context(), f.ID, key, nil) {
		if err != nil {
			t.Fatal(err)
		}
		key = p.Key
	}
	apply := func(edits ...eas.Edit) *eas.Applied {
		t.Helper()
		a, err := c.Apply(t.Context(), f.ID, key, edits...)
		if err != nil {
			t.Fatal(err)
		}
		key = a.Key
		for _, r := range a.Results {
			if r.Err != nil {
				t.Fatalf("%+v", r)
			}
		}
		return a
	}
	first := &eas.Email{Draft: true, To: "bob@contoso.com", Subject: "One", Body: &eas.Body{Type: eas.BodyPlain, Data: "text"}}
	a := apply(eas.Add("draft1", first))
	if got := box.Messages(eas.FolderDrafts); len(got) != 1 || !got[0].Draft || got[0].Subject != "One" || got[0].Body.Data != "text" {
		t.Fatalf("%+v", got)
	}
	second := *first
	second.Subject = "Two"
	id := a.Results[0].ID
	apply(eas.Update(id, first, &second))
	apply(eas.SendDraft(id, nil, nil))
	if got := box.Messages(eas.FolderDrafts); len(got) != 0 {
		t.Errorf("drafts: %+v", got)
	}
	for kind, m := range map[eas.FolderType]*eastest.Mailbox{eas.FolderSentItems: box, eas.FolderInbox: bob} {
		if got := m.Messages(kind); len(got) != 1 || got[0].Subject != "Two" || got[0].Draft {
			t.Errorf("%v: %+v", kind, got)
		}
	}
}

// Who is asked about is as free as the calendar says.
func TestFreeBusy(t *testing.T) {
	tn := eastest.New(t, &eastest.Options{Topology: eastest.Hybrid})
	tn.AddMailbox(ada)
	bob := tn.AddMailbox("bob@contoso.com")
	start := time.Date(2026, 12, 1, 9, 0, 0, 0, time.UTC)
	event := func(at time.Duration, long time.Duration, b eas.BusyStatus) *eas.Event {
		return &eas.Event{Subject: "x", Start: start.Add(at), End: start.Add(at + long), Busy: &b}
	}
	bob.Put(eas.FolderCalendar, event(30*time.Minute, time.Hour, eas.BusyBusy), event(time.Hour, time.Hour, eas.BusyTentative), event(3*time.Hour, time.Hour, eas.BusyFree))
	s := &stranger{t: t, tn: tn, version: "16.1", key: "0", token: tn.Token(ada).AccessToken}
	s.device2()
	_, _, a := s.post2("ResolveRecipients", `<ResolveRecipients xmlns="ResolveRecipients"><To>bob@contoso.com</To><Options><Availability><StartTime>2026-12-01T09:00:00.000Z</StartTime><EndTime>2026-12-01T12:30:00.000Z</EndTime></Availability></Options></ResolveRecipients>`)
	if got := between(a, "<MergedFreeBusy>", "</MergedFreeBusy>"); got != "0221000" {
		t.Errorf("%q: %s", got, a)
	}
}

// BenchmarkMailbox is what one mail costs, delivered, synchronized and marked as read, in
// mailboxes of different sizes: ns/mail must not grow with them.
func BenchmarkMailbox(b *testing.B) {
	for _, n := range []int{1000, 10_000, 100_000} {
		b.Run(fmt.Sprint(n), func(b *testing.B) {
			for b.Loop() {
				tn := eastest.New(nil, &eastest.Options{Topology: eastest.Hybrid, DevicePolicies: []eastest.DevicePolicy{{None: true}}, MaxRequests: 10})
				box := tn.AddMailbox(ada)
				for i := range n {
					box.Deliver(&eas.Email{Subject: fmt.Sprint("mail ", i)})
				}
				c := &eas.Client{URL: tn.URL(), User: ada, Token: bearer.Static(tn.Token(ada)), HTTPClient: tn.Client()}
				folders, err := c.FolderSync(b.Context(), eas.InitialSyncKey)
				if err != nil {
					b.Fatal(err)
				}
				in, _ := folders.Find(eas.FolderInbox)
				got := 0
				var ids []eas.ItemID
				key := eas.SyncKey(eas.InitialSyncKey)
				for p, err := range c.Pages(b.Context(), in.ID, key, nil) {
					if err != nil {
						b.Fatal(err)
					}
					got, key = got+len(p.Added), p.Key
					for _, e := range p.Added {
						ids = append(ids, e.ID)
					}
				}
				for len(ids) > 0 {
					var edits []eas.Edit
					for _, id := range ids[:min(100, len(ids))] {
						edits = append(edits, eas.MarkRead(id, true))
					}
					ids = ids[len(edits):]
					p, err := c.Apply(b.Context(), in.ID, key, edits...)
					if err != nil {
						b.Fatal(err)
					}
					key = p.Key
				}
				if got != n {
					b.Fatalf("%d of %d", got, n)
				}
				tn.Close()
			}
			b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/float64(n), "ns/mail")
		})
	}
}
