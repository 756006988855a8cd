package eas_test

import (
	"context"
	"errors"
	"fmt"

	"github.com/easoauth/easoauth/eas"
)

// The client's own host says where the mailbox is. If that is another host, the token is not
// good for it, and Judge says whose it is.
func ExampleClient_Autodiscover() {
	client, _, done := open()
	defer done()
	d, err := client.Autodiscover(context.Background(), "ada@contoso.com")
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(d.URL, client.Judge(d.URL))
	// Output: https://outlook.office365.com/Microsoft-Server-ActiveSync cloud
}

// A device in quarantine sees a mailbox that holds nothing but the notice.
func ExampleClient_CheckAccess() {
	client, box, done := open()
	defer done()
	client.Device = eas.Device{ID: "DEVICE1", Type: "example"}
	box.Deliver(&eas.Email{Subject: "Your mobile device is temporarily blocked", Body: &eas.Body{Type: eas.BodyPlain,
		Data: "Device ID: DEVICE1\r\nDevice access state: Quarantined\r\nDevice access state reason: DeviceRule\r\n"}})
	ctx := context.Background()
	folders, err := client.FolderSync(ctx, eas.InitialSyncKey)
	if err != nil {
		fmt.Println(err)
		return
	}
	inbox, _ := folders.Find(eas.FolderInbox)
	for page, err := range client.Pages(ctx, inbox.ID, eas.InitialSyncKey, nil) {
		if err != nil {
			fmt.Println(err)
			return
		}
		err := client.CheckAccess(page)
		var access *eas.AccessError
		switch {
		case errors.Is(err, eas.ErrDeviceQuarantined) && errors.As(err, &access):
			fmt.Println("in quarantine:", access.Reason)
		case errors.Is(err, eas.ErrDevicePending):
			fmt.Println("nothing yet") // check again in some minutes
		default:
			fmt.Println("let in")
		}
		break
	}
	// Output: in quarantine: DeviceRule
}

// Each move has a result of its own, with the item's new ID.
func ExampleClient_MoveItems() {
	client, box, done := open(&eas.Email{Subject: "Minutes"})
	defer done()
	projects := box.AddFolder("Projects", eas.FolderUserMail)
	ctx := context.Background()
	folders, err := client.FolderSync(ctx, eas.InitialSyncKey)
	if err != nil {
		fmt.Println(err)
		return
	}
	inbox, _ := folders.Find(eas.FolderInbox)
	var moves []eas.Move
	for page, err := range client.Pages(ctx, inbox.ID, eas.InitialSyncKey, nil) {
		if err != nil {
			fmt.Println(err)
			return
		}
		for _, e := range page.Added {
			moves = append(moves, eas.Move{Item: e.ID, From: inbox.ID, To: projects.ID})
		}
	}
	results, err := client.MoveItems(ctx, append(moves, eas.Move{Item: "gone", From: inbox.ID, To: projects.ID})...)
	if err != nil {
		fmt.Println(err)
		return
	}
	for _, r := range results {
		fmt.Println("moved:", r.Err == nil, "new ID:", r.ID != "")
	}
	// Output:
	// moved: true new ID: true
	// moved: false new ID: false
}
