// Programs holds the programs of docs/first-programs.md behind one command:
//
//	go run ./docs/programs -client-id … unread ada@contoso.com
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
	"time"

	"github.com/easoauth/easoauth/token"
)

const usage = "usage: programs [-client-id ID] [-dir DIR] unread|backup|imap|ews|watch|away|check ADDRESS…"

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	if err := run(ctx, os.Stdout, os.Args[1:]); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func run(ctx context.Context, w io.Writer, args []string) error {
	flags := flag.NewFlagSet("programs", flag.ContinueOnError)
	clientID := flags.String("client-id", "", "client ID of the app registration")
	dir := flags.String("dir", "first-programs", "folder for sign-ins, state and backups")
	if err := flags.Parse(args); err != nil {
		return err
	}
	if flags.NArg() < 2 || *clientID == "" && flags.Arg(0) != "check" {
		return errors.New(usage)
	}
	email := flags.Arg(1)
	switch flags.Arg(0) {
	case "check":
		return check(ctx, w, email)
	case "imap":
		return imapLogin(ctx, w, *clientID, email, "outlook.office365.com:993")
	case "ews":
		source, err := ewsSource(ctx, *clientID, email)
		if err != nil {
			return err
		}
		return unreadByEWS(ctx, w, source, "https://outlook.office365.com/EWS/Exchange.asmx")
	case "watch":
		watchAll(ctx, w, *clientID, *dir, flags.Args()[1:])
		return nil
	}
	client, err := connect(ctx, *clientID, email, *dir, person(email))
	if err != nil {
		return err
	}
	switch flags.Arg(0) {
	case "unread":
		return unread(ctx, w, client)
	case "backup":
		return backup(ctx, client, filepath.Join(*dir, "mail"))
	case "away":
		return away(ctx, client, time.Now(), time.Now().AddDate(0, 0, 7), "I am away for a week.")
	}
	return errors.New(usage)
}

// person is how a user signs in: with the browser, or with a code where there is none.
var person = func(email string) token.Flow {
	return token.FirstOf(&token.Browser{LoginHint: email}, &token.DeviceCode{Prompt: prompt})
}

func prompt(_ context.Context, p *token.DevicePrompt) error {
	_, err := fmt.Fprintf(os.Stderr, "Open %s and enter the code %s\n", p.VerificationURI, p.UserCode)
	return err
}
