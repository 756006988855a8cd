package token

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"sync"
	"time"

	"github.com/gofrs/flock"

	"github.com/easoauth/easoauth/internal/keyed"
)

// lockInterval is how often a lock that another process holds is tried.
const lockInterval = 10 * time.Millisecond

// lockFile takes one of the two locks of a key. Callers within this process wait in a queue,
// so that one of them at a time waits for the other processes.
func (s *FileStore) lockFile(ctx context.Context, key, kind string) (func() error, error) {
	if err := s.makeDir(); err != nil {
		return nil, err
	}
	name := s.path(key, kind)
	leave, err := s.locks.Enter(ctx, name)
	if err != nil {
		return nil, err
	}
	unlock, err := s.lockNamed(ctx, name)
	if err != nil {
		leave()
		return nil, err
	}
	return sync.OnceValue(func() error {
		defer leave()
		return unlock()
	}), nil
}

func (s *FileStore) lockNamed(ctx context.Context, name string) (func() error, error) {
	fi, err := s.os().Lstat(name)
	switch {
	case errors.Is(err, fs.ErrNotExist):
	case err != nil:
		return nil, fileError("lock", err)
	default:
		if err := s.rule().checkFile(name, fi); err != nil {
			return nil, err
		}
	}
	unlock, err := s.os().Lock(ctx, name)
	switch {
	case ctx.Err() != nil && err != nil:
		return nil, keyed.Ended(ctx)
	case err != nil:
		return nil, fileError("lock", err)
	}
	return unlock, nil
}

// lockPath locks the file that has the name once the lock is held: the file that was opened
// may have been removed meanwhile.
func lockPath(ctx context.Context, name string) (func() error, error) {
	for {
		l := flock.New(name, flock.SetPermissions(0o600))
		if _, err := l.TryLockContext(ctx, lockInterval); err != nil {
			return nil, fmt.Errorf("%s: %w", name, err)
		}
		locked, err := l.Stat()
		if err == nil {
			var named fs.FileInfo
			if named, err = os.Lstat(name); err == nil && os.SameFile(locked, named) {
				return l.Close, nil
			}
		}
		l.Close()
		if err != nil && !errors.Is(err, fs.ErrNotExist) {
			return nil, err
		}
	}
}
