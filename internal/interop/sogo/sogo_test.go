// Package sogo synchronizes with a real SOGo: mail that Dovecot has, delivered by LMTP and
// seen through IMAP by another client.
package sogo

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/emersion/go-imap"
	"github.com/emersion/go-imap/client"

	"github.com/easoauth/easoauth/eas"
	"github.com/easoauth/easoauth/internal/interop/servers"
)

var stack struct {
	*servers.Site
	mail *servers.Mail
}

// TestSOGo starts the servers once for all that is to be seen of them.
func TestSOGo(t *testing.T) {
	users := []string{"ada", "bob", "eve", "dan"}
	stack.mail = servers.Dovecot(t, users...)
	stack.Site = servers.Gateway(t, servers.SOGo(t, stack.mail, users...), users...)
	for _, v := range []eas.Version{eas.Version121, eas.Version140, eas.Version141} {
		t.Run("mail "+string(v), func(t *testing.T) { mailRoundTrip(t, v) })
	}
	t.Run("send and ping", sendAndPing)
	t.Run("calendar and contacts", calendarAndContacts)
	t.Run("attachments", attachments)
	t.Run("moves and searches", movesAndSearches)
	t.Run("meeting", meeting)
	t.Run("stale key", staleKey)
	t.Run("settings", settings)
	t.Run("throughput", throughput)
}

func message(subject, text string) string {
	return fmt.Sprintf("From: Sender <sender@%s>\r\nTo: somebody@%s\r\nSubject: %s\r\nMessage-ID: <%d@%s>\r\nDate: %s\r\nMIME-Version: 1.0\r\nContent-Type: text/plain; charset=utf-8\r\n\r\n%s\r\n",
		servers.Domain, servers.Domain, subject, time.Now().UnixNano(), servers.Domain, time.Now().Format(time.RFC1123Z), text)
}

func deliver(t *testing.T, user, text string) {
	t.Helper()
	if err := stack.mail.Deliver(user, text); err != nil {
		t.Fatal(err)
	}
}

// imapOf is another client of the same mailbox.
func imapOf(t *testing.T, user, folder string) *client.Client {
	t.Helper()
	c, err := client.Dial(fmt.Sprintf("127.0.0.1:%d", stack.mail.IMAP))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = c.Logout() })
	if err := c.Login(user, "secret-"+user); err != nil {
		t.Fatal(err)
	}
	if _, err := c.Select(folder, false); err != nil {
		t.Fatal(err)
	}
	return c
}

// flags returns the flags of the mails of a folder, by subject.
func flags(t *testing.T, user, folder string) map[string]string {
	t.Helper()
	c := imapOf(t, user, folder)
	box := c.Mailbox()
	out := map[string]string{}
	if box.Messages == 0 {
		return out
	}
	set := new(imap.SeqSet)
	set.AddRange(1, box.Messages)
	ch := make(chan *imap.Message, box.Messages)
	if err := c.Fetch(set, []imap.FetchItem{imap.FetchEnvelope, imap.FetchFlags}, ch); err != nil {
		t.Fatal(err)
	}
	for m := range ch {
		f := strings.Join(m.Flags, " ")
		if strings.Contains(f, `\Deleted`) {
			continue // gone, and not yet expunged
		}
		out[m.Envelope.Subject] = f
	}
	return out
}

type box struct {
	*eas.Client
	folders *eas.Folders
}

func open(t *testing.T, user string, versions ...eas.Version) *box {
	t.Helper()
	if versions == nil {
		versions = []eas.Version{eas.Version141}
	}
	c := stack.Mailbox(t, user, versions...)
	folders, err := c.FolderSync(t.Context(), eas.InitialSyncKey)
	if err != nil {
		t.Fatal(err)
	}
	return &box{c, folders}
}

func (b *box) folder(t *testing.T, f eas.FolderType) eas.Folder {
	t.Helper()
	x, ok := b.folders.Find(f)
	if !ok {
		t.Fatalf("no folder of type %v in %v", f, b.folders.Added)
	}
	return x
}

