package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/easoauth/easoauth/eas"
	"github.com/easoauth/easoauth/token"
)

// eventsOfDay prints what the calendar has for a day, occurrences of series included.
func eventsOfDay(ctx context.Context, w io.Writer, client *eas.Client, calendar eas.FolderID, day time.Time) error {
	options := &eas.SyncOptions{Class: eas.ClassCalendar, Filter: eas.FilterTwoWeeks} // and all that is to come
	for page, err := range client.Pages(ctx, calendar, eas.InitialSyncKey, options) {
		if err != nil {
			return err
		}
		for _, entry := range page.Added {
			event, ok := entry.Item.(*eas.Event)
			if !ok {
				continue // entry.Err says why
			}
			for occurrence := range event.Occurrences(day, day.AddDate(0, 0, 1)) {
				fmt.Fprintln(w, occurrence.Event.Start.In(day.Location()).Format("15:04"), occurrence.Event.Subject)
			}
		}
	}
	return nil
}

// addresses prints the people of a folder of contacts.
func addresses(ctx context.Context, w io.Writer, client *eas.Client, contacts eas.FolderID) error {
	for page, err := range client.Pages(ctx, contacts, eas.InitialSyncKey, &eas.SyncOptions{Class: eas.ClassContacts}) {
		if err != nil {
			return err
		}
		for _, entry := range page.Added {
			if contact, ok := entry.Item.(*eas.Contact); ok {
				fmt.Fprintln(w, contact.FirstName, contact.LastName, contact.Emails[0])
			}
		}
	}
	return nil
}

// markRead marks mails as read, and returns the folder's next key.
func markRead(ctx context.Context, client *eas.Client, folder eas.FolderID, key eas.SyncKey, ids []eas.ItemID) (eas.SyncKey, error) {
	var edits []eas.Edit
	for _, id := range ids { // at most MaxEdits
		edits = append(edits, eas.MarkRead(id, true))
	}
	applied, err := client.Apply(ctx, folder, key, edits...)
	if err != nil {
		return key, err
	}
	return applied.Key, applied.Err()
}

// move moves a mail. It has another ID then.
func move(ctx context.Context, client *eas.Client, id eas.ItemID, from, to eas.FolderID) (eas.ItemID, error) {
	results, err := client.MoveItems(ctx, eas.Move{Item: id, From: from, To: to})
	if err != nil {
		return "", err
	}
	return results[0].ID, results[0].Err
}

// search prints the subjects of mails with these words in a folder; without Folders, in all.
func search(ctx context.Context, w io.Writer, client *eas.Client, folder eas.FolderID, words string) error {
	query := eas.Query{Text: words, Classes: []eas.Class{eas.ClassEmail}, Folders: []eas.FolderID{folder}}
	results, err := client.Search(ctx, query, nil)
	if err != nil {
		return err
	}
	for _, found := range results.Items {
		if mail, ok := found.Item.(*eas.Email); ok {
			fmt.Fprintln(w, mail.Subject)
		}
	}
	return nil
}

// saveAttachments writes the attachments of a mail to a folder.
func saveAttachments(ctx context.Context, client *eas.Client, mail *eas.Email, dir string) error {
	root, err := os.OpenRoot(dir) // a name comes from a stranger, and must not lead out of it
	if err != nil {
		return err
	}
	defer root.Close()
	for _, attachment := range mail.Attachments {
		f, err := root.Create(filepath.Base(attachment.Name))
		if err != nil {
			return err
		}
		_, err = client.FetchAttachment(ctx, attachment.Reference, f, nil)
		if err := errors.Join(err, f.Close()); err != nil {
			return err
		}
	}
	return nil
}

// send sends a message that the caller keeps with its ID, so that it can be sent again after a
// crash: the server drops the second one.
func send(ctx context.Context, client *eas.Client, message, id string) error {
	return client.SendMail(ctx, strings.NewReader(message), &eas.SendOptions{LocalID: id})
}

// protect lets requests through that bring a token for this server, verified.
func protect(next http.Handler, authority *token.Authority, self *url.URL) http.Handler {
	verifier := &token.Verifier{Authority: authority, Endpoint: self}
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		raw, _ := strings.CutPrefix(r.Header.Get("Authorization"), "Bearer ")
		claims, err := verifier.Verify(r.Context(), raw)
		if err != nil {
			w.Header().Set("WWW-Authenticate", `Bearer error="invalid_token"`)
			http.Error(w, "a token is needed", http.StatusUnauthorized)
			return
		}
		r.Header.Set("X-User", claims.Tenant+"/"+claims.Object) // never by a name that can change hands
		next.ServeHTTP(w, r)
	})
}
