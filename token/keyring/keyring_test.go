package keyring_test

import (
	"bytes"
	"context"
	"encoding/base64"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	gokeyring "github.com/zalando/go-keyring"

	"github.com/easoauth/easoauth/token"
	"github.com/easoauth/easoauth/token/keyring"
	"github.com/easoauth/easoauth/token/storetest"
)

const service = "easoauth-test"

func TestStore(t *testing.T) {
	gokeyring.MockInit()
	storetest.Run(t, func(t *testing.T) token.Store {
		s, err := keyring.Open(t.Context(), service, filepath.Join(t.TempDir(), "tokens"))
		if err != nil {
			t.Fatal(err)
		}
		return s
	})
}

func TestKeyIsKept(t *testing.T) {
	gokeyring.MockInit()
	dir := filepath.Join(t.TempDir(), "tokens")
	first, err := keyring.Open(t.Context(), service, dir)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := first.Save(t.Context(), "ada", token.Record{Lineage: "l", RefreshToken: "rt-secret"}); err != nil {
		t.Fatal(err)
	}
	second, err := keyring.Open(t.Context(), service, dir+"/../tokens")
	if err != nil {
		t.Fatal(err)
	}
	if r, err := second.Load(t.Context(), "ada"); err != nil || r.RefreshToken != "rt-secret" {
		t.Errorf("Load = %v, %v", r, err)
	}
	other, err := keyring.Open(t.Context(), service, filepath.Join(t.TempDir(), "tokens"))
	if err != nil {
		t.Fatal(err)
	}
	if bytes.Equal(other.EncryptionKey, first.EncryptionKey) {
		t.Error("two folders share a key")
	}
	files, err := filepath.Glob(filepath.Join(dir, "*.token"))
	if err != nil || len(files) != 1 {
		t.Fatalf("files %v, %v", files, err)
	}
	data, err := os.ReadFile(files[0])
	if err != nil {
		t.Fatal(err)
	}
	if bytes.Contains(data, []byte("rt-secret")) {
		t.Error("the file holds the refresh token in clear")
	}
}

// TestKeyLost has the keychain lose the key while there are files that need it: no other
// key must be made behind the user's back.
func TestKeyLost(t *testing.T) {
	gokeyring.MockInit()
	dir := filepath.Join(t.TempDir(), "tokens")
	s, err := keyring.Open(t.Context(), service, dir)
	if err != nil {
		t.Fatal(err)
	}
	if err := keyring.Forget(t.Context(), service, dir); err != nil {
		t.Fatal(err)
	}
	if err := keyring.Forget(t.Context(), service, dir); err != nil {
		t.Errorf("Forget of nothing = %v", err)
	}
	if _, err := keyring.Open(t.Context(), service, dir); err != nil {
		t.Errorf("Open of a folder without files = %v", err)
	}
	if _, err := s.Save(t.Context(), "ada", token.Record{Lineage: "l", RefreshToken: "rt1"}); err != nil {
		t.Fatal(err)
	}
	if err := keyring.Forget(t.Context(), service, dir); err != nil {
		t.Fatal(err)
	}
	if _, err := keyring.Open(t.Context(), service, dir); !errors.Is(err, keyring.ErrKeyLost) || errors.Is(err, keyring.ErrUnavailable) {
		t.Errorf("Open = %v, want ErrKeyLost", err)
	}
	s, err = keyring.Reset(t.Context(), service, dir)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := s.Load(t.Context(), "ada"); !errors.Is(err, token.ErrRecord) {
		t.Errorf("Load after Reset = %v, want ErrRecord", err)
	}
	if _, err := s.Save(t.Context(), "ada", token.Record{Lineage: "l", RefreshToken: "rt2"}); err != nil {
		t.Errorf("a new sign-in after Reset: %v", err)
	}
}

