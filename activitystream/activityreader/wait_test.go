package activityreader_test

import (
	"context"
	"errors"
	"maps"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/kms"
	"github.com/google/go-cmp/cmp"

	"github.com/streamwarden/streamwarden-go/activitystream/activityreader"
	"github.com/streamwarden/streamwarden-go/activitystream/activityreader/activityreadertest"
	"github.com/streamwarden/streamwarden-go/activitystream/activityrecord"
	"github.com/streamwarden/streamwarden-go/activitystream/activityrecord/kmskeys"
	"github.com/streamwarden/streamwarden-go/statemachine"
)

// TestWaitRecording calls WaitRecording at different times on a stream that is recorded. It costs
// one list, at most three calls a shard and one call of KMS, and returns within two heartbeats and
// a second, whenever each instance sends its own. Only for an interval between 2.3 and 4.9 s that
// is not set, it may take 10.7 s.
func TestWaitRecording(t *testing.T) {
	random := rand.New(rand.NewPCG(18, 1))
	for half := range 59 {
		heartbeat := time.Second + time.Duration(half)*time.Second/2
		limit := 2*heartbeat + time.Second
		if heartbeat > 2300*time.Millisecond && heartbeat < 4900*time.Millisecond {
			limit = 11 * time.Second
		}
		for _, known := range []time.Duration{0, heartbeat} {
			if known == 0 && heartbeat > 10*time.Second {
				continue // it takes more calls, as documented
			}
			t.Run(heartbeat.String()+", option "+known.String(), func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) {
					const shards = 4
					s := activityreadertest.NewServer(func(o *activityreadertest.Options) {
						o.Heartbeat = heartbeat
						o.Latency = func(activityreadertest.Call) time.Duration { return 50 * time.Millisecond }
					})
					name := s.AddStream(activityreadertest.Stream{ResourceId: "cluster-X", Instances: instances(3), Shards: shards})
					for range 6 {
						scatter(s, name, random, heartbeat)
						before, began := len(s.Calls()), time.Now()
						keys, err := kmskeys.New(kms.NewFromConfig(s.Config()), "cluster-X")
						if err != nil {
							t.Fatal(err)
						}
						r := activityreader.NewFromConfig(s.Config(), activityrecord.NewDecoder(keys), name, func(o *activityreader.Options) { o.Heartbeat = known })
						rec, err := r.WaitRecording(t.Context(), instances(3), time.Hour)
						if err != nil {
							t.Fatal(err)
						}
						if diff := cmp.Diff(instances(3), slices.Sorted(maps.Keys(rec.Instances))); diff != "" {
							t.Errorf("evidence (-want +got):\n%s", diff)
						}
						for id, at := range rec.Instances {
							if at.Before(began) || at.After(time.Now()) {
								t.Errorf("%s was heard from at %s, outside of the call", id, at.Sub(began))
							}
						}
						took := time.Since(began)
						if known > 0 && took > 2*heartbeat+time.Second || took > limit || took != rec.Elapsed {
							t.Errorf("it took %s, and says %s", took, rec.Elapsed)
						}
						if calls := len(s.Calls()) - before; calls > 1+3*shards+1 {
							t.Errorf("%d calls", calls)
						}
					}
				})
			})
		}
	}
}

// scatter makes each instance join the stream again, at a random instant of an interval, and sleeps
// for a minute and a part of an interval.
func scatter(s *activityreadertest.Server, name string, random *rand.Rand, heartbeat time.Duration) {
	for _, id := range instances(3) {
		s.RemoveInstance(name, id)
		time.Sleep(time.Duration(random.Int64N(int64(heartbeat))))
		s.AddInstance(name, id)
	}
	time.Sleep(time.Minute + time.Duration(random.Int64N(int64(heartbeat))))
}

