package durable

import (
	"fmt"
	"slices"

	"github.com/streamwarden/streamwarden-go/activitystream"
	"github.com/streamwarden/streamwarden-go/statemachine"
)

// supports returns an error if the database does not support the mode of a start.
func supports(modes []activitystream.Mode, in activitystream.StartInput) error {
	if slices.Contains(modes, in.Mode) {
		return nil
	}
	return fmt.Errorf("%w: %s does not support activity streams in mode %s (supported: %v)", statemachine.Unsupported, in.ResourceArn, in.Mode, modes)
}
