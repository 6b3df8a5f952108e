package activityrecord

import (
	"time"
)

// Outcome is whether what an event describes succeeded.
type Outcome string

const (
	// OutcomeUnknown means that the event does not say whether it succeeded.
	OutcomeUnknown Outcome = ""
	// Succeeded means that the database completed what the event describes.
	Succeeded Outcome = "succeeded"
	// Failed means that the database refused it or that it failed.
	Failed Outcome = "failed"
)

// Outcome returns whether the statement or action succeeded. The engines differ in how they report it.
func (e *Event) Outcome() Outcome { return OutcomeUnknown }

// Times are the times of an event in UTC. A time is zero if the event does not have it, or if it cannot be parsed.
type Times struct {
	Log   time.Time // when the database recorded the event
	Start time.Time // when the statement began
	End   time.Time // when the statement ended
}

// Times returns the times of the event.
func (e *Event) Times() Times { return Times{} }
