package activitystream_test

import (
	"fmt"
	"net/http"
	"net/url"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/rds"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/streamwarden/streamwarden-go/activitystream"
	"github.com/streamwarden/streamwarden-go/activitystream/activitystreamtest"
	"github.com/streamwarden/streamwarden-go/internal/assert"
	"github.com/streamwarden/streamwarden-go/statemachine"
)

// TestCommandsOnTheWire compares every member that goes out and comes back with what the protocol
// has for it.
func TestCommandsOnTheWire(t *testing.T) {
	const all = "<KmsKeyId>key-1</KmsKeyId><KinesisStreamName>aws-rds-das-db-1</KinesisStreamName><Status>starting</Status><Mode>sync</Mode>" +
		"<EngineNativeAuditFieldsIncluded>true</EngineNativeAuditFieldsIncluded><ApplyImmediately>true</ApplyImmediately><PolicyStatus>locking-policy</PolicyStatus>"
	ctx := background()
	for _, test := range []struct {
		why  string
		op   string
		call func(c *activitystream.Client) (any, error)
		form url.Values
		out  any
	}{
		{
			why: "a cluster, which does not take EngineNativeAuditFieldsIncluded", op: "StartActivityStream",
			call: func(c *activitystream.Client) (any, error) {
				return c.Start(ctx, &activitystream.StartInput{ResourceArn: clusterARN, Mode: activitystream.ModeSync, KmsKeyId: keyARN, ApplyImmediately: true})
			},
			form: url.Values{"ResourceArn": {clusterARN}, "Mode": {"sync"}, "KmsKeyId": {keyARN}, "ApplyImmediately": {"true"}},
			out: &activitystream.StartOutput{
				KmsKeyId: "key-1", KinesisStreamName: "aws-rds-das-db-1", Status: activitystream.StatusStarting, Mode: activitystream.ModeSync,
				EngineNativeAuditFieldsIncluded: true, ApplyImmediately: true,
			},
		},
		{
			why: "an instance, with all there is", op: "StartActivityStream",
			call: func(c *activitystream.Client) (any, error) {
				return c.Start(ctx, &activitystream.StartInput{
					ResourceArn: instanceARN, Mode: activitystream.ModeAsync, KmsKeyId: "alias/audit", EngineNativeAuditFieldsIncluded: true,
				})
			},
			form: url.Values{
				"ResourceArn": {instanceARN}, "Mode": {"async"}, "KmsKeyId": {"alias/audit"}, "ApplyImmediately": {"false"},
				"EngineNativeAuditFieldsIncluded": {"true"},
			},
			out: &activitystream.StartOutput{
				KmsKeyId: "key-1", KinesisStreamName: "aws-rds-das-db-1", Status: activitystream.StatusStarting, Mode: activitystream.ModeSync,
				EngineNativeAuditFieldsIncluded: true, ApplyImmediately: true,
			},
		},
		{
			why: "at once", op: "StopActivityStream",
			call: func(c *activitystream.Client) (any, error) { return c.Stop(ctx, stop(clusterARN)) },
			form: url.Values{"ResourceArn": {clusterARN}, "ApplyImmediately": {"true"}},
			out: &activitystream.StopOutput{
				KmsKeyId: "key-1", KinesisStreamName: "aws-rds-das-db-1", Status: activitystream.StatusStarting,
			},
		},
		{
			why: "in the maintenance window", op: "StopActivityStream",
			call: func(c *activitystream.Client) (any, error) {
				return c.Stop(ctx, &activitystream.StopInput{ResourceArn: instanceARN})
			},
			form: url.Values{"ResourceArn": {instanceARN}, "ApplyImmediately": {"false"}},
			out: &activitystream.StopOutput{
				KmsKeyId: "key-1", KinesisStreamName: "aws-rds-das-db-1", Status: activitystream.StatusStarting,
			},
		},
		{
			why: "unlock", op: "ModifyActivityStream",
			call: func(c *activitystream.Client) (any, error) {
				return c.Modify(ctx, &activitystream.ModifyInput{ResourceArn: instanceARN, AuditPolicyState: activitystream.AuditPolicyUnlocked})
			},
			form: url.Values{"ResourceArn": {instanceARN}, "AuditPolicyState": {"unlocked"}},
			out: &activitystream.ModifyOutput{
				KmsKeyId: "key-1", KinesisStreamName: "aws-rds-das-db-1", Status: activitystream.StatusStarting, Mode: activitystream.ModeSync,
				EngineNativeAuditFieldsIncluded: true, PolicyStatus: activitystream.PolicyLocking,
			},
		},
		{
			why: "the service's default", op: "ModifyActivityStream",
			call: func(c *activitystream.Client) (any, error) {
				return c.Modify(ctx, &activitystream.ModifyInput{ResourceArn: instanceARN})
			},
			form: url.Values{"ResourceArn": {instanceARN}},
			out: &activitystream.ModifyOutput{
				KmsKeyId: "key-1", KinesisStreamName: "aws-rds-das-db-1", Status: activitystream.StatusStarting, Mode: activitystream.ModeSync,
				EngineNativeAuditFieldsIncluded: true, PolicyStatus: activitystream.PolicyLocking,
			},
		},
	} {
		t.Run(test.op+": "+test.why, func(t *testing.T) {
			w := &wire{server: activitystreamtest.NewServer(), respond: func(url.Values) (*http.Response, error) {
				return page(http.StatusOK, "<"+test.op+"Response><"+test.op+"Result>"+all+"</"+test.op+"Result></"+test.op+"Response>"), nil
			}}
			out, err := test.call(activitystream.NewFromConfig(w.config()))
			if err != nil {
				t.Fatal(err)
			}
			assert.Equal(t, "output", test.out, out, cmpopts.IgnoreFields(activitystream.StartOutput{}, "ResultMetadata"),
				cmpopts.IgnoreFields(activitystream.StopOutput{}, "ResultMetadata"), cmpopts.IgnoreFields(activitystream.ModifyOutput{}, "ResultMetadata"))
			test.form.Set("Action", test.op)
			test.form.Set("Version", "2014-10-31")
			assert.Equal(t, "form", []url.Values{test.form}, w.forms)
		})
	}
}

