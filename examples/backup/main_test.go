package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/emersion/go-message/mail"
	"github.com/google/go-cmp/cmp"

	"github.com/easoauth/easoauth/eas"
	"github.com/easoauth/easoauth/eas/eastest"
	"github.com/easoauth/easoauth/examples/internal/account"
	"github.com/easoauth/easoauth/examples/internal/programtest"
	"github.com/easoauth/easoauth/token"
)

func TestMain(m *testing.M) { programtest.Main(m, main) }

func TestProcess(t *testing.T) {
	begin := time.Now()
	out, errs, code := programtest.Start(t, "", nil)
	if code != 0 || errs != "" || time.Since(begin) > 20*time.Second {
		t.Fatalf("exit code %d after %v\n%s%s", code, time.Since(begin), out, errs)
	}
	// Nine folders hold items; no OPTIONS, no Provision, no hierarchy from its beginning.
	for _, want := range []string{"Inbox: 40 copied", "Inbox: 20 copied", "Inbox: 1 copied, 1 removed", "\n10 commands\n", "60 .eml, 2 .ics, 1 .vcf, 1 .txt, 1 in removed"} {
		if !strings.Contains(out, want) {
			t.Errorf("the output lacks %q:\n%s", want, out)
		}
	}
	for _, tt := range []struct{ args, want string }{{"-email a@contoso.com -client-id x", "-out is missing"}, {"-out x", "-email is missing"}, {"-out x -email a@contoso.com -client-id x y", "unexpected argument"}} {
		if out, errs, code := programtest.Start(t, "", nil, strings.Fields(tt.args)...); code != account.Misused || out != "" || !strings.Contains(errs, "backup: "+tt.want) {
			t.Errorf("%s: exit code %d\n%s%s", tt.args, code, out, errs)
		}
	}
}

// A stand is a mailbox and a folder for its backup.
type stand struct {
	tn  *eastest.Tenant
	box *eastest.Mailbox
	dir string
	log bytes.Buffer
	out []copied
}

func newStand(t *testing.T) *stand {
	t.Helper()
	tn := eastest.New(t, nil)
	s := &stand{tn: tn, box: tn.AddMailbox(ada), dir: t.TempDir()}
	for i := range 3 {
		s.box.Deliver(&eas.Email{From: "bob@contoso.com", Subject: fmt.Sprintf("Mail %d", i), Received: at("2026-03-02 09:00"), Body: &eas.Body{Data: "text"},
			Attachments: []eas.Attachment{{Name: "a.txt", Content: []byte("content")}}})
	}
	fill(s.box)
	return s
}

// run makes a backup with a client of its own.
func (s *stand) run(t *testing.T, ctx context.Context) error {
	t.Helper()
	client, err := account.OpenEmbedded(t.Context(), s.tn, ada)
	if err != nil {
		t.Fatal(err)
	}
	return s.backup(ctx, client)
}

func (s *stand) backup(ctx context.Context, client *eas.Client) error {
	s.out = nil
	return backup(ctx, client, s.dir, func(v fmt.Stringer) error {
		s.out = append(s.out, v.(copied))
		return nil
	}, &s.log)
}

var anyTag = regexp.MustCompile(` \[[0-9a-f]{16}\]`)

// files returns the files of a backup with their contents, without tags.
func files(t *testing.T, dir string) map[string]string {
	t.Helper()
	out := map[string]string{}
	err := filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if d.Name() == stateDir {
			return fs.SkipDir
		}
		if d.IsDir() {
			return nil
		}
		text, err := os.ReadFile(path)
		name, _ := filepath.Rel(dir, path)
		name = anyTag.ReplaceAllString(filepath.ToSlash(name), "")
		if _, ok := out[name]; ok {
			t.Errorf("%s is there twice", name)
		}
		out[name] = string(text)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return out
}

func names(t *testing.T, dir string) []string {
	t.Helper()
	var out []string
	for name := range files(t, dir) {
		out = append(out, name)
	}
	slices.Sort(out)
	return out
}

