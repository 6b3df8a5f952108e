package main

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"mime"
	"net/http"
	"net/url"
	"os"
	"slices"
	"strings"
	"time"
)

// router takes a request in, within the limits, and hands it to its service.
type router struct {
	services []service
	body     int64
	log      *slog.Logger
}

// ServeHTTP answers a request.
func (f *router) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	began := time.Now()
	body, err := f.read(w, r)
	if err == nil {
		if s := f.service(r); s != nil {
			r.Body = io.NopCloser(bytes.NewReader(body))
			s.ServeHTTP(w, r) // it logs the call
			return
		}
	}
	shown := requestInfoOf(r, body)
	var e errorResponse
	switch tooLarge := (*http.MaxBytesError)(nil); {
	case err == nil:
		e = f.unknown(shown)
	case errors.As(err, &tooLarge):
		e = errorResponse{http.StatusRequestEntityTooLarge, "RequestEntityTooLarge", fmt.Sprintf("The body is larger than %d bytes.", f.body)}
	case errors.Is(err, os.ErrDeadlineExceeded):
		e = errorResponse{http.StatusRequestTimeout, "RequestTimeout", "The body did not arrive in time."}
	default:
		e = errorResponse{http.StatusBadRequest, "MalformedRequest", "The body cannot be read."}
	}
	if err != nil {
		w.Header().Set("Connection", "close") // nobody knows where the next request would begin
	}
	e.write(w, shown.protocol)
	logCall(f.log, shown.scope, shown.operation, "", e.status, e.code, time.Since(began))
}

// read reads the body of a request. One that says itself that it is too large is not waited for.
func (f *router) read(w http.ResponseWriter, r *http.Request) ([]byte, error) {
	if r.ContentLength > f.body {
		return nil, &http.MaxBytesError{Limit: f.body}
	}
	return io.ReadAll(http.MaxBytesReader(w, r.Body, f.body))
}

// service is the one that a request is for, or nil. The service that it is signed for says it best; where it is not signed, its form does.
func (f *router) service(r *http.Request) *service {
	scope := scopeOf(r)
	if scope == "" {
		switch target, path := r.Header.Get("X-Amz-Target"), r.URL.EscapedPath(); {
		case target != "":
			if strings.Contains(target, "CloudTrail_20131101.") {
				scope = "cloudtrail"
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

// scopeOf is the service that a request is signed for: empty, if it is not signed.
func scopeOf(r *http.Request) string {
	credential := r.URL.Query().Get("X-Amz-Credential")
	if _, rest, ok := strings.Cut(r.Header.Get("Authorization"), "Credential="); ok {
		credential, _, _ = strings.Cut(rest, ",")
	}
	// key/date/region/service/aws4_request; without the Region, if it is signed for several.
	parts := strings.Split(strings.TrimSpace(credential), "/")
	if n := len(parts); n >= 4 && parts[n-1] == "aws4_request" {
		return parts[n-2]
	}
	return ""
}

// isForm tells whether a request is one of the query protocol.
func isForm(r *http.Request) bool {
	if r.URL.Query().Has("Action") {
		return true
	}
	t, _, err := mime.ParseMediaType(r.Header.Get("Content-Type"))
	return err == nil && t == "application/x-www-form-urlencoded"
}

// requestInfo is what a request that no service takes shows of itself.
type requestInfo struct {
	protocol         protocol
	scope, operation string
}

func requestInfoOf(r *http.Request, body []byte) requestInfo {
	s := requestInfo{protocol: restJSON, scope: scopeOf(r), operation: r.Method + " " + r.URL.Path}
	switch target := r.Header.Get("X-Amz-Target"); {
	case target != "":
		s.protocol, s.operation = jsonRPC, target
	case isForm(r):
		form, _ := url.ParseQuery(string(body)) // as far as it can be read
		s.protocol, s.operation = query, r.URL.Query().Get("Action")+form.Get("Action")
	}
	s.operation = truncate(s.operation)
	return s
}

// unknown is the answer to what no service takes.
func (f *router) unknown(s requestInfo) errorResponse {
	what := fmt.Sprintf("%q", s.operation)
	if s.scope != "" {
		what += fmt.Sprintf(" of the service %q", truncate(s.scope))
	}
	modelled := make([]string, len(f.services))
	for i, s := range f.services {
		modelled[i] = s.operations
	}
	e := errorResponse{http.StatusBadRequest, "UnknownOperationException", "The simulator does not model " + what + ". It models " + strings.Join(modelled, "; ") + "."}
	switch s.protocol {
	case query:
		e.code = "InvalidAction"
	case restJSON:
		e.status = http.StatusNotFound
	case jsonRPC:
	}
	return e
}
