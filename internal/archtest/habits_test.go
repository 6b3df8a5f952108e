package archtest

import (
	"go/ast"
	"go/doc"
	"go/parser"
	"go/token"
	"io/fs"
	"maps"
	"os"
	"path"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// root gives the directory of the repository: the nearest one above that has a go.mod.
func root(t *testing.T) string {
	t.Helper()
	dir, err := os.Getwd()
	if err != nil {
		t.Fatal(err)
	}
	for {
		if _, err := os.Stat(filepath.Join(dir, "go.mod")); err == nil {
			return dir
		}
		up := filepath.Dir(dir)
		if up == dir {
			t.Fatal("no go.mod above the tests")
		}
		dir = up
	}
}

// A file is one of the repository's, by its slash-separated path from the root.
type file struct {
	path   string
	nested bool // of a nested module
}

func (f file) is(suffix string) bool { return strings.HasSuffix(f.path, suffix) }

// under tells whether the file is in a directory, at any depth.
func (f file) under(dir string) bool { return strings.HasPrefix(f.path, dir+"/") }

// shipped tells whether a program of our users can have it linked in.
func (f file) shipped() bool {
	return f.is(".go") && !f.is("_test.go") && !f.nested && !f.under("examples")
}

// files gives all files but hidden ones and those in testdata. It opens every directory and looks at every file in it, by which go test
// knows what its cached result hangs on: it does not see what a go command reads that a test has started.
func files(t *testing.T) []file {
	t.Helper()
	top := root(t)
	nested := map[string]bool{}
	var found []file
	err := filepath.WalkDir(top, func(name string, e fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if name == top {
			return nil
		}
		rel, err := filepath.Rel(top, name)
		if err != nil {
			return err
		}
		rel = filepath.ToSlash(rel)
		hidden := strings.HasPrefix(e.Name(), ".") || strings.HasPrefix(e.Name(), "_")
		switch {
		case e.IsDir() && (hidden || e.Name() == "testdata"):
			return fs.SkipDir
		case e.IsDir():
			_, err := os.Stat(filepath.Join(name, "go.mod"))
			nested[rel] = err == nil || nested[path.Dir(rel)]
		case !hidden:
			if _, err := os.Stat(name); err != nil {
				return err
			}
			found = append(found, file{path: rel, nested: nested[path.Dir(rel)]})
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	if len(found) < 3 {
		t.Fatalf("only %d files in %s", len(found), top)
	}
	return found
}

// source is a parsed Go file.
type source struct {
	file

	fset *token.FileSet
	ast  *ast.File
}

// at gives a position as path:line.
func (s source) at(n ast.Node) string { return at(s.fset, s.path, n) }

func at(fset *token.FileSet, name string, n ast.Node) string {
	p := fset.Position(n.Pos())
	if name == "" {
		name = p.Filename
	}
	p.Filename, p.Column = name, 0
	return p.String()
}

// sources parses the Go files that are wanted. Not to find one of them is an error: a check that looks at nothing proves nothing.
func sources(t *testing.T, want func(file) bool) []source {
	t.Helper()
	fset := token.NewFileSet()
	var found []source
	for _, f := range files(t) {
		if !f.is(".go") || !want(f) {
			continue
		}
		text, err := os.ReadFile(filepath.Join(root(t), filepath.FromSlash(f.path)))
		if err != nil {
			t.Fatal(err)
		}
		a, err := parser.ParseFile(fset, f.path, text, parser.ParseComments|parser.SkipObjectResolution)
		if err != nil {
			t.Fatal(err)
		}
		found = append(found, source{file: f, fset: fset, ast: a})
	}
	if len(found) == 0 {
		t.Fatal("no file to look at")
	}
	return found
}

// TestNoInit: what a package does when it is linked, nobody can see, order or avoid.
func TestNoInit(t *testing.T) {
	for _, s := range sources(t, func(f file) bool { return !f.is("_test.go") }) {
		for _, d := range s.ast.Decls {
			if f, ok := d.(*ast.FuncDecl); ok && f.Recv == nil && f.Name.Name == "init" {
				t.Errorf("%s: func init: do it in a constructor", s.at(f))
			}
		}
	}
}

// TestNoPanic: errors are returned. Only a function named Must… panics, and is named so for it.
func TestNoPanic(t *testing.T) {
	for _, s := range sources(t, file.shipped) {
		for _, d := range s.ast.Decls {
			if f, ok := d.(*ast.FuncDecl); ok && strings.HasPrefix(f.Name.Name, "Must") {
				continue
			}
			ast.Inspect(d, func(n ast.Node) bool {
				if call, ok := n.(*ast.CallExpr); ok && isIdent(call.Fun, "panic") {
					t.Errorf("%s: panic outside a function named Must…: return an error", s.at(call))
				}
				return true
			})
		}
	}
}

// TestNoSleep: a test that really sleeps is slow and, on a busy machine, wrong. Inside a synctest bubble a sleep takes no time
// and ends at an exact instant; there it is the way to let time pass. A test itself must not sleep but in what it gives to
// synctest.Test. Helpers and the functions in a table's rows may where there are bubbles beside them: that they are called
// in one, the source does not show.
func TestNoSleep(t *testing.T) {
	tests := sources(t, func(f file) bool { return f.is("_test.go") })
	bubbles := map[string]bool{} // by directory
	for _, s := range tests {
		ast.Inspect(s.ast, func(n ast.Node) bool {
			if call, ok := n.(*ast.CallExpr); ok && startsBubble(call) {
				bubbles[path.Dir(s.path)] = true
			}
			return true
		})
	}
	for _, s := range tests {
		bubble := bubbles[path.Dir(s.path)]
		for _, d := range s.ast.Decls {
			if f, ok := d.(*ast.FuncDecl); bubble && !(ok && f.Recv == nil && byGoTest.MatchString(f.Name.Name)) {
				continue
			}
			called := map[ast.Expr]bool{}
			ast.Inspect(d, func(n ast.Node) bool {
				switch n := n.(type) {
				case *ast.FuncLit:
					return called[n] || !bubble
				case *ast.CallExpr:
					if startsBubble(n) {
						return false // what is written inside runs in the bubble
					}
					if isSelector(n.Fun, "time", "Sleep") {
						t.Errorf("%s: time.Sleep outside of a call of synctest.Test", s.at(n))
					}
					called[n.Fun] = true // func() { … }()
					if sel, ok := n.Fun.(*ast.SelectorExpr); ok && sel.Sel.Name == "Run" {
						called[last(n.Args)] = true // t.Run(name, func(t *testing.T) { … })
					}
				}
				return true
			})
		}
	}
}

// startsBubble reports whether a call runs its last argument in a synctest bubble.
func startsBubble(call *ast.CallExpr) bool {
	return isSelector(call.Fun, "synctest", "Test") || isSelector(call.Fun, "assert", "RunSynctest")
}

// byGoTest matches the functions that go test calls by itself.
var byGoTest = regexp.MustCompile(`^(Test|Benchmark|Fuzz|Example)([^a-z]|$)`)

// TestExamplesAreRun: go test runs only the Examples that say what they print.
func TestExamplesAreRun(t *testing.T) {
	for _, s := range sources(t, func(f file) bool { return f.is("_test.go") }) {
		for _, e := range doc.Examples(s.ast) {
			if e.Output == "" && !e.EmptyOutput {
				t.Errorf("%s: Example%s has no Output comment: it is compiled, but never run", s.path, e.Name)
			}
		}
	}
}

// TestDocumented: every exported symbol has a comment, and every exported field: see undocumented. In a declaration of several
// constants or variables, one on the whole serves.
func TestDocumented(t *testing.T) {
	dirs := map[string][]*ast.File{}
	var fset *token.FileSet
	for _, s := range sources(t, func(f file) bool { return f.shipped() && !f.under("internal") }) {
		fset = s.fset
		dirs[path.Dir(s.path)] = append(dirs[path.Dir(s.path)], s.ast)
	}
	for _, dir := range slices.Sorted(maps.Keys(dirs)) {
		p, err := doc.NewFromFiles(fset, dirs[dir], path.Join(ours, dir))
		if err != nil {
			t.Fatal(err)
		}
		missing := func(n ast.Node, what string) {
			t.Errorf("%s: %s has no comment", at(fset, "", n), what)
		}
		if p.Doc == "" {
			t.Errorf("%s: the package has no comment", dir)
		}
		values := slices.Concat(p.Consts, p.Vars)
		funcs := p.Funcs
		for _, typ := range p.Types {
			if typ.Doc == "" && exportedSpec(typ.Decl, typ.Name).Doc == nil {
				missing(typ.Decl, typ.Name)
			}
			values = append(values, slices.Concat(typ.Consts, typ.Vars)...)
			funcs = append(funcs, slices.Concat(typ.Funcs, typ.Methods)...)
			for _, f := range undocumented(fset, typ) {
				missing(f, typ.Name+"."+f.Name)
			}
			for _, m := range interfaceMethods(typ) {
				if m.Doc == nil && m.Comment == nil && !mirrorsSDK(m) {
					missing(m, typ.Name+"."+m.Names[0].Name)
				}
			}
		}
		for _, f := range funcs {
			if f.Doc == "" {
				missing(f.Decl, strings.TrimPrefix(f.Recv+"."+f.Name, "."))
			}
		}
		for _, v := range values {
			if v.Doc != "" {
				continue
			}
			for _, spec := range v.Decl.Specs {
				if s, ok := spec.(*ast.ValueSpec); ok && s.Doc == nil && s.Comment == nil {
					missing(s, s.Names[0].Name)
				}
			}
		}
	}
}

// exportedSpec gives the spec of a type, which has a comment of its own when several types are declared together.
func exportedSpec(d *ast.GenDecl, name string) *ast.TypeSpec {
	for _, s := range d.Specs {
		if ts, ok := s.(*ast.TypeSpec); ok && ts.Name.Name == name {
			return ts
		}
	}
	return &ast.TypeSpec{}
}

// interfaceMethods gives the exported methods that an interface type declares itself.
func interfaceMethods(typ *doc.Type) []*ast.Field {
	it, ok := exportedSpec(typ.Decl, typ.Name).Type.(*ast.InterfaceType)
	if !ok {
		return nil
	}
	var mm []*ast.Field
	for _, m := range it.Methods.List {
		if _, isFunc := m.Type.(*ast.FuncType); isFunc && len(m.Names) == 1 && m.Names[0].IsExported() {
			mm = append(mm, m)
		}
	}
	return mm
}

// mirrorsSDK tells by its last parameter, ...func(*rds.Options), that a method is one of an SDK client's: the SDK documents it.
func mirrorsSDK(m *ast.Field) bool {
	f, ok := m.Type.(*ast.FuncType)
	if !ok || f.Params.NumFields() == 0 {
		return false
	}
	rest, ok := f.Params.List[len(f.Params.List)-1].Type.(*ast.Ellipsis)
	if !ok {
		return false
	}
	fn, ok := rest.Elt.(*ast.FuncType)
	if !ok || fn.Params.NumFields() != 1 {
		return false
	}
	star, ok := fn.Params.List[0].Type.(*ast.StarExpr)
	if !ok {
		return false
	}
	sel, ok := star.X.(*ast.SelectorExpr)
	return ok && sel.Sel.Name == "Options"
}

var (
	fenced   = regexp.MustCompile("(?ms)^[ \t]*(```|~~~).*?^[ \t]*(```|~~~)[ \t]*$")
	code     = regexp.MustCompile("`[^`\n]*`")
	inline   = regexp.MustCompile(`\]\(\s*<?([^)\s>]+)>?[^)]*\)`)
	ref      = regexp.MustCompile(`(?m)^ {0,3}\[[^\]]+\]:\s*<?([^\s>]+)>?`)
	html     = regexp.MustCompile(`(?:href|src|srcset)="([^"]+)"`)
	absolute = regexp.MustCompile(`^(?:[a-zA-Z][a-zA-Z0-9+.-]*:|//)`)
)

// links gives the relative targets of the links in a Markdown text, without their fragments. What stands in code is no link.
func links(text string) []string {
	text = code.ReplaceAllString(fenced.ReplaceAllString(text, ""), "")
	var targets []string
	for _, re := range []*regexp.Regexp{inline, ref, html} {
		for _, m := range re.FindAllStringSubmatch(text, -1) {
			target, _, _ := strings.Cut(m[1], "#")
			if target != "" && !absolute.MatchString(target) {
				targets = append(targets, target)
			}
		}
	}
	return targets
}

// TestLinks: a relative link in a Markdown file leads to a file that is there.
func TestLinks(t *testing.T) {
	for _, f := range files(t) {
		if !f.is(".md") {
			continue
		}
		text, err := os.ReadFile(filepath.Join(root(t), filepath.FromSlash(f.path)))
		if err != nil {
			t.Fatal(err)
		}
		for _, target := range links(string(text)) {
			full := path.Join(path.Dir(f.path), target)
			if strings.HasPrefix(target, "/") {
				full = target[1:] // from the root of the repository
			}
			if strings.HasPrefix(full, "../") {
				t.Errorf("%s: the link %s leads out of the repository", f.path, target)
			} else if _, err := os.Stat(filepath.Join(root(t), filepath.FromSlash(full))); err != nil {
				t.Errorf("%s: the link %s leads nowhere", f.path, target)
			}
		}
	}
}

func TestLinksAreFound(t *testing.T) {
	const text = "[a](docs/a.md) ![b](<b.png> \"title\") [c](#here) [d](c.md#there) [e](https://example.com/e.md) <img src=\"f.svg\">\n" +
		"`[g](g.md)`\n[h]: h.md\n```go\nx := y[i](z)\n```\n[j](mailto:j@example.com)\n"
	want := []string{"docs/a.md", "b.png", "c.md", "h.md", "f.svg"}
	if got := links(text); !slices.Equal(got, want) {
		t.Errorf("links: %q, want %q", got, want)
	}
}

func last(args []ast.Expr) ast.Expr {
	if len(args) == 0 {
		return nil
	}
	return args[len(args)-1]
}

func isIdent(e ast.Expr, name string) bool {
	id, ok := e.(*ast.Ident)
	return ok && id.Name == name
}

func isSelector(e ast.Expr, pkg, name string) bool {
	sel, ok := e.(*ast.SelectorExpr)
	return ok && sel.Sel.Name == name && isIdent(sel.X, pkg)
}
