// Imap prints the subjects of the newest messages of a mailbox, over IMAP with OAuth.
//
//	go run .                                             a demonstration, with an embedded server and tenant
//	imap -email you@yourcompany.com -client-id …         Exchange Online, or Outlook.com
//	imap -email … -client-id … -server imap.contoso.com:993 -scope https://imap.contoso.com/IMAP.AccessAsUser.All
//
// The user signs in once, with the browser, or with a code where there is no display; the
// sign-in is kept in a file, encrypted with a key of the system's keychain. The program connects with
// github.com/emersion/go-imap; SASL's OAUTHBEARER and XOAUTH2 are in sasl.go.
package main

import (
	"context"
	"crypto/tls"
	"flag"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/emersion/go-imap/v2"
	"github.com/emersion/go-imap/v2/imapclient"
	"golang.org/x/oauth2"

	"github.com/easoauth/easoauth/examples/internal/account"
	"github.com/easoauth/easoauth/token"
)

func main() {
	p := &program{http: http.DefaultClient}
	var clientID, authority, scope, dir string
	var device, noKeychain bool
	(&account.Tool{
		Name:  "imap",
		Usage: "imap -email you@yourcompany.com -client-id …",
		Flags: func(fs *flag.FlagSet) {
			fs.StringVar(&p.user, "email", "", "mail address")
			fs.StringVar(&clientID, "client-id", "", "client ID of your app registration")
			fs.StringVar(&p.server, "server", "outlook.office365.com:993", "IMAP server, with TLS from the start")
			fs.StringVar(&authority, "authority", "https://login.microsoftonline.com/common", "URL of the authority; name your tenant if only it may use the app")
			fs.StringVar(&scope, "scope", token.ScopeIMAP, "permission, with its resource")
			fs.IntVar(&p.count, "n", 10, "how many messages")
			fs.StringVar(&dir, "dir", "", "folder for the sign-in; if empty, easoauth in your configuration folder")
			fs.BoolVar(&device, "device", false, "sign in with a code although there is a browser")
			fs.BoolVar(&noKeychain, "no-keychain", false, "keep the sign-in in a plain file instead of encrypting it with a key of the system's keychain")
		},
		Run: func(ctx context.Context, fs *flag.FlagSet, _ io.Reader, out, errs io.Writer) error {
			if p.out = out; fs.NFlag() == 0 {
				return demonstrate(ctx, out)
			}
			switch {
			case p.user == "":
				return account.Misuse("-email is missing")
			case clientID == "":
				return account.Misuse("-client-id is missing")
			case p.count < 1:
				return account.Misuse("-n is less than 1")
			}
			store, err := openStore(ctx, dir, noKeychain)
			if err != nil {
				return err
			}
			var flow token.Flow = &token.DeviceCode{Prompt: func(_ context.Context, d *token.DevicePrompt) error {
				_, err := fmt.Fprintf(errs, "Open %s and enter %s\n", d.VerificationURI, d.UserCode)
				return err
			}}
			if !device {
				flow = token.FirstOf(&token.Browser{LoginHint: p.user}, flow)
			}
			if err := p.signIn(ctx, clientID, authority, scope, store, flow); err != nil {
				return err
			}
			return p.run(ctx)
		},
	}).Main()
}

func openStore(ctx context.Context, dir string, plain bool) (token.Store, error) {
	if dir == "" {
		config, err := os.UserConfigDir()
		if err != nil {
			return nil, err
		}
		dir = filepath.Join(config, "easoauth", "imap")
	}
	return account.OpenStore(ctx, "easoauth-imap", dir, plain)
}

// A program reads one mailbox.
type program struct {
	user, server string
	count        int
	source       *token.Source
	http         *http.Client // to the authority
	tls          *tls.Config  // to the server
	out          io.Writer
}

func (p *program) signIn(ctx context.Context, clientID, authority, scope string, store token.Store, flow token.Flow) error {
	config, err := token.ConfigureResource(ctx, clientID, authority, nil, []string{scope}, &token.Options{HTTPClient: p.http, Lazy: true})
	if err != nil {
		return err
	}
	p.source = &token.Source{Config: config, Key: strings.ToLower(p.user), Store: store}
	p.source.Flow = flow
	return nil
}

// run connects, with another token if the server refuses the first, and prints.
func (p *program) run(ctx context.Context) error {
	c, err := p.connect(ctx)
	if err != nil {
		return err
	}
	defer c.Close()
	if err := p.list(c); err != nil {
		return err
	}
	return c.Logout().Wait()
}

func (p *program) connect(ctx context.Context) (*imapclient.Client, error) {
	t, err := p.source.Token(ctx)
	if err != nil {
		return nil, err
	}
	c, refused, err := p.authenticate(ctx, t)
	if !refused {
		return c, err
	}
	// A token can be refused although it has not run out: the user's sessions were revoked, or
	// the server has another clock. Renewing it tells which.
	if t, err = p.source.Refresh(ctx, t, nil); err != nil {
		return nil, err
	}
	c, _, err = p.authenticate(ctx, t)
	return c, err
}

// authenticate connects and presents a token. It reports whether the server refused it and
// may accept another.
func (p *program) authenticate(ctx context.Context, t *oauth2.Token) (c *imapclient.Client, refused bool, err error) {
	dialer := &tls.Dialer{NetDialer: &net.Dialer{Timeout: 30 * time.Second}, Config: p.tls}
	conn, err := dialer.DialContext(ctx, "tcp", p.server)
	if err != nil {
		return nil, false, err
	}
	c = imapclient.New(conn, nil)
	m, err := newMechanism(func(name string) bool { return c.Caps().Has(imap.AuthCap(name)) }, p.user, t.AccessToken)
	if err == nil {
		err = c.Authenticate(m)
	}
	if err == nil {
		return c, false, nil
	}
	c.Close()
	if m != nil && m.refused != nil {
		return nil, m.refused.Refreshable(), fmt.Errorf("%s: %w", m.name, m.refused)
	}
	return nil, false, err
}

// list prints the newest messages, the newest first.
func (p *program) list(c *imapclient.Client) error {
	box, err := c.Select("INBOX", &imap.SelectOptions{ReadOnly: true}).Wait()
	if err != nil || box.NumMessages == 0 {
		return err
	}
	var set imap.SeqSet
	set.AddRange(box.NumMessages-min(box.NumMessages, uint32(p.count))+1, box.NumMessages)
	messages, err := c.Fetch(set, &imap.FetchOptions{Envelope: true}).Collect()
	if err != nil {
		return err
	}
	for i := len(messages) - 1; i >= 0; i-- {
		if e := messages[i].Envelope; e != nil {
			fmt.Fprintf(p.out, "%s %q\n", e.Date.Format(time.DateOnly), e.Subject)
		}
	}
	return nil
}
