package token_test

import (
	"bufio"
	"context"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/easoauth/easoauth/token"
	"github.com/easoauth/easoauth/token/storetest"
)

// full says that tests take the sizes that they are about, and the time for it.
var full = os.Getenv("EASOAUTH_TEST_FULL") != ""

func TestMain(m *testing.M) {
	if dir := os.Getenv("TOKEN_TEST_PEER"); dir != "" {
		peer(dir)
		return
	}
	os.Exit(m.Run())
}

func TestS101FileStore(t *testing.T) {
	storetest.Run(t, func(t *testing.T) token.Store { return &token.FileStore{Dir: filepath.Join(t.TempDir(), "a", "b")} })
}

func TestFileStoreEncrypted(t *testing.T) {
	storetest.Run(t, func(t *testing.T) token.Store {
		return &token.FileStore{Dir: filepath.Join(t.TempDir(), "a"), EncryptionKey: token.NewEncryptionKey()}
	})
}

// fileStore returns a store with one record, and the name of its file.
func fileStore(t *testing.T, key []byte) (*token.FileStore, string) {
	t.Helper()
	s := &token.FileStore{Dir: filepath.Join(t.TempDir(), "tokens"), EncryptionKey: key}
	if _, err := s.Save(t.Context(), "ada@contoso.com", token.Record{Lineage: "l", RefreshToken: "rt-secret"}); err != nil {
		t.Fatal(err)
	}
	names, err := filepath.Glob(filepath.Join(s.Dir, "*.token"))
	if err != nil || len(names) != 1 {
		t.Fatalf("files %q, %v", names, err)
	}
	return s, names[0]
}

func TestS091S101FileStoreModesAndNames(t *testing.T) {
	s, name := fileStore(t, nil)
	if strings.Contains(name, "ada") {
		t.Errorf("the file name %s holds the address", name)
	}
	if runtime.GOOS == "windows" {
		return
	}
	for path, want := range map[string]os.FileMode{s.Dir: 0o700, name: 0o600} {
		if fi, err := os.Stat(path); err != nil || fi.Mode().Perm() != want {
			t.Errorf("%s has mode %v, want %v", path, fi.Mode().Perm(), want)
		}
	}
	entries, _ := os.ReadDir(s.Dir)
	for _, e := range entries {
		if fi, _ := e.Info(); fi.Mode().Perm()&0o077 != 0 {
			t.Errorf("%s has mode %v", e.Name(), fi.Mode().Perm())
		}
		if strings.HasSuffix(e.Name(), ".tmp") {
			t.Errorf("temporary file %s was left", e.Name())
		}
	}
}

func TestFileStoreRefusesUnsafeFiles(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("modes and links of Unix")
	}
	victim := filepath.Join(t.TempDir(), "victim")
	if err := os.WriteFile(victim, []byte("precious"), 0o600); err != nil {
		t.Fatal(err)
	}
	for what, spoil := range map[string]func(s *token.FileStore, name string) error{
		"S091 mode 0644": func(s *token.FileStore, name string) error { return os.Chmod(name, 0o644) },
		"mode 0660":      func(s *token.FileStore, name string) error { return os.Chmod(name, 0o660) },
		"S090 hard link": func(s *token.FileStore, name string) error { return os.Link(name, name+"2") },
		"S090 sym link": func(s *token.FileStore, name string) error {
			return errors.Join(os.Remove(name), os.Symlink(victim, name))
		},
		"folder": func(s *token.FileStore, name string) error {
			return errors.Join(os.Remove(name), os.Mkdir(name, 0o755))
		},
		"S091 open dir": func(s *token.FileStore, name string) error { return os.Chmod(s.Dir, 0o777) },
		"S090 linked dir": func(s *token.FileStore, name string) error {
			return errors.Join(os.Rename(s.Dir, s.Dir+"2"), os.Symlink(s.Dir+"2", s.Dir))
		},
		"linked lock": func(s *token.FileStore, name string) error {
			lock := strings.TrimSuffix(name, "token") + "write"
			return errors.Join(os.Remove(lock), os.Symlink(victim, lock))
		},
	} {
		t.Run(what, func(t *testing.T) {
			s, name := fileStore(t, nil)
			if err := spoil(s, name); err != nil {
				t.Fatal(err)
			}
			if _, err := s.Save(t.Context(), "ada@contoso.com", token.Record{Lineage: "l", Generation: 1}); !errors.Is(err, token.ErrUnsafeFile) {
				t.Errorf("Save = %v, want ErrUnsafeFile", err)
			}
			if b, _ := os.ReadFile(victim); string(b) != "precious" {
				t.Errorf("the victim holds %q", b)
			}
		})
	}
}

