package statemachine_test

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"testing/synctest"
	"time"

	"github.com/streamwarden/streamwarden-go/internal/assert"
	"github.com/streamwarden/streamwarden-go/statemachine"
)

// TestOnProgressReportsEverything compares all reports of one call with what happened. The text of
// a report has the resource, the time and the next read.
func TestOnProgressReportsEverything(t *testing.T) {
	t.Parallel()
	conflict, lost := fault(statemachine.Conflict), fault(statemachine.Unavailable)
	for _, tt := range []struct {
		why      string
		outcomes []outcome
		readErrs []error
		maxWait  time.Duration
		want     []string
	}{
		{
			why: "a command is rejected, then accepted", outcomes: []outcome{{err: conflict}}, maxWait: time.Hour,
			readErrs: []error{nil, nil, nil, fault(statemachine.Throttled)},
			want: []string{
				"res-1: read stopped (0s, 1h0m0s left)",
				"res-1: is stopped (0s, 1h0m0s left)",
				"res-1: Start (0s, 1h0m0s left)",
				"res-1: Start rejected: Describe: conflict: Code.conflict: the service says conflict (0s, 1h0m0s left, next read in 10s)",
				"res-1: read stopped (10s, 59m50s left)",
				"res-1: Start (10s, 59m50s left)",
				"res-1: Start accepted (10s, 59m50s left, next read in 10s)",
				"res-1: read starting (20s, 59m40s left, next read in 10s)",
				"res-1: stopped → starting (20s, 59m40s left, next read in 10s)",
				"res-1: read failed: Describe: throttled: Code.throttled: the service says throttled (30s, 59m30s left, next read in 20s)",
				"res-1: read started (50s, 59m10s left)",
				"res-1: starting → started (50s, 59m10s left)",
				"res-1: done, started (50s)",
			},
		},
		{
			why: "a lost command was executed", outcomes: []outcome{{err: lost, lost: true}}, maxWait: 15 * time.Second,
			want: []string{
				"res-1: read stopped (0s, 15s left)",
				"res-1: is stopped (0s, 15s left)",
				"res-1: Start (0s, 15s left)",
				"res-1: Start lost: Describe: unavailable: Code.unavailable: the service says unavailable (0s, 15s left, next read in 10s)",
				"res-1: read starting (10s, 5s left, next read in 5s)",
				"res-1: stopped → starting (10s, 5s left, next read in 5s)",
				"res-1: Start accepted (10s, 5s left, next read in 5s)",
				"res-1: read starting (15s)",
				"res-1: failed: stream: ",
			},
		},
	} {
		t.Run(tt.why, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				r := newResource(stream(), stopped, 25*time.Second)
				r.outcomes, r.readErrs = tt.outcomes, tt.readErrs
				var got []string
				var last statemachine.Progress
				o := tens()
				o.OnProgress = func(p statemachine.Progress) {
					assert.Equal(t, "elapsed", time.Since(r.begin), p.Elapsed)
					assert.Equal(t, "target", "started", p.Target)
					last, got = p, append(got, p.String())
				}
				_, err := r.ensurer(o).Ensure(t.Context(), started, tt.maxWait)
				assert.Equal(t, "error of the end", true, errors.Is(err, last.Err) || last.Err == nil && err == nil)
				if last.Err != nil {
					got[len(got)-1] = got[len(got)-1][:len("res-1: failed: stream: ")]
				}
				assert.Equal(t, "reports", tt.want, got)
			})
		})
	}
}

// TestOnProgressHasPlan checks the operations that are still needed.
func TestOnProgressHasPlan(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := shows(stopped, starting, started)
		var plans []string
		o := tens()
		o.OnProgress = func(p statemachine.Progress) {
			if p.Type == statemachine.ProgressChanged {
				plans = append(plans, fmt.Sprint(p.State, p.Plan))
			}
		}
		_, err := s.waiter(o).Wait(t.Context(), started, time.Hour)
		assert.Equal(t, "error", nil, err)
		assert.Equal(t, "plans", []string{"stopped[Start]", "starting[]", "started[]"}, plans)
	})
}

