// Export writes the mail of a folder to .eml files or to one mbox file. It can be stopped at
// any time, and goes on where it was when it is started again with the same -out; what has
// come or gone meanwhile is exported or left alone.
//
//	go run ./examples/export                     an embedded tenant, into a temporary folder
//	go run ./examples/export -email you@yourcompany.com -client-id … -out mail
//	go run ./examples/export -email you@yourcompany.com -client-id … -format mbox -folder Archive -out archive.mbox
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"path/filepath"
	"strings"

	"github.com/easoauth/easoauth/eas"
	"github.com/easoauth/easoauth/eas/eastest"
	"github.com/easoauth/easoauth/examples/internal/account"
)

func main() {
	var f account.Flags
	f.Register()
	name := flag.String("folder", "", "name of a folder; if empty, the Inbox")
	format := flag.String("format", "eml", "eml or mbox")
	out := flag.String("out", "", "folder for the .eml files, or name of the mbox file")
	flag.Parse()
	if flag.NArg() > 0 || *format != "eml" && *format != "mbox" || !f.Embedded() && *out == "" {
		flag.Usage()
		os.Exit(2)
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	err := func() error {
		if f.Embedded() {
			return demonstrate(ctx, os.Stdout)
		}
		client, err := f.Open(ctx, os.Stderr)
		if err != nil {
			return err
		}
		return export(ctx, client, *name, *format, *out, os.Stdout)
	}()
	switch {
	case errors.Is(err, context.Canceled):
		fmt.Fprintln(os.Stderr, "stopped; start again to go on")
		stop()
		os.Exit(130)
	case err != nil:
		fmt.Fprintln(os.Stderr, "export:", err)
		stop()
		os.Exit(1)
	}
}

// export brings everything that is not there yet.
func export(ctx context.Context, client *eas.Client, name, format, out string, progress io.Writer) error {
	folder, err := account.Folder(ctx, client, name)
	if err != nil {
		return err
	}
	var s sink
	if format == "mbox" {
		s, err = openMbox(out, string(folder.ID))
	} else {
		s, err = openFiles(out, string(folder.ID))
	}
	if err != nil {
		return err
	}
	defer s.close()
	err = write(ctx, client, folder, s, progress)
	if errors.Is(err, eas.ErrInvalidSyncKey) {
		fmt.Fprintln(progress, "the server has lost track; beginning again")
		if err = s.restart(); err == nil {
			err = write(ctx, client, folder, s, progress)
		}
	}
	return err
}

// write reads the folder a page at a time. The key of a page is kept when all of its mail is
// on the disk, so that a crash brings the page again and loses nothing. A mail that the server
// does not send whole is left out, and no key is kept from its page on, so that the next start
// tries it again.
func write(ctx context.Context, client *eas.Client, folder eas.Folder, s sink, progress io.Writer) error {
	o := &eas.SyncOptions{BodyLimit: eas.NoBody, Window: 50}
	key := s.key()
	if key == eas.InitialSyncKey {
		page, err := client.Sync(ctx, folder.ID, key, o)
		if err != nil {
			return err
		}
		key = page.Key
	}
	p := &account.Progress{Out: progress, What: "exported"}
	if n, err := client.GetItemEstimate(ctx, folder.ID, key, nil); err == nil {
		p.Total = n // some servers cannot tell
	}
	missing := 0
	for page, err := range client.Pages(ctx, folder.ID, key, o) {
		if err != nil {
			return err
		}
		for _, e := range page.Added {
			err = s.add(e, func(w io.Writer) error {
				_, err := client.FetchMessage(ctx, folder.ID, e.ID, w, nil)
				return err
			})
			var ee *eas.Error
			switch {
			case errors.As(err, &ee) && ee.Action == eas.ActionResyncItem:
				continue // deleted meanwhile
			case errors.Is(err, eas.ErrIncomplete):
				fmt.Fprintf(progress, "left out: %v\n", err)
				missing++
				continue
			case err != nil:
				return err
			}
			p.Add(1)
		}
		if missing > 0 {
			continue
		}
		if err := s.keep(page.Key); err != nil {
			return err
		}
	}
	p.End()
	if missing > 0 {
		return fmt.Errorf("%d mails were not exported, since the server did not send them whole", missing)
	}
	return nil
}

// demonstrate stops an export in the middle, goes on, and counts.
func demonstrate(ctx context.Context, out io.Writer) error {
	dir, err := os.MkdirTemp("", "export")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	tn := eastest.New(nil, nil)
	defer tn.Close()
	const address, mails = "ada@contoso.com", 120
	var all []eas.Item
	for i := range mails {
		all = append(all, &eas.Email{From: "bob@contoso.com", Subject: fmt.Sprintf("Mail %d", i+1), Body: &eas.Body{Data: "From here on\r\n" + strings.Repeat("text ", i)}})
	}
	tn.AddMailbox(address, all...)
	for _, format := range []string{"eml", "mbox"} {
		target := filepath.Join(dir, format)
		for _, lines := range []bool{true, false} {
			client, err := account.OpenEmbedded(ctx, tn, address)
			if err != nil {
				return err
			}
			if lines { // the first attempt is cut short by a server that fails
				tn.Fail("Sync", eastest.Failure{Delay: 1}) // the first key
				tn.Fail("Sync", eastest.Failure{Delay: 1}) // 50
				tn.Fail("Sync", eastest.Failure{Status: 500})
				if err := export(ctx, client, "", format, target, io.Discard); err == nil {
					return errors.New("the first attempt was not cut short")
				}
				continue
			}
			fmt.Fprintf(out, "%s, going on after a failure: ", format)
			if err := export(ctx, client, "", format, target, out); err != nil {
				return err
			}
		}
	}
	files, err := filepath.Glob(filepath.Join(dir, "eml", "*.eml"))
	if err != nil {
		return err
	}
	box, err := os.ReadFile(filepath.Join(dir, "mbox"))
	if err != nil {
		return err
	}
	n := strings.Count("\n"+string(box), "\nFrom ")
	fmt.Fprintf(out, "%d .eml files, %d mails in the mbox\n", len(files), n)
	if len(files) != mails || n != mails {
		return fmt.Errorf("there are %d mails", mails)
	}
	return nil
}
