// Package account opens the mailbox that an example works on: a real one, or one of an
// embedded tenant.
package account

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/easoauth/easoauth/autodiscover"
	"github.com/easoauth/easoauth/bearer"
	"github.com/easoauth/easoauth/eas"
	"github.com/easoauth/easoauth/eas/eastest"
	"github.com/easoauth/easoauth/token"
)

// Flags say which mailbox.
type Flags struct {
	Email, ClientID, Tenant string
	Device                  bool
}

// Register adds the flags to the command line.
func (f *Flags) Register() {
	flag.StringVar(&f.Email, "email", "", "mail address; without it, an embedded tenant is used")
	flag.StringVar(&f.ClientID, "client-id", "", "client id of your app registration, with -email")
	flag.StringVar(&f.Tenant, "tenant", "", "tenant, for an app that only one tenant may use")
	flag.BoolVar(&f.Device, "device", false, "sign in with a code although there is a browser")
}

// Embedded reports whether there is no real account.
func (f *Flags) Embedded() bool { return f.Email == "" }

// Open does the dance from the address to a client. The sign-in is kept in the user's
// configuration folder, in files that only the user may read, so that the next start needs
// no help.
func (f *Flags) Open(ctx context.Context, out io.Writer) (*eas.Client, error) {
	if f.ClientID == "" {
		return nil, errors.New("-email needs -client-id")
	}
	config, err := os.UserConfigDir()
	if err != nil {
		return nil, err
	}
	var flow token.Flow = &token.DeviceCode{Prompt: func(_ context.Context, p *token.DevicePrompt) error {
		_, err := fmt.Fprintf(out, "Open %s and enter %s\n", p.VerificationURI, p.UserCode)
		return err
	}}
	if !f.Device {
		flow = token.FirstOf(&token.Browser{LoginHint: f.Email}, flow)
	}
	store := &token.FileStore{Dir: filepath.Join(config, "easoauth", "sign-ins")}
	return f.open(ctx, http.DefaultClient, store, flow)
}

func (f *Flags) open(ctx context.Context, client *http.Client, store token.Store, flow token.Flow) (*eas.Client, error) {
	endpoint, err := (&autodiscover.Resolver{HTTPClient: client}).Lookup(ctx, f.Email)
	if err != nil {
		return nil, err
	}
	offer, err := bearer.Probe(ctx, client, endpoint.URL, f.Email)
	if err != nil {
		return nil, err
	}
	c, err := token.Configure(ctx, f.ClientID, offer, endpoint.URL, &token.Options{HTTPClient: client, Tenant: f.Tenant})
	if err != nil {
		return nil, err
	}
	source := token.NewSource(c, strings.ToLower(f.Email), store)
	source.Flow = flow
	source.Linger = 15 * time.Minute // the user may take longer than a command
	return &eas.Client{URL: endpoint.URL, User: f.Email, Token: source, HTTPClient: client}, nil
}

// OpenEmbedded does the same against a tenant, for its first mailbox, whose user signs in by
// browser.
func OpenEmbedded(ctx context.Context, tn *eastest.Tenant, address string) (*eas.Client, error) {
	f := &Flags{Email: address, ClientID: eastest.ClientID}
	return f.open(ctx, tn.Client(), new(token.MemoryStore), &token.Browser{Open: tn.Browser(), LoginHint: address})
}

// Folder returns the folder of mail with a name; the Inbox if it is "".
func Folder(ctx context.Context, c *eas.Client, name string) (eas.Folder, error) {
	folders, err := c.FolderSync(ctx, eas.InitialSyncKey)
	if err != nil {
		return eas.Folder{}, err
	}
	for _, f := range folders.Added {
		if name == "" && f.Type == eas.FolderInbox || name != "" && f.Name == name && f.Type.Class() == eas.ClassEmail {
			return f, nil
		}
	}
	return eas.Folder{}, fmt.Errorf("there is no folder %q", name)
}

// IsTerminal reports whether out is a terminal.
func IsTerminal(out io.Writer) bool {
	f, ok := out.(*os.File)
	if !ok {
		return false
	}
	fi, err := f.Stat()
	return err == nil && fi.Mode()&os.ModeCharDevice != 0
}

// A Progress is a line that says how far something is, again and again in place on a
// terminal, and otherwise now and then.
type Progress struct {
	Out   io.Writer
	What  string
	Total int // 0: not known

	done, told int
}

// Add counts n more.
func (p *Progress) Add(n int) {
	p.done += n
	switch {
	case IsTerminal(p.Out):
		fmt.Fprintf(p.Out, "\r\x1b[K%s", p)
	case p.done >= p.told+max(p.Total/4, 100):
		p.told = p.done
		fmt.Fprintln(p.Out, p)
	}
}

// End ends the line.
func (p *Progress) End() {
	if IsTerminal(p.Out) {
		fmt.Fprint(p.Out, "\r\x1b[K")
	}
	fmt.Fprintln(p.Out, p)
}

func (p *Progress) String() string {
	if p.Total < p.done {
		return fmt.Sprintf("%s %d", p.What, p.done)
	}
	return fmt.Sprintf("%s %d of %d (%d %%)", p.What, p.done, p.Total, 100*p.done/max(p.Total, 1))
}
