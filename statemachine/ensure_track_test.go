package statemachine_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/streamwarden/streamwarden-go/internal/assert"
	"github.com/streamwarden/streamwarden-go/statemachine"
)

// chase runs the loop that an EnsureTrack is made for. Between two steps the track is stored as
// JSON.
func chase(ctx context.Context, m *statemachine.Machine[state], p statemachine.EnsureTrack[state], r *resource, drift func(row) error, restore bool) (statemachine.EnsureTrack[state], error) {
	for {
		v, err := r.read(ctx)
		g := statemachine.Observation[state]{State: v.State, Err: err}
		if err == nil && drift != nil {
			g.Drift = drift(v)
		}
		if restore {
			g.Settings, _ = json.Marshal(v)
		}
		p = stored(p)
		step := m.ObserveRead(&p, g, time.Now())
		if step.Run != "" {
			p = stored(p)
			sent := time.Now()
			command := r.command
			if step.Restore {
				var before row
				if err := json.Unmarshal(p.Before, &before); err != nil {
					return p, err
				}
				command = func(ctx context.Context, op statemachine.Operation) error { return r.restore(ctx, before, op) }
			}
			err := command(ctx, step.Run)
			step = m.ObserveCommand(&p, err, sent, time.Now())
		}
		if step.Done {
			return p, step.Err
		}
		p = stored(p)
		time.Sleep(time.Until(p.Track.Next(time.Now())))
	}
}

// stored returns the track after it was stored as JSON.
func stored(p statemachine.EnsureTrack[state]) (back statemachine.EnsureTrack[state]) {
	text, err := json.Marshal(p)
	if err == nil {
		err = json.Unmarshal(text, &back)
	}
	if err != nil {
		return statemachine.EnsureTrack[state]{}
	}
	return back
}

// hazards returns a resource with the faults that the seed determines.
func hazards(seed uint64) (r *resource, target state, restart bool, o statemachine.WaitOptions, maxWait time.Duration) {
	rng := rand.New(rand.NewPCG(seed, 11))
	upTo := func(d time.Duration) time.Duration { return time.Duration(rng.Int64N(int64(d))) }
	often := func(percent int) bool { return rng.IntN(100) < percent }
	m, targets := stream(), []state{started, stopped}
	if often(50) {
		m, targets = topic(), []state{active, absent}
	}
	states := m.States()
	r = newResource(m, states[rng.IntN(len(states))], 1+upTo(3*time.Minute))
	target, restart = targets[rng.IntN(2)], often(50)
	if often(50) {
		r.modes[0].State = "sync"
	}
	if often(60) {
		r.stale = func() time.Duration { return upTo(40 * time.Second) }
	}
	faults := rng.IntN(40)
	kinds := []statemachine.Kind{statemachine.Throttled, statemachine.Unavailable, statemachine.Conflict}
	for range 60 {
		var err error
		if often(faults) {
			err = fault(kinds[rng.IntN(3)])
		}
		r.readErrs = append(r.readErrs, err)
	}
	kinds = append(kinds, statemachine.InvalidState, statemachine.AlreadyInState, statemachine.AccessDenied)
	for range 4 {
		o := outcome{takes: upTo(3 * time.Second)}
		if often(2 * faults) {
			o.err = fault(kinds[rng.IntN(6)])
			o.lost = statemachine.KindOf(o.err) == statemachine.Unavailable && often(50)
		}
		r.outcomes = append(r.outcomes, o)
	}
	r.lapses = rng.IntN(5) / 3
	for range rng.IntN(3) {
		r.rival(upTo(8*time.Minute), ops{opStart, opStop, opCreate, opDelete}[rng.IntN(4)])
	}
	maxWait = 1 + upTo(20*time.Minute)
	if target != stopped && target != absent && often(40) { // a restart whose second half fails
		r.life[0].State, r.modes[0].State, restart, maxWait = target, "sync", true, 2*time.Hour
		r.outcomes = append([]outcome{{}, {lapse: true}}, r.outcomes...)
		if often(50) {
			r.outcomes[1] = outcome{err: fault(statemachine.AccessDenied)}
		}
	}
	o = statemachine.WaitOptions{Jitter: identity, Consecutive: 1 + rng.IntN(5)/4, Grace: time.Duration(rng.IntN(3)-1) * time.Minute}
	return r, target, restart, o, maxWait
}

