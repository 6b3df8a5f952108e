package conformance

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/streamwarden/streamwarden-go/internal/simulator"
	"github.com/streamwarden/streamwarden-go/statemachine"
)

// rule is one behaviour that resources share. It is written once, and speaks of a way's states and steps alone.
type rule struct {
	name  string // the section's rule that it belongs to, and what happens
	why   string
	needs need // a way that lacks one of these has nothing to which the rule could apply
	check func(w *world)

	live live
}

// live says of a rule that it can be checked on a resource that nobody can move behind the library's back, a real one, and where that
// has to be.
type live int

const (
	nowhere  live = iota // it cannot
	atTarget             // in the way's last state; nothing is changed
	opposite             // in the way's first state; nothing is changed
	changed              // in the way's first state, and is brought to the last
)

// need is what a way has to have for a rule to say anything about it.
type need int

const (
	settles     need = 1 << iota // a state on the way there, which the service leaves by itself
	returns                      // one on the way back
	lapses                       // the service can roll the way there back
	vanishes                     // a resource that is not there is Gone, not in a state of its own
	absence                      // a resource that is not there is in the Absent state, and somebody may want that
	watches                      // it has a Watch
	commands                     // it has an Ensure
	unplannable                  // a state out of which only operations lead that the Ensure does not run
)

// scenario is what there is to know of a resource that is brought from one settled state to another: up or down. All else the rules ask of the
// world.
type scenario struct {
	name    string // "cluster, start"
	machine string // as messages name it
	op      statemachine.Operation
	read    statemachine.Operation // by which one resource is read

	from, to string
	via      string // settles into to; empty: the operation is done when it is answered
	back     string // settles into from
	stuck    string // see beyond
	busy     string // the code that refuses the operation while it is under way
	already  string // the code that refuses it where nothing is left to do
	has      need
	shows    map[string]string // what reads show of a state, where that is not the state itself

	least, most time.Duration // the bounds of the delay, where nothing else is asked for

	rows   func() []row // what the service's error codes mean
	exempt exemptions   // where a kind means something else to this way

	simulate func(w scenario, change func(simulator.Call) *simulator.Failure) subject
}

// settle is how long the simulated service takes to leave a state by itself. It is longer than the Grace, and all delays divide it.
const settle = 90 * time.Second

// grace is the Grace that nobody asked for.
const grace = time.Minute

// unknownState is a state that no table knows.
const unknownState = "UNHEARD_OF"

// subject is one resource, as the library shows it and, where it is simulated, as it is.
type subject struct {
	resource string // as messages name it

	get    func(context.Context) (string, error)
	run    func(context.Context) error // the way's operation, alone
	wait   func(ctx context.Context, target string, maxWait time.Duration, o settings) (string, error)
	watch  func(ctx context.Context, o settings) iter.Seq2[string, error]
	ensure func(ctx context.Context, maxWait time.Duration, o settings) (done, error)

	simulated // nil on a real account
}

// simulated is what can be done to a resource behind the library's back.
type simulated struct {
	move   func(state string) // somebody else brings it there
	remove func()
	lapse  func() // its next transition is rolled back
	stale  func(time.Duration)
	fail   func(statemachine.Operation, simulator.Failure)
	clear  func() // forgets the failures
	log    func() []simulator.Call
	truth  func() string
}

// settings are the options of a call that the services share.
type settings struct {
	wait   statemachine.WaitOptions
	dryRun bool
	pacer  *statemachine.Pacer // of the reads
}

// done is what an ensure says that it did.
type done struct {
	State               string // read last; empty: none was
	Operations, Planned []statemachine.Operation
	IsNil               bool // there was no output at all
}

// world is a resource with what a rule does to it.
type world struct {
	*testing.T
	scenario
	subject

	exact    bool                                    // time is virtual: every instant can be foretold
	calls    func() []simulator.Call                 // up to now
	before   func(simulator.Call) *simulator.Failure // what happens between a call and its being carried out
	readings []statemachine.Reading                  // of the last call
}

// outcome is what came of a wait or an ensure, and when.
type outcome struct {
	Verdict    string // the Reason of a WaitError, else the Kind; empty: success
	State      string // of the value, beside an error too; empty: there is none
	At         time.Duration
	Reads      int
	Commands   []string // as the service saw them: "0s StartActivityStream accepted"
	Operations []statemachine.Operation
	Planned    []statemachine.Operation
}

