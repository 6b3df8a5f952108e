package activitystream

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/streamwarden/streamwarden-go/statemachine"
)

// Drift compares a started stream with the input. It returns nil, a [*statemachine.DriftError] with
// the settings that differ, or a [*statemachine.Fault] of kind Unsupported if the engine can never
// have the Mode. [Client.EnsureStarted] calls it. Call it for a [statemachine.EnsureTrack], which
// survives the process.
func (in *StartInput) Drift(s *Stream) error {
	if err := checkMode(in, s); err != nil { // a restart could not remove this drift
		return err
	}
	d := statemachine.DriftError{Resource: in.ResourceArn}
	d.Add("Mode", string(in.Mode), string(s.Mode))
	if same, known := SameKey(in.KmsKeyId, s.KmsKeyId); known && !same {
		d.Add("KmsKeyId", keyID(in.KmsKeyId), keyID(s.KmsKeyId))
	}
	if strings.Contains(s.ResourceArn, ":"+string(instance)+":") {
		d.Add("EngineNativeAuditFieldsIncluded", fmt.Sprint(in.EngineNativeAuditFieldsIncluded), fmt.Sprint(s.EngineNativeAuditFieldsIncluded))
	}
	return d.Err()
}

// Stuck returns an error if the database accepts no command and cannot become available on its own:
// it is stopped, being deleted or broken. Otherwise it returns nil. Call it for a
// [statemachine.EnsureTrack].
func (s *Stream) Stuck() error {
	if !slices.Contains(unrecoverableStatuses(), s.ResourceStatus) {
		return nil
	}
	if s.ResourceStatus == "deleting" {
		return errors.New("database is deleting and accepts no command")
	}
	return fmt.Errorf("database is %s and accepts no command: make it available", s.ResourceStatus)
}

// unrecoverableStatuses returns the statuses of a database, as listed in RDS's user guides, from
// which RDS does not return to "available" on its own. RDS accepts no command in them.
func unrecoverableStatuses() []string {
	return []string{
		"cloning-failed",
		"deleting",
		"failed",
		"inaccessible-encryption-credentials",
		"inaccessible-encryption-credentials-recoverable",
		"incompatible-network",
		"incompatible-option-group",
		"incompatible-parameters",
		"incompatible-restore",
		"insufficient-capacity",
		"migration-failed",
		"restore-error",
		"stopped",
		"stopping",
		"storage-full",
	}
}
