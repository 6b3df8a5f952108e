// Package activitystream manages RDS database activity streams. Most programs need one call:
// [Client.EnsureStarted], which starts a stream if necessary, waits until RDS reports it as
// started, and is safe to repeat.
//
//	client := activitystream.NewFromConfig(cfg)
//	out, err := client.EnsureStarted(ctx, &activitystream.StartInput{
//		ResourceArn:      "arn:aws:rds:us-east-1:123456789012:cluster:orders",
//		Mode:             activitystream.ModeAsync,
//		KmsKeyId:         "alias/audit",
//		ApplyImmediately: true,
//	}, 30*time.Minute)
//
// The ARN is that of an Aurora cluster, or of an RDS for Oracle or SQL Server instance.
//
// # What to know first
//
//   - A start or stop with ApplyImmediately restarts the database. Without it, reads show no change
//     until the next maintenance window.
//   - Oracle and SQL Server record only what the audit policies match that you create in the
//     database. You can edit these while the stream is stopped, or while RDS reports the stream's
//     audit policy as unlocked ([Client.EnsurePolicy]).
//   - RDS also reports stopped for a database that does not support a stream. Use
//     [Client.Supported].
//
// # When not to use it
//
// The package creates no databases. It does not prove that a started stream records: package
// activityreader does. If you do not wait for a start or stop, the SDK is enough.
//
// # Lifecycle
//
// [Machine] is the lifecycle of the stream, and [PolicyMachine] that of an instance's audit policy
// while the stream is started.
//
// # Waiting
//
// Waits and Ensure methods follow the rules of [statemachine.Waiter.Wait]. They read every 5 s at
// first, then at growing intervals of at most 2 minutes (4 after a failed read).
//
// # Many at once
//
// The Each methods handle thousands of ARNs under one quota and read up to 100 with one request.
//
// # Concurrency
//
// A [Client] is safe for concurrent use. The caller owns a returned [Stream]. Exceptions: a Stream
// from a Watch must not be modified, and duplicate ARNs of an Each method share one Stream.
//
// # Permissions
//
// docs/permissions.md lists the IAM actions.
//
// # Errors
//
// A failed request is a [*statemachine.Fault], and a wait that ended without its target a
// [*statemachine.WaitError]. docs/runbook.md says what to do about every [statemachine.Kind] and
// [statemachine.Reason]. Particular to this package:
//
//   - [statemachine.Unsupported]: the engine, version, class or mode does not support a stream.
//   - [statemachine.Drifted]: the stream is started with another mode, key or native-field setting.
//     Correct the input or set [Options].AllowRestart.
//   - [statemachine.Unreachable]: the stream cannot reach the target without a command, which
//     WaitError.Plan names.
//   - [statemachine.Lapsed]: the start was rolled back, or another actor undid it. Check
//     WaitError.Events and the key.
//
// # Testing
//
// Package activitystreamtest is an in-process RDS. Pass its Config to [NewFromConfig].
package activitystream
