package statemachine

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"
)

// Reason says why a wait ended before it reached its target. A Reason is itself an error, so that
// errors.Is finds it:
//
//	errors.Is(err, statemachine.Lapsed)
type Reason string

// The reasons. An empty Reason means that the wait continues.
const (
	// TimedOut means that maxWait passed. Call again to continue.
	// errors.Is(err, [context.DeadlineExceeded]) is true as well.
	TimedOut Reason = "timed out"

	// Canceled means that the caller's context ended, or reached a deadline before maxWait. Call
	// again to continue. errors.Is finds both ctx.Err() and context.Cause(ctx).
	Canceled Reason = "canceled"

	// Unreachable means that the state of the resource does not lead to the target without a
	// command. Run the operations of [WaitError].Plan, or call an Ensure method.
	Unreachable Reason = "unreachable"

	// Lapsed means that the resource was in the target state or on its way to it, and went back.
	// For example, the service rolled a start back, or another actor stopped the resource. Find
	// the cause, for example in the service's events, before you call again.
	Lapsed Reason = "lapsed"

	// Gone means that the resource does not exist, or no longer exists. Check the account, the
	// Region and the name.
	Gone Reason = "gone"

	// Replaced means that the name belongs to another resource now, for example after a blue/green
	// switchover. The resource that the call was about has another name, and the call did not use
	// what it read of the new one. An [*IdentityError] has both identities. Find out which one you
	// want.
	Replaced Reason = "replaced"

	// ReadFailed means that a read failed with an error that a retry does not fix. [KindOf] says
	// what to do about it.
	ReadFailed Reason = "read failed"
)

// Error returns the reason as words.
func (r Reason) Error() string { return string(r) }

// Is reports whether target is equivalent to r: TimedOut matches context.DeadlineExceeded, Canceled
// matches [Interrupted], and Gone matches [NotFound].
func (r Reason) Is(target error) bool {
	if r == TimedOut && target == context.DeadlineExceeded {
		return true
	}
	kind := r.kind()
	return kind != Unknown && target == error(kind)
}

// kind returns the kind of a wait that ended for r without another error.
func (r Reason) kind() Kind {
	switch r {
	case Canceled:
		return Interrupted
	case Gone:
		return NotFound
	case TimedOut, Unreachable, Lapsed, Replaced, ReadFailed:
	}
	return Unknown
}

// Sighting is a state and the time of the first read that showed it.
type Sighting[S ~string] struct {
	// State is the state as it was read.
	State S `json:"state"`

	// At is the time of the first read that showed it.
	At time.Time `json:"at"`
}

// WaitError reports a wait that ended before it reached its target. The wait may have been part of
// an Ensure method.
type WaitError struct {
	// Machine is the name of the lifecycle, such as "database activity stream".
	Machine string

	// Resource identifies the resource, such as an ARN or a name.
	Resource string

	// Target is the state that was waited for. It is empty for a Watch.
	Target string

	// Last is the last state that was read. It is empty if no read succeeded.
	Last string

	// Reason says why the wait ended.
	Reason Reason

	// Reads counts the reads, including the failed ones.
	Reads int

	// Elapsed is the time since the wait began.
	Elapsed time.Duration

	// History lists each change of state with the time of the first read that showed it: at most
	// the first 32 and the last 32 changes.
	History []Sighting[string]

	// Plan lists the operations that would lead to Target. It is set for Unreachable and Lapsed,
	// and for TimedOut if Last does not settle into Target. It is empty if no operation leads
	// there, or if Pending is set.
	Plan []Operation

	// Accepted lists the operations that an Ensure method ran before. It is empty for a wait.
	Accepted []Operation

	// Pending is that of [Ensured].
	Pending Operation

	// Hint is the Hint of the [Definition]. It is set for Unreachable, and for TimedOut without a
	// Pending command if Last does not settle into Target. An Ensure method omits it if there is a
	// Plan. For a Pending command with an AcceptedGrace it is the Deferral of the Definition.
	Hint string

	// Events lists what the service reports about the resource since the wait began, ordered by
	// time. Only activitystream sets it. An event can explain the Reason, but proves nothing.
	Events []Event

	// Err is the error of the last read or command if that failed, the error of a Check, or for
	// Canceled that of the context. It may be nil.
	Err error
}

// Event is an entry of a service's list of events of a resource.
type Event struct {
	// Time is when the event occurred, in UTC.
	Time time.Time `json:"time"`

	// ID identifies the type of the event, such as "RDS-EVENT-0179". It is empty if it is not known.
	ID string `json:"id,omitempty"`

	// Categories lists the categories of the event, such as "failure".
	Categories []string `json:"categories,omitempty"`

	// Message is the service's text.
	Message string `json:"message"`
}

