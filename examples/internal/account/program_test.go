package account_test

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/easoauth/easoauth/eas"
	"github.com/easoauth/easoauth/eas/eastest"
	"github.com/easoauth/easoauth/examples/internal/programtest"
)

const ada = programtest.Ada

var binaries string // the folder of the programs

func TestMain(m *testing.M) {
	code := 1
	defer func() { os.Exit(code) }()
	dir, err := os.MkdirTemp("", "examples")
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return
	}
	defer os.RemoveAll(dir)
	build := exec.Command("go", "build", "-o", dir, "./examples/signin", "./examples/send", "./examples/watch", "./examples/export", "./examples/calendar")
	build.Dir = filepath.Join("..", "..", "..")
	if out, err := build.CombinedOutput(); err != nil {
		fmt.Fprintf(os.Stderr, "%v\n%s", err, out)
		return
	}
	binaries = dir
	code = m.Run()
}

// A bench is a world with a mailbox.
type bench struct {
	*programtest.World
	box *eastest.Mailbox
}

func newBench(t *testing.T) *bench {
	t.Helper()
	w := programtest.NewWorld(t)
	return &bench{w, w.Tenant.AddMailbox(ada, &eas.Email{From: "bob@contoso.com", Subject: "Old"})}
}

// run runs a program with the flags that every one has, and returns its exit code, what it
// printed, and how many requests it made.
func (b *bench) run(t *testing.T, name string, args ...string) (code int, stdout, stderr string, requests int) {
	t.Helper()
	before := len(b.Tenant.Requests())
	code, stdout, stderr = b.start(t, t.Context(), name, b.Flags(args...)...)
	return code, stdout, stderr, len(b.Tenant.Requests()) - before
}

func (b *bench) start(t *testing.T, ctx context.Context, name string, args ...string) (code int, stdout, stderr string) {
	t.Helper()
	return b.Run(t, ctx, filepath.Join(binaries, name), "From standard input.\n", args...)
}

// TestWarmStart holds a second start to the one request that it is for, and a start after the
// sign-out to forget everything.
func TestWarmStart(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	send := []string{"-to", "bob@contoso.com", "-subject", "Tomorrow"}
	code, out, log, cold := b.run(t, "send", send...)
	if code != 0 || !strings.HasPrefix(out, "sent ") || cold < 8 {
		t.Fatalf("send = %d after %d requests\n%s%s", code, cold, out, log)
	}
	for _, args := range [][]string{send, append(send, "-json")} {
		code, out, log, warm := b.run(t, "send", args...)
		if code != 0 || warm != 1 || log != "" {
			t.Errorf("the next start = %d after %d requests\n%s%s", code, warm, out, log)
		}
	}
	if code, out, log, n := b.run(t, "signin"); code != 0 || n != 0 || !strings.Contains(out, "the access token that was kept is still good") {
		t.Errorf("signin = %d after %d requests\n%s%s", code, n, out, log)
	}
	// With -endpoint nothing is looked up, and what is kept is of that endpoint.
	there := append(send, "-endpoint", b.Tenant.URL().String())
	before := len(b.Tenant.Requests())
	if code, out, log, n := b.run(t, "send", there...); code != 0 || n > 7 {
		t.Errorf("send with -endpoint = %d after %d requests\n%s%s", code, n, out, log)
	}
	for _, r := range b.Tenant.RequestsAfter(before) {
		if strings.Contains(r.Path, "autodiscover") {
			t.Errorf("send with -endpoint looks up: %v", r)
		}
	}
	if code, out, log, n := b.run(t, "send", there...); code != 0 || n != 1 {
		t.Errorf("send with -endpoint again = %d after %d requests\n%s%s", code, n, out, log)
	}
	if code, out, log := b.start(t, t.Context(), "signin", "-email", ada, "-dir", b.Dir, "-no-keychain", "-sign-out"); code != 0 || out != "signed out\n" || log != "" {
		t.Errorf("-sign-out = %d\n%s%s", code, out, log)
	}
	if err := filepath.WalkDir(b.Dir, func(path string, d os.DirEntry, err error) error {
		if err == nil && !d.IsDir() {
			if content, _ := os.ReadFile(path); bytes.Contains(content, []byte("ada@")) || strings.HasSuffix(path, ".json") {
				t.Errorf("%s is left: %q", path, content)
			}
		}
		return err
	}); err != nil {
		t.Fatal(err)
	}
	if code, _, log, n := b.run(t, "send", send...); code != 0 || n < 8 || !strings.Contains(log, "Open ") {
		t.Errorf("send after the sign-out = %d after %d requests\n%s", code, n, log)
	}
}

// TestKeptOutOfDate has what was kept be wrong: the mailbox has moved to the cloud. The next start
// fails and says so; the one after it looks the mailbox up again.
func TestKeptOutOfDate(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	send := []string{"-to", "bob@contoso.com"}
	if code, _, log, _ := b.run(t, "send", send...); code != 0 {
		t.Fatal(log)
	}
	b.box.Move()
	if code, _, log, _ := b.run(t, "send", send...); code == 0 || !strings.Contains(log, "451") {
		t.Errorf("send = %d\n%s", code, log)
	}
	if code, _, log, _ := b.run(t, "send", append(send, "-v")...); code != 0 || !strings.Contains(log, "SendMail") {
		t.Errorf("send = %d\n%s", code, log)
	}
}