// A file that cannot be read is an error with its name. There is no second, older copy to fall
// back to, whose refresh token the authority may have seen spent: the user signs in again, and
// the file is kept aside.
func TestS096FileStoreTornFiles(t *testing.T) {
	for _, key := range [][]byte{nil, token.NewEncryptionKey()} {
		s, name := fileStore(t, key)
		whole, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		try := func(what string, data []byte) {
			t.Helper()
			if err := os.WriteFile(name, data, 0o600); err != nil {
				t.Fatal(err)
			}
			_, err := s.Load(t.Context(), "ada@contoso.com")
			if !errors.Is(err, token.ErrRecord) || !strings.Contains(err.Error(), name) || strings.Contains(err.Error(), "secret") {
				t.Errorf("Load of %s = %v, want ErrRecord with the file's name and nothing of it", what, err)
			}
		}
		for n := range len(whole) {
			try(fmt.Sprintf("the first %d bytes", n), whole[:n])
		}
		for n := range len(whole) {
			flipped := []byte(string(whole))
			flipped[n] ^= 0x10
			try(fmt.Sprintf("a file with byte %d changed", n), flipped)
		}
		try("a page of NUL", make([]byte, 4096))
		try("a foreign file", []byte(`{"access_token":"x"}`))
		if err := os.Truncate(name, 1<<30); err == nil {
			if _, err := s.Load(t.Context(), "ada@contoso.com"); !errors.Is(err, token.ErrRecord) {
				t.Errorf("Load of 1 GiB = %v", err)
			}
		}
		// A key of the wrong length is a mistake of configuration, not of the file.
		var ce *token.ConfigError
		short := &token.FileStore{Dir: s.Dir, EncryptionKey: []byte("short")}
		if _, err := short.Save(t.Context(), "ada@contoso.com", token.Record{Lineage: "new"}); !errors.As(err, &ce) {
			t.Errorf("Save with a short key = %v, want a *ConfigError", err)
		}
		if _, err := os.Stat(name); err != nil {
			t.Errorf("a store with a short key has moved the file: %v", err)
		}
		// It is not overwritten by a refresh, and kept aside by a sign-in.
		if _, err := s.Save(t.Context(), "ada@contoso.com", token.Record{Lineage: "l", Generation: 1}); !errors.Is(err, token.ErrRecord) {
			t.Errorf("Save over a torn file = %v, want ErrRecord", err)
		}
		r, err := s.Save(t.Context(), "ada@contoso.com", token.Record{Lineage: "new"})
		if err != nil || r.Generation < 2 {
			t.Errorf("Save of a new sign-in = %v, %v", r, err)
		}
		if bad, _ := filepath.Glob(name + ".*.bad"); len(bad) != 1 {
			t.Errorf("kept aside: %q, want one file", bad)
		}
	}
}

func TestS104FileStoreEncryption(t *testing.T) {
	s, name := fileStore(t, token.NewEncryptionKey())
	b, err := os.ReadFile(name)
	if err != nil || strings.Contains(string(b), "secret") {
		t.Errorf("the file is not encrypted: %q, %v", b, err)
	}
	for _, key := range [][]byte{nil, token.NewEncryptionKey(), make([]byte, 16)} {
		other := &token.FileStore{Dir: s.Dir, EncryptionKey: key}
		if _, err := other.Load(t.Context(), "ada@contoso.com"); !errors.Is(err, token.ErrRecord) {
			t.Errorf("Load with another key = %v, want ErrRecord", err)
		}
	}
	// The file of one key in the place of another's.
	if _, err := s.Save(t.Context(), "bob", token.Record{Lineage: "l"}); err != nil {
		t.Fatal(err)
	}
	names, _ := filepath.Glob(filepath.Join(s.Dir, "*.token"))
	for _, n := range names {
		if n != name {
			if err := os.Rename(name, n); err != nil {
				t.Fatal(err)
			}
		}
	}
	if _, err := s.Load(t.Context(), "bob"); !errors.Is(err, token.ErrRecord) {
		t.Errorf("Load of a swapped file = %v, want ErrRecord", err)
	}
	var ce *token.ConfigError
	if _, err := (&token.FileStore{Dir: t.TempDir() + "/x", EncryptionKey: []byte("short")}).Save(t.Context(), "k", token.Record{Lineage: "l"}); !errors.As(err, &ce) {
		t.Errorf("Save with a short key = %v, want *ConfigError", err)
	}
	if _, err := (&token.FileStore{}).Save(t.Context(), "k", token.Record{Lineage: "l"}); !errors.As(err, &ce) {
		t.Errorf("Save without Dir = %v, want *ConfigError", err)
	}
}

