package activityreader_test

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"math/big"
	"math/rand/v2"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/kinesis"
	"github.com/aws/aws-sdk-go-v2/service/kinesis/types"
	"github.com/google/go-cmp/cmp"

	"github.com/streamwarden/streamwarden-go/activitystream/activityreader"
	"github.com/streamwarden/streamwarden-go/activitystream/activityrecord"
	"github.com/streamwarden/streamwarden-go/activitystream/activityrecord/activityrecordtest"
	"github.com/streamwarden/streamwarden-go/internal/assert"
	"github.com/streamwarden/streamwarden-go/statemachine"
)

// foreign is a Kinesis with instances that write heartbeats, written apart from activityreadertest:
// it shares nothing with it, and no HTTP is between it and the reader. It chooses shards at random,
// repeats records within a response, and mixes their order. As kinesalite does, it keeps another
// clock for each shard, and counts how far it is behind from the last record of the response.
type foreign struct {
	mu        sync.Mutex
	random    *rand.Rand
	heartbeat time.Duration
	clocks    time.Duration // by how much the clock of a shard differs, at most
	latency   time.Duration
	choose    func(open []*foreignShard, at time.Time) *foreignShard // where a record goes; nil means anywhere
	sealer    *activityrecordtest.Sealer
	sealed    map[string][]byte // by instance

	era       int // of the stream; another one after it was created again
	gone      bool
	shards    []*foreignShard
	instances map[string]time.Time // when the next heartbeat is due
	written   int
	perShard  map[string]int // calls
	decrypts  int
}

type foreignShard struct {
	id, parent, adjacent string
	low, high            int64 // of 1,000 hash keys
	closed               bool
	opened               time.Time
	clock                time.Duration
	first                int
	records              []foreignRecord
}

type foreignRecord struct {
	number int
	at     time.Time
	key    string
	data   []byte
}

func newForeign(seed uint64, shards int, heartbeat time.Duration, ids ...string) *foreign {
	k := &foreign{
		random: rand.New(rand.NewPCG(seed, 18)), heartbeat: heartbeat, sealer: activityrecordtest.NewSealer(),
		sealed: map[string][]byte{}, instances: map[string]time.Time{}, perShard: map[string]int{},
	}
	k.create(shards)
	for _, id := range ids {
		k.instances[id] = time.Now().Add(time.Duration(k.random.Int64N(int64(heartbeat))))
	}
	return k
}

// create creates the stream, another one each time.
func (k *foreign) create(shards int) {
	k.era++
	k.gone, k.shards = false, nil
	for i := range int64(shards) {
		k.open("", "", i*1000/int64(shards), (i+1)*1000/int64(shards)-1)
	}
}

func (k *foreign) open(parent, adjacent string, low, high int64) {
	k.written++
	k.shards = append(k.shards, &foreignShard{
		id: fmt.Sprintf("shard-%03d", len(k.shards)), parent: parent, adjacent: adjacent, low: low, high: high, opened: time.Now(),
		clock: time.Duration(k.random.Int64N(2*int64(k.clocks)+1)) - k.clocks, first: k.written,
	})
}

// do changes the service at this instant.
func (k *foreign) do(change func()) {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.write()
	change()
}

// write writes the heartbeats that are due.
func (k *foreign) write() {
	for {
		next := ""
		for _, id := range slices.Sorted(maps.Keys(k.instances)) {
			if at := k.instances[id]; !at.After(time.Now()) && (next == "" || at.Before(k.instances[next])) {
				next = id
			}
		}
		if next == "" {
			return
		}
		at := k.instances[next]
		k.instances[next] = at.Add(k.heartbeat)
		if k.sealed[next] == nil {
			k.sealed[next] = k.sealer.Seal(activityrecord.Record{InstanceId: next, Events: []activityrecord.Event{activityrecordtest.Heartbeat()}})
		}
		k.put(at, k.sealed[next])
	}
}

func (k *foreign) put(at time.Time, data []byte) {
	open := slices.DeleteFunc(slices.Clone(k.shards), func(s *foreignShard) bool { return s.closed })
	s := open[k.random.IntN(len(open))]
	if k.choose != nil {
		s = k.choose(open, at)
	}
	k.written++
	s.records = append(s.records, foreignRecord{k.written, at.Add(s.clock), strconv.Itoa(k.written), data})
}

