// Package modeltest is a model checker for waits and Ensure calls. It has only tests.
//
// A world is one resource whose true state is known at every instant. At each read and each
// command, an event can happen. The service rolls back, stalls or gets stuck. Another actor sends a
// command, the resource vanishes, or another one gets its name. A read is stale, fails or hangs. A
// command is not sent, or its response is lost. A worker's clock is 10 minutes ahead or behind.
// For every machine of the library, every initial state and every target, the tests enumerate all
// sequences of up to a given number of events. They run the real Waiter, Ensurer, Fleet, Track and
// EnsureTrack through each sequence in virtual time, and compare the results with the truth. Then
// they run random sequences of any length. The oracle knows the table of transitions and the life
// of the resource. It does not use Observe.
//
// Print the number of sequences, and run longer ones (which takes minutes):
//
//	go test ./internal/modeltest -v -run Model
//	go test ./internal/modeltest -v -run Model -args -model.depth=4 -model.random=5000
package modeltest
