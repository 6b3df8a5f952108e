package modeltest

import (
	"context"
	"flag"
	"fmt"
	"hash/fnv"
	"iter"
	"maps"
	"math"
	"math/rand/v2"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/streamwarden/streamwarden-go/activitystream"
	"github.com/streamwarden/streamwarden-go/eventstream"
	"github.com/streamwarden/streamwarden-go/ingestion"
	"github.com/streamwarden/streamwarden-go/internal/assert"
	"github.com/streamwarden/streamwarden-go/statemachine"
)

// deeper is how many events a sequence can have where the default is not enough. See the
// package's documentation.
var deeper = flag.Int("model.depth", 0, "how many events a sequence of the model checker has at most; 0: as many as take seconds")

// random is how many random sequences each scenario runs.
var random = flag.Int("model.random", 100, "how many random sequences of any length each scenario of the model checker runs")

// scenario is what one family of sequences has in common.
type scenario[S ~string] struct {
	*table[S]

	start, target int
	ensure        bool
	longWait      bool // much time, and a service that finishes what it does
	twice         bool // two reads in a row must show the target
	drifts        bool
	fleet         bool                     // by the engine of many
	track         bool                     // by a loop over a Track or EnsureTrack
	replaced      bool                     // another resource can get the name
	skewed        bool                     // the clock of a worker that reads and commands can be wrong; only with track
	runs          []statemachine.Operation // that the ensure may run; nil: all

	rank      []int
	plansFrom [][][]statemachine.Operation // by state
	cycles    [][]statemachine.Operation   // from the target back to it
}

func (sc *scenario[S]) String() string {
	words := []string{"wait"}
	if sc.ensure {
		words[0] = "ensure"
	}
	for _, w := range []struct {
		is   bool
		word string
	}{{sc.longWait, "long wait"}, {sc.twice, "twice"}, {sc.drifts, "restart"}, {sc.fleet, "fleet"}, {sc.track, "track"}, {sc.replaced, "replaced"}, {sc.skewed, "skewed"}} {
		if w.is {
			words = append(words, w.word)
		}
	}
	return fmt.Sprintf("%s/%s→%s", strings.Join(words, " "), sc.name(sc.start), sc.name(sc.target))
}

func (sc *scenario[S]) maxWait() time.Duration {
	if sc.longWait {
		return long
	}
	return short
}

func (sc *scenario[S]) consecutive() int {
	if sc.twice {
		return 2
	}
	return 1
}

// mayRun reports whether an Ensure call may run a plan after it ran others.
func (sc *scenario[S]) mayRun(plan, before []statemachine.Operation) bool {
	for i, op := range plan {
		if sc.runs != nil && !slices.Contains(sc.runs, op) || slices.Contains(before, op) || slices.Contains(plan[:i], op) {
			return false
		}
	}
	return true
}

// derive computes what the oracle looks up.
func (sc *scenario[S]) derive() {
	sc.rank = sc.ranks(sc.target)
	for s := range sc.states {
		plans, _ := sc.plans(s, sc.target)
		sc.plansFrom = append(sc.plansFrom, plans)
	}
	for _, w := range sc.ways[sc.target] {
		plans, _ := sc.plans(w.to, sc.target)
		for _, plan := range plans {
			if w.op != "" {
				sc.cycles = append(sc.cycles, append([]statemachine.Operation{w.op}, plan...))
			}
		}
	}
}

// plansOf returns the plans of an ensure in such a state.
func (sc *scenario[S]) plansOf(m moment) [][]statemachine.Operation {
	switch {
	case m.state == gone:
		return nil
	case sc.drifts && !m.good && sc.heads(m.state, sc.target):
		return sc.cycles
	}
	return sc.plansFrom[m.state]
}

