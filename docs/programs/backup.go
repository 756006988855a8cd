package main

import (
	"context"
	"errors"
	"net/url"
	"os"
	"path/filepath"

	"github.com/easoauth/easoauth/eas"
)

// backup writes every mail of the mailbox to dir as an .eml file. A second run fetches only
// what is new.
func backup(ctx context.Context, client *eas.Client, dir string) error {
	folders, err := client.FolderSync(ctx, eas.InitialSyncKey)
	if err != nil {
		return err
	}
	for _, folder := range folders.Added {
		if folder.Type.Class() == eas.ClassEmail {
			if err := backupFolder(ctx, client, folder.ID, filepath.Join(dir, url.PathEscape(string(folder.ID)))); err != nil {
				return err
			}
		}
	}
	return nil
}

func backupFolder(ctx context.Context, client *eas.Client, folder eas.FolderID, dir string) error {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return err
	}
	keyFile := filepath.Join(dir, "key")
	key, err := os.ReadFile(keyFile)
	if err != nil && !errors.Is(err, os.ErrNotExist) {
		return err
	}
	for page, err := range client.Pages(ctx, folder, eas.SyncKey(key), &eas.SyncOptions{BodyLimit: eas.NoBody}) {
		if errors.Is(err, eas.ErrInvalidSyncKey) {
			return errors.Join(err, os.Remove(keyFile)) // the next run fetches the folder again
		}
		if err != nil {
			return err
		}
		for _, entry := range page.Added {
			f, err := os.Create(filepath.Join(dir, url.PathEscape(string(entry.ID))+".eml"))
			if err != nil {
				return err
			}
			_, err = client.FetchMessage(ctx, folder, entry.ID, f, nil)
			if err := errors.Join(err, f.Close()); err != nil {
				return err
			}
		}
		if err := os.WriteFile(keyFile, []byte(page.Key), 0o600); err != nil {
			return err
		}
	}
	return nil
}
