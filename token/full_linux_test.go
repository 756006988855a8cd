package token_test

import (
	"bytes"
	"errors"
	"os"
	"path/filepath"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"github.com/easoauth/easoauth/token"
)

// A disk that is full fails before the refresh token is spent, and when there is room again
// the sign-in goes on.
func TestS089DiskFull(t *testing.T) {
	disk := t.TempDir()
	if err := syscall.Mount("tmpfs", disk, "tmpfs", 0, "size=256k,mode=0700"); err != nil {
		t.Skip("a small file system cannot be mounted here: ", err)
	}
	defer syscall.Unmount(disk, syscall.MNT_DETACH)
	synctest.Test(t, func(t *testing.T) {
		s := newSTS()
		s.strict = true
		store := &token.FileStore{Dir: filepath.Join(disk, "tokens")}
		src := &token.Source{Config: s.config(t), Store: store, Key: "ada", Flow: s, Early: -1, Replay: token.ReplayStrict}
		mustToken(t, src)
		posts := s.posts()

		filler := filepath.Join(disk, "filler")
		if err := os.WriteFile(filler, bytes.Repeat([]byte("x"), 1<<20), 0o600); !errors.Is(err, syscall.ENOSPC) {
			t.Fatalf("the disk did not run full: %v", err)
		}
		time.Sleep(2 * time.Hour)
		for range 5 {
			_, err := src.Token(t.Context())
			if !errors.Is(err, token.ErrNotPersisted) || !errors.Is(err, syscall.ENOSPC) {
				t.Fatalf("Token = %v, want ErrNotPersisted and ENOSPC", err)
			}
			time.Sleep(time.Hour)
		}
		if n := s.posts() - posts; n != 0 {
			t.Errorf("the refresh token was sent %d times, with no room for its successor", n)
		}
		if err := os.Remove(filler); err != nil {
			t.Fatal(err)
		}
		mustToken(t, src)
		if names, _ := filepath.Glob(filepath.Join(store.Dir, "*.tmp")); len(names) > 0 {
			t.Errorf("left behind: %v", names)
		}
	})
}

// A file system that is mounted read-only hands out the records, though the lock files are
// missing; what must be written fails with the system's reason.
func TestS089ReadOnlyDisk(t *testing.T) {
	disk := t.TempDir()
	if err := syscall.Mount("tmpfs", disk, "tmpfs", 0, "size=256k,mode=0700"); err != nil {
		t.Skip("a small file system cannot be mounted here: ", err)
	}
	defer syscall.Unmount(disk, syscall.MNT_DETACH)
	const key = "ada@contoso.com"
	s := &token.FileStore{Dir: filepath.Join(disk, "tokens")}
	if _, err := s.Save(t.Context(), key, token.Record{Lineage: "l", RefreshToken: "rt1"}); err != nil {
		t.Fatal(err)
	}
	for _, pattern := range []string{"*.write", "*.lock"} {
		names, _ := filepath.Glob(filepath.Join(s.Dir, pattern))
		for _, name := range names {
			if err := os.Remove(name); err != nil {
				t.Fatal(err)
			}
		}
	}
	if err := syscall.Mount("", disk, "", syscall.MS_REMOUNT|syscall.MS_RDONLY, ""); err != nil {
		t.Skip("a file system cannot be remounted here: ", err)
	}
	if r, err := s.Load(t.Context(), key); err != nil || r.RefreshToken != "rt1" {
		t.Errorf("Load = %v, %v", r, err)
	}
	if _, err := s.Load(t.Context(), "bob"); !errors.Is(err, token.ErrNotFound) {
		t.Errorf("Load of another key = %v, want ErrNotFound", err)
	}
	if needed, err := s.NeedsKey(); err != nil || needed {
		t.Errorf("NeedsKey = %v, %v", needed, err)
	}
	for what, call := range map[string]func() error{
		"Lock":    func() error { _, err := s.Lock(t.Context(), key); return err },
		"Reserve": func() error { _, err := s.Reserve(t.Context(), key, 100); return err },
		"Save": func() error {
			_, err := s.Save(t.Context(), key, token.Record{Lineage: "l", Generation: 1})
			return err
		},
		"Delete": func() error { return s.Delete(t.Context(), key, 1) },
	} {
		if err := call(); !errors.Is(err, syscall.EROFS) {
			t.Errorf("%s = %v, want EROFS", what, err)
		}
	}
}

// No path through a reservation leaves a file open.
func TestFileStoreClosesFiles(t *testing.T) {
	const key = "ada@contoso.com"
	s, _ := fileStore(t, nil)
	other := &token.FileStore{Dir: s.Dir}
	must := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	round := func() {
		_, err := s.Reserve(t.Context(), key, 100)
		must(err)
		_, err = other.Reserve(t.Context(), key, 100) // overtakes
		must(err)
		release, err := s.Reserve(t.Context(), key, 100) // replaces
		must(err)
		release()
		_, err = s.Reserve(t.Context(), key, 100)
		must(err)
		_, err = other.Save(t.Context(), key, token.Record{Lineage: "l", Generation: generation(t, s, key)})
		must(err)
		_, err = s.Save(t.Context(), key, token.Record{Lineage: "l", Generation: generation(t, s, key)}) // its reservation is gone
		must(err)
		must(s.Delete(t.Context(), key, generation(t, s, key)))
		_, err = s.Reserve(t.Context(), key, 100)
		must(err)
		must(s.Delete(t.Context(), key, 0)) // nothing there
		_, err = s.Save(t.Context(), key, token.Record{Lineage: "l"})
		must(err)
	}
	round()
	before := openFiles(t)
	for range 8 {
		round()
	}
	if after := openFiles(t); after > before+5 { // other tests of the process
		t.Errorf("%d files are open, and %d before", after, before)
	}
}

func generation(t *testing.T, s *token.FileStore, key string) uint64 {
	t.Helper()
	r, err := s.Load(t.Context(), key)
	if err != nil {
		t.Fatal(err)
	}
	return r.Generation
}

func openFiles(t *testing.T) int {
	t.Helper()
	entries, err := os.ReadDir("/proc/self/fd")
	if err != nil {
		t.Skip("open files cannot be counted without /proc: ", err)
	}
	return len(entries)
}
