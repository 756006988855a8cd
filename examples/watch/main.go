// Watch shows new mail as it arrives.
//
//	go run ./examples/watch                      an embedded tenant, until some mail has come
//	go run ./examples/watch -email you@yourcompany.com -client-id …
//	                                             a real mailbox, until you press Ctrl-C
//	go run ./examples/watch -help                all flags, e.g. -json
//
// It synchronizes the folder first, with a line that says how far it is, and then waits: a
// Ping at a time, however long the network allows, through sleep and lost connections.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"time"

	"github.com/easoauth/easoauth/eas"
	"github.com/easoauth/easoauth/eas/eastest"
	"github.com/easoauth/easoauth/examples/internal/account"
)

func main() {
	var name string
	(&account.Program{
		Name:  "watch",
		Flags: func(fs *flag.FlagSet) { fs.StringVar(&name, "folder", "", "name of a folder; if empty, the Inbox") },
		Demo:  demonstrate,
		Run: func(ctx context.Context, s *account.Session) error {
			client, err := s.Open(ctx)
			if err != nil {
				return err
			}
			return (&watcher{client: client, print: s.Print, log: s.Err}).run(ctx, name)
		},
	}).Main()
}

// demonstrate watches a mailbox into which mail is delivered meanwhile.
func demonstrate(ctx context.Context, out io.Writer) error {
	tn := eastest.New(nil, &eastest.Options{Topology: eastest.Hybrid})
	defer tn.Close()
	const address = "ada@contoso.com"
	var old []eas.Item
	for i := range 250 {
		old = append(old, &eas.Email{From: "bob@contoso.com", Subject: fmt.Sprintf("Old mail %d", i+1)})
	}
	box := tn.AddMailbox(address, old...)
	client, err := account.OpenEmbedded(ctx, tn, address)
	if err != nil {
		return err
	}
	ctx, done := context.WithCancel(ctx)
	defer done()
	subjects := []string{"Lunch?", "Minutes of Monday", "Last one"}
	seen := 0
	w := &watcher{client: client, print: (&account.Session{Out: out}).Print, log: out}
	w.waiting = func() { // one after the other, when the watcher waits
		if seen == len(subjects) {
			done()
			return
		}
		deliver := subjects[seen]
		time.AfterFunc(200*time.Millisecond, func() { box.Deliver(&eas.Email{From: "bob@contoso.com", Subject: deliver}) })
	}
	w.arrived = func(*eas.Email) { seen++ }
	err = w.run(ctx, "")
	switch {
	case seen == len(subjects) && (err == nil || errors.Is(err, context.Canceled)):
		return nil
	case err == nil:
		err = fmt.Errorf("%d of %d mails were seen", seen, len(subjects))
	}
	return err
}

type watcher struct {
	client  *eas.Client
	print   func(fmt.Stringer) error
	log     io.Writer
	waiting func()           // before each wait, for the demonstration
	arrived func(*eas.Email) // of new mail

	options eas.SyncOptions
	key     eas.SyncKey
}

func (w *watcher) run(ctx context.Context, name string) error {
	w.options = eas.SyncOptions{BodyLimit: eas.NoBody}
	folder, err := account.Folder(ctx, w.client, name)
	if err != nil {
		return err
	}
	if err := w.first(ctx, folder); err != nil {
		return err
	}
	fmt.Fprintf(w.log, "watching %s\n", folder.Name)
	if w.waiting != nil {
		w.waiting()
	}
	notice := func(err error, wait time.Duration) { fmt.Fprintf(w.log, "%v; trying again in %v\n", err, wait) }
	for changes, err := range w.client.Watch(ctx, []eas.Folder{folder}, &eas.WatchOptions{Observe: notice}) {
		if err != nil {
			return err
		}
		if changes.Hierarchy {
			return errors.New("the folders have changed: start again")
		}
		if err := w.news(ctx, folder); err != nil {
			return err
		}
		if w.waiting != nil {
			w.waiting()
		}
	}
	return nil
}

// first synchronizes the folder and shows how far it is.
func (w *watcher) first(ctx context.Context, folder eas.Folder) error {
	page, err := w.client.Sync(ctx, folder.ID, eas.InitialSyncKey, &w.options)
	if err != nil {
		return err
	}
	w.key = page.Key
	p := &account.Progress{Out: w.log, What: "first synchronization"}
	if p.Total, err = w.client.GetItemEstimate(ctx, folder.ID, w.key, &eas.EstimateOptions{Filter: w.options.Filter, Class: w.options.Class}); err != nil {
		p.Total = 0 // some servers cannot tell
	}
	for page, err := range w.client.Pages(ctx, folder.ID, w.key, &w.options) {
		if err != nil {
			return err
		}
		w.key = page.Key
		p.Add(len(page.Added))
	}
	p.End()
	return nil
}

// news shows what has changed.
func (w *watcher) news(ctx context.Context, folder eas.Folder) error {
	for page, err := range w.client.Pages(ctx, folder.ID, w.key, &w.options) {
		if errors.Is(err, eas.ErrInvalidSyncKey) {
			fmt.Fprintln(w.log, "the server has lost track; synchronizing from the beginning")
			return w.first(ctx, folder)
		}
		if err != nil {
			return err
		}
		w.key = page.Key
		for _, e := range page.Added {
			mail, ok := e.Item.(*eas.Email)
			if !ok {
				fmt.Fprintf(w.log, "an item that cannot be read: %v\n", e.Err)
				continue
			}
			if err := w.print(arrival{mail.Received, mail.From, mail.Subject}); err != nil {
				return err
			}
			if w.arrived != nil {
				w.arrived(mail)
			}
		}
		if n := len(page.Deleted); n > 0 {
			fmt.Fprintf(w.log, "%d deleted\n", n)
		}
	}
	return nil
}

// An arrival is what is shown of a new mail.
type arrival struct {
	Received time.Time `json:"received"`
	From     string    `json:"from"`
	Subject  string    `json:"subject"`
}

func (a arrival) String() string {
	return fmt.Sprintf("%s  %-24s %s", a.Received.Local().Format("15:04:05"), a.From, a.Subject)
}
