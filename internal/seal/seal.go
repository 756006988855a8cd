// Package seal encrypts records for the place where they are kept: AES-256-GCM with a
// random nonce (NIST SP 800-38D), bound to the place's name.
package seal

import (
	"crypto/aes"
	"crypto/cipher"
	"errors"
)

// KeySize is the length of a key in bytes.
const KeySize = 32

var (
	// ErrKeySize is matched if a key does not have KeySize bytes.
	ErrKeySize = errors.New("an encryption key must have 32 bytes")
	// ErrOpen is matched if a sealed record cannot be opened. It does not tell a wrong key
	// from a change.
	ErrOpen = errors.New("it cannot be decrypted: the key is another, or it was changed or moved")
)

// Seal encrypts plain for the place named name.
func Seal(key, plain []byte, name string) ([]byte, error) {
	a, err := aead(key)
	if err != nil {
		return nil, err
	}
	return a.Seal(nil, nil, plain, []byte(name)), nil
}

// Open decrypts what Seal made for the place named name.
func Open(key, sealed []byte, name string) ([]byte, error) {
	a, err := aead(key)
	if err != nil {
		return nil, err
	}
	plain, err := a.Open(nil, nil, sealed, []byte(name))
	if err != nil {
		return nil, ErrOpen
	}
	return plain, nil
}

func aead(key []byte) (cipher.AEAD, error) {
	if len(key) != KeySize {
		return nil, ErrKeySize
	}
	block, err := aes.NewCipher(key)
	if err != nil {
		return nil, err
	}
	return cipher.NewGCMWithRandomNonce(block)
}
