package cli

import (
	"cmp"
	"fmt"
	"io"
	"os"
	"strings"
	"sync"
	"time"
)

// Screen is where a program writes: a terminal, or something else, such as a pipe. On a terminal it
// wraps lines, and keeps status lines below all others. It is safe for concurrent use.
type Screen struct {
	mu       sync.Mutex
	w        io.Writer
	terminal *os.File // nil means that lines are not wrapped
	movable  bool     // the cursor can be moved
	colored  bool
	began    time.Time
	status   []string         // the status lines that are shown
	followed map[string]*task // by name
	renewal  *time.Timer      // of the status lines of followed; nil before the first
}

// NewScreen returns a Screen for w, usually os.Stdout. Environment variables turn off what a
// terminal cannot do or its user does not want: TERM=dumb the status lines and colors, NO_COLOR the
// colors.
func NewScreen(w io.Writer) *Screen {
	s := &Screen{w: w, began: time.Now(), followed: map[string]*task{}}
	if f, ok := w.(*os.File); ok && IsTerminal(f) {
		s.terminal = f
		s.movable = os.Getenv("TERM") != "dumb"
		s.colored = s.movable && os.Getenv("NO_COLOR") == ""
	}
	return s
}

// IsTerminal reports whether f is a terminal.
func IsTerminal(f *os.File) bool {
	_, ok := columns(f)
	return ok
}

// Columns returns the width of the terminal. Zero means that there is none.
func (s *Screen) Columns() int {
	if s.terminal == nil {
		return 0
	}
	width, _ := columns(s.terminal)
	return cmp.Or(width, 80)
}

// Status reports whether the screen shows status lines.
func (s *Screen) Status() bool { return s.movable }

// Style is a color.
type Style string

// The styles.
const (
	Green  Style = "\x1b[32m"
	Red    Style = "\x1b[31m"
	Yellow Style = "\x1b[33m"
	Dim    Style = "\x1b[2m"
	Bold   Style = "\x1b[1m"
	reset        = "\x1b[0m"
)

// Paint returns text in a style, or unchanged if the screen has no colors.
func (s *Screen) Paint(style Style, text string) string {
	if !s.colored || text == "" {
		return text
	}
	return string(style) + text + reset
}

// Printf writes one line with the time: of day in a pipe, since the beginning on a terminal.
func (s *Screen) Printf(format string, args ...any) {
	at := time.Now().Format("15:04:05.0")
	if s.Columns() > 0 {
		at = fmt.Sprintf("%8s", clock(time.Since(s.began), true))
	}
	s.Println(s.Paint(Dim, at)+"  "+fmt.Sprintf(format, args...), len(at)+2)
}

// Println writes one line, wrapped with an indent.
func (s *Screen) Println(line string, indent int) {
	_, _ = s.Write([]byte(strings.Join(wrap(line, indent, s.Columns()), "\n") + "\n"))
}

// Write writes whole lines above the status lines.
func (s *Screen) Write(lines []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	shown := s.status
	_, err := io.WriteString(s.w, s.erase()+string(lines)+s.draw(shown))
	return len(lines), err
}

// SetStatus replaces the status lines. A line that is too long is cut.
func (s *Screen) SetStatus(lines ...string) {
	if !s.movable {
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	_, _ = io.WriteString(s.w, s.erase()+s.draw(lines))
}

// draw returns what shows status lines. The cursor stays at the end of the last one.
func (s *Screen) draw(lines []string) string {
	s.status = nil
	for _, line := range lines {
		s.status = append(s.status, cut(line, s.Columns()-3)) // leaves room for the ^C that a terminal shows
	}
	return strings.Join(s.status, "\n")
}

// erase returns what erases the status lines, from the last one up. If the terminal has become
// narrower, it may have wrapped them. Rows are erased one by one, because tmux keeps what is erased
// with the whole screen in its history.
func (s *Screen) erase() string {
	rows := 0
	for _, line := range s.status {
		rows += max((visible(line)+s.Columns()-1)/s.Columns(), 1)
	}
	s.status = nil
	if rows == 0 {
		return ""
	}
	return "\r\x1b[K" + strings.Repeat("\x1b[A\x1b[K", rows-1)
}

// Clock returns a time as minutes and seconds, or as hours and minutes.
func Clock(d time.Duration) string { return clock(d, false) }

// clock returns a time as minutes and seconds, with a tenth if fine is set, or as hours and
// minutes.
func clock(d time.Duration, fine bool) string {
	switch {
	case d >= time.Hour:
		return fmt.Sprintf("%dh%02dm", int(d.Hours()), int(d.Minutes())%60)
	case fine:
		return fmt.Sprintf("%d:%04.1f", int(d.Minutes()), (d % time.Minute).Truncate(time.Second/10).Seconds())
	}
	d = d.Round(time.Second)
	return fmt.Sprintf("%d:%02d", int(d.Minutes()), int(d.Seconds())%60)
}
