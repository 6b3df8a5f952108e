package eventstreamtest

import (
	"cmp"
	"fmt"
	"maps"
	"strings"
	"time"

	"github.com/streamwarden/streamwarden-go/eventstream"
	"github.com/streamwarden/streamwarden-go/internal/simulator"
)

// What AWS says of a destination that is unhealthy, as its troubleshooting page for the real-time export lists it.
const (
	// MessageNotActive and MessageMissing need a new stream: see [eventstream.Destination.MustRecreate].
	MessageNotActive = "The Kinesis Data Stream is not Active. Please check the configuration and recreate the event stream later"
	MessageMissing   = "The Kinesis Data Stream does not exist. Please recreate the event stream with valid Kinesis Data Stream destination"

	// MessageThrottled, MessageKeyThrottled and MessageKey are about what can be mended while the stream stays.
	// The last is as AWS writes it.
	MessageThrottled    = "The Kinesis Data Stream is being throttled. Please consider provision higher Kinesis throughput appropriately"
	MessageKeyThrottled = "The KMS key used to encrypt Kinesis Data Stream is being throttled. Please consider increasing the KMS request quota appropriately"
	MessageKey          = "Check the KMS Key configuration of you Kinesis Data Stream"
)

// KinesisStatus is whether a Kinesis data stream can be a destination: see [Server.SetKinesis].
type KinesisStatus string

// The states of a Kinesis data stream.
const (
	KinesisActive    KinesisStatus = "ACTIVE"
	KinesisNotActive KinesisStatus = "NOT ACTIVE" // being created or deleted
	KinesisMissing   KinesisStatus = "MISSING"
)

// message is what AWS says of a destination in this status; empty: it can be used.
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

// EventStream is an event stream to add. Every member has a default.
type EventStream struct {
	DomainName      string            // added too, if it is not there; "domain-1", "domain-2", …
	EventStreamName string            // "event-stream-1"
	Uri             string            // a Kinesis data stream named for the domain, in the server's Region and account
	Tags            map[string]string // none

	State eventstream.State // running

	// The destination: healthy, and no message.
	DestinationStatus  eventstream.DestinationStatus
	DestinationMessage string
}

// The record of a stream is the stream as GetEventStream shows it, by value. Maps in it are never changed. A
// stream that is absent is a resource that does not exist.
type resource = simulator.Resource[eventstream.Stream]

// AddDomain adds a Customer Profiles domain without streams; one that is there stays as it is.
func (s *Server) AddDomain(name string) {
	s.engine.Update(func(time.Time) { s.domains[name] = true })
}

// AddEventStream adds a stream, whether or not CreateEventStream would, and returns its ARN. One of the same
// names is replaced, and its history goes on. A destination that is added as unhealthy stays so.
func (s *Server) AddEventStream(e EventStream) (arn string) {
	s.engine.Update(func(now time.Time) {
		if e.DomainName == "" {
			s.named++
			e.DomainName = fmt.Sprintf("domain-%d", s.named)
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

// findOrReserve is the resource of an ARN. If there is none it is one that was absent ever since, so that reads can be
// old enough to show that.
func (s *Server) findOrReserve(arn string) *resource {
	if r := s.streams.Get(arn); r != nil {
		return r
	}
	r := s.streams.Put(time.Time{}, eventstream.Stream{}, arn)
	r.Remove(time.Time{})
	return r
}

// set brings a stream into a state.
func set(r *resource, v eventstream.Stream, state eventstream.State, now time.Time) {
	if state == eventstream.StateAbsent {
		r.Remove(now)
		return
	}
	r.Set(now, "state", withState(v, state, now))
}

// withState is the stream in another state.
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

// withDestination is the stream with its destination in another status, which a destination has only by getting
// healthy.
func withDestination(v eventstream.Stream, status eventstream.DestinationStatus) eventstream.Stream {
	v.Destination = eventstream.Destination{Uri: v.Uri, Status: status}
	return v
}

// state is the state of a stream, absent where it does not exist.
func state(v eventstream.Stream, exists bool) eventstream.State {
	if !exists {
		return eventstream.StateAbsent
	}
	return v.State
}

// inDomain reports whether a resource is, or was, one of a domain.
func (s *Server) inDomain(r *resource, domainName string) bool {
	return strings.HasPrefix(r.Key(), s.ARN(domainName, ""))
}

// history is the states of a stream, each with the instant from which it had it.
func (s *Server) history(r *resource, now time.Time) []Sighting {
	var list []Sighting
	for _, m := range r.History(now) {
		at := m.At
		switch {
		case at.IsZero() && !m.Gone: // what place needs to remove something
			continue
		case at.IsZero():
			at = s.createdAt
		}
		is := state(m.Value, !m.Gone)
		if n := len(list); n == 0 || list[n-1].State != is {
			list = append(list, Sighting{State: is, At: at})
		}
	}
	return list
}
