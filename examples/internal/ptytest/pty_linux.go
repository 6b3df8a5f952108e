package ptytest

import (
	"fmt"
	"os"
	"os/exec"
	"syscall"
	"testing"
	"unsafe"
)

// The requests of ioctl(2) for pseudo-terminals.
const (
	unlock  = syscall.TIOCSPTLCK
	number  = syscall.TIOCGPTN
	setSize = syscall.TIOCSWINSZ
)

// open opens a terminal and its other side, which a program uses.
func open(t *testing.T, columns int) (terminal, tty *os.File) {
	t.Helper()
	terminal, err := os.OpenFile("/dev/ptmx", os.O_RDWR|syscall.O_NOCTTY, 0)
	if err != nil {
		t.Skipf("no pseudo-terminal: %v", err)
	}
	var n uint32
	locked := int32(0)
	if err := ioctl(terminal, unlock, unsafe.Pointer(&locked)); err != nil { //nolint:gosec // as the call requires
		t.Fatal(err)
	}
	if err := ioctl(terminal, number, unsafe.Pointer(&n)); err != nil { //nolint:gosec // as the call requires
		t.Fatal(err)
	}
	if err := setColumns(terminal, columns); err != nil {
		t.Fatal(err)
	}
	if tty, err = os.OpenFile(fmt.Sprintf("/dev/pts/%d", n), os.O_RDWR|syscall.O_NOCTTY, 0); err != nil {
		t.Fatal(err)
	}
	return terminal, tty
}

// control makes the terminal the controlling terminal of a program.
func control(cmd *exec.Cmd) {
	cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true, Setctty: true, Ctty: 0}
}

// setColumns sets the width of a terminal.
func setColumns(terminal *os.File, columns int) error {
	size := struct{ rows, columns, x, y uint16 }{rows: 24, columns: uint16(columns)} //nolint:gosec // the test sets it
	return ioctl(terminal, setSize, unsafe.Pointer(&size))                           //nolint:gosec // as the call requires
}

func ioctl(f *os.File, request uintptr, arg unsafe.Pointer) error {
	if _, _, errno := syscall.Syscall(syscall.SYS_IOCTL, f.Fd(), request, uintptr(arg)); errno != 0 {
		return errno
	}
	return nil
}
