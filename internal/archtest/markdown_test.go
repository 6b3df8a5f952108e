package archtest

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// TestMarkdownLines checks that each sentence of a Markdown paragraph has its own line, so that a
// change of a sentence is a change of one line.
func TestMarkdownLines(t *testing.T) {
	for _, f := range files(t) {
		if f.is(".md") {
			for _, line := range sharedLines(read(t, f.path)) {
				t.Errorf("%s:%d: two sentences in one line", f.path, line)
			}
		}
	}
}

var (
	nextSentence = regexp.MustCompile("[a-z0-9)`*\\]][.!?] +[A-Z`*\\[]")
	noParagraph  = regexp.MustCompile(`^(\s*([-*|#<>]|\d+\. )|\t|    )`) // lists, tables, headings, HTML, quotes, code
	abbreviation = regexp.MustCompile(`\b(e\.g|i\.e|vs|etc)\. `)
)

// sharedLines returns the numbers of the lines of Markdown paragraphs that have more than one
// sentence. A list item may have several.
func sharedLines(text string) (lines []int) {
	text = fenced.ReplaceAllStringFunc(text, func(code string) string { return strings.Repeat("\n", strings.Count(code, "\n")) })
	for i, line := range strings.Split(text, "\n") {
		if !noParagraph.MatchString(line) && nextSentence.MatchString(abbreviation.ReplaceAllString(line, "")) {
			lines = append(lines, i+1)
		}
	}
	return lines
}

func TestSharedLinesAreFound(t *testing.T) {
	const text = "One. Two.\n\n- One. Two.\n1. One.\n| One. Two. |\n```go\n// One. Two.\n```\nUse e.g. Go.\nSee `a.b`. It is so.\nOne.\nTwo.\n"
	if got, want := sharedLines(text), []int{1, 10}; !slices.Equal(got, want) {
		t.Errorf("lines %v, want %v", got, want)
	}
}

// decisionHeadings are the sections of a decision record, in order.
var decisionHeadings = []string{"## Context", "## Decision", "## Consequences", "## Alternatives considered"}

// TestDecisionRecords checks that each decision record has a status with a date, and its sections.
func TestDecisionRecords(t *testing.T) {
	status := regexp.MustCompile(`(?m)^Status: (accepted|superseded by [^,]+), \d{4}-\d{2}-\d{2}$`)
	records := 0
	for _, f := range files(t) {
		if !f.under("docs/decisions") || f.is("README.md") {
			continue
		}
		records++
		text := read(t, f.path)
		if !status.MatchString(text) {
			t.Errorf("%s: no status with a date", f.path)
		}
		headings := regexp.MustCompile(`(?m)^## .*$`).FindAllString(text, -1)
		if !slices.Equal(headings, decisionHeadings) {
			t.Errorf("%s: headings %q, want %q", f.path, headings, decisionHeadings)
		}
		if number := fmt.Sprintf("docs/decisions/%03d-", records); !strings.HasPrefix(f.path, number) {
			t.Errorf("%s: records are numbered in sequence, want %s…", f.path, number)
		}
	}
	if records == 0 {
		t.Error("found no decision record")
	}
}
