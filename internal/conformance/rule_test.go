package conformance

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"iter"
	"log/slog"
	"testing"
	"testing/synctest"
	"time"

	"github.com/streamwarden/streamwarden-go/internal/assert"
	"github.com/streamwarden/streamwarden-go/internal/simulator"
	"github.com/streamwarden/streamwarden-go/statemachine"
)

// rule is a behavior that all resources share. It uses only the states and delays of a scenario,
// never a service.
type rule struct {
	name  string // the rule of the documentation that it belongs to, and the case
	why   string
	needs need // the rule applies only to scenarios that have all of these
	check func(w *fixture)

	live live
}

// live says whether a rule can be checked on a real resource, which no simulator changes during a
// call, and in which state the resource must be.
type live int

const (
	nowhere  live = iota // not possible
	atTarget             // in the scenario's target state; nothing is changed
	opposite             // in the scenario's first state; nothing is changed
	changed              // in the scenario's first state, from which the rule brings it to the target
)

// need is a property of a scenario that a rule depends on.
type need int

const (
	settles     need = 1 << iota // a transient state on the way to the target
	returns                      // a transient state on the way back
	lapses                       // the service can roll the change back
	vanishes                     // the wait for a missing resource ends as Gone
	absence                      // a missing resource is in the Absent state, which can be a target
	watches                      // the client has a Watch
	commands                     // the client has an ensure method
	replaces                     // its name can get to another resource
	unplannable                  // a state that only operations leave that the ensure method does not run
	deferrable                   // the operation can wait for a maintenance window
	restarts                     // the ensure method can leave the target state and come back, for other settings
)

// scenario describes a resource that is brought from one settled state to another.
type scenario struct {
	name    string // "cluster, start"
	machine string // its name in messages
	op      statemachine.Operation
	read    statemachine.Operation // reads one resource

	from, to string
	via      string                 // settles into to; empty if the operation is complete with its response
	back     string                 // settles into from
	stuck    string                 // see unplannable
	undo     statemachine.Operation // see restarts: leads from the target state to the first one
	unusable row                    // see restarts: the error for settings that the service cannot use
	busy     string                 // the code that rejects the operation during the change
	already  string                 // the code that rejects the operation in the target state
	has      need
	shows    map[string]string // the text that reads show for a state, if it differs from the state

	least, most time.Duration // the default bounds of the delay

	rows   func() []row // the service's error codes and their kinds
	exempt exemptions   // the kinds that are treated differently

	each     bool // the methods for many resources, called for one
	simulate func(w scenario, change func(simulator.Call) *simulator.Failure) subject
}

// withEach returns scenarios, and those of their methods for many resources.
func withEach(scenarios ...scenario) []scenario {
	for _, w := range scenarios {
		w.name, w.each = w.name+", Each", true
		scenarios = append(scenarios, w)
	}
	return scenarios
}

// only returns the only result of a method for many resources.
func only[K, R any](results iter.Seq2[K, statemachine.Result[R]]) (value R, err error) {
	n := 0
	for _, r := range results {
		value, err = r.Value, r.Err
		n++
	}
	if n != 1 {
		return value, fmt.Errorf("%d results for one input", n)
	}
	return value, err
}

// withoutKeys yields the values and errors of a watch of one of many resources.
func withoutKeys[K, R any](results iter.Seq2[K, statemachine.Result[R]]) iter.Seq2[R, error] {
	return func(yield func(R, error) bool) {
		for _, r := range results {
			if !yield(r.Value, r.Err) {
				return
			}
		}
	}
}

// settle is the time that the simulated service spends in a transient state. It is longer than the
// grace period, and a multiple of all delays.
const settle = 90 * time.Second

// grace is the default grace period.
const grace = time.Minute

// unknownState is a state that is in no table.
const unknownState = "UNHEARD_OF"

