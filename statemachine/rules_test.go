package statemachine_test

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"github.com/streamwarden/streamwarden-go/internal/assert"
	"github.com/streamwarden/streamwarden-go/statemachine"
)

// event is one read of a history: a state, or a failure.
type event struct {
	state state
	kind  statemachine.Kind // not empty: the read failed
	at    time.Duration     // since the wait began
}

func (e event) String() string {
	if e.kind != "" {
		return fmt.Sprintf("%s: %s", e.at, e.kind)
	}
	return fmt.Sprintf("%s: %q", e.at, e.state)
}

// verdict is what a wait decides about a read.
type verdict struct {
	Reached bool
	Ended   statemachine.Reason
}

// rules is a second, plain implementation of the rules of waiting. It keeps nothing: it decides
// about the last read of a history by looking at all of it.
type rules struct {
	settles     map[state]bool // the states that lead to the target without a command, itself included
	known       map[state]bool
	absent      state
	target      state
	consecutive int
	grace       time.Duration
	deadline    time.Duration
}

func newRules(def statemachine.Definition[state], target state, consecutive int, grace, deadline time.Duration) *rules {
	r := &rules{
		settles: map[state]bool{target: true}, known: map[state]bool{}, absent: def.Absent,
		target: target, consecutive: consecutive, grace: grace, deadline: deadline,
	}
	for range def.Transitions { // as often as the longest path could need
		for _, t := range def.Transitions {
			r.known[t.From], r.known[t.To] = true, true
			if t.By == "" && !t.Lapse && r.settles[t.To] {
				r.settles[t.From] = true
			}
		}
	}
	return r
}

// success returns the state that a read shows, which may be the absent one. It is false for a
// failed read.
func (r *rules) success(e event) (state, bool) {
	if e.kind == statemachine.NotFound && r.absent != "" {
		return r.absent, true
	}
	return e.state, e.kind == ""
}

// decide returns the verdict on the last read, and the names of the rules that apply to it.
func (r *rules) decide(history []event) (v verdict, apply []string) {
	now := history[len(history)-1]
	var states []state
	var progress time.Duration // of the last read of the target or of a state on the way
	onWay := false
	for _, e := range history {
		if s, ok := r.success(e); ok {
			states = append(states, s)
			if r.settles[s] {
				onWay, progress = true, e.at
			}
		}
	}
	s, ok := r.success(now)
	streak := 0
	for i := len(states) - 1; i >= 0 && states[i] == r.target; i-- {
		streak++
	}
	cannot := ok && (s == "" || r.known[s] && !r.settles[s])
	stale := now.at-progress < r.grace
	wait := verdict{}
	if now.at >= r.deadline {
		wait.Ended = statemachine.TimedOut
	}
	for _, rule := range [...]struct {
		name    string
		applies bool
		verdict verdict
	}{
		{"1-reached", ok && s == r.target && streak >= r.consecutive, verdict{Reached: true}},
		{"1-counting", ok && s == r.target && streak < r.consecutive, wait},
		{"2-unknown", ok && s != "" && !r.known[s], wait},
		{"3-on-its-way", ok && s != r.target && r.settles[s], wait},
		{"4-stale", cannot && stale, wait},
		{"5-lapsed", cannot && !stale && onWay, verdict{Ended: statemachine.Lapsed}},
		{"5-unreachable", cannot && !stale && !onWay, verdict{Ended: statemachine.Unreachable}},
		{"6-canceled", !ok && now.kind == statemachine.Interrupted, verdict{Ended: statemachine.Canceled}},
		{"6-tolerated", !ok && now.kind.Retryable(), wait},
		{"6-gone", !ok && now.kind == statemachine.NotFound, verdict{Ended: statemachine.Gone}},
		{"6-read-failed", !ok && now.kind == statemachine.AccessDenied, verdict{Ended: statemachine.ReadFailed}},
	} {
		if rule.applies {
			v, apply = rule.verdict, append(apply, rule.name)
		}
	}
	return v, apply
}

var epoch = time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)

// observe passes an event to a track.
func observe(m *statemachine.Machine[state], t *statemachine.Track[state], e event) verdict {
	if e.kind != "" {
		ended := m.ObserveFailure(t, e.kind, epoch.Add(e.at))
		return verdict{Reached: ended == "" && !t.Failed && t.Reached(), Ended: ended}
	}
	reached, ended := m.Observe(t, e.state, epoch.Add(e.at))
	return verdict{Reached: reached, Ended: ended}
}