// read brings a folder up to date from key and returns what came.
func (b *box) read(t *testing.T, f eas.FolderID, key eas.SyncKey, o *eas.SyncOptions) (eas.SyncKey, []*eas.Page) {
	t.Helper()
	var pages []*eas.Page
	for page, err := range b.Pages(t.Context(), f, key, o) {
		if err != nil {
			t.Fatal(err)
		}
		for _, e := range append(page.Added, page.Changed...) {
			if e.Err != nil {
				t.Errorf("item %s: %v", e.ID, e.Err)
			}
		}
		pages, key = append(pages, page), page.Key
	}
	return key, pages
}

func added(pages []*eas.Page) (all []eas.Entry) {
	for _, p := range pages {
		all = append(all, p.Added...)
	}
	return all
}

func find(t *testing.T, all []eas.Entry, subject string) eas.Entry {
	t.Helper()
	for _, e := range all {
		if m, ok := e.Item.(*eas.Email); ok && m.Subject == subject {
			return e
		}
	}
	t.Fatalf("no mail %q among %d", subject, len(all))
	return eas.Entry{}
}

// mailRoundTrip sees delivered mail, marks and deletes it, and compares with what IMAP shows.
func mailRoundTrip(t *testing.T, v eas.Version) {
	subject := "Hällo " + string(v)
	deliver(t, "ada", message("=?utf-8?q?H=C3=A4llo_"+string(v)+"?=", "Text äöü"))
	deliver(t, "ada", message("to go "+string(v), "x"))
	b := open(t, "ada", v)
	if got := b.State().Version; got != v {
		t.Fatalf("version %s, want %s", got, v)
	}
	inbox := b.folder(t, eas.FolderInbox)
	key, pages := b.read(t, inbox.ID, eas.InitialSyncKey, nil)
	one, gone := find(t, added(pages), subject), find(t, added(pages), "to go "+string(v))
	if m := one.Item.(*eas.Email); m.Body == nil || !strings.Contains(m.Body.Data, "Text äöü") || m.Read == nil || *m.Read || !strings.Contains(m.From, "sender@") {
		t.Errorf("mail %+v", m)
	}
	page, err := b.Apply(t.Context(), inbox.ID, key, eas.MarkRead(one.ID, true), eas.SetFlag(one.ID, eas.Flag{Status: eas.FlagActive, Type: "for Follow up"}), eas.Delete(gone.ID))
	if err != nil {
		t.Fatal(err)
	}
	for _, r := range page.Results {
		if r.Err != nil {
			t.Errorf("result %+v", r)
		}
	}
	seen := flags(t, "ada", "INBOX")
	if f := seen[subject]; !strings.Contains(f, `\Seen`) || !strings.Contains(f, `\Flagged`) {
		t.Errorf("IMAP shows flags %q", f)
	}
	if _, ok := seen["to go "+string(v)]; ok {
		t.Error("IMAP still shows the mail that was deleted")
	}
	if _, ok := flags(t, "ada", "Trash")["to go "+string(v)]; !ok {
		t.Error("IMAP does not show the mail that was deleted in the Trash")
	}
	// And back: what another client does comes with the next Sync.
	c := imapOf(t, "ada", "INBOX")
	ids, err := c.Search(&imap.SearchCriteria{Header: map[string][]string{"Subject": {string(v)}}})
	if err != nil || len(ids) == 0 {
		t.Fatalf("search: %v, %v", ids, err)
	}
	set := new(imap.SeqSet)
	set.AddNum(ids...)
	if err := c.Store(set, imap.FormatFlagsOp(imap.RemoveFlags, true), []interface{}{imap.SeenFlag}, nil); err != nil {
		t.Fatal(err)
	}
	_, pages = b.read(t, inbox.ID, page.Key, nil)
	unread := false
	for _, p := range pages {
		for _, e := range p.Changed {
			if m, ok := e.Item.(*eas.Email); ok && e.ID == one.ID && m.Read != nil && !*m.Read {
				unread = true
			}
		}
	}
	if !unread {
		t.Errorf("the change of another client did not come: %+v", pages)
	}
}

