// Minimal is the whole program of the README: it has the activity stream of one Aurora cluster started, and waits until it is. Put the ARN
// of your cluster and your key into main.go first. It uses your AWS account, through the default credential chain, and restarts the database.
//
//	go run ./examples/minimal
package main
