package statemachine

import (
	"errors"
	"slices"
)

// deferredAdvice says what to do about a call that ended before an accepted command took effect in
// a maintenance window.
const deferredAdvice = "Call again after the maintenance window: the command was accepted, and takes effect then."

// advice says for each reason and kind what to do about it. The runbook has the same sentences.
func advice() map[error]string {
	return map[error]string{
		TimedOut:    "Call again: a wait continues, and an Ensure method joins a change that is under way.",
		Canceled:    "Call again: nothing was lost.",
		Unreachable: "Call the Ensure method, or run the operations that the error names.",
		Lapsed:      "Find out who or what reverted the change, then call again.",
		Gone:        "Check the account, the Region and the name.",
		Replaced:    "Find out which of the two resources you want, then call again with its name.",

		InvalidInput:      "Fix the fields that the error names.",
		NotFound:          "Check the account, the Region and the name.",
		InvalidState:      "Make the resource available, then call again.",
		AlreadyInState:    "Treat it as success, or call the Ensure method, which does.",
		Conflict:          "Call again in a few minutes, unless the message names something else to change first.",
		AccessDenied:      "Grant the permission that the message names.",
		KeyNotAccessible:  "Check the KMS key: its Region, its state, its policy and your permissions for it.",
		Unsupported:       "Change the request or the resource: this combination is not supported.",
		LimitExceeded:     "Delete what you do not need, or request a higher quota.",
		MissingDependency: "Create what the message names, then call again.",
		Throttled:         "Call less often: find out what else calls the API in this account and Region.",
		Unavailable:       "Call the Ensure method, which reads before it sends a command again.",
		Unauthenticated:   "Renew the credentials, then call again.",
		Drifted:           "Correct the request, or allow a restart; if a restart was reverted, find out why first.",
		Interrupted:       "Call the Ensure method again: it reads first.",
		Unknown:           "Look at the error code: it is not known whether a retry helps.",
	}
}

// Advice returns what to do about err, as one sentence for a log or a message. It returns "" for
// nil. It looks at the [Reason] first, and at the [Kind] if the reason leaves that open: for
// [ReadFailed], for a wait that is [Unreachable] because of a failed check, and for a call that
// [TimedOut] because the service rejected the command until the deadline. A call that
// [TimedOut] or was [Canceled] while a command waits for a maintenance window has a sentence of its
// own. One that is Unreachable although a command was accepted has that of [Lapsed]. So a program
// need not order the two itself. The runbook explains each sentence.
func Advice(err error) string {
	if err == nil {
		return ""
	}
	all := advice()
	kind := all[KindOf(err)]
	for _, reason := range [...]Reason{TimedOut, Canceled, Lapsed, Gone, Replaced, Unreachable} {
		if !errors.Is(err, reason) {
			continue
		}
		e, ok := errors.AsType[*WaitError](err)
		switch {
		case reason == Unreachable && KindOf(err) != Unknown:
			return kind
		case reason == Unreachable && ok && e.Pending != "": // as it was before the command
			return all[Lapsed]
		case (reason == TimedOut || reason == Canceled) && ok && e.Pending != "" && e.Hint != "":
			return deferredAdvice
		case reason == TimedOut && !slices.Contains([]Kind{Unknown, Throttled, Unavailable, AlreadyInState, Interrupted}, KindOf(err)):
			return kind
		case reason == Canceled && isOutOfTarget(err):
			return all[TimedOut]
		}
		return all[reason]
	}
	return kind
}

// isOutOfTarget reports whether err says that a restart took a resource out of its target state,
// and that it is not back.
func isOutOfTarget(err error) bool {
	e, ok := errors.AsType[*RestartError](err)
	return ok && e.To.IsZero()
}
