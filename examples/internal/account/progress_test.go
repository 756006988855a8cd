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
