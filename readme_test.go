package easoauth_test

import (
	"os"
	"strings"
	"testing"
	"testing/synctest"

	"github.com/easoauth/easoauth/eas/eastest"
)

// The sample error of README.md is what the library prints.
func TestReadmeShowsARealError(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		tn := eastest.New(t, &eastest.Options{Topology: eastest.Hybrid, Faults: []eastest.Fault{{ID: "TLS_OFFLOAD"}}})
		tn.AddMailbox(ada)
		_, _, err := dance(t.Context(), tn, ada)
		if err == nil {
			t.Fatal("the dance behind TLS offloading succeeds")
		}
		readme, readErr := os.ReadFile("README.md")
		if readErr != nil {
			t.Fatal(readErr)
		}
		want := strings.Join(strings.Fields(err.Error()), " ")
		if !strings.Contains(strings.Join(strings.Fields(string(readme)), " "), want) {
			t.Errorf("README.md does not show the error as it is:\n%s", want)
		}
	})
}
