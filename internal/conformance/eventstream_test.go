package conformance

import (
	"cmp"
	"context"
	"iter"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"

	"github.com/streamwarden/streamwarden-go/eventstream"
	"github.com/streamwarden/streamwarden-go/eventstream/eventstreamtest"
	"github.com/streamwarden/streamwarden-go/internal/simulator"
	"github.com/streamwarden/streamwarden-go/statemachine"
)

const (
	domain    = "example-domain"
	event     = "example-stream"
	eventARN  = "arn:aws:profile:us-east-1:123456789012:domains/" + domain + "/event-streams/" + event
	kinesisID = "arn:aws:kinesis:us-east-1:123456789012:stream/profile-events"
)

// The states of an event stream, which rules for machines with an absent state use.
const (
	absent  = string(eventstream.StateAbsent)
	present = string(eventstream.StateRunning)
)

// eventRef returns the name of the event stream.
func eventRef() eventstream.Ref { return eventstream.Ref{DomainName: domain, EventStreamName: event} }

// eventStreams returns the scenarios of an event stream, whose operations are complete with their
// response, and that of its destination, which has no operation.
func eventStreams() []scenario {
	create := scenario{
		name: "event stream, create", machine: eventstream.Machine().Name(), op: eventstream.CreateEventStream, read: "GetEventStream",
		from: absent, to: present, stuck: string(eventstream.StateStopped),
		busy: "BadRequestException", already: "BadRequestException",
		least: 2 * time.Second, most: time.Minute, rows: eventStreamRows,
		has:  absence | watches | commands | unplannable | restarts,
		undo: eventstream.DeleteEventStream, unusable: row{code: "BadRequestException", kind: statemachine.InvalidInput},
		simulate: simulateEventStream,
		exempt: exemptions{
			read:    unconfirmed,
			command: map[statemachine.Kind]treatment{statemachine.InvalidInput: retryable}, // the destination may not be active yet
		},
	}
	remove := create
	remove.name, remove.op, remove.from, remove.to, remove.stuck = "event stream, delete", eventstream.DeleteEventStream, present, absent, ""
	remove.busy, remove.already = "ResourceNotFoundException", "ResourceNotFoundException"
	remove.has &^= unplannable | restarts
	remove.undo = ""
	remove.exempt.command = map[statemachine.Kind]treatment{statemachine.NotFound: retryable} // the resource is in the target state
	destination := create
	destination.name, destination.machine, destination.op = "event stream destination", eventstream.DestinationMachine().Name(), ""
	destination.from, destination.via, destination.to, destination.stuck = "", string(eventstream.DestinationUnhealthy), string(eventstream.DestinationHealthy), ""
	destination.has, destination.undo = settles, ""
	destination.shows = map[string]string{unknownState: "(stream " + unknownState + ")"}
	destination.simulate = simulateDestination
	destination.exempt.command = nil
	return withEach(create, remove, destination)
}

// unconfirmed makes NotFound retryable: a ResourceNotFoundException of GetEventStream does not mean
// that the stream is absent as long as ListEventStreams returns it.
var unconfirmed = map[statemachine.Kind]treatment{statemachine.NotFound: retryable}

// eventStreamServer returns a simulator with the domain.
func eventStreamServer(change func(simulator.Call) *simulator.Failure) *eventstreamtest.Server {
	s := eventstreamtest.NewServer(func(o *eventstreamtest.Options) {
		o.DestinationRecovery = settle
		o.Intercept = change
	})
	s.AddDomain(domain)
	return s
}

// addEventStream adds the event stream to a simulator.
func addEventStream(s *eventstreamtest.Server, uri string) {
	s.AddEventStream(eventstreamtest.EventStream{DomainName: domain, EventStreamName: event, Uri: uri})
}

// simulateEventStream returns the event stream on a simulator.
func simulateEventStream(w scenario, change func(simulator.Call) *simulator.Failure) subject {
	s := eventStreamServer(change)
	if w.from != absent {
		addEventStream(s, kinesisID)
	}
	sub := ofEventStream(s.Config(), eventstream.CreateInput{Ref: eventRef(), Uri: kinesisID}, w.to == present)
	if w.each {
		sub = ofEventStreams(sub, s.Config(), eventstream.CreateInput{Ref: eventRef(), Uri: kinesisID}, w.to == present)
	}
	sub.simulated = controlsOfEventStream(s)
	sub.move = func(state string) {
		if s.State(eventARN) == eventstream.StateAbsent {
			addEventStream(s, kinesisID)
		}
		s.Set(eventARN, eventstream.State(state))
	}
	sub.set = func(own bool) {
		uri := kinesisID
		if !own {
			uri += "-other"
		}
		addEventStream(s, uri)
	}
	sub.isOwn = func() bool {
		s.Stale(eventARN, 0)
		stream, err := eventstream.NewFromConfig(s.Config()).Get(context.Background(), eventRef())
		return err == nil && stream.Uri == kinesisID
	}
	sub.truth = func() string { return string(s.State(eventARN)) }
	return sub
}

