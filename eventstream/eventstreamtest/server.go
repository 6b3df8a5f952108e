package eventstreamtest

import (
	"net/http"
	"time"

	"github.com/streamwarden/streamwarden-go/awstest"
	"github.com/streamwarden/streamwarden-go/eventstream"
	"github.com/streamwarden/streamwarden-go/internal/simulator"
	"github.com/streamwarden/streamwarden-go/statemachine"
)

// Server is an in-process Customer Profiles of one account in one Region. It takes the place of
// the SDK's HTTP client, and it is an [http.Handler]. It is safe for concurrent use, starts no
// goroutine and need not be closed.
//
// Names are case-sensitive. Unless they say otherwise, methods that take an ARN do nothing if there
// is no such stream.
type Server struct {
	awstest.Base

	opts          Options
	engine        *simulator.Server
	createdAt     time.Time
	domains       map[string]bool
	streams       simulator.Store[eventstream.Stream]
	resources     simulator.Access[eventstream.Stream] // the streams
	kinesis       map[string]KinesisStatus             // by ARN
	recoveryDelay map[string]time.Duration             // by ARN of the stream: how long its destination takes
	unnamedCount  int                                  // domains that were added without a name

	destinations simulator.Lifecycle[eventstream.Stream, eventstream.DestinationStatus]
}

// NewServer returns a server without domains.
func NewServer(optFns ...func(*Options)) *Server {
	s := &Server{
		opts:          Options{Options: simulator.DefaultOptions(), StreamsPerDomain: 1, PageSize: maxPage},
		createdAt:     time.Now(),
		domains:       make(map[string]bool),
		kinesis:       make(map[string]KinesisStatus),
		recoveryDelay: make(map[string]time.Duration),
	}
	for _, f := range optFns {
		f(&s.opts)
	}
	s.destinations = simulator.Lifecycle[eventstream.Stream, eventstream.DestinationStatus]{
		Machine:  eventstream.DestinationMachine(),
		State:    func(v eventstream.Stream) eventstream.DestinationStatus { return v.Status },
		SetState: withDestination,
		Pace: func(v eventstream.Stream, from, to eventstream.DestinationStatus) simulator.Delay {
			return simulator.DelayOf(s.opts.Options, v.EventStreamArn, string(from), string(to), s.recoveryDelay[v.EventStreamArn])
		},
	}
	s.streams = simulator.Store[eventstream.Stream]{
		CaseSensitive: true, HistoryLimit: s.opts.HistoryLimit, StaleFunc: s.opts.StaleFunc,
	}
	s.engine = simulator.New(simulator.Config{
		Protocol:   simulator.REST{Routes: routes()},
		Operations: s.operations(),
		Throttled:  simulator.Error{Code: "ThrottlingException", Message: "Rate exceeded", Status: http.StatusTooManyRequests},
		Skewed:     simulator.Error{Code: "InvalidSignatureException", Status: http.StatusForbidden},
		Unknown:    "UnknownOperationException",
		Options:    s.opts.Options,
	})
	s.resources = simulator.Access[eventstream.Stream]{Server: s.engine, Store: &s.streams, Since: s.createdAt}
	s.Base = awstest.NewBase(s.engine, s.opts.Region)
	return s
}

// ARN returns the ARN of a stream, which need not exist.
func (s *Server) ARN(domainName, eventStreamName string) string {
	return s.arn("profile", "domains/"+domainName+"/event-streams/"+eventStreamName)
}

func (s *Server) arn(service, resource string) string {
	return simulator.ARN(service, s.opts.Region, s.opts.Account, resource)
}

// Set changes the state of a stream, as the service or another actor would. StateAbsent does what
// [Server.Remove] does. A state that Customer Profiles does not have stays.
func (s *Server) Set(arn string, state eventstream.State) {
	s.resources.Update(arn, func(r *resource, v eventstream.Stream, now time.Time) { setState(r, v, state, now) })
}

