package streamwarden_test

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/streamwarden/streamwarden-go/activitystream"
	"github.com/streamwarden/streamwarden-go/eventstream"
	"github.com/streamwarden/streamwarden-go/ingestion"
	"github.com/streamwarden/streamwarden-go/internal/snippets"
)

// TestReadme compares the README with the code that it shows. go test -run TestReadme . -update
// rewrites it.
func TestReadme(t *testing.T) {
	program := text(t, "examples/minimal/main.go")
	texts := map[string]string{
		"examples/minimal":               program,
		"explain":                        declaration(t, "example_test.go", "explain"),
		"TestStartIsRolledBack":          declaration(t, "example_test.go", "TestStartIsRolledBack"),
		"activitystream.Machine":         activitystream.Machine().Mermaid(),
		"activitystream.PolicyMachine":   activitystream.PolicyMachine().Mermaid(),
		"ingestion.Machine":              ingestion.Machine().Mermaid(),
		"eventstream.Machine":            eventstream.Machine().Mermaid(),
		"eventstream.DestinationMachine": eventstream.DestinationMachine().Mermaid(),
	}
	for _, name := range snippets.CheckDocument(t, "README.md", texts) {
		delete(texts, name)
	}
	for name := range texts {
		t.Errorf("README.md does not show %s", name)
	}
	if !strings.Contains(program, "o.DryRun = true") {
		t.Error("the complete program is not a dry run: a reader who tries it restarts a database")
	}
	if n := strings.Count(program, "\n"); n > 25 {
		t.Errorf("the complete program has %d lines, the maximum is 25", n)
	}
}

// TestProgramInAModuleOfItsOwn compiles the README's program in a new module that requires only
// this one. It needs no network, because the requirements of this module are already in the module
// cache. go vet compiles like go build, but does not link.
func TestProgramInAModuleOfItsOwn(t *testing.T) {
	_, program, ok := strings.Cut(text(t, "README.md"), "<!-- from examples/minimal -->\n```go\n")
	program, _, closed := strings.Cut(program, "```\n")
	if !ok || !closed {
		t.Fatal("README.md shows no program")
	}
	root, err := filepath.Abs(snippets.RepoPath("."))
	if err != nil {
		t.Fatal(err)
	}
	const name = "github.com/streamwarden/streamwarden-go"
	dir := t.TempDir()
	for file, content := range map[string]string{
		"main.go": program,
		"go.mod":  fmt.Sprintf("module example.com/program\n\ngo 1.26\n\nrequire %s v0.0.0\n\nreplace %s => %q\n", name, name, root),
		"go.sum":  text(t, "go.sum"),
	} {
		if err := os.WriteFile(filepath.Join(dir, file), []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	vet := exec.CommandContext(t.Context(), "go", "vet", "-mod=mod", ".")
	vet.Dir = dir
	vet.Env = append(os.Environ(), "GOFLAGS=", "GOWORK=off", "GOPROXY=off")
	if out, err := vet.CombinedOutput(); err != nil {
		t.Errorf("%v\n%s", err, out)
	}
}

// text returns the text of a file of the repository.
func text(t *testing.T, name string) string {
	t.Helper()
	text, err := snippets.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	return text
}

// declaration returns the text of a declaration in a Go file of the repository.
func declaration(t *testing.T, file, name string) string {
	t.Helper()
	d, err := snippets.Declarations(file, text(t, file), name)
	if err != nil {
		t.Fatal(err)
	}
	return d
}
