package tenant

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// refused is what the clients do and Exchange refuses, and with what. The tenant must, too.
var refused = map[string]string{
	"hstern, Provision":  "eas: Provision (phase 1): eas: Provision: status 165", // without DeviceInformation: MS-ASCMD section 2.2.2
	"hstern, Sync":       "eas: Sync: status 4 (ProtocolError)",                  // GetChanges 1 with the key 0: MS-ASCMD section 2.2.3.84
	"hstern, Find":       "eas: Find: status 2 (ProtocolError)",                  // without SearchId
	"remdev, FolderSync": "client: FolderSync -> 400 Bad Request",                // 14.1 as 145, base64 without padding: MS-ASHTTP section 2.2.1.1.1.1
}

// TestPeers lets two other Go clients of ActiveSync use a mailbox, in 14.1 and 16.1, after
// what they send wrong is mended on its way. They are not required by this module. To run it, clone hstern/go-activesync and
// remdev/go-activesync of GitHub as hstern and remdev into one folder, name it in EASOAUTH_PEERS, and
// read the log (go test -v). What the server sent is judged, in TestPeers/judged, by libwbxml and xmllint.
func TestPeers(t *testing.T) {
	peers := os.Getenv("EASOAUTH_PEERS")
	if peers == "" {
		t.Skip("EASOAUTH_PEERS does not name a folder with the clones hstern and remdev")
	}
	dir, bodies := t.TempDir(), t.TempDir()
	main, err := os.ReadFile("testdata/peers.go.txt")
	if err != nil {
		t.Fatal(err)
	}
	for name, text := range map[string]string{
		"main.go": string(main),
		"go.mod": "module peers\n\ngo 1.26\n\nreplace github.com/hstern/go-activesync => " + filepath.Join(peers, "hstern") +
			"\n\nreplace github.com/remdev/go-activesync => " + filepath.Join(peers, "remdev") + "\n",
	} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	for _, args := range [][]string{{"mod", "tidy"}, {"build", "-o", "peers", "."}} {
		cmd := exec.CommandContext(t.Context(), "go", args...)
		cmd.Dir = dir
		cmd.Env = append(os.Environ(), "GOFLAGS=-mod=mod", "GOWORK=off")
		if out, err := cmd.CombinedOutput(); err != nil {
			t.Fatalf("go %s: %v\n%s", strings.Join(args, " "), err, out)
		}
	}
	tn := start(t, "-no-policy")
	cmd := exec.CommandContext(t.Context(), filepath.Join(dir, "peers"), tn.ActiveSync, tn.token(t, ada), ada, "bob@contoso.com", bodies)
	cmd.Env = tn.environment()
	out, err := cmd.CombinedOutput()
	if err != nil {
		t.Errorf("%v", err)
	}
	steps := 0
	asItIs := map[string]string{}
	for line := range strings.Lines(string(out)) {
		fields := strings.SplitN(strings.TrimSpace(line), "\t", 3)
		switch {
		case len(fields) != 3:
			t.Error(line)
		case fields[0] == "as it is":
			asItIs[fields[1]] = fields[2]
		case fields[2] == "ok":
			steps++
		default:
			t.Error(strings.TrimSpace(line))
		}
	}
	if diff := cmp.Diff(refused, asItIs); diff != "" {
		t.Errorf("what is refused (-want +got):\n%s", diff)
	}
	t.Logf("%d steps succeed", steps)
	if steps < 70 {
		t.Errorf("%d steps succeed, want 70", steps)
	}
	t.Run("judged", func(t *testing.T) {
		j := newJudge(t)
		files, err := filepath.Glob(filepath.Join(bodies, "*.wbxml"))
		if err != nil {
			t.Fatal(err)
		}
		for _, name := range files {
			body, err := os.ReadFile(name)
			if err != nil {
				t.Fatal(err)
			}
			j.judge(t, body)
		}
		t.Log(j)
	})
}
