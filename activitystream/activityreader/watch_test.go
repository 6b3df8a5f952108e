package activityreader_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
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
	"github.com/streamwarden/streamwarden-go/internal/assert"
	"github.com/streamwarden/streamwarden-go/statemachine"
)

// lines shows changes with their bounds since an instant, in whole seconds.
func lines(began time.Time, changes []activityreader.Change) []string {
	var list []string
	for _, c := range changes {
		text := fmt.Sprintf("%s %s %.0f", c.InstanceId, c.State, c.Since.Sub(began).Seconds())
		if !c.Until.IsZero() {
			text += fmt.Sprintf("-%.0f", c.Until.Sub(began).Seconds())
		}
		list = append(list, text)
	}
	return list
}

// at runs f after a time, in the bubble of the test.
func at(d time.Duration, f func()) { time.AfterFunc(d, f) }

func TestWatch(t *testing.T) {
	minutes := func(n int) time.Duration { return time.Duration(n) * time.Minute }
	for _, tt := range []struct {
		why       string
		heartbeat time.Duration
		what      func(s *activityreadertest.Server, name string)
		ids       []string
		want      []string
	}{
		{
			"all are recorded", 2 * time.Second, func(*activityreadertest.Server, string) {}, instances(2),
			[]string{"db-A recording 1", "db-B recording 2"},
		},
		{
			"nothing was named", 2 * time.Second, func(*activityreadertest.Server, string) {}, nil,
			[]string{"db-A recording 1", "db-B recording 2"},
		},
		{
			"one never was", 2 * time.Second, func(*activityreadertest.Server, string) {}, instances(3),
			[]string{"db-A recording 1", "db-B recording 2", "db-C silent 0"},
		},
		{
			"one is silent for a while, 2 s", 2 * time.Second, func(s *activityreadertest.Server, _ string) {
				at(minutes(3), func() { s.SetSilent("db-B", true) })
				at(minutes(4), func() { s.SetSilent("db-B", false) })
			},
			instances(2),
			[]string{"db-A recording 1", "db-B recording 2", "db-B silent 180", "db-B gap 180-242", "db-B recording 242"},
		},
		{
			"one is silent for a while, 10 s", 10 * time.Second, func(s *activityreadertest.Server, _ string) {
				at(minutes(3), func() { s.SetSilent("db-B", true) })
				at(minutes(4), func() { s.SetSilent("db-B", false) })
			},
			instances(2),
			[]string{"db-A recording 5", "db-B recording 10", "db-B silent 180", "db-B gap 180-250", "db-B recording 250"},
		},
		{
			"one joins, and another leaves", 2 * time.Second, func(s *activityreadertest.Server, name string) {
				at(minutes(3), func() { s.AddInstance(name, "db-Z") })
				at(minutes(8), func() { s.RemoveInstance(name, "db-A") })
			},
			instances(2),
			[]string{"db-A recording 1", "db-B recording 2", "db-Z recording 182", "db-A silent 479"},
		},
		{
			"reshards and a stall of Kinesis are no silence", 2 * time.Second, func(s *activityreadertest.Server, name string) {
				at(minutes(3), func() { s.Split(name, "shardId-000000000000") })
				at(minutes(5), func() { s.Merge(name, "shardId-000000000003", "shardId-000000000001") })
				at(minutes(8), func() {
					s.Fail("GetRecords", activityreadertest.Failure{Code: "InternalFailureException", Status: 500, Times: 12})
				})
			},
			instances(2),
			[]string{"db-A recording 1", "db-B recording 2"},
		},
		{
			"a long stall is reported as that", 2 * time.Second, func(s *activityreadertest.Server, _ string) {
				at(minutes(3), func() {
					s.Fail("GetRecords", activityreadertest.Failure{Code: "InternalFailureException", Status: 500, Times: -1})
				})
				at(minutes(8), func() { s.ClearFailures("GetRecords") })
			},
			instances(2),
			[]string{"db-A recording 1", "db-B recording 2", "db-A behind 179", "db-B behind 179", "db-A recording 1", "db-B recording 2"},
		},
		{
			"an outage in a long stall has its bounds", 2 * time.Second, func(s *activityreadertest.Server, _ string) {
				at(minutes(3), func() { s.Fail("GetRecords", activityreadertest.Failure{Drop: true, Times: -1}) })
				at(minutes(5), func() { s.SetSilent("db-A", true) })
				at(minutes(6), func() { s.SetSilent("db-A", false) })
				at(minutes(8), func() { s.ClearFailures("GetRecords") })
			},
			instances(2),
			[]string{
				"db-A recording 1", "db-B recording 2", "db-A behind 179", "db-B behind 179",
				"db-A gap 299-361", "db-A recording 361", "db-B recording 2",
			},
		},
	} {
		t.Run(tt.why, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				s := activityreadertest.NewServer(func(o *activityreadertest.Options) { o.Heartbeat = tt.heartbeat })
				name := s.AddStream(activityreadertest.Stream{ResourceId: "cluster-X", Instances: instances(2), Shards: 2})
				began := time.Now()
				tt.what(s, name)
				got := lines(began, watch(t, newReader(s, name), activityreader.Latest(), tt.ids, 12*time.Minute))
				if diff := cmp.Diff(tt.want, got); diff != "" {
					t.Errorf("changes (-want +got):\n%s", diff)
				}
			})
		})
	}
}

