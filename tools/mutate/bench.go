package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"
)

// slow is the processor time from which on a test runs after all others. Tests that start a program
// are slow.
const slow = 100 * time.Millisecond

// leastTime is the minimum time limit of the tests of one mutant. The limit is ten times their time
// without a mutant. It is processor time, so that other load on the machine does not matter. A
// mutant that exceeds it counts as killed.
const leastTime = 5 * time.Second

// clockFactor is the ratio of the limit in wall-clock time to the limit in processor time.
const clockFactor = 20

// memory is the memory limit of the tests of one mutant, in KiB. A mutant that allocates without
// end must not stop the machine.
const memory = 6 << 20

// bench tests the mutants of one package.
type bench struct {
	root, work string
	suites     []suite
	trials     []trial
}

// trial is one test, with what it does without a mutant.
type trial struct {
	suite   int
	name    string
	took    time.Duration // processor time
	reaches map[int]bool  // the functions with mutants that it calls
}

// stage is a selection of the tests of a suite.
type stage struct {
	suite int
	run   string        // -test.run
	limit time.Duration // processor time
}

// test tests the mutants of files of one package, and sets their outcomes.
func (b *bench) test(ctx context.Context, files []*source) error {
	if err := os.MkdirAll(b.work, 0o700); err != nil {
		return err
	}
	var together, separate []*mutant
	id := 0
	for _, f := range files {
		for i := range f.decls {
			d := &f.decls[i]
			for _, m := range d.mutants {
				id++
				m.id = id
			}
			d.id = d.mutants[0].id
			if d.separate {
				separate = append(separate, d.mutants...)
			} else {
				together = append(together, d.mutants...)
			}
		}
	}
	if err := b.build(ctx, files); err != nil {
		return err
	}
	if err := b.measure(ctx); err != nil {
		return err
	}
	together = slices.DeleteFunc(together, func(m *mutant) bool { return m.outcome == invalid })
	err := inParallel(ctx, together, func(m **mutant, _ int) error {
		return b.try(ctx, *m, func(i int) (string, error) { return b.binary(i), nil })
	})
	return errors.Join(err, inParallel(ctx, separate, func(m **mutant, worker int) error { return b.trySeparate(ctx, *m, worker) }))
}

// binary returns the test binary of a suite with all mutants.
func (b *bench) binary(suite int) string { return filepath.Join(b.work, fmt.Sprintf("%d.test", suite)) }

// build builds the test binaries with all mutants that compile.
func (b *bench) build(ctx context.Context, files []*source) error {
	dir := path.Dir(files[0].name)
	for {
		texts := map[string]string{dir + "/mutant__.go": switchFile(files[0].pkg)}
		for _, f := range files {
			texts[f.name] = f.switched()
		}
		overlay, err := b.overlay("all", texts)
		if err != nil {
			return err
		}
		out, err := b.command(ctx, "go", "build", "-gcflags=-e", "-overlay="+overlay, "./"+dir).CombinedOutput()
		if err == nil {
			for i := range b.suites {
				err = errors.Join(err, b.compile(ctx, overlay, i, b.binary(i)))
			}
			return err
		}
		if !refuse(files, out) {
			return fmt.Errorf("%w: %s", err, out)
		}
	}
}

var marked = regexp.MustCompile(mark + `(\d+):`)

// refuse marks the mutants that the compiler reports as invalid. It reports whether there were any.
func refuse(files []*source, out []byte) bool {
	found := false
	for _, match := range marked.FindAllSubmatch(out, -1) {
		id, _ := strconv.Atoi(string(match[1]))
		for _, f := range files {
			for _, m := range f.mutants {
				if m.id == id {
					found = true
					m.outcome = invalid
				}
			}
		}
	}
	return found
}

// compile builds the test binary of a suite.
func (b *bench) compile(ctx context.Context, overlay string, suite int, name string) error {
	out, err := b.command(ctx, "go", "test", "-c", "-vet=off", "-overlay="+overlay, "-o", name, "./"+b.suites[suite].dir).CombinedOutput()
	if err != nil {
		return fmt.Errorf("go test -c ./%s: %w: %s", b.suites[suite].dir, err, out)
	}
	return nil
}

