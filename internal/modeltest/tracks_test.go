package modeltest

import (
	"context"
	"errors"
	"time"

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

// sleep waits until t, or until the caller gives up.
func (w *world[S]) sleep(t time.Time) {
	select {
	case <-time.After(time.Until(t)):
	case <-w.ctx.Done():
	}
}

// followTrack waits as a workflow engine does: with a Track.
func (w *world[S]) followTrack(target S, maxWait time.Duration, o statemachine.WaitOptions) error {
	m := w.machine
	t, err := m.NewTrack(target, time.Now(), maxWait, o)
	for err == nil {
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
			ended = m.ObserveFailure(&t, statemachine.KindOf(failure), time.Now())
			reached = t.Reached()
		} else if same, replaced := t.Identify(w.identify(v), time.Now()); !same {
			ended = replaced
		} else {
			reached, ended = m.Observe(&t, v.State, time.Now())
		}
		switch {
		case reached:
			return nil
		case ended != "":
			return &statemachine.WaitError{Reason: ended, Err: failure}
		}
		w.sleep(t.Next(time.Now()))
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
		var v shown[S]
		failure := w.timed(func(ctx context.Context) (err error) {
			v, err = w.read(ctx)
			return err
		})
		if err := w.stopped(); err != nil {
			return t.Accepted, err
		}
		step := m.ObserveRead(&t, statemachine.Observation[S]{State: v.State, Identity: w.identify(v), Err: failure}, time.Now())
		if step.Run != "" {
			sent := time.Now()
			failure = w.timed(func(ctx context.Context) error { return w.command(ctx, step.Run) })
			if err := w.stopped(); err != nil {
				return t.Accepted, err
			}
			step = m.ObserveCommand(&t, failure, sent, time.Now())
		}
		if step.Done {
			return t.Accepted, step.Err
		}
		w.sleep(t.Track.Next(time.Now()))
	}
}
