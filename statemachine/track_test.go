package statemachine_test

import (
	"encoding/json"
	"errors"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/streamwarden/streamwarden-go/internal/assert"
	"github.com/streamwarden/streamwarden-go/statemachine"
)

// newTrack returns a track of the stream for target.
func newTrack(t *testing.T, target state, maxWait time.Duration, o statemachine.WaitOptions) statemachine.Track[state] {
	t.Helper()
	track, err := stream().NewTrack(target, epoch, maxWait, o)
	if err != nil {
		t.Fatal(err)
	}
	return track
}

func TestNewTrack(t *testing.T) {
	t.Parallel()
	t.Run("defaults", func(t *testing.T) {
		t.Parallel()
		assert.Equal(t, "track", statemachine.Track[state]{
			Target: started, Start: epoch, Since: epoch, Now: epoch, Deadline: epoch.Add(time.Hour),
			MinDelay: 2 * time.Second, MaxDelay: time.Minute, Grace: time.Minute, Consecutive: 1,
		}, newTrack(t, started, time.Hour, statemachine.WaitOptions{}))
	})
	for _, tt := range []struct {
		why      string
		o        statemachine.WaitOptions
		min, max time.Duration
		grace    time.Duration
	}{
		{"a MinDelay above the default MaxDelay raises it", statemachine.WaitOptions{MinDelay: 2 * time.Minute}, 2 * time.Minute, 2 * time.Minute, time.Minute},
		{"a MaxDelay below the default MinDelay lowers it", statemachine.WaitOptions{MaxDelay: time.Second}, time.Second, time.Second, time.Minute},
		{"one bound alone leaves the other's default", statemachine.WaitOptions{MinDelay: 3 * time.Second}, 3 * time.Second, time.Minute, time.Minute},
		{"a negative grace is none", statemachine.WaitOptions{Grace: -1}, 2 * time.Second, time.Minute, 0},
	} {
		t.Run(tt.why, func(t *testing.T) {
			t.Parallel()
			track := newTrack(t, started, time.Hour, tt.o)
			assert.Equal(t, "bounds", []time.Duration{tt.min, tt.max, tt.grace}, []time.Duration{track.MinDelay, track.MaxDelay, track.Grace})
		})
	}
	t.Run("a delay as long as can be", func(t *testing.T) {
		t.Parallel()
		track := newTrack(t, started, time.Hour, statemachine.WaitOptions{MinDelay: 1<<63 - 1, MaxDelay: 1<<63 - 1})
		assert.Equal(t, "bounds", []time.Duration{876_000 * time.Hour, 876_000 * time.Hour}, []time.Duration{track.MinDelay, track.MaxDelay})
	})
	t.Run("everything wrong at once", func(t *testing.T) {
		t.Parallel()
		track, err := stream().NewTrack(novel, epoch, -time.Second, statemachine.WaitOptions{
			MinDelay: -1, MaxDelay: -2, ReadTimeout: -3, WatchDelay: -4, Consecutive: -5,
		})
		assert.Equal(t, "track", statemachine.Track[state]{}, track)
		input, ok := errors.AsType[*statemachine.InputError](err)
		if !ok {
			t.Fatalf("no *InputError: %v", err)
		}
		assert.Equal(t, "fields", []string{"target", "maxWait", "MinDelay", "MaxDelay", "ReadTimeout", "WatchDelay", "Consecutive"}, fields(input))
	})
	t.Run("MinDelay above MaxDelay", func(t *testing.T) {
		t.Parallel()
		_, err := stream().NewTrack("", epoch, 0, statemachine.WaitOptions{MinDelay: 2, MaxDelay: 1})
		input, _ := errors.AsType[*statemachine.InputError](err)
		assert.Equal(t, "fields", []string{"target", "maxWait", "MinDelay"}, fields(input))
		if input != nil {
			assert.Equal(t, "target", "is empty", input.Fields[0].Reason)
		}
	})
}

// fields returns the names of the invalid fields.
func fields(e *statemachine.InputError) []string {
	var names []string
	if e != nil {
		for _, f := range e.Fields {
			names = append(names, f.Field)
		}
	}
	return names
}

