package activitystream_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/streamwarden/streamwarden-go/activitystream"
	"github.com/streamwarden/streamwarden-go/activitystream/activitystreamtest"
	"github.com/streamwarden/streamwarden-go/internal/assert"
	"github.com/streamwarden/streamwarden-go/statemachine"
)

func TestSupported(t *testing.T) {
	both := []activitystream.Mode{activitystream.ModeAsync, activitystream.ModeSync}
	async := []activitystream.Mode{activitystream.ModeAsync}
	for _, test := range []struct {
		why  string
		add  func(s *server) string
		want []activitystream.Mode
	}{
		{"Aurora PostgreSQL", cluster(activitystreamtest.Cluster{}), both},
		{"Aurora MySQL", cluster(activitystreamtest.Cluster{Engine: "aurora-mysql"}), async},
		{"Aurora MySQL that is too old", cluster(activitystreamtest.Cluster{Engine: "aurora-mysql", EngineVersion: "5.7.mysql_aurora.2.10.3"}), nil},
		{"Aurora PostgreSQL that is too old", cluster(activitystreamtest.Cluster{EngineVersion: "10.21"}), nil},
		{"a burstable class", cluster(activitystreamtest.Cluster{Class: "db.t4g.medium"}), nil},
		{"serverless", cluster(activitystreamtest.Cluster{Class: "db.serverless"}), nil},
		{"no members: any class", cluster(activitystreamtest.Cluster{Members: -1}), both},
		{"Neptune", cluster(activitystreamtest.Cluster{Engine: "neptune"}), nil},
		{"Oracle", instance(activitystreamtest.Instance{}), async},
		{"an Oracle read replica", instance(activitystreamtest.Instance{ReadReplicaSource: "source"}), nil},
		{"a member instance of a cluster", member(), nil},
		{"Oracle, multi-tenant", instance(activitystreamtest.Instance{Engine: "oracle-ee-cdb"}), nil},
		{"Oracle 21", instance(activitystreamtest.Instance{EngineVersion: "21.0.0.0.ru-2024-01.rur-2024-01.r1"}), nil},
		{"SQL Server", instance(activitystreamtest.Instance{Engine: "sqlserver-se"}), async},
		{"SQL Server on a class without", instance(activitystreamtest.Instance{Engine: "sqlserver-se", Class: "db.t3.large"}), nil},
		{"MySQL", instance(activitystreamtest.Instance{Engine: "mysql"}), nil},
	} {
		assert.RunSynctest(t, test.why, func(t *testing.T) {
			s := activitystreamtest.NewServer()
			got := assert.Must(client(s).Supported(t.Context(), test.add(s)))(t)
			assert.Equal(t, "modes", test.want, got)
		})
	}
}

func cluster(c activitystreamtest.Cluster) func(*server) string {
	return func(s *server) string { return s.AddCluster(c) }
}

func instance(i activitystreamtest.Instance) func(*server) string {
	return func(s *server) string { return s.AddInstance(i) }
}

// TestSupportedNeedsEveryMemberClass checks that one member of an unsupported class rules out the
// cluster, in any order.
func TestSupportedNeedsEveryMemberClass(t *testing.T) {
	for _, classes := range [][2]string{{"db.r6g.large", "db.t4g.medium"}, {"db.t4g.medium", "db.r6g.large"}} {
		assert.RunSynctest(t, fmt.Sprint(classes), func(t *testing.T) {
			s := activitystreamtest.NewServer()
			s.AddCluster(activitystreamtest.Cluster{Identifier: "das-cluster"})
			s.Fail(describeInstances, failure{Body: fmt.Sprintf("<DescribeDBInstancesResponse><DescribeDBInstancesResult><DBInstances>"+
				"<DBInstance><DBClusterIdentifier>das-cluster</DBClusterIdentifier><DBInstanceClass>%s</DBInstanceClass></DBInstance>"+
				"<DBInstance><DBClusterIdentifier>DAS-cluster</DBClusterIdentifier><DBInstanceClass>%s</DBInstanceClass></DBInstance>"+
				"</DBInstances></DescribeDBInstancesResult></DescribeDBInstancesResponse>", classes[0], classes[1])})
			got := assert.Must(client(s).Supported(t.Context(), clusterARN))(t)
			assert.Equal(t, "modes", 0, len(got))
		})
	}
}

