package keyring_test

import (
	"context"
	"os"
	"path/filepath"

	"github.com/easoauth/easoauth/token"
	"github.com/easoauth/easoauth/token/keyring"
)

// A program for the desktop keeps its sign-ins encrypted, with the key in the keychain.
func Example() {
	source := func(ctx context.Context, config *token.Config) (*token.Source, error) {
		dir, err := os.UserConfigDir()
		if err != nil {
			return nil, err
		}
		store, err := keyring.Open(ctx, "my-mail-program", filepath.Join(dir, "my-mail-program", "sign-ins"))
		if err != nil {
			return nil, err
		}
		return &token.Source{Config: config, Key: "ada@contoso.com", Store: store}, nil
	}
	_ = source
}
