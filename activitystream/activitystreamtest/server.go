package activitystreamtest

import (
	"context"
	"net/http"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"

	"github.com/streamwarden/streamwarden-go/activitystream"
	"github.com/streamwarden/streamwarden-go/internal/simulator"
	"github.com/streamwarden/streamwarden-go/statemachine"
)

// Server is Amazon RDS of one account in one Region, in this process. It stands in for the SDK's HTTP client
// and is an [http.Handler] as well. It is safe for concurrent use, runs no goroutine and needs no closing.
//
// Methods that take an ARN do nothing where there is no such resource, and ignore case.
type Server struct {
	opts         Options
	engine       *simulator.Server
	clusters     simulator.Store[database]
	instances    simulator.Store[database]
	denied       map[string]bool // keys that RDS cannot use, by their bare ID
	unnamedCount int             // resources that were added without a name

	clusterKind, instanceKind *resourceType

	streams  simulator.Lifecycle[database, activitystream.Status]
	policies simulator.Lifecycle[database, activitystream.PolicyStatus]
}

var (
	_ aws.HTTPClient = (*Server)(nil)
	_ http.Handler   = (*Server)(nil)
)

// NewServer makes an RDS without databases.
func NewServer(optFns ...func(*Options)) *Server {
	s := &Server{
		opts: Options{
			Region: "us-east-1", Account: "123456789012",
			Starting: 2 * time.Minute, Stopping: time.Minute, PolicyChange: 30 * time.Second,
			MaintenanceWindow: 24 * time.Hour,
		},
		denied: make(map[string]bool),
	}
	for _, f := range optFns {
		f(&s.opts)
	}
	s.streams = simulator.Lifecycle[database, activitystream.Status]{
		Machine:  activitystream.Machine(),
		State:    func(d database) activitystream.Status { return d.stream.status },
		SetState: database.withStatus,
		Pace: func(d database, from, to activitystream.Status) simulator.Delay {
			usual := s.opts.Starting
			if from == activitystream.StatusStopping {
				usual = s.opts.Stopping
			}
			return s.transitionDelay(d.arn, string(from), string(to), usual)
		},
	}
	s.policies = simulator.Lifecycle[database, activitystream.PolicyStatus]{
		Machine:  activitystream.PolicyMachine(),
		State:    func(d database) activitystream.PolicyStatus { return d.stream.policy },
		SetState: database.withPolicy,
		Pace: func(d database, from, to activitystream.PolicyStatus) simulator.Delay {
			return s.transitionDelay(d.arn, string(from), string(to), s.opts.PolicyChange)
		},
	}
	s.clusters.HistoryLimit, s.instances.HistoryLimit = s.opts.HistoryLimit, s.opts.HistoryLimit
	s.clusters.Stale(s.opts.StaleFunc)
	s.instances.Stale(s.opts.StaleFunc)
	s.clusterKind, s.instanceKind = newClusterKind(s), newInstanceKind(s)
	s.engine = simulator.New(s.config())
	return s
}

// transitionDelay is how long a transition takes.
func (s *Server) transitionDelay(arn, from, to string, def time.Duration) simulator.Delay {
	if s.opts.Transition != nil {
		def = s.opts.Transition(arn, from, to)
	}
	return simulator.Delay{After: def, Reads: s.opts.ReadsPerTransition}
}

// config is what the engine needs to know.
func (s *Server) config() simulator.Config {
	c := simulator.Config{
		Protocol:     simulator.Query{Version: "2014-10-31", Namespace: "http://rds.amazonaws.com/doc/2014-10-31/"},
		Operations:   s.operations(),
		Throttled:    simulator.Error{Code: "Throttling", Message: "Rate exceeded"},
		Unknown:      "InvalidAction",
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
			return aws.Credentials{AccessKeyID: "AKIDEXAMPLE", SecretAccessKey: "simulated", Source: "activitystreamtest"}, nil
		}),
		HTTPClient: s,
	}
}

// Do answers a request without a socket. It is what makes the server an [aws.HTTPClient].
func (s *Server) Do(r *http.Request) (*http.Response, error) { return s.engine.Do(r) }

// ServeHTTP answers a request of a socket, so that clients in other languages can use the server too. A
// connection that is to break is closed without an answer; where w cannot do that, the answer is an empty 502.
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) { s.engine.ServeHTTP(w, r) }

// Set brings a stream into a status, as if somebody else had commanded it: RDS moves on from starting and
// stopping by itself. A status that RDS does not have stays.
func (s *Server) Set(arn string, status activitystream.Status) {
	s.update(arn, func(r *resource, d database, now time.Time) {
		s.streams.Enter(r, now, d.withStatus(status))
	})
}