// TestWaitRecordingEnds checks that a wait that ends without proof says why, names the silent
// instances, and returns the evidence that there is.
func TestWaitRecordingEnds(t *testing.T) {
	for _, tt := range []struct {
		why    string
		what   func(s *activityreadertest.Server, name string, cancel func())
		reason statemachine.Reason
		silent []string
		heard  int
		after  time.Duration
	}{
		{
			"one is silent", func(s *activityreadertest.Server, _ string, _ func()) { s.SetSilent("db-B", true) },
			statemachine.TimedOut, []string{"db-B"}, 2, time.Minute,
		},
		{
			"all are silent", func(s *activityreadertest.Server, _ string, _ func()) {
				for _, id := range instances(3) {
					s.SetSilent(id, true)
				}
			},
			statemachine.TimedOut, instances(3), 0, time.Minute,
		},
		{
			"there is no stream", func(s *activityreadertest.Server, name string, _ func()) { s.DeleteStream(name) },
			statemachine.TimedOut, instances(3), 0, time.Minute,
		},
		{
			"Kinesis is unavailable", func(s *activityreadertest.Server, _ string, _ func()) {
				s.Fail("", activityreadertest.Failure{Code: "InternalFailureException", Status: 500, Times: -1})
			},
			statemachine.TimedOut, instances(3), 0, time.Minute,
		},
		{
			"access is denied", func(s *activityreadertest.Server, _ string, _ func()) {
				s.Fail("", activityreadertest.Failure{Code: "AccessDeniedException", Times: -1})
			},
			statemachine.ReadFailed, instances(3), 0, 0,
		},
		{
			"the context ends", func(_ *activityreadertest.Server, _ string, cancel func()) { time.AfterFunc(time.Second, cancel) },
			statemachine.Canceled, instances(3), 0, time.Second,
		},
	} {
		t.Run(tt.why, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				s := activityreadertest.NewServer()
				name := s.AddStream(activityreadertest.Stream{ResourceId: "cluster-X", Instances: instances(3), Shards: 2})
				time.Sleep(time.Hour)
				ctx, cancel := context.WithCancel(t.Context())
				defer cancel()
				tt.what(s, name, cancel)
				began := time.Now()
				rec, err := newReader(s, name).WaitRecording(ctx, instances(3), time.Minute)
				if took := time.Since(began); took != tt.after {
					t.Errorf("it took %s, want %s", took, tt.after)
				}
				var wait *statemachine.WaitError
				var silent *activityreader.SilentError
				if !errors.As(err, &wait) || wait.Reason != tt.reason || wait.Resource != name || !errors.As(err, &silent) {
					t.Fatalf("error %v, want the reason %s", err, tt.reason)
				}
				if diff := cmp.Diff(tt.silent, silent.InstanceIDs); diff != "" {
					t.Errorf("silent (-want +got):\n%s", diff)
				}
				if len(rec.Instances) != tt.heard {
					t.Errorf("evidence: %v", rec.Instances)
				}
			})
		})
	}
}

// TestWaitRecordingLastRead checks that each shard is read once when maxWait ends, and that the
// shards are listed once then: if that takes no time, and if one of the calls does not return or
// fails.
func TestWaitRecordingLastRead(t *testing.T) {
	const maxWait = 30 * time.Second // when the shards are listed again
	const end = maxWait - time.Millisecond
	const one = "shardId-000000000001"
	for _, tt := range []struct {
		why   string
		from  time.Duration // since when calls fail
		op    statemachine.Operation
		fails activityreadertest.Failure
		after time.Duration // maxWait
		want  map[statemachine.Operation]int
	}{
		{
			"nothing fails", end, "", activityreadertest.Failure{},
			0, map[statemachine.Operation]int{"ListShards": 1, "GetRecords": 4},
		},
		{
			"a read hangs", end, "GetRecords", activityreadertest.Failure{Hang: true, Resource: one, Times: -1},
			30 * time.Second, map[statemachine.Operation]int{"ListShards": 1, "GetRecords": 4},
		},
		{
			"a read is throttled", end, "GetRecords", activityreadertest.Failure{Code: "ProvisionedThroughputExceededException", Resource: one, Times: -1},
			0, map[statemachine.Operation]int{"ListShards": 1, "GetRecords": 4},
		},
		{
			"a shard never has an iterator", 0, "GetShardIterator", activityreadertest.Failure{Code: "LimitExceededException", Resource: one, Times: -1},
			0, map[statemachine.Operation]int{"ListShards": 1, "GetShardIterator": 1, "GetRecords": 3},
		},
		{
			"the list hangs", end, "ListShards", activityreadertest.Failure{Hang: true, Times: -1},
			30 * time.Second, map[statemachine.Operation]int{"ListShards": 1, "GetRecords": 4},
		},
		{
			"the list is throttled", end, "ListShards", activityreadertest.Failure{Code: "LimitExceededException", Times: -1},
			0, map[statemachine.Operation]int{"ListShards": 1, "GetRecords": 4},
		},
	} {
		t.Run(tt.why, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				s := activityreadertest.NewServer()
				name := s.AddStream(activityreadertest.Stream{ResourceId: "cluster-X", Instances: instances(1), Shards: 4})
				s.SetSilent("db-A", true)
				last := time.Now().Add(maxWait)
				if tt.from == 0 {
					s.Fail(tt.op, tt.fails)
				} else {
					at(tt.from, func() { s.Fail(tt.op, tt.fails) })
				}
				_, err := newReader(s, name).WaitRecording(t.Context(), instances(1), maxWait)
				if took := time.Since(last); !errors.Is(err, statemachine.TimedOut) || took != tt.after {
					t.Fatalf("%s after maxWait: %v", took, err)
				}
				calls := map[statemachine.Operation]int{}
				for _, c := range s.Calls() {
					if !c.At.Before(last) {
						calls[c.Operation]++
					}
				}
				if diff := cmp.Diff(tt.want, calls); diff != "" {
					t.Errorf("requests when maxWait ends (-want +got):\n%s", diff)
				}
			})
		})
	}
}

