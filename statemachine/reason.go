package statemachine

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"
)

// Reason is why a wait ended without its target. A Reason is an error itself, for
//
//	errors.Is(err, statemachine.Lapsed)
type Reason string

// The reasons. Empty means that a wait goes on.
const (
	// TimedOut: maxWait passed. Call again: a wait goes on, an ensure carries on. errors.Is(err,
	// [context.DeadlineExceeded]) holds too.
	TimedOut Reason = "timed out"

	// Canceled: the caller's context ended, by an earlier deadline of its own too. Nothing is lost: call again. Both
	// ctx.Err() and context.Cause(ctx) are found by errors.Is.
	Canceled Reason = "canceled"

	// Unreachable: the resource is in a state that does not lead to the target without a command. Run what
	// [WaitError].Plan names, or the ensure.
	Unreachable Reason = "unreachable"

	// Lapsed: the resource was on its way to the target, or there, and went back: a start that was rolled back, say,
	// or somebody else's stop. Find out why, in the service's own events, before you call again.
	Lapsed Reason = "lapsed"

	// Gone: the resource does not exist, or not any more. Check the account, the Region and the name, or take it off
	// your list.
	Gone Reason = "gone"

	// ReadFailed: a read failed in a way that does not heal by waiting. What to do is the error's kind: [KindOf].
	ReadFailed Reason = "read failed"
)

// Error is the reason in words.
func (r Reason) Error() string { return string(r) }

// Is lets a wait that timed out be a context.DeadlineExceeded as well, one that was canceled be [Interrupted],
// and one whose resource is gone be [NotFound].
func (r Reason) Is(target error) bool {
	if r == TimedOut && target == context.DeadlineExceeded {
		return true
	}
	kind := r.kind()
	return kind != Unknown && target == error(kind)
}

// kind places a Reason that says by itself what a caller can do.
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

// WaitError says why a wait, or an ensure while it waited, ended without its target.
type WaitError struct {
	Machine  string // what goes through the lifecycle: "database activity stream"
	Resource string // an ARN, a name
	Target   string // the state that was waited for; empty in a Watch
	Last     string // the last state that was read; empty: none was
	Reason   Reason
	Reads    int                // made, failed ones included
	Elapsed  time.Duration      // since the wait began
	History  []Sighting[string] // each change of state and when it was first seen: at most the first and the last 32
	Plan     []Operation        // what would lead to Target, where it is known; with Unreachable and Lapsed, empty: nothing would
	Accepted []Operation        // what an ensure had run before; empty in a wait
	Hint     string             // the lifecycle's, with Unreachable
	Err      error              // the read's or command's error, if the last one failed; a Check's; the context's with Canceled; else nil
}

// Error is one line that says what happened to which resource and, with Unreachable and Lapsed, which operations would
// help. Do not depend on its text.
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
	return singleLine(b.String())
}

// lastTransition is the last states seen, with how long the last but one was seen: "starting → stopped after 2m10s".
func (e *WaitError) lastTransition() string {
	switch n := len(e.History); n {
	case 0:
		return quoteEmpty(e.Last)
	case 1:
		return quoteEmpty(e.History[0].State)
	default:
		from, to := e.History[n-2], e.History[n-1]
		return fmt.Sprintf("%s → %s after %s", quoteEmpty(from.State), quoteEmpty(to.State), to.At.Sub(from.At).Round(time.Millisecond))
	}
}

// Unwrap gives the Reason and what stands in Err.
func (e *WaitError) Unwrap() []error {
	if e.Err == nil {
		return []error{e.Reason}
	}
	return []error{e.Reason, e.Err}
}

// kind prefers what the last failure means over what the Reason alone can tell.
func (e *WaitError) kind() Kind {
	if e.Reason == Canceled || e.Reason == Gone || e.Err == nil {
		return e.Reason.kind()
	}
	return KindOf(e.Err)
}

func joinOperations(ops []Operation) string {
	var b strings.Builder
	for i, op := range ops {
		if i > 0 {
			b.WriteString(", then ")
		}
		b.WriteString(string(op))
	}
	return b.String()
}

// contextError is why a context ended: its error, its cause where somebody gave one, and the failure that the end
// came upon, if any.
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
