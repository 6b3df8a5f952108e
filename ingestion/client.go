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
	api         API
	options     Options // as New was given them
	defaultCall *call   // of a method that is called without options, as most are
	noRetryCall *call   // the same, for a wait or an ensure
}

// New makes a client that calls api, a [cloudtrail.Client] as a rule. If api exposes its Region through a method
// Options() cloudtrail.Options, as a cloudtrail.Client does, ARNs of other Regions are refused.
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

// NewFromConfig makes a client that calls CloudTrail with cfg, as [cloudtrail.NewFromConfig] does.
func NewFromConfig(cfg aws.Config, optFns ...func(*Options)) *Client {
	return New(cloudtrail.NewFromConfig(cfg), optFns...)
}

// call is one call of a client's method: the options resolved. Once it is made it is not changed.
type call struct {
	api     API
	options Options
	sdkcall.ClientInfo

	reads, commands sdkcall.Caller[cloudtrail.Options]
}

func newCall(api API, o Options) *call {
	reads := sdkcall.Caller[cloudtrail.Options]{Faults: faults, Options: o.ClientOptions, Pacer: o.ReadPacer}
	commands := reads
	commands.Pacer = o.CommandPacer
	return &call{
		api:     api,
		options: o,
		ClientInfo: sdkcall.ClientInfoOf(api, o.ClientOptions, func(o *cloudtrail.Options) sdkcall.ClientInfo {
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
	nop := func(o *cloudtrail.Options) { o.Retryer = aws.NopRetryer{} }
	quiet := *c
	quiet.reads, quiet.commands = c.reads.WithOption(nop), c.commands.WithOption(nop)
	return &quiet
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
	call := c.call(optFns)
	if err := in.validate(call.Region); err != nil {
		return nil, err
	}
	call.commands.CountAgainstQuota()
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
	call := c.call(optFns)
	if err := in.validate(call.Region); err != nil {
		return nil, err
	}
	call.commands.CountAgainstQuota()
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
