//go:build race

package activitystream_test

// raceDetector tells that everything takes ten times as long.
const raceDetector = true