func TestObserveFailure(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		kind statemachine.Kind
		want statemachine.Reason
	}{
		{statemachine.Throttled, ""},
		{statemachine.Unavailable, ""},
		{statemachine.Conflict, ""},
		{statemachine.Interrupted, statemachine.Canceled},
		{statemachine.NotFound, statemachine.Gone},
		{statemachine.InvalidInput, statemachine.ReadFailed},
		{statemachine.InvalidState, statemachine.ReadFailed},
		{statemachine.AlreadyInState, statemachine.ReadFailed},
		{statemachine.AccessDenied, statemachine.ReadFailed},
		{statemachine.KeyNotAccessible, statemachine.ReadFailed},
		{statemachine.Unsupported, statemachine.ReadFailed},
		{statemachine.LimitExceeded, statemachine.ReadFailed},
		{statemachine.MissingDependency, statemachine.ReadFailed},
		{statemachine.Unauthenticated, statemachine.ReadFailed},
		{statemachine.Drifted, statemachine.ReadFailed},
		{statemachine.Unknown, statemachine.ReadFailed},
		{"", statemachine.ReadFailed},
		{"of another library", statemachine.ReadFailed},
	} {
		t.Run(string(tt.kind), func(t *testing.T) {
			t.Parallel()
			m := stream()
			track := newTrack(t, started, time.Hour, statemachine.WaitOptions{})
			assert.Equal(t, "ended", tt.want, m.ObserveFailure(&track, tt.kind, epoch.Add(time.Second)))
			assert.Equal(t, "Failed", true, track.Failed)
			assert.Equal(t, "Reads", 1, track.Reads)
			assert.Equal(t, "history", 0, len(track.History))
			assert.Equal(t, "tolerable", tt.want == "", tt.kind.Retryable())
		})
	}
}

func TestTrackNext(t *testing.T) {
	t.Parallel()
	bounds := statemachine.WaitOptions{MinDelay: 5 * time.Second, MaxDelay: 2 * time.Minute}
	for _, tt := range []struct {
		why     string
		maxWait time.Duration
		failed  bool
		at      time.Duration
		want    time.Duration // after at
	}{
		{"not below MinDelay", 10 * time.Hour, false, 0, 5 * time.Second},
		{"MinDelay while an eightieth is less", 10 * time.Hour, false, 400 * time.Second, 5 * time.Second},
		{"an eightieth of the time waited", 10 * time.Hour, false, 800 * time.Second, 10 * time.Second},
		{"an eightieth of an hour", 10 * time.Hour, false, time.Hour, 45 * time.Second},
		{"not above MaxDelay", 10 * time.Hour, false, 9 * time.Hour, 2 * time.Minute},
		{"twice after a failed read", 10 * time.Hour, true, 0, 10 * time.Second},
		{"twice an eightieth after a failed read", 10 * time.Hour, true, time.Hour, 90 * time.Second},
		{"twice MaxDelay after a failed read", 10 * time.Hour, true, 9 * time.Hour, 4 * time.Minute},
		{"the deadline if that comes first", time.Hour, false, time.Hour - time.Second, time.Second},
		{"the deadline if that comes first, after a failed read", time.Hour, true, time.Hour - 20*time.Second, 20 * time.Second},
		{"a nanosecond before the deadline", time.Hour, false, time.Hour - 1, 1},
		{"at the deadline itself: at once", time.Hour, false, time.Hour, 0},
		{"after the deadline: at once, never in the past", time.Hour, false, 2 * time.Hour, 0},
		{"a clock before the start", time.Hour, false, -time.Minute, 5 * time.Second},
	} {
		t.Run(tt.why, func(t *testing.T) {
			t.Parallel()
			track := newTrack(t, started, tt.maxWait, bounds)
			track.Failed = tt.failed
			before := track
			assert.Equal(t, "next", tt.want, track.Next(epoch.Add(tt.at)).Sub(epoch.Add(tt.at)))
			assert.Equal(t, "the track, which Next leaves alone", before, track)
		})
	}
	t.Run("a clock that stepped back counts as standing still", func(t *testing.T) {
		t.Parallel()
		track := newTrack(t, started, 10*time.Hour, bounds)
		stream().Observe(&track, starting, epoch.Add(time.Hour))
		at := epoch.Add(30 * time.Minute)
		assert.Equal(t, "next", 45*time.Second, track.Next(at).Sub(at))
	})
	t.Run("a command restarts the delays", func(t *testing.T) {
		t.Parallel()
		track := newTrack(t, started, 10*time.Hour, bounds)
		at := epoch.Add(time.Hour)
		track.Commanded(at)
		assert.Equal(t, "next", 5*time.Second, track.Next(at).Sub(at))
	})
	t.Run("never zero before the deadline, whatever a stored track holds", func(t *testing.T) {
		t.Parallel()
		for seed := range uint64(2000) {
			rng := rand.New(rand.NewPCG(seed, 2))
			d := func() time.Duration { return time.Duration(rng.Uint64()) >> rng.IntN(63) }
			track := statemachine.Track[state]{
				Target: started, Since: epoch, Now: epoch, Deadline: epoch.Add(d().Abs()), MinDelay: d(), MaxDelay: d(), Failed: rng.IntN(2) == 0,
			}
			at := epoch.Add(d().Abs() / 2)
			next := track.Next(at)
			switch {
			case next.Before(at):
				t.Fatalf("seed %d: %s is before %s: %+v", seed, next, at, track)
			case next.Equal(at) && at.Before(track.Deadline):
				t.Fatalf("seed %d: no delay: %+v", seed, track)
			case next.After(track.Deadline) && at.Before(track.Deadline):
				t.Fatalf("seed %d: after the deadline: %+v", seed, track)
			}
		}
	})
}