// TestEnsureTrackMatchesEnsure compares a loop over an EnsureTrack with Ensure in random worlds:
// they read and send commands at the same instants, and end with the same error.
func TestEnsureTrackMatchesEnsure(t *testing.T) {
	t.Parallel()
	ended := map[string]int{}
	for seed := range uint64(400) {
		var traces, ends [2]string
		for i := range traces {
			synctest.Test(t, func(t *testing.T) {
				r, target, restart, o, maxWait := hazards(seed)
				var err error
				var operations []statemachine.Operation
				var from, to time.Time
				if i == 0 {
					e := r.ensurer(o)
					e.Drift, e.Commands.Restart = wantMode("async"), restart
					if seed%2 == 0 {
						e.Restore = r.restore
					}
					var done statemachine.Ensured[row]
					done, err = e.Ensure(t.Context(), target, maxWait)
					operations, from, to = done.Operations, done.GapFrom, done.GapTo
				} else {
					var p statemachine.EnsureTrack[state]
					if p, err = r.machine.NewEnsureTrack(target, time.Now(), maxWait, o); err != nil {
						t.Fatal(err)
					}
					p.Resource, p.Restart = "res-1", restart
					p, err = chase(t.Context(), r.machine, p, r, wantMode("async"), seed%2 == 0)
					operations, from, to = p.Accepted, p.GapFrom, p.GapTo
				}
				r.mu.Lock()
				defer r.mu.Unlock()
				traces[i] = strings.Join(r.trace, "\n")
				ends[i] = fmt.Sprintf("%v %v %v %v %v", time.Since(r.begin), operations, from.Sub(r.begin), to.Sub(r.begin), chain(err))
				ended[strings.Join(chain(err), ", ")]++
				if restart, ok := errors.AsType[*statemachine.RestartError](err); ok && !restart.To.IsZero() {
					ended["restored"]++
					ends[i] += restart.Error()
				}
			})
		}
		if diff := cmp.Diff(traces[0], traces[1]) + cmp.Diff(ends[0], ends[1]); diff != "" {
			t.Fatalf("seed %d: Ensure, and the track (-+):\n%s", seed, diff)
		}
	}
	t.Logf("%v", ended)
	for _, must := range []string{"", "lapsed", "unreachable", "access denied", "drifted", "restored"} {
		if ended[must] == 0 {
			t.Errorf("none ended as %q: %v", must, ended)
		}
	}
}

