package activityreadertest

import (
	"cmp"
	"context"
	"errors"
	"slices"
	"time"

	"github.com/streamwarden/streamwarden-go/activitystream/activityrecord"
	"github.com/streamwarden/streamwarden-go/awstest"
	"github.com/streamwarden/streamwarden-go/internal/simulator"
)

// What all in-process servers of this module have in common.
type (
	// Call is one request in the log of a server.
	Call = awstest.Call
	// Failure describes what goes wrong with a request.
	Failure = awstest.Failure
)

// Options configures a [Server].
type Options struct {
	// Options are the options that all servers have in common. Transition, ReadsPerTransition and
	// StaleFunc have no effect. The Resource of a Call, and of a Failure, is the shard for
	// GetRecords and GetShardIterator, and otherwise the stream.
	awstest.Options

	// Heartbeat is the interval of each instance's heartbeats. Zero means 2 s. Negative values mean
	// that there are none.
	Heartbeat time.Duration

	// Creating is how long a stream of an attached database does not exist yet after RDS returned
	// its name. Zero means that it exists at once.
	Creating time.Duration

	// IteratorLife is how long an iterator can be used. Zero means 5 minutes, as in Kinesis.
	IteratorLife time.Duration

	// Retention is how long records are kept. Zero means 24 hours, as in Kinesis.
	Retention time.Duration

	// Clock returns by how much the clock of a shard is ahead, for the arrival times of its
	// records. Nil means that all clocks are right.
	Clock func(shardId string) time.Duration

	// Deliver returns for each heartbeat how much later than its arrival time it becomes readable.
	// If ok is false, the heartbeat is lost. Deliver must not call the server. Nil means that each
	// is readable at once.
	Deliver func(instanceId string, at time.Time) (late time.Duration, ok bool)

	// Unlimited turns off the quotas of a shard: 5 GetRecords calls and 2 MB a second.
	Unlimited bool
}

// Server is Kinesis and KMS of one account in one Region, in process. It takes the place of the
// SDK's HTTP client, and it is a [net/http.Handler]. It is safe for concurrent use, starts no
// goroutine and need not be closed.
//
// Methods that take the name of a stream, a shard or an instance do nothing if there is none of
// that name.
type Server struct {
	awstest.Base

	opts     Options
	engine   *simulator.Server // whose lock guards what follows
	streams  map[string]*stream
	attached []*attachment
	silent   map[string]bool // instances
	empty    int             // GetRecords responses to come that hold nothing
	epoch    int             // iterators of an earlier one are expired
	made     int             // streams, for their sequence numbers
	keys     []*dataKey
}

// NewServer returns a Kinesis without streams.
func NewServer(optFns ...func(*Options)) *Server {
	s := &Server{opts: Options{Options: simulator.DefaultOptions()}, streams: make(map[string]*stream), silent: make(map[string]bool)}
	for _, f := range optFns {
		f(&s.opts)
	}
	s.opts.Heartbeat = cmp.Or(s.opts.Heartbeat, 2*time.Second)
	s.opts.IteratorLife = cmp.Or(s.opts.IteratorLife, 5*time.Minute)
	s.opts.Retention = cmp.Or(s.opts.Retention, 24*time.Hour)
	s.engine = simulator.New(simulator.Config{
		Protocol:   simulator.JSON{Targets: []string{"Kinesis_20131202", "TrentService"}}, // TrentService is KMS
		Operations: s.operations(),
		Skewed:     simulator.Error{Code: "InvalidSignatureException"},
		Unknown:    "UnknownOperationException",
		Options:    s.opts.Options,
	})
	s.Base = awstest.NewBase(s.engine, s.opts.Region)
	return s
}

// Keys returns the data keys of all streams without a call of KMS: for tests in which KMS does
// not matter.
func (s *Server) Keys() activityrecord.KeysFunc {
	return func(ctx context.Context, encrypted []byte) (key []byte, err error) {
		err = errors.New("activityreadertest: no stream has this data key")
		s.engine.Update(func(time.Time) {
			for _, k := range s.keys {
				if string(k.encrypted) == string(encrypted) {
					key, err = k.sealer.DataKey(ctx, encrypted)
				}
			}
		})
		return key, err
	}
}

