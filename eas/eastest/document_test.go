package eastest_test

import (
	"bytes"
	"flag"
	"fmt"
	"os"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/easoauth/easoauth/eas/eastest"
)

var update = flag.Bool("update", false, "rewrite docs/tenant.md")

// TestDocument holds docs/tenant.md against the faults; run with -update after a change.
func TestDocument(t *testing.T) {
	const name = "../../docs/tenant.md"
	var b bytes.Buffer
	b.WriteString(`# The faults of the fake tenant

What the tenant of package eas/eastest can show: [Tenant.Switch](../eas/eastest/fault.go) takes the id, and a value where one
means something. Remedies and sources are in [faults.md](faults.md). The order is that of the dance.

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
