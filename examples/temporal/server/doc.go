// Command server is a Temporal server for development and tests: one process, its data in one file, on loopback. It shows what
// it takes to try examples/temporal without installing anything:
//
//	go run -tags server . -db /tmp/temporal.db
//
// It may be killed and started again with the same file. The server's some hundred modules sit in this module, so that the
// worker's stays light, and behind a build tag, so that a plain build and test here takes no minutes. The test that kills
// workers and the server is:
//
//	go test -tags server -count 1 -v .
package main