// Lapse stops a running stream, as the service does for reasons that AWS does not document.
func (s *Server) Lapse(arn string) {
	s.resources.Update(arn, func(r *resource, v eventstream.Stream, now time.Time) {
		for _, t := range eventstream.Machine().Transitions() {
			if t.From == v.State && t.Lapse {
				setState(r, v, t.To, now)
				return
			}
		}
	})
}

// SetDestination changes the status of a stream's destination and the service's message about it.
// If the option DestinationRecovery is set and the message does not require a new stream, an
// unhealthy destination becomes healthy on its own.
func (s *Server) SetDestination(arn string, status eventstream.DestinationStatus, message string) {
	s.resources.Update(arn, func(r *resource, v eventstream.Stream, now time.Time) {
		if status != eventstream.DestinationUnhealthy {
			v.UnhealthySince = time.Time{}
		} else if v.Status != status {
			v.UnhealthySince = now
		}
		v.Status, v.Message = status, message
		s.scheduleRecovery(r, v, now, s.opts.DestinationRecovery)
	})
}

// scheduleRecovery makes v the current record and plans the recovery of its destination, if it
// recovers on its own.
func (s *Server) scheduleRecovery(r *resource, v eventstream.Stream, now time.Time, usual time.Duration) {
	if v.MustRecreate() || usual <= 0 && s.opts.ReadsPerTransition <= 0 && s.opts.Transition == nil {
		r.Set(now, &s.destinations, v)
		return
	}
	s.recoveryDelay[v.EventStreamArn] = usual
	s.destinations.Enter(r, now, v)
}

// SetKinesisStream sets whether Customer Profiles can use a Kinesis data stream, given as an ARN,
// for a new event stream. At first it can use every one. Existing event streams do not change: see
// [Server.SetDestination].
func (s *Server) SetKinesisStream(uri string, status KinesisStatus) {
	s.engine.Update(func(time.Time) { s.kinesis[uri] = status })
}

// SetKinesis does what [Server.SetKinesisStream] does.
//
// Deprecated: Use [Server.SetKinesisStream].
func (s *Server) SetKinesis(uri string, status KinesisStatus) { s.SetKinesisStream(uri, status) }

// Remove deletes a stream.
func (s *Server) Remove(arn string) { s.resources.Remove(arn) }

// Stale makes reads of a stream show its state of d ago, even that it was absent then. Zero ends
// it. The stream need not exist yet. An empty arn means every stream that exists now. Commands
// always see the current state.
func (s *Server) Stale(arn string, d time.Duration) { s.resources.Stale(arn, d) }

// FreezeReads makes the next n reads of a stream, which need not exist, show its state of now.
// GetEventStream and ListEventStreams count together. An empty arn means every stream that exists
// now.
func (s *Server) FreezeReads(arn string, n int) { s.resources.Freeze(arn, n) }

// Throttle gives the account its quotas. GetEventStream, ListEventStreams and DeleteEventStream
// each get a bucket of burst requests, refilled with perSecond requests per second.
// CreateEventStream gets a fifth of both, but at least one request. The quotas of Customer
// Profiles are Throttle(5, 5). A request beyond its quota fails with ThrottlingException, "Rate
// exceeded". A burst below 1 removes the quotas. At first there are none.
func (s *Server) Throttle(burst int, perSecond float64) {
	for _, op := range []statemachine.Operation{getEventStream, listEventStreams, eventstream.DeleteEventStream} {
		s.engine.Throttle(string(op), burst, perSecond)
	}
	if burst >= 1 {
		burst = max(burst/5, 1)
	}
	s.engine.Throttle(string(eventstream.CreateEventStream), burst, perSecond/5)
}

// State returns the current state of a stream, even if reads are stale. It returns StateAbsent if
// there is no such stream.
func (s *Server) State(arn string) eventstream.State {
	if v := s.resources.Now(arn); v.EventStreamArn != "" {
		return v.State
	}
	return eventstream.StateAbsent
}

// History returns the states of a stream, each with the instant at which it began. It starts when
// the stream was added. For a stream that a request created, it starts when the server was made.
// The caller owns the slice.
func (s *Server) History(arn string) []Sighting {
	return simulator.History(&s.resources, arn, time.Time{}, stateOf, eventstream.StateAbsent)
}
