package modeltest

import "math/rand/v2"

// script is one sequence of choices: what the world does at each point where it can do one of
// several things. Choice 0 is the ordinary course of things; any other is an event, of which a
// sequence has at most depth. advance goes through all sequences, depth first. A random script
// draws its choices, so it can be as long as it likes.
type script struct {
	depth   int
	random  *rand.Rand // nil: every sequence in turn
	percent int        // how often a random choice is an event
	choices []choice
	next    int
	events  int
}

type choice struct{ took, of int }

// choose makes the next choice, of so many.
func (s *script) choose(of int) int {
	switch {
	case of < 2 || s.events >= s.depth:
		return 0
	case s.next == len(s.choices):
		s.choices = append(s.choices, choice{of: of})
		if s.random != nil && s.random.IntN(100) < s.percent {
			s.choices[s.next].took = 1 + s.random.IntN(of-1)
		}
	case s.choices[s.next].of != of:
		panic("the world is not the same again")
	}
	took := s.choices[s.next].took
	s.next++
	if took > 0 {
		s.events++
	}
	return took
}

// rewind goes back to the beginning of the same sequence.
func (s *script) rewind() { s.next, s.events = 0, 0 }

// advance goes on to the next sequence. It is false if there is none.
func (s *script) advance() bool {
	s.rewind()
	for n := len(s.choices); n > 0; n-- {
		if c := &s.choices[n-1]; c.took+1 < c.of {
			c.took++
			s.choices = s.choices[:n]
			return true
		}
	}
	return false
}
