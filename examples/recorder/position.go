package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"

	"github.com/streamwarden/streamwarden-go/activitystream/activityreader"
	"github.com/streamwarden/streamwarden-go/examples/internal/cli"
)

// load returns the stored position, or the latest if there is none.
func (r *recorder) load() (activityreader.Position, error) {
	data, err := os.ReadFile(r.positionFile)
	if errors.Is(err, os.ErrNotExist) { // or no file is named
		return activityreader.Latest(), nil
	}
	var p activityreader.Position
	if err != nil {
		return p, err
	}
	if err := json.Unmarshal(data, &p); err != nil {
		return p, &cli.UsageError{Message: fmt.Sprintf("-position %s: not a position: %v", r.positionFile, err)}
	}
	return p, nil
}

// store writes what is before a position to the disk, and then the position.
func (r *recorder) store(p activityreader.Position) error {
	if r.positionFile == "" {
		return nil
	}
	if err := r.events.sync(); err != nil {
		return err
	}
	data, err := json.Marshal(p)
	if err != nil {
		return err
	}
	next := r.positionFile + ".next"
	if err := os.WriteFile(next, data, 0o600); err != nil {
		return err
	}
	return os.Rename(next, r.positionFile)
}
