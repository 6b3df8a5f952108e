package activityreader_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"net/http"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/kinesis"
	"github.com/google/go-cmp/cmp"

	"github.com/streamwarden/streamwarden-go/activitystream"
	"github.com/streamwarden/streamwarden-go/activitystream/activityreader"
	"github.com/streamwarden/streamwarden-go/activitystream/activityreader/activityreadertest"
	"github.com/streamwarden/streamwarden-go/activitystream/activityrecord"
	"github.com/streamwarden/streamwarden-go/activitystream/activitystreamtest"
	"github.com/streamwarden/streamwarden-go/statemachine"
)

// newStream returns a server whose stream has no heartbeats: only what the test puts into it.
func newStream(shards int, optFns ...func(*activityreadertest.Options)) (s *activityreadertest.Server, name string) {
	s = activityreadertest.NewServer(append(optFns, func(o *activityreadertest.Options) { o.Heartbeat = -1 })...)
	return s, s.AddStream(activityreadertest.Stream{ResourceId: "cluster-X", Shards: shards})
}

// emit writes n records of one event each, which Read shows by their partition keys, and returns
// the keys.
func emit(s *activityreadertest.Server, name string, from, n int) []string {
	var keys []string
	for i := range n {
		keys = append(keys, fmt.Sprintf("key-%04d", from+i))
		s.Put(name, keys[i], []byte("{}"))
	}
	return keys
}

// stored returns a position as it comes back from a file.
func stored(t *testing.T, p activityreader.Position) activityreader.Position {
	t.Helper()
	data, err := json.Marshal(p)
	if err != nil {
		t.Fatal(err)
	}
	var back activityreader.Position
	if err := json.Unmarshal(data, &back); err != nil {
		t.Fatal(err)
	}
	return back
}

// isEnd reports whether an error of Read ends it: all others are of a record.
func isEnd(err error) bool {
	_, ok := errors.AsType[*activityrecord.DecodeError](err)
	return err != nil && !ok
}

// TestReadKilledAtEveryDelivery checks that a reader that is killed after each delivery, and
// resumed from its position, loses nothing, repeats nothing, and reads parents before children,
// while the stream is resharded.
func TestReadKilledAtEveryDelivery(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s, name := newStream(2)
		want := emit(s, name, 0, 60)
		parents := map[string][]string{}
		reshard := func(change func()) {
			before := s.Shards(name)
			change()
			for _, id := range s.Shards(name) {
				if !slices.Contains(before, id) {
					for _, p := range before {
						if !slices.Contains(s.Shards(name), p) {
							parents[id] = append(parents[id], p)
						}
					}
				}
			}
		}
		reshard(func() { s.Split(name, "shardId-000000000000") })
		want = append(want, emit(s, name, 100, 60)...)
		reshard(func() { s.Merge(name, "shardId-000000000003", "shardId-000000000001") })
		want = append(want, emit(s, name, 200, 60)...)

		var position activityreader.Position
		var got []string
		lastOf := map[string]int{} // shard: the last delivery
		firstOf := map[string]int{}
		r := newReader(s, name)
		for n := range 240 {
			if n == 150 { // meanwhile
				reshard(func() { s.Split(name, "shardId-000000000004") })
				want = append(want, emit(s, name, 300, 60)...)
			}
			for d, err := range r.Read(t.Context(), stored(t, position)) {
				if isEnd(err) {
					t.Fatal(err)
				}
				got = append(got, d.PartitionKey)
				lastOf[d.ShardId] = n
				if _, ok := firstOf[d.ShardId]; !ok {
					firstOf[d.ShardId] = n
				}
				position = d.Position()
				break
			}
		}
		slices.Sort(got)
		slices.Sort(want)
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("records (-want +got):\n%s", diff)
		}
		for child, of := range parents {
			for _, p := range of {
				if firstOf[child] < lastOf[p] && lastOf[p] > 0 {
					t.Errorf("%s was read before the end of its parent %s", child, p)
				}
			}
		}
		if len(parents) != 5 || len(position.Shards) > 4 {
			t.Errorf("%d shards with parents, and a position of %d shards", len(parents), len(position.Shards))
		}
	})
}

