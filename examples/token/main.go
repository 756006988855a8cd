// Token signs users in once and from then on prints fresh access tokens for programs that
// have no OAuth of their own: imapsync, mbsync, msmtp, git send-email, curl.
//
//	go run ./examples/token                                  a demonstration, with an embedded tenant
//	token -client-id … login you@yourcompany.com             sign in, with the browser or with a code
//	token -client-id … get you@yourcompany.com               print an access token, and nothing else
//	token -client-id … -as xoauth2 get you@yourcompany.com   print it as a SASL response in base64
//	token -client-id … status you@yourcompany.com            say who is signed in, and until when
//	token -client-id … logout you@yourcompany.com            forget the sign-in
//
// Only login opens a browser. The other verbs may run in any number of processes at once: one
// of them renews, and the others use what it got. While the stored token is good, get makes
// no request.
//
//	mbsync     AuthMechs XOAUTH2
//	           PassCmd "token -client-id … get you@yourcompany.com"
//	msmtp      auth xoauth2
//	           passwordeval "token -client-id … -for smtp get you@yourcompany.com"
//	imapsync   --authmech1 XOAUTH2 --oauthdirect1 "$(token -client-id … -as xoauth2 get you@yourcompany.com)"
//	curl       token -client-id … -for graph -as header get you@yourcompany.com | curl -H @- https://graph.microsoft.com/v1.0/me
//	git        credential.helper = !token -client-id … -for smtp -email you@yourcompany.com
//
// Without an address, get, store and erase speak git's credential protocol on standard input. Git
// asks a helper about every host that it connects to: one that is not Microsoft's, or in -host, gets
// no token.
//
// The exit code is 0 if all is well, 1 if the failure may pass, 2 for a mistake of the command
// line, 3 if the user must log in, 4 if the app registration or the deployment is at fault, and 130
// after Ctrl-C.
package main

import (
	"context"
	"flag"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"slices"

	"github.com/easoauth/easoauth/examples/internal/account"
	"github.com/easoauth/easoauth/token"
)

func main() { newTool().Main() }

const usage = "token -client-id … login|get|status|logout you@yourcompany.com"

func newTool() *account.Tool {
	p := &program{http: http.DefaultClient}
	var dir string
	var noKeychain bool
	return &account.Tool{
		Name: "token", Usage: usage, Args: 2,
		Flags: func(fs *flag.FlagSet) {
			fs.StringVar(&p.clientID, "client-id", "", "client ID of your app registration")
			fs.StringVar(&p.authority, "authority", "https://login.microsoftonline.com/common", "URL of the authority; name your tenant if only it may use the app")
			fs.StringVar(&p.trust, "trust", "", "host of the authority, if it is not one of Microsoft's: your AD FS")
			fs.StringVar(&p.service, "for", "imap", "imap, pop, smtp, ews, graph, or a scope in full; several with commas")
			fs.StringVar(&p.form, "as", "token", "token, xoauth2, oauthbearer or header")
			fs.StringVar(&p.email, "email", "", "address, in place of the argument, or where git names none on standard input")
			fs.StringVar(&p.host, "host", "", "servers to which git may send the token, with commas; if empty, Microsoft's")
			fs.BoolVar(&p.device, "device", false, "log in with a code instead of the browser")
			fs.StringVar(&dir, "dir", "", "folder for the sign-ins; if empty, easoauth in your configuration folder")
			fs.BoolVar(&noKeychain, "no-keychain", false, "keep the sign-ins in plain files instead of encrypting them with a key of the system's keychain")
		},
		Run: func(ctx context.Context, fs *flag.FlagSet, in io.Reader, out, errs io.Writer) error {
			if fs.NFlag()+fs.NArg() == 0 {
				return demonstrate(ctx, out)
			}
			p.in, p.out, p.errs = in, out, errs
			p.verb, p.address = fs.Arg(0), fs.Arg(1)
			if p.address == "" && slices.Contains([]string{"login", "status", "logout"}, p.verb) {
				p.address = p.email
			}
			if err := p.check(); err != nil {
				return err
			}
			var err error
			if p.store, err = openStore(ctx, dir, noKeychain); err != nil {
				return err
			}
			return p.run(ctx)
		},
	}
}

func openStore(ctx context.Context, dir string, plain bool) (token.Store, error) {
	if dir == "" {
		config, err := os.UserConfigDir()
		if err != nil {
			return nil, err
		}
		dir = filepath.Join(config, "easoauth", "tokens")
	}
	return account.OpenStore(ctx, "easoauth-token", dir, plain)
}
