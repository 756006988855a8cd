package eastest_test

import (
	"bytes"
	"flag"
	"fmt"
	"maps"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/easoauth/easoauth/eas/eastest"
	"github.com/easoauth/easoauth/internal/fault"
)

var update = flag.Bool("update", false, "rewrite docs/tenant.md")

// TestDocument holds docs/tenant.md against the faults; run with -update after a change.
func TestDocument(t *testing.T) {
	const name = "../../docs/tenant.md"
	var b bytes.Buffer
	b.WriteString(`# The faults of the fake tenant

What the tenant of package eas/eastest can show: [Tenant.Switch](../eas/eastest/fault.go) takes the id, and a value where one
means something. Remedies and sources are in [faults.md](faults.md). The order is that of the dance.

A test that replays a recording ([Replay](../eas/eastest/replay.go)) sets the ID of its device (eas.Device) to that of the recording:
the default is derived from user and host. A test that needs no server mocks an interface of one to three methods:
autodiscover.Lookuper, bearer.Source, token.Flow, token.Store, eas.FolderSyncer, eas.Pager, eas.Watcher, eas.MailSender, eas.Fetcher.

| id | what is wrong | value | where |
|---|---|---|---|
`)
	cell := func(s string) string { return strings.ReplaceAll(s, "|", `\|`) }
	for _, f := range eastest.Faults() {
		where := make([]string, 0, len(f.Where))
		for _, w := range f.Where {
			where = append(where, w.String())
		}
		if len(where) == 3 {
			where = []string{"everywhere"}
		}
		fmt.Fprintf(&b, "| %s | %s | %s | %s |\n", f.ID, cell(f.Cause), cell(f.Value), strings.Join(where, ", "))
	}
	b.WriteString(`
## Faults that no server can show

| id | what is wrong | why the tenant does not show it |
|---|---|---|
`)
	for _, id := range slices.Sorted(maps.Keys(unshown)) {
		fmt.Fprintf(&b, "| %s | %s | %s |\n", id, cell(fault.Get(id).Cause), cell(unshown[id]))
	}
	if *update {
		if err := os.WriteFile(name, b.Bytes(), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	got, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(b.String(), string(got)); diff != "" {
		t.Errorf("docs/tenant.md is not what the faults make; run go test ./eas/eastest -run TestDocument -update:\n%s", diff)
	}
}

// unshown are the faults of the table that no server can show, and why.
var unshown = map[fault.ID]string{
	"AD_V1_NO_TOKEN": "the program has no token to send; the server that it would have asked is as it always is",
}

// Each fault of the table can be switched on, or stands among those that no server can show.
func TestEveryFaultIsShown(t *testing.T) {
	shown := map[fault.ID]bool{}
	for _, f := range eastest.Faults() {
		shown[fault.ID(f.ID)] = true
	}
	for _, f := range fault.All() {
		if reason := unshown[f.ID]; shown[f.ID] == (reason != "") {
			t.Errorf("%s: can be switched on is %v, and the reason why not is %q", f.ID, shown[f.ID], reason)
		}
	}
	for id := range unshown {
		if !fault.Known(id) {
			t.Errorf("%s is not in the table of faults", id)
		}
	}
}

// Each fault is in the table of faults, once.
func TestFaultsAreKnown(t *testing.T) {
	seen := map[string]bool{}
	for _, f := range eastest.Faults() {
		if f.Cause == "" || f.Remedy == "" || f.Severity == "" || seen[f.ID] {
			t.Errorf("%+v", f)
		}
		seen[f.ID] = true
	}
}
