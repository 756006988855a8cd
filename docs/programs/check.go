package main

import (
	"context"
	"fmt"
	"io"

	"github.com/easoauth/easoauth/eas/diagnose"
)

// check prints what is wrong with a deployment and what to do. Its error names the fault to
// mend first.
func check(ctx context.Context, w io.Writer, email string) error {
	report, err := diagnose.Run(ctx, email, nil)
	if err != nil {
		return err
	}
	for _, finding := range report.Findings {
		fmt.Fprintf(w, "%s: %s\n  %s\n", finding.Fault, finding.Cause, finding.Remedy)
	}
	if !report.Healthy() {
		return fmt.Errorf("mend %s first", report.Root)
	}
	return nil
}
