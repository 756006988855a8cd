//go:build unix

package token

import (
	"io/fs"
	"os"
	"syscall"
)

// openNoFollow refuses a symbolic link in place of the file, and does not wait for a writer
// if somebody put a FIFO there.
const openNoFollow = syscall.O_NOFOLLOW | syscall.O_NONBLOCK

// isOwn reports whether the file belongs to this user and, unless it is a folder, has no
// other name.
func isOwn(fi fs.FileInfo) bool {
	st, ok := fi.Sys().(*syscall.Stat_t)
	return ok && int(st.Uid) == os.Geteuid() && (fi.IsDir() || uint64(st.Nlink) == 1)
}

func syncDir(dir string) error {
	d, err := os.Open(dir)
	if err != nil {
		return err
	}
	defer d.Close()
	return d.Sync()
}