// TestSupportedReadsEveryPage reads a cluster with several pages of members, and listings whose
// Marker repeats.
func TestSupportedReadsEveryPage(t *testing.T) {
	assert.RunSynctest(t, "members", func(t *testing.T) {
		s := activitystreamtest.NewServer()
		s.AddCluster(activitystreamtest.Cluster{Identifier: "das-cluster", Members: 250})
		assert.Equal(t, "modes", 2, len(assert.Must(client(s).Supported(t.Context(), clusterARN))(t)))
		count := map[statemachine.Operation]int{}
		for _, c := range s.Calls() {
			count[c.Operation]++
		}
		assert.Equal(t, "calls", map[statemachine.Operation]int{describeClusters: 1, describeInstances: 3, describeOrderable: 1}, count)
	})
	const members, options = "DescribeDBInstances", "DescribeOrderableDBInstanceOptions"
	for _, tt := range []struct {
		why     string
		op      statemachine.Operation
		markers []string // of the pages, in order
		reads   int
	}{
		{why: "a page of members repeats the Marker before", op: members, markers: []string{"a", "a"}, reads: 2},
		{why: "a page of members repeats an earlier Marker", op: members, markers: []string{"a", "b", "a"}, reads: 3},
		{why: "a page of options repeats the Marker before", op: options, markers: []string{"a", "a"}, reads: 2},
		{why: "a page of options repeats an earlier Marker", op: options, markers: []string{"a", "b", "a"}, reads: 3},
	} {
		assert.RunSynctest(t, tt.why, func(t *testing.T) {
			s := activitystreamtest.NewServer()
			s.AddCluster(activitystreamtest.Cluster{Identifier: "das-cluster", Members: 1})
			for _, marker := range tt.markers {
				s.Fail(tt.op, failure{Body: fmt.Sprintf("<%[1]sResponse><%[1]sResult><DBInstances/><OrderableDBInstanceOptions/><Marker>%[2]s</Marker></%[1]sResult></%[1]sResponse>", tt.op, marker)})
			}
			modes, err := client(s).Supported(t.Context(), clusterARN)
			assert.Equal(t, "modes", []activitystream.Mode(nil), modes)
			assert.Equal(t, "kind", statemachine.Unavailable, statemachine.KindOf(err))
			assert.ErrorContains(t, err, string(tt.op), "response repeats an earlier Marker")
			reads := 0
			for _, c := range s.Calls() {
				if c.Operation == tt.op {
					reads++
				}
			}
			assert.Equal(t, "reads", tt.reads, reads)
		})
	}
}

// TestSupportedFollowsResponse checks that RDS's response takes precedence over the table of
// engines.
func TestSupportedFollowsResponse(t *testing.T) {
	assert.RunSynctest(t, "async only", func(t *testing.T) {
		s := activitystreamtest.NewServer()
		s.AddCluster(activitystreamtest.Cluster{Identifier: "das-cluster"})
		s.Fail(describeOrderable, failure{Times: 2, Body: "<DescribeOrderableDBInstanceOptionsResponse><DescribeOrderableDBInstanceOptionsResult><OrderableDBInstanceOptions>" +
			"<OrderableDBInstanceOption><SupportedActivityStreamModes><member>async</member></SupportedActivityStreamModes></OrderableDBInstanceOption>" +
			"<OrderableDBInstanceOption><SupportedActivityStreamModes><member>async</member></SupportedActivityStreamModes></OrderableDBInstanceOption>" +
			"</OrderableDBInstanceOptions></DescribeOrderableDBInstanceOptionsResult></DescribeOrderableDBInstanceOptionsResponse>"})
		assert.Equal(t, "modes", []activitystream.Mode{activitystream.ModeAsync}, assert.Must(client(s).Supported(t.Context(), clusterARN))(t))
		in := start(clusterARN)
		in.Mode = activitystream.ModeSync
		_, err := client(s).EnsureStarted(t.Context(), in, time.Hour)
		assert.Equal(t, "verdict", "unsupported", assert.ErrorSummary(err))
		assert.ErrorContains(t, err, "(supported: [async])")
	})
}

