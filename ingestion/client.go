package ingestion

import (
	"context"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cloudtrail"
	"github.com/aws/smithy-go/middleware"

	"github.com/streamwarden/streamwarden-go/internal/sdkcall"
	"github.com/streamwarden/streamwarden-go/statemachine"
)

// API is what a [Client] calls of a [cloudtrail.Client].
type API interface {
	StartEventDataStoreIngestion(context.Context, *cloudtrail.StartEventDataStoreIngestionInput, ...func(*cloudtrail.Options)) (*cloudtrail.StartEventDataStoreIngestionOutput, error)
	StopEventDataStoreIngestion(context.Context, *cloudtrail.StopEventDataStoreIngestionInput, ...func(*cloudtrail.Options)) (*cloudtrail.StopEventDataStoreIngestionOutput, error)
	GetEventDataStore(context.Context, *cloudtrail.GetEventDataStoreInput, ...func(*cloudtrail.Options)) (*cloudtrail.GetEventDataStoreOutput, error)
	ListEventDataStores(context.Context, *cloudtrail.ListEventDataStoresInput, ...func(*cloudtrail.Options)) (*cloudtrail.ListEventDataStoresOutput, error)
}

var _ API = (*cloudtrail.Client)(nil)

// Client starts and stops the ingestion of event data stores, reads them and waits for them. It is safe for
// concurrent use.
type Client struct {
	calls sdkcall.Calls[Options, call]
}

// New returns a client that calls api, usually a [cloudtrail.Client]. If api has a method
// Options() cloudtrail.Options, as a cloudtrail.Client does, ARNs of other Regions are rejected
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

// NewFromConfig makes a client that calls CloudTrail with cfg, as [cloudtrail.NewFromConfig] does.
func NewFromConfig(cfg aws.Config, optFns ...func(*Options)) *Client {
	return New(cloudtrail.NewFromConfig(cfg), optFns...)
}

// call is one call of a method of the client, with its options resolved. It is immutable.
type call struct {
	sdkcall.ClientInfo

	api             API
	options         Options
	reads, commands sdkcall.Caller[cloudtrail.Options]
}

// newCall returns a call with the options o.
func newCall(api API, o Options, pacing sdkcall.Pacing) *call {
	reads := sdkcall.NewCaller(api, faults, o.ClientOptions, func(o *cloudtrail.Options) sdkcall.Fields {
		return sdkcall.Fields{Region: &o.Region, Tracer: &o.TracerProvider, Retryer: &o.Retryer}
	}, pacing)
	commands := reads
	reads.Pacer, commands.Pacer = o.ReadPacer, o.CommandPacer
	return &call{ClientInfo: reads.ClientInfo, api: api, options: o, reads: reads, commands: commands}
}

// StartOutput is the output of StartEventDataStoreIngestion, which has no members.
type StartOutput struct {
	ResultMetadata middleware.Metadata // the SDK's
}

// StopOutput is the output of StopEventDataStoreIngestion, which has no members.
type StopOutput struct {
	ResultMetadata middleware.Metadata // the SDK's
}

// Start calls StartEventDataStoreIngestion. It returns when CloudTrail has accepted the command, and does not
// tell the status that it led to; [Client.Wait] waits until events are ingested, and [Client.EnsureStarted]
// does both.
//
// Input that is not valid is a [*statemachine.InputError] before anything is sent, an error of the service
// a [*statemachine.Fault]: of kind InvalidState unless the store is stopped, a store that is started already
// among them; Unsupported if the store's categories cannot be started; Conflict if CloudTrail is at work on it; NotFound
// if there is no such store; Unavailable if the answer was lost, so that it may be starting. The package's documentation
// has the others.
func (c *Client) Start(ctx context.Context, in *StartInput, optFns ...func(*Options)) (*StartOutput, error) {
	call := c.calls.New(optFns)
	if err := in.validate(call.Region); err != nil {
		return nil, err
	}
	return call.start(ctx, in)
}

func (c *call) start(ctx context.Context, in *StartInput) (*StartOutput, error) {
	out, err := sdkcall.Do(ctx, c.commands, StartEventDataStoreIngestion, in.EventDataStore, c.api.StartEventDataStoreIngestion,
		&cloudtrail.StartEventDataStoreIngestionInput{EventDataStore: &in.EventDataStore})
	if err != nil {
		return nil, err
	}
	return &StartOutput{ResultMetadata: out.ResultMetadata}, nil
}

// Stop calls StopEventDataStoreIngestion. It returns when CloudTrail has accepted the command. What was ingested stays.
//
// Input that is not valid is a [*statemachine.InputError] before anything is sent, an error of the service
// a [*statemachine.Fault]: of kind InvalidState unless the store is enabled, a store that is stopped already
// among them; Unsupported if the store's categories cannot be stopped; Conflict if CloudTrail is at work on it; NotFound
// if there is no such store; Unavailable if the answer was lost, so that it may be stopping. The package's documentation
// has the others.
func (c *Client) Stop(ctx context.Context, in *StopInput, optFns ...func(*Options)) (*StopOutput, error) {
	call := c.calls.New(optFns)
	if err := in.validate(call.Region); err != nil {
		return nil, err
	}
	return call.stop(ctx, in)
}

func (c *call) stop(ctx context.Context, in *StopInput) (*StopOutput, error) {
	out, err := sdkcall.Do(ctx, c.commands, StopEventDataStoreIngestion, in.EventDataStore, c.api.StopEventDataStoreIngestion,
		&cloudtrail.StopEventDataStoreIngestionInput{EventDataStore: &in.EventDataStore})
	if err != nil {
		return nil, err
	}
	return &StopOutput{ResultMetadata: out.ResultMetadata}, nil
}
