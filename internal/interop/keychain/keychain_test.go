// Package keychain runs token/keyring against a Secret Service: GNOME Keyring on a session
// bus of its own.
package keychain

import (
	"bytes"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/easoauth/easoauth/internal/interop/servers"
	"github.com/easoauth/easoauth/token"
	"github.com/easoauth/easoauth/token/keyring"
	"github.com/easoauth/easoauth/token/storetest"
)

// inside is set in the process that runs on the bus.
const inside = "KEYCHAIN_TEST_INSIDE"

func TestSecretService(t *testing.T) {
	if os.Getenv(inside) == "" {
		run := servers.Need(t, "dbus-run-session")
		servers.Need(t, "gnome-keyring-daemon")
		home := servers.Dir(t, "")
		// A pipe says the password of the new keyring.
		cmd := exec.Command(run, "--", "sh", "-c",
			`printf test | gnome-keyring-daemon --unlock --components=secrets >/dev/null && exec "$0" -test.v -test.run '^TestSecretService$'`, os.Args[0])
		cmd.Env = append(os.Environ(), inside+"=1", "HOME="+home, "XDG_RUNTIME_DIR="+home, "XDG_DATA_HOME="+home, "XDG_CONFIG_HOME="+home)
		out, err := cmd.CombinedOutput()
		if err != nil || !bytes.Contains(out, []byte("--- PASS: TestSecretService ")) {
			t.Errorf("on the bus: %v\n%s", err, out)
		}
		return
	}
	storetest.Run(t, func(t *testing.T) token.Store {
		s, err := keyring.Open(t.Context(), "easoauth-interop", filepath.Join(t.TempDir(), "tokens"))
		if err != nil {
			t.Fatal(err)
		}
		return s
	})
	dir := filepath.Join(t.TempDir(), "tokens")
	first, err := keyring.Open(t.Context(), "easoauth-interop", dir)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := first.Save(t.Context(), "ada", token.Record{Lineage: "l", RefreshToken: "rt1"}); err != nil {
		t.Fatal(err)
	}
	second, err := keyring.Open(t.Context(), "easoauth-interop", dir)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(first.EncryptionKey, second.EncryptionKey) {
		t.Error("the keychain gave another key")
	}
	if err := keyring.Forget(t.Context(), "easoauth-interop", dir); err != nil {
		t.Fatal(err)
	}
	if _, err := keyring.Open(t.Context(), "easoauth-interop", dir); !errors.Is(err, keyring.ErrKeyLost) {
		t.Errorf("Open after Forget = %v, want ErrKeyLost", err)
	}
}

// TestProgram has examples/provision keep its key in the keychain: migrate makes it, and serve
// reads it.
func TestProgram(t *testing.T) {
	run := servers.Need(t, "dbus-run-session")
	servers.Need(t, "gnome-keyring-daemon")
	home := servers.Dir(t, "")
	program := servers.Build(t, home, "provision")
	secret := filepath.Join(home, "secret")
	if err := os.WriteFile(secret, []byte("a secret of the test"), 0o600); err != nil {
		t.Fatal(err)
	}
	// No authority responds, and with -until-eof serve stops at once.
	script := `set -u; printf test | gnome-keyring-daemon --unlock --components=secrets >/dev/null
flags="-dsn $HOME/p.db -client-id c -secret-file $HOME/secret -tenant t -role worker -admin= -until-eof"
"$0" serve $flags -keychain contoso </dev/null && exit 10
"$0" migrate $flags -keychain contoso || exit 11
"$0" migrate $flags -keychain contoso || exit 12
"$0" serve $flags -keychain contoso </dev/null || exit 13
"$0" serve $flags -keychain fabrikam </dev/null && exit 14
exit 0`
	cmd := exec.Command(run, "--", "sh", "-c", script, program)
	cmd.Env = append(os.Environ(), "HOME="+home, "XDG_RUNTIME_DIR="+home, "XDG_DATA_HOME="+home, "XDG_CONFIG_HOME="+home)
	out, err := cmd.CombinedOutput()
	if n := bytes.Count(out, []byte("provision migrate")); err != nil || n != 2 {
		t.Errorf("on the bus: %v, %d times it is said how to make the key, want 2\n%s", err, n, out)
	}
}

// TestNoSecretService has a bus on which nobody keeps secrets.
func TestNoSecretService(t *testing.T) {
	if os.Getenv(inside) == "" {
		run := servers.Need(t, "dbus-run-session")
		home := servers.Dir(t, "")
		// Without its service files the bus starts nobody on demand.
		config := filepath.Join(home, "bus.conf")
		err := os.WriteFile(config, []byte(`<busconfig><type>session</type><listen>unix:tmpdir=/tmp</listen>
<policy context="default"><allow send_destination="*"/><allow eavesdrop="true"/><allow own="*"/></policy></busconfig>`), 0o600)
		if err != nil {
			t.Fatal(err)
		}
		cmd := exec.Command(run, "--config-file="+config, "--", os.Args[0], "-test.v", "-test.run", "^TestNoSecretService$")
		cmd.Env = append(os.Environ(), inside+"=1", "HOME="+home, "XDG_RUNTIME_DIR="+home)
		out, err := cmd.CombinedOutput()
		if err != nil || !bytes.Contains(out, []byte("--- PASS: TestNoSecretService ")) {
			t.Errorf("on the bus: %v\n%s", err, out)
		}
		return
	}
	_, err := keyring.Open(t.Context(), "easoauth-interop", filepath.Join(t.TempDir(), "tokens"))
	if !errors.Is(err, keyring.ErrUnavailable) || !strings.Contains(err.Error(), "org.freedesktop.secrets") {
		t.Errorf("Open = %v, want ErrUnavailable that names what is missing", err)
	}
}