// sendAndPing sends a mail to another user, whose Ping it ends.
func sendAndPing(t *testing.T) {
	bob := open(t, "bob")
	inbox := bob.folder(t, eas.FolderInbox)
	key, _ := bob.read(t, inbox.ID, eas.InitialSyncKey, nil)
	type result struct {
		*eas.PingResult
		error
	}
	// SOGo may tell at once of what the Sync has brought.
	pinged := make(chan result, 1)
	go func() {
		for {
			p, err := bob.Ping(t.Context(), []eas.Folder{inbox}, &eas.PingOptions{Heartbeat: time.Minute})
			if err == nil && len(p.Changed) > 0 {
				if page, syncErr := bob.Sync(t.Context(), inbox.ID, key, nil); syncErr == nil && len(page.Added) == 0 {
					key = page.Key
					continue
				}
			}
			pinged <- result{p, err}
			return
		}
	}()
	time.Sleep(time.Second)
	ada := open(t, "ada")
	text := fmt.Sprintf("From: ada@%s\r\nTo: bob@%s\r\nSubject: From ada\r\nMIME-Version: 1.0\r\nContent-Type: text/plain\r\n\r\nHello Bob\r\n", servers.Domain, servers.Domain)
	if err := ada.SendMail(t.Context(), strings.NewReader(text), nil); err != nil {
		t.Fatal(err)
	}
	select {
	case r := <-pinged:
		if r.error != nil || len(r.Changed) != 1 || r.Changed[0] != inbox.ID {
			t.Errorf("Ping = %+v, %v", r.PingResult, r.error)
		}
	case <-time.After(time.Minute):
		t.Error("the Ping was not ended by the delivery")
	}
	if _, ok := flags(t, "bob", "INBOX")["From ada"]; !ok {
		t.Error("the mail is not in the other mailbox")
	}
	if _, ok := flags(t, "ada", "Sent")["From ada"]; !ok {
		t.Error("no copy in Sent")
	}
	// An answer with the original behind it.
	_, pages := bob.read(t, inbox.ID, eas.InitialSyncKey, nil)
	source := find(t, added(pages), "From ada")
	reply := fmt.Sprintf("From: bob@%s\r\nTo: ada@%s\r\nSubject: Re: From ada\r\nMIME-Version: 1.0\r\nContent-Type: text/plain\r\n\r\nThanks\r\n", servers.Domain, servers.Domain)
	if err := bob.SmartReply(t.Context(), eas.MailSource{Folder: inbox.ID, Item: source.ID}, strings.NewReader(reply), nil); err != nil {
		t.Fatal(err)
	}
	_, pages = ada.read(t, ada.folder(t, eas.FolderInbox).ID, eas.InitialSyncKey, nil)
	if m := find(t, added(pages), "Re: From ada").Item.(*eas.Email); !strings.Contains(m.Body.Data, "Thanks") {
		t.Errorf("the answer is %q", m.Body.Data)
	}
}

