package sogo

import (
	"bytes"
	"context"
	"encoding/json"
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

	"github.com/easoauth/easoauth/eas"
	"github.com/easoauth/easoauth/internal/interop/servers"
	"github.com/easoauth/easoauth/token"
)

// TestProvision has examples/provision keep a mailbox of SOGo in step, with tokens that it got
// from a certified provider on behalf of the user, while another client delivers, flags, moves and
// deletes through IMAP. Access tokens are short-lived, and a refresh token that came twice would
// end the sign-in.
func TestProvision(t *testing.T) {
	const user, tenant, service = "ada", "6a0e3b57-28c4-4f1d-9e72-b5d80c41a3f6", "https://service." + servers.Domain
	stack.Site = servers.NewSite(t)
	authority := stack.Site.Provider(t, 20*time.Second, tenant)
	stack.mail = servers.Dovecot(t, user)
	stack.Gateway(t, servers.SOGo(t, stack.mail, user), user)

	dir := servers.Dir(t, "")
	file := func(name, text string) string {
		name = filepath.Join(dir, name)
		if err := os.WriteFile(name, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		return name
	}
	port := servers.FreePort(t)
	flags := []string{"-dsn", filepath.Join(dir, "p.db"), "-key-file", file("key", strings.Repeat("5a", 32)), "-secret-file", file("secret", "service secret"), "-client-id", "service",
		"-tenant", tenant, "-authority", "login." + servers.Domain, "-trust-authority", "login." + servers.Domain, "-audience", service,
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
	front, err := token.ConfigureResource(t.Context(), "easoauth", authority, nil, []string{service + "/access_as_user"},
		&token.Options{HTTPClient: stack.Client, TrustedAuthorities: []string{"login." + servers.Domain}})
	if err != nil {
		t.Fatal(err)
	}
	signedIn := &token.Source{Config: front, Flow: &token.Browser{Open: func(ctx context.Context, target string) error {
		return servers.FillIn(ctx, stack.Client, target, user)
	}}}
	// call calls the service as the user's client does.
	call := func(method, path, body string, want int, v any) {
		t.Helper()
		at1, err := signedIn.Token(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		req, err := http.NewRequestWithContext(t.Context(), method, fmt.Sprintf("http://127.0.0.1:%d%s", port, path), strings.NewReader(body))
		if err != nil {
			t.Fatal(err)
		}
		req.Header.Set("Authorization", "Bearer "+at1.AccessToken)
		resp, err := http.DefaultClient.Do(req)
		if err != nil {
			t.Fatal(err)
		}
		defer resp.Body.Close()
		b, err := io.ReadAll(resp.Body)
		if err == nil && resp.StatusCode == want {
			err = json.Unmarshal(b, v)
		}
		if err != nil || resp.StatusCode != want {
			t.Fatalf("%s %s: status %d %s, %v", method, path, resp.StatusCode, b, err)
		}
	}
	var box struct{ ID int64 }
	call(http.MethodPost, "/mailboxes", fmt.Sprintf(`{"endpoint":%q}`, stack.URL), http.StatusCreated, &box)
	path := fmt.Sprintf("/mailboxes/%d", box.ID)

	// copied returns the mails of the copy by folder, with a mark for those that are unread.
	copied := func() []string {
		var folders struct{ Folders []struct{ ID, Name string } }
		var items struct {
			Items []struct {
				Folder, Class, Subject string
				Read                   bool
			}
		}
		call(http.MethodGet, path+"/folders", "", http.StatusOK, &folders)
		call(http.MethodGet, path+"/items", "", http.StatusOK, &items)
		names := map[string]string{}
		for _, f := range folders.Folders {
			names[f.ID] = f.Name
		}
		var all []string
		for _, i := range items.Items {
			mark := "*"
			if i.Read {
				mark = ""
			}
			if i.Class == string(eas.ClassEmail) {
				all = append(all, names[i.Folder]+"/"+i.Subject+mark)
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
