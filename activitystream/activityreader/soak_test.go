package activityreader_test

import (
	"context"
	"flag"
	"math/rand/v2"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/streamwarden/streamwarden-go/activitystream/activityreader"
	"github.com/streamwarden/streamwarden-go/activitystream/activityreader/activityreadertest"
	"github.com/streamwarden/streamwarden-go/internal/assert"
)

var full = flag.Bool("month", false, "run TestWatchSoak in full: 30 days and 360 outages")

// outage is a time in which an instance writes nothing.
type outage struct {
	instance   string
	start, end time.Time
}

// report is the first report of a silence, and the threshold at that time: the clocks of shards
// make the learned interval of the heartbeats longer.
type report struct {
	at    time.Time
	limit time.Duration
}

// world is what TestWatchSoak watches: a stream with outages, and what was reported of it.
type world struct {
	began   time.Time
	outages []outage
	pauses  []outage // of the reader
}

// newWorld returns a world with n outages of 1 to 40 minutes over a time, spread over the
// instances.
func newWorld(random *rand.Rand, ids []string, n int, d time.Duration) *world {
	w := &world{began: time.Now()}
	slot := d / time.Duration(n)
	for i := range n {
		start := w.began.Add(time.Duration(i)*slot + slot/8 + time.Duration(random.Int64N(int64(slot/8))))
		w.outages = append(w.outages, outage{ids[i%len(ids)], start, start.Add(time.Minute + time.Duration(random.Int64N(int64(slot/2))))})
	}
	return w
}

// silent reports whether an instance writes nothing at an instant.
func (w *world) silent(id string, at time.Time) bool {
	i, _ := slices.BinarySearchFunc(w.outages, at, func(o outage, at time.Time) int { return o.end.Compare(at) })
	return i < len(w.outages) && w.outages[i].instance == id && !w.outages[i].start.After(at)
}

// TestWatchSoak checks that, over weeks of outages, pauses of the reader, reshards, throttling
// and clocks that differ, Watch finds every outage with its bounds, and reports no other. See the
// guide for the figures of the month:
//
//	go test ./activitystream/activityreader -run TestWatchSoak -month -v -timeout 30m
func TestWatchSoak(t *testing.T) {
	hours, n := 24, 12
	switch {
	case *full:
		hours, n = 30*24, 360
	case assert.Race:
		hours, n = 3, 3
	}
	const heartbeat, poll = 5 * time.Second, 5 * time.Second
	d := time.Duration(hours) * time.Hour
	synctest.Test(t, func(t *testing.T) {
		random, lateness := rand.New(rand.NewPCG(18, 7)), rand.New(rand.NewPCG(4, 4)) // the server has its own
		ids := instances(3)
		w := newWorld(random, ids, n, d)
		s := activityreadertest.NewServer(func(o *activityreadertest.Options) {
			o.Heartbeat = heartbeat
			o.Deliver = func(id string, at time.Time) (time.Duration, bool) {
				return time.Duration(lateness.Int64N(int64(800 * time.Millisecond))), !w.silent(id, at)
			}
			o.Clock = func(id string) time.Duration { return (time.Duration(id[len(id)-1]%5) - 2) * 700 * time.Millisecond }
			o.Latency = func(activityreadertest.Call) time.Duration { return 15 * time.Millisecond }
		})
		name := s.AddStream(activityreadertest.Stream{ResourceId: "cluster-SOAK", Instances: ids, Shards: 4})
		r := newReader(s, name, func(o *activityreader.Options) { o.PollDelay = poll })

		reported := make(map[outage]report) // by the start of the silence
		var gaps []outage
		ctx, cancel := context.WithTimeout(t.Context(), d)
		var others sync.WaitGroup
		others.Go(func() { reshard(ctx, s, name, rand.New(rand.NewPCG(1, 2))) })
		defer others.Wait()
		defer cancel()
		position, behind := activityreader.Latest(), 0
		for ctx.Err() == nil { // restarts with what it stored
			until := time.Now().Add(6*time.Hour + time.Duration(random.Int64N(int64(6*time.Hour))))
			run, stop := context.WithDeadline(ctx, until)
			for c, err := range r.Watch(run, position, ids) {
				if err != nil {
					if run.Err() == nil {
						t.Fatalf("after %s: %v", time.Since(w.began), err)
					}
					break
				}
				position = c.Position()
				key := outage{instance: c.InstanceId, start: c.Since}
				switch c.State {
				case activityreader.StateSilent, activityreader.StateGap:
					if _, ok := reported[key]; !ok {
						reported[key] = report{time.Now(), 3*c.Interval + 2*poll}
					}
					if c.State == activityreader.StateGap {
						if g := (outage{c.InstanceId, c.Since, c.Until}); !slices.Contains(gaps, g) {
							gaps = append(gaps, g)
						}
					}
				case activityreader.StateBehind:
					behind++
				case activityreader.StateUndecodable:
					t.Errorf("undecodable: %+v", c)
				case activityreader.StateRecording:
				}
				if random.IntN(3) == 0 {
					pause := outage{start: time.Now(), end: time.Now().Add(time.Duration(random.Int64N(int64(10 * time.Minute))))}
					w.pauses = append(w.pauses, pause)
					time.Sleep(time.Until(pause.end))
				}
			}
			stop()
			pause := outage{start: time.Now(), end: time.Now().Add(time.Duration(random.Int64N(int64(10 * time.Minute))))}
			w.pauses = append(w.pauses, pause)
			time.Sleep(time.Until(pause.end))
		}
		w.check(t, gaps, reported, heartbeat, poll)
		t.Logf("%d hours, %d outages: %d gaps, %d pauses, %d times behind, %d calls", hours, n, len(gaps), len(w.pauses), behind, len(s.Calls()))
	})
}

