// Minimal is the complete program of the README. It reads the activity stream of one Aurora
// cluster and prints the operations that would start it.
//
// Put the ARN of your cluster and your KMS key into main.go before you run it. The program uses
// your AWS account, through the default credential chain. It is a dry run: it changes nothing. Set
// DryRun to false to start the stream and wait until it is started. That restarts the database.
//
//	go run ./examples/minimal
package main

import "github.com/streamwarden/streamwarden-go/examples/internal/cli"

const about = `Minimal prints the operations that would start an activity stream.
It uses your AWS account, but it is a dry run, which changes nothing. Before you run it, put the
ARN of your cluster and your KMS key into main.go.

  go run ./examples/minimal
`

// The program has no flags. Before main begins, -h prints what it does, and any other argument is
// an error. This is not in main, because the README shows that.
var _ = cli.NoFlags("minimal", about)
