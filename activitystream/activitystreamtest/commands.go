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

// operations are those that the server models.
func (s *Server) operations() map[statemachine.Operation]simulator.Operation {
	named := func(r *simulator.Request) []string {
		return s.canonical(&s.clusters, &s.instances, r.Get("ResourceArn"))
	}
	return map[statemachine.Operation]simulator.Operation{
		activitystream.StartActivityStream:  {Resources: named, Run: s.start},
		activitystream.StopActivityStream:   {Resources: named, Run: s.stop},
		activitystream.ModifyActivityStream: {Resources: named, Run: s.modify},
		"DescribeDBClusters":                {Resources: s.clusterKind.names, Run: s.clusterKind.describe},
		"DescribeDBInstances":               {Resources: s.instanceKind.names, Run: s.instanceKind.describe},
		"DescribeOrderableDBInstanceOptions": {
			Run: describeOrderable,
		},
	}
}

// start is StartActivityStream.
func (s *Server) start(r *simulator.Request) (simulator.Result, *simulator.Error) {
	res, d, e := s.findTarget(r)
	if e != nil {
		return simulator.Result{}, e
	}
	mode, key := activitystream.Mode(r.Get("Mode")), r.Get("KmsKeyId")
	immediately, e1 := parseBool(r, "ApplyImmediately")
	native, e2 := parseBool(r, "EngineNativeAuditFieldsIncluded")
	switch {
	case mode == "":
		return simulator.Result{}, missingParameter("Mode")
	case key == "":
		return simulator.Result{}, missingParameter("KmsKeyId")
	case e1 != nil:
		return simulator.Result{}, e1
	case e2 != nil:
		return simulator.Result{}, e2
	case mode != activitystream.ModeSync && mode != activitystream.ModeAsync:
		return simulator.Result{}, invalidValue("Invalid value %s for Mode. Must be sync or async", mode)
	case native && d.cluster: // the code is unconfirmed
		return simulator.Result{}, invalidCombination("EngineNativeAuditFieldsIncluded is for Oracle and Microsoft SQL Server instances only")
	}
	if e := s.checkAvailable(d); e != nil {
		return simulator.Result{}, e
	}
	if e := checkSupported(d, mode); e != nil {
		return simulator.Result{}, e
	}
	wanted := func(d database) (database, bool) {
		d.stream.mode, d.stream.key, d.stream.nativeAuditFields = mode, key, native
		return s.streams.Command(d, activitystream.StartActivityStream)
	}
	next, ok := wanted(d)
	if !ok {
		return simulator.Result{}, s.stateError(activitystream.StartActivityStream, d)
	}
	if managedKey(key) || s.denied[bareKey(key)] {
		return simulator.Result{}, &simulator.Error{
			Code:    "KMSKeyNotAccessibleFault",
			Message: "Specified KMS key [" + key + "] does not exist, is not enabled or you do not have permissions to access it.",
		}
	}
	d = s.apply(r, res, d, next, immediately, wanted)

	var x simulator.XML
	x.Text("KmsKeyId", key)
	x.TextIfSet("KinesisStreamName", next.stream.kinesis)
	x.Text("Status", string(d.stream.status))
	x.Text("Mode", string(mode))
	x.Bool("EngineNativeAuditFieldsIncluded", native)
	x.Bool("ApplyImmediately", immediately)
	return simulator.Result{Body: x.Bytes()}, nil
}

// stop is StopActivityStream.
func (s *Server) stop(r *simulator.Request) (simulator.Result, *simulator.Error) {
	res, d, e := s.findTarget(r)
	if e != nil {
		return simulator.Result{}, e
	}
	immediately, e := parseBool(r, "ApplyImmediately")
	if e != nil {
		return simulator.Result{}, e
	}
	if e := s.checkAvailable(d); e != nil {
		return simulator.Result{}, e
	}
	wanted := func(d database) (database, bool) {
		return s.streams.Command(d, activitystream.StopActivityStream)
	}
	next, ok := wanted(d)
	if !ok {
		return simulator.Result{}, s.stateError(activitystream.StopActivityStream, d)
	}
	d = s.apply(r, res, d, next, immediately, wanted)

	var x simulator.XML
	x.TextIfSet("KmsKeyId", bareKey(d.stream.key))
	x.TextIfSet("KinesisStreamName", d.stream.kinesis)
	x.Text("Status", string(d.stream.status))
	return simulator.Result{Body: x.Bytes()}, nil
}

// modify is ModifyActivityStream.
func (s *Server) modify(r *simulator.Request) (simulator.Result, *simulator.Error) {
	if a, ok := parseARN(r.Get("ResourceArn")); ok && a.kind == "cluster" {
		return simulator.Result{}, wrongType(r.Get("ResourceArn"), "ResourceArn", "db", a.kind)
	}
	res, d, e := s.findTarget(r)
	if e != nil {
		return simulator.Result{}, e
	}
	var want activitystream.PolicyStatus
	switch state := r.Get("AuditPolicyState"); activitystream.AuditPolicyState(state) {
	case "", activitystream.AuditPolicyLocked:
		want = activitystream.PolicyLocked
	case activitystream.AuditPolicyUnlocked:
		want = activitystream.PolicyUnlocked
	default:
		return simulator.Result{}, invalidValue("Invalid value %s for AuditPolicyState. Must be locked or unlocked", state)
	}
	if d.stream.policy == "" {
		return simulator.Result{}, invalidCombination(msgUnsupportedConfiguration)
	}
	if e := s.checkAvailable(d); e != nil {
		return simulator.Result{}, e
	}
	next, ok := s.policies.Command(d, activitystream.ModifyActivityStream)
	if d.stream.status != activitystream.StatusStarted || !ok || !s.policies.Machine.Settles(next.stream.policy, want) {
		return simulator.Result{}, s.stateError(activitystream.ModifyActivityStream, d)
	}
	s.policies.Enter(res, r.At, next)

	var x simulator.XML
	x.TextIfSet("KmsKeyId", bareKey(next.stream.key))
	x.TextIfSet("KinesisStreamName", next.stream.kinesis)
	x.Text("Status", string(next.stream.status))
	x.Text("Mode", string(next.stream.mode))
	x.Bool("EngineNativeAuditFieldsIncluded", next.stream.nativeAuditFields)
	x.Text("PolicyStatus", string(next.stream.policy))
	return simulator.Result{Body: x.Bytes()}, nil
}

