// Package eventstream manages Amazon Connect Customer Profiles event streams, which export the
// profile events of a domain to a Kinesis data stream. Most programs need one call:
// [Client.EnsureCreated], which creates a stream if necessary, waits until it runs, and is safe to
// repeat.
//
//	client := eventstream.NewFromConfig(cfg)
//	out, err := client.EnsureCreated(ctx, &eventstream.CreateInput{
//		Ref: eventstream.Ref{DomainName: "example-domain", EventStreamName: "example-stream"},
//		Uri: "arn:aws:kinesis:us-east-1:123456789012:stream/profile-events",
//	}, 10*time.Minute)
//
// [Client.WaitHealthy] then waits until the destination accepts events.
//
// # When not to use it
//
// The package reads no events: use a Kinesis client. It creates no domains and no Kinesis data
// streams. For a stream that never changes, CloudFormation is enough.
//
// # Lifecycle
//
// [Machine] is the lifecycle of a stream: absent, RUNNING or STOPPED. A stream cannot be updated
// or restarted, only recreated. A domain has at most one stream.
//
// [DestinationMachine] is the lifecycle of its destination: HEALTHY or UNHEALTHY. WaitHealthy keeps
// waiting if the cause can pass, such as throttling. If [Destination.MustRecreate] is true, it
// fails after the grace period of 1 minute.
//
// # Waiting
//
// The rules are those of [statemachine.Waiter.Wait]. The package reads a stream every 2 s at
// first, then at growing intervals of at most 1 minute (2 minutes after a failed read). SDK
// retries are off, so each command is sent once. [Options].Wait has the settings.
//
// GetEventStream returns the same error for a missing stream and for denied access. The package
// therefore confirms an absence with ListEventStreams.
//
// # Many at once
//
// The Each methods handle many domains under the service's quotas, which all calls of a [Client]
// share.
//
// # Concurrency
//
// A [Client] is safe for concurrent use. The caller owns a returned [Stream], except that one
// yielded by Watch must not be modified, and duplicate inputs of an Each method share one. The
// OnProgress of [Options].Wait runs in the goroutine of the call.
//
// # Errors
//
// [statemachine.Kind] and [statemachine.Reason] say what each means. Specific to this package:
//
//   - [statemachine.AlreadyInState]: the domain has a stream, this one or another.
//   - [statemachine.Drifted]: the stream has another Uri, which Options.AllowRestart changes, or
//     other tags, which [Client.SetTags] changes.
//   - [statemachine.NotFound]: the stream does not exist. If the message names ListEventStreams,
//     the domain may not exist, or the caller may lack access.
//   - [statemachine.MissingDependency]: the destination does not exist or is not active. Create
//     it, then recreate the event stream.
//   - [statemachine.AccessDenied]: the caller lacks a permission; docs/permissions.md lists them.
//   - [statemachine.Gone]: WaitHealthy found no stream. Other methods return [StateAbsent].
//
// # Testing
//
// Package eventstreamtest simulates Customer Profiles in the process of a test, in virtual time.
package eventstream
