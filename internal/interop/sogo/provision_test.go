package sogo

import (
	"bytes"
	"database/sql"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/emersion/go-imap"
	_ "modernc.org/sqlite"

	"github.com/easoauth/easoauth/eas"
	"github.com/easoauth/easoauth/eas/eastest"
	"github.com/easoauth/easoauth/internal/interop/servers"
	"github.com/easoauth/easoauth/token"
)

// TestProvision has examples/provision keep a mailbox of SOGo in step, with a token that it got
// on behalf of the user, while another client delivers, flags, moves and deletes through IMAP.
func TestProvision(t *testing.T) {
	const user, id, secret = "ada", "2f7c9a51-0b6d-4e83-a1d4-93c5e8f7b620", "a secret of the test"
	stack.mail = servers.Dovecot(t, user)
	stack.Site = servers.NewSite(t)
	stack.Gateway(t, servers.SOGo(t, stack.mail, user), user)
	stack.Tenant.Change(func(o *eastest.Options) { o.Apps = append(o.Apps, eastest.App{ID: id, Secret: secret}) })

	dir := servers.Dir(t, "")
	file := func(name, text string) string {
		name = filepath.Join(dir, name)
		if err := os.WriteFile(name, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		return name
	}
	dsn, port := filepath.Join(dir, "p.db"), servers.FreePort(t)
	flags := []string{"-dsn", dsn, "-key-file", file("key", strings.Repeat("5a", 32)), "-secret-file", file("secret", secret), "-client-id", id, "-tenant", eastest.TenantID,
		"-listen", fmt.Sprintf("127.0.0.1:%d", port), "-admin", "", "-look", "300ms", "-min-heartbeat", "60s", "-folders", "1s", "-log-level", "warn"}
	program := servers.Build(t, dir, "provision")
	env := stack.Environment(t, dir)
	migrate := exec.Command(program, append([]string{"migrate"}, flags...)...)
	migrate.Env = env
	if out, err := migrate.CombinedOutput(); err != nil {
		t.Fatalf("migrate: %v\n%s", err, out)
	}
	serve := exec.Command(program, append([]string{"serve"}, flags...)...)
	serve.Env = env
	serve.SysProcAttr = &syscall.SysProcAttr{Setpgid: true, Pdeathsig: syscall.SIGKILL}
	out := servers.Start(t, serve)
	servers.Await(t, "the service", out, servers.Listening(port))

	deliver(t, user, message("One", "text"))
	deliver(t, user, message("Two", "text"))
	deliver(t, user, message("Three", "text"))
	front, err := token.ConfigureResource(t.Context(), eastest.ClientID, "https://login.microsoftonline.com/"+eastest.TenantID, nil,
		[]string{"api://" + id + "/access_as_user"}, &token.Options{HTTPClient: stack.Client})
	if err != nil {
		t.Fatal(err)
	}
	at1, err := (&token.Source{Config: front, Flow: &token.Browser{Open: stack.Tenant.Browser(), LoginHint: user + "@" + servers.Domain}}).Token(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, fmt.Sprintf("http://127.0.0.1:%d/mailboxes", port), strings.NewReader(fmt.Sprintf(`{"endpoint":%q}`, stack.URL)))
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Authorization", "Bearer "+at1.AccessToken)
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	b, _ := io.ReadAll(resp.Body)
	resp.Body.Close()
	if resp.StatusCode != http.StatusCreated {
		t.Fatalf("POST /mailboxes: status %d %s", resp.StatusCode, b)
	}

	db, err := sql.Open("sqlite", "file:"+dsn+"?_pragma=busy_timeout(10000)")
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	// copied returns the mails of the copy by folder, with a mark for those that are unread.
	copied := func() []string {
		rows, err := db.QueryContext(t.Context(), `SELECT f.name, i.raw FROM provision_item i JOIN provision_folder f ON f.mailbox = i.mailbox AND f.id = i.folder`)
		if err != nil {
			t.Fatal(err)
		}
		defer rows.Close()
		var all []string
		for rows.Next() {
			var name string
			var raw []byte
			if err := rows.Scan(&name, &raw); err != nil {
				t.Fatal(err)
			}
			item, err := eas.Decode(eas.ClassEmail, raw)
			if err != nil {
				t.Fatal(err)
			}
			if mail, ok := item.(*eas.Email); ok {
				mark := "*"
				if mail.Read != nil && *mail.Read {
					mark = ""
				}
				all = append(all, name+"/"+mail.Subject+mark)
			}
		}
		slices.Sort(all)
		return all
	}
	await := func(what string, want ...string) {
		t.Helper()
		var have []string
		for end := time.Now().Add(4 * time.Minute); time.Now().Before(end); time.Sleep(200 * time.Millisecond) {
			if have = copied(); slices.Equal(have, want) {
				return
			}
		}
		t.Fatalf("%s: the copy has %q, want %q\n%s", what, have, want, bytes.TrimSpace(out.Bytes()))
	}
	await("at first", "INBOX/One*", "INBOX/Three*", "INBOX/Two*")
	c := imapOf(t, user, "INBOX")
	set := func(n uint32) *imap.SeqSet { s := new(imap.SeqSet); s.AddNum(n); return s }
	if err := c.Store(set(1), imap.FormatFlagsOp(imap.AddFlags, true), []any{imap.SeenFlag}, nil); err != nil {
		t.Fatal(err)
	}
	await("after a flag", "INBOX/One", "INBOX/Three*", "INBOX/Two*")
	if err := c.Store(set(2), imap.FormatFlagsOp(imap.AddFlags, true), []any{imap.DeletedFlag}, nil); err != nil {
		t.Fatal(err)
	}
	if err := c.Expunge(nil); err != nil {
		t.Fatal(err)
	}
	await("after a deletion", "INBOX/One", "INBOX/Three*")
	if err := c.Create("Archive"); err != nil {
		t.Logf("CREATE: %v", err)
	}
	if err := c.Move(set(2), "Archive"); err != nil {
		t.Fatal(err)
	}
	deliver(t, user, message("Four", "text"))
	await("after a move", "Archive/Three*", "INBOX/Four*", "INBOX/One")
}
