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

	"github.com/easoauth/easoauth/internal/keyed"
	"github.com/easoauth/easoauth/token"
)

var (
	// ErrUnavailable is matched when no keychain can be reached, or it refuses: none runs,
	// it is locked, or the user declined.
	ErrUnavailable = errors.New("token/keyring: no keychain")
	// ErrKeyLost is matched when the folder holds encrypted files and the keychain has no key
	// for them, or something that is not a key. The keychain may have been reset, or the files
	// come from another machine or user. The sign-ins are not lost yet: restore the keychain
	// from a backup, or open the folder once by the path by which it was made. [Reset] gives
	// them up.
	ErrKeyLost = errors.New("token/keyring: the key of the files is not in the keychain")
)

const (
	valuePrefix = "easoauth-key-1:"
	keySize     = 32
	// lockKey names the lock of the folder. No record has this key.
	lockKey = "\x00keyring"
)

// Open returns a FileStore for the folder dir whose key is in the keychain, under service,
// which names the program, and the folder's path with all symbolic links resolved. An entry
// under the absolute path that dir says is found as well, and copied. The first call makes
// the key. Processes that call it at the same time get the same key, by the folder's own
// lock.
//
// The keychain may prompt the user, so Open may take as long as that, or until ctx ends.
// Errors match [ErrUnavailable] or [ErrKeyLost], or are those of the FileStore, such as
// [token.ErrUnsafeFile]: the folder must not be open to others. They never hold the key.
func Open(ctx context.Context, service, dir string) (*token.FileStore, error) {
	return open(ctx, service, dir, false)
}

// Reset is [Open] with a new key, for when the old one is lost for good. Files that were
// encrypted with another one cannot be read: their users have to sign in again, and the files
// are kept aside. What the keychain had under the folder's path is kept under that path with
// the suffix .old.
func Reset(ctx context.Context, service, dir string) (*token.FileStore, error) {
	return open(ctx, service, dir, true)
}

// Forget removes the key of the folder from the keychain. The files stay, and nobody can
// read them any more. A key that is not there is not an error.
func Forget(ctx context.Context, service, dir string) error {
	f, err := prepare(ctx, service, dir)
	if err != nil {
		return err
	}
	_, err = f.ask(ctx, func() (string, error) {
		var errs []error
		for _, account := range f.accounts {
			if err := gokeyring.Delete(service, account); !errors.Is(err, gokeyring.ErrNotFound) {
				errs = append(errs, err)
			}
		}
		return "", errors.Join(errs...)
	})
	return err
}

func open(ctx context.Context, service, dir string, reset bool) (*token.FileStore, error) {
	f, err := prepare(ctx, service, dir)
	if err != nil {
		return nil, err
	}
	value, err := f.ask(ctx, func() (string, error) {
		if reset {
			return f.newKey()
		}
		return f.key()
	})
	if err != nil {
		return nil, err
	}
	f.store.EncryptionKey, err = decode(value)
	if err != nil {
		return nil, err
	}
	return f.store, nil
}

// A folder is one whose lock is held.
type folder struct {
	store    *token.FileStore
	service  string
	accounts []string // the resolved path, and the one that the caller says if it is another
	unlock   func() error
}

func prepare(ctx context.Context, service, dir string) (*folder, error) {
	if service == "" || dir == "" {
		return nil, &token.ConfigError{Kind: token.ConfigMissing, Hint: "keyring needs the name of a service and a folder"}
	}
	said, err := filepath.Abs(dir)
	if err != nil {
		return nil, fmt.Errorf("token/keyring: %w", err)
	}
	f := &folder{store: &token.FileStore{Dir: dir}, service: service}
	if f.unlock, err = f.store.Lock(ctx, lockKey); err != nil { // makes the folder
		return nil, err
	}
	resolved, err := filepath.EvalSymlinks(said)
	if err != nil {
		return nil, errors.Join(fmt.Errorf("token/keyring: %w", err), f.unlock())
	}
	f.accounts = []string{resolved}
	if said != resolved {
		f.accounts = append(f.accounts, said)
	}
	return f, nil
}

// key returns the value in the keychain, and makes one if there is none and nothing needs
// it.
func (f *folder) key() (string, error) {
	for i, account := range f.accounts {
		value, err := gokeyring.Get(f.service, account)
		if errors.Is(err, gokeyring.ErrNotFound) {
			continue
		}
		if err == nil && i > 0 {
			err = gokeyring.Set(f.service, f.accounts[0], value)
		}
		return value, err
	}
	needed, err := f.store.NeedsKey()
	if err != nil {
		return "", &storeError{err}
	}
	if needed {
		return "", &storeError{fmt.Errorf("%w: restore the entry %q of %q, or open the folder once by the path by which it was made",
			ErrKeyLost, f.accounts[0], f.service)}
	}
	return f.newKey()
}

// newKey makes a key, and keeps what is in its place.
func (f *folder) newKey() (string, error) {
	account := f.accounts[0]
	old, err := gokeyring.Get(f.service, account)
	if err == nil {
		err = gokeyring.Set(f.service, account+".old", old)
	}
	if err != nil && !errors.Is(err, gokeyring.ErrNotFound) {
		return "", err
	}
	value := valuePrefix + base64.StdEncoding.EncodeToString(token.NewEncryptionKey())
	if err := gokeyring.Set(f.service, account, value); err != nil {
		return "", err
	}
	return gokeyring.Get(f.service, account) // what others will get
}

func decode(value string) ([]byte, error) {
	text, ok := strings.CutPrefix(value, valuePrefix)
	k, err := base64.StdEncoding.DecodeString(text)
	if !ok || err != nil || len(k) != keySize {
		return nil, fmt.Errorf("%w: the entry holds something else: restore it", ErrKeyLost)
	}
	return k, nil
}

// A storeError did not come from the keychain.
type storeError struct{ error }

func (e *storeError) Unwrap() error { return e.error }

// oneAtATime keeps a user from being asked twice at once.
var oneAtATime sync.Mutex

// ask waits for call, which cannot be cancelled, until ctx ends, and unlocks the folder when
// call is done.
func (f *folder) ask(ctx context.Context, call func() (string, error)) (string, error) {
	type result struct {
		value string
		err   error
	}
	done := make(chan result, 1)
	go func() {
		oneAtATime.Lock()
		defer oneAtATime.Unlock()
		value, err := call()
		if unlockErr := f.unlock(); err == nil && unlockErr != nil {
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
		return "", fmt.Errorf("token/keyring: waiting for the keychain: %w", keyed.Ended(ctx))
	}
}
