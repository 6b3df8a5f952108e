// Package shown keeps documents true: what a Markdown file shows of the code is compared with the code, and rewritten on demand.
// It is for tests; the README and the guides in docs/ use it.
//
// A block is compared if a comment before it names its source:
//
//	<!-- from examples/minimal/main.go -->
//	```go
//	…
//	```
//
// A source is one of the texts that the test provides, such as a diagram or a message; or a file, by its path from the root of the
// repository; or declarations of a Go file, by their names after the path:
//
//	<!-- from internal/docs/code_test.go pollByHand waitStarted -->
//
// The tests of a package that imports this one take -update, which rewrites the documents instead of failing.
package snippets

import (
	"errors"
	"flag"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

var update = flag.Bool("update", false, "rewrite what documents show of the code")

var snippetRE = regexp.MustCompile("(?s)<!-- from ([^>\n]+?) -->\n```(\\w*)\n(.*?)```\n")

// CheckDocument compares the blocks of one document of the repository with their sources, and returns the names of those that it shows.
// The keys of texts are the names of what is in no file.
func CheckDocument(t testing.TB, name string, texts map[string]string) []string {
	t.Helper()
	got, err := ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	want, names, err := rewrite(got, texts)
	if err != nil {
		t.Errorf("%s: %v", name, err)
	}
	if *update && want != got {
		if err := os.WriteFile(RepoPath(name), []byte(want), 0o644); err != nil { //nolint:gosec // a document, for everybody to read
			t.Fatal(err)
		}
		got = want
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("%s is not what the code is; -update mends it (-want +got)\n%s", name, diff)
	}
	return names
}

// rewrite is a document with the blocks as they should be, and the names of their sources. A block without a source stays.
func rewrite(text string, texts map[string]string) (want string, names []string, err error) {
	var wrong []error
	want = snippetRE.ReplaceAllStringFunc(text, func(b string) string {
		m := snippetRE.FindStringSubmatch(b)
		source, err := resolveSource(m[1], texts)
		if err != nil {
			wrong = append(wrong, err)
			return b
		}
		names = append(names, m[1])
		return "<!-- from " + m[1] + " -->\n```" + m[2] + "\n" + strings.TrimRight(source, "\n") + "\n```\n"
	})
	if n := strings.Count(text, "<!-- from "); n != len(names)+len(wrong) {
		wrong = append(wrong, fmt.Errorf("%d comments name a source, but %d have a block right after them", n, len(names)+len(wrong)))
	}
	return want, names, errors.Join(wrong...)
}

// resolveSource is the text of a source.
func resolveSource(name string, texts map[string]string) (string, error) {
	if text, ok := texts[name]; ok {
		return text, nil
	}
	file, decls, _ := strings.Cut(name, " ")
	text, err := ReadFile(file)
	if err != nil {
		return "", fmt.Errorf("%q is nothing that can be shown: %w", name, err)
	}
	if decls == "" {
		return text, nil
	}
	return Declarations(file, text, strings.Fields(decls)...)
}

// Declarations is the text of declarations of a Go file, their comments included, with an empty line between them. A method is named
// Type.Method; a group of constants or variables by one of them.
func Declarations(file, text string, names ...string) (string, error) {
	set := token.NewFileSet()
	parsed, err := parser.ParseFile(set, file, text, parser.ParseComments|parser.SkipObjectResolution)
	if err != nil {
		return "", err
	}
	var found []string
	for _, name := range names {
		i := slices.IndexFunc(parsed.Decls, func(d ast.Decl) bool { return declares(d, name) })
		if i < 0 {
			return "", fmt.Errorf("%s does not declare %s", file, name)
		}
		d := parsed.Decls[i]
		begin := d.Pos()
		if doc := docOf(d); doc != nil {
			begin = doc.Pos()
		}
		end := set.Position(d.End()).Offset
		if line := strings.IndexByte(text[end:], '\n'); line >= 0 {
			end += line // a comment at the end of the line belongs to it
		}
		found = append(found, text[set.Position(begin).Offset:end])
	}
	return strings.Join(found, "\n\n") + "\n", nil
}

func docOf(d ast.Decl) *ast.CommentGroup {
	switch d := d.(type) {
	case *ast.FuncDecl:
		return d.Doc
	case *ast.GenDecl:
		return d.Doc
	}
	return nil
}

func declares(d ast.Decl, name string) bool {
	switch d := d.(type) {
	case *ast.FuncDecl:
		typ, method, ok := strings.Cut(name, ".")
		if !ok {
			return d.Recv == nil && d.Name.Name == name
		}
		return d.Recv != nil && d.Name.Name == method && receiver(d.Recv.List[0].Type) == typ
	case *ast.GenDecl:
		for _, s := range d.Specs {
			switch s := s.(type) {
			case *ast.TypeSpec:
				if s.Name.Name == name {
					return true
				}
			case *ast.ValueSpec:
				if slices.ContainsFunc(s.Names, func(id *ast.Ident) bool { return id.Name == name }) {
					return true
				}
			}
		}
	}
	return false
}

func receiver(e ast.Expr) string {
	switch e := e.(type) {
	case *ast.StarExpr:
		return receiver(e.X)
	case *ast.IndexExpr:
		return receiver(e.X)
	case *ast.IndexListExpr:
		return receiver(e.X)
	case *ast.Ident:
		return e.Name
	}
	return ""
}

// ReadFile is the text of a file of the repository.
func ReadFile(name string) (string, error) {
	text, err := os.ReadFile(RepoPath(name))
	return string(text), err
}

// RepoPath is the path of a file of the repository, given from its root: the nearest directory above the test's that has a go.mod.
func RepoPath(name string) string {
	dir := "."
	for range 10 {
		if _, err := os.Stat(filepath.Join(dir, "go.mod")); err == nil {
			break
		}
		dir = filepath.Join(dir, "..")
	}
	return filepath.Join(dir, filepath.FromSlash(name))
}