// TestWatchResumes checks that a gap that spans a restart, and one that began and ended while the
// watcher was down, have their true bounds.
func TestWatchResumes(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := activityreadertest.NewServer()
		name := s.AddStream(activityreadertest.Stream{ResourceId: "cluster-X", Instances: instances(3), Shards: 3})
		began := time.Now()
		at(10*time.Minute-time.Second, func() { s.SetSilent("db-A", true) }) // while it watches
		at(13*time.Minute, func() { s.SetSilent("db-B", true) })             // while it is down
		at(14*time.Minute, func() { s.SetSilent("db-B", false) })
		at(20*time.Minute, func() { s.SetSilent("db-A", false) })
		r := newReader(s, name, func(o *activityreader.Options) { o.PollDelay = 2 * time.Second })
		ctx, cancel := context.WithTimeout(t.Context(), 12*time.Minute)
		defer cancel()
		var position activityreader.Position
		for _, err := range r.Watch(ctx, activityreader.Latest(), instances(3)) {
			if e, ok := errors.AsType[*activityreader.ReadError](err); ok {
				position = stored(t, e.Position)
			}
		}
		if len(position.Instances) != 3 || position.Instances["db-C"].Interval != 2*time.Second {
			t.Errorf("position: %+v", position)
		}
		time.Sleep(3 * time.Minute)
		got := lines(began, watch(t, r, position, nil, 20*time.Minute))
		slices.Sort(got)
		want := []string{
			"db-A gap 599-1201", "db-A recording 1201", "db-A silent 599",
			"db-B gap 779-841", "db-B recording 719", "db-B recording 841", "db-C recording 720",
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("changes after the restart (-want +got):\n%s", diff)
		}
	})
}

// TestWatchBacklog checks that a gap that began and ended before watching began has its
// bounds, if watching begins with the oldest record.
func TestWatchBacklog(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := activityreadertest.NewServer()
		name := s.AddStream(activityreadertest.Stream{ResourceId: "cluster-X", Instances: instances(2), Shards: 3})
		began := time.Now()
		at(time.Hour, func() { s.SetSilent("db-B", true) })
		at(time.Hour+90*time.Second, func() { s.Split(name, "shardId-000000000001") })
		at(time.Hour+2*time.Minute, func() { s.SetSilent("db-B", false) })
		backlog := 10 * time.Hour
		if assert.Race {
			backlog = 2 * time.Hour
		}
		time.Sleep(backlog)
		got := lines(began, watch(t, newReader(s, name), activityreader.Position{}, instances(2), 10*time.Minute))
		want := []string{
			"db-A recording 1", "db-B recording 2", "db-B silent 3600", "db-B gap 3600-3722", "db-B recording 3722",
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("changes (-want +got):\n%s", diff)
		}
	})
}