// TestReadSoak checks that over hours of reshards, failed calls and pauses, a reader that is killed
// and resumed delivers every record that was written, and no other.
func TestReadSoak(t *testing.T) {
	lasts := 8 * time.Hour
	if assert.Race {
		lasts = 2 * time.Hour
	}
	synctest.Test(t, func(t *testing.T) {
		random, losses := rand.New(rand.NewPCG(3, 1)), rand.New(rand.NewPCG(4, 4)) // the server has its own
		written := 0
		s := activityreadertest.NewServer(func(o *activityreadertest.Options) {
			o.Heartbeat = 5 * time.Second
			o.Deliver = func(string, time.Time) (time.Duration, bool) {
				ok := losses.IntN(100) > 0
				if ok {
					written++
				}
				return 0, ok
			}
			o.Latency = func(activityreadertest.Call) time.Duration { return 15 * time.Millisecond }
		})
		name := s.AddStream(activityreadertest.Stream{ResourceId: "cluster-SOAK", Instances: instances(3), Shards: 4})
		ctx, cancel := context.WithTimeout(t.Context(), lasts)
		var others sync.WaitGroup
		others.Go(func() { reshard(ctx, s, name, rand.New(rand.NewPCG(5, 2))) })
		defer others.Wait()
		defer cancel()
		r := newReader(s, name, func(o *activityreader.Options) { o.PollDelay = 5 * time.Second })
		seen := map[string]int{}
		position, runs := activityreader.Position{}, 0
		for ctx.Err() == nil {
			runs++
			left := random.IntN(2000)
			for d, err := range r.Read(ctx, stored(t, position)) {
				if isEnd(err) {
					if ctx.Err() == nil {
						t.Fatal(err)
					}
					break
				}
				seen[d.PartitionKey]++
				if left--; left < 0 {
					break // killed before it stored the position
				}
				position = d.Position()
				if random.IntN(500) == 0 {
					time.Sleep(time.Duration(random.Int64N(int64(10 * time.Minute))))
				}
			}
			time.Sleep(time.Duration(random.Int64N(int64(time.Minute))))
		}
		cancel()
		others.Wait()
		s.ClearFailures("")
		for i := range instances(3) {
			s.SetSilent(instances(3)[i], true)
		}
		rest, stop := context.WithTimeout(t.Context(), 5*time.Minute)
		defer stop()
		for d, err := range r.Read(rest, position) {
			if isEnd(err) {
				break
			}
			seen[d.PartitionKey]++
		}
		repeats := 0
		for _, n := range seen {
			repeats += n - 1
		}
		t.Logf("%d records, %d runs, %d repeats", len(seen), runs, repeats)
		if len(seen) != written {
			t.Errorf("%d records were delivered, %d were written", len(seen), written)
		}
		if repeats > runs+1 {
			t.Errorf("%d repeats in %d runs: more than those behind the stored position", repeats, runs)
		}
	})
}