// TestFollow follows what happens in a mailbox.
func TestFollow(t *testing.T) {
	s := newStand(t)
	s.box.Put(eas.FolderDrafts, &eas.Email{Subject: "Draft", Draft: true, Body: &eas.Body{Data: "x"}})
	folder := s.box.AddFolder("a/../b", eas.FolderUserMail)
	if err := s.run(t, t.Context()); err != nil {
		t.Fatal(err)
	}
	want := []string{
		"Calendar/2026-03-02 0800 Review.ics", "Contacts/Bob Baker.vcf", "Drafts/Draft.eml", "Inbox/2026-03-02 0900 Mail 0.eml", "Inbox/2026-03-02 0900 Mail 1.eml",
		"Inbox/2026-03-02 0900 Mail 2.eml", "Notes/Milk.txt", "Tasks/Write the minutes.ics",
	}
	got := names(t, s.dir)
	got[2] = "Drafts/Draft.eml" // it has the time at which it was put there
	if diff := cmp.Diff(want, got); diff != "" {
		t.Fatalf("files (-want +got):\n%s", diff)
	}
	text := files(t, s.dir)["Inbox/2026-03-02 0900 Mail 1.eml"]
	r, err := mail.CreateReader(strings.NewReader(text))
	if err != nil {
		t.Fatal(err)
	}
	parts := 0
	for p, err := r.NextPart(); err != io.EOF; p, err = r.NextPart() {
		if err != nil {
			t.Fatal(err)
		}
		if h, ok := p.Header.(*mail.AttachmentHeader); ok {
			parts++
			if name, err := h.Filename(); err != nil || name != "a.txt" {
				t.Errorf("attachment %q, %v", name, err)
			}
		}
	}
	if subject, err := r.Header.Subject(); err != nil || subject != "Mail 1" || parts != 1 {
		t.Errorf("the mail %q, %v, has %d attachments", subject, err, parts)
	}

	// What changes, by the hand of another client.
	client, err := account.OpenEmbedded(t.Context(), s.tn, ada)
	if err != nil {
		t.Fatal(err)
	}
	folders, err := client.FolderSync(t.Context(), eas.InitialSyncKey)
	if err != nil {
		t.Fatal(err)
	}
	edit := func(kind eas.FolderType, change func(eas.Entry) eas.Edit) {
		t.Helper()
		f, _ := folders.Find(kind)
		for page, err := range client.Pages(t.Context(), f.ID, eas.InitialSyncKey, &eas.SyncOptions{Class: kind.Class()}) {
			if err != nil {
				t.Fatal(err)
			}
			if len(page.Added) == 0 {
				continue
			}
			e := page.Added[0]
			applied, err := client.Apply(t.Context(), f.ID, page.Key, change(e))
			if err == nil {
				err = applied.Err()
			}
			if err != nil {
				t.Fatal(err)
			}
			return
		}
	}
	edit(eas.FolderCalendar, func(e eas.Entry) eas.Edit {
		after := *e.Item.(*eas.Event)
		after.Subject = "Retrospective"
		return eas.Update(e.ID, e.Item, &after)
	})
	edit(eas.FolderContacts, func(e eas.Entry) eas.Edit {
		after := *e.Item.(*eas.Contact)
		after.JobTitle = "Analyst"
		return eas.Update(e.ID, e.Item, &after)
	})
	edit(eas.FolderDrafts, func(e eas.Entry) eas.Edit {
		after := *e.Item.(*eas.Email)
		after.Subject = "Better draft"
		return eas.Update(e.ID, e.Item, &after)
	})
	edit(eas.FolderInbox, func(e eas.Entry) eas.Edit { return eas.MarkRead(e.ID, true) })
	edit(eas.FolderNotes, func(e eas.Entry) eas.Edit { return eas.Delete(e.ID) })
	if _, err := client.FolderUpdate(t.Context(), folders.Key, eas.Folder{ID: folder.ID, Name: "Projects", Parent: "0"}); err != nil {
		t.Fatal(err)
	}
	s.box.RemoveItem(eas.FolderInbox, "Mail 1")
	before := len(s.tn.Requests())
	if err := s.run(t, t.Context()); err != nil {
		t.Fatal(err)
	}
	fetched := 0
	for _, r := range s.tn.RequestsAfter(before) {
		if r.Command == "ItemOperations" {
			fetched++
		}
	}
	if fetched != 4 { // the event, the contact, and the draft and its text
		t.Errorf("%d items were fetched, want 4", fetched)
	}
	now := files(t, s.dir)
	for _, name := range []string{"Calendar/2026-03-02 0800 Retrospective.ics", "Inbox/2026-03-02 0900 Mail 0.eml", "removed/Inbox/2026-03-02 0900 Mail 1.eml", "removed/Notes/Milk.txt"} {
		if now[name] == "" {
			t.Errorf("%s is missing among %q", name, names(t, s.dir))
		}
	}
	if len(now) != 8 || !strings.Contains(now["Contacts/Bob Baker.vcf"], "Analyst") || now["Calendar/2026-03-02 0800 Review.ics"] != "" {
		t.Errorf("there are %q", names(t, s.dir))
	}
	if dirs, _ := filepath.Glob(filepath.Join(s.dir, "Projects *")); len(dirs) != 1 {
		t.Errorf("the folder that was renamed has the folders %q", dirs)
	}
	if drafts, _ := filepath.Glob(filepath.Join(s.dir, "Drafts *", "*Better draft *.eml")); len(drafts) != 1 {
		t.Errorf("the draft is not the new one: %q", names(t, s.dir))
	}

	// A folder that is gone, and a server that has lost track and has one mail less.
	s.box.RemoveFolder(folder.ID)
	s.box.RemoveItem(eas.FolderInbox, "Mail 2")
	s.box.ForgetSyncKeys()
	if err := s.run(t, t.Context()); err != nil {
		t.Fatal(err)
	}
	for _, c := range s.out {
		if c.Folder == "Inbox" && c != (copied{Folder: "Inbox", Removed: 1}) {
			t.Errorf("a mail that is there is fetched again: %v", c)
		}
	}
	if now := files(t, s.dir); now["removed/Inbox/2026-03-02 0900 Mail 2.eml"] == "" || len(now) != 8 {
		t.Errorf("there are %q", names(t, s.dir))
	}
	if dirs, _ := filepath.Glob(filepath.Join(s.dir, "Projects *")); len(dirs) != 0 {
		t.Errorf("the folder that is gone has the folders %q", dirs)
	}
}