// TestWatchUndecodable checks that records that cannot be decoded are not taken for silence, and
// silence is not excused by a few of them.
func TestWatchUndecodable(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := activityreadertest.NewServer()
		name := s.AddStream(activityreadertest.Stream{ResourceId: "cluster-X", Instances: instances(1), Shards: 2})
		began := time.Now()
		for i := range 100 { // in place of its heartbeats
			at(10*time.Minute+time.Duration(i)*2*time.Second, func() { s.Put(name, fmt.Sprint(i), []byte("{}")) })
		}
		at(10*time.Minute-time.Second, func() { s.SetSilent("db-A", true) })
		at(10*time.Minute+200*time.Second, func() { s.SetSilent("db-A", false) })
		at(20*time.Minute, func() { s.SetSilent("db-A", true) })
		at(21*time.Minute, func() { s.Put(name, "x", []byte("{}")) })
		at(22*time.Minute, func() { s.SetSilent("db-A", false) })
		got := lines(began, watch(t, newReader(s, name), activityreader.Latest(), instances(1), 30*time.Minute))
		want := []string{
			"db-A recording 2", " undecodable 600", "db-A undecodable 598", "db-A recording 802",
			"db-A silent 1200", " undecodable 1260", "db-A gap 1200-1322", "db-A recording 1322",
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("changes (-want +got):\n%s", diff)
		}
	})
}

// TestWatchKeyFails checks that no instance is reported as silent if the records of all cannot be
// decoded, and that a call of KMS that hangs does not stop a watch.
func TestWatchKeyFails(t *testing.T) {
	for _, tt := range []struct {
		why   string
		fails activityreadertest.Failure
		want  []string
	}{
		{
			"the key is disabled", activityreadertest.Failure{Code: "DisabledException", Times: -1},
			[]string{" undecodable 301", "db-A undecodable 299", "db-B undecodable 300", "db-A recording 599", "db-B recording 600"},
		},
		{
			"KMS denies access once", activityreadertest.Failure{Code: "AccessDeniedException"},
			[]string{" undecodable 301"},
		},
		{
			"KMS hangs once", activityreadertest.Failure{Hang: true},
			[]string{" undecodable 301"},
		},
	} {
		t.Run(tt.why, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				s := activityreadertest.NewServer()
				name := s.AddStream(activityreadertest.Stream{ResourceId: "cluster-X", Instances: instances(2), Shards: 2})
				began := time.Now()
				at(5*time.Minute, func() {
					s.Fail("Decrypt", tt.fails)
					s.RotateKey(name)
				})
				at(10*time.Minute-time.Second, func() { s.ClearFailures("Decrypt") })
				keys, err := kmskeys.New(kms.NewFromConfig(s.Config()), "cluster-X")
				if err != nil {
					t.Fatal(err)
				}
				r := activityreader.NewFromConfig(s.Config(), activityrecord.NewDecoder(keys), name)
				changes := watch(t, r, activityreader.Latest(), instances(2), 15*time.Minute)
				for _, c := range changes {
					if (c.State == activityreader.StateUndecodable) != errors.Is(c.Err, activityrecord.KeyRefused) {
						t.Errorf("%s %s: %v", c.InstanceId, c.State, c.Err)
					}
				}
				if diff := cmp.Diff(tt.want, lines(began, changes[2:])); diff != "" {
					t.Errorf("changes after the first of each instance (-want +got):\n%s", diff)
				}
			})
		})
	}
}

