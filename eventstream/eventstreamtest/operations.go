package eventstreamtest

import (
	"cmp"
	"encoding/json"
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/streamwarden/streamwarden-go/eventstream"
	"github.com/streamwarden/streamwarden-go/internal/simulator"
	"github.com/streamwarden/streamwarden-go/statemachine"
)

// The operations that read.
const (
	getEventStream   statemachine.Operation = "GetEventStream"
	listEventStreams statemachine.Operation = "ListEventStreams"
)

// Limits of a page of ListEventStreams.
const (
	maxPage  = 100
	maxToken = 1024
)

// routes returns the methods and paths of the operations.
func routes() []simulator.Route {
	const list, item = "/domains/{DomainName}/event-streams", "/domains/{DomainName}/event-streams/{EventStreamName}"
	const tags = "/tags/{resourceArn}"
	return []simulator.Route{
		{Operation: eventstream.CreateEventStream, Method: http.MethodPost, Path: item},
		{Operation: eventstream.DeleteEventStream, Method: http.MethodDelete, Path: item},
		{Operation: getEventStream, Method: http.MethodGet, Path: item},
		{Operation: listEventStreams, Method: http.MethodGet, Path: list},
		{Operation: eventstream.TagResource, Method: http.MethodPost, Path: tags},
		{Operation: eventstream.UntagResource, Method: http.MethodDelete, Path: tags},
	}
}

// operations returns the operations that the server supports.
func (s *Server) operations() map[statemachine.Operation]simulator.Operation {
	domain := func(r *simulator.Request) []string { return []string{r.Get("DomainName")} }
	stream := func(r *simulator.Request) []string { return []string{s.requestedARN(r)} }
	tagged := func(r *simulator.Request) []string { return []string{r.Get("resourceArn")} }
	return map[statemachine.Operation]simulator.Operation{
		eventstream.CreateEventStream: {Group: string(eventstream.CreateEventStream), Resources: stream, Run: s.create},
		eventstream.DeleteEventStream: {Group: string(eventstream.DeleteEventStream), Resources: stream, Run: s.delete},
		getEventStream:                {Group: string(getEventStream), Resources: stream, Run: s.get},
		listEventStreams:              {Group: string(listEventStreams), Resources: domain, Run: s.list},
		eventstream.TagResource:       {Group: string(eventstream.TagResource), Resources: tagged, Run: s.tag},
		eventstream.UntagResource:     {Group: string(eventstream.UntagResource), Resources: tagged, Run: s.untag},
	}
}

// create executes CreateEventStream.
func (s *Server) create(r *simulator.Request) (simulator.Result, *simulator.Error) {
	in, e := s.parseCreate(r)
	if e != nil {
		return simulator.Result{}, e
	}
	arn := s.requestedARN(r)
	from, next, ok := s.command(r)
	if !ok || s.count(in.DomainName, r.At) >= s.opts.StreamsPerDomain {
		return simulator.Result{}, cmp.Or(simulator.Refused(s.opts.Refuse, r.Operation, arn, from),
			badRequest("The Customer Profiles Domain: "+in.DomainName+" is already associated with an active EventStream"))
	}
	destinationError := s.kinesis[in.Uri].message()
	if destinationError != "" && !s.opts.AcceptUnusableDestination {
		return simulator.Result{}, badRequest(destinationError)
	}
	v := withState(eventstream.Stream{
		DomainName: in.DomainName, EventStreamName: in.EventStreamName, EventStreamArn: arn, CreatedAt: r.At,
		Destination: eventstream.Destination{Uri: in.Uri, Status: eventstream.DestinationHealthy, Message: destinationError},
		Tags:        in.Tags,
	}, next, r.At)
	if destinationError != "" || s.opts.DestinationSetup > 0 || s.opts.ReadsPerTransition > 0 {
		v.Status, v.UnhealthySince = eventstream.DestinationUnhealthy, r.At
	}
	s.streams.Reserve(s.createdAt, arn) // so that a stale read can show that it was absent
	s.scheduleRecovery(s.streams.Put(r.At, v, arn), v, r.At, s.opts.DestinationSetup)
	return simulator.Result{Body: simulator.Encode(struct {
		EventStreamArn string
		Tags           map[string]string `json:",omitempty"`
	}{arn, v.Tags}), Records: 1}, nil
}

