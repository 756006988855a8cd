package golden_test

import (
	"fmt"
	"path/filepath"
	"strings"
	"testing"

	"github.com/easoauth/easoauth/internal/golden"
)

// A recorder notes failures. Fatal ends the call as that of a test does.
type recorder struct {
	testing.TB
	failed []string
}

func (r *recorder) Helper() {}

func (r *recorder) Errorf(format string, args ...any) {
	r.failed = append(r.failed, fmt.Sprintf(format, args...))
}

func (r *recorder) Fatal(args ...any) { panic(fmt.Sprint(args...)) }

func TestCheck(t *testing.T) {
	file := filepath.Join(t.TempDir(), "testdata", "a.txt")
	var r recorder
	func() {
		defer func() {
			if recover() == nil {
				t.Error("a missing file does not fail the test")
			}
		}()
		golden.Check(&r, file, "a\nb\n", false)
	}()
	golden.Check(&r, file, "a\nb\n", true)
	golden.Check(&r, file, "a\nb\n", false)
	golden.Check(&r, file, "a\r\nb\r\n", false)
	if len(r.failed) > 0 {
		t.Errorf("failed: %q", r.failed)
	}
	golden.Check(&r, file, "a\nc\n", false)
	golden.Check(&r, file, "a\nb", false)
	if len(r.failed) != 2 || !strings.Contains(r.failed[0], "a.txt (-want +got), rewritten by -update:") {
		t.Errorf("failed: %q", r.failed)
	}
}
