package statemachine_test

import (
	"context"
	"errors"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/streamwarden/streamwarden-go/internal/assert"
	"github.com/streamwarden/streamwarden-go/statemachine"
)

type ops = []statemachine.Operation

// tens returns options that read every 10 s.
func tens() statemachine.WaitOptions { return every(10 * time.Second) }

// TestEnsure checks each rule of Ensure. The trace lists every read with its state, and every
// command, at exact instants.
func TestEnsure(t *testing.T) {
	t.Parallel()
	type ensurer = *statemachine.Ensurer[row, state]
	boot := 25 * time.Second
	for _, tt := range []struct {
		name, why string
		machine   *statemachine.Machine[state] // nil: the stream
		from      state
		target    state // empty: started
		maxWait   time.Duration
		set       func(*resource, ensurer)
		trace     []string
		ops       ops
		planned   ops
		chain     []string
		kind      statemachine.Kind
		says      string
	}{{
		name: "there already", why: "rule 1: nothing is run",
		from: started, trace: []string{"0s started"},
	}, {
		name: "from the other end", why: "rule 2: the operation, then the wait; the delays count from the response",
		from: stopped, trace: []string{"0s stopped", "0s Start", "10s starting", "20s starting", "30s started"}, ops: ops{opStart},
	}, {
		name: "join", why: "rule 1: a change to the target under way is joined, nothing is run",
		from: stopped, set: func(r *resource, _ ensurer) { r.move(opStart) },
		trace: []string{"0s starting", "10s starting", "20s starting", "30s started"},
	}, {
		name: "wait out", why: "rule 1: a change away from the target is waited out, however long before the Grace is over",
		from: started, set: func(r *resource, _ ensurer) { r.move(opStop) },
		trace: []string{"0s stopping", "10s stopping", "20s stopping", "30s stopped", "30s Start", "40s starting", "50s starting", "1m0s started"}, ops: ops{opStart},
	}, {
		name: "refused, then accepted", why: "rule 3: InvalidState was not carried out: no grace, read first, at most one command a delay",
		from: stopped, set: func(r *resource, _ ensurer) {
			r.outcomes = []outcome{{err: fault(statemachine.InvalidState)}, {err: fault(statemachine.Conflict)}}
		},
		trace: []string{
			"0s stopped", "0s Start refused: invalid state", "10s stopped", "10s Start refused: conflict", "20s stopped", "20s Start",
			"30s starting", "40s starting", "50s started",
		}, ops: ops{opStart},
	}, {
		name: "throttled", why: "rule 3: nor was what was throttled",
		from: stopped, set: func(r *resource, _ ensurer) { r.outcomes = []outcome{{err: fault(statemachine.Throttled)}} },
		trace: []string{"0s stopped", "0s Start refused: throttled", "10s stopped", "10s Start", "20s starting", "30s starting", "40s started"}, ops: ops{opStart},
	}, {
		name: "rival between read and command", why: "rule 3: AlreadyInState is not an acceptance, and the next read joins",
		from: stopped, set: func(r *resource, _ ensurer) {
			r.outcomes = []outcome{{err: fault(statemachine.AlreadyInState)}}
			r.rival(5*time.Second, opStart)
		},
		trace: []string{"0s stopped", "0s Start refused: already in state", "5s rival's Start: true", "10s starting", "20s starting", "30s started"},
	}, {
		name: "lost, but carried out", why: "rule 3: listed once the state moved, and not run again",
		from: stopped, set: func(r *resource, _ ensurer) {
			r.outcomes = []outcome{{err: fault(statemachine.Unavailable), lost: true}}
		},
		trace: []string{"0s stopped", "0s Start lost: unavailable", "10s starting", "20s starting", "30s started"}, ops: ops{opStart},
	}, {
		name: "lost, and not carried out", why: "rule 3: run again only after the full Grace",
		from: stopped, set: func(r *resource, _ ensurer) {
			r.outcomes = []outcome{{err: fault(statemachine.Unavailable)}}
		},
		trace: []string{
			"0s stopped", "0s Start refused: unavailable", "10s stopped", "20s stopped", "30s stopped", "40s stopped", "50s stopped", "1m0s stopped",
			"1m0s Start", "1m10s starting", "1m20s starting", "1m30s started",
		}, ops: ops{opStart},
	}, {
		name: "lost, not carried out, and then a rival's", why: "rule 3: what had no effect within the Grace was not run: it is not listed",
		from: stopped, set: func(r *resource, _ ensurer) {
			r.outcomes = []outcome{{err: fault(statemachine.Unavailable)}, {err: fault(statemachine.Conflict)}}
			r.rival(62*time.Second, opStart)
		},
		trace: []string{
			"0s stopped", "0s Start refused: unavailable", "10s stopped", "20s stopped", "30s stopped", "40s stopped", "50s stopped", "1m0s stopped",
			"1m0s Start refused: conflict", "1m2s rival's Start: true", "1m10s starting", "1m20s starting", "1m30s started",
		},
	}, {
		name: "no response", why: "rule 5: a command has ReadTimeout, and then it counts as lost",
		from: stopped, set: func(r *resource, _ ensurer) { r.outcomes = []outcome{{hang: true, lost: true}} },
		trace: []string{"0s stopped", "0s Start lost", "40s started"}, ops: ops{opStart},
	}, {
		name: "no response, whatever Kind says", why: "rule 5: a command that took longer than ReadTimeout was lost",
		from: stopped, set: func(r *resource, e ensurer) {
			r.outcomes = []outcome{{hang: true, lost: true}}
			e.Commands.Kind = func(error) statemachine.Kind { return statemachine.Unknown }
		},
		trace: []string{"0s stopped", "0s Start lost", "40s started"}, ops: ops{opStart},
	}, {
		name: "slow response", why: "the delays and the Grace count from the response",
		from: stopped, set: func(r *resource, _ ensurer) {
			r.outcomes = []outcome{{takes: 7 * time.Second}}
			r.stale = func() time.Duration { return time.Since(r.begin) + time.Second }
		},
		trace: []string{"0s stopped", "0s Start", "17s stopped", "27s stopped", "37s stopped", "47s stopped", "57s stopped", "1m7s stopped"}, ops: ops{opStart},
		chain: []string{"unreachable"}, kind: statemachine.Unknown,
	}, {
		name: "fatal refusal", why: "rule 3: it ends the ensure with that very error",
		from: stopped, set: func(r *resource, _ ensurer) { r.outcomes = []outcome{{err: fault(statemachine.KeyNotAccessible)}} },
		trace: []string{"0s stopped", "0s Start refused: key not accessible"},
		chain: []string{"key not accessible"}, kind: statemachine.KeyNotAccessible, says: "Describe res-1: key not accessible: Code.key not accessible",
	}, {
		name: "fatal read", why: "as in a wait; what was accepted is reported",
		from: stopped, set: func(r *resource, _ ensurer) { r.readErrs = []error{nil, nil, fault(statemachine.AccessDenied)} },
		trace: []string{"0s stopped", "0s Start", "10s starting", "20s read: access denied"}, ops: ops{opStart},
		chain: []string{"read failed", "access denied"}, kind: statemachine.AccessDenied,
		says: "stream res-1: Start accepted, waiting for started: read failed (3 reads in 20s), last seen starting: ",
	}, {
		name: "tolerated reads", why: "as in a wait, before the command and after it",
		from: stopped, set: func(r *resource, _ ensurer) {
			r.readErrs = []error{fault(statemachine.Throttled), nil, nil, fault(statemachine.Unavailable)}
		},
		trace: []string{"0s read: throttled", "20s stopped", "20s Start", "30s starting", "40s read: unavailable", "1m0s started"}, ops: ops{opStart},
	}, {
		name: "stuck", why: "a resource that can never accept ends it at once, as what it was refused for",
		from: stopped, set: func(r *resource, e ensurer) {
			r.outcomes = []outcome{{err: fault(statemachine.InvalidState)}}
			e.Commands.Stuck = func(row) error { return errTest }
		},
		trace: []string{"0s stopped", "0s Start refused: invalid state"},
		chain: []string{"invalid state"}, kind: statemachine.InvalidState, says: "out of cheese",
	}, {
		name: "stuck a while later", why: "it is asked of each read after the refusal",
		from: stopped, set: func(r *resource, e ensurer) {
			r.outcomes = []outcome{{err: fault(statemachine.Conflict)}, {err: fault(statemachine.Conflict)}}
			e.Commands.Stuck = func(row) error {
				if time.Since(r.begin) >= 20*time.Second {
					return errTest
				}
				return nil
			}
		},
		trace: []string{"0s stopped", "0s Start refused: conflict", "10s stopped", "10s Start refused: conflict", "20s stopped"},
		chain: []string{"invalid state", "conflict"}, kind: statemachine.InvalidState, says: "out of cheese",
	}, {
		name: "stuck, but there", why: "in the target it does not matter that no command can be accepted",
		from: stopped, set: func(r *resource, e ensurer) {
			r.outcomes, r.takes = []outcome{{err: fault(statemachine.Conflict)}}, time.Second
			r.rival(5*time.Second, opStart)
			e.Commands.Stuck = func(row) error {
				if time.Since(r.begin) >= 5*time.Second {
					return errTest
				}
				return nil
			}
		},
		trace: []string{"0s stopped", "0s Start refused: conflict", "5s rival's Start: true", "10s started"},
	}, {
		name: "stuck is asked of refusals only", why: "neither what was throttled nor what was lost says anything about the resource",
		from: stopped, set: func(r *resource, e ensurer) {
			r.outcomes = []outcome{{err: fault(statemachine.Throttled)}, {err: fault(statemachine.Unavailable), lost: true}}
			e.Commands.Stuck = func(row) error { return errTest }
		},
		trace: []string{"0s stopped", "0s Start refused: throttled", "10s stopped", "10s Start lost: unavailable", "20s starting", "30s starting", "40s started"},
		ops:   ops{opStart},
	}, {
		name: "lapse of our start", why: "rule 2: reported, not fought: Start is accepted at most once",
		from: stopped, set: func(r *resource, e ensurer) { r.lapses, e.Options.Grace = 1, 15*time.Second },
		trace: []string{"0s stopped", "0s Start", "10s starting", "20s starting", "30s stopped", "40s stopped"}, ops: ops{opStart},
		chain: []string{"lapsed"}, kind: statemachine.Unknown,
		says: "stream res-1: Start accepted, waiting for started: lapsed: starting → stopped after 20s (5 reads in 40s); Start would lead to started",
	}, {
		name: "lapse of a start that was joined", why: "nothing was accepted in this call yet",
		from: stopped, set: func(r *resource, _ ensurer) { r.lapses = 1; r.move(opStart) },
		trace: []string{"0s starting", "10s starting", "20s starting", "30s stopped", "30s Start", "40s starting", "50s starting", "1m0s started"}, ops: ops{opStart},
	}, {
		name: "rival stops it", why: "rule 2: a rival is reported, not fought",
		from: stopped, set: func(r *resource, e ensurer) { e.Options.Consecutive = 3; r.rival(32*time.Second, opStop) },
		trace: []string{
			"0s stopped", "0s Start", "10s starting", "20s starting", "30s started", "32s rival's Stop: true", "40s stopping", "50s stopping", "1m0s stopped",
			"1m10s stopped", "1m20s stopped", "1m30s stopped",
		}, ops: ops{opStart},
		chain: []string{"lapsed"}, kind: statemachine.Unknown,
	}, {
		name: "accepted, and nothing came of it", why: "rule 2: Start is accepted at most once",
		from: stopped, set: func(r *resource, e ensurer) {
			e.Options.Grace = 15 * time.Second
			e.Command = func(context.Context, statemachine.Operation) error { return r.accept("Start ignored") }
		},
		trace: []string{"0s stopped", "0s Start ignored", "10s stopped", "20s stopped"}, ops: ops{opStart},
		chain: []string{"unreachable"}, kind: statemachine.Unknown, says: "look at the window",
	}, {
		name: "deferred, and reverted within the Grace", why: "a read showed an effect, so the ordinary Grace applies again",
		from: stopped, set: func(r *resource, e ensurer) {
			e.AcceptedGrace = time.Hour
			e.Command = func(context.Context, statemachine.Operation) error { return r.accept("Start deferred") }
			r.lapses = 1
			r.rival(5*time.Second, opStart)
		},
		trace: []string{
			"0s stopped", "0s Start deferred", "5s rival's Start: true", "10s starting", "20s starting", "30s stopped",
			"40s stopped", "50s stopped", "1m0s stopped", "1m10s stopped", "1m20s stopped",
		}, ops: ops{opStart}, chain: []string{"lapsed"}, kind: statemachine.Unknown,
	}, {
		name: "deferred, and stale reads from before the command", why: "what was seen right before the command is no effect of it",
		from: starting, set: func(r *resource, e ensurer) {
			e.AcceptedGrace = 90 * time.Second
			e.Command = func(context.Context, statemachine.Operation) error { return r.accept("Start deferred") }
			r.life = append(r.life, statemachine.Sighting[state]{State: stopped, At: r.begin.Add(5 * time.Second)})
			r.stale = func() time.Duration {
				if at := time.Since(r.begin); at == 20*time.Second || at == 30*time.Second {
					return at - 4*time.Second
				}
				return 0
			}
		},
		trace: []string{
			"0s starting", "10s stopped", "10s Start deferred", "20s starting", "30s starting", "40s stopped", "50s stopped",
			"1m0s stopped", "1m10s stopped", "1m20s stopped", "1m30s stopped", "1m40s stopped",
		}, ops: ops{opStart}, chain: []string{"unreachable"}, kind: statemachine.Unknown, says: "no read has shown an effect of Start yet",
	}, {
		name: "deferred, and one stale read", why: "one read within the Grace is no effect, although the call saw nothing before",
		from: stopped, set: func(r *resource, e ensurer) {
			e.AcceptedGrace = 90 * time.Second
			e.Command = func(context.Context, statemachine.Operation) error { return r.accept("Start deferred") }
			r.life = life{{State: starting, At: r.begin.Add(-time.Hour)}, {State: stopped, At: r.begin.Add(-5 * time.Second)}}
			r.stale = func() time.Duration {
				if at := time.Since(r.begin); at == 20*time.Second || at == 40*time.Second {
					return 50 * time.Second
				}
				return 0
			}
		},
		trace: []string{
			"0s stopped", "0s Start deferred", "10s stopped", "20s starting", "30s stopped", "40s starting", "50s stopped",
			"1m0s stopped", "1m10s stopped", "1m20s stopped", "1m30s stopped",
		}, ops: ops{opStart}, chain: []string{"unreachable"}, kind: statemachine.Unknown, says: "no read has shown an effect of Start yet",
	}, {
		name: "deferred, and the way was seen a Grace before the command", why: "no read is that old",
		from: starting, set: func(r *resource, e ensurer) {
			e.AcceptedGrace = time.Hour
			e.Command = func(context.Context, statemachine.Operation) error {
				if time.Since(r.begin) < 70*time.Second {
					return fault(statemachine.InvalidState)
				}
				return r.accept("Start deferred")
			}
			r.life = append(r.life, statemachine.Sighting[state]{State: stopped, At: r.begin.Add(5 * time.Second)})
			r.lapses = 1
			r.rival(75*time.Second, opStart)
		},
		trace: []string{
			"0s starting", "10s stopped", "20s stopped", "30s stopped", "40s stopped", "50s stopped", "1m0s stopped", "1m10s stopped",
			"1m10s Start deferred", "1m15s rival's Start: true", "1m20s starting", "1m30s starting", "1m40s stopped", "1m50s stopped",
			"2m0s stopped", "2m10s stopped", "2m20s stopped", "2m30s stopped",
		}, ops: ops{opStart}, chain: []string{"lapsed"}, kind: statemachine.Unknown,
	}, {
		name: "old reads after the command", why: "rule 2: by the rules of Wait, with the Grace counted from the response",
		from: stopped, set: func(r *resource, _ ensurer) { r.stale = func() time.Duration { return 35 * time.Second } },
		trace: []string{"0s stopped", "0s Start", "10s stopped", "20s stopped", "30s stopped", "40s starting", "50s starting", "1m0s started"}, ops: ops{opStart},
	}, {
		name: "operation that may not be run", why: "rule 2: it is read for a Grace",
		from: stopped, set: func(_ *resource, e ensurer) {
			e.Commands.Operations, e.Options.Grace = ops{opStop}, 15*time.Second
		},
		trace: []string{"0s stopped", "10s stopped", "20s stopped"}, chain: []string{"unreachable"}, kind: statemachine.Unknown, says: "Start would lead to started",
	}, {
		name: "operation that may not be run, while it moves", why: "rule 2: it is read for a Grace, and is not waited out",
		from: started, set: func(r *resource, e ensurer) {
			e.Commands.Operations, e.Options.Grace = ops{}, 15*time.Second
			r.move(opStop)
		},
		trace: []string{"0s stopping", "10s stopping", "20s stopping"}, chain: []string{"unreachable"}, kind: statemachine.Unknown, says: "unreachable from stopping",
	}, {
		name: "unknown state", why: "it is waited for until the deadline, and nothing is run",
		from: novel, maxWait: 25 * time.Second,
		trace: []string{"0s defrosting", "10s defrosting", "20s defrosting", "25s defrosting"},
		chain: []string{"timed out", "context deadline exceeded"}, kind: statemachine.Unknown,
	}, {
		name: "create", why: "not found is where it begins",
		machine: topic(), from: absent, target: active,
		trace: []string{"0s ABSENT", "0s Create", "10s CREATING", "20s CREATING", "30s ACTIVE"}, ops: ops{opCreate},
	}, {
		name: "delete", why: "and where it ends",
		machine: topic(), from: active, target: absent,
		trace: []string{"0s ACTIVE", "0s Delete", "10s DELETING", "20s DELETING", "30s ABSENT"}, ops: ops{opDelete},
	}, {
		name: "delete what a rival deleted", why: "not found is no refusal of what removes",
		machine: topic(), from: active, target: absent, set: func(r *resource, _ ensurer) {
			r.outcomes = []outcome{{err: fault(statemachine.NotFound)}}
			time.AfterFunc(time.Second, func() { r.mu.Lock(); defer r.mu.Unlock(); r.set(absent) })
		},
		trace: []string{"0s ACTIVE", "0s Delete refused: not found", "10s ABSENT"},
	}, {
		name: "not found of what does not remove", why: "it is a refusal",
		from: stopped, set: func(r *resource, _ ensurer) { r.outcomes = []outcome{{err: fault(statemachine.NotFound)}} },
		trace: []string{"0s stopped", "0s Start refused: not found"}, chain: []string{"not found"}, kind: statemachine.NotFound,
	}, {
		name: "two steps", why: "the next command follows at once when its state is read, without waiting for a Grace",
		machine: topic(), from: broken, target: active,
		trace: []string{
			"0s BROKEN", "0s Delete", "10s DELETING", "20s DELETING", "30s ABSENT", "30s Create", "40s CREATING", "50s CREATING", "1m0s ACTIVE",
		}, ops: ops{opDelete, opCreate},
	}, {
		name: "second step lapses", why: "rule 2: Delete would be needed a second time",
		machine: topic(), from: broken, target: active, set: func(r *resource, e ensurer) {
			e.Options.Grace = 5 * time.Second
			time.AfterFunc(45*time.Second, func() { r.mu.Lock(); defer r.mu.Unlock(); r.set(broken) })
		},
		trace: []string{"0s BROKEN", "0s Delete", "10s DELETING", "20s DELETING", "30s ABSENT", "30s Create", "40s CREATING", "50s BROKEN"}, ops: ops{opDelete, opCreate},
		chain: []string{"lapsed"}, kind: statemachine.Unknown, says: "Delete, then Create accepted, waiting for ACTIVE: lapsed: CREATING → BROKEN after 10s",
	}, {
		name: "rival takes the second step", why: "it is joined: nothing more is run",
		machine: topic(), from: broken, target: active, set: func(r *resource, e ensurer) {
			e.Options.Grace = 15 * time.Second
			r.takes = 4 * time.Second
			r.rival(8*time.Second, opCreate)
		},
		trace: []string{"0s BROKEN", "0s Delete", "8s rival's Create: true", "10s CREATING", "20s ACTIVE"}, ops: ops{opDelete},
	}, {
		name: "drift", why: "rule 4: in the target, but not as wanted",
		from: started, set: func(_ *resource, e ensurer) { e.Drift = wantMode("sync") },
		trace: []string{"0s started"}, chain: []string{"drifted"}, kind: statemachine.Drifted, says: "drifted: Mode is async, wanted sync",
	}, {
		name: "no drift", why: "as wanted",
		from: started, set: func(_ *resource, e ensurer) { e.Drift = wantMode("async") }, trace: []string{"0s started"},
	}, {
		name: "drift of what we started", why: "rule 4: for a Grace after the command it may be an old read; then it is the truth",
		from: stopped, set: func(_ *resource, e ensurer) { e.Drift = wantMode("sync"); e.Options.Grace = 40 * time.Second },
		trace: []string{"0s stopped", "0s Start", "10s starting", "20s starting", "30s started", "40s started"}, ops: ops{opStart},
		chain: []string{"drifted"}, kind: statemachine.Drifted,
	}, {
		name: "drift of what we started, with restart", why: "rule 2: Start was accepted once already",
		from: stopped, set: func(_ *resource, e ensurer) {
			e.Drift, e.Commands.Restart, e.Options.Grace = wantMode("sync"), true, 40*time.Second
		},
		trace: []string{"0s stopped", "0s Start", "10s starting", "20s starting", "30s started", "40s started"}, ops: ops{opStart},
		chain: []string{"drifted"}, kind: statemachine.Drifted,
	}, {
		name: "restart", why: "rule 4: after a Grace of drift out of the target and back, without waiting a Grace between",
		from: started, set: func(r *resource, e ensurer) {
			e.Drift, e.Commands.Restart, r.mode, e.Options.Grace = wantMode("sync"), true, "sync", 15*time.Second
		},
		trace: []string{
			"0s started", "10s started", "20s started", "20s Stop", "30s stopping", "40s stopping", "50s stopped", "50s Start",
			"1m0s starting", "1m10s starting", "1m20s started",
		}, ops: ops{opStop, opStart},
	}, {
		name: "restart in vain", why: "rule 2: once; after the Grace the drift is the truth",
		from: started, set: func(_ *resource, e ensurer) {
			e.Drift, e.Commands.Restart, e.Options.Grace = wantMode("sync"), true, 35*time.Second
		},
		trace: []string{
			"0s started", "10s started", "20s started", "30s started", "40s started",
			"40s Stop", "50s stopping", "1m0s stopping", "1m10s stopped", "1m10s Start", "1m20s starting", "1m30s starting", "1m40s started",
			"1m50s started",
		}, ops: ops{opStop, opStart}, chain: []string{"drifted"}, kind: statemachine.Drifted,
	}, {
		name: "restart with old reads", why: "rule 4: old reads under the Grace do not look like drift",
		from: started, set: func(r *resource, e ensurer) {
			e.Drift, e.Commands.Restart, r.mode, e.Options.Grace = wantMode("sync"), true, "sync", 25*time.Second
			r.takes = 5 * time.Second
			r.stale = func() time.Duration {
				if time.Since(r.begin) == 50*time.Second {
					return 21 * time.Second
				}
				return 0
			}
		},
		trace: []string{
			"0s started", "10s started", "20s started", "30s started", "30s Stop", "40s stopped", "40s Start", "50s started", "1m0s started",
		}, ops: ops{opStop, opStart},
	}, {
		name: "restart that the operations do not allow", why: "rule 2: half a restart is worse than drift",
		from: started, set: func(_ *resource, e ensurer) {
			e.Drift, e.Commands.Restart, e.Commands.Operations = wantMode("sync"), true, ops{opStop}
		},
		trace: []string{"0s started"}, chain: []string{"drifted"}, kind: statemachine.Drifted,
	}, {
		name: "dry run", why: "it reads, plans, and runs nothing",
		from: stopped, set: func(_ *resource, e ensurer) { e.Commands.DryRun = true },
		trace: []string{"0s stopped"}, planned: ops{opStart},
	}, {
		name: "dry run, there already", why: "nothing is planned",
		from: started, set: func(_ *resource, e ensurer) { e.Commands.DryRun = true }, trace: []string{"0s started"},
	}, {
		name: "dry run, on its way", why: "nothing is planned, and nothing is waited for",
		from: stopped, set: func(r *resource, e ensurer) { e.Commands.DryRun = true; r.move(opStart) }, trace: []string{"0s starting"},
	}, {
		name: "dry run, on its way elsewhere", why: "what would be run after that",
		from: started, set: func(r *resource, e ensurer) { e.Commands.DryRun = true; r.move(opStop) }, trace: []string{"0s stopping"}, planned: ops{opStart},
	}, {
		name: "dry run of two steps", why: "both",
		machine: topic(), from: broken, target: active, set: func(_ *resource, e ensurer) { e.Commands.DryRun = true },
		trace: []string{"0s BROKEN"}, planned: ops{opDelete, opCreate},
	}, {
		name: "dry run of drift", why: "the drift is the result",
		from: started, set: func(_ *resource, e ensurer) { e.Commands.DryRun, e.Drift = true, wantMode("sync") },
		trace: []string{"0s started"}, chain: []string{"drifted"}, kind: statemachine.Drifted,
	}, {
		name: "dry run of a restart", why: "both steps of it",
		from: started, set: func(_ *resource, e ensurer) {
			e.Commands.DryRun, e.Drift, e.Commands.Restart = true, wantMode("sync"), true
		},
		trace: []string{"0s started"}, planned: ops{opStop, opStart},
	}, {
		name: "dry run of what may not be run", why: "as without",
		from: stopped, set: func(_ *resource, e ensurer) {
			e.Commands.DryRun, e.Commands.Operations, e.Options.Grace = true, ops{opStop}, 15*time.Second
		},
		trace: []string{"0s stopped", "10s stopped", "20s stopped"}, chain: []string{"unreachable"}, kind: statemachine.Unknown,
	}, {
		name: "dry run that Before refuses", why: "a preflight is part of a dry run",
		from: stopped, set: func(_ *resource, e ensurer) {
			e.Commands.DryRun = true
			e.Preflight = func(context.Context, row, statemachine.Operation) error { return fault(statemachine.Unsupported) }
		},
		trace: []string{"0s stopped"}, planned: ops{opStart}, chain: []string{"unsupported"}, kind: statemachine.Unsupported,
	}, {
		name: "dry run past the deadline", why: "the first read took all the time: it ends, and does not ask Before",
		from: stopped, maxWait: 5 * time.Second, set: func(r *resource, e ensurer) {
			e.Commands.DryRun = true
			r.reading = func(context.Context) { time.Sleep(6 * time.Second) }
			e.Preflight = func(context.Context, row, statemachine.Operation) error { return r.accept("Before") }
		},
		trace: []string{"6s stopped"}, planned: ops{opStart}, chain: []string{"timed out", "context deadline exceeded"}, kind: statemachine.Unknown,
	}, {
		name: "Before refuses", why: "its error is taken for the command's",
		from: stopped, set: func(_ *resource, e ensurer) {
			e.Preflight = func(_ context.Context, last row, op statemachine.Operation) error {
				return &statemachine.Fault{Kind: statemachine.Unsupported, Operation: op, Resource: string(last.State)}
			}
		},
		trace: []string{"0s stopped"}, chain: []string{"unsupported"}, kind: statemachine.Unsupported, says: "Start stopped: unsupported",
	}, {
		name: "Before unavailable", why: "nothing was sent, so that nothing was lost: no grace",
		from: stopped, set: func(r *resource, e ensurer) {
			e.Preflight = func(context.Context, row, statemachine.Operation) error {
				if time.Since(r.begin) < 5*time.Second {
					return fault(statemachine.Unavailable)
				}
				return nil
			}
		},
		trace: []string{"0s stopped", "10s stopped", "10s Start", "20s starting", "30s starting", "40s started"}, ops: ops{opStart},
	}, {
		name: "kind of a command's error", why: "it may mean something else than a read's",
		from: stopped, set: func(r *resource, e ensurer) {
			r.outcomes = []outcome{{err: errTest}}
			e.Commands.Kind = func(error) statemachine.Kind { return statemachine.Conflict }
		},
		trace: []string{"0s stopped", "0s Start refused: unknown", "10s stopped", "10s Start", "20s starting", "30s starting", "40s started"}, ops: ops{opStart},
	}, {
		name: "kind of a command's error that is unavailable to a read", why: "the command's counts, and was not lost then",
		from: stopped, set: func(r *resource, e ensurer) {
			r.outcomes = []outcome{{err: fault(statemachine.Unavailable)}}
			e.Commands.Kind = func(error) statemachine.Kind { return statemachine.Conflict }
		},
		trace: []string{"0s stopped", "0s Start refused: unavailable", "10s stopped", "10s Start", "20s starting", "30s starting", "40s started"}, ops: ops{opStart},
	}, {
		name: "a command's own context error", why: "only the caller's context interrupts: it was lost",
		from: stopped, set: func(r *resource, e ensurer) {
			r.outcomes = []outcome{{err: context.Canceled, lost: true}}
			e.Commands.Kind = statemachine.KindOf
		},
		trace: []string{"0s stopped", "0s Start lost: interrupted", "10s starting", "20s starting", "30s started"}, ops: ops{opStart},
	}, {
		name: "consecutive", why: "there already is there already often enough",
		from: started, set: func(_ *resource, e ensurer) { e.Options.Consecutive = 2 }, trace: []string{"0s started", "10s started"},
	}, {
		name: "deadline before the command", why: "rule 5: waited out until the deadline, and no command after it",
		from: started, maxWait: 15 * time.Second, set: func(r *resource, _ ensurer) { r.takes = 12 * time.Second; r.move(opStop) },
		trace: []string{"0s stopping", "10s stopping", "15s stopped"}, chain: []string{"timed out", "context deadline exceeded"}, kind: statemachine.Unknown,
		says: "stream res-1: waiting for started: timed out (3 reads in 15s), last seen stopped",
	}, {
		name: "deadline while it is refused", why: "the error has the refusal",
		from: stopped, maxWait: 15 * time.Second, set: func(r *resource, _ ensurer) {
			r.outcomes = []outcome{{err: fault(statemachine.Conflict)}, {err: fault(statemachine.Conflict)}}
		},
		trace: []string{"0s stopped", "0s Start refused: conflict", "10s stopped", "10s Start refused: conflict", "15s stopped"},
		chain: []string{"timed out", "conflict", "context deadline exceeded"}, kind: statemachine.Conflict,
	}, {
		name: "deadline after the command", why: "the error says what was accepted",
		from: stopped, maxWait: 15 * time.Second,
		trace: []string{"0s stopped", "0s Start", "10s starting", "15s starting"}, ops: ops{opStart},
		chain: []string{"timed out", "context deadline exceeded"}, kind: statemachine.Unknown,
		says: "stream res-1: Start accepted, waiting for started: timed out (3 reads in 15s), last seen starting",
	}, {
		name: "deadline during the command", why: "no read starts after the deadline",
		from: stopped, maxWait: 15 * time.Second, set: func(r *resource, _ ensurer) { r.outcomes = []outcome{{takes: 20 * time.Second}} },
		trace: []string{"0s stopped", "0s Start"}, ops: ops{opStart},
		chain: []string{"timed out", "context deadline exceeded"}, kind: statemachine.Unknown, says: "Start accepted, waiting for started: timed out (1 read in 20s)",
	}, {
		name: "deadline during a command that is lost", why: "no read starts after the deadline",
		from: stopped, maxWait: 15 * time.Second, set: func(r *resource, _ ensurer) { r.outcomes = []outcome{{hang: true}} },
		trace: []string{"0s stopped", "0s Start"},
		chain: []string{"timed out", "unavailable", "context deadline exceeded"}, kind: statemachine.Unavailable,
	}, {
		name: "deadline during a command that is refused", why: "no read starts after the deadline",
		from: stopped, maxWait: 15 * time.Second, set: func(r *resource, _ ensurer) {
			r.outcomes = []outcome{{takes: 20 * time.Second, err: fault(statemachine.Throttled)}}
		},
		trace: []string{"0s stopped", "0s Start refused: throttled"},
		chain: []string{"timed out", "throttled", "context deadline exceeded"}, kind: statemachine.Throttled,
	}, {
		name: "deadline between the steps", why: "the second step is not begun",
		machine: topic(), from: broken, target: active, maxWait: 30 * time.Second,
		trace: []string{"0s BROKEN", "0s Delete", "10s DELETING", "20s DELETING", "30s ABSENT"}, ops: ops{opDelete},
		chain: []string{"timed out", "context deadline exceeded"}, kind: statemachine.Unknown,
		says: "Delete accepted, waiting for ACTIVE: timed out (4 reads in 30s), last seen ABSENT",
	}, {
		name: "deadline with drift", why: "the drift says more than the deadline",
		from: stopped, maxWait: 30 * time.Second, set: func(_ *resource, e ensurer) { e.Drift = wantMode("sync") },
		trace: []string{"0s stopped", "0s Start", "10s starting", "20s starting", "30s started"}, ops: ops{opStart},
		chain: []string{"drifted"}, kind: statemachine.Drifted,
	}, {
		name: "deadline while the command waits for its place", why: "rule 6: no command starts after the deadline; one last read is made at it",
		from: stopped, maxWait: 15 * time.Second, set: func(_ *resource, e ensurer) {
			e.Commands.Pacer = statemachine.NewPacer(0, 1)
			_ = e.Commands.Pacer.Wait(context.Background())
		},
		trace: []string{"0s stopped", "15s stopped"}, chain: []string{"timed out", "context deadline exceeded"}, kind: statemachine.Unknown,
	}, {
		name: "a slot after MaxDelay, started by a rival", why: "rule 6: the command is decided again by a new read",
		from: stopped, set: func(r *resource, e ensurer) {
			e.Commands.Pacer = statemachine.NewPacer(1.0/60, 1)
			_ = e.Commands.Pacer.Wait(context.Background())
			r.rival(20*time.Second, opStart)
		},
		trace: []string{"0s stopped", "20s rival's Start: true", "1m0s started"},
	}, {
		name: "a slot after MaxDelay, unchanged", why: "rule 6: the command keeps its slot while it is decided again",
		from: stopped, set: func(_ *resource, e ensurer) {
			e.Commands.Pacer = statemachine.NewPacer(1.0/60, 1)
			_ = e.Commands.Pacer.Wait(context.Background())
		},
		trace: []string{"0s stopped", "1m0s stopped", "1m0s Start", "1m10s starting", "1m20s starting", "1m30s started"}, ops: ops{opStart},
	}, {
		name: "the command waits for its place", why: "reads and commands have one pacer, unless the commands have their own",
		from: stopped, set: func(_ *resource, e ensurer) { e.Pacer = statemachine.NewPacer(0.25, 1) },
		trace: []string{"0s stopped", "4s Start", "14s starting", "24s starting", "34s started"}, ops: ops{opStart},
	}, {
		name: "a command that is throttled pauses the pacer", why: "all calls under one quota pause",
		from: stopped, set: func(r *resource, e ensurer) {
			e.Options.MinDelay, e.Options.MaxDelay = 100*time.Millisecond, 100*time.Millisecond
			e.Pacer = statemachine.NewPacer(100, 100)
			r.takes = 0
			r.outcomes = []outcome{{err: fault(statemachine.Throttled)}}
		},
		trace: []string{"0s stopped", "0s Start refused: throttled", "1s stopped", "1s Start", "1.1s started"}, ops: ops{opStart},
	}} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				if tt.machine == nil {
					tt.machine = stream()
				}
				if tt.target == "" {
					tt.target = started
				}
				if tt.maxWait == 0 {
					tt.maxWait = time.Hour
				}
				r := newResource(tt.machine, tt.from, boot)
				e := r.ensurer(tens())
				if tt.set != nil {
					tt.set(r, e)
				}
				done, err := e.Ensure(t.Context(), tt.target, tt.maxWait)
				r.sameTrace(t, tt.trace...)
				assert.Equal(t, "Operations", tt.ops, done.Operations)
				assert.Equal(t, "Planned", tt.planned, done.Planned)
				assert.Equal(t, "chain", tt.chain, chain(err))
				assert.Equal(t, "kind", tt.kind, statemachine.KindOf(err))
				if err != nil && (!strings.Contains(err.Error(), tt.says) || strings.ContainsAny(err.Error(), "\r\n")) {
					t.Errorf("error lacks %q: %v", tt.says, err)
				}
				if we, ok := errors.AsType[*statemachine.WaitError](err); ok {
					assert.Equal(t, "Accepted", tt.ops, we.Accepted)
					assert.Equal(t, "Target", string(tt.target), we.Target)
				}
				if err == nil && !e.Commands.DryRun && tt.target != absent {
					assert.Equal(t, "state of the value", tt.target, done.Value.State)
				}
				if t.Failed() {
					t.Logf("%s; error: %v", tt.why, err)
				}
			})
		})
	}
}

