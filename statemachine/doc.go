// Package statemachine waits for resources to change their state, watches them, and brings them
// to a state. It knows no service: a table of transitions describes the lifecycle of a resource,
// and everything else is derived from it.
//
// Most programs need a [Waiter], or an [Ensurer] if they also send commands:
//
//	var machine = statemachine.MustNew(statemachine.Definition[string]{
//		Name: "DB instance",
//		Transitions: []statemachine.Transition[string]{
//			{From: "stopped", To: "starting", By: "StartDBInstance"}, // commanded
//			{From: "starting", To: "available"},                      // settling: RDS completes it
//			{From: "starting", To: "failed", Lapse: true},            // against the caller's intent
//		},
//	})
//
//	w := statemachine.Waiter[*DBInstance, string]{Machine: machine, Read: read, State: state}
//	instance, err := w.Wait(ctx, "available", time.Hour)
//
// The packages of this module's AWS resources are built on it. Use it for a resource of your own,
// together with its subpackage sdkfault.
//
//   - [Machine] is the lifecycle: which operation a state permits, where a state leads on its
//     own, and the fewest operations from one state to another. It holds no current state.
//   - [Waiter] waits for one resource and watches it. [Waiter.Wait] documents the rules.
//   - [Ensurer] also sends commands. [Ensurer.Ensure] documents the rules.
//   - [Fleet] does both for any number of resources.
//   - [Track] and [EnsureTrack] are a wait and an Ensure call as data, for workflow engines.
//
// # When not to use it
//
// If the SDK has a waiter and you do not need to distinguish failures, use it. A resource that
// changes faster than it can be polled, or that reports its changes, needs no polling. This package
// is not a framework for the states of your own program: it holds no current state.
//
// # Many at once
//
// [Fleet.Each], [Fleet.Watch] and [Fleet.Get] yield one result for each resource as it becomes
// ready. With ReadMany, one call reads up to Batch resources. At most Concurrency calls are in
// flight, and a [Pacer] keeps them under a rate limit.
//
// # Concurrency
//
// A [Machine] is immutable. A [Waiter], an [Ensurer] and a [Fleet] are safe for concurrent use as
// long as their fields do not change. A [Pacer] always is, a [Track] is not. Waits run in the
// caller's goroutine, and a Fleet runs its own during the range loop. No goroutine outlives its
// call.
//
// # Errors
//
// A wait that ends without its target returns a [*WaitError]. Its [Reason] says why the wait
// ended. An error of the service is a [*Fault]. Its [Kind] says what to do about it. errors.Is
// finds both:
//
//	errors.Is(err, statemachine.Lapsed)
//	errors.Is(err, statemachine.AccessDenied)
//
// Invalid input is an [*InputError] before any request is sent. Settings that differ from those
// that were requested are a [*DriftError]. [KindOf] returns the kind of any error. Do not depend
// on the texts of errors and diagrams.
//
// # Testing
//
// The package uses package time, so tests run in virtual time inside a testing/synctest bubble.
// Read and Command are functions, so a resource in memory can replace the service, as in
// examples/custom-resource.
package statemachine
