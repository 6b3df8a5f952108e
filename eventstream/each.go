package eventstream

import (
	"context"
	"iter"
	"maps"
	"time"

	"github.com/streamwarden/streamwarden-go/internal/sdkcall"
	"github.com/streamwarden/streamwarden-go/statemachine"
)

// GetEach reads many event streams. It yields one result for each Ref, in the order in which they
// become ready. The error for a stream that does not exist is that of [Client.Get]. A read that is
// throttled or fails with another retryable error is made up to ten times. [Client.WaitEach]
// documents duplicate and invalid names, and breaking out of the loop.
func (c *Client) GetEach(ctx context.Context, refs []Ref, optFns ...func(*Options)) iter.Seq2[Ref, statemachine.Result[*Stream]] {
	return sdkcall.Results(c.ready(), optFns, func(call *call) (*inputs, iter.Seq2[int, statemachine.Result[*Stream]]) {
		set := newReadSet(call, refs, "")
		return set, newFleet(call, set.Resource, machine, (*Stream).state, call.getConfirmed).Get(ctx, set.Names())
	}, sdkcall.Same)
}

// WaitEach waits until each of many event streams is in the state target, for at most maxWait and
// by the rules of [Client.Wait]. It yields one result for each Ref, in the order in which they
// become ready. The failure of one wait is the error of its own result.
//
// Customer Profiles reads one stream with one request, and an absent stream with two. A call for n
// streams therefore reads each of them every n/4 seconds at best ([Options]). If streams of one
// domain are absent, one ListEventStreams confirms all of them. During the range loop there is one
// goroutine, plus one for each request in flight. There is none for each stream. A slow loop body
// delays no wait. Breaking out of the loop stops everything before the range statement ends.
//
// A duplicate Ref gets the same result again and is read once. The result of an invalid Ref is a
// [*statemachine.InputError], and so is every result if target or maxWait is invalid.
func (c *Client) WaitEach(ctx context.Context, refs []Ref, target State, maxWait time.Duration, optFns ...func(*Options)) iter.Seq2[Ref, statemachine.Result[*Stream]] {
	return sdkcall.Results(c.ready(), optFns, func(call *call) (*inputs, iter.Seq2[int, statemachine.Result[statemachine.Ensured[*Stream]]]) {
		set := newReadSet(call, refs, "")
		f := newFleet(call, set.Resource, machine, (*Stream).state, call.read)
		return set, sdkcall.Each(ctx, call.Tracer, "eventstream.WaitEach", f, set, target, maxWait, nil)
	}, sdkcall.Value)
}

// WaitHealthyEach does for each of many event streams what [Client.WaitHealthy] does for one. It
// yields one result for each Ref. [Client.WaitEach] documents the rest.
func (c *Client) WaitHealthyEach(ctx context.Context, refs []Ref, maxWait time.Duration, optFns ...func(*Options)) iter.Seq2[Ref, statemachine.Result[*Stream]] {
	return sdkcall.Results(c.ready(), optFns, func(call *call) (*inputs, iter.Seq2[int, statemachine.Result[statemachine.Ensured[*Stream]]]) {
		set := newReadSet(call, refs, "")
		f := newFleet(call, set.Resource, destinationMachine, (*Stream).destination, call.read)
		var seen unhealthy
		f.Check = seen.check
		results := sdkcall.Each(ctx, call.Tracer, "eventstream.WaitHealthyEach", f, set, DestinationHealthy, maxWait, nil)
		return set, sdkcall.WithErrors(set, results, seen.explain)
	}, sdkcall.Value)
}

// WatchEach yields the current value of each of many event streams, then each read that differs
// from the one before, by the rules of [Client.Watch], until the caller stops ranging. A failure
// that a wait does not tolerate is yielded once and ends the watch of that stream. The loop ends
// when no watch is left. A loop body that is slower than the changes sees only the latest value of
// each stream. It must not modify a Stream. [Client.WaitEach] documents duplicate and invalid
// names, and breaking out of the loop.
func (c *Client) WatchEach(ctx context.Context, refs []Ref, optFns ...func(*Options)) iter.Seq2[Ref, statemachine.Result[*Stream]] {
	return sdkcall.Results(c.ready(), optFns, func(call *call) (*inputs, iter.Seq2[int, statemachine.Result[*Stream]]) {
		set := newReadSet(call, refs, "")
		return set, newFleet(call, set.Resource, machine, (*Stream).state, call.read).Watch(ctx, set.Names())
	}, sdkcall.Same)
}

// EnsureCreatedEach does for each of many inputs what [Client.EnsureCreated] does for one, with the
// same checks. It yields one result for each input, keyed by its Ref. Commands are sent at most
// once a second ([Options]), and slow down together when throttled.
//
// Different inputs for the same stream are each rejected with a [*statemachine.InputError].
// [Client.WaitEach] documents duplicate and invalid names, and breaking out of the loop.
func (c *Client) EnsureCreatedEach(ctx context.Context, ins []*CreateInput, maxWait time.Duration, optFns ...func(*Options)) iter.Seq2[Ref, statemachine.Result[*EnsureOutput]] {
	return sdkcall.Results(c.ready(), optFns, func(call *call) (*inputs, iter.Seq2[int, statemachine.Result[statemachine.Ensured[*Stream]]]) {
		set := newCreateSet(call, ins)
		creations := map[Ref]*creation{}
		goal := func(i int, ref Ref) statemachine.Goal[*Stream, State] {
			creations[ref] = &creation{call: call, in: ins[i]}
			return creations[ref].goal()
		}
		f := newFleet(call, set.Resource, machine, (*Stream).state, func(ctx context.Context, ref Ref) (*Stream, error) {
			return creations[ref].read(ctx)
		})
		f.Commands = call.createOptions()
		return set, sdkcall.Each(ctx, call.Tracer, "eventstream.EnsureCreatedEach", f, set, StateRunning, maxWait, goal)
	}, newEnsureOutput)
}

