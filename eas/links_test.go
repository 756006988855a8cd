package eas_test

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// TestSpecificationLinks holds the package documentation to a link for every specification
// that a comment of the package names.
func TestSpecificationLinks(t *testing.T) {
	doc, err := os.ReadFile("doc.go")
	if err != nil {
		t.Fatal(err)
	}
	files, err := filepath.Glob("*.go")
	if err != nil {
		t.Fatal(err)
	}
	reference := regexp.MustCompile(`\[MS-[A-Z]+\]`)
	seen := map[string]bool{}
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		for _, name := range reference.FindAllString(string(text), -1) {
			if seen[name] {
				continue
			}
			seen[name] = true
			want := "// " + name + ": https://learn.microsoft.com/openspecs/exchange_server_protocols/" + strings.ToLower(strings.Trim(name, "[]")) + "\n"
			if !strings.Contains(string(doc), want) {
				t.Errorf("%s names %s, and doc.go has no line %q", file, name, want)
			}
		}
	}
	if len(seen) < 10 {
		t.Errorf("only %d specifications are named", len(seen))
	}
}
