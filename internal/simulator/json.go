package simulator

import (
	"bytes"
	"encoding/json"
	"net/http"
	"reflect"
	"regexp"
	"slices"
	"strings"

	"github.com/streamwarden/streamwarden-go/statemachine"
)

// JSON is the AWS JSON 1.1 protocol: the X-Amz-Target header names the operation, and requests and
// responses are JSON documents.
type JSON struct {
	// Targets are the names of the services in the X-Amz-Target header: "CloudTrail_20131101". Some
	// SDKs send them with a longer prefix that ends in a dot. Both forms are accepted.
	Targets []string

	// ErrorHeader sends the type of an error in the X-Amzn-ErrorType header, in place of the
	// document's __type member. Clients must understand both.
	ErrorHeader bool
}

const contentJSON11 = "application/x-amz-json-1.1"

// Parse checks that the document is a JSON object or empty. The operation decodes it.
func (j JSON) Parse(r *http.Request, body []byte) (*Request, *Error) {
	if r.Method != http.MethodPost || r.URL.Path != "/" && r.URL.Path != "" {
		return nil, &Error{Code: "UnknownOperationException", Message: "The request must be a POST to /.", Status: http.StatusNotFound}
	}
	header := "." + r.Header.Get("X-Amz-Target")
	dot := strings.LastIndex(header, ".")
	target, op := header[:dot], header[dot+1:]
	if op == "" || !slices.ContainsFunc(j.Targets, func(t string) bool { return strings.HasSuffix(target, "."+t) }) {
		return nil, Errorf("UnknownOperationException", "The X-Amz-Target header must be %s.<operation>.", strings.Join(j.Targets, " or "))
	}
	if !hasType(r, contentJSON11) {
		return nil, &Error{Code: "SerializationException", Message: "The Content-Type is not " + contentJSON11 + "."}
	}
	body, e := document(body)
	if e != nil {
		return nil, e
	}
	return &Request{Operation: statemachine.Operation(op), Body: body}, nil
}

// Result sends the result, which is the document. A nil result is an empty body.
func (JSON) Result(_ statemachine.Operation, result []byte, _ string) Response {
	return Response{Status: http.StatusOK, ContentType: contentJSON11, Body: result}
}

// ErrorResponse puts the type of the error into the document or the header.
func (j JSON) ErrorResponse(e *Error, _ string) Response {
	if j.ErrorHeader {
		return headerErrorResponse(e, contentJSON11)
	}
	return Response{Status: statusOf(e), ContentType: contentJSON11, Body: Encode(struct {
		Type    string `json:"__type"`
		Message string
	}{e.Code, e.Message})}
}

// headerErrorResponse returns an error response that has the type of the error in the header.
func headerErrorResponse(e *Error, contentType string) Response {
	return Response{
		Status: statusOf(e), ContentType: contentType, ErrorType: asciiHeader(e.Code),
		Body: Encode(struct{ Message string }{e.Message}),
	}
}

// asciiHeader replaces the characters that a header cannot have. An injected code can have any.
func asciiHeader(s string) string {
	return strings.Map(func(r rune) rune {
		if r < ' ' || r > '~' {
			return '?'
		}
		return r
	}, s)
}

// document returns the body without surrounding space. The body must be a JSON object or empty.
func document(body []byte) ([]byte, *Error) {
	body = bytes.TrimSpace(body)
	if len(body) > 0 && (body[0] != '{' || !json.Valid(body)) {
		return nil, &Error{Code: "SerializationException", Message: "The body is not a JSON object."}
	}
	return body, nil
}

// Decode decodes a request's document into a struct. As AWS does, it ignores unknown members, and
// names of members are case-sensitive.
func (r *Request) Decode(into any) *Error {
	if len(r.Body) == 0 {
		return nil
	}
	body := r.Body
	if v, err := decodeAny(body); err == nil && prune(v, reflect.TypeOf(into)) {
		body = Encode(v)
	}
	if err := json.Unmarshal(body, into); err != nil {
		return &Error{Code: "SerializationException", Message: "The body cannot be parsed: " + err.Error()}
	}
	return nil
}

// prune removes the members that encoding/json would match with a field of t only because it
// ignores case. It reports whether there are any.
func prune(v any, t reflect.Type) (pruned bool) {
	for t.Kind() == reflect.Pointer {
		t = t.Elem()
	}
	switch v := v.(type) {
	case []any:
		if t.Kind() == reflect.Slice {
			for _, element := range v {
				pruned = prune(element, t.Elem()) || pruned
			}
		}
	case map[string]any:
		if t.Kind() != reflect.Struct {
			return false
		}
		for name, member := range v {
			if f, ok := t.FieldByName(name); ok {
				pruned = prune(member, f.Type) || pruned
			} else {
				delete(v, name)
				pruned = true
			}
		}
	}
	return pruned
}

// Encode returns v as a JSON document. A value that JSON cannot express becomes an empty object.
func Encode(v any) []byte {
	b, err := json.Marshal(v)
	if err != nil {
		return []byte("{}")
	}
	return b
}

// nullMember matches a member that is null. Inside a string, quotation marks are escaped.
var nullMember = regexp.MustCompile(`,"\w+":null|"\w+":null,?`)

// EncodeNonNull returns v as a JSON document without the members that are null, such as those of
// the SDK's types.
func EncodeNonNull(v any) []byte { return nullMember.ReplaceAll(Encode(v), nil) }
