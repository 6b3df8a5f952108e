package activitystream

import (
	"context"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/rds"
	"github.com/aws/smithy-go/middleware"

	"github.com/streamwarden/streamwarden-go/internal/sdkcall"
	"github.com/streamwarden/streamwarden-go/statemachine"
)

// API is what a [Client] calls of an [rds.Client].
type API interface {
	StartActivityStream(context.Context, *rds.StartActivityStreamInput, ...func(*rds.Options)) (*rds.StartActivityStreamOutput, error)
	StopActivityStream(context.Context, *rds.StopActivityStreamInput, ...func(*rds.Options)) (*rds.StopActivityStreamOutput, error)
	ModifyActivityStream(context.Context, *rds.ModifyActivityStreamInput, ...func(*rds.Options)) (*rds.ModifyActivityStreamOutput, error)
	DescribeDBClusters(context.Context, *rds.DescribeDBClustersInput, ...func(*rds.Options)) (*rds.DescribeDBClustersOutput, error)
	DescribeDBInstances(context.Context, *rds.DescribeDBInstancesInput, ...func(*rds.Options)) (*rds.DescribeDBInstancesOutput, error)
	DescribeOrderableDBInstanceOptions(context.Context, *rds.DescribeOrderableDBInstanceOptionsInput, ...func(*rds.Options)) (*rds.DescribeOrderableDBInstanceOptionsOutput, error)
}

var _ API = (*rds.Client)(nil)

// Client commands activity streams, reads them and waits for them. It is safe for concurrent use.
type Client struct {
	api     API
	options Options // as New was given them
	plain   *call   // of a method that is called without options, as most are
	quiet   *call   // the same, for a wait or an ensure
}

// New makes a client that calls api, an [rds.Client] as a rule. If api exposes its Region through a method Options()
// rds.Options, as an rds.Client does, ARNs of other Regions are refused.
func New(api API, optFns ...func(*Options)) *Client {
	var o Options
	o = o.with(optFns)
	if o.Pacer == nil {
		o.Pacer = statemachine.NewPacer(defaultPerSecond, defaultBurst)
	}
	plain := newCall(api, o)
	return &Client{api: api, options: o, plain: plain, quiet: plain.once()}
}

// NewFromConfig makes a client that calls RDS with cfg, as [rds.NewFromConfig] does.
func NewFromConfig(cfg aws.Config, optFns ...func(*Options)) *Client {
	return New(rds.NewFromConfig(cfg), optFns...)
}

// call is one call of a client's method: the options resolved. Once it is made it is not changed.
type call struct {
	api     API
	options Options
	sdkcall.Settings
	caller sdkcall.Caller[rds.Options]
}

func newCall(api API, o Options) *call {
	return &call{
		api:     api,
		options: o.filled(),
		Settings: sdkcall.SettingsOf(api, o.ClientOptions, func(o *rds.Options) sdkcall.Settings {
			return sdkcall.Settings{Region: o.Region, Tracer: o.TracerProvider}
		}),
		caller: sdkcall.Caller[rds.Options]{Faults: faults, Options: o.ClientOptions, Pacer: o.Pacer},
	}
}

// call is the call of a method that leaves it to the SDK to try again.
func (c *Client) call(optFns []func(*Options)) *call {
	if len(optFns) == 0 {
		return c.plain
	}
	return newCall(c.api, c.options.with(optFns))
}

// patient is the call of a wait or an ensure, which have their own way of trying again.
func (c *Client) patient(optFns []func(*Options)) *call {
	if len(optFns) == 0 {
		return c.quiet
	}
	return newCall(c.api, c.options.with(optFns)).once()
}

// once is the call with the SDK's own retries off, by the last option that is applied. They would send a command twice,
// and their quota is what loses waits when many calls fail at once.
func (c *call) once() *call {
	nop := func(o *rds.Options) { o.Retryer = aws.NopRetryer{} }
	quiet := *c
	quiet.caller = c.caller.With(nop)
	return &quiet
}

// StartOutput is the output of StartActivityStream.
type StartOutput struct {
	KmsKeyId                        string // as it was given
	KinesisStreamName               string
	Status                          Status
	Mode                            Mode
	EngineNativeAuditFieldsIncluded bool
	ApplyImmediately                bool

	ResultMetadata middleware.Metadata
}

// StopOutput is the output of StopActivityStream.
type StopOutput struct {
	KmsKeyId          string
	KinesisStreamName string
	Status            Status

	ResultMetadata middleware.Metadata
}

// ModifyOutput is the output of ModifyActivityStream.
type ModifyOutput struct {
	KmsKeyId                        string
	KinesisStreamName               string
	Status                          Status
	Mode                            Mode
	EngineNativeAuditFieldsIncluded bool
	PolicyStatus                    PolicyStatus

	ResultMetadata middleware.Metadata
}

// Start calls StartActivityStream. It returns when RDS has accepted the command; [Client.Wait] waits until
// activity is recorded, and [Client.EnsureStarted] does both.
//
// Input that is not valid is a [*statemachine.InputError] before anything is sent, an error of the service a
// [*statemachine.Fault].
func (c *Client) Start(ctx context.Context, in *StartInput, optFns ...func(*Options)) (*StartOutput, error) {
	call := c.call(optFns)
	if err := in.validate(call.Region); err != nil {
		return nil, err
	}
	call.caller.Count()
	return call.start(ctx, in)
}

