//go:build unix

package token_test

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"

	"github.com/easoauth/easoauth/token"
)

// Volumes whose modes and owners the operator does not choose: a Kubernetes volume with an
// fsGroup, CIFS and DrvFs mounts, and plain mistakes.
func TestS091FileStoreModes(t *testing.T) {
	sealing := token.NewEncryptionKey()
	for _, tt := range []struct {
		name       string
		dir, file  fs.FileMode
		owner      int // of the folder and the files; -1: this user
		key        token.EncryptionKey
		allow      fs.FileMode
		safe       bool
		safeSealed bool // if the record was written with the key
	}{
		{name: "own", dir: 0o700, file: 0o600, owner: -1, safe: true, safeSealed: true},
		{name: "fsGroup", dir: 0o2770, file: 0o660, owner: -1, safeSealed: true},
		{name: "fsGroup allowed", dir: 0o2770, file: 0o660, owner: -1, allow: 0o070, safe: true, safeSealed: true},
		{name: "fsGroup allowed, folder alone", dir: 0o2770, file: 0o600, owner: -1, allow: 0o070, safe: true, safeSealed: true},
		{name: "CIFS", dir: 0o777, file: 0o777, owner: -1, safeSealed: true},
		{name: "CIFS, group allowed", dir: 0o777, file: 0o777, owner: -1, allow: 0o070, safeSealed: true},
		{name: "CIFS allowed", dir: 0o777, file: 0o777, owner: -1, allow: 0o077, safe: true, safeSealed: true},
		{name: "group may read", dir: 0o750, file: 0o640, owner: -1, safeSealed: true},
		{name: "group may read, allowed", dir: 0o750, file: 0o640, owner: -1, allow: 0o050, safe: true, safeSealed: true},
		{name: "more than allowed", dir: 0o750, file: 0o660, owner: -1, allow: 0o050, safeSealed: true},
		{name: "another owner", dir: 0o700, file: 0o600, owner: 12345, safeSealed: true},
		{name: "another owner, readable allowed", dir: 0o750, file: 0o640, owner: 12345, allow: 0o055, safeSealed: true},
		{name: "another owner, writable allowed", dir: 0o770, file: 0o660, owner: 12345, allow: 0o070, safe: true, safeSealed: true},
		{name: "bits of the owner do not matter", dir: 0o700, file: 0o600, owner: -1, allow: 0o7700, safe: true, safeSealed: true},
	} {
		for _, sealed := range []bool{false, true} {
			t.Run(fmt.Sprintf("%s, sealed %v", tt.name, sealed), func(t *testing.T) {
				if tt.owner >= 0 && os.Geteuid() != 0 {
					t.Skip("only root can give a file away")
				}
				var key token.EncryptionKey
				if sealed {
					key = sealing
				}
				s, name := fileStore(t, key)
				if err := lockAndUnlock(t, s); err != nil { // makes the lock's file
					t.Fatal(err)
				}
				names, _ := filepath.Glob(filepath.Join(s.Dir, "*"))
				for _, n := range append(names, s.Dir) {
					mode := tt.file
					if n == s.Dir {
						mode = tt.dir
					}
					if err := os.Chmod(n, chmodBits(mode)); err != nil {
						t.Fatal(err)
					}
					if tt.owner >= 0 {
						if err := os.Chown(n, tt.owner, -1); err != nil {
							t.Fatal(err)
						}
					}
				}
				want := tt.safe
				if sealed {
					want = tt.safeSealed
				}
				s = &token.FileStore{Dir: s.Dir, EncryptionKey: key, AllowMode: tt.allow}
				_, loadErr := s.Load(t.Context(), "ada@contoso.com")
				lockErr := lockAndUnlock(t, s)
				_, saveErr := s.Save(t.Context(), "ada@contoso.com", token.Record{Lineage: "l", Generation: 1})
				for what, err := range map[string]error{"Save": saveErr, "Lock": lockErr} {
					if want && err != nil || !want && !errors.Is(err, token.ErrUnsafeFile) {
						t.Errorf("%s = %v; is this safe: %v", what, err, want)
					}
				}
				if want && loadErr != nil {
					t.Errorf("Load = %v", loadErr)
				}
				if fi, err := os.Stat(name); want && (err != nil || fi.Mode().Perm() != 0o600) {
					t.Errorf("the new file has mode %v, %v; want 0600", fi.Mode(), err)
				}
			})
		}
	}
}

