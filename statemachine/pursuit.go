package statemachine

import (
	"context"
	"fmt"
	"slices"
	"time"
)

// Pursuit is an ensure as data: what is wanted, what was run, and what has been seen. Like a [Track] it does no I/O,
// reads no clock and survives JSON, so that an ensure can be stored and carried on elsewhere: in another process, in a
// workflow engine.
//
// [Machine.NewPursuit] begins one. [Machine.Pursue] takes each read and [Machine.Ran] the outcome of each command; both
// answer with a [Move]: run this operation, or it has ended, or, with neither, read again at Track.Next. The rules are
// those of [Ensurer.Ensure], decided by the same code.
//
// Between a Move that names an operation and its Ran nothing else is told. Whoever may lose that Ran, as a process that
// dies after it sent a command, stores the Pursuit before it sends, and tells Ran of an [Unavailable] afterwards: the
// command may have been carried out.
//
// A Pursuit is not safe for concurrent use. Durations are nanoseconds in JSON.
type Pursuit[S ~string] struct {
	Resource string        `json:"resource,omitempty"` // for messages: an ARN, a name
	Target   S             `json:"target"`             // in the end; the Track's may be a state on the way there
	Grace    time.Duration `json:"grace"`              // after a command; zero or less: none. Before the first there is none
	Track    Track[S]      `json:"track"`              // the wait that is under way

	Permitted []Operation `json:"permitted,omitempty"` // those that may be run, as Commands.Operations; empty: all of the table
	Restart   bool        `json:"restart,omitempty"`   // as Commands.Restart

	Operations []Operation `json:"operations,omitempty"` // as Ensured has them
	GapFrom    time.Time   `json:"gap_from,omitzero"`
	GapTo      time.Time   `json:"gap_to,omitzero"`

	Op      Operation `json:"op,omitempty"`      // the next to run, or the last that was
	From    S         `json:"from,omitempty"`    // where Op was run
	Via     S         `json:"via,omitempty"`     // what to wait for once Op was accepted
	Sent    time.Time `json:"sent,omitzero"`     // when Op was run
	Lost    bool      `json:"lost,omitempty"`    // Op's answer was lost: it may have been carried out
	Refusal Kind      `json:"refusal,omitempty"` // why the last command was not accepted; empty once one was
	Said    string    `json:"said,omitempty"`    // the refusal in words
}

// Glance is one read, as far as an ensure needs it.
type Glance[S ~string] struct {
	State S
	Err   error // the read's, if it failed: its Kind, as [KindOf] tells it, decides. What else is here means nothing then

	Drift error // in the target, but not as wanted: a [*DriftError]
	Stuck error // why no command can be accepted any more; it counts once one was refused as [InvalidState] or [Conflict]
}

// Move is what to do next in a [Pursuit]. The zero Move: read again at Track.Next.
type Move struct {
	Run  Operation // run this now, in one attempt, and tell Ran
	Done bool      // it has ended: well, if Err is nil
	Err  error     // as Ensure returns it
}

// NewPursuit begins an ensure of target at the instant at, until maxWait later. It takes the delays, the Grace and
// Consecutive of o, and refuses what [Machine.NewTrack] refuses. Resource, Permitted and Restart may be set before the
// first read.
func (m *Machine[S]) NewPursuit(target S, at time.Time, maxWait time.Duration, o WaitOptions) (Pursuit[S], error) {
	t, err := m.NewTrack(target, at, maxWait, o)
	if err != nil {
		return Pursuit[S]{}, err
	}
	p := Pursuit[S]{Target: target, Grace: t.Grace, Track: t}
	p.Track.Grace = 0 // nothing was commanded yet that an old read could not show
	return p, nil
}

// Pursue takes what was read at the instant at, and says what to do next.
func (m *Machine[S]) Pursue(p *Pursuit[S], g Glance[S], at time.Time) Move {
	j := m.resume(p)
	next := j.waited(g, g.Err, j.kindOf(context.Background(), g.Err), at)
	if j.ensure.refusal == nil {
		p.Refusal, p.Said = "", ""
	}
	return p.keep(j, next)
}

// Ran takes the outcome of the operation that the last [Move] named, sent at the instant sent and answered at the instant
// at: nil, accepted; else the Kind of err decides, as [Ensurer.Ensure] says. One that was certainly never sent, for a
// check before it failed or no worker took it up, has the zero instant for sent.
func (m *Machine[S]) Ran(p *Pursuit[S], err error, sent, at time.Time) Move {
	j := m.resume(p)
	next := j.ran(context.Background(), err == nil || !sent.IsZero(), err, sent, at)
	if p.Refusal, p.Said = KindOf(err), ""; err != nil && err.Error() != string(p.Refusal) {
		p.Said = err.Error()
	}
	return p.keep(j, next)
}

// resume is the job that p is the data of.
func (m *Machine[S]) resume(p *Pursuit[S]) *job[Glance[S], S] {
	o := WaitOptions{Grace: p.Grace, Jitter: func(d time.Duration) time.Duration { return d }}
	e := &ensuring[Glance[S], S]{
		goal:   &Goal[Glance[S], S]{Drift: func(g Glance[S]) error { return g.Drift }},
		target: p.Target, op: p.Op, from: p.From, via: p.Via, sent: p.Sent, lost: p.Lost,
		done: Ensured[Glance[S]]{Operations: slices.Clip(p.Operations), GapFrom: p.GapFrom, GapTo: p.GapTo},
	}
	if p.Refusal != "" {
		e.refusal = p.Refusal
		if p.Said != "" {
			e.refusal = fmt.Errorf("%w: %s", p.Refusal, p.Said)
		}
		e.refused = p.Refusal == InvalidState || p.Refusal == Conflict
	}
	r := &rules[Glance[S], S]{
		machine: m, opts: o, kind: KindOf,
		state: func(g Glance[S]) S { return g.State },
		cmd:   &Commands[Glance[S]]{Restart: p.Restart, Stuck: func(g Glance[S]) error { return g.Stuck }},
	}
	if len(p.Permitted) > 0 { // empty and nil are one in JSON
		r.cmd.Operations = p.Permitted
	}
	return &job[Glance[S], S]{rules: r, resource: p.Resource, track: p.Track, ensure: e}
}

// keep takes the data of the job back, and says what its step means.
func (p *Pursuit[S]) keep(j *job[Glance[S], S], next step) Move {
	e := j.ensure
	p.Track, p.Op, p.From, p.Via, p.Sent, p.Lost = j.track, e.op, e.from, e.via, e.sent, e.lost
	p.Operations, p.GapFrom, p.GapTo = e.done.Operations, e.done.GapFrom, e.done.GapTo
	switch next {
	case stepCommand:
		return Move{Run: e.op}
	case stepDone:
		return Move{Done: true, Err: j.err}
	case stepRead, stepAlone, stepTell:
	}
	return Move{}
}
