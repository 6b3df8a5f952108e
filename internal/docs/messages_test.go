package docs

import (
	"context"
	"errors"
	"regexp"
	"testing"
	"testing/synctest"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/smithy-go"

	"github.com/streamwarden/streamwarden-go/activitystream"
	"github.com/streamwarden/streamwarden-go/activitystream/activitystreamtest"
	"github.com/streamwarden/streamwarden-go/eventstream"
	"github.com/streamwarden/streamwarden-go/eventstream/eventstreamtest"
	"github.com/streamwarden/streamwarden-go/ingestion"
	"github.com/streamwarden/streamwarden-go/ingestion/ingestiontest"
	"github.com/streamwarden/streamwarden-go/statemachine"
)

// scene is a simulated RDS with a client, the cluster "orders" and the input that starts its
// stream.
type scene struct {
	server *activitystreamtest.Server
	client *activitystream.Client
	arn    string
	start  *activitystream.StartInput
}

func newScene(c activitystreamtest.Cluster, optFns ...func(*activitystreamtest.Options)) scene {
	server := activitystreamtest.NewServer(optFns...)
	c.Identifier = "orders"
	arn := server.AddCluster(c)
	return scene{
		server: server,
		client: activitystream.NewFromConfig(server.Config(), func(o *activitystream.Options) { o.Wait.Jitter = exactly }),
		arn:    arn,
		start: &activitystream.StartInput{
			ResourceArn: arn, Mode: activitystream.ModeAsync, KmsKeyId: "alias/audit", ApplyImmediately: true,
		},
	}
}

// exactly returns d: a Jitter that keeps messages the same in each run.
func exactly(d time.Duration) time.Duration { return d }

// fails makes all further calls of an RDS operation fail.
func (s scene) fails(op statemachine.Operation, code, message string, status int) {
	s.server.Fail(op, activitystreamtest.Failure{Code: code, Message: message, Status: status, Times: -1})
}

func (s scene) wait(ctx context.Context, target activitystream.Status) error {
	_, err := s.client.Wait(ctx, s.arn, target, 30*time.Minute)
	return err
}

func (s scene) get(ctx context.Context) error {
	_, err := s.client.Get(ctx, s.arn)
	return err
}

func (s scene) ensureStarted(ctx context.Context) error {
	_, err := s.client.EnsureStarted(ctx, s.start, 30*time.Minute)
	return err
}

