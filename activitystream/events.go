package activitystream

import (
	"context"
	"errors"
	"iter"
	"slices"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/rds"
	"github.com/aws/aws-sdk-go-v2/service/rds/types"

	"github.com/streamwarden/streamwarden-go/internal/sdkcall"
	"github.com/streamwarden/streamwarden-go/statemachine"
)

const describeEvents statemachine.Operation = "DescribeEvents"

// eventsAPI is what reads the events of RDS. An rds.Client has it.
type eventsAPI interface {
	DescribeEvents(context.Context, *rds.DescribeEventsInput, ...func(*rds.Options)) (*rds.DescribeEventsOutput, error)
}

// The bounds of what a call spends on the events of RDS, after its verdicts.
const (
	eventsTimeout = 5 * time.Second // for one resource, including the wait for a slot
	eventsTotal   = time.Minute     // for all resources of a call
)

// eventIDs returns the IDs of the events about starts and stops, by their messages in the user
// guides. DescribeEvents returns no IDs.
func eventIDs() map[string]string {
	return map[string]string{
		"Database Activity Streams is started on your database cluster.": "RDS-EVENT-0179",
		"Database Activity Streams is stopped on your database cluster.": "RDS-EVENT-0180",
		"DB instance shutdown.":  "RDS-EVENT-0004",
		"DB instance restarted.": "RDS-EVENT-0006",
	}
}

// explainer completes the errors of one call: with what RDS's events say about a verdict, and
// without a plan that RDS would reject. It is not safe for concurrent use.
type explainer struct {
	call  *call
	since time.Time // of the events
	api   eventsAPI // nil once no more events are read
	spent time.Duration
}

// newExplainer returns the explainer of a call that began at the time since.
func (c *call) newExplainer(since time.Time) *explainer {
	api, _ := c.api.(eventsAPI)
	return &explainer{call: c, since: since, api: api}
}

// explain completes the error of one resource, whose last value is s, and returns it. Events are
// best effort: after a failure the error has those that were read before, and nothing else changes.
func (x *explainer) explain(ctx context.Context, res *resource, s *Stream, err error) error {
	e, ok := errors.AsType[*statemachine.WaitError](err)
	if !ok {
		return err
	}
	if e.Reason == statemachine.Unreachable && e.Pending != "" { // the command does not wait for the maintenance window
		e.Hint = ""
	}
	switch {
	case s != nil && s.noStream() != "":
		e.Plan, e.Hint = nil, ""
		return err
	case e.Reason != statemachine.TimedOut && e.Reason != statemachine.Lapsed && e.Reason != statemachine.Unreachable:
		return err
	case x.api == nil:
		return err
	}
	start := time.Now()
	if x.call.sdk.Pacing != sdkcall.Queued && !x.call.options.Pacer.TryTake(start) {
		return err // the call does not wait for a slot
	}
	ctx, cancel := context.WithTimeout(ctx, min(eventsTimeout, eventsTotal-x.spent))
	defer cancel()
	events, failure := x.call.events(ctx, x.api, res, x.since, nil)
	x.spent += time.Since(start)
	if failure != nil || x.spent >= eventsTotal { // the next resource would fail in the same way
		x.api = nil
	}
	if restart, ok := errors.AsType[*statemachine.RestartError](err); ok && !restart.To.IsZero() {
		verdict := x.since.Add(e.Elapsed) // later events are about the start that restored the settings
		events = slices.DeleteFunc(events, func(event statemachine.Event) bool { return event.Time.After(verdict) })
	}
	e.Events = events
	return err
}

// explain completes the error of a call for one resource that began at the time began. It reads no
// events if no slot is free.
func (c *call) explain(ctx context.Context, resourceArn string, began time.Time, s *Stream, err error) error {
	if err == nil {
		return nil
	}
	res, _ := parseARN(resourceArn, "")
	return c.newExplainer(began).explain(ctx, &res, s, err)
}

// events returns the events of a database since a time and, unless it is nil, until another one,
// ordered by time. With an error it returns those that were read before. The first page is paced as
// c says, and the others wait for slots.
func (c *call) events(ctx context.Context, api eventsAPI, res *resource, since time.Time, until *time.Time) (events []statemachine.Event, err error) {
	source := types.SourceTypeDbInstance
	if res.resourceType == cluster {
		source = types.SourceTypeDbCluster
	}
	id := res.arn[strings.LastIndex(res.arn, ":")+1:]
	in := rds.DescribeEventsInput{SourceIdentifier: &id, SourceType: source, StartTime: &since, EndTime: until, MaxRecords: new(int32(pageSize))}
	sdk := c.sdk
	pages := sdkcall.Pages(ctx, describeEvents, res.given, "Marker", func(ctx context.Context, marker *string) ([]types.Event, *string, error) {
		in.Marker = marker
		out, err := sdkcall.Do(ctx, sdk, describeEvents, res.given, api.DescribeEvents, &in)
		if err != nil {
			return nil, nil, err
		}
		sdk = sdk.Queued()
		return out.Events, out.Marker, nil
	})
	ids := eventIDs()
	for e, failure := range pages {
		if failure != nil {
			err = failure
			break
		}
		message := aws.ToString(e.Message)
		events = append(events, statemachine.Event{
			Time: aws.ToTime(e.Date).UTC(), ID: ids[message], Categories: e.EventCategories, Message: message,
		})
	}
	slices.SortStableFunc(events, func(a, b statemachine.Event) int { return a.Time.Compare(b.Time) })
	return events, err
}

// explainEach yields the results of a call for many resources, with completed errors. The loop
// body waits for the events, but the other resources do not.
func (c *call) explainEach(ctx context.Context, set *inputs, results iter.Seq2[int, statemachine.Result[statemachine.Ensured[*Stream]]]) iter.Seq2[int, statemachine.Result[statemachine.Ensured[*Stream]]] {
	return func(yield func(int, statemachine.Result[statemachine.Ensured[*Stream]]) bool) {
		x := c.queued().newExplainer(time.Now())
		sdkcall.WithErrors(set, results, func(res *resource, s *Stream, err error) error {
			return x.explain(ctx, res, s, err)
		})(yield)
	}
}