// A folder that cannot be written to fails before the refresh token is spent.
func TestFileStoreReadOnly(t *testing.T) {
	if runtime.GOOS == "windows" || os.Geteuid() == 0 {
		t.Skip("modes do not bind this user")
	}
	s, _ := fileStore(t, nil)
	if err := os.Chmod(s.Dir, 0o500); err != nil {
		t.Fatal(err)
	}
	defer os.Chmod(s.Dir, 0o700)
	if _, err := s.Reserve(t.Context(), "ada@contoso.com", 1000); err == nil {
		t.Error("Reserve in a read-only folder succeeded")
	}
}

// What a process that was killed has left in its temporary file, a refresh token in plain
// among it, goes with the next use of the key, and with a sign-out in any case.
func TestS092FileStoreOrphans(t *testing.T) {
	const key = "ada@contoso.com"
	for what, use := range map[string]func(s *token.FileStore) error{
		"Reserve": func(s *token.FileStore) error {
			release, err := s.Reserve(t.Context(), key, 1000)
			if err == nil {
				release()
				release()
			}
			return err
		},
		"Save": func(s *token.FileStore) error {
			_, err := s.Save(t.Context(), key, token.Record{Lineage: "l", Generation: 1})
			return err
		},
		"Delete": func(s *token.FileStore) error { return s.Delete(t.Context(), key, 1) },
		"Delete twice": func(s *token.FileStore) error {
			if err := s.Delete(t.Context(), key, 1); err != nil {
				return err
			}
			plantOrphans(t, s, key)
			return s.Delete(t.Context(), key, 1)
		},
	} {
		t.Run(what, func(t *testing.T) {
			s, _ := fileStore(t, nil)
			plantOrphans(t, s, key)
			if err := use(s); err != nil {
				t.Fatal(err)
			}
			entries, err := os.ReadDir(s.Dir)
			if err != nil {
				t.Fatal(err)
			}
			for _, e := range entries {
				b, _ := os.ReadFile(filepath.Join(s.Dir, e.Name()))
				aside := strings.HasSuffix(e.Name(), ".bad")
				if strings.Contains(string(b), "rt-orphan") && (!aside || strings.HasPrefix(what, "Delete")) {
					t.Errorf("%s holds the refresh token of a process that was killed", e.Name())
				}
				if strings.HasSuffix(e.Name(), ".tmp") {
					t.Errorf("%s was left", e.Name())
				}
			}
		})
	}
}

// plantOrphans leaves what a killed process leaves, and files that were kept aside.
func plantOrphans(t *testing.T, s *token.FileStore, key string) {
	t.Helper()
	base := filepath.Join(s.Dir, fmt.Sprintf("%x", sha256.Sum256([]byte(key))))
	for _, suffix := range []string{".tmp", ".token.1.bad", ".token.2.bad"} {
		if err := os.WriteFile(base+suffix, []byte("rt-orphan"), 0o600); err != nil {
			t.Fatal(err)
		}
	}
}

