package activitystreamtest

import (
	"crypto/sha256"
	"encoding/hex"
	"strings"

	"github.com/streamwarden/streamwarden-go/activitystream"
	"github.com/streamwarden/streamwarden-go/internal/simulator"
)

// database is the record of a cluster or an instance. Its slices are never modified.
type database struct {
	cluster        bool
	arn, id        string
	resourceID     string
	engine         engine
	version, class string
	members        []member // of a cluster
	memberOf       string   // identifier of an instance's cluster
	replicaOf      string   // identifier of the source of a read replica
	domain         string   // Active Directory domain
	cloneGroup     string
	status         string // of the database

	stream stream
}

// member is an instance of a cluster.
type member struct{ id, class string }

// stream is the activity stream of a database.
type stream struct {
	status            activitystream.Status
	mode              activitystream.Mode
	policy            activitystream.PolicyStatus
	key               string // as the start specified it
	nativeAuditFields bool
	kinesis           string
}

type resource = simulator.Resource[database]

// defaultKey is the key of a stream that was added without one.
const defaultKey = "3f2a8c1d-5b6e-4f70-8a91-b2c3d4e5f607"

// statusOf returns the status of the stream of a database.
func statusOf(d database) activitystream.Status { return d.stream.status }

// withStatus returns the database with its stream in another status. What Describe shows of a
// stopped stream besides its status is unconfirmed. Here it is nothing, as before the first start.
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

// withPolicy returns the database with its audit policy in another status. The status of the
// database shows a change of the policy, and no other change, because third parties saw that.
func (d database) withPolicy(s activitystream.PolicyStatus) database {
	d.stream.policy = s
	if activitystream.PolicyMachine().Transient(s) {
		d.status = statusConfiguring
		return d
	}
	return d.finishPolicyChange()
}

// finishPolicyChange returns the database without a policy change under way.
func (d database) finishPolicyChange() database {
	if d.status == statusConfiguring {
		d.status = statusAvailable
	}
	return d
}

// The statuses that the simulator gives a database on its own.
const (
	statusAvailable   = "available"
	statusConfiguring = "configuring-activity-stream"
)

// modes returns the modes that the stream can have. Every member of a cluster must have a class
// that supports streams.
func (d database) modes() []string {
	if d.cluster != d.engine.clustered || d.replicaOf != "" {
		return nil
	}
	if !d.cluster {
		return d.engine.streamModes(d.version, d.class)
	}
	var modes []string
	for _, m := range d.members {
		if modes = d.engine.streamModes(d.version, m.class); modes == nil {
			return nil
		}
	}
	return modes
}

// resourceID returns the immutable identifier of a resource. The same ARN always gives the same
// one.
func resourceID(prefix, arn string) string {
	sum := sha256.Sum256([]byte(arn))
	return prefix + strings.ToUpper(hex.EncodeToString(sum[:13]))
}

// resolve returns the ID of a key at the time of the call. See [Server.SetAlias].
func (s *Server) resolve(key string) string {
	if id, ok := s.aliases[aliasName(key)]; ok {
		return id
	}
	return bareKey(key)
}

// aliasName returns the name of an alias, given as an ARN or a name.
func aliasName(alias string) string { return alias[strings.LastIndex(alias, ":")+1:] }

// bareKey returns the ID of a key, which Describe shows whatever form Start got. The simulator has
// no KMS, so an alias gets a made-up ID, always the same.
func bareKey(key string) string {
	name := aliasName(key)
	if strings.HasPrefix(name, "alias/") {
		return simulator.UUID(name)
	}
	return strings.TrimPrefix(name, "key/")
}

// isManagedKey reports whether a key is an AWS managed key, which RDS rejects.
func isManagedKey(key string) bool { return strings.Contains(key, "alias/aws/") }
