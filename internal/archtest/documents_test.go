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

// sections are the sections that the comment of each service package has.
var sections = []string{"When not to use it", "Errors", "Testing"}

// particular are the kinds whose meaning in a service package differs from the general one. The
// package's comment must explain them. All others are explained at the constants of statemachine.
var particular = map[string][]string{
	"eventstream": {"NotFound"},    // may mean that access was denied
	"ingestion":   {"Unsupported"}, // a store whose event categories cannot be started or stopped
}

// maxWords is the limit of a service package's comment, without its code.
const maxWords = 400

// TestPackageComments checks the comments of the packages: their sections, their length, and the
// kinds that they must explain.
func TestPackageComments(t *testing.T) {
	for _, service := range services {
		dir := strings.TrimPrefix(service.dir, "./")
		text := packageComment(t, dir)
		for _, name := range particular[dir] {
			if !strings.Contains(text, "[statemachine."+name+"]") {
				t.Errorf("%s: package comment does not explain [statemachine.%s]", dir, name)
			}
		}
		for _, h := range sections {
			if !strings.Contains(text, "\n# "+h+"\n") {
				t.Errorf("%s: package comment has no section %q", dir, h)
			}
		}
		if n := len(strings.Fields(codeLine.ReplaceAllString(text, ""))); n > maxWords {
			t.Errorf("%s: package comment has %d words, the maximum is %d", dir, n, maxWords)
		}
	}
	for _, dir := range []string{"statemachine", "statemachine/sdkfault"} {
		if !strings.Contains(packageComment(t, dir), "\n# When not to use it\n") {
			t.Errorf("%s: package comment has no section %q", dir, "When not to use it")
		}
	}
}

// codeLine matches a line of code in the text of a comment.
var codeLine = regexp.MustCompile(`(?m)^\t.*$`)

// packageComment returns the text of a package's comment.
func packageComment(t *testing.T, dir string) string {
	t.Helper()
	for _, s := range sources(t, func(f file) bool { return path.Dir(f.path) == dir && f.shipped() }) {
		if s.ast.Doc != nil {
			return s.ast.Doc.Text()
		}
	}
	t.Fatalf("%s: the package has no comment", dir)
	return ""
}

// undocumented returns the exported fields of a struct type that have no documentation. A comment
// on the field counts, as does one above its group of lines, and the field's name in the comment of
// the type. A field that is embedded, or has the name of its type (Status Status), is documented
// there.
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

// TestExamplesAreShort checks that a file of an example is short enough to read from top to bottom,
// and that each example has a package comment.
func TestExamplesAreShort(t *testing.T) {
	const maxLines = 150
	limits := map[string]int{"examples/custom-resource/instance.go": 79} // the guide says "under 80 lines"
	documented := map[string]bool{}
	for _, s := range sources(t, func(f file) bool { return f.under("examples") && !f.is("_test.go") }) {
		limit, ok := limits[s.path]
		if !ok {
			limit = maxLines
		}
		delete(limits, s.path)
		if n := s.fset.File(s.ast.Pos()).LineCount(); n > limit+1 { // LineCount includes an empty last line
			t.Errorf("%s has more than %d lines", s.path, limit)
		}
		dir := path.Dir(s.path)
		documented[dir] = documented[dir] || s.ast.Doc != nil
	}
	for dir, ok := range documented {
		if !ok {
			t.Errorf("%s: the package has no comment that says what it shows", dir)
		}
	}
	for name := range limits {
		t.Errorf("%s does not exist", name)
	}
}

// TestNamedFiles checks that each file that a document or a comment names by its path exists.
func TestNamedFiles(t *testing.T) {
	all := files(t)
	exists := map[string]bool{}
	for _, f := range all {
		exists[f.path] = true
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
				if strings.HasSuffix(before, "/") && !strings.HasSuffix(before, "../") || exists[name] || exists[path.Join(path.Dir(f.path), name)] || strings.Contains(name, "testdata/") {
					continue
				}
				t.Errorf("%s names %s, which does not exist", f.path, name)
			}
		}
	}
}

func TestUndocumentedFieldsAreFound(t *testing.T) {
	const text = `package p

// T has a Named.
type T struct {
	Named   int
	Same    int // on its line
	Silent  int
	Status  Status
	private int

	// Above is above the group.
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
