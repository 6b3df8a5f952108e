package activitystream

import (
	"slices"
	"strings"
)

// engineSupport is the support of an engine for activity streams.
type engineSupport struct {
	prefix       string // of Stream.Engine
	resourceType resourceType
	modes        []Mode
}

// engines returns the engines that the requirements in the user guides list. RDS Custom, Db2 and
// Multi-AZ DB clusters are not listed there (unconfirmed) and are left out.
func engines() []engineSupport {
	return []engineSupport{
		{"aurora-postgresql", cluster, []Mode{ModeSync, ModeAsync}},
		{"aurora-mysql", cluster, []Mode{ModeAsync}},
		{"oracle-", instance, []Mode{ModeAsync}},
		{"sqlserver-", instance, []Mode{ModeAsync}},
	}
}

// engineModes returns the modes that the stream's engine supports, or false for an engine that is
// not listed.
func (s *Stream) engineModes() ([]Mode, bool) {
	for _, e := range engines() {
		if strings.HasPrefix(s.Engine, e.prefix) && strings.Contains(s.ResourceArn, ":"+string(e.resourceType)+":") {
			return e.modes, true
		}
	}
	return nil, false
}

// checkMode rejects a mode that the engine does not support.
func checkMode(in *StartInput, s *Stream) error {
	if modes, ok := s.engineModes(); ok && !slices.Contains(modes, in.Mode) {
		return unsupported(in, "%s does not support activity streams in mode %s (supported: %v)", s.Engine, in.Mode, modes)
	}
	return nil
}
