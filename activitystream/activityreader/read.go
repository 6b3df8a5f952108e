package activityreader

import (
	"context"
	"iter"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/kinesis/types"

	"github.com/streamwarden/streamwarden-go/activitystream/activityrecord"
)

// Delivery is one record of the stream.
type Delivery struct {
	Record         *activityrecord.Record // nil if the record could not be decoded
	Data           []byte                 // the record as it is in Kinesis
	ShardId        string                 // where it was
	SequenceNumber string                 // identifies the record in the stream
	PartitionKey   string                 // chosen by RDS
	ArrivedAt      time.Time              // Kinesis's ApproximateArrivalTimestamp, by the shard's clock
	Behind         time.Duration          // Kinesis's MillisBehindLatest; zero means that nothing follows in the shard

	base Position // of the other shards, when the response was delivered
}

// Position returns where to resume after this delivery: reading from there delivers everything that
// was not delivered before. The cost of the call is proportional to the number of shards.
func (d *Delivery) Position() Position { return d.base.at(d.ShardId, d.SequenceNumber, d.ArrivedAt) }

// Read yields the records of the stream from a position on, and follows it until the context
// ends. Pass the zero Position to start with the oldest record, [Latest] to start with what
// arrives from now on, or a stored [Delivery.Position] to resume.
//
// Each record is delivered at least once. The records of one shard come in the order of their
// sequence numbers, and those of a shard after those of its parents. There is no order between
// other shards. Reading resumes after the stored position: what was delivered since then is
// delivered again. If nothing was read of a shard yet, only a time is known of it. Reading then
// resumes 30 s before that time, because clocks differ.
//
// A record that cannot be decoded is yielded with its [*activityrecord.DecodeError] and its Data,
// and reading continues. Any other error is yielded once with a nil Delivery and ends the
// iteration: a [*ReadError] with its verdict and the position, or a [*statemachine.InputError].
// Requests that are throttled, or fail with another retryable error, are retried without limit. The
// caller sees them in [Options].OnRead and Logger. If Kinesis does not find the stream, Read waits
// for it for [Options].Grace.
//
// The next responses are requested while the loop body runs, up to [Options].Concurrency. A record
// is decoded just before it is yielded, so that memory does not grow with the backlog. Ranging
// again reads again from the same position. No goroutine outlives the range loop.
func (r *Reader) Read(ctx context.Context, from Position) iter.Seq2[*Delivery, error] {
	return func(yield func(*Delivery, error) bool) {
		o, err := r.resolve("Read")
		if err != nil {
			yield(nil, err)
			return
		}
		f := &follower{r: r, options: o, from: from}
		f.step = func() bool { return true }
		f.tipDelay = func(*shard) time.Duration { return o.PollDelay }
		f.deliver = func(s *shard, records []types.Record, behind time.Duration) bool {
			base := f.position()
			for d, err := range f.deliveries(ctx, s, records) {
				d.Behind, d.base = behind, base
				if !yield(d, err) {
					return false
				}
			}
			return true
		}
		if err := f.run(ctx); err != errStopped { //nolint:errorlint // run returns it as it is
			yield(nil, err)
		}
	}
}

// deliveries yields the records of a response, decoded, and moves the shard's cursor. It stops when
// the context ends: then run ends with the context's error, and the position is before the record
// that was not yielded.
func (f *follower) deliveries(ctx context.Context, s *shard, records []types.Record) iter.Seq2[*Delivery, error] {
	return func(yield func(*Delivery, error) bool) {
		for i := range records {
			if ctx.Err() != nil {
				return
			}
			r := &records[i]
			d := &Delivery{
				Data: r.Data, ShardId: s.id, SequenceNumber: aws.ToString(r.SequenceNumber), PartitionKey: aws.ToString(r.PartitionKey),
				ArrivedAt: aws.ToTime(r.ApproximateArrivalTimestamp),
			}
			var err error
			if d.Record, err = f.decode(ctx, d.Data); err != nil && ctx.Err() != nil {
				return
			}
			s.cursor = s.cursor.after(d.SequenceNumber, d.ArrivedAt)
			if !yield(d, err) {
				return
			}
		}
	}
}

// decode decodes a record. The call that decrypts its key has the limit of any other call.
func (f *follower) decode(ctx context.Context, data []byte) (*activityrecord.Record, error) {
	ctx, cancel := context.WithTimeout(ctx, f.options.ReadTimeout)
	defer cancel()
	return f.r.decoder.Decode(ctx, data)
}
