package eas_test

import (
	"context"
	"fmt"
	"net/url"
	"strings"

	"github.com/easoauth/easoauth/bearer"
	"github.com/easoauth/easoauth/eas"
	"github.com/easoauth/easoauth/eas/eastest"
)

// All mail of the last week, without bodies, a page at a time.
func ExampleClient_Pages() {
	client, _, done := open(&eas.Email{Subject: "One"}, &eas.Email{Subject: "Two"}, &eas.Email{Subject: "Three"})
	defer done()
	ctx := context.Background()
	folders, err := client.FolderSync(ctx, eas.InitialSyncKey)
	check(err)
	inbox, ok := folders.Find(eas.FolderInbox)
	if !ok {
		fmt.Println("no Inbox")
		return
	}
	key := eas.InitialSyncKey // or the key that was saved
	for page, err := range client.Pages(ctx, inbox.ID, key, &eas.SyncOptions{Filter: eas.FilterOneWeek, BodyLimit: eas.NoBody, Window: 2}) {
		check(err)
		for _, entry := range page.Added {
			fmt.Println(entry.Item.(*eas.Email).Subject)
		}
		key = page.Key // save it here
		fmt.Println("page handled, more:", page.More)
	}
	// Output:
	// One
	// Two
	// page handled, more: true
	// Three
	// page handled, more: false
}

// One request brings one page; the first, with InitialSyncKey, only a key.
func ExampleClient_Sync() {
	client, _, done := open(&eas.Email{Subject: "Budget"})
	defer done()
	ctx := context.Background()
	folders, err := client.FolderSync(ctx, eas.InitialSyncKey)
	check(err)
	inbox, _ := folders.Find(eas.FolderInbox)
	first, err := client.Sync(ctx, inbox.ID, eas.InitialSyncKey, nil)
	check(err)
	page, err := client.Sync(ctx, inbox.ID, first.Key, nil)
	check(err)
	fmt.Println(len(first.Added), len(page.Added), page.Added[0].Item.(*eas.Email).Subject)
	// Output: 0 1 Budget
}

// A server that says with status 451 that the mailbox has moved names a host. Judge says whose
// it is.
func ExampleClient_Judge() {
	client := &eas.Client{
		URL: &url.URL{Scheme: "https", Host: "mail.contoso.com", Path: "/Microsoft-Server-ActiveSync"}, User: "ada@contoso.com",
	}
	for _, host := range []string{"mail2.contoso.com", "outlook.office365.com", "mail.fabrikam.com", "10.0.0.5"} {
		fmt.Println(host, client.Judge(&url.URL{Scheme: "https", Host: host, Path: "/Microsoft-Server-ActiveSync"}))
	}
	// Output:
	// mail2.contoso.com own
	// outlook.office365.com cloud
	// mail.fabrikam.com foreign
	// 10.0.0.5 refused
}

// Two commands that only version 12.1 has.
func ExampleClient_GetHierarchy() {
	tn := eastest.New(nil, &eastest.Options{Topology: eastest.Hybrid})
	defer tn.Close()
	tn.AddMailbox("ada@contoso.com", &eas.Email{Subject: "Budget", Attachments: []eas.Attachment{{Name: "budget.txt", ContentType: "text/plain", Content: []byte("the numbers")}}})
	client := &eas.Client{
		URL: tn.URL(), User: "ada@contoso.com", HTTPClient: tn.Client(), Token: bearer.Static(tn.Token("ada@contoso.com")), Versions: []eas.Version{eas.Version121},
	}
	ctx := context.Background()
	folders, err := client.GetHierarchy(ctx)
	check(err)
	fmt.Println(folders[0].Name)

	_, entries, _, err := folder(client, eas.FolderInbox)
	check(err)
	var text strings.Builder
	_, err = client.GetAttachment(ctx, entries[0].Item.(*eas.Email).Attachments[0].Reference, &text)
	fmt.Println(text.String(), err)
	// Output:
	// Inbox
	// the numbers <nil>
}
