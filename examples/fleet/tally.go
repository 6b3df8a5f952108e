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

// counts are the results of the databases of a group.
type counts struct {
	already       int            // started or starting before the run
	planned       int            // to be started, in a dry run
	restarts      int            // planned ones that would restart at once
	started       int            // by the run
	failed        int            // for a reason of their own
	unfinished    int            // when the run was interrupted
	openCommanded int            // unfinished ones with an accepted command
	totalTime     time.Duration  // of the started ones
	failures      map[string]int // failed ones, by reason

	starting map[string]bool // ARNs whose start was accepted and that are not done
}

// failure is a database that could not be started.
type failure struct {
	arn, reason string
	err         error
}

// tally counts results. The zero value is ready to use. It is safe for concurrent use.
type tally struct {
	mu       sync.Mutex
	counts   counts
	failures []failure
}

// observe counts the starts that were accepted. It is an OnProgress.
func (t *tally) observe(p statemachine.Progress) {
	t.mu.Lock()
	defer t.mu.Unlock()
	switch p.Type {
	case statemachine.ProgressAccepted:
		if t.counts.starting == nil {
			t.counts.starting = map[string]bool{}
		}
		t.counts.starting[p.Resource] = true
	case statemachine.ProgressEnded:
		delete(t.counts.starting, p.Resource)
	case statemachine.ProgressRead, statemachine.ProgressChanged, statemachine.ProgressCommand, statemachine.ProgressRejected, statemachine.ProgressLost:
	}
}

// add counts a result. The output is not nil, even with an error.
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

// now returns the current counts.
func (t *tally) now() counts {
	t.mu.Lock()
	defer t.mu.Unlock()
	c := t.counts
	c.failures, c.starting = maps.Clone(c.failures), maps.Clone(c.starting)
	return c
}

// failed returns the failures so far.
func (t *tally) failed() []failure {
	t.mu.Lock()
	defer t.mu.Unlock()
	return slices.Clip(t.failures)
}

// reset sets all counts to zero.
func (t *tally) reset() {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.counts, t.failures = counts{}, nil
}

// describe returns the kind of a failure. For a wait without an error of the service it returns
// the reason.
func describe(err error) string {
	kind := statemachine.KindOf(err)
	if wait, ok := errors.AsType[*statemachine.WaitError](err); ok && kind == statemachine.Unknown {
		return string(wait.Reason)
	}
	return string(kind)
}
