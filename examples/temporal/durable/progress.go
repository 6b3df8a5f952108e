package durable

import (
	"maps"
	"slices"
)

// Progress is the progress of a Region or an Estate.
type Progress struct {
	Streams    int            `json:"streams"`
	Ended      map[string]int `json:"ended,omitempty"`       // by outcome: "reached", "lapsed", …
	InProgress map[string]int `json:"in_progress,omitempty"` // by the status read last
	Commands   int            `json:"commands"`              // accepted
	Places     int            `json:"places"`                // all of them
	Open       int            `json:"open"`                  // those that have not ended
	Failures   []Failure      `json:"failures,omitempty"`    // the first maxFailures
}

// Failure is a stream that did not reach the target, or a place that could not be processed.
type Failure struct {
	Resource string `json:"resource"`
	Message  string `json:"message"`
}

// maxFailures bounds how many failures are kept. All are counted.
const maxFailures = 20

// addFailure records a failure.
func (p *Progress) addFailure(resource string, err error) {
	if len(p.Failures) < maxFailures {
		p.Failures = append(p.Failures, Failure{Resource: resource, Message: newErrorInfo(err).Message})
	}
}

// countEnded counts an Ensure call that ended.
func (p *Progress) countEnded(reason string, n int) {
	if p.Ended == nil {
		p.Ended = map[string]int{}
	}
	p.Ended[reason] += n
}

// add adds the progress of a part.
func (p *Progress) add(part Progress) {
	p.Streams, p.Commands = p.Streams+part.Streams, p.Commands+part.Commands
	p.Places, p.Open = p.Places+part.Places, p.Open+part.Open
	for reason, n := range part.Ended {
		p.countEnded(reason, n)
	}
	for status, n := range part.InProgress {
		if p.InProgress == nil {
			p.InProgress = map[string]int{}
		}
		p.InProgress[status] += n
	}
	p.Failures = append(p.Failures, part.Failures[:min(len(part.Failures), maxFailures-len(p.Failures))]...)
}

// equal reports whether two reports are equal.
func (p *Progress) equal(q Progress) bool {
	return p.Streams == q.Streams && p.Commands == q.Commands && p.Open == q.Open &&
		maps.Equal(p.Ended, q.Ended) && maps.Equal(p.InProgress, q.InProgress) && slices.Equal(p.Failures, q.Failures)
}
