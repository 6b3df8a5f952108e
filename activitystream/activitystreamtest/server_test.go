package activitystreamtest_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	awshttp "github.com/aws/aws-sdk-go-v2/aws/transport/http"
	"github.com/aws/aws-sdk-go-v2/service/rds"
	"github.com/aws/aws-sdk-go-v2/service/rds/types"
	"github.com/aws/smithy-go"

	"github.com/streamwarden/streamwarden-go/activitystream"
	"github.com/streamwarden/streamwarden-go/activitystream/activitystreamtest"
	"github.com/streamwarden/streamwarden-go/internal/assert"
	"github.com/streamwarden/streamwarden-go/statemachine"
)

const (
	key    = "arn:aws:kms:us-east-1:123456789012:key/12345678-1234-1234-1234-123456789012"
	bareID = "12345678-1234-1234-1234-123456789012"
)

// client returns the SDK's client without its retries, so that a test sees each response.
func client(s *activitystreamtest.Server) *rds.Client {
	return rds.NewFromConfig(s.Config(), func(o *rds.Options) { o.Retryer = aws.NopRetryer{} })
}

func start(t *testing.T, s *activitystreamtest.Server, arn string, change ...func(*rds.StartActivityStreamInput)) (*rds.StartActivityStreamOutput, error) {
	t.Helper()
	in := &rds.StartActivityStreamInput{ResourceArn: &arn, Mode: types.ActivityStreamModeAsync, KmsKeyId: new(key), ApplyImmediately: new(true)}
	for _, f := range change {
		f(in)
	}
	return client(s).StartActivityStream(t.Context(), in)
}

func stop(t *testing.T, s *activitystreamtest.Server, arn string) (*rds.StopActivityStreamOutput, error) {
	t.Helper()
	return client(s).StopActivityStream(t.Context(), &rds.StopActivityStreamInput{ResourceArn: &arn, ApplyImmediately: new(true)})
}

func modify(t *testing.T, s *activitystreamtest.Server, arn string, state types.AuditPolicyState) (*rds.ModifyActivityStreamOutput, error) {
	t.Helper()
	return client(s).ModifyActivityStream(t.Context(), &rds.ModifyActivityStreamInput{ResourceArn: &arn, AuditPolicyState: state})
}

func cluster(t *testing.T, s *activitystreamtest.Server, id string) types.DBCluster {
	t.Helper()
	out, err := client(s).DescribeDBClusters(t.Context(), &rds.DescribeDBClustersInput{DBClusterIdentifier: &id})
	if err != nil {
		t.Fatal(err)
	}
	if len(out.DBClusters) != 1 {
		t.Fatalf("%d clusters", len(out.DBClusters))
	}
	return out.DBClusters[0]
}

func instance(t *testing.T, s *activitystreamtest.Server, id string) types.DBInstance {
	t.Helper()
	out, err := client(s).DescribeDBInstances(t.Context(), &rds.DescribeDBInstancesInput{DBInstanceIdentifier: &id})
	if err != nil {
		t.Fatal(err)
	}
	if len(out.DBInstances) != 1 {
		t.Fatalf("%d instances", len(out.DBInstances))
	}
	return out.DBInstances[0]
}

// code returns the error code of a response, "" for a success.
func code(t *testing.T, err error) string {
	t.Helper()
	if err == nil {
		return ""
	}
	e, ok := errors.AsType[smithy.APIError](err)
	if !ok {
		t.Fatalf("no response: %v", err)
	}
	return e.ErrorCode()
}