// TestExitCodes holds every program to the same flags, codes and reasons.
func TestExitCodes(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	own := map[string][]string{"signin": nil, "send": {"-to", "bob@contoso.com"}, "watch": nil, "export": {"-out", "x"}, "calendar": {"-to", "bob@contoso.com", "-state", "x"}}
	for name, args := range own {
		for reason, flags := range map[string][]string{
			"-email is missing":                           append([]string{"-client-id", "x"}, args...),
			"-client-id is missing":                       append([]string{"-email", ada}, args...),
			`unexpected argument "ada"`:                   append([]string{"-email", ada, "-client-id", "x", "ada"}, args...),
			"flag provided but not defined: -mail":        {"-mail", ada},
			"-endpoint is not an ActiveSync URL":          append([]string{"-email", ada, "-client-id", "x", "-endpoint", "http://mail.contoso.com"}, args...),
			"invalid boolean value \"maybe\" for -device": {"-device=maybe"},
		} {
			if reason == `unexpected argument "ada"` {
				flags = append(append([]string{"-email", ada, "-client-id", "x"}, args...), "ada")
			}
			code, out, log := b.start(t, t.Context(), name, flags...)
			if code != 2 || out != "" || !strings.Contains(log, name+": "+reason) || strings.Count(log, "\n") != 2 {
				t.Errorf("%s %q = %d %s%s, want 2 and the reason", name, flags, code, out, log)
			}
		}
		if code, out, log := b.start(t, t.Context(), name, "-help"); code != 0 || !strings.Contains(out, "-no-keychain") || log != "" {
			t.Errorf("%s -help = %d %s%s", name, code, out, log)
		}
	}
	for _, tt := range []struct {
		name string
		args []string
		code int
		want string
	}{
		{"send", nil, 2, "the mail has no recipient"},
		{"send", []string{"-to", "bob@contoso.com", "-attach", "/does/not/exist"}, 1, "stat /does/not/exist"},
		{"export", nil, 2, "-out is missing"},
		{"export", []string{"-out", "x", "-format", "pst"}, 2, `-format is "pst"`},
		{"calendar", []string{"-to", "b@contoso.com", "-state", "x", "-zone", "Nowhere"}, 2, "-zone: "},
	} {
		if code, out, log, n := b.run(t, tt.name, tt.args...); code != tt.code || n != 0 || !strings.Contains(log, tt.name+": "+tt.want) {
			t.Errorf("%s %q = %d after %d requests: %s%s", tt.name, tt.args, code, n, out, log)
		}
	}
	b.Tenant.Switch(eastest.Fault{ID: "EAS_NO_WWW_AUTH"})
	if code, _, log, _ := b.run(t, "send", "-to", "bob@contoso.com"); code != 4 || log == "" {
		t.Errorf("a server without a challenge: %d %s", code, log)
	}
}

// TestAnotherAccount has the user sign in with an account of another name: the program says so once.
func TestAnotherAccount(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	b.Tenant.AddMailbox("bob@contoso.com")
	b.User = "bob@contoso.com"
	if code, out, log, _ := b.run(t, "signin"); code != 0 || !strings.Contains(log, "has another name than -email") || strings.Contains(log, "bob@") {
		t.Errorf("signin = %d\n%s%s", code, out, log)
	}
	if code, out, log, _ := b.run(t, "signin"); code != 0 || log != "" {
		t.Errorf("signin again = %d\n%s%s", code, out, log)
	}
}

// TestInterruptInput ends a program that waits for its standard input.
func TestInterruptInput(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	cmd := b.Command(t.Context(), filepath.Join(binaries, "send"), b.Flags("-to", "bob@contoso.com")...)
	in, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	defer in.Close()
	var log bytes.Buffer
	cmd.Stderr = &log
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	if _, err := in.Write([]byte("x")); err != nil { // it has started
		t.Fatal(err)
	}
	time.Sleep(300 * time.Millisecond)
	if err := cmd.Process.Signal(os.Interrupt); err != nil {
		t.Fatal(err)
	}
	late := time.AfterFunc(20*time.Second, func() { cmd.Process.Kill() })
	defer late.Stop()
	if err := cmd.Wait(); cmd.ProcessState.ExitCode() != 130 || log.String() != "send: interrupted\n" {
		t.Errorf("send = %v, %s", err, &log)
	}
}

// TestInterrupt ends a program that waits, as Ctrl-C does: what it has learned is kept.
func TestInterrupt(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	if code, _, log, _ := b.run(t, "signin"); code != 0 {
		t.Fatal(log)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
	defer cancel()
	go func() {
		for r := range b.Tenant.Watch(ctx) {
			if r.Command == "GetItemEstimate" { // it has begun
				b.box.Deliver(&eas.Email{From: "bob@contoso.com", Subject: "New"})
				time.AfterFunc(time.Second, cancel)
			}
		}
	}()
	code, out, log := b.start(t, ctx, "watch", "-email", ada, "-client-id", eastest.ClientID, "-dir", b.Dir, "-no-keychain", "-json")
	if code != 130 || !strings.HasSuffix(log, "watch: interrupted\n") {
		t.Errorf("watch = %d\n%s%s", code, out, log)
	}
	if strings.Count(out, "\n") > 1 || strings.Contains(out, "Old") {
		t.Errorf("watch -json printed %q", out)
	}
	code, _, log, n := b.run(t, "send", "-to", "bob@contoso.com")
	if diff := cmp.Diff("0 1", fmt.Sprint(code, n)); diff != "" {
		t.Errorf("after it, send (-want +got code and requests):\n%s%s", diff, log)
	}
}