// readAll reads until n records came, and returns how often each partition key did.
func readAll(t *testing.T, r *activityreader.Reader, n int) map[string]int {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), time.Hour)
	defer cancel()
	got := map[string]int{}
	for d, err := range r.Read(ctx, activityreader.Position{}) {
		if isEnd(err) {
			t.Errorf("after %d records: %v", len(got), err)
			break
		}
		if got[d.PartitionKey]++; len(got) == n {
			break
		}
	}
	return got
}

// TestReadThroughFaults checks that every record is delivered, once, whatever goes wrong.
func TestReadThroughFaults(t *testing.T) {
	unavailable := activityreadertest.Failure{Code: "InternalFailureException", Status: 500, Times: 7}
	for _, tt := range []struct {
		why  string
		what func(s *activityreadertest.Server)
	}{
		{"nothing", func(*activityreadertest.Server) {}},
		{"throttled", func(s *activityreadertest.Server) {
			s.Fail("GetRecords", activityreadertest.Failure{Code: "ProvisionedThroughputExceededException", Times: 9})
			s.Fail("GetShardIterator", activityreadertest.Failure{Code: "ProvisionedThroughputExceededException", Times: 9})
			s.Fail("ListShards", activityreadertest.Failure{Code: "LimitExceededException", Times: 3})
		}},
		{"unavailable", func(s *activityreadertest.Server) {
			for _, op := range []statemachine.Operation{"GetRecords", "GetShardIterator", "ListShards"} {
				s.Fail(op, unavailable)
			}
		}},
		{"broken connections", func(s *activityreadertest.Server) { s.Fail("", activityreadertest.Failure{Drop: true, Times: 20}) }},
		{"a call that hangs", func(s *activityreadertest.Server) { s.Fail("GetRecords", activityreadertest.Failure{Hang: true}) }},
		{"responses that hold no records", func(s *activityreadertest.Server) { s.EmptyReads(25) }},
		{"responses without a document", func(s *activityreadertest.Server) {
			s.Fail("GetRecords", activityreadertest.Failure{Status: http.StatusOK, Body: "{}", Times: 2})
			s.Fail("ListShards", activityreadertest.Failure{Status: http.StatusOK, Body: "{}", Times: 2})
			s.Fail("GetShardIterator", activityreadertest.Failure{Status: http.StatusOK, Body: "{}", Times: 2})
		}},
		{"iterators that expire", func(s *activityreadertest.Server) {
			go func() {
				for range 40 {
					time.Sleep(100 * time.Millisecond)
					s.ExpireIterators()
				}
			}()
		}},
		{"a stream that does not exist yet", func(s *activityreadertest.Server) {
			s.Fail("ListShards", activityreadertest.Failure{Code: "ResourceNotFoundException", Times: 5})
		}},
		{"a stream that is not active yet", func(s *activityreadertest.Server) {
			s.Fail("ListShards", activityreadertest.Failure{Code: "ResourceInUseException", Times: 5})
		}},
	} {
		t.Run(tt.why, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				s, name := newStream(3, func(o *activityreadertest.Options) {
					o.Latency = func(activityreadertest.Call) time.Duration { return 30 * time.Millisecond }
				})
				want := emit(s, name, 0, 100)
				s.Split(name, "shardId-000000000001")
				want = append(want, emit(s, name, 100, 100)...)
				tt.what(s)
				got := readAll(t, newReader(s, name), len(want))
				for _, k := range want {
					if got[k] != 1 {
						t.Errorf("%s was delivered %d times", k, got[k])
					}
				}
				time.Sleep(time.Minute) // what still goes wrong by itself ends
			})
		})
	}
}

// TestReadKeepsToTheQuotas checks that the simulator does not have to throttle a reader.
func TestReadKeepsToTheQuotas(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s, name := newStream(1)
		began := time.Now()
		big := make([]byte, 100_000)
		for i := range 120 { // 12 MB
			s.Put(name, fmt.Sprint(i), big)
		}
		readAll(t, newReader(s, name), 120)
		if took := time.Since(began); took < time.Second || took > 8*time.Second {
			t.Errorf("12 MB took %s, want about 5 s: 10 MiB at once, and the rest at 2 MB/s", took)
		}
		for _, c := range s.Calls() {
			if c.Code != "" {
				t.Errorf("%s was refused: %s", c.Operation, c.Code)
			}
		}
	})
}

