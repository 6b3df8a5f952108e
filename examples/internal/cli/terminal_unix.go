//go:build linux || darwin

package cli

import (
	"os"
	"syscall"
	"unsafe"
)

// size is the size of a terminal, as the kernel describes it.
type size struct{ rows, columns, x, y uint16 }

// terminalSize returns the size of a terminal.
func terminalSize(f *os.File) (size, bool) {
	var s size
	_, _, errno := syscall.Syscall(syscall.SYS_IOCTL, f.Fd(), syscall.TIOCGWINSZ, uintptr(unsafe.Pointer(&s))) //nolint:gosec // as the call requires
	return s, errno == 0
}

// IsTerminal reports whether f is a terminal.
func IsTerminal(f *os.File) bool {
	_, ok := terminalSize(f)
	return ok
}

// columns returns the width of a terminal. Zero means that it is not known.
func columns(f *os.File) int {
	s, _ := terminalSize(f)
	return int(s.columns)
}