// split closes a shard and opens its two children.
func (k *foreign) split() {
	for _, s := range k.shards {
		if !s.closed && s.high-s.low > 10 {
			s.closed = true
			middle := (s.low + s.high) / 2
			k.open(s.id, "", s.low, middle)
			k.open(s.id, "", middle+1, s.high)
			return
		}
	}
}

// merge closes two shards that are next to each other and opens their child.
func (k *foreign) merge() {
	for _, a := range k.shards {
		for _, b := range k.shards {
			if !a.closed && !b.closed && a.high+1 == b.low {
				a.closed, b.closed = true, true
				k.open(a.id, b.id, a.low, b.high)
				return
			}
		}
	}
}

// sequence returns a sequence number, with more digits from time to time.
func (k *foreign) sequence(n int) *string { return new(fmt.Sprintf("%d%09d", 7*k.era, n)) }

func (k *foreign) call(ctx context.Context, shard string) error {
	if err := assert.Sleep(ctx, k.latency); err != nil {
		return err
	}
	k.mu.Lock()
	k.perShard[shard]++
	k.write()
	if k.gone {
		return &types.ResourceNotFoundException{Message: new("no such stream")}
	}
	return nil
}

func (k *foreign) ListShards(ctx context.Context, in *kinesis.ListShardsInput, _ ...func(*kinesis.Options)) (*kinesis.ListShardsOutput, error) {
	if err := k.call(ctx, ""); err != nil {
		defer k.unlock(ctx)
		return nil, err
	}
	defer k.mu.Unlock()
	from := 0
	if in.NextToken != nil {
		from, _ = strconv.Atoi(*in.NextToken)
	}
	out := &kinesis.ListShardsOutput{}
	for i := from; i < len(k.shards); i++ {
		if i == from+3 {
			out.NextToken = new(strconv.Itoa(i))
			break
		}
		s := k.shards[i]
		shard := types.Shard{
			ShardId:             &s.id,
			HashKeyRange:        &types.HashKeyRange{StartingHashKey: new(big.NewInt(s.low).String()), EndingHashKey: new(big.NewInt(s.high).String())},
			SequenceNumberRange: &types.SequenceNumberRange{StartingSequenceNumber: k.sequence(s.first)},
		}
		if s.parent != "" {
			shard.ParentShardId = &s.parent
		}
		if s.adjacent != "" {
			shard.AdjacentParentShardId = &s.adjacent
		}
		if s.closed {
			shard.SequenceNumberRange.EndingSequenceNumber = k.sequence(999_999_999)
		}
		out.Shards = append(out.Shards, shard)
	}
	return out, nil
}

// unlock unlocks what call locked before it failed.
func (k *foreign) unlock(ctx context.Context) {
	if ctx.Err() == nil {
		k.mu.Unlock()
	}
}

func (k *foreign) GetShardIterator(ctx context.Context, in *kinesis.GetShardIteratorInput, _ ...func(*kinesis.Options)) (*kinesis.GetShardIteratorOutput, error) {
	if err := k.call(ctx, *in.ShardId); err != nil {
		defer k.unlock(ctx)
		return nil, err
	}
	defer k.mu.Unlock()
	s := k.find(*in.ShardId)
	if s == nil {
		return nil, &types.ResourceNotFoundException{Message: new("no such shard")}
	}
	from := 0
	switch in.ShardIteratorType {
	case types.ShardIteratorTypeTrimHorizon:
	case types.ShardIteratorTypeLatest:
		from = len(s.records)
	case types.ShardIteratorTypeAfterSequenceNumber:
		era := strconv.Itoa(7 * k.era)
		n, err := strconv.Atoi(strings.TrimPrefix(*in.StartingSequenceNumber, era))
		if err != nil || len(*in.StartingSequenceNumber) != len(era)+9 || !strings.HasPrefix(*in.StartingSequenceNumber, era) {
			return nil, &types.InvalidArgumentException{Message: new("the sequence number is of another stream")}
		}
		for from < len(s.records) && s.records[from].number <= n {
			from++
		}
	case types.ShardIteratorTypeAtTimestamp:
		for from < len(s.records) && s.records[from].at.Before(*in.Timestamp) {
			from++
		}
	case types.ShardIteratorTypeAtSequenceNumber:
		return nil, errors.New("not expected")
	}
	return &kinesis.GetShardIteratorOutput{ShardIterator: k.iterator(s, from)}, nil
}

