package main

import "time"

// settings are the intervals and limits of a guard.
type settings struct {
	interval   time.Duration // between two reads of a resource
	maxWait    time.Duration // for one repair
	minBackoff time.Duration // after a failure or a repair; doubles with each further one
	maxBackoff time.Duration
	alertAfter int // consecutive repairs until another actor is reported
}

// defaultSettings returns settings for real resources, whose changes take minutes and whose repair
// may restart a production database.
func defaultSettings() settings {
	return settings{interval: 30 * time.Second, maxWait: time.Hour, minBackoff: time.Minute, maxBackoff: time.Hour, alertAfter: 3}
}

// backoff returns the delay after n consecutive failures or repairs.
func (s settings) backoff(n int) time.Duration {
	d := s.minBackoff
	for ; n > 1 && d < s.maxBackoff; n-- {
		d *= 2
	}
	return min(d, s.maxBackoff)
}

// resetAfter returns how long after a repair the next one is not consecutive. It exceeds every
// backoff, or the guard would forget repairs while it backs off.
func (s settings) resetAfter() time.Duration { return 2 * s.maxBackoff }
