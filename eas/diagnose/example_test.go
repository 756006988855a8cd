package diagnose_test

import (
	"context"
	"fmt"

	"github.com/easoauth/easoauth/eas/diagnose"
	"github.com/easoauth/easoauth/eas/eastest"
)

// A check from outside, without a sign-in.
func ExampleRun() {
	tn := eastest.New(nil, &eastest.Options{Topology: eastest.Hybrid, Faults: []eastest.Fault{{ID: "EAS_NO_AUTHORIZATION_URI"}}})
	defer tn.Close()
	tn.AddMailbox("ada@contoso.com")

	report, err := diagnose.Run(context.Background(), "ada@contoso.com", &diagnose.Options{HTTPClient: tn.Client()})
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(report.Root)
	for _, f := range report.Findings {
		fmt.Println(f.Remedy)
	}
	// Output:
	// EAS_NO_AUTHORIZATION_URI
	// make the authorization server the default one, or lift the policy
}
