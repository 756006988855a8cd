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

// A rule says which files and folders are safe.
type rule struct {
	mode     fs.FileMode // what group and others may have
	anyOwner bool
}

// rule returns the rule for everything but plain files in an encrypted store.
func (s *FileStore) rule() rule {
	if s.EncryptionKey != nil {
		return rule{mode: 0o077, anyOwner: true}
	}
	return s.strict()
}

// strict returns the rule for what is not encrypted.
func (s *FileStore) strict() rule {
	mode := s.AllowMode.Perm() & 0o077
	return rule{mode: mode, anyOwner: mode&0o022 != 0}
}

// check refuses a file or folder that another user could have made, could read or could
// change.
func (r rule) check(name string, fi fs.FileInfo) error {
	unsafe := func(reason string) error { return fmt.Errorf("%w: %s %s", ErrUnsafeFile, name, reason) }
	mode := fi.Mode()
	switch {
	case mode&fs.ModeSymlink != 0:
		return unsafe("is a symbolic link")
	case !mode.IsRegular() && !fi.IsDir():
		return unsafe("is not a regular file")
	case runtime.GOOS != "windows" && mode.Perm()&0o077&^r.mode != 0:
		return unsafe(fmt.Sprintf("has mode %#o: run chmod go-rwx, or set FileStore.AllowMode if this is how the volume is mounted", mode.Perm()))
	case !r.anyOwner && !isOwn(fi):
		return unsafe("belongs to another user: run chown")
	case !fi.IsDir() && links(fi) > 1:
		return unsafe("has a second name (a hard link): remove it")
	}
	return nil
}

// makeDir makes the folder, and refuses one that is not safe.
func (s *FileStore) makeDir() error {
	switch {
	case s.Dir == "":
		return &ConfigError{Kind: ConfigMissing, Hint: "FileStore.Dir is not set"}
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
	return s.checkDir(fi, s.rule())
}

func (s *FileStore) checkDir(fi fs.FileInfo, r rule) error {
	if err := r.check(s.Dir, fi); err != nil {
		return err
	}
	if !fi.IsDir() {
		return fmt.Errorf("%w: %s is not a folder", ErrUnsafeFile, s.Dir)
	}
	return nil
}

// checkPlain refuses a plain file in an encrypted store if others could have put it there.
func (s *FileStore) checkPlain(name string, file fs.FileInfo) error {
	if err := s.strict().check(name, file); err != nil {
		return err
	}
	dir, err := s.os().Lstat(s.Dir)
	if err != nil {
		return fileError("load", err)
	}
	return s.checkDir(dir, s.strict())
}

// readFile reads a file that the rule accepts, before and after it is opened.
func (s *FileStore) readFile(name string, r rule) ([]byte, fs.FileInfo, error) {
	fi, err := s.os().Lstat(name)
	if err != nil {
		return nil, nil, err
	}
	if err := r.check(name, fi); err != nil {
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
	if err := r.check(name, fi); err != nil {
		return nil, nil, err
	}
	if !fi.Mode().IsRegular() {
		return nil, nil, fmt.Errorf("%w: %s is not a regular file", ErrUnsafeFile, name)
	}
	if fi.Size() > maxFile {
		return nil, nil, fmt.Errorf("%w: %s: longer than %d bytes", ErrRecord, name, maxFile)
	}
	data, err := io.ReadAll(io.LimitReader(f, maxFile))
	return data, fi, err
}
