// Package docs holds the tests of the guides in docs/: the code and the messages that they show are compiled, produced and compared here, and
// the IAM policies are held against the calls that the clients make. It has no code of its own, and nothing imports it.
//
//	go test ./internal/docs -update
//
// rewrites what the guides show.
package docs
