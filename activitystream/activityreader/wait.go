package activityreader

import (
	"cmp"
	"context"
	"errors"
	"slices"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/kinesis/types"

	"github.com/streamwarden/streamwarden-go/statemachine"
)

// Recording is the evidence that instances are recorded.
type Recording struct {
	// Instances has the arrival time of the first record of each instance after the call began. The
	// keys are the instanceIDs as they were passed, and the DbiResourceIds of any other instances.
	Instances map[string]time.Time

	Began       time.Time     // when the call began, by this machine's clock
	Elapsed     time.Duration // how long the call took
	Shards      int           // how many shards were read
	Records     int           // how many records arrived after the call began, up to the last read
	Undecodable int           // how many of them could not be decoded
	Err         error         // why the last of them could not be decoded; nil if all were
}

// The delays of WaitRecording. The first read finds every instance whose heartbeats are at most
// 2.3 s apart, and the second those whose heartbeats are 10 s apart. Nothing that the first read
// shows distinguishes 3 s from 10 s: most instances can be heard from early in both.
const (
	usualInterval = 2300 * time.Millisecond
	longDelay     = 8 * time.Second
	beatMargin    = 400 * time.Millisecond // for a heartbeat to become readable
	waitDelay     = 5 * time.Second        // between later reads
	freshDelay    = 4 * time.Minute        // between two reads, because an iterator expires after 5 minutes
)

// WaitRecording waits until each named instance was heard from after the call began, and returns
// the evidence. The instanceIDs are DbiResourceIds, such as those of
// [activitystream.Client.Members]. Any record of an instance counts, and heartbeats make sure
// that there is one.
//
// It reads each shard from its latest record on, so that no clock decides what came after the call
// began. It first gets the iterators and waits, because the heartbeats have yet to come. The times
// of the reads count from then:
//
//   - The first read is made after 2.7 s. If an instance is missing, further reads follow at 10.7 s
//     and then every 5 s.
//   - With [Options].Heartbeat, the first read is made after that interval and 0.4 s. Further reads
//     follow after each half interval, but not more often than every 5 s. Neither delay is longer
//     than 4 minutes, because an iterator expires after 5.
//
// For a database that is recorded, the call makes one ListShards request, and two or three requests
// for each shard. It takes less than two heartbeats and a second. Set Heartbeat if the interval is
// between 2.3 and 4.9 s, or more than 10 s. Otherwise the call may take 10.7 s, or make more
// requests.
//
// If Kinesis has no such stream yet, the call waits for it. A last read is made when maxWait ends.
// An error is a [*statemachine.WaitError], with the evidence up to then, and one of these reasons:
//
//   - [statemachine.TimedOut]: maxWait ended. Err is a [*SilentError] that names the silent
//     instances.
//   - [statemachine.Canceled]: ctx ended.
//   - [statemachine.ReadFailed]: a request failed in a way that no retry can fix.
//   - [statemachine.Gone]: the stream was deleted and did not appear again within [Options].Grace,
//     or it was created again. Err wraps a [*ReadError] with the [Verdict].
//
// Invalid input is rejected with a [*statemachine.InputError].
//
// [activitystream.Client.Members]: https://pkg.go.dev/github.com/streamwarden/streamwarden-go/activitystream#Client.Members
func (r *Reader) WaitRecording(ctx context.Context, instanceIDs []string, maxWait time.Duration) (*Recording, error) {
	input := checkIDs(instanceIDs)
	if len(instanceIDs) == 0 {
		input = append(input, statemachine.FieldError{Field: "instanceIDs", Reason: "must name at least one instance"})
	}
	if maxWait <= 0 {
		input = append(input, statemachine.FieldError{Field: "maxWait", Reason: "must be positive, got " + maxWait.String()})
	}
	o, err := r.resolve("WaitRecording", input...)
	if err != nil {
		return nil, err
	}
	w := &proof{
		f:   &follower{r: r, options: o, from: Latest()},
		ids: instanceIDs, names: make(map[string]string), polled: make(map[*shard]bool),
		evidence: &Recording{Instances: make(map[string]time.Time), Began: time.Now()},
	}
	for _, id := range instanceIDs {
		w.names[strings.ToLower(id)] = id
	}
	w.f.last = w.evidence.Began.Add(maxWait)
	w.f.firstDelay = min(cmp.Or(o.Heartbeat, usualInterval)+beatMargin, freshDelay)
	w.f.tipDelay = w.delay
	limit, cancel := context.WithDeadline(ctx, w.f.last.Add(o.ReadTimeout))
	defer cancel()
	w.f.deliver = func(s *shard, records []types.Record, _ time.Duration) bool { return w.deliver(limit, s, records) }
	w.f.step = w.step
	err = w.f.run(limit)
	w.evidence.Elapsed = time.Since(w.evidence.Began)
	w.evidence.Shards = len(w.f.order)
	silent := w.silent()
	if len(silent) == 0 {
		return w.evidence, nil
	}
	return w.evidence, w.failure(ctx, err, silent)
}