// A reservation that was overtaken by another process is neither used nor removed.
func TestS102FileStoreReservationOvertaken(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("an open file cannot be removed")
	}
	const key = "ada@contoso.com"
	first, _ := fileStore(t, nil)
	second := &token.FileStore{Dir: first.Dir}
	if _, err := first.Reserve(t.Context(), key, 1000); err != nil {
		t.Fatal(err)
	}
	releaseSecond, err := second.Reserve(t.Context(), key, 2000)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := first.Save(t.Context(), key, token.Record{Lineage: "l", RefreshToken: "rt2", Generation: 1}); err != nil {
		t.Errorf("Save after another process has reserved: %v", err)
	}
	if r, err := second.Load(t.Context(), key); err != nil || r.RefreshToken != "rt2" {
		t.Errorf("Load = %v, %v", r, err)
	}
	if _, err := second.Save(t.Context(), key, token.Record{Lineage: "l", RefreshToken: "rt3", Generation: 2}); err != nil {
		t.Errorf("Save of the other process: %v", err)
	}
	releaseFirst, err := first.Reserve(t.Context(), key, 1000)
	if err != nil {
		t.Fatal(err)
	}
	releaseSecond() // used up long ago
	if names, _ := filepath.Glob(filepath.Join(first.Dir, "*.tmp")); len(names) != 1 {
		t.Errorf("temporary files %q, want the first store's reservation", names)
	}
	releaseFirst()
	if names, _ := filepath.Glob(filepath.Join(first.Dir, "*.tmp")); len(names) != 0 {
		t.Errorf("temporary files %q were left", names)
	}
	if r, err := first.Load(t.Context(), key); err != nil || r.RefreshToken != "rt3" {
		t.Errorf("Load = %v, %v", r, err)
	}
}

// A reservation has the size that was asked for, and half of it more.
func TestFileStoreReservesRoom(t *testing.T) {
	s, _ := fileStore(t, nil)
	release, err := s.Reserve(t.Context(), "ada@contoso.com", 100_000)
	if err != nil {
		t.Fatal(err)
	}
	defer release()
	names, _ := filepath.Glob(filepath.Join(s.Dir, "*.tmp"))
	if len(names) != 1 {
		t.Fatalf("temporary files %q, want one", names)
	}
	if fi, err := os.Stat(names[0]); err != nil || fi.Size() != 150_000 || runtime.GOOS != "windows" && fi.Mode().Perm() != 0o600 {
		t.Errorf("reserved %v, %v; want 150,000 bytes of mode 0600", fi, err)
	}
}

// NeedsKey says whether a file is encrypted, in folders of any name.
func TestFileStoreNeedsKey(t *testing.T) {
	for _, name := range []string{"tokens", "[a-b] *?", `back\slash`} {
		if runtime.GOOS == "windows" && name != "tokens" {
			continue
		}
		dir := filepath.Join(t.TempDir(), name)
		s := &token.FileStore{Dir: dir}
		check := func(what string, want bool) {
			t.Helper()
			if needed, err := s.NeedsKey(); err != nil || needed != want {
				t.Errorf("%s in a folder named %q: NeedsKey = %v, %v; want %v", what, name, needed, err, want)
			}
		}
		check("nothing", false)
		if _, err := s.Save(t.Context(), "plain", token.Record{Lineage: "l"}); err != nil {
			t.Fatal(err)
		}
		check("a plain record", false)
		sealed := &token.FileStore{Dir: dir, EncryptionKey: token.NewEncryptionKey()}
		r, err := sealed.Save(t.Context(), "sealed", token.Record{Lineage: "l"})
		if err != nil {
			t.Fatal(err)
		}
		check("an encrypted record", true)
		if err := sealed.Delete(t.Context(), "sealed", r.Generation); err != nil {
			t.Fatal(err)
		}
		check("a deleted record", false)
		if err := os.Mkdir(filepath.Join(dir, "x.token"), 0o700); err != nil {
			t.Fatal(err)
		}
		if _, err := s.NeedsKey(); !errors.Is(err, token.ErrUnsafeFile) {
			t.Errorf("NeedsKey of what cannot be read = %v, want ErrUnsafeFile", err)
		}
	}
}

// A record that is too long is refused, and what is there stays.
func TestFileStoreTooLong(t *testing.T) {
	s, _ := fileStore(t, nil)
	long := token.Record{Lineage: "l", Generation: 1, RefreshToken: strings.Repeat("x", 2<<20)}
	if _, err := s.Save(t.Context(), "ada@contoso.com", long); err == nil {
		t.Error("Save of 2 MiB succeeded")
	}
	if r, err := s.Load(t.Context(), "ada@contoso.com"); err != nil || r.RefreshToken != "rt-secret" {
		t.Errorf("Load = %v, %v", r, err)
	}
	for _, size := range []int{-1, 0, 1 << 62} {
		release, err := s.Reserve(t.Context(), "ada@contoso.com", size)
		if err != nil {
			t.Errorf("Reserve of %d bytes = %v", size, err)
			continue
		}
		release()
	}
}

