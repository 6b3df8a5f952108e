// Package docs holds the tests of the guides in docs/. They compile the code and produce the
// messages that the guides show, and compare the IAM policies with the calls that the clients make.
// It has no code outside its tests. To rewrite the guides:
//
//	go test ./internal/docs -update
package docs