// TestReadUndecodable checks that a record that cannot be decoded is delivered with its error,
// and that reading goes on.
func TestReadUndecodable(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s, name := newStream(1)
		s.Emit(name, "db-A", activityrecord.Event{Type: "record", Command: "SELECT"})
		s.Put(name, "bad", []byte("{}"))
		s.Emit(name, "db-A", activityrecord.Event{Type: "record", Command: "INSERT"})
		var got []string
		for d, err := range newReader(s, name).Read(t.Context(), activityreader.Position{}) {
			switch {
			case isEnd(err):
				t.Fatal(err)
			case err != nil && (d.Record != nil || string(d.Data) != "{}" || !errors.Is(err, activityrecord.NotARecord)):
				t.Errorf("%+v with %v", d, err)
			case err != nil:
				got = append(got, "undecodable")
			default:
				got = append(got, d.Record.InstanceId+" "+d.Record.Events[0].Command)
			}
			if len(got) == 3 {
				break
			}
		}
		if diff := cmp.Diff([]string{"db-A SELECT", "undecodable", "db-A INSERT"}, got); diff != "" {
			t.Errorf("(-want +got):\n%s", diff)
		}
	})
}

// TestReadLatest checks that Latest delivers what arrives from now on, also after a restart, in
// shards of which nothing was read.
func TestReadLatest(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s, name := newStream(4)
		emit(s, name, 0, 50)
		time.Sleep(time.Hour)
		r := newReader(s, name)
		position := activityreader.Latest()
		want := map[string]int{}
		got := map[string]int{}
		for round := range 8 {
			synctest.Wait()
			go func() {
				time.Sleep(2 * time.Second)
				for _, k := range emit(s, name, 1000+10*round, 10) {
					want[k]++
				}
			}()
			for d, err := range r.Read(t.Context(), stored(t, position)) {
				if isEnd(err) {
					t.Fatal(err)
				}
				got[d.PartitionKey]++
				position = d.Position()
				if got[fmt.Sprintf("key-%04d", 1000+10*round+9)] > 0 || len(got)%7 == 6 {
					break
				}
			}
			time.Sleep(10 * time.Second)
		}
		ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
		defer cancel()
		for d, err := range r.Read(ctx, stored(t, position)) {
			if err != nil && isEnd(err) {
				break
			}
			got[d.PartitionKey]++
		}
		wantKeys, gotKeys := slices.Sorted(maps.Keys(want)), slices.Sorted(maps.Keys(got))
		if diff := cmp.Diff(wantKeys, gotKeys); diff != "" {
			t.Errorf("(-want +got):\n%s", diff)
		}
	})
}

// end reads until the iteration ends, and returns its error.
func end(ctx context.Context, r *activityreader.Reader, from activityreader.Position) (err error) {
	for _, err = range r.Read(ctx, from) {
		if isEnd(err) {
			return err
		}
	}
	return err
}

