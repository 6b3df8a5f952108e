// Package kinesalite tests the reader of activity streams against another Kinesis: kinesalite, a
// Node program. It is a module of its own, because no user of the library needs it.
//
// The test is skipped unless the variable KINESALITE names the program:
//
//	npm install --prefix /tmp/kinesalite kinesalite@3.3.3
//	KINESALITE=/tmp/kinesalite/node_modules/kinesalite/cli.js go -C internal/kinesalite test -v ./...
package kinesalite