// run runs one sequence.
func (sc *scenario[S]) run(t *testing.T, sequence *script, trace func(string, ...any)) (*world[S], verdict) {
	ctx, cancel := context.WithCancelCause(t.Context())
	defer cancel(nil)
	w := &world[S]{table: sc.table, script: sequence, longDeadline: sc.longWait, drifts: sc.drifts, replaced: sc.replaced, skewed: sc.skewed, trace: trace, begin: time.Now(), ctx: ctx, cancel: cancel}
	w.life = append(w.life, moment{at: -24 * time.Hour, state: sc.start, good: !sc.drifts})
	w.before(sc.start)
	wait := statemachine.Waiter[shown[S], S]{
		Machine: sc.machine, Resource: "r", Read: w.read, State: func(s shown[S]) S { return s.State },
		Options: statemachine.WaitOptions{
			MinDelay: delay, MaxDelay: delay, ReadTimeout: readTimeout, Grace: grace, Consecutive: sc.consecutive(),
			Jitter: func(d time.Duration) time.Duration { return d },
		},
	}
	commands := statemachine.EnsureOptions[shown[S]]{Operations: sc.runs, Restart: sc.drifts}
	wait.Identity = w.identify
	v := verdict{ensure: sc.ensure}
	target := sc.states[sc.target]
	switch {
	case sc.track && sc.ensure:
		v.operations, v.err = w.followEnsureTrack(target, sc.maxWait(), wait.Options, sc.runs)
	case sc.track:
		v.err = w.followTrack(target, sc.maxWait(), wait.Options)
	case sc.fleet:
		fleet := statemachine.Fleet[shown[S], S]{
			Machine: wait.Machine, State: wait.State, Identity: wait.Identity, Options: wait.Options, Commands: commands, ReadMany: w.readMany,
			Read: func(ctx context.Context, _ string) (shown[S], error) { return w.read(ctx) },
		}
		goal := statemachine.Goal[shown[S], S]{Resource: wait.Resource, Target: target}
		if sc.ensure {
			goal.Command = w.command
		}
		for _, r := range fleet.Each(ctx, []statemachine.Goal[shown[S], S]{goal}, sc.maxWait()) {
			v.err, v.operations = r.Err, r.Value.Operations
		}
	case sc.ensure:
		ensurer := statemachine.Ensurer[shown[S], S]{Waiter: wait, Command: w.command, Commands: commands}
		if sc.drifts {
			ensurer.Drift = drift
		}
		var done statemachine.Ensured[shown[S]]
		done, v.err = ensurer.Ensure(ctx, target, sc.maxWait())
		v.operations = done.Operations
	default:
		_, v.err = wait.Wait(ctx, target, sc.maxWait())
	}
	v.end = w.now()
	return w, v
}

// drift implements Drift: the settings must be good.
func drift[S ~string](s shown[S]) error {
	if s.Good {
		return nil
	}
	return &statemachine.DriftError{Resource: "r", Fields: []statemachine.Drift{{Field: "Good", Want: "true", Got: "false"}}}
}

// before returns what the resource was before the wait began. As an event, it is in its state
// only for half a minute.
func (w *world[S]) before(start int) {
	var from []way
	for s, ways := range w.ways {
		for _, v := range ways {
			if v.to == start {
				from = append(from, way{to: s, name: v.name})
			}
		}
	}
	restarted := len(from) + 1
	all := restarted
	if w.drifts {
		all++
	}
	c := w.script.choose(all)
	switch c {
	case 0:
		return
	case restarted:
		w.become(-30*time.Second, start, true, "its settings became right")
		return
	}
	good := w.life[0].good
	w.life[0].state = from[c-1].to
	w.trace("before, it was %s", w.name(w.life[0].state))
	w.become(-30*time.Second, start, good, from[c-1].name)
}

// tally counts the sequences of one machine by their verdict.
type tally struct {
	mu        sync.Mutex
	sequences int
	verdicts  map[string]int
}

func (c *tally) add(word string) { c.verdicts[word]++; c.sequences++ }

func (c *tally) join(o *tally) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.sequences += o.sequences
	for word, n := range o.verdicts {
		c.verdicts[word] += n
	}
}

func (c *tally) String() string {
	text := fmt.Sprintf("%d sequences:", c.sequences)
	for _, word := range slices.Sorted(maps.Keys(c.verdicts)) {
		text += fmt.Sprintf(" %s %d,", word, c.verdicts[word])
	}
	return strings.TrimSuffix(text, ",")
}

func silent(string, ...any) {}

// check runs the sequences of a scenario.
func (sc *scenario[S]) check(t *testing.T, sequences iter.Seq[*script]) *tally {
	t.Helper()
	counts := &tally{verdicts: map[string]int{}}
	synctest.Test(t, func(t *testing.T) {
		for sequence := range sequences {
			w, v := sc.run(t, sequence, silent)
			counts.add(v.word())
			wrong := w.judge(sc, v)
			if wrong == "" {
				continue
			}
			sequence.rewind()
			var trace []string
			sc.run(t, sequence, func(format string, args ...any) { trace = append(trace, "  "+fmt.Sprintf(format, args...)) })
			t.Errorf("%s: %s\n  %s after %v: %v, operations %v\n%s", sc, wrong, v.word(), v.end, v.err, v.operations, strings.Join(trace, "\n"))
			return
		}
	})
	return counts
}

