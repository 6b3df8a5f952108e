package activitystream

import (
	"context"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/rds"
	"github.com/aws/smithy-go/middleware"

	"github.com/streamwarden/streamwarden-go/internal/sdkcall"
	"github.com/streamwarden/streamwarden-go/statemachine"
)

// StartOutput is the output of StartActivityStream. Its members have the same names.
type StartOutput struct {
	KmsKeyId                        string // as passed in; a read returns the bare key ID
	KinesisStreamName               string // the Kinesis data stream that RDS creates, in the same account and Region
	Status                          Status // usually [StatusStarting]; never empty
	Mode                            Mode   // as passed in
	EngineNativeAuditFieldsIncluded bool   // as passed in; false if RDS omits it
	ApplyImmediately                bool   // as passed in; false if RDS omits it

	ResultMetadata middleware.Metadata // the SDK's
}

// StopOutput is the output of StopActivityStream. Its members have the same names.
type StopOutput struct {
	KmsKeyId          string // the key of the stopped stream
	KinesisStreamName string // the Kinesis data stream that RDS deletes
	Status            Status // usually [StatusStopping]; never empty

	ResultMetadata middleware.Metadata // the SDK's
}

// ModifyOutput is the output of ModifyActivityStream. Its members have the same names.
type ModifyOutput struct {
	KmsKeyId                        string       // the stream's key
	KinesisStreamName               string       // the stream's Kinesis data stream
	Status                          Status       // the stream's status, which does not change: [StatusStarted]; never empty
	Mode                            Mode         // the stream's mode
	EngineNativeAuditFieldsIncluded bool         // the stream's setting
	PolicyStatus                    PolicyStatus // usually [PolicyLocking] or [PolicyUnlocking]

	ResultMetadata middleware.Metadata // the SDK's
}

// Start calls StartActivityStream and returns once RDS accepts the command. [Client.Wait] waits
// until activity is recorded. [Client.EnsureStarted] does both.
//
// Invalid input is rejected with a [*statemachine.InputError] before a request is sent. An error of
// the service is a [*statemachine.Fault], of these kinds among others:
//
//   - NotFound: the database does not exist.
//   - AlreadyInState: the stream is started.
//   - InvalidState: the stream is starting or stopping, or the database is not available. RDS's
//     responses for a started, starting or stopping stream are unconfirmed.
//   - KeyNotAccessible: see [statemachine.KeyNotAccessible].
//   - Unsupported or InvalidInput: this database does not support a stream, or not in this mode.
//   - Unavailable: the response was lost, so the stream may be starting.
func (c *Client) Start(ctx context.Context, in *StartInput, optFns ...func(*Options)) (*StartOutput, error) {
	call := c.ready().New(optFns)
	res, err := in.parse(call.Region)
	if err != nil {
		return nil, err
	}
	return call.start(ctx, in, res)
}

// start sends StartActivityStream.
func (c *call) start(ctx context.Context, in *StartInput, res *resource) (*StartOutput, error) {
	req := &rds.StartActivityStreamInput{
		ResourceArn:      &res.arn,
		Mode:             in.Mode,
		KmsKeyId:         &in.KmsKeyId,
		ApplyImmediately: &in.ApplyImmediately,
	}
	if in.EngineNativeAuditFieldsIncluded { // clusters reject the parameter, even if it is false
		req.EngineNativeAuditFieldsIncluded = &in.EngineNativeAuditFieldsIncluded
	}
	out, err := sdkcall.Do(ctx, c.sdk, StartActivityStream, res.given, c.api.StartActivityStream, req)
	if err == nil {
		err = checkStatus(StartActivityStream, res, out.Status, out.ResultMetadata)
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

// Stop calls StopActivityStream and returns once RDS accepts the command. RDS deletes the Kinesis
// data stream.
//
// Invalid input is rejected with a [*statemachine.InputError] before a request is sent. An error of
// the service is a [*statemachine.Fault], of these kinds among others:
//
//   - NotFound: the database does not exist.
//   - AlreadyInState: the stream is stopped.
//   - InvalidState: the stream is starting or stopping (unconfirmed), or the database is not
//     available.
//   - Unavailable: the response was lost, so the stream may be stopping.
func (c *Client) Stop(ctx context.Context, in *StopInput, optFns ...func(*Options)) (*StopOutput, error) {
	call := c.ready().New(optFns)
	res, err := in.parse(call.Region)
	if err != nil {
		return nil, err
	}
	return call.stop(ctx, res, in.ApplyImmediately)
}

// stop sends StopActivityStream.
func (c *call) stop(ctx context.Context, res *resource, immediately bool) (*StopOutput, error) {
	out, err := sdkcall.Do(ctx, c.sdk, StopActivityStream, res.given, c.api.StopActivityStream, &rds.StopActivityStreamInput{
		ResourceArn: &res.arn, ApplyImmediately: &immediately,
	})
	if err == nil {
		err = checkStatus(StopActivityStream, res, out.Status, out.ResultMetadata)
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

// Modify calls ModifyActivityStream, which locks or unlocks the audit policy of an instance. It
// returns once RDS accepts the command. The database does not restart.
//
// Invalid input, including the ARN of a cluster, is rejected with a [*statemachine.InputError]
// before a request is sent. An error of the service is a [*statemachine.Fault], of these kinds
// among others:
//
//   - NotFound: the instance does not exist.
//   - InvalidState: the instance is not available. Unconfirmed: its stream is not started, or its
//     policy is in that state already.
//   - Unavailable: the response was lost, so the policy may be changing.
func (c *Client) Modify(ctx context.Context, in *ModifyInput, optFns ...func(*Options)) (*ModifyOutput, error) {
	call := c.ready().New(optFns)
	res, err := in.parse(call.Region)
	if err != nil {
		return nil, err
	}
	return call.modify(ctx, in, res)
}

// modify sends ModifyActivityStream.
func (c *call) modify(ctx context.Context, in *ModifyInput, res *resource) (*ModifyOutput, error) {
	out, err := sdkcall.Do(ctx, c.sdk, ModifyActivityStream, res.given, c.api.ModifyActivityStream, &rds.ModifyActivityStreamInput{
		ResourceArn: &res.arn, AuditPolicyState: in.AuditPolicyState,
	})
	if err == nil {
		err = checkStatus(ModifyActivityStream, res, out.Status, out.ResultMetadata)
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

// checkStatus rejects a response without a status, which is what the SDK makes of an empty body.
func checkStatus(op statemachine.Operation, res *resource, status Status, meta middleware.Metadata) error {
	if status != "" {
		return nil
	}
	return sdkcall.UnexpectedResponse(op, res.given, meta, "response has no status; the command may have been executed")
}
