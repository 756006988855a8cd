package token

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"syscall"
	"testing"
)

// SyncDir reaches the system call: what cannot be synced is an error.
func TestSyncDir(t *testing.T) {
	if err := (osDisk{}).SyncDir(t.TempDir()); err != nil {
		t.Error(err)
	}
	if err := (osDisk{}).SyncDir(os.DevNull); !errors.Is(err, syscall.EINVAL) {
		t.Errorf("SyncDir of a device = %v, want EINVAL of fsync", err)
	}
	if err := (osDisk{}).SyncDir(filepath.Join(t.TempDir(), "none")); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("SyncDir of nothing = %v, want ErrNotExist", err)
	}
}
