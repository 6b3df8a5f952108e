package eventstream

import (
	"cmp"
	"context"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/customerprofiles"
	"github.com/aws/smithy-go/middleware"

	"github.com/streamwarden/streamwarden-go/internal/sdkcall"
	"github.com/streamwarden/streamwarden-go/statemachine"
)

// API is the part of [customerprofiles.Client] that a [Client] calls.
type API interface {
	CreateEventStream(context.Context, *customerprofiles.CreateEventStreamInput, ...func(*customerprofiles.Options)) (*customerprofiles.CreateEventStreamOutput, error)
	DeleteEventStream(context.Context, *customerprofiles.DeleteEventStreamInput, ...func(*customerprofiles.Options)) (*customerprofiles.DeleteEventStreamOutput, error)
	GetEventStream(context.Context, *customerprofiles.GetEventStreamInput, ...func(*customerprofiles.Options)) (*customerprofiles.GetEventStreamOutput, error)
	ListEventStreams(context.Context, *customerprofiles.ListEventStreamsInput, ...func(*customerprofiles.Options)) (*customerprofiles.ListEventStreamsOutput, error)
}

var _ API = (*customerprofiles.Client)(nil)

// Client creates, deletes and reads event streams, and waits for them. It is safe for concurrent
// use. Make it with [New] or [NewFromConfig]: the methods of a zero Client return a
// [*statemachine.InputError].
type Client struct {
	calls sdkcall.Calls[Options, call]
}

// New returns a client that calls api, usually a [customerprofiles.Client]. If api has a method
// Options() customerprofiles.Options, as a customerprofiles.Client does, destinations in other
// Regions are rejected.
func New(api API, optFns ...func(*Options)) *Client {
	if api == nil {
		api = customerprofiles.New(customerprofiles.Options{APIOptions: sdkcall.NoAPI()})
	}
	o := Options{}.withOptFns(optFns)
	o.ReadPacer = cmp.Or(o.ReadPacer, statemachine.NewPacer(readsPerSecond, readBurst))
	o.CommandPacer = cmp.Or(o.CommandPacer, statemachine.NewPacer(commandsPerSecond, commandBurst))
	return &Client{calls: sdkcall.NewCalls(api, o, Options.withOptFns, newCall)}
}

// NewFromConfig returns a client that calls Customer Profiles through
// [customerprofiles.NewFromConfig] with cfg.
func NewFromConfig(cfg aws.Config, optFns ...func(*Options)) *Client {
	return New(customerprofiles.NewFromConfig(cfg), optFns...)
}

// ready returns the calls of the client. Every request of a zero Client fails with an InputError.
func (c *Client) ready() *sdkcall.Calls[Options, call] {
	if c == nil || c.calls.IsZero() {
		return &New(nil).calls
	}
	return &c.calls
}

// call is one call of a method of the client, with its options resolved. It is immutable.
type call struct {
	sdkcall.ClientInfo

	api             API
	options         Options
	reads, commands sdkcall.Caller[customerprofiles.Options]
	lists           map[string]*domainList // by domain, for an Each method; otherwise nil
}

// newCall returns a call with the options o.
func newCall(api API, o Options, pacing sdkcall.Pacing, reached *sdkcall.Reached) *call {
	reads := sdkcall.NewCaller(api, "eventstream", faults, o.ClientOptions, func(o *customerprofiles.Options) sdkcall.Fields {
		return sdkcall.Fields{Region: &o.Region, Tracer: &o.TracerProvider, Meter: &o.MeterProvider, Retryer: &o.Retryer, APIOptions: &o.APIOptions}
	}, pacing, reached)
	commands := reads
	reads.Pacer, commands.Pacer = o.ReadPacer, o.CommandPacer
	o.Wait.OnProgress = reads.WithMetrics(o.Wait.OnProgress)
	return &call{ClientInfo: reads.ClientInfo, api: api, options: o, reads: reads, commands: commands}
}

// CreateOutput is the output of CreateEventStream.
type CreateOutput struct {
	EventStreamArn string            // never empty
	Tags           map[string]string // those of the input; empty if there are none

	ResultMetadata middleware.Metadata // of the SDK's call
}

// DeleteOutput is the output of DeleteEventStream, which has no members.
type DeleteOutput struct {
	ResultMetadata middleware.Metadata // of the SDK's call
}

// Create calls CreateEventStream, which creates a running event stream. [Client.WaitHealthy] waits
// until the destination is healthy. [Client.EnsureCreated] is safe to repeat; Create is not.
//
// Invalid input is a [*statemachine.InputError], and nothing is sent. An error of the service is a
// [*statemachine.Fault] of one of these kinds, among others:
//
//   - AlreadyInState: the domain has a stream, this one or another.
//   - InvalidInput: the service rejected the input, for example because the destination is not
//     active.
//   - Unavailable: the response was lost, for example, so the stream may have been created.
func (c *Client) Create(ctx context.Context, in *CreateInput, optFns ...func(*Options)) (*CreateOutput, error) {
	call := c.ready().New(optFns)
	if err := in.validate(call.Region); err != nil {
		return nil, err
	}
	return call.create(ctx, in)
}

// create sends CreateEventStream.
func (c *call) create(ctx context.Context, in *CreateInput) (*CreateOutput, error) {
	req := &customerprofiles.CreateEventStreamInput{DomainName: &in.DomainName, EventStreamName: &in.EventStreamName, Uri: &in.Uri}
	if len(in.Tags) > 0 { // the service rejects an empty map
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

// Delete calls DeleteEventStream, which stops the export and deletes the event stream. The Kinesis
// data stream and its records stay. [Client.Wait] for [StateAbsent] waits until reads show the
// deletion.
//
// Invalid names are a [*statemachine.InputError], and nothing is sent. An error of the service is a
// [*statemachine.Fault] of one of these kinds, among others:
//
//   - NotFound: the stream or domain does not exist, or the caller lacks access to it.
//   - Unavailable: the response was lost, for example, so the stream may have been deleted.
func (c *Client) Delete(ctx context.Context, ref Ref, optFns ...func(*Options)) (*DeleteOutput, error) {
	call := c.ready().New(optFns)
	if err := ref.validate(DeleteEventStream); err != nil {
		return nil, err
	}
	return call.delete(ctx, ref)
}

// delete sends DeleteEventStream.
func (c *call) delete(ctx context.Context, ref Ref) (*DeleteOutput, error) {
	out, err := sdkcall.Do(ctx, c.commands, DeleteEventStream, ref.String(), c.api.DeleteEventStream, &customerprofiles.DeleteEventStreamInput{
		DomainName: &ref.DomainName, EventStreamName: &ref.EventStreamName,
	})
	if err != nil {
		return nil, err
	}
	return &DeleteOutput{ResultMetadata: out.ResultMetadata}, nil
}