// overlay writes texts that replace files of the repository, and returns the overlay for the go
// command.
func (b *bench) overlay(name string, texts map[string]string) (string, error) {
	replace := map[string]string{}
	for file, text := range texts {
		to := filepath.Join(b.work, name+"_"+path.Base(file))
		if err := os.WriteFile(to, []byte(text), 0o600); err != nil {
			return "", err
		}
		replace[filepath.Join(b.root, filepath.FromSlash(file))] = to
	}
	data, err := json.Marshal(map[string]any{"Replace": replace})
	if err != nil {
		return "", err
	}
	to := filepath.Join(b.work, name+".json")
	return to, os.WriteFile(to, data, 0o600)
}

// command returns a command that runs at the root of the repository.
func (b *bench) command(ctx context.Context, name string, args ...string) *exec.Cmd {
	cmd := exec.CommandContext(ctx, name, args...)
	cmd.Dir, cmd.WaitDelay = b.root, time.Second
	return cmd
}

// measure runs each test without a mutant, to measure its time and to record the functions that it
// reaches.
func (b *bench) measure(ctx context.Context) error {
	for i, s := range b.suites {
		out, err := b.run(ctx, stage{suite: i, run: ".", limit: time.Hour}, b.binary(i), nil, "-test.list=.")
		if err != nil {
			return fmt.Errorf("the tests of %s: %w: %s", s.dir, err, out)
		}
		for name := range strings.FieldsSeq(string(out)) {
			if !strings.HasPrefix(name, "Benchmark") {
				b.trials = append(b.trials, trial{suite: i, name: name})
			}
		}
	}
	return inParallel(ctx, b.trials, func(t *trial, worker int) error {
		reached := filepath.Join(b.work, fmt.Sprintf("reached%d", worker))
		if err := os.WriteFile(reached, nil, 0o600); err != nil {
			return err
		}
		took := time.Duration(0)
		out, err := b.run(ctx, stage{suite: t.suite, run: "^" + t.name + "$", limit: time.Hour}, b.binary(t.suite), &took, recording+"="+reached)
		if err != nil {
			return fmt.Errorf("%s of %s fails without a mutant: %w: %s", t.name, b.suites[t.suite].dir, err, out[max(0, len(out)-2000):])
		}
		text, err := os.ReadFile(reached)
		if err != nil {
			return err
		}
		t.took, t.reaches = took, map[int]bool{}
		for id := range strings.FieldsSeq(string(text)) {
			n, err := strconv.Atoi(id)
			if err != nil {
				return err
			}
			t.reaches[n] = true
		}
		return nil
	})
}

// stages returns the tests for the mutants of a declaration, which are those that reach it if that
// is known. First are the quick tests of its file's own test file, then the quick ones of all
// suites, then the others: the tests that kill most mutants in the least time come first.
func (b *bench) stages(d *decl, file string) []stage {
	sibling, err := os.ReadFile(filepath.Join(b.root, filepath.FromSlash(strings.TrimSuffix(file, ".go")+"_test.go")))
	if err != nil {
		sibling = nil // the file does not exist
	}
	var names [3][][]string
	var took [3][]time.Duration
	for k := range names {
		names[k], took[k] = make([][]string, len(b.suites)), make([]time.Duration, len(b.suites))
	}
	for _, t := range b.trials {
		if !d.separate && !d.value && !t.reaches[d.id] {
			continue
		}
		k := 1
		switch {
		case t.took >= slow:
			k = 2
		case b.suites[t.suite].dir == path.Dir(file) && bytes.Contains(sibling, []byte("func "+t.name+"(")):
			k = 0
		}
		names[k][t.suite] = append(names[k][t.suite], t.name)
		took[k][t.suite] += t.took
	}
	var stages []stage
	for k := range names {
		for i, nn := range names[k] {
			if len(nn) > 0 {
				stages = append(stages, stage{i, "^(" + strings.Join(nn, "|") + ")$", max(leastTime, 10*took[k][i])})
			}
		}
	}
	return stages
}

