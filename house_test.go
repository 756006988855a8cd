package easoauth_test

import (
	"bytes"
	"flag"
	"fmt"
	"go/ast"
	"go/doc"
	"go/parser"
	"go/printer"
	"go/token"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

var update = flag.Bool("update", false, "rewrite api.txt")

var fset = token.NewFileSet()

const module = "github.com/easoauth/easoauth"

// graph says, for each package of the house, which packages of the house and which other
// modules its non-test files may import. The standard library is free to all.
var graph = map[string][]string{
	".":                 {},
	"internal/archive":  {"internal/origin", "internal/wbxml", "golang.org/x/net"},
	"internal/fault":    {},
	"internal/front":    {},
	"internal/golden":   {"github.com/google/go-cmp"},
	"internal/keyed":    {},
	"internal/picture":  {},
	"internal/origin":   {"internal/safehttp", "golang.org/x/net"},
	"internal/safehttp": {"internal/fault"},
	"internal/seal":     {},
	"internal/wbxml":    {},
	"internal/airsync":  {"internal/wbxml"},
	"autodiscover":      {"internal/fault", "internal/front", "internal/origin", "internal/safehttp", "golang.org/x/net"},
	"bearer":            {"internal/fault", "internal/front", "internal/safehttp", "golang.org/x/oauth2"},
	"token": {"bearer", "internal/safehttp", "internal/keyed", "internal/seal", "golang.org/x/oauth2", "golang.org/x/net",
		"github.com/coreos/go-oidc/v3", "github.com/go-jose/go-jose/v4", "github.com/gofrs/flock"},
	"token/storetest": {"token"},
	"token/sqlstore":  {"token", "internal/keyed", "internal/seal"},
	"token/keyring":   {"token", "internal/keyed", "github.com/zalando/go-keyring"},
	"eas":             {"bearer", "internal/safehttp", "internal/origin", "internal/airsync", "internal/wbxml", "golang.org/x/oauth2"},
	"eas/diagnose":    {"autodiscover", "bearer", "eas", "token", "internal/archive", "internal/fault", "internal/front", "internal/origin", "internal/picture", "internal/safehttp", "golang.org/x/oauth2"},
	"eas/eastest": {"bearer", "eas", "internal/archive", "internal/fault", "internal/airsync", "internal/wbxml", "internal/safehttp",
		"golang.org/x/net", "golang.org/x/oauth2", "github.com/go-jose/go-jose/v4"},
}

func TestImportGraph(t *testing.T) {
	for _, dir := range packages(t) {
		if isProgram(dir) || isGenerator(dir) {
			continue // programs stand on top of everything
		}
		allowed, ok := graph[dir]
		if !ok {
			t.Errorf("package %s is not in the graph: say here what it may import", dir)
			continue
		}
		for file, f := range parse(t, dir, parser.ImportsOnly) {
			for _, spec := range f.Imports {
				p := strings.Trim(spec.Path.Value, `"`)
				if !strings.Contains(strings.Split(p, "/")[0], ".") {
					continue
				}
				rel, own := strings.CutPrefix(p, module+"/")
				if !slices.ContainsFunc(allowed, func(a string) bool {
					return own && rel == a || !own && (p == a || strings.HasPrefix(p, a+"/"))
				}) {
					t.Errorf("%s imports %s, which the graph does not allow", file, p)
				}
			}
		}
	}
}

// TestAPI keeps the exported names of every public package in api.txt, so that a change of
// the contract is seen in review. Run with -update to accept one.
func TestAPI(t *testing.T) {
	var b strings.Builder
	for _, dir := range packages(t) {
		if isPublic(dir) {
			fmt.Fprintf(&b, "%s\n", strings.Join(api(t, dir), "\n"))
		}
	}
	if *update {
		if err := os.WriteFile("api.txt", []byte(b.String()), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	want, err := os.ReadFile("api.txt")
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(strings.Split(string(want), "\n"), strings.Split(b.String(), "\n")); diff != "" {
		t.Errorf("exported names differ from api.txt (-want +got); accept with go test -run TestAPI -update .\n%s", diff)
	}
}

func TestEveryExportedNameIsDocumented(t *testing.T) {
	for _, dir := range packages(t) {
		if !isPublic(dir) {
			continue
		}
		p := docs(t, dir)
		if strings.TrimSpace(p.Doc) == "" {
			t.Errorf("package %s has no documentation", dir)
		}
		check := func(name, text string) {
			if strings.TrimSpace(text) == "" {
				t.Errorf("%s: %s has no documentation", dir, name)
			}
		}
		values := func(vs []*doc.Value) {
			for _, v := range vs {
				for _, s := range v.Decl.Specs {
					s := s.(*ast.ValueSpec)
					check(s.Names[0].Name, v.Doc+s.Doc.Text()+s.Comment.Text())
				}
			}
		}
		funcs := func(prefix string, fs []*doc.Func) {
			for _, f := range fs {
				if !isConventional(f.Name) {
					check(prefix+f.Name, f.Doc)
				}
			}
		}
		values(p.Consts)
		values(p.Vars)
		funcs("", p.Funcs)
		for _, typ := range p.Types {
			check(typ.Name, typ.Doc)
			values(typ.Consts)
			values(typ.Vars)
			funcs("", typ.Funcs)
			funcs(typ.Name+".", typ.Methods)
		}
	}
}

// isConventional reports whether a method says all with its name and signature.
func isConventional(name string) bool {
	switch name {
	case "Error", "Unwrap", "String", "GoString", "Is", "As", "MarshalJSON", "UnmarshalJSON", "LogValue", "Format", "MarshalText", "UnmarshalText":
		return true
	}
	return false
}

// packages returns the folders of this module that hold Go files.
func packages(t *testing.T) []string {
	t.Helper()
	var dirs []string
	err := filepath.WalkDir(".", func(name string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if d.IsDir() {
			base := filepath.Base(name)
			if name != "." && (strings.HasPrefix(base, ".") || base == "testdata") {
				return fs.SkipDir
			}
			if _, err := os.Stat(filepath.Join(name, "go.mod")); err == nil && name != "." {
				return fs.SkipDir // a module of its own
			}
			return nil
		}
		if dir := filepath.ToSlash(filepath.Dir(name)); strings.HasSuffix(name, ".go") && !slices.Contains(dirs, dir) {
			dirs = append(dirs, dir)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	slices.Sort(dirs)
	return dirs
}

func isPublic(dir string) bool {
	return !strings.HasPrefix(dir, "internal") && !isProgram(dir) && !isGenerator(dir)
}

// isProgram reports whether a folder holds programs that show the use of the library.
func isProgram(dir string) bool {
	return strings.HasPrefix(dir, "examples/") || strings.HasPrefix(dir, "docs/")
}

func isGenerator(dir string) bool {
	return path.Base(dir) == "gen" || strings.HasPrefix(path.Base(dir), "gen")
}

func parse(t *testing.T, dir string, mode parser.Mode) map[string]*ast.File {
	t.Helper()
	names, err := filepath.Glob(filepath.Join(dir, "*.go"))
	if err != nil {
		t.Fatal(err)
	}
	files := map[string]*ast.File{}
	for _, name := range names {
		if strings.HasSuffix(name, "_test.go") {
			continue
		}
		f, err := parser.ParseFile(fset, name, nil, mode)
		if err != nil {
			t.Fatal(err)
		}
		files[name] = f
	}
	return files
}

func docs(t *testing.T, dir string) *doc.Package {
	t.Helper()
	var files []*ast.File
	for _, f := range parse(t, dir, parser.ParseComments) {
		files = append(files, f)
	}
	p, err := doc.NewFromFiles(fset, files, path.Join(module, dir))
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// api returns a line for each exported name of the package in dir.
func api(t *testing.T, dir string) []string {
	t.Helper()
	src := func(n any) string {
		var b bytes.Buffer
		if err := printer.Fprint(&b, fset, n); err != nil {
			t.Fatal(err)
		}
		return strings.Join(strings.Fields(b.String()), " ")
	}
	p := docs(t, dir)
	var lines []string
	add := func(format string, args ...any) {
		lines = append(lines, dir+": "+fmt.Sprintf(format, args...))
	}
	values := func(vs []*doc.Value) {
		for _, v := range vs {
			for _, s := range v.Decl.Specs {
				s := s.(*ast.ValueSpec)
				for _, n := range s.Names {
					if n.IsExported() {
						typ := ""
						if s.Type != nil {
							typ = " " + src(s.Type)
						}
						add("%s %s%s", v.Decl.Tok, n.Name, typ)
					}
				}
			}
		}
	}
	funcs := func(fs []*doc.Func) {
		for _, f := range fs {
			recv := ""
			if f.Recv != "" {
				recv = "(" + f.Recv + ") "
			}
			add("func %s%s%s", recv, f.Name, strings.TrimPrefix(src(f.Decl.Type), "func"))
		}
	}
	values(p.Consts)
	values(p.Vars)
	funcs(p.Funcs)
	for _, typ := range p.Types {
		spec := typ.Decl.Specs[0].(*ast.TypeSpec)
		switch x := spec.Type.(type) {
		case *ast.StructType:
			add("type %s struct", typ.Name)
			for _, f := range x.Fields.List {
				for _, n := range f.Names {
					if n.IsExported() {
						add("type %s struct, %s %s", typ.Name, n.Name, src(f.Type))
					}
				}
				if len(f.Names) == 0 {
					add("type %s struct, embeds %s", typ.Name, src(f.Type))
				}
			}
		case *ast.InterfaceType:
			add("type %s %s", typ.Name, src(x))
		default:
			add("type %s %s", typ.Name, src(x))
		}
		values(typ.Consts)
		values(typ.Vars)
		funcs(typ.Funcs)
		funcs(typ.Methods)
	}
	slices.Sort(lines)
	return slices.Compact(lines)
}
