package cli

import (
	"fmt"
	"io"
	"slices"
	"strings"
	"time"

	"github.com/streamwarden/streamwarden-go/statemachine"
)

// maxSilence is the maximum time without a line in a pipe, to show that the program runs.
const maxSilence = time.Minute

// task is a wait or an Ensure call that a Screen follows.
type task struct {
	last   statemachine.Progress
	at     time.Time // of last
	spoken time.Time // when the last line was written
}

// Follow returns a [statemachine.WaitOptions].OnProgress for one resource. It writes a line for
// each change of state, command and failure. A terminal shows a status line that is renewed every
// second, and in a pipe there is a line a minute.
func (s *Screen) Follow(name string) func(statemachine.Progress) {
	return func(p statemachine.Progress) {
		now, line, ended := time.Now(), s.line(p), p.Type == statemachine.ProgressEnded
		s.mu.Lock()
		t, ok := s.followed[name]
		if !ok {
			t = &task{spoken: now}
			s.followed[name] = t
		}
		t.last, t.at = p, now
		if line == "" && s.Columns() == 0 && !ended && now.Sub(t.spoken) >= maxSilence {
			line = "still " + p.State + waiting(p)
		}
		if line != "" {
			t.spoken = now
		}
		if ended {
			delete(s.followed, name)
		}
		s.mu.Unlock()
		if line != "" {
			s.Printf("%s  %s", name, line)
		}
		if s.movable && (!ok || ended) {
			s.renew()
		}
	}
}

// renew shows the status lines of all tasks, and again every second until there is no task.
func (s *Screen) renew() {
	s.mu.Lock()
	defer s.mu.Unlock()
	_, _ = io.WriteString(s.w, s.erase()+s.draw(s.heartbeats(time.Now())))
	if s.renewal != nil {
		s.renewal.Stop()
	}
	if len(s.followed) > 0 {
		s.renewal = time.AfterFunc(time.Second, s.renew)
	}
}

// heartbeats returns the status lines of all tasks. The caller holds s.mu.
func (s *Screen) heartbeats(now time.Time) []string {
	lines := make([]string, 0, len(s.followed))
	for name, t := range s.followed {
		since := now.Sub(t.at)
		text := fmt.Sprintf("%8s  %s  %s", Clock(now.Sub(s.began)), name, t.last.State)
		if next := t.last.NextDelay - since; next > 0 {
			text += fmt.Sprintf(", next read in %ds", int((next+time.Second-1)/time.Second))
		}
		if left := t.last.TimeLeft - since; left > 0 {
			text += ", " + Clock(left) + " left"
		}
		lines = append(lines, s.Paint(Dim, text))
	}
	slices.Sort(lines)
	return lines
}

// line returns the line about a report. It is empty if the report is not worth one.
func (s *Screen) line(p statemachine.Progress) string {
	switch p.Type {
	case statemachine.ProgressChanged:
		state := p.State
		if p.State == p.Target {
			state = s.Paint(Green, p.State)
		}
		if p.From == "" {
			return "is " + state + waiting(p)
		}
		return p.From + " → " + state + waiting(p)
	case statemachine.ProgressAccepted:
		return fmt.Sprintf("%s accepted", p.Operation)
	case statemachine.ProgressRejected, statemachine.ProgressLost:
		return s.Paint(Yellow, fmt.Sprintf("%s %s", p.Operation, p.Type)) + ": " + p.Err.Error()
	case statemachine.ProgressRead:
		if p.Err != nil && p.NextDelay > 0 {
			return s.Paint(Yellow, "read failed") + ": " + p.Err.Error()
		}
	case statemachine.ProgressCommand, statemachine.ProgressEnded:
	}
	return ""
}

// waiting returns the part of a line about the target, and about what is needed for it.
func waiting(p statemachine.Progress) string {
	switch {
	case p.Target == "" || p.State == p.Target:
		return ""
	case len(p.Plan) == 0:
		return ", waiting for " + p.Target
	}
	var ops []string
	for _, op := range p.Plan {
		ops = append(ops, string(op))
	}
	return ", needs " + strings.Join(ops, ", then ")
}