func TestTrackCommanded(t *testing.T) {
	t.Parallel()
	m := stream()
	track := newTrack(t, stopped, time.Hour, statemachine.WaitOptions{Consecutive: 2})
	m.Observe(&track, stopping, epoch.Add(time.Minute))
	m.Observe(&track, stopped, epoch.Add(2*time.Minute))
	track.Commanded(epoch.Add(3 * time.Minute))
	if reached, _ := m.Observe(&track, stopped, epoch.Add(3*time.Minute)); reached {
		t.Error("a sighting of the target from before the command counted")
	}
	m.Observe(&track, stopped, epoch.Add(3*time.Minute))
	track.Commanded(epoch.Add(4 * time.Minute))
	assert.Equal(t, "Reached", false, track.Reached())
	assert.Equal(t, "Since", epoch.Add(4*time.Minute), track.Since)
	assert.Equal(t, "Start", epoch, track.Start)
	assert.Equal(t, "Deadline", epoch.Add(time.Hour), track.Deadline)
	_, ended := m.Observe(&track, started, epoch.Add(5*time.Minute-1))
	assert.Equal(t, "within the new grace", "", ended)
	_, ended = m.Observe(&track, started, epoch.Add(5*time.Minute))
	assert.Equal(t, "after the new grace, and what was seen before is no lapse", statemachine.Unreachable, ended)

	track.Commanded(epoch) // the clock stepped back
	assert.Equal(t, "Since", epoch.Add(5*time.Minute), track.Since)
}

func TestTrackAbsentTarget(t *testing.T) {
	t.Parallel()
	m := topic()
	track, err := m.NewTrack(absent, epoch, time.Hour, statemachine.WaitOptions{Consecutive: 2})
	if err != nil {
		t.Fatal(err)
	}
	assert.Equal(t, "one absence of two", "", m.ObserveFailure(&track, statemachine.NotFound, epoch))
	assert.Equal(t, "Reached", false, track.Reached())
	assert.Equal(t, "a failure does not count", "", m.ObserveFailure(&track, statemachine.Throttled, epoch))
	assert.Equal(t, "Reached", false, track.Reached())
	assert.Equal(t, "two absences", "", m.ObserveFailure(&track, statemachine.NotFound, epoch.Add(time.Second)))
	assert.Equal(t, "Reached", true, track.Reached())
	assert.Equal(t, "Failed", false, track.Failed)
	assert.Equal(t, "History", []statemachine.Sighting[state]{{State: absent, At: epoch}}, track.History)
}