// run runs tests of a binary in the directory of its package, with variables and further arguments.
// It adds the processor time to took, which may be nil.
func (b *bench) run(ctx context.Context, s stage, binary string, took *time.Duration, more ...string) ([]byte, error) {
	limits := fmt.Sprintf(`ulimit -v %d; ulimit -t %d; exec "$0" "$@"`, memory, int(s.limit.Seconds()))
	args := slices.Concat([]string{"-c", limits, binary, "-test.failfast", "-test.run=" + s.run}, b.suites[s.suite].args)
	env := os.Environ()
	for _, m := range more {
		if strings.HasPrefix(m, "-") {
			args = append(args, m)
		} else {
			env = append(env, m)
		}
	}
	cmd := b.command(ctx, "sh", args...)
	cmd.Dir = filepath.Join(b.root, filepath.FromSlash(b.suites[s.suite].dir))
	cmd.Env = env
	var out bytes.Buffer
	cmd.Stdout = &bounded{w: &out, left: 1 << 20}
	cmd.Stderr = cmd.Stdout
	err := cmd.Run()
	if took != nil && cmd.ProcessState != nil {
		*took += cmd.ProcessState.UserTime() + cmd.ProcessState.SystemTime()
	}
	return out.Bytes(), err
}

// bounded writes a limited number of bytes and discards the rest.
type bounded struct {
	w    io.Writer
	left int
}

// Write writes p as far as the limit allows.
func (b *bounded) Write(p []byte) (int, error) {
	n := min(len(p), b.left)
	b.left -= n
	if _, err := b.w.Write(p[:n]); err != nil {
		return 0, err
	}
	return len(p), nil
}

// inParallel calls do for each element of all, in as many goroutines as the flag -j says.
func inParallel[T any](ctx context.Context, all []T, do func(*T, int) error) error {
	queue := make(chan *T)
	failed := make([]error, *jobs)
	var done sync.WaitGroup
	for worker := range failed {
		done.Go(func() {
			for one := range queue {
				if failed[worker] == nil {
					failed[worker] = do(one, worker)
				}
			}
		})
	}
	for i := range all {
		if ctx.Err() != nil {
			break
		}
		fmt.Fprintf(os.Stderr, "\r%d of %d ", i+1, len(all))
		queue <- &all[i]
	}
	close(queue)
	done.Wait()
	fmt.Fprint(os.Stderr, "\r")
	return errors.Join(errors.Join(failed...), ctx.Err())
}

var failure = regexp.MustCompile(`(?m)^\s*--- FAIL: (\S+)`)

// try runs the tests with one mutant until one fails.
func (b *bench) try(ctx context.Context, m *mutant, binary func(suite int) (string, error)) error {
	for _, s := range b.stages(m.decl, m.file) {
		name, err := binary(s.suite)
		if err != nil {
			return err
		}
		limited, cancel := context.WithTimeout(ctx, clockFactor*s.limit)
		out, err := b.run(limited, s, name, nil, variable+"="+strconv.Itoa(m.id))
		cancel()
		if ctx.Err() != nil {
			return ctx.Err()
		}
		if err == nil {
			continue
		}
		m.outcome = killed
		if match := failure.FindSubmatch(out); match != nil {
			m.killedBy = b.suites[s.suite].dir + " " + string(match[1])
		}
		if exit, ok := errors.AsType[*exec.ExitError](err); ok && !exit.Exited() {
			m.outcome = timedOut // a limit ended it
		}
		break
	}
	if *verbose {
		fmt.Fprintf(os.Stderr, "\r%s: %s\n", m.key(), [...]string{"SURVIVED", "killed by " + m.killedBy, "timed out", "invalid"}[m.outcome])
	}
	return nil
}

// trySeparate tests a mutant in its own test binaries.
func (b *bench) trySeparate(ctx context.Context, m *mutant, worker int) error {
	name := fmt.Sprintf("separate%d", worker)
	overlay, err := b.overlay(name, map[string]string{m.file: m.changed(0, len(m.text))})
	if err != nil {
		return err
	}
	if b.command(ctx, "go", "build", "-overlay="+overlay, "./"+path.Dir(m.file)).Run() != nil {
		m.outcome = invalid
		return ctx.Err()
	}
	made := map[int]string{}
	return b.try(ctx, m, func(suite int) (string, error) {
		if made[suite] == "" {
			made[suite] = filepath.Join(b.work, fmt.Sprintf("%s_%d.test", name, suite))
			return made[suite], b.compile(ctx, overlay, suite, made[suite])
		}
		return made[suite], nil
	})
}
