package activitystream

import (
	"strings"
	"unique"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/rds/types"
)

// Stream is what DescribeDBClusters or DescribeDBInstances tells of one resource's activity stream. Status, Mode,
// PolicyStatus, KmsKeyId, KinesisStreamName and EngineNativeAuditFieldsIncluded are the members of the same names with
// ActivityStream before them.
type Stream struct {
	ResourceArn string // the DBClusterArn or DBInstanceArn, as RDS writes it
	Status      Status // empty only where RDS leaves it out, which it is not known to do: no wait takes that for success
	Mode        Mode   // empty while the stream is stopped

	// PolicyStatus is the audit policy's: it means something only while the stream is started. Empty for a cluster.
	PolicyStatus PolicyStatus

	KmsKeyId          string // the bare key ID, whatever was given when the stream was started
	KinesisStreamName string // of the stream's Kinesis data stream, in the same account and Region

	EngineNativeAuditFieldsIncluded bool // always false for a cluster

	Engine, EngineVersion string // "aurora-postgresql", "oracle-ee", …

	ResourceId     string // the cluster's DbClusterResourceId or the instance's DbiResourceId
	ResourceStatus string // the database's own: "available", "stopped", "configuring-activity-stream", …

	class string // the instance's DBInstanceClass; empty for a cluster, whose members have one each
}

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
	}
}

// intern has s use the memory of what other streams have in common with it: ten thousand of them have few engines, keys and
// states between them. A single stream is not worth the look-ups.
func (s *Stream) intern() {
	s.Status, s.Mode, s.PolicyStatus = internString(s.Status), internString(s.Mode), internString(s.PolicyStatus)
	s.KmsKeyId, s.ResourceStatus = internString(s.KmsKeyId), internString(s.ResourceStatus)
	s.Engine, s.EngineVersion, s.class = internString(s.Engine), internString(s.EngineVersion), internString(s.class)
}

func internString[S ~string](s S) S { return S(unique.Make(string(s)).Value()) }

// status is the stream's state as its machine has it.
func (s *Stream) status() Status { return s.Status }

// awaitingStream is what the policy's machine is shown while the stream is starting: a state it does not know,
// which it waits out. Its text is for messages.
const awaitingStream PolicyStatus = "(stream starting)"

// policy is the audit policy's state as its machine has it: none where the stream is not started.
func (s *Stream) policy() PolicyStatus {
	switch s.Status {
	case StatusStarted:
		return s.PolicyStatus
	case StatusStarting:
		return awaitingStream
	case StatusStopped, StatusStopping:
	}
	return ""
}

// sameStream reports whether nothing differs that a Watch tells.
func sameStream(a, b *Stream) bool {
	return a.Status == b.Status && a.PolicyStatus == b.PolicyStatus && a.Mode == b.Mode &&
		a.KmsKeyId == b.KmsKeyId && a.ResourceStatus == b.ResourceStatus
}

// engineSupport is what is known of the engines that can have a stream.
type engineSupport struct {
	prefix       string // of the Engine
	resourceType resourceType
	modes        []Mode
}

// engines are from the user guides' pages on requirements. RDS Custom, Db2 and Multi-AZ DB clusters are not listed
// there: unconfirmed, and left out.
func engines() []engineSupport {
	return []engineSupport{
		{"aurora-postgresql", cluster, []Mode{ModeSync, ModeAsync}},
		{"aurora-mysql", cluster, []Mode{ModeAsync}},
		{"oracle-", instance, []Mode{ModeAsync}},
		{"sqlserver-", instance, []Mode{ModeAsync}},
	}
}

// engineModes are the modes that the stream's engine can have; false for an engine that is not known to have a stream.
func (s *Stream) engineModes() ([]Mode, bool) {
	for _, e := range engines() {
		if strings.HasPrefix(s.Engine, e.prefix) && strings.Contains(s.ResourceArn, ":"+string(e.resourceType)+":") {
			return e.modes, true
		}
	}
	return nil, false
}
