package eas_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"time"

	"github.com/easoauth/easoauth/bearer"
	"github.com/easoauth/easoauth/eas"
	"github.com/easoauth/easoauth/eas/eastest"
)

// open returns a client of a mailbox at a fake tenant, with what it holds.
func open(items ...eas.Item) (c *eas.Client, box *eastest.Mailbox, done func()) {
	tn := eastest.New(nil, nil)
	box = tn.AddMailbox("ada@contoso.com", items...)
	return &eas.Client{
		URL: tn.URL(), User: "ada@contoso.com", HTTPClient: tn.Client(), Token: bearer.Static(tn.Token("ada@contoso.com")),
	}, box, tn.Close
}

func ExampleClient_Options() {
	client, _, done := open()
	defer done()
	info, err := client.Options(context.Background())
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(info.Versions, info.Version)
	// Output: [16.1] 16.1
}

func ExampleClient_Provision() {
	client, _, done := open()
	defer done()
	client.ApplyPolicy = func(_ context.Context, p *eas.Policy) (eas.PolicyOutcome, error) {
		if p.PasswordEnabled != nil && *p.PasswordEnabled {
			return eas.PolicyNotApplied, nil
		}
		return eas.PolicyApplied, nil
	}
	policy, err := client.Provision(context.Background())
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println("attachments allowed:", *policy.Attachments)
	// Output: attachments allowed: true
}

func ExampleClient_AcknowledgeWipe() {
	client, box, done := open()
	defer done()
	ctx := context.Background()
	if _, err := client.FolderSync(ctx, eas.InitialSyncKey); err != nil {
		fmt.Println(err)
		return
	}
	box.Wipe(true) // by an administrator
	_, err := client.FolderSync(ctx, eas.InitialSyncKey)
	var wipe *eas.RemoteWipeError
	if !errors.As(err, &wipe) {
		fmt.Println(err)
		return
	}
	// Erase what the program holds of the mailbox, tokens included, and then:
	if err := client.AcknowledgeWipe(ctx, wipe, true); err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println("account only:", wipe.AccountOnly)
	// Output: account only: true
}

func ExampleClient_FolderSync() {
	client, _, done := open()
	defer done()
	folders, err := client.FolderSync(context.Background(), eas.InitialSyncKey)
	if err != nil {
		fmt.Println(err)
		return
	}
	inbox, _ := folders.Find(eas.FolderInbox)
	fmt.Println(inbox.Name, inbox.Type.Class()) // save folders.Key
	// Output: Inbox Email
}

func ExampleClient_SyncFolders() {
	client, box, done := open()
	defer done()
	ctx := context.Background()
	folders, err := client.FolderSync(ctx, eas.InitialSyncKey)
	if err != nil {
		fmt.Println(err)
		return
	}
	box.AddFolder("Projects", eas.FolderUserMail)
	news, err := client.SyncFolders(ctx, folders.Key, folders.Added)
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(news.Added[0].Name)
	// Output: Projects
}

func ExampleClient_FolderCreate() {
	client, _, done := open()
	defer done()
	ctx := context.Background()
	folders, err := client.FolderSync(ctx, eas.InitialSyncKey)
	if err != nil {
		fmt.Println(err)
		return
	}
	projects, key, err := client.FolderCreate(ctx, folders.Key, "0", "Projects", eas.FolderUserMail)
	if err != nil {
		fmt.Println(err)
		return
	}
	projects.Name = "Archive"
	if key, err = client.FolderUpdate(ctx, key, projects); err != nil {
		fmt.Println(err)
		return
	}
	if _, err = client.FolderDelete(ctx, key, projects.ID); err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println("created, renamed and deleted", projects.Name)
	// Output: created, renamed and deleted Archive
}

func ExampleClient_Ping() {
	client, box, done := open()
	defer done()
	ctx := context.Background()
	folders, err := client.FolderSync(ctx, eas.InitialSyncKey)
	if err != nil {
		fmt.Println(err)
		return
	}
	inbox, _ := folders.Find(eas.FolderInbox)
	time.AfterFunc(10*time.Millisecond, func() { box.Deliver(&eas.Email{Subject: "Lunch?"}) })
	news, err := client.Ping(ctx, []eas.Folder{inbox}, &eas.PingOptions{Heartbeat: 5 * time.Minute})
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println("the Inbox has changed:", len(news.Changed) == 1 && news.Changed[0] == inbox.ID)
	// Output: the Inbox has changed: true
}