// What DescribeOrderableDBInstanceOptions responds about a version that runs but is not offered
// anymore.
var notSold = failure{Code: "InvalidParameterCombination", Message: "Cannot find version 16.4 for aurora-postgresql"}

const noOptions = "<DescribeOrderableDBInstanceOptionsResponse><DescribeOrderableDBInstanceOptionsResult><OrderableDBInstanceOptions>" +
	"</OrderableDBInstanceOptions></DescribeOrderableDBInstanceOptionsResult></DescribeOrderableDBInstanceOptionsResponse>"

// TestSupportedUnknown checks that only an option that RDS lists without a mode is a no.
func TestSupportedUnknown(t *testing.T) {
	listed := func(modes string) failure {
		return failure{Body: strings.Replace(noOptions, "<OrderableDBInstanceOptions>", "<OrderableDBInstanceOptions><OrderableDBInstanceOption>"+
			"<SupportedActivityStreamModes>"+modes+"</SupportedActivityStreamModes></OrderableDBInstanceOption>", 1)}
	}
	for _, test := range []struct {
		why     string
		options []failure // of the two classes of the members
		unknown []string  // what the error says; none for a no
	}{
		{
			"RDS does not offer the version anymore", []failure{notSold, notSold},
			[]string{"unknown", "RDS does not list aurora-postgresql 16.4 on db.r", "InvalidParameterCombination", "Cannot find version 16.4"},
		},
		{
			"RDS lists nothing", []failure{{Body: noOptions}, {Body: noOptions}},
			[]string{"unknown", "RDS does not list aurora-postgresql 16.4 on db.r", "not known"},
		},
		{"RDS lists one class of two", []failure{listed("<member>async</member>"), {Body: noOptions}}, []string{"unknown"}},
		{"RDS lists one class of two, without a mode", []failure{{Body: noOptions}, listed("")}, nil},
		{"RDS lists both, without a mode in common", []failure{listed("<member>async</member>"), listed("<member>sync</member>")}, nil},
	} {
		assert.RunSynctest(t, test.why, func(t *testing.T) {
			s := activitystreamtest.NewServer()
			s.AddCluster(activitystreamtest.Cluster{Identifier: "das-cluster"})
			s.AddMember(clusterARN, activitystreamtest.Member{Class: "db.r5.large"})
			for _, f := range test.options {
				s.Fail(describeOrderable, f)
			}
			modes, err := client(s).Supported(t.Context(), clusterARN)
			assert.Equal(t, "modes", nil, modes)
			if test.unknown == nil {
				assert.Equal(t, "error", nil, err)
				return
			}
			if !errors.Is(err, statemachine.Unknown) {
				t.Errorf("not of kind Unknown: %v", err)
			}
			assert.ErrorContains(t, err, test.unknown...)
		})
	}
}

func TestSupportedErrors(t *testing.T) {
	for _, test := range []struct {
		why  string
		fail func(s *server)
		kind statemachine.Kind
	}{
		{"no such database", func(s *server) { s.Remove(clusterARN) }, statemachine.NotFound},
		{"may not read", func(s *server) { s.Fail(describeClusters, failure{Code: "AccessDenied"}) }, statemachine.AccessDenied},
		{"may not read the members", func(s *server) { s.Fail(describeInstances, failure{Code: "AccessDenied"}) }, statemachine.AccessDenied},
		{"may not ask", func(s *server) { s.Fail(describeOrderable, failure{Code: "AccessDenied"}) }, statemachine.AccessDenied},
		{"throttled", func(s *server) { s.Fail(describeOrderable, failure{Code: "Throttling", Times: -1}) }, statemachine.Throttled},
		{"hostile", func(s *server) { s.Fail(describeOrderable, failure{Body: "<html></html>", Times: -1}) }, statemachine.Unavailable},
		{"an empty response about the members", func(s *server) { s.Fail(describeInstances, failure{Status: 200, Times: -1}) }, statemachine.Unavailable},
		{"an empty response about the options", func(s *server) { s.Fail(describeOrderable, failure{Status: 200, Times: -1}) }, statemachine.Unavailable},
	} {
		assert.RunSynctest(t, test.why, func(t *testing.T) {
			s := activitystreamtest.NewServer()
			s.AddCluster(activitystreamtest.Cluster{Identifier: "das-cluster"})
			test.fail(s)
			modes, err := client(s).Supported(t.Context(), clusterARN)
			assert.Equal(t, "modes", 0, len(modes))
			assert.Equal(t, "kind", test.kind, statemachine.KindOf(err))
			assert.ErrorAs[*statemachine.Fault](t, err)
		})
	}
}

