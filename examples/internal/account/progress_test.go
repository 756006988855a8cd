package account_test

import (
	"io"
	"os"
	"testing"

	"github.com/easoauth/easoauth/examples/internal/account"
)

func TestColors(t *testing.T) {
	for _, tt := range []struct {
		no, force string
		want      bool
	}{{"", "", false}, {"", "1", true}, {"", "0", false}, {"1", "1", false}} {
		t.Setenv("NO_COLOR", tt.no)
		t.Setenv("CLICOLOR_FORCE", tt.force)
		if got := account.Colors(io.Discard); got != tt.want {
			t.Errorf("NO_COLOR=%s CLICOLOR_FORCE=%s: %v", tt.no, tt.force, got)
		}
	}
}

func TestIsTerminal(t *testing.T) {
	null, err := os.Open(os.DevNull)
	if err != nil {
		t.Fatal(err)
	}
	defer null.Close()
	r, w, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	defer w.Close()
	for name, x := range map[string]any{"null": null, "pipe": w, "no file": io.Discard} {
		if account.IsTerminal(x) {
			t.Errorf("%s is taken for a terminal", name)
		}
	}
}

func TestPlain(t *testing.T) {
	for _, tt := range [][2]string{{"Größe\tx\n", "Größe\tx\n"}, {"\x1b]0;title\a", "\uFFFD]0;title\uFFFD"}, {"a\rb\u202ec\u0085\x7f", "a\uFFFDb\uFFFDc\uFFFD\uFFFD"}} {
		if got := account.Plain(tt[0]); got != tt[1] {
			t.Errorf("Plain(%q) = %q, want %q", tt[0], got, tt[1])
		}
	}
}
