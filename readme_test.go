package easoauth_test

import (
	"bytes"
	"fmt"
	"io/fs"
	"net/url"
	"os"
	"path"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"testing/synctest"

	"github.com/easoauth/easoauth/eas/eastest"
)

// The sample error of README.md is what the library prints.
func TestReadmeShowsARealError(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		tn := eastest.New(t, &eastest.Options{Topology: eastest.Hybrid, Faults: []eastest.Fault{{ID: "TLS_OFFLOAD"}}})
		tn.AddMailbox(ada)
		_, _, err := dance(t.Context(), tn, ada)
		if err == nil {
			t.Fatal("the dance behind TLS offloading succeeds")
		}
		readme, readErr := os.ReadFile("README.md")
		if readErr != nil {
			t.Fatal(readErr)
		}
		want := strings.Join(strings.Fields(err.Error()), " ")
		if !strings.Contains(strings.Join(strings.Fields(string(readme)), " "), want) {
			t.Errorf("README.md does not show the error as it is:\n%s", want)
		}
	})
}

// TestReadme holds the length of README.md, what it says about cost, and that its badges are about
// what is there.
func TestReadme(t *testing.T) {
	readme, err := os.ReadFile("README.md")
	if err != nil {
		t.Fatal(err)
	}
	if n := strings.Count(string(readme), "\n"); n > 150 {
		t.Errorf("README.md has %d lines, want at most 150", n)
	}
	mod, err := os.ReadFile("go.mod")
	if err != nil {
		t.Fatal(err)
	}
	version := regexp.MustCompile(`(?m)^go (1\.\d+)`).FindStringSubmatch(string(mod))
	direct := regexp.MustCompile(`(?m)^\t(\S+) v\S+$`).FindAllStringSubmatch(string(mod), -1)
	direct = slices.DeleteFunc(direct, func(m []string) bool { return m[1] == "github.com/google/go-cmp" }) // of tests
	if want := fmt.Sprintf("Go %s; %d dependencies, 4 of which `eas` and `bearer` do without", version[1], len(direct)); !strings.Contains(string(readme), want) {
		t.Errorf("README.md does not say %q", want)
	}
	for _, pkg := range []string{"eas", "bearer"} {
		var needs []string
		for _, allowed := range append(graph[pkg], "golang.org/x/net") { // of internal/origin
			if strings.Contains(strings.Split(allowed, "/")[0], ".") && !slices.Contains(needs, allowed) {
				needs = append(needs, allowed)
			}
		}
		if len(direct)-len(needs) < 4 {
			t.Errorf("%s needs %q", pkg, needs)
		}
	}
	for _, m := range regexp.MustCompile(`/actions/workflows/([a-z.]+)/badge`).FindAllStringSubmatch(string(readme), -1) {
		if _, err := os.Stat(filepath.Join(".github", "workflows", m[1])); err != nil {
			t.Errorf("the badge of a workflow: %v", err)
		}
	}
	licence, err := os.ReadFile("LICENSE")
	if err != nil {
		t.Fatal(err)
	}
	if strings.Contains(string(readme), "[MIT]") && !bytes.HasPrefix(licence, []byte("MIT License")) {
		t.Error("README.md says MIT, and LICENSE does not")
	}
}