func calendarAndContacts(t *testing.T) {
	b := open(t, "eve")
	ctx := t.Context()
	start := time.Date(2026, 11, 30, 9, 0, 0, 0, time.UTC)
	calendar, contacts := b.folder(t, eas.FolderCalendar), b.folder(t, eas.FolderContacts)
	oc := &eas.SyncOptions{Class: eas.ClassCalendar}
	key, _ := b.read(t, calendar.ID, eas.InitialSyncKey, oc)
	busy := eas.BusyBusy
	event := &eas.Event{Subject: "Stand-up", Start: start, End: start.Add(30 * time.Minute), Busy: &busy, UID: "interop-event-1", Stamp: start,
		Zone: eas.NewTimeZone(time.UTC, 2026), Place: eas.Place{Name: "Room 1"},
		Recurrence: &eas.Recurrence{Type: eas.Weekly, Interval: 1, Days: eas.Monday, Occurrences: 5}}
	page, err := b.Apply(ctx, calendar.ID, key, eas.Add("event1", event))
	if err != nil {
		t.Fatal(err)
	}
	if len(page.Results) != 1 || page.Results[0].Err != nil || page.Results[0].ID == "" {
		t.Fatalf("results %+v", page.Results)
	}
	other := open(t, "eve")
	_, pages := other.read(t, calendar.ID, eas.InitialSyncKey, oc)
	found := false
	for _, e := range added(pages) {
		if x, ok := e.Item.(*eas.Event); ok && x.Subject == "Stand-up" {
			found = true
			if !x.Start.Equal(start) || !x.End.Equal(start.Add(30*time.Minute)) || x.Recurrence == nil || x.Recurrence.Type != eas.Weekly || x.Place.Name != "Room 1" {
				t.Errorf("the event came back as %+v (recurrence %+v)", x, x.Recurrence)
			}
		}
	}
	if !found {
		t.Errorf("another device does not see the event: %+v", added(pages))
	}
	oo := &eas.SyncOptions{Class: eas.ClassContacts}
	key, _ = b.read(t, contacts.ID, eas.InitialSyncKey, oo)
	page, err = b.Apply(ctx, contacts.ID, key, eas.Add("contact1", &eas.Contact{FirstName: "Grace", LastName: "Hopper", FileAs: "Hopper, Grace",
		Emails: [3]string{"grace@contoso.test"}, MobilePhone: "123"}))
	if err != nil {
		t.Fatal(err)
	}
	if len(page.Results) != 1 || page.Results[0].Err != nil {
		t.Fatalf("results %+v", page.Results)
	}
	_, pages = other.read(t, contacts.ID, eas.InitialSyncKey, oo)
	found = false
	for _, e := range added(pages) {
		if x, ok := e.Item.(*eas.Contact); ok && x.LastName == "Hopper" {
			found = x.FirstName == "Grace" && strings.Contains(x.Emails[0], "grace@contoso.test") && x.MobilePhone == "123"
			if !found {
				t.Errorf("the contact came back as %+v", x)
			}
		}
	}
	if !found {
		t.Error("another device does not see the contact")
	}
}

func attachments(t *testing.T) {
	content := strings.Repeat("0123456789abcdef", 8000)
	deliver(t, "bob", fmt.Sprintf("From: sender@%s\r\nTo: bob@%s\r\nSubject: With a file\r\nDate: %s\r\nMIME-Version: 1.0\r\nContent-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\nContent-Type: text/plain\r\n\r\nSee it\r\n--b\r\nContent-Type: text/plain; name=\"a.txt\"\r\nContent-Disposition: attachment; filename=\"a.txt\"\r\n\r\n%s\r\n--b--\r\n",
		servers.Domain, servers.Domain, time.Now().Format(time.RFC1123Z), content))
	b := open(t, "bob")
	inbox := b.folder(t, eas.FolderInbox)
	_, pages := b.read(t, inbox.ID, eas.InitialSyncKey, nil)
	e := find(t, added(pages), "With a file")
	m := e.Item.(*eas.Email)
	if len(m.Attachments) != 1 || m.Attachments[0].Name != "a.txt" {
		t.Fatalf("attachments %+v", m.Attachments)
	}
	var w bytes.Buffer
	c, err := b.FetchAttachment(t.Context(), m.Attachments[0].Reference, &w, nil)
	if err != nil {
		t.Fatal(err)
	}
	if strings.TrimSpace(w.String()) != content {
		t.Errorf("%d bytes, %+v", w.Len(), c)
	}
	w.Reset()
	if _, err := b.FetchMessage(t.Context(), inbox.ID, e.ID, &w, nil); err != nil || !strings.Contains(w.String(), "Subject: With a file") || !strings.Contains(w.String(), "0123456789abcdef") {
		t.Errorf("message of %d bytes, %v", w.Len(), err)
	}
	if got, err := b.FetchItem(t.Context(), inbox.ID, e.ID, nil); err != nil || got.Err != nil || got.Item.(*eas.Email).Subject != "With a file" {
		t.Errorf("FetchItem = %+v, %v", got, err)
	}
}

