package statemachine_test

import (
	"context"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/streamwarden/streamwarden-go/internal/assert"
	"github.com/streamwarden/streamwarden-go/statemachine"
)

// sizes returns how many resources each read of many asked for.
func (w *world) sizes() (all []int) {
	w.mu.Lock()
	defer w.mu.Unlock()
	for _, c := range w.calls {
		if c.Many {
			all = append(all, len(c.Names))
		}
	}
	return all
}

// TestFleetHalvesLostBatches checks that a batch that is lost twice in a row is halved on each
// further loss, down to one resource, and is full again after a success.
func TestFleetHalvesLostBatches(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		why    string
		refuse func(names []string, n int) statemachine.Kind
		want   []int
	}{
		{"two are too much", func(names []string, _ int) statemachine.Kind {
			if len(names) > 1 {
				return statemachine.Unavailable
			}
			return ""
		}, []int{4, 4, 2, 2, 1, 1, 1, 1}},
		{"even a single one is lost", func([]string, int) statemachine.Kind { return statemachine.Unavailable }, []int{4, 4, 2, 2, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1}},
		{"too many calls are not too large ones", func([]string, int) statemachine.Kind { return statemachine.Throttled }, []int{4, 4, 4, 4, 4}},
		{"after a success the batch is full again", func(_ []string, n int) statemachine.Kind {
			if n <= 2 || n == 5 {
				return statemachine.Unavailable
			}
			return ""
		}, []int{4, 4, 2, 2, 4, 4, 4}},
	} {
		t.Run(tt.why, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				w := newWorld(4, func(_ int, begin time.Time) life { return life{{State: starting, At: begin.Add(-time.Hour)}} })
				w.refuse = func(names []string, n int) error {
					if kind := tt.refuse(names, n); kind != "" {
						return fault(kind)
					}
					return nil
				}
				f := w.fleet(tens())
				f.Batch, f.Concurrency = 4, 1
				w.each(t, f, goals(4, started), 10*time.Minute)
				assert.Equal(t, "resources a read", tt.want, w.sizes()[:min(len(tt.want), len(w.sizes()))])
			})
		})
	}
}

// TestFleetQueuedCommandsKeepOrder checks that queued commands are sent in the order in which
// they became necessary, and are dropped if they no longer are.
func TestFleetQueuedCommandsKeepOrder(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		// r0 is being stopped and can be started in 25 s, r1 in 15 s, r2 and r3 at once.
		// Another actor starts r3 before its turn.
		p := newPark(4, stream(), stopped, time.Second)
		for i, after := range []time.Duration{25 * time.Second, 15 * time.Second} {
			r := newResource(stream(), started, after)
			r.move(opStop)
			p.resources[names(2)[i]] = r
		}
		p.resources["r3"].rival(5*time.Second, opStart)
		f := p.fleet(stream(), tens())
		f.Commands.Pacer = statemachine.NewPacer(1.0/60, 1)
		for i, r := range f.Each(t.Context(), p.goals(started), time.Hour) {
			if r.Err != nil {
				t.Errorf("r%d: %v", i, r.Err)
			}
		}
		starts := map[string][]string{}
		for name, r := range p.resources {
			starts[name] = slices.DeleteFunc(r.trace, func(line string) bool { return !strings.Contains(line, string(opStart)) })
		}
		assert.Equal(t, "starts", map[string][]string{
			"r0": {"2m0s Start"}, "r1": {"1m0s Start"}, "r2": {"0s Start"}, "r3": {"5s rival's Start: true"},
		}, starts)
	})
}

// TestFleetDecidesAgainAfterLongPreflight checks that a command is decided again by a new read if
// its preflight took longer than MaxDelay, once: a preflight that always does must not prevent it.
func TestFleetDecidesAgainAfterLongPreflight(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		why   string
		rival bool // starts it meanwhile
		slow  int  // preflights that are slow
		want  []string
	}{
		{"still necessary", false, 1, []string{"0s stopped", "25s stopped", "25s Start", "35s started"}},
		{"every preflight is slow", false, 9, []string{"0s stopped", "25s stopped", "50s Start", "1m0s started"}},
		{"not necessary anymore", true, 1, []string{"0s stopped", "12s rival's Start: true", "25s started"}},
	} {
		assert.RunSynctest(t, tt.why, func(t *testing.T) {
			p := newPark(1, stream(), stopped, 5*time.Second)
			if tt.rival {
				p.resources["r0"].rival(12*time.Second, opStart)
			}
			f := p.fleet(stream(), tens())
			goals := p.goals(started)
			slow := tt.slow
			goals[0].Preflight = func(context.Context, row, statemachine.Operation) error {
				if slow--; slow >= 0 {
					time.Sleep(25 * time.Second)
				}
				return nil
			}
			for _, r := range f.Each(t.Context(), goals, time.Hour) {
				assert.Equal(t, "error", nil, r.Err)
			}
			assert.Equal(t, "trace", tt.want, p.resources["r0"].trace)
		})
	}
}
