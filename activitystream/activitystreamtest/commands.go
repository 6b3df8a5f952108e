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
		activitystream.StartActivityStream:  {Names: named, Run: s.start},
		activitystream.StopActivityStream:   {Names: named, Run: s.stop},
		activitystream.ModifyActivityStream: {Names: named, Run: s.modify},
		"DescribeDBClusters":                {Names: s.clusterKind.names, Run: s.clusterKind.describe},
		"DescribeDBInstances":               {Names: s.instanceKind.names, Run: s.instanceKind.describe},
		"DescribeOrderableDBInstanceOptions": {
			Run: describeOrderable,
		},
	}
}

// start is StartActivityStream.
func (s *Server) start(r *simulator.Request) (simulator.Result, *simulator.Error) {
	res, d, e := s.commanded(r)
	if e != nil {
		return simulator.Result{}, e
	}
	mode, key := activitystream.Mode(r.Get("Mode")), r.Get("KmsKeyId")
	immediately, e1 := boolean(r, "ApplyImmediately")
	native, e2 := boolean(r, "EngineNativeAuditFieldsIncluded")
	switch {
	case mode == "":
		return simulator.Result{}, missing("Mode")
	case key == "":
		return simulator.Result{}, missing("KmsKeyId")
	case e1 != nil:
		return simulator.Result{}, e1
	case e2 != nil:
		return simulator.Result{}, e2
	case mode != activitystream.ModeSync && mode != activitystream.ModeAsync:
		return simulator.Result{}, invalid("Invalid value %s for Mode. Must be sync or async", mode)
	case native && d.cluster: // the code is unconfirmed
		return simulator.Result{}, combination("EngineNativeAuditFieldsIncluded is for Oracle and Microsoft SQL Server instances only")
	}
	if e := s.ready(d); e != nil {
		return simulator.Result{}, e
	}
	if e := supported(d, mode); e != nil {
		return simulator.Result{}, e
	}
	wanted := func(d database) (database, bool) {
		d.stream.mode, d.stream.key, d.stream.native = mode, key, native
		return s.streams.Command(d, activitystream.StartActivityStream)
	}
	next, ok := wanted(d)
	if !ok {
		return simulator.Result{}, s.refused(activitystream.StartActivityStream, d)
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
	x.Opt("KinesisStreamName", next.stream.kinesis)
	x.Text("Status", string(d.stream.status))
	x.Text("Mode", string(mode))
	x.Bool("EngineNativeAuditFieldsIncluded", native)
	x.Bool("ApplyImmediately", immediately)
	return simulator.Result{Body: x.Bytes()}, nil
}

// stop is StopActivityStream.
func (s *Server) stop(r *simulator.Request) (simulator.Result, *simulator.Error) {
	res, d, e := s.commanded(r)
	if e != nil {
		return simulator.Result{}, e
	}
	immediately, e := boolean(r, "ApplyImmediately")
	if e != nil {
		return simulator.Result{}, e
	}
	if e := s.ready(d); e != nil {
		return simulator.Result{}, e
	}
	wanted := func(d database) (database, bool) {
		return s.streams.Command(d, activitystream.StopActivityStream)
	}
	next, ok := wanted(d)
	if !ok {
		return simulator.Result{}, s.refused(activitystream.StopActivityStream, d)
	}
	d = s.apply(r, res, d, next, immediately, wanted)

	var x simulator.XML
	x.Opt("KmsKeyId", bareKey(d.stream.key))
	x.Opt("KinesisStreamName", d.stream.kinesis)
	x.Text("Status", string(d.stream.status))
	return simulator.Result{Body: x.Bytes()}, nil
}

// modify is ModifyActivityStream.
func (s *Server) modify(r *simulator.Request) (simulator.Result, *simulator.Error) {
	if a, ok := parseARN(r.Get("ResourceArn")); ok && a.kind == "cluster" {
		return simulator.Result{}, wrongType(r.Get("ResourceArn"), "ResourceArn", "db", a.kind)
	}
	res, d, e := s.commanded(r)
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
		return simulator.Result{}, invalid("Invalid value %s for AuditPolicyState. Must be locked or unlocked", state)
	}
	if d.stream.policy == "" {
		return simulator.Result{}, combination(inThisConfiguration)
	}
	if e := s.ready(d); e != nil {
		return simulator.Result{}, e
	}
	next, ok := s.policies.Command(d, activitystream.ModifyActivityStream)
	if d.stream.status != activitystream.StatusStarted || !ok || !s.policies.Machine.Settles(next.stream.policy, want) {
		return simulator.Result{}, s.refused(activitystream.ModifyActivityStream, d)
	}
	s.policies.Enter(res, r.At, next)

	var x simulator.XML
	x.Opt("KmsKeyId", bareKey(next.stream.key))
	x.Opt("KinesisStreamName", next.stream.kinesis)
	x.Text("Status", string(next.stream.status))
	x.Text("Mode", string(next.stream.mode))
	x.Bool("EngineNativeAuditFieldsIncluded", next.stream.native)
	x.Text("PolicyStatus", string(next.stream.policy))
	return simulator.Result{Body: x.Bytes()}, nil
}

