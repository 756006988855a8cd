//go:build unix

package token

import (
	"io/fs"
	"os"
	"syscall"
)

// openNoFollow refuses a symbolic link in place of the file, and does not wait for a writer
// if the file is a FIFO.
const openNoFollow = syscall.O_NOFOLLOW | syscall.O_NONBLOCK

// isOwn reports whether the file belongs to this user or to root, who could write it anyway.
func isOwn(fi fs.FileInfo) bool {
	st, ok := fi.Sys().(*syscall.Stat_t)
	return ok && (int(st.Uid) == os.Geteuid() || st.Uid == 0)
}

// links returns how many names a file has: 0 if another was renamed over it while it was
// open.
func links(fi fs.FileInfo) uint64 {
	if st, ok := fi.Sys().(*syscall.Stat_t); ok {
		return uint64(st.Nlink)
	}
	return 1
}

func syncDir(dir string) error {
	d, err := os.Open(dir)
	if err != nil {
		return err
	}
	defer d.Close()
	return d.Sync()
}
