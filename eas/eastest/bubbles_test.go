package eastest_test

import (
	"os"
	"os/exec"
	"testing"
	"testing/synctest"

	"github.com/easoauth/easoauth/bearer"
	"github.com/easoauth/easoauth/eas/eastest"
	"github.com/easoauth/easoauth/token"
)

// A user signs in with the browser in one bubble of a process after the other. The process is one
// that has done nothing before, since a look-up outside of a bubble hides what would go wrong.
func TestBrowserInSeveralBubbles(t *testing.T) {
	const child = "EASTEST_BUBBLES"
	if os.Getenv(child) == "" {
		cmd := exec.CommandContext(t.Context(), os.Args[0], "-test.run=^"+t.Name()+"$")
		cmd.Env = append(os.Environ(), child+"=1")
		if testing.CoverMode() != "" {
			cmd.Env = append(cmd.Env, "GOCOVERDIR="+t.TempDir())
		}
		if out, err := cmd.CombinedOutput(); err != nil {
			t.Errorf("%v\n%s", err, out)
		}
		return
	}
	for range 3 {
		synctest.Test(t, func(t *testing.T) {
			tn := eastest.New(t, nil)
			tn.AddMailbox("ada@contoso.com")
			offer, err := bearer.Probe(t.Context(), tn.Client(), tn.URL(), "ada@contoso.com")
			if err != nil {
				t.Fatal(err)
			}
			config, err := token.Configure(t.Context(), eastest.ClientID, offer, tn.URL(), &token.Options{HTTPClient: tn.Client()})
			if err != nil {
				t.Fatal(err)
			}
			source := &token.Source{Config: config, Flow: &token.Browser{Open: tn.Browser()}}
			if _, err := source.SignIn(t.Context()); err != nil {
				t.Fatal(err)
			}
		})
	}
}
