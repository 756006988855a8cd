package main

import (
	"context"
	"errors"
	"fmt"
	"io"

	"github.com/easoauth/easoauth/eas"
)

// inbox finds the Inbox.
func inbox(ctx context.Context, client *eas.Client) (eas.Folder, error) {
	folders, err := client.FolderSync(ctx, eas.InitialSyncKey)
	if err != nil {
		return eas.Folder{}, err
	}
	folder, ok := folders.Find(eas.FolderInbox)
	if !ok {
		return eas.Folder{}, errors.New("the mailbox has no Inbox")
	}
	return folder, nil
}

// unread prints the unread mails of the last month.
func unread(ctx context.Context, w io.Writer, client *eas.Client) error {
	folder, err := inbox(ctx, client)
	if err != nil {
		return err
	}
	options := &eas.SyncOptions{Filter: eas.FilterOneMonth, BodyLimit: eas.NoBody}
	for page, err := range client.Pages(ctx, folder.ID, eas.InitialSyncKey, options) {
		if err != nil {
			return err
		}
		for _, entry := range page.Added {
			mail, ok := entry.Item.(*eas.Email)
			if ok && mail.Read != nil && !*mail.Read {
				fmt.Fprintln(w, mail.Received.Local().Format("2006-01-02 15:04"), mail.From, mail.Subject)
			}
		}
	}
	return nil
}
