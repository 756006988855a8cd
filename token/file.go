package token

import (
	"bytes"
	"context"
	"crypto/aes"
	"crypto/cipher"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/gofrs/flock"
)

// ErrUnsafeFile is matched when a [FileStore] refuses a file or folder: a symbolic link, no
// regular file, of another owner, or open to others.
var ErrUnsafeFile = errors.New("token: unsafe file")

// A FileStore keeps each record in a file of its own. Only Dir is required. It is a
// [Locker] and a [Reserver], may be shared by processes on one machine, and is safe for
// concurrent use; its fields must not be changed after its first use. Advisory locks on
// network file systems are as good as the file system's.
//
// A record is written to a temporary file, synced, renamed over the old one, and the
// folder is synced, before Save returns: after a crash the file holds the old record or the
// new one. The folder is made with mode 0700 and files with 0600, and whatever is a
// symbolic link, has another owner or is open to others is refused with an error that
// matches [ErrUnsafeFile] (on Windows the folder's access list is the caller's care). File
// names are hashes of the keys. Lock files stay: removing one would let two processes hold
// "the" lock.
//
// A file that is torn, foreign or cannot be decrypted is an error that matches [ErrRecord]
// and names the file; a new sign-in keeps it aside, with the suffix .bad.
type FileStore struct {
	// Dir is the folder. It is made, with its parents, if there is none.
	Dir string

	// EncryptionKey encrypts the files with AES-256-GCM. If not nil it must have 32 bytes,
	// from a keychain or a secret store. If nil the files are plain.
	EncryptionKey []byte

	mu       sync.Mutex
	locks    map[string]chan struct{}
	reserved map[string]*os.File
}

const (
	fileMagic   = "easoauth-token-1"
	filePlain   = "plain"
	fileSealed  = "aes-256-gcm"
	fileDeleted = "deleted"

	maxFile      = 2 * maxRecord
	lockInterval = 10 * time.Millisecond
	staleTemp    = time.Hour
)

// Load reads the record of key.
func (s *FileStore) Load(_ context.Context, key string) (Record, error) {
	r, _, err := s.read(key)
	return r, err
}

// read returns the record, and the last generation even if there is no record any more.
func (s *FileStore) read(key string) (Record, uint64, error) {
	name := s.path(key, "token")
	data, err := readPrivate(name, maxFile)
	if errors.Is(err, fs.ErrNotExist) {
		return Record{}, 0, ErrNotFound
	}
	if err != nil {
		return Record{}, 0, err
	}
	bad := func(reason string) (Record, uint64, error) {
		return Record{}, 0, fmt.Errorf("%w: %s: %s", ErrRecord, name, reason)
	}
	header, body, ok := bytes.Cut(data, []byte("\n"))
	magic, kind, _ := strings.Cut(string(header), " ")
	if !ok || magic != fileMagic {
		return bad("the file is empty or not one of this store")
	}
	kind, sum, _ := strings.Cut(kind, " ")
	switch kind {
	case filePlain, fileDeleted:
		if sum != checksum(body) {
			return bad("the file is torn or was changed")
		}
	case fileSealed:
		if body, err = s.open(body, s.name(key)); err != nil {
			return bad(err.Error())
		}
	default:
		return bad("the file is of another version")
	}
	if kind == fileDeleted {
		generation, err := strconv.ParseUint(string(body), 10, 64)
		if err != nil {
			return bad("the file is torn")
		}
		return Record{}, generation, ErrNotFound
	}
	r, err := DecodeRecord(body)
	if err != nil {
		return Record{}, 0, fmt.Errorf("%s: %w", name, err)
	}
	return r, r.Generation, nil
}

