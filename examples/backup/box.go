package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"path/filepath"
	"slices"
	"time"

	"github.com/easoauth/easoauth/eas"
	"github.com/easoauth/easoauth/examples/internal/account"
)

// A box is the backup of one folder.
type box struct {
	boxState
	*shelf
	client   *eas.Client
	folder   eas.Folder
	states   string // where the state is
	removed  string // where files go that the mailbox has no more
	progress *account.Progress
	log      io.Writer
	copied   copied
}

// A boxState is what is kept of a folder between two runs.
type boxState struct {
	Key     eas.SyncKey  // up to where the files are
	Pending []eas.ItemID // what the server did not send, to be tried again
}

// A copied says what a run did with a folder.
type copied struct {
	Folder  string `json:"folder"`
	Items   int    `json:"items"`
	Removed int    `json:"removed"`
	Failed  int    `json:"failed"`
}

func (c copied) String() string {
	s := fmt.Sprintf("%s: %d copied", c.Folder, c.Items)
	if c.Removed > 0 {
		s += fmt.Sprintf(", %d removed", c.Removed)
	}
	if c.Failed > 0 {
		s += fmt.Sprintf(", %d failed", c.Failed)
	}
	return s
}

// open reads how far the backup of a folder is, or begins one.
func (t *tree) open(f eas.Folder) (*box, error) {
	dir, err := t.place(f)
	if err != nil {
		return nil, err
	}
	b := &box{folder: f, states: t.states(), removed: filepath.Join(t.dir, removedDir, filepath.Base(dir)), copied: copied{Folder: t.path(f)}}
	b.Key = eas.InitialSyncKey
	if b.shelf, err = openShelf(dir); err != nil {
		return nil, err
	}
	return b, load(b.states, b.stateName(), &b.boxState)
}

func (b *box) stateName() string { return tag(string(b.folder.ID)) + ".json" }

// keep saves up to where the files are, when they are on the disk.
func (b *box) keep(key eas.SyncKey) error {
	if err := syncNames(b.dir); err != nil {
		return err
	}
	b.Key = key
	return save(b.states, b.stateName(), b.boxState)
}

// run brings what is new in the folder. The key of a page is kept when everything of the page is
// on the disk, so that a run that ends early brings the page again. A run that begins again, since
// the server knows the key no more, hears what there is and not what is gone: it keeps the key
// when it has compared the whole.
func (b *box) run(ctx context.Context) error {
	pending := b.Pending
	b.Pending = nil
	for _, id := range pending {
		if err := b.fetch(ctx, id); err != nil {
			b.Pending = pending
			return err
		}
	}
	compares := b.Key == eas.InitialSyncKey && len(b.files) > 0
	seen := map[string]bool{}
	o := &eas.SyncOptions{Class: b.folder.Type.Class(), Window: 50}
	if o.Class == eas.ClassEmail {
		o.BodyLimit = eas.NoBody // mail is fetched whole
	}
	key := b.Key
	for page, err := range b.client.Pages(ctx, b.folder.ID, b.Key, o) {
		if err != nil {
			return err
		}
		if err := b.page(ctx, page, seen); err != nil {
			return err
		}
		if key = page.Key; !compares {
			if err := b.keep(key); err != nil {
				return err
			}
		}
	}
	if compares {
		for t := range b.files {
			if !seen[t] {
				if err := b.remove(t); err != nil {
					return err
				}
			}
		}
	}
	return b.keep(key)
}

func (b *box) page(ctx context.Context, page *eas.Page, seen map[string]bool) error {
	for _, e := range page.Added {
		seen[tag(string(e.ID))] = true
		if err := b.settle(e.ID, b.add(ctx, e)); err != nil {
			return err
		}
	}
	changed := map[eas.ItemID]bool{}
	for _, e := range page.Changed {
		if m, ok := e.Item.(*eas.Email); !ok || rewritten(m) {
			changed[e.ID] = true
		}
	}
	for _, o := range page.DeletedOccurrences {
		changed[o.Series] = true
	}
	for id := range changed { // which come in part
		seen[tag(string(id))] = true
		if err := b.fetch(ctx, id); err != nil {
			return err
		}
	}
	for _, id := range page.Deleted {
		delete(seen, tag(string(id)))
		if err := b.remove(tag(string(id))); err != nil {
			return err
		}
	}
	return nil
}

// rewritten reports whether a change of a mail is one of a draft: other mails change in their
// marks alone.
func rewritten(m *eas.Email) bool {
	return m.Subject != "" || m.To != "" || m.CC != "" || m.BCC != "" || m.Body != nil || m.Attachments != nil
}

func (b *box) remove(t string) error {
	moved, err := b.move(t, b.removed)
	if moved {
		b.copied.Removed++
	}
	return err
}