// parseCreate parses and checks a request of CreateEventStream.
func (s *Server) parseCreate(r *simulator.Request) (eventstream.CreateInput, *simulator.Error) {
	var body struct {
		Uri  string
		Tags map[string]string
	}
	e := r.Decode(&body)
	in := eventstream.CreateInput{Ref: requestedRef(r), Uri: body.Uri, Tags: body.Tags}
	if e != nil {
		return in, e
	}
	if err := in.Validate(); err != nil {
		return in, badRequest(err.Error())
	}
	accountPrefix := s.arn("kinesis", "stream/")
	switch {
	case body.Tags != nil && len(body.Tags) == 0:
		return in, badRequest("Tags must have at least 1 entry.")
	case !s.hasDomain(r):
		return in, domainNotFound(in.DomainName)
	case !strings.HasPrefix(in.Uri, accountPrefix):
		return in, badRequest("The destination must be in the account and Region of the domain: " + accountPrefix + "…")
	}
	return in, nil
}

// delete executes DeleteEventStream.
func (s *Server) delete(r *simulator.Request) (simulator.Result, *simulator.Error) {
	ref, e := s.findRequested(r)
	if e != nil {
		return simulator.Result{}, e
	}
	arn := s.requestedARN(r)
	from, next, ok := s.command(r)
	if !ok {
		return simulator.Result{}, cmp.Or(simulator.Refused(s.opts.Refuse, r.Operation, arn, from), streamNotFound(ref))
	}
	res := s.streams.Get(arn)
	v, _ := res.Now(r.At)
	setState(res, v, next, r.At)
	delete(s.recoveryDelay, arn)
	return simulator.Result{}, nil
}

// command returns the state of the requested stream and the one that the operation leads to. It
// reports false if the state does not permit the operation.
func (s *Server) command(r *simulator.Request) (from, next eventstream.State, ok bool) {
	from = eventstream.StateAbsent
	if v, ok := s.streams.Get(s.requestedARN(r)).Now(r.At); ok {
		from = v.State
	}
	next, ok = eventstream.Machine().Next(from, r.Operation)
	return from, next, ok
}

// count returns how many streams a domain has.
func (s *Server) count(domainName string, now time.Time) int {
	n := 0
	for _, r := range s.inDomain(domainName) {
		if _, ok := r.Now(now); ok {
			n++
		}
	}
	return n
}

// get executes GetEventStream.
func (s *Server) get(r *simulator.Request) (simulator.Result, *simulator.Error) {
	ref, e := s.findRequested(r)
	if e != nil {
		return simulator.Result{}, e
	}
	v, ok := s.streams.Get(s.requestedARN(r)).Read(r.At)
	if !ok {
		return simulator.Result{}, streamNotFound(ref)
	}
	return simulator.Result{Body: simulator.Encode(streamJSON{
		DomainName: v.DomainName, EventStreamArn: v.EventStreamArn, State: v.State,
		CreatedAt: seconds(v.CreatedAt), StoppedSince: seconds(v.StoppedSince),
		DestinationDetails: destinationOf(v), Tags: v.Tags,
	}), Records: 1}, nil
}

// list executes ListEventStreams.
func (s *Server) list(r *simulator.Request) (simulator.Result, *simulator.Error) {
	domainName := r.Get("DomainName")
	size, after, e := s.parsePage(r)
	if e != nil {
		return simulator.Result{}, e
	}
	if !s.hasDomain(r) {
		return simulator.Result{}, domainNotFound(domainName)
	}
	page := struct {
		Items     []streamJSON
		NextToken string `json:",omitempty"`
	}{Items: []streamJSON{}}
	var n int
	n, page.NextToken = simulator.Page(r, s.inDomain(domainName), after, size, func(res *resource) bool {
		v, ok := res.Read(r.At)
		if ok {
			d := destinationOf(v)
			d.Message = ""
			page.Items = append(page.Items, streamJSON{
				DomainName: v.DomainName, EventStreamName: v.EventStreamName, EventStreamArn: v.EventStreamArn, State: v.State,
				StoppedSince: seconds(v.StoppedSince), DestinationSummary: d, Tags: v.Tags,
			})
		}
		return ok
	})
	return simulator.Result{Body: simulator.Encode(page), Records: n}, nil
}

