// Package layers holds the tests that keep the repository in shape: which package may import which, what go.mod may require,
// and a few habits that no compiler checks. It has no code of its own, and nothing imports it.
//
// Each rule is a row with the reason for it, and with a made-up breach that the tests show to be noticed. A new service package
// is one more row of the table services, in layers_test.go.
package archtest
