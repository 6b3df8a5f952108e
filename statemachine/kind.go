package statemachine

import (
	"context"
	"errors"
)

// Kind is what an error means for the caller: what to do about it. A Kind is an error itself, for
//
//	errors.Is(err, statemachine.NotFound)
type Kind string

// The kinds of error.
const (
	// InvalidInput: the request can never succeed as it is. Mend the input.
	InvalidInput Kind = "invalid input"

	// NotFound: there is no such resource, for this caller in this Region. Check the account, the Region and the name.
	NotFound Kind = "not found"

	// InvalidState: the resource is in a state that does not permit the operation. Wait, or look at the resource.
	InvalidState Kind = "invalid state"

	// AlreadyInState: the resource is already where the operation would bring it. Most callers take it for success.
	AlreadyInState Kind = "already in state"

	// Conflict: another operation is at work on the resource. Try again later.
	Conflict Kind = "conflict"

	// AccessDenied: the caller's policies do not allow the operation. Have it allowed; the message names it as a rule.
	AccessDenied Kind = "access denied"

	// KeyNotAccessible: the KMS key does not exist, is disabled, or the caller may not create a grant on it. Check
	// the key, its policy and the caller's.
	KeyNotAccessible Kind = "key not accessible"

	// Unsupported: this resource can never do that: its engine, class, Region or category does not support it. Do
	// not try again.
	Unsupported Kind = "unsupported"

	// LimitExceeded: a quota on the number of resources is used up. Delete some, or have the quota raised. None of
	// this module's clients returns it: it is for resources of your own.
	LimitExceeded Kind = "limit exceeded"

	// MissingDependency: something that the service needs beside the resource is not there, such as a
	// service-linked role. Create it, and call again.
	MissingDependency Kind = "missing dependency"

	// Throttled: too many requests. Nothing was done; try again, more slowly.
	Throttled Kind = "throttled"

	// Unavailable: the service failed, or its answer was lost or could not be understood. A command may have
	// been carried out: read before you send it again.
	Unavailable Kind = "unavailable"

	// Unauthenticated: the credentials are missing, expired or wrong. Renew them.
	Unauthenticated Kind = "unauthenticated"

	// Drifted: the resource is in the state asked for, with other settings. Correct what was asked for, or change
	// the resource. See [DriftError].
	Drifted Kind = "drifted"

	// Interrupted: the caller's context ended. A command may have been carried out: read before you send it again.
	Interrupted Kind = "interrupted"

	// Unknown: none of the others, such as an error code that the service is not known to have. Look at the error:
	// whether trying again helps, nobody can say.
	Unknown Kind = "unknown"
)

// Error is the kind in words.
func (k Kind) Error() string { return string(k) }

func (k Kind) kind() Kind { return k }

// Retryable reports whether a read that failed with this kind may do better later: a wait goes on after it.
func (k Kind) Retryable() bool { return k == Throttled || k == Unavailable || k == Conflict }

// KindOf is the kind of an error: that of the first [Fault], [InputError], [DriftError], [WaitError], [Reason] or [Kind]
// in its chain, else [Interrupted] for the error of a context, else [Unknown]. It is empty for nil.
//
// Of a WaitError it is [Interrupted] if it was [Canceled], [NotFound] if its resource is [Gone], else the kind of its
// Err: that of the read that failed, say. A reason that has no Err beside it is no kind: a wait that is [TimedOut],
// [Unreachable] or [Lapsed] is Unknown then, although errors.Is(err, [context.DeadlineExceeded]) holds for one that
// is TimedOut. Ask for the reason with errors.Is before the kind.
func KindOf(err error) Kind {
	if err == nil {
		return ""
	}
	if k, ok := errors.AsType[interface {
		error
		kind() Kind
	}](err); ok {
		return k.kind()
	}
	if errors.Is(err, context.Canceled) || errors.Is(err, context.DeadlineExceeded) {
		return Interrupted
	}
	return Unknown
}