// Error returns one line: what happened to which resource, which operations would help, and what
// the service said. Do not depend on its text.
func (e *WaitError) Error() string {
	var m errorText
	var failure string
	if e.Err != nil {
		failure = ": " + withoutResource(e.Err.Error(), e.Resource)
	}
	m.add("%s: ", strings.TrimSpace(e.Machine+" "+unlessIn(failure, e.Resource)))
	m.addIf(len(e.Accepted) > 0, "%s accepted, ", joinOperations(e.Accepted))
	m.addIf(e.Target != "", "waiting for %s: ", e.Target)
	m.add("%s", string(e.Reason))
	seen := e.Last != "" && e.Reason != Lapsed
	m.addIf(seen && e.Reason == Unreachable, " from %s", e.Last)
	m.addIf(e.Reason == Lapsed, ": %s", e.lastTransition())
	m.addIf(e.Reason == Gone, ": there is no such resource")
	reads := "reads"
	if e.Reads == 1 {
		reads = "read"
	}
	m.add(" (%d %s in %s)", e.Reads, reads, e.Elapsed.Round(time.Millisecond))
	m.addIf(seen && e.Reason != Unreachable, ", last seen %s", e.Last)
	m.addIf(e.Pending != "", "; no read has shown an effect of %s yet", e.Pending)
	m.addIf(len(e.Plan) > 0, "; %s would lead to %s", joinOperations(e.Plan), e.Target)
	m.addIf(e.Hint != "", "; %s", e.Hint)
	m.add("%s", failure)
	for _, last := range e.Events[max(len(e.Events)-1, 0):] {
		m.add("; last event at %s: %s", last.Time.Format(time.RFC3339), last.Message)
	}
	return singleLine(m.String())
}

// lastTransition describes the last change of state: "starting → stopped after 2m10s".
func (e *WaitError) lastTransition() string {
	n := len(e.History)
	if n < 2 {
		return quoteEmpty(e.Last)
	}
	from, to := e.History[n-2], e.History[n-1]
	after := to.At.Sub(from.At).Round(time.Millisecond)
	return fmt.Sprintf("%s → %s after %s", quoteEmpty(from.State), quoteEmpty(to.State), after)
}

// Unwrap returns the Reason and, unless it is nil, Err.
func (e *WaitError) Unwrap() []error {
	if e.Err == nil {
		return []error{e.Reason}
	}
	return []error{e.Reason, e.Err}
}

// kind returns the kind of Err where that is more specific than the Reason.
func (e *WaitError) kind() Kind {
	if e.Reason == Canceled || e.Reason == Gone || e.Err == nil {
		return e.Reason.kind()
	}
	return KindOf(e.Err)
}

// IdentityError reports a name that belongs to another resource than before. It is the Err of a
// [WaitError] that ended as [Replaced].
type IdentityError struct {
	// Was is the identity of the resource that the call was about.
	Was string

	// Is is the identity of the resource that has the name now.
	Is string
}

// Error returns one line. Do not depend on its text.
func (e *IdentityError) Error() string {
	return singleLine(fmt.Sprintf("the name belongs to %s now, and belonged to %s before", e.Is, e.Was))
}

// RestartError reports a restart that took a resource out of its target state and did not bring
// it there as requested. Err says why, and the kind of the error is that of Err.
type RestartError struct {
	// Resource identifies the resource, such as an ARN or a name.
	Resource string

	// Target is the state that the resource was in before the restart.
	Target string

	// Outage is that of the [Definition]: what happens while the resource is out of Target.
	Outage string

	// From and To are GapFrom and GapTo of [Ensured]. To is zero if the resource is still out of
	// Target. Otherwise the resource is there again, with the settings that it had before.
	From time.Time
	To   time.Time

	// Err is why the restart did not succeed. It is not nil.
	Err error
}

// Error returns one line. Do not depend on its text.
func (e *RestartError) Error() string {
	var m errorText
	reason := withoutResource(e.Err.Error(), e.Resource)
	name := unlessIn(reason, e.Resource)
	m.addIf(name != "", "%s: ", name)
	from := e.From.UTC().Format(time.RFC3339)
	if e.To.IsZero() {
		m.add("a restart took it out of %s at %s, and it is not back", e.Target, from)
		m.addIf(e.Outage != "", ": %s", e.Outage)
		lost := errors.Is(e.Err, Replaced) || errors.Is(e.Err, NotFound)
		m.addIf(!lost, "; call again%s to bring it back", e.settings())
	} else {
		m.add("a restart did not succeed, and the former settings are restored; it was out of %s from %s to %s",
			e.Target, from, e.To.UTC().Format(time.RFC3339))
	}
	m.add(": %s", reason)
	return singleLine(m.String())
}

// settings says with which settings to call again, unless the call just ended too early or had no
// credentials.
func (e *RestartError) settings() string {
	f, ok := errors.AsType[*Fault](e.Err)
	rejected := ok && !f.Kind.Retryable() && f.Kind != Interrupted
	ended := errors.Is(e.Err, TimedOut) || errors.Is(e.Err, Canceled)
	if !rejected && ended || ok && f.Kind == Unauthenticated {
		return ""
	}
	return ", with settings that the service accepts,"
}

// Unwrap returns Err.
func (e *RestartError) Unwrap() error { return e.Err }

// contextError returns an error that wraps the error of an ended context, its cause, and the
// failure that the end led to, if any.
func contextError(ctx context.Context, failure error) error {
	err, cause := ctx.Err(), context.Cause(ctx)
	if errors.Is(cause, err) {
		err = nil
	}
	return errors.Join(err, cause, failure)
}
