// Package simulator is the engine of the in-process AWS servers in the …test packages. It knows no
// service.
//
// It has three layers. Each can be used without the next:
//
//   - [Resource] and [Store] keep the state of each resource over time. Stale reads, histories and
//     planned changes are look-ups in that timeline, so no goroutine and no timer is needed.
//     [Lifecycle] moves resources by a [statemachine.Machine]. The machine's table determines what
//     an operation leads to, which states reject it and what the service does on its own.
//   - [Protocol] parses requests and renders responses: [Query], [JSON] and [REST].
//   - [Server] takes requests, over HTTP or without a socket, injects failures, throttling and
//     latency, and keeps a log.
//
// A service's package declares its [Operation] values, keeps its resources in a [Store] and renders
// results in its protocol.
//
// # Time
//
// The clock is time.Now, so everything runs in virtual time inside a testing/synctest bubble. A
// request is executed when it arrives. The latency passes before the response, and the end of the
// request's context cuts it short. As with AWS, what was executed is not undone.
//
// # Locking
//
// One lock guards a server and its resources. [Server.Update] acquires it, and the server holds it
// while it runs an operation. Store, Resource and Lifecycle have no lock of their own.
package simulator
