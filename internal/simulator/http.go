package simulator

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptrace"
	"net/url"
	"os"
	"strconv"
	"strings"
)

// Do serves a request without a socket and returns what an [http.Client] would. A closed connection
// is an io.ErrUnexpectedEOF in a [url.Error], and so is the error of the request's context.
func (s *Server) Do(r *http.Request) (*http.Response, error) {
	resp, err := s.serve(r)
	traceConnection(r, err == nil || resp.unsent == nil)
	if err == nil && resp.disconnect {
		err = io.ErrUnexpectedEOF
	}
	if err != nil {
		return nil, &url.Error{Op: method(r), URL: r.URL.Redacted(), Err: err}
	}
	h := make(http.Header, 4)
	resp.setHeader(h)
	return &http.Response{
		Status:     strconv.Itoa(resp.Status) + " " + http.StatusText(resp.Status),
		StatusCode: resp.Status,
		Proto:      "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1,
		Header:        h,
		Body:          io.NopCloser(bytes.NewReader(resp.Body)),
		ContentLength: int64(len(resp.Body)),
		Request:       r,
	}, nil
}

// ServeHTTP serves a request from a socket. To break a connection it closes it without a response.
// If the [http.ResponseWriter] does not allow that, the response is an empty 502.
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	resp, err := s.serve(r)
	if err != nil && r.Context().Err() != nil {
		return // the caller has left
	}
	if err != nil || resp.disconnect {
		if conn, _, err := http.NewResponseController(w).Hijack(); err == nil {
			_ = conn.Close() // an error leaves it closed as well
			return
		}
		w.WriteHeader(http.StatusBadGateway)
		return
	}
	resp.write(w)
}

// Write writes the response to a request that reaches no server.
func (r Response) Write(w http.ResponseWriter) {
	resp := response{Response: r, header: http.Header{"X-Amzn-Requestid": {requestID(0)}}}
	resp.write(w)
}

func (r *response) write(w http.ResponseWriter) {
	r.setHeader(w.Header())
	w.WriteHeader(r.Status)
	_, _ = w.Write(r.Body) //nolint:gosec // the caller, no browser, may have left
}

// ReadBody reads the body of a request from a socket, up to a limit in bytes. It rejects a
// Content-Length above the limit at once. After an error the connection is closed, because where
// the next request begins is unknown.
func ReadBody(w http.ResponseWriter, r *http.Request, limit int64) ([]byte, *Error) {
	err := error(&http.MaxBytesError{Limit: limit})
	var body []byte
	if r.ContentLength <= limit {
		body, err = io.ReadAll(http.MaxBytesReader(w, r.Body, limit))
	}
	if err == nil {
		return body, nil
	}
	w.Header().Set("Connection", "close")
	if _, ok := errors.AsType[*http.MaxBytesError](err); ok {
		return nil, tooLarge(limit)
	}
	if errors.Is(err, os.ErrDeadlineExceeded) {
		return nil, &Error{Code: "RequestTimeout", Message: "The body did not arrive in time.", Status: http.StatusRequestTimeout}
	}
	return nil, &Error{Code: "MalformedRequest", Message: "The body could not be read."}
}

func tooLarge(limit int64) *Error {
	message := fmt.Sprintf("The body is larger than %d bytes.", limit)
	return &Error{Code: "RequestEntityTooLarge", Message: message, Status: http.StatusRequestEntityTooLarge}
}

// traceConnection calls the hooks of package httptrace that an [http.Transport] calls for a request
// that was sent, or for one that was not.
func traceConnection(r *http.Request, sent bool) {
	trace := httptrace.ContextClientTrace(r.Context())
	if trace == nil {
		return
	}
	if trace.GetConn != nil && r.URL != nil {
		trace.GetConn(r.URL.Host)
	}
	if !sent {
		return
	}
	if trace.GotConn != nil {
		trace.GotConn(httptrace.GotConnInfo{})
	}
	if trace.WroteHeaders != nil {
		trace.WroteHeaders()
	}
	if trace.WroteRequest != nil {
		trace.WroteRequest(httptrace.WroteRequestInfo{})
	}
}

// setHeader sets the headers of a response.
func (r *response) setHeader(h http.Header) {
	h.Set("Content-Length", strconv.Itoa(len(r.Body)))
	if r.ContentType != "" {
		h.Set("Content-Type", r.ContentType)
	}
	if r.ErrorType != "" {
		h.Set("X-Amzn-Errortype", r.ErrorType)
	}
	for name, values := range r.header {
		h.Del(name)
		for _, v := range values {
			h.Add(name, v)
		}
	}
}

// method returns the request's method as url.Error spells it, such as "Post".
func method(r *http.Request) string {
	if r.Method == "" {
		return "Get"
	}
	return r.Method[:1] + strings.ToLower(r.Method[1:])
}
