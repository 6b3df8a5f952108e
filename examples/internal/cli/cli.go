// Package cli has what the example programs share: flags, progress lines, confirmation, JSON lists
// and the exit status.
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

// Main runs an example until it ends or is interrupted, and exits: with status 0 on success, 1 on
// failure, 2 if the flags are wrong, and 130 if interrupted.
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

// UsageError reports wrong flags or a wrong file. It makes Main exit with status 2.
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

// Printer writes progress lines with the time. It is safe for concurrent use.
type Printer struct {
	mu   sync.Mutex
	w    io.Writer
	last map[string]string // the last state, by resource
}

// NewPrinter returns a Printer that writes to w.
func NewPrinter(w io.Writer) *Printer { return &Printer{w: w, last: map[string]string{}} }

// Printf writes one line.
func (p *Printer) Printf(format string, args ...any) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.printf(format, args...)
}

// printf writes one line. The caller holds p.mu.
func (p *Printer) printf(format string, args ...any) {
	fmt.Fprintf(p.w, "%s  %s\n", time.Now().Format("15:04:05.0"), fmt.Sprintf(format, args...))
}

// OnRead returns a [statemachine.WaitOptions].OnRead that writes a line whenever the state of the
// resource name has changed: the old and the new state, and the target.
func (p *Printer) OnRead(name string) func(statemachine.Reading) {
	return func(r statemachine.Reading) {
		p.mu.Lock()
		defer p.mu.Unlock()
		switch last, seen := p.last[name]; {
		case r.Err != nil:
			p.printf("%s  %v", name, r.Err)
		case !seen:
			p.printf("%s  is %s%s", name, r.State, waiting(r))
		case last != r.State:
			p.printf("%s  %s → %s%s", name, last, r.State, waiting(r))
		default:
			return
		}
		p.last[name] = r.State
	}
}

// waiting returns the part of a line about the target.
func waiting(r statemachine.Reading) string {
	if r.Target == "" || r.State == r.Target {
		return ""
	}
	return fmt.Sprintf("  (waiting for %s)", r.Target)
}

// Plural returns a number with a noun, such as "1 database" or "2 databases".
func Plural(n int, noun string) string {
	if n == 1 {
		return "1 " + noun
	}
	return fmt.Sprintf("%d %ss", n, noun)
}
