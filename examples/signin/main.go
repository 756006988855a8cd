// Signin signs a user in and keeps the sign-in, as a program does at its first start, and
// uses what it has kept ever after.
//
//	go run ./examples/signin                        a demonstration, with an embedded tenant
//	go run ./examples/signin -client-id … you@yourcompany.com
//	                                                sign in with the browser, or with a code where there is
//	                                                no display, or go on with what is kept
//	go run ./examples/signin -client-id … -device you@yourcompany.com
//	                                                sign in with a code although there is a browser
//	go run ./examples/signin -client-id … -print-token you@yourcompany.com | your-program
//	                                                nothing but the access token, to a pipe
//	go run ./examples/signin -client-id … -sign-out you@yourcompany.com
//
// Sign-ins are kept in files, in the folder of -dir, encrypted with a key in the system's
// keychain; with -no-keychain the files are plain and protected by their mode alone.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/signal"
	"path/filepath"
	"strings"
	"time"

	"github.com/easoauth/easoauth/autodiscover"
	"github.com/easoauth/easoauth/bearer"
	"github.com/easoauth/easoauth/token"
	"github.com/easoauth/easoauth/token/keyring"
)

func main() {
	var p program
	dir := flag.String("dir", "", "folder for the sign-ins; if empty, easoauth in the user's configuration folder")
	noKeychain := flag.Bool("no-keychain", false, "keep the sign-ins in plain files")
	device := flag.Bool("device", false, "sign in with a code although there is a browser")
	flag.StringVar(&p.clientID, "client-id", "", "client id of the app registration")
	flag.StringVar(&p.tenant, "tenant", "", "tenant, for an app that only one tenant may use")
	flag.BoolVar(&p.fresh, "fresh", false, "sign in again although there is a sign-in")
	flag.BoolVar(&p.print, "print-token", false, "print the access token and nothing else; refused on a terminal")
	flag.BoolVar(&p.signOut, "sign-out", false, "forget the sign-in")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	p.out, p.http = os.Stdout, http.DefaultClient
	var err error
	switch {
	case flag.NArg() == 0 && p.clientID == "":
		err = demonstrate(ctx, os.Stdout)
	case flag.NArg() != 1 || p.clientID == "":
		flag.Usage()
		os.Exit(2)
	case p.print && isTerminal(os.Stdout):
		err = errors.New("a token does not belong on a terminal, where it stays in the scrollback: send it to a pipe")
	default:
		p.flow = &token.DeviceCode{Prompt: prompt}
		if !*device {
			p.flow = token.FirstOf(&token.Browser{LoginHint: flag.Arg(0)}, p.flow)
		}
		if p.store, err = openStore(ctx, *dir, !*noKeychain); err == nil {
			err = p.run(ctx, flag.Arg(0))
		}
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "signin:", err)
		if errors.Is(err, keyring.ErrUnavailable) {
			fmt.Fprintln(os.Stderr, "signin: -no-keychain does without one")
		}
		stop()
		os.Exit(1)
	}
}

func prompt(_ context.Context, p *token.DevicePrompt) error {
	fmt.Fprintf(os.Stderr, "Open %s and enter %s\n", p.VerificationURI, p.UserCode)
	return nil
}

func isTerminal(f *os.File) bool {
	fi, err := f.Stat()
	return err == nil && fi.Mode()&os.ModeCharDevice != 0
}

func openStore(ctx context.Context, dir string, keychain bool) (token.Store, error) {
	if dir == "" {
		config, err := os.UserConfigDir()
		if err != nil {
			return nil, err
		}
		dir = filepath.Join(config, "easoauth", "sign-ins")
	}
	if !keychain {
		return &token.FileStore{Dir: dir}, nil
	}
	return keyring.Open(ctx, "easoauth-signin", dir)
}

type program struct {
	clientID, tenant      string
	fresh, print, signOut bool
	store                 token.Store
	flow                  token.Flow
	http                  *http.Client
	out                   io.Writer
}

// run goes from the address to an access token, and needs the user only for the first one and
// when the authority has ended the sign-in.
func (p *program) run(ctx context.Context, address string) error {
	endpoint, err := (&autodiscover.Resolver{HTTPClient: p.http}).Lookup(ctx, address)
	if err != nil {
		return err
	}
	offer, err := bearer.Probe(ctx, p.http, endpoint.URL, address)
	if err != nil {
		return err
	}
	config, err := token.Configure(ctx, p.clientID, offer, endpoint.URL, &token.Options{HTTPClient: p.http, Tenant: p.tenant})
	if err != nil {
		return err
	}
	var did token.EventKind
	source := token.NewSource(config, strings.ToLower(address), p.store)
	source.Flow = p.flow
	source.Observe = func(e token.Event) { did = e.Kind }
	if p.signOut {
		return source.SignOut(ctx)
	}
	get := source.Token
	if p.fresh {
		get = source.SignIn
	}
	t, err := get(ctx)
	if err != nil {
		return err
	}
	if p.print {
		_, err := fmt.Fprintln(p.out, t.AccessToken)
		return err
	}
	status, err := source.Status(ctx)
	if err != nil {
		return err
	}
	for _, line := range [][2]string{
		{"endpoint", endpoint.URL.String()},
		{"authority", config.Authority.String()},
		{"this time", map[token.EventKind]string{
			token.EventSignedIn:  "the user signed in",
			token.EventRefreshed: "the access token was renewed, without the user",
			token.EventAdopted:   "the access token that was kept is still good",
		}[did]},
		{"user", status.Account.Username},
		{"signed in", status.SignedIn.Format(time.RFC3339)},
		{"access token", "until " + status.Expiry.Format(time.RFC3339)},
		{"sign-in", "if nothing is renewed, until about " + status.RefreshExpiry.Format(time.DateOnly)},
	} {
		fmt.Fprintf(p.out, "  %-13s %s\n", line[0], line[1])
	}
	return nil
}
