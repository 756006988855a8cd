package tenant

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/easoauth/easoauth/internal/interop/servers"
)

// recipes are that of docs/faketenant.md and that of libwbxml, in which no part but the
// server is this project's.
func recipes(t *testing.T) map[string]string {
	t.Helper()
	doc, err := os.ReadFile("../../../docs/faketenant.md")
	if err != nil {
		t.Fatal(err)
	}
	_, after, found := strings.Cut(string(doc), "```bash\n")
	documented, _, closed := strings.Cut(after, "```")
	if !found || !closed {
		t.Fatal("docs/faketenant.md has no recipe")
	}
	own, err := os.ReadFile("testdata/foldersync.sh")
	if err != nil {
		t.Fatal(err)
	}
	return map[string]string{"documentation": documented, "libwbxml": string(own)}
}

// TestCurl follows the recipes of five lines, with curl and jq, to the decoded response to a FolderSync.
func TestCurl(t *testing.T) {
	shell := servers.Need(t, "bash")
	for _, name := range []string{"curl", "jq", "wbxml2xml"} {
		servers.Need(t, name)
	}
	wbxml := servers.Build(t, t.TempDir(), "wbxml")
	for name, recipe := range recipes(t) {
		t.Run(name, func(t *testing.T) {
			// Without go run, whose child would outlive it, the shell can end the program.
			script := strings.Replace(recipe, "go run ./examples/faketenant", program(t), 1)
			if script == recipe {
				t.Fatal("the recipe does not start the program")
			}
			script = strings.ReplaceAll(script, "go run ./examples/wbxml", wbxml)
			cmd := exec.CommandContext(t.Context(), shell, "-c", "set -euo pipefail\n"+script+"kill %1; wait %1\n")
			cmd.Dir = t.TempDir()
			out, err := cmd.CombinedOutput()
			if err != nil {
				t.Fatalf("%v\n%s", err, out)
			}
			for _, want := range []string{"<FolderSync xmlns=\"FolderHierarchy", "<Status>1</Status>", "<DisplayName>Inbox</DisplayName>", "<DisplayName>Calendar</DisplayName>"} {
				if !strings.Contains(string(out), want) {
					t.Errorf("the recipe prints no %s:\n%s", want, out)
				}
			}
			if lines := strings.Count(strings.ReplaceAll(recipe, "\\\n", ""), "\n"); lines > 5 {
				t.Errorf("the recipe has %d lines", lines)
			}
		})
	}
}

// TestCurlVersions reads the challenge over each version of HTTP, through the proxy and at the TLS
// server itself, as a client does whose names are in a hosts file.
func TestCurlVersions(t *testing.T) {
	curl := servers.Need(t, "curl")
	tn := start(t)
	host := strings.TrimSuffix(strings.TrimPrefix(tn.ActiveSync, "https://"), "/Microsoft-Server-ActiveSync")
	for _, c := range []struct {
		name, version string
		args          []string
	}{
		{"proxy, HTTP/1.1", "1.1", []string{"--http1.1", "-x", tn.Proxy}},
		{"proxy, HTTP/2", "2", []string{"--http2", "-x", tn.Proxy}},
		{"server, HTTP/1.1", "1.1", []string{"--http1.1", "--connect-to", host + ":443:" + tn.HTTPS}},
		{"server, HTTP/2", "2", []string{"--http2", "--connect-to", host + ":443:" + tn.HTTPS}},
	} {
		t.Run(c.name, func(t *testing.T) {
			head := filepath.Join(t.TempDir(), "head")
			args := append(c.args, "-sS", "--noproxy", "", "--cacert", tn.CA, "-D", head, "-o", os.DevNull, "-w", "%{http_version} %{http_code}",
				"-H", "Authorization: Bearer", "-H", "X-User-Identity: "+ada, tn.ActiveSync)
			out, err := exec.CommandContext(t.Context(), curl, args...).CombinedOutput()
			if err != nil {
				t.Fatalf("%v: %s", err, out)
			}
			if want := c.version + " 401"; string(out) != want {
				t.Errorf("version and status %q, want %q", out, want)
			}
			b, err := os.ReadFile(head)
			if err != nil {
				t.Fatal(err)
			}
			if !strings.Contains(strings.ToLower(string(b)), "www-authenticate: bearer client_id=") {
				t.Errorf("no challenge in\n%s", b)
			}
		})
	}
	t.Run("without the authority", func(t *testing.T) {
		out, err := exec.CommandContext(t.Context(), curl, "-sS", "--noproxy", "", "-x", tn.Proxy, "--cacert", "/dev/null", tn.ActiveSync).CombinedOutput()
		if err == nil {
			t.Errorf("curl trusts the certificate without being told: %s", out)
		}
	})
	t.Run("another host", func(t *testing.T) {
		out, err := exec.CommandContext(t.Context(), curl, "-sS", "--noproxy", "", "-x", tn.Proxy, "--cacert", tn.CA, "https://www.contoso.net/").CombinedOutput()
		if err == nil {
			t.Errorf("the proxy leads out of the tenant: %s", out)
		}
	})
}
