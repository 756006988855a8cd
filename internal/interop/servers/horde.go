package servers

import (
	"embed"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/easoauth/easoauth/eas"
)

//go:embed horde/*.php
var hordeFiles embed.FS

// Horde starts Horde's ActiveSync for mail, and for calendars where Kronolith is there, on a
// database file of its own, and returns its URL. It speaks versions up to
// newest, and the users have a calendar each.
func Horde(t testing.TB, m *Mail, newest eas.Version, users ...string) string {
	t.Helper()
	php := Need(t, "php")
	for _, name := range []string{"/usr/share/horde/rpc.php", "/usr/share/horde/imp", "/usr/share/php/Horde/ActiveSync.php"} {
		if _, err := os.Stat(name); err != nil {
			t.Skip("Horde's ActiveSync is not installed")
		}
	}
	needMounts(t)
	const owner = "nobody"
	dir := Dir(t, owner)
	if out, err := exec.Command("cp", "-r", "/etc/horde", filepath.Join(dir, "etc")).CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	fill := strings.NewReplacer("{dir}", dir, "{users}", "'"+strings.Join(users, "', '")+"'", "{version}", strings.TrimSuffix(string(newest), ".0"), "{imap}", strconv.Itoa(m.IMAP), "{smtp}", strconv.Itoa(m.SMTP)).Replace
	for name, to := range map[string]string{
		"conf.php": "etc/horde/conf.php", "registry.local.php": "etc/horde/registry.local.php", "backends.local.php": "etc/imp/backends.local.php", "imp.php": "etc/imp/conf.php",
		"kronolith.php": "etc/kronolith/conf.php",
		"migrate.php":   "migrate.php", "router.php": "router.php",
	} {
		b, err := hordeFiles.ReadFile("horde/" + name)
		if err != nil {
			t.Fatal(err)
		}
		if err := os.MkdirAll(filepath.Dir(filepath.Join(dir, to)), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(dir, to), []byte(fill(string(b))), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	if out, err := exec.Command("chown", "-R", owner, dir).CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	// Its configuration is at one place; the server sees another folder there, and nobody else.
	inside := func(command string) *exec.Cmd {
		cmd := exec.Command("unshare", "-m", "sh", "-c",
			`mount --bind "$1/etc" /etc/horde && cd "$1" && exec setpriv --reuid `+owner+` --clear-groups env HOME="$1" `+command, "sh", dir)
		cmd.Dir = dir
		return cmd
	}
	migrate := inside(php + ` migrate.php $(find /usr/share -type d -name migration | grep -iE 'horde|imp|content|kronolith')`)
	if out, err := migrate.CombinedOutput(); err != nil || !strings.Contains(string(out), "horde_activesync") {
		t.Fatalf("Horde's tables: %v\n%s", err, out)
	}
	port := FreePort(t)
	cmd := inside(fmt.Sprintf("PHP_CLI_SERVER_WORKERS=8 %s -S 127.0.0.1:%d -t /usr/share/horde router.php", php, port))
	out := Start(t, cmd)
	url := fmt.Sprintf("http://127.0.0.1:%d/Microsoft-Server-ActiveSync", port)
	Await(t, "Horde", out, demandsPassword(port, url))
	t.Cleanup(func() {
		if t.Failed() {
			if b, err := os.ReadFile(filepath.Join(dir, "horde.log")); err == nil {
				t.Logf("Horde: %s", b)
			}
		}
	})
	return url
}
