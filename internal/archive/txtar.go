package archive

import (
	"bytes"
	"fmt"
	"strings"
)

// A File is one file of an archive in the txtar format, as the go command's tests have it: a
// line "-- name --" and the lines after it.
type File struct {
	Name string
	Data []byte
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

// Parse returns the files of an archive. What stands before the first is a comment.
func Parse(archive []byte) []File {
	var out []File
	for line := range bytes.Lines(archive) {
		if name, ok := marker(line); ok {
			out = append(out, File{Name: name})
		} else if len(out) > 0 {
			f := &out[len(out)-1]
			f.Data = append(f.Data, line...)
		}
	}
	return out
}

// appendFile writes a file. Data must not be such as holdsMarker reports, and is followed by
// the newline that the format demands.
func appendFile(b *bytes.Buffer, name string, data []byte) {
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
