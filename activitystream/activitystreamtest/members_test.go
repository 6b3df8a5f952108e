package activitystreamtest_test

import (
	"fmt"
	"testing"
	"testing/synctest"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/rds"
	"github.com/aws/aws-sdk-go-v2/service/rds/types"
	"github.com/aws/smithy-go"

	"github.com/streamwarden/streamwarden-go/activitystream"
	"github.com/streamwarden/streamwarden-go/activitystream/activitystreamtest"
	"github.com/streamwarden/streamwarden-go/internal/assert"
)

func TestDescribeOrderableUnknownVersionOrClass(t *testing.T) {
	tests := []struct {
		why                    string
		engine, version, class string
		rows                   int
		message                string // with RejectUnknownVersions
	}{
		{"a version and class that exist", "aurora-postgresql", "15.4", "db.r6g.large", 1, ""},
		{"no such version", "aurora-postgresql", "99.9", "db.r6g.large", 0, "Cannot find version 99.9 for aurora-postgresql"},
		{"no such version, any class", "oracle-ee", "x", "", 0, "Cannot find version x for oracle-ee"},
		{"no such class", "oracle-ee", "", "db.nonsense.large", 0, ""},
		{"no such size", "oracle-ee", "", "db.r5.huge", 0, ""},
		{"the version of a database", "aurora-postgresql", "9.9.9", "db.r6g.large", 1, ""},
		{"a version that is no longer offered", "oracle-ee", "19.0.0.0.ru-2021-10.rur-2021-10.r1", "db.r5.large", 0, "Cannot find version 19.0.0.0.ru-2021-10.rur-2021-10.r1 for oracle-ee"},
		{"a class that is no longer offered", "mysql", "", "db.m5.large", 0, ""},
	}
	for _, reject := range []bool{false, true} {
		s := activitystreamtest.NewServer(func(o *activitystreamtest.Options) { o.RejectUnknownVersions = reject })
		s.AddCluster(activitystreamtest.Cluster{EngineVersion: "9.9.9"})
		s.AddInstance(activitystreamtest.Instance{EngineVersion: "19.0.0.0.ru-2021-10.rur-2021-10.r1"})
		s.SetOrderable("oracle-ee", "19.0.0.0.ru-2021-10.rur-2021-10.r1", "", false)
		s.SetOrderable("mysql", "", "db.m5.large", false)
		for _, tt := range tests {
			in := &rds.DescribeOrderableDBInstanceOptionsInput{Engine: &tt.engine}
			if tt.version != "" {
				in.EngineVersion = &tt.version
			}
			if tt.class != "" {
				in.DBInstanceClass = &tt.class
			}
			out, err := client(s).DescribeOrderableDBInstanceOptions(t.Context(), in)
			if reject && tt.message != "" {
				e := assert.ErrorAs[smithy.APIError](t, err)
				assert.Equal(t, tt.why, []string{"InvalidParameterCombination", tt.message}, []string{e.ErrorCode(), e.ErrorMessage()})
				continue
			}
			if err != nil {
				t.Errorf("%s: %v", tt.why, err)
				continue
			}
			assert.Equal(t, tt.why, tt.rows, len(out.OrderableDBInstanceOptions))
		}
	}
}

func TestDescribeFiltersDomainAndCloneGroup(t *testing.T) {
	s := activitystreamtest.NewServer()
	s.AddCluster(activitystreamtest.Cluster{Identifier: "a", Domain: "d-1", CloneGroupId: "clones"})
	s.AddCluster(activitystreamtest.Cluster{Identifier: "b", CloneGroupId: "clones"})
	s.AddInstance(activitystreamtest.Instance{Identifier: "i", Domain: "d-1"})
	clusters := func(name, value string) (ids []string) {
		out := assert.Must(client(s).DescribeDBClusters(t.Context(), &rds.DescribeDBClustersInput{
			Filters: []types.Filter{{Name: &name, Values: []string{value}}},
		}))(t)
		for _, c := range out.DBClusters {
			ids = append(ids, fmt.Sprint(*c.DBClusterIdentifier, " ", aws.ToString(c.CloneGroupId), " ", len(c.DomainMemberships)))
		}
		return ids
	}
	assert.Equal(t, "domain", []string{"a clones 1"}, clusters("domain", "d-1"))
	assert.Equal(t, "clone-group-id", []string{"a clones 1", "b clones 0"}, clusters("clone-group-id", "clones"))
	out := assert.Must(client(s).DescribeDBInstances(t.Context(), &rds.DescribeDBInstancesInput{
		Filters: []types.Filter{{Name: new("domain"), Values: []string{"d-1"}}},
	}))(t)
	assert.Equal(t, "instances", 1, len(out.DBInstances))
}

