// Package eventstreamtest is Amazon Connect Customer Profiles in this process, as far as event streams go: for
// tests of programs that create, delete and wait for event streams, without an account, a socket or a sleep.
//
//	server := eventstreamtest.NewServer()
//	server.AddDomain("example-domain")
//	client := eventstream.NewFromConfig(server.Config())
//
// The SDK's own client runs in front of it, with its signing, retries and parsing, because the [Server] stands
// where the HTTP client would. It serves CreateEventStream, GetEventStream, ListEventStreams and
// DeleteEventStream, refuses what Customer Profiles refuses with the codes that it uses, and moves streams and
// destinations by the same tables, [eventstream.Machine] and [eventstream.DestinationMachine], that the clients
// wait by. Signatures and permissions are not checked.
//
// # Time
//
// Streams are created and deleted at once, as with AWS. Their destinations get healthy by time.Now, where
// [Options] gives them a time to it. Inside a testing/synctest bubble that is virtual: it costs nothing, and
// happens at an exact instant. Where no bubble can be, as in a godoc Example, [Options].Reads makes
// destinations move by the reads that see them.
//
// A request is carried out at the instant at which it arrives; [Options].Latency passes between that and the answer.
//
// # What goes wrong
//
// [Server.Fail] injects errors, lost answers, broken connections, hostile answers and answers that never come;
// [Options].Intercept does so call by call. [Server.Throttle] gives the account its quotas; [Server.Stale] and
// [Server.StaleReads] make reads lag behind, of a stream that was just created, too; [Server.Lapse] stops a
// stream; [Server.Set], [Server.SetDestination], [Server.SetKinesis] and [Server.Remove] are what others do
// meanwhile. [Server.Calls] and [Server.History] tell afterwards what was asked and what was true.
//
// A caller who has no access is answered ResourceNotFoundException: inject that to be one.
//
// # What is unconfirmed
//
// Some of what AWS answers is documented nowhere. The simulator then does the plausible, and says so where it
// matters; where a test could depend on it, it is a member of [Options]. Unconfirmed without such a member: the
// order in which a request's parameters, the domain and the stream are checked; the texts of refusals, but for
// that of a domain that has its stream; that a new stream's destination is healthy at once; that an empty map
// of tags, a destination in another Region or account and a page size out of bounds are a BadRequestException;
// that a destination loses UnhealthySince and Message when it gets healthy.
package eventstreamtest
