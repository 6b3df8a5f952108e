package cli

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"strings"
)

// Confirm writes a question to out and reads a line from in. It returns whether the line is "y" or
// "yes", and returns early if ctx ends. The end of in means no.
func Confirm(ctx context.Context, in io.Reader, out io.Writer, question string) (yes bool, err error) {
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
