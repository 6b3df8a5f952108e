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
	queue bool      // waits for slots; otherwise no events are read if no slot is free
	api   eventsAPI // nil once no more events are read
	spent time.Duration
}

// newExplainer returns the explainer of a call that began at the time since.
func (c *call) newExplainer(since time.Time) *explainer {
	api, _ := c.api.(eventsAPI)
	return &explainer{call: c, since: since, api: api}
}

// explain completes the error of one resource, whose last value is s, and returns it. Events are
// best effort: a failure to read them changes nothing.
func (x *explainer) explain(ctx context.Context, res *resource, s *Stream, err error) error {
	e, ok := errors.AsType[*statemachine.WaitError](err)
	switch {
	case !ok:
		return err
	case s != nil && s.noStream() != "":
		e.Plan, e.Hint = nil, ""
		return err
	case e.Reason != statemachine.TimedOut && e.Reason != statemachine.Lapsed && e.Reason != statemachine.Unreachable:
		return err
	case x.api == nil:
		return err
	}
	start := time.Now()
	if !x.queue && !x.call.options.Pacer.TryTake(start) {
		return err
	}
	ctx, cancel := context.WithTimeout(ctx, min(eventsTimeout, eventsTotal-x.spent))
	defer cancel()
	events, failure := x.read(ctx, res)
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

// explain completes the error of a call for one resource that began at the time began. A verdict
// does not wait for a slot.
func (c *call) explain(ctx context.Context, resourceArn string, began time.Time, s *Stream, err error) error {
	if err == nil {
		return nil
	}
	res, _ := parseARN(resourceArn, "")
	return c.newExplainer(began).explain(ctx, &res, s, err)
}

// read returns the first page of the events of a database, ordered by time.
func (x *explainer) read(ctx context.Context, res *resource) ([]statemachine.Event, error) {
	source := types.SourceTypeDbInstance
	if res.resourceType == cluster {
		source = types.SourceTypeDbCluster
	}
	id := res.arn[strings.LastIndex(res.arn, ":")+1:]
	sdk := x.call.sdk
	if x.queue {
		sdk = sdk.Queued()
	}
	out, err := sdkcall.Do(ctx, sdk, describeEvents, res.given, x.api.DescribeEvents, &rds.DescribeEventsInput{
		SourceIdentifier: &id, SourceType: source, StartTime: &x.since, MaxRecords: new(int32(pageSize)),
	})
	if err != nil {
		return nil, err
	}
	ids := eventIDs()
	var events []statemachine.Event
	for _, e := range out.Events {
		message := aws.ToString(e.Message)
		events = append(events, statemachine.Event{
			Time: aws.ToTime(e.Date).UTC(), ID: ids[message], Categories: e.EventCategories, Message: message,
		})
	}
	slices.SortStableFunc(events, func(a, b statemachine.Event) int { return a.Time.Compare(b.Time) })
	return events, nil
}

// explainEach yields the results of a call for many resources, with completed errors. The loop
// body waits for the events, but the other resources do not.
func (c *call) explainEach(ctx context.Context, set *inputs, results iter.Seq2[int, statemachine.Result[statemachine.Ensured[*Stream]]]) iter.Seq2[int, statemachine.Result[statemachine.Ensured[*Stream]]] {
	return func(yield func(int, statemachine.Result[statemachine.Ensured[*Stream]]) bool) {
		x := c.newExplainer(time.Now())
		x.queue = true
		sdkcall.WithErrors(set, results, func(res *resource, s *Stream, err error) error {
			return x.explain(ctx, res, s, err)
		})(yield)
	}
}