// every yields all sequences of up to depth events.
func every(depth int) iter.Seq[*script] {
	return func(yield func(*script) bool) {
		s := &script{depth: depth}
		for more := true; more && yield(s); more = s.advance() {
		}
	}
}

// some yields n random sequences with any number of events.
func some(n int, seed string) iter.Seq[*script] {
	return func(yield func(*script) bool) {
		h := fnv.New64()
		h.Write([]byte(seed))
		for i := range n {
			r := rand.New(rand.NewPCG(h.Sum64(), uint64(i)))
			if !yield(&script{depth: math.MaxInt, random: r, percent: []int{5, 15, 30}[i%3]}) {
				return
			}
		}
	}
}

// enumerate runs all sequences of all scenarios of a machine.
func enumerate[S ~string](t *testing.T, m *statemachine.Machine[S], runs []statemachine.Operation, others ...[2]S) {
	t.Helper()
	table := newTable(m, others)
	all, longer := &tally{verdicts: map[string]int{}}, &tally{verdicts: map[string]int{}}
	t.Run(m.Name(), func(t *testing.T) {
		for start := range table.states {
			for target := range table.states {
				if !m.Known(table.states[target]) {
					continue
				}
				for _, kind := range []scenario[S]{
					{},
					{longWait: true},
					{twice: true},
					{ensure: true},
					{ensure: true, longWait: true},
					{ensure: true, twice: true},
					{ensure: true, drifts: true},
					{ensure: true, drifts: true, longWait: true},
					{fleet: true, longWait: true},
					{fleet: true, ensure: true},
					{fleet: true, ensure: true, longWait: true},
					{track: true},
					{track: true, ensure: true},
					{track: true, ensure: true, longWait: true},
					{track: true, longWait: true, skewed: true},
					{track: true, ensure: true, longWait: true, skewed: true},
					{replaced: true},
					{replaced: true, ensure: true},
					{replaced: true, ensure: true, track: true},
				} {
					sc := &kind
					sc.table, sc.start, sc.target, sc.runs = table, start, target, runs
					if sc.ensure && table.transient(target) || sc.drifts && target == table.absent || sc.replaced && table.absent != gone {
						// It does not stay there; an absent resource has no settings; and with an
						// absent state, its lifecycle has the next resource, too.
						continue
					}
					sc.derive()
					t.Run(sc.String(), func(t *testing.T) {
						t.Parallel()
						depth := events()
						if sc.drifts || sc.fleet || sc.track || sc.replaced {
							depth--
						}
						all.join(sc.check(t, every(depth)))
						longer.join(sc.check(t, some(randomSequences(), m.Name()+sc.String())))
					})
				}
			}
		}
	})
	musts := []string{"success", "timed out", "unreachable", "lapsed", "canceled", "read failed"}
	if table.absent == gone && events() > 1 {
		musts = append(musts, "replaced")
	}
	for _, must := range musts {
		if all.verdicts[must] == 0 && (must != "timed out" || events() > 1) {
			t.Errorf("%s: no sequence ends as %s: %s", m.Name(), must, all)
		}
	}
	depth := events()
	t.Logf("%s: up to %d events, %d in restarts, fleets, tracks and of replaced resources: %s", m.Name(), depth, depth-1, all)
	t.Logf("%s: any number of random events: %s", m.Name(), longer)
}

// randomSequences returns how many random sequences each scenario runs.
func randomSequences() int {
	if assert.Race {
		return 20
	}
	return *random
}

// events returns how many events a sequence has at most. In a restart, in a fleet, with a track and
// where the name can get to another resource it is one less.
func events() int {
	switch {
	case *deeper > 0:
		return *deeper
	case assert.Race:
		return 2
	}
	return 3
}

// TestModel runs every sequence of events. See the package's documentation.
func TestModel(t *testing.T) {
	enumerate(t, activitystream.Machine(), nil)
	enumerate(t, activitystream.PolicyMachine(), nil,
		[2]activitystream.PolicyStatus{activitystream.PolicyLocked, ""}, [2]activitystream.PolicyStatus{activitystream.PolicyUnlocking, ""},
		[2]activitystream.PolicyStatus{activitystream.PolicyUnlocked, ""}, [2]activitystream.PolicyStatus{activitystream.PolicyLocking, ""},
		[2]activitystream.PolicyStatus{"", activitystream.PolicyLocked})
	enumerate(t, ingestion.Machine(), []statemachine.Operation{ingestion.StartEventDataStoreIngestion, ingestion.StopEventDataStoreIngestion})
	enumerate(t, eventstream.Machine(), nil)
	enumerate(t, eventstream.DestinationMachine(), nil)
}
