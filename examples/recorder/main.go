// Recorder starts the activity stream of a database, and waits for proof that each of its instances
// is recorded. Then it writes every event as a line of JSON until it is interrupted.
//
// By default it needs no AWS account: it records a simulated database for some seconds.
//
//	go run ./examples/recorder
//
// With -live it records a database of your account, with the default credential chain. If the
// activity stream is not started, it asks before it starts it, because that RESTARTS the database.
//
//	go run ./examples/recorder -live -resource-arn ARN -kms-key-id KEY -out events.jsonl -position position.json
//
// Events go to standard output, or with -out to a file. The file is renamed when it reaches
// -max-size, with the time at the end of its name. A terminal shows the user and the statement of
// each event instead, and a status line. Elsewhere, a line a minute on standard error shows the
// progress.
//
//	{"arrivedAt":"…","instanceId":"db-…","shardId":"…","sequenceNumber":"…","event":{…}}
//	{"arrivedAt":"…","shardId":"…","sequenceNumber":"…","error":"…","data":"…"}
//
// The second form is a record that could not be decoded, with its data in base64. Heartbeats are
// left out.
//
// The position is stored in the file of -position every 5 s and at the end, after the events
// before it, and the next run resumes there. Events can come twice after a crash, but none is
// lost. Without a file the position is printed at the end.
//
// The exit status is 0 if it was interrupted (Ctrl-C) while it recorded, and after the time given
// by -for. It is 1 if there is no proof of recording or the stream ends, and 2 if the flags are
// wrong.
package main

import (
	"context"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"

	"github.com/streamwarden/streamwarden-go/activitystream"
	"github.com/streamwarden/streamwarden-go/examples/internal/cli"
)

const about = `Recorder starts an activity stream, waits for proof that each instance of the database is
recorded, and writes every event: as a line of JSON to a file or a pipe, and for people to a
terminal. The database is simulated and needs no AWS account, unless -live is set.

  go run ./examples/recorder
  go run ./examples/recorder -live -resource-arn ARN -kms-key-id KEY -out events.jsonl
`

func main() { cli.Main(run) }

// source is what to record.
type source struct {
	client  *activitystream.Client
	in      activitystream.StartInput
	cfg     aws.Config    // of Kinesis and KMS
	maxWait time.Duration // of the start, and of the proof
}

func run(ctx context.Context, args []string) error {
	flags := cli.Flags("recorder", about)
	var in activitystream.StartInput
	live := flags.Bool("live", false, "record a database of your AWS account instead of a simulated one")
	yes := flags.Bool("yes", false, "with -live: do not ask before the activity stream is started")
	flags.StringVar(&in.ResourceArn, "resource-arn", "", "with -live: the `ARN` of an Aurora cluster or an RDS instance")
	flags.StringVar(&in.KmsKeyId, "kms-key-id", "", "with -live: the customer managed KMS `key` that encrypts the activity")
	flags.StringVar((*string)(&in.Mode), "mode", string(activitystream.ModeAsync), "with -live: sync or async")
	out := flags.String("out", "", "write events to this `file` instead of standard output")
	maxSize := flags.Int64("max-size", 100, "with -out: rename the file when it has this many `megabytes`")
	position := flags.String("position", "", "resume from this `file`, and store the position there")
	duration := flags.Duration("for", 0, "stop after this time; 0 means 15s for a simulated database, and never with -live")
	if err := cli.Parse(flags, args); err != nil {
		return err
	}
	if *maxSize < 1 {
		return &cli.UsageError{Message: "-max-size must be at least 1"}
	}
	if *duration < 0 {
		return &cli.UsageError{Message: "-for must not be negative"}
	}
	var src *source
	var err error
	if *live {
		in.ApplyImmediately = true
		if src, err = newLive(ctx, &in, *yes); err != nil || src == nil {
			return err
		}
	} else {
		var end func()
		if src, end, err = newSimulated(ctx); err != nil {
			return err
		}
		defer end()
		if *duration == 0 {
			*duration = 15 * time.Second
		}
	}
	shown := newProgress()
	if !*live {
		shown.Println("Simulated: no AWS account is used.", 0)
	}
	events, err := openOutput(*out, *maxSize<<20, shown.Screen)
	if err != nil {
		return err
	}
	r := &recorder{source: src, events: events, positionFile: *position, progress: shown}
	return r.run(ctx, *duration)
}
