package simulator

import (
	"net/http"
	"net/url"
	"strconv"

	"github.com/streamwarden/streamwarden-go/statemachine"
)

// Query is the AWS query protocol: requests are forms, responses are XML.
type Query struct {
	Version   string // of the API: "2014-10-31"
	Namespace string // of responses: "http://rds.amazonaws.com/doc/2014-10-31/"
}

const (
	contentForm = "application/x-www-form-urlencoded"
	contentXML  = "text/xml"
)

// Parse takes the parameters from the form of a POST request or the query string of a GET request.
func (q Query) Parse(r *http.Request, body []byte) (*Request, *Error) {
	form := r.URL.RawQuery
	switch r.Method {
	case http.MethodGet:
	case http.MethodPost:
		if !hasType(r, contentForm) {
			return nil, &Error{Code: "MalformedInput", Message: "The Content-Type is not " + contentForm + "."}
		}
		form = string(body)
	default:
		message := "The method must be GET or POST, got " + r.Method + "."
		return nil, &Error{Code: "InvalidAction", Message: message, Status: http.StatusMethodNotAllowed}
	}
	params, err := url.ParseQuery(form)
	if err != nil {
		return nil, &Error{Code: "MalformedQueryString", Message: "The parameters cannot be parsed: " + err.Error(), Status: http.StatusNotFound}
	}
	action := params.Get("Action")
	if action == "" {
		return nil, &Error{Code: "MissingAction", Message: "The request has no parameter Action."}
	}
	if v := params.Get("Version"); v != "" && v != q.Version {
		return nil, &Error{Code: "InvalidAction", Message: "The simulator supports version " + q.Version + " of the API, not " + v + "."}
	}
	return &Request{Operation: statemachine.Operation(action), Params: params}, nil
}

// Result puts the result, which is XML, into the result element of the operation.
func (q Query) Result(op statemachine.Operation, result []byte, requestID string) Response {
	var x XML
	x.Grow(len(result) + 4*len(op) + len(q.Namespace) + 256)
	x.b = append(x.b, "<"+op+"Response xmlns=\""...)
	x.escape(q.Namespace)
	x.b = append(x.b, "\"><"+op+"Result>"...)
	x.b = append(x.b, result...)
	x.b = append(x.b, "</"+op+"Result><ResponseMetadata>"...)
	x.Text("RequestId", requestID)
	x.b = append(x.b, "</ResponseMetadata></"+op+"Response>"...)
	return Response{Status: http.StatusOK, ContentType: contentXML, Body: x.Bytes()}
}

// ErrorResponse sets the type Sender or Receiver by the status.
func (q Query) ErrorResponse(e *Error, requestID string) Response {
	var x XML
	x.b = append(x.b, "<ErrorResponse xmlns=\""...)
	x.escape(q.Namespace)
	x.b = append(x.b, "\"><Error>"...)
	if statusOf(e) >= http.StatusInternalServerError {
		x.Text("Type", "Receiver")
	} else {
		x.Text("Type", "Sender")
	}
	x.Text("Code", e.Code)
	x.Text("Message", e.Message)
	x.Close("Error")
	x.Text("RequestId", requestID)
	x.Close("ErrorResponse")
	return Response{Status: statusOf(e), ContentType: contentXML, Body: x.Bytes()}
}

// List returns the values of prefix1, prefix2, …, such as "Filters.Filter.1.Values.Value.1". The
// list ends at the first number that is absent.
func List(params url.Values, prefix string) []string {
	var list []string
	for i := 1; ; i++ {
		v, ok := params[prefix+strconv.Itoa(i)]
		if !ok {
			return list
		}
		list = append(list, v[0])
	}
}
