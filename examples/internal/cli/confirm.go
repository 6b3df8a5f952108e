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

// Confirm writes a question to out and reads a line from in. It returns whether the line is "y" or
// "yes", and returns early if ctx ends. The end of in means no. It returns the error of CanConfirm.
func Confirm(ctx context.Context, in io.Reader, out io.Writer, question string) (yes bool, err error) {
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
		return line == "y" || line == "yes", nil
	case <-ctx.Done():
		fmt.Fprintln(out)
		return false, ctx.Err()
	}
}
