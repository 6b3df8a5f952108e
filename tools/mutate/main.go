// Mutate shows whether the tests notice a change: it makes one small change at a time in the code that decides (a comparison, a bound, a constant,
// a statement, a case, a row of a table), runs the package's tests with it, and tells which changes none of them noticed. It changes no
// file: go test takes the changed one as an overlay. The survivors that are known to be as good as the original stand in
// docs/mutants.md, each with the reason; any other makes the exit status 1.
//
//	go -C tools run ./mutate                                             # everything: hours
//	go -C tools run ./mutate statemachine/track.go ingestion/faults.go   # these files
package main

import (
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"
)

// targets are the files to change and the tests that should notice, the quick ones first: arguments of go test.
var targets = []struct {
	files string
	tests [][]string
}{
	{"statemachine/sdkfault/*.go", [][]string{{"./statemachine/sdkfault"}, {"./activitystream", "./ingestion", "./eventstream", "-run", quick}}},
	{"statemachine/*.go", [][]string{{"./statemachine"}, {"./internal/conformance"}, {"./internal/modeltest", "-args", "-model.depth=2"}, {"./ingestion", "./eventstream"}}},
	{"internal/validate/*.go", [][]string{{"./internal/validate"}, {"./activitystream", "./ingestion", "./eventstream", "-run", quick}}},
	{"activitystream/inputs.go", [][]string{{"./activitystream", "-run", quick}, {"./activitystream"}}},
	{"activitystream/faults.go", [][]string{{"./internal/conformance"}, {"./activitystream", "-run", quick}, {"./activitystream"}}},
	{"ingestion/inputs.go", [][]string{{"./ingestion"}}},
	{"ingestion/faults.go", [][]string{{"./internal/conformance"}, {"./ingestion"}}},
	{"eventstream/inputs.go", [][]string{{"./eventstream"}}},
	{"eventstream/faults.go", [][]string{{"./internal/conformance"}, {"./eventstream"}}},
}

// quick are the tests of validation and of errors.
const quick = "Input|Valid|ARN|Key|Name|Tag|Fault|Error|Kind|Fuzz"

// swaps are what a binary operator is replaced by.
var swaps = map[token.Token][]string{
	token.LSS: {"<=", ">="}, token.LEQ: {"<", ">"}, token.GTR: {">=", "<="}, token.GEQ: {">", "<"}, token.EQL: {"!="}, token.NEQ: {"=="},
	token.LAND: {"||"}, token.LOR: {"&&"}, token.ADD: {"-"}, token.SUB: {"+"}, token.MUL: {"/"}, token.QUO: {"*"},
}

// constants are replaced by the next of their list.
var constants = [][]string{
	{"TimedOut", "Canceled", "Unreachable", "Lapsed", "Gone", "ReadFailed"},
	{"InvalidInput", "NotFound", "InvalidState", "AlreadyInState", "Conflict", "AccessDenied", "KeyNotAccessible", "Unsupported", "LimitExceeded",
		"MissingDependency", "Throttled", "Unavailable", "Unauthenticated", "Drifted", "Interrupted", "Unknown"},
	{"stepRead", "stepDone", "stepCommand"},
	{"true", "false"},
}

var (
	jobs    = flag.Int("j", 2, "how many mutants are tested at once")
	timeout = flag.Duration("timeout", 90*time.Second, "how long the tests of one mutant may take; one that takes longer is noticed")
)

type outcome int

const (
	survived outcome = iota
	noticed
	invalid // it does not compile
)

// mutant is one change of one file.
type mutant struct {
	path, file string // the latter from the root, with slashes
	text       []byte
	from, to   int    // the bytes to replace
	with       string // by
	fn         string // in this function or variable
	line       int
	tests      [][]string
	outcome    outcome
}

// key names the change, whatever line it is on.
func (m *mutant) key() string {
	return m.file + " " + m.fn + ": " + short(string(m.text[m.from:m.to])) + " → " + short(m.with)
}

// short is a text on one line, of a readable length.
func short(s string) string {
	s = strings.ReplaceAll(strings.Join(strings.Fields(s), " "), "`", "'")
	if r := []rune(s); len(r) > 90 {
		s = string(r[:70]) + " … " + string(r[len(r)-19:])
	}
	if s == "" {
		s = "nothing"
	}
	return s
}

