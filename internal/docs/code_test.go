package docs

import (
	"context"
	"errors"
	"fmt"
	"log" //nolint:depguard // the code of a document uses it
	"log/slog"
	"os"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/rds"
	"github.com/aws/aws-sdk-go-v2/service/rds/types"

	"github.com/streamwarden/streamwarden-go/activitystream"
	"github.com/streamwarden/streamwarden-go/activitystream/activitystreamtest"
	"github.com/streamwarden/streamwarden-go/eventstream"
	"github.com/streamwarden/streamwarden-go/eventstream/eventstreamtest"
	"github.com/streamwarden/streamwarden-go/ingestion"
	"github.com/streamwarden/streamwarden-go/ingestion/ingestiontest"
	"github.com/streamwarden/streamwarden-go/statemachine"
)

// Each function that a guide shows is above its test.

// pollByHand polls until the stream is started, as programs do without a waiter.
func pollByHand(ctx context.Context, client *rds.Client, id string) error {
	for {
		out, err := client.DescribeDBClusters(ctx, &rds.DescribeDBClustersInput{DBClusterIdentifier: &id})
		if err != nil {
			return err // one throttled response too many ends the wait
		}
		if out.DBClusters[0].ActivityStreamStatus == types.ActivityStreamStatusStarted {
			return nil
		}
		select { // a start that RDS rolled back stays "stopped": this never ends
		case <-time.After(30 * time.Second):
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

// waitStarted does the same with this library.
func waitStarted(ctx context.Context, client *rds.Client, arn string) error {
	_, err := activitystream.New(client).Wait(ctx, arn, activitystream.StatusStarted, 30*time.Minute)
	return err
}

func TestPollByHand(t *testing.T) {
	for name, tt := range map[string]struct {
		lapse     bool
		byHand    error
		waited    error
		forHand   time.Duration
		forWaited time.Duration
	}{
		"started":     {forHand: 2 * time.Minute, forWaited: 2 * time.Minute},
		"rolled back": {lapse: true, byHand: context.DeadlineExceeded, waited: statemachine.Lapsed, forHand: 24 * time.Hour, forWaited: 3 * time.Minute},
	} {
		t.Run(name, func(t *testing.T) {
			run := func(t *testing.T, wait func(ctx context.Context, client *rds.Client, arn string) error) (time.Duration, error) {
				t.Helper()
				server := activitystreamtest.NewServer()
				arn, client := server.AddCluster(activitystreamtest.Cluster{}), rds.NewFromConfig(server.Config())
				if tt.lapse {
					server.Lapse(arn)
				}
				if _, err := client.StartActivityStream(t.Context(), &rds.StartActivityStreamInput{
					ResourceArn: &arn, Mode: types.ActivityStreamModeAsync, KmsKeyId: new("alias/audit"), ApplyImmediately: new(true),
				}); err != nil {
					t.Fatal(err)
				}
				begin := time.Now()
				ctx, cancel := context.WithTimeout(t.Context(), 24*time.Hour)
				defer cancel()
				err := wait(ctx, client, arn)
				return time.Since(begin).Round(time.Minute), err
			}
			synctest.Test(t, func(t *testing.T) {
				if after, err := run(t, pollByHand); !errors.Is(err, tt.byHand) || after != tt.forHand {
					t.Errorf("by hand: %v after %s, want %v after %s", err, after, tt.byHand, tt.forHand)
				}
			})
			synctest.Test(t, func(t *testing.T) {
				if after, err := run(t, waitStarted); !errors.Is(err, tt.waited) || after != tt.forWaited {
					t.Errorf("waited: %v after %s, want %v after %s", err, after, tt.waited, tt.forWaited)
				}
			})
		})
	}
}

// sdkWaiter waits with the SDK's generated waiter for a cluster that never becomes available, and
// returns how long that took.
func sdkWaiter(ctx context.Context) (time.Duration, error) {
	server := activitystreamtest.NewServer(func(o *activitystreamtest.Options) {
		o.Latency = func(activitystreamtest.Call) time.Duration { return 50 * time.Millisecond }
	})
	arn := server.AddCluster(activitystreamtest.Cluster{ResourceStatus: "creating"})
	begin := time.Now()
	err := rds.NewDBClusterAvailableWaiter(rds.NewFromConfig(server.Config())).
		Wait(ctx, &rds.DescribeDBClustersInput{DBClusterIdentifier: &arn}, time.Minute)
	return time.Since(begin), err
}

// TestSDKWaiter checks what the guide says about the SDK's own waiter.
func TestSDKWaiter(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		after, err := sdkWaiter(t.Context())
		if err == nil || errors.Is(err, context.DeadlineExceeded) || after > 31*time.Second {
			t.Errorf("the SDK's waiter does better than docs/from-an-sdk-waiter.md says: %v after %s of a minute", err, after)
		}
	})
}

// startAll starts the streams of many clusters and returns the errors of those that failed.
func startAll(ctx context.Context, client *activitystream.Client, arns []string, key string) error {
	var ins []*activitystream.StartInput
	for _, arn := range arns {
		ins = append(ins, &activitystream.StartInput{ResourceArn: arn, Mode: activitystream.ModeAsync, KmsKeyId: key, ApplyImmediately: true})
	}
	var failed []error
	for arn, result := range client.EnsureStartedEach(ctx, ins, time.Hour) {
		if result.Err != nil {
			failed = append(failed, result.Err) // names the cluster
			continue
		}
		slog.Info("started", "arn", arn, "stream", result.Value.Stream.KinesisStreamName, "operations", result.Value.Operations)
	}
	return errors.Join(failed...)
}

func TestStartAll(t *testing.T) {
	before := slog.Default()
	slog.SetDefault(slog.New(slog.DiscardHandler))
	defer slog.SetDefault(before)
	synctest.Test(t, func(t *testing.T) {
		server := activitystreamtest.NewServer()
		arns := []string{
			server.AddCluster(activitystreamtest.Cluster{}),
			server.AddCluster(activitystreamtest.Cluster{Engine: "neptune"}),
		}
		err := startAll(t.Context(), activitystream.NewFromConfig(server.Config()), arns, "alias/audit")
		if !errors.Is(err, statemachine.Unsupported) || strings.Count(err.Error(), "\n") != 0 {
			t.Errorf("want one failure, got %v", err)
		}
		if s := server.Status(arns[0]); s != activitystream.StatusStarted {
			t.Errorf("the first is %s", s)
		}
	})
}

// startWithProgress starts many streams and shows, after each result, how the others are.
func startWithProgress(ctx context.Context, client *activitystream.Client, ins []*activitystream.StartInput) {
	states := map[string]string{} // by ARN
	show := func(o *activitystream.Options) {
		o.Wait.OnProgress = func(p statemachine.Progress) {
			states[p.Resource] = p.State // in this goroutine
			if p.Type == statemachine.ProgressAccepted {
				log.Print(p)
			}
		}
	}
	for arn, result := range client.EnsureStartedEach(ctx, ins, time.Hour, show) {
		log.Print(arn, result.Err, states)
	}
}

func TestStartWithProgress(t *testing.T) {
	var out strings.Builder
	log.SetOutput(&out)
	defer log.SetOutput(os.Stderr)
	synctest.Test(t, func(t *testing.T) {
		server := activitystreamtest.NewServer()
		var ins []*activitystream.StartInput
		for range 20 {
			ins = append(ins, &activitystream.StartInput{
				ResourceArn: server.AddCluster(activitystreamtest.Cluster{}), Mode: activitystream.ModeAsync, KmsKeyId: "alias/audit", ApplyImmediately: true,
			})
		}
		startWithProgress(t.Context(), activitystream.NewFromConfig(server.Config()), ins)
	})
	if accepted, results := strings.Count(out.String(), "StartActivityStream accepted"), strings.Count(out.String(), "<nil>"); accepted != 20 || results != 20 {
		t.Errorf("%d starts are accepted and %d results are without an error:\n%s", accepted, results, &out)
	}
}

// ensureIngestion starts ingestion if it is stopped, and reports that it was.
func ensureIngestion(ctx context.Context, client *ingestion.Client, arn string) error {
	out, err := client.EnsureStarted(ctx, &ingestion.StartInput{EventDataStore: arn}, 15*time.Minute)
	if err != nil {
		return err
	}
	if len(out.Operations) > 0 {
		return fmt.Errorf("%s was stopped and has been started again: find out who stopped it", arn)
	}
	return nil
}

func TestEnsureIngestion(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		server := ingestiontest.NewServer()
		arn := server.AddEventDataStore(ingestiontest.EventDataStore{Status: ingestion.StatusStoppedIngestion})
		client := ingestion.NewFromConfig(server.Config())
		if err := ensureIngestion(t.Context(), client, arn); err == nil || server.Status(arn) != ingestion.StatusEnabled {
			t.Errorf("%v, %s", err, server.Status(arn))
		}
		if err := ensureIngestion(t.Context(), client, arn); err != nil {
			t.Error(err)
		}
	})
}

