package streamwarden_test

import (
	"strings"
	"testing"

	"github.com/streamwarden/streamwarden-go/activitystream"
	"github.com/streamwarden/streamwarden-go/eventstream"
	"github.com/streamwarden/streamwarden-go/ingestion"
	"github.com/streamwarden/streamwarden-go/internal/shown"
)

// TestReadme holds the README against the code that it shows. go test -run TestReadme . -update rewrites it.
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
	for _, name := range shown.Document(t, "README.md", texts) {
		delete(texts, name)
	}
	for name := range texts {
		t.Errorf("README.md does not show %s", name)
	}
	if n := strings.Count(program, "\n"); n > 25 {
		t.Errorf("the complete program has %d lines; want at most 25", n)
	}
}

func text(t *testing.T, name string) string {
	t.Helper()
	text, err := shown.Read(name)
	if err != nil {
		t.Fatal(err)
	}
	return text
}

func declaration(t *testing.T, file, name string) string {
	t.Helper()
	d, err := shown.Declarations(file, text(t, file), name)
	if err != nil {
		t.Fatal(err)
	}
	return d
}
