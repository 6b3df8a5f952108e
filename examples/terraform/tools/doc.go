// Package tools pins the OpenTofu with which the acceptance tests of the provider run. It is a
// module of its own, because its requirements are many. Nothing imports it.
//
//	go tool -n tofu
//
// compiles OpenTofu, once, and prints its path. Checks of this module do not compile it.
package tools
