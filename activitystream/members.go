package activitystream

import (
	"context"
	"strings"

	"github.com/streamwarden/streamwarden-go/internal/validate"
)

// Member is one instance of an Aurora cluster, as DescribeDBInstances returns it.
type Member struct {
	InstanceArn    string // the DBInstanceArn
	ResourceId     string // the DbiResourceId, which the records of an activity stream name
	InstanceClass  string // the DBInstanceClass, such as "db.r6g.large"
	ResourceStatus string // the DBInstanceStatus, such as "available"
}

// Members returns the instances of a cluster, in the order in which RDS lists them. A cluster
// without instances has none. Pass their resource IDs to activityreader.Reader.WaitRecording, which
// waits until a record of each of them has arrived.
//
// The caller needs rds:DescribeDBInstances and rds:DescribeDBClusters. An ARN that is not valid,
// such as that of an instance, is rejected with a [*statemachine.InputError]. An error of the
// service is a [*statemachine.Fault]: of kind NotFound if there is no such cluster.
func (c *Client) Members(ctx context.Context, clusterArn string, optFns ...func(*Options)) ([]Member, error) {
	call := c.ready().New(optFns)
	res, reason := parseARN(clusterArn, call.Region)
	if reason == "" && res.resourceType != cluster {
		reason = "must be the ARN of a cluster (…:cluster:name): an instance has no members"
	}
	if err := validate.FieldError("ClusterArn", reason); err != nil {
		return nil, err
	}
	var members []Member
	for s, err := range call.pages(ctx, query{resourceType: instance, resource: res.given, filters: filter("db-cluster-id", []string{res.arn})}) {
		if err != nil {
			return nil, err
		}
		if strings.TrimSpace(s.ResourceId) != "" { // an instance that is being created may have none yet
			members = append(members, Member{s.ResourceArn, s.ResourceId, s.class, s.ResourceStatus})
		}
	}
	if len(members) == 0 { // a filter finds nothing either if there is no such cluster
		if _, err := call.describe(ctx, &res); err != nil {
			return nil, err
		}
	}
	return members, nil
}
