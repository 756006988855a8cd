package token

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// A tracedDisk notes what a FileStore does, and lets one call fail.
type tracedDisk struct {
	osDisk
	calls []string
	fail  int // the call that fails, counted from 1
	open  int // files
}

var errDiskFault = errors.New("input/output error")

// call notes a call by the suffix of the file's name.
func (d *tracedDisk) call(what, name string) error {
	d.calls = append(d.calls, what+" "+strings.TrimPrefix(filepath.Ext(name), "."))
	if len(d.calls) == d.fail {
		return errDiskFault
	}
	return nil
}

func (d *tracedDisk) MkdirAll(dir string) error {
	if err := d.call("mkdir", dir); err != nil {
		return err
	}
	return d.osDisk.MkdirAll(dir)
}

func (d *tracedDisk) Lstat(name string) (fs.FileInfo, error) {
	if err := d.call("stat", name); err != nil {
		return nil, err
	}
	return d.osDisk.Lstat(name)
}

func (d *tracedDisk) Open(name string) (diskFile, error) {
	if err := d.call("open", name); err != nil {
		return nil, err
	}
	f, err := d.osDisk.Open(name)
	if err == nil {
		d.open++
	}
	return tracedFile{f, d}, err
}

func (d *tracedDisk) Create(name string) (diskFile, error) {
	if err := d.call("create", name); err != nil {
		return nil, err
	}
	f, err := d.osDisk.Create(name)
	if err == nil {
		d.open++
	}
	return tracedFile{f, d}, err
}

func (d *tracedDisk) Rename(from, to string) error {
	if err := d.call("rename", from); err != nil {
		return err
	}
	return d.osDisk.Rename(from, to)
}

func (d *tracedDisk) Remove(name string) error {
	if err := d.call("remove", name); err != nil {
		return err
	}
	return d.osDisk.Remove(name)
}

func (d *tracedDisk) SyncDir(dir string) error {
	if err := d.call("sync folder", dir); err != nil {
		return err
	}
	return nil // it is the order that counts
}

func (d *tracedDisk) Lock(ctx context.Context, name string) (func() error, error) {
	if err := d.call("lock", name); err != nil {
		return nil, err
	}
	return d.osDisk.Lock(ctx, name)
}

type tracedFile struct {
	diskFile
	disk *tracedDisk
}

func (f tracedFile) call(what string) error { return f.disk.call(what, f.Name()) }

func (f tracedFile) Read(p []byte) (int, error) {
	if err := f.call("read"); err != nil {
		return 0, err
	}
	return f.diskFile.Read(p)
}

func (f tracedFile) Write(p []byte) (int, error) {
	if err := f.call("fill"); err != nil {
		return f.short(p, err)
	}
	return f.diskFile.Write(p)
}

func (f tracedFile) WriteAt(p []byte, off int64) (int, error) {
	if err := f.call("write"); err != nil {
		return f.short(p, err)
	}
	return f.diskFile.WriteAt(p, off)
}

// short writes half of what it should, as a disk that fills up does.
func (f tracedFile) short(p []byte, err error) (int, error) {
	n, _ := f.diskFile.WriteAt(p[:len(p)/2], 0)
	return n, err
}

func (f tracedFile) Stat() (fs.FileInfo, error) {
	if err := f.call("stat open"); err != nil {
		return nil, err
	}
	return f.diskFile.Stat()
}

func (f tracedFile) Truncate(size int64) error {
	if err := f.call("truncate"); err != nil {
		return err
	}
	return f.diskFile.Truncate(size)
}

func (f tracedFile) Sync() error {
	return f.call("sync")
}

// Close closes the file even if it fails, as the system call does.
func (f tracedFile) Close() error {
	f.disk.open--
	err := f.call("close")
	return errors.Join(f.diskFile.Close(), err)
}

// writes leaves out the calls that change nothing.
func writes(calls []string) []string {
	var out []string
	for _, c := range calls {
		switch what, _, _ := strings.Cut(c, " "); what {
		case "fill", "write", "truncate", "sync", "rename", "create", "remove", "lock", "mkdir":
			out = append(out, c)
		}
	}
	return out
}

