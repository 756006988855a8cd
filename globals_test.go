package easoauth_test

import (
	"errors"
	"go/ast"
	"go/parser"
	"go/token"
	"go/types"
	"path/filepath"
	"strings"
	"testing"
)

// TestS140NoGlobalState sees that two users of the library in one program do not meet: no
// function of a package sets a variable of a package, its own or another's such as
// http.DefaultClient, and no package does anything when it is imported.
func TestS140NoGlobalState(t *testing.T) {
	for _, dir := range packages(t) {
		if isProgram(dir) || isGenerator(dir) {
			continue
		}
		names, err := filepath.Glob(filepath.Join(dir, "*.go"))
		if err != nil {
			t.Fatal(err)
		}
		fset := token.NewFileSet()
		var files []*ast.File
		for _, name := range names {
			if strings.HasSuffix(name, "_test.go") {
				continue
			}
			f, err := parser.ParseFile(fset, name, nil, parser.SkipObjectResolution)
			if err != nil {
				t.Fatal(err)
			}
			files = append(files, f)
		}
		for _, what := range globalsSet(fset, files) {
			t.Errorf("%s: %s", dir, what)
		}
	}
}

// TestS019S020TLS sees that no code turns the verification of certificates off, lowers the
// version of TLS or allows renegotiation: crypto/tls is used as it is.
func TestS019S020TLS(t *testing.T) {
	for _, dir := range packages(t) {
		names, err := filepath.Glob(filepath.Join(dir, "*.go"))
		if err != nil {
			t.Fatal(err)
		}
		for _, name := range names {
			if strings.HasSuffix(name, "_test.go") {
				continue
			}
			f, err := parser.ParseFile(token.NewFileSet(), name, nil, parser.SkipObjectResolution)
			if err != nil {
				t.Fatal(err)
			}
			ast.Inspect(f, func(n ast.Node) bool {
				if id, ok := n.(*ast.Ident); ok {
					switch id.Name {
					case "InsecureSkipVerify", "Renegotiation", "MaxVersion", "VersionTLS10", "VersionTLS11", "CipherSuites":
						t.Errorf("%s uses %s", name, id.Name)
					}
				}
				return true
			})
		}
	}
}

// globalsSet returns the variables of packages that functions in files set, and the init
// functions.
func globalsSet(fset *token.FileSet, files []*ast.File) []string {
	// The names suffice: what is imported, or written for another system, need not be known.
	info := &types.Info{Uses: map[*ast.Ident]types.Object{}}
	conf := types.Config{Importer: nothing{}, Error: func(error) {}}
	pkg, _ := conf.Check("x", fset, files, info)
	var out []string
	set := func(e ast.Expr) {
		for {
			switch x := e.(type) {
			case *ast.IndexExpr:
				e = x.X
				continue
			case *ast.StarExpr:
				e = x.X
				continue
			case *ast.SelectorExpr:
				if p, ok := x.X.(*ast.Ident); ok {
					if _, ok := info.Uses[p].(*types.PkgName); ok {
						out = append(out, p.Name+"."+x.Sel.Name+" is set")
						return
					}
				}
				e = x.X
				continue
			case *ast.Ident:
				if v, ok := info.Uses[x].(*types.Var); ok && v.Parent() == pkg.Scope() {
					out = append(out, x.Name+" is set")
				}
			}
			return
		}
	}
	for _, f := range files {
		for _, d := range f.Decls {
			fn, ok := d.(*ast.FuncDecl)
			if !ok || fn.Body == nil {
				continue
			}
			if fn.Recv == nil && fn.Name.Name == "init" {
				out = append(out, "there is an init function")
			}
			ast.Inspect(fn.Body, func(n ast.Node) bool {
				switch n := n.(type) {
				case *ast.AssignStmt:
					for _, e := range n.Lhs {
						set(e)
					}
				case *ast.IncDecStmt:
					set(n.X)
				}
				return true
			})
		}
	}
	return out
}

// nothing is an importer that finds nothing.
type nothing struct{}

func (nothing) Import(string) (*types.Package, error) { return nil, errors.New("not imported") }

func TestGlobalsSet(t *testing.T) {
	fset := token.NewFileSet()
	var files []*ast.File
	for _, src := range []string{
		"package x\nimport \"net/http\"\nfunc f() { http.DefaultClient = nil; a = 1; b[\"x\"]++; *c.d = 2; local := 1; local = 2; { a := 0; a = 1; _ = a }; _ = local }\nvar a int",
		"package x\nvar b map[string]int\nvar c struct{ d *int }\nfunc init() {}",
	} {
		f, err := parser.ParseFile(fset, "", src, parser.SkipObjectResolution)
		if err != nil {
			t.Fatal(err)
		}
		files = append(files, f)
	}
	const want = "http.DefaultClient is set, a is set, b is set, c is set, there is an init function"
	if got := strings.Join(globalsSet(fset, files), ", "); got != want {
		t.Errorf("globalsSet = %s, want %s", got, want)
	}
}