// TestCut ends a run at each request that it makes. The next run completes the backup.
func TestCut(t *testing.T) {
	s := newStand(t)
	if err := s.run(t, t.Context()); err != nil {
		t.Fatal(err)
	}
	want := files(t, s.dir)
	cut := &cutter{base: s.tn.Client().Transport}
	client, err := account.OpenEmbedded(t.Context(), s.tn, ada)
	if err != nil {
		t.Fatal(err)
	}
	client.HTTPClient = &http.Client{Transport: cut}
	for n := 1; ; n += 1 + n/8 {
		s.dir = t.TempDir()
		ctx, cancel := context.WithCancel(t.Context())
		cut.cancel, cut.left = cancel, n
		err := s.backup(ctx, client)
		whole := cut.left > 0
		cut.left = 1 << 30
		cancel()
		if whole {
			if err != nil {
				t.Fatal(err)
			}
			if n < 20 {
				t.Errorf("a run makes only %d requests", n)
			}
			break
		}
		if err == nil {
			t.Fatalf("request %d was cut, and the run says nothing", n)
		}
		if err := s.backup(t.Context(), client); err != nil {
			t.Fatalf("after request %d: %v", n, err)
		}
		if diff := cmp.Diff(want, files(t, s.dir)); diff != "" {
			t.Fatalf("after request %d the files differ (-want +got):\n%s", n, diff)
		}
	}
}

// A cutter ends a context with a request.
type cutter struct {
	base   http.RoundTripper
	cancel context.CancelFunc
	left   int
}

func (c *cutter) RoundTrip(req *http.Request) (*http.Response, error) {
	if c.left--; c.left == 0 {
		c.cancel()
		return nil, context.Canceled
	}
	return c.base.RoundTrip(req)
}