// NeedsKey reports whether the folder holds a file that was encrypted, so that it cannot be
// read without the EncryptionKey that it was written with. It does not look at
// s.EncryptionKey.
func (s *FileStore) NeedsKey() (bool, error) {
	names, err := filepath.Glob(filepath.Join(globEscape(s.Dir), "*.token"))
	if err != nil {
		return false, fmt.Errorf("token: file store: %w", err)
	}
	sealed := []byte(fileMagic + " " + fileSealed + "\n")
	for _, name := range names {
		data, err := readPrivate(name, maxFile)
		if err != nil && !errors.Is(err, fs.ErrNotExist) {
			return false, err
		}
		if bytes.HasPrefix(data, sealed) {
			return true, nil
		}
	}
	return false, nil
}

// Save stores r, see [Store].
func (s *FileStore) Save(ctx context.Context, key string, r Record) (Record, error) {
	unlock, err := s.lockFile(ctx, key, "write")
	if err != nil {
		return Record{}, err
	}
	defer unlock()
	old, last, err := s.read(key)
	switch {
	case errors.Is(err, ErrNotFound):
	case errors.Is(err, ErrRecord) && r.Generation == 0:
		if err := s.setAside(key); err != nil {
			return Record{}, err
		}
		last = uint64(time.Now().UnixMilli()) // more than the lost file can have counted
	case err != nil:
		return Record{}, err
	}
	if old.Generation != r.Generation {
		return Record{}, ErrConflict
	}
	r = r.clone()
	r.Generation = last + 1
	body, err := r.Encode()
	if err != nil {
		return Record{}, err
	}
	if s.EncryptionKey == nil {
		return r, s.write(key, filePlain+" "+checksum(body), body)
	}
	if body, err = s.seal(body, s.name(key)); err != nil {
		return Record{}, err
	}
	return r, s.write(key, fileSealed, body)
}

// Delete removes the record of key, see [Store]. A file without secrets stays, which
// remembers the generation.
func (s *FileStore) Delete(ctx context.Context, key string, generation uint64) error {
	unlock, err := s.lockFile(ctx, key, "write")
	if err != nil {
		return err
	}
	defer unlock()
	old, _, err := s.read(key)
	switch {
	case errors.Is(err, ErrNotFound):
		return nil
	case err != nil:
		return err
	case old.Generation != generation:
		return ErrConflict
	}
	body := []byte(strconv.FormatUint(generation, 10))
	return s.write(key, fileDeleted+" "+checksum(body), body)
}

// Lock waits for the lock of key, see [Locker]. It is an advisory lock of the operating
// system, which ends with the process.
func (s *FileStore) Lock(ctx context.Context, key string) (func() error, error) {
	return s.lockFile(ctx, key, "lock")
}

// lockFile takes one of the two locks of a key: "lock" for as long as a renewal takes, and
// "write" for a compare and swap.
func (s *FileStore) lockFile(ctx context.Context, key, kind string) (func() error, error) {
	if err := s.makeDir(); err != nil {
		return nil, err
	}
	name := s.path(key, kind)
	s.mu.Lock()
	if s.locks == nil {
		s.locks = map[string]chan struct{}{}
	}
	own := s.locks[name]
	if own == nil {
		own = make(chan struct{}, 1)
		s.locks[name] = own
	}
	s.mu.Unlock()
	select {
	case own <- struct{}{}:
	case <-ctx.Done():
		return nil, context.Cause(ctx)
	}
	if err := checkPrivate(name); err != nil && !errors.Is(err, fs.ErrNotExist) {
		<-own
		return nil, err
	}
	l, err := lockNamed(ctx, name)
	if err != nil {
		<-own
		return nil, err
	}
	return sync.OnceValue(func() error {
		defer func() { <-own }()
		return l.Close()
	}), nil
}

