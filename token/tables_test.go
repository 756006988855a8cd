package token_test

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/easoauth/easoauth/token"
)

// The Go tables are those that the generator makes of the data files.
func TestGeneratedTablesAreCurrent(t *testing.T) {
	if testing.Short() {
		t.Skip("runs the generator")
	}
	dir := t.TempDir()
	if err := os.CopyFS(filepath.Join(dir, "data"), os.DirFS("data")); err != nil {
		t.Fatal(err)
	}
	gen := filepath.Join(dir, "gen.exe")
	if out, err := exec.Command("go", "build", "-o", gen, "./gen").CombinedOutput(); err != nil {
		t.Fatalf("go build ./gen: %v\n%s", err, out)
	}
	run := exec.Command(gen)
	run.Dir = dir
	if out, err := run.CombinedOutput(); err != nil {
		t.Fatalf("gen: %v\n%s", err, out)
	}
	names, err := filepath.Glob(filepath.Join(dir, "*_gen.go"))
	if err != nil || len(names) == 0 {
		t.Fatalf("the generator wrote %q, %v", names, err)
	}
	for _, name := range names {
		want, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		got, err := os.ReadFile(filepath.Base(name))
		if err != nil {
			t.Fatal(err)
		}
		if !bytes.Equal(got, want) {
			t.Errorf("%s is not what the data says: run go generate", filepath.Base(name))
		}
	}
}

// table returns the rows of a data file, and refuses one without a source.
func table(t *testing.T, name string) [][]string {
	t.Helper()
	b, err := os.ReadFile(filepath.Join("data", name))
	if err != nil {
		t.Fatal(err)
	}
	var rows [][]string
	for i, line := range strings.Split(strings.TrimSpace(string(b)), "\n") {
		r := strings.Split(line, "\t")
		if i == 0 {
			if r[len(r)-1] != "source" {
				t.Errorf("%s has no source column", name)
			}
			continue
		}
		if r[len(r)-1] == "" || r[len(r)-1] == "-" {
			t.Errorf("%s: %s has no source", name, r[0])
		}
		rows = append(rows, r)
	}
	return rows
}

func TestAuthorityHosts(t *testing.T) {
	for _, r := range table(t, "authority-hosts.tsv") {
		a, err := token.ParseAuthority("https://"+r[0]+"/common/oauth2/authorize", nil)
		if r[3] != "yes" {
			if err == nil {
				t.Errorf("%s is trusted", r[0])
			}
			continue
		}
		if err != nil || a.Host != r[2] || a.Cloud != r[1] {
			t.Errorf("ParseAuthority at %s = %+v, %v; want host %s in cloud %s", r[0], a, err, r[2], r[1])
		}
	}
}

func TestExchangeHosts(t *testing.T) {
	for _, r := range table(t, "exchange-hosts.tsv") {
		if err := token.CheckAudience([]string{exchangeApp}, mustURL("https://"+r[0]+"/Microsoft-Server-ActiveSync")); err != nil {
			t.Errorf("%s: %v", r[0], err)
		}
	}
}

// Every number has a class and one of the kinds that the package exports. Where the hint is
// "-", that of the kind stands in its place.
func TestHintsHaveKinds(t *testing.T) {
	user := " expired revoked password frequency mfa claims consent blocked device user declined interaction assertion "
	kinds := map[string]string{
		"ended":  " expired revoked password frequency ",
		"user":   user,
		"config": " client secret redirect resource scope tenant cloud request ",
		// The kinds of passing faults are for the reader of the table.
		"transient": " loop throttled retry pending ",
	}
	seen := map[string]bool{}
	for _, r := range table(t, "aadsts.tsv") {
		if !strings.Contains(kinds[r[1]], " "+r[2]+" ") || r[3] == "" {
			t.Errorf("AADSTS%s: class %q, kind %q, hint %q", r[0], r[1], r[2], r[3])
		}
		if seen[r[0]] {
			t.Errorf("AADSTS%s appears twice", r[0])
		}
		seen[r[0]] = true
	}
}

// The table knows every number of the published reference.
func TestTableIsComplete(t *testing.T) {
	known := map[string]bool{}
	for _, r := range table(t, "aadsts.tsv") {
		known[r[0]] = true
	}
	reference := table(t, "aadsts-reference.tsv")
	missing := 0
	for _, r := range reference {
		if !known[r[0]] {
			missing++
			t.Errorf("AADSTS%s is not in the table", r[0])
		}
	}
	t.Logf("the reference has %d numbers, of which the table lacks %d; it has %d more", len(reference), missing, len(known)+missing-len(reference))
}
