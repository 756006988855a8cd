package token

import (
	"crypto/rand"
	"fmt"
	"log/slog"

	"github.com/easoauth/easoauth/internal/seal"
)

// An EncryptionKey encrypts records with AES-256-GCM. It has 32 bytes, from a keychain, a secret
// store or [NewEncryptionKey]. It does not print.
type EncryptionKey []byte

// NewEncryptionKey returns 32 random bytes.
func NewEncryptionKey() EncryptionKey {
	key := make(EncryptionKey, seal.KeySize)
	_, _ = rand.Read(key) // never fails
	return key
}

// Format prints no secret under any verb.
func (k EncryptionKey) Format(f fmt.State, _ rune) { fmt.Fprint(f, present(string(k))) }

// LogValue prints no secret.
func (k EncryptionKey) LogValue() slog.Value { return slog.StringValue(present(string(k))) }

// MarshalText writes no secret, in JSON neither.
func (k EncryptionKey) MarshalText() ([]byte, error) { return []byte(present(string(k))), nil }

// Format prints the folder and whether there is a key, under any verb.
func (s *FileStore) Format(f fmt.State, _ rune) {
	fmt.Fprintf(f, "file store in %s, encrypted %t", s.Dir, s.EncryptionKey != nil)
}