// reshard splits and merges shards now and then, and lets calls fail.
func reshard(ctx context.Context, s *activityreadertest.Server, name string, random *rand.Rand) {
	for {
		select {
		case <-ctx.Done():
			return
		case <-time.After(time.Hour + time.Duration(random.Int64N(int64(5*time.Hour)))):
		}
		shards := s.Shards(name)
		switch i := random.IntN(len(shards)); random.IntN(5) {
		case 0:
			if len(shards) < 6 {
				s.Split(name, shards[i])
			}
		case 1:
			for _, other := range shards { // only the adjacent one merges
				s.Merge(name, shards[i], other)
			}
		case 2:
			s.ExpireIterators()
		case 3:
			s.Fail("GetRecords", activityreadertest.Failure{Code: "ProvisionedThroughputExceededException", Times: random.IntN(10)})
		case 4:
			s.EmptyReads(random.IntN(10))
		}
	}
}

// check compares what was reported with what was.
func (w *world) check(t *testing.T, gaps []outage, reported map[outage]report, heartbeat, poll time.Duration) {
	t.Helper()
	const clocks = 3 * time.Second // by how much the clocks of two shards differ, and records come late
	near := func(a, b time.Time) bool { return a.Sub(b).Abs() <= heartbeat+clocks }
	var worst, over time.Duration
	for _, o := range w.outages {
		found := slices.IndexFunc(gaps, func(g outage) bool {
			return g.instance == o.instance && near(g.start, o.start) && near(g.end, o.end)
		})
		if found < 0 {
			t.Errorf("missed: %s from %s to %s", o.instance, o.start.Sub(w.began), o.end.Sub(w.began))
			continue
		}
		at := reported[outage{instance: o.instance, start: gaps[found].start}]
		lag := at.at.Sub(o.start)
		for _, p := range w.pauses { // only the time in which the reader runs counts
			if from, to := latest(p.start, o.start), earliest(p.end, at.at); to.After(from) {
				lag -= to.Sub(from)
			}
		}
		worst, over = max(worst, lag), max(over, lag-at.limit)
		gaps = slices.Delete(gaps, found, found+1)
	}
	for _, g := range gaps {
		t.Errorf("false: %s from %s to %s", g.instance, g.start.Sub(w.began), g.end.Sub(w.began))
	}
	for o, at := range reported {
		if !slices.ContainsFunc(w.outages, func(x outage) bool { return x.instance == o.instance && near(x.start, o.start) }) {
			t.Errorf("false: %s silent since %s, reported at %s", o.instance, o.start.Sub(w.began), at.at.Sub(w.began))
		}
	}
	t.Logf("without the pauses, the latest report came after %s, and %s after the threshold", worst, over)
	if over > 2*poll {
		t.Errorf("a silence was reported %s after the threshold, want at most two polls, %s", over, 2*poll)
	}
}

func earliest(a, b time.Time) time.Time {
	if a.Before(b) {
		return a
	}
	return b
}

func latest(a, b time.Time) time.Time {
	if a.After(b) {
		return a
	}
	return b
}
