package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/url"
	"os"
	"path/filepath"
	"sync"
	"time"

	"github.com/easoauth/easoauth/eas"
)

// watchAll prints new mails of many mailboxes until ctx ends. A mailbox that fails begins
// again a minute later, and delays no other.
func watchAll(ctx context.Context, w io.Writer, clientID, dir string, addresses []string) {
	var group sync.WaitGroup
	for _, email := range addresses {
		group.Go(func() {
			for ctx.Err() == nil {
				err := watchOne(ctx, w, clientID, dir, email)
				slog.Warn("watch ended", "err", err)
				select {
				case <-ctx.Done():
				case <-time.After(time.Minute):
				}
			}
		})
	}
	group.Wait()
}

// watchOne watches one Inbox. It signs nobody in: a *token.ReauthError says that a user must.
func watchOne(ctx context.Context, w io.Writer, clientID, dir, email string) error {
	client, err := connect(ctx, clientID, email, dir, nil)
	if err != nil {
		return err
	}
	folder, err := inbox(ctx, client)
	if err != nil {
		return err
	}
	keyFile := filepath.Join(dir, url.PathEscape(email)+".key")
	if err := printNew(ctx, w, client, folder.ID, keyFile); err != nil {
		return err
	}
	for _, err := range client.Watch(ctx, []eas.Folder{folder}, nil) {
		if err != nil {
			return err
		}
		if err := printNew(ctx, w, client, folder.ID, keyFile); err != nil {
			return err
		}
	}
	return nil
}

// printNew prints what came since the key in a file, and saves the key behind it.
func printNew(ctx context.Context, w io.Writer, client *eas.Client, folder eas.FolderID, keyFile string) error {
	key, _ := os.ReadFile(keyFile) // without one, from the beginning
	options := &eas.SyncOptions{Filter: eas.FilterOneDay, BodyLimit: eas.NoBody}
	for page, err := range client.Pages(ctx, folder, eas.SyncKey(key), options) {
		if errors.Is(err, eas.ErrInvalidSyncKey) {
			return errors.Join(err, os.Remove(keyFile)) // the next attempt begins at the beginning
		}
		if err != nil {
			return err
		}
		for _, entry := range page.Added {
			if mail, ok := entry.Item.(*eas.Email); ok {
				fmt.Fprintln(w, mail.Subject)
			}
		}
		if err := os.WriteFile(keyFile, []byte(page.Key), 0o600); err != nil {
			return err
		}
	}
	return nil
}
