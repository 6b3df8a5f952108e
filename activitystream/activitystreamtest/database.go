package activitystreamtest

import (
	"crypto/sha256"
	"encoding/hex"
	"strings"
	"time"

	"github.com/streamwarden/streamwarden-go/activitystream"
	"github.com/streamwarden/streamwarden-go/internal/simulator"
)

// database is the record of a cluster or an instance, by value. Slices in it are never changed.
type database struct {
	cluster        bool
	arn, id        string
	resourceID     string
	engine         engine
	version, class string
	members        []string // a cluster's, by identifier
	classes        []string // of the members
	memberOf       string   // an instance's cluster, by identifier
	status         string   // of the database

	stream stream
}

// stream is the activity stream of a database.
type stream struct {
	status            activitystream.Status
	mode              activitystream.Mode
	policy            activitystream.PolicyStatus
	key               string // as it was given
	nativeAuditFields bool
	kinesis           string
}

type resource = simulator.Resource[database]

// Defaults of a stream that is there without a start.
const defaultKey = "3f2a8c1d-5b6e-4f70-8a91-b2c3d4e5f607"

// withStatus is the database with its stream in another state. What a stopped stream shows beside its status is
// unconfirmed: here nothing, as before the first start.
func (d database) withStatus(s activitystream.Status) database {
	d.stream.status = s
	if s == activitystream.StatusStopped {
		d.stream = stream{status: s, policy: d.stream.policy}
		if d.stream.policy != "" {
			d.stream.policy = activitystream.PolicyLocked
		}
		return d.finishPolicyChange()
	}
	if d.stream.mode == "" {
		d.stream.mode = activitystream.ModeAsync
	}
	if d.stream.key == "" {
		d.stream.key = defaultKey
	}
	d.stream.kinesis = "aws-rds-das-" + d.resourceID
	return d
}

// withPolicy is the database with its audit policy in another state. That the database's own status shows the change of
// the policy, and only that change, follows what third parties saw.
func (d database) withPolicy(s activitystream.PolicyStatus) database {
	d.stream.policy = s
	if activitystream.PolicyMachine().Transient(s) {
		d.status = statusConfiguring
		return d
	}
	return d.finishPolicyChange()
}

// finishPolicyChange is the database with no change of the policy under way.
func (d database) finishPolicyChange() database {
	if d.status == statusConfiguring {
		d.status = statusAvailable
	}
	return d
}

// Statuses of a database that the simulator gives by itself.
const (
	statusAvailable   = "available"
	statusConfiguring = "configuring-activity-stream"
)

// modes are those that the stream can have. All members of a cluster have to have a class that can.
func (d database) modes() []string {
	if d.cluster != d.engine.clustered {
		return nil
	}
	if !d.cluster {
		return d.engine.streamModes(d.version, d.class)
	}
	var modes []string
	for _, class := range d.classes {
		if modes = d.engine.streamModes(d.version, class); modes == nil {
			return nil
		}
	}
	return modes
}

// resourceID is a resource's immutable identifier; the same for the same ARN.
func resourceID(prefix, arn string) string {
	sum := sha256.Sum256([]byte(arn))
	return prefix + strings.ToUpper(hex.EncodeToString(sum[:13]))
}

// bareKey is a key's ID, which Describe shows whatever was given to Start.
func bareKey(key string) string {
	name := key
	if i := strings.LastIndex(key, ":"); i >= 0 {
		name = key[i+1:]
	}
	if id, ok := strings.CutPrefix(name, "key/"); ok {
		return id
	}
	if strings.HasPrefix(name, "alias/") { // the simulator has no KMS: the same ID for the same alias
		sum := sha256.Sum256([]byte(name))
		h := hex.EncodeToString(sum[:16])
		return h[:8] + "-" + h[8:12] + "-" + h[12:16] + "-" + h[16:20] + "-" + h[20:]
	}
	return name
}

// managedKey reports whether a key is one of AWS's own, with which no stream can be started.
func managedKey(key string) bool { return strings.Contains(key, "alias/aws/") }

// history is the statuses of a stream, each with the instant from which it had it.
func history(r *resource, now time.Time) []Sighting {
	var list []Sighting
	for _, m := range r.History(now) {
		s := m.Value.stream.status
		if m.Gone {
			s = ""
		}
		if n := len(list); n == 0 || list[n-1].State != s {
			list = append(list, Sighting{State: s, At: m.At})
		}
	}
	return list
}
