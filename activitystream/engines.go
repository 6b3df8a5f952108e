package activitystream

import (
	"fmt"
	"slices"
	"strings"

	"github.com/streamwarden/streamwarden-go/statemachine"
)

// engineSupport is the support of an engine for activity streams.
type engineSupport struct {
	prefix       string // of Stream.Engine
	resourceType resourceType
	modes        []Mode // none if the engine can never have a stream
}

// engines returns the engines that the user guides name as supported or as not supported. The first
// row that matches counts. RDS Custom, Db2 and Multi-AZ DB clusters are not named there
// (unconfirmed) and are left out.
func engines() []engineSupport {
	return []engineSupport{
		{"aurora-postgresql", cluster, []Mode{ModeSync, ModeAsync}},
		{"aurora-mysql", cluster, []Mode{ModeAsync}},
		{"oracle-ee-cdb", instance, nil},
		{"oracle-se2-cdb", instance, nil},
		{"oracle-", instance, []Mode{ModeAsync}},
		{"sqlserver-", instance, []Mode{ModeAsync}},
		{"mysql", instance, nil},
		{"mariadb", instance, nil},
		{"postgres", instance, nil},
		{"neptune", cluster, nil},
		{"neptune", instance, nil},
		{"docdb", cluster, nil},
		{"docdb", instance, nil},
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

// noStream returns why the database cannot have a stream of its own, whatever its version and
// class, and what to use instead. It returns "" if the database may have one.
func (s *Stream) noStream() string {
	if reason := s.noOwnStream(); reason != "" {
		return reason
	}
	if modes, ok := s.engineModes(); ok && len(modes) == 0 {
		return s.Engine + " does not support activity streams"
	}
	return ""
}

// noOwnStream returns why another database has the stream that a caller may mean by this one, or
// "".
func (s *Stream) noOwnStream() string {
	if s.memberOf == "" && s.replicaOf == "" {
		return ""
	}
	modes, ok := s.engineModes()
	switch {
	case ok && len(modes) == 0:
	case s.memberOf != "":
		prefix, _, _ := strings.Cut(s.ResourceArn, ":"+string(instance)+":")
		return fmt.Sprintf("the instance is a member of a cluster, which has the stream: use %s:%s:%s", prefix, cluster, s.memberOf)
	case s.replicaOf != "":
		return fmt.Sprintf("a read replica does not support activity streams: use its source %s", s.replicaOf)
	}
	return ""
}

// unsupported returns a Fault of kind Unsupported, of a command that is not sent.
func unsupported(op statemachine.Operation, resourceArn, format string, args ...any) error {
	return &statemachine.Fault{
		Kind: statemachine.Unsupported, Operation: op, Resource: resourceArn, Message: fmt.Sprintf(format, args...), NotSent: true,
	}
}

// checkDatabase returns a Fault of op if reason says that the database has no stream of its own.
func checkDatabase(op statemachine.Operation, resourceArn, reason string) error {
	if reason == "" {
		return nil
	}
	return unsupported(op, resourceArn, "%s", reason)
}

// ownStatus returns the stream's state in machine for a wait. It is empty if another database has
// the stream: then the status that RDS reports here, whatever it is, is not that of the stream.
func (s *Stream) ownStatus() Status {
	if s.noOwnStream() != "" {
		return ""
	}
	return s.Status
}

// checkStream ends a wait for a database that cannot have a stream, because its status does not
// change.
func checkStream(s *Stream) error {
	if reason := s.noStream(); reason != "" {
		return fmt.Errorf("%w: %s", statemachine.Unsupported, reason)
	}
	return nil
}

// checkMode rejects a database that cannot have a stream, and a mode that its engine does not
// support.
func checkMode(in *StartInput, s *Stream) error {
	if err := checkDatabase(StartActivityStream, in.ResourceArn, s.noStream()); err != nil {
		return err
	}
	if modes, ok := s.engineModes(); ok && !slices.Contains(modes, in.Mode) {
		return unsupported(StartActivityStream, in.ResourceArn, "%s does not support activity streams in mode %s (supported: %v)", s.Engine, in.Mode, modes)
	}
	return nil
}
