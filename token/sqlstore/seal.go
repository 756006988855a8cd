package sqlstore

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"fmt"

	"github.com/easoauth/easoauth/internal/seal"
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

// encode encrypts a record for its row, so that rows cannot be swapped.
func (s *Store) encode(name string, plain []byte) ([]byte, error) {
	if s.EncryptionKey == nil {
		return plain, nil
	}
	sealed, err := seal.Seal(s.EncryptionKey, plain, name)
	if err != nil {
		return nil, fmt.Errorf("token/sqlstore: %w", err)
	}
	return append(bytes.Clone(sealedPrefix), sealed...), nil
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
		var err error
		if data, err = seal.Open(s.EncryptionKey, sealed, name); err != nil {
			return token.Record{}, fmt.Errorf("%w: the row: %w", token.ErrRecord, err)
		}
	}
	return token.DecodeRecord(data)
}