// apply carries a command out now, or plans it for the maintenance window, and returns the database as it is now.
func (s *Server) apply(r *simulator.Request, res *resource, d, next database, immediately bool, transition func(database) (database, bool)) database {
	if immediately {
		s.streams.Enter(res, r.At, next)
		return next
	}
	s.streams.ScheduleCommand(res, r.At, simulator.Delay{After: s.opts.MaintenanceWindow, Reads: s.opts.ReadsPerTransition}, transition)
	return d
}

// findTarget finds the resource of a command.
func (s *Server) findTarget(r *simulator.Request) (*resource, database, *simulator.Error) {
	arn := r.Get("ResourceArn")
	if arn == "" {
		return nil, database{}, missingParameter("ResourceArn")
	}
	a, ok := parseARN(arn)
	if !ok || a.kind != "cluster" && a.kind != "db" {
		return nil, database{}, notAnARN(arn)
	}
	kind := s.instanceKind
	if a.kind == "cluster" {
		kind = s.clusterKind
	}
	if res := kind.store.Get(arn); res != nil {
		if d, ok := res.Now(r.At); ok {
			return res, d, nil
		}
	}
	return nil, database{}, kind.notFound(a.id)
}

// checkAvailable refuses a database that is not available.
func (s *Server) checkAvailable(d database) *simulator.Error {
	if d.status == statusAvailable {
		return nil
	}
	return stateFault(d, fmt.Sprintf("%s is not in available state, but in %s.", d.id, d.status))
}

// checkSupported refuses a stream that the database cannot have.
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

// stateError is the answer to a command that the state of the stream, or of its policy, does not permit.
func (s *Server) stateError(op statemachine.Operation, d database) *simulator.Error {
	status := d.stream.status
	if s.opts.Refuse != nil {
		if r := s.opts.Refuse(op, d.arn, status); r != nil {
			return &simulator.Error{Code: r.Code, Message: r.Message, Status: r.Status}
		}
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
	if !d.cluster { // RDS writes the states of instances this way
		expected, is = strings.ToUpper(expected), strings.ToUpper(is)
	}
	return invalidCombination("Activity Streams feature expected to be " + expected + ", but is " + is)
}

func stateFault(d database, message string) *simulator.Error {
	if d.cluster {
		return &simulator.Error{Code: "InvalidDBClusterStateFault", Message: message}
	}
	return &simulator.Error{Code: "InvalidDBInstanceState", Message: message}
}

func invalidCombination(message string) *simulator.Error {
	return &simulator.Error{Code: "InvalidParameterCombination", Message: message}
}

func invalidValue(format string, args ...any) *simulator.Error {
	return &simulator.Error{Code: "InvalidParameterValue", Message: fmt.Sprintf(format, args...)}
}

// missingParameter is unconfirmed: the common errors of the protocol list two codes for this.
func missingParameter(parameter string) *simulator.Error {
	return &simulator.Error{Code: "MissingParameter", Message: "The request must contain the parameter " + parameter + "."}
}

func notFound(code, what, id string) *simulator.Error {
	return &simulator.Error{Code: code, Message: what + " " + id + " not found.", Status: http.StatusNotFound}
}

// parseBool reads a truth value; absent means false.
func parseBool(r *simulator.Request, name string) (bool, *simulator.Error) {
	switch v := r.Get(name); strings.ToLower(v) {
	case "", "false":
		return false, nil
	case "true":
		return true, nil
	default:
		return false, invalidValue("Invalid value %s for %s. Must be true or false", v, name)
	}
}

// parsedARN is what the simulator needs of one.
type parsedARN struct{ kind, id string }

// parseARN reads an ARN of RDS.
func parseARN(s string) (parsedARN, bool) {
	p := strings.Split(s, ":")
	if len(p) != 7 || p[0] != "arn" || p[1] == "" || p[2] != "rds" || p[3] == "" || p[4] == "" || p[5] == "" || p[6] == "" {
		return parsedARN{}, false
	}
	return parsedARN{kind: p[5], id: p[6]}, true
}

func isARN(s string) bool { return strings.HasPrefix(s, "arn:") }

// notAnARN has a text of the simulator's own; the code is RDS's.
func notAnARN(s string) *simulator.Error { return invalidValue("The provided ARN (%s) is invalid", s) }

func wrongType(arn, parameter, want, got string) *simulator.Error {
	return invalidValue("The provided ARN (%s) is invalid for this parameter (%s). Expected type = %s, actual type = %s", arn, parameter, want, got)
}
