package activitystream_test

import (
	"context"
	"errors"
	"fmt"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/streamwarden/streamwarden-go/activitystream"
	"github.com/streamwarden/streamwarden-go/activitystream/activitystreamtest"
	"github.com/streamwarden/streamwarden-go/statemachine"
)

func TestMembers(t *testing.T) {
	s := activitystreamtest.NewServer()
	big := s.AddCluster(activitystreamtest.Cluster{Identifier: "big", Members: 130, Class: "db.r6g.xlarge"}) // more than one page
	s.AddCluster(activitystreamtest.Cluster{Identifier: "other", Members: 2})
	empty := s.AddCluster(activitystreamtest.Cluster{Identifier: "empty", Members: -1})
	instance := s.AddInstance(activitystreamtest.Instance{Identifier: "ora"})
	c := activitystream.NewFromConfig(s.Config())

	members, err := c.Members(t.Context(), big)
	if err != nil || len(members) != 130 {
		t.Fatalf("%d members, %v", len(members), err)
	}
	ids := map[string]bool{}
	for _, m := range members {
		ids[m.ResourceId] = true
	}
	first := members[0]
	first.ResourceId = first.ResourceId[:3]
	want := activitystream.Member{
		InstanceArn: "arn:aws:rds:us-east-1:123456789012:db:big-instance-1", ResourceId: "db-", InstanceClass: "db.r6g.xlarge", ResourceStatus: "available",
	}
	if diff := cmp.Diff(want, first); diff != "" || len(ids) != 130 {
		t.Errorf("%d resource IDs; the first member (-want +got):\n%s", len(ids), diff)
	}

	for _, tt := range []struct {
		why, arn string
		want     error
	}{
		{"a cluster without instances has none", empty, nil},
		{"an instance has no members", instance, statemachine.InvalidInput},
		{"there is no such cluster", "arn:aws:rds:us-east-1:123456789012:cluster:nope", statemachine.NotFound},
		{"another Region", "arn:aws:rds:eu-west-1:123456789012:cluster:big", statemachine.InvalidInput},
		{"no ARN", "big", statemachine.InvalidInput},
	} {
		members, err := c.Members(t.Context(), tt.arn)
		if len(members) != 0 || !errors.Is(err, tt.want) {
			t.Errorf("%s: %v, %v", tt.why, members, err)
		}
	}
	s.Fail("DescribeDBInstances", activitystreamtest.Failure{Code: "AccessDenied"})
	if _, err := c.Members(t.Context(), big); !errors.Is(err, statemachine.AccessDenied) {
		t.Errorf("denied: %v", err)
	}
}

func ExampleClient_Members() {
	server := activitystreamtest.NewServer() // an RDS in this process
	arn := server.AddCluster(activitystreamtest.Cluster{Identifier: "shop", Members: 2})
	client := activitystream.NewFromConfig(server.Config())

	members, err := client.Members(context.Background(), arn)
	if err != nil {
		fmt.Println(err)
		return
	}
	for _, m := range members {
		fmt.Println(m.InstanceArn, m.ResourceStatus)
	}
	// Output:
	// arn:aws:rds:us-east-1:123456789012:db:shop-instance-1 available
	// arn:aws:rds:us-east-1:123456789012:db:shop-instance-2 available
}
