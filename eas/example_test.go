package eas_test

import (
	"context"
	"fmt"
	"strings"

	"github.com/easoauth/easoauth/bearer"
	"github.com/easoauth/easoauth/eas"
	"github.com/easoauth/easoauth/eas/eastest"
)

func Example() {
	tn := eastest.New(nil, nil)
	defer tn.Close()
	tn.AddMailbox("ada@contoso.com", &eas.Email{Subject: "one"}, &eas.Email{Subject: "two"})
	client := &eas.Client{
		URL: tn.URL(), User: "ada@contoso.com", HTTPClient: tn.Client(),
		Token: bearer.Static(tn.Token("ada@contoso.com")),
	}
	ctx := context.Background()
	folders, err := client.FolderSync(ctx, eas.InitialSyncKey)
	if err != nil {
		fmt.Println(err)
		return
	}
	inbox, _ := folders.Find(eas.FolderInbox)
	key := eas.InitialSyncKey
	for page, err := range client.Pages(ctx, inbox.ID, key, &eas.SyncOptions{Window: 1}) {
		if err != nil {
			fmt.Println(err)
			return
		}
		for _, entry := range page.Added {
			fmt.Println(entry.Item.(*eas.Email).Subject)
		}
		key = page.Key // save it here
	}
	// Output:
	// one
	// two
}

func ExampleClient_SendMail() {
	tn := eastest.New(nil, nil)
	defer tn.Close()
	tn.AddMailbox("ada@contoso.com")
	bob := tn.AddMailbox("bob@contoso.com")
	client := &eas.Client{
		URL: tn.URL(), User: "ada@contoso.com", HTTPClient: tn.Client(),
		Token: bearer.Static(tn.Token("ada@contoso.com")),
	}
	message := "From: ada@contoso.com\r\nTo: bob@contoso.com\r\nSubject: Hello\r\n\r\nHello, Bob.\r\n"
	if err := client.SendMail(context.Background(), strings.NewReader(message), nil); err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(bob.Messages(eas.FolderInbox)[0].Subject)
	// Output: Hello
}
