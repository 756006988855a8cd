//go:build !unix

package token

import "io/fs"

const openNoFollow = 0

func isOwn(fs.FileInfo) bool { return true }

func links(fs.FileInfo) uint64 { return 1 }

// syncDir does nothing: Windows has no such call, and its file systems log the rename.
func syncDir(string) error { return nil }
