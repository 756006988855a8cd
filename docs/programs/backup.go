package main

import (
	"context"
	"errors"
	"net/url"
	"os"
	"path/filepath"

	"github.com/easoauth/easoauth/eas"
)

// copied is what a back-up has to know of the one before it.
type copied struct {
	FolderKey eas.SyncKey                  // of the list of folders
	Keys      map[eas.FolderID]eas.SyncKey // of each folder of mail
}

// backup writes every mail of the mailbox to dir as an .eml file. A second run fetches only
// what is new.
func backup(ctx context.Context, client *eas.Client, dir string) error {
	stateFile := filepath.Join(dir, "state.json")
	done := copied{FolderKey: eas.InitialSyncKey, Keys: map[eas.FolderID]eas.SyncKey{}}
	if err := errors.Join(os.MkdirAll(dir, 0o700), load(stateFile, &done)); err != nil {
		return err
	}
	folders, err := client.FolderSync(ctx, done.FolderKey)
	if err != nil {
		return err
	}
	for _, folder := range folders.Added {
		if folder.Type.Class() == eas.ClassEmail {
			done.Keys[folder.ID] = eas.InitialSyncKey
		}
	}
	for _, folder := range folders.Deleted {
		delete(done.Keys, folder)
	}
	done.FolderKey = folders.Key
	for folder, key := range done.Keys {
		for page, err := range client.Pages(ctx, folder, key, &eas.SyncOptions{BodyLimit: eas.NoBody}) {
			if err != nil {
				return err
			}
			for _, entry := range page.Added {
				if err := writeMessage(ctx, client, folder, entry.ID, dir); err != nil {
					return err
				}
			}
			done.Keys[folder] = page.Key
			if err := save(stateFile, done); err != nil {
				return err
			}
		}
	}
	return save(stateFile, done)
}

// writeMessage writes a mail as it was sent, with its attachments.
func writeMessage(ctx context.Context, client *eas.Client, folder eas.FolderID, id eas.ItemID, dir string) error {
	f, err := os.Create(filepath.Join(dir, url.PathEscape(string(id))+".eml"))
	if err != nil {
		return err
	}
	_, err = client.FetchMessage(ctx, folder, id, f, nil)
	return errors.Join(err, f.Close())
}
