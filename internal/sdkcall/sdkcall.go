// Package sdkcall holds what the clients of all services share: resolving options, pacing and
// executing a request of the SDK, pagination and tracing.
package sdkcall

import (
	"context"
	"errors"
	"time"

	awsmiddleware "github.com/aws/aws-sdk-go-v2/aws/middleware"
	"github.com/aws/smithy-go/middleware"

	"github.com/streamwarden/streamwarden-go/statemachine"
	"github.com/streamwarden/streamwarden-go/statemachine/sdkfault"
)

// Pacing says how a request stays under the service's quota.
type Pacing int

const (
	// Counted means that a request goes out at once and counts against the quota.
	Counted Pacing = iota

	// Queued means that a request waits for a slot, and that throttling pauses the Pacer.
	Queued

	// Kernel means that package statemachine reserves the slots, and retries.
	Kernel
)

// Caller makes requests through the SDK. O is the type of the SDK client's options.
type Caller[O any] struct {
	ClientInfo

	Faults  sdkfault.Table
	Options []func(*O) // applied to each request, in order
	Pacer   *statemachine.Pacer
	Pacing  Pacing
}

// Queued returns a copy of c whose requests wait for a slot.
func (c Caller[O]) Queued() Caller[O] {
	c.Pacing = Queued
	return c
}

// Do executes one operation, paced as c says, and returns an error as a Fault. A nil output without
// an error is a Fault, too.
func Do[In, Out, O any](ctx context.Context, c Caller[O], op statemachine.Operation, resource string,
	api func(context.Context, *In, ...func(*O)) (*Out, error), in *In,
) (*Out, error) {
	switch c.Pacing {
	case Counted:
		c.Pacer.Reserve(time.Now())
	case Queued:
		if err := c.Pacer.Wait(ctx); err != nil {
			return nil, c.Faults.Fault(ctx, op, resource, err)
		}
	case Kernel:
	}
	out, err := api(ctx, in, c.Options...)
	if err != nil {
		err = c.Faults.Fault(ctx, op, resource, err)
	} else if out == nil {
		err = UnexpectedResponse(op, resource, middleware.Metadata{}, "no response")
	}
	if c.Pacing == Queued {
		if err == nil {
			c.Pacer.Succeeded(time.Now())
		} else if errors.Is(err, statemachine.Throttled) {
			c.Pacer.Throttled(time.Now())
		}
	}
	if err != nil {
		return nil, err
	}
	return out, nil
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