func TestClusterStartAndStop(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := activitystreamtest.NewServer()
		arn := s.AddCluster(activitystreamtest.Cluster{Identifier: "DAS-Cluster", ResourceId: "cluster-ABC"})
		if arn != "arn:aws:rds:us-east-1:123456789012:cluster:das-cluster" {
			t.Fatalf("the ARN is %s", arn)
		}
		began := time.Now()

		got, err := start(t, s, arn)
		if err != nil {
			t.Fatal(err)
		}
		wantStart := &rds.StartActivityStreamOutput{
			ApplyImmediately: new(true), EngineNativeAuditFieldsIncluded: new(false), KinesisStreamName: new("aws-rds-das-cluster-ABC"),
			KmsKeyId: new(key), Mode: types.ActivityStreamModeAsync, Status: types.ActivityStreamStatusStarting,
			ResultMetadata: got.ResultMetadata,
		}
		assert.Equal(t, "start", wantStart, got, cmpResult)

		time.Sleep(2*time.Minute - time.Nanosecond)
		if got := cluster(t, s, "das-cluster").ActivityStreamStatus; got != activitystream.StatusStarting {
			t.Errorf("a nanosecond before the end the status is %s", got)
		}
		time.Sleep(time.Nanosecond)
		wantCluster := types.DBCluster{
			ActivityStreamKinesisStreamName: new("aws-rds-das-cluster-ABC"), ActivityStreamKmsKeyId: new(bareID),
			ActivityStreamMode: types.ActivityStreamModeAsync, ActivityStreamStatus: types.ActivityStreamStatusStarted,
			DBClusterArn: &arn, DBClusterIdentifier: new("das-cluster"), DbClusterResourceId: new("cluster-ABC"),
			DBClusterMembers: []types.DBClusterMember{{DBInstanceIdentifier: new("das-cluster-instance-1"), IsClusterWriter: new(true)}},
			Engine:           new("aurora-postgresql"), EngineVersion: new("16.4"), EngineMode: new("provisioned"), Status: new("available"),
		}
		assert.Equal(t, "started", wantCluster, cluster(t, s, arn), cmpResult)

		stopped, err := stop(t, s, arn)
		if err != nil {
			t.Fatal(err)
		}
		wantStop := &rds.StopActivityStreamOutput{
			KinesisStreamName: new("aws-rds-das-cluster-ABC"), KmsKeyId: new(bareID), Status: types.ActivityStreamStatusStopping,
			ResultMetadata: stopped.ResultMetadata,
		}
		assert.Equal(t, "stop", wantStop, stopped, cmpResult)
		time.Sleep(time.Minute)
		if got := cluster(t, s, arn); got.ActivityStreamStatus != activitystream.StatusStopped || got.ActivityStreamKmsKeyId != nil || got.ActivityStreamMode != "" {
			t.Errorf("a stopped stream shows %s, %v, %s", got.ActivityStreamStatus, got.ActivityStreamKmsKeyId, got.ActivityStreamMode)
		}

		wantHistory := []activitystreamtest.Sighting{
			{State: activitystream.StatusStopped, At: began},
			{State: activitystream.StatusStarting, At: began},
			{State: activitystream.StatusStarted, At: began.Add(2 * time.Minute)},
			{State: activitystream.StatusStopping, At: began.Add(2 * time.Minute)},
			{State: activitystream.StatusStopped, At: began.Add(3 * time.Minute)},
		}
		assert.Equal(t, "history", wantHistory, s.History(arn))
		for _, tt := range []struct {
			why   string
			since time.Duration
			want  []activitystreamtest.Sighting
		}{
			{"all changes of an instant are a part", 2 * time.Minute, wantHistory[2:]},
			{"what began before is left out", 2*time.Minute + 1, wantHistory[4:]},
			{"nothing has changed since", 3*time.Minute + 1, wantHistory[:0]},
		} {
			assert.Equal(t, tt.why, tt.want, s.HistorySince(arn, began.Add(tt.since)))
		}
	})
}

func TestInstanceStartAndModify(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := activitystreamtest.NewServer()
		arn := s.AddInstance(activitystreamtest.Instance{Identifier: "my-orcl-db", ResourceId: "db-ABC"})
		if _, err := start(t, s, arn, func(in *rds.StartActivityStreamInput) { in.EngineNativeAuditFieldsIncluded = new(true) }); err != nil {
			t.Fatal(err)
		}
		time.Sleep(2 * time.Minute)
		want := types.DBInstance{
			ActivityStreamEngineNativeAuditFieldsIncluded: new(true), ActivityStreamKinesisStreamName: new("aws-rds-das-db-ABC"),
			ActivityStreamKmsKeyId: new(bareID), ActivityStreamMode: types.ActivityStreamModeAsync,
			ActivityStreamPolicyStatus: types.ActivityStreamPolicyStatusLocked, ActivityStreamStatus: types.ActivityStreamStatusStarted,
			DBInstanceArn: &arn, DBInstanceIdentifier: new("my-orcl-db"), DbiResourceId: new("db-ABC"), DBInstanceClass: new("db.r5.large"),
			DBInstanceStatus: new("available"), Engine: new("oracle-ee"), EngineVersion: new("19.0.0.0.ru-2024-07.rur-2024-07.r1"),
		}
		assert.Equal(t, "started", want, instance(t, s, "MY-ORCL-DB"), cmpResult)
		got, err := modify(t, s, arn, types.AuditPolicyStateUnlockedPolicy)
		if err != nil {
			t.Fatal(err)
		}
		wantModify := &rds.ModifyActivityStreamOutput{
			EngineNativeAuditFieldsIncluded: new(true), KinesisStreamName: new("aws-rds-das-db-ABC"), KmsKeyId: new(bareID),
			Mode: types.ActivityStreamModeAsync, PolicyStatus: types.ActivityStreamPolicyStatusUnlockingPolicy, Status: types.ActivityStreamStatusStarted,
			ResultMetadata: got.ResultMetadata,
		}
		assert.Equal(t, "modify", wantModify, got, cmpResult)
		if got := instance(t, s, arn); aws.ToString(got.DBInstanceStatus) != "configuring-activity-stream" {
			t.Errorf("during the change the database is %s", aws.ToString(got.DBInstanceStatus))
		}
		if _, err := stop(t, s, arn); code(t, err) != "InvalidDBInstanceState" {
			t.Errorf("stop during the change: %v", err)
		}
		time.Sleep(30 * time.Second)
		if got := instance(t, s, arn); got.ActivityStreamPolicyStatus != activitystream.PolicyUnlocked || aws.ToString(got.DBInstanceStatus) != "available" {
			t.Errorf("afterwards the policy is %s and the database %s", got.ActivityStreamPolicyStatus, aws.ToString(got.DBInstanceStatus))
		}
		if _, err := stop(t, s, arn); err != nil {
			t.Fatal(err)
		}
		time.Sleep(time.Minute)
		if got := instance(t, s, arn); got.ActivityStreamPolicyStatus != activitystream.PolicyLocked {
			t.Errorf("the policy of a stopped stream is %s", got.ActivityStreamPolicyStatus)
		}
	})
}