// SetPolicy brings the audit policy of an instance's stream into a status, as [Server.Set] does with the stream.
func (s *Server) SetPolicy(arn string, status activitystream.PolicyStatus) {
	s.update(arn, func(r *resource, d database, now time.Time) {
		s.policies.Enter(r, now, d.withPolicy(status))
	})
}

// SetResourceStatus changes the database's own status, such as "stopped" or "available". Only a database that
// is available takes commands.
func (s *Server) SetResourceStatus(arn, status string) {
	s.update(arn, func(r *resource, d database, now time.Time) {
		d.status = status
		r.Set(now, "status", d)
	})
}

// Remove deletes a cluster, with its member instances, or an instance.
func (s *Server) Remove(arn string) {
	s.update(arn, func(r *resource, _ database, now time.Time) { s.remove(r, now) })
}

func (s *Server) remove(r *resource, now time.Time) {
	d, _ := r.Now(now)
	r.Remove(now)
	for _, id := range d.members {
		if m := s.instances.Get(id); m != nil { // nil: it was removed long ago, and is forgotten
			m.Remove(now)
		}
	}
}

// Lapse makes a stream's next transition of RDS's own, or the one under way, end where a failed one ends: a
// start or a stop is rolled back. It happens when the transition would have been done, once.
func (s *Server) Lapse(arn string) {
	s.update(arn, func(r *resource, _ database, _ time.Time) { r.Lapse() })
}

// Stale makes reads of a resource show what was true d ago, but not what was before it was added; zero ends it.
// An empty arn means every resource there is. Commands always see the truth.
func (s *Server) Stale(arn string, d time.Duration) {
	stale := simulator.Staleness(func() time.Duration { return d })
	s.updateAll(arn, func(r *resource, _ time.Time) { r.Stale(stale) })
}

// FreezeReads makes the next n reads of a resource show what is true now. An empty arn means every resource there is.
func (s *Server) FreezeReads(arn string, n int) {
	s.updateAll(arn, func(r *resource, now time.Time) { r.Freeze(now, n) })
}

// SetKeyAccessible says whether RDS can use a KMS key, given as ARN or ID; it can use any at first, but those
// of AWS's own. The database activity streams that use the key stay as they are.
func (s *Server) SetKeyAccessible(key string, accessible bool) {
	s.engine.Update(func(time.Time) { s.denied[bareKey(key)] = !accessible })
}

// Throttle gives the account a quota: a bucket of burst requests of any operation, refilled with perSecond a
// second. RDS's own is 300 and 12. A request beyond it is answered Throttling, "Rate exceeded". A burst below
// one ends it. There is no quota at first.
func (s *Server) Throttle(burst int, perSecond float64) { s.engine.Throttle("", burst, perSecond) }

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

// Status is the true status of a stream, whatever reads show; empty where there is no such resource.
func (s *Server) Status(arn string) activitystream.Status {
	var status activitystream.Status
	s.update(arn, func(_ *resource, d database, _ time.Time) { status = d.stream.status })
	return status
}

// History lists the true statuses of a stream up to now, since it was added, each with the instant from which
// it had it. The time in which the resource does not exist has an empty status. The slice is the caller's.
func (s *Server) History(arn string) []Sighting {
	var list []Sighting
	s.engine.Update(func(now time.Time) {
		if r := s.find(arn); r != nil {
			list = history(r, now)
		}
	})
	return list
}

// find is the resource of an ARN, one that was removed too, or nil.
func (s *Server) find(arn string) *resource {
	for _, store := range []*simulator.Store[database]{&s.clusters, &s.instances} {
		if r := store.Get(arn); r != nil && strings.EqualFold(r.Key(), arn) { // and not by its identifier
			return r
		}
	}
	return nil
}

// update runs f on a resource that exists.
func (s *Server) update(arn string, f func(r *resource, d database, now time.Time)) {
	s.engine.Update(func(now time.Time) {
		if r := s.find(arn); r != nil {
			if d, ok := r.Now(now); ok {
				f(r, d, now)
			}
		}
	})
}

// updateAll runs f on a resource, or on all of them.
func (s *Server) updateAll(arn string, f func(r *resource, now time.Time)) {
	s.engine.Update(func(now time.Time) {
		if arn != "" {
			if r := s.find(arn); r != nil {
				f(r, now)
			}
			return
		}
		for _, r := range s.clusters.All() {
			f(r, now)
		}
		for _, r := range s.instances.All() {
			f(r, now)
		}
	})
}
