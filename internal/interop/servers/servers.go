// Package servers starts servers that nobody here wrote, on free ports of loopback and in
// folders of their own, for the length of a test.
package servers

import (
	"bytes"
	"fmt"
	"net"
	"net/http"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"strconv"
	"syscall"
	"testing"
	"time"
)

// FreePort returns a port of 127.0.0.1 that was free a moment ago.
func FreePort(t testing.TB) int {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	return l.Addr().(*net.TCPAddr).Port
}

// Need returns the path of a program, and skips the test where it is missing.
func Need(t testing.TB, name string, more ...string) string {
	t.Helper()
	if p, err := exec.LookPath(name); err == nil {
		return p
	}
	for _, pattern := range more {
		if found, _ := filepath.Glob(pattern); len(found) > 0 {
			return found[len(found)-1]
		}
	}
	t.Skipf("%s is not installed", name)
	return ""
}

// needMounts skips the test where a process cannot have mounts of its own. SOGo and Horde have
// their configuration in one place, over which another is put for them alone.
func needMounts(t testing.TB) {
	t.Helper()
	for _, name := range []string{"unshare", "setpriv"} {
		Need(t, name)
	}
	if out, err := exec.Command("unshare", "-m", "mount", "--bind", "/etc", "/etc").CombinedOutput(); err != nil {
		t.Skipf("no mounts of its own: %v %s", err, out)
	}
}

// As lets a command run as a user of the system, in a process group of its own.
func As(t testing.TB, cmd *exec.Cmd, name string) {
	t.Helper()
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true, Pdeathsig: syscall.SIGKILL}
	if os.Getuid() != 0 || name == "" {
		return
	}
	uid, gid := ids(t, name)
	cmd.SysProcAttr.Credential = &syscall.Credential{Uid: uint32(uid), Gid: uint32(gid)}
	cmd.Env = append(os.Environ(), "HOME=/nonexistent", "USER="+name, "LOGNAME="+name)
}

func ids(t testing.TB, name string) (uid, gid int) {
	t.Helper()
	u, err := user.Lookup(name)
	if err != nil {
		t.Skipf("there is no user %s", name)
	}
	uid, err1 := strconv.Atoi(u.Uid)
	gid, err2 := strconv.Atoi(u.Gid)
	if err1 != nil || err2 != nil {
		t.Fatalf("user %s has no numbers", name)
	}
	return uid, gid
}

// Dir returns a folder that a user of the system owns and can reach.
func Dir(t testing.TB, owner string) string {
	t.Helper()
	dir, err := os.MkdirTemp("", "interop")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(dir) })
	if err := os.Chmod(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	if os.Getuid() == 0 && owner != "" {
		uid, gid := ids(t, owner)
		if err := os.Chown(dir, uid, gid); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

// Start starts a command, which ends with the test, and returns what it writes.
func Start(t testing.TB, cmd *exec.Cmd) *Output {
	t.Helper()
	out := &Output{}
	if cmd.SysProcAttr == nil {
		cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true, Pdeathsig: syscall.SIGKILL}
	}
	cmd.Stdout, cmd.Stderr = out, out
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		// The group, of this pid, is what was started here.
		_ = syscall.Kill(-cmd.Process.Pid, syscall.SIGTERM)
		late := time.AfterFunc(10*time.Second, func() { _ = syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL) })
		defer late.Stop()
		_ = cmd.Wait()
		if t.Failed() {
			t.Logf("%s:\n%s", cmd.Path, out)
		}
	})
	return out
}

// Await waits until ready reports true, at most for a minute.
func Await(t testing.TB, what string, out fmt.Stringer, ready func() bool) {
	t.Helper()
	for end := time.Now().Add(time.Minute); time.Now().Before(end); time.Sleep(50 * time.Millisecond) {
		if ready() {
			return
		}
	}
	t.Fatalf("%s does not start:\n%s", what, out)
}

// Listening reports whether something listens on a port of loopback.
func Listening(port int) func() bool {
	return func() bool {
		c, err := net.DialTimeout("tcp", fmt.Sprintf("127.0.0.1:%d", port), time.Second)
		if err == nil {
			c.Close()
		}
		return err == nil
	}
}

// demandsPassword reports whether an ActiveSync server at a URL and a port asks for a password.
func demandsPassword(port int, url string) func() bool {
	return func() bool {
		req, err := http.NewRequest(http.MethodOptions, url, nil)
		if err != nil || !Listening(port)() {
			return false
		}
		resp, err := http.DefaultClient.Do(req)
		if err != nil {
			return false
		}
		resp.Body.Close()
		return resp.StatusCode == http.StatusUnauthorized
	}
}

// PostgreSQL starts a cluster of its own and returns the URL of its database postgres.
func PostgreSQL(t testing.TB) string { return NewCluster(t).URL }

// A Cluster is a PostgreSQL of a test's own.
type Cluster struct {
	URL string // of the database postgres

	start  func() *exec.Cmd
	server *exec.Cmd
}

// NewCluster makes a cluster and starts its server.
func NewCluster(t testing.TB) *Cluster {
	t.Helper()
	initdb := Need(t, "initdb", "/usr/lib/postgresql/*/bin/initdb")
	owner := "postgres"
	dir := Dir(t, owner)
	data := filepath.Join(dir, "data")
	init := exec.Command(initdb, "-D", data, "-A", "trust", "-U", "postgres", "-E", "UTF8", "--locale=C", "-N")
	As(t, init, owner)
	if out, err := init.CombinedOutput(); err != nil {
		t.Fatalf("initdb: %v\n%s", err, out)
	}
	port := FreePort(t)
	c := &Cluster{URL: fmt.Sprintf("postgres://postgres@127.0.0.1:%d/postgres?sslmode=disable", port)}
	c.start = func() *exec.Cmd {
		server := exec.Command(filepath.Join(filepath.Dir(initdb), "postgres"), "-D", data, "-k", dir,
			"-c", "listen_addresses=127.0.0.1", "-p", strconv.Itoa(port))
		As(t, server, owner)
		out := Start(t, server)
		Await(t, "PostgreSQL", out, func() bool {
			return bytes.Contains(out.Bytes(), []byte("ready to accept connections"))
		})
		return server
	}
	c.server = c.start()
	return c
}

// Restart stops the server with a signal of postgres(1), SIGINT for a fast shutdown and
// SIGQUIT for one that needs a recovery, and starts it again after the pause.
func (c *Cluster) Restart(t testing.TB, how syscall.Signal, pause time.Duration) {
	t.Helper()
	if err := c.server.Process.Signal(how); err != nil {
		t.Fatal(err)
	}
	_ = c.server.Wait()
	time.Sleep(pause)
	c.server = c.start()
}
