// Package kinesalite tests the reader of activity streams against another Kinesis: kinesalite, a Node program. It is a
// module of its own, so that nobody who uses the library gets to see Node.
//
// The test is skipped unless kinesalite is installed next to it:
//
//	npm ci --prefix internal/kinesalite
//	go -C internal/kinesalite test ./...
package kinesalite
