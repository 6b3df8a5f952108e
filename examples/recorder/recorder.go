package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/streamwarden/streamwarden-go/activitystream"
	"github.com/streamwarden/streamwarden-go/activitystream/activityreader"
	"github.com/streamwarden/streamwarden-go/examples/internal/cli"
	"github.com/streamwarden/streamwarden-go/examples/internal/records"
)

// storeDelay is the time between two positions that are stored.
const storeDelay = 5 * time.Second

// recorder records one database.
type recorder struct {
	source       *source
	events       *output
	positionFile string // empty if there is none
	progress     *progress
}

// run starts the stream, waits for proof, and records until ctx ends or the duration is over.
func (r *recorder) run(ctx context.Context, duration time.Duration) error {
	from, err := r.load()
	if err != nil {
		return errors.Join(err, r.events.Close())
	}
	reader, err := r.prove(ctx)
	if err != nil {
		return errors.Join(err, r.events.Close())
	}
	if duration > 0 {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeout(ctx, duration)
		defer cancel()
	}
	position, err := r.record(ctx, reader, from)
	return errors.Join(err, r.finish(position))
}

// prove starts the stream if necessary, and waits until every instance was heard from.
func (r *recorder) prove(ctx context.Context) (*activityreader.Reader, error) {
	arn := r.source.in.ResourceArn
	started, err := r.source.client.EnsureStarted(ctx, &r.source.in, r.source.maxWait, func(o *activitystream.Options) {
		o.Wait.OnProgress = r.progress.Follow(cli.Short(arn))
	})
	if err != nil {
		return nil, err
	}
	stream := started.Stream
	instances, err := records.Instances(ctx, r.source.client, stream)
	if err != nil {
		return nil, err
	}
	reader, err := records.NewReader(r.source.cfg, stream)
	if err != nil {
		return nil, err
	}
	r.progress.Printf("waiting for records of %s in %s", cli.Plural(len(instances), "instance"), stream.KinesisStreamName)
	proof, err := reader.WaitRecording(ctx, instances, r.source.maxWait)
	if err != nil {
		return nil, err
	}
	for _, id := range instances {
		r.progress.Printf("%s is %s since %s", id, r.progress.Paint(cli.Green, "recorded"), proof.Instances[id].Format(time.RFC3339))
	}
	return reader, nil
}

// record writes the events until reading ends, and returns the position up to which they are
// written.
func (r *recorder) record(ctx context.Context, reader *activityreader.Reader, from activityreader.Position) (activityreader.Position, error) {
	position, storedAt := from, time.Now()
	for d, err := range reader.Read(ctx, from) {
		if d == nil {
			end, ok := errors.AsType[*activityreader.ReadError](err)
			if !ok {
				return position, err
			}
			if end.Verdict == activityreader.Interrupted {
				err = nil // that is how a recorder ends
			}
			return end.Position, err
		}
		if err := r.write(d, err); err != nil {
			return position, err
		}
		position = d.Position()
		r.progress.read(d)
		if time.Since(storedAt) >= storeDelay {
			if err := r.store(position); err != nil {
				return position, err
			}
			storedAt = time.Now()
		}
	}
	return position, nil
}

// write writes the events of a delivery. The err is that of decoding it.
func (r *recorder) write(d *activityreader.Delivery, err error) error {
	l := line{ArrivedAt: d.ArrivedAt, ShardId: d.ShardId, SequenceNumber: d.SequenceNumber}
	if err != nil {
		l.Error, l.Data = err.Error(), d.Data
		r.progress.undecodable(err)
		return r.events.write(l)
	}
	l.InstanceId = d.Record.InstanceId
	for i := range d.Record.Events {
		if e := &d.Record.Events[i]; !e.Heartbeat() {
			l.Event, l.decoded = e.Raw, e
			if err := r.events.write(l); err != nil {
				return err
			}
			r.progress.events++
		}
	}
	return nil
}

// finish stores the last position and closes the output.
func (r *recorder) finish(p activityreader.Position) error {
	r.progress.SetStatus()
	err := errors.Join(r.store(p), r.events.Close())
	if r.positionFile != "" {
		r.progress.Printf("the position is in %s", r.positionFile)
		return err
	}
	data, _ := json.Marshal(p) //nolint:errchkjson // a position can always be marshaled
	r.progress.Println("\nRecorded "+cli.Plural(r.progress.events, "event")+". To resume here, write this to the file of -position:", 0)
	fmt.Fprintf(r.progress, "%s\n", data)
	return err
}
