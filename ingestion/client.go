package ingestion

import (
	"cmp"
	"context"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cloudtrail"
	"github.com/aws/smithy-go/middleware"

	"github.com/streamwarden/streamwarden-go/internal/sdkcall"
	"github.com/streamwarden/streamwarden-go/statemachine"
)

// API is the part of [cloudtrail.Client] that a [Client] calls.
type API interface {
	StartEventDataStoreIngestion(context.Context, *cloudtrail.StartEventDataStoreIngestionInput, ...func(*cloudtrail.Options)) (*cloudtrail.StartEventDataStoreIngestionOutput, error)
	StopEventDataStoreIngestion(context.Context, *cloudtrail.StopEventDataStoreIngestionInput, ...func(*cloudtrail.Options)) (*cloudtrail.StopEventDataStoreIngestionOutput, error)
	GetEventDataStore(context.Context, *cloudtrail.GetEventDataStoreInput, ...func(*cloudtrail.Options)) (*cloudtrail.GetEventDataStoreOutput, error)
	ListEventDataStores(context.Context, *cloudtrail.ListEventDataStoresInput, ...func(*cloudtrail.Options)) (*cloudtrail.ListEventDataStoresOutput, error)
}

var _ API = (*cloudtrail.Client)(nil)

// Client starts and stops ingestion into event data stores, reads them and waits for them. It is
// safe for concurrent use. Make it with [New] or [NewFromConfig]: the methods of a zero Client
// return a [*statemachine.InputError].
type Client struct {
	calls sdkcall.Calls[Options, call]
}

// New returns a client that calls api, usually a [cloudtrail.Client]. If api has a method
// Options() cloudtrail.Options, as a cloudtrail.Client does, ARNs of other Regions are rejected.
func New(api API, optFns ...func(*Options)) *Client {
	if api == nil {
		api = cloudtrail.New(cloudtrail.Options{APIOptions: sdkcall.NoAPI()})
	}
	o := Options{}.withOptFns(optFns)
	o.ReadPacer = cmp.Or(o.ReadPacer, statemachine.NewPacer(readsPerSecond, readBurst))
	o.CommandPacer = cmp.Or(o.CommandPacer, statemachine.NewPacer(commandsPerSecond, commandBurst))
	return &Client{calls: sdkcall.NewCalls(api, o, Options.withOptFns, newCall)}
}

// NewFromConfig returns a client that calls CloudTrail through [cloudtrail.NewFromConfig] with cfg.
func NewFromConfig(cfg aws.Config, optFns ...func(*Options)) *Client {
	return New(cloudtrail.NewFromConfig(cfg), optFns...)
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
	reads, commands sdkcall.Caller[cloudtrail.Options]
}

// newCall returns a call with the options o.
func newCall(api API, o Options, pacing sdkcall.Pacing, reached *sdkcall.Reached) *call {
	reads := sdkcall.NewCaller(api, "ingestion", faults, o.ClientOptions, func(o *cloudtrail.Options) sdkcall.Fields {
		return sdkcall.Fields{Region: &o.Region, Tracer: &o.TracerProvider, Meter: &o.MeterProvider, Retryer: &o.Retryer, APIOptions: &o.APIOptions}
	}, pacing, reached)
	commands := reads
	reads.Pacer, commands.Pacer = o.ReadPacer, o.CommandPacer
	o.Wait.OnProgress = reads.WithMetrics(o.Wait.OnProgress)
	return &call{ClientInfo: reads.ClientInfo, api: api, options: o, reads: reads, commands: commands}
}

// StartOutput is the output of StartEventDataStoreIngestion, which has no members.
type StartOutput struct {
	ResultMetadata middleware.Metadata // of the SDK's call
}

// StopOutput is the output of StopEventDataStoreIngestion, which has no members.
type StopOutput struct {
	ResultMetadata middleware.Metadata // of the SDK's call
}

// Start calls StartEventDataStoreIngestion. It returns when CloudTrail has accepted the command,
// and the response has no status. [Client.Wait] waits until events are ingested, and
// [Client.EnsureStarted] does both.
//
// Invalid input is a [*statemachine.InputError], and nothing is sent. An error of the service is a
// [*statemachine.Fault] of one of these kinds, among others:
//
//   - InvalidState: the store is not stopped; it may be enabled already.
//   - Unsupported: CloudTrail cannot start ingestion for the store's event categories.
//   - Conflict: another operation on the store is in progress. Try again.
//   - NotFound: the store does not exist.
//   - Unavailable: the response was lost, for example, so ingestion may be starting.
func (c *Client) Start(ctx context.Context, in *StartInput, optFns ...func(*Options)) (*StartOutput, error) {
	call := c.ready().New(optFns)
	if err := (*input)(in).validate(StartEventDataStoreIngestion, call.Region); err != nil {
		return nil, err
	}
	return call.start(ctx, in.EventDataStore)
}

// start sends StartEventDataStoreIngestion.
func (c *call) start(ctx context.Context, store string) (*StartOutput, error) {
	out, err := sdkcall.Do(ctx, c.commands, StartEventDataStoreIngestion, store, c.api.StartEventDataStoreIngestion,
		&cloudtrail.StartEventDataStoreIngestionInput{EventDataStore: &store})
	if err != nil {
		return nil, err
	}
	return &StartOutput{ResultMetadata: out.ResultMetadata}, nil
}

// Stop calls StopEventDataStoreIngestion. It returns when CloudTrail has accepted the command. The
// store keeps the events that it has ingested.
//
// Errors are those of [Client.Start]: InvalidState if the store is not enabled, for example
// because it is stopped already, and Unavailable if the response was lost, so that ingestion may
// be stopping.
func (c *Client) Stop(ctx context.Context, in *StopInput, optFns ...func(*Options)) (*StopOutput, error) {
	call := c.ready().New(optFns)
	if err := (*input)(in).validate(StopEventDataStoreIngestion, call.Region); err != nil {
		return nil, err
	}
	return call.stop(ctx, in.EventDataStore)
}

// stop sends StopEventDataStoreIngestion.
func (c *call) stop(ctx context.Context, store string) (*StopOutput, error) {
	out, err := sdkcall.Do(ctx, c.commands, StopEventDataStoreIngestion, store, c.api.StopEventDataStoreIngestion,
		&cloudtrail.StopEventDataStoreIngestionInput{EventDataStore: &store})
	if err != nil {
		return nil, err
	}
	return &StopOutput{ResultMetadata: out.ResultMetadata}, nil
}
