package simulator

import (
	"bytes"
	"encoding/json"
	"mime"
	"net/http"
	"strings"

	"github.com/streamwarden/streamwarden-go/statemachine"
)

// JSON is the AWS JSON 1.1 protocol: the operation stands in the X-Amz-Target header, a document goes in and out.
type JSON struct {
	// Target is the service's name in the X-Amz-Target header, "CloudTrail_20131101". SDKs put it before the operation, with or
	// without a longer prefix that ends in a dot before it; both are accepted.
	Target string

	// ErrorHeader sends an error's type in the X-Amzn-ErrorType header in place of the document's __type. Clients must read both.
	ErrorHeader bool
}

const contentJSON11 = "application/x-amz-json-1.1"

// Parse leaves the document to the operation, but it is an object or nothing.
func (j JSON) Parse(r *http.Request, body []byte) (*Request, *Error) {
	if r.Method != http.MethodPost || r.URL.Path != "/" && r.URL.Path != "" {
		return nil, &Error{Code: "UnknownOperationException", Message: "A request of this protocol is a POST to /.", Status: http.StatusNotFound}
	}
	target, op, ok := cutLast(r.Header.Get("X-Amz-Target"), ".")
	if !ok || op == "" || target != j.Target && !strings.HasSuffix(target, "."+j.Target) {
		return nil, &Error{Code: "UnknownOperationException", Message: "The X-Amz-Target header is not " + j.Target + "." + "<operation>."}
	}
	if t, _, err := mime.ParseMediaType(r.Header.Get("Content-Type")); err != nil || t != contentJSON11 {
		return nil, &Error{Code: "SerializationException", Message: "The Content-Type is not " + contentJSON11 + "."}
	}
	body, e := document(body)
	if e != nil {
		return nil, e
	}
	return &Request{Operation: statemachine.Operation(op), Body: body}, nil
}

// Result takes a result that is the document; nil: an empty body.
func (JSON) Result(_ statemachine.Operation, result []byte, _ string) Response {
	return Response{Status: http.StatusOK, ContentType: contentJSON11, Body: result}
}

// ErrorResponse has the error's type in the document or in the header.
func (j JSON) ErrorResponse(e *Error, _ string) Response {
	if j.ErrorHeader {
		return errorResponse(e, contentJSON11)
	}
	return Response{Status: e.status(), ContentType: contentJSON11, Body: encode(struct {
		Type    string `json:"__type"`
		Message string
	}{e.Code, e.Message})}
}

// errorResponse is an error whose type stands in the header.
func errorResponse(e *Error, contentType string) Response {
	return Response{
		Status: e.status(), ContentType: contentType, ErrorType: asciiHeader(e.Code),
		Body: encode(struct{ Message string }{e.Message}),
	}
}

// asciiHeader is a text that may stand in a header: an injected code may hold anything.
func asciiHeader(s string) string {
	return strings.Map(func(r rune) rune {
		if r < ' ' || r > '~' {
			return '?'
		}
		return r
	}, s)
}

// document checks that a body is a JSON object or empty.
func document(body []byte) ([]byte, *Error) {
	body = bytes.TrimSpace(body)
	if len(body) > 0 && (body[0] != '{' || !json.Valid(body)) {
		return nil, &Error{Code: "SerializationException", Message: "The body is not a JSON object."}
	}
	return body, nil
}

// Decode reads a request's document into a struct. Members that the struct lacks are ignored, as AWS does.
func (r *Request) Decode(into any) *Error {
	if len(r.Body) == 0 {
		return nil
	}
	if err := json.Unmarshal(r.Body, into); err != nil {
		return &Error{Code: "SerializationException", Message: "The body cannot be read: " + err.Error()}
	}
	return nil
}

// Encode is a result as a document. A value that JSON cannot express becomes an empty object.
func Encode(v any) []byte { return encode(v) }

func encode(v any) []byte {
	b, err := json.Marshal(v)
	if err != nil {
		return []byte("{}")
	}
	return b
}

// cutLast cuts s at the last sep.
func cutLast(s, sep string) (before, after string, found bool) {
	if i := strings.LastIndex(s, sep); i >= 0 {
		return s[:i], s[i+len(sep):], true
	}
	return s, "", false
}
