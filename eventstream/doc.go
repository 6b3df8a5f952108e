// Package eventstream creates, deletes, reads and waits for Amazon Connect Customer Profiles event streams: the
// export of a domain's profile events to a Kinesis data stream.
//
//	client := eventstream.NewFromConfig(cfg)
//	ref := eventstream.Ref{DomainName: "example-domain", EventStreamName: "example-stream"}
//	out, err := client.EnsureCreated(ctx, &eventstream.CreateInput{
//		Ref: ref, Uri: "arn:aws:kinesis:us-east-1:123456789012:stream/profile-events",
//	}, 10*time.Minute)
//	…
//	stream, err := client.WaitHealthy(ctx, ref, 10*time.Minute)
//
// The SDK has the operations, and no waiter. Its CreateEventStream returns long before events get anywhere,
// does not say why they do not, and cannot be called twice; its GetEventStream answers the same for a stream
// that is not there and to a caller who may not see it. This package is for programs that have to know. It
// reads no events: Kinesis clients do. A single call whose outcome nobody waits for needs no more than the SDK.
//
// # Lifecycle
//
// A stream is absent, RUNNING or STOPPED, as [Machine] has it. CreateEventStream makes one that runs, at once.
// Nothing but DeleteEventStream can be done to it then: there is no update, and no start for a stream that the
// service has stopped. A domain can have one stream, and the quota cannot be raised.
//
// Whether events arrive is another matter: the destination is HEALTHY or UNHEALTHY, as [DestinationMachine] has
// it, with a message that says why. Some causes heal, as when a key's policy is mended; after others the stream
// has to be deleted and created: [Destination.NeedsNewStream] tells which. [Client.WaitHealthy] waits for the
// ones and fails at once on the others.
//
// # Waiting
//
// [Client.Wait], [Client.WaitHealthy] and [Client.Watch] read until there is something to tell; the rules are
// those of [statemachine.Waiter.Wait], the settings [Options].Wait. [Client.EnsureCreated] and
// [Client.EnsureDeleted] command, too, as little as needed, and can be called again at any time. All of them
// send a command in one attempt and keep under the quotas.
//
// A stream is taken for absent only where ListEventStreams of its domain succeeds and lacks the name. The
// caller needs profile:GetEventStream and profile:ListEventStreams for that; for the commands
// profile:CreateEventStream, profile:TagResource, iam:PutRolePolicy and kinesis:DescribeStreamSummary, and
// profile:DeleteEventStream and iam:DeleteRolePolicy.
//
// # Errors
//
// What to do about an error is its kind, [statemachine.KindOf], and why a wait ended its reason; errors.Is knows both:
//
//   - [statemachine.InvalidInput]: mend the input. Before anything is sent it is a [*statemachine.InputError]
//     with every wrong field.
//   - [statemachine.AlreadyInState]: the domain has a stream already. EnsureCreated reports whether it is the one
//     that is wanted.
//   - [statemachine.Drifted]: the stream leads to another Uri. Options.AllowRestart replaces it.
//   - [statemachine.NotFound]: there is no such stream. If the message names ListEventStreams, there may be no
//     such domain, or no access.
//   - [statemachine.MissingDependency]: the destination is not active, or gone. Create it, then delete and
//     create the stream.
//   - [statemachine.Unreachable]: the wait cannot succeed without a command, which the error names: as for a
//     stream that is stopped.
//   - [statemachine.Throttled], [statemachine.Unavailable]: try again later. Waits and ensures do so by themselves.
//
// The SDK's own errors stay in the chain, for errors.As.
//
// # Observability
//
// [statemachine.WaitOptions].Logger, in [Options].Wait, gets a line for each change of state, each command and
// each failure that is tolerated. Each wait and each ensure is a span of the TracerProvider that the SDK's client
// has, with the SDK's calls below it; Watch has none. examples/observability shows both, with OpenTelemetry.
//
// # Testing
//
// The package eventstreamtest is Customer Profiles in this process: the real SDK client runs in front of it, in
// virtual time, and it does on demand what AWS does once in a while.
package eventstream
