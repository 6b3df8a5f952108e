// Package archtest holds the architecture tests: which package may import which, what go.mod may
// require, and rules of style that no compiler or linter checks. It has no code outside its tests.
//
// Each import rule is a row with its reason and with a made-up violation, which shows that the rule
// detects one. A new service package is one more row of the table services, in layers_test.go.
//
// language_test.go checks the wording of comments, texts and documents.
package archtest
