//go:build !race

package modeltest

// instrumented says that the race detector makes everything ten times slower.
const instrumented = false
