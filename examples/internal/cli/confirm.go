package cli

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"strings"
)

// Confirm writes a question to out and reads a line of answer from in. It returns when there is one, or when ctx ends; the end of in is a no.
func Confirm(ctx context.Context, in io.Reader, out io.Writer, question string) (yes bool, err error) {
	fmt.Fprint(out, question)
	answer := make(chan string, 1)
	go func() { // a read of the terminal cannot be interrupted; the program ends with it
		line, _ := bufio.NewReader(in).ReadString('\n')
		answer <- strings.ToLower(strings.TrimSpace(line))
	}()
	select {
	case line := <-answer:
		return line == "y" || line == "yes", nil
	case <-ctx.Done():
		fmt.Fprintln(out)
		return false, ctx.Err()
	}
}
