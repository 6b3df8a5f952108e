package statemachine

import (
	"context"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
)

// TestRunnerWaitsForReadThatWasJustTaken lets another caller take the read of a call between two
// looks at its seat. The call must wait for that read. It counts as one without a response only
// after the ReadTimeout.
func TestRunnerWaitsForReadThatWasJustTaken(t *testing.T) {
	for _, tt := range []struct {
		why   string
		after time.Duration // from the start of the other caller's read until this one looks
		reads int
	}{
		{"just taken", 0, 0},
		{"a moment before the timeout", 30*time.Second - 1, 0},
		{"at the timeout", 30 * time.Second, 1},
	} {
		synctest.Test(t, func(t *testing.T) {
			shared := &SharedReads[string]{ReadMany: func(context.Context, []string) ([]Result[string], error) { return nil, Unavailable }}
			w := Waiter[string, string]{
				Machine:  MustNew(Definition[string]{Name: "topic", Transitions: []Transition[string]{{From: "off", To: "on", By: "Start"}}}),
				Resource: "own",
				Read:     func(context.Context) (string, error) { return "", Unavailable },
				State:    func(s string) string { return s },
				Shared:   shared,
			}
			r, err := w.newRunner(modeWait, "on", time.Hour, nil, InputError{}, nil)
			if err != nil {
				t.Fatal(err)
			}
			r.start(t.Context(), "on", time.Hour)
			r.seat = shared.newSeat("own")
			r.join()
			shared.take(shared.newSeat("other"), shared.size())
			time.Sleep(tt.after)
			if next := r.read(t.Context(), w.Read); next != stepRead {
				t.Errorf("%s: step %v", tt.why, next)
			}
			type outcome struct {
				reads int
				lost  bool
				waits bool // for the other caller
			}
			want := outcome{tt.reads, tt.reads > 0, tt.reads == 0}
			got := outcome{r.track.Reads, r.failure != nil, r.seat != nil}
			if diff := cmp.Diff(want, got, cmp.AllowUnexported(outcome{})); diff != "" {
				t.Errorf("%s:\n%s", tt.why, diff)
			}
		})
	}
}

// TestSharedReadsOfOneInstant makes the reads of many callers due at one time, in each of which a
// slot is free. The first caller to look makes them all, whatever the others do at that time.
func TestSharedReadsOfOneInstant(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		const callers = 100
		shared, pacer := &SharedReads[string]{}, NewPacer(1, 40)
		seats := make([]*seat[string], callers)
		for i := range seats {
			seats[i] = shared.newSeat("resource")
			shared.join(seats[i], time.Now(), callers, false)
		}
		batches, slots := make([]int, callers), make([]slot, callers)
		var all sync.WaitGroup
		for i, s := range seats {
			all.Go(func() {
				var batch []*seat[string]
				batch, slots[i] = shared.tryTake(s, s.resource, pacer, callers, time.Now())
				batches[i] = len(batch)
			})
		}
		all.Wait()
		slices.Sort(batches)
		slices.Sort(slots)
		wantBatches, wantSlots := make([]int, callers), slices.Repeat([]slot{slotShared}, callers)
		wantBatches[callers-1], wantSlots[0] = callers, slotGranted
		if diff := cmp.Diff(wantBatches, batches); diff != "" {
			t.Error(diff)
		}
		if diff := cmp.Diff(wantSlots, slots); diff != "" {
			t.Error(diff)
		}
	})
}