// EnsureDeletedEach does for each of many event streams what [Client.EnsureDeleted] does for one.
// It yields one result for each Ref. [Client.EnsureCreatedEach] documents the rest.
func (c *Client) EnsureDeletedEach(ctx context.Context, refs []Ref, maxWait time.Duration, optFns ...func(*Options)) iter.Seq2[Ref, statemachine.Result[*EnsureOutput]] {
	return sdkcall.Results(c.ready(), optFns, func(call *call) (*inputs, iter.Seq2[int, statemachine.Result[statemachine.Ensured[*Stream]]]) {
		set := newReadSet(call, refs, DeleteEventStream)
		f := newFleet(call, set.Resource, machine, (*Stream).state, call.read)
		f.Commands = call.ensureOptions(DeleteEventStream)
		goal := func(_ int, ref Ref) statemachine.Goal[*Stream, State] { return call.deleteGoal(ref) }
		return set, sdkcall.Each(ctx, call.Tracer, "eventstream.EnsureDeletedEach", f, set, StateAbsent, maxWait, goal)
	}, newEnsureOutput)
}

// newFleet returns the engine of one call, for the streams that find returns by their names in
// messages.
func newFleet[S ~string](c *call, find func(string) Ref, m *statemachine.Machine[S], state func(*Stream) S,
	read func(context.Context, Ref) (*Stream, error),
) *statemachine.Fleet[*Stream, S] {
	return &statemachine.Fleet[*Stream, S]{
		Machine:     m,
		Read:        func(ctx context.Context, name string) (*Stream, error) { return read(ctx, find(name)) },
		State:       state,
		Kind:        readKind,
		Same:        sameStream,
		Concurrency: c.options.Concurrency,
		Pacer:       c.options.ReadPacer,
		Options:     c.options.Wait,
	}
}

// inputs are the inputs of an Each method, by stream.
type inputs = sdkcall.Inputs[Ref, Ref]

// newReadSet groups the names of a call without other inputs. op may be empty.
func newReadSet(c *call, refs []Ref, op statemachine.Operation) *inputs {
	return newInputs(c, refs, func(i int) error { return refs[i].validate(op) }, nil)
}

// newCreateSet groups the inputs of an EnsureCreatedEach.
func newCreateSet(c *call, ins []*CreateInput) *inputs {
	refs := make([]Ref, len(ins))
	for i, in := range ins {
		if in != nil {
			refs[i] = in.Ref
		}
	}
	return newInputs(c, refs, func(i int) error { return ins[i].validate(c.Region) }, func(i, j int) bool {
		return ins[i].Uri == ins[j].Uri && maps.Equal(ins[i].Tags, ins[j].Tags)
	})
}

// newInputs groups the inputs of the call c by the stream that they name, and makes c share lists.
// check validates an input, and equal reports whether two inputs for the same stream agree.
func newInputs(c *call, refs []Ref, check func(i int) error, equal func(i, j int) bool) *inputs {
	c.lists = make(map[string]*domainList, len(refs))
	for _, ref := range refs {
		c.lists[ref.DomainName] = &domainList{lock: make(chan struct{}, 1)}
	}
	return sdkcall.NewInputs(refs, func(i int) sdkcall.Input[Ref] {
		return sdkcall.Input[Ref]{ID: refs[i].String(), Name: refs[i].String(), Resource: refs[i], Err: check(i)}
	}, equal, "EventStreamName")
}

// domainList is the last complete list of one domain, for one call of an Each method. So one
// ListEventStreams confirms the absence of all streams of the domain that are read at about the
// same time.
type domainList struct {
	lock    chan struct{} // holds a value while a list is read or examined
	streams []*Stream
	at      time.Time       // when the list was requested; zero if there is none
	usedFor map[string]bool // names of streams, each of which needs another list for its next read
}

// maxListAge is how old a list may be that confirms an absence.
const maxListAge = 10 * time.Second

// get returns the streams of the domain, for a read of the stream with this name. It reads them
// with list if the last list is too old or was used for this stream before. It does not keep a
// failure.
func (d *domainList) get(ctx context.Context, name string, list iter.Seq2[*Stream, error]) ([]*Stream, error) {
	select {
	case d.lock <- struct{}{}:
		defer func() { <-d.lock }()
	case <-ctx.Done():
		return nil, ctx.Err()
	}
	if d.at.IsZero() || time.Since(d.at) > maxListAge || d.usedFor[name] {
		at := time.Now()
		streams, err := collect(list)
		if err != nil {
			return nil, err
		}
		d.streams, d.at, d.usedFor = streams, at, map[string]bool{}
	}
	d.usedFor[name] = true
	return d.streams, nil
}
