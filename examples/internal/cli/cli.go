// Package cli has what the example programs share: flags, the terminal, tables, confirmation, JSON
// lists and the exit status.
package cli

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"strings"
	"syscall"
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

// Flags returns the flags of a program. With -h they begin with what the program does and how to
// run it.
func Flags(name, about string) *flag.FlagSet {
	flags := flag.NewFlagSet(name, flag.ContinueOnError)
	flags.Usage = func() {
		s := NewScreen(os.Stdout)
		for line := range strings.SplitSeq(strings.TrimSpace(about), "\n") {
			s.Println(line, len(line)-len(strings.TrimLeft(line, " ")))
		}
		first := true
		flags.VisitAll(func(f *flag.Flag) {
			if first {
				fmt.Fprintln(s, "\nFlags:")
			}
			first = false
			value, usage := flag.UnquoteUsage(f)
			if f.DefValue != "" && f.DefValue != "false" && f.DefValue != "0s" && f.DefValue != "0" {
				usage += fmt.Sprintf(" (default %s)", f.DefValue)
			}
			s.Println(strings.TrimRight("  -"+f.Name+" "+value, " "), 6)
			s.Println("      "+usage, 6)
		})
	}
	return flags
}

// Parse parses args, which must be flags only.
func Parse(flags *flag.FlagSet, args []string) error {
	flags.SetOutput(io.Discard)
	usage := flags.Usage
	flags.Usage = func() {}
	err := flags.Parse(args)
	switch {
	case errors.Is(err, flag.ErrHelp):
		usage()
		return err
	case err != nil:
		return &UsageError{Message: err.Error()}
	case flags.NArg() > 0:
		return &UsageError{Message: fmt.Sprintf("unexpected argument: %q", flags.Arg(0))}
	}
	return nil
}

// Plural returns a number with a noun, such as "1 database" or "2 databases".
func Plural(n int, noun string) string {
	if n == 1 {
		return "1 " + noun
	}
	return fmt.Sprintf("%d %ss", n, noun)
}
