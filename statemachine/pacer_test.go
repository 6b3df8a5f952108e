package statemachine_test

import (
	"context"
	"errors"
	"math"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/streamwarden/streamwarden-go/internal/assert"
	"github.com/streamwarden/streamwarden-go/statemachine"
)

func TestPacerHandsOutSlots(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		why   string
		pacer *statemachine.Pacer
		at    []time.Duration // when a call arrives
		want  []time.Duration // when it gets its slot
	}{
		{"nil lets everything go", nil, secs(0, 0, 1), secs(0, 0, 1)},
		{"so does the zero value", new(statemachine.Pacer), secs(0, 0, 1), secs(0, 0, 1)},
		{"one by one", statemachine.NewPacer(2, 1), secs(0, 0, 0), secs(0, 0.5, 1)},
		{"a burst first", statemachine.NewPacer(2, 3), secs(0, 0, 0, 0, 0), secs(0, 0, 0, 0.5, 1)},
		{"a burst is saved up again", statemachine.NewPacer(2, 2), secs(0, 0, 0, 10, 10, 10), secs(0, 0, 0.5, 10, 10, 10.5)},
		{"and no more than the burst", statemachine.NewPacer(1, 2), secs(100, 100, 100), secs(100, 100, 101)},
		{"a part of it is saved up too", statemachine.NewPacer(1, 2), secs(0, 0, 1, 1), secs(0, 0, 1, 2)},
		{"fewer than one a second", statemachine.NewPacer(0.1, 1), secs(0, 0, 0), secs(0, 10, 20)},
		{"at least one an hour", statemachine.NewPacer(0, 1), secs(0, 0), secs(0, 3600)},
		{"a little less than one an hour is taken for one", statemachine.NewPacer(1/3600.5, 1), secs(0, 0), secs(0, 3600)},
		{"a little more is not", statemachine.NewPacer(1/3599.5, 1), secs(0, 0), secs(0, 3599.5)},
		{"no number of them", statemachine.NewPacer(math.NaN(), 0), secs(0, 0), secs(0, 3600)},
		{"a negative burst is one", statemachine.NewPacer(1, -5), secs(0, 0), secs(0, 1)},
		{"a burst beyond all bounds", statemachine.NewPacer(1, math.MaxInt), secs(0, 0, 0), secs(0, 0, 0)},
		{"the same at the slowest", statemachine.NewPacer(0, math.MaxInt), secs(0, 0, 0), secs(0, 0, 0)},
		{"a rate beyond all bounds", statemachine.NewPacer(math.Inf(1), 1), secs(0, 1), secs(0, 1)},
	} {
		assert.RunSynctest(t, tt.why, func(t *testing.T) {
			begin := time.Now()
			got := make([]time.Duration, len(tt.at))
			var wg sync.WaitGroup
			for i, at := range tt.at {
				time.Sleep(at - time.Since(begin))
				synctest.Wait() // so that they arrive in this order
				wg.Go(func() {
					assert.Equal(t, "error", nil, tt.pacer.Wait(t.Context()))
					got[i] = time.Since(begin)
				})
			}
			wg.Wait()
			assert.Equal(t, "slots", tt.want, got)
		})
	}
}

