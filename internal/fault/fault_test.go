package fault_test

import (
	"bytes"
	"encoding/csv"
	"flag"
	"fmt"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/easoauth/easoauth/internal/fault"
)

var update = flag.Bool("update", false, "rewrite docs/faults.md")

// TestDocument holds docs/faults.md against the table; run with -update after a change.
func TestDocument(t *testing.T) {
	var b strings.Builder
	b.WriteString("# Faults\n\nWhat can be wrong with a deployment or a sign-in, by the step of the dance at which it shows, with what to do. The errors of the\n" +
		"library, the report of hmacheck ([check.md](check.md)) and the switches of the fake tenant ([tenant.md](tenant.md)) name these ids. A *fail* stops\n" +
		"clients, a *warn* stops some or is a danger, an *info* is worth knowing. *documented* is by the vendor, *seen* in a capture or by another\n" +
		"tool, *reported* by users. The table is internal/fault/data/faults.tsv.\n")
	var steps []string
	rows := map[string][]fault.Fault{}
	for _, f := range fault.All() {
		if rows[f.Step] == nil {
			steps = append(steps, f.Step)
		}
		rows[f.Step] = append(rows[f.Step], f)
	}
	for _, step := range steps {
		fmt.Fprintf(&b, "\n## %s\n\n| id | severity | cause | remedy | source |\n|---|---|---|---|---|\n", strings.ReplaceAll(step, "|", ", "))
		for _, f := range rows[step] {
			remedy := f.Remedy
			if f.Command != "" {
				remedy += "<br>`" + strings.ReplaceAll(f.Command, "|", "\\|") + "`"
			}
			fmt.Fprintf(&b, "| %s | %s | %s | %s | %s: %s |\n", f.ID, f.Severity, f.Cause, remedy, f.Sure, strings.ReplaceAll(f.Source, "|", "\\|"))
		}
	}
	const name = "../../docs/faults.md"
	if *update {
		if err := os.WriteFile(name, []byte(b.String()), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	if have, err := os.ReadFile(name); err != nil || string(have) != b.String() {
		t.Errorf("docs/faults.md is not what the table makes (%v); run go test ./internal/fault -run TestDocument -update", err)
	}
}

// verbs are what remedies begin with: an imperative sentence that an administrator can act on.
var verbs = strings.Fields("add allow block check collect compare configure confirm correct define enable end exclude exempt find " +
	"give grant have install leave let list look make mend move name open probe provision publish raise read refresh register repeat " +
	"renew request send set sign synchronize test try turn unblock update upgrade use wait")

func TestTable(t *testing.T) {
	id := regexp.MustCompile(`^[A-Z][A-Z0-9_]+$`)
	seen := map[fault.ID]bool{}
	for _, f := range fault.All() {
		switch {
		case !id.MatchString(string(f.ID)) || seen[f.ID]:
			t.Errorf("id %q", f.ID)
		case f.Cause == "" || f.Remedy == "" || f.Source == "" || f.Step == "":
			t.Errorf("%s lacks a column: %+v", f.ID, f)
		case strings.Contains(strings.ToLower(f.Source), "seed"):
			t.Errorf("%s names a source that nobody can look up: %s", f.ID, f.Source)
		case f.Severity != fault.Info && f.Severity != fault.Warn && f.Severity != fault.Fail:
			t.Errorf("%s has severity %q", f.ID, f.Severity)
		case !strings.Contains("documented seen reported open", f.Sure):
			t.Errorf("%s is %q", f.ID, f.Sure)
		case !slices.Contains(verbs, strings.Fields(f.Remedy)[0]):
			t.Errorf("the remedy of %s is no imperative sentence: %s", f.ID, f.Remedy)
		case strings.HasSuffix(f.Cause, ".") || strings.HasSuffix(f.Remedy, "."):
			t.Errorf("%s ends in a full stop; cause and remedy are clauses", f.ID)
		}
		seen[f.ID] = true
		if got := fault.Get(f.ID); got != f || !fault.Known(f.ID) {
			t.Errorf("Get(%s) = %+v", f.ID, got)
		}
	}
	if f := fault.Get("NOT_THERE"); f.ID != "NOT_THERE" || fault.Known("NOT_THERE") || f.String() != "NOT_THERE" {
		t.Errorf("an unknown id = %+v", f)
	}
}

// The public collection of symptoms, where it is at hand, has no id that the table lacks.
func TestComplete(t *testing.T) {
	data, err := os.ReadFile("../../../shared/facts/diagnosis.tsv")
	if err != nil {
		t.Skip("the collection of symptoms is not at hand")
	}
	r := csv.NewReader(bytes.NewReader(data))
	r.Comma = '\t'
	rows, err := r.ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	for _, row := range rows[1:] {
		if !fault.Known(fault.ID(row[0])) {
			t.Errorf("%s is not in the table", row[0])
		}
	}
}

func TestGenerated(t *testing.T) {
	data, err := os.ReadFile("data/faults.tsv")
	if err != nil {
		t.Fatal(err)
	}
	if rows := bytes.Count(data, []byte("\n")) - 1; rows != len(fault.All()) {
		t.Errorf("data/faults.tsv has %d rows and faults_gen.go %d; run go generate", rows, len(fault.All()))
	}
	for _, f := range fault.All() {
		if !bytes.Contains(data, []byte(string(f.ID)+"\t"+f.Step+"\t"+string(f.Severity)+"\t"+f.Cause+"\t"+f.Remedy+"\t")) {
			t.Errorf("%s differs from data/faults.tsv; run go generate", f.ID)
		}
	}
}