// TestTypesMirrorEveryMemberOfSDK checks that our inputs and outputs have the SDK's members by the
// same name, and nothing else.
func TestTypesMirrorEveryMemberOfSDK(t *testing.T) {
	for _, pair := range [][2]any{
		{rds.StartActivityStreamInput{}, activitystream.StartInput{}},
		{rds.StopActivityStreamInput{}, activitystream.StopInput{}},
		{rds.ModifyActivityStreamInput{}, activitystream.ModifyInput{}},
		{rds.StartActivityStreamOutput{}, activitystream.StartOutput{}},
		{rds.StopActivityStreamOutput{}, activitystream.StopOutput{}},
		{rds.ModifyActivityStreamOutput{}, activitystream.ModifyOutput{}},
	} {
		assert.Equal(t, fmt.Sprintf("%T", pair[1]), members(pair[0]), members(pair[1]))
	}
}

func members(v any) []string {
	var names []string
	for _, f := range reflect.VisibleFields(reflect.TypeOf(v)) {
		if f.IsExported() {
			names = append(names, f.Name)
		}
	}
	return sorted(names)
}

func TestResultMetadata(t *testing.T) {
	s := activitystreamtest.NewServer()
	s.AddCluster(activitystreamtest.Cluster{Identifier: "das-cluster"})
	out := assert.Must(client(s).Start(background(), start(clusterARN)))(t)
	if out.ResultMetadata.Get(nil) != nil || reflect.ValueOf(out.ResultMetadata).IsZero() {
		t.Error("the SDK's metadata is lost")
	}
}

