package ingestiontest

import (
	"context"
	"net/http"
	"slices"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cloudtrail/types"

	"github.com/streamwarden/streamwarden-go/ingestion"
	"github.com/streamwarden/streamwarden-go/internal/simulator"
	"github.com/streamwarden/streamwarden-go/statemachine"
)

// Server is AWS CloudTrail of one account in one Region, in this process. It stands in for the SDK's HTTP
// client and is an [http.Handler] as well. It is safe for concurrent use, runs no goroutine and needs no
// closing.
//
// Methods that take an ARN take the ID that it ends with as well. They do nothing where there is no such store,
// and ignore case.
type Server struct {
	opts      Options
	engine    *simulator.Server
	stores    simulator.Store[record]
	lifecycle simulator.Lifecycle[record, ingestion.Status]
	named     int // stores that were added or created without an ID
}

var (
	_ aws.HTTPClient = (*Server)(nil)
	_ http.Handler   = (*Server)(nil)
)

// NewServer makes a CloudTrail without event data stores.
func NewServer(optFns ...func(*Options)) *Server {
	s := &Server{opts: Options{
		Region: "us-east-1", Account: "123456789012",
		Creating: 30 * time.Second, Starting: time.Minute, Stopping: time.Minute, Restoring: 2 * time.Minute,
		DeletionGrace: 7 * 24 * time.Hour,
		Quota:         10, PageSize: maxResults,
	}}
	for _, f := range optFns {
		f(&s.opts)
	}
	s.lifecycle = simulator.Lifecycle[record, ingestion.Status]{
		Machine:  ingestion.Machine(),
		State:    func(d record) ingestion.Status { return d.Status },
		SetState: record.withStatus,
		Pace:     s.pace,
		ChooseSettled: func(d record, to []ingestion.Status) ingestion.Status {
			if d.wasStopped && slices.Contains(to, ingestion.StatusStoppedIngestion) {
				return ingestion.StatusStoppedIngestion
			}
			return to[0]
		},
	}
	s.stores.HistoryLimit = s.opts.HistoryLimit
	s.stores.Stale(s.opts.StaleFunc)
	s.engine = simulator.New(s.config())
	return s
}

// pace is how long a transition takes.
func (s *Server) pace(d record, from, to ingestion.Status) simulator.Delay {
	p := simulator.Delay{Reads: s.opts.ReadsPerTransition}
	switch from {
	case ingestion.StatusCreated:
		p.After = s.opts.Creating
	case ingestion.StatusStartingIngestion:
		p.After = s.opts.Starting
	case ingestion.StatusStoppingIngestion:
		p.After = s.opts.Stopping
	case ingestion.StatusPendingDeletion:
		p.After = s.opts.Restoring
	case ingestion.StatusEnabled, ingestion.StatusStoppedIngestion: // CloudTrail does not leave them by itself
	}
	if s.opts.Transition != nil {
		p.After = s.opts.Transition(d.EventDataStoreArn, string(from), string(to))
	}
	return p
}

// config is what the engine needs to know.
func (s *Server) config() simulator.Config {
	c := simulator.Config{
		Protocol:     simulator.JSON{Target: "CloudTrail_20131101", ErrorHeader: s.opts.ErrorHeader},
		Operations:   s.operations(),
		Throttled:    simulator.Error{Code: "ThrottlingException", Message: "Rate exceeded"},
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
			return aws.Credentials{AccessKeyID: "AKIDEXAMPLE", SecretAccessKey: "simulated", Source: "ingestiontest"}, nil
		}),
		HTTPClient: s,
	}
}

// Do answers a request without a socket. It is what makes the server an [aws.HTTPClient].
func (s *Server) Do(r *http.Request) (*http.Response, error) { return s.engine.Do(r) }

// ServeHTTP answers a request of a socket, so that clients in other languages can use the server too. A
// connection that is to break is closed without an answer; where w cannot do that, the answer is an empty 502.
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) { s.engine.ServeHTTP(w, r) }

