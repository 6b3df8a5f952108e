package activitystream_test

import (
	"testing"

	"github.com/streamwarden/streamwarden-go/activitystream"
	"github.com/streamwarden/streamwarden-go/internal/assert"
)

func TestParseARN(t *testing.T) {
	for _, test := range []struct {
		why, arn string
		want     activitystream.ARN
		verdict  string
	}{
		{why: "a cluster", arn: clusterARN, want: activitystream.ARN{
			Partition: "aws", Region: "us-east-1", AccountID: "123456789012", Cluster: true, Name: "das-cluster",
		}},
		{why: "an instance", arn: "arn:aws-us-gov:rds:us-gov-west-1:123456789012:db:My-Orcl", want: activitystream.ARN{
			Partition: "aws-us-gov", Region: "us-gov-west-1", AccountID: "123456789012", Name: "My-Orcl",
		}},
		{why: "a snapshot", arn: "arn:aws:rds:us-east-1:123456789012:snapshot:s", verdict: "invalid input"},
		{why: "no ARN", arn: "das-cluster", verdict: "invalid input"},
		{why: "nothing", verdict: "invalid input"},
	} {
		got, err := activitystream.ParseARN(test.arn)
		assert.Equal(t, test.why, test.want, got)
		assert.Equal(t, test.why+": error", test.verdict, assert.ErrorSummary(err))
	}
}

func TestKinesisStreamArn(t *testing.T) {
	const name = "aws-rds-das-cluster-ABC"
	for _, test := range []struct{ why, arn, name, want string }{
		{"the account and Region of the database", clusterARN, name, "arn:aws:kinesis:us-east-1:123456789012:stream/" + name},
		{"the partition, too", "arn:aws-cn:rds:cn-north-1:123456789012:cluster:c", name, "arn:aws-cn:kinesis:cn-north-1:123456789012:stream/" + name},
		{"no stream", clusterARN, "", ""},
		{"a Stream that was not read", "", name, ""},
	} {
		s := &activitystream.Stream{ResourceArn: test.arn, KinesisStreamName: test.name}
		assert.Equal(t, test.why, test.want, s.KinesisStreamArn())
	}
}
