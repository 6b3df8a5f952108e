//go:build !linux && !darwin

package cli

import "os"

// columns returns zero for the width of a terminal, which is not known, and whether f may be one.
func columns(f *os.File) (width int, ok bool) {
	info, err := f.Stat()
	return 0, err == nil && info.Mode()&os.ModeCharDevice != 0
}
