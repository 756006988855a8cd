package easoauth_test

import (
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path"
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
	b.WriteString("# Attacks and mishaps\n\nEach case is a test, named by its id; this table is made from the tests (`go test -run TestAttackList . -update`).\n\n" +
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
		t.Errorf("%s is not what the tests make (-have +want); run go test -run TestAttackList . -update\n%s", name, diff)
	}
}

// testsByID returns, for each id, the tests that name it, in the test files of the tree. The
// tests of internal/interop count, since .ci/run runs them.
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
		named, err := idsOf(src)
		for test, ids := range named {
			for _, id := range ids {
				out[id] = append(out[id], path.Join(filepath.ToSlash(filepath.Dir(name)), test))
			}
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	for _, tests := range out {
		slices.Sort(tests)
	}
	return out
}

var (
	testName = regexp.MustCompile(`^(?:Test|Fuzz)((?:S[0-9]{3})*)`)
	caseName = regexp.MustCompile(`^S[0-9]{3}(?: S[0-9]{3})*[: ]`)
	attackID = regexp.MustCompile(`S[0-9]{3}`)
)

// idsOf returns the ids that each test of a file names: at the start of its own name, after
// Test, or at the start of a text in its body or in a table of the file that it uses, which
// is the name of a case. What a comment or a message of the test says does not count.
func idsOf(src []byte) (map[string][]string, error) {
	file, err := parser.ParseFile(token.NewFileSet(), "", src, parser.SkipObjectResolution)
	if err != nil {
		return nil, err
	}
	tables := map[string][]string{}
	for _, d := range file.Decls {
		if d, ok := d.(*ast.GenDecl); ok {
			for _, s := range d.Specs {
				if s, ok := s.(*ast.ValueSpec); ok {
					tables[s.Names[0].Name] = casesIn(s, nil)
				}
			}
		}
	}
	out := map[string][]string{}
	for _, d := range file.Decls {
		f, ok := d.(*ast.FuncDecl)
		if !ok || f.Recv != nil || !testName.MatchString(f.Name.Name) {
			continue
		}
		ids := attackID.FindAllString(testName.FindStringSubmatch(f.Name.Name)[1], -1)
		ids = append(ids, casesIn(f.Body, tables)...)
		slices.Sort(ids)
		if ids = slices.Compact(ids); ids != nil {
			out[f.Name.Name] = ids
		}
	}
	return out, nil
}

// casesIn returns the ids that texts in n begin with, and those of the tables that n uses.
func casesIn(n ast.Node, tables map[string][]string) []string {
	var ids []string
	ast.Inspect(n, func(n ast.Node) bool {
		switch n := n.(type) {
		case *ast.CallExpr:
			s, ok := n.Fun.(*ast.SelectorExpr)
			return !ok || !slices.Contains([]string{"Error", "Errorf", "Fatal", "Fatalf", "Log", "Logf", "Skip", "Skipf"}, s.Sel.Name)
		case *ast.BasicLit:
			ids = append(ids, attackID.FindAllString(caseName.FindString(strings.Trim(n.Value, "\"`")), -1)...)
		case *ast.Ident:
			ids = append(ids, tables[n.Name]...)
		}
		return true
	})
	return ids
}

func TestIDsOf(t *testing.T) {
	got, err := idsOf([]byte(`package x

// S001: a comment.
func TestS002S003Name(t *testing.T) {
	// S004 in a comment
	t.Run("S005 a case", func(t *testing.T) {
		t.Errorf("S006 a message of %s", "S007 the same")
	})
	for _, name := range []string{"S008 S009: two", "S256", "the S010", "XS011 x"} {
		t.Run(name, f)
	}
}

func TestOther(t *testing.T) { f("RS256 S012 x") }

func FuzzS013(f *testing.F) {}

func helper() { f("S014 of no test") }

var table = []string{"S015 a row"}

var other = []string{"S016 of a table that no test uses"}

func TestTable(t *testing.T) { f(table) }
`))
	want := map[string][]string{"TestS002S003Name": {"S002", "S003", "S005", "S008", "S009"}, "FuzzS013": {"S013"}, "TestTable": {"S015"}}
	if diff := cmp.Diff(want, got); diff != "" || err != nil {
		t.Errorf("idsOf (-want +got), %v:\n%s", err, diff)
	}
}
