package activityreader

import (
	"cmp"
	"context"
	"log/slog"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/kinesis"
	"github.com/aws/smithy-go/metrics"

	"github.com/streamwarden/streamwarden-go/activitystream/activityrecord"
	"github.com/streamwarden/streamwarden-go/internal/sdkcall"
	"github.com/streamwarden/streamwarden-go/statemachine"
)

// API is what a [Reader] calls of a [kinesis.Client].
type API interface {
	ListShards(context.Context, *kinesis.ListShardsInput, ...func(*kinesis.Options)) (*kinesis.ListShardsOutput, error)
	GetShardIterator(context.Context, *kinesis.GetShardIteratorInput, ...func(*kinesis.Options)) (*kinesis.GetShardIteratorOutput, error)
	GetRecords(context.Context, *kinesis.GetRecordsInput, ...func(*kinesis.Options)) (*kinesis.GetRecordsOutput, error)
}

var _ API = (*kinesis.Client)(nil)

// Options are the settings of a [Reader].
type Options struct {
	// Heartbeat is the interval of an instance's heartbeats. Zero means that Watch learns it for
	// each instance: AWS documents none, and 2 s were observed. Learned intervals are between 1 s
	// and 30 s. Set an interval of more than 30 s here, or one that has grown so much that each
	// heartbeat ends a gap, because gaps are not learned from. Negative values are rejected with
	// an InputError.
	Heartbeat time.Duration

	// Silence is how long an instance must not be heard from for Watch to report it as silent. Zero
	// means three times the heartbeats' interval plus twice PollDelay, but not less than 10 s. Until
	// the interval is learned from 8 heartbeats, it is taken as 30 s. Negative values are rejected
	// with an InputError.
	Silence time.Duration

	// BehindAfter is how far the watermark may be behind the current time before Watch reports
	// StateBehind. Zero means 1 minute. Negative values are rejected with an InputError.
	BehindAfter time.Duration

	// PollDelay is the delay between two reads of a shard that was read up to now. Zero means 1 s.
	// Other values below 250 ms or above 10 s are rejected with an InputError. Kinesis permits 5
	// reads a second of one shard, which all its consumers share.
	PollDelay time.Duration

	// Concurrency is how many responses are requested or held at once. It bounds the memory, because
	// a response has up to 10 MiB of records. Zero means 8. Negative values are rejected with an
	// InputError.
	Concurrency int

	// ReadTimeout is the limit of one call to Kinesis, and of decoding one record, which may call
	// KMS. Zero means 30 s. Negative values are rejected with an InputError.
	ReadTimeout time.Duration

	// Grace is how long the Reader waits for a stream that Kinesis does not find, before reading
	// ends with StreamDeleted. RDS returns the stream's name before the stream exists, so
	// WaitRecording waits until maxWait ends. Zero means 1 minute. Negative values mean none.
	Grace time.Duration

	// ClientOptions are applied to each call of the SDK. The SDK's own retries are turned off
	// after them, because they would exceed the 5 reads a second of a shard. The Reader retries
	// on its own.
	ClientOptions []func(*kinesis.Options)

	// OnRead is called after every GetRecords call, for progress and metrics. It runs in the
	// goroutine of the range loop. Nil means no call.
	OnRead func(Reading)

	// Explain is called for a silence and for a gap, and its text becomes the Change's
	// Explanation. It can look up RDS events: see [activitystream.Client.ExplainSilence]. Its
	// context ends after ReadTimeout. Until is zero while the silence lasts. An error is only
	// logged. Nil means no explanation.
	//
	// [activitystream.Client.ExplainSilence]: https://pkg.go.dev/github.com/streamwarden/streamwarden-go/activitystream#Client.ExplainSilence
	Explain func(ctx context.Context, instanceId string, since, until time.Time) (string, error)

	// Logger receives failed calls at level Warn, and reshards at level Info. It also receives at
	// level Warn the shards of a position whose next records expired, or may have expired: Kinesis
	// keeps records for 24 hours unless it is set to keep them longer. Nil means no logging.
	Logger *slog.Logger
}

// Reading is one read of a shard, for [Options].OnRead.
type Reading struct {
	ShardId string        // the shard
	Records int           // how many records the response has
	Bytes   int           // the size of their data
	Behind  time.Duration // Kinesis's MillisBehindLatest; zero means that nothing follows in the shard
	Err     error         // a *[statemachine.Fault] if the call failed; reading continues after most of them
}

