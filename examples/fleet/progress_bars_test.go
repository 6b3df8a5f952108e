package main

import (
	"bytes"
	"strings"
	"testing"

	"github.com/vbauerster/mpb/v8"
)

// TestBarsKeepFinalState checks the bars after the end, full or not.
func TestBarsKeepFinalState(t *testing.T) {
	regions := []progress{{region: "us-east-1", total: 4, quota: 24}, {region: "ap-southeast-2", total: 10, quota: 12}}
	var out bytes.Buffer
	v := newBars(&out, regions, mpb.WithAutoRefresh(), mpb.WithWidth(80))
	regions[0].done, regions[0].failed = 4, 2
	regions[1].done, regions[1].rate = 5, 7.5
	v.end(regions)
	lines := strings.Split(strings.TrimSpace(out.String()), "\n")
	last := strings.Join(lines[max(0, len(lines)-2):], "\n")
	contains(t, last, "us-east-1       ××", "███   4/4  2 failed  done", "ap-southeast-2  ██", "░░░  5/10  0 failed   7.5 calls/s, quota 12")
}
