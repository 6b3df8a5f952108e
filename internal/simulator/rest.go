package simulator

import (
	"net/http"
	"net/url"
	"strings"

	"github.com/streamwarden/streamwarden-go/statemachine"
)

// REST is the AWS REST JSON protocol: method and path name the operation, and requests and
// responses are JSON documents.
type REST struct {
	Routes []Route // the first that matches applies
}

// Route is the method and path of an operation. A path segment in braces is a label:
// "/domains/{DomainName}/event-streams".
type Route struct {
	Operation    statemachine.Operation
	Method, Path string
}

const contentJSON = "application/json"

// Parse puts the percent-decoded labels and the query string into [Request.Params]. A label takes
// precedence over a query parameter of the same name.
func (p REST) Parse(r *http.Request, body []byte) (*Request, *Error) {
	segments := strings.Split(r.URL.EscapedPath(), "/")
	for i, s := range segments {
		// Decode after the split, because a label may contain an escaped slash.
		var err error
		if segments[i], err = url.PathUnescape(s); err != nil {
			return nil, &Error{Code: "BadRequestException", Message: "The path cannot be parsed: " + err.Error()}
		}
	}
	var supported []string
	for _, route := range p.Routes {
		supported = append(supported, string(route.Operation)+" ("+route.Method+" "+route.Path+")")
		labels, ok := route.match(r.Method, segments)
		if !ok {
			continue
		}
		params, err := url.ParseQuery(r.URL.RawQuery)
		if err != nil {
			return nil, &Error{Code: "BadRequestException", Message: "The query string cannot be parsed: " + err.Error()}
		}
		for name, value := range labels {
			params.Set(name, value)
		}
		if len(body) > 0 && !hasType(r, contentJSON) {
			message := "The Content-Type is not " + contentJSON + "."
			return nil, &Error{Code: "UnsupportedMediaTypeException", Message: message, Status: http.StatusUnsupportedMediaType}
		}
		body, e := document(body)
		if e != nil {
			return nil, e
		}
		return &Request{Operation: route.Operation, Params: params, Body: body}, nil
	}
	e := unsupportedOperation("UnknownOperationException", r.Method+" "+r.URL.Path, supported)
	e.Status = http.StatusNotFound
	return nil, e
}

// match reports whether a request matches the route, and returns its labels. An empty label does
// not match.
func (t Route) match(method string, segments []string) (labels map[string]string, ok bool) {
	want := strings.Split(t.Path, "/")
	if t.Method != method || len(want) != len(segments) {
		return nil, false
	}
	labels = make(map[string]string)
	for i, w := range want {
		switch name, isLabel := strings.CutPrefix(w, "{"); {
		case isLabel && segments[i] != "":
			labels[strings.TrimSuffix(name, "}")] = segments[i]
		case isLabel || w != segments[i]:
			return nil, false
		}
	}
	return labels, true
}

// Result sends the result, which is the document. A nil result is an empty object.
func (REST) Result(_ statemachine.Operation, result []byte, _ string) Response {
	if result == nil {
		result = []byte("{}")
	}
	return Response{Status: http.StatusOK, ContentType: contentJSON, Body: result}
}

// ErrorResponse puts the type of the error into the header.
func (REST) ErrorResponse(e *Error, _ string) Response { return headerErrorResponse(e, contentJSON) }