// TestWaitRecordingExpires checks that what arrived before the call is no proof if the iterators
// expire, and that they do not expire between two reads if heartbeats are rare.
func TestWaitRecordingExpires(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := activityreadertest.NewServer(func(o *activityreadertest.Options) { o.Heartbeat = 11 * time.Minute })
		name := s.AddStream(activityreadertest.Stream{ResourceId: "cluster-X", Instances: instances(1), Shards: 2})
		r := newReader(s, name, func(o *activityreader.Options) { o.Heartbeat = 11 * time.Minute })
		time.Sleep(11*time.Minute + 5*time.Second) // since the heartbeat
		at(time.Second, s.ExpireIterators)
		if rec, err := r.WaitRecording(t.Context(), instances(1), 10*time.Minute); !errors.Is(err, statemachine.TimedOut) || rec.Records != 0 {
			t.Errorf("iterators expired: %+v, %v", rec, err)
		}
		began := time.Now()
		rec, err := r.WaitRecording(t.Context(), instances(1), time.Hour)
		if got := rec.Instances["db-A"].Sub(began); err != nil || got != 55*time.Second || rec.Elapsed != 4*time.Minute {
			t.Errorf("heard after %s, it took %s: %v", got, rec.Elapsed, err)
		}
	})
}

// TestWaitRecordingKeyFails checks the error if no record can be decoded, and that a call of KMS
// that hangs delays it by ReadTimeout at most.
func TestWaitRecordingKeyFails(t *testing.T) {
	for _, tt := range []struct {
		why   string
		fails activityreadertest.Failure
		took  time.Duration
		text  string
	}{
		{
			"denied", activityreadertest.Failure{Code: "AccessDeniedException", Message: "not yours", Times: -1},
			time.Minute, "no record arrived from db-A that could be decoded (30 could not): activityrecord: key refused: ",
		},
		{
			"hangs", activityreadertest.Failure{Hang: true, Times: -1},
			90 * time.Second, "no record arrived from db-A that could be decoded (2 could not): activityrecord: key refused: ",
		},
	} {
		t.Run(tt.why, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				s := activityreadertest.NewServer()
				name := s.AddStream(activityreadertest.Stream{ResourceId: "cluster-X", Instances: instances(1), Shards: 2})
				s.Fail("Decrypt", tt.fails)
				keys, err := kmskeys.New(kms.NewFromConfig(s.Config()), "cluster-X")
				if err != nil {
					t.Fatal(err)
				}
				r := activityreader.NewFromConfig(s.Config(), activityrecord.NewDecoder(keys), name)
				rec, err := r.WaitRecording(t.Context(), instances(1), time.Minute)
				if !errors.Is(err, statemachine.TimedOut) || !strings.Contains(err.Error(), tt.text) || rec.Elapsed != tt.took {
					t.Errorf("after %s: %v", rec.Elapsed, err)
				}
			})
		})
	}
}

// TestWaitRecordingMeanwhile checks that a stream that is resharded, or that appears while it is
// waited for, is no obstacle; nor is a list that names others.
func TestWaitRecordingMeanwhile(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := activityreadertest.NewServer()
		name := s.AddStream(activityreadertest.Stream{ResourceId: "cluster-X", Instances: instances(2), Shards: 2})
		s.SetSilent("db-B", true)
		go func() {
			time.Sleep(5 * time.Second)
			s.Split(name, "shardId-000000000000")
			s.Split(name, "shardId-000000000001")
			time.Sleep(20 * time.Second)
			s.Put(name, "bad", []byte("{}"))
			s.SetSilent("db-B", false)
		}()
		rec, err := newReader(s, name).WaitRecording(t.Context(), []string{"DB-b"}, time.Minute)
		if err != nil {
			t.Fatal(err)
		}
		if rec.Instances["DB-b"].IsZero() || rec.Instances["db-A"].IsZero() || rec.Undecodable != 1 || rec.Err == nil {
			t.Errorf("evidence: %+v", rec)
		}
	})
}
