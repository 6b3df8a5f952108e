package snippets

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

const sample = `package sample

// A is a constant.
const A = 1 // with a comment

var (
	b = 2
	c = 3
)

// T is a type.
type T[S any] struct{}

func (t *T[S]) Get() int { return A }

// Get returns b.
func Get() int {
	return b
}
`

func TestDeclarations(t *testing.T) {
	for names, want := range map[string]string{
		"A":     "// A is a constant.\nconst A = 1 // with a comment\n",
		"c":     "var (\n\tb = 2\n\tc = 3\n)\n",
		"T.Get": "func (t *T[S]) Get() int { return A }\n",
		"Get T": "// Get returns b.\nfunc Get() int {\n\treturn b\n}\n\n// T is a type.\ntype T[S any] struct{}\n",
	} {
		got, err := Declarations("sample.go", sample, strings.Fields(names)...)
		if diff := cmp.Diff(want, got); diff != "" || err != nil {
			t.Errorf("%s: %v (-want +got):\n%s", names, err, diff)
		}
	}
	if _, err := Declarations("sample.go", sample, "A", "nothing"); err == nil {
		t.Error("no error for a name that is not declared")
	}
}

func TestRewrite(t *testing.T) {
	texts := map[string]string{"a message": "new\n"}
	tests := []struct{ reason, text, want, wrong string }{
		{"an outdated block", "x\n<!-- from a message -->\n```text\nold\n```\ny", "x\n<!-- from a message -->\n```text\nnew\n```\ny", ""},
		{"a block without a source", "```text\nold\n```\n", "```text\nold\n```\n", ""},
		{"an unknown source", "<!-- from nowhere.go -->\n```go\nold\n```\n", "<!-- from nowhere.go -->\n```go\nold\n```\n", "unknown source"},
		{"a comment without a block", "<!-- from a message -->\n\n```text\nold\n```\n", "<!-- from a message -->\n\n```text\nold\n```\n", "1 comments name a source"},
	}
	for _, tt := range tests {
		got, _, err := rewrite(tt.text, texts)
		if got != tt.want {
			t.Errorf("%s: %q, want %q", tt.reason, got, tt.want)
		}
		if (err == nil) != (tt.wrong == "") || err != nil && !strings.Contains(err.Error(), tt.wrong) {
			t.Errorf("%s: %v, want %q", tt.reason, err, tt.wrong)
		}
	}
}
