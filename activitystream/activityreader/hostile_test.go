package activityreader_test

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/kinesis"
	"github.com/aws/aws-sdk-go-v2/service/kinesis/types"
	"github.com/google/go-cmp/cmp"

	"github.com/streamwarden/streamwarden-go/activitystream/activityreader"
	"github.com/streamwarden/streamwarden-go/activitystream/activityrecord"
	"github.com/streamwarden/streamwarden-go/statemachine"
)

// hostile is a foreign Kinesis whose responses are stranger than those of foreign, one quirk at a
// time. Each is permitted, or was seen of a Kinesis that was written apart.
type hostile struct {
	*foreign
	quirk string
	dice  *rand.Rand
}

const (
	repeatsResponses = "it delivers the end of a response again in the next one"
	behindByRecord   = "it is behind by the age of the last record of a response, even at the tip"
	neverBehind      = "it never says how far it is behind"
	staleLists       = "its lists are 5 s old"
	bareLists        = "its lists have no ranges"
	emptyResponses   = "every third response is empty although there is more"
	childShards      = "it names the children at the end of a shard"
	busyLists        = "lists fail now and then because the stream is in use"
)

var quirks = []string{
	repeatsResponses, behindByRecord, neverBehind, staleLists, bareLists, emptyResponses, childShards, busyLists,
}

// roll returns a random number below n. The reader calls from many goroutines.
func (h *hostile) roll(n int) (number int) {
	h.do(func() { number = h.dice.IntN(n) })
	return number
}

func (h *hostile) ListShards(ctx context.Context, in *kinesis.ListShardsInput, optFns ...func(*kinesis.Options)) (*kinesis.ListShardsOutput, error) {
	if h.quirk == busyLists && in.NextToken == nil && h.roll(3) == 0 {
		return nil, &types.ResourceInUseException{Message: new("the stream is not active")}
	}
	out, err := h.foreign.ListShards(ctx, in, optFns...)
	if err != nil {
		return nil, err
	}
	switch h.quirk {
	case staleLists:
		h.do(func() {
			stale := func(s *foreignShard) bool { return s.parent != "" && time.Since(s.opened) < 5*time.Second }
			out.Shards = slices.DeleteFunc(out.Shards, func(s types.Shard) bool { return stale(h.find(*s.ShardId)) })
			for i := range out.Shards {
				for _, c := range h.shards {
					if stale(c) && (c.parent == *out.Shards[i].ShardId || c.adjacent == *out.Shards[i].ShardId) {
						out.Shards[i].SequenceNumberRange.EndingSequenceNumber = nil
					}
				}
			}
		})
	case bareLists:
		for i := range out.Shards {
			out.Shards[i].HashKeyRange, out.Shards[i].SequenceNumberRange = nil, nil
		}
	}
	return out, nil
}

func (h *hostile) GetShardIterator(ctx context.Context, in *kinesis.GetShardIteratorInput, optFns ...func(*kinesis.Options)) (*kinesis.GetShardIteratorOutput, error) {
	out, err := h.foreign.GetShardIterator(ctx, in, optFns...)
	if err == nil {
		var era, from int
		var id string
		if _, err := fmt.Sscan(*out.ShardIterator, &era, &id, &from); err != nil {
			return nil, err
		}
		out.ShardIterator = new(fmt.Sprintf("%s %d", *out.ShardIterator, from))
	}
	return out, err
}

