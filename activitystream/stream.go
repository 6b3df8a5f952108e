package activitystream

import (
	"cmp"
	"time"
	"unique"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/rds/types"
)

// Stream describes the activity stream of one resource, as DescribeDBClusters or
// DescribeDBInstances reports it. Status, Mode, PolicyStatus, KmsKeyId, KinesisStreamName and
// EngineNativeAuditFieldsIncluded mirror the members ActivityStreamStatus, ActivityStreamMode and
// so on.
type Stream struct {
	ResourceArn string // the DBClusterArn or DBInstanceArn, as RDS spells it
	Status      Status // empty only if RDS omits it, which is not known to happen; no wait takes that as success
	Mode        Mode   // empty while the stream is stopped

	// PolicyStatus is the status of the audit policy. It is meaningful only while the stream is
	// started, and empty for a cluster.
	PolicyStatus PolicyStatus

	KmsKeyId          string // the bare key ID, in whichever form the key was specified
	KinesisStreamName string // the stream's Kinesis data stream, in the same account and Region

	EngineNativeAuditFieldsIncluded bool // always false for a cluster

	Engine, EngineVersion string // "aurora-postgresql", "oracle-ee", …

	ResourceId     string // the cluster's DbClusterResourceId or the instance's DbiResourceId
	ResourceStatus string // the status of the database: "available", "stopped", "configuring-activity-stream", …

	class     string // the instance's DBInstanceClass; empty for a cluster, whose members each have one
	memberOf  string // the DBClusterIdentifier of a member instance of a cluster
	replicaOf string // the ReadReplicaSource… of a read replica
}

// streamFromCluster converts a record of DescribeDBClusters.
func streamFromCluster(c *types.DBCluster) *Stream {
	return &Stream{
		ResourceArn:       aws.ToString(c.DBClusterArn),
		Status:            c.ActivityStreamStatus,
		Mode:              c.ActivityStreamMode,
		KmsKeyId:          aws.ToString(c.ActivityStreamKmsKeyId),
		KinesisStreamName: aws.ToString(c.ActivityStreamKinesisStreamName),
		Engine:            aws.ToString(c.Engine),
		EngineVersion:     aws.ToString(c.EngineVersion),
		ResourceId:        aws.ToString(c.DbClusterResourceId),
		ResourceStatus:    aws.ToString(c.Status),
	}
}

// streamFromInstance converts a record of DescribeDBInstances.
func streamFromInstance(i *types.DBInstance) *Stream {
	return &Stream{
		ResourceArn:                     aws.ToString(i.DBInstanceArn),
		Status:                          i.ActivityStreamStatus,
		Mode:                            i.ActivityStreamMode,
		PolicyStatus:                    i.ActivityStreamPolicyStatus,
		KmsKeyId:                        aws.ToString(i.ActivityStreamKmsKeyId),
		KinesisStreamName:               aws.ToString(i.ActivityStreamKinesisStreamName),
		EngineNativeAuditFieldsIncluded: aws.ToBool(i.ActivityStreamEngineNativeAuditFieldsIncluded),
		Engine:                          aws.ToString(i.Engine),
		EngineVersion:                   aws.ToString(i.EngineVersion),
		ResourceId:                      aws.ToString(i.DbiResourceId),
		ResourceStatus:                  aws.ToString(i.DBInstanceStatus),
		class:                           aws.ToString(i.DBInstanceClass),
		memberOf:                        aws.ToString(i.DBClusterIdentifier),
		replicaOf:                       cmp.Or(aws.ToString(i.ReadReplicaSourceDBInstanceIdentifier), aws.ToString(i.ReadReplicaSourceDBClusterIdentifier)),
	}
}

// intern deduplicates the strings that many streams share, such as the engine and the key. For a
// single stream the lookups cost more than they save.
func (s *Stream) intern() {
	s.Status, s.Mode, s.PolicyStatus = internString(s.Status), internString(s.Mode), internString(s.PolicyStatus)
	s.KmsKeyId, s.ResourceStatus = internString(s.KmsKeyId), internString(s.ResourceStatus)
	s.Engine, s.EngineVersion, s.class = internString(s.Engine), internString(s.EngineVersion), internString(s.class)
}

// internString returns a copy of s that shares its memory with equal strings.
func internString[S ~string](s S) S { return S(unique.Make(string(s)).Value()) }

// status returns the stream's state in machine.
func (s *Stream) status() Status { return s.Status }

// identity returns the ID that RDS never gives to another resource.
func (s *Stream) identity() string { return s.ResourceId }

// awaitingStream stands for a stream that is still starting. The policy machine does not know it,
// so waits continue. The text is for messages.
const awaitingStream PolicyStatus = "(stream starting)"

// policyState returns the function that returns the audit policy's state in policyMachine, for one
// wait. The state is empty if the stream has no policy. Within a grace period after a read of a
// stream that is starting, a read of one that is not may be older.
func (c *call) policyState() func(*Stream) PolicyStatus {
	var startingAt time.Time
	return func(s *Stream) PolicyStatus {
		switch {
		case s.Status == StatusStarted:
			return s.PolicyStatus
		case s.Status == StatusStarting:
			startingAt = time.Now()
			return awaitingStream
		case time.Since(startingAt) < c.grace():
			return awaitingStream
		}
		return ""
	}
}

// sameStream reports whether a Watch skips b after a. Another ResourceId is another database: after
// the switchover of a blue/green deployment, the ARN names it.
func sameStream(a, b *Stream) bool {
	return a.Status == b.Status && a.PolicyStatus == b.PolicyStatus && a.Mode == b.Mode &&
		a.KmsKeyId == b.KmsKeyId && a.EngineNativeAuditFieldsIncluded == b.EngineNativeAuditFieldsIncluded &&
		a.KinesisStreamName == b.KinesisStreamName && a.ResourceId == b.ResourceId && a.ResourceStatus == b.ResourceStatus
}
