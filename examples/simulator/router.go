package main

import (
	"bytes"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"strings"
	"time"

	"github.com/streamwarden/streamwarden-go/awstest"
	"github.com/streamwarden/streamwarden-go/internal/simulator"
	"github.com/streamwarden/streamwarden-go/statemachine"
)

// maxBody is far above what the operations need. The largest requests have many event selectors and
// a few kilobytes.
const maxBody = 256 << 10

// router reads requests and passes them to their services.
type router struct {
	services []service
	control  *control
	log      *slog.Logger
}

// ServeHTTP serves a request.
func (f *router) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	at := time.Now()
	body, e := simulator.ReadBody(w, r, maxBody)
	r.Body = io.NopCloser(bytes.NewReader(body))
	protocol, operation := simulator.Identify(r, body)
	_, scope := simulator.SignedScope(r)
	if e == nil {
		if strings.HasPrefix(r.URL.Path, controlPath) {
			f.control.ServeHTTP(w, r)
			return
		}
		if s := f.service(scope, protocol, operation); s != nil {
			s.ServeHTTP(w, r) // it logs the call
			return
		}
		e = f.unknown(scope, protocol, operation)
	}
	response := protocol.ErrorResponse(e, "")
	response.Write(w)
	logCall(f.log, scope, awstest.Call{At: at, Operation: statemachine.Operation(operation), Status: response.Status, Code: e.Code}, 0)
}

// service returns the service that a request is for, or nil. The scope of the signature decides.
// For a request without a signature, its form does.
func (f *router) service(scope string, protocol simulator.Protocol, operation string) http.Handler {
	if _, ok := protocol.(simulator.Query); ok && scope == "" {
		scope = "rds"
	}
	for _, s := range f.services {
		if s.scope == scope || scope == "" && s.mark != "" && strings.Contains(operation, s.mark) {
			return s
		}
	}
	return nil
}

// unknown returns the error for a request that no service serves.
func (f *router) unknown(scope string, protocol simulator.Protocol, operation string) *simulator.Error {
	what := fmt.Sprintf("%q", truncate(operation))
	if scope != "" {
		what += fmt.Sprintf(" of the service %q", truncate(scope))
	}
	supported := make([]string, len(f.services))
	for i, s := range f.services {
		supported[i] = s.operations
	}
	e := &simulator.Error{Code: "UnknownOperationException"}
	e.Message = "The simulator does not support " + what + ". It supports " + strings.Join(supported, "; ") + "."
	switch protocol.(type) {
	case simulator.Query:
		e.Code = "InvalidAction"
	case simulator.REST:
		e.Status = http.StatusNotFound
	}
	return e
}
