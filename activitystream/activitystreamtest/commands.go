package activitystreamtest

import (
	"fmt"
	"net/http"
	"slices"
	"strings"

	"github.com/streamwarden/streamwarden-go/activitystream"
	"github.com/streamwarden/streamwarden-go/internal/simulator"
	"github.com/streamwarden/streamwarden-go/statemachine"
)

// The operations that read.
const (
	describeDBClusters                 statemachine.Operation = "DescribeDBClusters"
	describeDBInstances                statemachine.Operation = "DescribeDBInstances"
	describeEvents                     statemachine.Operation = "DescribeEvents"
	describeOrderableDBInstanceOptions statemachine.Operation = "DescribeOrderableDBInstanceOptions"
)

// operations returns the operations that the server supports.
func (s *Server) operations() map[statemachine.Operation]simulator.Operation {
	target := func(r *simulator.Request) []string { return s.clusterType.canonical(r.Get("ResourceArn")) }
	return map[statemachine.Operation]simulator.Operation{
		activitystream.StartActivityStream:  {Resources: target, Run: s.command(s.start)},
		activitystream.StopActivityStream:   {Resources: target, Run: s.command(s.stop)},
		activitystream.ModifyActivityStream: {Resources: target, Run: s.command(s.modify)},
		describeDBClusters:                  {Resources: s.clusterType.resources, Run: s.clusterType.describe},
		describeDBInstances:                 {Resources: s.instanceType.resources, Run: s.instanceType.describe},
		describeOrderableDBInstanceOptions:  {Run: s.describeOrderable},
		describeEvents:                      {Resources: s.eventSource, Run: s.describeEvents},
	}
}

// target is the database that a command names.
type target struct {
	*resource

	database database
}

// runFunc executes an operation.
type runFunc = func(*simulator.Request) (simulator.Result, *simulator.Error)

// command returns the Run function of an operation that changes the stream of one database.
func (s *Server) command(run func(*simulator.Request, target) (*simulator.XML, *simulator.Error)) runFunc {
	return func(r *simulator.Request) (simulator.Result, *simulator.Error) {
		t, e := s.findTarget(r)
		if e != nil {
			return simulator.Result{}, e
		}
		x, e := run(r, t)
		if e != nil {
			return simulator.Result{}, e
		}
		return simulator.Result{Body: x.Bytes()}, nil
	}
}

// findTarget finds the database that a command names.
func (s *Server) findTarget(r *simulator.Request) (target, *simulator.Error) {
	f := form{Request: r}
	arn := f.required("ResourceArn")
	if f.err != nil {
		return target{}, f.err
	}
	a, ok := parseARN(arn)
	t := map[string]*resourceType{"cluster": s.clusterType, "db": s.instanceType}[a.arnType]
	switch {
	case !ok || t == nil:
		return target{}, notAnARN(arn)
	case r.Operation == activitystream.ModifyActivityStream && t == s.clusterType:
		return target{}, wrongType(arn, "ResourceArn", "db", a.arnType)
	}
	res := s.databases.Get(arn)
	d, ok := res.Now(r.At)
	if !ok || r.Foreign {
		return target{}, t.notFound(a.id)
	}
	return target{res, d}, nil
}

