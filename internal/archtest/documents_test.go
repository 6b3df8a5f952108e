package archtest

import (
	"bytes"
	"go/ast"
	"go/doc"
	"go/parser"
	"go/token"
	"os"
	"path"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// headings are what the documentation of a package that users import has to have an answer to.
var headings = []string{"When not to use it", "Errors"}

// ofServices are the further ones of the services' packages.
var ofServices = []string{"Lifecycle", "Waiting", "Many at once", "Concurrency", "Testing"}

// everywhere are the kinds that any call can fail with, whatever a package's own table of codes has.
var everywhere = []string{"InvalidInput", "AccessDenied", "Unauthenticated", "Throttled", "Unavailable", "Interrupted", "Unknown"}

// TestPackagesSayWhatToDo: who reads only a package's own documentation learns what to do about every kind and reason that
// it returns. The kinds are those of its table of codes, in faults.go, and those that it names elsewhere in its code.
func TestPackagesSayWhatToDo(t *testing.T) {
	kinds, reasons := kindsAndReasons(t)
	for _, service := range services {
		dir := strings.TrimPrefix(service.room, "./")
		want := map[string]bool{}
		for _, name := range slices.Concat(everywhere, reasons) {
			want[name] = true
		}
		var text string
		for _, s := range sources(t, func(f file) bool { return path.Dir(f.path) == dir && f.shipped() }) {
			if path.Base(s.path) == "doc.go" {
				text = s.ast.Doc.Text()
			}
			ast.Inspect(s.ast, func(n ast.Node) bool {
				if sel, ok := n.(*ast.SelectorExpr); ok && isIdent(sel.X, "statemachine") {
					switch name := sel.Sel.Name; {
					case slices.Contains(kinds, name):
						want[name] = true
					case name == "DriftError":
						want["Drifted"] = true
					}
				}
				return true
			})
		}
		delete(want, internalOnly[dir])
		for name := range want {
			if !regexp.MustCompile(`(?m)^ +- .*\[statemachine\.` + name + `\]`).MatchString(text) {
				t.Errorf("%s/doc.go does not say in a list what to do about statemachine.%s", dir, name)
			}
		}
		for _, h := range slices.Concat(headings, ofServices) {
			if !strings.Contains(text, "\n# "+h+"\n") {
				t.Errorf("%s/doc.go has no section %q", dir, h)
			}
		}
	}
	for _, dir := range []string{"statemachine", "statemachine/sdkfault"} {
		for _, s := range sources(t, func(f file) bool { return path.Dir(f.path) == dir && f.shipped() }) {
			if s.ast.Doc != nil && !strings.Contains(s.ast.Doc.Text(), "\n# When not to use it\n") {
				t.Errorf("%s: the package does not say when not to use it", s.path)
			}
		}
	}
}

// internalOnly are the kinds that a package uses to tell an ensure to try again, and never returns.
var internalOnly = map[string]string{"eventstream": "Conflict"}

// kindsAndReasons are the constants of statemachine.
func kindsAndReasons(t *testing.T) (kinds, reasons []string) {
	t.Helper()
	for _, s := range sources(t, func(f file) bool { return f.path == "statemachine/kind.go" || f.path == "statemachine/reason.go" }) {
		for _, d := range s.ast.Decls {
			g, ok := d.(*ast.GenDecl)
			if !ok {
				continue
			}
			for _, spec := range g.Specs {
				v, ok := spec.(*ast.ValueSpec)
				switch {
				case !ok:
				case isIdent(v.Type, "Kind"):
					kinds = append(kinds, v.Names[0].Name)
				case isIdent(v.Type, "Reason"):
					reasons = append(reasons, v.Names[0].Name)
				}
			}
		}
	}
	if len(kinds) < 15 || len(reasons) < 6 {
		t.Fatalf("found the kinds %v and the reasons %v only", kinds, reasons)
	}
	return kinds, reasons
}

// undocumented gives the exported fields of a struct type that nothing is said about: neither on the field, nor above the group that
// it stands in with no empty line between, nor, by its name, in the comment on the type. A field that is named for its type
// (Status Status), or embedded, is documented there.
func undocumented(fset *token.FileSet, typ *doc.Type) []*ast.Ident {
	spec := exportedSpec(typ.Decl, typ.Name)
	st, ok := spec.Type.(*ast.StructType)
	if !ok {
		return nil
	}
	comment := typ.Doc + spec.Doc.Text()
	var found []*ast.Ident
	group, last := false, 0 // whether the group has a comment, and the last line of it so far
	for _, f := range st.Fields.List {
		group = f.Doc != nil || group && fset.Position(f.Pos()).Line == last+1
		last = fset.Position(f.End()).Line
		if group || f.Comment != nil {
			continue
		}
		for _, name := range f.Names {
			if name.IsExported() && !isIdent(f.Type, name.Name) && !regexp.MustCompile(`\b`+name.Name+`\b`).MatchString(comment) {
				found = append(found, name)
			}
		}
	}
	return found
}

// TestExamplesAreShort: an example is read from the top to the end. The packages of the programs say what they show.
func TestExamplesAreShort(t *testing.T) {
	const most = 150
	limits := map[string]int{"examples/custom-resource/instance.go": 79} // "under 80 lines", which is what the guide promises
	said := map[string]bool{}
	for _, s := range sources(t, func(f file) bool { return f.under("examples") && !f.is("_test.go") }) {
		limit, ok := limits[s.path]
		if !ok {
			limit = most
		}
		delete(limits, s.path)
		if n := s.fset.File(s.ast.Pos()).LineCount(); n > limit+1 { // it counts an empty line after the last
			t.Errorf("%s has more than %d lines", s.path, limit)
		}
		dir := path.Dir(s.path)
		said[dir] = said[dir] || s.ast.Doc != nil
	}
	for dir, ok := range said {
		if !ok {
			t.Errorf("%s: no file has a comment on the package: what does it show?", dir)
		}
	}
	for name := range limits {
		t.Errorf("%s is not there", name)
	}
}

// TestNamedFiles: a path of a Go file in a comment of a document or of our code leads to a file that is there.
func TestNamedFiles(t *testing.T) {
	all := files(t)
	there := map[string]bool{}
	for _, f := range all {
		there[f.path] = true
	}
	named := regexp.MustCompile(`(?:internal|examples|statemachine|activitystream|ingestion|eventstream|tools)/[\w./-]*\w\.(?:go|md|json|txt)\b`)
	for _, f := range all {
		if !f.is(".go") && !f.is(".md") {
			continue
		}
		text, err := os.ReadFile(filepath.Join(root(t), filepath.FromSlash(f.path)))
		if err != nil {
			t.Fatal(err)
		}
		for line := range bytes.Lines(text) {
			if f.is(".go") && !bytes.Contains(line, []byte("//")) {
				continue
			}
			for _, m := range named.FindAllIndex(line, -1) {
				name := string(line[m[0]:m[1]])
				before := string(line[:m[0]])
				if strings.HasSuffix(before, "/") && !strings.HasSuffix(before, "../") || there[name] || there[path.Join(path.Dir(f.path), name)] || strings.Contains(name, "testdata/") {
					continue
				}
				t.Errorf("%s names %s, which is not there", f.path, name)
			}
		}
	}
}

func TestUndocumentedFieldsAreFound(t *testing.T) {
	const text = `package p

// T has a Told.
type T struct {
	Told    int
	Beside  int // beside it
	Silent  int
	Status  Status
	private int

	// Above is above them.
	Above int
	Below int

	Apart int
}

// Status is one.
type Status string
`
	fset := token.NewFileSet()
	f, err := parser.ParseFile(fset, "p.go", text, parser.ParseComments)
	if err != nil {
		t.Fatal(err)
	}
	p, err := doc.NewFromFiles(fset, []*ast.File{f}, "p")
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, typ := range p.Types {
		for _, id := range undocumented(fset, typ) {
			got = append(got, id.Name)
		}
	}
	if want := []string{"Silent", "Apart"}; !slices.Equal(got, want) {
		t.Errorf("found %q, want %q", got, want)
	}
}