// TestOnProgressMayShareVariablesWithLoop runs the natural code for progress: OnProgress writes a
// map that the body of the loop reads. It runs in real time, so that the race detector would find
// another goroutine.
func TestOnProgressMayShareVariablesWithLoop(t *testing.T) {
	t.Parallel()
	p := newPark(50, stream(), stopped, time.Millisecond)
	states, reads, commands, ends := map[string]string{}, 0, 0, 0
	o := every(time.Millisecond)
	o.OnRead = func(statemachine.Reading) { reads++ }
	o.OnProgress = func(p statemachine.Progress) {
		states[p.Resource] = p.State
		if p.Type == statemachine.ProgressAccepted {
			commands++
		}
		if p.Type == statemachine.ProgressEnded {
			ends++
		}
	}
	results := 0
	for i, r := range p.fleet(stream(), o).Each(t.Context(), p.goals(started), time.Minute) {
		results++
		if got := states[fmt.Sprintf("r%d", i)]; r.Err != nil || got != "started" || reads < results || ends < results {
			t.Errorf("result %d of r%d: state %q, %d reads, %d ends, error %v", results, i, got, reads, ends, r.Err)
		}
	}
	assert.Equal(t, "accepted commands and ends", []int{50, 50}, []int{commands, ends})
}

// TestOnProgressReportsEndsAfterBreak checks that a loop that is left reports the end of each
// resource, in the same goroutine.
func TestOnProgressReportsEndsAfterBreak(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		ends := map[string]string{}
		o := tens()
		o.OnProgress = func(p statemachine.Progress) {
			if p.Type == statemachine.ProgressEnded {
				ends[p.Resource] = fmt.Sprint(chain(p.Err))
			}
		}
		w := newWorld(3, startedAfter(func(i int) time.Duration { return time.Duration(i) * time.Minute }))
		for range w.fleet(o).Each(t.Context(), goals(3, started), time.Hour) {
			break
		}
		canceled := "[canceled interrupted context canceled]"
		assert.Equal(t, "ends of a fleet", map[string]string{"r0": "[]", "r1": canceled, "r2": canceled}, ends)

		for range shows(started).waiter(o).Watch(t.Context()) {
			break
		}
		assert.Equal(t, "end of a watch", canceled, ends["res-1"])
	})
}

// TestOnProgressDropsReadsOfSlowLoop checks that a body that takes very long neither delays the
// waits nor lets the queue grow without bound, and that no other report is lost.
func TestOnProgressDropsReadsOfSlowLoop(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		types := map[statemachine.ProgressType]int{}
		o := every(time.Second)
		o.OnProgress = func(p statemachine.Progress) { types[p.Type]++ }
		w := newWorld(2, startedAfter(func(i int) time.Duration { return time.Duration(i) * 4 * time.Hour }))
		for _, r := range w.fleet(o).Each(t.Context(), goals(2, started), 5*time.Hour) {
			assert.Equal(t, "error", nil, r.Err)
			time.Sleep(6 * time.Hour)
		}
		assert.Equal(t, "reports", map[statemachine.ProgressType]int{
			statemachine.ProgressRead: 1 + 10_000, statemachine.ProgressChanged: 3, statemachine.ProgressEnded: 2,
		}, types)
	})
}

// TestOnProgressOfGetAndDryRun checks that neither has a command or a target.
func TestOnProgressOfGetAndDryRun(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var got []string
		o := tens()
		o.OnProgress = func(p statemachine.Progress) { got = append(got, p.String()) }
		p := newPark(1, stream(), stopped, time.Second)
		for range p.fleet(stream(), o).Get(t.Context(), []string{"r0"}) {
			got = append(got, "result")
		}
		e := p.resources["r0"].ensurer(o)
		e.Commands.DryRun = true
		e.Preflight = func(context.Context, row, statemachine.Operation) error { return nil }
		if _, err := e.Ensure(t.Context(), started, time.Minute); err != nil {
			t.Fatal(err)
		}
		assert.Equal(t, "reports", []string{
			"r0: read stopped (0s)", "r0: is stopped (0s)", "r0: done, stopped (0s)", "result",
			"res-1: read stopped (0s, 1m0s left)", "res-1: is stopped (0s, 1m0s left)", "res-1: done, stopped (0s)",
		}, got)
	})
}
