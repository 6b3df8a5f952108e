package main

import (
	"errors"
	"fmt"
	"time"
)

// settings are the flags that apply to all services.
type settings struct {
	transition, window, latency time.Duration
	heartbeat                   time.Duration // of each instance whose activity stream is started; zero means 2 s
	throttle                    bool
	clusters, instances         int // in addition to those that it always starts with
}

// maxDatabases is the maximum of additional clusters, and of instances.
const maxDatabases = 10_000

// check returns an error if a flag is invalid.
func (b settings) check() error {
	switch {
	case b.transition < 0:
		return errors.New("-transition must not be negative")
	case b.window < 0:
		return errors.New("-maintenance-window must not be negative")
	case b.heartbeat < 0:
		return errors.New("-heartbeat must not be negative")
	case b.clusters < 0 || b.clusters > maxDatabases || b.instances < 0 || b.instances > maxDatabases:
		return fmt.Errorf("-clusters and -instances must be from 0 to %d", maxDatabases)
	case b.latency < 0 || b.latency > time.Minute:
		return errors.New("-latency must be from 0 to 1m")
	}
	return nil
}
