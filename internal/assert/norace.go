//go:build !race

package assert

// Race reports whether the race detector is on. It makes tests about ten times slower, and it
// makes a sync.Pool drop some of its values.
const Race = false
