package main

import "time"

// backoff are how the guard goes about it.
type backoff struct {
	interval   time.Duration // between two reads of a resource
	maxWait    time.Duration // for a resource to be put back
	minBackoff time.Duration // how long a resource is left alone after a failure, or after it was put back; twice that after the second in a row, …
	maxBackoff time.Duration // and never longer than this
	alertAfter int           // so many put-backs in a row are somebody's will, and reported as an error
}

// defaultBackoff are for real resources, whose changes take minutes, and whose starts restart a production database.
func defaultBackoff() backoff {
	return backoff{interval: 30 * time.Second, maxWait: time.Hour, minBackoff: time.Minute, maxBackoff: time.Hour, alertAfter: 3}
}

// delay is how long a resource is left alone after it failed, or was put back, n times in a row.
func (r backoff) delay(n int) time.Duration {
	d := r.minBackoff
	for ; n > 1 && d < r.maxBackoff; n-- {
		d *= 2
	}
	return min(d, r.maxBackoff)
}

// resetAfter is how long after a put-back the next one is not in a row with it. It is longer than any pause, or a rival who is faster than the
// guard would be forgotten while the guard pauses.
func (r backoff) resetAfter() time.Duration { return 2 * r.maxBackoff }
