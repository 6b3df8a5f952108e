// Package records has what the programs share that start an activity stream and read its records.
package records

import (
	"context"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/kms"

	"github.com/streamwarden/streamwarden-go/activitystream"
	"github.com/streamwarden/streamwarden-go/activitystream/activityreader"
	"github.com/streamwarden/streamwarden-go/activitystream/activityrecord"
	"github.com/streamwarden/streamwarden-go/activitystream/activityrecord/kmskeys"
)

// NewReader returns a reader of the records of a stream that is started.
func NewReader(cfg aws.Config, s *activitystream.Stream) (*activityreader.Reader, error) {
	keys, err := kmskeys.New(kms.NewFromConfig(cfg), s.ResourceId)
	if err != nil {
		return nil, err
	}
	return activityreader.NewFromConfig(cfg, activityrecord.NewDecoder(keys), s.KinesisStreamName), nil
}

// Instances returns the resource IDs of the instances that a stream records: those of a cluster, or
// the instance itself.
func Instances(ctx context.Context, client *activitystream.Client, s *activitystream.Stream) ([]string, error) {
	if !strings.Contains(s.ResourceArn, ":cluster:") {
		return []string{s.ResourceId}, nil
	}
	members, err := client.Members(ctx, s.ResourceArn)
	ids := make([]string, len(members))
	for i, m := range members {
		ids[i] = m.ResourceId
	}
	return ids, err
}