// lockNamed locks the file that has the name when the lock is there: somebody may have
// removed the one that was opened.
func lockNamed(ctx context.Context, name string) (*flock.Flock, error) {
	for {
		l := flock.New(name, flock.SetPermissions(0o600))
		if _, err := l.TryLockContext(ctx, lockInterval); err != nil {
			if ctx.Err() != nil {
				return nil, context.Cause(ctx)
			}
			return nil, fmt.Errorf("token: lock %s: %w", name, err)
		}
		locked, err := l.Stat()
		if err == nil {
			var named fs.FileInfo
			if named, err = os.Lstat(name); err == nil && os.SameFile(locked, named) {
				return l, nil
			}
		}
		l.Close()
		if err != nil && !errors.Is(err, fs.ErrNotExist) {
			return nil, fmt.Errorf("token: lock %s: %w", name, err)
		}
	}
}

// Reserve writes a file of size bytes, which the next Save of key fills, see [Reserver].
func (s *FileStore) Reserve(_ context.Context, key string, size int) (func(), error) {
	if err := s.makeDir(); err != nil {
		return nil, err
	}
	s.removeStale(key)
	f, err := s.temp(key)
	if err != nil {
		return nil, err
	}
	drop := func() {
		f.Close()
		os.Remove(f.Name())
	}
	_, err = io.CopyN(f, zeros{}, int64(size)+int64(size)/2)
	if err == nil {
		err = f.Sync()
	}
	if err != nil {
		drop()
		return nil, fmt.Errorf("token: reserve: %w", err)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.reserved == nil {
		s.reserved = map[string]*os.File{}
	}
	old := s.reserved[key]
	s.reserved[key] = f
	if old != nil {
		old.Close()
		os.Remove(old.Name())
	}
	return func() {
		s.mu.Lock()
		defer s.mu.Unlock()
		if s.reserved[key] == f {
			delete(s.reserved, key)
			drop()
		}
	}, nil
}

type zeros struct{}

func (zeros) Read(p []byte) (int, error) { clear(p); return len(p), nil }

// write replaces the file of key: write, sync, rename, sync the folder.
func (s *FileStore) write(key, header string, body []byte) error {
	s.mu.Lock()
	f := s.reserved[key]
	delete(s.reserved, key)
	s.mu.Unlock()
	if f == nil {
		var err error
		if f, err = s.temp(key); err != nil {
			return err
		}
	}
	data := append([]byte(fileMagic+" "+header+"\n"), body...)
	_, err := f.WriteAt(data, 0)
	if err == nil {
		err = f.Truncate(int64(len(data)))
	}
	if err == nil {
		err = f.Sync()
	}
	if closeErr := f.Close(); err == nil {
		err = closeErr
	}
	if err == nil {
		err = rename(f.Name(), s.path(key, "token"))
	}
	if err != nil {
		os.Remove(f.Name())
		return fmt.Errorf("token: file store: %w", err)
	}
	return syncDir(s.Dir)
}

// rename replaces a file. On Windows that fails while another process reads the file.
func rename(from, to string) error {
	err := os.Rename(from, to)
	for range 50 {
		if err == nil || runtime.GOOS != "windows" {
			break
		}
		time.Sleep(lockInterval)
		err = os.Rename(from, to)
	}
	return err
}

func (s *FileStore) temp(key string) (*os.File, error) {
	f, err := os.CreateTemp(s.Dir, s.name(key)+".*.tmp") // mode 0600, exclusive
	if err != nil {
		return nil, fmt.Errorf("token: file store: %w", err)
	}
	return f, nil
}

// removeStale removes what a process that died has left.
func (s *FileStore) removeStale(key string) {
	names, _ := filepath.Glob(filepath.Join(globEscape(s.Dir), s.name(key)+".*.tmp"))
	for _, name := range names {
		if fi, err := os.Lstat(name); err == nil && fi.Mode().IsRegular() && time.Since(fi.ModTime()) > staleTemp {
			os.Remove(name)
		}
	}
}

func globEscape(dir string) string {
	if runtime.GOOS == "windows" {
		return dir
	}
	return strings.NewReplacer(`\`, `\\`, `*`, `\*`, `?`, `\?`, `[`, `\[`).Replace(dir)
}

func (s *FileStore) setAside(key string) error {
	name := s.path(key, "token")
	if err := rename(name, name+"."+strconv.FormatInt(time.Now().UnixNano(), 36)+".bad"); err != nil {
		return fmt.Errorf("token: file store: %w", err)
	}
	return nil
}

func (s *FileStore) name(key string) string {
	sum := sha256.Sum256([]byte(key))
	return hex.EncodeToString(sum[:])
}

func (s *FileStore) path(key, suffix string) string {
	return filepath.Join(s.Dir, s.name(key)+"."+suffix)
}

func (s *FileStore) makeDir() error {
	if s.Dir == "" {
		return &ConfigError{Kind: ConfigMissing, Hint: "FileStore.Dir is not set"}
	}
	if err := os.MkdirAll(s.Dir, 0o700); err != nil {
		return fmt.Errorf("token: file store: %w", err)
	}
	return checkPrivate(s.Dir)
}

// checkPrivate refuses a file or folder that another user could have made or could read.
func checkPrivate(name string) error {
	fi, err := os.Lstat(name)
	if err != nil {
		return err
	}
	return checkInfo(name, fi)
}

func checkInfo(name string, fi fs.FileInfo) error {
	unsafe := func(reason string) error { return fmt.Errorf("%w: %s %s", ErrUnsafeFile, name, reason) }
	switch {
	case fi.Mode()&fs.ModeSymlink != 0:
		return unsafe("is a symbolic link")
	case !fi.Mode().IsRegular() && !fi.IsDir():
		return unsafe("is no regular file")
	case runtime.GOOS != "windows" && fi.Mode().Perm()&0o077 != 0:
		return unsafe(fmt.Sprintf("has mode %#o; let nobody but its owner have access: chmod go-rwx", fi.Mode().Perm()))
	case !isOwn(fi):
		return unsafe("belongs to another user, or has another name as well")
	}
	return nil
}

// readPrivate reads a file that checkPrivate accepts, before and after it is opened.
func readPrivate(name string, limit int64) ([]byte, error) {
	if err := checkPrivate(name); err != nil {
		return nil, err
	}
	f, err := os.OpenFile(name, os.O_RDONLY|openNoFollow, 0)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	fi, err := f.Stat()
	if err != nil {
		return nil, err
	}
	if err := checkInfo(name, fi); err != nil {
		return nil, err
	}
	if fi.Size() > limit {
		return nil, fmt.Errorf("%w: %s: longer than %d bytes", ErrRecord, name, limit)
	}
	return io.ReadAll(io.LimitReader(f, limit))
}

func checksum(b []byte) string {
	sum := sha256.Sum256(b)
	return hex.EncodeToString(sum[:])
}

func (s *FileStore) aead() (cipher.AEAD, error) {
	if len(s.EncryptionKey) != 32 {
		return nil, &ConfigError{Kind: ConfigMissing, Hint: "the file is encrypted, and FileStore.EncryptionKey must have 32 bytes"}
	}
	block, err := aes.NewCipher(s.EncryptionKey)
	if err != nil {
		return nil, err
	}
	return cipher.NewGCMWithRandomNonce(block)
}

// seal encrypts a record for the file of one key, so that files cannot be swapped.
func (s *FileStore) seal(body []byte, name string) ([]byte, error) {
	a, err := s.aead()
	if err != nil {
		return nil, err
	}
	return a.Seal(nil, nil, body, []byte(name)), nil
}

func (s *FileStore) open(body []byte, name string) ([]byte, error) {
	a, err := s.aead()
	if err != nil {
		return nil, err
	}
	plain, err := a.Open(nil, nil, body, []byte(name))
	if err != nil {
		return nil, errors.New("it cannot be decrypted: the key is another, or the file was changed")
	}
	return plain, nil
}

// NewEncryptionKey returns 32 random bytes for [FileStore.EncryptionKey].
func NewEncryptionKey() []byte {
	key := make([]byte, 32)
	_, _ = rand.Read(key) // never fails
	return key
}
