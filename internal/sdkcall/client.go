package sdkcall

import (
	"slices"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/smithy-go/metrics"
	"github.com/aws/smithy-go/middleware"
	"github.com/aws/smithy-go/tracing"

	"github.com/streamwarden/streamwarden-go/statemachine"
	"github.com/streamwarden/streamwarden-go/statemachine/sdkfault"
)

// Calls makes the calls of a service's client. A call is what one method of the client works with:
// its options, resolved. O is the type of the client's options, and C the type of a call.
type Calls[O, C any] struct {
	options         O
	with            func(O, []func(*O)) O
	newCall         func(O, Pacing) *C
	counted, kernel *C // the calls of methods without options of their own, as most are
}

// NewCalls returns the calls of a client of api with these options. with returns a copy of options,
// changed by functions. newCall makes a call of them.
func NewCalls[A, O, C any](api A, options O, with func(O, []func(*O)) O, newCall func(A, O, Pacing, *Reached) *C) Calls[O, C] {
	reached := new(Reached)
	of := func(o O, pacing Pacing) *C { return newCall(api, o, pacing, reached) }
	return Calls[O, C]{options, with, of, of(options, Counted), of(options, Kernel)}
}

// IsZero reports whether c is the zero value, that of a client that was not made by its New.
func (c *Calls[O, C]) IsZero() bool { return c.newCall == nil }

// NoAPI returns the APIOptions of an SDK client whose requests fail before they are sent. It takes
// the place of an API that is missing.
func NoAPI() []func(*middleware.Stack) error {
	return []func(*middleware.Stack) error{func(*middleware.Stack) error {
		var e statemachine.InputError
		e.Add("Client", "must be made by New, with an API, or by NewFromConfig")
		return e.Err()
	}}
}

// New returns the call of a method that makes one request and leaves retries to the SDK.
func (c *Calls[O, C]) New(optFns []func(*O)) *C {
	if len(optFns) == 0 {
		return c.counted
	}
	return c.newCall(c.with(c.options, optFns), Counted)
}

// NewNoRetry returns the call of a wait or an Ensure method, which retries and paces its requests.
func (c *Calls[O, C]) NewNoRetry(optFns []func(*O)) *C {
	if len(optFns) == 0 {
		return c.kernel
	}
	return c.newCall(c.with(c.options, optFns), Kernel)
}

// ClientInfo is what a client of the SDK reports about itself.
type ClientInfo struct {
	Region string                 // empty if it is not known
	Tracer tracing.TracerProvider // nil means no tracing

	meter *meter // nil means no metrics
}

// Fields points to the fields of an SDK client's options that this library uses.
type Fields struct {
	Region     *string
	Tracer     *tracing.TracerProvider
	Meter      *metrics.MeterProvider
	Retryer    *aws.Retryer
	APIOptions *[]func(*middleware.Stack) error
}

// recordErrorBody is the APIOptions of a client without others. It is never changed.
var recordErrorBody = []func(*middleware.Stack) error{sdkfault.RecordErrorBody}

// NewCaller returns a Caller for api, an SDK client or a mock of one, with the pacing of a call.
// The caller sets its Pacer. name is the service's package, for metrics. fields returns the fields
// of O, the SDK client's options. reached is shared by all calls of a client.
//
// Each request records the body of an error response, which sdkfault reads. With the pacing
// [Kernel] the SDK's retries are off, by the last option applied: a retried command could run
// twice, and the SDK's retry quota fails waits under load.
func NewCaller[O any](api any, name string, faults sdkfault.Table, optFns []func(*O), fields func(*O) Fields, pacing Pacing, reached *Reached) Caller[O] {
	optFns = append(slices.Clip(optFns), func(o *O) {
		f := fields(o)
		if len(*f.APIOptions) == 0 {
			*f.APIOptions = recordErrorBody // saves an allocation per request
		} else {
			*f.APIOptions = append(slices.Clip(*f.APIOptions), recordErrorBody...)
		}
		if pacing == Kernel {
			*f.Retryer = aws.NopRetryer{}
		}
	})
	c := Caller[O]{Faults: faults, Options: optFns, Pacing: pacing, Reached: reached}
	if client, ok := api.(interface{ Options() O }); ok {
		options := client.Options()
		for _, fn := range optFns {
			fn(&options)
		}
		f := fields(&options)
		c.ClientInfo = ClientInfo{Region: *f.Region, Tracer: *f.Tracer, meter: newMeter(*f.Meter, name)}
	}
	return c
}
