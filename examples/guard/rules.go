package main

import "time"

// rules are how the guard goes about it.
type rules struct {
	every   time.Duration // between two reads of a resource
	maxWait time.Duration // for a resource to be put back
	first   time.Duration // how long a resource is left alone after a failure, or after it was put back; twice that after the second in a row, …
	longest time.Duration // and never longer than this
	loud    int           // so many put-backs in a row are somebody's will, and reported as an error
}

// theRules are for real resources, whose changes take minutes, and whose starts restart a production database.
func theRules() rules {
	return rules{every: 30 * time.Second, maxWait: time.Hour, first: time.Minute, longest: time.Hour, loud: 3}
}

// pause is how long a resource is left alone after it failed, or was put back, n times in a row.
func (r rules) pause(n int) time.Duration {
	d := r.first
	for ; n > 1 && d < r.longest; n-- {
		d *= 2
	}
	return min(d, r.longest)
}

// forgotten is how long after a put-back the next one is not in a row with it. It is longer than any pause, or a rival who is faster than the
// guard would be forgotten while the guard pauses.
func (r rules) forgotten() time.Duration { return 2 * r.longest }
