package activitystreamtest

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/rds/types"

	"github.com/streamwarden/streamwarden-go/activitystream"
	"github.com/streamwarden/streamwarden-go/internal/simulator"
)

// Event is an RDS event to add.
type Event struct {
	SourceArn  string    // ARN of a cluster or an instance
	At         time.Time // zero means now; an event of the future is not visible before
	Message    string    // the text
	Categories []string  // such as "failure"
}

// AddEvent adds an event that DescribeEvents returns. The server itself has events for the start
// and the stop of a cluster's stream (RDS-EVENT-0179 and 0180). Every start and stop also has
// events for the restart of instances (0004 and 0006). An event of DescribeEvents has no ID.
func (s *Server) AddEvent(e Event) {
	s.engine.Update(func(now time.Time) {
		at := e.At
		if at.IsZero() {
			at = now
		}
		s.events = append(s.events, newEvent(e.SourceArn, at, e.Message, e.Categories...))
	})
}

// The events that the server has on its own. The texts of 0004 and 0006 are those of the RDS user
// guide. How long a restart takes is made up.
const (
	messageStarted   = "Database Activity Streams is started on your database cluster." // RDS-EVENT-0179
	messageStopped   = "Database Activity Streams is stopped on your database cluster." // RDS-EVENT-0180
	messageShutdown  = "DB instance shutdown."                                          // RDS-EVENT-0004
	messageRestarted = "DB instance restarted."                                         // RDS-EVENT-0006

	categoryConfiguration = "configuration change"
	categoryAvailability  = "availability"

	restartTime    = 30 * time.Second
	eventRetention = 14 * 24 * time.Hour
)

// event is an RDS event.
type event struct {
	sourceType types.SourceType
	id, arn    string
	at         time.Time
	message    string
	categories []string
}

// newEvent returns an event of the resource of an ARN.
func newEvent(arn string, at time.Time, message string, categories ...string) event {
	a, _ := parseARN(strings.ToLower(arn))
	e := event{types.SourceTypeDbInstance, a.id, arn, at, message, categories}
	if a.arnType == "cluster" {
		e.sourceType = types.SourceTypeDbCluster
	}
	return e
}

// key returns a text that orders events by time.
func (e event) key() string {
	return fmt.Sprintf("%020d %s %s", e.at.UnixNano(), e.arn, e.message)
}

// allEvents returns all events up to now, ordered by time. The server's own follow from the
// histories of the resources.
func (s *Server) allEvents(now time.Time) []event {
	list := slices.Clone(s.events)
	for _, r := range s.databases.All() {
		versions := r.History(now)
		for i, v := range versions[1:] {
			if before := versions[i]; !v.Gone && !before.Gone && v.Value.resourceID == before.Value.resourceID {
				list = append(list, s.eventsOf(before.Value, v.Value, v.At)...)
			}
		}
	}
	list = slices.DeleteFunc(list, func(e event) bool { return e.at.After(now) || now.Sub(e.at) > eventRetention })
	slices.SortFunc(list, func(a, b event) int { return cmp.Compare(a.key(), b.key()) })
	return list
}

// eventsOf returns the events of a change of a database.
func (s *Server) eventsOf(before, after database, at time.Time) (list []event) {
	from, to := before.stream.status, after.stream.status
	if from == to {
		return nil
	}
	switch {
	case to == activitystream.StatusStarting || to == activitystream.StatusStopping:
		arns := []string{after.arn}
		if after.cluster {
			arns = nil
			for _, m := range after.members {
				arns = append(arns, s.arn("db", m.id))
			}
		}
		for _, arn := range arns {
			list = append(list, newEvent(arn, at, messageShutdown, categoryAvailability),
				newEvent(arn, at.Add(restartTime), messageRestarted, categoryAvailability))
		}
	case !after.cluster: // no event of an instance's stream is documented
	case to == activitystream.StatusStarted && from != activitystream.StatusStopping:
		list = append(list, newEvent(after.arn, at, messageStarted, categoryConfiguration))
	case to == activitystream.StatusStopped && from != activitystream.StatusStarting:
		list = append(list, newEvent(after.arn, at, messageStopped, categoryConfiguration))
	}
	return list
}

// eventSource returns the resource that a request of DescribeEvents names.
func (s *Server) eventSource(r *simulator.Request) []string {
	if types.SourceType(r.Get("SourceType")) == types.SourceTypeDbCluster {
		return s.clusterType.canonical(r.Get("SourceIdentifier"))
	}
	return s.instanceType.canonical(r.Get("SourceIdentifier"))
}

// describeEvents executes DescribeEvents.
func (s *Server) describeEvents(r *simulator.Request) (simulator.Result, *simulator.Error) {
	f := form{Request: r}
	p, matches := f.page(100), f.eventFilter()
	if f.err != nil {
		return simulator.Result{}, f.err
	}
	var x simulator.XML
	x.Open("Events")
	events, marker := cutPage(r, p, slices.DeleteFunc(s.allEvents(r.At), func(e event) bool { return r.Foreign || !matches(e) }), event.key)
	for _, event := range events {
		renderEvent(&x, event)
	}
	x.Close("Events")
	x.TextIfSet("Marker", marker)
	return simulator.Result{Body: x.Bytes(), Records: len(events)}, nil
}

// renderEvent writes an Event.
func renderEvent(x *simulator.XML, e event) {
	x.Open("Event")
	x.Text("SourceIdentifier", e.id)
	x.Text("SourceType", string(e.sourceType))
	x.Text("Message", e.message)
	x.Open("EventCategories")
	for _, c := range e.categories {
		x.Text("EventCategory", c)
	}
	x.Close("EventCategories")
	x.Text("Date", e.at.UTC().Format("2006-01-02T15:04:05.000Z"))
	x.Text("SourceArn", e.arn)
	x.Close("Event")
}

// eventFilter returns which events the parameters of DescribeEvents select. What RDS does with both
// StartTime and Duration is unconfirmed. Here StartTime takes precedence.
func (f *form) eventFilter() func(event) bool {
	id, sourceType := strings.ToLower(f.Get("SourceIdentifier")), types.SourceType(f.Get("SourceType"))
	switch {
	case id != "" && sourceType == "":
		f.fail(invalidCombination("SourceType must be specified if SourceIdentifier is specified."))
	case sourceType != "" && !slices.Contains(sourceType.Values(), sourceType):
		f.fail(invalidValue("Invalid value %s for SourceType", sourceType))
	}
	duration := time.Duration(f.number("Duration", 60, 1, int(eventRetention.Minutes()))) * time.Minute
	end := f.time("EndTime", f.At)
	start := f.time("StartTime", end.Add(-duration))
	if start.After(end) {
		f.fail(invalidCombination("StartTime must not be after EndTime."))
	}
	categories := simulator.List(f.Params, "EventCategories.EventCategory.")
	return func(e event) bool {
		return (id == "" || e.id == id) && (sourceType == "" || e.sourceType == sourceType) &&
			!e.at.Before(start) && !e.at.After(end) &&
			(len(categories) == 0 || slices.ContainsFunc(e.categories, func(c string) bool { return slices.Contains(categories, c) }))
	}
}
