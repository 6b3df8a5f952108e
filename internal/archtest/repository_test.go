package archtest

import (
	"fmt"
	"os"
	"path"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// TestModulesAreMaintained checks that dependabot updates each nested module, and that the hosted
// workflow tests each nested module under examples.
func TestModulesAreMaintained(t *testing.T) {
	dependabot, workflow := read(t, ".github/dependabot.yml"), read(t, ".github/workflows/ci.yml")
	modules := 0
	for _, f := range files(t) {
		if path.Base(f.path) != "go.mod" || f.path == "go.mod" {
			continue
		}
		modules++
		dir := path.Dir(f.path)
		if !regexp.MustCompile(`(?m)^ +- /` + regexp.QuoteMeta(dir) + `$`).MatchString(dependabot) {
			t.Errorf(".github/dependabot.yml does not update module %s", dir)
		}
		jobs := strings.Count(workflow, "go -C "+dir+" ")
		if f.under("examples") && jobs < 2 {
			t.Errorf(".github/workflows/ci.yml tests module %s in %d jobs, want 2: the matrix and nightly", dir, jobs)
		}
	}
	if modules == 0 {
		t.Error("found no nested module")
	}
}

// read returns the text of a file of the repository.
func read(t *testing.T, name string) string {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(root(t), filepath.FromSlash(name)))
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// TestChangelog checks the style of CHANGELOG.md: see changelog.
func TestChangelog(t *testing.T) {
	for _, finding := range changelog(read(t, "CHANGELOG.md")) {
		t.Error(finding)
	}
}

// changelog returns the violations of the style of a changelog, each with its line. Each entry is
// one line, begins with a symbol or a command in backquotes, and says only what a user notices.
func changelog(text string) (findings []string) {
	section := ""
	for i, line := range strings.Split(text, "\n") {
		report := func(format string, a ...any) {
			findings = append(findings, fmt.Sprintf("CHANGELOG.md:%d: %s", i+1, fmt.Sprintf(format, a...)))
		}
		switch {
		case strings.HasPrefix(line, "### "):
			section = strings.TrimPrefix(line, "### ")
			if !regexp.MustCompile(`^(Added|Changed|Deprecated|Removed|Fixed|Security)$`).MatchString(section) {
				report("section %q is not one of Keep a Changelog", section)
			}
		case strings.HasPrefix(line, "## "):
			section = ""
		case section == "" || line == "" || strings.HasPrefix(line, "["):
		case !strings.HasPrefix(line, "- "):
			report("an entry is one line, and begins with %q", "- ")
		case !strings.HasPrefix(line, "- `"):
			report("an entry begins with its symbol in backquotes")
		case regexp.MustCompile("`(internal/|tools/|\\.ci/)").MatchString(line):
			report("a user does not notice changes of internal/, tools/ and .ci/")
		}
	}
	return findings
}

func TestChangelogFindsViolations(t *testing.T) {
	tests := []struct{ line, want string }{
		{"- `statemachine.Pacer.PausedUntil` replaces `Held`.", ""},
		{"- Waits are faster.", "begins with its symbol"},
		{"- `activitystream`: `internal/validate` is faster.", "a user does not notice"},
		{"  and more of it", "an entry is one line"},
		{"### Features", "section"},
	}
	for _, tt := range tests {
		got := changelog("# Changelog\n\nText.\n\n## [Unreleased]\n\n### Added\n\n" + tt.line + "\n")
		if ok := len(got) == 0; ok != (tt.want == "") || !ok && !strings.Contains(got[0], "CHANGELOG.md:9: ") || !ok && !strings.Contains(got[0], tt.want) {
			t.Errorf("%q: findings %q, want %q", tt.line, got, tt.want)
		}
	}
}
