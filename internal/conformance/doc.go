// Package conformance is one suite for all resources: what they share of waiting, watching, ensuring and errors, as rules that are written
// once, each with its reason. It has only tests.
//
// A way is a resource that is brought from one settled state to another, such as an activity stream of a cluster that is started. A rule
// speaks of a way's states and delays, never of a service, and says what a way must have for it to mean anything; so a rule is never
// copied, and none is skipped without a word. The numbers are those of the documentation of Waiter.Wait and Ensurer.Ensure.
//
//	go test ./internal/conformance                 # on the simulators, in virtual time, at exact instants
//	go test ./internal/conformance -v -run Conform # tells how many rules were checked on how many ways
//
// A further resource needs its ways: their states, what the simulator can do, and what its error codes mean.
package conformance