func (h *hostile) GetRecords(ctx context.Context, in *kinesis.GetRecordsInput, optFns ...func(*kinesis.Options)) (*kinesis.GetRecordsOutput, error) {
	var era, from, first int
	var id string
	var issued int64
	if _, err := fmt.Sscan(*in.ShardIterator, &era, &id, &from, &issued, &first); err != nil {
		return nil, err
	}
	read := from
	if h.quirk == repeatsResponses {
		read = max(first, from-h.roll(5))
	}
	out, err := h.foreign.GetRecords(ctx, &kinesis.GetRecordsInput{ShardIterator: new(fmt.Sprintf("%d %s %d %d", era, id, read, issued))}, optFns...)
	if err != nil {
		return nil, err
	}
	if out.NextShardIterator != nil {
		out.NextShardIterator = new(fmt.Sprintf("%s %d", *out.NextShardIterator, first))
	}
	switch h.quirk {
	case behindByRecord:
		var last time.Time
		for _, r := range out.Records {
			if r.ApproximateArrivalTimestamp.After(last) {
				last = *r.ApproximateArrivalTimestamp
			}
		}
		if out.MillisBehindLatest = new(int64(0)); !last.IsZero() {
			out.MillisBehindLatest = new(max(time.Since(last).Milliseconds(), 0))
		}
	case neverBehind:
		out.MillisBehindLatest = nil
	case emptyResponses:
		if h.roll(3) == 0 && len(out.Records) > 0 {
			return &kinesis.GetRecordsOutput{NextShardIterator: in.ShardIterator, MillisBehindLatest: new(int64(1000))}, nil
		}
	case childShards:
		if out.NextShardIterator == nil {
			h.do(func() {
				for _, s := range h.shards {
					if s.parent == id || s.adjacent == id {
						out.ChildShards = append(out.ChildShards, types.ChildShard{ShardId: new(s.id), ParentShards: []string{id}})
					}
				}
			})
		}
	}
	return out, nil
}

func (h *hostile) reader() *activityreader.Reader {
	return activityreader.New(h, activityrecord.NewDecoder(h), "stream")
}

// hostiles runs a test with each quirk.
func hostiles(t *testing.T, seeds uint64, shards int, heartbeat, clocks time.Duration, ids []string, run func(t *testing.T, h *hostile)) {
	for _, quirk := range quirks {
		t.Run(fmt.Sprintf("%s, heartbeat %s", quirk, heartbeat), func(t *testing.T) {
			for seed := range seeds {
				synctest.Test(t, func(t *testing.T) {
					k := newForeign(seed, 0, heartbeat, ids...)
					k.clocks, k.latency = clocks, 40*time.Millisecond
					k.create(shards)
					run(t, &hostile{foreign: k, quirk: quirk, dice: rand.New(rand.NewPCG(seed, 5))})
				})
			}
		})
	}
}

// TestHostileWaitRecording checks the cost of a proof. A shard takes more calls only if Kinesis
// says that there may be more.
func TestHostileWaitRecording(t *testing.T) {
	ids := []string{"db-A", "db-B"}
	for _, heartbeat := range []time.Duration{time.Second, 2 * time.Second, 10 * time.Second} {
		hostiles(t, 10, 3, heartbeat, 4*time.Second, ids, func(t *testing.T, h *hostile) {
			time.Sleep(time.Duration(h.random.Int64N(int64(time.Minute))))
			rec, err := h.reader().WaitRecording(t.Context(), ids, 2*time.Minute)
			if err != nil {
				t.Fatal(err)
			}
			limit, calls := 2*heartbeat+time.Second, 3
			switch h.quirk {
			case behindByRecord, neverBehind:
				calls += 2
			case emptyResponses:
				limit, calls = limit+2*time.Second, calls+8
			case busyLists:
				limit += 10 * time.Second // until a list succeeds
			}
			delete(h.perShard, "") // lists
			if most := slices.Max(slices.Collect(maps.Values(h.perShard))); rec.Elapsed > limit || most > calls {
				t.Errorf("%s and %d calls of a shard, want %s and %d", rec.Elapsed, most, limit, calls)
			}
		})
	}
}

