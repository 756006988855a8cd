package eas_test

import (
	"bufio"
	"context"
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"golang.org/x/oauth2"

	"github.com/easoauth/easoauth/bearer"
	"github.com/easoauth/easoauth/eas"
	"github.com/easoauth/easoauth/eas/eastest"
)

func TestMain(m *testing.M) {
	if task := os.Getenv("EAS_TEST_COPY"); task != "" {
		var c copier
		if err := json.Unmarshal([]byte(task), &c); err != nil {
			fmt.Println("error", err)
			os.Exit(1)
		}
		if err := c.run(); err != nil {
			fmt.Println("error", err)
			os.Exit(1)
		}
		return
	}
	if h2 := os.Getenv("EAS_TEST_PINGS"); h2 != "" {
		pingServer(h2 == "true")
		return
	}
	os.Exit(m.Run())
}

// A copier is a process that keeps a copy of a folder in files. Before each step it says so
// and waits for a line.
type copier struct {
	Address, URL, Token, Dir string
	CA                       []byte
	Folder                   eas.FolderID

	in *bufio.Reader
}

func (c *copier) step(what string) error {
	fmt.Println("step", what)
	_, err := c.in.ReadString('\n')
	return err
}

func (c *copier) run() error {
	c.in = bufio.NewReader(os.Stdin)
	ca, err := x509.ParseCertificate(c.CA)
	if err != nil {
		return err
	}
	pool := x509.NewCertPool()
	pool.AddCert(ca)
	u, err := url.Parse(c.URL)
	if err != nil {
		return err
	}
	client := &eas.Client{URL: u, User: "ada@contoso.com", Token: bearer.Static(&oauth2.Token{AccessToken: c.Token}), Device: eas.Device{ID: "copier", Type: "test"},
		HTTPClient: &http.Client{Transport: &http.Transport{TLSClientConfig: &tls.Config{RootCAs: pool},
			DialContext: func(ctx context.Context, network, _ string) (net.Conn, error) {
				return new(net.Dialer).DialContext(ctx, network, c.Address)
			}}}}
	key := eas.InitialSyncKey
	if b, err := os.ReadFile(filepath.Join(c.Dir, "key")); err == nil {
		key = eas.SyncKey(b)
	}
	if err := c.step("begin"); err != nil {
		return err
	}
	if key == eas.InitialSyncKey {
		// From the beginning the server tells what there is, and not what is gone.
		old, err := filepath.Glob(filepath.Join(c.Dir, "item-*"))
		if err != nil {
			return err
		}
		for _, name := range old {
			if err := os.Remove(name); err != nil {
				return err
			}
		}
		if _, err := client.FolderSync(context.Background(), eas.InitialSyncKey); err != nil {
			return err
		}
	}
	for page, err := range client.Pages(context.Background(), c.Folder, key, &eas.SyncOptions{Window: 2}) {
		if err != nil {
			return err
		}
		if err := c.deal(page); err != nil {
			return err
		}
	}
	fmt.Println("done")
	return nil
}

// deal brings the copy up to date with a page, and then keeps the page's key.
func (c *copier) deal(page *eas.Page) error {
	if err := c.step("page"); err != nil {
		return err
	}
	for _, e := range append(page.Added, page.Changed...) {
		text := ""
		if m := e.Item.(*eas.Email); m.Subject != "" {
			text = m.Subject
		} else { // a change, of whether it has been read
			old, err := os.ReadFile(c.name(e.ID))
			if err != nil {
				return err
			}
			text, _, _ = strings.Cut(string(old), " read")
			if *m.Read {
				text += " read"
			}
		}
		if err := os.WriteFile(c.name(e.ID), []byte(text), 0o600); err != nil {
			return err
		}
		if err := c.step("item"); err != nil {
			return err
		}
	}
	for _, id := range page.Deleted {
		if err := os.Remove(c.name(id)); err != nil && !os.IsNotExist(err) {
			return err
		}
		if err := c.step("deletion"); err != nil {
			return err
		}
	}
	if err := os.WriteFile(filepath.Join(c.Dir, "key.new"), []byte(page.Key), 0o600); err != nil {
		return err
	}
	if err := os.Rename(filepath.Join(c.Dir, "key.new"), filepath.Join(c.Dir, "key")); err != nil {
		return err
	}
	return c.step("key")
}

