// Quickstart prints the subjects of the newest messages in a mailbox. It signs in with the
// browser, or with a device code where there is no display.
//
//	go run ./examples/quickstart -email you@yourcompany.com -client-id …
package main

import (
	"cmp"
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"slices"

	"github.com/easoauth/easoauth/autodiscover"
	"github.com/easoauth/easoauth/bearer"
	"github.com/easoauth/easoauth/eas"
	"github.com/easoauth/easoauth/token"
)

func main() {
	email := flag.String("email", "", "mail address of the mailbox")
	clientID := flag.String("client-id", "", "client id of the app registration")
	flag.Parse()
	if *email == "" || *clientID == "" {
		fmt.Fprintln(os.Stderr, "quickstart needs -email and -client-id, as in: quickstart -email you@yourcompany.com -client-id …")
		os.Exit(2)
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	err := run(ctx, *email, *clientID)
	interrupted := ctx.Err() != nil
	stop()
	switch {
	case err != nil && interrupted:
		fmt.Fprintln(os.Stderr, "quickstart: interrupted")
		os.Exit(130)
	case err != nil:
		fmt.Fprintln(os.Stderr, "quickstart:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, email, clientID string) error {
	endpoint, err := new(autodiscover.Resolver).Lookup(ctx, email)
	if err != nil {
		return err
	}
	offer, err := bearer.Probe(ctx, nil, endpoint.URL, email)
	if err != nil {
		return err
	}
	config, err := token.Configure(ctx, clientID, offer, endpoint.URL, nil)
	if err != nil {
		return err
	}
	source := &token.Source{
		Config: config, Store: new(token.MemoryStore), Key: email,
		Flow: token.FirstOf(&token.Browser{LoginHint: email}, &token.DeviceCode{Prompt: prompt}),
	}
	client := &eas.Client{URL: endpoint.URL, User: email, Token: source} // its first command signs in
	folders, err := client.FolderSync(ctx, eas.InitialSyncKey)
	if err != nil {
		return err
	}
	inbox, ok := folders.Find(eas.FolderInbox)
	if !ok {
		return errors.New("the mailbox has no Inbox")
	}
	var mails []*eas.Email
	recent := &eas.SyncOptions{Filter: eas.FilterThreeDays, BodyLimit: eas.NoBody}
	for page, err := range client.Pages(ctx, inbox.ID, eas.InitialSyncKey, recent) {
		if err != nil {
			return err
		}
		for _, entry := range page.Added {
			if mail, ok := entry.Item.(*eas.Email); ok {
				mails = append(mails, mail)
			}
		}
		// A program that continues later saves page.Key here.
	}
	slices.SortFunc(mails, func(a, b *eas.Email) int { return cmp.Compare(b.Received.Unix(), a.Received.Unix()) })
	for _, mail := range mails {
		fmt.Println(mail.Received.Format("2006-01-02 15:04"), mail.Subject)
	}
	return nil
}

func prompt(_ context.Context, p *token.DevicePrompt) error {
	fmt.Printf("Open %s and enter %s\n", p.VerificationURI, p.UserCode)
	return nil
}
