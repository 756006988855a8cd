package tenant

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/easoauth/easoauth/internal/interop/servers"
)

// TestFirstPrograms follows the recipe of docs/first-programs.md: a program that knows nothing of
// the tenant reaches it by its environment, and signs in with a code where there is no display.
func TestFirstPrograms(t *testing.T) {
	shell := servers.Need(t, "bash")
	servers.Need(t, "jq")
	doc, err := os.ReadFile("../../../docs/first-programs.md")
	if err != nil {
		t.Fatal(err)
	}
	_, after, _ := strings.Cut(string(doc), "```bash\n")
	recipe, _, found := strings.Cut(after, "```")
	if !found {
		t.Fatal("docs/first-programs.md has no recipe")
	}
	programs := filepath.Join(t.TempDir(), "programs")
	build := exec.CommandContext(t.Context(), "go", "build", "-o", programs, "./docs/programs")
	build.Dir = "../../.."
	if out, err := build.CombinedOutput(); err != nil {
		t.Fatalf("go build: %v\n%s", err, out)
	}
	script := strings.Replace(recipe, "go run ./examples/faketenant", program(t), 1)
	script = strings.ReplaceAll(script, "go run ./docs/programs", programs)
	cmd := exec.CommandContext(t.Context(), shell, "-c", "set -euo pipefail\n"+script+"kill %1; wait %1\n")
	cmd.Dir = t.TempDir()
	cmd.Env = append(os.Environ(), "DISPLAY=", "WAYLAND_DISPLAY=", "BROWSER=", "no_proxy=", "NO_PROXY=")
	out, err := cmd.CombinedOutput()
	if err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	for _, want := range []string{"and enter the code ", "Welcome"} {
		if !strings.Contains(string(out), want) {
			t.Errorf("the recipe prints no %q:\n%s", want, out)
		}
	}
}
