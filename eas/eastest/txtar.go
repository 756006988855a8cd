package eastest

import (
	"bytes"
	"fmt"
	"strings"
)

// A txtarFile is one file of an archive in the txtar format, as the go command's tests have
// it: a line "-- name --" and the lines after it.
type txtarFile struct {
	name string
	data []byte
}

// marker returns the name on a line that begins a file.
func marker(line []byte) (name string, ok bool) {
	line = bytes.TrimRight(line, "\r\n")
	if len(line) < len("-- x --") || !bytes.HasPrefix(line, []byte("-- ")) || !bytes.HasSuffix(line, []byte(" --")) {
		return "", false
	}
	name = strings.TrimSpace(string(line[len("-- ") : len(line)-len(" --")]))
	return name, name != ""
}

// parseTxtar returns the files of an archive. What stands before the first is a comment.
func parseTxtar(archive []byte) []txtarFile {
	var out []txtarFile
	for line := range bytes.Lines(archive) {
		if name, ok := marker(line); ok {
			out = append(out, txtarFile{name: name})
		} else if len(out) > 0 {
			f := &out[len(out)-1]
			f.data = append(f.data, line...)
		}
	}
	return out
}

// appendTxtar writes a file. Data must not be such as holdsMarker reports, and is followed by
// the newline that the format demands.
func appendTxtar(b *bytes.Buffer, name string, data []byte) {
	fmt.Fprintf(b, "-- %s --\n%s\n", name, data)
}

// holdsMarker reports whether a line of data would begin a file.
func holdsMarker(data []byte) bool {
	for line := range bytes.Lines(data) {
		if _, ok := marker(line); ok {
			return true
		}
	}
	return false
}
