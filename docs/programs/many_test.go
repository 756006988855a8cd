package main

import (
	"path/filepath"
	"testing"

	"github.com/easoauth/easoauth/eas"
	"github.com/easoauth/easoauth/eas/eastest"
	"github.com/easoauth/easoauth/token"
)

// TestFleet holds that the clients of docs/many.md work with sign-ins that were made elsewhere.
func TestFleet(t *testing.T) {
	dir := t.TempDir()
	f := newFleet(nil, token.NewEncryptionKey())
	f.store = &token.FileStore{Dir: filepath.Join(dir, "sign-ins")}
	for _, name := range []string{"mia", "ned", "ola"} {
		address := mailbox().Address()
		signed, err := connect(t.Context(), eastest.ClientID, address, dir, person(address))
		if err != nil {
			t.Fatal(err)
		}
		source := signed.Token.(*token.Source)
		if _, err := source.SignIn(t.Context()); err != nil {
			t.Fatal(err)
		}
		if _, err := inbox(t.Context(), f.client(address, source.Config, eas.State{})); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
}
