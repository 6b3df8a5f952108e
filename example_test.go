package streamwarden_test

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"testing/synctest"
	"time"

	"github.com/streamwarden/streamwarden-go/activitystream"
	"github.com/streamwarden/streamwarden-go/activitystream/activitystreamtest"
	"github.com/streamwarden/streamwarden-go/statemachine"
)

// explain returns what to do about an error of this library, with the operations that would help.
func explain(err error) string {
	advice := statemachine.Advice(err) // for err itself, or for the reason or kind inside it
	if wait, ok := errors.AsType[*statemachine.WaitError](err); ok && len(wait.Plan) > 0 {
		return fmt.Sprintf("%s It is %s: %v would help.", advice, wait.Last, wait.Plan)
	}
	return advice
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
			"",
			"Call the Ensure method, or run the operations that the error names. It is stopped: [StartActivityStream] would help.",
			"Call again: nothing was lost.",
			"Renew the credentials, then call again.",
			"Renew the credentials, then call again.",
			"Check the account, the Region and the name.",
		} {
			if got[i] != want {
				t.Errorf("got %q, want %q", got[i], want)
			}
		}
	})
}
