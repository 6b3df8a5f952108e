// Package cli has what the example programs share: flags, the terminal, tables, confirmation, JSON
// lists, serving, and the exit status.
package cli

import (
	"context"
	"errors"
	"flag"
	"fmt"
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
	exit(err, interrupted)
}

// NoFlags prints what a program without flags does, and exits, if it is run with -h. Other
// arguments are an error. Without arguments, it returns.
func NoFlags(name, about string) struct{} {
	if len(os.Args) > 1 {
		exit(Parse(Flags(name, about), os.Args[1:]), false)
		os.Exit(0)
	}
	return struct{}{}
}

// exit prints an error, and exits unless it is nil or a call for help.
func exit(err error, interrupted bool) {
	if err == nil || errors.Is(err, flag.ErrHelp) {
		return
	}
	text, status := err.Error(), 1
	if _, ok := errors.AsType[*UsageError](err); ok {
		status = 2
	} else if interrupted {
		status = 130
		if err == context.Canceled { //nolint:errorlint // only if the program has nothing to add
			text = "interrupted"
		} else {
			text = "interrupted: " + text
		}
	}
	screen := NewScreen(os.Stderr)
	for line := range strings.SplitSeq(text, "\n") {
		screen.Println(line, 2)
	}
	os.Exit(status)
}

// UsageError reports wrong flags or a wrong file. It makes Main exit with status 2.
type UsageError struct{ Message string }

func (e *UsageError) Error() string { return e.Message + "\nRun with -h for the flags." }

// Plural returns a number with a noun, such as "1 database" or "2 databases".
func Plural(n int, noun string) string {
	if n == 1 {
		return "1 " + noun
	}
	return fmt.Sprintf("%d %ss", n, noun)
}
