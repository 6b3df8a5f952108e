package archtest

import (
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"unicode/utf8"
)

// A banned word has a plainer one that Go's and AWS's documentation use. CONTRIBUTING refers to
// this table.
type banned struct {
	word    string // a regular expression without groups, matched as whole words in any case
	instead string
}

var bannedWords = []banned{
	{`told|tells`, `"reports", "returns", "says", or name the call`},
	{`mend(?:s|ed|ing)?`, `"fix", "repair"`},
	{`stands`, `"is", "appears"; "stands for" is allowed`},
	{`answer(?:s|ed|ing)?`, `"response", "respond"; for a callback "result", "return"`},
	{`beside`, `"next to", "besides", "compared with"`},
	{`wish(?:es|ed)?`, `"request", "filter", "spec", "want"`},
	{`patient(?:ly)?`, `"retries", "keeps waiting"`},
	{`heal(?:s|ed|ing)?`, `"recovers", "retrying fixes"`},
	{`somebody|nobody|anybody|everybody|whoever`, `the actor: "the caller", "another process", "RDS"`},
	{`as a rule`, `"usually"`},
	{`be it`, `"whether"`},
	{`anew`, `"again", "restarts"`},
	{`for ever`, `"forever", "without end"`},
	{
		`(?:behavi|col|hon|fav)our(?:s|ed|ing|ite)?|(?:model|cancel|label|signal|travel)l(?:ed|ing)`,
		`the American spelling`,
	},
}

// allowedPhrases may contain a banned word.
var allowedPhrases = []struct{ phrase, why string }{
	{"stands for", "the usual verb for what a name or a value represents"},
}

// allowedWords are the places where a banned word is right: each has the file and a part of the
// line.
var allowedWords = []struct{ path, line, why string }{
	{"internal/archtest/language_test.go", "", "the table of banned words, and its tests"},
}

// TestLanguage checks the wording of all Go and Markdown files: the banned words, the first words
// of a function's comment, and the width of comments.
func TestLanguage(t *testing.T) {
	checked := 0
	for _, f := range slices.Concat(files(t), hidden(t)) {
		if !f.is(".go") && !f.is(".md") && !strings.HasPrefix(f.path, ".") {
			continue
		}
		checked++
		text, err := os.ReadFile(filepath.Join(root(t), filepath.FromSlash(f.path)))
		if err != nil {
			t.Fatal(err)
		}
		findings, err := language(f.path, string(text))
		if err != nil {
			t.Fatal(err)
		}
		for _, finding := range findings {
			t.Error(finding)
		}
	}
	if checked == 0 {
		t.Error("no file was checked")
	}
}

// hidden returns the files of the CI, the linter and the templates, which files leaves out.
func hidden(t *testing.T) (found []file) {
	t.Helper()
	for _, pattern := range []string{".golangci.yml", ".gitignore", ".ci/*", ".github/*.*", ".github/*/*"} {
		names, err := filepath.Glob(filepath.Join(root(t), filepath.FromSlash(pattern)))
		if err != nil || len(names) == 0 {
			t.Fatalf("no file matches %s: %v", pattern, err)
		}
		for _, name := range names {
			rel, err := filepath.Rel(root(t), name)
			if err != nil {
				t.Fatal(err)
			}
			found = append(found, file{path: filepath.ToSlash(rel)})
		}
	}
	return found
}

