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
//     the reading, the sleeping and the storing. [Pursuit] is an ensure as data, in the same way.
//
// Time is the clock's: in a test, run them in a bubble of testing/synctest.
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
// for people: do not depend on them.
package statemachine
