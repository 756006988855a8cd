//go:build linux

package token_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/easoauth/easoauth/token"
)

// The launcher gets the URL as its one argument, whatever is in it. The standard output of a
// program belongs to it, and not to the browser that it starts.
func TestS061Launcher(t *testing.T) {
	dir := t.TempDir()
	script := "#!/bin/sh\necho noise; echo noise >&2\nout=$(/bin/readlink /proc/$$/fd/1)\necho $out >" + dir + "/out\n/bin/echo \"$# $1\" >" + dir + "/url\nexit 3\n"
	if err := os.WriteFile(filepath.Join(dir, "xdg-open"), []byte(script), 0o700); err != nil {
		t.Fatal(err)
	}
	t.Setenv("PATH", dir)
	t.Setenv("DISPLAY", ":0")
	t.Setenv("WSL_DISTRO_NAME", "")
	const hint = "-x $(echo a) `b` & calc | %PATH% ; \"' \n@contoso.com"
	begin := time.Now()
	_, err := (&token.Browser{LoginHint: hint}).SignIn(t.Context(), newSTS().config(t))
	if err == nil || !strings.Contains(err.Error(), "xdg-open: exit status 3") || time.Since(begin) > 10*time.Second {
		t.Errorf("SignIn = %v, want the failure of the launcher", err)
	}
	out, _ := os.ReadFile(filepath.Join(dir, "out"))
	if strings.TrimSpace(string(out)) != "/dev/null" {
		t.Errorf("the launcher's standard output is %q", out)
	}
	to, _ := os.ReadFile(filepath.Join(dir, "url"))
	given, ok := strings.CutPrefix(strings.TrimSpace(string(to)), "1 https://login.microsoftonline.com/")
	if !ok || strings.ContainsAny(given, " $`|;\"'<>\\") || mustURL("https://x/"+given).Query().Get("login_hint") != hint {
		t.Errorf("the launcher was given %q", to)
	}
}