// language returns the findings in one file, each as "path:line: what is wrong".
func language(name, text string) (findings []string, err error) {
	report := func(line int, format string, a ...any) {
		findings = append(findings, fmt.Sprintf("%s:%d: %s", name, line, fmt.Sprintf(format, a...)))
	}
	words := func(line int, text string) {
		for i, s := range strings.Split(text, "\n") {
			if allowed(name, nth(text, line+i)) {
				continue
			}
			for _, w := range bannedIn(s) {
				report(line+i, "%s", w)
			}
		}
	}
	if !strings.HasSuffix(name, ".go") {
		words(1, text)
		return findings, nil
	}
	fset := token.NewFileSet()
	file, err := parser.ParseFile(fset, name, text, parser.ParseComments|parser.SkipObjectResolution)
	if err != nil {
		return nil, err
	}
	line := func(p token.Pos) int { return fset.Position(p).Line }
	output := outputs(file)
	for _, group := range file.Comments {
		for _, c := range group.List {
			words(line(c.Pos()), c.Text)
			if !output[group] {
				for i, n := range tooWide(nth(text, line(c.Pos())), c.Text) {
					report(line(c.Pos())+i, "comment of %d columns, the maximum is %d", n, maxColumns)
				}
			}
		}
	}
	ast.Inspect(file, func(n ast.Node) bool {
		switch n := n.(type) {
		case *ast.ImportSpec:
			return false
		case *ast.BasicLit:
			if n.Kind == token.STRING {
				words(line(n.Pos()), n.Value)
			}
		case *ast.FuncDecl:
			if what := functionComment(n); what != "" {
				report(line(n.Doc.Pos()), "%s", what)
			}
		}
		return true
	})
	return findings, nil
}

// bannedPattern matches each of the banned words. The group that matches is the word's index in
// bannedWords, plus 1.
var bannedPattern = func() *regexp.Regexp {
	var words []string
	for _, b := range bannedWords {
		words = append(words, "("+b.word+")")
	}
	return regexp.MustCompile(`(?i)\b(?:` + strings.Join(words, "|") + `)\b`)
}()

// bannedIn returns a message for each banned word in a text.
func bannedIn(text string) (messages []string) {
	for _, a := range allowedPhrases {
		text = strings.ReplaceAll(text, a.phrase, "")
	}
	for _, m := range bannedPattern.FindAllStringSubmatch(text, -1) {
		i := slices.IndexFunc(m[1:], func(group string) bool { return group != "" })
		messages = append(messages, fmt.Sprintf("%q is banned; use %s", m[0], bannedWords[i].instead))
	}
	return messages
}

// allowed reports whether allowedWords has an entry for a line of a file.
func allowed(name, line string) bool {
	for _, a := range allowedWords {
		if a.path == name && strings.Contains(line, a.line) {
			return true
		}
	}
	return false
}

const maxColumns = 100

// tooWide returns the widths of the lines of a comment that are too wide, by their index in the
// comment. A comment on a line of its own is measured from the start of the line, with one column
// for a tab. A comment after code is measured from its own start. Lines that cannot be wrapped are
// allowed.
func tooWide(first, comment string) map[int]int {
	wide := map[int]int{}
	for i, s := range strings.Split(comment, "\n") {
		if i == 0 && strings.TrimSpace(strings.TrimSuffix(first, s)) == "" {
			s = first
		}
		if n := utf8.RuneCountInString(s); n > maxColumns && !unwrappable.MatchString(s) {
			wide[i] = n
		}
	}
	return wide
}

var (
	unwrappable   = regexp.MustCompile(`//go:|//nolint|//\t|://`) // directives, code and URLs
	outputComment = regexp.MustCompile(`(?i)^(unordered )?output:`)
	thirdPerson   = regexp.MustCompile(`^[a-z-]+s,?$`)
)

// outputs returns the comments that say what an Example prints: they cannot be wrapped.
func outputs(file *ast.File) map[*ast.CommentGroup]bool {
	found := map[*ast.CommentGroup]bool{}
	for _, group := range file.Comments {
		if outputComment.MatchString(group.Text()) {
			found[group] = true
		}
	}
	return found
}

// adverbs may precede the verb of a function's comment.
var adverbs = []string{"also", "always", "never", "only"}

// notVerbs end in "s", as a verb in the third person does.
var notVerbs = []string{"is", "has", "was", "its", "as", "this", "thus", "s", "tells", "unless"}

// functionComment returns what is wrong with the beginning of a function's comment, which is its
// name and a verb in the third person, such as "bannedIn returns". The comment of an Example is
// prose for the reader of the documentation, and is not checked.
func functionComment(f *ast.FuncDecl) string {
	name := f.Name.Name
	if f.Doc == nil || f.Doc.Text() == "" || f.Recv == nil && strings.HasPrefix(name, "Example") {
		return ""
	}
	words := strings.Fields(f.Doc.Text())
	if words[0] != name {
		return fmt.Sprintf("comment of %s begins with %q instead of its name", name, words[0])
	}
	rest := words[1:]
	for len(rest) > 0 && slices.Contains(adverbs, rest[0]) {
		rest = rest[1:]
	}
	if len(rest) == 0 || !thirdPerson.MatchString(rest[0]) || slices.Contains(notVerbs, rest[0]) {
		return fmt.Sprintf("comment of %s does not go on with a verb: %q", name, strings.Join(words[:min(4, len(words))], " "))
	}
	return ""
}