func TestErrorResponses(t *testing.T) {
	const notHere = "arn:aws:rds:us-east-1:123456789012:"
	type in = rds.StartActivityStreamInput
	tests := []struct {
		name, why string
		do        func(t *testing.T, s *activitystreamtest.Server) error
		code      string
		message   string
		status    int
	}{
		{name: "stop a stopped cluster", why: "lower case", code: "InvalidParameterCombination", status: 400,
			message: "Activity Streams feature expected to be started, but is stopped",
			do: func(t *testing.T, s *activitystreamtest.Server) error {
				t.Helper()
				_, err := stop(t, s, s.AddCluster(activitystreamtest.Cluster{}))
				return err
			}},
		{name: "stop a stopped instance", why: "upper case", code: "InvalidParameterCombination", status: 400,
			message: "Activity Streams feature expected to be STARTED, but is STOPPED",
			do: func(t *testing.T, s *activitystreamtest.Server) error {
				t.Helper()
				_, err := stop(t, s, s.AddInstance(activitystreamtest.Instance{}))
				return err
			}},
		{name: "start a started cluster", why: "by symmetry", code: "InvalidParameterCombination", status: 400,
			message: "Activity Streams feature expected to be stopped, but is started",
			do: func(t *testing.T, s *activitystreamtest.Server) error {
				t.Helper()
				_, err := start(t, s, s.AddCluster(activitystreamtest.Cluster{Status: activitystream.StatusStarted}))
				return err
			}},
		{name: "stop a starting cluster", why: "not while it is starting", code: "InvalidDBClusterStateFault", status: 400,
			message: "The activity stream of cluster-1 is starting.",
			do: func(t *testing.T, s *activitystreamtest.Server) error {
				t.Helper()
				_, err := stop(t, s, s.AddCluster(activitystreamtest.Cluster{Status: activitystream.StatusStarting}))
				return err
			}},
		{name: "start a stopped database", why: "the database has to be available", code: "InvalidDBInstanceState", status: 400,
			message: "instance-1 is not in available state, but in stopped.",
			do: func(t *testing.T, s *activitystreamtest.Server) error {
				t.Helper()
				_, err := start(t, s, s.AddInstance(activitystreamtest.Instance{ResourceStatus: "stopped"}))
				return err
			}},
		{name: "unknown cluster", why: "not found", code: "DBClusterNotFoundFault", status: 404, message: "DBCluster x not found.",
			do: func(t *testing.T, s *activitystreamtest.Server) error {
				t.Helper()
				_, err := start(t, s, notHere+"cluster:x")
				return err
			}},
		{name: "unknown instance", why: "the code differs from the name of the SDK's type", code: "DBInstanceNotFound", status: 404, message: "DBInstance x not found.",
			do: func(t *testing.T, s *activitystreamtest.Server) error {
				t.Helper()
				_, err := stop(t, s, notHere+"db:x")
				return err
			}},
		{name: "removed", why: "a removed cluster is not found", code: "DBClusterNotFoundFault", status: 404, message: "DBCluster cluster-1 not found.",
			do: func(t *testing.T, s *activitystreamtest.Server) error {
				t.Helper()
				arn := s.AddCluster(activitystreamtest.Cluster{})
				s.Remove(arn)
				_, err := start(t, s, arn)
				return err
			}},
		{name: "no ARN", why: "neither cluster nor instance", code: "InvalidParameterValue", status: 400, message: "The provided ARN (das-cluster) is invalid",
			do: func(t *testing.T, s *activitystreamtest.Server) error {
				t.Helper()
				_, err := start(t, s, "das-cluster")
				return err
			}},
		{name: "unsupported class", why: "no burstable classes", code: "InvalidParameterCombination", status: 400,
			message: "You can't start a database activity stream in this configuration",
			do: func(t *testing.T, s *activitystreamtest.Server) error {
				t.Helper()
				_, err := start(t, s, s.AddCluster(activitystreamtest.Cluster{Class: "db.t3.medium"}))
				return err
			}},
		{name: "unsupported engine", why: "no MySQL", code: "InvalidParameterCombination", status: 400,
			message: "You can't start a database activity stream in this configuration",
			do: func(t *testing.T, s *activitystreamtest.Server) error {
				t.Helper()
				_, err := start(t, s, s.AddInstance(activitystreamtest.Instance{Engine: "mysql"}))
				return err
			}},
		{name: "member", why: "an Aurora cluster has the stream, not its instances", code: "InvalidParameterCombination", status: 400,
			message: "You can't start a database activity stream in this configuration",
			do: func(t *testing.T, s *activitystreamtest.Server) error {
				t.Helper()
				s.AddCluster(activitystreamtest.Cluster{Identifier: "c"})
				_, err := start(t, s, notHere+"db:c-instance-1")
				return err
			}},
		{name: "no members", why: "a cluster needs an instance", code: "InvalidParameterCombination", status: 400,
			message: "You can't start a database activity stream in this configuration",
			do: func(t *testing.T, s *activitystreamtest.Server) error {
				t.Helper()
				_, err := start(t, s, s.AddCluster(activitystreamtest.Cluster{Members: -1}))
				return err
			}},
		{name: "sync where it is async", why: "Aurora MySQL is async only", code: "InvalidParameterCombination", status: 400,
			message: "The mode sync is not supported for the engine aurora-mysql",
			do: func(t *testing.T, s *activitystreamtest.Server) error {
				t.Helper()
				_, err := start(t, s, s.AddCluster(activitystreamtest.Cluster{Engine: "aurora-mysql"}), func(i *in) { i.Mode = types.ActivityStreamModeSync })
				return err
			}},
		{name: "bad mode", why: "neither sync nor async", code: "InvalidParameterValue", status: 400, message: "Invalid value both for Mode. Must be sync or async",
			do: func(t *testing.T, s *activitystreamtest.Server) error {
				t.Helper()
				_, err := start(t, s, s.AddCluster(activitystreamtest.Cluster{}), func(i *in) { i.Mode = "both" })
				return err
			}},
		{name: "native fields of a cluster", why: "only Oracle and SQL Server have them", code: "InvalidParameterCombination", status: 400,
			message: "EngineNativeAuditFieldsIncluded is for Oracle and Microsoft SQL Server instances only",
			do: func(t *testing.T, s *activitystreamtest.Server) error {
				t.Helper()
				_, err := start(t, s, s.AddCluster(activitystreamtest.Cluster{}), func(i *in) { i.EngineNativeAuditFieldsIncluded = new(true) })
				return err
			}},
		{name: "managed key", why: "a customer's key is needed", code: "KMSKeyNotAccessibleFault", status: 400,
			message: "Specified KMS key [alias/aws/rds] does not exist, is not enabled or you do not have permissions to access it.",
			do: func(t *testing.T, s *activitystreamtest.Server) error {
				t.Helper()
				_, err := start(t, s, s.AddCluster(activitystreamtest.Cluster{}), func(i *in) { i.KmsKeyId = new("alias/aws/rds") })
				return err
			}},
		{name: "inaccessible key", why: "the ID is that of the ARN", code: "KMSKeyNotAccessibleFault", status: 400,
			message: "Specified KMS key [" + key + "] does not exist, is not enabled or you do not have permissions to access it.",
			do: func(t *testing.T, s *activitystreamtest.Server) error {
				t.Helper()
				s.SetKeyAccessible(bareID, false)
				_, err := start(t, s, s.AddInstance(activitystreamtest.Instance{}))
				return err
			}},
		{name: "modify nothing", why: "the SDK does not check it", code: "MissingParameter", status: 400, message: "The request must contain the parameter ResourceArn.",
			do: func(t *testing.T, s *activitystreamtest.Server) error {
				t.Helper()
				_, err := client(s).ModifyActivityStream(t.Context(), &rds.ModifyActivityStreamInput{})
				return err
			}},
		{name: "modify a cluster", why: "instances only", code: "InvalidParameterValue", status: 400,
			message: "The provided ARN (" + notHere + "cluster:cluster-1) is invalid for this parameter (ResourceArn). Expected type = db, actual type = cluster",
			do: func(t *testing.T, s *activitystreamtest.Server) error {
				t.Helper()
				_, err := modify(t, s, s.AddCluster(activitystreamtest.Cluster{Status: activitystream.StatusStarted}), "")
				return err
			}},
		{name: "modify a stopped stream", why: "a policy has a life only while the stream is started", code: "InvalidDBInstanceState", status: 400,
			message: "The activity stream of instance-1 is stopped and its audit policy locked.",
			do: func(t *testing.T, s *activitystreamtest.Server) error {
				t.Helper()
				_, err := modify(t, s, s.AddInstance(activitystreamtest.Instance{}), types.AuditPolicyStateUnlockedPolicy)
				return err
			}},
		{name: "lock a locked policy", why: "absent means locked", code: "InvalidDBInstanceState", status: 400,
			message: "The activity stream of instance-1 is started and its audit policy locked.",
			do: func(t *testing.T, s *activitystreamtest.Server) error {
				t.Helper()
				_, err := modify(t, s, s.AddInstance(activitystreamtest.Instance{Status: activitystream.StatusStarted}), "")
				return err
			}},
		{name: "bad policy", why: "neither locked nor unlocked", code: "InvalidParameterValue", status: 400, message: "Invalid value ajar for AuditPolicyState. Must be locked or unlocked",
			do: func(t *testing.T, s *activitystreamtest.Server) error {
				t.Helper()
				_, err := modify(t, s, s.AddInstance(activitystreamtest.Instance{Status: activitystream.StatusStarted}), "ajar")
				return err
			}},
		{name: "modify where there is no policy", why: "PostgreSQL has none", code: "InvalidParameterCombination", status: 400,
			message: "You can't start a database activity stream in this configuration",
			do: func(t *testing.T, s *activitystreamtest.Server) error {
				t.Helper()
				_, err := modify(t, s, s.AddInstance(activitystreamtest.Instance{Engine: "postgres"}), "")
				return err
			}},
		{name: "unsupported operation", why: "the error lists the supported ones", code: "InvalidAction", status: 400,
			message: `The simulator does not support the operation "DescribeDBSnapshots". It supports DescribeDBClusters, DescribeDBInstances, DescribeEvents, DescribeOrderableDBInstanceOptions, ModifyActivityStream, StartActivityStream, StopActivityStream.`,
			do: func(t *testing.T, s *activitystreamtest.Server) error {
				t.Helper()
				_, err := client(s).DescribeDBSnapshots(t.Context(), &rds.DescribeDBSnapshotsInput{})
				return err
			}},
		{name: "as the options say", why: "what AWS does is unconfirmed", code: "InvalidDBClusterStateFault", status: 409, message: "no",
			do: func(t *testing.T, _ *activitystreamtest.Server) error {
				t.Helper()
				s := activitystreamtest.NewServer(func(o *activitystreamtest.Options) {
					o.Refuse = func(op statemachine.Operation, _ string, status activitystream.Status) *activitystreamtest.Refusal {
						if op == activitystream.StartActivityStream && status == activitystream.StatusStarted {
							return &activitystreamtest.Refusal{Code: "InvalidDBClusterStateFault", Message: "no", Status: 409}
						}
						return nil
					}
				})
				_, err := start(t, s, s.AddCluster(activitystreamtest.Cluster{Status: activitystream.StatusStarted}))
				return err
			}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				err := tt.do(t, activitystreamtest.NewServer())
				api, ok := errors.AsType[smithy.APIError](err)
				if !ok {
					t.Fatalf("%s: %v", tt.why, err)
				}
				response, _ := errors.AsType[*awshttp.ResponseError](err)
				type outcome struct {
					Code, Message string
					Status        int
				}
				assert.Equal(t, tt.why, outcome{tt.code, tt.message, tt.status}, outcome{api.ErrorCode(), api.ErrorMessage(), response.HTTPStatusCode()})
				if response.ServiceRequestID() == "" {
					t.Error("no request ID")
				}
			})
		})
	}
}