// The bounds of a Reader.
const (
	minDelay       = 250 * time.Millisecond // between two calls for one shard: 4 a second, and Kinesis permits 5
	bytesPerSecond = 2_000_000              // of one shard
	maxBackoff     = 16 * time.Second       // between two calls for one shard that fail
	relistDelay    = 30 * time.Second       // between two lists of the shards while nothing changes
	maxLatest      = 2 * time.Second        // from a list to an iterator of the type LATEST
	maxUnknown     = 3                      // failures in a row of which nothing is known, before reading ends
	retention      = 24 * time.Hour         // of records in a stream, at the least
	clockMargin    = 30 * time.Second       // by how much clocks may differ where only a time says where to resume
)

// Reader reads the Kinesis stream of one activity stream. It is safe for concurrent use: it holds
// no state of a call.
type Reader struct {
	sdk        sdkcall.Caller[kinesis.Options]
	api        API
	decoder    *activityrecord.Decoder
	streamName string
	options    Options
}

// New returns a Reader of the stream that [activitystream.Stream].KinesisStreamName names. The
// api is usually a [kinesis.Client]. Invalid options are reported by the methods, as a
// [*statemachine.InputError].
//
// [activitystream.Stream]: https://pkg.go.dev/github.com/streamwarden/streamwarden-go/activitystream#Stream
func New(api API, decoder *activityrecord.Decoder, streamName string, optFns ...func(*Options)) *Reader {
	var o Options
	for _, fn := range optFns {
		fn(&o)
	}
	// A meter would make instruments for waits and commands, which a Reader does not use.
	sdk := sdkcall.NewCaller(api, "activityreader", faults, o.ClientOptions, func(k *kinesis.Options) sdkcall.Fields {
		return sdkcall.Fields{Region: &k.Region, Tracer: &k.TracerProvider, Meter: new(metrics.MeterProvider), Retryer: &k.Retryer, APIOptions: &k.APIOptions}
	}, sdkcall.Kernel, new(sdkcall.Reached))
	return &Reader{sdk: sdk, api: api, decoder: decoder, streamName: streamName, options: o}
}

// NewFromConfig returns a Reader that calls Kinesis with cfg, as [kinesis.NewFromConfig] does.
func NewFromConfig(cfg aws.Config, decoder *activityrecord.Decoder, streamName string, optFns ...func(*Options)) *Reader {
	return New(kinesis.NewFromConfig(cfg), decoder, streamName, optFns...)
}

// resolve returns the options with their defaults, or what is wrong with them and with the other
// input.
func (r *Reader) resolve(op statemachine.Operation, more ...statemachine.FieldError) (Options, error) {
	o := r.options
	wrong := statemachine.InputError{Operation: op, Fields: more}
	reject := func(bad bool, field, reason string) {
		if bad {
			wrong.Add(field, reason)
		}
	}
	reject(r.streamName == "", "StreamName", "must not be empty: pass the KinesisStreamName of the activity stream")
	reject(r.api == nil, "API", "must not be nil: pass a kinesis.Client")
	reject(r.decoder == nil, "Decoder", "must not be nil: pass the result of activityrecord.NewDecoder")
	for _, d := range []struct {
		name  string
		value time.Duration
	}{
		{"Heartbeat", o.Heartbeat},
		{"Silence", o.Silence},
		{"BehindAfter", o.BehindAfter},
		{"PollDelay", o.PollDelay},
		{"ReadTimeout", o.ReadTimeout},
	} {
		reject(d.value < 0, d.name, "must not be negative, got "+d.value.String())
	}
	reject(o.PollDelay > 0 && o.PollDelay < minDelay || o.PollDelay > 10*time.Second, "PollDelay", "must be from 250ms to 10s, got "+o.PollDelay.String())
	reject(o.Concurrency < 0, "Concurrency", "must not be negative")

	o.BehindAfter = cmp.Or(o.BehindAfter, time.Minute)
	o.PollDelay = cmp.Or(o.PollDelay, time.Second)
	o.ReadTimeout = cmp.Or(o.ReadTimeout, 30*time.Second)
	o.Concurrency = cmp.Or(o.Concurrency, 8)
	o.Grace = max(cmp.Or(o.Grace, time.Minute), 0)
	o.Logger = cmp.Or(o.Logger, slog.New(slog.DiscardHandler)).With(slog.String("stream", r.streamName))
	return o, wrong.Err()
}
