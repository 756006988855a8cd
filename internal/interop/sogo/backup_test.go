package sogo

import (
	"encoding/base64"
	"fmt"
	"io"
	"maps"
	"mime"
	"mime/multipart"
	"net/mail"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/emersion/go-imap"

	"github.com/easoauth/easoauth/eas"
	"github.com/easoauth/easoauth/internal/interop/servers"
)

// withFile returns a mail with an attachment.
func withFile(subject, name, content string) string {
	var lines strings.Builder
	for encoded := base64.StdEncoding.EncodeToString([]byte(content)); encoded != ""; {
		n := min(76, len(encoded))
		lines.WriteString(encoded[:n] + "\r\n")
		encoded = encoded[n:]
	}
	return fmt.Sprintf("From: sender@%s\r\nTo: bob@%s\r\nSubject: %s\r\nMessage-ID: <%d@%s>\r\nDate: %s\r\nMIME-Version: 1.0\r\nContent-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\nContent-Type: text/plain\r\n\r\nSee it\r\n--b\r\nContent-Type: text/csv; name=%q\r\nContent-Transfer-Encoding: base64\r\nContent-Disposition: attachment; filename=%q\r\n\r\n%s--b--\r\n",
		servers.Domain, servers.Domain, subject, time.Now().UnixNano(), servers.Domain, time.Now().Format(time.RFC1123Z), name, name, lines.String())
}

// originals returns the mails of a folder as IMAP has them.
func originals(t *testing.T, user, folder string) []string {
	t.Helper()
	c := imapOf(t, user, folder)
	if c.Mailbox().Messages == 0 {
		return nil
	}
	set := new(imap.SeqSet)
	set.AddRange(1, c.Mailbox().Messages)
	section := &imap.BodySectionName{Peek: true}
	ch := make(chan *imap.Message, c.Mailbox().Messages)
	if err := c.Fetch(set, []imap.FetchItem{section.FetchItem()}, ch); err != nil {
		t.Fatal(err)
	}
	var all []string
	for m := range ch {
		b, err := io.ReadAll(m.GetBody(section))
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, string(b))
	}
	slices.Sort(all)
	return all
}

// attached returns the attachments of mails.
func attached(t *testing.T, mails []string) []string {
	t.Helper()
	var all []string
	for _, text := range mails {
		m, err := mail.ReadMessage(strings.NewReader(text))
		if err != nil {
			t.Fatal(err)
		}
		kind, params, err := mime.ParseMediaType(m.Header.Get("Content-Type"))
		if err != nil || !strings.HasPrefix(kind, "multipart/") {
			continue
		}
		for parts := multipart.NewReader(m.Body, params["boundary"]); ; {
			part, err := parts.NextRawPart()
			if err != nil {
				break
			}
			if part.FileName() == "" {
				continue
			}
			var r io.Reader = part
			if strings.EqualFold(part.Header.Get("Content-Transfer-Encoding"), "base64") {
				r = base64.NewDecoder(base64.StdEncoding, part)
			}
			b, err := io.ReadAll(r)
			if err != nil {
				t.Fatal(err)
			}
			all = append(all, string(b))
		}
	}
	slices.Sort(all)
	return all
}

// saved returns the files of a backup whose names end so.
func saved(t *testing.T, dir, suffix string) []string {
	t.Helper()
	names, err := filepath.Glob(filepath.Join(dir, "*", "*"+suffix))
	if err != nil {
		t.Fatal(err)
	}
	var all []string
	for _, name := range names {
		b, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, string(b))
	}
	slices.Sort(all)
	return all
}