func TestErrorResponsesHaveSDKTypes(t *testing.T) {
	s := activitystreamtest.NewServer()
	_, err := stop(t, s, "arn:aws:rds:us-east-1:123456789012:cluster:x")
	if _, ok := errors.AsType[*types.DBClusterNotFoundFault](err); !ok {
		t.Errorf("%v", err)
	}
	_, err = stop(t, s, "arn:aws:rds:us-east-1:123456789012:db:x")
	if _, ok := errors.AsType[*types.DBInstanceNotFoundFault](err); !ok {
		t.Errorf("%v", err)
	}
	_, err = stop(t, s, s.AddInstance(activitystreamtest.Instance{ResourceStatus: "deleting"}))
	if _, ok := errors.AsType[*types.InvalidDBInstanceStateFault](err); !ok {
		t.Errorf("%v", err)
	}
	_, err = stop(t, s, s.AddCluster(activitystreamtest.Cluster{ResourceStatus: "deleting"}))
	if _, ok := errors.AsType[*types.InvalidDBClusterStateFault](err); !ok {
		t.Errorf("%v", err)
	}
	_, err = start(t, s, s.AddCluster(activitystreamtest.Cluster{}), func(in *rds.StartActivityStreamInput) {
		in.KmsKeyId = new("arn:aws:kms:us-east-1:123456789012:alias/aws/rds")
	})
	if _, ok := errors.AsType[*types.KMSKeyNotAccessibleFault](err); !ok {
		t.Errorf("%v", err)
	}
}

