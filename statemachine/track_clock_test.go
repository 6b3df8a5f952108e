package statemachine_test

import (
	"testing"
	"time"

	"github.com/streamwarden/streamwarden-go/internal/assert"
	"github.com/streamwarden/streamwarden-go/statemachine"
)

// TestTracksOfSeveralClocks checks when a verdict comes if some observations come from a worker
// whose clock is wrong. Grace is 1 minute.
func TestTracksOfSeveralClocks(t *testing.T) {
	t.Parallel()
	const day = 24 * time.Hour
	type seen struct {
		state state
		skew  time.Duration
	}
	for _, tt := range []struct {
		why   string
		first []seen        // one every 10 s
		rest  time.Duration // the clock of all further reads, which show stopped, every 10 s
		want  statemachine.Reason
		after time.Duration // by the true time
	}{
		{"all clocks are right", []seen{{starting, 0}, {starting, 0}}, 0, statemachine.Lapsed, 70 * time.Second},
		{"one was a day ahead", []seen{{starting, 0}, {starting, day}}, 0, statemachine.Lapsed, 70 * time.Second},
		{"the first was a day ahead", []seen{{starting, day}, {starting, day}}, 0, statemachine.Lapsed, 70 * time.Second},
		{"a day ahead, and again later", []seen{{starting, 0}, {starting, day}, {stopped, 0}, {stopped, 0}, {stopped, day}}, 0, statemachine.Lapsed, 70 * time.Second},
		{"one was a day behind", []seen{{starting, 0}, {starting, -day}}, 0, statemachine.Lapsed, 70 * time.Second},
		{"a day behind, and another one behind", []seen{{starting, 0}, {starting, -day}, {stopped, -time.Hour}, {stopped, -day}}, 0, statemachine.Lapsed, 70 * time.Second},
		{"all that follow are a day behind", []seen{{starting, 0}, {starting, 0}}, -day, statemachine.Lapsed, 70 * time.Second},
		{"from a worker to another that is an hour behind", []seen{{starting, day}, {starting, day - time.Hour}}, 0, statemachine.Lapsed, 70 * time.Second},
		{"never on the way", []seen{{stopped, 0}, {stopped, -day}, {stopped, 0}}, 0, statemachine.Unreachable, 60 * time.Second},
	} {
		t.Run(tt.why, func(t *testing.T) {
			t.Parallel()
			m := stream()
			track := newTrack(t, started, 7*day, statemachine.WaitOptions{MinDelay: 10 * time.Second, MaxDelay: 10 * time.Second})
			ensured := assert.Must(m.NewEnsureTrack(started, epoch, 7*day, statemachine.WaitOptions{MinDelay: 10 * time.Second, MaxDelay: 10 * time.Second}))(t)
			ensured.Operations = []statemachine.Operation{opStop} // so that it only waits
			verdicts := map[string]time.Duration{}
			for i := 0; len(verdicts) < 2 && i < 1000; i++ {
				truth := time.Duration(i) * 10 * time.Second
				next := seen{stopped, tt.rest}
				if i < len(tt.first) {
					next = tt.first[i]
				}
				at := epoch.Add(truth + next.skew)
				_, ended := m.Observe(&track, next.state, at)
				if _, ok := verdicts["track"]; ended != "" && !ok {
					verdicts["track"] = truth
					assert.Equal(t, "reason", tt.want, ended)
				}
				step := m.ObserveRead(&ensured, statemachine.Observation[state]{State: next.state}, at)
				if _, ok := verdicts["ensure track"]; step.Done && !ok {
					verdicts["ensure track"] = truth
				}
			}
			assert.Equal(t, "verdicts", map[string]time.Duration{"track": tt.after, "ensure track": tt.after}, verdicts)
		})
	}
}