func (k *foreign) iterator(s *foreignShard, from int) *string {
	return new(fmt.Sprintf("%d %s %d %d", k.era, s.id, from, time.Now().Unix()))
}

func (k *foreign) find(id string) *foreignShard {
	i := slices.IndexFunc(k.shards, func(s *foreignShard) bool { return s.id == id })
	if i < 0 {
		return nil
	}
	return k.shards[i]
}

func (k *foreign) GetRecords(ctx context.Context, in *kinesis.GetRecordsInput, _ ...func(*kinesis.Options)) (*kinesis.GetRecordsOutput, error) {
	var era, from int
	var id string
	var issued int64
	if _, err := fmt.Sscan(*in.ShardIterator, &era, &id, &from, &issued); err != nil {
		return nil, err
	}
	if err := k.call(ctx, id); err != nil {
		defer k.unlock(ctx)
		return nil, err
	}
	defer k.mu.Unlock()
	if era != k.era {
		return nil, &types.InvalidArgumentException{Message: new("the iterator is of another stream")}
	}
	if time.Now().Unix()-issued > 300 {
		return nil, &types.ExpiredIteratorException{Message: new("the iterator is older than 5 minutes")}
	}
	s := k.find(id)
	to := min(from+8+k.random.IntN(20), len(s.records))
	out := &kinesis.GetRecordsOutput{MillisBehindLatest: new(int64(0))}
	for _, r := range s.records[from:to] {
		for range 1 + k.random.IntN(2) {
			out.Records = append(out.Records, types.Record{
				SequenceNumber: k.sequence(r.number), PartitionKey: new(r.key), Data: r.data, ApproximateArrivalTimestamp: new(r.at),
			})
		}
	}
	if to < len(s.records) {
		out.MillisBehindLatest = new(max(time.Since(s.records[to].at).Milliseconds(), 1))
	}
	k.random.Shuffle(len(out.Records), func(a, b int) { out.Records[a], out.Records[b] = out.Records[b], out.Records[a] })
	if to < len(s.records) || !s.closed {
		out.NextShardIterator = k.iterator(s, to)
	}
	return out, nil
}

// DataKey counts how often a key would be decrypted.
func (k *foreign) DataKey(ctx context.Context, encrypted []byte) ([]byte, error) {
	k.decrypts++
	return k.sealer.DataKey(ctx, encrypted)
}

func (k *foreign) reader(optFns ...func(*activityreader.Options)) *activityreader.Reader {
	return activityreader.New(k, activityrecord.NewDecoder(k), "stream", optFns...)
}

// TestForeignWaitRecording checks the cost of a proof on a stream whose instances write at any
// moment, with any clocks, also while the stream is young.
func TestForeignWaitRecording(t *testing.T) {
	for _, heartbeat := range []time.Duration{2 * time.Second, 10 * time.Second} {
		for _, shards := range []int{1, 4, 13} {
			t.Run(fmt.Sprintf("%s, %d shards", heartbeat, shards), func(t *testing.T) {
				for seed := range uint64(20) {
					synctest.Test(t, func(t *testing.T) {
						k := newForeign(seed, 0, heartbeat, "db-A", "db-B")
						k.clocks, k.latency = 3*time.Second, 40*time.Millisecond
						k.create(shards)
						time.Sleep(time.Duration(k.random.Int64N(int64(time.Minute))))
						rec, err := k.reader().WaitRecording(t.Context(), []string{"db-A", "db-B"}, time.Minute)
						if err != nil {
							t.Fatal(err)
						}
						if rec.Elapsed > 2*heartbeat+time.Second || len(rec.Instances) != 2 {
							t.Errorf("seed %d: %+v", seed, rec)
						}
						for id, n := range k.perShard {
							if n > 3 && id != "" {
								t.Errorf("seed %d: %d calls for %s", seed, n, id)
							}
						}
					})
				}
			})
		}
	}
}