// TestHostileWatch checks that Watch finds what happens, and nothing else.
func TestHostileWatch(t *testing.T) {
	ids := []string{"db-A", "db-B", "db-C"}
	for _, heartbeat := range []time.Duration{2 * time.Second, 10 * time.Second} {
		hostiles(t, 1, 3, heartbeat, 3*time.Second, ids, func(t *testing.T, k *hostile) {
			began := time.Now()
			later := func(minutes int, what func()) {
				at(time.Duration(minutes)*time.Minute, func() { k.do(what) })
			}
			for i := range 5 {
				later(5+10*i, k.split)
				later(6+10*i, k.merge)
				later(7+10*i, k.merge)
			}
			later(10, func() { delete(k.instances, "db-A") })
			later(12, func() { k.instances["db-A"] = time.Now() })
			later(20, func() { k.instances["db-D"] = time.Now() }) // joins
			later(30, func() { delete(k.instances, "db-B") })      // leaves
			later(35, func() { delete(k.instances, "db-C") })      // just before a reshard
			later(37, func() { k.instances["db-C"] = time.Now() })
			changes := watch(t, k.reader(), activityreader.Latest(), ids, 50*time.Minute)
			got := inMinutes(changes, began)
			want := map[string][]string{
				"db-A": {"recording 0", "silent 10", "gap 10 12", "recording 12"},
				"db-B": {"recording 0", "silent 30"},
				"db-C": {"recording 0", "silent 35", "gap 35 37", "recording 37"},
				"db-D": {"recording 20"},
			}
			if diff := cmp.Diff(want, got); diff != "" {
				t.Errorf("changes by instance, in minutes (-want +got):\n%s", diff)
			}
		})
	}
}

// TestHostileRead checks that a reader that is killed and resumed delivers every record.
func TestHostileRead(t *testing.T) {
	hostiles(t, 1, 3, 2*time.Second, 3*time.Second, []string{"db-A", "db-B", "db-C"}, func(t *testing.T, k *hostile) {
		for i := range 10 {
			at(time.Duration(i)*time.Minute, func() { k.do([]func(){k.split, k.merge}[i%2]) })
		}
		seen := map[string]int{}
		var position activityreader.Position
		stop := time.Now().Add(15 * time.Minute)
		time.Sleep(8 * time.Minute)
		for time.Now().Before(stop) {
			ctx, cancel := context.WithDeadline(t.Context(), stop)
			left := k.roll(40)
			for d, err := range k.reader().Read(ctx, stored(t, position)) {
				if isEnd(err) {
					if ctx.Err() == nil {
						t.Fatal(err)
					}
					break
				}
				seen[d.PartitionKey]++
				position = d.Position()
				if left--; left < 0 {
					break // killed
				}
			}
			cancel()
		}
		k.do(func() {})
		missing := 0
		for _, s := range k.shards {
			for _, r := range s.records {
				if seen[r.key] == 0 && r.at.Before(stop.Add(-15*time.Second)) {
					missing++
				}
			}
		}
		if missing > 0 || len(seen) < 800 {
			t.Errorf("%d records were delivered, and %d are missing", len(seen), missing)
		}
	})
}

// ended is a Kinesis whose stream goes away at an instant, in one of several ways.
type ended struct {
	*foreign
	at                time.Time
	list, iter, reads func() error // what calls return from then on; nil means what foreign does
	silent            bool         // reads with the old iterators find nothing
	bare              bool         // lists have no ranges
}

func (e *ended) over() bool { return !time.Now().Before(e.at) }

func (e *ended) ListShards(ctx context.Context, in *kinesis.ListShardsInput, optFns ...func(*kinesis.Options)) (*kinesis.ListShardsOutput, error) {
	if e.over() && e.list != nil {
		if err := e.list(); err != nil {
			return nil, err
		}
	}
	out, err := e.foreign.ListShards(ctx, in, optFns...)
	if err == nil && e.bare {
		for i := range out.Shards {
			out.Shards[i].HashKeyRange, out.Shards[i].SequenceNumberRange = nil, nil
		}
	}
	return out, err
}

func (e *ended) GetShardIterator(ctx context.Context, in *kinesis.GetShardIteratorInput, optFns ...func(*kinesis.Options)) (*kinesis.GetShardIteratorOutput, error) {
	if e.over() && e.iter != nil {
		if err := e.iter(); err != nil {
			return nil, err
		}
		in.ShardIteratorType = types.ShardIteratorTypeTrimHorizon // any sequence number is accepted
	}
	return e.foreign.GetShardIterator(ctx, in, optFns...)
}

