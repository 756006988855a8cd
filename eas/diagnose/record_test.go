package diagnose_test

import (
	"bytes"
	"fmt"
	"net/http"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"
	"testing/synctest"

	"github.com/google/go-cmp/cmp"

	"github.com/easoauth/easoauth/eas"
	"github.com/easoauth/easoauth/eas/diagnose"
	"github.com/easoauth/easoauth/eas/eastest"
)

// canaries are what no recording of the tenant may hold.
var canaries = regexp.MustCompile(`(?i)contoso|\bada\b|bob@|ada%40|fabrikam|eyJ|FE01|BE01|\bbe01|AM0PR01|eastest-|` + eastest.TenantID + `|` + eastest.ClientID + `|` + eastest.Password)

// recording checks a tenant and returns the report and the recording.
func recording(t *testing.T, o eastest.Options, id string) (*diagnose.Report, []byte) {
	t.Helper()
	var report *diagnose.Report
	var b bytes.Buffer
	run := func(t *testing.T) {
		if id != "" {
			o.Faults = []eastest.Fault{{ID: id, Optional: true}}
		}
		tn := eastest.New(t, &o)
		tn.AddMailbox(ada, &eas.Email{Subject: "one"})
		tn.AddMailbox("bob@contoso.com")
		var err error
		report, err = diagnose.Run(t.Context(), ada, &diagnose.Options{HTTPClient: tn.Client(), ClientID: eastest.ClientID, SignIn: flow(tn, o.Faults), Security: true,
			AutoDetect: o.Topology == eastest.Hybrid, TrustedAuthorities: []string{"adfs.contoso.com"}, Record: &b})
		if err != nil {
			t.Fatal(err)
		}
	}
	if browser(o.Faults) {
		run(t)
	} else {
		synctest.Test(t, run)
	}
	return report, b.Bytes()
}

// verdicts are what a replay has in common with the check that was recorded.
func verdicts(r *diagnose.Report) []string {
	out := []string{"root " + r.Root}
	for _, f := range slices.Concat(slices.Collect(r.Faults()), r.Notes) {
		out = append(out, f.Fault)
	}
	for _, p := range r.Probes {
		if p.Name == "TCP" {
			continue // a recording has requests, and no connections
		}
		out = append(out, fmt.Sprintf("%s: %s %s", p.Name, p.Verdict, p.Fault))
	}
	return out
}

// unreplayed are faults of which a recording does not have enough, and why.
var unreplayed = map[string]string{
	"ADFS_REDIRECT_PORT":  "it shows in the browser alone",
	"DEVICE_CODE_BLOCKED": "it shows in the browser; the program waits",
}

// A recording of any deployment, with any fault, holds nothing that says whose it is, and the
// replay of it comes to the same report.
func TestRecord(t *testing.T) {
	step := 7
	if os.Getenv("EASOAUTH_TEST_FULL") != "" {
		step = 1
	}
	n := 0
	for _, o := range []eastest.Options{{}, {Topology: eastest.Hybrid}, {Topology: eastest.Hybrid, Product: eastest.Exchange2016}, {Topology: eastest.OnPremises}} {
		ids := []string{""}
		for _, f := range eastest.Faults() {
			if slices.Contains(f.Where, o.Topology) && unreplayed[f.ID] == "" && !strings.HasPrefix(f.ID, "PROXY_") {
				if n++; n%step == 0 {
					ids = append(ids, f.ID)
				}
			}
		}
		for _, id := range ids {
			t.Run(fmt.Sprintf("%s %s %s", o.Topology, o.Product, id), func(t *testing.T) {
				want, data := recording(t, o, id)
				if m := canaries.FindAll(data, -1); m != nil {
					t.Errorf("the recording holds %q in\n%s", m, data)
				}
				address, root, d, err := diagnose.ReadRecording(data)
				if err != nil {
					t.Fatal(err)
				}
				if root != want.Root || strings.Contains(address, "contoso") {
					t.Errorf("root %s, address %s", root, address)
				}
				var got *diagnose.Report
				synctest.Test(t, func(t *testing.T) {
					rec, err := eastest.Replay(data)
					if err != nil {
						t.Fatal(err)
					}
					d.HTTPClient = &http.Client{Transport: rec}
					if got, err = diagnose.Run(t.Context(), address, d); err != nil {
						t.Fatal(err)
					}
				})
				if diff := cmp.Diff(verdicts(want), verdicts(got)); diff != "" {
					t.Errorf("(-recorded +replayed)\n%s\n%s", diff, data)
				}
			})
		}
	}
}