func TestPacerThrottled(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		why       string
		throttled []time.Duration
		held      time.Duration // until when
		served    time.Duration // before the last of these; zero: nothing was
	}{
		{"a second", secs(10), secs(11)[0], 0},
		{"not twice for what was under way", secs(10, 10.5), secs(11)[0], 0},
		{"twice as long soon after the pause", secs(10, 11), secs(13)[0], 0},
		{"and again", secs(10, 11, 13.5), secs(17.5)[0], 0},
		{"soon is up to twice the pause after it", secs(10, 12.5), secs(14.5)[0], 0},
		{"and not more", secs(10, 13), secs(15)[0], 0},
		{"later is not soon", secs(10, 13.5), secs(14.5)[0], 0},
		{"up to 16 s", secs(10, 11, 13, 17, 25, 41), secs(57)[0], 0},
		{"a second again after a while", secs(10, 11, 20), secs(21)[0], 0},
		{"a second again once a call was served", secs(10, 11, 13.5), secs(14.5)[0], secs(13.2)[0]},
		{"a second, too, at the instant at which the pause ends and a call was served", secs(10, 11, 13), secs(14)[0], secs(13)[0]},
		{"but not by one that was under way already", secs(10, 11, 13.5), secs(17.5)[0], secs(12.9)[0]},
	} {
		t.Run(tt.why, func(t *testing.T) {
			t.Parallel()
			p := statemachine.NewPacer(1, 1)
			assert.Equal(t, "held before", epoch, p.PausedUntil(epoch))
			for i, at := range tt.throttled {
				if i == len(tt.throttled)-1 && tt.served > 0 {
					p.Succeeded(epoch.Add(tt.served))
				}
				p.Throttled(epoch.Add(at))
			}
			assert.Equal(t, "held", epoch.Add(tt.held), p.PausedUntil(epoch))
			after := epoch.Add(tt.held + 1)
			assert.Equal(t, "held afterwards", after, p.PausedUntil(after))
		})
	}
	var none *statemachine.Pacer
	none.Throttled(epoch)
	none.Succeeded(epoch)
	assert.Equal(t, "held by none", epoch, none.PausedUntil(epoch))
}

// TestPacerSpacesReadsOfWaits checks that waits with one Pacer read at the times of their
// reservations.
func TestPacerSpacesReadsOfWaits(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		pacer := statemachine.NewPacer(0.5, 2)
		var mu sync.Mutex
		var reads []time.Duration
		begin := time.Now()
		var wg sync.WaitGroup
		for range 5 {
			wg.Go(func() {
				w := shows(started).waiter(every(10 * time.Second))
				read := w.Read
				w.Pacer, w.Read = pacer, func(ctx context.Context) (row, error) {
					mu.Lock()
					reads = append(reads, time.Since(begin))
					mu.Unlock()
					return read(ctx)
				}
				if _, err := w.Wait(t.Context(), started, time.Hour); err != nil {
					t.Error(err)
				}
			})
		}
		wg.Wait()
		assert.Equal(t, "reads", secs(0, 0, 2, 4, 6), reads)
	})
}

// TestPacerThrottledReadPausesAllWaits checks that a throttled read pauses all waits, whether
// their reservation is due or not.
func TestPacerThrottledReadPausesAllWaits(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		why   string
		pacer *statemachine.Pacer

		first, second []time.Duration
	}{
		{"with slots to spare", statemachine.NewPacer(100, 100), secs(0, 1), secs(1, 1.2)},
		{"without: one after the other", statemachine.NewPacer(10, 1), secs(0, 1.1), secs(1, 1.2)},
	} {
		t.Run(tt.why, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				first := responses(response{err: fault(statemachine.Throttled)}, response{state: started})
				second := shows(starting, started)
				var wg sync.WaitGroup
				wg.Go(func() {
					w := first.waiter(every(200 * time.Millisecond))
					w.Pacer = tt.pacer
					if _, err := w.Wait(t.Context(), started, time.Hour); err != nil {
						t.Error(err)
					}
				})
				time.Sleep(300 * time.Millisecond)
				wg.Go(func() {
					w := second.waiter(every(200 * time.Millisecond))
					w.Pacer = tt.pacer
					if _, err := w.Wait(t.Context(), started, time.Hour); err != nil {
						t.Error(err)
					}
				})
				wg.Wait()
				assert.Equal(t, "reads of the throttled one", tt.first, first.reads)
				assert.Equal(t, "reads of the other one", tt.second, second.reads)
			})
		})
	}
}

// TestPacerLimitsLastRead checks that the read at the deadline does not exceed the rate, and that
// the error then says how old the last state is.
func TestPacerLimitsLastRead(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		pacer := statemachine.NewPacer(1.0/60, 1)
		_ = pacer.Wait(t.Context())
		begin := time.Now()
		s := shows(starting)
		w := s.waiter(every(10 * time.Second))
		w.Pacer = pacer
		_, err := w.Wait(t.Context(), started, 95*time.Second) // the next slot comes after 120 s
		assert.Equal(t, "reason", statemachine.TimedOut, waitError(t, err).Reason)
		assert.ErrorContains(t, err, "no read could be made at the deadline under the rate limit; the last read was 35s ago")
		assert.Equal(t, "reads", secs(60), s.reads)
		assert.Equal(t, "ended", 95*time.Second, time.Since(begin))
	})
}

