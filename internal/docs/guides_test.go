package docs

import (
	"io/fs"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"testing/synctest"

	"github.com/streamwarden/streamwarden-go/activitystream"
	"github.com/streamwarden/streamwarden-go/internal/snippets"
	"github.com/streamwarden/streamwarden-go/statemachine"
)

// guides returns the names of the Markdown files whose blocks are compared, except the README.
func guides(t *testing.T) []string {
	t.Helper()
	names := []string{"ARCHITECTURE.md", "CONTRIBUTING.md", ".github/ISSUE_TEMPLATE/bug_report.md"}
	root := snippets.RepoPath(".")
	err := filepath.WalkDir(snippets.RepoPath("docs"), func(name string, e fs.DirEntry, err error) error {
		if err != nil || e.IsDir() || filepath.Ext(name) != ".md" {
			return err
		}
		rel, err := filepath.Rel(root, name)
		names = append(names, filepath.ToSlash(rel))
		return err
	})
	if err != nil || len(names) < 10 {
		t.Fatal(names, err)
	}
	return names
}

// TestGuidesShowTheCode compares the blocks of the guides with their sources, and checks that each
// text that is produced for the guides is in one of them.
func TestGuidesShowTheCode(t *testing.T) {
	texts := produced(t)
	synctest.Test(t, func(t *testing.T) {
		_, err := sdkWaiter(t.Context())
		texts["the SDK's waiter"] = err.Error()
	})
	texts["the command of the figures"], texts["the figures"] = figures(t)
	texts["custom-resource"], texts["activitystream.Machine"] = lifecycle(t), activitystream.Machine().Mermaid()
	unused := map[string]bool{}
	for name := range texts {
		unused[name] = true
	}
	for _, guide := range guides(t) {
		for _, name := range snippets.CheckDocument(t, guide, texts) {
			delete(unused, name)
		}
	}
	for name := range unused {
		t.Errorf("no guide shows %q", name)
	}
}

// figures returns the command and the table in the comment on the defaults of package
// activitystream.
func figures(t *testing.T) (command, table string) {
	t.Helper()
	text, err := snippets.ReadFile("activitystream/options.go")
	if err != nil {
		t.Fatal(err)
	}
	blocks := regexp.MustCompile(`(?m)(?:^//\t.*\n)+`).FindAllString(text, -1)
	if len(blocks) != 2 || !strings.Contains(blocks[0], "go test") {
		t.Fatalf("activitystream/options.go: want a command and a table, got %q", blocks)
	}
	for i := range blocks {
		blocks[i] = strings.ReplaceAll(strings.TrimPrefix(blocks[i], "//\t"), "\n//\t", "\n")
	}
	return blocks[0], blocks[1]
}

// row is a row of the table of examples/custom-resource.
var row = regexp.MustCompile(`\{From: "([^"]+)", To: "([^"]+)"(?:, By: s(\w+)|, Lapse: (true))?\}`)

// lifecycle returns the diagram of examples/custom-resource. A program cannot be imported, so the
// table is read from its source.
func lifecycle(t *testing.T) string {
	t.Helper()
	text, err := snippets.ReadFile("examples/custom-resource/instance.go")
	if err != nil {
		t.Fatal(err)
	}
	def := statemachine.Definition[string]{Name: "DB instance"}
	for _, m := range row.FindAllStringSubmatch(text, -1) {
		next := statemachine.Transition[string]{From: m[1], To: m[2], Lapse: m[4] != ""}
		if m[3] != "" {
			next.By = statemachine.Operation("S" + m[3])
		}
		def.Transitions = append(def.Transitions, next)
	}
	if want := strings.Count(text, "{From: "); len(def.Transitions) != want {
		t.Fatalf("parsed %d of %d rows", len(def.Transitions), want)
	}
	m, err := statemachine.New(def)
	if err != nil {
		t.Fatal(err)
	}
	return m.Mermaid()
}

// TestRunbookIsComplete checks that each Reason and each Kind has a section in the runbook, with a
// message and with what to do.
func TestRunbookIsComplete(t *testing.T) {
	runbook, err := snippets.ReadFile("docs/runbook.md")
	if err != nil {
		t.Fatal(err)
	}
	names := slices.Concat(constants(t, "reason.go", "Reason"), constants(t, "kind.go", "Kind"))
	if len(names) < 20 {
		t.Fatalf("found only %d reasons and kinds: %v", len(names), names)
	}
	synctest.Test(t, func(t *testing.T) {
		advice := statemachine.Advice(messages["the maintenance window is tomorrow"].produce(t.Context()))
		_, section, _ := strings.Cut(runbook, "\n### TimedOut or Canceled with a pending command\n")
		section, _, _ = strings.Cut(section, "\n##")
		if !strings.Contains(section, "\n**What to do:** "+advice+"\n") {
			t.Errorf("docs/runbook.md does not say what to do about a pending command: %s", advice)
		}
	})
	for _, name := range names {
		_, section, ok := strings.Cut(runbook, "\n### "+name+"\n")
		if !ok {
			t.Errorf("docs/runbook.md has no section on %s", name)
		}
		section, _, _ = strings.Cut(section, "\n##")
		advice := statemachine.Advice(messages[name].is)
		if !strings.Contains(section, "\n**What to do:** "+advice+"\n") && name != "LimitExceeded" && name != "ReadFailed" {
			t.Errorf("docs/runbook.md does not say what to do about %s: %s", name, advice)
		}
		// No operation that the clients call returns LimitExceeded.
		if _, ok := messages[name]; !ok && name != "LimitExceeded" {
			t.Errorf("nothing produces a message of %s", name)
		}
	}
}

// constants returns the names of the constants of a type of package statemachine.
func constants(t *testing.T, file, typ string) []string {
	t.Helper()
	text, err := snippets.ReadFile("statemachine/" + file)
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, m := range regexp.MustCompile(`(?m)^\t(\w+) +`+typ+` = "`).FindAllStringSubmatch(text, -1) {
		names = append(names, m[1])
	}
	return names
}
