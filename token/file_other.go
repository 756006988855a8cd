//go:build !unix

package token

import "io/fs"

const openNoFollow = 0

func isOwn(fs.FileInfo) bool { return true }

// syncDir does nothing: Windows has no such call, and its file systems log the rename.
func syncDir(string) error { return nil }
