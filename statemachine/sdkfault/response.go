package sdkfault

import (
	"encoding/xml"
	"fmt"
	"html"
	"net/http"
	"regexp"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/aws/smithy-go"
	smithyhttp "github.com/aws/smithy-go/transport/http"
)

const (
	// maxRetryAfter is the longest delay that a response can ask for.
	maxRetryAfter = time.Minute

	// maxText is the maximum length of a text that is not the service's own, in bytes.
	maxText = 500

	// maxTitle is the maximum length of the title of an HTML page, in bytes.
	maxTitle = 100
)

// response is what an error of the SDK contains about the response of the service that was called.
type response struct {
	code, message string
	serverFault   bool
	status        int // 0 without a response
	requestID     string
	retryAfter    time.Duration
	body          []byte // the beginning, if RecordErrorBody recorded it
	title         string // of an HTML page

	credentials error // of the credentials provider, if the request failed before it was sent
}

// findResponse returns what the chain of err contains. It ignores the responses of other services,
// such as those of a credentials provider.
func findResponse(err error) response {
	var r response
	r.find(err, "")
	if r.code == "UnknownError" { // the SDK's code for a response without one
		r.code, r.message = "", ""
	}
	if r.code == "" && r.status >= http.StatusBadRequest {
		r.readEC2Error()
	}
	return r
}

// readEC2Error collects from an error document of the protocol ec2Query. Some emulators send it for
// every service with XML, and the SDK reads it for Amazon EC2 only.
func (r *response) readEC2Error() {
	var doc struct {
		XMLName xml.Name `xml:"Response"`
		Code    string   `xml:"Errors>Error>Code"`
		Message string   `xml:"Errors>Error>Message"`
	}
	if xml.Unmarshal(r.body, &doc) == nil {
		r.code, r.message = cleanCode(doc.Code), doc.Message
	}
}

// find collects from err and what it wraps, from the outside to the inside. service is the
// ServiceID of the operation around err.
func (r *response) find(err error, service string) {
	if err == nil || r.credentials != nil {
		return
	}
	if op, ok := err.(*smithy.OperationError); ok { //nolint:errorlint // one link of the chain at a time
		if service != "" && op.ServiceID != service {
			return
		}
		service = op.ServiceID
	}
	if api, ok := err.(smithy.APIError); ok && r.code == "" { //nolint:errorlint // as above
		r.code, r.message = cleanCode(api.ErrorCode()), api.ErrorMessage()
		r.serverFault = api.ErrorFault() == smithy.FaultServer
	}
	if res, ok := err.(interface{ ServiceRequestID() string }); ok && r.requestID == "" {
		r.requestID = res.ServiceRequestID()
	}
	if res, ok := err.(interface{ HTTPStatusCode() int }); ok && r.status == 0 {
		r.status = res.HTTPStatusCode()
	}
	if res, ok := err.(interface{ HTTPResponse() *smithyhttp.Response }); ok {
		r.readHTTP(res.HTTPResponse())
	}
	switch wrapped := err.(type) { //nolint:errorlint // as above
	case interface{ Unwrap() error }:
		cause := wrapped.Unwrap()
		// The SDK has no type for this error.
		if cause != nil && r.status == 0 && strings.HasPrefix(err.Error(), "get identity: ") {
			r.credentials = cause
			return
		}
		r.find(cause, service)
	case interface{ Unwrap() []error }:
		for _, cause := range wrapped.Unwrap() {
			r.find(cause, service)
		}
	}
}

// cleanCode returns an error code without the namespace before it and the URL after it, which some
// protocols add.
func cleanCode(code string) string {
	code = code[strings.LastIndex(code, "#")+1:]
	code, _, _ = strings.Cut(code, ":")
	return strings.TrimSpace(code)
}

// readHTTP collects from the headers and from the body, if [RecordErrorBody] recorded it.
func (r *response) readHTTP(res *smithyhttp.Response) {
	if res == nil || res.Response == nil {
		return
	}
	r.retryAfter = retryAfter(res.Header)
	body, ok := res.Body.(*recordedBody)
	if !ok {
		return
	}
	r.body = body.head
	if m := titleElement.FindSubmatch(body.head); m != nil {
		r.title = oneLine(html.UnescapeString(string(m[1])), maxTitle)
	}
	if m := requestIDElement.FindSubmatch(body.head); m != nil && r.requestID == "" {
		r.requestID = string(m[1])
	}
}

var (
	titleElement     = regexp.MustCompile(`(?is)<title[^>]*>(.*?)</title`)
	requestIDElement = regexp.MustCompile(`(?i)<RequestId>\s*([^<>\s]{1,128})\s*</RequestId>`)
)

// isNotImplemented reports whether an emulator or a proxy lacks the operation. LocalStack sends
// HTTP 501 with the code InternalFailure, and other emulators only such a message.
func (r *response) isNotImplemented() bool {
	return r.status == http.StatusNotImplemented || notImplemented.MatchString(r.message)
}

var notImplemented = regexp.MustCompile(`(?i)\bnot (yet |been )?implemented\b`)

// describe returns the text for a response without an error code.
func (r *response) describe() string {
	text := strings.TrimSpace(fmt.Sprintf("HTTP %d %s", r.status, http.StatusText(r.status)))
	if r.status >= http.StatusBadRequest {
		text += " without an error code"
	}
	if r.title != "" {
		text += fmt.Sprintf(", an HTML page titled %q", r.title)
	}
	return text
}

// retryAfter returns the delay that a response asks for: X-Amz-Retry-After in milliseconds, else
// Retry-After in seconds or as a date. It returns 0 for none and at most maxRetryAfter.
func retryAfter(h http.Header) time.Duration {
	if n, err := strconv.ParseUint(h.Get("X-Amz-Retry-After"), 10, 63); err == nil {
		return bounded(n, time.Millisecond)
	}
	value := h.Get("Retry-After")
	if n, err := strconv.ParseUint(value, 10, 63); err == nil {
		return bounded(n, time.Second)
	}
	until, err := http.ParseTime(value)
	if err != nil {
		return 0
	}
	now, err := http.ParseTime(h.Get("Date")) // by the same clock
	if err != nil {
		now = time.Now()
	}
	return min(max(until.Sub(now), 0), maxRetryAfter)
}

// bounded returns n units, and at most maxRetryAfter.
func bounded(n uint64, unit time.Duration) time.Duration {
	return time.Duration(min(n, uint64(maxRetryAfter/unit))) * unit //nolint:gosec // at most maxRetryAfter
}

// oneLine returns s on one line, without control characters, and at most limit bytes of it.
func oneLine(s string, limit int) string {
	if len(s) > 4*limit { // the rest cannot be needed, unless it follows a lot of white space
		s = s[:4*limit]
	}
	s = strings.Join(strings.FieldsFunc(s, func(r rune) bool { return r <= ' ' || r == 0x7f || r == utf8.RuneError }), " ")
	if len(s) <= limit {
		return s
	}
	for limit > 0 && !utf8.RuneStart(s[limit]) {
		limit--
	}
	return s[:limit] + "…"
}
