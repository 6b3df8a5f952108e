package ptytest

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"syscall"
	"testing"
	"unsafe"
)

// open opens a terminal and its other side, which a program uses.
func open(t *testing.T, columns int) (terminal, tty *os.File) {
	t.Helper()
	terminal, err := os.OpenFile("/dev/ptmx", os.O_RDWR|syscall.O_NOCTTY, 0)
	if err != nil {
		t.Skipf("no pseudo-terminal: %v", err)
	}
	var locked, n int32
	unlock := ioctl(terminal, syscall.TIOCSPTLCK, unsafe.Pointer(&locked)) //nolint:gosec // as the call requires
	number := ioctl(terminal, syscall.TIOCGPTN, unsafe.Pointer(&n))        //nolint:gosec // as the call requires
	if err := errors.Join(unlock, number, setColumns(terminal, columns)); err != nil {
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
	return ioctl(terminal, syscall.TIOCSWINSZ, unsafe.Pointer(&size))                //nolint:gosec // as the call requires
}

func ioctl(f *os.File, request uintptr, arg unsafe.Pointer) error {
	if _, _, errno := syscall.Syscall(syscall.SYS_IOCTL, f.Fd(), request, uintptr(arg)); errno != 0 {
		return errno
	}
	return nil
}
