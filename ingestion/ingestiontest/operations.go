package ingestiontest

import (
	"encoding/base64"
	"fmt"
	"strings"

	"github.com/streamwarden/streamwarden-go/ingestion"
	"github.com/streamwarden/streamwarden-go/internal/simulator"
	"github.com/streamwarden/streamwarden-go/statemachine"
)

// The groups of operations that have a quota each.
const (
	reads    = "reads"
	commands = "commands"
)

// maxResults is the most that MaxResults may be.
const maxResults = 1000

// operations are those that the server models.
func (s *Server) operations() map[statemachine.Operation]simulator.Operation {
	return map[statemachine.Operation]simulator.Operation{
		ingestion.StartEventDataStoreIngestion: s.command(s.startOrStop),
		ingestion.StopEventDataStoreIngestion:  s.command(s.startOrStop),
		ingestion.DeleteEventDataStore:         s.command(s.remove),
		ingestion.RestoreEventDataStore:        s.command(s.restore),
		"UpdateEventDataStore":                 s.command(s.update),
		"CreateEventDataStore":                 {Group: commands, Run: s.create},
		"GetEventDataStore":                    {Group: reads, Resources: s.names, Run: s.get},
		"ListEventDataStores":                  {Group: reads, Run: s.list},
	}
}

// command is an operation that changes one store, which is there.
func (s *Server) command(run func(*simulator.Request, *resource, record) (simulator.Result, *simulator.Error)) simulator.Operation {
	return simulator.Operation{Group: commands, Resources: s.names, Run: func(r *simulator.Request) (simulator.Result, *simulator.Error) {
		res, e := s.findRequested(r)
		if e != nil {
			return simulator.Result{}, e
		}
		d, ok := res.Now(r.At)
		if !ok {
			return simulator.Result{}, notFound()
		}
		return run(r, res, d)
	}}
}

// storeRequest is the member that names a store in all requests that do.
type storeRequest struct{ EventDataStore string }

// names lists the store that a request names.
func (s *Server) names(r *simulator.Request) []string {
	var in storeRequest
	if e := r.Decode(&in); e != nil || in.EventDataStore == "" {
		return nil
	}
	if res := s.stores.Get(in.EventDataStore); res != nil {
		return []string{res.Key()}
	}
	return []string{in.EventDataStore}
}

// findRequested finds the store that a request names, one that was removed too.
func (s *Server) findRequested(r *simulator.Request) (*resource, *simulator.Error) {
	var in storeRequest
	if e := r.Decode(&in); e != nil {
		return nil, e
	}
	isARN := strings.HasPrefix(in.EventDataStore, "arn:")
	if err := (&ingestion.StartInput{EventDataStore: in.EventDataStore}).Validate(); err != nil {
		if isARN {
			return nil, &simulator.Error{Code: "EventDataStoreARNInvalidException", Message: "The ARN " + in.EventDataStore + " is not valid."}
		}
		return nil, invalid("The event data store %q is not valid.", in.EventDataStore)
	}
	if isARN && !strings.HasPrefix(in.EventDataStore, s.arn("cloudtrail", "")) {
		return nil, &simulator.Error{
			Code:    "EventDataStoreARNInvalidException",
			Message: "The ARN " + in.EventDataStore + " does not map to an event data store in your account.",
		}
	}
	res := s.stores.Get(in.EventDataStore)
	if res == nil {
		return nil, notFound()
	}
	return res, nil
}

// get is GetEventDataStore.
func (s *Server) get(r *simulator.Request) (simulator.Result, *simulator.Error) {
	res, e := s.findRequested(r)
	if e != nil {
		return simulator.Result{}, e
	}
	d, ok := res.Read(r.At)
	if !ok {
		return simulator.Result{}, notFound()
	}
	return storeResult(d.document())
}

// list is ListEventDataStores. It tells no more than ARNs and names.
func (s *Server) list(r *simulator.Request) (simulator.Result, *simulator.Error) {
	var in struct {
		MaxResults *int
		NextToken  *string
	}
	if e := r.Decode(&in); e != nil {
		return simulator.Result{}, e
	}
	limit := max(s.opts.PageSize, 1)
	if n := in.MaxResults; n != nil {
		if *n < 1 || *n > maxResults {
			return simulator.Result{}, &simulator.Error{
				Code: "InvalidMaxResultsException", Message: fmt.Sprintf("MaxResults must be between 1 and %d, is %d.", maxResults, *n),
			}
		}
		limit = min(limit, *n)
	}
	after := ""
	if t := in.NextToken; t != nil {
		key, err := base64.RawURLEncoding.DecodeString(*t)
		if err != nil || len(*t) < 4 || len(*t) > 1000 {
			return simulator.Result{}, &simulator.Error{Code: "InvalidNextTokenException", Message: "The NextToken is not valid."}
		}
		after = string(key)
	}
	type item struct{ EventDataStoreArn, Name string }
	var out struct {
		EventDataStores []item
		NextToken       string `json:",omitempty"`
	}
	out.EventDataStores = []item{}
	for _, res := range s.stores.After(after) {
		d, ok := res.Now(r.At)
		if !ok {
			continue
		}
		if n := len(out.EventDataStores); n == limit {
			out.NextToken = base64.RawURLEncoding.EncodeToString([]byte(out.EventDataStores[n-1].EventDataStoreArn))
			break
		}
		out.EventDataStores = append(out.EventDataStores, item{d.EventDataStoreArn, d.Name})
	}
	return simulator.Result{Body: simulator.Encode(out), Records: len(out.EventDataStores)}, nil
}

