package programtest

import (
	"bufio"
	"bytes"
	"cmp"
	"context"
	"encoding/pem"
	"errors"
	"io"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/easoauth/easoauth/eas/eastest"
)

// Ada is the address of the user of a [World].
const Ada = "ada@contoso.com"

// A World is a tenant, and what a process needs to reach it as it reaches the internet.
type World struct {
	Tenant *eastest.Tenant
	Dir    string   // for -dir
	Env    []string // of each process
	User   string   // who signs in; "" is [Ada]
}

// NewWorld returns a world. The test must add the mailbox of [Ada]. It skips where a process cannot
// be given a certificate authority.
func NewWorld(t *testing.T) *World {
	t.Helper()
	if runtime.GOOS != "linux" {
		t.Skip("the certificate authority is given to programs by SSL_CERT_FILE")
	}
	w := &World{Tenant: eastest.New(t, &eastest.Options{Topology: eastest.Hybrid, DeviceInterval: time.Second}), Dir: t.TempDir()}
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	if err := w.Tenant.ServeProxy(ln); err != nil {
		t.Fatal(err)
	}
	ca := filepath.Join(t.TempDir(), "ca.pem")
	if err := os.WriteFile(ca, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: w.Tenant.Certificate().Raw}), 0o600); err != nil {
		t.Fatal(err)
	}
	w.Env = append(coverage(t),
		variable+"=1", "SSL_CERT_FILE="+ca, "SSL_CERT_DIR="+t.TempDir(), "HTTPS_PROXY=http://"+ln.Addr().String(), "HOME="+t.TempDir(), "PATH="+os.Getenv("PATH"))
	return w
}

// Flags returns the flags that every program takes, and args.
func (w *World) Flags(args ...string) []string {
	return append([]string{"-email", Ada, "-client-id", eastest.ClientID, "-dir", w.Dir, "-no-keychain", "-device"}, args...)
}

// Command returns a process of a program; "" is the one that the test binary is, by [Main].
func (w *World) Command(ctx context.Context, program string, args ...string) *exec.Cmd {
	if program == "" {
		program = os.Args[0]
	}
	cmd := exec.CommandContext(ctx, program, args...)
	cmd.Env = w.Env
	return cmd
}

var userCode = regexp.MustCompile(`^Open \S+ and enter (\S+)$`)

// Run runs a program to its end, with ctx as its Ctrl-C, and approves the device codes that it
// shows. It returns the exit code and what it printed.
func (w *World) Run(t *testing.T, ctx context.Context, program, in string, args ...string) (code int, out, errs string) {
	t.Helper()
	cmd := w.Command(ctx, program, args...)
	cmd.Cancel = func() error { return cmd.Process.Signal(os.Interrupt) }
	cmd.Stdin = strings.NewReader(in)
	var stdout, stderr bytes.Buffer
	r, pw := io.Pipe()
	cmd.Stdout, cmd.Stderr = &stdout, io.MultiWriter(&stderr, pw)
	done := make(chan struct{})
	go func() {
		defer close(done)
		for lines := bufio.NewScanner(r); lines.Scan(); {
			if m := userCode.FindStringSubmatch(lines.Text()); m != nil {
				if err := w.Tenant.ApproveDevice(m[1], cmp.Or(w.User, Ada)); err != nil {
					t.Error(err)
				}
			}
		}
	}()
	err := cmd.Run()
	pw.Close()
	<-done
	var exit *exec.ExitError
	if err != nil && !errors.As(err, &exit) && ctx.Err() == nil {
		t.Fatal(err)
	}
	return cmd.ProcessState.ExitCode(), stdout.String(), stderr.String()
}
