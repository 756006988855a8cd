// Quickstart prints the subjects of the newest messages in a mailbox. It signs in with a
// device code, so it runs anywhere.
//
//	go run ./examples/quickstart -email you@yourcompany.com -client-id …
package main

import (
	"context"
	"flag"
	"fmt"
	"log"
	"os"

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
		fmt.Println("usage: quickstart -email you@yourcompany.com -client-id …")
		os.Exit(2)
	}
	if err := run(context.Background(), *email, *clientID); err != nil {
		log.Fatal(err)
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
	source := &token.Source{Config: config, Store: new(token.MemoryStore), Key: email, Flow: &token.DeviceCode{Prompt: prompt}}
	if _, err := source.SignIn(ctx); err != nil {
		return err
	}

	client := &eas.Client{URL: endpoint.URL, User: email, Token: source}
	folders, err := client.FolderSync(ctx, eas.InitialSyncKey)
	if err != nil {
		return err
	}
	inbox, _ := folders.Find(eas.FolderInbox)
	for page, err := range client.Pages(ctx, inbox.ID, eas.InitialSyncKey, nil) {
		if err != nil {
			return err
		}
		for _, entry := range page.Added {
			if mail, ok := entry.Item.(*eas.Email); ok {
				fmt.Println(mail.Received.Format("2006-01-02"), mail.Subject)
			}
		}
		// Save page.Key here: after a crash the sync goes on behind this page.
	}
	return nil
}

func prompt(_ context.Context, p *token.DevicePrompt) error {
	fmt.Printf("Open %s and enter %s\n", p.VerificationURI, p.UserCode)
	return nil
}
