package diagnose_test

import (
	"context"
	"flag"
	"fmt"
	"maps"
	"os"
	"slices"
	"strings"
	"testing"
	"testing/synctest"

	"github.com/easoauth/easoauth/eas"
	"github.com/easoauth/easoauth/eas/diagnose"
	"github.com/easoauth/easoauth/eas/eastest"
	"github.com/easoauth/easoauth/token"
)

var update = flag.Bool("update", false, "rewrite docs/check.md")

const ada = "ada@contoso.com"

// check runs a check of a tenant with one fault, or none.
func check(t *testing.T, o eastest.Options, faults ...eastest.Fault) *diagnose.Report {
	t.Helper()
	o.Faults = faults
	for i := range o.Faults {
		o.Faults[i].Optional = true
	}
	var report *diagnose.Report
	run := func(t *testing.T) {
		tn := eastest.New(t, &o)
		tn.AddMailbox(ada, &eas.Email{Subject: "one"})
		tn.AddMailbox("bob@contoso.com")
		d := &diagnose.Options{HTTPClient: tn.Client(), ClientID: eastest.ClientID, SignIn: flow(tn, faults), Security: true,
			AutoDetect: o.Topology == eastest.Hybrid, Trust: []string{"adfs.contoso.com"}}
		var err error
		if report, err = diagnose.Run(t.Context(), ada, d); err != nil {
			t.Fatal(err)
		}
	}
	if browser(faults) { // which needs a real listener
		run(t)
	} else {
		synctest.Test(t, run)
	}
	return report
}

// worlds are the deployments of the matrix.
func worlds() map[string]eastest.Options {
	out := map[string]eastest.Options{"cloud": {}}
	for _, p := range eastest.Products() {
		out["hybrid, "+p.String()] = eastest.Options{Topology: eastest.Hybrid, Product: p}
		out["on-premises, "+p.String()] = eastest.Options{Topology: eastest.OnPremises, Product: p}
	}
	return out
}

// unseen are the faults that a check of a tenant in memory does not name as the root, and why.
var unseen = map[string]string{
	"PROXY_UNREACHABLE": "there is no proxy in memory; the demonstration of hmacheck goes through one",
	"PROXY_AUTH":        "there is no proxy in memory; the demonstration of hmacheck goes through one",
	"AD_NOT_V1":         "AutoDiscover v1 is not asked: it needs a token, and v2 responds",
	"AD_V1_TOKEN":       "AutoDiscover v1 is not asked: it needs a token, and v2 responds",
	"EAS_MAXREQUEST":    "only a large message shows it, and the check sends none",
	"AUD_SLASH":         "both forms are legal: it is a note of a healthy deployment",

	"AD_TLD_BACKOFF":      "the check never asks the hosts that show it",
	"AD_UNCONFIRMED":      "the check does not ask over plain http",
	"AUTODETECT_BYPASSED": "the check sends no password, so it does not see that one is accepted",
	"BUILD_UNSUPPORTED":   "an old build breaks nothing by itself: it is a note",
	"EAS_ADFS_AUTHORITY":  "who signs users in is a note of a healthy deployment",
	"EAS_BASIC_ONLY":      "newer servers always respond so to who brings no token: nothing is wrong",
	"EAS_FLIGHTING_OPEN":  "from outside it is EAS_FLIGHTING, which the check names: the settings that are right show on the server alone",
	"EXO_161_ONLY":        "the check speaks version 16.1: nothing is wrong",
	"SYNC_STALE":          "the check has the user's token, not that of the service, which alone is refused",
}