func main() {
	flag.Parse()
	if err := run(flag.Args()); err != nil {
		fmt.Fprintln(os.Stderr, "mutate:", err)
		os.Exit(1)
	}
}

func run(args []string) error {
	out, err := exec.Command("go", "env", "GOMOD").Output()
	if err != nil {
		return err
	}
	root := filepath.Dir(filepath.Dir(strings.TrimSpace(string(out)))) // above tools
	known, err := os.ReadFile(filepath.Join(root, "docs", "mutants.md"))
	if err != nil && !errors.Is(err, os.ErrNotExist) {
		return err
	}
	var all []*mutant
	for _, t := range targets {
		names, err := filepath.Glob(filepath.Join(root, filepath.FromSlash(t.files)))
		if err != nil {
			return err
		}
		for _, name := range names {
			rel := filepath.ToSlash(strings.TrimPrefix(name, root+string(filepath.Separator)))
			if strings.HasSuffix(rel, "_test.go") || len(args) > 0 && !slices.Contains(args, rel) {
				continue
			}
			mm, err := mutants(name, rel, t.tests)
			if err != nil {
				return err
			}
			all = append(all, mm...)
		}
	}
	if err := test(root, all); err != nil {
		return err
	}
	return report(all, string(known))
}

// report prints a line for each file and the sum, and what survived without a reason.
func report(all []*mutant, known string) error {
	var files []string
	counts := map[string]*[3]int{}
	var sum [3]int
	unknown := 0
	for _, m := range all {
		if counts[m.file] == nil {
			counts[m.file] = new([3]int)
			files = append(files, m.file)
		}
		counts[m.file][m.outcome]++
		sum[m.outcome]++
		if m.outcome == survived && !strings.Contains(known, "`"+m.key()+"`") {
			unknown++
			fmt.Printf("no reason: %s:%d\n    `%s`\n", m.file, m.line, m.key())
		}
	}
	counts["in all"] = &sum
	for _, f := range append(files, "in all") {
		n := counts[f][noticed] + counts[f][survived]
		fmt.Printf("%-34s %4d mutants, %4d noticed, %3d not: %5.1f %%\n", f, n, counts[f][noticed], counts[f][survived], 100*float64(counts[f][noticed])/float64(max(n, 1)))
	}
	if unknown > 0 {
		return fmt.Errorf("%d mutants survived, and docs/mutants.md does not say why", unknown)
	}
	return nil
}

// test tests all mutants.
func test(root string, all []*mutant) error {
	work, err := os.MkdirTemp("", "mutate")
	if err != nil {
		return err
	}
	defer os.RemoveAll(work)
	queue := make(chan *mutant)
	failed := make([]error, *jobs)
	var done sync.WaitGroup
	for worker := range failed {
		done.Go(func() {
			for m := range queue {
				if err := m.test(root, filepath.Join(work, strconv.Itoa(worker))); err != nil {
					failed[worker] = err
				}
			}
		})
	}
	for i, m := range all {
		fmt.Fprintf(os.Stderr, "\r%d of %d", i+1, len(all))
		queue <- m
	}
	close(queue)
	done.Wait()
	fmt.Fprintln(os.Stderr)
	return errors.Join(failed...)
}

// test runs the tests with one mutant.
func (m *mutant) test(root, prefix string) error {
	overlay, err := json.Marshal(map[string]map[string]string{"Replace": {m.path: prefix + ".go"}})
	if err != nil {
		return err
	}
	changed := slices.Concat(m.text[:m.from], []byte(m.with), m.text[m.to:])
	if err := errors.Join(os.WriteFile(prefix+".go", changed, 0o600), os.WriteFile(prefix+".json", overlay, 0o600)); err != nil {
		return err
	}
	for _, args := range m.tests {
		ctx, cancel := context.WithTimeout(context.Background(), *timeout)
		cmd := exec.CommandContext(ctx, "go", append([]string{"test", "-overlay=" + prefix + ".json", "-vet=off", "-failfast", "-timeout=" + timeout.String()}, args...)...)
		cmd.Dir, cmd.WaitDelay = root, time.Second
		out, err := cmd.CombinedOutput()
		cancel()
		switch {
		case err == nil:
			continue
		case strings.Contains(string(out), "[build failed]"), strings.Contains(string(out), "[setup failed]"):
			m.outcome = invalid
		default:
			m.outcome = noticed
		}
		return nil
	}
	return nil
}

