package activitystreamtest_test

import (
	"testing"
	"time"

	"github.com/streamwarden/streamwarden-go/activitystream"
	"github.com/streamwarden/streamwarden-go/activitystream/activitystreamtest"
	"github.com/streamwarden/streamwarden-go/internal/assert"
)

const aliasedKey = "0987dcba-09fe-87dc-65ba-ab0987654321"

func TestSetAlias(t *testing.T) {
	assert.RunSynctest(t, "resolved by a start", func(t *testing.T) {
		s := activitystreamtest.NewServer()
		arn := s.AddCluster(activitystreamtest.Cluster{})
		s.SetAlias("alias/audit", "arn:aws:kms:us-east-1:123456789012:key/"+aliasedKey)
		client := activitystream.NewFromConfig(s.Config())
		in := &activitystream.StartInput{
			ResourceArn: arn, Mode: activitystream.ModeAsync, ApplyImmediately: true,
			KmsKeyId: "arn:aws:kms:us-east-1:123456789012:alias/audit",
		}
		s.SetKeyAccessible("alias/audit", false)
		_, err := client.Start(t.Context(), in)
		assert.Equal(t, "a key that is not accessible", "key not accessible", assert.ErrorSummary(err))
		s.SetKeyAccessible(aliasedKey, true)
		assert.Must(client.EnsureStarted(t.Context(), in, time.Hour))(t)
		s.SetAlias("alias/audit", "1234abcd-12ab-34cd-56ef-1234567890ab") // changes no stream
		assert.Equal(t, "key", aliasedKey, assert.Must(client.Get(t.Context(), arn))(t).KmsKeyId)
	})
}

func TestOpenMaintenanceWindow(t *testing.T) {
	assert.RunSynctest(t, "executes what waits", func(t *testing.T) {
		s := activitystreamtest.NewServer()
		arn := s.AddCluster(activitystreamtest.Cluster{})
		client := activitystream.NewFromConfig(s.Config())
		s.OpenMaintenanceWindow(arn)
		assert.Equal(t, "nothing waits", activitystream.StatusStopped, s.Status(arn))
		in := &activitystream.StartInput{ResourceArn: arn, Mode: activitystream.ModeAsync, KmsKeyId: aliasedKey}
		assert.Must(client.Start(t.Context(), in))(t)
		assert.Equal(t, "it waits", activitystream.StatusStopped, s.Status(arn))
		s.OpenMaintenanceWindow(arn)
		assert.Equal(t, "in the window", activitystream.StatusStarting, s.Status(arn))
		s.OpenMaintenanceWindow(arn)
		assert.Equal(t, "a start that is under way is not hastened", activitystream.StatusStarting, s.Status(arn))
	})
}