// TestObserveMatchesRulesOnEveryHistory compares Observe with the plain rules on every history of
// up to four reads: before the grace ends, at its end, at the deadline and after it.
func TestObserveMatchesRulesOnEveryHistory(t *testing.T) {
	t.Parallel()
	const grace, deadline = time.Minute, 10 * time.Minute
	instants := []time.Duration{grace - 1, grace, 2*grace - 1, deadline, deadline + time.Second}
	for _, tt := range []struct {
		def     statemachine.Definition[state]
		targets []state
	}{
		{streamTable(), []state{started, stopped}},
		{topicTable(), []state{active, absent}},
	} {
		m := statemachine.MustNew(tt.def)
		var reads []event
		for _, s := range append(m.States(), "", novel) {
			reads = append(reads, event{state: s})
		}
		for _, k := range []statemachine.Kind{statemachine.Throttled, statemachine.NotFound, statemachine.AccessDenied, statemachine.Interrupted} {
			reads = append(reads, event{kind: k})
		}
		for _, target := range tt.targets {
			for _, consecutive := range []int{1, 2} {
				t.Run(fmt.Sprintf("%s/%s/%d", m.Name(), target, consecutive), func(t *testing.T) {
					t.Parallel()
					r := newRules(tt.def, target, consecutive, grace, deadline)
					track, err := m.NewTrack(target, epoch, deadline, statemachine.WaitOptions{Grace: grace, Consecutive: consecutive})
					if err != nil {
						t.Fatal(err)
					}
					count := 0
					var grow func(track statemachine.Track[state], history []event, from int)
					grow = func(track statemachine.Track[state], history []event, from int) {
						for i := from; i < len(instants); i++ {
							for _, e := range reads {
								e.at = instants[i]
								next := track
								next.History = slices.Clone(track.History)
								h := append(history, e)
								got := observe(m, &next, e)
								want, apply := r.decide(h)
								count++
								if len(apply) != 1 {
									t.Fatalf("rules %v apply to %v, not one", apply, h)
								}
								if got != want {
									t.Fatalf("%v: got %+v, want %+v by rule %s", h, got, want, apply[0])
								}
								if len(h) < 4 {
									grow(next, h, i)
								}
							}
						}
					}
					grow(track, make([]event, 0, 4), 0)
					if count < 100_000 {
						t.Errorf("only %d histories", count)
					}
				})
			}
		}
	}
}

// TestObserveMatchesRulesOnLongHistories compares Observe with the plain rules on random long
// histories. Clocks that step back are the subject of TestTracksOfSeveralClocks.
func TestObserveMatchesRulesOnLongHistories(t *testing.T) {
	t.Parallel()
	def := streamTable()
	m := statemachine.MustNew(def)
	all := append(m.States(), "", novel)
	for seed := range uint64(100) {
		rng := rand.New(rand.NewPCG(seed, 1))
		consecutive := 1 + rng.IntN(3)
		r := newRules(def, started, consecutive, 40*time.Second, 20*time.Minute)
		track, err := m.NewTrack(started, epoch, 20*time.Minute, statemachine.WaitOptions{Grace: 40 * time.Second, Consecutive: consecutive})
		if err != nil {
			t.Fatal(err)
		}
		var history []event
		var latest time.Duration
		var sightings []statemachine.Sighting[state]
		for range 100 + rng.IntN(100) {
			e := event{state: all[rng.IntN(len(all))], at: latest + time.Duration(rng.Int64N(int64(25*time.Second)))}
			if rng.IntN(4) == 0 {
				e.kind = statemachine.Unavailable
			}
			got := observe(m, &track, e)
			latest = e.at
			history = append(history, e)
			want, _ := r.decide(history)
			if got != want {
				t.Fatalf("seed %d: %v: got %+v, want %+v", seed, history, got, want)
			}
			if e.kind == "" && (len(sightings) == 0 || sightings[len(sightings)-1].State != e.state) {
				sightings = append(sightings, statemachine.Sighting[state]{State: e.state, At: epoch.Add(e.at)})
			}
		}
		omitted := max(len(sightings)-64, 0)
		assert.Equal(t, "Omitted", omitted, track.Omitted)
		assert.Equal(t, "History", slices.Concat(sightings[:min(32, len(sightings))], sightings[min(32, len(sightings))+omitted:]), track.History)
		assert.Equal(t, "Reads", len(history), track.Reads)
	}
}
