package eastest_test

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/easoauth/easoauth/bearer"
	"github.com/easoauth/easoauth/eas"
	"github.com/easoauth/easoauth/eas/eastest"
)

// A device of a model that the organization does not know is in quarantine, until an
// administrator lets it in.
func ExampleMailbox_AllowDevice() {
	tn := eastest.New(nil, &eastest.Options{
		DeviceRules:  []eastest.DeviceRule{{Model: "Tablet 9", Level: eastest.Allowed}},
		DeviceAccess: eastest.Quarantined,
	})
	defer tn.Close()
	box := tn.AddMailbox("ada@contoso.com", &eas.Email{Subject: "Hello"}, &eas.Email{Subject: "Minutes"})
	client := &eas.Client{
		URL: tn.URL(), User: "ada@contoso.com", HTTPClient: tn.Client(), Token: bearer.Static(tn.Token("ada@contoso.com")),
		Device: eas.Device{ID: "device1", Type: "Phone", Model: "Phone 7"},
	}
	ctx := context.Background()
	folders, err := client.FolderSync(ctx, eas.InitialSyncKey)
	if err != nil {
		fmt.Println(err)
		return
	}
	inbox, _ := folders.Find(eas.FolderInbox)
	key := eas.SyncKey(eas.InitialSyncKey)
	look := func() {
		for page, err := range client.Pages(ctx, inbox.ID, key, nil) {
			if err != nil {
				fmt.Println(err)
				return
			}
			var access *eas.AccessError
			if errors.As(client.CheckAccess(page), &access) {
				fmt.Println(access)
			}
			for _, e := range page.Added {
				fmt.Println("-", e.Item.(*eas.Email).Subject)
			}
			key = page.Key
		}
	}
	look()
	box.AllowDevice("device1")
	look()
	// Output:
	// eas: the device is in quarantine: an administrator must allow it (reason Global)
	// - Your mobile device is waiting for an administrator's permission to use Exchange ActiveSync
	// - Hello
	// - Minutes
}

// A policy that a user's devices must apply, as Provision brings it.
func ExampleDevicePolicy() {
	tn := eastest.New(nil, &eastest.Options{DevicePolicies: []eastest.DevicePolicy{{
		Users:    []string{"ada@contoso.com"},
		Settings: map[string]string{"DevicePasswordEnabled": "1", "MinDevicePasswordLength": "6"},
	}}})
	defer tn.Close()
	tn.AddMailbox("ada@contoso.com")
	client := &eas.Client{
		URL: tn.URL(), User: "ada@contoso.com", HTTPClient: tn.Client(), Token: bearer.Static(tn.Token("ada@contoso.com")),
	}
	policy, err := client.Provision(context.Background())
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println("a password:", *policy.PasswordEnabled, "of", *policy.MinPasswordLength)

	// A front end whose limit is lower than the largest message.
	tn.Switch(eastest.Fault{ID: "EAS_MAXREQUEST", Value: "64"})
	err = client.SendMail(context.Background(), strings.NewReader("To: ada@contoso.com\r\n\r\n"+strings.Repeat("x", 100_000)), nil)
	var e *eas.Error
	if errors.As(err, &e) {
		fmt.Println("a large message: HTTP status", e.HTTPStatus)
	}
	// Output:
	// a password: true of 6
	// a large message: HTTP status 500
}
