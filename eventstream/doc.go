// Package eventstream creates, deletes, reads and waits for Amazon Connect Customer Profiles event
// streams: the export of a domain's profile events to a Kinesis data stream.
//
//	client := eventstream.NewFromConfig(cfg)
//	ref := eventstream.Ref{DomainName: "example-domain", EventStreamName: "example-stream"}
//	out, err := client.EnsureCreated(ctx, &eventstream.CreateInput{
//		Ref: ref, Uri: "arn:aws:kinesis:us-east-1:123456789012:stream/profile-events",
//	}, 10*time.Minute)
//	…
//	stream, err := client.WaitHealthy(ctx, ref, 10*time.Minute)
//
// The SDK has the operations, and no waiter. Its CreateEventStream returns long before events get
// anywhere, does not say why they do not, and cannot be called twice; its GetEventStream answers
// the same for a stream that is not there and to a caller who may not see it. This package is for
// programs that have to know.
//
// # When not to use it
//
// It reads no events: Kinesis clients do. It makes no domains and no Kinesis data streams. A
// single call whose outcome nobody waits for needs no more than the SDK, and a stream that never
// changes is well off with CloudFormation, which has a type for it.
//
// # Lifecycle
//
// A stream is absent, RUNNING or STOPPED, as [Machine] has it. CreateEventStream makes one that
// runs, at once. Nothing but DeleteEventStream can be done to it then: there is no update, and no
// start for a stream that the service has stopped. A domain can have one stream, and the quota
// cannot be raised.
//
// Whether events arrive is another matter: the destination is HEALTHY or UNHEALTHY, as
// [DestinationMachine] has it, with a message that says why. Some causes heal, as when a key's
// policy is mended; after others the stream has to be deleted and created:
// [Destination.MustRecreate] tells which. [Client.WaitHealthy] waits for the ones and fails at
// once on the others.
//
// # Waiting
//
// [Client.Wait], [Client.WaitHealthy] and [Client.Watch] read until there is something to tell;
// the rules are those of [statemachine.Waiter.Wait], the settings [Options].Wait: at first every 2
// s, and never more seldom than every minute, or two after a failure. [Client.EnsureCreated] and
// [Client.EnsureDeleted] command, too, as little as needed, and can be called again at any time.
// All of them send a command in one attempt and keep under the quotas.
//
// A stream is taken for absent only where ListEventStreams of its domain succeeds and lacks the
// name. The caller needs profile:GetEventStream and profile:ListEventStreams for that; for the
// commands profile:CreateEventStream, profile:TagResource, iam:PutRolePolicy and
// kinesis:DescribeStreamSummary, and profile:DeleteEventStream and iam:DeleteRolePolicy.
//
// # Many at once
//
// A domain has one stream, so that there is no method for many. For the streams of several domains
// run one call for each in a goroutine of its own, with one [Client]: they share its pacers, and
// with them the quotas. Two clients for one account and Region need the same pacers.
//
// # Concurrency
//
// A [Client] is safe for concurrent use; Options are copied for each call. A [Stream] belongs to
// whoever got it, but for one that a Watch has yielded: it must not be changed. The functions and
// the Logger in [Options].Wait are called from the goroutine that reads: yours.
//
// # Errors
//
// What to do about an error is its kind, [statemachine.KindOf], and why a wait ended its reason;
// errors.Is knows both:
//
//   - [statemachine.InvalidInput]: mend the input. Before anything is sent it is a
//     [*statemachine.InputError] with every wrong field.
//   - [statemachine.AlreadyInState]: the domain has a stream already. EnsureCreated reports
//     whether it is the one that is wanted.
//   - [statemachine.Drifted]: the stream leads to another Uri. Options.AllowRestart replaces it.
//   - [statemachine.NotFound]: there is no such stream. Check the names. If the message names
//     ListEventStreams, there may be no such domain, or no access.
//   - [statemachine.MissingDependency]: the destination is not active, or gone. Create it, then
//     delete and create the stream.
//   - [statemachine.AccessDenied]: by the caller's policies; the actions are above. Customer
//     Profiles may say NotFound for it as well.
//   - [statemachine.Unauthenticated]: the credentials are missing, expired or wrong. Renew them.
//   - [statemachine.Throttled]: nothing was done. Try again later; waits and ensures do so by
//     themselves.
//   - [statemachine.Unavailable]: the service failed, its answer was lost, or Get and List
//     contradict each other. Waits and ensures go on. After a bare command, read before you send
//     it again: it may have been carried out.
//   - [statemachine.Interrupted]: your context ended. A command may have been carried out; call
//     the Ensure again.
//   - [statemachine.Unknown]: a code that the service did not have when this was written. Look at
//     Fault.Code.
//
// And the reasons:
//
//   - [statemachine.TimedOut]: call again; it carries on. Of an EnsureCreated see the error in it:
//     the domain may have another stream, or the destination not be active.
//   - [statemachine.Canceled]: your context ended. Call again; WaitError.Accepted tells what was
//     commanded.
//   - [statemachine.Unreachable]: the wait cannot succeed without a command, which the error
//     names: as for a stream that is stopped.
//   - [statemachine.Lapsed]: the stream was there, or was created, and somebody deleted it, or the
//     service stopped it; or a deleted one is back. Find out who, before you call again.
//   - [statemachine.Gone]: from WaitHealthy: the stream is not there. Create it. To the others its
//     absence is [StateAbsent].
//   - [statemachine.ReadFailed]: a read failed in a way that does not heal; its kind says what to
//     do.
//
// The SDK's own errors stay in the chain, for errors.As.
//
// # Observability
//
// [statemachine.WaitOptions].Logger, in [Options].Wait, gets a line for each change of state, each
// command and each failure that is tolerated. Each wait and each ensure is a span of the
// TracerProvider that the SDK's client has, with the SDK's calls below it; Watch has none.
// examples/observability shows both, with OpenTelemetry.
//
// # Testing
//
// The package eventstreamtest is Customer Profiles in this process: the real SDK client runs in
// front of it, in virtual time, and it does on demand what AWS does once in a while.
package eventstream
