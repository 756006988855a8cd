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
func TestDiskFull(t *testing.T) {
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
