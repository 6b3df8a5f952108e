// Package eventstreamtest is an in-process Amazon Connect Customer Profiles for tests of programs
// that use event streams. Such tests need no account, no socket and no sleep.
//
//	server := eventstreamtest.NewServer()
//	server.AddDomain("example-domain")
//	client := eventstream.NewFromConfig(server.Config())
//
// The [Server] takes the place of the SDK's HTTP client, so the SDK's real client runs in front of
// it, with its signing, retries and parsing. It supports CreateEventStream, GetEventStream,
// ListEventStreams, DeleteEventStream, TagResource and UntagResource. It rejects what Customer
// Profiles rejects, with the codes of Customer Profiles. The tables that the clients wait by also
// move the streams and their destinations: [eventstream.Machine] and
// [eventstream.DestinationMachine]. Signatures and permissions are not checked.
//
// # Time
//
// As with AWS, streams are created and deleted at once. Their destinations become healthy by
// time.Now, if [Options] sets a time for it. Inside a testing/synctest bubble that is virtual
// time, which costs nothing and has exact instants. Where a bubble is not possible, as in a godoc
// Example, set ReadsPerTransition in [Options].
//
// A request is executed when it arrives. Latency, in [Options], passes before the response.
//
// # Faults
//
// Server.Fail injects errors, lost responses, broken connections, malformed responses and
// missing responses. Intercept, in [Options], does so call by call. Server.SkewClock makes the
// clocks of caller and service differ. [Server.Throttle] gives the account its quotas.
// [Server.Stale] and [Server.FreezeReads] make reads stale, even of a stream that was just
// created. [Server.Lapse] stops a stream. [Server.Set], [Server.SetDestination],
// [Server.SetKinesisStream] and [Server.Remove] are the changes of other actors. Server.Calls
// and [Server.History] show afterwards which requests arrived and which states the streams had.
//
// A caller without access gets ResourceNotFoundException. Inject that to test for it.
//
// # What is unconfirmed
//
// AWS does not document all responses. Where it does not, the simulator does what is plausible, and
// the comments say so. Where a test could depend on it, [Options] has a setting. Unconfirmed
// and without a setting are:
//
//   - the order in which the parameters of a request, the domain and the stream are checked
//   - the texts of errors, except that of a domain that has its stream already
//   - that the destination of a new stream is healthy at once
//   - that an empty map of tags, a destination in another Region or account, and a page size out of
//     bounds are a BadRequestException
//   - that a destination loses UnhealthySince and Message when it becomes healthy
package eventstreamtest