func TestLifecycle(t *testing.T) {
	for name, db := range databases() {
		assert.RunSynctest(t, name, func(t *testing.T) {
			s := activitystreamtest.NewServer()
			db.add(s, "")
			c, ctx := client(s), t.Context()

			started := assert.Must(c.Start(ctx, &activitystream.StartInput{ResourceArn: db.arn, Mode: activitystream.ModeAsync, KmsKeyId: keyARN, ApplyImmediately: true}))(t)
			assert.Equal(t, "started", &activitystream.StartOutput{
				KmsKeyId: keyARN, KinesisStreamName: started.KinesisStreamName, Status: activitystream.StatusStarting, Mode: activitystream.ModeAsync, ApplyImmediately: true,
			}, started, cmpopts.IgnoreFields(activitystream.StartOutput{}, "ResultMetadata"))
			if !strings.HasPrefix(started.KinesisStreamName, "aws-rds-das-") {
				t.Errorf("Kinesis stream %q", started.KinesisStreamName)
			}
			got := assert.Must(c.Get(ctx, db.arn))(t)
			assert.Equal(t, "key", keyID, got.KmsKeyId)
			assert.Must(c.Wait(ctx, db.arn, activitystream.StatusStarted, time.Hour))(t)
			stopped := assert.Must(c.Stop(ctx, stop(db.arn)))(t)
			assert.Equal(t, "stopped", activitystream.StatusStopping, stopped.Status)
			last := assert.Must(c.Wait(ctx, db.arn, activitystream.StatusStopped, time.Hour))(t)
			assert.Equal(t, "last", activitystream.StatusStopped, last.Status)
		})
	}
}

func TestGet(t *testing.T) {
	const clusterXML = "<DBClusterArn>" + clusterARN + "</DBClusterArn><DbClusterResourceId>cluster-1</DbClusterResourceId><Status>available</Status>" +
		"<Engine>aurora-postgresql</Engine><EngineVersion>16.4</EngineVersion><ActivityStreamStatus>started</ActivityStreamStatus>" +
		"<ActivityStreamMode>sync</ActivityStreamMode><ActivityStreamKmsKeyId>" + keyID + "</ActivityStreamKmsKeyId>" +
		"<ActivityStreamKinesisStreamName>aws-rds-das-cluster-1</ActivityStreamKinesisStreamName>"
	const instanceXML = "<DBInstanceArn>" + instanceARN + "</DBInstanceArn><DbiResourceId>db-1</DbiResourceId><DBInstanceStatus>configuring-activity-stream</DBInstanceStatus>" +
		"<DBInstanceClass>db.r5.large</DBInstanceClass><Engine>oracle-ee</Engine><EngineVersion>19</EngineVersion><ActivityStreamStatus>started</ActivityStreamStatus>" +
		"<ActivityStreamMode>async</ActivityStreamMode><ActivityStreamKmsKeyId>" + keyID + "</ActivityStreamKmsKeyId>" +
		"<ActivityStreamEngineNativeAuditFieldsIncluded>true</ActivityStreamEngineNativeAuditFieldsIncluded>" +
		"<ActivityStreamPolicyStatus>unlocking-policy</ActivityStreamPolicyStatus>" +
		"<ActivityStreamKinesisStreamName>aws-rds-das-db-1</ActivityStreamKinesisStreamName>"
	for _, test := range []struct {
		why  string
		arn  string
		op   string
		body string
		form url.Values
		want *stream
	}{
		{
			why: "a cluster", arn: clusterARN, op: "DescribeDBClusters",
			body: "<DBClusters><DBCluster>" + clusterXML + "</DBCluster></DBClusters>",
			form: url.Values{"DBClusterIdentifier": {clusterARN}},
			want: &stream{
				ResourceArn: clusterARN, Status: activitystream.StatusStarted, Mode: activitystream.ModeSync, KmsKeyId: keyID,
				KinesisStreamName: "aws-rds-das-cluster-1", Engine: "aurora-postgresql", EngineVersion: "16.4", ResourceId: "cluster-1", ResourceStatus: "available",
			},
		},
		{
			why: "an instance", arn: instanceARN, op: "DescribeDBInstances",
			body: "<DBInstances><DBInstance>" + instanceXML + "</DBInstance></DBInstances>",
			form: url.Values{"DBInstanceIdentifier": {instanceARN}},
			want: &stream{
				ResourceArn: instanceARN, Status: activitystream.StatusStarted, Mode: activitystream.ModeAsync, PolicyStatus: activitystream.PolicyUnlocking, KmsKeyId: keyID,
				KinesisStreamName: "aws-rds-das-db-1", EngineNativeAuditFieldsIncluded: true, Engine: "oracle-ee", EngineVersion: "19", ResourceId: "db-1",
				ResourceStatus: "configuring-activity-stream",
			},
		},
		{
			why: "a cluster that never had a stream, by an ARN in another case", arn: "arn:aws:rds:us-east-1:123456789012:cluster:DAS-Cluster", op: "DescribeDBClusters",
			body: "<DBClusters><DBCluster><DBClusterArn>" + clusterARN + "</DBClusterArn><ActivityStreamStatus>stopped</ActivityStreamStatus></DBCluster></DBClusters>",
			form: url.Values{"DBClusterIdentifier": {clusterARN}},
			want: &stream{ResourceArn: clusterARN, Status: activitystream.StatusStopped},
		},
	} {
		t.Run(test.why, func(t *testing.T) {
			w := &wire{server: activitystreamtest.NewServer(), respond: func(url.Values) (*http.Response, error) {
				return page(http.StatusOK, "<"+test.op+"Response><"+test.op+"Result>"+test.body+"</"+test.op+"Result></"+test.op+"Response>"), nil
			}}
			got, err := activitystream.NewFromConfig(w.config()).Get(background(), test.arn)
			if err != nil {
				t.Fatal(err)
			}
			assert.Equal(t, "stream", test.want, got, cmpopts.IgnoreUnexported(stream{}))
			test.form.Set("Action", test.op)
			test.form.Set("Version", "2014-10-31")
			assert.Equal(t, "form", []url.Values{test.form}, w.forms)
		})
	}
}

