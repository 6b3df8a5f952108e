package statemachine

import "time"

// clock is the time and the timer of one loop.
type clock struct {
	timer *time.Timer // nil until the first resetTimer
	now   time.Time   // when the clock was last read
}

// resetTimer sets the timer to the time t. It returns false if t has passed.
func (c *clock) resetTimer(t time.Time) bool {
	if t.After(c.now) {
		c.now = time.Now() // OnProgress may have blocked since the read
	}
	d := t.Sub(c.now)
	switch {
	case d <= 0:
		return false
	case c.timer == nil:
		c.timer = time.NewTimer(d)
	default:
		c.timer.Reset(d)
	}
	return true
}
