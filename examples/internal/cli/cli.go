// Package show is what the examples share: lines that say what happens, and an end on Ctrl-C.
package cli

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"sync"
	"syscall"
	"time"

	"github.com/streamwarden/streamwarden-go/statemachine"
)

// Main runs an example until it ends, or is interrupted, and exits: with 0 if all went well, 1 if not, 2 if the flags are wrong.
func Main(run func(ctx context.Context, args []string) error) {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	err := run(ctx, os.Args[1:])
	interrupted := ctx.Err() != nil
	stop()
	switch usage := (*UsageError)(nil); {
	case err == nil:
	case errors.Is(err, flag.ErrHelp):
	case errors.As(err, &usage):
		fmt.Fprintln(os.Stderr, err)
		os.Exit(2)
	case interrupted:
		fmt.Fprintln(os.Stderr, "interrupted:", err)
		os.Exit(130)
	default:
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

// UsageError says that the flags are wrong.
type UsageError struct{ Message string }

func (e *UsageError) Error() string { return e.Message + "\nRun with -h for the flags." }

// Parse parses args, which must be flags only.
func Parse(flags *flag.FlagSet, args []string) error {
	flags.SetOutput(io.Discard)
	err := flags.Parse(args)
	switch {
	case errors.Is(err, flag.ErrHelp):
		flags.SetOutput(os.Stdout)
		flags.Usage()
		return err
	case err != nil:
		return &UsageError{Message: err.Error()}
	case flags.NArg() > 0:
		return &UsageError{Message: fmt.Sprintf("unexpected argument: %q", flags.Arg(0))}
	}
	return nil
}

// Printer writes a line for each state that is seen. It is safe for concurrent use.
type Printer struct {
	mu   sync.Mutex
	w    io.Writer
	last map[string]string // by machine and resource
}

// NewLines makes Lines that write to w.
func NewLines(w io.Writer) *Printer { return &Printer{w: w, last: map[string]string{}} }

// Printf writes one line.
func (l *Printer) Printf(format string, args ...any) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.say(format, args...)
}

func (l *Printer) say(format string, args ...any) {
	fmt.Fprintf(l.w, "%s  %s\n", time.Now().Format("15:04:05.0"), fmt.Sprintf(format, args...))
}

// OnRead makes a [statemachine.WaitOptions].OnRead that writes a line whenever what has another state than before: its old and new state, and
// what is waited for.
func (l *Printer) OnRead(what string) func(statemachine.Reading) {
	return func(r statemachine.Reading) {
		l.mu.Lock()
		defer l.mu.Unlock()
		switch last, seen := l.last[what]; {
		case r.Err != nil:
			l.say("%s  %v", what, r.Err)
		case !seen:
			l.say("%s  is %s%s", what, r.State, waiting(r))
		case last != r.State:
			l.say("%s  %s → %s%s", what, last, r.State, waiting(r))
		default:
			return
		}
		l.last[what] = r.State
	}
}

func waiting(r statemachine.Reading) string {
	if r.Target == "" || r.State == r.Target {
		return ""
	}
	return fmt.Sprintf("  (waiting for %s)", r.Target)
}
