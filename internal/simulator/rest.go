package simulator

import (
	"mime"
	"net/http"
	"net/url"
	"strings"

	"github.com/streamwarden/streamwarden-go/statemachine"
)

// REST is the AWS REST JSON protocol: method and path name the operation, a document goes in and out.
type REST struct {
	Routes []Route // the first that fits counts
}

// Route is one operation's method and path. A segment of the path in braces is a label: "/domains/{DomainName}/event-streams".
type Route struct {
	Operation    statemachine.Operation
	Method, Path string
}

const contentJSON = "application/json"

// Parse takes the labels, percent-decoded, and the query string into [Request.Params]; a label comes before a query parameter of its name.
func (p REST) Parse(r *http.Request, body []byte) (*Request, *Error) {
	segments := strings.Split(r.URL.EscapedPath(), "/")
	for i, s := range segments {
		// Only after the split: a label may hold an escaped slash.
		var err error
		if segments[i], err = url.PathUnescape(s); err != nil {
			return nil, &Error{Code: "BadRequestException", Message: "The path cannot be read: " + err.Error()}
		}
	}
	var modelled []string
	for _, route := range p.Routes {
		modelled = append(modelled, string(route.Operation)+" ("+route.Method+" "+route.Path+")")
		labels, ok := route.match(r.Method, segments)
		if !ok {
			continue
		}
		params, err := url.ParseQuery(r.URL.RawQuery)
		if err != nil {
			return nil, &Error{Code: "BadRequestException", Message: "The query string cannot be read: " + err.Error()}
		}
		for name, value := range labels {
			params.Set(name, value)
		}
		if len(body) > 0 {
			if t, _, err := mime.ParseMediaType(r.Header.Get("Content-Type")); err != nil || t != contentJSON {
				return nil, &Error{Code: "UnsupportedMediaTypeException", Message: "The Content-Type is not " + contentJSON + ".", Status: http.StatusUnsupportedMediaType}
			}
		}
		body, e := document(body)
		if e != nil {
			return nil, e
		}
		return &Request{Operation: route.Operation, Params: params, Body: body}, nil
	}
	e := unsupportedOperation("UnknownOperationException", r.Method+" "+r.URL.Path, modelled)
	e.Status = http.StatusNotFound
	return nil, e
}

// match compares a request with the route. An empty label fits nothing.
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

// Result takes a result that is the document; nil: an empty object.
func (REST) Result(_ statemachine.Operation, result []byte, _ string) Response {
	if result == nil {
		result = []byte("{}")
	}
	return Response{Status: http.StatusOK, ContentType: contentJSON, Body: result}
}

// ErrorResponse has the error's type in the header.
func (REST) ErrorResponse(e *Error, _ string) Response { return errorResponse(e, contentJSON) }
