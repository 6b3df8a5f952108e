package main

import (
	"context"
	"encoding/json"
	"errors"
	"math/rand/v2"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/streamwarden/streamwarden-go/activitystream"
	"github.com/streamwarden/streamwarden-go/activitystream/activityreader"
	"github.com/streamwarden/streamwarden-go/activitystream/activityreader/activityreadertest"
	"github.com/streamwarden/streamwarden-go/activitystream/activityrecord"
	"github.com/streamwarden/streamwarden-go/internal/assert"
)

// The delays of the recorders in a soak. A stream that is deleted takes with it what arrived in
// the last moments, when a call may have hung or the recorder may have been down.
const (
	soakBeat    = 10 * time.Second
	soakMoments = 3 * time.Minute
	soakDown    = 20 * time.Second // the longest time between two runs of a recorder
	soakSilence = 3*soakBeat + 2*soakBeat
)

// recorders follow the records of the databases of a soak: for each, one reads, and one watches.
// Both are killed now and then and resume from their position as JSON.
type recorders struct {
	w       *soak
	kinesis *activityreadertest.Server
	names   map[string]string // of the stream, by ARN

	mu       sync.Mutex
	written  map[string][]time.Time       // heartbeats, by instance
	of       map[string]string            // the ARN, by instance
	read     map[string]map[time.Time]int // how often each was delivered, by instance
	gaps     map[string][]gap             // by instance
	verdicts map[activityreader.Verdict]int
	kills    int
}

// gap is a time in which Watch heard nothing of an instance.
type gap struct{ from, to time.Time }

// TestSoakRecorder checks that recorders of a soak's databases, which are stopped, lapse and are
// deleted again and again, deliver every heartbeat that was written and no other, and find every
// gap and no other.
//
//	go test ./examples/guard -run TestSoakRecorder -v -timeout 60m -soak
func TestSoakRecorder(t *testing.T) {
	p := plan{length: quiet + 8*time.Hour, every: 2 * time.Minute, each: 1, eventEvery: 30 * time.Minute, stormEvery: 4 * time.Hour}
	switch {
	case *month:
		p = longPlan()
		p.each, p.eventEvery = 1, 4*time.Hour
	case assert.Race:
		t.Skip("the tests of activityreader run with the race detector")
	}
	synctest.Test(t, func(t *testing.T) {
		w := newSoak(p, *soakSeed)
		r := newRecorders(w)
		ctx, cancel := context.WithDeadline(t.Context(), w.end)
		defer cancel()
		var running sync.WaitGroup
		for arn := range r.names {
			running.Go(func() { r.follow(ctx, arn) })
			running.Go(func() { r.watch(ctx, arn) })
		}
		running.Go(func() { r.reshard(ctx) })
		w.run(t.Context(), func(string) {})
		running.Wait()
		for _, wrong := range w.wrong {
			t.Error(wrong)
		}
		r.check(t)
	})
}

func newRecorders(w *soak) *recorders {
	r := &recorders{
		w: w, names: map[string]string{}, written: map[string][]time.Time{}, of: map[string]string{}, read: map[string]map[time.Time]int{},
		gaps: map[string][]gap{}, verdicts: map[activityreader.Verdict]int{},
	}
	faults := &service{name: "Kinesis", throttling: "ProvisionedThroughputExceededException"}
	r.kinesis = activityreadertest.NewServer(func(o *activityreadertest.Options) {
		o.Heartbeat, o.Creating, o.HistoryLimit = soakBeat, 15*time.Second, remembered
		o.Deliver = func(id string, at time.Time) (time.Duration, bool) {
			r.mu.Lock()
			defer r.mu.Unlock()
			r.written[id] = append(r.written[id], at.Truncate(time.Millisecond))
			return 0, true
		}
		o.Intercept = func(c activityreadertest.Call) *activityreadertest.Failure {
			x := w.dice.about(c.At, "records", string(c.Operation), c.Resource).Float64()
			for _, s := range readShares {
				if x -= s.of; x < 0 && s.what != denied {
					return faults.failure(s.what)
				}
			}
			return nil
		}
	})
	for _, s := range w.subjects {
		if s.service.name == "RDS" {
			r.names[s.arn] = r.kinesis.Attach(w.rds, s.arn, 2)
		}
	}
	return r
}

func (r *recorders) reader(arn string) *activityreader.Reader {
	return activityreader.NewFromConfig(r.kinesis.Config(), activityrecord.NewDecoder(r.kinesis.Keys()), r.names[arn], func(o *activityreader.Options) {
		o.PollDelay, o.Heartbeat = soakBeat, soakBeat
	})
}

// run calls once again and again until ctx ends. A call returns how it ended: it was killed if
// that is nil. The position of a stream that is gone keeps only the instances.
func (r *recorders) run(ctx context.Context, random *rand.Rand, once func(from activityreader.Position) (activityreader.Position, error)) {
	var position activityreader.Position
	for ctx.Err() == nil {
		next, err := once(position)
		r.mu.Lock()
		if end, ok := errors.AsType[*activityreader.ReadError](err); ok {
			r.verdicts[end.Verdict]++
			next = end.Position
			if errors.Is(err, activityreader.StreamDeleted) || errors.Is(err, activityreader.StreamRecreated) {
				next = activityreader.Position{Instances: end.Position.Instances}
			}
		} else {
			r.kills++
		}
		r.mu.Unlock()
		position = activityreader.Position{}
		text, _ := json.Marshal(next) // strings and times can always be marshaled
		_ = json.Unmarshal(text, &position)
		_ = assert.Sleep(ctx, time.Duration(random.Int64N(int64(soakDown))))
	}
}

