package statemachine

import (
	"context"
	"errors"
)

// Kind classifies an error by what the caller can do about it. A Kind is itself an error, so that
// errors.Is finds it:
//
//	errors.Is(err, statemachine.NotFound)
type Kind string

// The kinds of error.
const (
	// InvalidInput means that the request can never succeed as it is. Fix the input.
	InvalidInput Kind = "invalid input"

	// NotFound means that the resource does not exist for this caller in this Region. Check the
	// account, the Region and the name.
	NotFound Kind = "not found"

	// InvalidState means that the state of the resource does not permit the operation. Wait, or
	// inspect the resource.
	InvalidState Kind = "invalid state"

	// AlreadyInState means that the resource is already where the operation would bring it. Most
	// callers treat it as success.
	AlreadyInState Kind = "already in state"

	// Conflict means that another operation is in progress on the resource. Retry later.
	Conflict Kind = "conflict"

	// AccessDenied means that the caller's policies do not allow the operation. Grant the
	// permission, which the message usually names.
	AccessDenied Kind = "access denied"

	// KeyNotAccessible means that the KMS key does not exist, is disabled, or does not let the
	// caller create a grant. Check the key, its policy and the caller's policies.
	KeyNotAccessible Kind = "key not accessible"

	// Unsupported means that this resource can never do what was requested, because of its engine,
	// class, Region or category, or because the service or an emulator lacks the operation. Do not
	// retry.
	Unsupported Kind = "unsupported"

	// LimitExceeded means that a quota on the number of resources is used up. Delete some, or
	// request a higher quota. None of this module's clients returns it: it is for resources of
	// your own.
	LimitExceeded Kind = "limit exceeded"

	// MissingDependency means that the service needs something else that does not exist, such as a
	// service-linked role. Create it, and call again.
	MissingDependency Kind = "missing dependency"

	// Throttled means that the service rejected the request because of its rate. Nothing was done.
	// Retry more slowly.
	Throttled Kind = "throttled"

	// Unavailable means that the service failed, or that its response was lost or could not be
	// parsed. A command may have been executed, unless [Fault].NotSent is true: read before you send
	// it again.
	Unavailable Kind = "unavailable"

	// Unauthenticated means that the credentials are missing, expired or wrong, or that only a
	// person or a policy can let the caller get them. Renew them.
	Unauthenticated Kind = "unauthenticated"

	// Drifted means that the resource is in the target state, with settings other than those that
	// were requested. Correct the request, or change the resource. See [DriftError].
	Drifted Kind = "drifted"

	// Interrupted means that the caller's context ended. A command may have been executed: read
	// before you send it again.
	Interrupted Kind = "interrupted"

	// Unknown means that the error has none of the other kinds, for example because of a new error
	// code or a certificate that cannot be verified. Inspect the error: it is not known whether a
	// retry helps.
	Unknown Kind = "unknown"
)

// Error returns the kind as words.
func (k Kind) Error() string { return string(k) }

func (k Kind) kind() Kind { return k }

// Retryable reports whether a wait continues after a read that failed with this kind.
func (k Kind) Retryable() bool { return k == Throttled || k == Unavailable || k == Conflict }

// KindOf returns the kind of err: that of the first [Fault], [InputError], [DriftError],
// [WaitError], [Reason] or [Kind] in its chain. Without one, it returns [Interrupted] for the
// error of a context, [Unknown] for any other error, and "" for nil.
//
// The kind of a WaitError is [Interrupted] if the wait was [Canceled], [NotFound] if the resource
// is [Gone], and otherwise the kind of its Err. If Err is nil, KindOf returns Unknown for
// [TimedOut], [Unreachable] and [Lapsed]: check the Reason with errors.Is first.
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
