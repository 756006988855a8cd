package eas_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/easoauth/easoauth/bearer"
	"github.com/easoauth/easoauth/eas"
	"github.com/easoauth/easoauth/eas/eastest"
)

// folder returns a folder of the mailbox, what is in it, and the key for the next Sync.
func folder(client *eas.Client, t eas.FolderType) (f eas.Folder, entries []eas.Entry, key eas.SyncKey, err error) {
	ctx := context.Background()
	folders, err := client.FolderSync(ctx, eas.InitialSyncKey)
	if err != nil {
		return f, nil, "", err
	}
	f, ok := folders.Find(t)
	if !ok {
		return f, nil, "", errors.New("the mailbox has no such folder")
	}
	for page, err := range client.Pages(ctx, f.ID, eas.InitialSyncKey, &eas.SyncOptions{Class: f.Type.Class()}) {
		if err != nil {
			return f, nil, "", err
		}
		entries, key = append(entries, page.Added...), page.Key
	}
	return f, entries, key, nil
}

// openWithBob returns a client of Ada's mailbox, with what it holds, beside that of Bob.
func openWithBob(items ...eas.Item) (c *eas.Client, bob *eastest.Mailbox, done func()) {
	tn := eastest.New(nil, nil)
	tn.AddMailbox("ada@contoso.com", items...)
	bob = tn.AddMailbox("bob@contoso.com")
	return &eas.Client{
		URL: tn.URL(), User: "ada@contoso.com", HTTPClient: tn.Client(), Token: bearer.Static(tn.Token("ada@contoso.com")),
	}, bob, tn.Close
}

// check ends the example if something went wrong, as a program would.
func check(err error) {
	if err != nil {
		panic(err)
	}
}

func ExampleClient_Resync() {
	client, box, done := open(&eas.Email{Subject: "Budget", From: "bob@contoso.com", To: "ada@contoso.com", Body: &eas.Body{Data: "the numbers"}})
	defer done()
	ctx := context.Background()
	inbox, entries, _, err := folder(client, eas.FolderInbox)
	check(err)
	known := []eas.ItemID{entries[0].ID, "5:99"} // what the program holds
	box.Deliver(&eas.Email{Subject: "New"})

	lost := eas.SyncKey("{00000000-0000-0000-0000-000000000000}7") // one that the server no longer knows
	if _, err := client.Sync(ctx, inbox.ID, lost, nil); !errors.Is(err, eas.ErrInvalidSyncKey) {
		check(err)
	}
	now, err := client.Resync(ctx, inbox.ID, known, nil)
	check(err)
	for _, entry := range now.Items { // store all of them, those of now.Known too
		fmt.Println("store", entry.Item.(*eas.Email).Subject)
	}
	for range now.Gone { // remove these
		fmt.Println("remove one")
	}
	// Save now.Key last.
	// Output:
	// store Budget
	// store New
	// remove one
}

func ExampleClient_SyncMany() {
	client, box, done := open(&eas.Email{Subject: "Budget", From: "bob@contoso.com", To: "ada@contoso.com", Body: &eas.Body{Data: "the numbers"}})
	defer done()
	ctx := context.Background()
	folders, err := client.FolderSync(ctx, eas.InitialSyncKey)
	check(err)
	var requests []eas.SyncRequest
	for _, t := range []eas.FolderType{eas.FolderInbox, eas.FolderCalendar} {
		f, _ := folders.Find(t)
		o := &eas.SyncOptions{Class: f.Type.Class()}
		page, err := client.Sync(ctx, f.ID, eas.InitialSyncKey, o)
		check(err)
		requests = append(requests, eas.SyncRequest{Folder: f.ID, Key: page.Key, Options: o})
	}
	box.Put(eas.FolderCalendar, &eas.Event{Subject: "Review", Start: time.Now(), End: time.Now().Add(time.Hour)})
	results, err := client.SyncMany(ctx, nil, requests...)
	check(err)
	for _, r := range results { // in the order of the requests
		check(r.Err)
		fmt.Println(r.Page.Added[0].Item.Class(), len(r.Page.Added)) // save r.Page.Key
	}
	// Output:
	// Email 1
	// Calendar 1
}

func ExampleClient_Apply() {
	client, _, done := open(&eas.Email{Subject: "Budget", From: "bob@contoso.com", To: "ada@contoso.com", Body: &eas.Body{Data: "the numbers"}})
	defer done()
	ctx := context.Background()
	inbox, entries, key, err := folder(client, eas.FolderInbox)
	check(err)
	applied, err := client.Apply(ctx, inbox.ID, key, eas.DeleteForGood(entries[0].ID))
	check(err)
	check(applied.Err())
	fmt.Println("deleted for good:", applied.Key != key) // save applied.Key
	// Output: deleted for good: true
}