// TestMatrix holds that the fault that is switched on is the root that is named first, in every
// topology with every product, and that nothing is wrong where none is.
func TestMatrix(t *testing.T) {
	var b strings.Builder
	right, total := 0, 0
	all := worlds()
	for _, name := range slices.Sorted(maps.Keys(all)) {
		o := all[name]
		if r := check(t, o); !r.Healthy() || r.Root != diagnose.Healthy {
			t.Errorf("%s, healthy: root %s", name, r.Root)
		}
		n := 0
		for _, f := range eastest.Faults() {
			if !slices.Contains(f.Where, o.Topology) || unseen[f.ID] != "" {
				continue
			}
			total++
			if r := check(t, o, eastest.Fault{ID: f.ID}); r.Root != f.ID {
				t.Errorf("%s, %s: root %s", name, f.ID, r.Root)
			} else {
				n++
			}
		}
		right += n
		fmt.Fprintf(&b, "| %s | %d | healthy |\n", name, n)
	}
	fmt.Fprintf(&b, "\nFaults singly, in every deployment: %d of %d named as the root.\n", right, total)
	first, both, hidden, wrong := pairs(t)
	fmt.Fprintf(&b, "Pairs of faults, in a hybrid organization with Exchange SE: %d; in %d both are named, in %d the first hides the other, "+
		"in %d the root is neither.\n", first, both, hidden, wrong)
	if wrong > 0 {
		t.Errorf("%d pairs with another root", wrong)
	}
	document(t, b.String())
}

// pairs switches on two faults at a time: the root is one of them.
func pairs(t *testing.T) (all, both, hidden, wrong int) {
	t.Helper()
	var ids []string
	for _, f := range eastest.Faults() {
		if slices.Contains(f.Where, eastest.Hybrid) && unseen[f.ID] == "" {
			ids = append(ids, f.ID)
		}
	}
	step := 1
	if os.Getenv("EASOAUTH_TEST_FULL") == "" && !*update {
		step = 17 // a sample; the whole takes half a minute
	}
	n := 0
	for i, a := range ids {
		for _, z := range ids[i+1:] {
			if n++; n%step != 0 {
				continue
			}
			all++
			r := check(t, eastest.Options{Topology: eastest.Hybrid}, eastest.Fault{ID: a}, eastest.Fault{ID: z})
			named := map[string]bool{}
			for _, f := range slices.Concat(r.Findings, r.Notes) {
				named[f.Fault] = true
			}
			switch {
			case r.Root != a && r.Root != z:
				wrong++
				t.Logf("%s and %s: root %s", a, z, r.Root)
			case named[a] && named[z]:
				both++
			default:
				hidden++
			}
		}
	}
	return all, both, hidden, wrong
}

// document holds docs/check.md to what the matrix says. The pairs are counted in the whole run.
func document(t *testing.T, matrix string) {
	t.Helper()
	const file = "../../docs/check.md"
	old, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	head, _, ok := strings.Cut(string(old), "| deployment | faults")
	if !ok {
		t.Fatal("docs/check.md has no matrix")
	}
	want := head + "| deployment | faults named as the root | without a fault |\n|---|---|---|\n" + matrix
	if *update {
		if err := os.WriteFile(file, []byte(want), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	cut := func(s string) string { before, _, _ := strings.Cut(s, "\nPairs of faults"); return before }
	if cut(string(old)) != cut(want) {
		t.Errorf("%s is not what the matrix says; rewrite it with go test ./eas/diagnose -run TestMatrix -update", file)
	}
}

// browser reports whether a fault shows in the browser alone.
func browser(faults []eastest.Fault) bool {
	return slices.ContainsFunc(faults, func(f eastest.Fault) bool { return f.ID == "ADFS_REDIRECT_PORT" })
}

// flow is how the user signs in.
func flow(tn *eastest.Tenant, faults []eastest.Fault) token.Flow {
	if browser(faults) {
		return &token.Browser{Open: tn.Browser()}
	}
	return &token.DeviceCode{Prompt: func(context.Context, *token.DevicePrompt) error { return nil }}
}

func contextThatEnds(t *testing.T) (context.Context, context.CancelFunc) {
	return context.WithCancel(t.Context())
}