func TestCommandWaitsForMaintenanceWindow(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := activitystreamtest.NewServer(func(o *activitystreamtest.Options) { o.MaintenanceWindow = 5 * time.Hour })
		arn := s.AddInstance(activitystreamtest.Instance{})
		began := time.Now()
		out, err := start(t, s, arn, func(in *rds.StartActivityStreamInput) { in.ApplyImmediately = nil })
		if err != nil || out.Status != activitystream.StatusStopped || aws.ToBool(out.ApplyImmediately) {
			t.Fatalf("got %+v, %v", out, err)
		}
		time.Sleep(6 * time.Hour)
		if _, err := modify(t, s, arn, types.AuditPolicyStateUnlockedPolicy); err != nil {
			t.Fatal(err)
		}
		if _, err := client(s).StopActivityStream(t.Context(), &rds.StopActivityStreamInput{ResourceArn: &arn}); code(t, err) != "InvalidDBInstanceState" {
			t.Errorf("stop during a policy change: %v", err)
		}
		time.Sleep(time.Hour)
		if _, err := client(s).StopActivityStream(t.Context(), &rds.StopActivityStreamInput{ResourceArn: &arn}); err != nil {
			t.Fatal(err)
		}
		if _, err := modify(t, s, arn, types.AuditPolicyStateLockedPolicy); err != nil { // it does not cancel the pending stop
			t.Fatal(err)
		}
		time.Sleep(24 * time.Hour)
		want := []activitystreamtest.Sighting{
			{State: activitystream.StatusStopped, At: began},
			{State: activitystream.StatusStarting, At: began.Add(5 * time.Hour)},
			{State: activitystream.StatusStarted, At: began.Add(5*time.Hour + 2*time.Minute)},
			{State: activitystream.StatusStopping, At: began.Add(12 * time.Hour)},
			{State: activitystream.StatusStopped, At: began.Add(12*time.Hour + time.Minute)},
		}
		assert.Equal(t, "result", want, s.History(arn))
	})
}

