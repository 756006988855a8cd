// Backup copies a mailbox into a folder, as files that other programs read: mail as .eml, events
// and tasks as .ics, contacts as .vcf, notes as .txt.
//
//	go run .                                     an embedded tenant, into a temporary folder
//	go run . -email you@yourcompany.com -client-id … -out backup
//	go run . -help                               all flags
//
// A folder of the mailbox is a folder of files. Each name has a part for people, which may change
// with the subject, and in brackets a tag of the identifier, which does not:
//
//	Inbox [1f0c…]/2026-03-02 0900 Minutes of Monday [8a52…].eml
//	Projects - 2026 [77d1…]/…
//	removed/Inbox [1f0c…]/…                      what the mailbox does not have any more
//	.backup/                                     up to where the files are; the sign-in is elsewhere
//
// The next run with the same -out fetches what is new or has changed, and moves what was deleted.
// A run may be stopped, or killed, at any point: a file is whole or not there, and the next run
// goes on. An item that the server does not send whole is tried again by the next run, and until
// then the exit code is 1.
//
// To the server a backup is a device of its own, so that no other program disturbs it; it shows in
// the user's list of devices.
//
// Events keep their series, exceptions and time zones: a time is written on the event's clock,
// with its rules as VTIMEZONE, and in UTC if the event has no clock. What the formats cannot say is
// left out: marks and categories of mail, series of lunar calendars, tasks that begin again when
// they are complete.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"

	"github.com/easoauth/easoauth/eas"
	"github.com/easoauth/easoauth/examples/internal/account"
)

func main() {
	var out string
	(&account.Program{
		Name:  "backup",
		Flags: func(fs *flag.FlagSet) { fs.StringVar(&out, "out", "", "folder for the backup") },
		Check: func() error {
			if out == "" {
				return account.Misuse("-out is missing")
			}
			return nil
		},
		Demo: demonstrate,
		Run: func(ctx context.Context, s *account.Session) error {
			client, err := s.Open(ctx)
			if err != nil {
				return err
			}
			return backup(ctx, client, out, s.Print, s.Err)
		},
	}).Main()
}

// backup copies every folder that holds items.
func backup(ctx context.Context, client *eas.Client, dir string, print func(fmt.Stringer) error, log io.Writer) (err error) {
	t, err := openTree(dir, client.User)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, t.close()) }()
	client = account.Apart(client, &t.Client)
	if err := save(t.states(), treeName, t); err != nil {
		return err
	}
	if err := t.update(ctx, client); err != nil {
		return err
	}
	var failed []error
	items := 0
	for _, f := range t.Folders {
		if f.Type == eas.FolderOutbox || f.Type == eas.FolderRecipientCache {
			continue
		}
		b, err := t.open(f)
		if err != nil {
			return err
		}
		b.client, b.log, b.progress = client, log, &account.Progress{Out: log, What: title(t.path(f))}
		err = b.run(ctx)
		if errors.Is(err, eas.ErrInvalidSyncKey) { // the server has lost track: everything comes again
			b.Key = eas.InitialSyncKey
			err = b.run(ctx)
		}
		b.progress.Clear()
		items += b.copied.Failed
		if b.copied.Items+b.copied.Removed+b.copied.Failed > 0 {
			if err := print(b.copied); err != nil {
				return err
			}
		}
		switch {
		case err == nil:
		case ctx.Err() == nil && ofFolder(err):
			failed = append(failed, fmt.Errorf("folder %s: %w", title(f.Name), err))
		default:
			return errors.Join(append(failed, err)...)
		}
	}
	if items > 0 {
		failed = append(failed, fmt.Errorf("%d items were not copied: run it again", items))
	}
	return errors.Join(failed...)
}

// ofFolder reports whether an error is the server's about one folder, so that the others may be
// copied all the same.
func ofFolder(err error) bool {
	var server *eas.Error
	return errors.As(err, &server) && server.Status != 0 && server.Scope != ""
}