// backups runs examples/backup on a mailbox with attachments, kills it again and again, and
// compares what it has with what IMAP shows, by what show returns of a mail. Then it does so
// with what has come meanwhile.
func backups(t *testing.T, user string, show func(mail string) string) {
	const mails = 60
	var sent []string
	put := func(i int) {
		subject := fmt.Sprintf("Mail %d", i)
		if i%3 > 0 {
			deliver(t, user, message(subject, strings.Repeat("Text ", i)))
			return
		}
		content := strings.Repeat(fmt.Sprintf("%d;value\r\n", i), 10+i*i)
		sent = append(sent, content)
		deliver(t, user, withFile(subject, fmt.Sprintf("table %d.csv", i), content))
	}
	for i := range mails {
		put(i)
	}
	dir := t.TempDir()
	program := stack.Program(t, "backup", user)
	check := func() {
		t.Helper()
		slices.Sort(sent)
		if got := attached(t, saved(t, dir, ".eml")); !slices.Equal(got, sent) {
			t.Errorf("%d attachments were saved, want the %d that were sent; not among them: %.200q", len(got), len(sent), missing(got, sent))
		}
		want, have := originals(t, user, "INBOX"), saved(t, dir, ".eml")
		for _, mails := range [][]string{want, have} {
			for i := range mails {
				mails[i] = show(mails[i])
			}
			slices.Sort(mails)
		}
		if missing := missing(want, have); len(missing) > 0 || len(want) != len(have) {
			t.Errorf("%d mails were saved and IMAP has %d, of which %d are not saved as they are; the first: %.500q", len(have), len(want), len(missing), append(missing, "")[0])
		}
	}
	killed := 0
	for wait := 250 * time.Millisecond; ; wait *= 2 {
		_, cut := program.Run(wait, user, "-out", dir)
		if !cut {
			break
		}
		killed++
	}
	t.Logf("whole after %d kills", killed)
	if killed == 0 {
		t.Error("no run was cut short")
	}
	check()
	for i := range 5 {
		put(mails + i)
	}
	out, _ := program.Run(0, user, "-out", dir)
	if !strings.HasSuffix(out, ": 5 copied\n") || strings.Count(out, "\n") != 1 {
		t.Errorf("a backup after 5 new mails brought %q", out)
	}
	check()
	if left, _ := filepath.Glob(filepath.Join(dir, "*", ".new-*")); len(left) > 0 {
		t.Logf("%d files of killed runs are left", len(left))
	}
}

// missing returns what of want is not in have.
func missing(want, have []string) []string {
	there := maps.Collect(func(yield func(string, bool) bool) {
		for _, x := range have {
			if !yield(x, true) {
				return
			}
		}
	})
	return slices.DeleteFunc(slices.Clone(want), func(x string) bool { return there[x] })
}

// backupOfItems holds an event and a contact to be in a backup, whole.
func backupOfItems(t *testing.T, user string) {
	b := open(t, user)
	long := strings.TrimSpace(strings.Repeat("A long note. ", 1000))
	start := time.Date(2026, 12, 7, 9, 0, 0, 0, time.UTC)
	for _, x := range []struct {
		folder eas.FolderType
		item   eas.Item
	}{
		{eas.FolderCalendar, &eas.Event{Subject: "Kept", Start: start, End: start.Add(time.Hour), Stamp: start, UID: "interop-backup-1", Zone: eas.NewTimeZone(time.UTC, 2026), Body: &eas.Body{Type: eas.BodyPlain, Data: long}}},
		{eas.FolderContacts, &eas.Contact{FirstName: "Kept", LastName: "Contact", FileAs: "Kept"}},
	} {
		f := b.folder(t, x.folder)
		o := &eas.SyncOptions{Class: f.Type.Class()}
		key, _ := b.read(t, f.ID, eas.InitialSyncKey, o)
		got, err := b.Apply(t.Context(), f.ID, key, eas.Add("", x.item))
		if err == nil {
			err = got.Err()
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	dir := t.TempDir()
	stack.Program(t, "backup", user).Run(0, user, "-out", dir)
	unfolded := strings.NewReplacer("\r\n ", "")
	for suffix, want := range map[string]string{".ics": "DESCRIPTION:" + long, ".vcf": "N:Contact;Kept;;;"} {
		if all := saved(t, dir, suffix); !slices.ContainsFunc(all, func(s string) bool { return strings.Contains(unfolded.Replace(s), want) }) {
			t.Errorf("no %s of %d holds %.20q", suffix, len(all), want)
		}
	}
}

// whole has mails compared byte by byte.
func whole(mail string) string { return mail }

// subject has them compared by their subjects, which differ: Horde rewrites every mail.
func subject(text string) string {
	m, err := mail.ReadMessage(strings.NewReader(text))
	if err != nil {
		return err.Error()
	}
	return m.Header.Get("Subject")
}