func movesAndSearches(t *testing.T) {
	ctx := t.Context()
	deliver(t, "eve", message("To be moved", "needle in a haystack"))
	b := open(t, "eve")
	inbox := b.folder(t, eas.FolderInbox)
	_, pages := b.read(t, inbox.ID, eas.InitialSyncKey, nil)
	e := find(t, added(pages), "To be moved")
	f, key, err := b.FolderCreate(ctx, b.folders.Key, "0", "Archive", eas.FolderUserMail)
	if err != nil {
		t.Fatal(err)
	}
	moves, err := b.MoveItems(ctx, eas.Move{Item: e.ID, From: inbox.ID, To: f.ID})
	if err != nil {
		t.Fatal(err)
	}
	if moves[0].Err != nil {
		t.Errorf("move: %v", moves[0].Err)
	}
	if _, ok := flags(t, "eve", "Archive")["To be moved"]; !ok {
		t.Error("IMAP does not show the mail where it was moved to")
	}
	if r, err := b.Search(ctx, eas.Query{Text: "moved", Folders: []eas.FolderID{f.ID}}, nil); err != nil {
		t.Errorf("Search: %v", err)
	} else if len(r.Items) != 1 {
		t.Logf("Search found %d of 1", len(r.Items))
	}
	if r, err := b.SearchPeople(ctx, "bob", nil); err != nil || len(r.People) != 1 || r.People[0].Email != "bob@"+servers.Domain {
		t.Errorf("SearchPeople = %+v, %v", r, err)
	}
	// SOGo resolves nobody but for their availability.
	start := time.Now().Truncate(time.Hour)
	who, err := b.ResolveRecipients(ctx, []string{"bob@" + servers.Domain}, &eas.ResolveOptions{Start: start, End: start.Add(3 * time.Hour)})
	if err != nil || len(who) != 1 || len(who[0].Recipients) != 1 || len(who[0].Recipients[0].Slots) < 6 {
		t.Errorf("ResolveRecipients = %+v, %v, want at least six half hours of bob's", who, err)
	}
	f.Name = "Old"
	if key, err = b.FolderUpdate(ctx, key, f); err != nil {
		t.Fatal(err)
	}
	if _, ok := flags(t, "eve", "Old")["To be moved"]; !ok {
		t.Error("IMAP does not show the folder under its new name")
	}
	folders, err := b.FolderSync(ctx, eas.InitialSyncKey)
	if err != nil {
		t.Fatal(err)
	}
	for _, x := range folders.Added {
		if x.Name == "Old" {
			f, key = x, folders.Key
		}
	}
	if _, err := b.FolderDelete(ctx, key, f.ID); err != nil {
		t.Errorf("FolderDelete: %v", err)
	}
}

