// Package streamwarden is an overview of the library, and exports nothing itself. The library
// brings AWS audit and event streams to the state you ask for, waits until they get there, and
// explains why when they cannot.
//
// The SDK can command these resources but not wait for them. These packages can:
//
//   - [github.com/streamwarden/streamwarden-go/activitystream]: RDS database activity streams of
//     Aurora clusters and of RDS for Oracle and SQL Server instances, and their audit policy
//   - [github.com/streamwarden/streamwarden-go/activitystream/activityreader] and
//     [github.com/streamwarden/streamwarden-go/activitystream/activityrecord]: what an activity
//     stream records, decrypted and decoded, and proof that it records
//   - [github.com/streamwarden/streamwarden-go/ingestion]: live event ingestion of CloudTrail Lake
//     event data stores
//   - [github.com/streamwarden/streamwarden-go/eventstream]: Customer Profiles event streams
//
// Most programs need one method: an Ensure method such as activitystream's EnsureStarted. It reads
// the resource, sends only the commands that are missing, and waits until the resource is in the
// target state. It is safe to repeat. Each client also has the service's operations with validated
// inputs, and methods that read, wait and watch. Errors have a kind that says what to do.
//
// # Names
//
// The clients follow the same rules:
//
//   - Get, Wait and Watch take what identifies the resource: an ARN, the EventDataStore or a Ref. A
//     method that runs an operation takes the operation's input, and so does its Ensure method. An
//     input that would only contain a Ref is that Ref.
//   - A method whose name ends in Each takes a slice of what the single method takes. It yields one
//     result for each element. Failures of package statemachine returns all errors as one.
//   - An option has the same name and meaning in all clients that have it. There is one pacer for
//     each quota: ReadPacer and CommandPacer where the service counts reads and commands
//     separately, and Pacer for RDS, which counts them together.
//
// The clients are built on [github.com/streamwarden/streamwarden-go/statemachine]. There, a
// resource's lifecycle is declared once, as a table of transitions, and everything else is derived
// from the table. For a resource of your own you write a table, a function that reads it, one that
// runs an operation, and a list of error codes for
// [github.com/streamwarden/streamwarden-go/statemachine/sdkfault].
//
// To test your own code, use the simulators of these services. They run in your process behind the
// real SDK client, without a socket, and can show intermediate states, stale reads and faults:
// [github.com/streamwarden/streamwarden-go/activitystream/activitystreamtest],
// [github.com/streamwarden/streamwarden-go/ingestion/ingestiontest] and
// [github.com/streamwarden/streamwarden-go/eventstream/eventstreamtest].
package streamwarden
