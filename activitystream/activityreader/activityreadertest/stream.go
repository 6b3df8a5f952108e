package activityreadertest

import (
	"cmp"
	"crypto/md5" //nolint:gosec // Kinesis hashes partition keys with it
	"fmt"
	"math/big"
	"slices"
	"strings"
	"time"

	"github.com/streamwarden/streamwarden-go/activitystream"
	"github.com/streamwarden/streamwarden-go/activitystream/activityrecord"
	"github.com/streamwarden/streamwarden-go/activitystream/activityrecord/activityrecordtest"
	"github.com/streamwarden/streamwarden-go/activitystream/activitystreamtest"
	"github.com/streamwarden/streamwarden-go/internal/simulator"
)

// stream is one Kinesis stream.
type stream struct {
	name, resourceID string
	region, account  string
	created          time.Time
	prefix           string // of its sequence numbers
	count            uint64 // of its records and shards
	shards           []*shard
	instances        []*instance
	paused           bool // no heartbeats: the activity stream is not started
	written          int  // for partition keys
	delayed          []delayed
	key              *dataKey
}

// shard is one shard of a stream.
type shard struct {
	id               string
	index            int
	parent, adjacent string
	low, high        *big.Int
	start, end       uint64 // of its sequence numbers
	closed           bool
	closedAt         time.Time
	records          []record
	calls            []time.Time // of GetRecords, in the last second
	free             time.Time   // when the bytes that were read are within the quota again
}

type record struct {
	n    uint64
	at   time.Time
	key  string
	data []byte
}

// hashKeyRange is what a response shows of the hash keys of a shard.
type hashKeyRange struct{ StartingHashKey, EndingHashKey string }

func (sh *shard) hashKeyRange() hashKeyRange { return hashKeyRange{sh.low.String(), sh.high.String()} }

// instance writes heartbeats.
type instance struct {
	id   string
	next time.Time
}

// delayed is a heartbeat that becomes readable late.
type delayed struct {
	due, at  time.Time
	instance string
}

// dataKey is the data key of a stream, with the heartbeats that are sealed under it.
type dataKey struct {
	stream     *stream
	sealer     *activityrecordtest.Sealer
	encrypted  []byte
	heartbeats map[string][]byte // by instance
}

func (s *Server) newKey(st *stream) *dataKey {
	k := &dataKey{stream: st, sealer: activityrecordtest.NewSealer(), heartbeats: make(map[string][]byte)}
	k.encrypted = k.sealer.EncryptedKey()
	s.keys = append(s.keys, k)
	return k
}

// add adds a stream.
func (s *Server) add(in Stream, now time.Time) *stream {
	s.made++
	st := &stream{region: s.opts.Region, account: s.opts.Account, resourceID: cmp.Or(in.ResourceId, fmt.Sprintf("cluster-%d", s.made)), created: now}
	st.name = cmp.Or(in.Name, "aws-rds-das-"+st.resourceID)
	st.prefix = fmt.Sprintf("496%019d%06d", now.UnixNano(), s.made)
	st.key = s.newKey(st)
	n := max(in.Shards, 1)
	width := new(big.Int).Div(hashKeys(), big.NewInt(int64(n)))
	for i := range n {
		low := new(big.Int).Mul(width, big.NewInt(int64(i)))
		high := new(big.Int).Sub(new(big.Int).Add(low, width), big.NewInt(1))
		if i == n-1 {
			high = new(big.Int).Sub(hashKeys(), big.NewInt(1))
		}
		st.open("", "", low, high)
	}
	for i, id := range in.Instances {
		st.join(id, now, s.opts.Heartbeat*time.Duration(i+1)/time.Duration(len(in.Instances)))
	}
	s.streams[st.name] = st
	return st
}

// hashKeys returns the number of hash keys: 2 to the power of 128.
func hashKeys() *big.Int { return new(big.Int).Lsh(big.NewInt(1), 128) }

// join adds an instance, whose first heartbeat comes after a delay.
func (st *stream) join(id string, now time.Time, delay time.Duration) {
	st.instances = append(st.instances, &instance{id: id, next: now.Add(delay)})
}

// arn returns the ARN of a resource in the Region and account of the stream.
func (st *stream) arn(service, resource string) string {
	return simulator.ARN(service, st.region, st.account, resource)
}