func ExampleClient_GetItemEstimate() {
	client, _, done := open(&eas.Email{Subject: "Budget", From: "bob@contoso.com", To: "ada@contoso.com", Body: &eas.Body{Data: "the numbers"}})
	defer done()
	ctx := context.Background()
	folders, err := client.FolderSync(ctx, eas.InitialSyncKey)
	check(err)
	inbox, _ := folders.Find(eas.FolderInbox)
	o := &eas.SyncOptions{Filter: eas.FilterOneMonth}
	page, err := client.Sync(ctx, inbox.ID, eas.InitialSyncKey, o) // the server counts from a key on
	check(err)
	n, err := client.GetItemEstimate(ctx, inbox.ID, page.Key, &eas.EstimateOptions{Filter: o.Filter})
	check(err)
	fmt.Println(n)
	// Output: 1
}

func ExampleClient_FetchMessage() {
	client, _, done := open(&eas.Email{Subject: "Budget", From: "bob@contoso.com", To: "ada@contoso.com", Body: &eas.Body{Data: "the numbers"}})
	defer done()
	ctx := context.Background()
	inbox, entries, _, err := folder(client, eas.FolderInbox)
	check(err)
	file := new(strings.Builder) // an *os.File of a program
	content, err := client.FetchMessage(ctx, inbox.ID, entries[0].ID, file, nil)
	check(err) // an error that matches ErrIncomplete says that the file holds a part
	fmt.Println(content.Size == int64(file.Len()), strings.Contains(file.String(), "Subject: Budget"))
	// Output: true true
}

func ExampleClient_FetchItem() {
	client, _, done := open(&eas.Email{Subject: "Budget", From: "bob@contoso.com", To: "ada@contoso.com", Body: &eas.Body{Data: "the numbers"}})
	defer done()
	ctx := context.Background()
	inbox, entries, _, err := folder(client, eas.FolderInbox)
	check(err)
	entry, err := client.FetchItem(ctx, inbox.ID, entries[0].ID, &eas.ItemOptions{Body: eas.BodyPlain})
	check(err)
	fmt.Println(entry.Item.(*eas.Email).Body.Data)
	// Output: the numbers
}

func ExampleClient_Search() {
	client, _, done := open(&eas.Email{Subject: "Budget", From: "bob@contoso.com", To: "ada@contoso.com", Body: &eas.Body{Data: "the numbers"}})
	defer done()
	ctx := context.Background()
	found, err := client.Search(ctx, eas.Query{Text: "numbers", Classes: []eas.Class{eas.ClassEmail}}, &eas.SearchOptions{Limit: 10})
	check(err)
	whole, err := client.FetchFound(ctx, found.Items[0].LongID, nil)
	check(err)
	fmt.Println(found.Total, whole.Item.(*eas.Email).Subject)
	// Output: 1 Budget
}

func ExampleClient_Find() {
	client, _, done := open(&eas.Email{Subject: "Budget", From: "bob@contoso.com", To: "ada@contoso.com", Body: &eas.Body{Data: "the numbers"}})
	defer done()
	ctx := context.Background()
	found, err := client.Find(ctx, eas.Query{Text: "numbers", Classes: []eas.Class{eas.ClassEmail}}, nil)
	check(err)
	for _, x := range found.Items {
		fmt.Println(x.Item.(*eas.Email).Subject)
	}
	// Output: Budget
}

func ExampleClient_SearchPeople() {
	client, _, done := openWithBob()
	defer done()
	ctx := context.Background()
	found, err := client.SearchPeople(ctx, "bob", nil)
	check(err)
	for _, p := range found.People {
		fmt.Println(p.Email)
	}
	// Output: bob@contoso.com
}

func ExampleClient_FindPeople() {
	client, _, done := openWithBob()
	defer done()
	ctx := context.Background()
	found, err := client.FindPeople(ctx, "bob", nil) // from 16.1 on
	check(err)
	for _, p := range found.People {
		fmt.Println(p.Email)
	}
	// Output: bob@contoso.com
}

func ExampleClient_SmartReply() {
	client, bob, done := openWithBob(&eas.Email{Subject: "Budget", From: "bob@contoso.com", To: "ada@contoso.com", Body: &eas.Body{Data: "the numbers"}})
	defer done()
	ctx := context.Background()
	inbox, entries, _, err := folder(client, eas.FolderInbox)
	check(err)
	reply := "To: bob@contoso.com\r\nSubject: Re: Budget\r\n\r\nFine.\r\n"
	check(client.SmartReply(ctx, eas.MailSource{Folder: inbox.ID, Item: entries[0].ID}, strings.NewReader(reply), nil))
	text := bob.Messages(eas.FolderInbox)[0].Body.Data
	fmt.Println(strings.Contains(text, "Fine."), strings.Contains(text, "the numbers")) // the server quotes
	// Output: true true
}