// TestEnsureStartedEachAsksOncePerClass checks that many ensures ask once for each engine, version
// and class, even while requests are slow.
func TestEnsureStartedEachAsksOncePerClass(t *testing.T) {
	assert.RunSynctest(t, "with latency", func(t *testing.T) {
		s := activitystreamtest.NewServer(func(o *activitystreamtest.Options) {
			o.Latency = func(activitystreamtest.Call) time.Duration { return time.Second }
		})
		var ins []*activitystream.StartInput
		for i := range 120 {
			ins = append(ins, start(s.AddCluster(activitystreamtest.Cluster{Engine: []string{"aurora-mysql", "aurora-postgresql"}[i%2], Members: 2})))
		}
		for i := range 20 {
			ins = append(ins, start(s.AddInstance(activitystreamtest.Instance{Engine: []string{"oracle-ee", "sqlserver-se"}[i%2]})))
		}
		for arn, r := range client(s).EnsureStartedEach(t.Context(), ins, time.Hour) {
			if r.Err != nil {
				t.Errorf("%s: %v", arn, r.Err)
			}
		}
		questions, members := 0, 0
		for _, c := range s.Calls() {
			switch {
			case c.Operation == describeOrderable:
				questions++
			case c.Operation == describeInstances && c.ResourceCount == 0: // by their cluster
				members++
			}
		}
		assert.Equal(t, "questions", 4, questions)
		assert.Equal(t, "reads of members", 3, members) // 200 of 100 clusters in two pages, 40 of 20 in one
	})
}

// member adds a cluster and returns the ARN of its second member.
func member() func(*server) string {
	return func(s *server) string {
		return s.AddMember(s.AddCluster(activitystreamtest.Cluster{Identifier: "orders", KmsKeyId: keyID}), activitystreamtest.Member{Identifier: "orders-2"})
	}
}

// TestMemberOfStartedCluster checks that a member whose record mirrors the started stream of its
// cluster is in no status of its own: a wait does not succeed, and neither does an Ensure call.
func TestMemberOfStartedCluster(t *testing.T) {
	t.Parallel()
	assert.RunSynctest(t, "started", func(t *testing.T) {
		s := activitystreamtest.NewServer(func(o *activitystreamtest.Options) { o.MembersMirrorCluster = true })
		arn := s.AddMember(s.AddCluster(activitystreamtest.Cluster{Identifier: "orders", KmsKeyId: keyID, Status: activitystream.StatusStarted}),
			activitystreamtest.Member{Identifier: "orders-2"})
		c := client(s)
		got, err := c.Get(t.Context(), arn)
		if err != nil || got.Status != activitystream.StatusStarted {
			t.Fatalf("the member is %v, %v", got, err)
		}
		for _, target := range []activitystream.Status{activitystream.StatusStarted, activitystream.StatusStopped} {
			_, err := c.Wait(t.Context(), arn, target, time.Hour)
			assert.ErrorIs(t, err, statemachine.Unreachable, statemachine.Unsupported)
		}
		_, err = c.EnsureStarted(t.Context(), start(arn), time.Hour)
		assert.ErrorIs(t, err, statemachine.Unsupported)
	})
}