func TestChangesOfOtherActors(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := activitystreamtest.NewServer()
		arn := s.AddInstance(activitystreamtest.Instance{Identifier: "x"})
		shown := func() string {
			d := instance(t, s, "x")
			return fmt.Sprint(d.ActivityStreamStatus, " ", d.ActivityStreamPolicyStatus, " ", aws.ToString(d.DBInstanceStatus))
		}
		got := make([]string, 0, 8)
		s.Set(strings.ToUpper(arn), activitystream.StatusStarting)
		got = append(got, shown())
		s.SetResourceStatus(arn, "modifying")
		time.Sleep(2 * time.Minute)
		got = append(got, shown())
		s.SetResourceStatus(arn, "available")
		s.SetPolicy(arn, activitystream.PolicyUnlocking)
		got = append(got, shown())
		time.Sleep(30 * time.Second)
		got = append(got, shown())
		s.Set(arn, activitystream.StatusStopped)
		got = append(got, shown())
		s.Set(arn, "rebuilding")
		time.Sleep(time.Hour)
		got = append(got, shown(), string(s.Status(arn)), string(s.Status("x")))
		want := []string{
			"starting locked available", "started locked modifying", "started unlocking-policy configuring-activity-stream",
			"started unlocked available", "stopped locked available", "rebuilding locked available", "rebuilding", "",
		}
		assert.Equal(t, "result", want, got)
		if _, err := start(t, s, arn); code(t, err) != "InvalidDBInstanceState" {
			t.Errorf("an unknown status permits no command: %v", err)
		}
	})
}

