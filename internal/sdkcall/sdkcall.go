// Package sdkcall holds what the clients of all services share: resolving options, pacing and
// executing a request of the SDK, pagination and tracing.
package sdkcall

import (
	"context"
	"errors"
	"net"
	"sync/atomic"
	"time"

	awsmiddleware "github.com/aws/aws-sdk-go-v2/aws/middleware"
	"github.com/aws/smithy-go/middleware"

	"github.com/streamwarden/streamwarden-go/statemachine"
	"github.com/streamwarden/streamwarden-go/statemachine/sdkfault"
)

// Pacing says how a request stays under the service's quota.
type Pacing int

const (
	// Counted means that a request waits for a slot, and that the SDK retries it.
	Counted Pacing = iota

	// Queued means that a request waits for a slot, and that throttling pauses the Pacer.
	Queued

	// Kernel means that package statemachine takes the slots, and retries.
	Kernel

	// Paced means that the caller has taken a slot, and that the SDK retries the request.
	Paced
)

// Caller makes requests through the SDK. O is the type of the SDK client's options.
type Caller[O any] struct {
	ClientInfo

	Faults  sdkfault.Table
	Options []func(*O) // applied to each request, in order
	Pacer   *statemachine.Pacer
	Pacing  Pacing
	Limit   time.Duration // of one request; zero means none
	Reached *Reached      // nil means that no request of the client has succeeded
}

// Reached records whether a request of a client has succeeded. Then its endpoint exists.
type Reached struct{ ok atomic.Bool }

// Queued returns a copy of c whose requests wait for a slot.
func (c Caller[O]) Queued() Caller[O] {
	c.Pacing = Queued
	return c
}

// retries reports whether the SDK may retry the requests.
func (c Caller[O]) retries() bool { return c.Pacing == Counted || c.Pacing == Paced }

// Do executes one operation, paced as c says, and returns an error as a Fault. A nil output without
// an error is a Fault, too.
//
// If the SDK's retries are off, Do repeats a request once whose signature the service rejected: the
// cause may be the clock, whose offset the SDK has just learned. The service rejects such a request
// before it executes anything.
func Do[In, Out, O any](ctx context.Context, c Caller[O], op statemachine.Operation, resource string,
	api func(context.Context, *In, ...func(*O)) (*Out, error), in *In,
) (*Out, error) {
	out, err := attempt(ctx, &c, c.Pacing == Counted || c.Pacing == Queued, op, resource, api, in)
	if !c.retries() && isRejectedSignature(err) {
		out, err = attempt(ctx, &c, true, op, resource, api, in)
	}
	if err == nil && c.Reached != nil {
		c.Reached.ok.Store(true)
	}
	if c.Pacing != Kernel {
		if err == nil {
			c.Pacer.Succeeded(time.Now())
		} else if errors.Is(err, statemachine.Throttled) {
			c.Pacer.ThrottledFor(time.Now(), statemachine.RetryAfter(err))
		}
	}
	return out, err
}

// attempt makes one request, which waits for a slot if wait is true.
func attempt[In, Out, O any](ctx context.Context, c *Caller[O], wait bool, op statemachine.Operation, resource string,
	api func(context.Context, *In, ...func(*O)) (*Out, error), in *In,
) (*Out, error) {
	callCtx := ctx
	if wait {
		rest, cancel, err := c.Pacer.WaitWithin(ctx)
		defer cancel()
		if err != nil {
			err = c.Faults.Fault(ctx, op, resource, err)
			if f, ok := errors.AsType[*statemachine.Fault](err); ok {
				f.NotSent = true
			}
			return nil, err
		}
		callCtx = rest
	}
	requestCtx := callCtx
	if c.Limit > 0 {
		limited, cancel := context.WithTimeout(callCtx, c.Limit)
		defer cancel()
		requestCtx = limited
	}
	out, err := api(requestCtx, in, c.Options...)
	switch {
	case err != nil:
		return nil, c.fault(callCtx, op, resource, err)
	case out == nil:
		return nil, UnexpectedResponse(op, resource, middleware.Metadata{}, "no response")
	}
	return out, nil
}

// fault returns the error of a request as a Fault.
func (c *Caller[O]) fault(ctx context.Context, op statemachine.Operation, resource string, err error) error {
	classified := c.Faults.Fault(ctx, op, resource, err)
	f, ok := classified.(*statemachine.Fault) //nolint:errorlint // the Fault of the table wraps err
	if !ok || classified == err {             //nolint:errorlint // the very same: a mock's Fault, or an InputError
		return classified
	}
	if dns, ok := errors.AsType[*net.DNSError](err); ok && dns.IsNotFound && f.Kind == statemachine.Unknown && c.Reached != nil && c.Reached.ok.Load() {
		f.Kind = statemachine.Unavailable // the host existed before
	}
	if c.retries() {
		f.NotSent = false // the SDK may have sent an earlier attempt
	}
	return f
}

// isRejectedSignature reports whether a service rejected a request because of its signature or its
// time.
func isRejectedSignature(err error) bool {
	f, ok := errors.AsType[*statemachine.Fault](err)
	if !ok {
		return false
	}
	switch f.Code {
	case "SignatureDoesNotMatch", "InvalidSignatureException", "RequestExpired", "RequestTimeTooSkewed":
		return true
	case "AccessDeniedException", "AuthFailure": // the SDK compares the time of the response
		sdk, ok := errors.AsType[interface {
			error
			RetryableError() bool
		}](err)
		return ok && sdk.RetryableError()
	}
	return false
}

// UnexpectedResponse returns a retryable Fault for a response that cannot be right, such as one
// about another resource. meta is the response's ResultMetadata, from which the Fault gets the
// request ID.
func UnexpectedResponse(op statemachine.Operation, resource string, meta middleware.Metadata, message string) error {
	id, _ := awsmiddleware.GetRequestIDMetadata(meta)
	return &statemachine.Fault{Kind: statemachine.Unavailable, Operation: op, Resource: resource, Message: message, RequestID: id}
}

// HasRawResponse reports whether meta, an output's ResultMetadata, comes from an HTTP response. The
// output of a mock has none.
func HasRawResponse(meta middleware.Metadata) bool { return awsmiddleware.GetRawResponse(meta) != nil }