// TestDocumentsShowCompiledGo holds every Go block of the documents against the programs,
// examples and tests that the compiler sees.
func TestDocumentsShowCompiledGo(t *testing.T) {
	var sources []string
	err := filepath.WalkDir(".", func(name string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		if strings.HasSuffix(name, "_test.go") || isProgram(filepath.ToSlash(name)) && strings.HasSuffix(name, ".go") {
			b, err := os.ReadFile(name)
			if err != nil {
				return err
			}
			sources = append(sources, squeeze(string(b)))
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	blocks := 0
	for name, text := range documents(t) {
		for _, b := range strings.Split(text, "```go\n")[1:] {
			blocks++
			code, _, _ := strings.Cut(b, "```")
			if !slices.ContainsFunc(sources, func(s string) bool { return strings.Contains(s, squeeze(code)) }) {
				t.Errorf("no compiled file holds this block of %s:\n%s", name, code)
			}
		}
	}
	if blocks == 0 {
		t.Error("the documents show no Go")
	}
}

// squeeze drops indentation, which differs between a program and its quotation.
func squeeze(s string) string {
	var b strings.Builder
	for line := range strings.Lines(s) {
		b.WriteString(strings.TrimSpace(line))
		b.WriteByte('\n')
	}
	return strings.TrimSpace(b.String())
}

// TestDocumentsLink sees that every link within the repository leads to a file, and to a
// heading of it.
func TestDocumentsLink(t *testing.T) {
	all := documents(t)
	link := regexp.MustCompile(`\]\(([^)\s]+)\)`)
	for name, text := range all {
		for _, m := range link.FindAllStringSubmatch(text, -1) {
			u, err := url.Parse(m[1])
			if err != nil {
				t.Errorf("%s: %v", name, err)
				continue
			}
			if u.Scheme != "" {
				continue
			}
			target := name
			if u.Path != "" {
				target = filepath.ToSlash(filepath.Join(filepath.Dir(name), filepath.FromSlash(u.Path)))
			}
			if _, err := os.Stat(target); err != nil {
				t.Errorf("%s: the link %s leads nowhere", name, m[1])
			} else if u.Fragment != "" && !slices.Contains(headings(all[target]), u.Fragment) {
				t.Errorf("%s: no heading for the link %s", name, m[1])
			}
		}
	}
}

// documents returns the Markdown files of the root, of docs and of .github by name.
func documents(t *testing.T) map[string]string {
	t.Helper()
	all := map[string]string{}
	for _, pattern := range []string{"*.md", "docs/*.md", ".github/*.md", ".github/*/*.md"} {
		names, err := filepath.Glob(pattern)
		if err != nil {
			t.Fatal(err)
		}
		for _, name := range names {
			b, err := os.ReadFile(name)
			if err != nil {
				t.Fatal(err)
			}
			all[filepath.ToSlash(name)] = string(b)
		}
	}
	return all
}

// headings returns the fragments by which the headings of a document are linked to.
func headings(text string) (all []string) {
	other := regexp.MustCompile(`[^\p{L}\p{N} _-]`)
	for line := range strings.Lines(text) {
		if strings.HasPrefix(line, "#") {
			heading := strings.ToLower(strings.TrimSpace(strings.TrimLeft(line, "#")))
			all = append(all, strings.ReplaceAll(other.ReplaceAllString(heading, ""), " ", "-"))
		}
	}
	return all
}

// TestDocumentsName sees that the names of this module that documents mention in code, such as
// token.Source.SignIn, and the tests that they mention, exist. CHANGELOG.md names what was.
func TestDocumentsName(t *testing.T) {
	known := map[string]bool{}
	for _, dir := range packages(t) {
		if !isPublic(dir) || dir == "." {
			continue
		}
		pkg := path.Base(dir)
		known[pkg] = true
		for _, line := range api(t, dir) {
			_, line, _ = strings.Cut(line, ": ")
			if m := regexp.MustCompile(`^func \(\*?(\w+)\) (\w+)`).FindStringSubmatch(line); m != nil {
				known[pkg+"."+m[1]+"."+m[2]] = true
			} else if m := regexp.MustCompile(`^type (\w+) struct, (\w+)`).FindStringSubmatch(line); m != nil {
				known[pkg+"."+m[1]+"."+m[2]] = true
			} else if m := regexp.MustCompile(`^\w+ (\w+)`).FindStringSubmatch(line); m != nil {
				known[pkg+"."+m[1]] = true
			}
		}
	}
	test := regexp.MustCompile(`(?m)^func ((?:Test|Example|Benchmark|Fuzz)\w+)\(`)
	err := filepath.WalkDir(".", func(name string, d fs.DirEntry, err error) error {
		if err != nil || !strings.HasSuffix(name, "_test.go") {
			return err
		}
		b, err := os.ReadFile(name)
		if err != nil {
			return err
		}
		for _, m := range test.FindAllStringSubmatch(string(b), -1) {
			known[m[1]] = true
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	code := regexp.MustCompile("`[^`\n]+`")
	exported := regexp.MustCompile(`\b(?:autodiscover|bearer|token|eas|eastest|diagnose|sqlstore|keyring)\.[A-Z]\w*(?:\.[A-Z]\w*)?`)
	tests := regexp.MustCompile(`\b(?:Test|Benchmark|Fuzz)[A-Z]\w*|\bExample[A-Z]\w*_\w+`)
	for file, text := range documents(t) {
		if file == "CHANGELOG.md" {
			continue
		}
		names := tests.FindAllString(text, -1)
		for _, span := range code.FindAllString(text, -1) {
			names = append(names, exported.FindAllString(span, -1)...)
		}
		for _, n := range names {
			if !known[n] {
				t.Errorf("%s names %s, which does not exist", file, n)
			}
		}
	}
}

// TestDocumentsLanguage keeps out of the documents the phrases at which readers stop.
func TestDocumentsLanguage(t *testing.T) {
	stops := regexp.MustCompile(`(?i)\b(besides|of late|be had|tells? of|somebody|anew)\b`)
	for name, text := range documents(t) {
		for i, line := range strings.Split(text, "\n") {
			if m := stops.FindString(line); m != "" {
				t.Errorf("%s:%d: %q", name, i+1, m)
			}
		}
	}
}
