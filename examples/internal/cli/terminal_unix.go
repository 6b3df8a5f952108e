//go:build linux || darwin

package cli

import (
	"os"
	"syscall"
	"unsafe"
)

// columns returns the width of a terminal, and whether f is one. Zero means that the width is not
// known.
func columns(f *os.File) (width int, ok bool) {
	var size struct{ rows, columns, x, y uint16 }
	_, _, errno := syscall.Syscall(syscall.SYS_IOCTL, f.Fd(), syscall.TIOCGWINSZ, uintptr(unsafe.Pointer(&size))) //nolint:gosec // as the call requires
	return int(size.columns), errno == 0
}
