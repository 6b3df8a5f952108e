package ingestiontest

import (
	"strings"
	"time"

	"github.com/streamwarden/streamwarden-go/ingestion"
	"github.com/streamwarden/streamwarden-go/internal/simulator"
	"github.com/streamwarden/streamwarden-go/statemachine"
)

// The operations of the API that package ingestion does not name.
const (
	createEventDataStore statemachine.Operation = "CreateEventDataStore"
	updateEventDataStore statemachine.Operation = "UpdateEventDataStore"
	getEventDataStore    statemachine.Operation = "GetEventDataStore"
	listEventDataStores  statemachine.Operation = "ListEventDataStores"
	listTags             statemachine.Operation = "ListTags"
)

// The groups of operations that share a quota.
const (
	reads    = "reads"
	commands = "commands"
)

// maxResults is the maximum of MaxResults.
const maxResults = 1000

// operations returns the operations that the server supports.
func (s *Server) operations() map[statemachine.Operation]simulator.Operation {
	return map[statemachine.Operation]simulator.Operation{
		ingestion.StartEventDataStoreIngestion: {Group: commands, Resources: s.requested, Run: s.on((*resource).Now, s.startOrStop)},
		ingestion.StopEventDataStoreIngestion:  {Group: commands, Resources: s.requested, Run: s.on((*resource).Now, s.startOrStop)},
		ingestion.DeleteEventDataStore:         {Group: commands, Resources: s.requested, Run: s.on((*resource).Now, s.delete)},
		ingestion.RestoreEventDataStore:        {Group: commands, Resources: s.requested, Run: s.on((*resource).Now, s.restore)},
		updateEventDataStore:                   {Group: commands, Resources: s.requested, Run: s.on((*resource).Now, s.updateSettings)},
		createEventDataStore:                   {Group: commands, Run: s.create},
		getEventDataStore:                      {Group: reads, Resources: s.requested, Run: s.on((*resource).Read, s.get)},
		listEventDataStores:                    {Group: reads, Run: s.list},
		listTags:                               {Group: reads, Resources: taggedResources, Run: s.listTags},
	}
}

// runFunc executes an operation.
type runFunc = func(*simulator.Request) (simulator.Result, *simulator.Error)

// on returns the Run function of an operation on a store that exists. The function look returns the
// record that the operation sees.
func (s *Server) on(look func(*resource, time.Time) (record, bool), run func(*simulator.Request, *resource, record) (simulator.Result, *simulator.Error)) runFunc {
	return func(r *simulator.Request) (simulator.Result, *simulator.Error) {
		res, e := s.findRequested(r)
		if e != nil {
			return simulator.Result{}, e
		}
		d, ok := look(res, r.At)
		if !ok {
			return simulator.Result{}, notFound()
		}
		return run(r, res, d)
	}
}

// storeRequest has the member that names a store. All requests that name one have it.
type storeRequest struct{ EventDataStore string }

// requested returns the store that a request names.
func (s *Server) requested(r *simulator.Request) []string {
	var in storeRequest
	if e := r.Decode(&in); e != nil || in.EventDataStore == "" {
		return nil
	}
	if res := s.stores.Get(in.EventDataStore); res != nil {
		return []string{res.Key()}
	}
	return []string{in.EventDataStore}
}

// findRequested returns the store that a request names, even a removed one. It is nil if there
// never was one.
func (s *Server) findRequested(r *simulator.Request) (*resource, *simulator.Error) {
	var in storeRequest
	if e := r.Decode(&in); e != nil {
		return nil, e
	}
	isARN := strings.HasPrefix(in.EventDataStore, "arn:")
	valid := (&ingestion.StartInput{EventDataStore: in.EventDataStore}).Validate() == nil
	switch {
	case !valid && !isARN:
		return nil, invalid("The event data store %q is not valid.", in.EventDataStore)
	case !valid:
		return nil, arnInvalid("The ARN " + in.EventDataStore + " is not valid.")
	case isARN && !strings.HasPrefix(in.EventDataStore, s.arn("cloudtrail", "")):
		return nil, arnInvalid("The ARN " + in.EventDataStore + " does not map to an event data store in your account.")
	}
	if r.Foreign {
		return nil, notFound()
	}
	return s.stores.Get(in.EventDataStore), nil
}

// get executes GetEventDataStore.
func (s *Server) get(_ *simulator.Request, _ *resource, d record) (simulator.Result, *simulator.Error) {
	return storeResult(d.document())
}

// list executes ListEventDataStores. Its response has only ARNs and names.
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
			return simulator.Result{}, simulator.Errorf("InvalidMaxResultsException", "MaxResults must be between 1 and %d, got %d.", maxResults, *n)
		}
		limit = min(limit, *n)
	}
	after := ""
	if t := in.NextToken; t != nil {
		var ok bool
		if after, ok = r.PageAfter(*t); !ok || *t == "" {
			return simulator.Result{}, &simulator.Error{Code: "InvalidNextTokenException", Message: "The NextToken is not valid."}
		}
	}
	type item struct{ EventDataStoreArn, Name string }
	var out struct {
		EventDataStores []item
		NextToken       string `json:",omitempty"`
	}
	out.EventDataStores = []item{}
	var n int
	n, out.NextToken = simulator.Page(r, s.stores.All(), after, limit, func(res *resource) bool {
		d, ok := res.Now(r.At)
		if ok {
			out.EventDataStores = append(out.EventDataStores, item{d.EventDataStoreArn, d.Name})
		}
		return ok
	})
	return simulator.Result{Body: simulator.Encode(out), Records: n}, nil
}

