package token

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"time"
)

// releaseTime bounds the wait for the write lock, which is held for a moment at a time.
const releaseTime = time.Second

// Reserve writes a file of one and a half times size bytes and syncs it; the next Save of key
// fills it. See [Reserver]. If two calls reserve for one key, the later one counts.
func (s *FileStore) Reserve(ctx context.Context, key string, size int) (func(), error) {
	unlock, err := s.lockFile(ctx, key, writeLock)
	if err != nil {
		return nil, err
	}
	defer unlock()
	f, err := s.temp(key)
	if err != nil {
		return nil, fileError("reserve", err)
	}
	size = min(max(size, 0), maxFile)
	_, err = f.Write(make([]byte, size+size/2))
	if err == nil {
		err = f.Sync()
	}
	if err != nil {
		s.discard(f)
		return nil, fileError("reserve", err)
	}
	s.mu.Lock()
	if s.reserved == nil {
		s.reserved = map[string]diskFile{}
	}
	old := s.reserved[key]
	s.reserved[key] = f
	s.mu.Unlock()
	if old != nil {
		old.Close()
	}
	return func() { s.release(key, f) }, nil
}

// release removes a reservation that no Save has used up.
func (s *FileStore) release(key string, f diskFile) {
	s.mu.Lock()
	mine := s.reserved[key] == f
	if mine {
		delete(s.reserved, key)
	}
	s.mu.Unlock()
	if !mine {
		return
	}
	defer f.Close()
	ctx, cancel := context.WithTimeout(context.Background(), releaseTime)
	defer cancel()
	unlock, err := s.lockFile(ctx, key, writeLock)
	if err != nil {
		return // the next use of the key removes it
	}
	defer unlock()
	if s.isNamed(f) {
		s.os().Remove(f.Name())
	}
}

// takeReserved returns the file that was reserved for key, if it still has its name. The
// write lock of key is held.
func (s *FileStore) takeReserved(key string) diskFile {
	s.mu.Lock()
	f := s.reserved[key]
	delete(s.reserved, key)
	s.mu.Unlock()
	if f != nil && !s.isNamed(f) {
		f.Close() // another process has taken the name
		return nil
	}
	return f
}

// isNamed reports whether the file is the one that has its name.
func (s *FileStore) isNamed(f diskFile) bool {
	open, err := f.Stat()
	if err != nil {
		return false
	}
	named, err := s.os().Lstat(f.Name())
	return err == nil && os.SameFile(open, named)
}

// temp makes the temporary file of key. What is there was left by a process that was killed.
// The write lock of key is held.
func (s *FileStore) temp(key string) (diskFile, error) {
	name := s.path(key, tempSuffix)
	if err := s.remove(name); err != nil {
		return nil, err
	}
	return s.os().Create(name)
}

// remove removes a file that may be missing.
func (s *FileStore) remove(name string) error {
	if err := s.os().Remove(name); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	return nil
}

func (s *FileStore) discard(f diskFile) {
	f.Close()
	s.os().Remove(f.Name()) // if that fails, the next use of the key removes it
}

// replace makes data the file of key: write, sync, rename, sync the folder. The write lock
// of key is held.
func (s *FileStore) replace(key string, data []byte) error {
	f := s.takeReserved(key)
	if f == nil {
		var err error
		if f, err = s.temp(key); err != nil {
			return fileError("save", err)
		}
	}
	_, err := f.WriteAt(data, 0)
	if err == nil {
		err = f.Truncate(int64(len(data)))
	}
	if err == nil {
		err = f.Sync()
	}
	if err != nil {
		s.discard(f)
		return fileError("save", err)
	}
	if err := f.Close(); err != nil {
		s.os().Remove(f.Name())
		return fileError("save", err)
	}
	if err := s.os().Rename(f.Name(), s.path(key, tokenSuffix)); err != nil {
		s.os().Remove(f.Name())
		return fileError("save", err)
	}
	if err := s.os().SyncDir(s.Dir); err != nil {
		return fileError("save", err)
	}
	return nil
}

// setAside keeps an unreadable file under the first name that is free. The write lock of key
// is held.
func (s *FileStore) setAside(key string) error {
	for n := 1; ; n++ {
		aside := s.asidePath(key, n)
		_, err := s.os().Lstat(aside)
		if err == nil {
			continue // taken
		}
		if errors.Is(err, fs.ErrNotExist) {
			err = s.os().Rename(s.path(key, tokenSuffix), aside)
		}
		if err != nil {
			return fileError("keep aside", err)
		}
		return nil
	}
}

// clean removes what may hold secrets of a deleted record: the temporary file, and what was
// kept aside. The write lock of key is held.
func (s *FileStore) clean(key string) error {
	if f := s.takeReserved(key); f != nil {
		f.Close()
	}
	err := s.remove(s.path(key, tempSuffix))
	for n := 1; err == nil; n++ {
		err = s.os().Remove(s.asidePath(key, n))
	}
	if !errors.Is(err, fs.ErrNotExist) {
		return fileError("delete", err)
	}
	return nil
}