// subject is a resource with the client's methods for it and, if it is simulated, with its
// controls.
type subject struct {
	resource string // its name in messages

	get    func(context.Context) (string, error)
	run    func(context.Context) error // sends the scenario's operation
	wait   func(ctx context.Context, target string, maxWait time.Duration, o settings) (string, error)
	watch  func(ctx context.Context, o settings) iter.Seq2[string, error]
	ensure func(ctx context.Context, maxWait time.Duration, o settings) (ensureResult, error)

	simulated // its functions are nil on a real account
}

// simulated has the controls of a simulated resource.
type simulated struct {
	move   func(state string) // as another actor does
	remove func()
	lapse  func()             // rolls the next transition back
	other  func(state string) // gives the name to another resource; nil if nothing does
	open   func()             // the maintenance window; nil unless the scenario is deferrable
	set    func(own bool)     // brings it to the target with the settings of the Ensure call, or with others
	isOwn  func() bool        // reports whether it has the settings of the Ensure call
	stale  func(time.Duration)
	fail   func(statemachine.Operation, simulator.Failure)
	clear  func() // removes all failures
	log    func() []simulator.Call
	truth  func() string
}

// settings are the options of a call that the services share.
type settings struct {
	wait   statemachine.WaitOptions
	dryRun bool
	pacer  *statemachine.Pacer // limits the reads

	restart bool      // to change settings
	defers  bool      // the command takes effect in the maintenance window
	leave   bool      // the call ends once such a command was accepted
	since   time.Time // an earlier call sent such a command
}

// ensureResult is the output of an ensure method.
type ensureResult struct {
	State               string // the last state that was read; empty if none was
	Operations, Planned []statemachine.Operation
	Pending             statemachine.Operation
	PendingSince        time.Time
	GapFrom, GapTo      time.Time
	IsNil               bool // the output was nil
}

// fixture is a resource under test, with the methods that rules are written in.
type fixture struct {
	*testing.T
	scenario
	subject

	exact    bool                                    // time is virtual, so each instant is known
	calls    func() []simulator.Call                 // the calls so far
	before   func(simulator.Call) *simulator.Failure // called before a request is executed
	readings []statemachine.Reading                  // the readings of the last call
	output   ensureResult                            // the output of the last Ensure call
}

// outcome is the result of a wait or an Ensure call.
type outcome struct {
	Summary    string // see assert.ErrorSummary; empty for success
	State      string // the state of the returned value, also with an error; empty for no value
	At         time.Duration
	Reads      int
	Commands   []string // the calls that the service received: "0s StartActivityStream accepted"
	Operations []statemachine.Operation
	Planned    []statemachine.Operation
	Pending    statemachine.Operation // accepted, and not seen to have an effect
	GapFrom    time.Duration          // zero without a restart
	GapTo      time.Duration
}

// simulate checks a rule on the scenario's simulator, in virtual time. The resource has been in the
// first state for an hour, so that stale reads can show it. A rule that is checked in the target
// state starts there.
func simulate(t *testing.T, w scenario, r rule) {
	t.Run(r.name, func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			defer r.explain(t, w)
			fixture := &fixture{T: t, scenario: w, exact: true}
			fixture.subject = w.simulate(w, func(c simulator.Call) *simulator.Failure {
				if fixture.before == nil {
					return nil
				}
				return fixture.before(c)
			})
			fixture.calls = fixture.log
			fixture.rest()
			if r.live == atTarget {
				fixture.moveTo(w.to)
			}
			r.check(fixture)
		})
	})
}

// explain logs the rule and its reason if the test failed.
func (r rule) explain(t *testing.T, w scenario) {
	if t.Failed() {
		t.Logf("%s violates the rule %q\nreason: %s", w.name, r.name, r.why)
	}
}

// moveTo puts the resource into a state at once.
func (w *fixture) moveTo(state string) *fixture {
	if state != w.from {
		w.move(state)
	}
	return w
}

// shown returns the text that reads show for a state.
func (w *fixture) shown(state string) string {
	if s, ok := w.shows[state]; ok {
		return s
	}
	return state
}

// rest lets an hour pass between two calls, after which the pacers have recovered.
func (w *fixture) rest() { time.Sleep(time.Hour) }