// proof is one call of WaitRecording.
type proof struct {
	f        *follower
	ids      []string          // those that were passed
	names    map[string]string // those that were passed, by the ID in lower case
	polled   map[*shard]bool   // a read of the shard found nothing behind it
	evidence *Recording
}

// deliver takes in the records of a response.
func (w *proof) deliver(ctx context.Context, s *shard, records []types.Record) bool {
	for d, err := range w.f.deliveries(ctx, s, records) {
		w.evidence.Records++
		if err != nil {
			w.evidence.Undecodable++
			w.evidence.Err = err
			continue
		}
		if d.Record.InstanceId == "" {
			continue
		}
		id := cmp.Or(w.names[strings.ToLower(d.Record.InstanceId)], d.Record.InstanceId)
		if at, ok := w.evidence.Instances[id]; !ok || d.ArrivedAt.Before(at) {
			w.evidence.Instances[id] = d.ArrivedAt
		}
	}
	return true
}

// step reports whether to go on: an instance is missing, and the last read was not made yet.
func (w *proof) step() bool {
	if len(w.silent()) == 0 {
		return false
	}
	if time.Now().Before(w.f.last) {
		return true
	}
	return slices.ContainsFunc(w.f.order, w.f.wanted)
}

// delay returns the time between two reads of a shard.
func (w *proof) delay(s *shard) time.Duration {
	first := !w.polled[s]
	w.polled[s] = true
	if first && w.f.options.Heartbeat == 0 {
		return longDelay
	}
	return min(max(w.f.options.Heartbeat/2, waitDelay), freshDelay)
}

// silent returns the instances that were not heard from.
func (w *proof) silent() []string {
	var silent []string
	for _, id := range w.ids {
		if _, ok := w.evidence.Instances[w.names[strings.ToLower(id)]]; !ok {
			silent = append(silent, id)
		}
	}
	return silent
}

// failure returns the error of a wait that ended with silent instances.
func (w *proof) failure(ctx context.Context, err error, silent []string) error {
	e := &statemachine.WaitError{
		Machine: "database activity stream", Resource: w.f.r.streamName, Target: string(StateRecording),
		Reason: statemachine.TimedOut, Reads: w.f.reads, Elapsed: w.evidence.Elapsed,
	}
	cause := &SilentError{InstanceIDs: silent, Undecodable: w.evidence.Undecodable, Err: w.evidence.Err}
	if cause.Err == nil {
		cause.Err = w.f.failing()
	}
	switch end, _ := errors.AsType[*ReadError](err); {
	case ctx.Err() != nil:
		e.Reason, cause.Err = statemachine.Canceled, contextError(ctx)
	case end != nil && end.Verdict != Interrupted:
		e.Reason, cause.Err = end.Verdict.reason(), end
	}
	e.Err = cause
	return e
}
