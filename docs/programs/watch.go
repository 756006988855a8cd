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
				if err := watchOne(ctx, w, clientID, dir, email); err != nil {
					slog.Warn("watch ended", "err", err)
				}
				select {
				case <-ctx.Done():
				case <-time.After(time.Minute):
				}
			}
		})
	}
	group.Wait()
}

// seen is what a watch has to know after a restart.
type seen struct {
	Inbox eas.Folder
	Key   eas.SyncKey
}

// watchOne watches one Inbox. It signs nobody in: a *token.ReauthError says that a user must.
func watchOne(ctx context.Context, w io.Writer, clientID, dir, email string) error {
	client, err := connect(ctx, clientID, email, dir, nil)
	if err != nil {
		return err
	}
	file := filepath.Join(dir, url.PathEscape(email)+".json")
	var state seen
	if err := load(file, &state); err != nil {
		return err
	}
	if state.Inbox.ID == "" {
		if state.Inbox, err = inbox(ctx, client); err != nil {
			return err
		}
	}
	if err := printNew(ctx, w, client, &state, file); err != nil {
		return err
	}
	for _, err := range client.Watch(ctx, []eas.Folder{state.Inbox}, nil) {
		if err != nil {
			return err
		}
		if err := printNew(ctx, w, client, &state, file); err != nil {
			return err
		}
	}
	return nil
}

// printNew prints what is new, and saves the key behind it.
func printNew(ctx context.Context, w io.Writer, client *eas.Client, state *seen, file string) error {
	recent := &eas.SyncOptions{Filter: eas.FilterThreeDays, BodyLimit: eas.NoBody}
	for page, err := range client.Pages(ctx, state.Inbox.ID, state.Key, recent) {
		if errors.Is(err, eas.ErrInvalidSyncKey) || errors.Is(err, eas.ErrFolderSyncRequired) {
			return errors.Join(err, os.Remove(file)) // the next attempt begins at the beginning
		}
		if err != nil {
			return err
		}
		for _, entry := range page.Added {
			if mail, ok := entry.Item.(*eas.Email); ok {
				fmt.Fprintln(w, mail.Subject)
			}
		}
		state.Key = page.Key
		if err := save(file, state); err != nil {
			return err
		}
	}
	return nil
}