// TestForeignWaitRecordingMeanwhile checks that an instance that joins is proof, and that one that
// has left is named. A stream that goes away ends the wait with a verdict and the position.
func TestForeignWaitRecordingMeanwhile(t *testing.T) {
	for _, tt := range []struct {
		why     string
		what    func(k *foreign)
		reason  error
		also    error
		silent  []string
		atLeast time.Duration
		atMost  time.Duration
	}{
		{
			"it joins", func(k *foreign) { k.instances["db-C"] = time.Now() },
			nil, nil, nil, 20 * time.Second, 30 * time.Second,
		},
		{
			"it joins after a split", func(k *foreign) {
				k.split()
				k.split()
				k.instances["db-C"] = time.Now()
			},
			nil, nil, nil, 20 * time.Second, 32 * time.Second,
		},
		{
			"it does not join, and another leaves", func(k *foreign) { delete(k.instances, "db-B") },
			statemachine.TimedOut, nil, []string{"db-C"}, 2 * time.Minute, 2*time.Minute + time.Second,
		},
		{
			"the stream is deleted", func(k *foreign) { k.gone = true },
			statemachine.Gone, activityreader.StreamDeleted, []string{"db-C"}, 80 * time.Second, 90 * time.Second,
		},
		{
			"the stream is created again", func(k *foreign) { k.create(3) },
			statemachine.Gone, activityreader.StreamRecreated, []string{"db-C"}, 20 * time.Second, 30 * time.Second,
		},
	} {
		t.Run(tt.why, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				k := newForeign(1, 3, 2*time.Second, "db-A", "db-B")
				at(20*time.Second, func() { k.do(func() { tt.what(k) }) })
				rec, err := k.reader().WaitRecording(t.Context(), []string{"db-A", "db-B", "db-C"}, 2*time.Minute)
				if tt.reason == nil && err != nil || tt.reason != nil && !errors.Is(err, tt.reason) {
					t.Fatalf("error %v, want %v", err, tt.reason)
				}
				if rec.Elapsed < tt.atLeast || rec.Elapsed > tt.atMost {
					t.Errorf("it took %s, want %s to %s", rec.Elapsed, tt.atLeast, tt.atMost)
				}
				if silent, ok := errors.AsType[*activityreader.SilentError](err); ok && !slices.Equal(silent.InstanceIDs, tt.silent) {
					t.Errorf("silent: %v, want %v", silent.InstanceIDs, tt.silent)
				}
				if tt.also == nil {
					return
				}
				end, ok := errors.AsType[*activityreader.ReadError](err)
				if !ok || !errors.Is(err, tt.also) || len(end.Position.Shards) != 3 {
					t.Errorf("error %v, want %v with a position", err, tt.also)
				}
			})
		})
	}
}

// TestForeignWatch checks that Watch finds what happens, and nothing else, in a Kinesis that
// reshards, repeats and mixes records, with shards whose clocks differ by up to 6 or 12 s.
func TestForeignWatch(t *testing.T) {
	seeds := uint64(4)
	if assert.Race {
		seeds = 1
	}
	for _, heartbeat := range []time.Duration{2 * time.Second, 10 * time.Second} {
		for seed := range 2 * seeds {
			clocks := time.Duration(1+seed%2) * 3 * time.Second
			t.Run(fmt.Sprintf("%s, clocks %s, seed %d", heartbeat, clocks, seed), func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) {
					k := newForeign(seed, 0, heartbeat, "db-A", "db-B", "db-C")
					k.clocks, k.latency = clocks, 40*time.Millisecond
					k.create(3)
					began := time.Now()
					later := func(minutes int, what func()) {
						at(time.Duration(minutes)*time.Minute, func() { k.do(what) })
					}
					for i := range 8 {
						later(5+10*i, k.split)
						later(6+10*i, k.merge)
						later(7+10*i, k.merge)
					}
					later(10, func() { delete(k.instances, "db-A") })
					later(12, func() { k.instances["db-A"] = time.Now() })
					later(20, func() { k.instances["db-D"] = time.Now() }) // joins
					later(40, func() { delete(k.instances, "db-B") })      // leaves
					later(55, func() { delete(k.instances, "db-C") })      // just before a reshard
					later(57, func() { k.instances["db-C"] = time.Now() })
					changes := watch(t, k.reader(), activityreader.Latest(), []string{"db-A", "db-B", "db-C"}, 90*time.Minute)
					got := inMinutes(changes, began)
					want := map[string][]string{
						"db-A": {"recording 0", "silent 10", "gap 10 12", "recording 12"},
						"db-B": {"recording 0", "silent 40"},
						"db-C": {"recording 0", "silent 55", "gap 55 57", "recording 57"},
						"db-D": {"recording 20"},
					}
					if diff := cmp.Diff(want, got); diff != "" {
						t.Errorf("changes by instance, in minutes (-want +got):\n%s", diff)
					}
				})
			})
		}
	}
}

