package statemachine

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"
)

// Operation is the name of an API operation, such as "StartActivityStream".
type Operation string

// Fault is a failed call of a service, classified. The service packages return every failed call as
// a *Fault. The package sdkfault makes a Fault from an error of the SDK.
type Fault struct {
	// Kind classifies the error by what the caller can do about it.
	Kind Kind

	// Operation is the API operation that was called.
	Operation Operation

	// Resource is the resource that it was called for. It may be empty.
	Resource string

	// Code is the service's error code, as in the response. It is empty if there was no response.
	Code string

	// Message is the service's error message, or a description of what happened to the call.
	Message string

	// RequestID identifies the request for AWS Support. It may be empty.
	RequestID string

	// NotSent means that the request never left the machine: there were no credentials, or no
	// connection. A command was not executed, whatever the Kind. False means that the request was
	// sent, or may have been.
	NotSent bool

	// RetryAfter is how long the response asks to wait before the next request, at most one
	// minute. Zero means that the response does not say. The next read and the [Pacer] respect it.
	RetryAfter time.Duration

	// Err is the error of the SDK, for errors.As. It may be nil.
	Err error
}

// Error returns one line. Do not depend on its text.
func (f *Fault) Error() string {
	var m errorText
	m.add("%s", f.Operation)
	name := unlessIn(f.Message, f.Resource)
	m.addIf(name != "", " %s", name)
	m.add(": %s", string(f.Kind))
	m.addIf(f.Code != "", ": %s", f.Code)
	m.addIf(f.Message != "", ": %s", f.Message)
	m.addIf(f.Message == "" && f.Code == "" && f.Err != nil, ": %v", f.Err)
	m.addIf(f.RequestID != "", " (request %s)", f.RequestID)
	return singleLine(m.String())
}

// Unwrap returns the error of the SDK.
func (f *Fault) Unwrap() error { return f.Err }

// Is reports whether target is the fault's Kind.
func (f *Fault) Is(target error) bool { return target == error(f.Kind) }

func (f *Fault) kind() Kind { return f.Kind }

// RetryAfter returns how long the response that caused err asks to wait before the next request:
// RetryAfter of the first [Fault] in its chain, or zero.
func RetryAfter(err error) time.Duration {
	if f, ok := errors.AsType[*Fault](err); ok {
		return f.RetryAfter
	}
	return 0
}

// notSent reports whether err says that a request never left the machine.
func notSent(err error) bool {
	if e, ok := errors.AsType[*timeoutError](err); ok {
		err = e.err
	}
	f, ok := errors.AsType[*Fault](err)
	return ok && f.NotSent
}

// timeoutError is the error of a call that took longer than ReadTimeout.
type timeoutError struct {
	after time.Duration
	err   error // of the call
}

// Error returns one line. It omits what a Fault says about the end of its context.
func (e *timeoutError) Error() string {
	if f, ok := errors.AsType[*Fault](e.err); ok && e.Unwrap() == nil {
		call := strings.TrimSpace(string(f.Operation) + " " + f.Resource)
		if f.NotSent { // what took so long is not the service: for example, the credentials or a firewall
			return strings.TrimSuffix(fmt.Sprintf("%s: not sent within %s: %s", call, e.after, f.Message), ": ")
		}
		return fmt.Sprintf("%s: no response within %s", call, e.after)
	}
	return fmt.Sprintf("no response within %s: %v", e.after, e.err)
}

func (e *timeoutError) kind() Kind { return Unavailable }

// Is reports whether target is Unavailable.
func (e *timeoutError) Is(target error) bool { return target == error(Unavailable) }

// Unwrap returns the error of the call. It returns nil if that error only reports the end of the
// call's context, because the caller's context did not end.
func (e *timeoutError) Unwrap() error {
	if errors.Is(e.err, context.Canceled) || errors.Is(e.err, context.DeadlineExceeded) {
		return nil
	}
	return e.err
}
