// Package modeltest is a model checker of the waiter and of Ensure. It has only tests.
//
// A world is one resource whose truth is known at every instant. At each read and at each command
// it can leave its ordinary course: the service rolls back, stalls or gets stuck, somebody else
// commands, the resource vanishes, a read is old, fails or hangs, a command's answer is lost.
// Each such step aside is an event. For every machine of the library, every state to begin in and
// every target, the tests enumerate all sequences of up to a number of events, at whatever read
// or command they come, run the real Waiter and the real Ensurer through each of them in virtual
// time, and hold what these say against the truth. The oracle knows the table of transitions and
// the life of the resource. It knows nothing of Observe.
//
//	go test ./internal/modeltest -v -run Model                         # tells the number of sequences
//	go test ./internal/modeltest -v -run Model -args -model.depth=4    # more events in a sequence: minutes
package modeltest
