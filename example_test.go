package streamwarden_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/streamwarden/streamwarden-go/activitystream"
	"github.com/streamwarden/streamwarden-go/activitystream/activitystreamtest"
	"github.com/streamwarden/streamwarden-go/statemachine"
)

// explain returns what to do about an error of this library.
func explain(err error) string {
	wait, waited := errors.AsType[*statemachine.WaitError](err)
	switch {
	case err == nil:
		return "nothing to do"
	case errors.Is(err, statemachine.Lapsed):
		return fmt.Sprintf("rolled back, last seen %s: check the KMS key and the database's events", wait.Last)
	case errors.Is(err, statemachine.Unreachable):
		return fmt.Sprintf("it stays %s until you run %v", wait.Last, wait.Plan)
	case errors.Is(err, statemachine.TimedOut), errors.Is(err, statemachine.Canceled):
		return fmt.Sprintf("not finished after %s: call again to continue", wait.Elapsed)
	case errors.Is(err, statemachine.NotFound): // includes Gone
		return "check the name and the Region: " + err.Error()
	case errors.Is(err, statemachine.KeyNotAccessible), errors.Is(err, statemachine.AccessDenied):
		return "ask for the permission: " + err.Error()
	case waited:
		return "reading failed: " + err.Error()
	default:
		return string(statemachine.KindOf(err)) // InvalidInput, Unsupported, Drifted, …
	}
}

// TestStartIsRolledBack simulates a start that RDS rolls back after a minute and a half.
func TestStartIsRolledBack(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		aws := activitystreamtest.NewServer(func(o *activitystreamtest.Options) { o.Starting = 90 * time.Second })
		arn := aws.AddCluster(activitystreamtest.Cluster{Identifier: "orders"})
		aws.Lapse(arn)
		client := activitystream.NewFromConfig(aws.Config()) // pass the aws.Config or the client to your code

		_, err := client.EnsureStarted(t.Context(), &activitystream.StartInput{
			ResourceArn: arn, Mode: activitystream.ModeAsync, KmsKeyId: "alias/audit", ApplyImmediately: true,
		}, 30*time.Minute)
		if !errors.Is(err, statemachine.Lapsed) {
			t.Errorf("want a lapse, got %v", err)
		}
	})
}

func TestExplain(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		aws := activitystreamtest.NewServer()
		arn := aws.AddCluster(activitystreamtest.Cluster{})
		client := activitystream.NewFromConfig(aws.Config())
		ctx, cancel := context.WithCancel(t.Context())
		got := []string{explain(nil)}
		wait := func(ctx context.Context) {
			_, err := client.Wait(ctx, arn, activitystream.StatusStarted, time.Hour)
			got = append(got, explain(err))
		}
		wait(ctx)
		cancel()
		wait(ctx)
		aws.Fail("DescribeDBClusters", activitystreamtest.Failure{Code: "ExpiredToken", Message: "expired", Status: 403, Times: 2})
		wait(t.Context())
		_, err := client.Get(t.Context(), arn)
		got = append(got, explain(err))
		aws.Remove(arn)
		wait(t.Context())
		for i, want := range []string{
			"nothing to do",
			"it stays stopped until you run [StartActivityStream]",
			"not finished after 0s: call again to continue",
			"reading failed: database activity stream " + arn + ": waiting for started: read failed (1 read in 0s): " +
				"DescribeDBClusters: unauthenticated: ExpiredToken: expired",
			"unauthenticated",
			"check the name and the Region: database activity stream " + arn + ": waiting for started: gone: there is no such resource",
		} {
			if !strings.HasPrefix(got[i], want) { // a request ID may follow
				t.Errorf("got %q, want %q", got[i], want)
			}
		}
	})
}
