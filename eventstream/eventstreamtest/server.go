package eventstreamtest

import (
	"context"
	"net/http"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"

	"github.com/streamwarden/streamwarden-go/eventstream"
	"github.com/streamwarden/streamwarden-go/internal/simulator"
	"github.com/streamwarden/streamwarden-go/statemachine"
)

// Server is Customer Profiles of one account in one Region, in this process. It stands in for the SDK's HTTP
// client and is an [http.Handler] as well. It is safe for concurrent use, runs no goroutine and needs no
// closing.
//
// Methods that take an ARN do nothing where there is no such stream, unless they say otherwise. Names are
// case-sensitive.
type Server struct {
	opts          Options
	engine        *simulator.Server
	createdAt     time.Time
	domains       map[string]bool
	streams       simulator.Store[eventstream.Stream]
	kinesis       map[string]KinesisStatus // by ARN
	recoveryDelay map[string]time.Duration // by ARN: how long the destination takes, unless the options say otherwise
	named         int                      // domains that were added without a name

	destinations simulator.Lifecycle[eventstream.Stream, eventstream.DestinationStatus]
}

var (
	_ aws.HTTPClient = (*Server)(nil)
	_ http.Handler   = (*Server)(nil)
)

// NewServer makes a Customer Profiles without domains.
func NewServer(optFns ...func(*Options)) *Server {
	s := &Server{
		opts: Options{
			Region: "us-east-1", Account: "123456789012",
			StreamsPerDomain: 1, PageSize: maxPage,
		},
		createdAt:     time.Now(),
		domains:       make(map[string]bool),
		streams:       simulator.Store[eventstream.Stream]{CaseSensitive: true},
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
		Pace:     s.pace,
	}
	s.streams.HistoryLimit = s.opts.HistoryLimit
	s.streams.Stale(s.opts.StaleFunc)
	s.engine = simulator.New(s.config())
	return s
}

// pace is how long a destination takes.
func (s *Server) pace(v eventstream.Stream, from, to eventstream.DestinationStatus) simulator.Delay {
	d := s.recoveryDelay[v.EventStreamArn]
	if s.opts.Transition != nil {
		d = s.opts.Transition(v.EventStreamArn, string(from), string(to))
	}
	return simulator.Delay{After: d, Reads: s.opts.ReadsPerTransition}
}

// config is what the engine needs to know.
func (s *Server) config() simulator.Config {
	protocol, operations := s.operations()
	c := simulator.Config{
		Protocol:     protocol,
		Operations:   operations,
		Throttled:    simulator.Error{Code: "ThrottlingException", Message: "Rate exceeded", Status: http.StatusTooManyRequests},
		Unknown:      "UnknownOperationException",
		HistoryLimit: s.opts.HistoryLimit,
	}
	if f := s.opts.Latency; f != nil {
		c.Latency = func(c simulator.Call) time.Duration { return f(Call(c)) }
	}
	if f := s.opts.Intercept; f != nil {
		c.Intercept = func(c simulator.Call) *simulator.Failure { return (*simulator.Failure)(f(Call(c))) }
	}
	return c
}

// Config is a configuration for the SDK's clients that leads to this server: its Region, credentials that
// belong to nobody, and the server as the HTTP client. Retries are the SDK's default.
func (s *Server) Config() aws.Config {
	return aws.Config{
		Region: s.opts.Region,
		Credentials: aws.CredentialsProviderFunc(func(context.Context) (aws.Credentials, error) {
			return aws.Credentials{AccessKeyID: "AKIDEXAMPLE", SecretAccessKey: "simulated", Source: "eventstreamtest"}, nil
		}),
		HTTPClient: s,
	}
}

// Do answers a request without a socket. It is what makes the server an [aws.HTTPClient].
func (s *Server) Do(r *http.Request) (*http.Response, error) { return s.engine.Do(r) }

// ServeHTTP answers a request of a socket, so that clients in other languages can use the server too. A
// connection that is to break is closed without an answer; where w cannot do that, the answer is an empty 502.
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) { s.engine.ServeHTTP(w, r) }

// ARN is the ARN that a stream has, be there one or not.
func (s *Server) ARN(domainName, eventStreamName string) string {
	return s.arn("profile", "domains/"+domainName+"/event-streams/"+eventStreamName)
}

func (s *Server) arn(service, resource string) string {
	return "arn:" + simulator.Partition(s.opts.Region) + ":" + service + ":" + s.opts.Region + ":" + s.opts.Account + ":" + resource
}

// Set brings a stream into a state, as the service or somebody else would: StateAbsent is [Server.Remove]. A
// state that Customer Profiles does not have stays.
func (s *Server) Set(arn string, state eventstream.State) {
	s.change(arn, func(r *resource, v eventstream.Stream, now time.Time) { set(r, v, state, now) })
}

// Lapse stops a stream that is running, as the service does for reasons that AWS does not document.
func (s *Server) Lapse(arn string) {
	s.change(arn, func(r *resource, v eventstream.Stream, now time.Time) {
		for _, t := range eventstream.Machine().Transitions() {
			if t.From == v.State && t.Lapse {
				set(r, v, t.To, now)
				return
			}
		}
	})
}