// TestPacerReservationEndsWithContext checks that a wait for a reservation ends with the context.
func TestPacerReservationEndsWithContext(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		pacer := statemachine.NewPacer(0, 1)
		_ = pacer.Wait(t.Context())
		ctx, cancel := context.WithTimeout(t.Context(), 7*time.Second)
		defer cancel()
		s := shows(started)
		w := s.waiter(every(10 * time.Second))
		w.Pacer = pacer
		_, err := w.Wait(ctx, started, time.Hour)
		we := waitError(t, err)
		assert.Equal(t, "reason", statemachine.Canceled, we.Reason)
		assert.Equal(t, "elapsed", 7*time.Second, we.Elapsed)
		assert.Equal(t, "reads", 0, len(s.reads))
	})
}

// TestPacerWait checks calls that are not part of a wait.
func TestPacerWait(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		begin := time.Now()
		p := statemachine.NewPacer(0.5, 2)
		for _, want := range secs(0, 0, 2, 4) {
			if err := p.Wait(t.Context()); err != nil {
				t.Fatal(err)
			}
			assert.Equal(t, "place", want, time.Since(begin))
		}
		time.Sleep(time.Minute)
		begin = time.Now()
		p.Throttled(begin) // there are places to spare, and all of them pause
		if err := p.Wait(t.Context()); err != nil {
			t.Fatal(err)
		}
		assert.Equal(t, "after the pause", time.Second, time.Since(begin))
		time.AfterFunc(500*time.Millisecond, func() { p.Throttled(time.Now()) })
		_ = p.Wait(t.Context())
		begin = time.Now()
		if err := p.Wait(t.Context()); err != nil { // its place comes after 2 s; the pause, which is 2 s by now, ends after 2.5 s
			t.Fatal(err)
		}
		assert.Equal(t, "a pause that began while it waited", 2500*time.Millisecond, time.Since(begin))

		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		begin = time.Now()
		p = statemachine.NewPacer(0, 1)
		_ = p.Wait(t.Context())
		assert.Equal(t, "the context's end", true, errors.Is(p.Wait(ctx), context.DeadlineExceeded))
		assert.Equal(t, "elapsed", time.Second, time.Since(begin))
		var none *statemachine.Pacer
		assert.Equal(t, "no pacer, no time", true, errors.Is(none.Wait(ctx), context.DeadlineExceeded))
		assert.Equal(t, "no pacer", nil, none.Wait(t.Context()))
	})
}

// TestPacerWaitSleepsAtLeastMicrosecond checks a reservation that is a nanosecond ahead.
func TestPacerWaitSleepsAtLeastMicrosecond(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		p := statemachine.NewPacer(1e9, 1)
		begin := time.Now()
		for _, want := range []time.Duration{0, time.Microsecond} {
			assert.Equal(t, "error", nil, p.Wait(t.Context()))
			assert.Equal(t, "after", want, time.Since(begin))
		}
	})
}

// TestPacerThrottledFor checks that a response can ask for a longer pause, of one minute at most.
func TestPacerThrottledFor(t *testing.T) {
	at := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
	p := statemachine.NewPacer(10, 1)
	for _, test := range []struct {
		why              string
		at, after, until time.Duration
	}{
		{"no delay is asked for", 0, 0, time.Second},
		{"a call that started before the pause asks for more", 0, 5 * time.Second, 5 * time.Second},
		{"a call that started before the pause asks for less", 0, 2 * time.Second, 5 * time.Second},
		{"a longer pause than the Pacer's", 20 * time.Second, 30 * time.Second, 50 * time.Second},
		{"an hour", 2 * time.Minute, time.Hour, 3 * time.Minute},
	} {
		p.ThrottledFor(at.Add(test.at), test.after)
		if got := p.PausedUntil(at.Add(test.at)).Sub(at); got != test.until {
			t.Errorf("%s: paused until %v, want %v", test.why, got, test.until)
		}
	}
}