// apply carries a command out now, or plans it for the maintenance window, and returns the database as it is now.
func (s *Server) apply(r *simulator.Request, res *resource, d, next database, immediately bool, wanted func(database) (database, bool)) database {
	if immediately {
		s.streams.Enter(res, r.At, next)
		return next
	}
	s.streams.Later(res, r.At, simulator.Pace{After: s.opts.MaintenanceWindow, Reads: s.opts.Reads}, wanted)
	return d
}

// commanded finds the resource of a command.
func (s *Server) commanded(r *simulator.Request) (*resource, database, *simulator.Error) {
	arn := r.Get("ResourceArn")
	if arn == "" {
		return nil, database{}, missing("ResourceArn")
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

// ready refuses a database that is not available.
func (s *Server) ready(d database) *simulator.Error {
	if d.status == available {
		return nil
	}
	return stateFault(d, fmt.Sprintf("%s is not in available state, but in %s.", d.id, d.status))
}

// supported refuses a stream that the database cannot have.
func supported(d database, mode activitystream.Mode) *simulator.Error {
	modes := d.modes()
	if slices.Contains(modes, string(mode)) {
		return nil
	}
	if len(modes) == 0 {
		return combination(inThisConfiguration)
	}
	return combination(fmt.Sprintf("The mode %s is not supported for the engine %s", mode, d.engine.name))
}

const inThisConfiguration = "You can't start a database activity stream in this configuration"

// refused is the answer to a command that the state of the stream, or of its policy, does not permit.
func (s *Server) refused(op statemachine.Operation, d database) *simulator.Error {
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
	return combination("Activity Streams feature expected to be " + expected + ", but is " + is)
}

func stateFault(d database, message string) *simulator.Error {
	if d.cluster {
		return &simulator.Error{Code: "InvalidDBClusterStateFault", Message: message}
	}
	return &simulator.Error{Code: "InvalidDBInstanceState", Message: message}
}

func combination(message string) *simulator.Error {
	return &simulator.Error{Code: "InvalidParameterCombination", Message: message}
}

func invalid(format string, args ...any) *simulator.Error {
	return &simulator.Error{Code: "InvalidParameterValue", Message: fmt.Sprintf(format, args...)}
}

// missing is unconfirmed: the common errors of the protocol list two codes for this.
func missing(parameter string) *simulator.Error {
	return &simulator.Error{Code: "MissingParameter", Message: "The request must contain the parameter " + parameter + "."}
}

func notFound(code, what, id string) *simulator.Error {
	return &simulator.Error{Code: code, Message: what + " " + id + " not found.", Status: http.StatusNotFound}
}

// boolean reads a truth value; absent means false.
func boolean(r *simulator.Request, name string) (bool, *simulator.Error) {
	switch v := r.Get(name); strings.ToLower(v) {
	case "", "false":
		return false, nil
	case "true":
		return true, nil
	default:
		return false, invalid("Invalid value %s for %s. Must be true or false", v, name)
	}
}

// arn is what the simulator needs of one.
type arn struct{ kind, id string }

// parseARN reads an ARN of RDS.
func parseARN(s string) (arn, bool) {
	p := strings.Split(s, ":")
	if len(p) != 7 || p[0] != "arn" || p[1] == "" || p[2] != "rds" || p[3] == "" || p[4] == "" || p[5] == "" || p[6] == "" {
		return arn{}, false
	}
	return arn{kind: p[5], id: p[6]}, true
}

func isARN(s string) bool { return strings.HasPrefix(s, "arn:") }

// notAnARN has a text of the simulator's own; the code is RDS's.
func notAnARN(s string) *simulator.Error { return invalid("The provided ARN (%s) is invalid", s) }

func wrongType(arn, parameter, want, got string) *simulator.Error {
	return invalid("The provided ARN (%s) is invalid for this parameter (%s). Expected type = %s, actual type = %s", arn, parameter, want, got)
}
