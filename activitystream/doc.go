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
// # When not to use it
//
// It does not read what a stream records: that is in the Kinesis data stream that [Stream] names, encrypted
// with your key. It does not create or change databases. A start or stop whose outcome nobody waits for needs no more
// than the SDK, and a single Aurora cluster whose stream never changes is well off with Terraform.
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
// stopping → stopped; a start can be rolled back, and a started stream can stop by itself. The audit policy of an
// instance goes locked → unlocking-policy → unlocked → locking-policy → locked, while the stream is started.
//
// # Waiting
//
// [Client.Wait], [Client.WaitPolicy], [Client.Watch] and the Ensure methods read by the rules of
// [statemachine.Waiter.Wait], at first every 5 s and never more seldom than every 2 minutes, or 4 after a failure: [Options].Wait has the
// settings. A stopped that is read within the Grace of a minute after a start may be an old read; after that it is
// the truth. A wait ends when its target is there, when that cannot be reached any more, after maxWait, or with its
// context. The SDK's own retries are off meanwhile: the next read is the retry, and a command is sent once.
//
// # Many at once
//
// [Client.WaitEach], [Client.WatchEach], [Client.GetEach], [Client.EnsureStartedEach] and [Client.EnsureStoppedEach] take
// thousands of ARNs: up to 100 are read in one call, all under the client's [Options].Pacer, and each has a result of its
// own. Do not start a goroutine for each resource instead. Clients of one account and Region share RDS's quota: give
// them one pacer.
//
// # Concurrency
//
// A [Client] is safe for concurrent use; Options are copied for each call. A [Stream] belongs to whoever got it, but for
// one that a Watch has yielded, which must not be changed, and for that of an ARN that was given to an …Each twice, which
// is one and the same. The functions and the Logger in [Options].Wait are called from the goroutines that read.
//
// # Permissions
//
//   - To read: rds:DescribeDBClusters for clusters, rds:DescribeDBInstances for instances. To start a cluster's stream
//     by an Ensure, both: its members are asked for their classes. List needs both.
//   - To command: rds:StartActivityStream, with kms:CreateGrant and kms:DescribeKey on the key; rds:StopActivityStream;
//     rds:ModifyActivityStream.
//   - For [Client.Supported], and for an Ensure to ask before a start: rds:DescribeOrderableDBInstanceOptions. Without it
//     an Ensure starts unasked.
//
// # Errors
//
// Each failed call is a [*statemachine.Fault], input that is not valid a [*statemachine.InputError], and settings that
// differ a [*statemachine.DriftError]. What to do about their kind ([statemachine.KindOf], errors.Is):
//
//   - [statemachine.NotFound]: no such database in this account and Region. Check the ARN.
//   - [statemachine.AlreadyInState]: the stream is started, or stopped, already. The Ensure methods take it for
//     success.
//   - [statemachine.InvalidState]: the stream is changing, or the database is not available. The Ensure methods wait,
//     unless the database is stopped, broken or being deleted: make it available.
//   - [statemachine.KeyNotAccessible]: the key is missing or disabled, or you lack kms:CreateGrant and
//     kms:DescribeKey on it.
//   - [statemachine.Unsupported]: this engine, version, class or mode can have no stream. Do not try again.
//   - [statemachine.Drifted]: the stream is started with another mode, key or native-field setting. Nothing was changed:
//     correct the input, or set [Options].AllowRestart.
//   - [statemachine.InvalidInput], [statemachine.AccessDenied], [statemachine.Unauthenticated]: mend the call,
//     the policy, the credentials.
//   - [statemachine.Throttled]: nothing was done. Waits and ensures go on by themselves; find out who else calls.
//   - [statemachine.Unavailable]: RDS failed, or its answer was lost. Waits and ensures go on by themselves. After a bare
//     command, read before you send it again: it may have been carried out.
//   - [statemachine.Interrupted]: your context ended. A command may have been carried out; call the Ensure again.
//   - [statemachine.Unknown]: a code that RDS did not have when this was written. Look at Fault.Code.
//
// A wait or an ensure that ends without its target while it waits is a [*statemachine.WaitError]. What to do about its
// reason, which errors.Is finds as well:
//
//   - [statemachine.TimedOut]: call again; it carries on. If the last status is the old one and ApplyImmediately was not
//     set, the maintenance window has not come.
//   - [statemachine.Canceled]: your context ended. Call again; WaitError.Accepted tells what was commanded.
//   - [statemachine.Unreachable]: nobody has started, or stopped, it, or the plan needs what an Ensure does not run by
//     itself. WaitError.Plan names the operations.
//   - [statemachine.Lapsed]: the start was rolled back, or somebody undid it. Look at the database's events, the key, and
//     who called, before you call again.
//   - [statemachine.Gone]: the database was not found. Check the ARN, or take it off the list.
//   - [statemachine.ReadFailed]: a read failed in a way that does not heal; its kind says what to do.
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
// The package activitystreamtest is RDS in your process: point [NewFromConfig] at its Config. In a bubble of
// testing/synctest an hour's wait takes no time.
package activitystream