// simulateDestination returns the destination on a simulator. The stream is stopped at first, so
// the destination cannot become healthy.
func simulateDestination(w scenario, change func(simulator.Call) *simulator.Failure) subject {
	s := eventStreamServer(change)
	addEventStream(s, kinesisID)
	s.Lapse(eventARN)
	sub := ofDestination(s.Config(), eventRef(), w.each)
	sub.simulated = controlsOfEventStream(s)
	sub.move = func(state string) {
		switch state {
		case "":
			s.Set(eventARN, eventstream.StateStopped)
		case unknownState:
			s.Set(eventARN, unknownState)
		default:
			s.Set(eventARN, eventstream.StateRunning)
			s.SetDestination(eventARN, eventstream.DestinationStatus(state), "")
		}
	}
	sub.truth = func() string { return string(s.State(eventARN)) }
	return sub
}

// controlsOfEventStream returns the controls of the event stream, except for its state.
func controlsOfEventStream(s *eventstreamtest.Server) simulated {
	return simulated{
		remove: func() { s.Remove(eventARN) },
		lapse:  func() { s.Lapse(eventARN) },
		stale:  func(d time.Duration) { s.Stale(eventARN, d) },
		clear:  func() { s.ClearFailures("") },
		fail:   s.Fail,
		log:    s.Calls,
	}
}

// eventStreamOptions returns a function that applies the settings.
func eventStreamOptions(o settings) func(*eventstream.Options) {
	return func(to *eventstream.Options) {
		to.Wait, to.DryRun, to.ReadPacer = o.wait, o.dryRun, cmp.Or(o.pacer, to.ReadPacer)
		to.AllowRestart = o.restart
	}
}

func stateOfStream(s *eventstream.Stream) string { return string(s.State) }

// ensuredEvents converts the output of an ensure method.
func ensuredEvents(out *eventstream.EnsureOutput, err error) (ensureResult, error) {
	if out == nil {
		return ensureResult{IsNil: true}, err
	}
	d := ensureResult{Operations: out.Operations, Planned: out.Planned, Pending: out.Pending, GapFrom: out.GapFrom, GapTo: out.GapTo}
	if out.Stream != nil {
		d.State = stateOfStream(out.Stream)
	}
	return d, err
}

// ofEventStreams returns sub with the methods for many event streams.
func ofEventStreams(sub subject, cfg aws.Config, in eventstream.CreateInput, create bool) subject {
	c := eventstream.NewFromConfig(cfg)
	refs := []eventstream.Ref{in.Ref}
	sub.wait = func(ctx context.Context, target string, maxWait time.Duration, o settings) (string, error) {
		return stateOf(stateOfStream)(only(c.WaitEach(ctx, refs, eventstream.State(target), maxWait, eventStreamOptions(o))))
	}
	sub.watch = func(ctx context.Context, o settings) iter.Seq2[string, error] {
		return states(stateOfStream, withoutKeys(c.WatchEach(ctx, refs, eventStreamOptions(o))))
	}
	sub.ensure = func(ctx context.Context, maxWait time.Duration, o settings) (ensureResult, error) {
		if create {
			return ensuredEvents(only(c.EnsureCreatedEach(ctx, []*eventstream.CreateInput{&in}, maxWait, eventStreamOptions(o))))
		}
		return ensuredEvents(only(c.EnsureDeletedEach(ctx, refs, maxWait, eventStreamOptions(o))))
	}
	return sub
}

// ofEventStream returns an event stream. Its operation creates it with the input, or deletes it.
func ofEventStream(cfg aws.Config, in eventstream.CreateInput, create bool) subject {
	c := eventstream.NewFromConfig(cfg)
	state, did := stateOfStream, ensuredEvents
	return subject{
		resource: in.String(),
		get:      func(ctx context.Context) (string, error) { return stateOf(state)(c.Get(ctx, in.Ref)) },
		run: func(ctx context.Context) error {
			if create {
				return errOf(c.Create(ctx, &in))
			}
			return errOf(c.Delete(ctx, in.Ref))
		},
		wait: func(ctx context.Context, target string, maxWait time.Duration, o settings) (string, error) {
			return stateOf(state)(c.Wait(ctx, in.Ref, eventstream.State(target), maxWait, eventStreamOptions(o)))
		},
		watch: func(ctx context.Context, o settings) iter.Seq2[string, error] {
			return states(state, c.Watch(ctx, in.Ref, eventStreamOptions(o)))
		},
		ensure: func(ctx context.Context, maxWait time.Duration, o settings) (ensureResult, error) {
			if create {
				return did(c.EnsureCreated(ctx, &in, maxWait, eventStreamOptions(o)))
			}
			return did(c.EnsureDeleted(ctx, in.Ref, maxWait, eventStreamOptions(o)))
		},
	}
}

// ofDestination returns the destination of an event stream. It has no operation: a call can only
// wait until it is healthy. each selects the method for many streams.
func ofDestination(cfg aws.Config, ref eventstream.Ref, each bool) subject {
	c := eventstream.NewFromConfig(cfg)
	state := func(s *eventstream.Stream) string {
		switch s.State {
		case eventstream.StateRunning:
			return string(s.Status)
		case eventstream.StateStopped, eventstream.StateAbsent:
			return ""
		}
		return "(stream " + string(s.State) + ")"
	}
	return subject{
		resource: ref.String(),
		get:      func(ctx context.Context) (string, error) { return stateOf(state)(c.Get(ctx, ref)) },
		wait: func(ctx context.Context, _ string, maxWait time.Duration, o settings) (string, error) {
			if each {
				return stateOf(state)(only(c.WaitHealthyEach(ctx, []eventstream.Ref{ref}, maxWait, eventStreamOptions(o))))
			}
			return stateOf(state)(c.WaitHealthy(ctx, ref, maxWait, eventStreamOptions(o)))
		},
	}
}