func ExampleClient_SmartForward() {
	client, bob, done := openWithBob(&eas.Email{Subject: "Plan", Attachments: []eas.Attachment{{Name: "plan.pdf", Content: []byte("%%PDF")}}})
	defer done()
	ctx := context.Background()
	inbox, entries, _, err := folder(client, eas.FolderInbox)
	check(err)
	forward := "To: bob@contoso.com\r\nSubject: Fw: Plan\r\n\r\nSee below.\r\n"
	check(client.SmartForward(ctx, eas.MailSource{Folder: inbox.ID, Item: entries[0].ID}, strings.NewReader(forward), nil))
	fmt.Println(bob.Messages(eas.FolderInbox)[0].Attachments[0].Name) // which this program never downloaded
	// Output: plan.pdf
}

func ExampleClient_MeetingResponse() {
	client, _, done := open(&eas.Email{
		Subject: "Review", From: "bob@contoso.com", MessageClass: "IPM.Schedule.Meeting.Request",
		Meeting: &eas.MeetingRequest{Start: time.Date(2026, 3, 2, 9, 0, 0, 0, time.UTC), End: time.Date(2026, 3, 2, 10, 0, 0, 0, time.UTC), Organizer: "bob@contoso.com"},
	})
	defer done()
	ctx := context.Background()
	inbox, entries, _, err := folder(client, eas.FolderInbox)
	check(err)
	results, err := client.MeetingResponse(ctx, eas.MeetingAnswer{Folder: inbox.ID, Item: entries[0].ID, Response: eas.ResponseAccepted, Send: true})
	check(err)
	check(results[0].Err)
	fmt.Println("in the calendar:", results[0].Event != "")
	// Output: in the calendar: true
}

func ExampleClient_ResolveRecipients() {
	client, _, done := openWithBob()
	defer done()
	ctx := context.Background()
	start := time.Date(2026, 3, 2, 9, 0, 0, 0, time.UTC)
	found, err := client.ResolveRecipients(ctx, []string{"bob"}, &eas.ResolveOptions{Start: start, End: start.Add(time.Hour)})
	check(err)
	check(found[0].Err)
	for _, r := range found[0].Recipients {
		fmt.Println(r.Email, r.Slots[0] == eas.SlotFree, len(r.Slots))
	}
	// Output: bob@contoso.com true 2
}

func ExampleClient_EmptyFolder() {
	client, box, done := open(&eas.Email{Subject: "Budget", From: "bob@contoso.com", To: "ada@contoso.com", Body: &eas.Body{Data: "the numbers"}})
	defer done()
	ctx := context.Background()
	inbox, _, _, err := folder(client, eas.FolderInbox)
	check(err)
	check(client.EmptyFolder(ctx, inbox.ID, false)) // for good
	fmt.Println(len(box.Messages(eas.FolderInbox)))
	// Output: 0
}

func ExampleClient_MoveConversation() {
	client, box, done := open(&eas.Email{Subject: "Budget", From: "bob@contoso.com", To: "ada@contoso.com", Body: &eas.Body{Data: "the numbers"}})
	defer done()
	ctx := context.Background()
	_, entries, _, err := folder(client, eas.FolderInbox)
	check(err)
	deleted, _, _, err := folder(client, eas.FolderDeletedItems)
	check(err)
	check(client.MoveConversation(ctx, entries[0].Item.(*eas.Email).ConversationID, deleted.ID))
	fmt.Println(box.Messages(eas.FolderDeletedItems)[0].Subject)
	// Output: Budget
}

func ExampleClient_ValidateCert() {
	tn := eastest.New(nil, nil)
	defer tn.Close()
	tn.AddMailbox("ada@contoso.com")
	client := &eas.Client{
		URL: tn.URL(), User: "ada@contoso.com", HTTPClient: tn.Client(), Token: bearer.Static(tn.Token("ada@contoso.com")),
	}
	ctx := context.Background()
	certificate := tn.Certificate().Raw // of the sender of a signed mail
	verdicts, err := client.ValidateCert(ctx, [][]byte{certificate, {1}}, nil, false)
	check(err)
	fmt.Println(verdicts[0] == nil, verdicts[1] == nil)
	// Output: true false
}

func ExampleClient_OutOfOffice() {
	client, _, done := open()
	defer done()
	ctx := context.Background()
	reply, err := client.OutOfOffice(ctx, eas.BodyPlain)
	check(err)
	fmt.Println(reply.State == eas.OutOfOfficeOff)
	// Output: true
}
