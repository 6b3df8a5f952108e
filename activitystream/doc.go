// Package activitystream starts, stops, locks, reads, watches and ensures RDS database activity streams: of
// Aurora clusters, and of RDS for Oracle and SQL Server instances. Which of the two it is the ARN says.
//
//	client := activitystream.NewFromConfig(cfg)
//	out, err := client.EnsureStarted(ctx, &activitystream.StartInput{
//		ResourceArn:      "arn:aws:rds:us-east-1:123456789012:cluster:orders",
//		Mode:             activitystream.ModeAsync,
//		KmsKeyId:         "alias/audit",
//		ApplyImmediately: true,
//	}, 30*time.Minute)
//
// Start, Stop, Modify and Get are the operations of the Amazon RDS API with their inputs checked and their
// errors mapped. Wait, WaitPolicy and Watch read until something has happened. The Ensure methods read, command
// what is missing and wait; the …Each methods do it for many at once, in few reads and under RDS's quota.
//
// It does not read what a stream records: that is in the Kinesis data stream that [Stream] names, encrypted
// with your key.
//
// # What to know before
//
//   - A start or stop with ApplyImmediately restarts the database. Without it nothing happens, and nothing can
//     be seen, until the next maintenance window.
//   - Oracle and SQL Server record only what your own audit policies match. They can be edited while the stream
//     is stopped, or its audit policy is unlocked ([Client.Modify], [Client.EnsurePolicy]).
//   - A database that can have no stream is reported as stopped, too. [Client.Supported] tells.
//
// # Lifecycle
//
// [Machine] is the stream's, [PolicyMachine] the audit policy's. A stream goes stopped → starting → started →
// stopping → stopped; a start can be rolled back. The audit policy of an instance goes locked →
// unlocking-policy → unlocked → locking-policy → locked, while the stream is started.
//
// # Errors
//
// Each failed call is a [*statemachine.Fault]. What to do about its kind:
//
//   - [statemachine.NotFound]: no such database in this account and Region.
//   - [statemachine.AlreadyInState]: the stream is started, or stopped, already. The Ensure methods take it for
//     success.
//   - [statemachine.InvalidState]: the stream is changing, or the database is not available. The Ensure methods wait.
//   - [statemachine.KeyNotAccessible]: the key is missing or disabled, or you lack kms:CreateGrant and
//     kms:DescribeKey on it.
//   - [statemachine.Unsupported]: this engine, version, class or mode can have no stream.
//   - [statemachine.InvalidInput], [statemachine.AccessDenied], [statemachine.Unauthenticated]: mend the call,
//     the policy, the credentials.
//   - [statemachine.Throttled], [statemachine.Unavailable]: waits and ensures go on by themselves.
//
// Waits end as a [*statemachine.WaitError]; see [Client.Wait].
//
// # Observability
//
// [statemachine.WaitOptions].Logger, in [Options].Wait, gets a line for each change of state, each command and
// each failure that is tolerated. Each wait and each ensure is a span of the TracerProvider that the SDK's client
// has, an …Each one for all, with the SDK's calls below it; Watch has none. examples/observability shows both,
// with OpenTelemetry.
//
// # Testing
//
// The package activitystreamtest is RDS in your process: point [NewFromConfig] at its Config.
package activitystream