// The same folder through a symbolic link, and an entry by the name of earlier versions, the
// path as the caller says it.
func TestPathsOfOneFolder(t *testing.T) {
	home := t.TempDir()
	real, link := filepath.Join(home, "real"), filepath.Join(home, "link")
	if err := os.Mkdir(real, 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink(real, link); err != nil {
		t.Skip("links cannot be made here: ", err)
	}
	dirs := map[string]string{"link": filepath.Join(link, "tokens"), "real": filepath.Join(real, "tokens")}
	for _, order := range [][2]string{{"link", "real"}, {"real", "link"}, {"link", "link"}} {
		gokeyring.MockInit()
		first, err := keyring.Open(t.Context(), service, dirs[order[0]])
		if err != nil {
			t.Fatal(err)
		}
		old, _ := first.Load(t.Context(), "ada")
		if _, err := first.Save(t.Context(), "ada", token.Record{Lineage: "l", RefreshToken: "rt1", Generation: old.Generation}); err != nil {
			t.Fatal(err)
		}
		second, err := keyring.Open(t.Context(), service, dirs[order[1]])
		if err != nil {
			t.Fatalf("Open by %v: %v", order, err)
		}
		if r, err := second.Load(t.Context(), "ada"); err != nil || r.RefreshToken != "rt1" {
			t.Errorf("Load by %v = %v, %v", order, r, err)
		}
		if err := os.RemoveAll(dirs["real"]); err != nil {
			t.Fatal(err)
		}
	}

	// The entry of an earlier version, made by the link.
	gokeyring.MockInit()
	key := token.NewEncryptionKey()
	entry := "easoauth-key-1:" + base64.StdEncoding.EncodeToString(key)
	if err := gokeyring.Set(service, dirs["link"], entry); err != nil {
		t.Fatal(err)
	}
	if _, err := (&token.FileStore{Dir: dirs["real"], EncryptionKey: key}).Save(t.Context(), "ada", token.Record{Lineage: "l"}); err != nil {
		t.Fatal(err)
	}
	_, err := keyring.Open(t.Context(), service, dirs["real"])
	if !errors.Is(err, keyring.ErrKeyLost) || !strings.Contains(err.Error(), "by the path") {
		t.Errorf("Open by another path = %v, want ErrKeyLost and what to do", err)
	}
	for _, by := range []string{"link", "real"} {
		s, err := keyring.Open(t.Context(), service, dirs[by])
		if err != nil {
			t.Fatalf("Open by the %s path: %v", by, err)
		}
		if _, err := s.Load(t.Context(), "ada"); err != nil {
			t.Errorf("Load by the %s path = %v", by, err)
		}
	}
	if err := keyring.Forget(t.Context(), service, dirs["link"]); err != nil {
		t.Fatal(err)
	}
	for _, dir := range dirs {
		if _, err := gokeyring.Get(service, dir); !errors.Is(err, gokeyring.ErrNotFound) {
			t.Errorf("after Forget the keychain has an entry: %v", err)
		}
	}
}

// Reset keeps the key that it replaces: whoever calls it by mistake can bring it back.
func TestResetKeepsTheOldKey(t *testing.T) {
	gokeyring.MockInit()
	dir := filepath.Join(t.TempDir(), "tokens")
	if _, err := keyring.Open(t.Context(), service, dir); err != nil {
		t.Fatal(err)
	}
	before, err := gokeyring.Get(service, dir)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := keyring.Reset(t.Context(), service, dir); err != nil {
		t.Fatal(err)
	}
	if after, err := gokeyring.Get(service, dir); err != nil || after == before {
		t.Errorf("Reset left the key as it was: %v", err)
	}
	if old, err := gokeyring.Get(service, dir+".old"); err != nil || old != before {
		t.Errorf("the old key is gone: %v", err)
	}
}

// A keychain holds short values alone, 2,560 bytes on Windows: it has the key, and the records
// are files of any length.
func TestS100ShortEntries(t *testing.T) {
	gokeyring.MockInit()
	dir := filepath.Join(t.TempDir(), "tokens")
	s, err := keyring.Open(t.Context(), service, dir)
	if err != nil {
		t.Fatal(err)
	}
	long := strings.Repeat("x", 100_000)
	if _, err := s.Save(t.Context(), "ada", token.Record{Lineage: "l", RefreshToken: long}); err != nil {
		t.Fatal(err)
	}
	if entry, err := gokeyring.Get(service, dir); err != nil || len(entry) > 100 {
		t.Errorf("the keychain has %d bytes, %v; want the key alone", len(entry), err)
	}
	if r, err := s.Load(t.Context(), "ada"); err != nil || r.RefreshToken != long {
		t.Errorf("Load = %d bytes, %v", len(r.RefreshToken), err)
	}
}

func TestForeignEntry(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "tokens")
	for _, value := range []string{"", "hunter2", "easoauth-key-1:", "easoauth-key-1:AAAA", "easoauth-key-1:!", "easoauth-key-2:" + strings.Repeat("A", 44)} {
		gokeyring.MockInit()
		if err := gokeyring.Set(service, dir, value); err != nil {
			t.Fatal(err)
		}
		_, err := keyring.Open(t.Context(), service, dir)
		if !errors.Is(err, keyring.ErrKeyLost) {
			t.Errorf("Open with %q in the keychain = %v, want ErrKeyLost", value, err)
		}
		if value != "" && err != nil && strings.Contains(err.Error(), value) {
			t.Errorf("the error holds the entry: %v", err)
		}
		if got, err := gokeyring.Get(service, dir); err != nil || got != value {
			t.Errorf("the entry was changed to %q, %v", got, err)
		}
	}
}

