package eventstreamtest

import (
	"cmp"
	"fmt"
	"maps"
	"time"

	"github.com/streamwarden/streamwarden-go/eventstream"
	"github.com/streamwarden/streamwarden-go/internal/simulator"
)

// The messages of AWS about an unhealthy destination, from the troubleshooting page for the
// real-time export.
const (
	// MessageNotActive and MessageMissing require a new stream: see
	// [eventstream.Destination.MustRecreate].
	MessageNotActive = "The Kinesis Data Stream is not Active. Please check the configuration and recreate the event stream later"
	MessageMissing   = "The Kinesis Data Stream does not exist. Please recreate the event stream with valid Kinesis Data Stream destination"

	// MessageThrottled, MessageKeyThrottled and MessageKey are about causes that can be fixed while
	// the stream exists. The typing error in the last one is that of AWS.
	MessageThrottled    = "The Kinesis Data Stream is being throttled. Please consider provision higher Kinesis throughput appropriately"
	MessageKeyThrottled = "The KMS key used to encrypt Kinesis Data Stream is being throttled. Please consider increasing the KMS request quota appropriately"
	MessageKey          = "Check the KMS Key configuration of you Kinesis Data Stream"
)

// KinesisStatus says whether a Kinesis data stream can be a destination: see
// [Server.SetKinesisStream].
type KinesisStatus string

// The statuses of a Kinesis data stream.
const (
	KinesisActive    KinesisStatus = "ACTIVE"     // it can be a destination
	KinesisNotActive KinesisStatus = "NOT ACTIVE" // it is being created or deleted
	KinesisMissing   KinesisStatus = "MISSING"    // it does not exist
)

// message returns AWS's message about a destination in this status, "" if it can be used.
func (k KinesisStatus) message() string {
	switch k {
	case KinesisNotActive:
		return MessageNotActive
	case KinesisMissing:
		return MessageMissing
	case KinesisActive:
	}
	return ""
}

// EventStream is an event stream to add. Each field's zero value means its default.
type EventStream struct {
	DomainName      string            // added if it does not exist; defaults to "domain-1", "domain-2", …
	EventStreamName string            // defaults to "event-stream-1"
	Uri             string            // defaults to a Kinesis data stream with the name of the domain, in the server's Region and account
	Tags            map[string]string // defaults to none

	State eventstream.State // defaults to RUNNING

	// DestinationStatus defaults to HEALTHY, DestinationMessage to none.
	DestinationStatus  eventstream.DestinationStatus
	DestinationMessage string
}

// resource is a stream as GetEventStream shows it. Its maps are never modified. An absent stream is
// a resource that does not exist.
type resource = simulator.Resource[eventstream.Stream]

// AddDomain adds a Customer Profiles domain without streams. A domain that exists does not change.
func (s *Server) AddDomain(name string) {
	s.engine.Update(func(time.Time) { s.domains[name] = true })
}

// AddEventStream adds a stream and returns its ARN. Quotas and constraints do not apply. It
// replaces a stream of the same names, whose history continues. An unhealthy destination stays
// unhealthy.
func (s *Server) AddEventStream(e EventStream) (arn string) {
	s.engine.Update(func(now time.Time) {
		if e.DomainName == "" {
			s.unnamedCount++
			e.DomainName = fmt.Sprintf("domain-%d", s.unnamedCount)
		}
		v := eventstream.Stream{
			DomainName: e.DomainName, EventStreamName: cmp.Or(e.EventStreamName, "event-stream-1"),
			CreatedAt: now,
			Destination: eventstream.Destination{
				Uri:     cmp.Or(e.Uri, s.arn("kinesis", "stream/"+e.DomainName)),
				Status:  cmp.Or(e.DestinationStatus, eventstream.DestinationHealthy),
				Message: e.DestinationMessage,
			},
			Tags: maps.Clone(e.Tags),
		}
		if v.Status == eventstream.DestinationUnhealthy {
			v.UnhealthySince = now
		}
		v.EventStreamArn = s.ARN(v.DomainName, v.EventStreamName)
		v = withState(v, cmp.Or(e.State, eventstream.StateRunning), now)
		s.domains[v.DomainName] = true
		s.streams.Put(now, v, v.EventStreamArn)
		arn = v.EventStreamArn
	})
	return arn
}

// stateOf returns the state of a stream.
func stateOf(v eventstream.Stream) eventstream.State { return v.State }

// setState changes the state of a stream.
func setState(r *resource, v eventstream.Stream, state eventstream.State, now time.Time) {
	if state == eventstream.StateAbsent {
		r.Remove(now)
		return
	}
	r.Set(now, "state", withState(v, state, now))
}

// withState returns the stream in another state.
func withState(v eventstream.Stream, state eventstream.State, now time.Time) eventstream.Stream {
	if state != v.State {
		v.StoppedSince = time.Time{}
		if state == eventstream.StateStopped {
			v.StoppedSince = now
		}
	}
	v.State = state
	return v
}

// withDestination returns the stream with its destination in another status. The lifecycle only
// makes destinations healthy, so there is no message.
func withDestination(v eventstream.Stream, status eventstream.DestinationStatus) eventstream.Stream {
	v.Destination = eventstream.Destination{Uri: v.Uri, Status: status}
	return v
}

// inDomain returns what is, or was, a stream of a domain.
func (s *Server) inDomain(domainName string) []*resource {
	return s.streams.WithPrefix(s.ARN(domainName, ""))
}