// mutants are all changes of a file.
func mutants(path, file string, tests [][]string) (found []*mutant, err error) {
	text, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	fset := token.NewFileSet()
	parsed, err := parser.ParseFile(fset, path, text, parser.SkipObjectResolution)
	if err != nil {
		return nil, err
	}
	fn := ""
	add := func(from, to token.Pos, with string) {
		f := fset.File(from)
		found = append(found, &mutant{path: path, file: file, text: text, from: f.Offset(from), to: f.Offset(to), with: with, fn: fn, line: f.Line(from), tests: tests})
	}
	drop := func(list []ast.Expr, i int) {
		switch {
		case i+1 < len(list):
			add(list[i].Pos(), list[i+1].Pos(), "")
		case i > 0:
			add(list[i-1].End(), list[i].End(), "")
		default:
			add(list[i].Pos(), list[i].End(), "")
		}
	}
	shorten := func(e ast.Expr) { // a text that is compared, or stands in a table
		if lit, ok := e.(*ast.BasicLit); ok && lit.Kind == token.STRING && len(lit.Value) > 2 {
			add(lit.Pos(), lit.End(), lit.Value[:1]+lit.Value[2:])
		}
	}
	visit := func(n ast.Node) bool {
		switch n := n.(type) {
		case *ast.BinaryExpr:
			for _, with := range swaps[n.Op] {
				add(n.OpPos, n.OpPos+token.Pos(len(n.Op.String())), with)
			}
			if n.Op == token.EQL || n.Op == token.NEQ {
				shorten(n.X)
				shorten(n.Y)
			}
		case *ast.UnaryExpr:
			if n.Op == token.NOT {
				add(n.OpPos, n.OpPos+1, "")
			}
		case *ast.IfStmt:
			if _, ok := n.Cond.(*ast.BinaryExpr); !ok {
				f := fset.File(n.Cond.Pos())
				add(n.Cond.Pos(), n.Cond.End(), "!("+string(text[f.Offset(n.Cond.Pos()):f.Offset(n.Cond.End())])+")")
			}
		case *ast.CaseClause:
			add(n.Pos(), n.End(), "")
			for i, e := range n.List {
				if shorten(e); len(n.List) > 1 {
					drop(n.List, i)
				}
			}
		case *ast.ExprStmt, *ast.IncDecStmt, *ast.BranchStmt:
			add(n.Pos(), n.End(), "")
		case *ast.AssignStmt:
			if n.Tok != token.DEFINE {
				add(n.Pos(), n.End(), "")
			}
		case *ast.CompositeLit:
			for i, e := range n.Elts {
				if kv, ok := e.(*ast.KeyValueExpr); ok {
					e = kv.Value
					shorten(e)
				}
				if _, row := e.(*ast.CompositeLit); row {
					drop(n.Elts, i)
				}
			}
		case *ast.CallExpr:
			if sel, ok := n.Fun.(*ast.SelectorExpr); ok && (sel.Sel.Name == "ARN" || slices.Contains([]string{"strings", "regexp"}, fmt.Sprint(sel.X))) {
				for _, arg := range n.Args {
					shorten(arg)
				}
			}
		case *ast.BasicLit:
			if i, err := strconv.ParseInt(n.Value, 0, 64); err == nil && n.Kind == token.INT {
				add(n.Pos(), n.End(), strconv.FormatInt(i+1, 10))
				if i > 0 {
					add(n.Pos(), n.End(), strconv.FormatInt(i-1, 10))
				}
			} else if n.Kind == token.CHAR {
				r, _, _, _ := strconv.UnquoteChar(n.Value[1:], '\'')
				add(n.Pos(), n.End(), strconv.QuoteRune(r+1))
				add(n.Pos(), n.End(), strconv.QuoteRune(r-1))
			}
		case *ast.Ident:
			for _, all := range constants {
				if i := slices.Index(all, n.Name); i >= 0 {
					add(n.Pos(), n.End(), all[(i+1)%len(all)])
				}
			}
		}
		return true
	}
	for _, d := range parsed.Decls {
		switch d := d.(type) {
		case *ast.FuncDecl:
			if fn = d.Name.Name; d.Body != nil {
				ast.Inspect(d.Body, visit)
			}
		case *ast.GenDecl:
			for _, s := range d.Specs {
				if s, ok := s.(*ast.ValueSpec); ok {
					fn = s.Names[0].Name
					ast.Inspect(s, visit)
				}
			}
		}
	}
	return found, nil
}
