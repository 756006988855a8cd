package main

import (
	"bufio"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"unicode"

	"github.com/easoauth/easoauth/eas"
)

// A box is the backup of one folder.
type box struct {
	Name string      // of the folder, for whoever reads the backup
	Key  eas.SyncKey // up to where it is

	client *eas.Client
	print  func(fmt.Stringer) error
	folder eas.Folder
	dir    string
}

const stateName = ".backup.json"

// open reads how far the backup of a folder is, or begins one.
func open(dir string, f eas.Folder) (*box, error) {
	b := &box{Name: f.Name, Key: eas.InitialSyncKey, folder: f, dir: filepath.Join(dir, fileName(string(f.ID)))}
	if err := os.MkdirAll(b.dir, 0o700); err != nil {
		return nil, err
	}
	text, err := os.ReadFile(filepath.Join(b.dir, stateName))
	if errors.Is(err, fs.ErrNotExist) {
		return b, nil
	}
	if err == nil {
		err = json.Unmarshal(text, b)
	}
	return b, err
}

func (b *box) keep(key eas.SyncKey) error {
	b.Key = key
	text, err := json.Marshal(b)
	if err != nil {
		return err
	}
	return replace(b.dir, stateName, text)
}

// file writes a file of an item; one that is there is replaced.
func (b *box) file(id eas.ItemID, suffix string, content func(io.Writer) error) error {
	return write(b.dir, fileName(string(id))+suffix, content)
}

func replace(dir, name string, text []byte) error {
	return write(dir, name, func(w io.Writer) error { _, err := w.Write(text); return err })
}

// write writes a file beside, syncs it, and puts it into place, so that it is whole or not
// there.
func write(dir, name string, content func(io.Writer) error) error {
	f, err := os.CreateTemp(dir, ".new-*")
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

// fileName makes a name of an identifier, which is opaque and may hold anything.
func fileName(id string) string {
	sum := sha256.Sum256([]byte(id))
	return hex.EncodeToString(sum[:12])
}

// clean makes a name of what a sender has called a file.
func clean(name string) string {
	name = strings.Map(func(r rune) rune {
		if unicode.IsLetter(r) || unicode.IsDigit(r) || strings.ContainsRune(" .-_", r) {
			return r
		}
		return '_'
	}, name)
	if r := []rune(name); len(r) > 60 {
		name = string(r[len(r)-60:])
	}
	return name
}
