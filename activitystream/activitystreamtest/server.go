package activitystreamtest

import (
	"net/http"
	"slices"
	"time"

	"github.com/streamwarden/streamwarden-go/activitystream"
	"github.com/streamwarden/streamwarden-go/awstest"
	"github.com/streamwarden/streamwarden-go/internal/simulator"
)

// Server is an in-process Amazon RDS of one account in one Region. It takes the place of the SDK's
// HTTP client, and it is an [http.Handler]. It is safe for concurrent use, starts no goroutine and
// need not be closed.
//
// Methods that take an ARN ignore its case. They do nothing if there is no such resource.
type Server struct {
	awstest.Base

	opts         Options
	engine       *simulator.Server
	databases    simulator.Store[database] // clusters and instances, by ARN
	resources    simulator.Access[database]
	aliases      map[string]string // bare IDs of keys by the name of an alias
	inaccessible map[string]bool   // keys that RDS cannot use, by their bare ID
	unnamedCount int               // resources that were added without a name
	events       []event           // added by AddEvent
	notOrderable map[orderable]bool

	clusterType, instanceType *resourceType

	streams  simulator.Lifecycle[database, activitystream.Status]
	policies simulator.Lifecycle[database, activitystream.PolicyStatus]
}

// NewServer returns a server without databases.
func NewServer(optFns ...func(*Options)) *Server {
	s := &Server{
		opts: Options{
			Options:  simulator.DefaultOptions(),
			Starting: 2 * time.Minute, Stopping: time.Minute, PolicyChange: 30 * time.Second,
			MaintenanceWindow: 24 * time.Hour,
		},
		aliases:      make(map[string]string),
		inaccessible: make(map[string]bool),
		notOrderable: make(map[orderable]bool),
	}
	for _, f := range optFns {
		f(&s.opts)
	}
	s.streams = simulator.Lifecycle[database, activitystream.Status]{
		Machine:  activitystream.Machine(),
		State:    statusOf,
		SetState: database.withStatus,
		Pace: func(d database, from, to activitystream.Status) simulator.Delay {
			usual := s.opts.Starting
			if from == activitystream.StatusStopping {
				usual = s.opts.Stopping
			}
			return simulator.DelayOf(s.opts.Options, d.arn, string(from), string(to), usual)
		},
	}
	s.policies = simulator.Lifecycle[database, activitystream.PolicyStatus]{
		Machine:  activitystream.PolicyMachine(),
		State:    func(d database) activitystream.PolicyStatus { return d.stream.policy },
		SetState: database.withPolicy,
		Pace: func(d database, from, to activitystream.PolicyStatus) simulator.Delay {
			return simulator.DelayOf(s.opts.Options, d.arn, string(from), string(to), s.opts.PolicyChange)
		},
	}
	s.databases.HistoryLimit, s.databases.StaleFunc = s.opts.HistoryLimit, s.opts.StaleFunc
	s.clusterType, s.instanceType = newClusterType(s), newInstanceType(s)
	s.engine = simulator.New(simulator.Config{
		Protocol:   simulator.Query{Version: "2014-10-31", Namespace: "http://rds.amazonaws.com/doc/2014-10-31/"},
		Operations: s.operations(),
		Throttled:  simulator.Error{Code: "Throttling", Message: "Rate exceeded"},
		Skewed:     simulator.Error{Code: "SignatureDoesNotMatch", Status: http.StatusForbidden},
		Unknown:    "InvalidAction",
		Options:    s.opts.Options,
	})
	s.resources = simulator.Access[database]{Server: s.engine, Store: &s.databases}
	s.Base = awstest.NewBase(s.engine, s.opts.Region)
	return s
}

// Set changes the status of a stream, as if another actor had commanded it. RDS leaves starting and
// stopping on its own. A status that RDS does not have stays.
func (s *Server) Set(arn string, status activitystream.Status) {
	s.resources.Update(arn, func(r *resource, d database, now time.Time) {
		s.streams.Enter(r, now, d.withStatus(status))
	})
}

// SetPolicy changes the status of the audit policy of an instance's stream. RDS leaves the
// transient statuses on its own.
func (s *Server) SetPolicy(arn string, status activitystream.PolicyStatus) {
	s.resources.Update(arn, func(r *resource, d database, now time.Time) {
		s.policies.Enter(r, now, d.withPolicy(status))
	})
}