func TestGetOfOtherTypeIsNotFound(t *testing.T) {
	s := activitystreamtest.NewServer()
	s.AddCluster(activitystreamtest.Cluster{Identifier: "twin"})
	_, err := client(s).Get(background(), "arn:aws:rds:us-east-1:123456789012:db:twin")
	assert.Equal(t, "kind", statemachine.NotFound, statemachine.KindOf(err))
}

// region fills a Region with everything that RDS lists, and returns what can have a stream.
func region(s *server) []string {
	var want []string
	for i := range 130 {
		want = append(want, s.AddCluster(activitystreamtest.Cluster{Identifier: fmt.Sprintf("pg-%03d", i), Members: 1}))
	}
	want = append(want, s.AddCluster(activitystreamtest.Cluster{Identifier: "my", Engine: "aurora-mysql", Status: activitystream.StatusStarted}))
	s.AddCluster(activitystreamtest.Cluster{Identifier: "graph", Engine: "neptune"})
	s.AddCluster(activitystreamtest.Cluster{Identifier: "documents", Engine: "docdb"})
	s.AddCluster(activitystreamtest.Cluster{Identifier: "multi-az", Engine: "postgres"})
	for i := range 105 {
		want = append(want, s.AddInstance(activitystreamtest.Instance{Identifier: fmt.Sprintf("ora-%03d", i)}))
	}
	want = append(want, s.AddInstance(activitystreamtest.Instance{Identifier: "sql", Engine: "sqlserver-se"}))
	s.AddInstance(activitystreamtest.Instance{Identifier: "plain", Engine: "mysql"})
	want = append(want, s.AddInstance(activitystreamtest.Instance{Identifier: "new-in-town", Engine: "db2-se", Status: activitystream.StatusStarted}))
	return want
}

