package durable

import (
	"maps"
	"slices"
)

// Progress is how far a Region, or an Estate, is.
type Progress struct {
	Streams    int            `json:"streams"`
	Ended      map[string]int `json:"ended,omitempty"`    // by how they ended: "arrived", "lapsed", …
	InProgress map[string]int `json:"under,omitempty"`    // under way, by the status that was seen last
	Commands   int            `json:"commands"`           // accepted
	Places     int            `json:"places"`             // all, …
	Open       int            `json:"open"`               // … and those that have not ended
	Failures   []Failure      `json:"failures,omitempty"` // the first of them
}

// Failure is a stream that did not arrive, or a place that could not be worked on.
type Failure struct {
	Resource string `json:"resource"`
	Said     string `json:"said"`
}

// maxFailures bounds how many failures are kept: all are counted.
const maxFailures = 20

// addFailure notes a failure.
func (p *Progress) addFailure(resource string, err error) {
	if len(p.Failures) < maxFailures {
		p.Failures = append(p.Failures, Failure{Resource: resource, Said: newErrorInfo(err).Message})
	}
}

// countEnded counts an ensure that ended.
func (p *Progress) countEnded(reason string, n int) {
	if p.Ended == nil {
		p.Ended = map[string]int{}
	}
	p.Ended[reason] += n
}

// add adds what a part of the estate reported.
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

// equal reports whether two reports say the same.
func (p *Progress) equal(q Progress) bool {
	return p.Streams == q.Streams && p.Commands == q.Commands && p.Open == q.Open &&
		maps.Equal(p.Ended, q.Ended) && maps.Equal(p.InProgress, q.InProgress) && slices.Equal(p.Failures, q.Failures)
}
