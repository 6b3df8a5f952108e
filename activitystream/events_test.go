package activitystream_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/rds"
	"github.com/aws/smithy-go"

	"github.com/streamwarden/streamwarden-go/activitystream"
	"github.com/streamwarden/streamwarden-go/activitystream/activitystreamtest"
	"github.com/streamwarden/streamwarden-go/internal/assert"
	"github.com/streamwarden/streamwarden-go/statemachine"
)

// TestEventsExplainVerdict checks which verdicts have the events of the database since the wait
// began, and that reading them changes nothing else.
func TestEventsExplainVerdict(t *testing.T) {
	const kms = "The KMS key is not accessible."
	noEvents := func(api activitystream.API) activitystream.API { return struct{ activitystream.API }{api} }
	for _, test := range []struct {
		why     string
		setup   func(s *server, arn string)
		call    func(ctx context.Context, c *activitystream.Client, arn string) error // nil means a wait of an hour for started
		without bool                                                                  // the API value has no DescribeEvents
		want    []string                                                              // of the events
		says    string                                                                // at the end of the text; empty if there are no events
		extra   time.Duration                                                         // after the verdict
		reads   int
	}{
		{
			why: "a start that is rolled back", setup: func(s *server, arn string) { s.Lapse(arn) }, reads: 1,
			want: []string{"1m0s  [failure] " + kms}, says: "; last event at 2000-01-01T01:01:00Z: " + kms,
		},
		{
			why: "a wait that times out", reads: 1,
			call: func(ctx context.Context, c *activitystream.Client, arn string) error {
				_, err := c.Wait(ctx, arn, activitystream.StatusStarted, 90*time.Second)
				return err
			},
			want: []string{"1m0s  [failure] " + kms}, says: kms,
		},
		{
			why: "several waits together", reads: 1,
			call: func(ctx context.Context, c *activitystream.Client, arn string) error {
				for _, r := range c.WaitEach(ctx, []string{arn}, activitystream.StatusStarted, 90*time.Second) {
					return r.Err
				}
				return nil
			},
			want: []string{"1m0s  [failure] " + kms}, says: kms,
		},
		{
			why: "the IDs of the documented events", reads: 1,
			setup: func(s *server, arn string) {
				s.Set(arn, activitystream.StatusStopped)
				s.Set(arn, activitystream.StatusStarted)
			},
			call: func(ctx context.Context, c *activitystream.Client, arn string) error {
				_, err := c.Wait(ctx, arn, activitystream.StatusStopped, 30*time.Second)
				return err
			},
			want: []string{"0s RDS-EVENT-0179 [configuration change] Database Activity Streams is started on your database cluster."},
			says: "is started on your database cluster.",
		},
		{why: "canceled: nothing is asked", call: func(ctx context.Context, c *activitystream.Client, arn string) error {
			ctx, cancel := context.WithTimeout(ctx, 70*time.Second)
			defer cancel()
			_, err := c.Wait(ctx, arn, activitystream.StatusStarted, time.Hour)
			return err
		}},
		{why: "an API value without DescribeEvents", without: true, setup: func(s *server, arn string) { s.Lapse(arn) }},
		{
			why: "the caller may not read events", reads: 1,
			setup: func(s *server, arn string) { s.Lapse(arn); s.Fail(describeEvents, failure{Code: "AccessDenied"}) },
		},
		{
			why: "a failure is not retried", reads: 1,
			setup: func(s *server, arn string) { s.Lapse(arn); s.Fail(describeEvents, failure{Status: 503, Times: -1}) },
		},
		{
			why: "no response within 5 s", reads: 1, extra: 5 * time.Second,
			setup: func(s *server, arn string) { s.Lapse(arn); s.Fail(describeEvents, failure{Hang: true}) },
		},
	} {
		assert.RunSynctest(t, test.why, func(t *testing.T) {
			s := activitystreamtest.NewServer(func(o *activitystreamtest.Options) { o.Starting = 2 * time.Minute })
			arn := s.AddCluster(activitystreamtest.Cluster{Identifier: "das-cluster"})
			other := s.AddCluster(activitystreamtest.Cluster{Identifier: "other"})
			s.AddEvent(activitystreamtest.Event{SourceArn: arn, Message: "Before the wait."})
			pass(time.Hour)
			s.Set(arn, activitystream.StatusStarting)
			if test.setup != nil {
				test.setup(s, arn)
			}
			began := time.Now()
			s.AddEvent(activitystreamtest.Event{SourceArn: arn, At: began.Add(time.Minute), Message: kms, Categories: []string{"failure"}})
			s.AddEvent(activitystreamtest.Event{SourceArn: other, At: began.Add(70 * time.Second), Message: "Of another cluster."})
			var api activitystream.API = rds.NewFromConfig(s.Config())
			if test.without {
				api = noEvents(api)
			}
			c := activitystream.New(api, exact)
			call := test.call
			if call == nil {
				call = func(ctx context.Context, c *activitystream.Client, arn string) error {
					_, err := c.Wait(ctx, arn, activitystream.StatusStarted, time.Hour)
					return err
				}
			}
			err := call(t.Context(), c, arn)
			e := assert.ErrorAs[*statemachine.WaitError](t, err)
			assert.Equal(t, "time after the verdict", test.extra, time.Since(began)-e.Elapsed)
			assert.Equal(t, "reads of events", test.reads, len(reads(s, describeEvents, began)))
			var got []string
			for _, event := range e.Events {
				got = append(got, fmt.Sprint(event.Time.Sub(began), " ", event.ID, " ", event.Categories, " ", event.Message))
			}
			assert.Equal(t, "events", test.want, got)
			assert.ErrorOneLine(t, err)
			if has := strings.Contains(err.Error(), "last event"); has != (test.says != "") || !strings.HasSuffix(err.Error(), test.says) {
				t.Errorf("want %q at the end: %v", test.says, err)
			}
		})
	}
}