// Stream is a stream to add. Every member has a default.
type Stream struct {
	ResourceId string   // of the database; "cluster-1", "cluster-2", … if empty
	Name       string   // "aws-rds-das-" and the ResourceId if empty
	Instances  []string // that write heartbeats, by DbiResourceId
	Shards     int      // 1 if zero
}

// AddStream adds a stream and returns its name. It replaces one of the same name, which then
// counts as recreated.
func (s *Server) AddStream(in Stream) (name string) {
	s.update(func(now time.Time) { name = s.add(in, now).name })
	return name
}

// DeleteStream deletes a stream, as RDS does when the activity stream is stopped.
func (s *Server) DeleteStream(name string) {
	s.update(func(time.Time) { delete(s.streams, name) })
}

// AddInstance makes a further instance write heartbeats, from now on.
func (s *Server) AddInstance(streamName, instanceId string) {
	s.change(streamName, func(st *stream, now time.Time) { st.join(instanceId, now, s.opts.Heartbeat) })
}

// RemoveInstance ends the heartbeats of an instance.
func (s *Server) RemoveInstance(streamName, instanceId string) {
	s.change(streamName, func(st *stream, _ time.Time) {
		st.instances = slices.DeleteFunc(st.instances, func(i *instance) bool { return i.id == instanceId })
	})
}

// SetSilent stops the heartbeats of an instance in all streams, or lets them go on.
func (s *Server) SetSilent(instanceId string, silent bool) {
	s.update(func(time.Time) { s.silent[instanceId] = silent })
}

// Emit writes a record of an instance with events, such as those of package activityrecordtest.
func (s *Server) Emit(streamName, instanceId string, events ...activityrecord.Event) {
	s.change(streamName, func(st *stream, now time.Time) {
		data := st.key.sealer.Seal(activityrecord.Record{ClusterId: st.clusterID(), InstanceId: instanceId, Events: events})
		s.put(st, st.partitionKey(instanceId), data, now)
	})
}

// Put writes a record with any data. The partition key decides the shard, as in Kinesis.
func (s *Server) Put(streamName, partitionKey string, data []byte) {
	s.change(streamName, func(st *stream, now time.Time) { s.put(st, partitionKey, data, now) })
}

// RotateKey makes the stream use another data key from now on.
func (s *Server) RotateKey(streamName string) {
	s.change(streamName, func(st *stream, _ time.Time) { st.key = s.newKey(st) })
}

// Shards returns the IDs of the open shards of a stream.
func (s *Server) Shards(streamName string) []string {
	var ids []string
	s.change(streamName, func(st *stream, _ time.Time) {
		for _, sh := range st.shards {
			if !sh.closed {
				ids = append(ids, sh.id)
			}
		}
	})
	return ids
}

// Split splits an open shard in two.
func (s *Server) Split(streamName, shardId string) {
	s.change(streamName, func(st *stream, now time.Time) { st.split(shardId, now) })
}

// Merge merges two adjacent open shards.
func (s *Server) Merge(streamName, shardId, adjacentShardId string) {
	s.change(streamName, func(st *stream, now time.Time) { st.merge(shardId, adjacentShardId, now) })
}

// ExpireIterators makes all iterators expire that were returned up to now.
func (s *Server) ExpireIterators() { s.update(func(time.Time) { s.epoch++ }) }

// EmptyReads makes the next n GetRecords calls return no records, although there may be some.
// Kinesis does that at times.
func (s *Server) EmptyReads(n int) { s.update(func(time.Time) { s.empty = n }) }

// update writes what is due, and runs f.
func (s *Server) update(f func(now time.Time)) {
	s.engine.Update(func(now time.Time) {
		s.catchUp(now)
		f(now)
	})
}

// change runs f on a stream that exists.
func (s *Server) change(name string, f func(st *stream, now time.Time)) {
	s.update(func(now time.Time) {
		if st := s.streams[name]; st != nil {
			f(st, now)
		}
	})
}
