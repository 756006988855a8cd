package main

import (
	"context"
	"encoding/json"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"slices"

	"github.com/easoauth/easoauth/eas"
)

// A tree is what is kept of the folders and the client between two starts. With the key of
// the hierarchy the server sends only what has changed in it; some servers give every folder
// a new identifier when a client begins it again, and drop the keys of the folders.
type tree struct {
	Client  eas.State
	Key     eas.SyncKey
	Folders []eas.Folder

	dir string
}

const treeName = "hierarchy.json"

func openTree(dir string) (*tree, error) {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, err
	}
	t := &tree{Key: eas.InitialSyncKey, dir: dir}
	text, err := os.ReadFile(filepath.Join(dir, treeName))
	if errors.Is(err, fs.ErrNotExist) {
		return t, nil
	}
	if err == nil {
		err = json.Unmarshal(text, t)
	}
	return t, err
}

// update brings the folders up to date, and keeps them.
func (t *tree) update(ctx context.Context, client *eas.Client) error {
	d, err := client.FolderSync(ctx, t.Key)
	if errors.Is(err, eas.ErrInvalidFolderKey) {
		d, err = client.FolderSync(ctx, eas.InitialSyncKey)
		t.Folders = nil
	}
	if err != nil {
		return err
	}
	for _, f := range slices.Concat(d.Added, d.Changed) {
		t.remove(f.ID)
		t.Folders = append(t.Folders, f)
	}
	for _, id := range d.Deleted {
		t.remove(id) // its backup stays
	}
	t.Key, t.Client = d.Key, client.State()
	text, err := json.Marshal(t)
	if err != nil {
		return err
	}
	return replace(t.dir, treeName, text)
}

func (t *tree) remove(id eas.FolderID) {
	t.Folders = slices.DeleteFunc(t.Folders, func(f eas.Folder) bool { return f.ID == id })
}
