package statemachine_test

import (
	"encoding/json"
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/streamwarden/streamwarden-go/statemachine"
)

// FuzzStoredTrack stores a track as JSON at some points of a history, and expects it to go on as
// one that never was. Each byte of the history is an event; steps are the seconds between them,
// and whether the track is stored there.
func FuzzStoredTrack(f *testing.F) {
	f.Add(uint8(0), uint8(1), []byte{0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10}, []byte{1, 2, 129, 4})
	f.Add(uint8(3), uint8(0), []byte{4, 4, 2, 4, 11, 1, 1, 1, 0, 9}, []byte{255, 0, 128, 70})
	f.Add(uint8(2), uint8(2), []byte("a history that is longer than what a track keeps of it, so that something in the middle is left out: that is counted, too"), []byte{200})
	f.Fuzz(func(t *testing.T, goal, consecutive uint8, history, steps []byte) {
		m := topic()
		states := append(m.States(), "", novel)
		kinds := []statemachine.Kind{statemachine.Throttled, statemachine.NotFound, statemachine.AccessDenied, statemachine.Interrupted}
		kept, err := m.NewTrack(m.States()[int(goal)%len(m.States())], epoch, time.Hour, statemachine.WaitOptions{Consecutive: int(consecutive)})
		if err != nil {
			t.Fatal(err)
		}
		stored, at := kept, epoch
		for i, b := range history[:min(len(history), 300)] {
			if len(steps) > 0 {
				step := steps[i%len(steps)]
				at = at.Add(time.Duration(step%128) * time.Second)
				if step >= 128 {
					stored = throughJSON(t, stored)
				}
			}
			if b%16 == 15 {
				kept.Commanded(at)
				stored.Commanded(at)
			}
			e := event{state: states[int(b/16)%len(states)], at: at.Sub(epoch)}
			if k := int(b % 16); k < len(kinds) {
				e.kind = kinds[k]
			}
			want, got := observe(m, &kept, e), observe(m, &stored, e)
			if want != got || !kept.Next(at).Equal(stored.Next(at)) {
				t.Fatalf("after %s: %+v and %s, want %+v and %s", e, got, stored.Next(at), want, kept.Next(at))
			}
		}
		if diff := cmp.Diff(kept, throughJSON(t, stored)); diff != "" {
			t.Errorf("the track (-kept +stored):\n%s", diff)
		}
	})
}

// throughJSON returns a track that was stored and read again.
func throughJSON(t *testing.T, track statemachine.Track[state]) (read statemachine.Track[state]) {
	t.Helper()
	text, err := json.Marshal(track)
	if err == nil {
		err = json.Unmarshal(text, &read)
	}
	if err != nil {
		t.Fatal(err)
	}
	return read
}

// FuzzTrackText reads any text as a stored track, which a user may have edited. What comes of
// it is not said, but that it comes, and that it never leads to a loop without delay.
func FuzzTrackText(f *testing.F) {
	f.Add(`{"target":"started","since":"2026-03-01T12:00:00Z","deadline":"2026-03-01T13:00:00Z","min_delay":-1,"max_delay":9223372036854775807}`, "started")
	f.Add(`{"target":"","history":[{"state":"x","at":"0001-01-01T00:00:00Z"}],"streak":-9223372036854775808,"consecutive":-1}`, "")
	f.Fuzz(func(t *testing.T, text, s string) {
		var track statemachine.Track[state]
		if json.Unmarshal([]byte(text), &track) != nil {
			return
		}
		m := stream()
		at := epoch
		for range 3 {
			m.ObserveFailure(&track, statemachine.Throttled, at)
			if reached, _ := m.Observe(&track, state(s), at); reached && (state(s) != track.Target || !m.Known(track.Target)) {
				t.Fatalf("%q is taken for %q", s, track.Target)
			}
			next := track.Next(at)
			if next.Before(at) || next.Equal(at) && (track.Deadline.IsZero() || at.Before(track.Deadline)) {
				t.Fatalf("at %s the next read is at %s", at, next)
			}
			at = next
		}
	})
}

