// Mutate shows whether the tests would notice: it makes one small change at a time in the code that decides (a comparison, a bound, a constant, a
// statement, a case, a row of a table), runs the tests of the package with that change, and tells which changes no test noticed. It changes
// no file: go test takes the changed one as an overlay.
//
//	go -C tools run ./mutate                                        # all of it: an hour or two
//	go -C tools run ./mutate statemachine/track.go ingestion/faults.go
//
// The survivors that are known, with the reason why each is as good as the original, stand in docs/mutants.md. Any other makes the
// program exit with status 1.
package main

import (
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"
)

// targets are the files to change and the tests that should notice, the quick ones first. Each test is a list of arguments to go test.
var targets = []struct {
	files string
	tests [][]string
}{
	{"statemachine/sdkfault/*.go", [][]string{{"./statemachine/sdkfault"}, {"./activitystream", "./ingestion", "./eventstream", "-run", quick}}},
	{"statemachine/*.go", [][]string{{"./statemachine"}, {"./internal/modeltest", "-args", "-model.depth=2"}, {"./ingestion", "./eventstream"}}},
	{"internal/validate/*.go", [][]string{{"./internal/validate"}, {"./activitystream", "./ingestion", "./eventstream", "-run", quick}}},
	{"activitystream/inputs.go", [][]string{{"./activitystream", "-run", quick}, {"./activitystream"}}},
	{"activitystream/faults.go", [][]string{{"./activitystream", "-run", quick}, {"./activitystream"}}},
	{"ingestion/inputs.go", [][]string{{"./ingestion"}}},
	{"ingestion/faults.go", [][]string{{"./ingestion"}}},
	{"eventstream/inputs.go", [][]string{{"./eventstream"}}},
	{"eventstream/faults.go", [][]string{{"./eventstream"}}},
}

// quick are the tests of validation and of errors.
const quick = "Input|Valid|ARN|Key|Name|Tag|Fault|Error|Kind|Fuzz"

var (
	jobs    = flag.Int("j", 2, "how many mutants are tested at once")
	timeout = flag.Duration("timeout", 90*time.Second, "how long the tests of one mutant may take; a mutant that takes longer is noticed")
	every   = flag.Int("every", 1, "take only every nth mutant")
	verbose = flag.Bool("v", false, "list the mutants that were noticed, too")
	root    string
)

// outcome is what became of a mutant.
type outcome int

const (
	survived outcome = iota
	killed
	invalid // it does not compile
)

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
	root = filepath.Dir(filepath.Dir(strings.TrimSpace(string(out)))) // above tools
	known, err := os.ReadFile(filepath.Join(root, "docs", "mutants.md"))
	if err != nil && !errors.Is(err, os.ErrNotExist) {
		return err
	}
	var all []*mutant
	files := map[string]bool{}
	for _, t := range targets {
		names, err := filepath.Glob(filepath.Join(root, filepath.FromSlash(t.files)))
		if err != nil {
			return err
		}
		for _, name := range names {
			rel, _ := filepath.Rel(root, name)
			rel = filepath.ToSlash(rel)
			if strings.HasSuffix(rel, "_test.go") || len(args) > 0 && !slices.Contains(args, rel) {
				continue
			}
			files[rel] = true
			mm, err := mutants(name, rel)
			if err != nil {
				return err
			}
			for i, m := range mm {
				if m.tests = t.tests; i%*every == 0 {
					all = append(all, m)
				}
			}
		}
	}
	for _, arg := range args {
		if !files[arg] {
			return fmt.Errorf("%s is no file of the targets", arg)
		}
	}
	if err := each(all); err != nil {
		return err
	}
	return report(all, string(known))
}

// each tests the mutants.
func each(all []*mutant) error {
	work, err := os.MkdirTemp("", "mutate")
	if err != nil {
		return err
	}
	defer os.RemoveAll(work)
	queue := make(chan int)
	failed := make([]error, *jobs)
	var done sync.WaitGroup
	for worker := range *jobs {
		done.Go(func() {
			for i := range queue {
				m := all[i]
				var err error
				if m.outcome, err = m.test(filepath.Join(work, strconv.Itoa(worker))); err != nil {
					failed[worker] = err
				}
				if m.outcome == survived || *verbose {
					fmt.Printf("%d/%d %s %s\n", i+1, len(all), [...]string{"SURVIVED", "killed", "invalid"}[m.outcome], m)
				}
			}
		})
	}
	for i := range all {
		queue <- i
	}
	close(queue)
	done.Wait()
	return errors.Join(failed...)
}

// report prints a line for each file and the sum.
func report(all []*mutant, known string) error {
	type count [3]int
	var files []string
	counts := map[string]*count{}
	var sum count
	unknown, listed := 0, 0
	for _, m := range all {
		if counts[m.file] == nil {
			counts[m.file] = new(count)
			files = append(files, m.file)
		}
		counts[m.file][m.outcome]++
		sum[m.outcome]++
		switch {
		case m.outcome != survived:
		case strings.Contains(known, "`"+m.key()+"`"):
			listed++
		default:
			unknown++
			fmt.Println("unexplained:", m.key())
		}
	}
	line := func(name string, c *count) {
		fmt.Printf("%-34s %4d mutants, %4d noticed, %3d not: %5.1f %%\n", name, c[killed]+c[survived], c[killed], c[survived],
			100*float64(c[killed])/float64(max(c[killed]+c[survived], 1)))
	}
	for _, f := range files {
		line(f, counts[f])
	}
	line("in all", &sum)
	if unknown > 0 {
		return fmt.Errorf("%d mutants survived without a reason in docs/mutants.md, %d with one", unknown, listed)
	}
	fmt.Printf("each of the %d survivors has its reason in docs/mutants.md\n", listed)
	return nil
}

// test runs the tests on a mutant.
func (m *mutant) test(dir string) (outcome, error) {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return survived, err
	}
	changed, overlay := filepath.Join(dir, "mutant.go"), filepath.Join(dir, "overlay.json")
	if err := os.WriteFile(changed, m.source(), 0o600); err != nil {
		return survived, err
	}
	text, err := json.Marshal(map[string]map[string]string{"Replace": {m.path: changed}})
	if err != nil {
		return survived, err
	}
	if err := os.WriteFile(overlay, text, 0o600); err != nil {
		return survived, err
	}
	for _, args := range m.tests {
		ctx, cancel := context.WithTimeout(context.Background(), *timeout)
		cmd := exec.CommandContext(ctx, "go", append([]string{"test", "-overlay=" + overlay, "-vet=off", "-failfast", "-timeout=" + timeout.String()}, args...)...)
		cmd.Dir, cmd.WaitDelay = root, time.Second
		out, err := cmd.CombinedOutput()
		late := ctx.Err() != nil
		cancel()
		switch {
		case err == nil:
		case late:
			return killed, nil
		case strings.Contains(string(out), "[build failed]") || strings.Contains(string(out), "[setup failed]"):
			return invalid, nil
		default:
			return killed, nil
		}
	}
	return survived, nil
}
