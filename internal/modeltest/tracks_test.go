package modeltest

import (
	"context"
	"errors"
	"slices"
	"time"

	"github.com/streamwarden/streamwarden-go/internal/assert"
	"github.com/streamwarden/streamwarden-go/statemachine"
)

// timed limits a read or command of a loop over a track, as the library's own loops do. A call
// that hangs is Unavailable.
func (w *world[S]) timed(call func(context.Context) error) error {
	ctx, cancel := context.WithTimeout(w.ctx, readTimeout)
	defer cancel()
	err := call(ctx)
	if errors.Is(err, context.DeadlineExceeded) {
		return statemachine.Unavailable
	}
	return err
}

// stopped returns the error of a loop whose caller gave up, which is not the track's business.
func (w *world[S]) stopped() error {
	if w.ctx.Err() == nil {
		return nil
	}
	return &statemachine.WaitError{Reason: statemachine.Canceled, Err: context.Cause(w.ctx)}
}

// setClock chooses the worker that reads next: usually the one that begins, whose clock is usually
// right.
func (w *world[S]) setClock() {
	if !w.skewed {
		return
	}
	clocks := [...]time.Duration{0, -wrongClock, wrongClock}
	if len(w.looks) == 0 {
		w.usual = clocks[w.script.choose(len(clocks))]
	}
	w.skew = w.usual
	if c := w.script.choose(len(clocks)); c > 0 {
		w.skew = clocks[(slices.Index(clocks[:], w.usual)+c)%len(clocks)]
	}
	if w.skew != 0 {
		w.ahead = w.ahead || w.skew > 0
		w.trace("%v: the clock is off by %v", w.now(), w.skew)
	}
}

// clock returns the time by the clock of the current worker.
func (w *world[S]) clock() time.Time { return time.Now().Add(w.skew) }

// sleep waits until t, or until the caller gives up.
func (w *world[S]) sleep(t time.Time) {
	_ = assert.Sleep(w.ctx, time.Until(t))
}

// followTrack waits as a workflow engine does: with a Track.
func (w *world[S]) followTrack(target S, maxWait time.Duration, o statemachine.WaitOptions) error {
	m := w.machine
	t, err := m.NewTrack(target, time.Now(), maxWait, o)
	for err == nil {
		w.setClock()
		var v shown[S]
		failure := w.timed(func(ctx context.Context) (err error) {
			v, err = w.read(ctx)
			return err
		})
		if err := w.stopped(); err != nil {
			return err
		}
		var ended statemachine.Reason
		var reached bool
		if failure != nil {
			ended = m.ObserveFailure(&t, statemachine.KindOf(failure), w.clock())
			reached = t.Reached()
		} else if same, replaced := t.Identify(w.identify(v), w.clock()); !same {
			ended = replaced
		} else {
			reached, ended = m.Observe(&t, v.State, w.clock())
		}
		switch {
		case reached:
			return nil
		case ended != "":
			return &statemachine.WaitError{Reason: ended, Err: failure}
		}
		w.sleep(t.Next(w.clock()).Add(-w.skew))
	}
	return err
}

// followEnsureTrack ensures as a workflow engine does: with an EnsureTrack.
func (w *world[S]) followEnsureTrack(target S, maxWait time.Duration, o statemachine.WaitOptions, runs []statemachine.Operation) ([]statemachine.Operation, error) {
	m := w.machine
	t, err := m.NewEnsureTrack(target, time.Now(), maxWait, o)
	if err != nil {
		return nil, err
	}
	t.Operations = runs
	for {
		w.setClock()
		var v shown[S]
		failure := w.timed(func(ctx context.Context) (err error) {
			v, err = w.read(ctx)
			return err
		})
		if err := w.stopped(); err != nil {
			return t.Accepted, err
		}
		step := m.ObserveRead(&t, statemachine.Observation[S]{State: v.State, Identity: w.identify(v), Err: failure}, w.clock())
		if step.Run != "" {
			sent := w.clock()
			failure = w.timed(func(ctx context.Context) error { return w.command(ctx, step.Run) })
			if err := w.stopped(); err != nil {
				return t.Accepted, err
			}
			step = m.ObserveCommand(&t, failure, sent, w.clock())
		}
		if step.Done {
			return t.Accepted, step.Err
		}
		w.sleep(t.Track.Next(w.clock()).Add(-w.skew))
	}
}