// FuzzMachine makes a machine of a random table, three bytes a row, and compares all its results
// with a plain implementation.
func FuzzMachine(f *testing.F) {
	f.Add([]byte{0, 1, 1, 1, 2, 0, 1, 0, 4, 2, 3, 2, 3, 0, 0}, uint8(0))
	f.Add([]byte{0, 1, 1, 1, 2, 2, 2, 3, 3, 3, 0, 1, 2, 0, 2, 3, 1, 0}, uint8(2))
	f.Add([]byte{0, 0, 1, 0, 1, 1, 0, 1, 1, 1, 2, 5, 0, 2, 1, 0, 1, 0, 0, 1, 4, 5, 1, 0}, uint8(7))
	f.Fuzz(func(t *testing.T, rows []byte, absent uint8) {
		states := []state{"a", "b", "bb", "", "ab", "cba"} // some share a hash
		def := statemachine.Definition[state]{Name: "machine"}
		for i := 0; i+2 < len(rows) && i < 60; i += 3 {
			tr := statemachine.Transition[state]{From: states[int(rows[i])%len(states)], To: states[int(rows[i+1])%len(states)], Lapse: rows[i+2]%8 >= 4}
			if op := rows[i+2] % 4; op > 0 {
				tr.By = statemachine.Operation(fmt.Sprintf("Op%d", op))
			}
			def.Transitions = append(def.Transitions, tr)
		}
		if int(absent) < len(states) {
			def.Absent = states[absent]
		}
		m, err := statemachine.New(def)
		if sound := isSound(def); (err == nil) != sound {
			t.Fatalf("sound %t: %v", sound, err)
		}
		if err != nil {
			return
		}
		if once, again := m.Mermaid(), m.Mermaid(); once != again {
			t.Error("two diagrams of one machine")
		}
		p := plain{def}
		for _, from := range append(states, novel) {
			if p.known(from) != m.Known(from) || p.transient(from) != m.Transient(from) {
				t.Errorf("%q: known %t, transient %t", from, m.Known(from), m.Transient(from))
			}
			for _, op := range []statemachine.Operation{"", "Op1", "Op2", "Op3", "Op4"} {
				to, ok := p.next(from, op)
				if got, gotOK := m.Next(from, op); got != to || gotOK != ok || m.Permits(from, op) != ok {
					t.Errorf("%q %s: %q %t, permits %t, want %q %t", from, op, got, gotOK, m.Permits(from, op), to, ok)
				}
			}
			for _, to := range append(states, novel) {
				if want := slices.Contains(p.settled(from), to); m.Settles(from, to) != want {
					t.Errorf("%q settles into %q: %t", from, to, !want)
				}
				fewest, ok := p.fewest(from, to)
				plan, gotOK := m.Plan(from, to)
				if gotOK != ok || ok && (len(plan) != fewest || !p.leads(from, plan, to)) {
					t.Errorf("%q to %q by %v %t, want %d operations %t", from, to, plan, gotOK, fewest, ok)
				}
			}
		}
	})
}

// isSound reports whether a table makes sense.
func isSound(def statemachine.Definition[state]) bool {
	absent := def.Absent == ""
	for i, a := range def.Transitions {
		absent = absent || a.From == def.Absent || a.To == def.Absent
		if a.From == "" || a.To == "" || a.From == a.To || a.Lapse && a.By != "" {
			return false
		}
		for _, b := range def.Transitions[:i] {
			if a.From == b.From && a.By == b.By && (a.To == b.To || a.By != "") {
				return false
			}
		}
	}
	return absent && len(def.Transitions) > 0
}

// plain computes from a table what a machine returns, without keeping anything.
type plain struct {
	statemachine.Definition[state]
}

func (p plain) known(s state) bool {
	return slices.ContainsFunc(p.Transitions, func(t statemachine.Transition[state]) bool { return t.From == s || t.To == s })
}

func (p plain) transient(s state) bool {
	return slices.ContainsFunc(p.Transitions, func(t statemachine.Transition[state]) bool { return t.From == s && t.By == "" && !t.Lapse })
}

func (p plain) next(s state, op statemachine.Operation) (state, bool) {
	for _, t := range p.Transitions {
		if t.From == s && t.By == op && op != "" {
			return t.To, true
		}
	}
	return "", false
}

// settled returns the states that s settles into, itself first.
func (p plain) settled(s state) []state {
	if !p.known(s) {
		return nil
	}
	all := []state{s}
	for i := 0; i < len(all); i++ {
		for _, t := range p.Transitions {
			if t.From == all[i] && t.By == "" && !t.Lapse && !slices.Contains(all, t.To) {
				all = append(all, t.To)
			}
		}
	}
	return all
}

// fewest returns how many operations lead from one state to another, false where none do.
func (p plain) fewest(from, to state) (int, bool) {
	reached := p.settled(from)
	for n := range len(p.Transitions) + 1 {
		if slices.Contains(reached, to) {
			return n, true
		}
		for _, s := range slices.Clone(reached) {
			for _, t := range p.Transitions {
				if t.From == s && t.By != "" {
					reached = append(reached, p.settled(t.To)...)
				}
			}
		}
		slices.Sort(reached)
		reached = slices.Compact(reached)
	}
	return 0, false
}

// leads reports whether a plan leads from one state to another.
func (p plain) leads(from state, plan []statemachine.Operation, to state) bool {
	at := p.settled(from)
	for _, op := range plan {
		var next []state
		for _, s := range at {
			if n, ok := p.next(s, op); ok {
				next = append(next, p.settled(n)...)
			}
		}
		at = next
	}
	return slices.Contains(at, to)
}