// TestForeignWatchShardsInTurns checks that an instance is not silent whose heartbeats come to one
// shard for a while and then to the other. The clocks of the shards are so far apart that, by the
// order of arrival, those in the other shard come after the next one in the first, and leave a hole
// of 12 s. A silence is found all the same, wherever the first record after it comes.
func TestForeignWatchShardsInTurns(t *testing.T) {
	for first := range 2 {
		for behind := range 2 {
			t.Run(fmt.Sprintf("first record in shard %d, shard %d behind", first, behind), func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) {
					began := time.Now()
					end := began.Add(10*time.Minute + 40*time.Second) // of the silence
					k := newForeign(1, 2, 2*time.Second, "db-A")
					k.latency = 40 * time.Millisecond
					k.shards[behind].clock, k.shards[1-behind].clock = -5500*time.Millisecond, 5500*time.Millisecond
					k.choose = func(open []*foreignShard, at time.Time) *foreignShard {
						n := int(at.Sub(began)/k.heartbeat) % 17
						switch {
						case !at.Before(end):
							return open[(first+int(at.Sub(end)/k.heartbeat))%2]
						case n < 12:
							return open[behind]
						}
						return open[1-behind]
					}
					at(10*time.Minute, func() { k.do(func() { delete(k.instances, "db-A") }) })
					at(end.Sub(began), func() { k.do(func() { k.instances["db-A"] = time.Now() }) })
					changes := watch(t, k.reader(), activityreader.Latest(), []string{"db-A"}, 11*time.Minute)
					var got []activityreader.RecordingState
					for _, c := range changes {
						got = append(got, c.State)
					}
					want := []activityreader.RecordingState{"recording", "silent", "gap", "recording"}
					if diff := cmp.Diff(want, got); diff != "" {
						t.Errorf("states (-want +got):\n%s\n%v", diff, changes)
					}
				})
			})
		}
	}
}

// TestForeignWatchBounds checks which silences are found in two shards whose clocks differ by 6 s,
// with the worst shards before and after the silence. Each that is longer than the threshold of
// 20 s and the difference is found, and none that is shorter than the threshold by two polls.
func TestForeignWatchBounds(t *testing.T) {
	for _, tt := range []struct {
		silence time.Duration
		first   int // shard of the first record after it: 0 is ahead, 1 is behind
		found   bool
	}{
		{27 * time.Second, 1, true},
		{25 * time.Second, 1, false}, // 19 s by the times of arrival
		{21 * time.Second, 0, true},
		{17 * time.Second, 0, false}, // 23 s by the times of arrival
	} {
		t.Run(fmt.Sprintf("%s, then shard %d", tt.silence, tt.first), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				k := newForeign(1, 2, time.Second, "db-A")
				k.latency = 40 * time.Millisecond
				k.shards[0].clock, k.shards[1].clock = 3*time.Second, -3*time.Second
				begin := time.Now().Add(10 * time.Minute)
				k.choose = func(open []*foreignShard, at time.Time) *foreignShard {
					if at.Before(begin) {
						return open[1-tt.first]
					}
					return open[tt.first]
				}
				at(10*time.Minute, func() { k.do(func() { k.instances["db-A"] = k.instances["db-A"].Add(tt.silence - time.Second) }) })
				r := k.reader(func(o *activityreader.Options) { o.Silence = 20 * time.Second })
				found := false
				for _, c := range watch(t, r, activityreader.Latest(), []string{"db-A"}, 12*time.Minute) {
					found = found || c.State == activityreader.StateGap
				}
				if found != tt.found {
					t.Errorf("found %t", found)
				}
			})
		})
	}
}