// TestReadEnds checks that reading ends once, with a verdict that says why and a position to
// resume at.
func TestReadEnds(t *testing.T) {
	for _, tt := range []struct {
		why     string
		what    func(s *activityreadertest.Server, name string, cancel func())
		verdict activityreader.Verdict
		also    error
		kind    statemachine.Kind
		after   time.Duration
	}{
		{
			"the context ends", func(_ *activityreadertest.Server, _ string, cancel func()) { cancel() },
			activityreader.Interrupted, context.Canceled, statemachine.Interrupted, 0,
		},
		{
			"the stream is deleted", func(s *activityreadertest.Server, name string, _ func()) { s.DeleteStream(name) },
			activityreader.StreamDeleted, statemachine.Gone, statemachine.NotFound, 62 * time.Second,
		},
		{
			"the stream is deleted and created again", func(s *activityreadertest.Server, name string, _ func()) {
				s.AddStream(activityreadertest.Stream{ResourceId: "cluster-X", Shards: 2})
			},
			activityreader.StreamRecreated, statemachine.Gone, statemachine.NotFound, 3 * time.Second,
		},
		{
			"access is denied", func(s *activityreadertest.Server, _ string, _ func()) {
				s.Fail("GetRecords", activityreadertest.Failure{Code: "AccessDeniedException", Times: -1})
			},
			activityreader.ReadFailed, statemachine.ReadFailed, statemachine.AccessDenied, 2 * time.Second,
		},
		{
			"the credentials expire", func(s *activityreadertest.Server, _ string, _ func()) {
				s.Fail("GetRecords", activityreadertest.Failure{Code: "ExpiredTokenException", Times: -1})
			},
			activityreader.ReadFailed, statemachine.ReadFailed, statemachine.Unauthenticated, 2 * time.Second,
		},
	} {
		t.Run(tt.why, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				s, name := newStream(2)
				emit(s, name, 0, 20)
				ctx, cancel := context.WithCancel(t.Context())
				defer cancel()
				var at time.Time
				go func() {
					time.Sleep(10*time.Minute + 300*time.Millisecond)
					at = time.Now()
					tt.what(s, name, cancel)
				}()
				err := end(ctx, newReader(s, name), activityreader.Position{})
				took := time.Since(at)
				var e *activityreader.ReadError
				if !errors.As(err, &e) || e.Verdict != tt.verdict || !errors.Is(err, tt.verdict) || !errors.Is(err, tt.also) {
					t.Fatalf("error %v, want %v", err, tt.verdict)
				}
				if kind := statemachine.KindOf(err); kind != tt.kind {
					t.Errorf("kind %q, want %q", kind, tt.kind)
				}
				if took > tt.after {
					t.Errorf("it took %s, want at most %s", took, tt.after)
				}
				if len(e.Position.Shards) != 2 || e.Position.Shards["shardId-000000000000"].After == "" {
					t.Errorf("position: %+v", e.Position)
				}
			})
		})
	}
}

// TestReadOfAnotherStream checks that a stored position of a stream that was recreated is
// refused; a stream that never comes ends the read after Grace.
func TestReadOfAnotherStream(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s, name := newStream(2)
		emit(s, name, 0, 20)
		var position activityreader.Position
		for d := range newReader(s, name).Read(t.Context(), position) {
			position = d.Position()
			break
		}
		s.AddStream(activityreadertest.Stream{ResourceId: "cluster-X", Shards: 2})
		err := end(t.Context(), newReader(s, name), position)
		if e, ok := errors.AsType[*activityreader.ReadError](err); !ok || e.Verdict != activityreader.StreamRecreated || !cmp.Equal(e.Position, position) {
			t.Errorf("resumed in another stream: %v", err)
		}

		began := time.Now()
		err = end(t.Context(), newReader(s, "other"), activityreader.Position{})
		if !errors.Is(err, activityreader.StreamDeleted) || time.Since(began) != time.Minute {
			t.Errorf("a stream that is not there: %v after %s", err, time.Since(began))
		}
		began = time.Now()
		err = end(t.Context(), newReader(s, "other", func(o *activityreader.Options) { o.Grace = -1 }), activityreader.Position{})
		if !errors.Is(err, activityreader.StreamDeleted) || time.Since(began) != 0 {
			t.Errorf("without grace: %v after %s", err, time.Since(began))
		}
	})
}

// TestReadStopped checks that the stream of an attached database comes with the start and goes
// with the stop of the activity stream.
func TestReadStopped(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		rds := activitystreamtest.NewServer()
		arn := rds.AddCluster(activitystreamtest.Cluster{Identifier: "shop", Members: 2})
		s := activityreadertest.NewServer(func(o *activityreadertest.Options) { o.Creating = 20 * time.Second })
		name := s.Attach(rds, arn, 2)
		client := activitystream.NewFromConfig(rds.Config())
		if _, err := client.Start(t.Context(), &activitystream.StartInput{ResourceArn: arn, Mode: activitystream.ModeAsync, KmsKeyId: "alias/audit", ApplyImmediately: true}); err != nil {
			t.Fatal(err)
		}
		members, err := client.Members(t.Context(), arn)
		if err != nil || len(members) != 2 {
			t.Fatalf("members: %v, %v", members, err)
		}
		began := time.Now()
		r := newReader(s, name)
		rec, err := r.WaitRecording(t.Context(), []string{members[0].ResourceId, members[1].ResourceId}, 10*time.Minute)
		if err != nil || len(rec.Instances) != 2 {
			t.Fatalf("%+v, %v", rec, err)
		}
		if took := time.Since(began); took < 2*time.Minute || took > 2*time.Minute+10*time.Second {
			t.Errorf("proof after %s, want it just after the 2 minutes of the start", took)
		}
		if _, err := client.Stop(t.Context(), &activitystream.StopInput{ResourceArn: arn, ApplyImmediately: true}); err != nil {
			t.Fatal(err)
		}
		if err := end(t.Context(), r, activityreader.Latest()); !errors.Is(err, activityreader.StreamDeleted) {
			t.Errorf("stopped: %v", err)
		}
	})
}