// Set brings a store into a status, as if somebody else had commanded it: CloudTrail moves on from created,
// starting and stopping by itself, and removes a store that is pending deletion when its time has come. A
// status that CloudTrail does not have stays.
func (s *Server) Set(arn string, status ingestion.Status) {
	s.change(arn, func(r *resource, d record, now time.Time) { s.enter(r, now, d.withStatus(status)) })
}

// SetFederation changes the status of a store's federation. Only a store whose federation is disabled can be deleted.
func (s *Server) SetFederation(arn string, status types.FederationStatus) {
	s.change(arn, func(r *resource, d record, now time.Time) {
		d.FederationStatus = status
		r.Set(now, "federation", d)
	})
}

// Remove removes a store for good, at once.
func (s *Server) Remove(arn string) {
	s.change(arn, func(r *resource, _ record, now time.Time) { r.Remove(now) })
}

// Lapse makes a store's next transition of CloudTrail's own, or the one under way, end where a failed one ends:
// a start or a stop is rolled back. It happens when the transition would have been done, once.
func (s *Server) Lapse(arn string) {
	s.change(arn, func(r *resource, _ record, _ time.Time) { r.Lapse() })
}

// Stale makes reads of a store show what was true d ago, but not what was before it was added; zero ends it. An
// empty arn means every store there is. Commands and lists always see the truth.
func (s *Server) Stale(arn string, d time.Duration) {
	stale := simulator.Staleness(func() time.Duration { return d })
	s.each(arn, func(r *resource, _ time.Time) { r.Stale(stale) })
}

// FreezeReads makes the next n reads of a store show what is true now. An empty arn means every store there is.
func (s *Server) FreezeReads(arn string, n int) {
	s.each(arn, func(r *resource, now time.Time) { r.Freeze(now, n) })
}

// Throttle gives the account its quotas: a bucket of burst reads (GetEventDataStore and ListEventDataStores),
// refilled with perSecond a second, and beside it one of a tenth of both, of one request at least, for all
// other operations. CloudTrail's own are 10 reads a second and one of the others: Throttle(10, 10). A request
// beyond it is answered ThrottlingException, "Rate exceeded". A burst below one ends both. There is no quota at
// first.
func (s *Server) Throttle(burst int, perSecond float64) {
	s.engine.Throttle(reads, burst, perSecond)
	if burst > 0 {
		burst = max(burst/10, 1)
	}
	s.engine.Throttle(commands, burst, perSecond/10)
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

// Status is the true status of a store, whatever reads show; empty where there is no such store.
func (s *Server) Status(arn string) ingestion.Status {
	var status ingestion.Status
	s.change(arn, func(_ *resource, d record, _ time.Time) { status = d.Status })
	return status
}

// History lists the true statuses of a store up to now, since it was added or created, each with the instant
// from which it had it. The time in which the store does not exist has an empty status. The slice is the
// caller's.
func (s *Server) History(arn string) []Sighting {
	var list []Sighting
	s.each(arn, func(r *resource, now time.Time) {
		if arn == "" {
			return
		}
		for _, m := range r.History(now) {
			status := m.Value.Status
			if m.Gone {
				status = ""
			}
			if n := len(list); n == 0 || list[n-1].State != status {
				list = append(list, Sighting{State: status, At: m.At})
			}
		}
	})
	return list
}

// change runs f on a store that exists.
func (s *Server) change(arn string, f func(r *resource, d record, now time.Time)) {
	s.engine.Update(func(now time.Time) {
		if r := s.stores.Get(arn); r != nil {
			if d, ok := r.Now(now); ok {
				f(r, d, now)
			}
		}
	})
}

// each runs f on a store, one that was removed too, or on all of them.
func (s *Server) each(arn string, f func(r *resource, now time.Time)) {
	s.engine.Update(func(now time.Time) {
		if arn == "" {
			for _, r := range s.stores.All() {
				f(r, now)
			}
		} else if r := s.stores.Get(arn); r != nil {
			f(r, now)
		}
	})
}
