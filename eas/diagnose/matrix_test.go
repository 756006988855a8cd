package diagnose_test

import (
	"cmp"
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
			AutoDetect: o.Topology == eastest.Hybrid, TrustedAuthorities: []string{"adfs.contoso.com"}}
		if slices.ContainsFunc(faults, func(f eastest.Fault) bool { return f.ID == "EAS_MAXREQUEST" }) {
			d.RequestBytes = 11 << 20 // more than the limit by default
		}
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
	whole := os.Getenv("EASOAUTH_TEST_FULL") != "" || *update
	for _, name := range slices.Sorted(maps.Keys(all)) {
		o := all[name]
		if !whole && o.Product != eastest.ExchangeSE && name != "hybrid, Exchange 2016" {
			continue // the other products differ little; they take a minute
		}
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
	all2, both, wrong, hidden := pairs(t)
	fmt.Fprintf(&b, "\nPairs of faults, in a hybrid organization with Exchange SE: %d; in %d both are named, in %d one hides the other, in %d neither holds.\n"+
		"Why one hides the other:\n\n| pairs | why |\n|---|---|\n", all2, both, all2-both-wrong, wrong)
	for _, why := range slices.SortedFunc(maps.Keys(hidden), func(x, y string) int { return cmp.Or(hidden[y]-hidden[x], strings.Compare(x, y)) }) {
		fmt.Fprintf(&b, "| %d | %s |\n", hidden[why], why)
	}
	document(t, b.String())
}

// Classes of faults, by what they leave to be seen.
var (
	network  = []string{"DNS_NXDOMAIN", "DNS_FAILED", "TCP_UNREACHABLE", "TLS_HANDSHAKE_CUT", "NOT_TLS", "TLS_VERSION", "CLIENT_CERT", "TLS_CERT_INVALID", "CAPTIVE_PORTAL", "CONN_RESET", "NO_RESPONSE"}
	front    = []string{"ADDRESS_REFUSED", "WAF_BLOCK", "MISDIRECTED", "SERVER_FAILED", "SERVER_BUSY", "WILDCARD_DNS"}
	atDevice = []string{"E2010_PRESENT", "EAS_NOT_EXCHANGE", "EAS_UNREACHABLE", "ACCOUNT_BLOCKED", "PASSWORD_EXPIRED"}
	lookups  = []string{"AD_PREAUTH", "AD_NOT_V2", "AD_ERROR_IN_200", "AD_ERROR_CODE", "AD_PROTOCOL_NOT_SUPPORTED", "USER_UNKNOWN", "AD_SELF_REDIRECT", "AD_REDIRECT_DOWNGRADE",
		"AD_REDIRECT_CROSS_DOMAIN", "AD_REDIRECT_INVALID", "AD_REDIRECT_LOOP", "AD_WRONG_URL", "HYBRID_AGENT", "NOT_ACTIVESYNC", "PRIVATE_ADDRESS"}
	challenges = []string{"EAS_ANON_200", "EAS_NO_WWW_AUTH", "EAS_BASIC_ONLY_EMPTY_BEARER", "EAS_FLIGHTING", "EAS_NO_AUTHORIZATION_URI", "EAS_UNEXPECTED_AUTHORITY", "EAS_TENANT_NOT_TRUSTED", "TENANT_UNKNOWN"}
	signIns    = []string{"AUTHORITY_BUSY", "AUTHORITY_FAILED", "AUTHORITY_GARBLED", "SIGN_IN_REFUSED", "AUD_WRONG", "APP_DISABLED", "SPN_MISSING", "CONSENT", "ADMIN_CONSENT", "CA_BLOCK", "DEVICE_CODE_BLOCKED", "WRONG_ACCOUNT", "AUD_IS_EXO", "AUD_HTTP", "SCOPE_MISSING"}
	refusals   = []string{"EAS_FORGED_ACCEPTED", "CERT_METADATA_STALE", "TOKEN_EXPIRED", "TLS_OFFLOAD", "AUD_HOST_MISMATCH", "TENANT_MISSING", "USER_MISSING", "USER_AMBIGUOUS", "TENANT_RESTRICTION",
		"CAE_CLAIMS", "EAS_451_MOVED", "EAS_403", "EAS_449", "EAS_VERSION_138"}
)

// hides says why nothing of a fault shows while another is there, or "".
func hides(a, z string) string {
	in := func(list ...[]string) bool { return slices.Contains(slices.Concat(list...), z) }
	switch {
	case slices.Contains(network, a):
		return "nothing is reached, or not the server"
	case slices.Contains(front, a):
		return "a device or the web server responds to everything in Exchange's place"
	case slices.Contains(lookups, a) && in(lookups):
		return "AutoDiscover gives one response"
	case a == "HYBRID_AGENT":
		return "the Hybrid Agent's host is not one for sign-ins"
	case slices.Contains(atDevice, a) && in(atDevice, challenges, refusals), a == "EAS_NOT_EXCHANGE" && z == "EXPOSED_BASIC":
		return "the same response comes to every request of ActiveSync"
	case slices.Contains(challenges, a) && in(challenges), a == "EAS_UNEXPECTED_AUTHORITY" && in(refusals):
		return "the challenge says one thing, and a server that names a strange authority gets no token"
	case slices.Contains(challenges, a) && in(refusals):
		return "what Exchange says about the token stands in the challenge that is broken"
	case slices.Contains(signIns, a) && in(signIns):
		return "the sign-in is refused once"
	case slices.Contains(signIns, a) && in(refusals, []string{"EAS_TENANT_NOT_TRUSTED"}):
		return "there is no token to show"
	case z == "EAS_MAXREQUEST" && slices.Contains(slices.Concat(atDevice, challenges, signIns, refusals), a):
		return "only what passes with a token can be large"
	case slices.Contains(refusals, a) && in(refusals):
		return "Exchange refuses a token once"
	case a == "EAS_403" && z == "EAS_ANON_200":
		return "who is signed in by a device is refused, too"
	}
	return ""
}

// pairs switches on two faults at a time: both are named, or one hides the other for a reason that
// hides knows, and the root is one of them.
func pairs(t *testing.T) (all, both, wrong int, hidden map[string]int) {
	t.Helper()
	hidden = map[string]int{}
	var ids []string
	for _, f := range eastest.Faults() {
		if slices.Contains(f.Where, eastest.Hybrid) && unseen[f.ID] == "" {
			ids = append(ids, f.ID)
		}
	}
	step := 1
	if os.Getenv("EASOAUTH_TEST_FULL") == "" && !*update {
		step = 41 // a sample; the whole takes minutes
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
			for _, f := range slices.Concat(slices.Collect(r.Faults()), r.Notes) {
				named[f.Fault] = true
			}
			switch why := cmp.Or(hides(a, z), hides(z, a)); {
			case r.Root != a && r.Root != z:
				wrong++
				t.Errorf("%s and %s: root %s", a, z, r.Root)
			case named[a] && named[z]:
				both++
			case why != "":
				hidden[why]++
			default:
				wrong++
				t.Errorf("%s and %s: only %s is named", a, z, r.Root)
			}
		}
	}
	return all, both, wrong, hidden
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
	rows, _, _ := strings.Cut(matrix, "\nFaults singly")
	for row := range strings.Lines(rows) {
		if !strings.Contains(string(old), row) {
			t.Errorf("%s does not have %q; rewrite it with go test ./eas/diagnose -run TestMatrix -update", file, row)
		}
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