func TestInput(t *testing.T) {
	s, name := newStream(1)
	negative := func(o *activityreader.Options) {
		o.Heartbeat, o.Silence, o.BehindAfter, o.PollDelay, o.Concurrency, o.ReadTimeout = -1, -1, -1, time.Minute, -1, -1
	}
	fields := func(err error) []string {
		var e *statemachine.InputError
		if !errors.As(err, &e) {
			return []string{fmt.Sprint(err)}
		}
		var names []string
		for _, f := range e.Fields {
			names = append(names, f.Field)
		}
		return names
	}
	wrong := activityreader.New(nil, nil, "", negative)
	all := []string{"StreamName", "API", "Decoder", "Heartbeat", "Silence", "BehindAfter", "ReadTimeout", "PollDelay", "Concurrency"}
	_, err := wrong.WaitRecording(t.Context(), nil, 0)
	if diff := cmp.Diff(append([]string{"instanceIDs", "maxWait"}, all...), fields(err)); diff != "" {
		t.Errorf("WaitRecording (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff(all, fields(end(t.Context(), wrong, activityreader.Position{}))); diff != "" {
		t.Errorf("Read (-want +got):\n%s", diff)
	}
	for _, err := range newReader(s, name).Watch(t.Context(), activityreader.Position{}, []string{""}) {
		if diff := cmp.Diff([]string{"instanceIDs"}, fields(err)); diff != "" {
			t.Errorf("Watch (-want +got):\n%s", diff)
		}
	}
	if calls := s.Calls(); len(calls) > 0 {
		t.Errorf("%d calls", len(calls))
	}
}

// TestReadWithWrongClock checks that requests that Kinesis rejects because of this machine's clock
// are repeated at once, as often as the clock changes.
func TestReadWithWrongClock(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s, name := newStream(1)
		want := emit(s, name, 0, 2)
		began := time.Now()
		var got []string
		for d, err := range newReader(s, name).Read(t.Context(), activityreader.Position{}) {
			if isEnd(err) {
				t.Fatal(err)
			}
			got = append(got, d.PartitionKey)
			if len(got) == 2 {
				s.SkewClock(time.Hour)
				want = append(want, emit(s, name, 2, 1)...)
				continue
			}
			if len(got) == 3 {
				break
			}
		}
		if diff := cmp.Diff(want, got); diff != "" || time.Since(began) > 2*time.Second {
			t.Errorf("records after %s (-want +got):\n%s", time.Since(began), diff)
		}
	})
}

// endless is a Kinesis whose list of shards has no end.
type endless struct{ *fake }

func (e endless) ListShards(ctx context.Context, in *kinesis.ListShardsInput, optFns ...func(*kinesis.Options)) (*kinesis.ListShardsOutput, error) {
	out, err := e.fake.ListShards(ctx, in, optFns...)
	if err == nil {
		out.NextToken = new("0")
	}
	return out, err
}

// TestReadRejectsEndlessList checks that a list of shards whose token repeats is a failed request,
// which is made again.
func TestReadRejectsEndlessList(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
		defer cancel()
		var log bytes.Buffer
		r := activityreader.New(endless{&fake{shards: []fakeShard{{id: "a"}}}}, activityrecord.NewDecoder(nil), "stream", func(o *activityreader.Options) {
			o.Logger = slog.New(slog.NewTextHandler(&log, nil))
		})
		for _, err := range r.Read(ctx, activityreader.Position{}) {
			if !errors.Is(err, activityreader.Interrupted) {
				t.Errorf("got %v", err)
			}
		}
		const message = `level=WARN msg="call failed" stream=stream error="ListShards stream: unavailable: response repeats an earlier NextToken`
		if n := strings.Count(log.String(), message); n != 7 { // after 0, 1, 3, 7, 15, 31 and 47 s
			t.Errorf("%d messages, want 7:\n%s", n, log.String())
		}
	})
}
