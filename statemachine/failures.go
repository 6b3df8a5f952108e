package statemachine

import (
	"fmt"
	"iter"
	"strings"
)

// Failures ranges over the results of a method for many resources, such as EnsureStartedEach. It
// returns the errors of all failed results as one error, or nil if no result failed.
//
// The text is one line with the number of failures and the first ten of them. Do not depend on it.
// errors.Is and errors.As find each error. The method Unwrap() []error of the error returns all of
// them, in the order of the results. Failures ignores the values: write the range loop to use them,
// too. It returns when the sequence ends, which for a watch is when no resource is left.
func Failures[K, R any](results iter.Seq2[K, Result[R]]) error {
	e := &failures{}
	for key, r := range results {
		e.total++
		if r.Err == nil {
			continue
		}
		err := r.Err
		if name := fmt.Sprint(key); !strings.Contains(err.Error(), name) {
			err = fmt.Errorf("%s: %w", name, err)
		}
		e.errs = append(e.errs, err)
	}
	if len(e.errs) == 0 {
		return nil
	}
	return e
}

// failures is the error of [Failures].
type failures struct {
	total int
	errs  []error
}

// maxFailures is how many failures the text contains.
const maxFailures = 10

// Error returns one line.
func (e *failures) Error() string {
	shown := e.errs[:min(len(e.errs), maxFailures)]
	text := fmt.Sprintf("%d of %d failed: %s", len(e.errs), e.total, joinTexts(shown, "; ", error.Error))
	if more := len(e.errs) - len(shown); more > 0 {
		text += fmt.Sprintf("; and %d more", more)
	}
	return singleLine(text)
}

// Unwrap returns the errors.
func (e *failures) Unwrap() []error { return e.errs }
