// Mutate is a mutation testing tool. It makes one small change at a time in the code that decides:
// a comparison, a bound, a constant, a statement, a case, or a row of a table. It runs the tests
// with each mutant, and reports the killed and the survived. Survivors that are equivalent to the
// original are listed in docs/mutants.md, each with the reason. The exit status is 1 for any other
// survivor, and for a reason that is no longer needed.
//
//	go -C tools run ./mutate                                             # everything
//	go -C tools run ./mutate statemachine/track.go ingestion/faults.go   # these files
//	go -C tools run ./mutate -list                                       # only list the mutants
//
// It changes no file: go test takes the changed ones as an overlay. All mutants of a package are
// compiled into one test binary, each as a copy of its function, and an environment variable
// selects one. A mutant that cannot be selected, such as one of a function without a name for its
// receiver, has its own binary.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"
)

// target is code to mutate, with the tests that should kill its mutants.
type target struct {
	files string  // a pattern of files of one package
	tests []suite // the closest first
}

// suite has the tests of one package.
type suite struct {
	dir  string
	args []string // the arguments of the test binary
}

// targets are the targets of a full run.
var targets = []target{
	{"statemachine/*.go", []suite{{"statemachine", nil}, {"internal/conformance", nil}, {"ingestion", nil}, {"eventstream", nil}, {"internal/modeltest", []string{"-model.depth=2"}}}},
	{"statemachine/sdkfault/*.go", []suite{{"statemachine/sdkfault", nil}, {"ingestion", quick}, {"eventstream", quick}, {"activitystream", quick}}},
	{"internal/validate/*.go", []suite{{"internal/validate", nil}, {"ingestion", quick}, {"eventstream", quick}, {"activitystream", quick}}},
	{"activitystream/inputs.go", []suite{{"activitystream", quick}}},
	{"activitystream/faults.go", []suite{{"activitystream", quick}, {"internal/conformance", nil}}},
	{"ingestion/inputs.go", []suite{{"ingestion", quick}}},
	{"ingestion/faults.go", []suite{{"ingestion", quick}, {"internal/conformance", nil}}},
	{"eventstream/inputs.go", []suite{{"eventstream", quick}}},
	{"eventstream/faults.go", []suite{{"eventstream", quick}, {"internal/conformance", nil}}},
}

// quick skips the tests with thousands of waits and random faults, which do not depend on inputs
// and error codes.
var quick = []string{"-test.skip=Random|Thousand|Together"}

var (
	jobs    = flag.Int("j", 2, "number of mutants that are tested at once")
	list    = flag.Bool("list", false, "only list the mutants")
	verbose = flag.Bool("v", false, "report for each mutant which test killed it")
)

func main() {
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	err := run(ctx, flag.Args())
	stop()
	if err != nil {
		fmt.Fprintln(os.Stderr, "mutate:", err)
		os.Exit(1)
	}
}

// run mutates the named files, or all files of the targets.
func run(ctx context.Context, only []string) error {
	out, err := exec.CommandContext(ctx, "go", "env", "GOMOD").Output()
	if err != nil {
		return err
	}
	root := filepath.Dir(filepath.Dir(strings.TrimSpace(string(out)))) // the parent of tools
	known, err := os.ReadFile(filepath.Join(root, "docs", "mutants.md"))
	if err != nil && !errors.Is(err, os.ErrNotExist) {
		return err
	}
	var all []*mutant
	files := make([][]*source, len(targets))
	missing := slices.Clone(only)
	for i, t := range targets {
		if files[i], err = t.read(root, only); err != nil {
			return err
		}
		for _, f := range files[i] {
			all = append(all, f.mutants...)
			missing = slices.DeleteFunc(missing, func(name string) bool { return name == f.name })
		}
	}
	if len(missing) > 0 {
		return fmt.Errorf("no mutants in %s: a file is named by its path from the root of the repository", strings.Join(missing, ", "))
	}
	if *list {
		for _, m := range all {
			fmt.Printf("%s:%d\t%s\n", m.file, m.line, m.key())
		}
		return nil
	}
	work, err := os.MkdirTemp("", "mutate")
	if err != nil {
		return err
	}
	defer os.RemoveAll(work)
	for i, t := range targets {
		if len(files[i]) == 0 {
			continue
		}
		began := time.Now()
		b := bench{root: root, work: filepath.Join(work, strconv.Itoa(i)), suites: t.tests}
		if err := b.test(ctx, files[i]); err != nil {
			return fmt.Errorf("%s: %w", t.files, err)
		}
		fmt.Fprintf(os.Stderr, "%s: %s\n", t.files, time.Since(began).Round(time.Second))
	}
	return report(os.Stdout, all, string(known))
}

// read reads the files of a target, or those of them in only.
func (t target) read(root string, only []string) ([]*source, error) {
	names, err := filepath.Glob(filepath.Join(root, filepath.FromSlash(t.files)))
	if err != nil {
		return nil, err
	}
	var files []*source
	for _, name := range names {
		rel := filepath.ToSlash(strings.TrimPrefix(name, root+string(filepath.Separator)))
		if strings.HasSuffix(rel, "_test.go") || len(only) > 0 && !slices.Contains(only, rel) {
			continue
		}
		text, err := os.ReadFile(name)
		if err != nil {
			return nil, err
		}
		f, err := parse(rel, text)
		if err != nil {
			return nil, err
		}
		if len(f.mutants) > 0 {
			files = append(files, f)
		}
	}
	return files, nil
}