// SetDestination changes the status of a stream's destination and the service's words on it. An unhealthy one
// gets healthy by itself after [Options].Healing, if that is set and the message does not need a new stream.
func (s *Server) SetDestination(arn string, status eventstream.DestinationStatus, message string) {
	s.change(arn, func(r *resource, v eventstream.Stream, now time.Time) {
		if status != eventstream.DestinationUnhealthy {
			v.UnhealthySince = time.Time{}
		} else if v.Status != status {
			v.UnhealthySince = now
		}
		v.Status, v.Message = status, message
		s.scheduleRecovery(r, v, now, s.opts.DestinationRecovery)
	})
}

// scheduleRecovery makes v the truth, and plans that its destination gets healthy, unless it does not by itself.
func (s *Server) scheduleRecovery(r *resource, v eventstream.Stream, now time.Time, usual time.Duration) {
	if v.MustRecreate() || usual <= 0 && s.opts.ReadsPerTransition <= 0 && s.opts.Transition == nil {
		r.Set(now, &s.destinations, v)
		return
	}
	s.recoveryDelay[v.EventStreamArn] = usual
	s.destinations.Enter(r, now, v)
}

// SetKinesisStream says whether Customer Profiles can use a Kinesis data stream, given as ARN, for a new event
// stream; it can use any at first. Event streams that lead there already stay as they are: see
// [Server.SetDestination].
func (s *Server) SetKinesisStream(uri string, status KinesisStatus) {
	s.engine.Update(func(time.Time) { s.kinesis[uri] = status })
}

// Remove deletes a stream.
func (s *Server) Remove(arn string) {
	s.change(arn, func(r *resource, _ eventstream.Stream, now time.Time) { r.Remove(now) })
}

// Stale makes reads of a stream show what was true d ago, or that it was absent then; zero ends it. The stream
// need not be there yet. An empty arn means every stream there is. Commands always see the truth.
func (s *Server) Stale(arn string, d time.Duration) {
	stale := simulator.Staleness(func() time.Duration { return d })
	s.each(arn, func(r *resource, _ time.Time) { r.Stale(stale) })
}

// FreezeReads makes the next n reads of a stream, which need not be there, show what is true now: by
// GetEventStream and by ListEventStreams together. An empty arn means every stream there is.
func (s *Server) FreezeReads(arn string, n int) {
	s.each(arn, func(r *resource, now time.Time) { r.Freeze(now, n) })
}

// Throttle gives the account quotas: for GetEventStream, ListEventStreams and DeleteEventStream a bucket each
// of burst requests, refilled with perSecond a second, and for CreateEventStream a fifth of it. Customer
// Profiles' own are 5 a second, and thus Throttle(5, 5). A request beyond its quota is answered
// ThrottlingException, "Rate exceeded". A burst below one ends it. There is no quota at first.
func (s *Server) Throttle(burst int, perSecond float64) {
	for _, op := range []statemachine.Operation{getEventStream, listEventStreams, eventstream.DeleteEventStream} {
		s.engine.Throttle(string(op), burst, perSecond)
	}
	if burst >= 1 {
		burst = max(burst/5, 1)
	}
	s.engine.Throttle(string(eventstream.CreateEventStream), burst, perSecond/5)
}

// Fail makes the next requests for an operation go wrong; an empty op means any. Failures are used up in the
// order in which they were given. A request that is throttled uses up none.
func (s *Server) Fail(op statemachine.Operation, f Failure) {
	s.engine.Fail(op, simulator.Failure(f))
}

// ClearFailures drops what [Server.Fail] was given for an operation; for an empty op, everything.
func (s *Server) ClearFailures(op statemachine.Operation) { s.engine.ClearFailures(op) }

// Calls lists the requests up to now, the throttled and the failed ones too, in the order in which they were
// taken. Of more than a million, the latest. The slice is the caller's.
func (s *Server) Calls() []Call {
	calls := s.engine.Calls()
	list := make([]Call, len(calls))
	for i, c := range calls {
		list[i] = Call(c)
	}
	return list
}

// State is the true state of a stream, whatever reads show: StateAbsent where there is none.
func (s *Server) State(arn string) eventstream.State {
	state := eventstream.StateAbsent
	s.change(arn, func(_ *resource, v eventstream.Stream, _ time.Time) { state = v.State })
	return state
}

// History lists the true states of a stream up to now, each with the instant from which it had it: since it was
// added or, for one that was created by a request, since the server was made. The slice is the caller's.
func (s *Server) History(arn string) []Sighting {
	var list []Sighting
	s.engine.Update(func(now time.Time) {
		if r := s.streams.Get(arn); r != nil {
			list = s.history(r, now)
		}
	})
	return list
}

// change runs f on a stream that exists.
func (s *Server) change(arn string, f func(r *resource, v eventstream.Stream, now time.Time)) {
	s.engine.Update(func(now time.Time) {
		if r := s.streams.Get(arn); r != nil {
			if v, ok := r.Now(now); ok {
				f(r, v, now)
			}
		}
	})
}

// each runs f on a stream, be there one or not, or on all that there are or were.
func (s *Server) each(arn string, f func(r *resource, now time.Time)) {
	s.engine.Update(func(now time.Time) {
		if arn != "" {
			f(s.findOrReserve(arn), now)
			return
		}
		for _, r := range s.streams.All() {
			f(r, now)
		}
	})
}
