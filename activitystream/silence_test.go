package activitystream_test

import (
	"errors"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/rds"

	"github.com/streamwarden/streamwarden-go/activitystream"
	"github.com/streamwarden/streamwarden-go/activitystream/activitystreamtest"
	"github.com/streamwarden/streamwarden-go/statemachine"
)

func TestExplainSilence(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := activitystreamtest.NewServer()
		arn := s.AddCluster(activitystreamtest.Cluster{Identifier: "shop", Members: 2})
		c := activitystream.NewFromConfig(s.Config())
		members, err := c.Members(t.Context(), arn)
		if err != nil {
			t.Fatal(err)
		}
		time.Sleep(time.Hour)
		s.AddEvent(activitystreamtest.Event{SourceArn: members[0].InstanceArn, Message: "DB instance shutdown."})
		s.AddEvent(activitystreamtest.Event{SourceArn: members[1].InstanceArn, Message: "Of another instance."})
		time.Sleep(time.Hour)
		s.AddEvent(activitystreamtest.Event{SourceArn: members[0].InstanceArn, Message: "Too late."})
		explain := c.ExplainSilence(members...)
		now := time.Now()
		for _, tt := range []struct {
			why          string
			id           string
			since, until time.Time
			want         string
		}{
			{"around the gap", members[0].ResourceId, now.Add(-58 * time.Minute), now.Add(-50 * time.Minute), "2000-01-01T01:00:00Z DB instance shutdown."},
			{"while it lasts", strings.ToUpper(members[0].ResourceId), now.Add(-time.Minute), time.Time{}, "2000-01-01T02:00:00Z Too late."},
			{"nothing happened", members[0].ResourceId, now.Add(-40 * time.Minute), now.Add(-30 * time.Minute), ""},
			{"another instance", "db-OTHER", now.Add(-time.Hour), time.Time{}, ""},
		} {
			if got, err := explain(t.Context(), tt.id, tt.since, tt.until); got != tt.want || err != nil {
				t.Errorf("%s: %q, %v, want %q", tt.why, got, err, tt.want)
			}
		}
		s.Fail("DescribeEvents", activitystreamtest.Failure{Code: "AccessDenied"})
		if _, err := explain(t.Context(), members[0].ResourceId, now, time.Time{}); !errors.Is(err, statemachine.AccessDenied) {
			t.Errorf("denied: %v", err)
		}
		without := activitystream.New(struct{ activitystream.API }{rds.NewFromConfig(s.Config())})
		if got, err := without.ExplainSilence(members...)(t.Context(), members[0].ResourceId, now, time.Time{}); got != "" || err != nil {
			t.Errorf("without DescribeEvents: %q, %v", got, err)
		}
	})
}
