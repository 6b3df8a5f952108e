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

// slow is how long a test takes that is run after all others.
const slow = 50 * time.Millisecond

// The tests of one mutant may take ten times as long as without one, and at least leastTime: of the processors' time, since the machine may
// have other things to do. A mutant that the tests do not end with counts as noticed.
const leastTime = 5 * time.Second

// patience is how much longer than that they may take by the clock.
const patience = 20

// memory is what the tests of one mutant may use, in KiB: one that has no end must not take the machine with it.
const memory = 6 << 20

// bench tests the mutants of one package.
type bench struct {
	root, work string
	suites     []suite
	stages     []stage
}

// stage is some tests of a suite.
type stage struct {
	suite int
	near  string        // only for the mutants of this file; empty: of all
	run   string        // -test.run
	limit time.Duration // of the processors' time
}

// test finds out what becomes of the mutants of files of one package.
func (b *bench) test(ctx context.Context, files []*source) error {
	if err := os.MkdirAll(b.work, 0o700); err != nil {
		return err
	}
	var together, alone []*mutant
	id := 0
	for _, f := range files {
		apart := f.alone()
		for _, m := range f.mutants {
			id++
			m.id = id
			if slices.Contains(apart, m) {
				alone = append(alone, m)
			} else {
				together = append(together, m)
			}
		}
	}
	if err := b.build(ctx, files); err != nil {
		return err
	}
	if err := b.time(ctx, files); err != nil {
		return err
	}
	together = slices.DeleteFunc(together, func(m *mutant) bool { return m.outcome == invalid })
	err := b.each(ctx, together, func(m *mutant, _ int) error {
		return b.try(ctx, m, func(i int) (string, error) { return b.binary(i), nil })
	})
	return errors.Join(err, b.each(ctx, alone, func(m *mutant, worker int) error { return b.tryAlone(ctx, m, worker) }))
}

// binary is the test binary of a suite with all mutants.
func (b *bench) binary(suite int) string { return filepath.Join(b.work, fmt.Sprintf("%d.test", suite)) }

// build makes the binaries with all mutants, without those that do not compile.
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

// refuse takes the mutants that the compiler reports for invalid. It reports whether there were any.
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

// compile makes the test binary of a suite.
func (b *bench) compile(ctx context.Context, overlay string, suite int, name string) error {
	out, err := b.command(ctx, "go", "test", "-c", "-vet=off", "-overlay="+overlay, "-o", name, "./"+b.suites[suite].dir).CombinedOutput()
	if err != nil {
		return fmt.Errorf("go test -c ./%s: %w: %s", b.suites[suite].dir, err, out)
	}
	return nil
}

// overlay writes texts that stand for files of the repository.
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

func (b *bench) command(ctx context.Context, name string, args ...string) *exec.Cmd {
	cmd := exec.CommandContext(ctx, name, args...)
	cmd.Dir, cmd.WaitDelay = b.root, time.Second
	return cmd
}

var verdict = regexp.MustCompile(`(?m)^--- (?:PASS|SKIP): (\S+) \((\S+)s\)`)

// time runs all tests without a mutant and makes stages of them: the quick ones of the test file beside the changed one, the quick ones of every suite,
// the others of every suite.
func (b *bench) time(ctx context.Context, files []*source) error {
	var near, soon, late []stage
	for i, s := range b.suites {
		out, err := b.run(ctx, stage{suite: i, run: ".", limit: time.Hour}, b.binary(i), 0, "-test.v")
		if err != nil {
			return fmt.Errorf("the tests of %s fail without a mutant: %w: %s", s.dir, err, out[max(0, len(out)-2000):])
		}
		var quick, others []string
		var quickly, slowly time.Duration
		for _, match := range verdict.FindAllSubmatch(out, -1) {
			d, err := time.ParseDuration(string(match[2]) + "s")
			if err != nil {
				return err
			}
			if name := string(match[1]); d < slow {
				quick, quickly = append(quick, name), quickly+d
			} else {
				others, slowly = append(others, name), slowly+d
			}
		}
		for _, f := range files {
			text, err := os.ReadFile(filepath.Join(b.root, filepath.FromSlash(strings.TrimSuffix(f.name, ".go")+"_test.go")))
			if err != nil || path.Dir(f.name) != s.dir {
				continue // there is no such file
			}
			its := slices.DeleteFunc(slices.Clone(quick), func(name string) bool { return !strings.Contains(string(text), "func "+name+"(") })
			near = appendStage(near, stage{suite: i, near: f.name}, its, quickly)
		}
		soon = appendStage(soon, stage{suite: i}, quick, quickly)
		late = appendStage(late, stage{suite: i}, others, slowly)
	}
	b.stages = slices.Concat(near, soon, late)
	return nil
}