// TestEnsureInvalidInputIsRejected checks that all invalid fields are reported before the first
// read.
func TestEnsureInvalidInputIsRejected(t *testing.T) {
	t.Parallel()
	var e statemachine.Ensurer[row, state]
	_, err := e.Ensure(t.Context(), started, 0)
	input, ok := errors.AsType[*statemachine.InputError](err)
	if !ok {
		t.Fatalf("no *InputError: %v", err)
	}
	assert.Equal(t, "fields", []string{"Command", "Read", "Machine", "State"}, fields(input))
	r := newResource(stream(), stopped, 0)
	f := r.ensurer(tens())
	f.Command = nil
	_, err = f.Ensure(t.Context(), novel, -1)
	input, _ = errors.AsType[*statemachine.InputError](err)
	assert.Equal(t, "fields", []string{"Command", "target", "maxWait"}, fields(input))
	assert.Equal(t, "the command", "is nil", input.Fields[0].Reason)
	assert.Equal(t, "reads", 0, len(r.trace))
}

// TestEnsureReadingsHaveFinalTarget checks that a Reading has the final target, also during the
// wait for a waypoint.
func TestEnsureReadingsHaveFinalTarget(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		r := newResource(topic(), broken, time.Second)
		o := tens()
		var targets []string
		o.OnRead = func(r statemachine.Reading) { targets = append(targets, r.Target) }
		if _, err := r.ensurer(o).Ensure(t.Context(), active, time.Hour); err != nil {
			t.Fatal(err)
		}
		assert.Equal(t, "targets", []string{"ACTIVE", "ACTIVE", "ACTIVE"}, targets)
	})
}
