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
//	git        credential.helper = !token -client-id … -for smtp
//
// Without an address, get, store and erase speak git's credential protocol on standard input.
//
// The exit code is 0 if all is well, 1 if the failure may pass, 2 for a mistake of the command
// line, 3 if the user must log in, 4 if the app registration or the deployment is at fault, and 130
// after Ctrl-C.
package main

import (
	"context"
	"errors"
	"flag"
	"io"
	"net/http"
	"os"
	"path/filepath"

	"github.com/easoauth/easoauth/examples/internal/account"
	"github.com/easoauth/easoauth/token"
)

func main() { os.Exit(command(os.Args[1:], os.Stdin, os.Stdout, os.Stderr)) }

var errUsage = account.Misuse("usage: token -client-id … login|get|status|logout you@yourcompany.com (-h explains)")

// command is the program without its process.
func command(args []string, in io.Reader, out, errs io.Writer) int {
	ctx, stop := account.Signals()
	defer stop()
	p := &program{in: in, out: out, errs: errs, http: http.DefaultClient}
	flags := flag.NewFlagSet("token", flag.ContinueOnError)
	flags.SetOutput(errs)
	flags.StringVar(&p.clientID, "client-id", "", "client ID of your app registration")
	flags.StringVar(&p.authority, "authority", "https://login.microsoftonline.com/common", "URL of the authority; name your tenant if only it may use the app")
	flags.StringVar(&p.trust, "trust", "", "host of the authority, if it is not one of Microsoft's: your AD FS")
	flags.StringVar(&p.service, "for", "imap", "imap, pop, smtp, ews, graph, or a scope in full; several with commas")
	flags.StringVar(&p.form, "as", "token", "token, xoauth2, oauthbearer or header")
	flags.BoolVar(&p.device, "device", false, "log in with a code instead of the browser")
	dir := flags.String("dir", "", "folder for the sign-ins; if empty, easoauth in the user's configuration folder")
	noKeychain := flags.Bool("no-keychain", false, "keep the sign-ins in plain files instead of encrypting them with a key of the system's keychain")
	if err := flags.Parse(args); err != nil {
		if errors.Is(err, flag.ErrHelp) {
			return account.OK
		}
		return account.Misused
	}
	err := func() error {
		if len(args) == 0 {
			return demonstrate(ctx, out)
		}
		p.verb, p.address = flags.Arg(0), flags.Arg(1)
		if p.verb == "" || flags.NArg() > 2 || p.clientID == "" {
			return errUsage
		}
		var err error
		if p.store, err = openStore(ctx, *dir, *noKeychain); err != nil {
			return err
		}
		return p.run(ctx)
	}()
	return account.Report(ctx, errs, "token", err)
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
