package main

import (
	"bytes"
	"testing"
	"testing/synctest"
	"time"

	"github.com/streamwarden/streamwarden-go/examples/internal/cli"
	"github.com/streamwarden/streamwarden-go/internal/assert"
)

// TestBarsShowEachState checks the bars of two Regions and of all. A test in examples/internal/cli
// shows them on terminals.
func TestBarsShowEachState(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		v := &bars{screen: cli.NewScreen(new(bytes.Buffer)), began: time.Now()}
		time.Sleep(30 * time.Second)
		assert.Equal(t, "lines", []string{
			"us-east-1       ████████××××░░░░   75%   6/8    2 failed",
			"ap-southeast-2  ████▒▒▒▒▒▒▒▒░░░░   25%   4/16   0 failed",
			"total           █████×▒▒▒▒▒▒░░░░   41%  10/24   2 failed  ETA 0:42",
		}, v.lines([]counts{
			{region: "us-east-1", total: 8, started: 4, failed: 2},
			{region: "ap-southeast-2", total: 16, started: 4, starting: 8},
			{region: "total", total: 24, started: 8, failed: 2, starting: 8},
		}))
	})
}
