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

// The standard output of a program belongs to it, and not to the browser that it starts; and
// the browser gets one argument, in which nothing is special to a shell (S061).
func TestLauncher(t *testing.T) {
	dir := t.TempDir()
	script := "#!/bin/sh\necho noise; echo noise >&2\nout=$(/bin/readlink /proc/$$/fd/1)\necho $out >" + dir + "/out\n/bin/echo \"$#:$1\" >" + dir + "/url\nexit 3\n"
	if err := os.WriteFile(filepath.Join(dir, "xdg-open"), []byte(script), 0o700); err != nil {
		t.Fatal(err)
	}
	t.Setenv("PATH", dir)
	t.Setenv("DISPLAY", ":0")
	t.Setenv("WSL_DISTRO_NAME", "")
	begin := time.Now()
	_, err := (&token.Browser{LoginHint: "-x; $(touch x) `id` & | < > \" ' \\ \n --"}).SignIn(t.Context(), newSTS().config(t))
	if err == nil || !strings.Contains(err.Error(), "xdg-open: exit status 3") || time.Since(begin) > 10*time.Second {
		t.Errorf("SignIn = %v, want the failure of the launcher", err)
	}
	out, _ := os.ReadFile(filepath.Join(dir, "out"))
	if strings.TrimSpace(string(out)) != "/dev/null" {
		t.Errorf("the launcher's standard output is %q", out)
	}
	if to, _ := os.ReadFile(filepath.Join(dir, "url")); !strings.HasPrefix(string(to), "1:https://login.microsoftonline.com/") || strings.ContainsAny(strings.TrimSpace(string(to)), ";$()`|<>\"'\\ \n") {
		t.Errorf("the launcher was given %q", to)
	}
}
