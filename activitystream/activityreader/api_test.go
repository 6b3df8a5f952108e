package activityreader_test

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/kinesis"
	"github.com/aws/aws-sdk-go-v2/service/kinesis/types"
	"github.com/aws/smithy-go/metrics"
	"github.com/google/go-cmp/cmp"

	"github.com/streamwarden/streamwarden-go/activitystream/activityreader"
	"github.com/streamwarden/streamwarden-go/activitystream/activityreader/activityreadertest"
	"github.com/streamwarden/streamwarden-go/activitystream/activityrecord"
)

// fake is a Kinesis that is written apart from the simulator: it knows what is documented and no
// more. It lists one shard a page, leaves out what is optional, repeats records and returns them
// out of order.
type fake struct {
	random  *rand.Rand
	shards  []fakeShard
	repeats bool
}

type fakeShard struct {
	id, parent string
	closed     bool
	records    []string
}

func (f *fake) ListShards(_ context.Context, in *kinesis.ListShardsInput, _ ...func(*kinesis.Options)) (*kinesis.ListShardsOutput, error) {
	n := 0
	if in.NextToken != nil {
		if in.StreamName != nil {
			return nil, errors.New("a token with a name")
		}
		fmt.Sscan(*in.NextToken, &n)
	}
	s := f.shards[n]
	shard := types.Shard{
		ShardId: &s.id, HashKeyRange: &types.HashKeyRange{StartingHashKey: new("0"), EndingHashKey: new("9")},
		SequenceNumberRange: &types.SequenceNumberRange{StartingSequenceNumber: new("1")},
	}
	if s.parent != "" {
		shard.ParentShardId = &s.parent
	}
	if s.closed {
		shard.SequenceNumberRange.EndingSequenceNumber = new("99999")
	}
	out := &kinesis.ListShardsOutput{Shards: []types.Shard{shard}}
	if n++; n < len(f.shards) {
		out.NextToken = new(fmt.Sprint(n))
	}
	return out, nil
}

func (f *fake) GetShardIterator(_ context.Context, in *kinesis.GetShardIteratorInput, _ ...func(*kinesis.Options)) (*kinesis.GetShardIteratorOutput, error) {
	from := 0
	switch in.ShardIteratorType {
	case types.ShardIteratorTypeAfterSequenceNumber:
		fmt.Sscan(*in.StartingSequenceNumber, &from)
		from -= 8
	case types.ShardIteratorTypeTrimHorizon:
	default:
		return nil, fmt.Errorf("unexpected type %s", in.ShardIteratorType)
	}
	return &kinesis.GetShardIteratorOutput{ShardIterator: new(fmt.Sprintf("%s %d", *in.ShardId, from))}, nil
}

// GetRecords numbers the records from 9, so that sequence numbers have different lengths.
func (f *fake) GetRecords(_ context.Context, in *kinesis.GetRecordsInput, _ ...func(*kinesis.Options)) (*kinesis.GetRecordsOutput, error) {
	var id string
	var from int
	fmt.Sscan(*in.ShardIterator, &id, &from)
	i := slices.IndexFunc(f.shards, func(s fakeShard) bool { return s.id == id })
	all := f.shards[i].records
	out := &kinesis.GetRecordsOutput{}
	to := min(from+f.random.IntN(5), len(all))
	first := from
	if f.repeats {
		first = max(from-2, 0)
	}
	for n := first; n < to; n++ {
		out.Records = append(out.Records, types.Record{
			SequenceNumber: new(fmt.Sprint(n + 9)), PartitionKey: &all[n], Data: []byte("{}"),
			ApproximateArrivalTimestamp: new(time.Now().Add(-time.Hour)),
		})
	}
	f.random.Shuffle(len(out.Records), func(a, b int) { out.Records[a], out.Records[b] = out.Records[b], out.Records[a] })
	if to < len(all) || !f.shards[i].closed {
		out.NextShardIterator = new(fmt.Sprintf("%s %d", id, to))
		out.MillisBehindLatest = new(int64(len(all)-to) * 1000)
	}
	return out, nil
}

// TestReadOfAnotherKinesis checks that a reader relies on nothing but what is documented.
func TestReadOfAnotherKinesis(t *testing.T) {
	for _, repeats := range []bool{false, true} {
		t.Run(fmt.Sprintf("repeats %t", repeats), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				f := &fake{random: rand.New(rand.NewPCG(1, 1)), repeats: repeats}
				var want []string
				for i, s := range []fakeShard{{id: "b", parent: "gone", closed: true}, {id: "a", parent: "b", closed: true}, {id: "c", parent: "a"}} {
					for n := range 30 {
						s.records = append(s.records, fmt.Sprintf("%d-%02d", i, n))
					}
					want = append(want, s.records...)
					f.shards = append(f.shards, s)
				}
				decoder := activityrecord.NewDecoder(activityrecord.KeysFunc(func(context.Context, []byte) ([]byte, error) { return nil, errors.New("none") }))
				r := activityreader.New(f, decoder, "stream")
				seen := map[string]bool{}
				var got []string
				var position activityreader.Position
				for len(got) < len(want) {
					for d, err := range r.Read(t.Context(), position) {
						if isEnd(err) {
							t.Fatal(err)
						}
						if !seen[d.PartitionKey] {
							seen[d.PartitionKey] = true
							got = append(got, d.PartitionKey)
						}
						position = d.Position()
						if f.random.IntN(7) == 0 || len(got) == len(want) {
							break
						}
					}
				}
				if diff := cmp.Diff(want, got); diff != "" {
					t.Errorf("records in the order of their first delivery (-want +got):\n%s", diff)
				}
			})
		})
	}
}

// scopes is a MeterProvider that records for which scopes it made a Meter.
type scopes struct {
	metrics.NopMeterProvider

	names map[string]bool
}

func (s *scopes) Meter(scope string, _ ...metrics.MeterOption) metrics.Meter {
	s.names[scope] = true
	return metrics.NopMeter{}
}

// TestNewMakesNoInstruments checks that a Reader leaves metrics to the SDK's client: it counts
// nothing itself.
func TestNewMakesNoInstruments(t *testing.T) {
	s := activityreadertest.NewServer()
	p := &scopes{names: map[string]bool{}}
	api := kinesis.NewFromConfig(s.Config(), func(o *kinesis.Options) { o.MeterProvider = p })
	name := s.AddStream(activityreadertest.Stream{})
	s.Emit(name, "db-A")
	r := activityreader.New(api, activityrecord.NewDecoder(s.Keys()), name)
	for range r.Read(t.Context(), activityreader.Position{}) {
		break
	}
	if diff := cmp.Diff(map[string]bool{"github.com/aws/aws-sdk-go-v2/service/kinesis": true}, p.names); diff != "" {
		t.Errorf("scopes (-want +got):\n%s", diff)
	}
}
