package main

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"os"
	"slices"
	"strings"
	"time"
)

// router reads requests, within the limits, and passes them to their services.
type router struct {
	services []service
	control  *control
	body     int64
	log      *slog.Logger
}

// ServeHTTP serves a request.
func (f *router) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	start := time.Now()
	body, err := f.read(w, r)
	if err == nil {
		if strings.HasPrefix(r.URL.Path, controlPath) {
			r.Body = io.NopCloser(bytes.NewReader(body))
			f.control.ServeHTTP(w, r)
			return
		}
		if s := f.service(r); s != nil {
			r.Body = io.NopCloser(bytes.NewReader(body))
			s.ServeHTTP(w, r) // it logs the call
			return
		}
	}
	info := requestInfoOf(r, body)
	var e errorResponse
	switch tooLarge := (*http.MaxBytesError)(nil); {
	case err == nil:
		e = f.unknown(info)
	case errors.As(err, &tooLarge):
		e = errorResponse{http.StatusRequestEntityTooLarge, "RequestEntityTooLarge", fmt.Sprintf("The body is larger than %d bytes.", f.body)}
	case errors.Is(err, os.ErrDeadlineExceeded):
		e = errorResponse{http.StatusRequestTimeout, "RequestTimeout", "The body did not arrive in time."}
	default:
		e = errorResponse{http.StatusBadRequest, "MalformedRequest", "The body could not be read."}
	}
	if err != nil {
		w.Header().Set("Connection", "close") // where the next request begins is unknown
	}
	e.write(w, info.protocol)
	logCall(f.log, info.scope, info.operation, "", e.status, e.code, time.Since(start))
}

// read reads the body of a request. It rejects a Content-Length above the limit at once.
func (f *router) read(w http.ResponseWriter, r *http.Request) ([]byte, error) {
	if r.ContentLength > f.body {
		return nil, &http.MaxBytesError{Limit: f.body}
	}
	return io.ReadAll(http.MaxBytesReader(w, r.Body, f.body))
}

// service returns the service that a request is for, or nil. The scope of the signature decides.
// For a request without a signature, its form does.
func (f *router) service(r *http.Request) *service {
	scope := scopeOf(r)
	if scope == "" {
		switch target, path := r.Header.Get("X-Amz-Target"), r.URL.EscapedPath(); {
		case target != "":
			for prefix, s := range map[string]string{"CloudTrail_20131101.": "cloudtrail", "Kinesis_20131202.": "kinesis", "TrentService.": "kms"} {
				if strings.Contains(target, prefix) {
					scope = s
				}
			}
		case path == "/domains" || strings.HasPrefix(path, "/domains/"):
			scope = "profile"
		case isForm(r):
			scope = "rds"
		}
	}
	i := slices.IndexFunc(f.services, func(s service) bool { return s.scope == scope })
	if i < 0 {
		return nil
	}
	return &f.services[i]
}

// unknown returns the error for a request that no service serves.
func (f *router) unknown(s requestInfo) errorResponse {
	what := fmt.Sprintf("%q", s.operation)
	if s.scope != "" {
		what += fmt.Sprintf(" of the service %q", truncate(s.scope))
	}
	supported := make([]string, len(f.services))
	for i, s := range f.services {
		supported[i] = s.operations
	}
	message := "The simulator does not support " + what + ". It supports " + strings.Join(supported, "; ") + "."
	e := errorResponse{http.StatusBadRequest, "UnknownOperationException", message}
	switch s.protocol {
	case query:
		e.code = "InvalidAction"
	case restJSON:
		e.status = http.StatusNotFound
	case jsonRPC:
	}
	return e
}