// TestPages ends a run in the third page of a folder: the next one begins with that page.
func TestPages(t *testing.T) {
	tn := eastest.New(t, nil)
	s := &stand{tn: tn, box: tn.AddMailbox(ada), dir: t.TempDir()}
	for i := range 130 {
		s.box.Deliver(&eas.Email{Subject: fmt.Sprintf("Mail %d", i)})
	}
	tn.Fail("ItemOperations", eastest.Failure{Delay: 1, Times: 110})
	tn.Fail("ItemOperations", eastest.Failure{Status: 451})
	if err := s.run(t, t.Context()); err == nil {
		t.Fatal("the run was not cut short")
	}
	before := len(tn.Requests())
	if err := s.run(t, t.Context()); err != nil {
		t.Fatal(err)
	}
	for _, r := range tn.RequestsAfter(before) {
		if r.Command == "Sync" && strings.Contains(r.Document, "<CollectionId>1<") {
			if n := strings.Count(r.ResponseDocument, "<Add>"); n != 30 {
				t.Errorf("the next run begins with a page of %d", n)
			}
			break
		}
	}
	if got := names(t, s.dir); len(got) != 130 {
		t.Errorf("there are %d files", len(got))
	}
}

// TestEventAttachment has a server hand out the attachment of an event; OLE objects and what has no
// reference are left out.
func TestEventAttachment(t *testing.T) {
	s := newStand(t)
	client, err := account.OpenEmbedded(t.Context(), s.tn, ada)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := client.FolderSync(t.Context(), eas.InitialSyncKey); err != nil {
		t.Fatal(err)
	}
	s.tn.Fail("ItemOperations", eastest.Failure{Status: 200, Header: http.Header{"Content-Type": {"application/vnd.ms-sync.wbxml"}}, Body: wbxml(t,
		`<ItemOperations xmlns="ItemOperations"><Status>1</Status><Response><Fetch><Status>1</Status><FileReference xmlns="AirSyncBase">r1</FileReference>`+
			`<Properties><ContentType xmlns="AirSyncBase">text/plain</ContentType><Data>dGhlIHBsYW4=</Data></Properties></Fetch></Response></ItemOperations>`)})
	one := eas.Attachment{Reference: "r1"}
	content, err := (&box{client: client}).attachments(t.Context(), &eas.Event{
		Attachments: []eas.Attachment{{Reference: "r0", Method: eas.AttachmentOLE}, {}}, Exceptions: []eas.Exception{{Attachments: []eas.Attachment{one, one}}}})
	if diff := cmp.Diff(map[string][]byte{"r1": []byte("the plan")}, content); err != nil || diff != "" {
		t.Errorf("%v, content (-want +got):\n%s", err, diff)
	}
	w := &limited{io.Discard, 3}
	if _, err := w.Write([]byte("1234")); !errors.Is(err, errDamaged) {
		t.Errorf("a longer attachment: %v", err)
	}
}

// TestKill kills processes in the middle of their work, until one comes to the end.
func TestKill(t *testing.T) {
	w := programtest.NewWorld(t)
	box := w.Tenant.AddMailbox(programtest.Ada)
	for i := range 40 {
		box.Deliver(&eas.Email{From: "bob@contoso.com", Subject: fmt.Sprintf("Mail %d", i), Body: &eas.Body{Data: strings.Repeat("text ", 1000)}})
	}
	dir := filepath.Join(t.TempDir(), "mail")
	store := &token.FileStore{Dir: filepath.Join(w.Dir, "sign-ins")}
	m := &account.Mailbox{HTTP: w.Tenant.Client()}
	if err := m.Open(t.Context(), programtest.Ada, eastest.ClientID, "", store, &token.Browser{Open: w.Tenant.Browser(), LoginHint: ada}); err != nil {
		t.Fatal(err)
	}
	if _, err := m.Source.SignIn(t.Context()); err != nil {
		t.Fatal(err)
	}
	killed := 0
	for after := 60 * time.Millisecond; ; after += after / 3 {
		ctx, cancel := context.WithTimeout(t.Context(), after)
		cmd := w.Command(ctx, "", w.Flags("-out", dir)...)
		var errs bytes.Buffer
		cmd.Stderr = &errs
		err := cmd.Run()
		cancel()
		if err == nil {
			break
		}
		if killed++; ctx.Err() == nil || killed > 40 {
			t.Fatalf("%v\n%s", err, &errs)
		}
	}
	all := files(t, dir)
	for name, text := range all {
		if !strings.HasSuffix(name, ".eml") || !strings.Contains(text, strings.Repeat("text ", 1000)) && len(text) < 5000 {
			t.Errorf("%s holds %d bytes", name, len(text))
		}
	}
	if len(all) != 40 || killed == 0 {
		t.Errorf("%d files after %d kills", len(all), killed)
	}
}

