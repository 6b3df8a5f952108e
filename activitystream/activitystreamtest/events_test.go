package activitystreamtest_test

import (
	"fmt"
	"testing"
	"testing/synctest"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/rds"
	"github.com/aws/aws-sdk-go-v2/service/rds/types"

	"github.com/streamwarden/streamwarden-go/activitystream/activitystreamtest"
	"github.com/streamwarden/streamwarden-go/internal/assert"
)

// events returns what DescribeEvents shows, each event as minutes since start, source and message.
func events(t *testing.T, s *activitystreamtest.Server, start time.Time, in *rds.DescribeEventsInput) (list []string, err error) {
	t.Helper()
	pages := rds.NewDescribeEventsPaginator(client(s), in)
	for pages.HasMorePages() {
		page, err := pages.NextPage(t.Context())
		if err != nil {
			return nil, err
		}
		for _, e := range page.Events {
			list = append(list, fmt.Sprintf("%.1f %s %s %v %s", e.Date.Sub(start).Minutes(), e.SourceType, *e.SourceIdentifier, e.EventCategories, *e.Message))
		}
	}
	return list, nil
}

func TestDescribeEvents(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := activitystreamtest.NewServer()
		begin := time.Now()
		arn := s.AddCluster(activitystreamtest.Cluster{Identifier: "c"})
		db := s.AddInstance(activitystreamtest.Instance{Identifier: "i"})
		if _, err := start(t, s, arn); err != nil {
			t.Fatal(err)
		}
		time.Sleep(10 * time.Minute)
		if _, err := stop(t, s, arn); err != nil {
			t.Fatal(err)
		}
		if _, err := start(t, s, db); err != nil {
			t.Fatal(err)
		}
		s.AddEvent(activitystreamtest.Event{SourceArn: arn, Message: "scripted", Categories: []string{"failure"}})
		s.AddEvent(activitystreamtest.Event{SourceArn: arn, Message: "later", At: time.Now().Add(time.Hour)})
		time.Sleep(10 * time.Minute)

		started := "2.0 db-cluster c [configuration change] Database Activity Streams is started on your database cluster."
		stopped := "11.0 db-cluster c [configuration change] Database Activity Streams is stopped on your database cluster."
		scripted := "10.0 db-cluster c [failure] scripted"
		ofCluster := rds.DescribeEventsInput{SourceIdentifier: new("C"), SourceType: types.SourceTypeDbCluster}
		tests := []struct {
			why    string
			change func(in *rds.DescribeEventsInput)
			want   []string
			code   string
		}{
			{"of a cluster in the last hour", func(*rds.DescribeEventsInput) {}, []string{started, scripted, stopped}, ""},
			{"since an instant", func(in *rds.DescribeEventsInput) { in.StartTime = new(begin.Add(5 * time.Minute)) }, []string{scripted, stopped}, ""},
			{"between two instants", func(in *rds.DescribeEventsInput) {
				in.StartTime, in.EndTime = &begin, new(begin.Add(5*time.Minute))
			}, []string{started}, ""},
			{"of the last minutes", func(in *rds.DescribeEventsInput) { in.Duration = new(int32(9)) }, []string{stopped}, ""},
			{"of a category", func(in *rds.DescribeEventsInput) { in.EventCategories = []string{"failure"} }, []string{scripted}, ""},
			{"of the members", func(in *rds.DescribeEventsInput) {
				in.SourceType, in.SourceIdentifier = types.SourceTypeDbInstance, new("c-instance-1")
			}, []string{
				"0.0 db-instance c-instance-1 [availability] DB instance shutdown.", "0.5 db-instance c-instance-1 [availability] DB instance restarted.",
				"10.0 db-instance c-instance-1 [availability] DB instance shutdown.", "10.5 db-instance c-instance-1 [availability] DB instance restarted.",
			}, ""},
			{"of an instance, whose stream has no event", func(in *rds.DescribeEventsInput) {
				in.SourceType, in.SourceIdentifier = types.SourceTypeDbInstance, new("i")
			}, []string{"10.0 db-instance i [availability] DB instance shutdown.", "10.5 db-instance i [availability] DB instance restarted."}, ""},
			{"of a type", func(in *rds.DescribeEventsInput) { in.SourceIdentifier = nil }, []string{started, scripted, stopped}, ""},
			{"of an unknown source", func(in *rds.DescribeEventsInput) { in.SourceIdentifier = new("x") }, nil, ""},
			{"no type", func(in *rds.DescribeEventsInput) { in.SourceType = "" }, nil, "InvalidParameterCombination"},
			{"a bad type", func(in *rds.DescribeEventsInput) { in.SourceType = "cluster" }, nil, "InvalidParameterValue"},
			{"a bad duration", func(in *rds.DescribeEventsInput) { in.Duration = new(int32(0)) }, nil, "InvalidParameterValue"},
			{"a made-up marker", func(in *rds.DescribeEventsInput) { in.Marker = new("x") }, nil, "InvalidParameterValue"},
			{"too few records", func(in *rds.DescribeEventsInput) { in.MaxRecords = new(int32(19)) }, nil, "InvalidParameterValue"},
			{"the end before the start", func(in *rds.DescribeEventsInput) {
				in.StartTime, in.EndTime = new(begin.Add(time.Hour)), &begin
			}, nil, "InvalidParameterCombination"},
		}
		for _, tt := range tests {
			in := ofCluster
			tt.change(&in)
			got, err := events(t, s, begin, &in)
			assert.Equal(t, tt.why, tt.want, got)
			assert.Equal(t, tt.why+": code", tt.code, code(t, err))
		}
		for i := range 50 {
			s.AddEvent(activitystreamtest.Event{SourceArn: db, Message: fmt.Sprint("event ", i)})
		}
		got, err := events(t, s, begin, &rds.DescribeEventsInput{SourceType: types.SourceTypeDbInstance, SourceIdentifier: new("i"), MaxRecords: new(int32(20))})
		if err != nil || len(got) != 52 {
			t.Errorf("%d events on pages of 20, want 52: %v", len(got), err)
		}
		time.Sleep(15 * 24 * time.Hour)
		got, err = events(t, s, begin, &rds.DescribeEventsInput{StartTime: &begin})
		if err != nil || len(got) != 0 {
			t.Errorf("events after 15 days: %v, %v", got, err)
		}
	})
}