// TestTrackZeroValueDoesNotPanic checks a Track that NewTrack did not make.
func TestTrackZeroValueDoesNotPanic(t *testing.T) {
	t.Parallel()
	var track statemachine.Track[state]
	if track.Reached() {
		t.Error("nothing was read, and it is reached")
	}
	for _, m := range []*statemachine.Machine[state]{stream(), {}} {
		for _, s := range []state{stopped, "", novel} {
			if reached, _ := m.Observe(&track, s, epoch); reached {
				t.Errorf("%q is no target of a zero Track", s)
			}
		}
		m.ObserveFailure(&track, statemachine.NotFound, epoch)
	}
	if next := track.Next(epoch); !next.After(epoch) {
		t.Errorf("no delay: %s", next)
	}
}

// TestTrackContinuesAfterJSON stores a Track as JSON before each step, and compares it with one
// that was not stored.
func TestTrackContinuesAfterJSON(t *testing.T) {
	t.Parallel()
	m := topic()
	all := append(m.States(), "", novel)
	kinds := []statemachine.Kind{statemachine.Throttled, statemachine.NotFound, statemachine.AccessDenied}
	for seed := range uint64(60) {
		rng := rand.New(rand.NewPCG(seed, 3))
		kept, err := m.NewTrack(all[rng.IntN(len(m.States()))], epoch, time.Hour, statemachine.WaitOptions{Consecutive: 1 + rng.IntN(2)})
		if err != nil {
			t.Fatal(err)
		}
		stored, at := kept, time.Duration(0)
		for range 90 {
			text, err := json.Marshal(stored)
			if err != nil {
				t.Fatal(err)
			}
			stored = statemachine.Track[state]{}
			if err := json.Unmarshal(text, &stored); err != nil {
				t.Fatal(err)
			}
			at += time.Duration(rng.Int64N(int64(time.Minute)))
			e := event{state: all[rng.IntN(len(all))], at: at}
			switch rng.IntN(5) {
			case 0:
				e = event{kind: kinds[rng.IntN(len(kinds))], at: at}
			case 1:
				kept.Commanded(epoch.Add(at))
				stored.Commanded(epoch.Add(at))
			}
			want, got := observe(m, &kept, e), observe(m, &stored, e)
			next, later := kept.Next(epoch.Add(at)), stored.Next(epoch.Add(at))
			if want != got || !next.Equal(later) {
				t.Fatalf("seed %d: %s: got %+v and %s, want %+v and %s", seed, e, got, later, want, next)
			}
		}
		assert.Equal(t, "track", kept, stored)
	}
}

// TestTrackJSONTagsAreFixed checks the tags, because one version of a program may read what
// another stored.
func TestTrackJSONTagsAreFixed(t *testing.T) {
	t.Parallel()
	m := stream()
	track := newTrack(t, started, time.Hour, statemachine.WaitOptions{Consecutive: 2, Grace: -1})
	m.Observe(&track, starting, epoch.Add(time.Second))
	m.Observe(&track, started, epoch.Add(2*time.Second))
	m.ObserveFailure(&track, statemachine.Throttled, epoch.Add(3*time.Second))
	track.Omitted = 7
	text, err := json.MarshalIndent(track, "", "  ")
	if err != nil {
		t.Fatal(err)
	}
	assert.Equal(t, "JSON", `{
  "target": "started",
  "start": "2026-03-01T12:00:00Z",
  "since": "2026-03-01T12:00:00Z",
  "deadline": "2026-03-01T13:00:00Z",
  "now": "2026-03-01T12:00:03Z",
  "min_delay": 2000000000,
  "max_delay": 60000000000,
  "grace": 0,
  "consecutive": 2,
  "history": [
    {
      "state": "starting",
      "at": "2026-03-01T12:00:01Z"
    },
    {
      "state": "started",
      "at": "2026-03-01T12:00:02Z"
    }
  ],
  "omitted": 7,
  "reads": 3,
  "streak": 1,
  "progressing": true,
  "progress_at": "2026-03-01T12:00:02Z",
  "failed": true
}`, string(text))
}

func TestObserveDoesNotAllocate(t *testing.T) {
	m := stream()
	track := newTrack(t, started, time.Hour, statemachine.WaitOptions{})
	m.Observe(&track, starting, epoch)
	assert.Equal(t, "allocations", 0, testing.AllocsPerRun(100, func() {
		m.Observe(&track, starting, epoch)
		m.ObserveFailure(&track, statemachine.Throttled, epoch)
		track.Next(epoch)
	}))
}
