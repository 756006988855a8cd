package main

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/gofrs/flock"

	"github.com/easoauth/easoauth/eas"
)

// A tree is what is kept of the mailbox between two runs. With the key of the hierarchy the server
// sends only what has changed in it.
type tree struct {
	Account string // a hash of the address
	Client  eas.State
	Key     eas.SyncKey
	Folders []eas.Folder

	dir  string
	lock *flock.Flock
}

const (
	stateDir   = ".backup"
	removedDir = "removed"
	treeName   = "hierarchy.json"
)

// openTree opens the backup of a mailbox, or begins one. It is for one process at a time.
func openTree(dir, address string) (*tree, error) {
	states := filepath.Join(dir, stateDir)
	if err := os.MkdirAll(states, 0o700); err != nil {
		return nil, err
	}
	t := &tree{Key: eas.InitialSyncKey, dir: dir, lock: flock.New(filepath.Join(states, "lock"))}
	locked, err := t.lock.TryLock()
	if err == nil && !locked {
		err = errors.New("another process writes this backup: wait until it has ended")
	}
	if err != nil {
		return nil, err
	}
	sum := sha256.Sum256([]byte(strings.ToLower(address)))
	account := hex.EncodeToString(sum[:])
	if err := load(states, treeName, t); err != nil {
		return nil, errors.Join(err, t.close())
	}
	if t.Account != "" && t.Account != account {
		return nil, errors.Join(errors.New("the folder holds the backup of another mailbox: choose another -out"), t.close())
	}
	t.Account = account
	return t, nil
}

func (t *tree) close() error { return t.lock.Unlock() }

// states is the folder of what is kept beside the files.
func (t *tree) states() string { return filepath.Join(t.dir, stateDir) }

// update brings the folders up to date, moves those that are gone, and keeps the rest.
func (t *tree) update(ctx context.Context, client *eas.Client) error {
	d, err := client.SyncFolders(ctx, t.Key, t.Folders)
	if err != nil {
		return err
	}
	for _, f := range slices.Concat(d.Added, d.Changed) {
		t.forget(f.ID)
		t.Folders = append(t.Folders, f)
	}
	for _, id := range d.Deleted {
		t.forget(id)
		if err := t.retire(id); err != nil {
			return err
		}
	}
	t.Key, t.Client = d.Key, client.State()
	return save(t.states(), treeName, t)
}

func (t *tree) forget(id eas.FolderID) {
	t.Folders = slices.DeleteFunc(t.Folders, func(f eas.Folder) bool { return f.ID == id })
}

// retire moves the files of a folder that is gone.
func (t *tree) retire(id eas.FolderID) error {
	top, err := openShelf(t.dir)
	if err != nil {
		return err
	}
	for _, n := range top.files[tag(string(id))] {
		s, err := openShelf(filepath.Join(t.dir, n))
		if err != nil {
			return err
		}
		for item := range s.files {
			if _, err := s.move(item, filepath.Join(t.dir, removedDir, n)); err != nil {
				return err
			}
		}
		if err := os.Remove(s.dir); err != nil {
			return err
		}
	}
	err = os.Remove(filepath.Join(t.states(), tag(string(id))+".json"))
	if errors.Is(err, fs.ErrNotExist) {
		err = nil
	}
	return err
}

// path returns the name of a folder with those above it.
func (t *tree) path(f eas.Folder) string {
	s := f.Name
	for range 20 { // parents in a circle are the server's fault
		i := slices.IndexFunc(t.Folders, func(p eas.Folder) bool { return p.ID == f.Parent })
		if i < 0 {
			break
		}
		f = t.Folders[i]
		s = f.Name + " - " + s
	}
	return s
}

// place returns where the files of a folder are, under the name that the folder has now.
func (t *tree) place(f eas.Folder) (string, error) {
	want := filepath.Join(t.dir, name(t.path(f), string(f.ID), ""))
	top, err := openShelf(t.dir)
	if err != nil {
		return "", err
	}
	for _, n := range top.files[tag(string(f.ID))] {
		if old := filepath.Join(t.dir, n); old != want {
			return want, os.Rename(old, want)
		}
	}
	return want, nil
}