// simulate runs a rule on the way's simulator in a bubble of virtual time. The resource has been in the way's first state for
// an hour, so that old reads can show it; for some rules it is moved to the last one.
func simulate(t *testing.T, w scenario, r rule) {
	t.Run(r.name, func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			defer r.explain(t, w)
			world := &world{T: t, scenario: w, exact: true}
			world.subject = w.simulate(w, func(c simulator.Call) *simulator.Failure {
				if world.before == nil {
					return nil
				}
				return world.before(c)
			})
			world.calls = world.log
			world.rests()
			if r.live == atTarget {
				world.in(w.to)
			}
			r.check(world)
		})
	})
}

// explain says of a test that failed what it was about.
func (r rule) explain(t *testing.T, w scenario) {
	if t.Failed() {
		t.Logf("the rule that %s breaks: %s\nwhy it is one: %s", w.name, r.name, r.why)
	}
}

// in puts the resource into a state right now.
func (w *world) in(state string) *world {
	if state != w.from {
		w.move(state)
	}
	return w
}

// shown is what reads show of a state.
func (w *world) shown(state string) string {
	if s, ok := w.shows[state]; ok {
		return s
	}
	return state
}

// rests lets an hour pass between two calls: the pacers have forgotten the first by then.
func (w *world) rests() { time.Sleep(time.Hour) }

// later has something done right before the instant d from now, so that a read at it shows it.
func (w *world) later(d time.Duration, do func()) { time.AfterFunc(d-1, do) }

// moves has somebody bring the resource into a state right before d.
func (w *world) moves(d time.Duration, state string) { w.later(d, func() { w.move(state) }) }

// fails has the next read, from d on, fail.
func (w *world) fails(d time.Duration, f simulator.Failure) { w.later(d, func() { w.fail(w.read, f) }) }

// reads is how many reads there are until d, the one at it included, where they are made at the shortest delay.
func (w *world) reads(d time.Duration) int { return int((d+w.least-1)/w.least) + 1 }

// accepted is a command that the service carried out.
func (w *world) accepted(at time.Duration) string { return fmt.Sprintf("%s %s accepted", at, w.op) }

// refused is one that it answered with a code.
func (w *world) refused(at time.Duration, code string) string {
	return fmt.Sprintf("%s %s %s", at, w.op, code)
}

const (
	lost    = "accepted, answer lost"
	dropped = "never arrived"
)

// settings without jitter, so that every instant can be foretold.
func (w *world) settings(change []func(*settings)) settings {
	w.readings = nil
	o := settings{}
	o.wait.OnRead = func(r statemachine.Reading) { w.readings = append(w.readings, r) }
	if w.exact {
		o.wait.Jitter = func(d time.Duration) time.Duration { return d }
	}
	for _, fn := range change {
		fn(&o)
	}
	return o
}

// waits waits for the way's end, and holds what comes of it against want.
func (w *world) waits(maxWait time.Duration, want outcome, change ...func(*settings)) error {
	w.Helper()
	return w.waitsFor(w.Context(), w.to, maxWait, want, change...)
}

func (w *world) waitsFor(ctx context.Context, target string, maxWait time.Duration, want outcome, change ...func(*settings)) error {
	w.Helper()
	began, past := time.Now(), len(w.calls())
	state, err := w.wait(ctx, target, maxWait, w.settings(change))
	got := outcome{State: state}
	w.compare(want, got, err, began, past)
	w.explained(err, target, time.Since(began))
	return err
}

// ensures brings the resource to the way's end, and holds what comes of it against want.
func (w *world) ensures(maxWait time.Duration, want outcome, change ...func(*settings)) error {
	w.Helper()
	return w.ensuresIn(w.Context(), maxWait, want, change...)
}

func (w *world) ensuresIn(ctx context.Context, maxWait time.Duration, want outcome, change ...func(*settings)) error {
	w.Helper()
	began, past := time.Now(), len(w.calls())
	out, err := w.ensure(ctx, maxWait, w.settings(change))
	if out.IsNil {
		w.Error("there is no output: it is promised beside every error")
	}
	got := outcome{State: out.State, Operations: out.Operations, Planned: out.Planned}
	w.compare(want, got, err, began, past)
	w.explained(err, w.to, time.Since(began))
	if we, ok := errors.AsType[*statemachine.WaitError](err); ok {
		wantEqual(w, "accepted, in the error", out.Operations, we.Accepted)
	}
	return err
}