func (c *copier) name(id eas.ItemID) string {
	return filepath.Join(c.Dir, "item-"+strings.ReplaceAll(string(id), ":", "-"))
}

// TestKilledAtEveryStep kills a real process at each of its steps in turn, while the mailbox
// changes between one life and the next, and compares the copy with the mailbox.
func TestKilledAtEveryStep(t *testing.T) {
	t.Parallel()
	if testing.Short() || runtime.GOOS == "windows" {
		t.Skip("starts and kills processes")
	}
	tn := eastest.New(t, nil)
	box := tn.AddMailbox("ada@contoso.com")
	for i := range 7 {
		box.Deliver(&eas.Email{Subject: fmt.Sprintf("mail %d", i)})
	}
	address, client, err := tn.Listen()
	if err != nil {
		t.Fatal(err)
	}
	own := &eas.Client{URL: tn.URL(), User: "ada@contoso.com", Token: bearer.Static(tn.Token("ada@contoso.com")), HTTPClient: client, Device: eas.Device{ID: "own", Type: "test"}}
	folders, err := own.FolderSync(t.Context(), eas.InitialSyncKey)
	if err != nil {
		t.Fatal(err)
	}
	inbox, _ := folders.Find(eas.FolderInbox)
	task := copier{Address: address, URL: tn.URL().String(), Token: tn.Token("ada@contoso.com").AccessToken, CA: tn.Certificate().Raw, Folder: inbox.ID}

	// live runs a process until it has made some steps, or to its end, and reports whether it
	// came there.
	live := func(dir string, steps int) bool {
		task.Dir = dir
		text, err := json.Marshal(task)
		if err != nil {
			t.Fatal(err)
		}
		cmd := exec.Command(os.Args[0])
		cmd.Env = append(os.Environ(), "EAS_TEST_COPY="+string(text))
		in, err := cmd.StdinPipe()
		if err != nil {
			t.Fatal(err)
		}
		out, err := cmd.StdoutPipe()
		if err != nil {
			t.Fatal(err)
		}
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		defer func() { _ = cmd.Process.Kill(); _ = cmd.Wait() }()
		lines := bufio.NewScanner(out)
		for n := 0; lines.Scan(); n++ {
			switch line := lines.Text(); {
			case line == "done":
				return true
			case !strings.HasPrefix(line, "step "):
				t.Fatalf("the process says %q", line)
			case n == steps:
				return false
			}
			fmt.Fprintln(in)
		}
		t.Fatal("the process ended by itself")
		return false
	}
	total := 0
	for kill := 0; kill < 100; kill++ {
		dir := t.TempDir()
		finished := live(dir, kill)
		// Life goes on while nobody looks.
		box.Deliver(&eas.Email{Subject: fmt.Sprintf("after kill %d", kill)})
		box.RemoveItem(eas.FolderInbox, box.Messages(eas.FolderInbox)[kill%3].Subject)
		live(dir, kill/2) // and another life ends early
		if !live(dir, 1<<30) {
			t.Fatal("the last life did not come to its end")
		}
		var got, want []string
		files, err := filepath.Glob(filepath.Join(dir, "item-*"))
		if err != nil {
			t.Fatal(err)
		}
		for _, name := range files {
			b, err := os.ReadFile(name)
			if err != nil {
				t.Fatal(err)
			}
			got = append(got, string(b))
		}
		for _, m := range box.Messages(eas.FolderInbox) {
			want = append(want, m.Subject)
		}
		if diff := cmp.Diff(want, got, cmpopts.SortSlices(strings.Compare)); diff != "" {
			t.Fatalf("killed at step %d, the copy differs (-mailbox +copy):\n%s", kill, diff)
		}
		total++
		if finished {
			break
		}
	}
	t.Logf("killed at %d steps", total-1)
	if total < 15 {
		t.Errorf("only %d steps", total)
	}
}
