package ingestiontest

import (
	"slices"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/cloudtrail/types"

	"github.com/streamwarden/streamwarden-go/awstest"
	"github.com/streamwarden/streamwarden-go/ingestion"
	"github.com/streamwarden/streamwarden-go/internal/simulator"
)

// Server is an in-process AWS CloudTrail of one account in one Region. It takes the place of the
// SDK's HTTP client, and it is a [net/http.Handler]. It is safe for concurrent use, starts no
// goroutine and need not be closed.
//
// Methods that take an ARN also take the ID at its end, and ignore case. They do nothing if there
// is no such store.
type Server struct {
	awstest.Base

	opts         Options
	engine       *simulator.Server
	stores       simulator.Store[record]
	resources    simulator.Access[record] // the stores
	lifecycle    simulator.Lifecycle[record, ingestion.Status]
	unnamedCount int // stores that were added or created without an ID

	settlingErrors int // how many AlternateSettlingErrors has changed
}

// NewServer returns a server without event data stores.
func NewServer(optFns ...func(*Options)) *Server {
	s := &Server{opts: Options{
		Options:  simulator.DefaultOptions(),
		Creating: 30 * time.Second, Starting: time.Minute, Stopping: time.Minute, Restoring: 2 * time.Minute,
		DeletionGrace: 7 * 24 * time.Hour,
		Quota:         10, PageSize: maxResults,
	}}
	for _, f := range optFns {
		f(&s.opts)
	}
	s.lifecycle = simulator.Lifecycle[record, ingestion.Status]{
		Machine:       ingestion.Machine(),
		State:         statusOf,
		SetState:      record.withStatus,
		Pace:          s.pace,
		ChooseSettled: chooseSettled,
	}
	s.stores.HistoryLimit, s.stores.StaleFunc = s.opts.HistoryLimit, s.opts.StaleFunc
	s.engine = simulator.New(simulator.Config{
		Protocol:   simulator.JSON{Targets: []string{"CloudTrail_20131101"}, ErrorHeader: s.opts.ErrorHeader},
		Operations: s.operations(),
		Throttled:  simulator.Error{Code: "ThrottlingException", Message: "Rate exceeded"},
		Skewed:     simulator.Error{Code: "InvalidSignatureException"},
		Unknown:    "UnknownOperationException",
		Options:    s.opts.Options,
	})
	s.resources = simulator.Access[record]{Server: s.engine, Store: &s.stores}
	s.Base = awstest.NewBase(s.engine, s.opts.Region)
	return s
}

// pace returns how long a transition takes.
func (s *Server) pace(d record, from, to ingestion.Status) simulator.Delay {
	usual := map[ingestion.Status]time.Duration{
		ingestion.StatusCreated:           s.opts.Creating,
		ingestion.StatusStartingIngestion: s.opts.Starting,
		ingestion.StatusStoppingIngestion: s.opts.Stopping,
		ingestion.StatusPendingDeletion:   s.opts.Restoring,
	}
	return simulator.DelayOf(s.opts.Options, d.EventDataStoreArn, string(from), string(to), usual[from])
}

// chooseSettled returns the status in which a created store ends.
func chooseSettled(d record, to []ingestion.Status) ingestion.Status {
	if d.wasStopped && slices.Contains(to, ingestion.StatusStoppedIngestion) {
		return ingestion.StatusStoppedIngestion
	}
	return to[0]
}

// Set changes the status of a store, as if another actor had commanded it. CloudTrail leaves
// created, starting and stopping on its own, and removes a store that is pending deletion after
// DeletionGrace. A status that CloudTrail does not have stays.
func (s *Server) Set(arn string, status ingestion.Status) {
	s.resources.Update(arn, func(r *resource, d record, now time.Time) { s.enter(r, now, d.withStatus(status)) })
}

// SetFederation changes the status of a store's federation. Only a store whose federation is
// disabled can be deleted.
func (s *Server) SetFederation(arn string, status types.FederationStatus) {
	s.resources.Update(arn, func(r *resource, d record, now time.Time) {
		d.FederationStatus = status
		r.Set(now, "federation", d)
	})
}

// Remove removes a store at once.
func (s *Server) Remove(arn string) { s.resources.Remove(arn) }

// Lapse makes one transition of a store lapse: the next one that CloudTrail makes on its own, or
// the one that is under way. A start or a stop is then rolled back when it would have been
// complete.
func (s *Server) Lapse(arn string) { s.resources.Lapse(arn) }

// Stale makes reads of a store show its state of d ago, but none from before it was added. Zero
// ends it. An empty arn means every store that exists now. Commands and lists always see the
// current state.
func (s *Server) Stale(arn string, d time.Duration) { s.resources.Stale(arn, d) }

// FreezeReads makes the next n reads of a store show its state of now. An empty arn means every
// store that exists now.
func (s *Server) FreezeReads(arn string, n int) { s.resources.Freeze(arn, n) }

// Throttle gives the account its quotas. Reads, which are GetEventDataStore and
// ListEventDataStores, get a bucket of burst requests, refilled with perSecond requests per second.
// All other operations get a bucket with a tenth of both, but at least one request. The quotas of
// CloudTrail are Throttle(10, 10). A request beyond its quota fails with ThrottlingException, "Rate
// exceeded". A burst below 1 removes the quotas. At first there are none.
func (s *Server) Throttle(burst int, perSecond float64) {
	s.engine.Throttle(reads, burst, perSecond)
	if burst > 0 {
		burst = max(burst/10, 1)
	}
	s.engine.Throttle(commands, burst, perSecond/10)
}

// Status returns the current status of a store, even if reads are stale. It returns "" if there is
// no such store.
func (s *Server) Status(arn string) ingestion.Status {
	return statusOf(s.resources.Now(arn))
}

// History returns the statuses of a store since it was added or created, each with the instant at
// which it began. While the store does not exist, the status is empty. The caller owns the slice.
func (s *Server) History(arn string) []Sighting {
	return simulator.History(&s.resources, arn, time.Time{}, statusOf, "")
}