// compare fills in what was seen and compares it.
func (w *world) compare(want, got outcome, err error, began time.Time, past int) {
	w.Helper()
	got.Verdict, got.At = verdict(err), time.Since(began)
	for _, c := range w.calls()[past:] {
		switch c.Operation {
		case w.read:
			if c.ResourceCount == 1 { // and not by a filter
				got.Reads++
			}
		case w.op:
			got.Commands = append(got.Commands, c.At.Sub(began).String()+" "+string(c.Operation)+" "+answer(c))
		}
	}
	if !w.exact { // then the world has its own pace, and tells nothing of what it carried out
		if got.At < want.At {
			w.Errorf("it took %s, which is less than %s", got.At, want.At)
		}
		wantEqual(w, "that a command was sent", len(want.Commands) > 0, len(got.Commands) > 0)
		want.At, want.Reads, want.Commands = got.At, got.Reads, got.Commands
	}
	wantEqual(w, "what came of it", want, got)
}

// answer is what came of a call.
func answer(c simulator.Call) string {
	switch {
	case c.Accepted && c.Status == 0:
		return lost
	case c.Accepted && c.Code == "":
		return "accepted"
	case c.Code == "" && c.Status == 0:
		return dropped
	}
	return c.Code
}

// explained holds an error against what every WaitError has to say.
func (w *world) explained(err error, target string, took time.Duration) {
	w.Helper()
	if err == nil {
		return
	}
	text := err.Error()
	if strings.TrimSpace(text) == "" || strings.ContainsAny(text, "\r\n") {
		w.Errorf("the error is not one line: %q", text)
	}
	timedOut := errors.Is(err, statemachine.TimedOut)
	wantEqual(w, "errors.Is(err, TimedOut), and DeadlineExceeded", timedOut,
		errors.Is(err, context.DeadlineExceeded) && !errors.Is(err, statemachine.Canceled))
	we, ok := errors.AsType[*statemachine.WaitError](err)
	if !ok {
		return
	}
	says(w, err, w.machine, w.resource, string(we.Reason))
	if target != "" {
		says(w, err, "waiting for "+target)
	}
	reads := len(w.readings)
	last, failed := "", error(nil)
	var history []string
	for _, r := range w.readings {
		last, failed = r.State, r.Err
		if r.Err == nil && (len(history) == 0 || history[len(history)-1] != r.State) {
			history = append(history, r.State)
		}
	}
	wantEqual(w, "the error's machine, resource and target", [3]string{w.machine, w.resource, target}, [3]string{we.Machine, we.Resource, we.Target})
	wantEqual(w, "the error's number of reads", reads, we.Reads)
	if w.exact {
		says(w, err, fmt.Sprintf("(%d read", reads), fmt.Sprintf(" in %s)", took.Round(time.Millisecond)))
	}
	wantEqual(w, "the error's last state", last, we.Last)
	if w.exact {
		wantEqual(w, "the error's time", took, we.Elapsed)
	}
	var seen []string
	for _, s := range we.History {
		seen = append(seen, s.State)
	}
	wantEqual(w, "the error's history", history, seen)
	if failed != nil && !errors.Is(err, statemachine.KindOf(failed)) {
		w.Errorf("the last read failed (%v), and the error does not say so: %v", failed, err)
	}
	if !errors.Is(err, we.Reason) {
		w.Errorf("errors.Is does not find the reason %q", we.Reason)
	}
}

// verdict is what an error says, in one word.
func verdict(err error) string {
	if err == nil {
		return ""
	}
	if we, ok := errors.AsType[*statemachine.WaitError](err); ok {
		return string(we.Reason)
	}
	return string(statemachine.KindOf(err))
}

// wantEqual fails the test where got is not want. Nothing and an empty list are the same.
func wantEqual[T any](t testing.TB, what string, want, got T) {
	t.Helper()
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("%s (-want +got):\n%s", what, diff)
	}
}

// says fails the test unless the error's text has each of the parts.
func says(t testing.TB, err error, parts ...string) {
	t.Helper()
	for _, part := range parts {
		if err == nil || !strings.Contains(err.Error(), part) {
			t.Errorf("the error does not say %q: %v", part, err)
		}
	}
}

// is fails the test unless errors.Is finds all of these.
func is(t testing.TB, err error, targets ...error) {
	t.Helper()
	for _, target := range targets {
		if !errors.Is(err, target) {
			t.Errorf("it is no %q: %v", target, err)
		}
	}
}

// fields are the wrong fields of an InputError.
func fields(err error) []string {
	in, ok := errors.AsType[*statemachine.InputError](err)
	if !ok {
		return nil
	}
	var names []string
	for _, f := range in.Fields {
		names = append(names, f.Field)
	}
	return names
}
