package account_test

import (
	"io"
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

func TestPlain(t *testing.T) {
	for _, tt := range [][2]string{{"Größe\tx\n", "Größe\tx\n"}, {"\x1b]0;title\a", "\uFFFD]0;title\uFFFD"}, {"a\rb\u202ec\u0085\x7f", "a\uFFFDb\uFFFDc\uFFFD\uFFFD"}} {
		if got := account.Plain(tt[0]); got != tt[1] {
			t.Errorf("Plain(%q) = %q, want %q", tt[0], got, tt[1])
		}
	}
}
