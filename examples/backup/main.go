// Backup copies a mailbox into a folder: every mail as an .eml file, its attachments as files
// of their own, and every event, contact, task and note as the elements that the server sent.
// It can be stopped at any time, and goes on where it was when it is started again with the
// same -out.
//
//	go run ./examples/backup                     an embedded tenant, into a temporary folder
//	go run ./examples/backup -email you@yourcompany.com -client-id … -out backup
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/easoauth/easoauth/eas"
	"github.com/easoauth/easoauth/eas/eastest"
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
			return backup(ctx, client, out, s.Print)
		},
	}).Main()
}

// backup copies every folder that holds items.
func backup(ctx context.Context, client *eas.Client, dir string, print func(fmt.Stringer) error) error {
	t, err := openTree(dir)
	if err != nil {
		return err
	}
	client.Restore(t.Client)
	if err := t.update(ctx, client); err != nil {
		return err
	}
	var failed []error
	for _, f := range t.Folders {
		if f.Type == eas.FolderOutbox || f.Type == eas.FolderRecipientCache {
			continue
		}
		b, err := open(dir, f)
		if err != nil {
			return err
		}
		b.client, b.print = client, print
		err = b.run(ctx)
		if errors.Is(err, eas.ErrInvalidSyncKey) { // the server has lost track: everything comes again
			b.Key = eas.InitialSyncKey
			err = b.run(ctx)
		}
		if err != nil {
			failed = append(failed, fmt.Errorf("folder %s: %w", f.Name, err))
		}
		if ctx.Err() != nil {
			break
		}
	}
	return errors.Join(failed...)
}

// run brings what is new in the folder. The key of a page is kept when everything of the page
// is on the disk, so that a crash brings the page again.
func (b *box) run(ctx context.Context) error {
	o := &eas.SyncOptions{Class: b.folder.Type.Class(), Window: 50}
	if o.Class == eas.ClassEmail {
		o.BodyLimit = eas.NoBody // mail is fetched whole
	}
	n := 0
	for page, err := range b.client.Pages(ctx, b.folder.ID, b.Key, o) {
		if err != nil {
			return err
		}
		for _, e := range append(page.Added, page.Changed...) {
			err := b.add(ctx, e)
			var ee *eas.Error
			switch {
			case errors.As(err, &ee) && ee.Action == eas.ActionResyncItem:
				continue // deleted meanwhile
			case err != nil:
				return err
			}
			n++
		}
		if err := b.keep(page.Key); err != nil {
			return err
		}
	}
	if n > 0 {
		return b.print(copied{b.folder.Name, n})
	}
	return nil
}

// A copied says how many items of a folder a run has copied.
type copied struct {
	Folder string `json:"folder"`
	Items  int    `json:"items"`
}

func (c copied) String() string { return fmt.Sprintf("%s: %d", c.Folder, c.Items) }

// add copies one item. What was deleted in the mailbox stays in the backup.
func (b *box) add(ctx context.Context, e eas.Entry) error {
	m, ok := e.Item.(*eas.Email)
	if !ok {
		if b.folder.Type.Class() == eas.ClassEmail {
			return nil // a change of marks
		}
		return b.elements(ctx, e)
	}
	if m.MessageClass == "" {
		return nil // a change: a mail itself does not change
	}
	err := b.file(e.ID, ".eml", func(w io.Writer) error {
		_, err := b.client.FetchMessage(ctx, b.folder.ID, e.ID, w, nil)
		return err
	})
	for i, a := range m.Attachments {
		if err != nil || a.Method == eas.AttachmentOLE {
			break
		}
		err = b.file(e.ID, fmt.Sprintf("-%d-%s", i+1, clean(a.Name)), func(w io.Writer) error {
			_, err := b.client.FetchAttachment(ctx, a.Reference, w, nil)
			return err
		})
	}
	return err
}

// elements copies the elements of an item that is not mail, with its body whole.
func (b *box) elements(ctx context.Context, e eas.Entry) error {
	whole, err := b.client.FetchItem(ctx, b.folder.ID, e.ID, &eas.ItemOptions{Class: b.folder.Type.Class()})
	if err != nil {
		return err
	}
	return b.file(e.ID, ".wbxml", func(w io.Writer) error { _, err := w.Write(whole.Raw); return err })
}

// demonstrate makes a backup of an embedded tenant that is cut short, goes on, and counts.
func demonstrate(ctx context.Context, out io.Writer) error {
	dir, err := os.MkdirTemp("", "backup")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	silent := &account.Session{Out: io.Discard}
	tn := eastest.New(nil, nil)
	defer tn.Close()
	const address = "ada@contoso.com"
	var all []eas.Item
	for i := range 60 {
		m := &eas.Email{From: "bob@contoso.com", Subject: fmt.Sprintf("Mail %d", i+1), Body: &eas.Body{Data: strings.Repeat("text ", i)}}
		if i%3 == 0 {
			m.Attachments = []eas.Attachment{{Name: "report.txt", Content: []byte(strings.Repeat("line\r\n", 100*i))}}
		}
		all = append(all, m)
	}
	mailbox := tn.AddMailbox(address, all...)
	start := time.Date(2026, 3, 2, 9, 0, 0, 0, time.UTC)
	mailbox.Put(eas.FolderCalendar, &eas.Event{Subject: "Review", Start: start, End: start.Add(time.Hour)})
	mailbox.Put(eas.FolderContacts, &eas.Contact{FirstName: "Bob", FileAs: "Bob"})
	for attempt := range 2 {
		client, err := account.OpenEmbedded(ctx, tn, address)
		if err != nil {
			return err
		}
		if attempt == 0 {
			tn.Fail("ItemOperations", eastest.Failure{Delay: 1, Times: 40})
			tn.Fail("ItemOperations", eastest.Failure{Status: 500})
			if err := backup(ctx, client, dir, silent.Print); err == nil {
				return errors.New("the first attempt was not cut short")
			}
			continue
		}
		if err := backup(ctx, client, dir, (&account.Session{Out: out}).Print); err != nil {
			return err
		}
	}
	// A start with nothing new costs a command for the hierarchy and one for each folder.
	before := len(tn.Requests())
	client, err := account.OpenEmbedded(ctx, tn, address)
	if err != nil {
		return err
	}
	if err := backup(ctx, client, dir, silent.Print); err != nil {
		return err
	}
	commands := 0
	for _, r := range tn.Requests()[before:] {
		if r.Command != "" {
			commands++
		}
	}
	fmt.Fprintf(out, "nothing new: %d commands\n", commands)
	counts := map[string]int{}
	for _, kind := range []string{"*.eml", "*report.txt", "*.wbxml"} {
		files, err := filepath.Glob(filepath.Join(dir, "*", kind))
		if err != nil {
			return err
		}
		counts[kind] = len(files)
	}
	fmt.Fprintf(out, "%d mails, %d attachments, %d other items\n", counts["*.eml"], counts["*report.txt"], counts["*.wbxml"])
	return nil
}