// startOrStop is StartEventDataStoreIngestion or StopEventDataStoreIngestion. The answer has no body.
func (s *Server) startOrStop(r *simulator.Request, res *resource, d record) (simulator.Result, *simulator.Error) {
	next, ok := s.lifecycle.Command(d, r.Operation)
	controllable := d.Controllable()
	switch {
	case !ok && (controllable || s.opts.CheckStatusBeforeCategory):
		return simulator.Result{}, s.refused(r.Operation, d)
	case !controllable:
		return simulator.Result{}, &simulator.Error{
			Code:    "InvalidEventDataStoreCategoryException",
			Message: fmt.Sprintf("%s is not valid for an event data store of the category %s.", r.Operation, strings.Join(d.Categories, ", ")),
		}
	}
	s.enter(res, r.At, next)
	return simulator.Result{}, nil
}

// remove is DeleteEventDataStore. The answer has no body.
func (s *Server) remove(r *simulator.Request, res *resource, d record) (simulator.Result, *simulator.Error) {
	next, ok := s.lifecycle.Command(d, ingestion.DeleteEventDataStore)
	switch {
	case !ok:
		return simulator.Result{}, s.refused(ingestion.DeleteEventDataStore, d)
	case d.TerminationProtectionEnabled:
		return simulator.Result{}, &simulator.Error{
			Code:    "EventDataStoreTerminationProtectedException",
			Message: "The event data store cannot be deleted because termination protection is enabled for it.",
		}
	case d.FederationStatus != disabled:
		return simulator.Result{}, &simulator.Error{
			Code:    "EventDataStoreFederationEnabledException",
			Message: "The event data store cannot be deleted because federation is enabled for it.",
		}
	}
	s.enter(res, r.At, next)
	return simulator.Result{}, nil
}

// restore is RestoreEventDataStore.
func (s *Server) restore(r *simulator.Request, res *resource, d record) (simulator.Result, *simulator.Error) {
	transition := func(d record) (record, bool) {
		next, ok := s.lifecycle.Command(d, ingestion.RestoreEventDataStore)
		if ok && d.wasStopped && s.opts.RestoreToStopped {
			next = d.withStatus(ingestion.StatusStoppedIngestion)
		}
		return next, ok
	}
	next, ok := transition(d)
	if !ok {
		return simulator.Result{}, s.refused(ingestion.RestoreEventDataStore, d)
	}
	if s.opts.ExcludePendingDeletionFromQuota && s.count(r) >= s.opts.Quota {
		return simulator.Result{}, s.quotaExceeded()
	}
	s.lifecycle.ScheduleCommand(res, r.At, s.pace(d, d.Status, next.Status), transition)
	d, _ = res.Now(r.At)
	return storeResult(d.document().withoutFederation())
}

// count is how many stores count for the quota.
func (s *Server) count(r *simulator.Request) int {
	n := 0
	for _, res := range s.stores.All() {
		if d, ok := res.Now(r.At); ok && !(s.opts.ExcludePendingDeletionFromQuota && d.Status == ingestion.StatusPendingDeletion) {
			n++
		}
	}
	return n
}

// storeResult is the answer with one store.
func storeResult(d document) (simulator.Result, *simulator.Error) {
	return simulator.Result{Body: simulator.Encode(d), Records: 1}, nil
}

// refused is the answer to a command that the status of the store does not permit.
func (s *Server) refused(op statemachine.Operation, d record) *simulator.Error {
	if s.opts.Refuse != nil {
		if r := s.opts.Refuse(op, d.EventDataStoreArn, d.Status); r != nil {
			return &simulator.Error{Code: r.Code, Message: r.Message, Status: r.Status}
		}
	}
	e := &simulator.Error{
		Code:    "InvalidEventDataStoreStatusException",
		Message: fmt.Sprintf("%s is not valid for an event data store that is %s.", op, d.Status),
	}
	switch {
	case !removes(op):
	case d.Status == ingestion.StatusPendingDeletion:
		e.Code = "InactiveEventDataStoreException"
	default:
		e.Code = "ConflictException"
	}
	return e
}

// removes reports whether op has no InvalidEventDataStoreStatusException among its errors.
func removes(op statemachine.Operation) bool {
	return op == ingestion.DeleteEventDataStore || op == "UpdateEventDataStore"
}

func (s *Server) quotaExceeded() *simulator.Error {
	return &simulator.Error{
		Code:    "EventDataStoreMaxLimitExceededException",
		Message: fmt.Sprintf("There can be no more than %d event data stores in this Region.", s.opts.Quota),
	}
}

func notFound() *simulator.Error {
	return &simulator.Error{Code: "EventDataStoreNotFoundException", Message: "The event data store was not found."}
}

func invalid(format string, args ...any) *simulator.Error {
	return &simulator.Error{Code: "InvalidParameterException", Message: fmt.Sprintf(format, args...)}
}
