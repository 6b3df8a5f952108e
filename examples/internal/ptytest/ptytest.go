// Package ptytest runs programs on a pseudo-terminal and shows what a person would see, for tests.
package ptytest

import (
	"bytes"
	"context"
	"errors"
	"os"
	"os/exec"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"
)

// Timeout ends a program that hangs.
const Timeout = 3 * time.Minute

// Program is a running program, with all three standard files on a terminal or in pipes.
type Program struct {
	t        *testing.T
	cmd      *exec.Cmd
	columns  int
	terminal *os.File // nil for pipes

	mu    sync.Mutex
	cond  *sync.Cond // for new output
	raw   bytes.Buffer
	found int // where the text of the last Until ends
	eof   bool
}

// Start starts a program on a terminal with this many columns, or in pipes if columns is 0. Its
// environment has env and little else.
func Start(t *testing.T, columns int, env []string, name string, args ...string) *Program {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), Timeout)
	t.Cleanup(cancel)
	p := &Program{t: t, cmd: exec.CommandContext(ctx, name, args...), columns: columns} //nolint:gosec // the test names the program
	p.cond = sync.NewCond(&p.mu)
	p.cmd.Env = append([]string{"HOME=" + t.TempDir(), "TERM=xterm", "PATH=" + os.Getenv("PATH")}, env...)
	var out *os.File
	if columns == 0 {
		r, w, err := os.Pipe()
		if err != nil {
			t.Fatal(err)
		}
		p.cmd.Stdout, p.cmd.Stderr, out = w, w, r
		defer w.Close() //nolint:errcheck // the program has it
	} else {
		terminal, tty := open(t, columns)
		p.cmd.Stdin, p.cmd.Stdout, p.cmd.Stderr, out = tty, tty, tty, terminal
		p.terminal = terminal
		control(p.cmd)
		defer tty.Close() //nolint:errcheck // the program has it
	}
	if err := p.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	go p.read(out)
	return p
}

// read collects the output until its end. The end of a terminal is an error.
func (p *Program) read(out *os.File) {
	defer out.Close() //nolint:errcheck // it was only read
	for b := make([]byte, 4096); ; {
		n, err := out.Read(b)
		p.mu.Lock()
		p.raw.Write(b[:n])
		p.eof = err != nil
		p.cond.Broadcast()
		p.mu.Unlock()
		if err != nil {
			return
		}
	}
}

// Until waits until the output contains text, after the text of the previous call.
func (p *Program) Until(text string) {
	p.t.Helper()
	p.mu.Lock()
	defer p.mu.Unlock()
	for {
		if i := strings.Index(p.raw.String()[p.found:], text); i >= 0 {
			p.found += i + len(text)
			return
		}
		if p.eof {
			view := Render(p.raw.String(), p.columns)
			p.t.Fatalf("no %q in the output:\n%s", text, &view)
		}
		p.cond.Wait()
	}
}

// Type types text.
func (p *Program) Type(text string) {
	p.t.Helper()
	if _, err := p.terminal.WriteString(text); err != nil {
		p.t.Fatal(err)
	}
}

// Interrupt sends what Ctrl-C sends.
func (p *Program) Interrupt() {
	p.t.Helper()
	if err := p.cmd.Process.Signal(syscall.SIGINT); err != nil {
		p.t.Fatal(err)
	}
}

// End waits for the program and returns its exit status and what it wrote.
func (p *Program) End() (status int, raw string) {
	p.t.Helper()
	err := p.cmd.Wait()
	if _, ok := errors.AsType[*exec.ExitError](err); err != nil && !ok {
		p.t.Error(err)
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	for !p.eof {
		p.cond.Wait()
	}
	return p.cmd.ProcessState.ExitCode(), p.raw.String()
}
