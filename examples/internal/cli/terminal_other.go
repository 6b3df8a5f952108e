//go:build !linux && !darwin

package cli

import "os"

// IsTerminal reports whether f may be a terminal.
func IsTerminal(f *os.File) bool {
	info, err := f.Stat()
	return err == nil && info.Mode()&os.ModeCharDevice != 0
}

// columns returns the width of a terminal. Zero means that it is not known.
func columns(*os.File) int { return 0 }
