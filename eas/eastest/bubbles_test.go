package eastest_test

import (
	"testing"
	"testing/synctest"

	"github.com/easoauth/easoauth/bearer"
	"github.com/easoauth/easoauth/eas/eastest"
	"github.com/easoauth/easoauth/token"
)

// A user signs in with the browser in one bubble of a process after the other.
func TestBrowserInSeveralBubbles(t *testing.T) {
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