// TestWatchStartsLate checks that watching begins when the shards are listed, and that what arrives
// until a shard can be read is not left out.
func TestWatchStartsLate(t *testing.T) {
	for _, tt := range []struct {
		op   statemachine.Operation
		what activityreadertest.Failure
		want []string
	}{
		{
			"ListShards", activityreadertest.Failure{Code: "LimitExceededException", Times: -1},
			[]string{"db-A behind 0", "db-B behind 0", "db-C behind 0", "db-B recording 130", "db-A recording 135", "db-C silent 127"},
		},
		{
			"GetShardIterator", activityreadertest.Failure{Code: "ProvisionedThroughputExceededException", Resource: "shardId-000000000001", Times: -1},
			[]string{"db-A behind 0", "db-B behind 0", "db-C behind 0", "db-A recording 5", "db-B recording 10", "db-C silent 0"},
		},
	} {
		t.Run(string(tt.op), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				s := activityreadertest.NewServer(func(o *activityreadertest.Options) { o.Heartbeat = 10 * time.Second })
				name := s.AddStream(activityreadertest.Stream{ResourceId: "cluster-X", Instances: instances(2), Shards: 2})
				s.Fail(tt.op, tt.what)
				at(2*time.Minute, func() { s.ClearFailures(tt.op) })
				began := time.Now()
				changes := watch(t, newReader(s, name), activityreader.Latest(), instances(3), 4*time.Minute)
				if diff := cmp.Diff(tt.want, lines(began, changes)); diff != "" {
					t.Errorf("changes (-want +got):\n%s", diff)
				}
				if f, ok := errors.AsType[*statemachine.Fault](changes[0].Err); !ok || f.Operation != tt.op {
					t.Errorf("behind because of %v, want %s", changes[0].Err, tt.op)
				}
			})
		})
	}
}

// TestWatchWrongClock checks that Watch finds what happens, and nothing else, if this machine's
// clock is wrong: while it starts, watches and resumes.
func TestWatchWrongClock(t *testing.T) {
	for _, ahead := range []time.Duration{-30 * time.Second, -5 * time.Second, 5 * time.Second, 2 * time.Minute} { // the shards' clocks
		t.Run(ahead.String(), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				s := activityreadertest.NewServer(func(o *activityreadertest.Options) {
					o.Clock = func(string) time.Duration { return ahead }
				})
				name := s.AddStream(activityreadertest.Stream{ResourceId: "cluster-X", Instances: instances(2), Shards: 2})
				time.Sleep(time.Minute)
				began := time.Now().Add(ahead)
				at(5*time.Minute, func() { s.SetSilent("db-A", true) })
				at(8*time.Minute, func() { s.SetSilent("db-A", false) })
				r := newReader(s, name, func(o *activityreader.Options) { o.Heartbeat = 2 * time.Second })
				ctx, cancel := context.WithTimeout(t.Context(), 10*time.Minute+time.Second/2)
				defer cancel()
				var position activityreader.Position
				var got []string
				for c, err := range r.Watch(ctx, activityreader.Latest(), instances(2)) {
					if e, ok := errors.AsType[*activityreader.ReadError](err); ok {
						position = stored(t, e.Position)
						break
					}
					got = append(got, lines(began, []activityreader.Change{*c})...)
				}
				want := []string{"db-A recording 1", "db-B recording 2", "db-A silent 299", "db-A gap 299-481", "db-A recording 481"}
				if diff := cmp.Diff(want, got); diff != "" {
					t.Errorf("changes (-want +got):\n%s", diff)
				}
				time.Sleep(5*time.Minute - time.Second/2)
				changes := watch(t, r, position, nil, 10*time.Minute)
				if len(changes) != 2 || changes[0].State != activityreader.StateRecording || changes[1].State != activityreader.StateRecording {
					t.Errorf("changes after it resumed: %q", lines(began, changes))
				}
			})
		})
	}
}

// TestWatchBehindOneShard checks that StateBehind has the error of the shard that fails, although
// the others do not.
func TestWatchBehindOneShard(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := activityreadertest.NewServer()
		name := s.AddStream(activityreadertest.Stream{ResourceId: "cluster-X", Instances: instances(1), Shards: 3})
		at(time.Minute, func() {
			s.Fail("GetRecords", activityreadertest.Failure{Code: "ProvisionedThroughputExceededException", Resource: "shardId-000000000001", Times: -1})
		})
		changes := watch(t, newReader(s, name), activityreader.Latest(), nil, 5*time.Minute)
		if c := changes[len(changes)-1]; c.State != activityreader.StateBehind || !errors.Is(c.Err, statemachine.Throttled) {
			t.Errorf("%s: %v", c.State, c.Err)
		}
	})
}

