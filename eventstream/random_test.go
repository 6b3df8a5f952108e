package eventstream_test

import (
	"errors"
	"fmt"
	"testing"
	"testing/synctest"
	"time"

	"github.com/streamwarden/streamwarden-go/eventstream"
	"github.com/streamwarden/streamwarden-go/internal/assert"
	"github.com/streamwarden/streamwarden-go/internal/proptest"
	"github.com/streamwarden/streamwarden-go/statemachine"
)

// TestRandom runs Wait and Ensure methods with random faults, stale reads and a second actor. Their
// result is true, no operation is accepted twice, and the call ends in time.
func TestRandom(t *testing.T) {
	const (
		maxLag  = 40 * time.Second // less than the grace period
		maxWait = 20 * time.Minute
	)
	const n = 2000 // fewer do not reach every outcome
	ended, sent := map[string]int{}, 0
	for seed := range n {
		synctest.Test(t, func(t *testing.T) {
			d := proptest.NewDice(uint64(seed))
			lag, faults, rivals := time.Duration(0), 0, 0
			if d.Percent(60) {
				lag = d.Duration(maxLag)
			}
			if d.Percent(60) {
				faults = d.IntN(40)
			}
			if d.Percent(40) {
				rivals = d.IntN(4)
			}
			s := empty(func(o *options) {
				o.StaleFunc = func(string) time.Duration { return d.Duration(lag) }
				o.Latency = func(call) time.Duration { return d.Duration(300 * time.Millisecond) }
				o.Intercept = func(call) *failure { return d.Failure(faults) }
			})
			rival := func(does int) {
				switch e := example(); does {
				case 0:
					s.Remove(streamARN)
				case 1:
					s.Lapse(streamARN)
				case 2:
					e.Uri = otherURI
					s.AddEventStream(e)
				case 3:
					s.AddEventStream(e)
				}
			}
			s.Stale(streamARN, 0) // no earlier history for stale reads
			rival(d.IntN(4))
			pass(time.Hour)
			for range rivals {
				does := d.IntN(4) // timers have goroutines of their own
				time.AfterFunc(d.Duration(2*time.Minute), func() { rival(does) })
			}
			e := proptest.Call[eventstream.State]{
				Machine: eventstream.Machine(), Read: getEventStream, MaxWait: maxWait, MaxStaleness: lag, NoRivals: rivals == 0, Rand: d, Began: time.Now(),
			}
			restart := d.Percent(50)
			c := client(s, func(o *eventstream.Options) { o.Wait.OnProgress, o.AllowRestart = e.OnProgress, restart })
			out, waits := &eventstream.EnsureOutput{}, d.Percent(30)
			e.Restarts = restart && !waits
			switch {
			case waits:
				e.Target = proptest.Pick(d, runs, absent)
				out.Stream, e.Err = c.Wait(t.Context(), ref(), e.Target, maxWait)
			case d.Percent(60):
				e.Target, e.Allowed = runs, []statemachine.Operation{opCreate, opDelete}
				out, e.Err = c.EnsureCreated(t.Context(), create(), maxWait)
			default:
				e.Target, e.Allowed = absent, []statemachine.Operation{opDelete}
				out, e.Err = c.EnsureDeleted(t.Context(), ref(), maxWait)
			}
			e.Ended, e.Reported, e.History = time.Now(), out.Operations, s.History(streamARN)
			e.Calls = append(e.Calls, s.Calls()...)
			ended[fmt.Sprintf("%s: %s", e.Target, assert.ErrorDetail(e.Err))]++
			if waits {
				ended["wait: "+assert.ErrorSummary(e.Err)]++
			}
			sent += e.Sent()
			for _, wrong := range e.Violations() {
				t.Error(wrong)
			}
			if e.Err == nil && !waits && e.Target == runs && out.Stream.Uri != uri {
				t.Errorf("destination is %s", out.Stream.Uri)
			}
			if errors.Is(e.Err, statemachine.ReadFailed) {
				t.Error(e.Err)
			}
			if t.Failed() {
				t.Fatalf("seed %d: reads up to %s old, %d%% faults, %d rivals: %v: %q", seed, lag, faults, rivals, e.Err, commands(s, e.Began))
			}
		})
		if t.Failed() {
			return
		}
	}
	t.Logf("%v, %d commands", ended, sent)
	for _, must := range []string{"RUNNING: ", "ABSENT: ", "RUNNING: drifted", "RUNNING: unreachable", "ABSENT: unreachable", "wait: ", "wait: unreachable"} {
		if ended[must] == 0 {
			t.Errorf("no run ended with %q: %v", must, ended)
		}
	}
}
