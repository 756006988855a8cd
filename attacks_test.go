package easoauth_test

import (
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// promises are those of SECURITY.md, by the names that docs/attacks.tsv uses.
var promises = map[string]string{
	"token":  "no token to a stranger",
	"lost":   "no sign-in and no mail lost",
	"once":   "nothing sent twice",
	"secret": "no secret printed or sent",
	"panic":  "no panic, no wrong reading",
	"cost":   "no unbounded cost",
	"none":   "–",
}

// TestAttackList holds docs/attacks.md against the tests: each case of docs/attacks.tsv is
// named by its id in a test, or the table says what stands in a test's place. Run with
// -update after a change.
func TestAttackList(t *testing.T) {
	data, err := os.ReadFile("docs/attacks.tsv")
	if err != nil {
		t.Fatal(err)
	}
	where := testsByID(t)
	var b strings.Builder
	b.WriteString("# Attacks and mishaps\n\nEach case is a test, named by its id; this table is made from the tests (`go test -run TestAttackList -update .`).\n\n" +
		"| id | case | promise | held by |\n|---|---|---|---|\n")
	known := map[string]bool{}
	for _, line := range strings.Split(strings.TrimSpace(string(data)), "\n")[1:] {
		f := strings.Split(line, "\t")
		if len(f) != 4 || promises[f[1]] == "" || known[f[0]] {
			t.Fatalf("row %q", line)
		}
		known[f[0]] = true
		by := strings.Join(where[f[0]], ", ")
		switch {
		case by == "" && f[3] == "":
			t.Errorf("no test is named %s (%s), and the table does not say why", f[0], f[2])
		case by == "":
			by = f[3]
		case f[3] != "":
			t.Errorf("%s has a test, and the table says what stands in its place", f[0])
		}
		fmt.Fprintf(&b, "| %s | %s | %s | %s |\n", f[0], f[2], promises[f[1]], by)
	}
	for id, tests := range where {
		if !known[id] {
			t.Errorf("%s of %v is not in docs/attacks.tsv", id, tests)
		}
	}
	const name = "docs/attacks.md"
	if *update {
		if err := os.WriteFile(name, []byte(b.String()), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	have, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(strings.Split(string(have), "\n"), strings.Split(b.String(), "\n")); diff != "" {
		t.Errorf("%s is not what the tests make (-have +want); run go test -run TestAttackList -update .\n%s", name, diff)
	}
}

var (
	attackID = regexp.MustCompile(`\bS[0-9]{3}(?:_[A-Za-z0-9_]*)?\b|Test[A-Za-z]*(S[0-9]{3})\w*`)
	idOnly   = regexp.MustCompile(`S[0-9]{3}`)
	testFunc = regexp.MustCompile(`(?m)^func ((?:Test|Fuzz)\w*)\(`)
)

// testsByID returns, for each id, the tests that name it: in their own name, or in the name
// of a case. The tests of internal/interop count, since .ci/run runs them.
func testsByID(t *testing.T) map[string][]string {
	t.Helper()
	out := map[string][]string{}
	err := filepath.WalkDir(".", func(name string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() || !strings.HasSuffix(name, "_test.go") || name == "attacks_test.go" {
			return err
		}
		src, err := os.ReadFile(name)
		if err != nil {
			return err
		}
		funcs := testFunc.FindAllSubmatchIndex(src, -1)
		for i, f := range funcs {
			end := len(src)
			if i+1 < len(funcs) {
				end = funcs[i+1][0]
			}
			test := filepath.ToSlash(filepath.Dir(name)) + "." + string(src[f[2]:f[3]])
			for _, m := range attackID.FindAll(src[f[0]:end], -1) {
				id := idOnly.FindString(string(m))
				if !slices.Contains(out[id], test) {
					out[id] = append(out[id], test)
				}
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	for _, tests := range out {
		slices.Sort(tests)
	}
	return out
}
