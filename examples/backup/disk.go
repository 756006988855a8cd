package main

import (
	"bufio"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"runtime"
	"strings"
)

// A shelf is a folder of files, each with the tag of an identifier in its name. What is there is
// read from the names, so that nothing else has to agree with the files after a crash.
type shelf struct {
	dir   string
	files map[string][]string // names by tag; after a crash there may be two
}

// tag stands for an identifier, which is opaque and may hold anything, in the name of a file.
func tag(id string) string {
	sum := sha256.Sum256([]byte(id))
	return hex.EncodeToString(sum[:8])
}

var tagged = regexp.MustCompile(` \[([0-9a-f]{16})\](\.[a-z]+)?$`)

// name returns the name of a file or a folder.
func name(heading, id, suffix string) string {
	return title(heading) + " [" + tag(id) + "]" + suffix
}

const unfinished = ".new-" // begins the name of a file that is being written

// openShelf reads which files there are, and removes what a crash has left unfinished.
func openShelf(dir string) (*shelf, error) {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, err
	}
	entries, err := os.ReadDir(dir)
	if err != nil {
		return nil, err
	}
	s := &shelf{dir: dir, files: map[string][]string{}}
	for _, e := range entries {
		if m := tagged.FindStringSubmatch(e.Name()); m != nil {
			s.files[m[1]] = append(s.files[m[1]], e.Name())
		} else if strings.HasPrefix(e.Name(), unfinished) {
			if err := os.Remove(filepath.Join(dir, e.Name())); err != nil {
				return nil, err
			}
		}
	}
	return s, nil
}

func (s *shelf) has(id string) bool { return len(s.files[tag(id)]) > 0 }

// put writes the file of an item in place of the one that is there.
func (s *shelf) put(heading, id, suffix string, content func(io.Writer) error) error {
	n, t := name(heading, id, suffix), tag(id)
	if err := write(s.dir, n, content); err != nil {
		return err
	}
	for _, old := range s.files[t] {
		if old != n {
			if err := os.Remove(filepath.Join(s.dir, old)); err != nil && !errors.Is(err, fs.ErrNotExist) {
				return err
			}
		}
	}
	s.files[t] = []string{n}
	return nil
}

// move moves the files with a tag into another folder, and reports whether there was one.
func (s *shelf) move(t, dir string) (bool, error) {
	moved := false
	for _, n := range s.files[t] {
		if err := os.MkdirAll(dir, 0o700); err != nil {
			return moved, err
		}
		err := os.Rename(filepath.Join(s.dir, n), filepath.Join(dir, n))
		if err != nil && !errors.Is(err, fs.ErrNotExist) {
			return moved, err
		}
		moved = true
	}
	delete(s.files, t)
	return moved, nil
}

// write writes a file beside, syncs it, and puts it into place, so that it is whole or not
// there.
func write(dir, name string, content func(io.Writer) error) error {
	f, err := os.CreateTemp(dir, unfinished+"*")
	if err != nil {
		return err
	}
	defer os.Remove(f.Name())
	w := bufio.NewWriter(f)
	err = content(w)
	if err == nil {
		err = w.Flush()
	}
	if err == nil {
		err = f.Sync()
	}
	if err = errors.Join(err, f.Close()); err != nil {
		return err
	}
	return os.Rename(f.Name(), filepath.Join(dir, name))
}

// sync has the names in a folder survive a loss of power. Windows keeps them by itself.
func syncNames(dir string) error {
	if runtime.GOOS == "windows" {
		return nil
	}
	f, err := os.Open(dir)
	if err != nil {
		return err
	}
	return errors.Join(f.Sync(), f.Close())
}

// load reads a state into v and leaves v as it is if there is none.
func load(dir, name string, v any) error {
	text, err := os.ReadFile(filepath.Join(dir, name))
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err == nil {
		err = json.Unmarshal(text, v)
	}
	return err
}

func save(dir, name string, v any) error {
	text, err := json.Marshal(v)
	if err != nil {
		return err
	}
	return write(dir, name, func(w io.Writer) error { _, err := w.Write(text); return err })
}
