package cli

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"os"
	"strings"
)

// CanConfirm returns an error if in is a file that is not a terminal, where no user can
// confirm anything.
func CanConfirm(in io.Reader) error {
	if f, ok := in.(*os.File); ok && !IsTerminal(f) {
		return &UsageError{Message: "-live asks for confirmation, but standard input is not a terminal: add -yes"}
	}
	return nil
}

// Confirm reports whether to go on. If yes is set, it does nothing. Otherwise it writes a question
// to out and reads a line from in, which has to be "y" or "yes". The end of in means no. Without a
// confirmation, and if ctx ends, it writes that nothing was changed. It returns the error of
// CanConfirm.
func Confirm(ctx context.Context, yes bool, in io.Reader, out io.Writer, question string) (ok bool, err error) {
	if yes {
		return true, nil
	}
	if err := CanConfirm(in); err != nil {
		return false, err
	}
	fmt.Fprint(out, question)
	lines := make(chan string, 1)
	go func() { // reading a terminal cannot be interrupted, so the goroutine ends with the program
		line, _ := bufio.NewReader(in).ReadString('\n')
		lines <- strings.ToLower(strings.TrimSpace(line))
	}()
	select {
	case line := <-lines:
		ok = line == "y" || line == "yes"
	case <-ctx.Done():
		fmt.Fprintln(out)
		err = ctx.Err()
	}
	if !ok {
		fmt.Fprintln(out, "nothing was changed")
	}
	return ok, err
}
