package activityreader_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/streamwarden/streamwarden-go/activitystream/activityreader"
	"github.com/streamwarden/streamwarden-go/activitystream/activityreader/activityreadertest"
	"github.com/streamwarden/streamwarden-go/activitystream/activityrecord/activityrecordtest"
	"github.com/streamwarden/streamwarden-go/statemachine"
)

// readEvents passes the events of a stream to handle, from a stored position on, and stores the
// position after each record.
func readEvents(ctx context.Context, reader *activityreader.Reader, from activityreader.Position,
	handle func(statement string) error, store func(activityreader.Position) error,
) error {
	for d, err := range reader.Read(ctx, from) {
		if d == nil {
			return err // a *ReadError with the verdict and the position
		}
		if err != nil {
			fmt.Println("could not be decoded:", d.SequenceNumber, err) // d.Data is still there
			continue
		}
		for i := range d.Record.Events {
			if e := &d.Record.Events[i]; !e.Heartbeat() {
				if err := handle(e.CommandText); err != nil {
					return err
				}
			}
		}
		if err := store(d.Position()); err != nil {
			return err
		}
	}
	return nil
}

// proveRecording waits until each instance was heard from, and names those that were not.
func proveRecording(ctx context.Context, reader *activityreader.Reader, instances []string) error {
	proof, err := reader.WaitRecording(ctx, instances, 5*time.Minute)
	if silent, ok := errors.AsType[*activityreader.SilentError](err); ok && errors.Is(err, statemachine.TimedOut) {
		return fmt.Errorf("not recorded: %s", strings.Join(silent.InstanceIDs, ", "))
	}
	if err != nil {
		return err
	}
	fmt.Println(len(proof.Instances), "instances are recorded")
	return nil
}

// reportGaps prints what changes in the recording of the instances.
func reportGaps(ctx context.Context, reader *activityreader.Reader, from activityreader.Position, instances []string) error {
	for c, err := range reader.Watch(ctx, from, instances) {
		if err != nil {
			return err // a *ReadError: its Position is where to resume
		}
		switch c.State {
		case activityreader.StateSilent:
			fmt.Println(c.InstanceId, "silent since", c.Since, c.Explanation)
		case activityreader.StateGap:
			fmt.Println(c.InstanceId, "nothing from", c.Since, "to", c.Until, c.Explanation)
		case activityreader.StateBehind, activityreader.StateUndecodable:
			fmt.Println(c.InstanceId, c.State, "since", c.Since, c.Err)
		case activityreader.StateRecording:
			fmt.Println(c.InstanceId, "recording")
		}
	}
	return nil
}

var errEnough = errors.New("enough")

func ExampleReader_Read() {
	server := activityreadertest.NewServer() // a Kinesis in this process
	name := server.AddStream(activityreadertest.Stream{ResourceId: "cluster-ABC"})
	for i := range 3 {
		e := activityrecordtest.PostgreSQL()
		e.CommandText = fmt.Sprintf("select %d", i)
		server.Emit(name, "db-A", e)
	}
	reader := newReader(server, name)

	var position activityreader.Position // the zero Position is the oldest record
	handle := func(statement string) error {
		fmt.Println(statement)
		if statement == "select 2" {
			return errEnough
		}
		return nil
	}
	store := func(p activityreader.Position) error { position = p; return nil }
	fmt.Println(readEvents(context.Background(), reader, position, handle, store))

	// The last event was not handled, so that its position was not stored. It comes again.
	fmt.Println(readEvents(context.Background(), reader, position, handle, store))
	// Output:
	// select 0
	// select 1
	// select 2
	// enough
	// select 2
	// enough
}

func ExampleReader_WaitRecording() {
	server := activityreadertest.NewServer(func(o *activityreadertest.Options) { o.Heartbeat = 10 * time.Millisecond })
	name := server.AddStream(activityreadertest.Stream{ResourceId: "cluster-ABC", Instances: []string{"db-A", "db-B"}})
	reader := newReader(server, name, func(o *activityreader.Options) { o.Heartbeat = 10 * time.Millisecond })

	if err := proveRecording(context.Background(), reader, []string{"db-A", "db-B"}); err != nil {
		fmt.Println(err)
	}
	// Output: 2 instances are recorded
}

func ExampleReader_Watch() {
	server := activityreadertest.NewServer(func(o *activityreadertest.Options) { o.Heartbeat = 10 * time.Millisecond })
	name := server.AddStream(activityreadertest.Stream{ResourceId: "cluster-ABC", Instances: []string{"db-A", "db-B"}})
	reader := newReader(server, name)

	ctx, cancel := context.WithTimeout(context.Background(), 3*time.Second)
	defer cancel()
	fmt.Println(errors.Is(reportGaps(ctx, reader, activityreader.Position{}, []string{"db-A", "db-B"}), activityreader.Interrupted))
	// Unordered output:
	// db-A recording
	// db-B recording
	// true
}
