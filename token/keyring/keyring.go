// Package keyring keeps the encryption key of a [token.FileStore] in the keychain of the
// operating system: the Keychain of macOS, the Credential Manager of Windows, and on Linux
// and the BSDs the Secret Service, such as GNOME Keyring or KWallet.
//
//	store, err := keyring.Open(ctx, "my-mail-program", dir)
//
// Only the key, of 32 bytes, is in the keychain. The sign-ins are in the files, encrypted:
// a sign-in is longer than what some keychains take, changes every hour, and needs a lock
// between processes and a write that survives a crash, which keychains do not have.
//
// Where no keychain runs, as in a container or a service, the error matches
// [ErrUnavailable]: give a FileStore a key from a secret store there.
package keyring

import (
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"path/filepath"
	"strings"
	"sync"

	gokeyring "github.com/zalando/go-keyring"

	"github.com/easoauth/easoauth/token"
)

var (
	// ErrUnavailable is matched when no keychain can be reached, or it refuses: none runs,
	// it is locked, or the user declined.
	ErrUnavailable = errors.New("token/keyring: no keychain")
	// ErrKeyLost is matched when the folder holds encrypted files and the keychain has no key
	// for them, or something that is no key. The keychain may have been reset, or the files
	// come from another machine or user. Bring the key back, or call [Reset].
	ErrKeyLost = errors.New("token/keyring: the key of the files is not in the keychain")
)

const (
	valuePrefix = "easoauth-key-1:"
	keySize     = 32
	// lockKey names the lock of the folder. No record has this key.
	lockKey = "\x00keyring"
)

// Open returns a FileStore for the folder dir whose key is in the keychain, under service,
// which names the program, and the folder's path. The first call makes the key. Processes
// that call it at the same time get the same key, by the folder's own lock.
//
// The keychain may ask the user, so Open may take as long as that, or until ctx ends.
// Errors match [ErrUnavailable] or [ErrKeyLost], or are those of the FileStore, such as
// [token.ErrUnsafeFile]. They never hold the key.
func Open(ctx context.Context, service, dir string) (*token.FileStore, error) {
	return open(ctx, service, dir, false)
}

// Reset is [Open] with a new key. Files that were encrypted with another one cannot be read
// any more: their users have to sign in again.
func Reset(ctx context.Context, service, dir string) (*token.FileStore, error) {
	return open(ctx, service, dir, true)
}

// Forget removes the key of the folder from the keychain. The files stay, and nobody can
// read them any more. It is no error if there was none.
func Forget(ctx context.Context, service, dir string) error {
	store, account, err := prepare(service, dir)
	if err != nil {
		return err
	}
	unlock, err := store.Lock(ctx, lockKey)
	if err != nil {
		return err
	}
	_, err = ask(ctx, unlock, func() (string, error) {
		err := gokeyring.Delete(service, account)
		if errors.Is(err, gokeyring.ErrNotFound) {
			err = nil
		}
		return "", err
	})
	return err
}

func open(ctx context.Context, service, dir string, reset bool) (*token.FileStore, error) {
	store, account, err := prepare(service, dir)
	if err != nil {
		return nil, err
	}
	unlock, err := store.Lock(ctx, lockKey)
	if err != nil {
		return nil, err
	}
	value, err := ask(ctx, unlock, func() (string, error) { return key(store, service, account, reset) })
	if err != nil {
		return nil, err
	}
	store.EncryptionKey, err = decode(value)
	if err != nil {
		return nil, err
	}
	return store, nil
}

func prepare(service, dir string) (*token.FileStore, string, error) {
	if service == "" || dir == "" {
		return nil, "", &token.ConfigError{Kind: token.ConfigMissing, Hint: "keyring needs the name of a service and a folder"}
	}
	account, err := filepath.Abs(dir)
	if err != nil {
		return nil, "", fmt.Errorf("token/keyring: %w", err)
	}
	return &token.FileStore{Dir: dir}, account, nil
}

// key returns the value in the keychain, and makes one if there is none and nothing needs
// it.
func key(store *token.FileStore, service, account string, reset bool) (string, error) {
	if !reset {
		value, err := gokeyring.Get(service, account)
		if !errors.Is(err, gokeyring.ErrNotFound) {
			return value, err
		}
		needed, err := store.NeedsKey()
		if err != nil {
			return "", &storeError{err}
		}
		if needed {
			return "", &storeError{ErrKeyLost}
		}
	}
	value := valuePrefix + base64.StdEncoding.EncodeToString(token.NewEncryptionKey())
	if err := gokeyring.Set(service, account, value); err != nil {
		return "", err
	}
	return gokeyring.Get(service, account) // what others will get
}

func decode(value string) ([]byte, error) {
	text, ok := strings.CutPrefix(value, valuePrefix)
	k, err := base64.StdEncoding.DecodeString(text)
	if !ok || err != nil || len(k) != keySize {
		return nil, fmt.Errorf("%w: the entry holds something else", ErrKeyLost)
	}
	return k, nil
}

// A storeError did not come from the keychain.
type storeError struct{ error }

func (e *storeError) Unwrap() error { return e.error }

// oneAtATime keeps a user from being asked twice at once.
var oneAtATime sync.Mutex

// ask waits for f, which cannot be cancelled, until ctx ends, and unlocks when f is done.
func ask(ctx context.Context, unlock func() error, f func() (string, error)) (string, error) {
	type result struct {
		value string
		err   error
	}
	done := make(chan result, 1)
	go func() {
		oneAtATime.Lock()
		defer oneAtATime.Unlock()
		value, err := f()
		if unlockErr := unlock(); err == nil && unlockErr != nil {
			err = &storeError{unlockErr}
		}
		done <- result{value, err}
	}()
	select {
	case r := <-done:
		var own *storeError
		switch {
		case errors.As(r.err, &own):
			return "", own.error
		case r.err != nil:
			return "", fmt.Errorf("%w: %w: start or unlock a keychain, or set FileStore.EncryptionKey from a secret store", ErrUnavailable, r.err)
		}
		return r.value, nil
	case <-ctx.Done():
		return "", fmt.Errorf("token/keyring: waiting for the keychain: %w", context.Cause(ctx))
	}
}
