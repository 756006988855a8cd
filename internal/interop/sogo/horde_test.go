package sogo

import (
	"os"
	"strings"
	"testing"
	"time"

	"github.com/easoauth/easoauth/eas"
	"github.com/easoauth/easoauth/internal/interop/servers"
)

// TestHorde synchronizes mail with a real Horde, which speaks 16.0.
func TestHorde(t *testing.T) {
	horde(t, eas.Version160)
	for _, v := range []eas.Version{eas.Version141, eas.Version160} {
		t.Run(string(v), func(t *testing.T) { hordeMail(t, v) })
	}
	t.Run("backup", func(t *testing.T) { backups(t, "bob", subject) })
}

// TestHordeCalendar runs examples/calendar. At 16.0, Kronolith 4.2 fails on an event with a
// place (HTTP 500), so that Horde speaks 14.1.
func TestHordeCalendar(t *testing.T) {
	if _, err := os.Stat("/usr/share/horde/kronolith"); err != nil {
		t.Skip("Kronolith is not installed")
	}
	horde(t, eas.Version141)
	calendars(t, party{"ada", eas.Version141}, party{"cloud", eas.Version161}, "")
}

func horde(t *testing.T, newest eas.Version) {
	users := []string{"ada", "bob"}
	stack.mail = servers.Dovecot(t, users...)
	stack.Site = servers.Gateway(t, servers.Horde(t, stack.mail, newest, users...), users...)
	stack.Tenant.AddMailbox("cloud@" + servers.Domain)
}

func hordeMail(t *testing.T, v eas.Version) {
	subject := "Hello " + string(v)
	deliver(t, "ada", message(subject, "Some text"))
	b := open(t, "ada", v)
	if got := b.State().Version; got != v {
		t.Fatalf("version %s, want %s", got, v)
	}
	inbox := b.folder(t, eas.FolderInbox)
	key, pages := b.read(t, inbox.ID, eas.InitialSyncKey, nil)
	e := find(t, added(pages), subject)
	if m := e.Item.(*eas.Email); m.Body == nil || !strings.Contains(m.Body.Data, "Some text") {
		t.Errorf("mail %+v", m)
	}
	got, err := b.Apply(t.Context(), inbox.ID, key, eas.MarkRead(e.ID, true))
	if err != nil {
		t.Fatal(err)
	}
	if f := flags(t, "ada", "INBOX")[subject]; !strings.Contains(f, `\Seen`) {
		t.Errorf("IMAP shows flags %q", f)
	}
	text := "From: ada@" + servers.Domain + "\r\nTo: bob@" + servers.Domain + "\r\nSubject: Sent " + string(v) + "\r\nMIME-Version: 1.0\r\nContent-Type: text/plain\r\n\r\nHello\r\n"
	if err := b.SendMail(t.Context(), strings.NewReader(text), nil); err != nil {
		t.Fatal(err)
	}
	if _, ok := flags(t, "bob", "INBOX")["Sent "+string(v)]; !ok {
		t.Error("the mail is not in the other mailbox")
	}
	// A delivery ends the Ping. Horde tells at once of what Apply has done, which nothing has read.
	late := time.AfterFunc(2*time.Second, func() { _ = stack.mail.Deliver("ada", message("Ping "+string(v), "x")) })
	defer late.Stop()
	key = got.Key
	pages = nil
	for len(added(pages)) == 0 {
		p, err := b.Ping(t.Context(), []eas.Folder{inbox}, &eas.PingOptions{Heartbeat: time.Minute})
		if err != nil || len(p.Changed) != 1 {
			t.Fatalf("Ping = %+v, %v", p, err)
		}
		key, pages = b.read(t, inbox.ID, key, nil)
	}
	find(t, added(pages), "Ping "+string(v))
	if _, err := b.Sync(t.Context(), inbox.ID, "{00000000-0000-0000-0000-000000000000}7", nil); err == nil {
		t.Error("a key that was never given is taken")
	}
}