// meeting answers an invitation that came by mail.
func meeting(t *testing.T) {
	start := time.Now().Add(48 * time.Hour).UTC().Truncate(time.Hour)
	ics := strings.Join([]string{"BEGIN:VCALENDAR", "PRODID:-//interop//EN", "VERSION:2.0", "METHOD:REQUEST", "BEGIN:VEVENT", "UID:interop-meeting-1",
		"DTSTAMP:" + start.Format("20060102T150405Z"), "DTSTART:" + start.Format("20060102T150405Z"), "DTEND:" + start.Add(time.Hour).Format("20060102T150405Z"),
		"SUMMARY:Design review", "ORGANIZER;CN=Ada:mailto:ada@" + servers.Domain, "ATTENDEE;CN=Bob;PARTSTAT=NEEDS-ACTION;RSVP=TRUE:mailto:bob@" + servers.Domain,
		"SEQUENCE:0", "STATUS:CONFIRMED", "END:VEVENT", "END:VCALENDAR", ""}, "\r\n")
	deliver(t, "bob", fmt.Sprintf("From: ada@%s\r\nTo: bob@%s\r\nSubject: Design review\r\nDate: %s\r\nMIME-Version: 1.0\r\nContent-Type: multipart/alternative; boundary=b\r\n\r\n--b\r\nContent-Type: text/plain\r\n\r\nCome\r\n--b\r\nContent-Type: text/calendar; method=REQUEST; charset=utf-8\r\n\r\n%s\r\n--b--\r\n",
		servers.Domain, servers.Domain, time.Now().Format(time.RFC1123Z), ics))
	b := open(t, "bob")
	inbox, calendar := b.folder(t, eas.FolderInbox), b.folder(t, eas.FolderCalendar)
	_, pages := b.read(t, inbox.ID, eas.InitialSyncKey, nil)
	e := find(t, added(pages), "Design review")
	m := e.Item.(*eas.Email)
	if m.Meeting == nil || !m.Meeting.Start.Equal(start) {
		t.Fatalf("the invitation is %+v of class %s", m.Meeting, m.MessageClass)
	}
	r, err := b.MeetingResponse(t.Context(), eas.MeetingAnswer{Folder: inbox.ID, Item: e.ID, Response: eas.ResponseAccepted})
	if err != nil {
		t.Fatal(err)
	}
	if r[0].Err != nil {
		t.Fatal(r[0].Err)
	}
	_, pages = b.read(t, calendar.ID, eas.InitialSyncKey, &eas.SyncOptions{Class: eas.ClassCalendar})
	for _, x := range added(pages) {
		if ev, ok := x.Item.(*eas.Event); ok && ev.Subject == "Design review" && ev.Start.Equal(start) {
			return
		}
	}
	t.Errorf("the meeting is not in the calendar: %+v", added(pages))
}

// staleKey sees what SOGo makes of a key that it does not know: HTTP status 501 or 500.
func staleKey(t *testing.T) {
	b := open(t, "ada")
	deliver(t, "ada", message("Still there", "text"))
	inbox := b.folder(t, eas.FolderInbox)
	_, err := b.Sync(t.Context(), inbox.ID, "999999999", nil)
	var e *eas.Error
	if err != nil && !errors.As(err, &e) {
		t.Fatalf("Sync = %v, want an *eas.Error or nothing", err)
	}
	t.Logf("Sync with an unknown key: %v", err)
	if r, err := b.Resync(t.Context(), inbox.ID, []eas.ItemID{"gone"}, &eas.SyncOptions{BodyLimit: eas.NoBody}); err != nil || len(r.Gone) != 1 || len(r.Items) == 0 {
		t.Errorf("Resync = %+v, %v", r, err)
	}
}

func settings(t *testing.T) {
	b := open(t, "ada")
	if u, err := b.UserInformation(t.Context()); err != nil || len(u.Addresses) == 0 || u.Addresses[0] != "ada@"+servers.Domain {
		t.Errorf("UserInformation = %+v, %v", u, err)
	}
	// Without Sieve it has no out-of-office messages and says so by leaving them out.
	if _, err := b.OutOfOffice(t.Context(), eas.BodyPlain); !errors.Is(err, eas.ErrUnexpectedContent) {
		t.Errorf("OutOfOffice = %v, want ErrUnexpectedContent", err)
	}
}

// throughput synchronizes a mailbox of 5,000 mails, which are put there as files.
func throughput(t *testing.T) {
	const mails = 5000
	b := open(t, "dan") // makes the mailbox
	if err := stack.mail.Fill("dan", mails, message("Bulk", strings.Repeat("text ", 200))); err != nil {
		t.Fatal(err)
	}
	inbox := b.folder(t, eas.FolderInbox)
	begin := time.Now()
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Minute)
	defer cancel()
	n, bytes := 0, 0
	for page, err := range b.Pages(ctx, inbox.ID, eas.InitialSyncKey, &eas.SyncOptions{Window: eas.MaxWindow}) {
		if err != nil {
			t.Fatal(err)
		}
		n += len(page.Added)
		for _, e := range page.Added {
			bytes += len(e.Raw)
		}
	}
	took := time.Since(begin)
	if n != mails {
		t.Errorf("%d mails, want %d", n, mails)
	}
	t.Logf("%d mails, %.1f MB, in %v: %.0f mails a second", n, float64(bytes)/1e6, took.Round(time.Millisecond), float64(n)/took.Seconds())
}
