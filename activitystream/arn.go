package activitystream

import (
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws/arn"

	"github.com/streamwarden/streamwarden-go/internal/validate"
)

// ARN is the parts of the ARN of a database that can have a stream.
type ARN struct {
	Partition string // "aws", "aws-cn", …
	Region    string // of the database, and of the client that commands its stream
	AccountID string // of the database
	Cluster   bool   // a DB cluster; otherwise a DB instance
	Name      string // the DBClusterIdentifier or DBInstanceIdentifier
}

// ParseARN parses the ARN of a cluster (…:cluster:name) or of an instance (…:db:name). Any other
// text is rejected with a [*statemachine.InputError]. A program for several Regions chooses its
// client by the Region.
func ParseARN(s string) (ARN, error) {
	res, reason := parseARN(s, "")
	if reason != "" {
		return ARN{}, validate.FieldError("ResourceArn", reason)
	}
	a, _ := arn.Parse(s) // parseARN parsed it
	_, name, _ := strings.Cut(a.Resource, ":")
	return ARN{Partition: a.Partition, Region: a.Region, AccountID: a.AccountID, Cluster: res.resourceType == cluster, Name: name}, nil
}

// KinesisStreamArn returns the ARN of the stream's Kinesis data stream, which is in the account and
// the Region of the database. It returns "" if the stream has none.
func (s *Stream) KinesisStreamArn() string {
	a, err := arn.Parse(s.ResourceArn)
	if err != nil || s.KinesisStreamName == "" {
		return ""
	}
	a.Service, a.Resource = "kinesis", "stream/"+s.KinesisStreamName
	return a.String()
}