// runAt calls do right before the instant d from now, so that a read at d shows its effect.
func (w *fixture) runAt(d time.Duration, do func()) { time.AfterFunc(d-1, do) }

// moveAt moves the resource into a state right before d, as another actor does.
func (w *fixture) moveAt(d time.Duration, state string) { w.runAt(d, func() { w.move(state) }) }

// failAt makes the first read from d on fail.
func (w *fixture) failAt(d time.Duration, f simulator.Failure) {
	w.runAt(d, func() { w.fail(w.read, f) })
}

// readCount returns the number of reads until d at the shortest delay, including one at d.
func (w *fixture) readCount(d time.Duration) int { return int((d+w.least-1)/w.least) + 1 }

// lapseAt returns when a lapse is reported after a read at d first showed it: Grace after the last
// read before that.
func (w *fixture) lapseAt(d time.Duration) time.Duration { return d - w.least + grace }

// accepted returns the text of a command that the service executed.
func (w *fixture) accepted(at time.Duration) string { return fmt.Sprintf("%s %s accepted", at, w.op) }

// refused returns the text of a command that the service rejected with a code.
func (w *fixture) refused(at time.Duration, code string) string {
	return fmt.Sprintf("%s %s %s", at, w.op, code)
}

const (
	lost    = "accepted, response lost"
	dropped = "never arrived"
)

