package statemachine

import (
	"context"
	"fmt"
	"slices"
	"time"
)

// EnsureTrack is an ensure as data: what is wanted, what was run, and what has been seen. Like a [Track] it does no I/O,
// reads no clock and survives JSON, so that an ensure can be stored and carried on elsewhere: in another process, in a
// workflow engine.
//
// [Machine.NewEnsureTrack] begins one. [Machine.ObserveEnsure] takes each read and [Machine.Ran] the outcome of each command; both
// answer with an [EnsureStep]: run this operation, or it has ended, or, with neither, read again at Track.Next. The rules are
// those of [Ensurer.Ensure], decided by the same code.
//
// Between an EnsureStep that names an operation and its Ran the operation is Pending. Whoever may lose that Ran, as a process that
// dies after it sent a command, stores the EnsureTrack before it sends. A read that is told while one is Pending takes it that the
// command may have been carried out, as does a Ran of an [Unavailable]; a Ran while none is Pending changes nothing.
//
// An EnsureTrack is not safe for concurrent use. Durations are nanoseconds in JSON.
type EnsureTrack[S ~string] struct {
	Resource string        `json:"resource,omitempty"` // for messages: an ARN, a name
	Target   S             `json:"target"`             // in the end; the Track's may be a state on the way there
	Grace    time.Duration `json:"grace"`              // after a command; zero or less: none. Before the first there is none
	Track    Track[S]      `json:"track"`              // the wait that is under way

	Operations []Operation `json:"operations,omitempty"` // those that may be run, as Commands.Operations; empty: all of the table
	Restart    bool        `json:"restart,omitempty"`    // as Commands.Restart

	Accepted []Operation `json:"accepted,omitempty"` // as Ensured has them
	GapFrom  time.Time   `json:"gap_from,omitzero"`  // as Ensured has it
	GapTo    time.Time   `json:"gap_to,omitzero"`    // as Ensured has it

	Operation      Operation `json:"operation,omitempty"`       // the next to run, or the last that was
	SentFrom       S         `json:"sent_from,omitempty"`       // where Op was run
	Waypoint       S         `json:"waypoint,omitempty"`        // what to wait for once Op was accepted
	Sent           time.Time `json:"sent_at,omitzero"`          // when Op was run
	Pending        bool      `json:"pending,omitempty"`         // Op is to be run, or was, and Ran was not told
	Lost           bool      `json:"lost,omitempty"`            // Op's answer was lost: it may have been carried out
	Refusal        Kind      `json:"refusal,omitempty"`         // why the last command was not accepted; empty once one was
	RefusalMessage string    `json:"refusal_message,omitempty"` // the refusal in words
}

// Observation is one read, as far as an ensure needs it.
type Observation[S ~string] struct {
	State S     // that was read
	Err   error // the read's, if it failed: its Kind, as [KindOf] tells it, decides. What else is here means nothing then

	Drift error // in the target, but not as wanted: a [*DriftError]
	Stuck error // why no command can be accepted any more; it counts once one was refused as [InvalidState] or [Conflict]
}

// EnsureStep is what to do next in an [EnsureTrack]. The zero EnsureStep: read again at Track.Next.
type EnsureStep struct {
	Run  Operation // run this now, in one attempt, and tell Ran
	Done bool      // it has ended: well, if Err is nil
	Err  error     // as Ensure returns it
}

// NewEnsureTrack begins an ensure of target at the instant at, until maxWait later. It takes the delays, the Grace and
// Consecutive of o, and refuses what [Machine.NewTrack] refuses. Resource, Permitted and Restart may be set before the
// first read.
func (m *Machine[S]) NewEnsureTrack(target S, at time.Time, maxWait time.Duration, o WaitOptions) (EnsureTrack[S], error) {
	t, err := m.NewTrack(target, at, maxWait, o)
	if err != nil {
		return EnsureTrack[S]{}, err
	}
	p := EnsureTrack[S]{Target: target, Grace: t.Grace, Track: t}
	p.Track.Grace = 0 // nothing was commanded yet that an old read could not show
	return p, nil
}