// No keychain is an error, and nothing falls back to plain files.
func TestS099NoKeychain(t *testing.T) {
	gokeyring.MockInitWithError(errors.New("The name org.freedesktop.secrets was not provided by any .service files"))
	defer gokeyring.MockInit()
	dir := filepath.Join(t.TempDir(), "tokens")
	for name, call := range map[string]func() error{
		"Open":   func() error { _, err := keyring.Open(t.Context(), service, dir); return err },
		"Reset":  func() error { _, err := keyring.Reset(t.Context(), service, dir); return err },
		"Forget": func() error { return keyring.Forget(t.Context(), service, dir) },
	} {
		err := call()
		if !errors.Is(err, keyring.ErrUnavailable) || !strings.Contains(err.Error(), "EncryptionKey") {
			t.Errorf("%s = %v, want ErrUnavailable with a way out", name, err)
		}
	}
	if files, _ := filepath.Glob(filepath.Join(dir, "*.token")); len(files) != 0 {
		t.Errorf("without a keychain there are files %q", files)
	}
}

func TestConfiguration(t *testing.T) {
	gokeyring.MockInit()
	var ce *token.ConfigError
	if _, err := keyring.Open(t.Context(), "", t.TempDir()); !errors.As(err, &ce) {
		t.Errorf("Open without a service = %v, want a *token.ConfigError", err)
	}
	if err := keyring.Forget(t.Context(), service, ""); !errors.As(err, &ce) {
		t.Errorf("Forget without a folder = %v, want a *token.ConfigError", err)
	}
	open := filepath.Join(t.TempDir(), "open")
	if err := os.Mkdir(open, 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.Chmod(open, 0o755); err != nil {
		t.Fatal(err)
	}
	if _, err := keyring.Open(t.Context(), service, open); os.PathSeparator == '/' && !errors.Is(err, token.ErrUnsafeFile) {
		t.Errorf("Open of a folder that is open to others = %v, want ErrUnsafeFile", err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := keyring.Open(ctx, service, filepath.Join(t.TempDir(), "tokens")); !errors.Is(err, context.Canceled) {
		t.Errorf("Open with a context that has ended = %v", err)
	}
}

// TestOneKeyForAll opens one folder from many sides at once, which must agree on the key.
func TestOneKeyForAll(t *testing.T) {
	gokeyring.MockInit()
	dir := filepath.Join(t.TempDir(), "tokens")
	keys := make([][]byte, 8)
	var wg sync.WaitGroup
	for i := range keys {
		wg.Go(func() {
			s, err := keyring.Open(t.Context(), service, dir)
			if err != nil {
				t.Error(err)
				return
			}
			keys[i] = s.EncryptionKey
		})
	}
	wg.Wait()
	for _, k := range keys {
		if len(k) != 32 || !bytes.Equal(k, keys[0]) {
			t.Fatal("the sides have different keys")
		}
	}
}

// What the keychain holds is a key only in its own form.
func TestEntryWithoutItsPrefix(t *testing.T) {
	gokeyring.MockInit()
	dir := filepath.Join(t.TempDir(), "tokens")
	s, err := keyring.Open(t.Context(), service, dir)
	if err != nil {
		t.Fatal(err)
	}
	resolved, err := filepath.EvalSymlinks(dir)
	if err != nil {
		t.Fatal(err)
	}
	if err := gokeyring.Set(service, resolved, base64.StdEncoding.EncodeToString(s.EncryptionKey)); err != nil {
		t.Fatal(err)
	}
	if _, err := keyring.Open(t.Context(), service, dir); !errors.Is(err, keyring.ErrKeyLost) {
		t.Errorf("Open = %v, want ErrKeyLost", err)
	}
}
