package tools_test

import (
	"os"
	"os/exec"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// TestReplacesAreCurrent compares the replace directives of this module with those of the OpenTofu
// that it requires. They do not travel with a tool, and without them OpenTofu does not compile.
func TestReplacesAreCurrent(t *testing.T) {
	path, err := exec.CommandContext(t.Context(), "go", "list", "-m", "-f", "{{.GoMod}}", "github.com/opentofu/opentofu").Output()
	if err != nil {
		t.Fatal(err)
	}
	want, got := replaces(t, strings.TrimSpace(string(path))), replaces(t, "go.mod")
	if len(want) == 0 {
		t.Error("OpenTofu has no replace directive anymore: delete this test and those of go.mod")
	}
	if !slices.Equal(want, got) {
		t.Errorf("replace directives of go.mod: %q, want those of OpenTofu: %q", got, want)
	}
}

// replaces returns the replace directives of a go.mod file.
func replaces(t *testing.T, path string) []string {
	t.Helper()
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return regexp.MustCompile(`(?m)^replace .* => .*$`).FindAllString(string(text), -1)
}