func TestList(t *testing.T) {
	for _, mirror := range []bool{false, true} {
		assert.RunSynctest(t, fmt.Sprintf("members mirror their cluster: %t", mirror), func(t *testing.T) {
			s := activitystreamtest.NewServer(func(o *activitystreamtest.Options) { o.MembersMirrorCluster = mirror })
			want := region(s)
			list := client(s).List(t.Context())
			{
				var got []string
				for s, err := range list {
					if err != nil {
						t.Fatal(err)
					}
					got = append(got, s.ResourceArn)
				}
				assert.Equal(t, "ARNs", sorted(want), sorted(got))
				seen := map[statemachine.Operation]int{}
				for _, c := range s.Calls() {
					seen[c.Operation]++
				}
				// 134 clusters, and 134 members and 108 instances.
				assert.Equal(t, "pages", map[statemachine.Operation]int{describeClusters: 2, describeInstances: 3}, seen)
				s.AddCluster(activitystreamtest.Cluster{Identifier: "one-more", Members: -1})
				want = append(want, "arn:aws:rds:us-east-1:123456789012:cluster:one-more")
			}
			n := 0
			for range list {
				n++
			}
			assert.Equal(t, "the second time", len(want), n)
		})
	}
}

func TestListStopsWhenCallerBreaks(t *testing.T) {
	s := activitystreamtest.NewServer()
	region(s)
	for range client(s).List(background()) {
		break
	}
	assert.Equal(t, "calls", 1, len(s.Calls()))
}

func TestListErrorIsYieldedOnce(t *testing.T) {
	for _, test := range []struct {
		why     string
		op      statemachine.Operation
		failure failure
		before  int // streams
		kind    statemachine.Kind
	}{
		{why: "denied at once", op: describeClusters, failure: failure{Code: "AccessDenied", Status: 403}, kind: statemachine.AccessDenied},
		{why: "denied after the clusters", op: describeInstances, failure: failure{Code: "AccessDenied", Status: 403}, before: 131, kind: statemachine.AccessDenied},
		{
			why: "a Marker that never moves on", op: describeInstances, before: 131, kind: statemachine.Unavailable,
			failure: failure{Times: -1, Body: "<DescribeDBInstancesResponse><DescribeDBInstancesResult><DBInstances/><Marker>m</Marker></DescribeDBInstancesResult></DescribeDBInstancesResponse>"},
		},
	} {
		assert.RunSynctest(t, test.why, func(t *testing.T) {
			s := activitystreamtest.NewServer()
			region(s)
			s.Fail(test.op, test.failure)
			var errs []error
			n := 0
			for st, err := range client(s).List(t.Context()) {
				if err != nil {
					errs = append(errs, err)
					if st != nil {
						t.Error("a stream along with the error")
					}
					continue
				}
				n++
			}
			assert.Equal(t, "errors", 1, len(errs))
			assert.Equal(t, "kind", test.kind, statemachine.KindOf(errs[0]))
			assert.Equal(t, "streams", test.before, n)
			assert.ErrorOneLine(t, errs[0])
			assert.ErrorContains(t, errs[0], string(test.op))
		})
	}
}

// TestListIsPaced checks that a list of many pages stays under the Pacer's rate.
func TestListIsPaced(t *testing.T) {
	assert.RunSynctest(t, "one a second", func(t *testing.T) {
		s := activitystreamtest.NewServer()
		region(s)
		began := time.Now()
		c := client(s, func(o *activitystream.Options) { o.Pacer = statemachine.NewPacer(1, 1) })
		for _, err := range c.List(t.Context()) {
			if err != nil {
				t.Fatal(err)
			}
		}
		assert.Equal(t, "clusters", every(0, time.Second, time.Second), reads(s, describeClusters, began))
		assert.Equal(t, "instances", every(2*time.Second, time.Second, 4*time.Second), reads(s, describeInstances, began))
	})
}

