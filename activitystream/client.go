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
	calls sdkcall.Calls[Options, call]
}

// New returns a client that calls api, usually an [rds.Client]. If api has a method
// Options() rds.Options, as an rds.Client does, ARNs of other Regions are rejected according to its
// Region.
func New(api API, optFns ...func(*Options)) *Client {
	o := Options{}.withOptFns(optFns)
	if o.Pacer == nil {
		o.Pacer = statemachine.NewPacer(defaultPerSecond, defaultBurst)
	}
	return &Client{calls: sdkcall.NewCalls(o, Options.withOptFns, func(o Options, pacing sdkcall.Pacing) *call {
		return newCall(api, o, pacing)
	})}
}

// NewFromConfig makes a client that calls RDS with cfg, as [rds.NewFromConfig] does.
func NewFromConfig(cfg aws.Config, optFns ...func(*Options)) *Client {
	return New(rds.NewFromConfig(cfg), optFns...)
}

// call is one call of a method of the client, with its options resolved. It is immutable.
type call struct {
	api     API
	options Options
	sdkcall.ClientInfo
	sdk sdkcall.Caller[rds.Options]
}

// newCall returns a call with the options o.
func newCall(api API, o Options, pacing sdkcall.Pacing) *call {
	sdk := sdkcall.NewCaller(api, faults, o.ClientOptions, func(o *rds.Options) sdkcall.Fields {
		return sdkcall.Fields{Region: &o.Region, Tracer: &o.TracerProvider, Retryer: &o.Retryer}
	}, pacing)
	sdk.Pacer = o.Pacer
	return &call{api: api, options: o.withDefaults(), ClientInfo: sdk.ClientInfo, sdk: sdk}
}

// StartOutput is the output of StartActivityStream, whose members have the same names.
type StartOutput struct {
	KmsKeyId                        string // as it was given; a read has the bare key ID
	KinesisStreamName               string // of the Kinesis data stream that RDS makes, in the same account and Region
	Status                          Status // [StatusStarting], as a rule; never empty
	Mode                            Mode   // as it was given
	EngineNativeAuditFieldsIncluded bool   // as it was given; false where RDS does not tell
	ApplyImmediately                bool   // as it was given; false where RDS does not tell

	ResultMetadata middleware.Metadata // the SDK's
}

// StopOutput is the output of StopActivityStream, whose members have the same names.
type StopOutput struct {
	KmsKeyId          string // of the stream that is stopped
	KinesisStreamName string // of the Kinesis data stream that RDS deletes
	Status            Status // [StatusStopping], as a rule; never empty

	ResultMetadata middleware.Metadata // the SDK's
}

// ModifyOutput is the output of ModifyActivityStream, whose members have the same names.
type ModifyOutput struct {
	KmsKeyId                        string       // the stream's
	KinesisStreamName               string       // of the stream's Kinesis data stream
	Status                          Status       // the stream's, which the operation leaves as it is: [StatusStarted]; never empty
	Mode                            Mode         // the stream's
	EngineNativeAuditFieldsIncluded bool         // the stream's
	PolicyStatus                    PolicyStatus // [PolicyLocking] or [PolicyUnlocking], as a rule

	ResultMetadata middleware.Metadata // the SDK's
}

// Start calls StartActivityStream. It returns when RDS has accepted the command; [Client.Wait] waits until
// activity is recorded, and [Client.EnsureStarted] does both.
//
// Input that is not valid is a [*statemachine.InputError] before anything is sent, an error of the service a
// [*statemachine.Fault]: of kind NotFound if there is no such database; AlreadyInState if the stream is started
// and InvalidState if it is starting or stopping (RDS's answers to both are unconfirmed), or the database is not available;
// KeyNotAccessible; Unsupported or InvalidInput if this database can have no stream, or not in this mode; Unavailable
// if the answer was lost, so that the stream may be starting. The package's documentation has the others.
func (c *Client) Start(ctx context.Context, in *StartInput, optFns ...func(*Options)) (*StartOutput, error) {
	call := c.calls.New(optFns)
	if err := in.validate(call.Region); err != nil {
		return nil, err
	}
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
	out, err := sdkcall.Do(ctx, c.sdk, StartActivityStream, in.ResourceArn, c.api.StartActivityStream, req)
	if err == nil && out.Status == "" { // what the SDK makes of an empty answer
		err = sdkcall.UnexpectedResponse(StartActivityStream, in.ResourceArn, out.ResultMetadata, "response has no status; the command may have been executed")
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
// [*statemachine.Fault]: of kind NotFound if there is no such database; AlreadyInState if the stream is stopped;
// InvalidState if it is starting or stopping (unconfirmed), or the database is not available; Unavailable if the answer
// was lost, so that the stream may be stopping. The package's documentation has the others.
func (c *Client) Stop(ctx context.Context, in *StopInput, optFns ...func(*Options)) (*StopOutput, error) {
	call := c.calls.New(optFns)
	if err := in.validate(call.Region); err != nil {
		return nil, err
	}
	return call.stop(ctx, in)
}

func (c *call) stop(ctx context.Context, in *StopInput) (*StopOutput, error) {
	out, err := sdkcall.Do(ctx, c.sdk, StopActivityStream, in.ResourceArn, c.api.StopActivityStream, &rds.StopActivityStreamInput{
		ResourceArn: new(strings.ToLower(in.ResourceArn)), ApplyImmediately: &in.ApplyImmediately,
	})
	if err == nil && out.Status == "" { // what the SDK makes of an empty answer
		err = sdkcall.UnexpectedResponse(StopActivityStream, in.ResourceArn, out.ResultMetadata, "response has no status; the command may have been executed")
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
// Input that is not valid, the ARN of a cluster too, is a [*statemachine.InputError] before anything is sent, an error
// of the service a [*statemachine.Fault]: of kind NotFound if there is no such instance; InvalidState if it is not
// available, and, unconfirmed, if its stream is not started or its policy is as asked for; Unavailable if the answer was
// lost, so that the policy may be changing. The package's documentation has the others.
func (c *Client) Modify(ctx context.Context, in *ModifyInput, optFns ...func(*Options)) (*ModifyOutput, error) {
	call := c.calls.New(optFns)
	if err := in.validate(call.Region); err != nil {
		return nil, err
	}
	return call.modify(ctx, in)
}

func (c *call) modify(ctx context.Context, in *ModifyInput) (*ModifyOutput, error) {
	out, err := sdkcall.Do(ctx, c.sdk, ModifyActivityStream, in.ResourceArn, c.api.ModifyActivityStream, &rds.ModifyActivityStreamInput{
		ResourceArn: new(strings.ToLower(in.ResourceArn)), AuditPolicyState: in.AuditPolicyState,
	})
	if err == nil && out.Status == "" { // what the SDK makes of an empty answer
		err = sdkcall.UnexpectedResponse(ModifyActivityStream, in.ResourceArn, out.ResultMetadata, "response has no status; the command may have been executed")
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