// start executes StartActivityStream.
func (s *Server) start(r *simulator.Request, t target) (*simulator.XML, *simulator.Error) {
	f := form{Request: r}
	mode, key := activitystream.Mode(f.required("Mode")), f.required("KmsKeyId")
	immediately, native := f.bool("ApplyImmediately"), f.bool("EngineNativeAuditFieldsIncluded")
	if mode != activitystream.ModeSync && mode != activitystream.ModeAsync {
		f.fail(invalidValue("Invalid value %s for Mode. Must be sync or async", mode))
	}
	if f.err != nil {
		return nil, f.err
	}
	if native && t.database.cluster { // the code is unconfirmed
		return nil, invalidCombination("EngineNativeAuditFieldsIncluded is for Oracle and Microsoft SQL Server instances only")
	}
	if e := checkAvailable(t.database); e != nil {
		return nil, e
	}
	if e := checkSupported(t.database, mode); e != nil {
		return nil, e
	}
	step := func(d database) (database, bool) {
		d.stream.mode, d.stream.key, d.stream.nativeAuditFields = mode, s.resolve(key), native
		return s.streams.Command(d, activitystream.StartActivityStream)
	}
	next, ok := step(t.database)
	if !ok {
		return nil, s.stateError(r.Operation, t.database)
	}
	if isManagedKey(key) || s.inaccessible[s.resolve(key)] {
		return nil, simulator.Errorf("KMSKeyNotAccessibleFault",
			"Specified KMS key [%s] does not exist, is not enabled or you do not have permissions to access it.", key)
	}
	current := s.apply(r, t, next, immediately, step)

	var x simulator.XML
	x.Text("KmsKeyId", key)
	x.TextIfSet("KinesisStreamName", next.stream.kinesis)
	x.Text("Status", string(current.stream.status))
	x.Text("Mode", string(mode))
	x.Bool("EngineNativeAuditFieldsIncluded", native)
	x.Bool("ApplyImmediately", immediately)
	return &x, nil
}

// stop executes StopActivityStream.
func (s *Server) stop(r *simulator.Request, t target) (*simulator.XML, *simulator.Error) {
	f := form{Request: r}
	immediately := f.bool("ApplyImmediately")
	if f.err != nil {
		return nil, f.err
	}
	if e := checkAvailable(t.database); e != nil {
		return nil, e
	}
	step := func(d database) (database, bool) {
		return s.streams.Command(d, activitystream.StopActivityStream)
	}
	next, ok := step(t.database)
	if !ok {
		return nil, s.stateError(r.Operation, t.database)
	}
	current := s.apply(r, t, next, immediately, step)

	var x simulator.XML
	x.TextIfSet("KmsKeyId", bareKey(current.stream.key))
	x.TextIfSet("KinesisStreamName", current.stream.kinesis)
	x.Text("Status", string(current.stream.status))
	return &x, nil
}

// modify executes ModifyActivityStream.
func (s *Server) modify(r *simulator.Request, t target) (*simulator.XML, *simulator.Error) {
	want, ok := map[activitystream.AuditPolicyState]activitystream.PolicyStatus{
		"":                                 activitystream.PolicyLocked,
		activitystream.AuditPolicyLocked:   activitystream.PolicyLocked,
		activitystream.AuditPolicyUnlocked: activitystream.PolicyUnlocked,
	}[activitystream.AuditPolicyState(r.Get("AuditPolicyState"))]
	if !ok {
		return nil, invalidValue("Invalid value %s for AuditPolicyState. Must be locked or unlocked", r.Get("AuditPolicyState"))
	}
	if t.database.stream.policy == "" {
		return nil, invalidCombination(msgUnsupportedConfiguration)
	}
	if e := checkAvailable(t.database); e != nil {
		return nil, e
	}
	next, ok := s.policies.Command(t.database, activitystream.ModifyActivityStream)
	if !ok || t.database.stream.status != activitystream.StatusStarted || !s.policies.Machine.Settles(next.stream.policy, want) {
		return nil, s.stateError(r.Operation, t.database)
	}
	s.policies.Enter(t.resource, r.At, next)

	var x simulator.XML
	x.TextIfSet("KmsKeyId", bareKey(next.stream.key))
	x.TextIfSet("KinesisStreamName", next.stream.kinesis)
	x.Text("Status", string(next.stream.status))
	x.Text("Mode", string(next.stream.mode))
	x.Bool("EngineNativeAuditFieldsIncluded", next.stream.nativeAuditFields)
	x.Text("PolicyStatus", string(next.stream.policy))
	return &x, nil
}