func ExampleClient_Watch() {
	client, box, done := open()
	defer done()
	ctx := context.Background()
	folders, err := client.FolderSync(ctx, eas.InitialSyncKey)
	if err != nil {
		fmt.Println(err)
		return
	}
	inbox, _ := folders.Find(eas.FolderInbox)
	key := eas.InitialSyncKey
	bringUpToDate := func() error {
		for page, err := range client.Pages(ctx, inbox.ID, key, nil) {
			if err != nil {
				return err
			}
			for _, entry := range page.Added {
				fmt.Println(entry.Item.(*eas.Email).Subject)
			}
			key = page.Key // save it here
		}
		return nil
	}
	if err := bringUpToDate(); err != nil {
		fmt.Println(err)
		return
	}
	time.AfterFunc(10*time.Millisecond, func() { box.Deliver(&eas.Email{Subject: "Lunch?"}) })
	for changes, err := range client.Watch(ctx, []eas.Folder{inbox}, nil) {
		if err != nil || changes.Hierarchy {
			fmt.Println(err)
			return
		}
		if err := bringUpToDate(); err != nil {
			fmt.Println(err)
			return
		}
		break // a program goes on
	}
	// Output: Lunch?
}

func ExampleClient_SetOutOfOffice() {
	client, _, done := open()
	defer done()
	ctx := context.Background()
	err := client.SetOutOfOffice(ctx, &eas.OutOfOffice{
		State: eas.OutOfOfficeTimed,
		Start: time.Date(2026, 7, 1, 0, 0, 0, 0, time.UTC), End: time.Date(2026, 7, 15, 0, 0, 0, 0, time.UTC),
		Internal: &eas.OutOfOfficeMessage{Enabled: true, Text: "Back on the 15th."},
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	now, err := client.OutOfOffice(ctx, eas.BodyPlain)
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(now.End.Format(time.DateOnly), now.Internal.Text)
	// Output: 2026-07-15 Back on the 15th.
}

func ExampleClient_SetDeviceInformation() {
	client, box, done := open()
	defer done()
	client.Device = eas.Device{ID: "device1", Model: "Analytical Engine", OS: "Brass 1.0"}
	sms := false
	if err := client.SetDeviceInformation(context.Background(), &eas.DeviceInformation{OutboundSMS: &sms}); err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(box.Devices()["device1"]["Model"])
	// Output: Analytical Engine
}

func ExampleClient_SetDevicePassword() {
	client, _, done := open()
	defer done()
	if err := client.SetDevicePassword(context.Background(), "recovery password"); err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println("stored")
	// Output: stored
}

func ExampleClient_UserInformation() {
	client, _, done := open()
	defer done()
	user, err := client.UserInformation(context.Background())
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(user.Addresses[0])
	// Output: ada@contoso.com
}

func ExampleClient_RightsTemplates() {
	client, _, done := open()
	defer done()
	templates, err := client.RightsTemplates(context.Background())
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(len(templates), "templates")
	// Output: 0 templates
}

func ExampleClient_Do() {
	client, _, done := open()
	defer done()
	ping := []byte("\x03\x01\x6a\x00\x00\x0d\x05") // <Ping xmlns="Ping"/>, in WBXML
	response, err := client.Do(context.Background(), "Ping", ping)
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Printf("%x\n", response) // <Ping><Status>3</Status></Ping>: a first Ping names its folders
	// Output: 03016a00000d45470333000101
}

// An observer learns what became of every request.
func ExampleObservation() {
	client, _, done := open()
	defer done()
	client.Observe = func(o eas.Observation) { fmt.Println(o.Command, o.HTTPStatus) }
	if _, err := client.FolderSync(context.Background(), eas.InitialSyncKey); err != nil {
		fmt.Println(err)
		return
	}
	// Output:
	// OPTIONS 200
	// Provision 200
	// Provision 200
	// FolderSync 200
}

// The clients of many mailboxes share one transport, here one that goes through a proxy.
func ExampleNewTransport() {
	transport := eas.NewTransport()
	transport.Proxy = http.ProxyFromEnvironment
	shared := &http.Client{Transport: transport}
	var clients []*eas.Client
	for _, user := range []string{"ada@contoso.com", "bob@contoso.com"} {
		clients = append(clients, &eas.Client{User: user, HTTPClient: shared}) // with URL and Token
	}
	fmt.Println(len(clients))
	// Output: 2
}
