// Package streamwarden is the map of a library that puts AWS audit and event streams into the state you ask
// for, and keeps them there. It exports nothing itself.
//
// The SDK can command these resources but not wait for them; each has a package with a typed client that can:
//
//   - [github.com/streamwarden/streamwarden-go/activitystream]: RDS database activity streams, of Aurora
//     clusters and of RDS for Oracle and SQL Server instances, and their audit policy
//   - [github.com/streamwarden/streamwarden-go/ingestion]: the live event ingestion of CloudTrail Lake event
//     data stores
//   - [github.com/streamwarden/streamwarden-go/eventstream]: Customer Profiles event streams
//
// Each client calls the service's operations with inputs that are checked first, maps errors to kinds that one
// can act on, waits for a state and fails at once when it cannot be reached, watches, and ensures: reads,
// commands what is missing, and waits.
//
// What they have in common is [github.com/streamwarden/streamwarden-go/statemachine]: a resource's lifecycle is
// declared once, as a table of transitions, and everything else is derived from it. A resource of your own
// takes a table, a read function and its error codes;
// [github.com/streamwarden/streamwarden-go/statemachine/sdkfault] turns these into errors.
//
// To test your own code, [github.com/streamwarden/streamwarden-go/activitystream/activitystreamtest],
// [github.com/streamwarden/streamwarden-go/ingestion/ingestiontest] and
// [github.com/streamwarden/streamwarden-go/eventstream/eventstreamtest] are these services in your process,
// with the states in between, stale reads and faults, behind the real SDK client and without a socket.
package streamwarden