// A lock whose file was removed is not the lock.
func TestS093S102FileStoreLockFileRemoved(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("an open file cannot be removed")
	}
	s, name := fileStore(t, nil)
	other := &token.FileStore{Dir: s.Dir}
	unlock, err := s.Lock(t.Context(), "ada@contoso.com")
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	if _, err := other.Lock(ctx, "ada@contoso.com"); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("Lock while another store of the folder holds it = %v, want DeadlineExceeded", err)
	}
	if err := os.Remove(strings.TrimSuffix(name, "token") + "lock"); err != nil {
		t.Fatal(err)
	}
	unlock()
	again, err := other.Lock(t.Context(), "ada@contoso.com")
	if err != nil {
		t.Fatal(err)
	}
	again()
}

// Eight processes on one FileStore, and an authority that ends the sign-in when a refresh
// token comes twice: one request whenever the stored access token is gone.
func TestS095ProcessesShareAFileStore(t *testing.T) {
	if testing.Short() {
		t.Skip("starts processes")
	}
	t.Parallel()
	const expiries = 5
	s := newSTS()
	s.strict, s.audience = true, ""
	srv := httptest.NewTLSServer(s)
	defer srv.Close()
	dir := filepath.Join(t.TempDir(), "tokens")
	store := &token.FileStore{Dir: dir}
	c := s.config(t)
	a := *c.Authority
	a.Kind, a.Host = token.OpenID, mustURL(srv.URL).Host
	c.Authority = &a
	signer := &token.Source{Config: c, Store: store, Key: "ada", Flow: s}
	if _, err := signer.SignIn(t.Context()); err != nil {
		t.Fatal(err)
	}
	expire := func() {
		r, err := store.Load(t.Context(), "ada")
		if err != nil {
			t.Fatal(err)
		}
		r.Access = nil
		if _, err := store.Save(t.Context(), "ada", r); err != nil {
			t.Fatal(err)
		}
	}
	arg, _ := json.Marshal(peerConfig{Authority: srv.URL, Dir: dir, Strict: true})
	type process struct {
		in  *bufio.Writer
		out *bufio.Scanner
	}
	var peers []process
	for range 8 {
		cmd := exec.Command(os.Args[0])
		cmd.Env = append(os.Environ(), "TOKEN_TEST_PEER="+string(arg))
		in, err := cmd.StdinPipe()
		if err != nil {
			t.Fatal(err)
		}
		out, err := cmd.StdoutPipe()
		if err != nil {
			t.Fatal(err)
		}
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		defer func() { in.Close(); cmd.Wait() }()
		peers = append(peers, process{bufio.NewWriter(in), bufio.NewScanner(out)})
	}
	for expiry := 1; expiry <= expiries; expiry++ {
		expire()
		var wg sync.WaitGroup
		var mu sync.Mutex
		answers := map[string]int{}
		for _, p := range peers {
			wg.Go(func() {
				p.in.WriteString("go\n")
				p.in.Flush()
				p.out.Scan()
				mu.Lock()
				answers[p.out.Text()]++
				mu.Unlock()
			})
		}
		wg.Wait()
		if len(answers) != 1 || s.posts() != expiry || s.dead {
			t.Fatalf("expiry %d: answers %v, %d requests, sign-in ended %v; want one token and as many requests", expiry, answers, s.posts(), s.dead)
		}
	}
}

// A FileStore without a folder says so, and does not pretend that nobody has signed in.
func TestFileStoreWithoutDir(t *testing.T) {
	for _, call := range []func(s *token.FileStore) error{
		func(s *token.FileStore) error { _, err := s.Load(t.Context(), "ada"); return err },
		func(s *token.FileStore) error { _, err := s.Lock(t.Context(), "ada"); return err },
	} {
		var ce *token.ConfigError
		if err := call(new(token.FileStore)); !errors.As(err, &ce) || ce.Kind != token.ConfigMissing || !strings.Contains(err.Error(), "FileStore.Dir") {
			t.Errorf("error %v, want *ConfigError about FileStore.Dir", err)
		}
	}
}
