package main

import (
	"errors"
	"maps"
	"slices"
	"sync"
	"time"

	"github.com/streamwarden/streamwarden-go/activitystream"
	"github.com/streamwarden/streamwarden-go/statemachine"
)

// counts is what came of the databases of a group.
type counts struct {
	already       int            // started, or starting, before: nothing had to be commanded
	planned       int            // of a dry run: would have been commanded
	restarts      int            // those of them that would restart at once
	started       int            // by a command of this run
	failed        int            // for a reason of their own
	unfinished    int            // not ready when the run was interrupted
	openCommanded int            // those of them that had been commanded: they go on without us
	totalTime     time.Duration  // of those that were started, together
	failures      map[string]int // by what went wrong
}

// failure is a database that could not be started.
type failure struct {
	arn, reason string
	err         error
}

// tally counts results. Its zero value is ready, and safe for concurrent use.
type tally struct {
	mu       sync.Mutex
	counts   counts
	failures []failure
}

// add counts a result. The output is there beside an error, too.
func (t *tally) add(in *activitystream.StartInput, out *activitystream.EnsureOutput, err error, took time.Duration) {
	t.mu.Lock()
	defer t.mu.Unlock()
	c := &t.counts
	switch {
	case statemachine.KindOf(err) == statemachine.Interrupted:
		c.unfinished++
		if len(out.Operations) > 0 {
			c.openCommanded++
		}
	case err != nil:
		what := describe(err)
		if c.failures == nil {
			c.failures = map[string]int{}
		}
		c.failures[what]++
		c.failed++
		t.failures = append(t.failures, failure{in.ResourceArn, what, err})
	case len(out.Planned) > 0:
		c.planned++
		if in.ApplyImmediately {
			c.restarts++
		}
	case len(out.Operations) > 0:
		c.started++
		c.totalTime += took
	default:
		c.already++
	}
}

// now is what was counted until now.
func (t *tally) now() counts {
	t.mu.Lock()
	defer t.mu.Unlock()
	c := t.counts
	c.failures = maps.Clone(c.failures)
	return c
}

// failed lists the failures until now.
func (t *tally) failed() []failure {
	t.mu.Lock()
	defer t.mu.Unlock()
	return slices.Clip(t.failures)
}

// reset forgets everything.
func (t *tally) reset() {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.counts, t.failures = counts{}, nil
}

// describe is the kind of a failure or, for a wait that ended without one of the service, its reason.
func describe(err error) string {
	kind := statemachine.KindOf(err)
	if wait, ok := errors.AsType[*statemachine.WaitError](err); ok && kind == statemachine.Unknown {
		return string(wait.Reason)
	}
	return string(kind)
}
