package ptytest

import (
	"os/exec"
	"path/filepath"
	"testing"
)

// Build builds the program in a directory and returns its file.
func Build(t *testing.T, dir string) string {
	t.Helper()
	name := filepath.Join(t.TempDir(), "program.exe")
	cmd := exec.CommandContext(t.Context(), "go", "build", "-buildvcs=false", "-o", name, ".") //nolint:gosec // a directory of the test
	cmd.Dir = dir
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("%s: %v\n%s", dir, err, out)
	}
	return name
}

// Run runs a program to its end and returns its exit status and the lines that a person sees.
func Run(t *testing.T, columns int, env []string, name string, args ...string) (status int, view View) {
	t.Helper()
	status, raw := Start(t, columns, env, name, args...).End()
	return status, Render(raw, columns)
}