// apply executes a command now, or plans it for the maintenance window. It returns the current
// database.
func (s *Server) apply(r *simulator.Request, t target, next database, immediately bool, step func(database) (database, bool)) database {
	if immediately {
		s.streams.Enter(t.resource, r.At, next)
		return next
	}
	window := simulator.Delay{After: s.opts.MaintenanceWindow, Reads: s.opts.ReadsPerTransition}
	s.streams.ScheduleCommand(t.resource, r.At, window, step)
	return t.database
}

// checkAvailable returns an error if the database does not accept commands.
func checkAvailable(d database) *simulator.Error {
	if d.status == statusAvailable {
		return nil
	}
	return stateFault(d, fmt.Sprintf("%s is not in available state, but in %s.", d.id, d.status))
}

// checkSupported returns an error if the database does not support streams in the mode.
func checkSupported(d database, mode activitystream.Mode) *simulator.Error {
	modes := d.modes()
	if slices.Contains(modes, string(mode)) {
		return nil
	}
	if len(modes) == 0 {
		return invalidCombination(msgUnsupportedConfiguration)
	}
	return invalidCombination(fmt.Sprintf("The mode %s is not supported for the engine %s", mode, d.engine.name))
}

const msgUnsupportedConfiguration = "You can't start a database activity stream in this configuration"

// stateError returns the error for a command that the status of the stream, or of its policy, does
// not permit.
func (s *Server) stateError(op statemachine.Operation, d database) *simulator.Error {
	status := d.stream.status
	if e := simulator.Refused(s.opts.Refuse, op, d.arn, status); e != nil {
		return e
	}
	if op == activitystream.ModifyActivityStream {
		return stateFault(d, fmt.Sprintf("The activity stream of %s is %s and its audit policy %s.", d.id, status, d.stream.policy))
	}
	if s.streams.Machine.Transient(status) || !s.streams.Machine.Known(status) {
		return stateFault(d, fmt.Sprintf("The activity stream of %s is %s.", d.id, status))
	}
	expected, is := string(activitystream.StatusStopped), string(status)
	if op == activitystream.StopActivityStream {
		expected = string(activitystream.StatusStarted)
	}
	if !d.cluster { // RDS writes the statuses of instances in upper case
		expected, is = strings.ToUpper(expected), strings.ToUpper(is)
	}
	return invalidCombination("Activity Streams feature expected to be " + expected + ", but is " + is)
}

func stateFault(d database, message string) *simulator.Error {
	code := "InvalidDBInstanceState"
	if d.cluster {
		code = "InvalidDBClusterStateFault"
	}
	return &simulator.Error{Code: code, Message: message}
}

func invalidCombination(message string) *simulator.Error {
	return &simulator.Error{Code: "InvalidParameterCombination", Message: message}
}

func invalidValue(format string, args ...any) *simulator.Error {
	return simulator.Errorf("InvalidParameterValue", format, args...)
}

func (t *resourceType) notFound(id string) *simulator.Error {
	return &simulator.Error{Code: t.notFoundCode, Message: t.element + " " + id + " not found.", Status: http.StatusNotFound}
}

// parsedARN has the parts of an ARN that the simulator uses.
type parsedARN struct{ arnType, id string }

// parseARN parses an ARN of RDS.
func parseARN(s string) (parsedARN, bool) {
	p := strings.Split(s, ":")
	if len(p) != 7 || p[0] != "arn" || p[2] != "rds" || slices.Contains(p, "") {
		return parsedARN{}, false
	}
	return parsedARN{arnType: p[5], id: p[6]}, true
}

func isARN(s string) bool { return strings.HasPrefix(s, "arn:") }

// notAnARN returns the error for an invalid ARN. The code is that of RDS, the text is not.
func notAnARN(s string) *simulator.Error { return invalidValue("The provided ARN (%s) is invalid", s) }

func wrongType(arn, parameter, want, got string) *simulator.Error {
	return invalidValue("The provided ARN (%s) is invalid for this parameter (%s). Expected type = %s, actual type = %s",
		arn, parameter, want, got)
}