// settle counts an item. One that is gone meanwhile is not a failure, since the next page says so; one
// that the server does not send stays for the next run; any other failure ends the run.
func (b *box) settle(id eas.ItemID, err error) error {
	var server *eas.Error
	switch {
	case err == nil:
		b.copied.Items++
		b.progress.Add(1)
		return nil
	case errors.Is(err, errKnown):
		return nil
	case errors.As(err, &server) && server.Action == eas.ActionResyncItem:
		return nil
	case errors.Is(err, eas.ErrIncomplete), errors.Is(err, errDamaged), errors.As(err, &server) && server.Scope == "Item" && !server.Temporary():
		b.copied.Failed++
		if !slices.Contains(b.Pending, id) {
			b.Pending = append(b.Pending, id)
		}
		fmt.Fprintf(b.log, "an item of %s is left for the next run: %v\n", title(b.folder.Name), err)
		return nil
	}
	return err
}

var (
	errKnown   = errors.New("the file is there")
	errDamaged = errors.New("the item cannot be read")
)

// fetch copies an item of which only the ID is known, or a part.
func (b *box) fetch(ctx context.Context, id eas.ItemID) error {
	o := &eas.ItemOptions{Class: b.folder.Type.Class()}
	if o.Class == eas.ClassEmail {
		o.BodyLimit = eas.NoBody
	}
	e, err := b.client.FetchItem(ctx, b.folder.ID, id, o)
	if err == nil {
		err = b.copy(ctx, id, *e)
	}
	return b.settle(id, err)
}

// add copies an item that the server says is new. A mail whose file is there is the same.
func (b *box) add(ctx context.Context, e eas.Entry) error {
	if b.folder.Type.Class() == eas.ClassEmail && b.folder.Type != eas.FolderDrafts && b.has(string(e.ID)) {
		return errKnown
	}
	return b.copy(ctx, e.ID, e)
}

// copy writes the file of an item.
func (b *box) copy(ctx context.Context, id eas.ItemID, e eas.Entry) error {
	item := tag(string(id))
	switch x := e.Item.(type) {
	case *eas.Email:
		return b.put(dated(x.Received, x.Subject), string(id), ".eml", func(w io.Writer) error {
			_, err := b.client.FetchMessage(ctx, b.folder.ID, id, w, nil)
			return err
		})
	case *eas.Event:
		content, err := b.attachments(ctx, x)
		if err != nil {
			return err
		}
		return b.put(dated(x.Start, x.Subject), string(id), ".ics", func(w io.Writer) error {
			return writeCalendar(w, eventCalendar(x, item, content))
		})
	case *eas.Task:
		return b.put(x.Subject, string(id), ".ics", func(w io.Writer) error { return writeCalendar(w, taskCalendar(x, item)) })
	case *eas.Contact:
		return b.put(displayName(x), string(id), ".vcf", func(w io.Writer) error { return writeCard(w, contactCard(x, item)) })
	case *eas.Note:
		return b.put(x.Subject, string(id), ".txt", func(w io.Writer) error { return writeNote(w, x) })
	}
	return fmt.Errorf("%w: %w", errDamaged, e.Err)
}

// dated puts a time in UTC before a subject, so that names sort by it.
func dated(at time.Time, subject string) string {
	if at.IsZero() {
		return title(subject)
	}
	return at.UTC().Format("2006-01-02 1504 ") + title(subject)
}

// attachments fetches the attachments of an event and of its exceptions, by reference.
func (b *box) attachments(ctx context.Context, e *eas.Event) (map[string][]byte, error) {
	all := slices.Clone(e.Attachments)
	for _, x := range e.Exceptions {
		all = append(all, x.Attachments...)
	}
	content := map[string][]byte{}
	for _, a := range all {
		if _, ok := content[a.Reference]; ok || a.Reference == "" || a.Method == eas.AttachmentOLE {
			continue
		}
		var buf bytes.Buffer
		if _, err := b.client.FetchAttachment(ctx, a.Reference, &limited{&buf, 32 << 20}, nil); err != nil {
			return nil, err
		}
		content[a.Reference] = buf.Bytes()
	}
	return content, nil
}

// limited is a writer that takes so many bytes.
type limited struct {
	io.Writer
	left int
}

func (l *limited) Write(p []byte) (int, error) {
	if l.left -= len(p); l.left < 0 {
		return 0, fmt.Errorf("%w: an attachment is longer than 32 MB", errDamaged)
	}
	return l.Writer.Write(p)
}

// writeNote writes a note as text: its subject, where the text does not begin with it, and the
// text.
func writeNote(w io.Writer, n *eas.Note) error {
	text := ""
	if n.Body != nil {
		text = plainText(n.Body.Data)
	}
	if subject := plainText(n.Subject); subject != "" && !bytes.HasPrefix([]byte(text), []byte(subject)) {
		text = subject + "\n\n" + text
	}
	_, err := fmt.Fprintln(w, text)
	return err
}
