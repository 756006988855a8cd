package token

import (
	"context"
	"io"
	"io/fs"
	"os"
	"runtime"
	"time"
)

// A disk is what a FileStore does to the file system.
type disk interface {
	MkdirAll(dir string) error // mode 0700
	Lstat(name string) (fs.FileInfo, error)
	Open(name string) (diskFile, error)   // to read; not a symbolic link
	Create(name string) (diskFile, error) // to write; the name must be free; mode 0600
	Rename(from, to string) error
	Remove(name string) error
	SyncDir(dir string) error
	Lock(ctx context.Context, name string) (unlock func() error, err error)
}

type diskFile interface {
	io.ReadWriteCloser
	io.WriterAt
	Name() string
	Stat() (fs.FileInfo, error)
	Truncate(size int64) error
	Sync() error
}

func (s *FileStore) os() disk {
	if s.disk == nil {
		return osDisk{}
	}
	return s.disk
}

type osDisk struct{}

func (osDisk) MkdirAll(dir string) error              { return os.MkdirAll(dir, 0o700) }
func (osDisk) Lstat(name string) (fs.FileInfo, error) { return os.Lstat(name) }
func (osDisk) Remove(name string) error               { return os.Remove(name) }
func (osDisk) SyncDir(dir string) error               { return syncDir(dir) }

func (osDisk) Open(name string) (diskFile, error) {
	return openFile(name, os.O_RDONLY|openNoFollow)
}

func (osDisk) Create(name string) (diskFile, error) {
	return openFile(name, os.O_RDWR|os.O_CREATE|os.O_EXCL)
}

func openFile(name string, flag int) (diskFile, error) {
	f, err := os.OpenFile(name, flag, 0o600)
	if err != nil {
		return nil, err // not a nil *os.File in an interface
	}
	return f, nil
}

// Rename replaces a file. On Windows that fails while another process reads the file.
func (osDisk) Rename(from, to string) error {
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

func (osDisk) Lock(ctx context.Context, name string) (func() error, error) {
	return lockPath(ctx, name)
}
