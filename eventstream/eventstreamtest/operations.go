package eventstreamtest

import (
	"encoding/base64"
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

// Bounds of a page of ListEventStreams.
const (
	maxPage  = 100
	maxToken = 1024
)

// operations are those that the server models, and where they are.
func (s *Server) operations() (simulator.REST, map[statemachine.Operation]simulator.Operation) {
	const list, item = "/domains/{DomainName}/event-streams", "/domains/{DomainName}/event-streams/{EventStreamName}"
	domain := func(r *simulator.Request) []string { return []string{r.Get("DomainName")} }
	stream := func(r *simulator.Request) []string {
		return []string{s.ARN(r.Get("DomainName"), r.Get("EventStreamName"))}
	}
	rest := simulator.REST{Routes: []simulator.Route{
		{Operation: eventstream.CreateEventStream, Method: http.MethodPost, Path: item},
		{Operation: eventstream.DeleteEventStream, Method: http.MethodDelete, Path: item},
		{Operation: getEventStream, Method: http.MethodGet, Path: item},
		{Operation: listEventStreams, Method: http.MethodGet, Path: list},
	}}
	return rest, map[statemachine.Operation]simulator.Operation{
		eventstream.CreateEventStream: {Group: string(eventstream.CreateEventStream), Resources: stream, Run: s.create},
		eventstream.DeleteEventStream: {Group: string(eventstream.DeleteEventStream), Resources: stream, Run: s.delete},
		getEventStream:                {Group: string(getEventStream), Resources: stream, Run: s.get},
		listEventStreams:              {Group: string(listEventStreams), Resources: domain, Run: s.list},
	}
}

// create is CreateEventStream.
func (s *Server) create(r *simulator.Request) (simulator.Result, *simulator.Error) {
	var body struct {
		Uri  string
		Tags map[string]string
	}
	if e := r.Decode(&body); e != nil {
		return simulator.Result{}, e
	}
	in := eventstream.CreateInput{Ref: refOf(r), Uri: body.Uri, Tags: body.Tags}
	if err := in.Validate(); err != nil {
		return simulator.Result{}, badRequest(err.Error())
	}
	if body.Tags != nil && len(body.Tags) == 0 {
		return simulator.Result{}, badRequest("Tags has no entries; it must have at least 1.")
	}
	if !s.domains[in.DomainName] {
		return simulator.Result{}, domainNotFound(in.DomainName)
	}
	if accountPrefix := s.arn("kinesis", "stream/"); !strings.HasPrefix(in.Uri, accountPrefix) {
		return simulator.Result{}, badRequest("The destination must be in the account and Region of the domain: " + accountPrefix + "…")
	}
	arn := s.ARN(in.DomainName, in.EventStreamName)
	was, next, ok := s.command(arn, eventstream.CreateEventStream, r.At)
	if !ok || s.count(in.DomainName, r.At) >= s.opts.StreamsPerDomain {
		return simulator.Result{}, s.refused(eventstream.CreateEventStream, arn, was,
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
	s.findOrReserve(arn)
	s.scheduleRecovery(s.streams.Put(r.At, v, arn), v, r.At, s.opts.DestinationSetup)
	return simulator.Result{Body: simulator.Encode(struct {
		EventStreamArn string
		Tags           map[string]string `json:",omitempty"`
	}{arn, v.Tags}), Records: 1}, nil
}

// delete is DeleteEventStream.
func (s *Server) delete(r *simulator.Request) (simulator.Result, *simulator.Error) {
	ref, e := s.requestedRef(r)
	if e != nil {
		return simulator.Result{}, e
	}
	arn := s.ARN(ref.DomainName, ref.EventStreamName)
	was, next, ok := s.command(arn, eventstream.DeleteEventStream, r.At)
	if !ok {
		return simulator.Result{}, s.refused(eventstream.DeleteEventStream, arn, was, streamNotFound(ref))
	}
	res := s.streams.Get(arn)
	v, _ := res.Now(r.At)
	set(res, v, next, r.At)
	delete(s.recoveryDelay, arn)
	return simulator.Result{}, nil
}

// command is the state of a stream, and the one that an operation leads to; false if it is not permitted.
func (s *Server) command(arn string, op statemachine.Operation, now time.Time) (current, next eventstream.State, ok bool) {
	current = eventstream.StateAbsent
	if r := s.streams.Get(arn); r != nil {
		current = state(r.Now(now))
	}
	next, ok = eventstream.Machine().Next(current, op)
	return current, next, ok
}

// count is how many streams a domain has.
func (s *Server) count(domainName string, now time.Time) int {
	n := 0
	for _, r := range s.streams.All() {
		if _, ok := r.Now(now); ok && s.inDomain(r, domainName) {
			n++
		}
	}
	return n
}

// get is GetEventStream.
func (s *Server) get(r *simulator.Request) (simulator.Result, *simulator.Error) {
	ref, e := s.requestedRef(r)
	if e != nil {
		return simulator.Result{}, e
	}
	if res := s.streams.Get(s.ARN(ref.DomainName, ref.EventStreamName)); res != nil {
		if v, ok := res.Read(r.At); ok {
			return simulator.Result{Body: simulator.Encode(streamJSON{
				DomainName: v.DomainName, EventStreamArn: v.EventStreamArn, State: v.State,
				CreatedAt: seconds(v.CreatedAt), StoppedSince: seconds(v.StoppedSince),
				DestinationDetails: ofDestination(v.Destination), Tags: v.Tags,
			}), Records: 1}, nil
		}
	}
	return simulator.Result{}, streamNotFound(ref)
}

// list is ListEventStreams.
func (s *Server) list(r *simulator.Request) (simulator.Result, *simulator.Error) {
	domainName := r.Get("DomainName")
	if err := (eventstream.Ref{DomainName: domainName, EventStreamName: "any"}).Validate(); err != nil {
		return simulator.Result{}, badRequest(err.Error())
	}
	size := s.opts.PageSize
	if r.Params.Has("max-results") {
		n, err := strconv.Atoi(r.Get("max-results"))
		if err != nil || n < 1 || n > maxPage {
			return simulator.Result{}, badRequest(fmt.Sprintf("max-results must be 1 to %d, is %q.", maxPage, r.Get("max-results")))
		}
		size = n
	}
	after, e := parseToken(r)
	if e != nil {
		return simulator.Result{}, e
	}
	if !s.domains[domainName] {
		return simulator.Result{}, domainNotFound(domainName)
	}
	page := struct {
		Items     []streamJSON
		NextToken string `json:",omitempty"`
	}{Items: []streamJSON{}}
	last := ""
	for _, res := range s.streams.After(after) {
		if !s.inDomain(res, domainName) {
			continue
		}
		if len(page.Items) == max(size, 1) {
			page.NextToken = base64.RawURLEncoding.EncodeToString([]byte(last))
			break
		}
		v, ok := res.Read(r.At)
		if !ok {
			continue
		}
		last = res.Key()
		d := ofDestination(v.Destination)
		d.Message = ""
		page.Items = append(page.Items, streamJSON{
			DomainName: v.DomainName, EventStreamName: v.EventStreamName, EventStreamArn: v.EventStreamArn, State: v.State,
			StoppedSince: seconds(v.StoppedSince), DestinationSummary: d, Tags: v.Tags,
		})
	}
	return simulator.Result{Body: simulator.Encode(page), Records: len(page.Items)}, nil
}

// parseToken is the key after which the page begins that a request asks for.
func parseToken(r *simulator.Request) (string, *simulator.Error) {
	if !r.Params.Has("next-token") {
		return "", nil
	}
	token := r.Get("next-token")
	after, err := base64.RawURLEncoding.DecodeString(token)
	if err != nil || token == "" || len(token) > maxToken {
		return "", badRequest("next-token is none that ListEventStreams gave.")
	}
	return string(after), nil
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

func ofDestination(d eventstream.Destination) *destination {
	return &destination{Uri: d.Uri, Status: d.Status, UnhealthySince: seconds(d.UnhealthySince), Message: d.Message}
}

// seconds is an instant as the protocol has it, in milliseconds at the best; empty for none.
func seconds(t time.Time) json.Number {
	if t.IsZero() {
		return ""
	}
	return json.Number(fmt.Sprintf("%d.%03d", t.Unix(), t.Nanosecond()/int(time.Millisecond)))
}

// refOf are the names that a request has.
func refOf(r *simulator.Request) eventstream.Ref {
	return eventstream.Ref{DomainName: r.Get("DomainName"), EventStreamName: r.Get("EventStreamName")}
}

// requestedRef are the names of a stream, in a domain that is there.
func (s *Server) requestedRef(r *simulator.Request) (eventstream.Ref, *simulator.Error) {
	ref := refOf(r)
	if err := ref.Validate(); err != nil {
		return ref, badRequest(err.Error())
	}
	if !s.domains[ref.DomainName] {
		return ref, domainNotFound(ref.DomainName)
	}
	return ref, nil
}

// refused is the answer to a command that the state of the stream, or of its domain, does not permit.
func (s *Server) refused(op statemachine.Operation, arn string, state eventstream.State, usual *simulator.Error) *simulator.Error {
	if s.opts.Refuse != nil {
		if r := s.opts.Refuse(op, arn, state); r != nil {
			return &simulator.Error{Code: r.Code, Message: r.Message, Status: r.Status}
		}
	}
	return usual
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
