// Command server is a Temporal server for development and tests: one process on the loopback
// interface, with its data in one file. With it, examples/temporal runs without installing
// anything:
//
//	go run -tags server . -db /tmp/temporal.db
//
// You can kill it and start it again with the same file. The server's modules, more than a hundred,
// are in this module so that the worker's module stays small. The build tag keeps a plain build and
// test from taking minutes. The test that kills workers and the server is:
//
//	go test -tags server -count 1 -v .
package main
