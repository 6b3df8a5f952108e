package statemachine

import (
	"fmt"
	"strings"
	"time"
)

// Progress is something that happened to one resource during a call, for
// [WaitOptions.OnProgress].
type Progress struct {
	// Type is what happened.
	Type ProgressType

	// Resource identifies the resource, such as an ARN or a name.
	Resource string

	// Target is the state to reach. It is empty for a Get or a Watch.
	Target string

	// State is the state that the last successful read showed. It is empty before the first one.
	State string

	// From is the state before State, for [ProgressChanged]. It is empty if State is the first one.
	From string

	// Operation is the operation of a command, for the four types of commands.
	Operation Operation

	// Plan lists the operations that would lead from State to Target. It is empty if none is needed
	// or none would. The slice is shared: do not modify it.
	Plan []Operation

	// Reads counts the reads of this resource in this call.
	Reads int

	// Elapsed is the time since the call began.
	Elapsed time.Duration

	// TimeLeft is the time until maxWait is over. It is zero after that, and for a Get or a Watch.
	TimeLeft time.Duration

	// NextDelay is the time until the next read. It is zero after the last read, and if a read or a
	// command follows immediately.
	NextDelay time.Duration

	// Err is the error of the read, of the command or, for [ProgressEnded], of the call. The error
	// that a service's client returns may add to it what the service reports.
	Err error
}

// ProgressType is the type of a [Progress].
type ProgressType string

// The types of a [Progress].
const (
	// ProgressRead follows every read, successful or not.
	ProgressRead ProgressType = "read"

	// ProgressChanged follows the ProgressRead of a read that showed another state than the one
	// before. The first state counts.
	ProgressChanged ProgressType = "changed"

	// ProgressCommand precedes a command and what is checked before it is sent.
	ProgressCommand ProgressType = "command"

	// ProgressAccepted means that the service accepted a command, or that a read showed that a lost
	// one was executed.
	ProgressAccepted ProgressType = "accepted"

	// ProgressRejected means that a command was not executed: the service or a check before it
	// rejected it, or it could not be sent.
	ProgressRejected ProgressType = "rejected"

	// ProgressLost means that the response to a command is missing. It may have been executed.
	ProgressLost ProgressType = "lost"

	// ProgressEnded is the last Progress of a resource. Err is nil if the call succeeded.
	ProgressEnded ProgressType = "ended"
)

// String returns one line. Do not depend on its text.
func (p Progress) String() string {
	text := p.what()
	if p.Err != nil {
		text += ": " + withoutResource(p.Err.Error(), p.Resource)
	}
	details := []string{p.Elapsed.Round(time.Millisecond).String()}
	if p.TimeLeft > 0 && p.Type != ProgressEnded {
		details = append(details, p.TimeLeft.Round(time.Millisecond).String()+" left")
	}
	if p.NextDelay > 0 {
		details = append(details, "next read in "+p.NextDelay.Round(time.Millisecond).String())
	}
	return singleLine(withName(p.Resource, text) + " (" + strings.Join(details, ", ") + ")")
}

// what returns what happened, without the resource and the error.
func (p *Progress) what() string {
	switch p.Type {
	case ProgressRead:
		if p.Err != nil {
			return "read failed"
		}
		return "read " + quoteEmpty(p.State)
	case ProgressChanged:
		if p.From == "" {
			return "is " + quoteEmpty(p.State)
		}
		return p.From + " → " + quoteEmpty(p.State)
	case ProgressCommand:
		return string(p.Operation)
	case ProgressAccepted, ProgressRejected, ProgressLost:
		return string(p.Operation) + " " + string(p.Type)
	case ProgressEnded:
		if p.Err != nil {
			return "failed"
		}
		return "done, " + quoteEmpty(p.State)
	}
	return fmt.Sprintf("%s %s", string(p.Type), p.Operation)
}