// TestS098FileStoreOrder pins what must be on the disk before what: a killed process keeps the
// page cache, so no test with processes can see it.
func TestS098FileStoreOrder(t *testing.T) {
	d := &tracedDisk{}
	s := &FileStore{Dir: filepath.Join(t.TempDir(), "tokens"), disk: d}
	var r Record
	for _, tt := range []struct {
		name string
		do   func() error
		want []string
	}{
		{"first save", func() (err error) { r, err = s.Save(t.Context(), "ada", Record{Lineage: "l"}); return err },
			[]string{"mkdir ", "lock write", "remove tmp", "create tmp", "write tmp", "truncate tmp", "sync tmp", "rename tmp", "sync folder "}},
		{"save", func() (err error) { r, err = s.Save(t.Context(), "ada", r); return err },
			[]string{"lock write", "remove tmp", "create tmp", "write tmp", "truncate tmp", "sync tmp", "rename tmp", "sync folder "}},
		{"reserve and save", func() error {
			release, err := s.Reserve(t.Context(), "ada", 1000)
			if err != nil {
				return err
			}
			defer release()
			r, err = s.Save(t.Context(), "ada", r)
			return err
		}, []string{"lock write", "remove tmp", "create tmp", "fill tmp", "sync tmp",
			"lock write", "write tmp", "truncate tmp", "sync tmp", "rename tmp", "sync folder "}},
		{"reserve in vain", func() error {
			release, err := s.Reserve(t.Context(), "ada", 1000)
			if err == nil {
				release()
			}
			return err
		}, []string{"lock write", "remove tmp", "create tmp", "fill tmp", "sync tmp", "lock write", "remove tmp"}},
		{"load", func() error { _, err := s.Load(t.Context(), "ada"); return err }, nil},
		{"delete", func() error { return s.Delete(t.Context(), "ada", r.Generation) },
			[]string{"lock write", "remove tmp", "create tmp", "write tmp", "truncate tmp", "sync tmp", "rename tmp", "sync folder ",
				"remove tmp", "remove bad"}},
	} {
		d.calls = nil
		if err := tt.do(); err != nil {
			t.Fatalf("%s: %v", tt.name, err)
		}
		if diff := cmp.Diff(tt.want, writes(d.calls)); diff != "" {
			t.Errorf("%s (-want +got):\n%s", tt.name, diff)
		}
	}
}

