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
	case TimedOut, Unreachable, Lapsed, ReadFailed:
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
	// and is empty if no operation leads there.
	Plan []Operation

	// Accepted lists the operations that an Ensure method ran before. It is empty for a wait.
	Accepted []Operation

	// Hint is the hint of the lifecycle. It is set for Unreachable.
	Hint string

	// Events lists what the service reports about the resource since the wait began, ordered by
	// time, if the caller of the kernel reads that. It explains the verdict, but proves nothing.
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

// Error returns one line: what happened to which resource and, for Unreachable and Lapsed, which
// operations would help. Do not depend on its text.
func (e *WaitError) Error() string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s %s: ", e.Machine, e.Resource)
	if len(e.Accepted) > 0 {
		fmt.Fprintf(&b, "%s accepted, ", joinOperations(e.Accepted))
	}
	if e.Target != "" {
		fmt.Fprintf(&b, "waiting for %s: ", e.Target)
	}
	b.WriteString(string(e.Reason))
	switch e.Reason {
	case Unreachable:
		if e.Last != "" {
			fmt.Fprintf(&b, " from %s", e.Last)
		}
	case Lapsed:
		fmt.Fprintf(&b, ": %s", e.lastTransition())
	case Gone:
		b.WriteString(": there is no such resource")
	case TimedOut, Canceled, ReadFailed:
	}
	reads := "reads"
	if e.Reads == 1 {
		reads = "read"
	}
	fmt.Fprintf(&b, " (%d %s in %s)", e.Reads, reads, e.Elapsed.Round(time.Millisecond))
	switch {
	case len(e.Plan) > 0:
		fmt.Fprintf(&b, "; %s would lead to %s", joinOperations(e.Plan), e.Target)
	case e.Last != "" && e.Reason != Unreachable && e.Reason != Lapsed:
		fmt.Fprintf(&b, ", last seen %s", e.Last)
	}
	if e.Err != nil {
		fmt.Fprintf(&b, ": %v", e.Err)
	}
	if e.Hint != "" {
		fmt.Fprintf(&b, "; %s", e.Hint)
	}
	if n := len(e.Events); n > 0 {
		fmt.Fprintf(&b, "; last event at %s: %s", e.Events[n-1].Time.Format(time.RFC3339), e.Events[n-1].Message)
	}
	return singleLine(b.String())
}

// lastTransition describes the last change of state: "starting → stopped after 2m10s".
func (e *WaitError) lastTransition() string {
	switch n := len(e.History); n {
	case 0:
		return quoteEmpty(e.Last)
	case 1:
		return quoteEmpty(e.History[0].State)
	default:
		from, to := e.History[n-2], e.History[n-1]
		after := to.At.Sub(from.At).Round(time.Millisecond)
		return fmt.Sprintf("%s → %s after %s", quoteEmpty(from.State), quoteEmpty(to.State), after)
	}
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

// contextError returns an error that wraps the error of an ended context, its cause, and the
// failure that the end led to, if any.
func contextError(ctx context.Context, failure error) error {
	cause := context.Cause(ctx)
	errs := []error{cause}
	if !errors.Is(cause, ctx.Err()) {
		errs = []error{ctx.Err(), cause}
	}
	if failure != nil {
		errs = append(errs, failure)
	}
	return errors.Join(errs...)
}