func TestReadReplicaHasNoStream(t *testing.T) {
	s := activitystreamtest.NewServer()
	s.AddInstance(activitystreamtest.Instance{Identifier: "source"})
	arn := s.AddInstance(activitystreamtest.Instance{Identifier: "replica", ReadReplicaSource: "source"})
	assert.Equal(t, "source", "source", aws.ToString(instance(t, s, "replica").ReadReplicaSourceDBInstanceIdentifier))
	_, err := start(t, s, arn)
	assert.Equal(t, "code", "InvalidParameterCombination", code(t, err))
}

// members returns the members of a cluster as DescribeDBClusters and DescribeDBInstances show them.
func members(t *testing.T, s *activitystreamtest.Server, id string) (list []string) {
	t.Helper()
	for _, m := range cluster(t, s, id).DBClusterMembers {
		i := instance(t, s, *m.DBInstanceIdentifier)
		list = append(list, fmt.Sprint(*m.DBInstanceIdentifier, " ", *i.DbiResourceId, " ", *i.DBInstanceClass, " ", *i.DBClusterIdentifier, " ", *m.IsClusterWriter))
	}
	return list
}

func TestAddAndRemoveMember(t *testing.T) {
	s := activitystreamtest.NewServer()
	arn := s.AddCluster(activitystreamtest.Cluster{Identifier: "c", Members: -1})
	for _, m := range []activitystreamtest.Member{
		{ResourceId: "db-1"}, {Identifier: "Reader", ResourceId: "db-2", Class: "db.t4g.medium"}, {ResourceId: "db-3"},
	} {
		if s.AddMember(arn, m) == "" {
			t.Fatal("no ARN")
		}
	}
	want := []string{
		"c-instance-1 db-1 db.r6g.large c true", "reader db-2 db.t4g.medium c false", "c-instance-3 db-3 db.r6g.large c false",
	}
	assert.Equal(t, "members", want, members(t, s, "c"))
	_, err := start(t, s, arn)
	assert.Equal(t, "start with a class without streams", "InvalidParameterCombination", code(t, err))
	s.Remove("arn:aws:rds:us-east-1:123456789012:db:reader")
	assert.Equal(t, "after the removal", []string{want[0], want[2]}, members(t, s, "c"))
	_, err = start(t, s, arn)
	assert.Equal(t, "start", "", code(t, err))
	assert.Equal(t, "no such cluster", "", s.AddMember("arn:aws:rds:us-east-1:123456789012:cluster:x", activitystreamtest.Member{}))
}

func TestSwitchoverReplacesDatabase(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := activitystreamtest.NewServer()
		arn := s.AddCluster(activitystreamtest.Cluster{Identifier: "c", ResourceId: "cluster-BLUE", Status: activitystream.StatusStarting})
		before := members(t, s, "c")
		time.Sleep(time.Minute)
		s.Switchover(arn, "cluster-GREEN", activitystream.StatusStarted)
		show := func(id string) string {
			c := cluster(t, s, id)
			return fmt.Sprint(*c.DBClusterArn, " ", *c.DbClusterResourceId, " ", c.ActivityStreamStatus, " ", *c.ActivityStreamKinesisStreamName)
		}
		assert.Equal(t, "green", arn+" cluster-GREEN started aws-rds-das-cluster-GREEN", show("c"))
		assert.Equal(t, "blue", arn+"-old1 cluster-BLUE starting aws-rds-das-cluster-BLUE", show("c-old1"))
		if after := members(t, s, "c"); after[0] == before[0] {
			t.Errorf("the member has the same resource ID: %s", after[0])
		}
		time.Sleep(2 * time.Minute)
		assert.Equal(t, "blue after its start", arn+"-old1 cluster-BLUE started aws-rds-das-cluster-BLUE", show("c-old1"))

		db := s.AddInstance(activitystreamtest.Instance{Identifier: "i", Status: activitystream.StatusStarted})
		old := *instance(t, s, "i").DbiResourceId
		s.Switchover(db, "", activitystream.StatusStopped)
		if got := instance(t, s, "i"); *got.DbiResourceId == old || got.ActivityStreamStatus != activitystream.StatusStopped {
			t.Errorf("the instance is %s, %s", *got.DbiResourceId, got.ActivityStreamStatus)
		}
	})
}