func (e *ended) GetRecords(ctx context.Context, in *kinesis.GetRecordsInput, optFns ...func(*kinesis.Options)) (*kinesis.GetRecordsOutput, error) {
	var era int
	if _, err := fmt.Sscan(*in.ShardIterator, &era); err != nil {
		return nil, err
	}
	if e.over() && era == 1 {
		if e.silent {
			return &kinesis.GetRecordsOutput{NextShardIterator: in.ShardIterator, MillisBehindLatest: new(int64(0))}, nil
		}
		if e.reads != nil {
			return nil, e.reads()
		}
	}
	return e.foreign.GetRecords(ctx, in, optFns...)
}

// TestHostileEnds checks the verdict and the position at the end of a stream, however Kinesis shows
// it.
func TestHostileEnds(t *testing.T) {
	notFound := func() error { return &types.ResourceNotFoundException{Message: new("no such stream")} }
	inUse := func() error { return &types.ResourceInUseException{Message: new("the stream is being deleted")} }
	expired := func() error { return &types.ExpiredIteratorException{Message: new("the iterator expired")} }
	accepted := func() error { return nil }
	again := func(e *ended) { e.create(3) }
	for _, tt := range []struct {
		why  string
		what func(e *ended)
		how  ended
		want activityreader.Verdict
	}{
		{"deleted, and iterators find nothing", nil, ended{list: notFound, iter: notFound, silent: true}, activityreader.StreamDeleted},
		{"deleted, and iterators expire", nil, ended{list: notFound, iter: notFound, reads: expired}, activityreader.StreamDeleted},
		{"in use for 40 s, and then deleted", nil, ended{}, activityreader.StreamDeleted},
		{"created again, and iterators find nothing", again, ended{silent: true}, activityreader.StreamRecreated},
		{"created again, and iterators expire", again, ended{reads: expired}, activityreader.StreamRecreated},
		{"created again, and sequence numbers are accepted", again, ended{reads: expired, iter: accepted}, activityreader.StreamRecreated},
		{"created again, with lists that do not show it", again, ended{bare: true}, activityreader.StreamRecreated},
		{"created again, which lists do not show and iterators expire", again, ended{bare: true, reads: expired}, activityreader.StreamRecreated},
	} {
		for _, method := range []string{"Read", "Watch", "WaitRecording"} {
			t.Run(tt.why+", "+method, func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) {
					e := tt.how
					e.foreign, e.at = newForeign(1, 3, 2*time.Second, "db-A", "db-B"), time.Now().Add(5*time.Minute)
					if tt.how.list == nil && tt.what == nil {
						during := func() error {
							if time.Since(e.at) < 40*time.Second {
								return inUse()
							}
							return notFound()
						}
						e.list, e.iter, e.reads = during, during, during
					}
					if tt.what != nil {
						at(5*time.Minute, func() { e.do(func() { tt.what(&e) }) })
					}
					r := activityreader.New(&e, activityrecord.NewDecoder(&e), "stream")
					began := time.Now()
					ctx, cancel := context.WithTimeout(t.Context(), 15*time.Minute)
					defer cancel()
					var err error
					switch method {
					case "Read":
						err = end(ctx, r, activityreader.Latest())
					case "Watch":
						for _, err = range r.Watch(ctx, activityreader.Latest(), nil) {
						}
					default:
						_, err = r.WaitRecording(ctx, []string{"db-Z"}, 20*time.Minute)
					}
					got, ok := errors.AsType[*activityreader.ReadError](err)
					if !ok || got.Verdict != tt.want || len(got.Position.Shards) != 3 || !errors.Is(err, statemachine.Gone) {
						t.Fatalf("%v, want %s with a position of 3 shards", err, tt.want)
					}
					for id, s := range got.Position.Shards {
						if s.After == "" || method != "WaitRecording" && began.Add(4*time.Minute).After(s.At) || s.At.After(time.Now().Add(time.Second)) {
							t.Errorf("position of %s: %+v", id, s)
						}
					}
					if took := time.Since(began); took > 7*time.Minute+10*time.Second {
						t.Errorf("it took %s", took)
					}
				})
			})
		}
	}
}