// shareQuota returns two clients for the account and Region of cfg that share one quota.
func shareQuota(cfg aws.Config) (audit, nightly *activitystream.Client) {
	pacer := statemachine.NewPacer(4, 20) // 4 calls per second, bursts of 20
	share := func(o *activitystream.Options) { o.Pacer = pacer }
	return activitystream.NewFromConfig(cfg, share), activitystream.NewFromConfig(cfg, share)
}

func TestShareQuota(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		server := activitystreamtest.NewServer()
		var arns []string
		for range 40 {
			arns = append(arns, server.AddCluster(activitystreamtest.Cluster{Status: activitystream.StatusStarted}))
		}
		server.Throttle(20, 4)
		audit, nightly := shareQuota(server.Config())
		begin := time.Now()
		for i, arn := range arns {
			client := []*activitystream.Client{audit, nightly}[i%2]
			if _, err := client.Wait(t.Context(), arn, activitystream.StatusStarted, time.Minute); err != nil {
				t.Error(err)
			}
		}
		if got := time.Since(begin); got != 5*time.Second {
			t.Errorf("40 reads took %s", got)
		}
		if slices.ContainsFunc(server.Calls(), func(c activitystreamtest.Call) bool { return c.Code != "" }) {
			t.Error("a call was throttled")
		}
	})
}

