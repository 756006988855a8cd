package eastest_test

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/easoauth/easoauth/autodiscover"
	"github.com/easoauth/easoauth/bearer"
	"github.com/easoauth/easoauth/eas"
	"github.com/easoauth/easoauth/eas/eastest"
)

// In a test, pass t instead of nil; the tenant is closed when the test ends.
func Example() {
	tn := eastest.New(nil, &eastest.Options{Topology: eastest.Hybrid})
	defer tn.Close()
	box := tn.AddMailbox("ada@contoso.com", &eas.Email{Subject: "Hello"})

	client := &eas.Client{
		URL: tn.URL(), User: "ada@contoso.com", HTTPClient: tn.Client(),
		Token: bearer.Static(tn.Token("ada@contoso.com")),
	}
	folders, err := client.FolderSync(context.Background(), eas.InitialSyncKey)
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(len(folders.Added), "folders,", len(box.Messages(eas.FolderInbox)), "message")
	for _, r := range tn.Requests() {
		fmt.Println(r)
	}
	// Output:
	// 10 folders, 1 message
	// OPTIONS mail.contoso.com/Microsoft-Server-ActiveSync 200
	// POST mail.contoso.com/Microsoft-Server-ActiveSync Provision 200
	// POST mail.contoso.com/Microsoft-Server-ActiveSync Provision 200
	// POST mail.contoso.com/Microsoft-Server-ActiveSync FolderSync 200
}

// A mistake that lasts is a field of the tenant.
func ExampleTenant() {
	tn := eastest.New(nil, &eastest.Options{Topology: eastest.Hybrid, Faults: []eastest.Fault{{ID: "TLS_OFFLOAD"}}})
	defer tn.Close()
	tn.AddMailbox("ada@contoso.com")
	client := &eas.Client{
		URL: tn.URL(), User: "ada@contoso.com", HTTPClient: tn.Client(),
		Token: bearer.Static(tn.Token("ada@contoso.com")),
	}
	_, err := client.FolderSync(context.Background(), eas.InitialSyncKey)
	var e *eas.Error
	if errors.As(err, &e) {
		fmt.Println(e.HTTPStatus, e.Offer.Diagnostics.Reason)
	}
	// Output:
	// 401 The hostname component of the audience claim value is invalid. Expected 'https://mail.contoso.com'. Actual 'http://mail.contoso.com'.
}

// A fault happens once, to the next request that matches.
func ExampleTenant_Fail() {
	tn := eastest.New(nil, nil)
	defer tn.Close()
	tn.AddMailbox("ada@contoso.com")
	tn.Fail("outlook.office365.com", eastest.Failure{Status: 503, Header: map[string][]string{"Retry-After": {"30"}}})

	r := &autodiscover.Resolver{HTTPClient: tn.Client(), Host: "outlook.office365.com", Timeout: 5 * time.Second}
	_, err := r.Lookup(context.Background(), "ada@contoso.com")
	fmt.Println(err)
	// Output:
	// autodiscover: no endpoint found
	//   GET https://outlook.office365.com/autodiscover/autodiscover.json → 503
	//       the server is too busy
	//       retry after 30s
	//       Remedy: wait as long as it says, then try again
}
