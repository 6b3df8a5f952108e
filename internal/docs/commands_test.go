package docs

import (
	"fmt"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/streamwarden/streamwarden-go/internal/snippets"
)

var (
	shell    = regexp.MustCompile("(?ms)^```sh\n(.*?)^```$")
	indented = regexp.MustCompile(`(?m)^\t(go .*)$`)
	span     = regexp.MustCompile("`((?:[A-Z_]+=\\S+ )*(?:go (?:-C|run|test|tool|build|vet) |\\.ci/)[^`\n]*)`")
	setting  = regexp.MustCompile(`^(?:[A-Z_]+=\S+ )+`) // a variable that is set for one command
	quoted   = regexp.MustCompile(`'[^']*'|"[^"]*"|\S+`)
)

// commands returns the go and .ci commands in a document: in sh blocks, in indented blocks and
// between backquotes.
func commands(text string) []string {
	var found []string
	for _, m := range shell.FindAllStringSubmatch(text, -1) {
		found = append(found, strings.Split(m[1], "\n")...)
	}
	for _, re := range []*regexp.Regexp{indented, span} {
		for _, m := range re.FindAllStringSubmatch(text, -1) {
			found = append(found, m[1])
		}
	}
	for i, c := range found {
		c, _, _ = strings.Cut(c, " #")
		c, _, _ = strings.Cut(c, " && ")
		found[i] = setting.ReplaceAllString(strings.TrimSpace(c), "")
	}
	return slices.DeleteFunc(found, func(c string) bool { return !strings.HasPrefix(c, "go ") && !strings.HasPrefix(c, ".ci/") })
}

// goFlags are the flags of the go command, and whether a value follows.
var goFlags = map[string]bool{ //nolint:gochecknoglobals // a table
	"-v": false, "-race": false, "-run": true, "-bench": true, "-fuzz": true, "-fuzztime": true, "-list": true, "-timeout": true, "-count": true, "-tags": true, "-benchmem": false,
	"-modfile": true,
}

// check returns an error for a command that names a package, a test or a flag that does not exist.
// The command is run in dir.
func check(dir, command string) error {
	args := quoted.FindAllString(command, -1)
	for i, a := range args {
		args[i] = strings.Trim(a, `'"`)
	}
	if strings.HasPrefix(args[0], ".ci/") {
		_, err := os.Stat(snippets.RepoPath(args[0]))
		return err
	}
	if i := slices.Index(args, "-C"); i > 0 && i+1 < len(args) {
		dir = path.Join(dir, args[i+1])
		args = slices.Delete(args, i, i+2)
	}
	if len(args) < 2 || args[1] != "run" && args[1] != "test" {
		return nil // go get or go tool: nothing of this repository
	}
	var sources strings.Builder // of the packages, tests included
	var names, own []string
	if !slices.ContainsFunc(args, func(a string) bool { return a == "." || strings.HasPrefix(a, "./") }) {
		args = append(args, ".")
	}
	for rest := args[2:]; len(rest) > 0; rest = rest[1:] {
		a, _, given := strings.Cut(rest[0], "=")
		value, known := goFlags[a]
		switch {
		case known && given: // the value is not checked
		case known && value && len(rest) < 2:
			return fmt.Errorf("%s has no value", a)
		case known && value:
			if a == "-run" || a == "-bench" || a == "-fuzz" {
				names = append(names, rest[1])
			}
			rest = rest[1:]
		case known:
		case strings.HasPrefix(a, "-"):
			own = append(own, strings.TrimPrefix(a, "-"))
		case a == "." || strings.HasPrefix(a, "./"):
			text, err := goFiles(path.Join(dir, a))
			if err != nil {
				return err
			}
			sources.WriteString(text)
		}
	}
	if strings.Contains(sources.String(), `/internal/snippets"`) {
		text, err := goFiles("internal/snippets") // it defines the flag -update
		if err != nil {
			return err
		}
		sources.WriteString(text)
	}
	for _, name := range names {
		m := regexp.MustCompile(`^(\^?)(\w+)(\$?)$`).FindStringSubmatch(name) // the name of one test; other patterns are not checked
		if m == nil {
			continue
		}
		before, after := `\w*`, `\w*`
		if m[1] != "" {
			before = ""
		}
		if m[3] != "" {
			after = ""
		}
		if !regexp.MustCompile(`(?m)^func ` + before + m[2] + after + `\(`).MatchString(sources.String()) {
			return fmt.Errorf("%s does not exist", name)
		}
	}
	for _, name := range own {
		if !regexp.MustCompile(`(?:flag|flags)\.\w+\((?:&\w[\w.]*, )?"`+name+`"`).MatchString(sources.String()) && name != "h" {
			return fmt.Errorf("flag -%s does not exist", name)
		}
	}
	return nil
}

// goFiles returns the text of the Go files of a package, or of a directory and all below it if the
// pattern ends in "/...".
func goFiles(pattern string) (string, error) {
	dir, all := pattern, path.Base(pattern) == "..."
	if all {
		dir = path.Dir(pattern)
	}
	var names []string
	err := filepath.WalkDir(snippets.RepoPath(dir), func(name string, e fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case e.IsDir() && name != snippets.RepoPath(dir) && !all:
			return filepath.SkipDir
		case path.Ext(name) == ".go":
			names = append(names, name)
		}
		return nil
	})
	if err == nil && len(names) == 0 {
		err = fmt.Errorf("%s has no Go file", pattern)
	}
	var text strings.Builder
	for _, name := range names {
		b, readErr := os.ReadFile(name)
		if readErr != nil {
			return "", readErr
		}
		text.Write(b)
	}
	return text.String(), err
}

// TestCommandsExist checks that the commands in documents name packages, tests and flags that
// exist.
func TestCommandsExist(t *testing.T) {
	seen := 0
	for _, name := range append(guides(t), "README.md", "internal/benchmarks/README.md") {
		text, err := snippets.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		for _, c := range commands(text) {
			seen++
			if err := check(".", c); err != nil && check(path.Dir(name), c) != nil { // or in the page's own directory
				t.Errorf("%s: %s: %v", name, c, err)
			}
		}
	}
	if seen < 15 {
		t.Errorf("found only %d commands", seen)
	}
}

// TestCheckFindsErrors checks that check rejects commands that name what does not exist.
func TestCheckFindsErrors(t *testing.T) {
	for command, ok := range map[string]bool{
		"go run ./examples/quickstart": true, "go run ./examples/slowstart": false, "go -C examples run ./quickstart": true,
		"go test ./activitystream -run TestScale -v -timeout 30m -scale": true, "go test ./activitystream -run TestScales": false,
		"go test ./activitystream -run 'TestScale$'": true, "go test ./activitystream -run '^Scale'": false,
		"go test ./activitystream -run '^$' -bench .": true, "go test ./activitystream -scales": false,
		"go test . ./internal/docs -update": true, "go test ./internal/archtest -update": false, ".ci/run": true, ".ci/walk": false,
	} {
		if err := check(".", command); (err == nil) != ok {
			t.Errorf("%s: valid is %t, want %t: %v", command, err == nil, ok, err)
		}
	}
	if got := commands("`A=b go test ./e`"); !slices.Equal(got, []string{"go test ./e"}) {
		t.Errorf("found %q", got)
	}
	if got := commands("```sh\ngo run ./a   # b\nls\n```\nand `go test ./c` or `go vet`.\n\n\tgo test ./d\n"); !slices.Equal(got, []string{"go run ./a", "go test ./d", "go test ./c"}) {
		t.Errorf("found %q", got)
	}
}