// failingPages is an API value whose DescribeEvents fails after the first page. With a nil error it
// does not respond.
type failingPages struct {
	*rds.Client
	err error
}

func (f failingPages) DescribeEvents(ctx context.Context, in *rds.DescribeEventsInput, optFns ...func(*rds.Options)) (*rds.DescribeEventsOutput, error) {
	switch {
	case in.Marker == nil:
		return f.Client.DescribeEvents(ctx, in, optFns...)
	case f.err == nil:
		<-ctx.Done()
		return nil, ctx.Err()
	}
	return nil, f.err
}

// TestEventsOfAllPages checks that all pages of the events are read, and that a page that fails
// does not take away those before it.
func TestEventsOfAllPages(t *testing.T) {
	for _, test := range []struct {
		why   string
		api   func(*rds.Client) activitystream.API
		want  int           // events
		extra time.Duration // after the verdict
		err   error         // of ExplainSilence
	}{
		{why: "all pages", api: func(c *rds.Client) activitystream.API { return c }, want: 250},
		{
			why: "the second page is rejected", want: 100, err: statemachine.AccessDenied,
			api: func(c *rds.Client) activitystream.API {
				return failingPages{c, &smithy.GenericAPIError{Code: "AccessDenied"}}
			},
		},
		{
			why: "the second page does not come within 5 s", want: 100, extra: 5 * time.Second, err: statemachine.Interrupted,
			api: func(c *rds.Client) activitystream.API { return failingPages{Client: c} },
		},
	} {
		assert.RunSynctest(t, test.why, func(t *testing.T) {
			s := activitystreamtest.NewServer()
			arn := s.AddInstance(activitystreamtest.Instance{Identifier: "orcl", Engine: "oracle-ee", Status: activitystream.StatusStarting})
			pass(time.Hour)
			began := time.Now()
			for i := range 250 {
				s.AddEvent(activitystreamtest.Event{SourceArn: arn, At: began.Add(time.Duration(i) * time.Millisecond), Message: fmt.Sprint("event ", i)})
			}
			c := activitystream.New(test.api(rds.NewFromConfig(s.Config())), exact)
			_, err := c.Wait(t.Context(), arn, activitystream.StatusStopped, 90*time.Second)
			e := assert.ErrorAs[*statemachine.WaitError](t, err)
			assert.Equal(t, "time after the verdict", test.extra, time.Since(began)-e.Elapsed)
			assert.Equal(t, "events", test.want, len(e.Events))
			for i, event := range e.Events {
				assert.Equal(t, "message", fmt.Sprint("event ", i), event.Message)
			}

			ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
			defer cancel()
			explain := c.ExplainSilence(activitystream.Member{InstanceArn: arn, ResourceId: "db-A"})
			text, err := explain(ctx, "db-A", began, time.Now())
			assert.Equal(t, "explained events", test.want, strings.Count(text, " event "))
			if !errors.Is(err, test.err) {
				t.Errorf("ExplainSilence: %v, want %v", err, test.err)
			}
		})
	}
}

// TestEventsOfManyAreBounded checks that the events of many failures are read one after the other
// under the quota, for a minute at most, and not at all after a failure.
func TestEventsOfManyAreBounded(t *testing.T) {
	for _, test := range []struct {
		why       string
		fail      *failure
		most      int // reads of events
		extra     time.Duration
		explained bool
	}{
		{why: "under the quota", most: 40 + 60*8 + 1, extra: time.Minute, explained: true},
		{why: "the caller may not read events", fail: &failure{Code: "AccessDenied", Times: -1}, most: 1},
		{why: "events do not respond", fail: &failure{Hang: true, Times: -1}, most: 1, extra: 5 * time.Second},
	} {
		assert.RunSynctest(t, test.why, func(t *testing.T) {
			s := activitystreamtest.NewServer()
			arns := clusters(s, 1000, activitystream.StatusStarting)
			if test.fail != nil {
				s.Fail(describeEvents, *test.fail)
			}
			for _, arn := range arns {
				s.AddEvent(activitystreamtest.Event{SourceArn: arn, At: time.Now().Add(time.Second), Message: "It fails."})
			}
			began := time.Now()
			explained, n := 0, 0
			for _, r := range client(s).WaitEach(t.Context(), arns, activitystream.StatusStarted, 30*time.Second) {
				n++
				e := assert.ErrorAs[*statemachine.WaitError](t, r.Err)
				if explained += len(e.Events); !errors.Is(r.Err, statemachine.TimedOut) {
					t.Errorf("verdict: %v", r.Err)
				}
			}
			assert.Equal(t, "results", 1000, n)
			asked := len(reads(s, describeEvents, began))
			if took := time.Since(began) - 30*time.Second; asked == 0 || asked > test.most || took > test.extra || test.explained != (explained > 400) {
				t.Errorf("%d reads of events, at most %d; %d explained; %s after the verdicts, at most %s", asked, test.most, explained, took, test.extra)
			}
		})
	}
}