// settings returns settings without jitter, so that each instant is known.
func (w *fixture) settings(change []func(*settings)) settings {
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

// wantWait waits for the scenario's target and compares the outcome with want.
func (w *fixture) wantWait(maxWait time.Duration, want outcome, change ...func(*settings)) error {
	w.Helper()
	return w.wantWaitFor(w.Context(), w.to, maxWait, want, change...)
}

// wantWaitFor waits for a target and compares the outcome with want.
func (w *fixture) wantWaitFor(ctx context.Context, target string, maxWait time.Duration, want outcome, change ...func(*settings)) error {
	w.Helper()
	began, past := time.Now(), len(w.calls())
	state, err := w.wait(ctx, target, maxWait, w.settings(change))
	got := outcome{State: state}
	w.compare(want, got, err, began, past)
	w.checkWaitError(err, target, time.Since(began))
	return err
}

// wantEnsure brings the resource to the scenario's target and compares the outcome with want.
func (w *fixture) wantEnsure(maxWait time.Duration, want outcome, change ...func(*settings)) error {
	w.Helper()
	return w.wantEnsureIn(w.Context(), maxWait, want, change...)
}

// wantEnsureIn does what wantEnsure does, with a context of the caller.
func (w *fixture) wantEnsureIn(ctx context.Context, maxWait time.Duration, want outcome, change ...func(*settings)) error {
	w.Helper()
	began, past := time.Now(), len(w.calls())
	out, err := w.ensure(ctx, maxWait, w.settings(change))
	if out.IsNil {
		w.Error("output is nil, want one with each error")
	}
	w.output = out
	got := outcome{State: out.State, Operations: out.Operations, Planned: out.Planned, Pending: out.Pending}
	if !out.GapFrom.IsZero() {
		got.GapFrom = out.GapFrom.Sub(began)
	}
	if !out.GapTo.IsZero() {
		got.GapTo = out.GapTo.Sub(began)
	}
	w.compare(want, got, err, began, past)
	if e, ok := errors.AsType[*statemachine.RestartError](err); ok {
		assert.Equal(w, "gap of the error", [2]time.Time{out.GapFrom, out.GapTo}, [2]time.Time{e.From, e.To})
		if !e.To.IsZero() { // what it wraps is from before the former settings were restored
			return err
		}
	}
	w.checkWaitError(err, w.to, time.Since(began))
	if we, ok := errors.AsType[*statemachine.WaitError](err); ok {
		assert.Equal(w, "WaitError.Accepted", out.Operations, we.Accepted)
	}
	return err
}

// compare adds the calls to the outcome and compares it with want.
func (w *fixture) compare(want, got outcome, err error, began time.Time, past int) {
	w.Helper()
	got.Summary, got.At = assert.ErrorSummary(err), time.Since(began)
	w.checkReport(err)
	for _, c := range w.calls()[past:] {
		switch c.Operation {
		case w.read:
			if c.ResourceCount == 1 { // not a batch read
				got.Reads++
			}
		case w.op, w.undo:
			got.Commands = append(got.Commands, c.At.Sub(began).String()+" "+string(c.Operation)+" "+callResult(c))
		}
	}
	if !w.exact { // a real service has its own timing, and does not report its calls
		if got.At < want.At {
			w.Errorf("took %s, want at least %s", got.At, want.At)
		}
		assert.Equal(w, "a command was sent", len(want.Commands) > 0, len(got.Commands) > 0)
		want.At, want.Reads, want.Commands = got.At, got.Reads, got.Commands
	}
	assert.Equal(w, "outcome", want, got)
}

// checkReport checks what a program shows of an error: advice, attributes of a log and JSON, which
// agree.
func (w *fixture) checkReport(err error) {
	w.Helper()
	if err == nil {
		return
	}
	if statemachine.Advice(err) == "" {
		w.Errorf("no advice for %v", err)
	}
	valuer, ok := err.(slog.LogValuer) // a log shows the error itself
	if !ok {
		w.Errorf("%T has no attributes for a log", err)
		return
	}
	var object map[string]any
	text, failure := json.Marshal(err)
	if failure = errors.Join(failure, json.Unmarshal(text, &object)); failure != nil {
		w.Errorf("JSON of %v: %v", err, failure)
	}
	for _, a := range valuer.LogValue().Group() {
		if a.Value.Kind() == slog.KindString {
			assert.Equal(w, "JSON member "+a.Key, any(a.Value.String()), object[a.Key])
		}
	}
	assert.Equal(w, "message and kind", [2]any{err.Error(), string(statemachine.KindOf(err))}, [2]any{object["message"], object["kind"]})
}

// callResult returns the result of a call.
func callResult(c simulator.Call) string {
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

// checkWaitError checks the text and the fields of a WaitError against the readings of the call.
func (w *fixture) checkWaitError(err error, target string, took time.Duration) {
	w.Helper()
	if err == nil {
		return
	}
	assert.ErrorOneLine(w, err)
	timedOut := errors.Is(err, statemachine.TimedOut)
	assert.Equal(w, "errors.Is(err, context.DeadlineExceeded)", timedOut,
		errors.Is(err, context.DeadlineExceeded) && !errors.Is(err, statemachine.Canceled))
	we, ok := errors.AsType[*statemachine.WaitError](err)
	if !ok {
		return
	}
	assert.ErrorContains(w, err, w.machine, w.resource, string(we.Reason))
	if target != "" {
		assert.ErrorContains(w, err, "waiting for "+target)
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
	assert.Equal(w, "machine, resource and target of the error", [3]string{w.machine, w.resource, target}, [3]string{we.Machine, we.Resource, we.Target})
	assert.Equal(w, "reads of the error", reads, we.Reads)
	if w.exact {
		assert.ErrorContains(w, err, fmt.Sprintf("(%d read", reads), fmt.Sprintf(" in %s)", took.Round(time.Millisecond)))
	}
	assert.Equal(w, "last state of the error", last, we.Last)
	if w.exact {
		assert.Equal(w, "elapsed time of the error", took, we.Elapsed)
	}
	var seen []string
	for _, s := range we.History {
		seen = append(seen, s.State)
	}
	assert.Equal(w, "history of the error", history, seen)
	if kind := statemachine.KindOf(failed); failed != nil && kind != statemachine.Unknown && !errors.Is(err, kind) {
		w.Errorf("error lacks the failure of the last read (%v): %v", failed, err)
	}
	if !errors.Is(err, we.Reason) {
		w.Errorf("errors.Is(err, %q) is false, want true", we.Reason)
	}
}