func TestStaleReads(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := activitystreamtest.NewServer()
		arn := s.AddCluster(activitystreamtest.Cluster{})
		status := func() string { return string(cluster(t, s, arn).ActivityStreamStatus) }
		time.Sleep(time.Hour)
		s.Stale(arn, 40*time.Second)
		s.Set(arn, activitystream.StatusStarting)
		got := []string{status()}
		time.Sleep(40 * time.Second)
		got = append(got, status())
		time.Sleep(80 * time.Second)
		got = append(got, status(), string(s.Status(arn)))
		s.Stale("", 0)
		got = append(got, status())
		s.FreezeReads(arn, 2)
		s.Set(arn, activitystream.StatusStopped)
		got = append(got, status(), status(), status())
		want := []string{"stopped", "starting", "starting", "started", "started", "started", "started", "stopped"}
		assert.Equal(t, "result", want, got)
		s.Stale(arn, time.Minute)
		s.Remove(arn)
		if got := status(); got != "starting" {
			t.Errorf("a stale read of a removed cluster shows %s", got)
		}
		time.Sleep(time.Minute)
		out, err := client(s).DescribeDBClusters(t.Context(), &rds.DescribeDBClustersInput{DBClusterIdentifier: &arn})
		if code(t, err) != "DBClusterNotFoundFault" {
			t.Errorf("after that it shows %v, %v", out, err)
		}
	})
}

func TestStaleFunc(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var lazy string
		s := activitystreamtest.NewServer(func(o *activitystreamtest.Options) {
			o.StaleFunc = func(arn string) time.Duration {
				if arn == lazy {
					return time.Minute
				}
				return 0
			}
		})
		lazy = s.AddCluster(activitystreamtest.Cluster{})
		other := s.AddCluster(activitystreamtest.Cluster{})
		time.Sleep(time.Hour)
		s.Set(lazy, activitystream.StatusStarted)
		s.Set(other, activitystream.StatusStarted)
		got := []types.ActivityStreamStatus{cluster(t, s, lazy).ActivityStreamStatus, cluster(t, s, other).ActivityStreamStatus}
		assert.Equal(t, "result", []types.ActivityStreamStatus{"stopped", "started"}, got)
	})
}

func TestLapseRollsBack(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := activitystreamtest.NewServer(func(o *activitystreamtest.Options) {
			o.Transition = func(_, _, to string) time.Duration { return map[string]time.Duration{"started": 90 * time.Second}[to] }
		})
		arn := s.AddCluster(activitystreamtest.Cluster{})
		began := time.Now()
		s.Lapse(arn)
		if _, err := start(t, s, arn); err != nil {
			t.Fatal(err)
		}
		time.Sleep(time.Hour)
		want := []activitystreamtest.Sighting{
			{State: activitystream.StatusStopped, At: began},
			{State: activitystream.StatusStarting, At: began},
			{State: activitystream.StatusStopped, At: began.Add(90 * time.Second)},
		}
		assert.Equal(t, "result", want, s.History(arn))
	})
}

func TestFailuresThroughSDK(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := activitystreamtest.NewServer(func(o *activitystreamtest.Options) {
			o.Latency = func(c activitystreamtest.Call) time.Duration {
				return 300*time.Millisecond + time.Duration(c.Records)*2*time.Millisecond
			}
		})
		arn := s.AddCluster(activitystreamtest.Cluster{})
		api := rds.NewFromConfig(s.Config()) // with the SDK's retries
		in := &rds.StartActivityStreamInput{ResourceArn: &arn, Mode: types.ActivityStreamModeSync, KmsKeyId: new(key), ApplyImmediately: new(true)}

		s.Fail(activitystream.StartActivityStream, activitystreamtest.Failure{Drop: true})
		s.Fail(activitystream.StartActivityStream, activitystreamtest.Failure{Code: "ServiceUnavailable", Status: 503})
		if _, err := api.StartActivityStream(t.Context(), in); err != nil {
			t.Errorf("the SDK does not retry: %v", err)
		}
		s.Set(arn, activitystream.StatusStopped)
		s.Fail(activitystream.StartActivityStream, activitystreamtest.Failure{Lost: true})
		if _, err := api.StartActivityStream(t.Context(), in); code(t, err) != "InvalidDBClusterStateFault" {
			t.Errorf("the second start after a lost response: %v", err)
		}
		s.Fail("", activitystreamtest.Failure{Hang: true})
		ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
		defer cancel()
		if _, err := api.DescribeDBClusters(ctx, &rds.DescribeDBClustersInput{}); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("a call that hangs: %v", err)
		}
		for _, f := range []activitystreamtest.Failure{
			{Body: "<DescribeDBClustersResponse><DescribeDBClustersResult><DBClusters>", ContentType: "text/xml"},
			{Body: "<html><body>Bad Gateway</body></html>", ContentType: "text/html", Status: 502},
		} {
			s.Fail("DescribeDBClusters", f)
			if out, err := client(s).DescribeDBClusters(t.Context(), &rds.DescribeDBClustersInput{}); err == nil {
				t.Errorf("%s: %v", f.Body, out)
			}
		}
		began := time.Now()
		cluster(t, s, arn)
		if d := time.Since(began); d != 302*time.Millisecond {
			t.Errorf("one record takes %s", d)
		}
		type outcome struct {
			Operation statemachine.Operation
			Accepted  bool
			Status    int
			Code      string
		}
		calls := s.Calls()
		got := make([]outcome, 0, len(calls))
		for _, c := range calls {
			got = append(got, outcome{c.Operation, c.Accepted, c.Status, c.Code})
		}
		want := []outcome{
			{activitystream.StartActivityStream, false, 0, ""},
			{activitystream.StartActivityStream, false, 503, "ServiceUnavailable"},
			{activitystream.StartActivityStream, true, 200, ""},
			{activitystream.StartActivityStream, true, 0, ""},
			{activitystream.StartActivityStream, false, 400, "InvalidDBClusterStateFault"},
			{"DescribeDBClusters", false, 0, ""},
			{"DescribeDBClusters", false, 200, ""},
			{"DescribeDBClusters", false, 502, ""},
			{"DescribeDBClusters", true, 200, ""},
		}
		assert.Equal(t, "calls", want, got)
	})
}