// clusterID returns the ClusterId of the stream's records.
func (st *stream) clusterID() string {
	if strings.HasPrefix(st.resourceID, "cluster-") {
		return st.resourceID
	}
	return ""
}

// partitionKey returns the key of the next record of an instance: another one each time.
func (st *stream) partitionKey(instanceID string) string {
	st.written++
	return fmt.Sprintf("%s-%d", instanceID, st.written)
}

// open adds a shard.
func (st *stream) open(parent, adjacent string, low, high *big.Int) {
	i := len(st.shards)
	if i > 0 {
		i = st.shards[len(st.shards)-1].index + 1
	}
	st.count++
	st.shards = append(st.shards, &shard{
		id: fmt.Sprintf("shardId-%012d", i), index: i, parent: parent, adjacent: adjacent, low: low, high: high, start: st.count,
	})
}

func (st *stream) shard(id string) *shard {
	for _, sh := range st.shards {
		if sh.id == id {
			return sh
		}
	}
	return nil
}

func (st *stream) close(sh *shard, now time.Time) {
	st.count++
	sh.closed, sh.closedAt, sh.end = true, now, st.count
}

func (st *stream) split(id string, now time.Time) {
	sh := st.shard(id)
	if sh == nil || sh.closed {
		return
	}
	st.close(sh, now)
	middle := new(big.Int).Rsh(new(big.Int).Add(sh.low, sh.high), 1)
	st.open(id, "", sh.low, middle)
	st.open(id, "", new(big.Int).Add(middle, big.NewInt(1)), sh.high)
}

func (st *stream) merge(a, b string, now time.Time) {
	x, y := st.shard(a), st.shard(b)
	if x == nil || y == nil || x.closed || y.closed {
		return
	}
	if x.low.Cmp(y.low) > 0 {
		x, y = y, x
	}
	if new(big.Int).Add(x.high, big.NewInt(1)).Cmp(y.low) != 0 {
		return
	}
	st.close(x, now)
	st.close(y, now)
	st.open(x.id, y.id, x.low, y.high)
}

// sequence returns a sequence number: 56 digits, as those of Kinesis.
func (st *stream) sequence(sh *shard, n uint64) string {
	return fmt.Sprintf("%s%04d%024d", st.prefix, sh.index, n)
}

// put writes a record into the open shard of its partition key.
func (s *Server) put(st *stream, key string, data []byte, at time.Time) {
	sum := md5.Sum([]byte(key)) //nolint:gosec // as Kinesis does
	hash := new(big.Int).SetBytes(sum[:])
	for _, sh := range st.shards {
		if sh.closed || hash.Cmp(sh.low) < 0 || hash.Cmp(sh.high) > 0 {
			continue
		}
		if s.opts.Clock != nil {
			at = at.Add(s.opts.Clock(sh.id))
		}
		st.count++
		sh.records = append(sh.records, record{n: st.count, at: at.Truncate(time.Millisecond), key: key, data: data})
		return
	}
}

// beat writes a heartbeat.
func (s *Server) beat(st *stream, instanceID string, at time.Time) {
	data := st.key.heartbeats[instanceID]
	if data == nil {
		data = st.key.sealer.Seal(activityrecord.Record{
			ClusterId: st.clusterID(), InstanceId: instanceID, Events: []activityrecord.Event{activityrecordtest.Heartbeat()},
		})
		st.key.heartbeats[instanceID] = data
	}
	s.put(st, st.partitionKey(instanceID), data, at)
}

// catchUp brings everything to an instant.
func (s *Server) catchUp(now time.Time) {
	for _, a := range s.attached {
		s.follow(a, now)
	}
	for _, st := range s.streams {
		s.advance(st, now)
		s.trim(st, now)
	}
}