// startOrStop executes StartEventDataStoreIngestion or StopEventDataStoreIngestion. The response
// has no body.
func (s *Server) startOrStop(r *simulator.Request, res *resource, d record) (simulator.Result, *simulator.Error) {
	next, ok := s.lifecycle.Command(d, r.Operation)
	controllable := d.Controllable()
	switch {
	case !ok && (controllable || s.opts.CheckStatusBeforeCategory):
		return simulator.Result{}, s.stateError(r.Operation, d)
	case !controllable:
		return simulator.Result{}, simulator.Errorf("InvalidEventDataStoreCategoryException",
			"%s is not valid for an event data store of the category %s.", r.Operation, strings.Join(d.Categories, ", "))
	}
	s.enter(res, r.At, next)
	return simulator.Result{}, nil
}

// delete executes DeleteEventDataStore. The response has no body.
func (s *Server) delete(r *simulator.Request, res *resource, d record) (simulator.Result, *simulator.Error) {
	next, ok := s.lifecycle.Command(d, r.Operation)
	switch {
	case !ok:
		return simulator.Result{}, s.stateError(r.Operation, d)
	case d.TerminationProtectionEnabled:
		return simulator.Result{}, simulator.Errorf("EventDataStoreTerminationProtectedException",
			"The event data store cannot be deleted because termination protection is enabled for it.")
	case d.FederationStatus != disabled:
		return simulator.Result{}, simulator.Errorf("EventDataStoreFederationEnabledException",
			"The event data store cannot be deleted because federation is enabled for it.")
	}
	s.enter(res, r.At, next)
	return simulator.Result{}, nil
}

// restore executes RestoreEventDataStore.
func (s *Server) restore(r *simulator.Request, res *resource, d record) (simulator.Result, *simulator.Error) {
	step := func(d record) (record, bool) {
		if _, ok := s.lifecycle.Command(d, ingestion.RestoreEventDataStore); !ok {
			return d, false
		}
		if d.wasStopped && s.opts.RestoreToStopped {
			return d.withStatus(ingestion.StatusStoppedIngestion), true
		}
		return d.withStatus(ingestion.StatusStartingIngestion), true
	}
	end, ok := s.lifecycle.Command(d, ingestion.RestoreEventDataStore)
	if !ok {
		return simulator.Result{}, s.stateError(r.Operation, d)
	}
	if s.opts.ExcludePendingDeletionFromQuota && s.count(r) >= s.opts.Quota {
		return simulator.Result{}, s.quotaExceeded()
	}
	s.lifecycle.ScheduleCommand(res, r.At, s.pace(d, d.Status, end.Status), step)
	d, _ = res.Now(r.At)
	return storeResult(d.document().withoutFederation())
}

// count returns the number of stores that count for the quota.
func (s *Server) count(r *simulator.Request) int {
	n := 0
	for _, res := range s.stores.All() {
		if d, ok := res.Now(r.At); ok && !(s.opts.ExcludePendingDeletionFromQuota && d.Status == ingestion.StatusPendingDeletion) {
			n++
		}
	}
	return n
}

// storeResult returns a result with one store.
func storeResult(d document) (simulator.Result, *simulator.Error) {
	return simulator.Result{Body: simulator.EncodeNonNull(d), Records: 1}, nil
}

// stateError returns the error for a command that the status of the store does not permit.
func (s *Server) stateError(op statemachine.Operation, d record) *simulator.Error {
	if e := simulator.Refused(s.opts.Refuse, op, d.EventDataStoreArn, d.Status); e != nil {
		return e
	}
	e := simulator.Errorf("InvalidEventDataStoreStatusException", "%s is not valid for an event data store that is %s.", op, d.Status)
	codes := []string{e.Code, "ConflictException"}
	if op == ingestion.RestoreEventDataStore {
		codes = append(codes, "InactiveEventDataStoreException")
	}
	if op == ingestion.DeleteEventDataStore || op == updateEventDataStore { // they do not have that code
		e.Code = "ConflictException"
		if d.Status == ingestion.StatusPendingDeletion {
			e.Code = "InactiveEventDataStoreException"
		}
	} else if s.opts.AlternateSettlingErrors && s.lifecycle.Machine.Transient(d.Status) {
		e.Code = codes[s.settlingErrors%len(codes)]
		s.settlingErrors++
	}
	return e
}

func (s *Server) quotaExceeded() *simulator.Error {
	return simulator.Errorf("EventDataStoreMaxLimitExceededException", "There can be no more than %d event data stores in this Region.", s.opts.Quota)
}

func notFound() *simulator.Error {
	return &simulator.Error{Code: "EventDataStoreNotFoundException", Message: "The event data store was not found."}
}

func arnInvalid(message string) *simulator.Error {
	return &simulator.Error{Code: "EventDataStoreARNInvalidException", Message: message}
}

func invalid(format string, args ...any) *simulator.Error {
	return simulator.Errorf("InvalidParameterException", format, args...)
}
