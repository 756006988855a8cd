// Export writes the mail of a folder to .eml files or to one mbox file. It can be stopped at
// any time, and goes on where it was when it is started again with the same -out; what has
// come meanwhile is exported, and what has gone stays. Where the server has lost track, an mbox goes on
// under its name and a number, and a new one begins. To the server an export is a device of its own.
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
	"path/filepath"
	"strings"

	"github.com/easoauth/easoauth/eas"
	"github.com/easoauth/easoauth/eas/eastest"
	"github.com/easoauth/easoauth/examples/internal/account"
)

func main() {
	var name, format, out string
	(&account.Program{
		Name: "export",
		Flags: func(fs *flag.FlagSet) {
			fs.StringVar(&name, "folder", "", "name of a folder; if empty, the Inbox")
			fs.StringVar(&format, "format", "eml", "eml or mbox")
			fs.StringVar(&out, "out", "", "folder for the .eml files, or name of the mbox file")
		},
		Check: func() error {
			switch {
			case out == "":
				return account.Misuse("-out is missing")
			case format != "eml" && format != "mbox":
				return account.Misuse("-format is %q, neither eml nor mbox", format)
			}
			return nil
		},
		Demo: demonstrate,
		Run: func(ctx context.Context, s *account.Session) error {
			client, err := s.Open(ctx)
			if err != nil {
				return err
			}
			n, err := export(ctx, client, name, format, out, s.Err)
			return errors.Join(err, s.Print(exported{n}))
		},
	}).Main()
}

type exported struct {
	Mails int `json:"mails"` // by this run
}

func (e exported) String() string { return fmt.Sprintf("%d mails exported", e.Mails) }

// export brings everything that is not there yet.
func export(ctx context.Context, client *eas.Client, name, format, out string, progress io.Writer) (int, error) {
	var s sink
	var err error
	if format == "mbox" {
		s, err = openMbox(out, name)
	} else {
		s, err = openFiles(out, name)
	}
	if err != nil {
		return 0, err
	}
	defer s.close()
	at := s.at()
	client = account.Apart(client, &at.Client)
	if err := at.save(); err != nil {
		return 0, err
	}
	n, err := write(ctx, client, name, s, progress)
	if errors.Is(err, eas.ErrFolderSyncRequired) {
		folder, lost := account.Folder(ctx, client, name)
		switch {
		case lost != nil:
			return n, lost // the folder is gone
		case folder.ID != at.Folder:
			at.Folder, err = folder.ID, eas.ErrInvalidSyncKey
		default:
			n, err = write(ctx, client, name, s, progress)
		}
	}
	if errors.Is(err, eas.ErrInvalidSyncKey) {
		fmt.Fprintln(progress, "the server has lost track; beginning again")
		if err = s.restart(); err == nil {
			n, err = write(ctx, client, name, s, progress)
		}
	}
	return n, err
}

// write reads the folder a page at a time. The key of a page is kept when all of its mail is
// on the disk, so that a crash brings the page again and loses nothing. A mail that the server
// does not send whole is left out, and no key is kept from its page on, so that the next start
// tries it again.
func write(ctx context.Context, client *eas.Client, name string, s sink, progress io.Writer) (int, error) {
	at := s.at()
	if at.Folder == "" {
		folder, err := account.Folder(ctx, client, name)
		if err != nil {
			return 0, err
		}
		at.Folder = folder.ID
	}
	p := &account.Progress{Out: progress, What: "exported"}
	o := &eas.SyncOptions{BodyLimit: eas.NoBody, Window: 50}
	at.Client = client.State()
	key := at.Key
	if key == eas.InitialSyncKey {
		page, err := client.Sync(ctx, at.Folder, key, o)
		if err != nil {
			return p.Done(), err
		}
		key = page.Key
	}
	if n, err := client.GetItemEstimate(ctx, at.Folder, key, nil); err == nil {
		p.Total = n // some servers cannot tell
	}
	missing := 0
	for page, err := range client.Pages(ctx, at.Folder, key, o) {
		if err != nil {
			return p.Done(), err
		}
		for _, e := range page.Added {
			err = s.add(e, func(w io.Writer) error {
				_, err := client.FetchMessage(ctx, at.Folder, e.ID, w, nil)
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
				return p.Done(), err
			}
			p.Add(1)
		}
		if missing > 0 {
			continue
		}
		if err := s.keep(page.Key); err != nil {
			return p.Done(), err
		}
	}
	p.End()
	if missing > 0 {
		return p.Done(), fmt.Errorf("%d mails were not exported, since the server did not send them whole", missing)
	}
	return p.Done(), nil
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
				if _, err := export(ctx, client, "", format, target, io.Discard); err == nil {
					return errors.New("the first attempt was not cut short")
				}
				continue
			}
			fmt.Fprintf(out, "%s, going on after a failure\n", format)
			if _, err := export(ctx, client, "", format, target, out); err != nil {
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
