// Package statemachine waits for resources to change their state, watches them, and brings them to a state. It knows no
// service: a resource's lifecycle is a table of transitions, from which everything else is derived.
//
//	var machine = statemachine.MustNew(statemachine.Definition[string]{
//		Name: "DB instance",
//		Transitions: []statemachine.Transition[string]{
//			{From: "stopped", To: "starting", By: "StartDBInstance"}, // commanded
//			{From: "starting", To: "available"},                      // settling: RDS makes it by itself
//			{From: "starting", To: "failed", Lapse: true},            // against the caller's wish
//		},
//	})
//
// A [Machine] tells which operation a state permits, where a state leads by itself, and the fewest operations
// from here to there. It holds no current state: the service is the truth. The packages of the three AWS
// resources of this module are made of it; use this package directly for a resource of your own, together with
// its subpackage sdkfault.
//
// # Waiting
//
//   - [Waiter] waits for one resource, and watches it. [Waiter.Wait] states the rules.
//   - [Ensurer] also commands: [Ensurer.Ensure] states the rules.
//   - [Fleet] does both for one resource or ten thousand, in few reads and under one quota, which a [Pacer] keeps.
//   - [Track] is a wait as data, for one that must survive the process: [Machine.Observe] decides, and your loop does
//     the reading, the sleeping and the storing. [EnsureTrack] is an ensure as data, in the same way.
//
// Each reads as often as [WaitOptions] says, and no more often than the Pacer lets it.
//
// # When not to use it
//
// A resource that the SDK has a waiter for, whose failures you need not tell apart, is well off with that waiter. Something
// that changes faster than it can be polled, or tells of its changes by itself, needs no polling. And there is no current
// state here, no history beyond one wait, and no callback on a transition: it is no framework for the states of your own
// program.
//
// # Many at once
//
// [Fleet.Each], [Fleet.Watch] and [Fleet.Get] take any number of resources and yield a result for each as it is ready. With
// ReadMany up to Batch of them are read in one call; at most Concurrency calls are under way at once.
//
// # Concurrency
//
// A [Machine] is immutable. A [Waiter], an [Ensurer] and a [Fleet] are safe for concurrent use as long as their fields do not
// change, a [Pacer] is always. A [Track] is for one goroutine. Waits and ensures run in the caller's goroutine; a Fleet has
// its own for the time of the range loop. None outlives its call. A value that a watch yields must not be changed.
//
// # Errors
//
// A wait that ends without its target is a [*WaitError]. Its [Reason] says why it ended, and is found by errors.Is:
//
//	errors.Is(err, statemachine.Lapsed)
//
// An error of the service is a [*Fault]; its [Kind] says what to do, and is found the same way, through a
// WaitError too:
//
//	errors.Is(err, statemachine.AccessDenied)
//
// Input that is wrong is an [*InputError] before anything is sent, with every wrong field; settings that are
// not as wanted are a [*DriftError]. [KindOf] gives the kind of any error. The texts of errors and diagrams are
// for people: do not depend on them. Each constant of Kind and Reason says what to do about it.
//
// # Testing
//
// Time is the clock's: run a test in a bubble of testing/synctest, and an hour's wait takes none. Read and Command are
// functions: give them a resource in memory, as examples/custom-resource does. Jitter makes the delays exact.
package statemachine