// nth returns the line of a text with a number from 1.
func nth(text string, line int) string {
	lines := strings.Split(text, "\n")
	if line < 1 || line > len(lines) {
		return ""
	}
	return lines[line-1]
}

func TestLanguageFindsViolations(t *testing.T) {
	long := strings.Repeat("x", maxColumns-2)
	tests := []struct{ name, text, want string }{
		{"a banned word", "// f returns what it is told.\nfunc f() {}", `3: "told" is banned`},
		{"in a string", "var s = \"the answer\"", `3: "answer" is banned`},
		{"in a raw string, on its line", "var s = `a\nBeside b`", `4: "Beside" is banned`},
		{"in no other word", "// Health is a healthy candidate.\ntype Health int", ""},
		{"two words", "// T waits for ever.\ntype T int", `3: "for ever" is banned`},
		{"an allowed phrase", "// T stands for a table.\ntype T int", ""},
		{"no other form of it", "// T stands here.\ntype T int", `3: "stands" is banned`},
		{"in no identifier", "var answer int", ""},
		{"in no import", "import _ \"example.com/answer\"", ""},
		{"British spelling", "// T is a behavi" + "our.\ntype T int", `3: "behavi` + `our" is banned`},
		{"a verb", "// f returns one.\nfunc f() {}", ""},
		{"an adverb and a verb", "// f never returns nil.\nfunc f() {}", ""},
		{"a verb and a comma", "// f returns, if it can, one.\nfunc f() {}", ""},
		{"is", "// f is one.\nfunc f() {}", `3: comment of f does not go on with a verb`},
		{"are", "// f are many.\nfunc f() {}", `3: comment of f does not go on with a verb`},
		{"a noun", "// f one.\nfunc f() {}", `3: comment of f does not go on with a verb`},
		{"a colon", "// f: one.\nfunc f() {}", `3: comment of f begins with "f:" instead of its name`},
		{"the name alone", "// f\nfunc f() {}", `3: comment of f does not go on with a verb`},
		{"a type", "// T is one.\ntype T int", ""},
		{"a directive alone", "//go:noinline\nfunc f() {}", ""},
		{"a method", "// A t has one.\nfunc (t T) m() {}", `3: comment of m begins with "A" instead`},
		{"an example", "// This shows one.\nfunc ExampleT() {}", ""},
		{"wide enough", "// " + long[1:], ""},
		{"too wide", "// " + long, `3: comment of 101 columns`},
		{"too wide with a tab", "func f() {\n\t// " + long[1:] + "\n}", `4: comment of 101 columns`},
		{"after code", "var v = `" + long + "` // as one", ""},
		{"too wide after code", "var v = 1 // " + long, `3: comment of 101 columns`},
		{"a URL", "// https://example.com/" + long, ""},
		{"the second line of a block", "/*\n" + long + "xxx\n*/", `4: comment of 101 columns`},
		{"code", "// T is one:\n//\n//\t" + long + long + "\ntype T int", ""},
		{"output", "func ExampleT() {\n\t// Output:\n\t// " + long + "\n}", ""},
	}
	for _, tt := range tests {
		got, err := language("p.go", "package p\n\n"+tt.text+"\n")
		if err != nil {
			t.Fatalf("%s: %v", tt.name, err)
		}
		ok := len(got) == 0
		if tt.want != "" {
			ok = len(got) == 1 && strings.HasPrefix(got[0], "p.go:"+tt.want)
		}
		if !ok {
			t.Errorf("%s: findings %q, want %q", tt.name, got, tt.want)
		}
	}
	if got, err := language("p.md", "One.\nAs a rule, two.\n"); err != nil || len(got) != 1 || !strings.HasPrefix(got[0], "p.md:2: ") {
		t.Errorf("Markdown: findings %q, error %v, want one in line 2", got, err)
	}
}
