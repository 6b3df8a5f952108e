package docs

import (
	"path"
	"regexp"
	"strings"
	"testing"

	"github.com/streamwarden/streamwarden-go/internal/snippets"
)

var (
	fenced   = regexp.MustCompile("(?ms)^```.*?^```$")
	heading  = regexp.MustCompile(`(?m)^#+ (.+)$`)
	anchored = regexp.MustCompile(`\]\(([^)\s#:]*)#([^)\s]+)\)`)
	dropped  = regexp.MustCompile(`[^\p{L}\p{N}_\- ]`)
)

// anchors returns the anchors that GitHub gives to the headings of a document.
func anchors(text string) map[string]bool {
	found := map[string]bool{}
	for _, m := range heading.FindAllStringSubmatch(fenced.ReplaceAllString(text, ""), -1) {
		found[strings.ReplaceAll(dropped.ReplaceAllString(strings.ToLower(m[1]), ""), " ", "-")] = true
	}
	return found
}

// TestAnchors checks that the links to a section of a document lead to a heading.
func TestAnchors(t *testing.T) {
	t.Parallel()
	checked := 0
	for _, name := range append(guides(t), "README.md", "SECURITY.md", "CHANGELOG.md", "MAINTAINERS.md") {
		text, err := snippets.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		for _, m := range anchored.FindAllStringSubmatch(fenced.ReplaceAllString(text, ""), -1) {
			target := name
			if m[1] != "" {
				target = path.Join(path.Dir(name), m[1])
			}
			if path.Ext(target) != ".md" {
				continue
			}
			linked, err := snippets.ReadFile(target)
			if err != nil {
				t.Errorf("%s: link %s: %v", name, m[0], err)
				continue
			}
			if checked++; !anchors(linked)[m[2]] {
				t.Errorf("%s: %s has no heading with the anchor #%s", name, target, m[2])
			}
		}
	}
	if checked < 15 {
		t.Errorf("checked only %d links", checked)
	}
}

// TestAnchorsOfHeadings compares anchors with those of GitHub.
func TestAnchorsOfHeadings(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		"# Two words\n":                     "two-words",
		"### \"stopped\" does not mean\n":   "stopped-does-not-mean",
		"## One quota, several clients\n":   "one-quota-several-clients",
		"```sh\n# no heading\n```\n# One\n": "one",
		"## `Get` and `List`\n":             "get-and-list",
	} {
		if got := anchors(text); len(got) != 1 || !got[want] {
			t.Errorf("anchors of %q: got %v, want %q", text, got, want)
		}
	}
}
