package activityreader

import (
	"maps"
	"time"
)

// Position is a place in a stream as data: what was read of each shard. Store it as JSON, and
// pass it to [Reader.Read] or [Reader.Watch] to resume. The zero Position is the oldest record
// that the stream still has. See also [Latest].
//
// Treat a Position as opaque. Its fields are exported for JSON, and can grow.
type Position struct {
	// Latest means that nothing was read yet, and that reading starts with what arrives from now
	// on.
	Latest bool `json:"latest,omitempty"`

	// Shards has an entry for each shard that is being read, that waits for its parents, or that
	// was read to its end and still has children that wait.
	Shards map[string]ShardPosition `json:"shards,omitempty"`

	// Instances is what [Reader.Watch] knows of each instance. Read does not use it.
	Instances map[string]InstancePosition `json:"instances,omitempty"`
}

// ShardPosition is how far one shard was read.
type ShardPosition struct {
	After  string    `json:"after,omitempty"`  // sequence number of the last record that was delivered; empty if none was
	At     time.Time `json:"at,omitzero"`      // arrival time up to which the shard was read; zero means that it was not read yet
	Start  string    `json:"start,omitempty"`  // the shard's first sequence number, which differs in a stream that was recreated
	Oldest bool      `json:"oldest,omitempty"` // reading began with the oldest record, not with the latest
	Done   bool      `json:"done,omitempty"`   // the shard is closed and was read to its end

	Late time.Duration `json:"late,omitempty"` // nanoseconds by which records come late by this machine's clock, as learned
}

// InstancePosition is what Watch knows of one instance.
type InstancePosition struct {
	Heard    time.Time     `json:"heard,omitzero"`     // arrival of the latest record of the instance below the watermark
	From     time.Time     `json:"from,omitzero"`      // since when it is watched
	Interval time.Duration `json:"interval,omitempty"` // nanoseconds between its heartbeats, as learned; zero means not known yet
}

// Latest returns the position at which only what arrives from now on is read.
func Latest() Position { return Position{Latest: true} }

// at returns p with one shard read up to a record.
func (p Position) at(shardID, sequenceNumber string, arrived time.Time) Position {
	p.Shards = maps.Clone(p.Shards)
	p.Shards[shardID] = p.Shards[shardID].after(sequenceNumber, arrived)
	return p
}

// after returns s after a record. A record that the service delivers again does not move it back.
func (s ShardPosition) after(sequenceNumber string, arrived time.Time) ShardPosition {
	if s.After == "" || compareSequence(sequenceNumber, s.After) > 0 {
		s.After = sequenceNumber
	}
	if arrived.After(s.At) {
		s.At = arrived
	}
	return s
}
