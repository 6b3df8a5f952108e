// Minimal is the complete program of the README. It reads the activity stream of one Aurora
// cluster and prints the operations that would start it.
//
// Put the ARN of your cluster and your KMS key into main.go before you run it. The program uses
// your AWS account, through the default credential chain. It is a dry run: it changes nothing. Set
// DryRun to false to start the stream and wait until it is started. That restarts the database.
//
//	go run ./examples/minimal
package main
