package main

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/zalando/go-keyring"

	"github.com/easoauth/easoauth/examples/provision/internal/world"
	"github.com/easoauth/easoauth/token"
	"github.com/easoauth/easoauth/token/sqlstore"
)

// A key of the keychain is made once, by migrate alone, and is the same for whoever comes next.
func TestKeychain(t *testing.T) {
	keyring.MockInit()
	c := &config{keychain: "contoso"}
	if key, err := c.encryptionKey(false); err == nil || !strings.Contains(err.Error(), "migrate") {
		t.Errorf("a key that is missing: %v, %v; want an error that says how to make it", key, err)
	}
	first, err := c.encryptionKey(true)
	if err != nil || len(first) != 32 {
		t.Fatalf("a key that is made: %d bytes, %v", len(first), err)
	}
	for _, create := range []bool{false, true} {
		if again, err := c.encryptionKey(create); err != nil || string(again) != string(first) {
			t.Errorf("the key again, create %v: another one, or %v", create, err)
		}
	}
	if other, err := (&config{keychain: "fabrikam"}).encryptionKey(true); err != nil || string(other) == string(first) {
		t.Errorf("a key of another name: the same one, or %v", err)
	}
	if err := keyring.Set(keychainService, "contoso", "s3cret"); err != nil {
		t.Fatal(err)
	}
	if _, err := c.encryptionKey(true); err == nil || !strings.Contains(err.Error(), "the keychain") || strings.Contains(err.Error(), "s3cret") {
		t.Errorf("an entry that is not a key: %v, want an error without its content", err)
	}
	locked := errors.New("the collection is locked")
	keyring.MockInitWithError(locked)
	if _, err := c.encryptionKey(true); !errors.Is(err, locked) {
		t.Errorf("without a keychain: %v, want %v", err, locked)
	}
}

func TestKeyFile(t *testing.T) {
	for text, ok := range map[string]bool{strings.Repeat("0f", 32) + "\n": true, strings.Repeat("0f", 31): false, strings.Repeat("zz", 32): false, "": false} {
		name := filepath.Join(t.TempDir(), "key")
		if err := os.WriteFile(name, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		if key, err := (&config{keyFile: name}).encryptionKey(false); (err == nil) != ok || ok && len(key) != 32 {
			t.Errorf("%q: %d bytes, %v", text, len(key), err)
		}
	}
	if _, err := (&config{keyFile: filepath.Join(t.TempDir(), "none")}).encryptionKey(true); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("a file that is missing: %v", err)
	}
}

// A process with another key than that of the sign-ins does not start, and one record that cannot
// be read keeps nobody from starting.
func TestCheckKey(t *testing.T) {
	w := world.New(t, nil)
	s := &service{store: w.Store, tokens: w.Tokens}
	check := func(key token.EncryptionKey) error {
		s.tokens = &sqlstore.Store{DB: w.Store.DB, Dialect: w.Store.Dialect, EncryptionKey: key}
		return s.checkKey(t.Context())
	}
	other := token.NewEncryptionKey()
	if err := check(other); err != nil {
		t.Errorf("without mailboxes: %v", err)
	}
	w.Tenant.AddMailbox("ada@contoso.com")
	w.Provision("ada@contoso.com")
	if err := check(w.Tokens.EncryptionKey); err != nil {
		t.Errorf("with the key: %v", err)
	}
	if err := check(other); !errors.Is(err, token.ErrRecord) || !strings.Contains(err.Error(), "the key does not open") {
		t.Errorf("with another key: %v", err)
	}
	w.Tenant.AddMailbox("bob@contoso.com")
	w.Provision("bob@contoso.com")
	if _, err := w.Store.DB.ExecContext(t.Context(), `UPDATE easoauth_token SET record = 'torn' WHERE rowid = 1`); err != nil {
		t.Fatal(err)
	}
	if err := check(w.Tokens.EncryptionKey); err != nil {
		t.Errorf("with a torn record of two: %v", err)
	}
	if err := w.Store.DB.Close(); err != nil {
		t.Fatal(err)
	}
	if err := check(other); err == nil || errors.Is(err, token.ErrRecord) {
		t.Errorf("without a database: %v", err)
	}
}
