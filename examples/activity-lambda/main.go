// Activity-lambda is the handler of an AWS Lambda function that reads an activity stream: it logs
// every statement that failed, and returns the records that Lambda has to deliver again.
//
// It needs no AWS account: it handles an event from Lambda that it has made up itself.
//
//	go run ./examples/activity-lambda
//
// In your function, call lambda.Start(h.handle) of github.com/aws/aws-lambda-go, with keys from
// package kmskeys. Set ReportBatchItemFailures in the event source mapping, and give the role
// of the function kms:Decrypt. The types below have the members of that module's KinesisEvent
// and KinesisEventResponse which the handler needs.
package main

import (
	"context"
	"encoding/json"
	"errors"
	"log/slog"
	"os"

	"github.com/streamwarden/streamwarden-go/activitystream/activityrecord"
	"github.com/streamwarden/streamwarden-go/activitystream/activityrecord/activityrecordtest"
	"github.com/streamwarden/streamwarden-go/examples/internal/cli"
)

const about = `Activity-lambda handles an event as an AWS Lambda function would: it logs each statement that
failed. The event is a sample, and no AWS account is needed.

  go run ./examples/activity-lambda
`

func main() { cli.Main(run) }

// kinesisEvent is what Lambda passes to a function that reads a Kinesis stream.
type kinesisEvent struct {
	Records []kinesisRecord `json:"Records"`
}

type kinesisRecord struct {
	Kinesis struct {
		Data           []byte `json:"data"` // base64 in JSON
		SequenceNumber string `json:"sequenceNumber"`
	} `json:"kinesis"`
}

// response names the records from which on Lambda delivers again.
type response struct {
	BatchItemFailures []itemFailure `json:"batchItemFailures"`
}

type itemFailure struct {
	ItemIdentifier string `json:"itemIdentifier"`
}

// handler keeps its decoder, and so the cached keys, from one invocation to the next.
type handler struct {
	decoder *activityrecord.Decoder
	logger  *slog.Logger
}

func (h *handler) handle(ctx context.Context, event kinesisEvent) (response, error) { //nolint:unparam // as Lambda requires
	for _, r := range event.Records {
		record, err := h.decoder.Decode(ctx, r.Kinesis.Data)
		switch {
		case errors.Is(err, activityrecord.KeyRefused):
			// KMS may be throttled, or a permission missing. Lambda delivers from this record
			// on again.
			h.logger.ErrorContext(ctx, "no data key", "sequenceNumber", r.Kinesis.SequenceNumber, "err", err)
			return response{BatchItemFailures: []itemFailure{{r.Kinesis.SequenceNumber}}}, nil
		case err != nil:
			// Another delivery would not help. The record is lost: say so, and go on with the next.
			h.logger.ErrorContext(ctx, "record lost", "sequenceNumber", r.Kinesis.SequenceNumber, "err", err)
			continue
		}
		for _, e := range record.Events {
			if e.Outcome() == activityrecord.Failed {
				h.logger.InfoContext(ctx, "statement failed", "instance", record.InstanceId, "user", e.DBUserName,
					"command", e.Command, "exitCode", e.ExitCode, "fingerprint", e.Fingerprint())
			}
		}
	}
	return response{}, nil
}

func run(ctx context.Context, args []string) error {
	if err := cli.Parse(cli.Flags("activity-lambda", about), args); err != nil {
		return err
	}
	sealer := activityrecordtest.NewSealer()
	h := &handler{
		decoder: activityrecord.NewDecoder(sealer),
		logger:  cli.NewLogger(cli.NewScreen(os.Stdout)),
	}
	out, err := h.handle(ctx, sample(sealer))
	if err != nil {
		return err
	}
	return json.NewEncoder(os.Stdout).Encode(out)
}

// sample returns an event with a failed statement, a damaged record, and one whose key is refused.
func sample(sealer *activityrecordtest.Sealer) kinesisEvent {
	failed := activityrecordtest.Oracle()
	failed.ExitCode = "942"
	var event kinesisEvent
	for i, data := range [][]byte{
		sealer.Seal(activityrecord.Record{InstanceId: "db-ABC", Events: []activityrecord.Event{activityrecordtest.Heartbeat(), failed}}),
		sealer.SealBroken(activityrecord.Damaged),
		sealer.SealBroken(activityrecord.KeyRefused),
	} {
		var r kinesisRecord
		r.Kinesis.Data, r.Kinesis.SequenceNumber = data, string(rune('1'+i))
		event.Records = append(event.Records, r)
	}
	return event
}