// TestPending has the server withhold an item: the others are copied, and the next run tries it
// again.
func TestPending(t *testing.T) {
	s := newStand(t)
	s.tn.Fail("ItemOperations", eastest.Failure{Status: 200, Header: http.Header{"Content-Type": {"application/vnd.ms-sync.wbxml"}}, Body: wbxml(t,
		`<ItemOperations xmlns="ItemOperations"><Status>1</Status><Response><Fetch><Status>14</Status></Fetch></Response></ItemOperations>`)})
	err := s.run(t, t.Context())
	if err == nil || !strings.Contains(err.Error(), "1 items were not copied") || !strings.Contains(s.log.String(), "an item of Inbox is left") {
		t.Fatalf("run = %v\n%s", err, &s.log)
	}
	if got := names(t, s.dir); len(got) != 6 {
		t.Errorf("there are %q", got)
	}
	if err := s.run(t, t.Context()); err != nil {
		t.Fatal(err)
	}
	if got := names(t, s.dir); len(got) != 7 || len(s.out) != 1 || s.out[0] != (copied{Folder: "Inbox", Items: 1}) {
		t.Errorf("there are %q after %v", got, s.out)
	}
}

func wbxml(t *testing.T, text string) string {
	t.Helper()
	b, err := eas.FromXML([]byte(text))
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

// TestOneFolderFails has the server refuse one folder: the others are copied.
func TestOneFolderFails(t *testing.T) {
	s := newStand(t)
	s.tn.Fail("Sync", eastest.Failure{Status: 200, Header: http.Header{"Content-Type": {"application/vnd.ms-sync.wbxml"}}, Body: wbxml(t,
		`<Sync xmlns="AirSync"><Collections><Collection><CollectionId>1</CollectionId><Status>8</Status></Collection></Collections></Sync>`)})
	if err := s.run(t, t.Context()); err == nil || !strings.Contains(err.Error(), "folder Inbox: ") {
		t.Errorf("run = %v", err)
	}
	if got := names(t, s.dir); len(got) != 4 {
		t.Errorf("there are %q", got)
	}
}

// TestWrongFolder holds a backup to its mailbox, and to one process at a time.
func TestWrongFolder(t *testing.T) {
	dir := t.TempDir()
	first, err := openTree(dir, "Ada@contoso.com")
	if err != nil {
		t.Fatal(err)
	}
	if err := save(first.states(), treeName, first); err != nil {
		t.Fatal(err)
	}
	if _, err := openTree(dir, "ada@contoso.com"); err == nil || !strings.Contains(err.Error(), "another process") {
		t.Errorf("a second process: %v", err)
	}
	if err := first.close(); err != nil {
		t.Fatal(err)
	}
	if _, err := openTree(dir, "bob@contoso.com"); err == nil || !strings.Contains(err.Error(), "another mailbox") {
		t.Errorf("another mailbox: %v", err)
	}
	again, err := openTree(dir, "ada@contoso.com")
	if err != nil {
		t.Fatal(err)
	}
	again.close()
	if b, err := os.ReadFile(filepath.Join(first.states(), treeName)); err != nil || bytes.Contains(b, []byte("ada@")) {
		t.Errorf("the state holds the address: %s, %v", b, err)
	}
}

// TestCrashedFiles begins with what a crash may leave: half a file, and two files of one item.
func TestCrashedFiles(t *testing.T) {
	s := newStand(t)
	if err := s.run(t, t.Context()); err != nil {
		t.Fatal(err)
	}
	want := files(t, s.dir)
	events, _ := filepath.Glob(filepath.Join(s.dir, "Calendar *", "*.ics"))
	dir, event := filepath.Split(events[0])
	for _, name := range []string{dir + unfinished + "1", dir + strings.Replace(event, "Review", "Old", 1)} {
		if err := os.WriteFile(name, []byte("half"), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	s.box.ForgetSyncKeys() // so that the page comes again
	if err := s.run(t, t.Context()); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(want, files(t, s.dir)); diff != "" {
		t.Errorf("files (-want +got):\n%s", diff)
	}
}
