package bug_test

import (
	"testing"
	"testing/synctest"
	"time"

	"github.com/streamwarden/streamwarden-go/activitystream"
	"github.com/streamwarden/streamwarden-go/activitystream/activitystreamtest"
)

func TestBug(t *testing.T) {
	synctest.Test(t, func(t *testing.T) { // virtual time: the hour below takes no time
		server := activitystreamtest.NewServer()
		arn := server.AddCluster(activitystreamtest.Cluster{Identifier: "orders"})
		client := activitystream.NewFromConfig(server.Config())

		out, err := client.EnsureStarted(t.Context(), &activitystream.StartInput{
			ResourceArn:      arn,
			Mode:             activitystream.ModeAsync,
			KmsKeyId:         "alias/orders",
			ApplyImmediately: true,
		}, time.Hour)
		if err != nil {
			t.Fatal(err)
		}
		if out.Stream.Status != activitystream.StatusStarted {
			t.Errorf("status is %q, want %q", out.Stream.Status, activitystream.StatusStarted)
		}
	})
}
