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
	calls sdkcall.Calls[Options, call]
}

// New returns a client that calls api, usually a [customerprofiles.Client]. If api has a method
// Options() customerprofiles.Options, as a customerprofiles.Client does, destinations in other Regions are rejected
// according to its Region.
func New(api API, optFns ...func(*Options)) *Client {
	o := Options{}.with(optFns)
	if o.ReadPacer == nil {
		o.ReadPacer = statemachine.NewPacer(readsPerSecond, readBurst)
	}
	if o.CommandPacer == nil {
		o.CommandPacer = statemachine.NewPacer(commandsPerSecond, commandBurst)
	}
	return &Client{calls: sdkcall.NewCalls(o, Options.with, func(o Options, pacing sdkcall.Pacing) *call {
		return newCall(api, o, pacing)
	})}
}

// NewFromConfig makes a client that calls Customer Profiles with cfg, as [customerprofiles.NewFromConfig] does.
func NewFromConfig(cfg aws.Config, optFns ...func(*Options)) *Client {
	return New(customerprofiles.NewFromConfig(cfg), optFns...)
}

// call is one call of a method of the client, with its options resolved. It is immutable.
type call struct {
	sdkcall.ClientInfo

	api             API
	options         Options
	reads, commands sdkcall.Caller[customerprofiles.Options]
}

// newCall returns a call with the options o.
func newCall(api API, o Options, pacing sdkcall.Pacing) *call {
	reads := sdkcall.NewCaller(api, faults, o.ClientOptions, func(o *customerprofiles.Options) sdkcall.Fields {
		return sdkcall.Fields{Region: &o.Region, Tracer: &o.TracerProvider, Retryer: &o.Retryer}
	}, pacing)
	commands := reads
	reads.Pacer, commands.Pacer = o.ReadPacer, o.CommandPacer
	return &call{ClientInfo: reads.ClientInfo, api: api, options: o, reads: reads, commands: commands}
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
	call := c.calls.New(optFns)
	if err := in.validate(call.Region); err != nil {
		return nil, err
	}
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
	call := c.calls.New(optFns)
	if err := ref.validate(DeleteEventStream); err != nil {
		return nil, err
	}
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
