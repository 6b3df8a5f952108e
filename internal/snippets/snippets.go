// Package snippets compares the code that Markdown files show with its source, and rewrites the
// files on demand. The tests of the README and of the guides in docs/ use it.
//
// A block is compared if a comment before it names its source:
//
//	<!-- from examples/minimal/main.go -->
//	```go
//	…
//	```
//
// A source is one of three things: a text that the test provides, such as a diagram or a message; a
// file, by its path from the root of the repository; or declarations of a Go file, by their names
// after the path:
//
//	<!-- from internal/docs/code_test.go pollByHand waitStarted -->
//
// The tests of a package that imports this one have the flag -update, which rewrites the documents.
package snippets

import (
	"errors"
	"flag"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"go/types"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

var update = flag.Bool("update", false, "rewrite the code that documents show")

var snippetRE = regexp.MustCompile("(?s)<!-- from ([^>\n]+?) -->\n```(\\w*)\n(.*?)```\n")

// CheckDocument compares the blocks of a document of the repository with their sources, and returns
// the names of the sources. The texts that are in no file are in texts, by name.
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
		if err := os.WriteFile(RepoPath(name), []byte(want), 0o644); err != nil { //nolint:gosec // a document is readable by all users
			t.Fatal(err)
		}
		got = want
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("%s differs from the code; run the test with -update to rewrite it (-want +got):\n%s", name, diff)
	}
	return names
}

// rewrite returns a document with the blocks of its sources, and the names of the sources. It keeps
// a block without a source.
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
		wrong = append(wrong, fmt.Errorf("%d comments name a source, but only %d have a block on the next line", n, len(names)+len(wrong)))
	}
	return want, names, errors.Join(wrong...)
}

// resolveSource returns the text of a source.
func resolveSource(name string, texts map[string]string) (string, error) {
	if text, ok := texts[name]; ok {
		return text, nil
	}
	file, decls, _ := strings.Cut(name, " ")
	text, err := ReadFile(file)
	if err != nil {
		return "", fmt.Errorf("unknown source %q: %w", name, err)
	}
	if decls == "" {
		return text, nil
	}
	return Declarations(file, text, strings.Fields(decls)...)
}

// Declarations returns the text of declarations of a Go file, with their comments and with an empty
// line between them. The name of a method is Type.Method, and that of a group of constants or
// variables is the name of any of them.
func Declarations(file, text string, names ...string) (string, error) {
	set := token.NewFileSet()
	parsed, err := parser.ParseFile(set, file, text, parser.ParseComments|parser.SkipObjectResolution)
	if err != nil {
		return "", err
	}
	var found []string
	for _, name := range names {
		i := slices.IndexFunc(parsed.Decls, func(d ast.Decl) bool {
			declared, _ := describe(d)
			return slices.Contains(declared, name)
		})
		if i < 0 {
			return "", fmt.Errorf("%s does not declare %s", file, name)
		}
		d := parsed.Decls[i]
		begin := d.Pos()
		if _, doc := describe(d); doc != nil {
			begin = doc.Pos()
		}
		end := set.Position(d.End()).Offset
		if line := strings.IndexByte(text[end:], '\n'); line >= 0 {
			end += line // includes a comment at the end of the line
		}
		found = append(found, text[set.Position(begin).Offset:end])
	}
	return strings.Join(found, "\n\n") + "\n", nil
}

// describe returns the names that a declaration declares, and its comment.
func describe(d ast.Decl) (names []string, doc *ast.CommentGroup) {
	switch d := d.(type) {
	case *ast.FuncDecl:
		name := d.Name.Name
		if d.Recv != nil {
			typ, _, _ := strings.Cut(types.ExprString(d.Recv.List[0].Type), "[")
			name = strings.TrimPrefix(typ, "*") + "." + name
		}
		return []string{name}, d.Doc
	case *ast.GenDecl:
		for _, s := range d.Specs {
			switch s := s.(type) {
			case *ast.TypeSpec:
				names = append(names, s.Name.Name)
			case *ast.ValueSpec:
				for _, id := range s.Names {
					names = append(names, id.Name)
				}
			}
		}
		return names, d.Doc
	}
	return nil, nil
}

// ReadFile returns the text of a file of the repository.
func ReadFile(name string) (string, error) {
	text, err := os.ReadFile(RepoPath(name))
	return string(text), err
}

// RepoPath returns the path of a file of the repository from the directory of the test. The name is
// relative to the root, which is the nearest parent directory with a go.mod.
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