// follow reads every record.
func (r *recorders) follow(ctx context.Context, arn string) {
	random := r.w.dice.about(r.w.began, "reads", arn)
	r.run(ctx, random, func(from activityreader.Position) (activityreader.Position, error) {
		left := random.IntN(500)
		for d, err := range r.reader(arn).Read(ctx, from) {
			if err != nil {
				return from, err
			}
			r.mu.Lock()
			id := d.Record.InstanceId
			r.of[id] = arn
			if r.read[id] == nil {
				r.read[id] = map[time.Time]int{}
			}
			r.read[id][d.ArrivedAt.UTC()]++
			r.mu.Unlock()
			from = d.Position()
			if left--; left < 0 {
				break
			}
		}
		return from, nil
	})
}

// watch collects the gaps.
func (r *recorders) watch(ctx context.Context, arn string) {
	random := r.w.dice.about(r.w.began, "watches", arn)
	r.run(ctx, random, func(from activityreader.Position) (activityreader.Position, error) {
		left := random.IntN(10)
		for c, err := range r.reader(arn).Watch(ctx, from, nil) {
			if err != nil {
				return from, err
			}
			if c.State == activityreader.StateGap {
				r.mu.Lock()
				if g := (gap{c.Since.UTC(), c.Until.UTC()}); !slices.Contains(r.gaps[c.InstanceId], g) {
					r.gaps[c.InstanceId] = append(r.gaps[c.InstanceId], g)
				}
				r.mu.Unlock()
			}
			from = c.Position()
			if left--; left < 0 {
				break
			}
		}
		return from, nil
	})
}

// reshard splits and merges shards, and lets iterators expire.
func (r *recorders) reshard(ctx context.Context) {
	random := r.w.dice.about(r.w.began, "reshards")
	for assert.Sleep(ctx, between(random, 10*time.Minute, 3*time.Hour)) == nil {
		for _, name := range r.names {
			shards := r.kinesis.Shards(name)
			switch random.IntN(3) {
			case 0:
				if len(shards) > 0 && len(shards) < 4 {
					r.kinesis.Split(name, shards[random.IntN(len(shards))])
				}
			case 1:
				for _, other := range shards { // only the adjacent one merges
					r.kinesis.Merge(name, shards[0], other)
				}
			case 2:
				r.kinesis.ExpireIterators()
			}
		}
	}
}

// check compares what the recorders saw with what was written.
func (r *recorders) check(t *testing.T) {
	t.Helper()
	written, read, gaps, losable := 0, 0, 0, 0
	for id, beats := range r.written {
		gone := []time.Time{r.w.end} // when what was written is out of reach
		for _, m := range r.w.rds.History(r.of[id]) {
			if m.State == activitystream.StatusStopped || m.State == "" {
				gone = append(gone, m.At)
			}
		}
		safe := func(at time.Time) bool {
			return !slices.ContainsFunc(gone, func(g time.Time) bool { return !g.Before(at) && g.Sub(at) < soakMoments })
		}
		known := map[time.Time]bool{}
		for i, at := range beats {
			at = at.UTC()
			known[at] = true
			written++
			n := r.read[id][at]
			read += n
			switch {
			case n > 1:
				t.Errorf("%s: the heartbeat of %s was delivered %d times", id, at.Sub(r.w.began), n)
			case n == 0 && safe(at):
				t.Errorf("%s: the heartbeat of %s was lost", id, at.Sub(r.w.began))
			case n == 0:
				losable++
			}
			if i == 0 || at.Sub(beats[i-1]) <= soakSilence || !safe(at) {
				continue
			}
			gaps++
			if !slices.ContainsFunc(r.gaps[id], func(g gap) bool { return !g.from.After(beats[i-1]) && !g.to.Before(at) }) {
				t.Errorf("%s: the gap from %s to %s was missed", id, beats[i-1].Sub(r.w.began), at.Sub(r.w.began))
			}
		}
		for at := range r.read[id] {
			if !known[at] {
				t.Errorf("%s: the heartbeat of %s was invented", id, at.Sub(r.w.began))
			}
		}
		for _, g := range r.gaps[id] {
			for _, at := range beats {
				if at.After(g.from) && at.Before(g.to) && safe(at) {
					t.Errorf("%s: the gap from %s to %s is false: there is a heartbeat at %s", id, g.from.Sub(r.w.began), g.to.Sub(r.w.began), at.Sub(r.w.began))
					break
				}
			}
			if !known[g.from] || !known[g.to] {
				t.Errorf("%s: the gap from %s to %s has bounds without a heartbeat", id, g.from.Sub(r.w.began), g.to.Sub(r.w.began))
			}
		}
	}
	t.Logf("%d instances, %d heartbeats, %d deliveries, %d gone with a stream; %d gaps; %d kills; verdicts %v",
		len(r.written), written, read, losable, gaps, r.kills, r.verdicts)
	if written == 0 || gaps == 0 || r.verdicts[activityreader.StreamDeleted]+r.verdicts[activityreader.StreamRecreated] == 0 {
		t.Error("there was nothing to find")
	}
}