// TestNoStreamOfItsOwn checks what every method says about a database that cannot have a stream of
// its own, single and among many, from its record alone.
func TestNoStreamOfItsOwn(t *testing.T) {
	const memberSays, replicaSays = "use arn:aws:rds:us-east-1:123456789012:cluster:orders", "use its source orders"
	for _, test := range []struct {
		why, says string
		add       func(*server) string
		canStop   bool // it is stopped, and no other database has its stream
	}{
		{why: "a member of a cluster", says: memberSays, add: member()},
		{why: "a read replica", says: replicaSays, add: instance(activitystreamtest.Instance{ReadReplicaSource: "orders"})},
		{why: "MySQL", says: "mysql does not support activity streams", add: instance(activitystreamtest.Instance{Engine: "mysql"}), canStop: true},
		{why: "Neptune", says: "neptune does not support activity streams", add: cluster(activitystreamtest.Cluster{Engine: "neptune"}), canStop: true},
		{
			why: "an Oracle container database", says: "oracle-ee-cdb does not support activity streams",
			add: instance(activitystreamtest.Instance{Engine: "oracle-ee-cdb"}), canStop: true,
		},
	} {
		for _, mirror := range []bool{false, true} {
			assert.RunSynctest(t, fmt.Sprintf("%s (members mirror their cluster %t)", test.why, mirror), func(t *testing.T) {
				s := activitystreamtest.NewServer(func(o *activitystreamtest.Options) { o.MembersMirrorCluster = mirror })
				arn := test.add(s)
				c := client(s, func(o *activitystream.Options) { o.AllowRestart = true })
				began := time.Now()
				check := func(method string, err error) {
					t.Helper()
					if !errors.Is(err, statemachine.Unsupported) {
						t.Errorf("%s: %v, want Unsupported", method, err)
						return
					}
					assert.ErrorContains(t, err, test.says)
					if strings.Contains(err.Error(), "class") || strings.Contains(err.Error(), "would lead") {
						t.Errorf("%s blames the class or suggests an operation: %v", method, err)
					}
				}
				modes, err := c.Supported(t.Context(), arn)
				assert.Equal(t, "modes", nil, modes)
				assert.Equal(t, "error of Supported", nil, err)
				_, err = c.EnsureStarted(t.Context(), start(arn), time.Hour)
				check("EnsureStarted", err)
				for _, r := range c.EnsureStartedEach(t.Context(), []*activitystream.StartInput{start(arn)}, time.Hour) {
					check("EnsureStartedEach", r.Err)
				}
				_, err = c.Wait(t.Context(), arn, activitystream.StatusStarted, time.Hour)
				check("Wait", err)
				for _, r := range c.WaitEach(t.Context(), []string{arn}, activitystream.StatusStarted, time.Hour) {
					check("WaitEach", r.Err)
				}
				_, stopErr := c.EnsureStopped(t.Context(), stop(arn), time.Hour)
				for _, r := range c.EnsureStoppedEach(t.Context(), []*activitystream.StopInput{stop(arn)}, time.Hour) {
					assert.Equal(t, "EnsureStoppedEach", assert.ErrorSummary(stopErr), assert.ErrorSummary(r.Err))
				}
				_, waitErr := c.Wait(t.Context(), arn, activitystream.StatusStopped, time.Hour)
				for _, r := range c.WaitEach(t.Context(), []string{arn}, activitystream.StatusStopped, time.Hour) {
					assert.Equal(t, "WaitEach for stopped", assert.ErrorSummary(waitErr), assert.ErrorSummary(r.Err))
				}
				if test.canStop {
					assert.Equal(t, "EnsureStopped", nil, stopErr)
					assert.Equal(t, "Wait for stopped", nil, waitErr)
				} else {
					check("EnsureStopped", stopErr)
					check("Wait for stopped", waitErr)
				}
				if !strings.Contains(arn, ":cluster:") {
					_, err = c.EnsurePolicy(t.Context(), &activitystream.ModifyInput{ResourceArn: arn}, time.Hour)
					check("EnsurePolicy", err)
				}
				assert.Equal(t, "time", 0, time.Since(began))
				assert.Equal(t, "commands", nil, commands(s, began))
				assert.Equal(t, "questions", nil, reads(s, describeOrderable, began))
				for s, err := range c.List(t.Context()) {
					if err != nil || s.ResourceArn == arn {
						t.Errorf("listed: %v, %v", s, err)
					}
				}
			})
		}
	}
}
