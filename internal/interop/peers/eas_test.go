package peers

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// TestSyncPeers measures the path from a response to messages in other Go clients of
// ActiveSync beside this one. They are not required by this module. To run it, clone
// hstern/go-activesync and remdev/go-activesync of GitHub as hstern and remdev into one folder,
// name it in EASOAUTH_PEERS, and read the log (go test -v).
func TestSyncPeers(t *testing.T) {
	peers := os.Getenv("EASOAUTH_PEERS")
	if peers == "" {
		t.Skip("EASOAUTH_PEERS does not name a folder with the clones hstern and remdev")
	}
	root, err := filepath.Abs("../../..")
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	program, err := os.ReadFile("testdata/eas/main.go.txt")
	if err != nil {
		t.Fatal(err)
	}
	sums, err := os.ReadFile(filepath.Join(root, "go.sum"))
	if err != nil {
		t.Fatal(err)
	}
	for name, text := range map[string]string{
		"main.go": string(program),
		"go.sum":  string(sums),
		"go.mod": "module peers\n\ngo 1.26\n\nreplace github.com/easoauth/easoauth => " + root +
			"\n\nreplace github.com/hstern/go-activesync => " + filepath.Join(peers, "hstern") +
			"\n\nreplace github.com/remdev/go-activesync => " + filepath.Join(peers, "remdev") + "\n",
	} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	for _, args := range [][]string{{"mod", "tidy"}, {"run", "."}} {
		cmd := exec.Command("go", args...)
		cmd.Dir = dir
		cmd.Env = append(os.Environ(), "GOFLAGS=-mod=mod", "GOWORK=off")
		out, err := cmd.CombinedOutput()
		if err != nil {
			t.Fatalf("go %s: %v\n%s", strings.Join(args, " "), err, out)
		}
		if args[0] == "run" {
			t.Logf("\n%s", out)
			if strings.Contains(string(out), "easoauth\tfails") {
				t.Error("this library fails")
			}
		}
	}
}