// ObserveRead takes what was read at the instant at, and says what to do next.
func (m *Machine[S]) ObserveRead(t *EnsureTrack[S], o Observation[S], at time.Time) EnsureStep {
	if t.Pending { // nobody knows what became of it
		if step := m.ObserveCommand(t, Unavailable, at, at); step.Done {
			return step
		}
	}
	j := m.restore(t)
	next := j.handleWaitRead(o, o.Err, j.kindOf(context.Background(), o.Err), at)
	if j.ensure.err == nil {
		t.Refusal, t.RefusalMessage = "", ""
	}
	return t.save(j, next)
}

// ObserveCommand takes the outcome of the operation that the last [EnsureStep] named, sent at the instant sent and answered at the instant
// at: nil, accepted; else the Kind of err decides, as [Ensurer.Ensure] says. One that was certainly never sent, for a
// check before it failed or no worker took it up, has the zero instant for sent.
func (m *Machine[S]) ObserveCommand(p *EnsureTrack[S], err error, sent, at time.Time) EnsureStep {
	if !p.Pending {
		return EnsureStep{}
	}
	j := m.restore(p)
	next := j.handleCommandResult(context.Background(), err == nil || !sent.IsZero(), err, sent, at)
	if p.Refusal, p.RefusalMessage = KindOf(err), ""; err != nil && err.Error() != string(p.Refusal) {
		p.RefusalMessage = err.Error()
	}
	return p.save(j, next)
}

// restore is the job that p is the data of.
func (m *Machine[S]) restore(p *EnsureTrack[S]) *job[Observation[S], S] {
	o := WaitOptions{Grace: p.Grace, Jitter: func(d time.Duration) time.Duration { return d }}
	e := &ensureState[Observation[S], S]{
		goal:   &Goal[Observation[S], S]{Drift: func(g Observation[S]) error { return g.Drift }},
		target: p.Target, op: p.Operation, sentFrom: p.SentFrom, waypoint: p.Waypoint, sent: p.Sent, lost: p.Lost,
		result: Ensured[Observation[S]]{Operations: slices.Clip(p.Accepted), GapFrom: p.GapFrom, GapTo: p.GapTo},
	}
	if p.Refusal != "" {
		e.err = p.Refusal
		if p.RefusalMessage != "" {
			e.err = fmt.Errorf("%w: %s", p.Refusal, p.RefusalMessage)
		}
		e.refused = p.Refusal == InvalidState || p.Refusal == Conflict
	}
	r := &config[Observation[S], S]{
		machine: m, opts: o, kind: KindOf,
		state:  func(g Observation[S]) S { return g.State },
		ensure: &EnsureOptions[Observation[S]]{Restart: p.Restart, Stuck: func(g Observation[S]) error { return g.Stuck }},
	}
	if len(p.Operations) > 0 { // empty and nil are one in JSON
		r.ensure.Operations = p.Operations
	}
	return &job[Observation[S], S]{rules: r, resource: p.Resource, track: p.Track, ensure: e}
}

// save takes the data of the job back, and says what its step means.
func (p *EnsureTrack[S]) save(j *job[Observation[S], S], next step) EnsureStep {
	e := j.ensure
	p.Track, p.Operation, p.SentFrom, p.Waypoint, p.Sent, p.Lost = j.track, e.op, e.sentFrom, e.waypoint, e.sent, e.lost
	p.Accepted, p.GapFrom, p.GapTo = e.result.Operations, e.result.GapFrom, e.result.GapTo
	p.Pending = next == stepCommand
	switch next {
	case stepCommand:
		return EnsureStep{Run: e.op}
	case stepDone:
		return EnsureStep{Done: true, Err: j.err}
	case stepRead, stepReread, stepYield:
	}
	return EnsureStep{}
}