// inMinutes returns the states of each instance with their bounds, in minutes since began.
func inMinutes(changes []activityreader.Change, began time.Time) map[string][]string {
	states := map[string][]string{}
	for _, c := range changes {
		text := string(c.State)
		for _, bound := range []time.Time{c.Since, c.Until} {
			if !bound.IsZero() {
				text += fmt.Sprintf(" %d", bound.Sub(began).Round(time.Minute)/time.Minute)
			}
		}
		states[c.InstanceId] = append(states[c.InstanceId], text)
	}
	return states
}

// TestForeignRead checks that a reader that is killed at every delivery and resumed delivers every
// record, the repeats of a response apart, each shard after its parents.
func TestForeignRead(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		k := newForeign(3, 3, 2*time.Second, "db-A", "db-B", "db-C")
		for i := range 20 {
			at(time.Duration(i)*time.Minute, func() { k.do([]func(){k.split, k.merge}[i%2]) })
		}
		seen := map[string]int{}
		done := map[string]bool{} // shards that were left for a child
		var position activityreader.Position
		stop := time.Now().Add(30 * time.Minute)
		time.Sleep(15 * time.Minute) // what a shard has then is not read before its children are listed
		for time.Now().Before(stop) {
			ctx, cancel := context.WithDeadline(t.Context(), stop)
			for d, err := range k.reader().Read(ctx, stored(t, position)) {
				if isEnd(err) {
					if ctx.Err() == nil {
						t.Fatal(err)
					}
					break
				}
				seen[d.PartitionKey]++
				if done[d.ShardId] {
					t.Errorf("%s was read after one of its children", d.ShardId)
				}
				k.do(func() {
					if s := k.find(d.ShardId); s.parent != "" {
						done[s.parent], done[s.adjacent] = true, true
					}
				})
				position = d.Position()
				break // killed
			}
			cancel()
		}
		k.do(func() {})
		missing := 0
		for _, s := range k.shards {
			for _, r := range s.records {
				if seen[r.key] == 0 && r.at.Before(stop.Add(-10*time.Second)) {
					missing++
				}
			}
		}
		if missing > 0 || len(seen) < 2000 {
			t.Errorf("%d records were delivered, and %d are missing", len(seen), missing)
		}
	})
}

// TestForeignEnds checks that Read and Watch end with a verdict and the position when the stream
// goes away, or is another one.
func TestForeignEnds(t *testing.T) {
	for _, tt := range []struct {
		why  string
		what func(k *foreign)
		want activityreader.Verdict
	}{
		{"deleted", func(k *foreign) { k.gone = true }, activityreader.StreamDeleted},
		{"created again at once", func(k *foreign) { k.create(3) }, activityreader.StreamRecreated},
		{"created again with more shards", func(k *foreign) { k.create(5) }, activityreader.StreamRecreated},
		{"deleted and created again within the grace", func(k *foreign) {
			k.gone = true
			at(30*time.Second, func() { k.do(func() { k.create(3) }) })
		}, activityreader.StreamRecreated},
	} {
		t.Run(tt.why, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				for _, watches := range []bool{false, true} {
					k := newForeign(1, 3, 2*time.Second, "db-A", "db-B")
					at(5*time.Minute, func() { k.do(func() { tt.what(k) }) })
					began := time.Now()
					var err error
					if watches {
						for _, err = range k.reader().Watch(t.Context(), activityreader.Latest(), nil) {
						}
					} else {
						err = end(t.Context(), k.reader(), activityreader.Latest())
					}
					e, ok := errors.AsType[*activityreader.ReadError](err)
					if !ok || e.Verdict != tt.want || len(e.Position.Shards) != 3 || !errors.Is(err, statemachine.Gone) {
						t.Errorf("watches %t: %v, want %s with a position of 3 shards", watches, err, tt.want)
					}
					if took := time.Since(began); took > 6*time.Minute+5*time.Second {
						t.Errorf("watches %t: it took %s", watches, took)
					}
				}
			})
		})
	}
}