// SetResourceStatus changes the status of the database itself, such as "stopped" or "available".
// Only an available database accepts commands.
func (s *Server) SetResourceStatus(arn, status string) {
	s.resources.Update(arn, func(r *resource, d database, now time.Time) {
		d.status = status
		r.Set(now, "status", d)
	})
}

// Remove deletes an instance, which may be a member of a cluster, or a cluster with its members.
func (s *Server) Remove(arn string) {
	s.resources.Update(arn, func(r *resource, _ database, now time.Time) { s.remove(r, now) })
}

// remove deletes a database, with the members of a cluster, and takes a member out of its cluster.
func (s *Server) remove(r *resource, now time.Time) {
	d, _ := r.Now(now)
	r.Remove(now)
	for _, m := range d.members {
		if res := s.databases.Get(s.arn("db", m.id)); res != nil { // nil if it was removed long ago
			res.Remove(now)
		}
	}
	c := s.databases.Get(s.arn("cluster", d.memberOf))
	if cluster, ok := c.Now(now); ok {
		cluster.members = slices.DeleteFunc(slices.Clone(cluster.members), func(m member) bool { return m.id == d.id })
		c.Set(now, "members", cluster)
	}
}

// Lapse makes one transition of a stream lapse: the next one that RDS makes on its own, or the one
// that is under way. A start or a stop is then rolled back when it would have been complete.
func (s *Server) Lapse(arn string) { s.resources.Lapse(arn) }

// Stale makes reads of a resource show its state of d ago, but none from before it was added. Zero
// ends it. An empty arn means every resource that exists now. Commands always see the current
// state.
func (s *Server) Stale(arn string, d time.Duration) { s.resources.Stale(arn, d) }

// FreezeReads makes the next n reads of a resource show its state of now. An empty arn means every
// resource that exists now.
func (s *Server) FreezeReads(arn string, n int) { s.resources.Freeze(arn, n) }

// SetKeyAccessible sets whether RDS can use a KMS key, given as an ARN or ID. At first RDS can use
// every key except AWS managed keys. Streams that use the key already do not change.
func (s *Server) SetKeyAccessible(key string, accessible bool) {
	s.engine.Update(func(time.Time) { s.inaccessible[s.resolve(key)] = !accessible })
}

// SetAlias makes an alias name a KMS key, given as an ARN or ID. StartActivityStream resolves it
// then. An alias that is not set names a made-up key, always the same.
func (s *Server) SetAlias(alias, key string) {
	s.engine.Update(func(time.Time) { s.aliases[aliasName(alias)] = bareKey(key) })
}

// OpenMaintenanceWindow makes RDS execute at once the command that waits for the maintenance window
// of a database. It does nothing if none waits.
func (s *Server) OpenMaintenanceWindow(arn string) {
	s.resources.Update(arn, func(r *resource, d database, now time.Time) {
		if !s.streams.Machine.Transient(d.stream.status) {
			r.Hasten(now, &s.streams)
		}
	})
}

// Throttle gives the account a quota: a bucket of burst requests of any operation, refilled with
// perSecond requests per second. The quota of RDS is 300 and 12. A request beyond it fails with
// Throttling, "Rate exceeded". A burst below 1 removes the quota. At first there is none.
func (s *Server) Throttle(burst int, perSecond float64) { s.engine.Throttle("", burst, perSecond) }

// Status returns the current status of a stream, even if reads are stale. It returns "" if there is
// no such resource.
func (s *Server) Status(arn string) activitystream.Status {
	return statusOf(s.resources.Now(arn))
}

// History returns the statuses of a stream since it was added, each with the instant at which it
// began. While the resource does not exist, the status is empty. The caller owns the slice.
func (s *Server) History(arn string) []Sighting { return s.HistorySince(arn, time.Time{}) }

// HistorySince returns the part of the history that began at or after an instant. Its cost does
// not grow with what was before.
func (s *Server) HistorySince(arn string, since time.Time) []Sighting {
	return simulator.History(&s.resources, arn, since, statusOf, "")
}