func (c *call) start(ctx context.Context, in *StartInput) (*StartOutput, error) {
	req := &rds.StartActivityStreamInput{
		ResourceArn:      new(strings.ToLower(in.ResourceArn)), // as RDS has it, and as it is read
		Mode:             in.Mode,
		KmsKeyId:         &in.KmsKeyId,
		ApplyImmediately: &in.ApplyImmediately,
	}
	if in.EngineNativeAuditFieldsIncluded { // clusters do not take it, be it false
		req.EngineNativeAuditFieldsIncluded = &in.EngineNativeAuditFieldsIncluded
	}
	out, err := sdkcall.Do(ctx, c.caller, StartActivityStream, in.ResourceArn, c.api.StartActivityStream, req)
	if err == nil && out.Status == "" { // what the SDK makes of an empty answer
		err = sdkcall.Strange(StartActivityStream, in.ResourceArn, out.ResultMetadata, "the answer has no status: whether the command was carried out is not known")
	}
	if err != nil {
		return nil, err
	}
	return &StartOutput{
		KmsKeyId:                        aws.ToString(out.KmsKeyId),
		KinesisStreamName:               aws.ToString(out.KinesisStreamName),
		Status:                          out.Status,
		Mode:                            out.Mode,
		EngineNativeAuditFieldsIncluded: aws.ToBool(out.EngineNativeAuditFieldsIncluded),
		ApplyImmediately:                aws.ToBool(out.ApplyImmediately),
		ResultMetadata:                  out.ResultMetadata,
	}, nil
}

// Stop calls StopActivityStream. It returns when RDS has accepted the command. RDS deletes the Kinesis data stream.
//
// Input that is not valid is a [*statemachine.InputError] before anything is sent, an error of the service a
// [*statemachine.Fault]: of kind AlreadyInState if the stream is stopped.
func (c *Client) Stop(ctx context.Context, in *StopInput, optFns ...func(*Options)) (*StopOutput, error) {
	call := c.call(optFns)
	if err := in.validate(call.Region); err != nil {
		return nil, err
	}
	call.caller.Count()
	return call.stop(ctx, in)
}

func (c *call) stop(ctx context.Context, in *StopInput) (*StopOutput, error) {
	out, err := sdkcall.Do(ctx, c.caller, StopActivityStream, in.ResourceArn, c.api.StopActivityStream, &rds.StopActivityStreamInput{
		ResourceArn: new(strings.ToLower(in.ResourceArn)), ApplyImmediately: &in.ApplyImmediately,
	})
	if err == nil && out.Status == "" { // what the SDK makes of an empty answer
		err = sdkcall.Strange(StopActivityStream, in.ResourceArn, out.ResultMetadata, "the answer has no status: whether the command was carried out is not known")
	}
	if err != nil {
		return nil, err
	}
	return &StopOutput{
		KmsKeyId:          aws.ToString(out.KmsKeyId),
		KinesisStreamName: aws.ToString(out.KinesisStreamName),
		Status:            out.Status,
		ResultMetadata:    out.ResultMetadata,
	}, nil
}

// Modify calls ModifyActivityStream, which locks or unlocks the audit policy of an instance. It returns when
// RDS has accepted the command. The database does not restart.
//
// Input that is not valid is a [*statemachine.InputError] before anything is sent, an error of the service a
// [*statemachine.Fault].
func (c *Client) Modify(ctx context.Context, in *ModifyInput, optFns ...func(*Options)) (*ModifyOutput, error) {
	call := c.call(optFns)
	if err := in.validate(call.Region); err != nil {
		return nil, err
	}
	call.caller.Count()
	return call.modify(ctx, in)
}

func (c *call) modify(ctx context.Context, in *ModifyInput) (*ModifyOutput, error) {
	out, err := sdkcall.Do(ctx, c.caller, ModifyActivityStream, in.ResourceArn, c.api.ModifyActivityStream, &rds.ModifyActivityStreamInput{
		ResourceArn: new(strings.ToLower(in.ResourceArn)), AuditPolicyState: in.AuditPolicyState,
	})
	if err == nil && out.Status == "" { // what the SDK makes of an empty answer
		err = sdkcall.Strange(ModifyActivityStream, in.ResourceArn, out.ResultMetadata, "the answer has no status: whether the command was carried out is not known")
	}
	if err != nil {
		return nil, err
	}
	return &ModifyOutput{
		KmsKeyId:                        aws.ToString(out.KmsKeyId),
		KinesisStreamName:               aws.ToString(out.KinesisStreamName),
		Status:                          out.Status,
		Mode:                            out.Mode,
		EngineNativeAuditFieldsIncluded: aws.ToBool(out.EngineNativeAuditFieldsIncluded),
		PolicyStatus:                    out.PolicyStatus,
		ResultMetadata:                  out.ResultMetadata,
	}, nil
}
