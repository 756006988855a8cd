package token

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"runtime"

	"github.com/easoauth/easoauth/internal/seal"
)

// ErrUnsafeFile is matched when a [FileStore] refuses a file or folder: a symbolic link, not
// a regular file, a file with a second name, one of another owner, or one open to others.
var ErrUnsafeFile = errors.New("token: unsafe file")

// A fileRule says which files and folders are safe.
type fileRule struct {
	mode     fs.FileMode // what group and others may have
	anyOwner bool
}

// rule returns the rule for everything but plain files in an encrypted store.
func (s *FileStore) rule() fileRule {
	if s.EncryptionKey != nil {
		return fileRule{mode: 0o077, anyOwner: true}
	}
	return s.strict()
}

// strict returns the rule for what is not encrypted.
func (s *FileStore) strict() fileRule {
	mode := s.AllowMode.Perm() & 0o077
	return fileRule{mode: mode, anyOwner: mode&0o022 != 0}
}

// checkFile refuses a file that another user could have made, could read or could change.
func (r fileRule) checkFile(name string, fi fs.FileInfo) error {
	switch {
	case fi.Mode()&fs.ModeSymlink != 0:
		return unsafeFile(name, "is a symbolic link")
	case !fi.Mode().IsRegular():
		return unsafeFile(name, "is not a regular file")
	case links(fi) > 1:
		return unsafeFile(name, "has a second name (a hard link): remove it")
	}
	return r.checkAccess(name, fi)
}

// checkDir does the same for the folder.
func (r fileRule) checkDir(name string, fi fs.FileInfo) error {
	switch {
	case fi.Mode()&fs.ModeSymlink != 0:
		return unsafeFile(name, "is a symbolic link")
	case !fi.IsDir():
		return unsafeFile(name, "is not a folder")
	}
	return r.checkAccess(name, fi)
}

func (r fileRule) checkAccess(name string, fi fs.FileInfo) error {
	switch mode := fi.Mode().Perm(); {
	case runtime.GOOS != "windows" && mode&0o077&^r.mode != 0:
		return unsafeFile(name, fmt.Sprintf("has mode %#o: run chmod go-rwx, or set FileStore.AllowMode if the volume is mounted that way", mode))
	case !r.anyOwner && !isOwn(fi):
		return unsafeFile(name, "belongs to another user: run chown")
	}
	return nil
}

func unsafeFile(name, reason string) error {
	return fmt.Errorf("%w: %s %s", ErrUnsafeFile, name, reason)
}

func errNoDir() error { return &ConfigError{Kind: ConfigMissing, Hint: "FileStore.Dir is not set"} }

// makeDir makes the folder, and refuses one that is not safe.
func (s *FileStore) makeDir() error {
	switch {
	case s.Dir == "":
		return errNoDir()
	case s.EncryptionKey != nil && len(s.EncryptionKey) != seal.KeySize:
		return &ConfigError{Kind: ConfigMissing, Hint: "FileStore.EncryptionKey must have 32 bytes"}
	}
	fi, err := s.os().Lstat(s.Dir)
	if errors.Is(err, fs.ErrNotExist) {
		if err = s.os().MkdirAll(s.Dir); err == nil {
			fi, err = s.os().Lstat(s.Dir)
		}
	}
	if err != nil {
		return fileError("open the folder", err)
	}
	return s.rule().checkDir(s.Dir, fi)
}

// checkPlain refuses a plain file in an encrypted store if others could have put it there.
func (s *FileStore) checkPlain(name string, file fs.FileInfo) error {
	if err := s.strict().checkFile(name, file); err != nil {
		return err
	}
	dir, err := s.os().Lstat(s.Dir)
	if err != nil {
		return fileError("load", err)
	}
	return s.strict().checkDir(s.Dir, dir)
}

// readFile reads a file that the rule accepts, before and after it is opened.
func (s *FileStore) readFile(name string, r fileRule) ([]byte, fs.FileInfo, error) {
	fi, err := s.os().Lstat(name)
	if err != nil {
		return nil, nil, err
	}
	if err := r.checkFile(name, fi); err != nil {
		return nil, nil, err
	}
	f, err := s.os().Open(name)
	if err != nil {
		return nil, nil, err
	}
	defer f.Close()
	if fi, err = f.Stat(); err != nil {
		return nil, nil, err
	}
	if err := r.checkFile(name, fi); err != nil {
		return nil, nil, err
	}
	if fi.Size() > maxFile {
		return nil, nil, fmt.Errorf("%w: %s: longer than %d bytes", ErrRecord, name, maxFile)
	}
	data, err := io.ReadAll(io.LimitReader(f, maxFile))
	return data, fi, err
}