func lockAndUnlock(t *testing.T, s *token.FileStore) error {
	t.Helper()
	unlock, err := s.Lock(t.Context(), "ada@contoso.com")
	if err == nil {
		err = unlock()
	}
	return err
}

// In a folder that others can write to, a plain file is not taken for a record of an
// encrypted store: anyone could have put it there.
func TestFileStorePlantedPlainFile(t *testing.T) {
	plain, name := fileStore(t, nil)
	s := &token.FileStore{Dir: plain.Dir, EncryptionKey: token.NewEncryptionKey()}
	if _, err := s.Load(t.Context(), "ada@contoso.com"); err != nil {
		t.Errorf("Load of a plain file in a folder of this user's own = %v", err)
	}
	for what, spoil := range map[string]func() error{
		"an open folder": func() error { return os.Chmod(s.Dir, 0o770) },
		"an open file":   func() error { return errors.Join(os.Chmod(s.Dir, 0o700), os.Chmod(name, 0o660)) },
	} {
		if err := spoil(); err != nil {
			t.Fatal(err)
		}
		if _, err := s.Load(t.Context(), "ada@contoso.com"); !errors.Is(err, token.ErrUnsafeFile) {
			t.Errorf("Load of a plain file in %s = %v, want ErrUnsafeFile", what, err)
		}
		if err := errors.Join(os.Chmod(s.Dir, 0o700), os.Chmod(name, 0o600)); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.Chmod(s.Dir, 0o770); err != nil {
		t.Fatal(err)
	}
	s.AllowMode = 0o070
	if _, err := s.Load(t.Context(), "ada@contoso.com"); err != nil {
		t.Errorf("Load where the operator allows the mode = %v", err)
	}
}

// Neither a FIFO nor a folder in place of a file makes a call wait or fail oddly.
func TestFileStoreOddFiles(t *testing.T) {
	for _, key := range []token.EncryptionKey{nil, token.NewEncryptionKey()} {
		for what, plant := range map[string]func(name string) error{
			"S090 FIFO": func(name string) error { return syscall.Mkfifo(name, 0o600) },
			"folder":    func(name string) error { return os.Mkdir(name, 0o700) },
			"link":      func(name string) error { return os.Symlink("/dev/null", name) },
		} {
			s, name := fileStore(t, key)
			for _, suffix := range []string{"token", "write"} {
				odd := strings.TrimSuffix(name, "token") + suffix
				if err := errors.Join(os.Remove(odd), plant(odd)); err != nil {
					t.Fatal(err)
				}
				if _, err := s.Save(t.Context(), "ada@contoso.com", token.Record{Lineage: "l", Generation: 1}); !errors.Is(err, token.ErrUnsafeFile) {
					t.Errorf("Save with a %s in place of the file .%s = %v, want ErrUnsafeFile", what, suffix, err)
				}
				if suffix == "token" {
					if _, err := s.Load(t.Context(), "ada@contoso.com"); !errors.Is(err, token.ErrUnsafeFile) {
						t.Errorf("Load of a %s = %v, want ErrUnsafeFile", what, err)
					}
				}
			}
		}
	}
}

// A file that is replaced while it is read has no name left. It is the old record, whole.
func TestFileStoreLoadBesideSaves(t *testing.T) {
	loads := 2_000
	if full {
		loads = 20_000
	}
	if n := os.Getenv("TOKEN_TEST_LOADS"); n != "" {
		if _, err := fmt.Sscan(n, &loads); err != nil {
			t.Fatal(err)
		}
	}
	s, name := fileStore(t, nil)
	whole, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	done := make(chan struct{})
	var wg sync.WaitGroup
	wg.Go(func() { // what Save does, without the waits for the disk
		for n := 0; ; n++ {
			select {
			case <-done:
				return
			default:
			}
			temp := name + ".test"
			if err := errors.Join(os.WriteFile(temp, whole, 0o600), os.Rename(temp, name)); err != nil {
				t.Error(err)
				return
			}
		}
	})
	for n := range loads {
		if r, err := s.Load(t.Context(), "ada@contoso.com"); err != nil || r.RefreshToken != "rt-secret" {
			t.Errorf("load %d = %v, %v", n, r, err)
			break
		}
	}
	close(done)
	wg.Wait()
}

// chmodBits translates the set-group-ID bit of Unix.
func chmodBits(mode fs.FileMode) fs.FileMode {
	if mode&0o2000 != 0 {
		return mode.Perm() | fs.ModeSetgid
	}
	return mode.Perm()
}