// parsePage checks a request of ListEventStreams. It returns the size of the page and the key that
// the previous page ended with.
func (s *Server) parsePage(r *simulator.Request) (size int, after string, e *simulator.Error) {
	if err := (eventstream.Ref{DomainName: r.Get("DomainName"), EventStreamName: "any"}).Validate(); err != nil {
		return 0, "", badRequest(err.Error())
	}
	size = max(s.opts.PageSize, 1)
	if r.Params.Has("max-results") {
		n, err := strconv.Atoi(r.Get("max-results"))
		if err != nil || n < 1 || n > maxPage {
			return 0, "", badRequest(fmt.Sprintf("max-results must be from 1 to %d, got %q.", maxPage, r.Get("max-results")))
		}
		size = n
	}
	token := r.Get("next-token")
	after, ok := r.PageAfter(token)
	if !ok || len(token) > maxToken || token == "" && r.Params.Has("next-token") {
		return 0, "", badRequest("next-token must be one that ListEventStreams returned.")
	}
	return size, after, nil
}

// streamJSON is a stream as GetEventStream and ListEventStreams show it.
type streamJSON struct {
	DomainName         string
	EventStreamName    string `json:",omitempty"`
	EventStreamArn     string
	CreatedAt          json.Number `json:",omitempty"`
	State              eventstream.State
	StoppedSince       json.Number       `json:",omitempty"`
	DestinationDetails *destination      `json:",omitempty"`
	DestinationSummary *destination      `json:",omitempty"`
	Tags               map[string]string `json:",omitempty"`
}

type destination struct {
	Uri            string
	Status         eventstream.DestinationStatus
	UnhealthySince json.Number `json:",omitempty"`
	Message        string      `json:",omitempty"`
}

func destinationOf(v eventstream.Stream) *destination {
	return &destination{Uri: v.Uri, Status: v.Status, UnhealthySince: seconds(v.UnhealthySince), Message: v.Message}
}

// seconds returns an instant in the format of the protocol, with milliseconds. It returns "" for
// the zero time.
func seconds(t time.Time) json.Number {
	if t.IsZero() {
		return ""
	}
	return json.Number(fmt.Sprintf("%d.%03d", t.Unix(), t.Nanosecond()/int(time.Millisecond)))
}

// requestedRef returns the names in a request.
func requestedRef(r *simulator.Request) eventstream.Ref {
	return eventstream.Ref{DomainName: r.Get("DomainName"), EventStreamName: r.Get("EventStreamName")}
}

// requestedARN returns the ARN of the stream that a request names.
func (s *Server) requestedARN(r *simulator.Request) string {
	return s.ARN(r.Get("DomainName"), r.Get("EventStreamName"))
}

// findRequested returns the names in a request, in a domain that exists.
func (s *Server) findRequested(r *simulator.Request) (eventstream.Ref, *simulator.Error) {
	ref := requestedRef(r)
	if err := ref.Validate(); err != nil {
		return ref, badRequest(err.Error())
	}
	if !s.hasDomain(r) {
		return ref, domainNotFound(ref.DomainName)
	}
	return ref, nil
}

// hasDomain reports whether the requested domain exists in the Region of the request.
func (s *Server) hasDomain(r *simulator.Request) bool {
	return s.domains[r.Get("DomainName")] && !r.Foreign
}

func badRequest(message string) *simulator.Error {
	return &simulator.Error{Code: "BadRequestException", Message: message}
}

func domainNotFound(name string) *simulator.Error {
	return notFound("The domain " + name + " does not exist, or access to it was denied.")
}

func streamNotFound(ref eventstream.Ref) *simulator.Error {
	return notFound("The event stream " + ref.EventStreamName + " of the domain " + ref.DomainName + " does not exist, or access to it was denied.")
}

func notFound(message string) *simulator.Error {
	return &simulator.Error{Code: "ResourceNotFoundException", Message: message, Status: http.StatusNotFound}
}