// advance writes the heartbeats of a stream that are due, in their order.
func (s *Server) advance(st *stream, now time.Time) {
	if s.opts.Heartbeat > 0 { // those that would be dropped at once are left out
		for _, i := range st.instances {
			if old := now.Add(-s.opts.Retention).Sub(i.next); old > 0 {
				i.next = i.next.Add(old.Truncate(s.opts.Heartbeat))
			}
		}
	}
	for {
		var next *instance
		for _, i := range st.instances {
			if !i.next.After(now) && (next == nil || i.next.Before(next.next)) {
				next = i
			}
		}
		if n := len(st.delayed); n > 0 && !st.delayed[0].due.After(now) && (next == nil || !st.delayed[0].due.After(next.next)) {
			d := st.delayed[0]
			st.delayed = slices.Delete(st.delayed, 0, 1)
			s.beat(st, d.instance, d.at)
			continue
		}
		if next == nil || s.opts.Heartbeat < 0 {
			return
		}
		at := next.next
		next.next = at.Add(s.opts.Heartbeat)
		late, ok := time.Duration(0), !st.paused && !s.silent[next.id]
		if ok && s.opts.Deliver != nil {
			late, ok = s.opts.Deliver(next.id, at)
		}
		switch {
		case !ok:
		case late > 0:
			d := delayed{due: at.Add(late), at: at, instance: next.id}
			i, _ := slices.BinarySearchFunc(st.delayed, d, func(a, b delayed) int { return a.due.Compare(b.due) })
			st.delayed = slices.Insert(st.delayed, i, d)
		default:
			s.beat(st, next.id, at)
		}
	}
}

// trim drops what is older than the retention period.
func (s *Server) trim(st *stream, now time.Time) {
	horizon := now.Add(-s.opts.Retention)
	st.shards = slices.DeleteFunc(st.shards, func(sh *shard) bool { return sh.closed && sh.closedAt.Before(horizon) })
	for _, sh := range st.shards {
		n := 0
		for n < len(sh.records) && sh.records[n].at.Before(horizon) {
			n++
		}
		if n > 0 {
			sh.records = slices.Delete(sh.records, 0, n)
		}
	}
}

// attachment is a database whose activity stream a stream follows.
type attachment struct {
	rds    *activitystreamtest.Server
	arn    string
	stream Stream
	last   activitystreamtest.Sighting // of the history, that was taken in
	create time.Time                   // when the stream is created; zero means that it is not
}

// Attach ties a stream to a database of an in-process RDS, and returns the stream's name, which
// is empty if there is no such database. The stream exists while the activity stream is starting,
// started or stopping; starting it again makes another stream of the same name. Heartbeats come
// from each instance of the database while the activity stream is started. Instances that join
// later are added by [Server.AddInstance].
//
// Each stream has the given number of shards. Zero means 1.
func (s *Server) Attach(rds *activitystreamtest.Server, resourceArn string, shards int) (name string) {
	id, _ := rds.Recorded(resourceArn)
	if id == "" {
		return ""
	}
	in := Stream{ResourceId: id, Name: "aws-rds-das-" + id, Shards: shards}
	s.update(func(now time.Time) {
		s.attached = append(s.attached, &attachment{rds: rds, arn: resourceArn, stream: in})
		s.catchUp(now)
	})
	return in.Name
}

// follow does what the changes of an activity stream's status mean for its stream.
func (s *Server) follow(a *attachment, now time.Time) {
	history := a.rds.HistorySince(a.arn, a.last.At)
	from := 0
	for i, h := range history { // several changes can be at one instant
		if h == a.last {
			from = i + 1
		}
	}
	for _, c := range history[from:] {
		s.create(a, c.At)
		st := s.streams[a.stream.Name]
		if st != nil {
			s.advance(st, c.At)
		}
		switch c.State {
		case activitystream.StatusStarting, activitystream.StatusStarted, activitystream.StatusStopping:
			if a.last.State == "" || a.last.State == activitystream.StatusStopped {
				a.create = c.At.Add(s.opts.Creating)
				s.create(a, c.At)
				st = s.streams[a.stream.Name]
			}
		case activitystream.StatusStopped, "":
			delete(s.streams, a.stream.Name)
			a.create, st = time.Time{}, nil
		}
		a.last = c
		if st != nil {
			st.paused = c.State != activitystream.StatusStarted
		}
	}
	s.create(a, now)
}

// create creates the stream of a database when its time has come.
func (s *Server) create(a *attachment, now time.Time) {
	if a.create.IsZero() || a.create.After(now) {
		return
	}
	_, a.stream.Instances = a.rds.Recorded(a.arn)
	st := s.add(a.stream, a.create)
	if db, err := activitystream.ParseARN(a.arn); err == nil {
		st.region, st.account = db.Region, db.AccountID
	}
	st.paused = a.last.State != activitystream.StatusStarted
	a.create = time.Time{}
}