func TestThrottle(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := activitystreamtest.NewServer()
		arn := s.AddCluster(activitystreamtest.Cluster{})
		s.Throttle(300, 12)
		throttled := 0
		for range 312 {
			_, err := client(s).DescribeDBClusters(t.Context(), &rds.DescribeDBClustersInput{DBClusterIdentifier: &arn})
			if code(t, err) == "Throttling" {
				throttled++
			}
		}
		time.Sleep(time.Second)
		for range 13 {
			if _, err := stop(t, s, arn); code(t, err) == "Throttling" {
				throttled++
			}
		}
		if throttled != 12+1 {
			t.Errorf("%d calls were throttled", throttled)
		}
	})
}

func TestInterceptCanUseServer(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var s *activitystreamtest.Server
		s = activitystreamtest.NewServer(func(o *activitystreamtest.Options) {
			o.Intercept = func(c activitystreamtest.Call) *activitystreamtest.Failure {
				if c.Operation == activitystream.StartActivityStream {
					s.Set(c.Resource, activitystream.StatusStarting) // another actor was faster
				}
				return nil
			}
		})
		if _, err := start(t, s, s.AddCluster(activitystreamtest.Cluster{})); code(t, err) != "InvalidDBClusterStateFault" {
			t.Errorf("got %v", err)
		}
	})
}

func TestReadsPerTransition(t *testing.T) {
	s := activitystreamtest.NewServer(func(o *activitystreamtest.Options) { o.ReadsPerTransition = 2 })
	arn := s.AddCluster(activitystreamtest.Cluster{})
	if _, err := start(t, s, arn); err != nil {
		t.Fatal(err)
	}
	got := make([]types.ActivityStreamStatus, 0, 3)
	for range 3 {
		got = append(got, cluster(t, s, arn).ActivityStreamStatus)
	}
	assert.Equal(t, "result", []types.ActivityStreamStatus{"starting", "starting", "started"}, got)
}

func TestConcurrent(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := activitystreamtest.NewServer(func(o *activitystreamtest.Options) {
			o.Latency = func(activitystreamtest.Call) time.Duration { return 300 * time.Millisecond }
		})
		var wg sync.WaitGroup
		for i := range 20 {
			wg.Go(func() {
				arn := s.AddInstance(activitystreamtest.Instance{Identifier: fmt.Sprintf("i-%d", i)})
				if _, err := start(t, s, arn); err != nil {
					t.Error(err)
				}
				s.Fail("DescribeDBInstances", activitystreamtest.Failure{Resource: arn, Code: "Busy"})
				if _, err := client(s).DescribeDBInstances(t.Context(), &rds.DescribeDBInstancesInput{DBInstanceIdentifier: &arn}); code(t, err) != "Busy" {
					t.Errorf("%s: %v", arn, err)
				}
				time.Sleep(2 * time.Minute)
				if got := instance(t, s, arn).ActivityStreamStatus; got != activitystream.StatusStarted {
					t.Errorf("%s is %s", arn, got)
				}
				s.Calls()
				s.History(arn)
			})
		}
		wg.Wait()
		if n := len(s.Calls()); n != 60 {
			t.Errorf("%d calls", n)
		}
	})
}
