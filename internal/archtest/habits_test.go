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

// root returns the directory of the repository: the nearest parent directory that has a go.mod.
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

// A file of the repository has a slash-separated path from the root.
type file struct {
	path   string
	nested bool // part of a nested module
}

// is reports whether the path ends with a suffix.
func (f file) is(suffix string) bool { return strings.HasSuffix(f.path, suffix) }

// under reports whether the file is in a directory, at any depth.
func (f file) under(dir string) bool { return strings.HasPrefix(f.path, dir+"/") }

// shipped reports whether a user's program can link the file.
func (f file) shipped() bool {
	return f.is(".go") && !f.is("_test.go") && !f.nested && !f.under("examples")
}

// files returns all files except hidden ones and those in testdata. It opens each directory and
// stats each file, so that go test's cache depends on them: the cache does not see the files that a
// go command reads, when a test runs one.
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

// at returns the position of a node as path:line.
func (s source) at(n ast.Node) string { return at(s.fset, s.path, n) }

// at returns the position of a node as path:line. An empty name means the name in fset.
func at(fset *token.FileSet, name string, n ast.Node) string {
	p := fset.Position(n.Pos())
	if name == "" {
		name = p.Filename
	}
	p.Filename, p.Column = name, 0
	return p.String()
}

// sources parses the Go files that want selects. It ends the test if there is none, because a check
// of no files proves nothing.
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
		t.Fatal("no Go file is selected")
	}
	return found
}

// TestNoInit checks that no package has an init function: a program cannot see, order or avoid its
// effects.
func TestNoInit(t *testing.T) {
	for _, s := range sources(t, func(f file) bool { return !f.is("_test.go") }) {
		for _, d := range s.ast.Decls {
			if f, ok := d.(*ast.FuncDecl); ok && f.Recv == nil && f.Name.Name == "init" {
				t.Errorf("%s: func init: move it to a constructor", s.at(f))
			}
		}
	}
}

// TestNoPanic checks that only functions named Must… panic, and repeat, which passes on the panic
// of a function of the caller. All others return errors.
func TestNoPanic(t *testing.T) {
	for _, s := range sources(t, file.shipped) {
		for _, d := range s.ast.Decls {
			if f, ok := d.(*ast.FuncDecl); ok && (strings.HasPrefix(f.Name.Name, "Must") || f.Name.Name == "repeat") {
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

// TestNoSleep checks that tests do not sleep in real time, which is slow and, on a busy machine,
// unreliable. In a synctest bubble a sleep takes no time and ends at an exact instant. A test may
// sleep only in the function that it passes to synctest.Test or assert.RunSynctest. Helpers and the
// functions of a table may sleep if their directory has bubbles, because the source does not show
// where they are called. The acceptance tests of the Terraform provider run OpenTofu, for which
// there is no virtual time.
func TestNoSleep(t *testing.T) {
	tests := sources(t, func(f file) bool {
		return f.is("_test.go") && !strings.HasPrefix(f.path, "examples/terraform/internal/provider/acceptance_")
	})
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
						return false // its body runs in the bubble
					}
					if isSelector(n.Fun, "time", "Sleep") {
						t.Errorf("%s: time.Sleep outside of synctest.Test", s.at(n))
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

// byGoTest matches the functions that go test calls.
var byGoTest = regexp.MustCompile(`^(Test|Benchmark|Fuzz|Example)([^a-z]|$)`)

// TestExamplesAreRun checks that each Example has an Output comment, because go test runs only
// those.
func TestExamplesAreRun(t *testing.T) {
	for _, s := range sources(t, func(f file) bool { return f.is("_test.go") }) {
		for _, e := range doc.Examples(s.ast) {
			if e.Output == "" && !e.EmptyOutput {
				t.Errorf("%s: Example%s has no Output comment, so go test never runs it", s.path, e.Name)
			}
		}
	}
}

// TestDocumented checks that each exported symbol and field has a comment. The function
// undocumented has the rules for fields. A group of constants or variables needs only one comment.
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

// exportedSpec returns the spec of a type. It has its own comment if several types are declared
// together.
func exportedSpec(d *ast.GenDecl, name string) *ast.TypeSpec {
	for _, s := range d.Specs {
		if ts, ok := s.(*ast.TypeSpec); ok && ts.Name.Name == name {
			return ts
		}
	}
	return &ast.TypeSpec{}
}

// interfaceMethods returns the exported methods that an interface type declares itself.
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

// mirrorsSDK reports whether a method is one of an SDK client, which the SDK documents. Such a
// method has ...func(*rds.Options) as its last parameter.
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

// links returns the relative targets of the links in a Markdown text, without their fragments. It
// ignores code.
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

// TestLinks checks that each relative link in a Markdown file leads to a file that exists.
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
				t.Errorf("%s: link %s leads out of the repository", f.path, target)
			} else if _, err := os.Stat(filepath.Join(root(t), filepath.FromSlash(full))); err != nil {
				t.Errorf("%s: the target of link %s does not exist", f.path, target)
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

// last returns the last argument, or nil.
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