// TestEnsureTrackSteps checks single steps that the random worlds do not cover.
func TestEnsureTrackSteps(t *testing.T) {
	t.Parallel()
	m, begin := stream(), time.Date(2026, 1, 2, 3, 0, 0, 0, time.UTC)
	at := func(s int) time.Time { return begin.Add(time.Duration(s) * time.Second) }
	begun := func(t *testing.T, permitted ...statemachine.Operation) statemachine.EnsureTrack[state] {
		t.Helper()
		p, err := m.NewEnsureTrack(started, begin, time.Hour, statemachine.WaitOptions{})
		if err != nil {
			t.Fatal(err)
		}
		p.Resource, p.Operations = "res-1", permitted
		return p
	}
	shows := func(s state) statemachine.Observation[state] { return statemachine.Observation[state]{State: s} }
	lost := fmt.Errorf("%w: the worker died", statemachine.Unavailable)
	for _, tt := range []struct {
		name, why string
		permitted []statemachine.Operation
		steps     func(*statemachine.EnsureTrack[state]) []statemachine.EnsureStep
		want      []statemachine.EnsureStep // their errors apart
		ends      error
		says      string
	}{{
		name: "lost", why: "it may be running: again only after the full Grace",
		steps: func(p *statemachine.EnsureTrack[state]) []statemachine.EnsureStep {
			return []statemachine.EnsureStep{
				m.ObserveRead(p, shows(stopped), at(0)), m.ObserveCommand(p, lost, at(0), at(10)),
				m.ObserveRead(p, shows(stopped), at(69)), m.ObserveRead(p, shows(stopped), at(70)),
			}
		},
		want: []statemachine.EnsureStep{{Run: opStart}, {}, {}, {Run: opStart}},
	}, {
		name: "never sent", why: "no worker took it up: nothing can be running, the next read decides",
		steps: func(p *statemachine.EnsureTrack[state]) []statemachine.EnsureStep {
			return []statemachine.EnsureStep{
				m.ObserveRead(p, shows(stopped), at(0)), m.ObserveCommand(p, lost, time.Time{}, at(10)), m.ObserveRead(p, shows(stopped), at(11)),
			}
		},
		want: []statemachine.EnsureStep{{Run: opStart}, {}, {Run: opStart}},
	}, {
		name: "a check said no", why: "an error that no retry fixes ends it, sent or not",
		steps: func(p *statemachine.EnsureTrack[state]) []statemachine.EnsureStep {
			return []statemachine.EnsureStep{m.ObserveRead(p, shows(stopped), at(0)), m.ObserveCommand(p, fault(statemachine.Unsupported), time.Time{}, at(1))}
		},
		want: []statemachine.EnsureStep{{Run: opStart}, {Done: true}}, ends: statemachine.Unsupported, says: "Describe res-1: unsupported: Code.unsupported",
	}, {
		name: "not permitted", why: "a plan that needs another operation fails after a Grace", permitted: []statemachine.Operation{opStop},
		steps: func(p *statemachine.EnsureTrack[state]) []statemachine.EnsureStep {
			return []statemachine.EnsureStep{m.ObserveRead(p, shows(stopped), at(0)), m.ObserveRead(p, shows(stopped), at(60))}
		},
		want: []statemachine.EnsureStep{{}, {Done: true}}, ends: statemachine.Unreachable, says: "stream res-1: waiting for started: unreachable",
	}, {
		name: "stuck", why: "after a refusal, a database that accepts no command ends it; the refusal's own words are kept over the store",
		steps: func(p *statemachine.EnsureTrack[state]) []statemachine.EnsureStep {
			g := shows(stopped)
			g.Stuck = errors.New("the database is deleting")
			return []statemachine.EnsureStep{m.ObserveRead(p, g, at(0)), m.ObserveCommand(p, fault(statemachine.InvalidState), at(0), at(1)), m.ObserveRead(p, g, at(6))}
		},
		want: []statemachine.EnsureStep{{Run: opStart}, {}, {Done: true}}, ends: statemachine.InvalidState, says: "invalid state: Describe res-1: invalid state: Code.invalid state: the service says invalid state: the database is deleting",
	}, {
		name: "stuck, and no word why", why: "a refusal that is a Kind alone is one, too; a Conflict that cannot pass is an InvalidState",
		steps: func(p *statemachine.EnsureTrack[state]) []statemachine.EnsureStep {
			g := shows(stopped)
			g.Stuck = errors.New("the database is deleting")
			return []statemachine.EnsureStep{m.ObserveRead(p, g, at(0)), m.ObserveCommand(p, statemachine.Conflict, at(0), at(1)), m.ObserveRead(p, g, at(6))}
		},
		want: []statemachine.EnsureStep{{Run: opStart}, {}, {Done: true}}, ends: statemachine.InvalidState, says: "invalid state: conflict: the database is deleting",
	}, {
		name: "result not recorded", why: "the process crashed before ObserveCommand: it may have been carried out",
		steps: func(p *statemachine.EnsureTrack[state]) []statemachine.EnsureStep {
			first := m.ObserveRead(p, shows(stopped), at(0))
			*p = stored(*p)
			return []statemachine.EnsureStep{
				first, m.ObserveRead(p, shows(stopped), at(100)), m.ObserveRead(p, shows(stopped), at(159)), m.ObserveRead(p, shows(stopped), at(160)),
			}
		},
		want: []statemachine.EnsureStep{{Run: opStart}, {}, {}, {Run: opStart}},
	}, {
		name: "result not recorded, but executed", why: "the read that shows it counts",
		steps: func(p *statemachine.EnsureTrack[state]) []statemachine.EnsureStep {
			steps := []statemachine.EnsureStep{m.ObserveRead(p, shows(stopped), at(0)), m.ObserveRead(p, shows(started), at(100))}
			assert.Equal(t, "operations", []statemachine.Operation{opStart}, p.Accepted)
			return steps
		},
		want: []statemachine.EnsureStep{{Run: opStart}, {Done: true}},
	}, {
		name: "result not recorded in time", why: "the deadline has passed",
		steps: func(p *statemachine.EnsureTrack[state]) []statemachine.EnsureStep {
			return []statemachine.EnsureStep{m.ObserveRead(p, shows(stopped), at(0)), m.ObserveRead(p, shows(started), at(3601))}
		},
		want: []statemachine.EnsureStep{{Run: opStart}, {Done: true}}, ends: statemachine.TimedOut,
	}, {
		name: "result without a pending command", why: "it is ignored: the next read decides",
		steps: func(p *statemachine.EnsureTrack[state]) []statemachine.EnsureStep {
			steps := []statemachine.EnsureStep{m.ObserveCommand(p, nil, at(0), at(0)), m.ObserveRead(p, shows(stopped), at(0)), m.ObserveCommand(p, nil, at(0), at(1)), m.ObserveCommand(p, nil, at(1), at(2))}
			assert.Equal(t, "operations", []statemachine.Operation{opStart}, p.Accepted)
			return steps
		},
		want: []statemachine.EnsureStep{{}, {Run: opStart}, {}, {}},
	}, {
		name: "an empty list of what may be run", why: "is none: JSON does not tell it from nil", permitted: []statemachine.Operation{},
		steps: func(p *statemachine.EnsureTrack[state]) []statemachine.EnsureStep {
			return []statemachine.EnsureStep{m.ObserveRead(p, shows(stopped), at(0))}
		},
		want: []statemachine.EnsureStep{{Run: opStart}},
	}} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			p := begun(t, tt.permitted...)
			steps := tt.steps(&p)
			last := steps[len(steps)-1].Err
			for i := range steps {
				steps[i].Err = nil
			}
			assert.Equal(t, tt.why, tt.want, steps)
			if !errors.Is(last, tt.ends) || tt.says != "" && !strings.HasPrefix(last.Error(), tt.says) {
				t.Errorf("ended as %v, want %v that begins with %q: %s", last, tt.ends, tt.says, tt.why)
			}
		})
	}
	if _, err := m.NewEnsureTrack(novel, begin, 0, statemachine.WaitOptions{}); !errors.Is(err, statemachine.InvalidInput) {
		t.Errorf("an unknown target and no time: %v", err)
	}
	p := begun(t)
	p.Restart = true
	for _, s := range []int{0, 60} { // before a restart, the drift must still be read a Grace later
		p = stored(p)
		m.ObserveRead(&p, statemachine.Observation[state]{State: started, Drift: statemachine.Drifted}, at(s))
	}
	m.ObserveCommand(&p, lost, at(61), at(62))
	m.ObserveRead(&p, shows(stopping), at(63))
	if !p.GapFrom.Equal(at(61)) || !slices.Equal(p.Accepted, []statemachine.Operation{opStop}) {
		t.Errorf("a restart whose stop was lost, and took effect: %+v", p)
	}
	p = begun(t, opStart)
	m.ObserveRead(&p, shows(stopped), at(0))
	m.ObserveCommand(&p, lost, at(0), at(1))
	assert.Equal(t, "over JSON", p, stored(p))
	if !slices.Equal(p.Operations, []statemachine.Operation{opStart}) || p.Outcome != statemachine.OutcomeUnknown {
		t.Errorf("not kept: %+v", p)
	}
}