// waitForWindow waits for a command that was sent without ApplyImmediately. Such a command shows no
// effect until the maintenance window.
func waitForWindow(ctx context.Context, client *activitystream.Client, arn string) error {
	const week = 7 * 24 * time.Hour
	_, err := client.Wait(ctx, arn, activitystream.StatusStarted, week, func(o *activitystream.Options) { o.Wait.Grace = week })
	return err
}

func TestWaitForWindow(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newScene(activitystreamtest.Cluster{})
		s.start.ApplyImmediately = false
		if _, err := s.client.Start(t.Context(), s.start); err != nil {
			t.Fatal(err)
		}
		if err := waitForWindow(t.Context(), s.client, s.arn); err != nil {
			t.Error(err)
		}
	})
}

// mayStart reports whether a database can have a stream in a mode. The status "stopped" does not
// mean that it can.
func mayStart(ctx context.Context, client *activitystream.Client, arn string, mode activitystream.Mode) (bool, error) {
	modes, err := client.Supported(ctx, arn)
	return slices.Contains(modes, mode), err
}

func TestMayStart(t *testing.T) {
	server := activitystreamtest.NewServer()
	client := activitystream.NewFromConfig(server.Config())
	for engine, want := range map[string]bool{"aurora-postgresql": true, "aurora-mysql": false} {
		arn := server.AddCluster(activitystreamtest.Cluster{Engine: engine})
		if got, err := mayStart(t.Context(), client, arn, activitystream.ModeSync); got != want || err != nil {
			t.Errorf("%s: %t, %v", engine, got, err)
		}
	}
}

// editPolicies unlocks the audit policy of an instance, calls edit to change the policies in the
// database, and locks the audit policy again.
func editPolicies(ctx context.Context, client *activitystream.Client, arn string, edit func(context.Context) error) error {
	for _, step := range []struct {
		state activitystream.AuditPolicyState
		then  func(context.Context) error
	}{
		{activitystream.AuditPolicyUnlocked, edit},
		{activitystream.AuditPolicyLocked, func(context.Context) error { return nil }},
	} {
		in := &activitystream.ModifyInput{ResourceArn: arn, AuditPolicyState: step.state}
		if _, err := client.EnsurePolicy(ctx, in, 15*time.Minute); err != nil {
			return err
		}
		if err := step.then(ctx); err != nil {
			return err
		}
	}
	return nil
}

func TestEditPolicies(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		server := activitystreamtest.NewServer()
		arn := server.AddInstance(activitystreamtest.Instance{Status: activitystream.StatusStarted})
		client := activitystream.NewFromConfig(server.Config())
		err := editPolicies(t.Context(), client, arn, func(ctx context.Context) error {
			stream, err := client.Get(ctx, arn)
			if err == nil && stream.PolicyStatus != activitystream.PolicyUnlocked {
				t.Errorf("the policy is %s while it is edited", stream.PolicyStatus)
			}
			return err
		})
		if err != nil {
			t.Error(err)
		}
		if stream, err := client.Get(t.Context(), arn); err != nil || stream.PolicyStatus != activitystream.PolicyLocked {
			t.Errorf("%+v, %v", stream, err)
		}
	})
}

// recreate deletes and creates an event stream if its destination cannot become healthy otherwise.
func recreate(ctx context.Context, client *eventstream.Client, in *eventstream.CreateInput) error {
	stream, err := client.WaitHealthy(ctx, in.Ref, 10*time.Minute)
	if !errors.Is(err, statemachine.MissingDependency) {
		return err
	}
	slog.Warn("recreating the event stream", "stream", in.Ref, "cause", stream.Message)
	if _, err := client.EnsureDeleted(ctx, in.Ref, 10*time.Minute); err != nil {
		return err
	}
	if _, err := client.EnsureCreated(ctx, in, 10*time.Minute); err != nil {
		return err
	}
	_, err = client.WaitHealthy(ctx, in.Ref, 10*time.Minute)
	return err
}

func TestRecreate(t *testing.T) {
	before := slog.Default()
	slog.SetDefault(slog.New(slog.DiscardHandler))
	defer slog.SetDefault(before)
	synctest.Test(t, func(t *testing.T) {
		in := &eventstream.CreateInput{
			Ref: eventstream.Ref{DomainName: "customers", EventStreamName: "profile-events"},
			Uri: "arn:aws:kinesis:us-east-1:123456789012:stream/profile-events",
		}
		server := eventstreamtest.NewServer()
		server.AddEventStream(eventstreamtest.EventStream{
			DomainName: in.DomainName, EventStreamName: in.EventStreamName, Uri: in.Uri, DestinationStatus: eventstream.DestinationUnhealthy,
			DestinationMessage: "The Kinesis Data Stream is not Active. Please check the configuration and recreate the event stream later",
		})
		if err := recreate(t.Context(), eventstream.NewFromConfig(server.Config()), in); err != nil {
			t.Error(err)
		}
	})
}