// TestOnlyPlainCallsUseSDKRetries checks that plain calls keep the SDK's retries and that waits
// retry on their own.
func TestOnlyPlainCallsUseSDKRetries(t *testing.T) {
	assert.RunSynctest(t, "a plain call keeps the caller's retryer", func(t *testing.T) {
		s := activitystreamtest.NewServer()
		s.AddCluster(activitystreamtest.Cluster{Identifier: "das-cluster"})
		s.Fail(describeClusters, failure{Code: "ServiceUnavailable", Status: 503, Times: 2})
		s.Fail(activitystream.StartActivityStream, failure{Code: "ServiceUnavailable", Status: 503, Times: 2})
		assert.Must(client(s).Get(t.Context(), clusterARN))(t)
		assert.Must(client(s).Start(t.Context(), start(clusterARN)))(t)
		assert.Equal(t, "attempts", 6, len(s.Calls()))

		s.Fail(describeClusters, failure{Code: "ServiceUnavailable", Status: 503, Times: 2})
		once := func(o *activitystream.Options) {
			o.ClientOptions = append(o.ClientOptions, func(o *rds.Options) { o.RetryMaxAttempts, o.Retryer = 1, aws.NopRetryer{} })
		}
		_, err := client(s).Get(t.Context(), clusterARN, once)
		assert.Equal(t, "kind", statemachine.Unavailable, statemachine.KindOf(err))
		assert.Equal(t, "attempts", 7, len(s.Calls()))
	})
	assert.RunSynctest(t, "a wait does not", func(t *testing.T) {
		s := activitystreamtest.NewServer()
		s.AddCluster(activitystreamtest.Cluster{Identifier: "das-cluster", Status: activitystream.StatusStarted})
		s.Fail(describeClusters, failure{Code: "ServiceUnavailable", Status: 503, Times: 2})
		began := time.Now()
		assert.Must(client(s).Wait(t.Context(), clusterARN, activitystream.StatusStarted, time.Hour))(t)
		assert.Equal(t, "reads", every(0, 10*time.Second, 20*time.Second), reads(s, describeClusters, began))
	})
	assert.RunSynctest(t, "nor when the caller insists", func(t *testing.T) {
		s := activitystreamtest.NewServer()
		s.AddCluster(activitystreamtest.Cluster{Identifier: "das-cluster"})
		s.Fail(activitystream.StartActivityStream, failure{Code: "ServiceUnavailable", Status: 503, Lost: true})
		began := time.Now()
		insist := func(o *activitystream.Options) {
			o.ClientOptions = append(o.ClientOptions, func(o *rds.Options) { o.RetryMaxAttempts = 10 })
		}
		assert.Must(client(s).EnsureStarted(t.Context(), start(clusterARN), time.Hour, insist))(t)
		assert.Equal(t, "commands", []string{"0s StartActivityStream ServiceUnavailable"}, commands(s, began))
	})
}

// TestOptionsOfCallDoNotChangeClient checks that a call's options change neither the client nor the
// caller's slices.
func TestOptionsOfCallDoNotChangeClient(t *testing.T) {
	s := activitystreamtest.NewServer()
	s.AddCluster(activitystreamtest.Cluster{Identifier: "das-cluster"})
	applied := 0
	shared := make([]func(*rds.Options), 1, 8)
	shared[0] = func(*rds.Options) { applied++ }
	c := client(s, func(o *activitystream.Options) { o.ClientOptions = shared })
	assert.Must(c.Get(background(), clusterARN, func(o *activitystream.Options) {
		o.ClientOptions = append(o.ClientOptions, func(*rds.Options) { applied += 100 })
	}))(t)
	n := applied
	if n < 101 {
		t.Errorf("the call's options were not applied: %d", n)
	}
	applied = 0
	assert.Must(c.Get(background(), clusterARN))(t)
	if applied == 0 || applied >= 100 {
		t.Errorf("the client's options changed: %d", applied)
	}
	if shared = shared[:2]; shared[1] != nil {
		t.Error("the caller's slice was written to")
	}
}
