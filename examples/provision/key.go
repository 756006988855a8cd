package main

import (
	"context"
	"encoding/hex"
	"errors"
	"fmt"
	"os"
	"strings"

	"github.com/zalando/go-keyring"

	"github.com/easoauth/easoauth/token"
)

// keychainService is the name under which the keychain has the keys of this program.
const keychainService = "easoauth-provision"

// encryptionKey returns the key of the sign-ins. If it is to be in the keychain and is not, it
// is made there, or reported as missing.
func (c *config) encryptionKey(create bool) (token.EncryptionKey, error) {
	if c.keyFile != "" {
		text, err := os.ReadFile(c.keyFile)
		if err != nil {
			return nil, err
		}
		return parseKey(string(text), "the file of -key-file")
	}
	text, err := keyring.Get(keychainService, c.keychain)
	if errors.Is(err, keyring.ErrNotFound) && create {
		text = hex.EncodeToString(token.NewEncryptionKey())
		if err = keyring.Set(keychainService, c.keychain, text); err == nil {
			text, err = keyring.Get(keychainService, c.keychain) // that of another process, if it was faster
		}
	}
	switch {
	case errors.Is(err, keyring.ErrNotFound):
		return nil, fmt.Errorf("the keychain has no key %q: make it with \"provision migrate\", or restore that of the machine where the service ran", c.keychain)
	case err != nil:
		return nil, fmt.Errorf("the keychain cannot be used: %w", err)
	}
	return parseKey(text, "the entry of the keychain")
}

func parseKey(text, what string) (token.EncryptionKey, error) {
	key, err := hex.DecodeString(strings.TrimSpace(text))
	if err != nil || len(key) != 32 {
		return nil, fmt.Errorf("%s does not hold 64 hexadecimal digits", what)
	}
	return key, nil
}

// checkKey sees that the key opens the sign-ins that are in the database, as far as a few of
// them show: with another, every mailbox would fail.
func (s *service) checkKey(ctx context.Context) error {
	some, err := s.store.Page(ctx, 0, false, 20)
	if err != nil {
		return err
	}
	var closed error
	for _, m := range some {
		switch _, err := s.tokens.Load(ctx, m.Name); {
		case err == nil:
			return nil
		case errors.Is(err, token.ErrRecord):
			closed = err
		case !errors.Is(err, token.ErrNotFound):
			return err
		}
	}
	if closed != nil {
		return fmt.Errorf("the key does not open the sign-ins in the database: use the one with which they were stored: %w", closed)
	}
	return nil
}
