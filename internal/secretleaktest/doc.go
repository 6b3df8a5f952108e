// Package secrets holds the tests of what the clients let out: they run every method with credentials that are known, and search all that is
// logged, recorded in spans and returned as errors. It has no code of its own, and nothing imports it.
package secretleaktest