// TestFileStoreFaults has each call of each operation fail once. The operation then fails or
// has done its work; the old record or the new one can be read; no other file holds a
// secret; and the next save succeeds.
func TestFileStoreFaults(t *testing.T) {
	t.Parallel()
	const key = "ada"
	old := Record{Lineage: "l", RefreshToken: "rt-old"}
	for _, encryption := range []EncryptionKey{nil, NewEncryptionKey()} {
		for _, op := range []struct {
			name string
			do   func(s *FileStore, r Record) error
			want []string // refresh tokens that may be there afterwards
		}{
			{"save", func(s *FileStore, r Record) error {
				r.RefreshToken = "rt-new"
				_, err := s.Save(t.Context(), key, r)
				return err
			}, []string{"rt-old", "rt-new"}},
			{"reserve and save", func(s *FileStore, r Record) error {
				release, err := s.Reserve(t.Context(), key, 1000)
				if err != nil {
					return err
				}
				defer release()
				r.RefreshToken = "rt-new"
				_, err = s.Save(t.Context(), key, r)
				return err
			}, []string{"rt-old", "rt-new"}},
			{"reserve in vain", func(s *FileStore, r Record) error {
				release, err := s.Reserve(t.Context(), key, 1000)
				if err == nil {
					release()
				}
				return err
			}, []string{"rt-old"}},
			{"load", func(s *FileStore, r Record) error { _, err := s.Load(t.Context(), key); return err }, []string{"rt-old"}},
			{"lock", func(s *FileStore, r Record) error {
				unlock, err := s.Lock(t.Context(), key)
				if err != nil {
					return err
				}
				return unlock()
			}, []string{"rt-old"}},
			{"delete", func(s *FileStore, r Record) error { return s.Delete(t.Context(), key, r.Generation) }, []string{"rt-old", ""}},
			{"sign in over a torn file", func(s *FileStore, r Record) error {
				if err := os.WriteFile(s.path(key, tokenSuffix), []byte("torn"), 0o600); err != nil {
					return err
				}
				_, err := s.Save(t.Context(), key, Record{Lineage: "l", RefreshToken: "rt-new"})
				return err
			}, []string{"torn", "", "rt-new"}},
		} {
			for fail := 1; ; fail++ {
				name := fmt.Sprintf("%s, encrypted %v, call %d", op.name, encryption != nil, fail)
				d := &tracedDisk{}
				s := &FileStore{Dir: filepath.Join(t.TempDir(), "tokens"), EncryptionKey: encryption, disk: d}
				first, err := s.Save(t.Context(), key, old)
				if err != nil {
					t.Fatal(err)
				}
				d.calls, d.fail = nil, fail
				err = op.do(s, first)
				done := len(d.calls) < fail
				if err != nil && (!errors.Is(err, errDiskFault) || strings.Contains(err.Error(), "rt-")) {
					t.Errorf("%s: %v, want the error of the disk without a secret", name, err)
				}
				d.fail = 0
				r, loadErr := s.Load(t.Context(), key)
				if errors.Is(loadErr, ErrRecord) && op.want[0] == "torn" {
					loadErr, r.RefreshToken = nil, "torn"
				}
				if loadErr != nil && !errors.Is(loadErr, ErrNotFound) {
					t.Fatalf("%s failed: Load = %v", name, loadErr)
				}
				want := op.want
				if err == nil {
					want = want[len(want)-1:]
				}
				if !strings.Contains("|"+strings.Join(want, "|")+"|", "|"+r.RefreshToken+"|") {
					t.Errorf("%s (%v): stored %q, want one of %q", name, err, r.RefreshToken, want)
				}
				checkNoOrphan(t, s.Dir, name)
				r.Lineage, r.RefreshToken = "l", "rt-next"
				if _, err := s.Save(t.Context(), key, r); err != nil {
					t.Errorf("%s: the next Save = %v", name, err)
				}
				if names, _ := filepath.Glob(filepath.Join(s.Dir, "*.tmp")); len(names) > 0 {
					t.Errorf("%s: left after the next Save: %q", name, names)
				}
				if d.open != 0 {
					t.Errorf("%s: %d files are open", name, d.open)
				}
				if s.locks.Len() != 0 || len(s.reserved) != 0 {
					t.Errorf("%s: %d locks and %d reservations remain", name, s.locks.Len(), len(s.reserved))
				}
				if done {
					if fail < 4 {
						t.Errorf("%s made %d calls", op.name, len(d.calls))
					}
					break
				}
			}
		}
	}
}

// checkNoOrphan sees that only the record's own file holds a token.
func checkNoOrphan(t *testing.T, dir, what string) {
	t.Helper()
	entries, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range entries {
		b, err := os.ReadFile(filepath.Join(dir, e.Name()))
		if err != nil {
			t.Fatal(err)
		}
		if filepath.Ext(e.Name()) != tokenSuffix && strings.Contains(string(b), "rt-") {
			t.Errorf("%s failed: %s holds a secret", what, e.Name())
		}
	}
}

// A file system without locks is an error with the system's reason: nothing goes on without.
func TestS094NoLocks(t *testing.T) {
	const key = "ada"
	s := &FileStore{Dir: filepath.Join(t.TempDir(), "tokens")}
	r, err := s.Save(t.Context(), key, Record{Lineage: "l", RefreshToken: "rt-old"})
	if err != nil {
		t.Fatal(err)
	}
	for _, reason := range []error{syscall.ENOLCK, syscall.EOPNOTSUPP} {
		s := &FileStore{Dir: s.Dir, disk: lockless{err: reason}}
		r.RefreshToken = "rt-new"
		_, saveErr := s.Save(t.Context(), key, r)
		_, lockErr := s.Lock(t.Context(), key)
		_, reserveErr := s.Reserve(t.Context(), key, 100)
		for what, err := range map[string]error{"Save": saveErr, "Lock": lockErr, "Reserve": reserveErr, "Delete": s.Delete(t.Context(), key, r.Generation)} {
			if !errors.Is(err, reason) {
				t.Errorf("%s = %v, want %v", what, err, reason)
			}
		}
		if got, err := s.Load(t.Context(), key); err != nil || got.RefreshToken != "rt-old" {
			t.Errorf("Load = %v, %v; want the record as it was", got, err)
		}
	}
}

// lockless is a disk without locks.
type lockless struct {
	osDisk
	err error
}

func (d lockless) Lock(context.Context, string) (func() error, error) { return nil, d.err }
