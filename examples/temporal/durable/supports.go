package durable

import (
	"fmt"
	"slices"

	"github.com/streamwarden/streamwarden-go/activitystream"
	"github.com/streamwarden/streamwarden-go/statemachine"
)

// supports refuses a start in a mode that the database does not have.
func supports(modes []activitystream.Mode, in activitystream.StartInput) error {
	if slices.Contains(modes, in.Mode) {
		return nil
	}
	return fmt.Errorf("%w: %s can have no activity stream in mode %s, only in %v", statemachine.Unsupported, in.ResourceArn, in.Mode, modes)
}
