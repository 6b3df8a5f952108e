package main

import (
	"go/parser"
	"go/token"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
)

const program = `package p

import "strings"

const most = 3

const TimedOut string = "timed out" // a constant whose name is not a value

var codes = map[string]int{"A": 1}

type S[T any] struct{ n int }

func (s *S[T]) Less(o int) bool { return s.n < o }

func (S[T]) Nameless() bool { return true }

func Two(a int, rest ...string) (n int) {
	if a == 0 && a == 0 {
		return most
	}
	switch a {
	case 1, 2:
		n = len(strings.Join(rest, ""))
	case 5, 6:
	}
	return n
}
`

// TestMutants checks all mutants of a program. The case that does nothing has none.
func TestMutants(t *testing.T) {
	s, err := parse("p/p.go", []byte(program))
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, m := range s.mutants {
		got = append(got, strings.TrimPrefix(m.key(), "p/p.go "))
	}
	want := []string{
		"most: 3 → 4", "most: 3 → 2",
		"codes: 1 → 2", "codes: 1 → 0",
		"S.Less: s.n < o → s.n <= o", "S.Less: s.n < o → s.n >= o",
		"S.Nameless: true → false",
		"Two: a == 0 && a == 0 → a == 0 || a == 0",
		"Two: a == 0 → a != 0 (1 of 2)", "Two: 0 → 1 (1 of 2)",
		"Two: a == 0 → a != 0 (2 of 2)", "Two: 0 → 1 (2 of 2)",
		`Two: case 1, 2: n = len(strings.Join(rest, "")) → nothing`,
		"Two: 1, → nothing", "Two: , 2 → nothing",
		"Two: 1 → 2", "Two: 1 → 0", "Two: 2 → 3", "Two: 2 → 1",
		`Two: n = len(strings.Join(rest, "")) → nothing`,
	}
	if !slices.Equal(want, got) {
		t.Errorf("got\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
	if separate := s.separate(); len(separate) != 1 {
		t.Errorf("%d separate mutants, want one: that of the function without a name for its receiver", len(separate))
	}
}

// TestMutantsOfRegularExpression checks that a mutant that does not compile is left out: here the
// class without its only member.
func TestMutantsOfRegularExpression(t *testing.T) {
	s, err := parse("p/p.go", []byte("package p\n\nimport \"regexp\"\n\nvar digits = regexp.MustCompile(`a{2}[^b]`)\n"))
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, m := range s.mutants {
		got = append(got, strings.TrimPrefix(m.key(), "p/p.go digits: "))
	}
	want := []string{"'a{2}[^b]' → 'a{3}[^b]'", "'a{2}[^b]' → 'a{1}[^b]'", "'a{2}[^b]' → 'a{2}[b]'"}
	if !slices.Equal(want, got) {
		t.Errorf("got\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
}

// TestSwitched runs a program with each of its mutants.
func TestSwitched(t *testing.T) {
	s, err := parse("p/p.go", []byte(program))
	if err != nil {
		t.Fatal(err)
	}
	for i, m := range s.mutants {
		m.id = i + 1
	}
	dir := t.TempDir()
	write := func(name, text string) {
		if _, err := parser.ParseFile(token.NewFileSet(), name, text, parser.SkipObjectResolution); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.WriteFile(filepath.Join(dir, "go.mod"), []byte("module p\n\ngo 1.26\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	build := func(args ...string) ([]byte, error) {
		write("p.go", strings.Replace(s.switched(), "package p\n", "package main\n", 1))
		write("switch.go", switchFile("main"))
		cmd := exec.CommandContext(t.Context(), "go", append([]string{"build"}, args...)...)
		cmd.Dir, cmd.Env = dir, append(os.Environ(), "GOFLAGS=-mod=mod", "GOWORK=off")
		return cmd.CombinedOutput()
	}
	write("main.go", `package main

func main() { println((&S[int]{n: 1}).Less(1), codes["A"], Two(0), Two(2, "x", "y")) }
`)
	out, err := build("-gcflags=-e", "-o", "p")
	if err == nil || !refuse([]*source{s}, out) {
		t.Fatalf("the compiler accepted mutants with a duplicate case: %s", out)
	}
	if out, err := build("-o", "p"); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	for _, m := range s.mutants {
		want, ok := map[string]string{
			"codes: 1 → 2":                  "false 2 3 2",
			"most: 3 → 4":                   "false 1 4 2",
			"S.Less: s.n < o → s.n <= o":    "true 1 3 2",
			"Two: a == 0 → a != 0 (1 of 2)": "false 1 0 2",
			"Two: , 2 → nothing":            "false 1 3 0",
			"Two: 1, → nothing":             "false 1 3 2",
		}[strings.TrimPrefix(m.key(), "p/p.go ")]
		if !ok {
			continue
		}
		cmd := exec.CommandContext(t.Context(), filepath.Join(dir, "p"))
		cmd.Env = append(os.Environ(), variable+"="+strconv.Itoa(m.id))
		out, err := cmd.CombinedOutput()
		if got := strings.TrimSpace(string(out)); err != nil || got != want {
			t.Errorf("%s: got %q, want %q (%v)", m.key(), got, want, err)
		}
	}
	var refused []string
	for _, m := range s.mutants {
		if m.outcome == invalid {
			refused = append(refused, strings.TrimPrefix(m.key(), "p/p.go "))
		}
	}
	if want := []string{"Two: 1 → 2", "Two: 2 → 1"}; !slices.Equal(want, refused) {
		t.Errorf("invalid are %q, want %q", refused, want)
	}
}

func TestReport(t *testing.T) {
	mm := []*mutant{
		{file: "a.go", fn: "F", text: []byte("a<b"), to: 3, with: "a<=b", outcome: survived},
		{file: "a.go", fn: "G", text: []byte("a<b"), to: 3, with: "a<=b", outcome: killed},
		{file: "a.go", fn: "H", text: []byte("a<b"), to: 3, with: "a<=b", outcome: timedOut},
		{file: "a.go", fn: "I", text: []byte("a<b"), to: 3, with: "a<=b", outcome: invalid},
	}
	for _, tt := range []struct{ why, known, want string }{
		{"every survivor has its reason", "- `a.go F: a<b → a<=b`: they are never the same.", ""},
		{"a file that was not mutated may have reasons", "`a.go F: a<b → a<=b` `b.go F: x → y`", ""},
		{"a survivor without a reason", "`a.go G`", "1 survivors have no reason in docs/mutants.md, and 0 reasons there are of mutants that did not survive"},
		{"a reason for a killed mutant", "`a.go F: a<b → a<=b` and\n`a.go G: a<b → a<=b`", "0 survivors have no reason in docs/mutants.md, and 1 reasons there are of mutants that did not survive"},
	} {
		t.Run(tt.why, func(t *testing.T) {
			var b strings.Builder
			err := report(&b, mm, tt.known)
			got := ""
			if err != nil {
				got = err.Error()
			}
			if got != tt.want {
				t.Errorf("got %q, want %q", got, tt.want)
			}
			if row := "| a.go | 3 | 2 | 1 | 1 |\n"; !strings.Contains(b.String(), row) {
				t.Errorf("no row %q in\n%s", row, b.String())
			}
		})
	}
}
