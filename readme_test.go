package streamwarden_test

import (
	"flag"
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"regexp"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/streamwarden/streamwarden-go/activitystream"
	"github.com/streamwarden/streamwarden-go/eventstream"
	"github.com/streamwarden/streamwarden-go/ingestion"
)

var update = flag.Bool("update", false, "rewrite what the README shows of the code")

// shown matches a block of the README that shows something of the code, which the comment before it names.
var shown = regexp.MustCompile("(?s)<!-- from (\\S+) -->\n```(\\w+)\n(.*?)```\n")

// TestReadme holds the README against the code that it shows. go test -run TestReadme . -update rewrites it.
func TestReadme(t *testing.T) {
	program := read(t, "examples/minimal/main.go")
	sources := map[string]string{
		"examples/minimal":               program,
		"explain":                        function(t, "example_test.go", "explain"),
		"TestStartIsRolledBack":          function(t, "example_test.go", "TestStartIsRolledBack"),
		"activitystream.Machine":         activitystream.Machine().Mermaid(),
		"activitystream.PolicyMachine":   activitystream.PolicyMachine().Mermaid(),
		"ingestion.Machine":              ingestion.Machine().Mermaid(),
		"eventstream.Machine":            eventstream.Machine().Mermaid(),
		"eventstream.DestinationMachine": eventstream.DestinationMachine().Mermaid(),
	}
	found := map[string]bool{}
	want := shown.ReplaceAllStringFunc(read(t, "README.md"), func(block string) string {
		m := shown.FindStringSubmatch(block)
		text, ok := sources[m[1]]
		if !ok {
			t.Errorf("README.md shows %q, which is nothing that can be shown", m[1])
			return block
		}
		found[m[1]] = true
		return "<!-- from " + m[1] + " -->\n```" + m[2] + "\n" + text + "```\n"
	})
	for name := range sources {
		if !found[name] {
			t.Errorf("README.md does not show %s", name)
		}
	}
	if *update {
		if err := os.WriteFile("README.md", []byte(want), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	if diff := cmp.Diff(want, read(t, "README.md")); diff != "" {
		t.Errorf("README.md is not what the code is; -update mends it (-want +got)\n%s", diff)
	}
	if n := strings.Count(program, "\n"); n > 25 {
		t.Errorf("the complete program has %d lines; want at most 25", n)
	}
}

func read(t *testing.T, name string) string {
	t.Helper()
	text, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// function is the text of one function of a file, its comment included.
func function(t *testing.T, file, name string) string {
	t.Helper()
	text, set := read(t, file), token.NewFileSet()
	parsed, err := parser.ParseFile(set, file, text, parser.ParseComments)
	if err != nil {
		t.Fatal(err)
	}
	for _, d := range parsed.Decls {
		if f, ok := d.(*ast.FuncDecl); ok && f.Name.Name == name {
			return text[set.Position(f.Doc.Pos()).Offset:set.Position(f.End()).Offset] + "\n"
		}
	}
	t.Fatalf("%s has no function %s", file, name)
	return ""
}
