package servers

import (
	"context"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"

	"github.com/easoauth/easoauth/eas/eastest"
	"github.com/easoauth/easoauth/token"
)

// A Program is one of the examples, built, that reaches a [Site] as it would the internet.
type Program struct {
	t      testing.TB
	binary string
	env    []string
}

// Program builds an example and signs in the users whose mailboxes it is to open.
func (s *Site) Program(t testing.TB, name string, users ...string) *Program {
	t.Helper()
	dir := Dir(t, "")
	p := &Program{t: t, binary: Build(t, dir, name), env: append(s.Environment(t, dir), "HOME="+dir, "XDG_CONFIG_HOME="+dir)}
	store := &token.FileStore{Dir: filepath.Join(dir, "easoauth", "sign-ins")}
	for _, u := range users {
		s.signIn(t, u, store)
	}
	return p
}

// Run runs the program for the mailbox of a user, with further arguments, and returns what it
// writes. After a time, unless that is 0, it is killed.
func (p *Program) Run(kill time.Duration, user string, args ...string) (out string, killed bool) {
	p.t.Helper()
	ctx, cancel := context.WithTimeout(p.t.Context(), 3*time.Minute)
	defer cancel()
	cmd := exec.CommandContext(ctx, p.binary, append([]string{"-email", user + "@" + Domain, "-client-id", eastest.ClientID, "-no-keychain"}, args...)...)
	cmd.Env = p.env
	if kill > 0 {
		late := time.AfterFunc(kill, cancel)
		defer late.Stop()
	}
	b, err := cmd.CombinedOutput()
	if kill > 0 && errors.Is(ctx.Err(), context.Canceled) && p.t.Context().Err() == nil {
		return string(b), true
	}
	if err != nil {
		p.t.Fatalf("%s %q: %v\n%s", filepath.Base(p.binary), args, err, b)
	}
	return string(b), false
}

// Build builds an example, in its own module, into dir and returns the name of its binary.
func Build(t testing.TB, dir, name string) string {
	t.Helper()
	binary := filepath.Join(dir, name)
	cmd := exec.Command("go", "build", "-o", binary, ".")
	cmd.Dir = filepath.Join("..", "..", "..", "examples", name)
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("go build: %v\n%s", err, out)
	}
	return binary
}

// Environment is that of a process to which the site is the internet.
func (s *Site) Environment(t testing.TB, dir string) []string {
	t.Helper()
	ca := filepath.Join(dir, "ca.pem")
	if err := os.WriteFile(ca, s.ca, 0o600); err != nil {
		t.Fatal(err)
	}
	return append(os.Environ(), "SSL_CERT_FILE="+ca, "SSL_CERT_DIR="+dir, "HTTPS_PROXY="+s.proxy, "NO_PROXY=")
}
