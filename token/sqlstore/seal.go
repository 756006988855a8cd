package sqlstore

import (
	"bytes"
	"crypto/aes"
	"crypto/cipher"
	"crypto/sha256"
	"encoding/hex"
	"fmt"

	"github.com/easoauth/easoauth/token"
)

// sealedPrefix begins an encrypted record; a plain one is JSON.
var sealedPrefix = []byte("easoauth-token-1 aes-256-gcm\n")

// rowName returns the name under which the record of key is stored: keys may hold what no
// column takes.
func rowName(key string) string {
	sum := sha256.Sum256([]byte(key))
	return hex.EncodeToString(sum[:])
}

func (s *Store) aead() (cipher.AEAD, error) {
	block, err := aes.NewCipher(s.EncryptionKey)
	if err != nil {
		return nil, err
	}
	return cipher.NewGCMWithRandomNonce(block)
}

// encode encrypts a record for its row, so that rows cannot be swapped.
func (s *Store) encode(name string, plain []byte) ([]byte, error) {
	if s.EncryptionKey == nil {
		return plain, nil
	}
	a, err := s.aead()
	if err != nil {
		return nil, fmt.Errorf("token/sqlstore: %w", err)
	}
	return a.Seal(bytes.Clone(sealedPrefix), nil, plain, []byte(name)), nil
}

func (s *Store) decode(name string, data []byte) (token.Record, error) {
	if len(data) > maxRecord {
		return token.Record{}, fmt.Errorf("%w: longer than %d bytes", token.ErrRecord, maxRecord)
	}
	if sealed, ok := bytes.CutPrefix(data, sealedPrefix); ok {
		if s.EncryptionKey == nil {
			return token.Record{}, &token.ConfigError{Kind: token.ConfigMissing,
				Hint: "the record is encrypted, and sqlstore.Store.EncryptionKey is not set"}
		}
		a, err := s.aead()
		if err != nil {
			return token.Record{}, fmt.Errorf("token/sqlstore: %w", err)
		}
		if data, err = a.Open(nil, nil, sealed, []byte(name)); err != nil {
			return token.Record{}, fmt.Errorf("%w: it cannot be decrypted: the key is another, or the row was changed", token.ErrRecord)
		}
	}
	return token.DecodeRecord(data)
}
