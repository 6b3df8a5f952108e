// Package simulator is the engine of the in-process AWS that the …test packages give to their users. It knows no service.
//
// It has three layers, each usable without the next:
//
//   - [Resource] and [Store] keep what is true of the resources and when it was: each resource has a timeline, so that stale reads, histories
//     and changes that come due while nobody looks are look-ups, with no goroutine and no timer. [Lifecycle] moves resources by
//     a [statemachine.Machine]: what an operation leads to, what it is refused in and what the service does by itself all
//     come from the machine's table.
//   - [Protocol] puts requests and answers on the wire: [Query], [JSON] and [REST].
//   - [Server] takes requests, over HTTP or without a socket, and adds what goes wrong in between: failures, throttling, latency. It keeps a log.
//
// A service's package declares its [Operation] values, keeps its resources in a [Store], and answers in its protocol.
//
// # Time
//
// The clock is time.Now, so that everything runs in virtual time inside a testing/synctest bubble. A request
// is carried out at the instant at which it arrives; its latency passes before the answer, and ends early with the request's
// context. What was carried out then stays so, as with AWS.
//
// # Locking
//
// One lock guards a server and its resources. [Server.Update] takes it; the server holds it while it runs an operation. Store,
// Resource and Lifecycle take no lock: they are used inside these.
package simulator
