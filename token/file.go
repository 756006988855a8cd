package token

import (
	"context"
	"errors"
	"io/fs"
	"path/filepath"
	"strings"
	"sync"
	"time"

	"github.com/easoauth/easoauth/internal/keyed"
)

// A FileStore keeps each record in a file of its own. Only Dir is required. It is a [Locker] and a
// [Reserver], may be shared by processes on one machine, and is safe for concurrent use; its
// fields must not be changed after its first use. The cost of a call does not depend on the number
// of records.
//
// Save writes a temporary file, syncs it, renames it over the old one and syncs the folder before
// it returns: after a crash the file holds the old record or the new one. A key has at most one
// temporary file. The next Reserve, Save or Delete of the key overwrites what a killed process
// left in it. Load needs no lock and writes nothing, so that it works on a read-only file system.
//
// The folder is created with mode 0700 and files with 0600. Symbolic links, files with a second
// name, and files and folders that belong to another user or are accessible to others are refused
// with an error that matches [ErrUnsafeFile]; AllowMode and EncryptionKey relax this. On Windows
// the access list of the folder decides. File names are hashes of the keys.
//
// Locks are advisory locks of the operating system, which end with the process; on a network file
// system they are as reliable as the file system's. Lock files are not removed: otherwise two
// processes could hold the lock.
//
// A file that is incomplete, not a record, or cannot be decrypted is an error that matches
// [ErrRecord] and names the file. A new sign-in keeps it, with the suffix .bad, until the sign-in
// is deleted.
type FileStore struct {
	// Dir is the folder. It is created, with its parents, if it does not exist.
	Dir string

	// EncryptionKey encrypts the files with AES-256-GCM, each for its key. If not nil it must
	// have 32 bytes. If nil, files are plain. Files that were written without a key are read
	// in either case.
	//
	// With an EncryptionKey others can neither read nor forge a record, so that the modes and
	// owners of the folder and of encrypted files are not checked. Whoever may write to the
	// folder can still remove a record or bring an older one back, which costs the user a
	// sign-in. A plain file is refused unless its mode and owner would be accepted without
	// the key.
	EncryptionKey EncryptionKey

	// AllowMode is the permission bits, of those that group and others have, that the folder
	// and its files may have: 0o070 for a Kubernetes volume with an fsGroup, 0o077 for
	// CIFS, DrvFs and other mounts that show one mode for all files. If it lets others write,
	// the owner is not checked either: the operator vouches for them. If 0, group and others
	// may have no access. The store's own files are made with mode 0600 in either case.
	AllowMode fs.FileMode

	locks keyed.Queue
	disk  disk // if nil, the operating system's

	mu       sync.Mutex
	reserved map[string]diskFile
}

// Load reads the record of key.
func (s *FileStore) Load(_ context.Context, key string) (Record, error) {
	if s.Dir == "" {
		return Record{}, errNoDir()
	}
	r, _, err := s.read(key)
	return r, err
}

// Save stores r, see [Store].
func (s *FileStore) Save(ctx context.Context, key string, r Record) (Record, error) {
	unlock, err := s.lockFile(ctx, key, writeLock)
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
	data, err := s.encode(key, body)
	if err != nil {
		return Record{}, err
	}
	if err := s.replace(key, data); err != nil {
		return Record{}, err
	}
	return r, nil
}

// Delete removes the record of key, see [Store], and the .bad file. A file without secrets
// remains, which holds the generation.
func (s *FileStore) Delete(ctx context.Context, key string, generation uint64) error {
	unlock, err := s.lockFile(ctx, key, writeLock)
	if err != nil {
		return err
	}
	defer unlock()
	old, _, err := s.read(key)
	switch {
	case errors.Is(err, ErrNotFound):
		return s.clean(key)
	case err != nil:
		return err
	case old.Generation != generation:
		return ErrConflict
	}
	if err := s.replace(key, encodeDeleted(generation)); err != nil {
		return err
	}
	return s.clean(key)
}

// Lock waits for the lock of key, see [Locker].
func (s *FileStore) Lock(ctx context.Context, key string) (func() error, error) {
	return s.lockFile(ctx, key, renewLock)
}

// NeedsKey reports whether the folder holds an encrypted file, which can be read only with its
// EncryptionKey. It does not use s.EncryptionKey.
func (s *FileStore) NeedsKey() (bool, error) {
	names, err := filepath.Glob(filepath.Join(globEscape(s.Dir), "*"+tokenSuffix))
	if err != nil {
		return false, fileError("look", err)
	}
	for _, name := range names {
		data, _, err := s.readFile(name, s.strict())
		if err != nil && !errors.Is(err, fs.ErrNotExist) {
			return false, err
		}
		if isSealed(data) {
			return true, nil
		}
	}
	return false, nil
}

func globEscape(dir string) string {
	if filepath.Separator == '\\' {
		return dir // no escapes there
	}
	return strings.NewReplacer(`\`, `\\`, `*`, `\*`, `?`, `\?`, `[`, `\[`).Replace(dir)
}