// TestWatchExpired checks that a position whose next records have expired leads to a gap, also if
// no shard is left that it names.
func TestWatchExpired(t *testing.T) {
	for _, resharded := range []bool{false, true} {
		t.Run(fmt.Sprintf("resharded %t", resharded), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				s := activityreadertest.NewServer(func(o *activityreadertest.Options) { o.Heartbeat = time.Minute })
				name := s.AddStream(activityreadertest.Stream{ResourceId: "cluster-X", Instances: instances(1)})
				var logged bytes.Buffer
				r := newReader(s, name, func(o *activityreader.Options) {
					o.Heartbeat, o.Logger = time.Minute, slog.New(slog.NewTextHandler(&logged, nil))
				})
				began := time.Now()
				ctx, cancel := context.WithTimeout(t.Context(), time.Hour+time.Second)
				defer cancel()
				position := endPosition(ctx, r, activityreader.Latest())
				if resharded {
					s.Split(name, "shardId-000000000000")
				}
				time.Sleep(30 * time.Hour)
				if resharded {
					end := endPosition(t.Context(), r, position)
					position = activityreader.Position{Instances: end.Instances}
				}
				got := lines(began, watch(t, r, position, nil, time.Minute))
				if diff := cmp.Diff([]string{"db-A gap 3600-25260", "db-A recording 25260"}, got); diff != "" {
					t.Errorf("changes (-want +got):\n%s", diff)
				}
				if !resharded && !strings.Contains(logged.String(), "expired before") {
					t.Errorf("log: %s", &logged)
				}
			})
		})
	}
}

// endPosition returns the position at the end of a watch.
func endPosition(ctx context.Context, r *activityreader.Reader, from activityreader.Position) (p activityreader.Position) {
	for _, err := range r.Watch(ctx, from, nil) {
		if e, ok := errors.AsType[*activityreader.ReadError](err); ok {
			p = e.Position
		}
	}
	return p
}

// TestWatchExplains checks that Explain is called for silences and gaps, and its text comes with
// them.
func TestWatchExplains(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := activityreadertest.NewServer()
		name := s.AddStream(activityreadertest.Stream{ResourceId: "cluster-X", Instances: instances(1)})
		at(10*time.Minute, func() { s.SetSilent("db-A", true) })
		at(11*time.Minute, func() { s.SetSilent("db-A", false) })
		r := newReader(s, name, func(o *activityreader.Options) {
			o.Explain = func(_ context.Context, id string, since, until time.Time) (string, error) {
				if until.IsZero() {
					return "", errors.New("not known")
				}
				return fmt.Sprintf("%s restarted within %s", id, until.Sub(since)), nil
			}
		})
		var got []string
		for _, c := range watch(t, r, activityreader.Latest(), nil, 20*time.Minute) {
			got = append(got, string(c.State)+" "+c.Explanation)
		}
		if diff := cmp.Diff([]string{"recording ", "silent ", "gap db-A restarted within 1m2s", "recording "}, got); diff != "" {
			t.Errorf("(-want +got):\n%s", diff)
		}
	})
}

// TestWatchPositionIsSmall checks that a position is small, however long the stream was watched
// and resharded.
func TestWatchPositionIsSmall(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := activityreadertest.NewServer(func(o *activityreadertest.Options) { o.Heartbeat = 10 * time.Second })
		name := s.AddStream(activityreadertest.Stream{ResourceId: "cluster-X", Instances: instances(3), Shards: 2})
		for i := range 24 {
			at(time.Duration(i)*5*time.Minute, func() {
				if shards := s.Shards(name); i%2 == 0 {
					s.Split(name, shards[0])
				} else {
					s.Merge(name, shards[len(shards)-1], shards[len(shards)-2])
				}
			})
		}
		ctx, cancel := context.WithTimeout(t.Context(), 3*time.Hour)
		defer cancel()
		for _, err := range newReader(s, name, func(o *activityreader.Options) { o.PollDelay = 10 * time.Second }).Watch(ctx, activityreader.Latest(), nil) {
			if e, ok := errors.AsType[*activityreader.ReadError](err); ok {
				data, _ := json.Marshal(e.Position)
				if open := len(s.Shards(name)); len(e.Position.Shards) != open || len(data) > 1500 {
					t.Errorf("%d shards, %d are open: %s", len(e.Position.Shards), open, data)
				}
			}
		}
	})
}
