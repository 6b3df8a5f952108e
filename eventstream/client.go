package eventstream

import (
	"context"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/customerprofiles"
	"github.com/aws/smithy-go/middleware"

	"github.com/streamwarden/streamwarden-go/internal/sdkcall"
	"github.com/streamwarden/streamwarden-go/statemachine"
)

// API is what a [Client] calls of a [customerprofiles.Client].
type API interface {
	CreateEventStream(context.Context, *customerprofiles.CreateEventStreamInput, ...func(*customerprofiles.Options)) (*customerprofiles.CreateEventStreamOutput, error)
	DeleteEventStream(context.Context, *customerprofiles.DeleteEventStreamInput, ...func(*customerprofiles.Options)) (*customerprofiles.DeleteEventStreamOutput, error)
	GetEventStream(context.Context, *customerprofiles.GetEventStreamInput, ...func(*customerprofiles.Options)) (*customerprofiles.GetEventStreamOutput, error)
	ListEventStreams(context.Context, *customerprofiles.ListEventStreamsInput, ...func(*customerprofiles.Options)) (*customerprofiles.ListEventStreamsOutput, error)
}

var _ API = (*customerprofiles.Client)(nil)

// Client creates event streams, deletes them, reads them and waits for them. It is safe for concurrent use.
type Client struct {
	api         API
	options     Options // as New was given them
	defaultCall *call   // of a method that is called without options, as most are
	noRetryCall *call   // the same, for a wait or an ensure
}

// New makes a client that calls api, a [customerprofiles.Client] as a rule. If api exposes its Region through a method
// Options() customerprofiles.Options, as a customerprofiles.Client does, destinations in other Regions are
// refused.
func New(api API, optFns ...func(*Options)) *Client {
	var o Options
	o = o.with(optFns)
	if o.ReadPacer == nil {
		o.ReadPacer = statemachine.NewPacer(readsPerSecond, readBurst)
	}
	if o.CommandPacer == nil {
		o.CommandPacer = statemachine.NewPacer(commandsPerSecond, commandBurst)
	}
	plain := newCall(api, o)
	return &Client{api: api, options: o, defaultCall: plain, noRetryCall: plain.withoutRetries()}
}

// NewFromConfig makes a client that calls Customer Profiles with cfg, as [customerprofiles.NewFromConfig] does.
func NewFromConfig(cfg aws.Config, optFns ...func(*Options)) *Client {
	return New(customerprofiles.NewFromConfig(cfg), optFns...)
}

// call is one call of a client's method: the options resolved. Once it is made it is not changed.
type call struct {
	api     API
	options Options
	sdkcall.ClientInfo

	reads, commands sdkcall.Caller[customerprofiles.Options]
}

func newCall(api API, o Options) *call {
	reads := sdkcall.Caller[customerprofiles.Options]{Faults: faults, Options: o.ClientOptions, Pacer: o.ReadPacer}
	commands := reads
	commands.Pacer = o.CommandPacer
	return &call{
		api:     api,
		options: o,
		ClientInfo: sdkcall.ClientInfoOf(api, o.ClientOptions, func(o *customerprofiles.Options) sdkcall.ClientInfo {
			return sdkcall.ClientInfo{Region: o.Region, Tracer: o.TracerProvider}
		}),
		reads:    reads,
		commands: commands,
	}
}

// call is the call of a method that leaves it to the SDK to try again.
func (c *Client) call(optFns []func(*Options)) *call {
	if len(optFns) == 0 {
		return c.defaultCall
	}
	return newCall(c.api, c.options.with(optFns))
}

// newCallNoRetry is the call of a wait or an ensure, which have their own way of trying again.
func (c *Client) newCallNoRetry(optFns []func(*Options)) *call {
	if len(optFns) == 0 {
		return c.noRetryCall
	}
	return newCall(c.api, c.options.with(optFns)).withoutRetries()
}

// withoutRetries is the call with the SDK's own retries off, by the last option that is applied. They would send a command twice.
func (c *call) withoutRetries() *call {
	nop := func(o *customerprofiles.Options) { o.Retryer = aws.NopRetryer{} }
	quiet := *c
	quiet.reads, quiet.commands = c.reads.WithOption(nop), c.commands.WithOption(nop)
	return &quiet
}

// CreateOutput is the output of CreateEventStream.
type CreateOutput struct {
	EventStreamArn string            // never empty
	Tags           map[string]string // as they were given; empty: none

	ResultMetadata middleware.Metadata // the SDK's
}

// DeleteOutput is the output of DeleteEventStream, which says nothing.
type DeleteOutput struct {
	ResultMetadata middleware.Metadata // the SDK's
}

// Create calls CreateEventStream, which makes an event stream and has it run. [Client.WaitHealthy] waits until
// events get to the destination, and [Client.EnsureCreated] can be called again and again.
//
// Input that is not valid is a [*statemachine.InputError] before anything is sent, an error of the service a
// [*statemachine.Fault]: of kind AlreadyInState if the domain has a stream, this one or another; InvalidInput where the
// destination cannot be used, too; Unavailable if the answer was lost, so that the stream may be there. The package's
// documentation has the others.
func (c *Client) Create(ctx context.Context, in *CreateInput, optFns ...func(*Options)) (*CreateOutput, error) {
	call := c.call(optFns)
	if err := in.validate(call.Region); err != nil {
		return nil, err
	}
	call.commands.CountAgainstQuota()
	return call.create(ctx, in)
}

func (c *call) create(ctx context.Context, in *CreateInput) (*CreateOutput, error) {
	req := &customerprofiles.CreateEventStreamInput{DomainName: &in.DomainName, EventStreamName: &in.EventStreamName, Uri: &in.Uri}
	if len(in.Tags) > 0 { // the service does not take an empty map
		req.Tags = in.Tags
	}
	out, err := sdkcall.Do(ctx, c.commands, CreateEventStream, in.String(), c.api.CreateEventStream, req)
	if err != nil {
		return nil, err
	}
	arn := aws.ToString(out.EventStreamArn)
	if !in.matchesARN(arn) {
		return nil, sdkcall.UnexpectedResponse(CreateEventStream, in.String(), out.ResultMetadata, mismatch("ARN", arn))
	}
	return &CreateOutput{EventStreamArn: arn, Tags: out.Tags, ResultMetadata: out.ResultMetadata}, nil
}

// Delete calls DeleteEventStream, which stops the export and deletes the event stream. The Kinesis data stream
// and what is in it stay. [Client.Wait] for [StateAbsent] waits until reads show it.
//
// Names that are not valid are a [*statemachine.InputError] before anything is sent, an error of the service a
// [*statemachine.Fault]: of kind NotFound if there is no such stream or domain, or the caller has no access to it;
// Unavailable if the answer was lost, so that the stream may be gone. The package's documentation has the others.
func (c *Client) Delete(ctx context.Context, ref Ref, optFns ...func(*Options)) (*DeleteOutput, error) {
	call := c.call(optFns)
	if err := ref.validate(DeleteEventStream); err != nil {
		return nil, err
	}
	call.commands.CountAgainstQuota()
	return call.delete(ctx, ref)
}

func (c *call) delete(ctx context.Context, ref Ref) (*DeleteOutput, error) {
	out, err := sdkcall.Do(ctx, c.commands, DeleteEventStream, ref.String(), c.api.DeleteEventStream, &customerprofiles.DeleteEventStreamInput{
		DomainName: &ref.DomainName, EventStreamName: &ref.EventStreamName,
	})
	if err != nil {
		return nil, err
	}
	return &DeleteOutput{ResultMetadata: out.ResultMetadata}, nil
}
