package tenant

import (
	"bytes"
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/easoauth/easoauth/internal/interop/servers"
)

// openIDClient returns a folder with the script in which npm has put openid-client.
func openIDClient(t *testing.T) string {
	t.Helper()
	npm := servers.Need(t, "npm")
	dir := t.TempDir()
	script, err := os.ReadFile("openid.mjs")
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dir, "openid.mjs"), script, 0o600); err != nil {
		t.Fatal(err)
	}
	cmd := exec.CommandContext(t.Context(), npm, "install", "--no-save", "--no-package-lock", "--no-audit", "--no-fund", "openid-client@6")
	cmd.Dir = dir
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Skipf("npm cannot install openid-client here: %v %s", err, out)
	}
	return dir
}

// TestOpenIDClient signs in with npm's openid-client by code and by device code, refreshes, and reads
// the folders with each token.
func TestOpenIDClient(t *testing.T) {
	node := servers.Need(t, "node")
	dir := openIDClient(t)
	tn := start(t, "-no-policy")
	resource := strings.TrimSuffix(tn.ActiveSync, "/Microsoft-Server-ActiveSync")
	cmd := exec.CommandContext(t.Context(), node, "openid.mjs", issuer, tn.ClientID, resource+"/EAS.AccessAsUser.All openid profile offline_access", redirect, ada, tn.Page)
	cmd.Dir = dir
	cmd.Env = append(os.Environ(), "NODE_EXTRA_CA_CERTS="+tn.CA, "TENANT="+tn.HTTPS)
	out, err := cmd.CombinedOutput()
	if err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	var got struct{ Issuer, User, Code, Refresh, Again, Device string }
	if err := json.Unmarshal(out, &got); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	if got.Issuer != issuer || got.User != ada || got.Again != "invalid_grant" {
		t.Errorf("issuer %q, user %q, a code used again: %q", got.Issuer, got.User, got.Again)
	}
	for name, token := range map[string]string{"code": got.Code, "device code": got.Device} {
		if status, body := folders(t, tn.client(t), tn, token); status != 200 || !bytes.Contains(body, []byte("Inbox")) {
			t.Errorf("FolderSync with the token of the %s: status %d: %q", name, status, body)
		}
	}
	if got.Refresh == "" || got.Refresh == got.Code {
		t.Errorf("the refresh brings no token of its own")
	}
}
