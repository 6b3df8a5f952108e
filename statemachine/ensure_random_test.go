package statemachine_test

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/streamwarden/streamwarden-go/internal/assert"
	"github.com/streamwarden/streamwarden-go/statemachine"
)

// TestEnsureHoldsRulesInRandomWorlds runs Ensure on thousands of resources with random delays,
// faults, commands that are not sent, stale reads, a second actor, and names that get to another
// resource.
func TestEnsureHoldsRulesInRandomWorlds(t *testing.T) {
	t.Parallel()
	const (
		staleness   = 40 * time.Second
		readTimeout = 20 * time.Second
	)
	synctest.Test(t, func(t *testing.T) {
		ended := map[string]int{}
		for seed := range uint64(3000) {
			rng := rand.New(rand.NewPCG(seed, 5))
			upTo := func(d time.Duration) time.Duration { return time.Duration(rng.Int64N(int64(d))) }
			often := func(percent int) bool { return rng.IntN(100) < percent }

			m, targets := stream(), []state{started, stopped}
			if often(50) {
				m, targets = topic(), []state{active, absent}
			}
			states := m.States()
			r := newResource(m, states[rng.IntN(len(states))], 1+upTo(3*time.Minute))
			if s := r.life[0].State; m.Transient(s) { // it goes on by itself
				for _, tr := range m.Transitions() {
					if tr.From == s && tr.By == "" && !tr.Lapse {
						r.life = append(r.life, statemachine.Sighting[state]{State: tr.To, At: r.begin.Add(upTo(r.takes))})
					}
				}
			}
			target := targets[rng.IntN(len(targets))]
			if often(70) {
				r.stale = func() time.Duration { return upTo(staleness) }
			}
			faults := rng.IntN(40)
			r.reading = func(ctx context.Context) {
				takes := upTo(2 * time.Second)
				if often(faults / 4) {
					takes = time.Hour
				}
				_ = assert.Sleep(ctx, takes)
			}
			kinds := []statemachine.Kind{statemachine.Throttled, statemachine.Unavailable, statemachine.Conflict}
			for range 100 {
				var err error
				if often(faults) {
					err = fault(kinds[rng.IntN(len(kinds))])
				}
				r.readErrs = append(r.readErrs, err)
			}
			lost := map[statemachine.Operation]int{}
			for range 4 {
				var o outcome
				if often(faults) {
					o = outcome{err: fault(append(kinds, statemachine.InvalidState, statemachine.AlreadyInState)[rng.IntN(5)])}
					if statemachine.KindOf(o.err) == statemachine.Unavailable {
						o.lost = often(50)
					}
				}
				if often(faults / 2) {
					o = outcome{err: &statemachine.Fault{Kind: statemachine.Unavailable, NotSent: true}}
				}
				if o.takes = upTo(3 * time.Second); often(faults / 4) {
					o = outcome{hang: true, lost: often(50)}
				}
				r.outcomes = append(r.outcomes, o)
			}
			rival, lapse := often(40), often(20)
			if lapse {
				r.lapses = 1 + rng.IntN(2)
			}
			if rival {
				for range 1 + rng.IntN(3) {
					all := ops{opStart, opStop, opCreate, opDelete}
					r.rival(upTo(8*time.Minute), all[rng.IntN(4)])
				}
			}
			var sent, replaced time.Time // the first command that left, and when the name got to another resource
			if m.Absent() == "" && often(30) {
				other := states[rng.IntN(len(states))]
				time.AfterFunc(upTo(4*time.Minute), func() {
					r.mu.Lock()
					defer r.mu.Unlock()
					r.set(other)
					replaced = time.Now()
					r.ids = append(r.ids, statemachine.Sighting[state]{State: "b", At: replaced})
					r.note("another resource gets the name, it is %s", other)
				})
			}
			e := r.ensurer(statemachine.WaitOptions{ReadTimeout: readTimeout})
			e.Identity = func(v row) string { return v.ID }
			if often(50) {
				e.Options.MinDelay = 1 + upTo(30*time.Second)
			}
			e.Options.Jitter = func(d time.Duration) time.Duration { return d - d/10 + upTo(d/5+1) }
			command := e.Command
			e.Command = func(ctx context.Context, op statemachine.Operation) error {
				before, at := len(r.accepted), time.Now()
				err := command(ctx, op)
				if f, ok := errors.AsType[*statemachine.Fault](err); sent.IsZero() && !(ok && f.NotSent) {
					sent = at
				}
				if err != nil && len(r.accepted) > before {
					lost[op]++
				}
				return err
			}
			maxWait := 1 + upTo(20*time.Minute)
			patient := often(30)
			if patient {
				maxWait = 5 * time.Hour
			}
			fail := func(format string, args ...any) {
				t.Helper()
				t.Fatalf("seed %d: target %s: %s\n%s", seed, target, fmt.Sprintf(format, args...), strings.Join(r.trace, "\n"))
			}

			done, err := e.Ensure(t.Context(), target, maxWait)
			end := time.Now()
			r.mu.Lock()
			if took := end.Sub(r.begin); took > maxWait+readTimeout {
				fail("took %s of %s", took, maxWait)
			}
			if err == nil {
				was := r.life.at(r.begin.Add(-staleness)) == target
				for _, c := range r.life {
					was = was || c.State == target && !c.At.After(end) && c.At.After(r.begin.Add(-staleness))
				}
				if !was {
					fail("success without the target")
				}
			}
			if err == nil && !sent.IsZero() && sent.Before(replaced) && end.Sub(replaced) > staleness+2*time.Second { // 2 s is the longest read
				fail("success read off another resource")
			}
			if errors.Is(err, statemachine.Replaced) && (replaced.IsZero() || sent.IsZero() || sent.Sub(replaced) > staleness) {
				fail("replaced, and it was the same resource: %v", err)
			}
			if patient && !rival && !lapse && replaced.IsZero() && err != nil {
				fail("lost a good ensure: %v", err)
			}
			accepted := slices.Clone(r.accepted)
			for i, op := range done.Operations {
				if slices.Contains(done.Operations[:i], op) {
					fail("accepted twice: %v", done.Operations)
				}
				j := slices.Index(accepted, op)
				if j < 0 && rival {
					break // another actor ran the lost command: the two cannot be distinguished
				}
				if j < 0 {
					fail("Operations %v, accepted were %v", done.Operations, r.accepted)
				}
				accepted = accepted[j+1:]
			}
			for _, op := range r.accepted {
				n := 0
				for _, other := range r.accepted {
					if other == op {
						n++
					}
				}
				if n > 1+lost[op] {
					fail("%s accepted %d times, %d of them lost", op, n, lost[op])
				}
			}
			ended[strings.Join(chain(err), ", ")]++
			r.life = life{{State: novel}} // for other actors that are still to come
			r.mu.Unlock()
		}
		t.Logf("%v", ended)
		for _, must := range []string{"", "lapsed", "unreachable", "replaced"} {
			if ended[must] == 0 {
				t.Errorf("none ended as %q: %v", must, ended)
			}
		}
	})
}
