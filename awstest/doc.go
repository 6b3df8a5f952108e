// Package awstest has what the in-process AWS servers of this module have in common: [Failure],
// [Call], [Refusal], the options that every server takes and the methods that every server has.
//
// Programs rarely import it. The packages activitystreamtest, ingestiontest, eventstreamtest and
// activityreadertest have aliases of its types. Their servers embed [Base], and their options
// embed [Options].
//
// # When not to use it
//
// Use it in tests and examples only. A program that is deployed should not link a simulated AWS.
package awstest