// messages has a function that produces an error of each Reason and each Kind, by the name of its
// constant.
var messages = map[string]struct {
	is      error // errors.Is finds it in the produced error
	produce func(ctx context.Context) error
}{
	"TimedOut": {statemachine.TimedOut, func(ctx context.Context) error {
		s := newScene(activitystreamtest.Cluster{Status: activitystream.StatusStarting}, func(o *activitystreamtest.Options) { o.Starting = time.Hour })
		return s.wait(ctx, activitystream.StatusStarted)
	}},
	"Canceled": {statemachine.Canceled, func(ctx context.Context) error {
		s := newScene(activitystreamtest.Cluster{Status: activitystream.StatusStarting})
		ctx, cancel := context.WithTimeout(ctx, 58*time.Second) // between two reads
		defer cancel()
		return s.wait(ctx, activitystream.StatusStarted)
	}},
	"Unreachable": {statemachine.Unreachable, func(ctx context.Context) error {
		return newScene(activitystreamtest.Cluster{}).wait(ctx, activitystream.StatusStarted)
	}},
	"Lapsed": {statemachine.Lapsed, func(ctx context.Context) error {
		s := newScene(activitystreamtest.Cluster{})
		s.server.Lapse(s.arn)
		return s.ensureStarted(ctx)
	}},
	"Gone": {statemachine.Gone, func(ctx context.Context) error {
		s := newScene(activitystreamtest.Cluster{Status: activitystream.StatusStarting})
		time.AfterFunc(58*time.Second, func() { s.server.Remove(s.arn) })
		return s.wait(ctx, activitystream.StatusStarted)
	}},
	"Replaced": {statemachine.Replaced, func(ctx context.Context) error {
		s := newScene(activitystreamtest.Cluster{Status: activitystream.StatusStarting, ResourceId: "cluster-BLUE"})
		time.AfterFunc(58*time.Second, func() {
			s.server.AddCluster(activitystreamtest.Cluster{Identifier: "orders", ResourceId: "cluster-GREEN"})
		})
		return s.wait(ctx, activitystream.StatusStarted)
	}},
	"ReadFailed": {statemachine.ReadFailed, func(ctx context.Context) error {
		s := newScene(activitystreamtest.Cluster{})
		s.fails("DescribeDBClusters", "ExpiredToken", "The security token included in the request is expired", 403)
		return s.wait(ctx, activitystream.StatusStarted)
	}},

	"InvalidInput": {statemachine.InvalidInput, func(ctx context.Context) error {
		s := newScene(activitystreamtest.Cluster{})
		s.start = &activitystream.StartInput{ResourceArn: "arn:aws:rds:eu-west-1:123456789012:cluster:orders", KmsKeyId: "alias/aws/rds"}
		return s.ensureStarted(ctx)
	}},
	"NotFound": {statemachine.NotFound, func(ctx context.Context) error {
		s := newScene(activitystreamtest.Cluster{})
		s.server.Remove(s.arn)
		return s.get(ctx)
	}},
	"InvalidState": {statemachine.InvalidState, func(ctx context.Context) error {
		return newScene(activitystreamtest.Cluster{ResourceStatus: "stopped"}).ensureStarted(ctx)
	}},
	"AlreadyInState": {statemachine.AlreadyInState, func(ctx context.Context) error {
		s := newScene(activitystreamtest.Cluster{})
		_, err := s.client.Stop(ctx, &activitystream.StopInput{ResourceArn: s.arn, ApplyImmediately: true})
		return err
	}},
	"Conflict": {statemachine.Conflict, func(ctx context.Context) error {
		server := ingestiontest.NewServer()
		arn := server.AddEventDataStore(ingestiontest.EventDataStore{})
		server.Fail(ingestion.StopEventDataStoreIngestion, ingestiontest.Failure{Code: "ConflictException", Message: "Another operation is modifying the resource."})
		_, err := ingestion.NewFromConfig(server.Config()).Stop(ctx, &ingestion.StopInput{EventDataStore: arn})
		return err
	}},
	"AccessDenied": {statemachine.AccessDenied, func(ctx context.Context) error {
		s := newScene(activitystreamtest.Cluster{})
		s.fails(activitystream.StartActivityStream, "AccessDenied", "User: arn:aws:sts::123456789012:assumed-role/auditor/nightly is not authorized to perform: "+
			"rds:StartActivityStream on resource: "+s.arn+" because no identity-based policy allows the rds:StartActivityStream action", 403)
		return s.ensureStarted(ctx)
	}},
	"KeyNotAccessible": {statemachine.KeyNotAccessible, func(ctx context.Context) error {
		s := newScene(activitystreamtest.Cluster{})
		s.fails(activitystream.StartActivityStream, "KMSKeyNotAccessibleFault",
			"Specified KMS key [alias/audit] does not exist, is not enabled or you do not have permissions to access it.", 400)
		return s.ensureStarted(ctx)
	}},
	"Unsupported": {statemachine.Unsupported, func(ctx context.Context) error {
		s := newScene(activitystreamtest.Cluster{Engine: "aurora-mysql"})
		s.start.Mode = activitystream.ModeSync
		return s.ensureStarted(ctx)
	}},
	"MissingDependency": {statemachine.MissingDependency, func(ctx context.Context) error {
		server := eventstreamtest.NewServer()
		server.AddEventStream(eventstreamtest.EventStream{
			DomainName: "customers", EventStreamName: "profile-events", DestinationStatus: eventstream.DestinationUnhealthy,
			DestinationMessage: "The Kinesis Data Stream does not exist. Please recreate the event stream with valid Kinesis Data Stream destination",
		})
		client := eventstream.NewFromConfig(server.Config(), func(o *eventstream.Options) { o.Wait.Jitter = exactly })
		_, err := client.WaitHealthy(ctx, eventstream.Ref{DomainName: "customers", EventStreamName: "profile-events"}, 10*time.Minute)
		return err
	}},
	"Throttled": {statemachine.Throttled, func(ctx context.Context) error {
		s := newScene(activitystreamtest.Cluster{})
		s.fails("DescribeDBClusters", "Throttling", "Rate exceeded", 400)
		return s.get(ctx)
	}},
	"Unavailable": {statemachine.Unavailable, func(ctx context.Context) error {
		s := newScene(activitystreamtest.Cluster{})
		s.fails("DescribeDBClusters", "ServiceUnavailable", "The request has failed due to a temporary failure of the server", 503)
		return s.wait(ctx, activitystream.StatusStarted)
	}},
	"Unauthenticated": {statemachine.Unauthenticated, func(ctx context.Context) error {
		s := newScene(activitystreamtest.Cluster{})
		s.fails("DescribeDBClusters", "ExpiredToken", "The security token included in the request is expired", 403)
		return s.get(ctx)
	}},
	"Drifted": {statemachine.Drifted, func(ctx context.Context) error {
		s := newScene(activitystreamtest.Cluster{Status: activitystream.StatusStarted, Mode: activitystream.ModeSync})
		return s.ensureStarted(ctx)
	}},
	"Interrupted": {statemachine.Interrupted, func(ctx context.Context) error {
		s := newScene(activitystreamtest.Cluster{})
		s.server.Fail(activitystream.StartActivityStream, activitystreamtest.Failure{Hang: true})
		ctx, cancel := context.WithTimeout(ctx, 58*time.Second) // between two reads
		defer cancel()
		_, err := s.client.Start(ctx, s.start)
		return err
	}},
	"Unknown": {statemachine.Unknown, func(ctx context.Context) error {
		s := newScene(activitystreamtest.Cluster{})
		s.fails("DescribeDBClusters", "SomethingNew", "A code that RDS did not have when this was written", 400)
		return s.get(ctx)
	}},

	// Other messages that the guides show.
	"a session that ended": {statemachine.Unauthenticated, func(ctx context.Context) error {
		cfg := activitystreamtest.NewServer().Config()
		cfg.Credentials = aws.CredentialsProviderFunc(func(context.Context) (aws.Credentials, error) {
			return aws.Credentials{}, &smithy.OperationError{ServiceID: "SSO", OperationName: "GetRoleCredentials", Err: &smithy.GenericAPIError{
				Code: "UnauthorizedException", Message: "Session token not found or invalid",
			}}
		})
		_, err := activitystream.NewFromConfig(cfg).Get(ctx, "arn:aws:rds:us-east-1:123456789012:cluster:orders")
		return err
	}},
	"a proxy's page": {statemachine.AccessDenied, func(ctx context.Context) error {
		s := newScene(activitystreamtest.Cluster{})
		s.server.Fail("DescribeDBClusters", activitystreamtest.Failure{
			Status: 403, ContentType: "text/html", Body: "<html><head><title>Blocked by policy</title></head></html>",
		})
		return s.get(ctx)
	}},
	"an emulator": {statemachine.Unsupported, func(ctx context.Context) error {
		s := newScene(activitystreamtest.Cluster{})
		s.fails("DescribeDBClusters", "InternalFailure", "The API action 'DescribeDBClusters' for service 'rds' is not implemented", 501)
		return s.wait(ctx, activitystream.StatusStarted)
	}},
	"an untrusted certificate": {statemachine.Unknown, func(ctx context.Context) error {
		s := newScene(activitystreamtest.Cluster{})
		s.server.Fail("DescribeDBClusters", activitystreamtest.Failure{Unsent: "untrusted certificate"})
		return s.wait(ctx, activitystream.StatusStarted)
	}},
	"the maintenance window is tomorrow": {statemachine.TimedOut, func(ctx context.Context) error {
		s := newScene(activitystreamtest.Cluster{})
		s.start.ApplyImmediately = false
		return s.ensureStarted(ctx)
	}},
	"a dry run that is refused": {statemachine.Unsupported, func(ctx context.Context) error {
		server := ingestiontest.NewServer()
		arn := server.AddEventDataStore(ingestiontest.EventDataStore{Categories: []string{"ActivityAuditLog"}, Status: ingestion.StatusStoppedIngestion})
		client := ingestion.NewFromConfig(server.Config(), func(o *ingestion.Options) { o.DryRun = true })
		_, err := client.EnsureStarted(ctx, &ingestion.StartInput{EventDataStore: arn}, time.Hour)
		return err
	}},
	"a domain that is not there": {statemachine.NotFound, func(ctx context.Context) error {
		client := eventstream.NewFromConfig(eventstreamtest.NewServer().Config())
		_, err := client.Get(ctx, eventstream.Ref{DomainName: "customers", EventStreamName: "profile-events"})
		return err
	}},
	"a store that is pending deletion": {statemachine.Unreachable, func(ctx context.Context) error {
		server := ingestiontest.NewServer()
		arn := server.AddEventDataStore(ingestiontest.EventDataStore{Status: ingestion.StatusPendingDeletion})
		client := ingestion.NewFromConfig(server.Config(), func(o *ingestion.Options) { o.Wait.Jitter = exactly })
		_, err := client.EnsureStarted(ctx, &ingestion.StartInput{EventDataStore: arn}, time.Hour)
		return err
	}},
}

// requestID matches a request ID. The simulator counts requests, so an ID would change with the
// number of requests.
var requestID = regexp.MustCompile(`request [0-9a-f-]{36}`)

// produced returns the texts of the errors in messages, by name.
func produced(t *testing.T) map[string]string {
	t.Helper()
	texts := map[string]string{}
	for name, m := range messages {
		synctest.Test(t, func(t *testing.T) {
			err := m.produce(t.Context())
			if !errors.Is(err, m.is) {
				t.Errorf("%s: errors.Is(err, %q) is false; err: %v", name, m.is, err)
				return
			}
			texts[name] = requestID.ReplaceAllString(err.Error(), "request ID") + "\n"
		})
	}
	return texts
}
