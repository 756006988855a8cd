package keyring_test

import (
	"context"
	"errors"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"

	"github.com/easoauth/easoauth/token/keyring"
)

// TestS099KeychainThatHangs has a bus that accepts the connection and says nothing: the
// caller's context ends the wait. Another process asks it, since the tests replace the
// keychain of this one.
func TestS099KeychainThatHangs(t *testing.T) {
	const env = "KEYRING_TEST_DIR"
	if dir := os.Getenv(env); dir != "" {
		ctx, cancel := context.WithTimeout(t.Context(), 200*time.Millisecond)
		defer cancel()
		begin := time.Now()
		s, err := keyring.Open(ctx, service, dir)
		if s != nil || !errors.Is(err, context.DeadlineExceeded) || errors.Is(err, keyring.ErrUnavailable) || time.Since(begin) > 10*time.Second {
			t.Errorf("Open = %v, %v after %v; want DeadlineExceeded", s, err, time.Since(begin))
		}
		return
	}
	dir := t.TempDir()
	bus, err := net.Listen("unix", filepath.Join(dir, "bus"))
	if err != nil {
		t.Skip("no socket can be made here: ", err)
	}
	defer bus.Close()
	asked := make(chan struct{}, 100)
	go func() {
		for {
			c, err := bus.Accept()
			if err != nil {
				return
			}
			asked <- struct{}{}
			defer c.Close()
		}
	}()
	cmd := exec.Command(os.Args[0], "-test.run=^TestS099KeychainThatHangs$")
	cmd.Env = append(os.Environ(), env+"="+filepath.Join(dir, "tokens"), "DBUS_SESSION_BUS_ADDRESS=unix:path="+bus.Addr().String())
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Errorf("%v\n%s", err, out)
	}
	if len(asked) == 0 {
		t.Error("nobody connected to the bus")
	}
}
