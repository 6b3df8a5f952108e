// Package sdkcall is what the clients of all services do alike around a call of the SDK.
package sdkcall

import (
	"context"
	"errors"
	"slices"
	"time"

	awsmiddleware "github.com/aws/aws-sdk-go-v2/aws/middleware"
	"github.com/aws/smithy-go/middleware"
	"github.com/aws/smithy-go/tracing"

	"github.com/streamwarden/streamwarden-go/statemachine"
	"github.com/streamwarden/streamwarden-go/statemachine/sdkfault"
)

// Caller is how one call of this library calls the SDK. O is the service's Options.
type Caller[O any] struct {
	Faults  sdkfault.Table
	Options []func(*O) // applied to each call, in order
	Pacer   *statemachine.Pacer
}

// WithOption is c with a further option, applied last.
func (c Caller[O]) WithOption(fn func(*O)) Caller[O] {
	c.Options = append(slices.Clip(c.Options), fn)
	return c
}

// CountAgainstQuota counts a call that goes at once, without waiting for its place under the quota.
func (c Caller[O]) CountAgainstQuota() { c.Pacer.Reserve(time.Now()) }

// Do calls one operation and makes a Fault of its error. An answer that is missing altogether is an error, too.
func Do[In, Out, O any](ctx context.Context, c Caller[O], op statemachine.Operation, resource string,
	api func(context.Context, *In, ...func(*O)) (*Out, error), in *In,
) (*Out, error) {
	out, err := api(ctx, in, c.Options...)
	if err != nil {
		return nil, c.Faults.Fault(ctx, op, resource, err)
	}
	if out == nil {
		return nil, UnexpectedResponse(op, resource, middleware.Metadata{}, "the answer is missing")
	}
	return out, nil
}

// DoPaced is Do for a call that first waits for its place under the quota, and has the others pause if it is throttled all the same.
func DoPaced[In, Out, O any](ctx context.Context, c Caller[O], op statemachine.Operation, resource string,
	api func(context.Context, *In, ...func(*O)) (*Out, error), in *In,
) (*Out, error) {
	if err := c.Pacer.Wait(ctx); err != nil {
		return nil, c.Faults.Fault(ctx, op, resource, err)
	}
	out, err := Do(ctx, c, op, resource, api, in)
	if err == nil {
		c.Pacer.Succeeded(time.Now())
	} else if errors.Is(err, statemachine.Throttled) {
		c.Pacer.Throttled(time.Now())
	}
	return out, err
}

// UnexpectedResponse is the error of an answer that cannot be right, such as one for another resource; meta is the answer's ResultMetadata, for the request's ID.
// The service may do better the next time.
func UnexpectedResponse(op statemachine.Operation, resource string, meta middleware.Metadata, message string) error {
	id, _ := awsmiddleware.GetRequestIDMetadata(meta)
	return &statemachine.Fault{Kind: statemachine.Unavailable, Operation: op, Resource: resource, Message: message, RequestID: id}
}

// HasRawResponse reports whether an output, whose ResultMetadata meta is, came out of an answer of a service, and not out of a mock's hand.
func HasRawResponse(meta middleware.Metadata) bool { return awsmiddleware.GetRawResponse(meta) != nil }

// ClientInfo are what a client of the SDK tells of itself.
type ClientInfo struct {
	Region string                 // empty: not known
	Tracer tracing.TracerProvider // nil: none
}

// ClientInfoOf are the settings that api calls with under these options: none where the value does not tell, as a mock may not.
func ClientInfoOf[O any](api any, optFns []func(*O), info func(*O) ClientInfo) ClientInfo {
	client, ok := api.(interface{ Options() O })
	if !ok {
		return ClientInfo{}
	}
	options := client.Options()
	for _, fn := range optFns {
		fn(&options)
	}
	return info(&options)
}
