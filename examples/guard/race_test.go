//go:build race

package main

// raceDetector reports whether the race detector is on, which makes everything ten times slower.
const raceDetector = true
