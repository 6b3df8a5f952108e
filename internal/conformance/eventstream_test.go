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

// The states of an event stream that rules name for every machine with an absent state.
const (
	absent  = string(eventstream.StateAbsent)
	present = string(eventstream.StateRunning)
)

func eventRef() eventstream.Ref { return eventstream.Ref{DomainName: domain, EventStreamName: event} }

// eventStreams are the ways of an event stream, whose operations are done when they are answered, and that of its destination, which
// nobody commands.
func eventStreams() []scenario {
	create := scenario{
		name: "event stream, create", machine: eventstream.Machine().Name(), op: eventstream.CreateEventStream, read: "GetEventStream",
		from: absent, to: present, stuck: string(eventstream.StateStopped),
		busy: "BadRequestException", already: "BadRequestException",
		least: 2 * time.Second, most: time.Minute, rows: eventStreamRows,
		has:      absence | watches | commands | unplannable,
		simulate: simulateEventStream,
		exempt: exemptions{
			read:    doubted,
			command: map[statemachine.Kind]treatment{statemachine.InvalidInput: again}, // it may be about a destination that is not active yet
		},
	}
	remove := create
	remove.name, remove.op, remove.from, remove.to, remove.stuck = "event stream, delete", eventstream.DeleteEventStream, present, absent, ""
	remove.busy, remove.already = "ResourceNotFoundException", "ResourceNotFoundException"
	remove.has &^= unplannable
	remove.exempt.command = map[statemachine.Kind]treatment{statemachine.NotFound: again} // that is what it wants
	destination := create
	destination.name, destination.machine, destination.op = "event stream destination", eventstream.DestinationMachine().Name(), ""
	destination.from, destination.via, destination.to, destination.stuck = "", string(eventstream.DestinationUnhealthy), string(eventstream.DestinationHealthy), ""
	destination.has = settles
	destination.shows = map[string]string{unknownState: "(stream " + unknownState + ")"}
	destination.simulate = simulateDestination
	destination.exempt.command = nil
	return []scenario{create, remove, destination}
}

// doubted says that GetEventStream's ResourceNotFoundException is no absence as long as ListEventStreams names the stream.
var doubted = map[statemachine.Kind]treatment{statemachine.NotFound: again}

func eventStreamServer(change func(simulator.Call) *simulator.Failure) *eventstreamtest.Server {
	s := eventstreamtest.NewServer(func(o *eventstreamtest.Options) {
		o.DestinationRecovery = settle
		o.Intercept = func(c eventstreamtest.Call) *eventstreamtest.Failure {
			return (*eventstreamtest.Failure)(change(simulator.Call(c)))
		}
	})
	s.AddDomain(domain)
	return s
}

func addEventStream(s *eventstreamtest.Server) {
	s.AddEventStream(eventstreamtest.EventStream{DomainName: domain, EventStreamName: event, Uri: kinesisID})
}

func simulateEventStream(w scenario, change func(simulator.Call) *simulator.Failure) subject {
	s := eventStreamServer(change)
	if w.from != absent {
		addEventStream(s)
	}
	sub := ofEventStream(s.Config(), eventstream.CreateInput{Ref: eventRef(), Uri: kinesisID}, w.to == present)
	sub.simulated = behindEventStream(s)
	sub.move = func(state string) {
		if s.State(eventARN) == eventstream.StateAbsent {
			addEventStream(s)
		}
		s.Set(eventARN, eventstream.State(state))
	}
	sub.truth = func() string { return string(s.State(eventARN)) }
	return sub
}

// simulateDestination begins with a stream that is stopped, which has no destination that could become healthy.
func simulateDestination(_ scenario, change func(simulator.Call) *simulator.Failure) subject {
	s := eventStreamServer(change)
	addEventStream(s)
	s.Lapse(eventARN)
	sub := ofDestination(s.Config(), eventRef())
	sub.simulated = behindEventStream(s)
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

func behindEventStream(s *eventstreamtest.Server) simulated {
	return simulated{
		remove: func() { s.Remove(eventARN) },
		lapse:  func() { s.Lapse(eventARN) },
		stale:  func(d time.Duration) { s.Stale(eventARN, d) },
		clear:  func() { s.ClearFailures("") },
		fail:   func(op statemachine.Operation, f simulator.Failure) { s.Fail(op, eventstreamtest.Failure(f)) },
		log: func() []simulator.Call {
			return converted(s.Calls(), func(c eventstreamtest.Call) simulator.Call { return simulator.Call(c) })
		},
	}
}

func eventStreamOptions(o settings) func(*eventstream.Options) {
	return func(to *eventstream.Options) {
		to.Wait, to.DryRun, to.ReadPacer = o.wait, o.dryRun, cmp.Or(o.pacer, to.ReadPacer)
	}
}

// ofEventStream is an event stream, to be created as in says, or deleted.
func ofEventStream(cfg aws.Config, in eventstream.CreateInput, create bool) subject {
	c := eventstream.NewFromConfig(cfg)
	state := func(s *eventstream.Stream) string { return string(s.State) }
	did := func(out *eventstream.EnsureOutput, err error) (done, error) {
		if out == nil {
			return done{IsNil: true}, err
		}
		d := done{Operations: out.Operations, Planned: out.Planned}
		if out.Stream != nil {
			d.State = state(out.Stream)
		}
		return d, err
	}
	return subject{
		resource: in.String(),
		get:      func(ctx context.Context) (string, error) { return shown(state)(c.Get(ctx, in.Ref)) },
		run: func(ctx context.Context) error {
			if create {
				return last(c.Create(ctx, &in))
			}
			return last(c.Delete(ctx, in.Ref))
		},
		wait: func(ctx context.Context, target string, maxWait time.Duration, o settings) (string, error) {
			return shown(state)(c.Wait(ctx, in.Ref, eventstream.State(target), maxWait, eventStreamOptions(o)))
		},
		watch: func(ctx context.Context, o settings) iter.Seq2[string, error] {
			return told(state, c.Watch(ctx, in.Ref, eventStreamOptions(o)))
		},
		ensure: func(ctx context.Context, maxWait time.Duration, o settings) (done, error) {
			if create {
				return did(c.EnsureCreated(ctx, &in, maxWait, eventStreamOptions(o)))
			}
			return did(c.EnsureDeleted(ctx, in.Ref, maxWait, eventStreamOptions(o)))
		},
	}
}

// ofDestination is the destination of an event stream, which can only be waited for: until it is healthy.
func ofDestination(cfg aws.Config, ref eventstream.Ref) subject {
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
		get:      func(ctx context.Context) (string, error) { return shown(state)(c.Get(ctx, ref)) },
		wait: func(ctx context.Context, _ string, maxWait time.Duration, o settings) (string, error) {
			return shown(state)(c.WaitHealthy(ctx, ref, maxWait, eventStreamOptions(o)))
		},
	}
}
