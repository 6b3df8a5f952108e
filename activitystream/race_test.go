//go:build race

package activitystream_test

// raceDetector reports whether the race detector is on, which makes tests ten times slower.
const raceDetector = true