// appendStage appends a stage of tests that take so long, unless they are none.
func appendStage(to []stage, s stage, names []string, took time.Duration) []stage {
	if len(names) == 0 {
		return to
	}
	s.run, s.limit = "^("+strings.Join(names, "|")+")$", max(leastTime, 10*took)
	return append(to, s)
}

// run runs tests of a binary where its package is.
func (b *bench) run(ctx context.Context, s stage, binary string, id int, args ...string) ([]byte, error) {
	limits := fmt.Sprintf(`ulimit -v %d; ulimit -t %d; exec "$0" "$@"`, memory, int(s.limit.Seconds()))
	args = slices.Concat([]string{"-c", limits, binary, "-test.failfast", "-test.run=" + s.run}, b.suites[s.suite].args, args)
	cmd := b.command(ctx, "sh", args...)
	cmd.Dir = filepath.Join(b.root, filepath.FromSlash(b.suites[s.suite].dir))
	cmd.Env = append(os.Environ(), variable+"="+strconv.Itoa(id))
	var out bytes.Buffer
	cmd.Stdout = &bounded{w: &out, left: 1 << 20}
	cmd.Stderr = cmd.Stdout
	err := cmd.Run()
	return out.Bytes(), err
}

// bounded writes so much, and forgets the rest.
type bounded struct {
	w    io.Writer
	left int
}

func (b *bounded) Write(p []byte) (int, error) {
	n := min(len(p), b.left)
	b.left -= n
	if _, err := b.w.Write(p[:n]); err != nil {
		return 0, err
	}
	return len(p), nil
}

// each hands the mutants to as many workers as there may be.
func (b *bench) each(ctx context.Context, all []*mutant, do func(*mutant, int) error) error {
	queue := make(chan *mutant)
	failed := make([]error, *jobs)
	var done sync.WaitGroup
	for worker := range failed {
		done.Go(func() {
			for m := range queue {
				if failed[worker] == nil {
					failed[worker] = do(m, worker)
				}
			}
		})
	}
	for i, m := range all {
		if ctx.Err() != nil {
			break
		}
		fmt.Fprintf(os.Stderr, "\r%d of %d ", i+1, len(all))
		queue <- m
	}
	close(queue)
	done.Wait()
	fmt.Fprint(os.Stderr, "\r")
	return errors.Join(append(failed, ctx.Err())...)
}

var failure = regexp.MustCompile(`(?m)^\s*--- FAIL: (\S+)`)

// try runs the tests with one mutant, until one notices.
func (b *bench) try(ctx context.Context, m *mutant, binary func(suite int) (string, error)) error {
	for _, s := range b.stages {
		if s.near != "" && s.near != m.file {
			continue
		}
		name, err := binary(s.suite)
		if err != nil {
			return err
		}
		limited, cancel := context.WithTimeout(ctx, patience*s.limit)
		out, err := b.run(limited, s, name, m.id)
		cancel()
		if ctx.Err() != nil {
			return ctx.Err()
		}
		if err == nil {
			continue
		}
		m.outcome = noticed
		if match := failure.FindSubmatch(out); match != nil {
			m.noticedBy = b.suites[s.suite].dir + " " + string(match[1])
		}
		if exit, ok := errors.AsType[*exec.ExitError](err); ok && !exit.Exited() {
			m.outcome = timedOut // it was killed
		}
		break
	}
	if *why {
		fmt.Fprintf(os.Stderr, "\r%s: %s\n", m.key(), [...]string{"SURVIVED", "noticed by " + m.noticedBy, "timed out", "invalid"}[m.outcome])
	}
	return nil
}

// tryAlone tests a mutant in binaries of its own.
func (b *bench) tryAlone(ctx context.Context, m *mutant, worker int) error {
	name := fmt.Sprintf("alone%d", worker)
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
