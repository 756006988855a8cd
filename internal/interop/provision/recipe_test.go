package provision

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/easoauth/easoauth/internal/interop/servers"
)

// TestRecipe runs the recipe of docs/provision.md, with curl and jq, in a folder of its own and at
// ports that are free.
func TestRecipe(t *testing.T) {
	for _, name := range []string{"bash", "curl", "jq", "openssl"} {
		servers.Need(t, name)
	}
	doc, err := os.ReadFile("../../../docs/provision.md")
	if err != nil {
		t.Fatal(err)
	}
	m := regexp.MustCompile("(?s)```bash\n(.*?)```").FindSubmatch(doc)
	if m == nil {
		t.Fatal("docs/provision.md has no recipe")
	}
	root, err := filepath.Abs("../../..")
	if err != nil {
		t.Fatal(err)
	}
	dir := servers.Dir(t, "")
	recipe := strings.NewReplacer(
		"go build ./examples/faketenant", fmt.Sprintf("go build -C %s -o %s ./examples/faketenant", root, dir),
		"cd examples/provision && go build -o ../../provision", fmt.Sprintf("cd %s/examples/provision && go build -o %s/provision", root, dir),
		"serve -role api", fmt.Sprintf("serve -role api -listen 127.0.0.1:%d -admin ''", servers.FreePort(t)),
	).Replace(string(m[1]))
	recipe = strings.ReplaceAll(recipe, "127.0.0.1:9091", fmt.Sprintf("127.0.0.1:%d", servers.FreePort(t)))
	listen := regexp.MustCompile(`-listen (127\.0\.0\.1:\d+)`).FindStringSubmatch(recipe)
	recipe = strings.ReplaceAll(recipe, "127.0.0.1:8080", listen[1])

	ctx, cancel := context.WithTimeout(t.Context(), 2*time.Minute)
	defer cancel()
	cmd := exec.CommandContext(ctx, "bash", "-c", "set -eu\n"+recipe+"\nkill $(jobs -p)")
	cmd.Dir = dir
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true, Pdeathsig: syscall.SIGKILL}
	cmd.WaitDelay = 15 * time.Second
	out, err := cmd.CombinedOutput()
	_ = syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL) // what it has started
	if err != nil || !strings.Contains(string(out), `"subject": "Lunch"`) {
		t.Errorf("%v\n%s", err, out)
	}
}
