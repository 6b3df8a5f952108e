package simulator

import (
	"bytes"
	"io"
	"net/http"
	"net/url"
	"strconv"
	"strings"
)

// Do answers a request without a socket, as an [http.Client] would bring the answer back. A broken connection is an io.ErrUnexpectedEOF and
// the end of the request's context is the context's error, both in a [url.Error].
func (s *Server) Do(r *http.Request) (*http.Response, error) {
	a, err := s.serve(r)
	if err == nil && a.broken {
		err = io.ErrUnexpectedEOF
	}
	if err != nil {
		return nil, &url.Error{Op: method(r), URL: r.URL.Redacted(), Err: err}
	}
	h := make(http.Header, 4)
	a.header(h)
	return &http.Response{
		Status:     strconv.Itoa(a.reply.Status) + " " + http.StatusText(a.reply.Status),
		StatusCode: a.reply.Status,
		Proto:      "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1,
		Header:        h,
		Body:          io.NopCloser(bytes.NewReader(a.reply.Body)),
		ContentLength: int64(len(a.reply.Body)),
		Request:       r,
	}, nil
}

// ServeHTTP answers a request of a socket. A broken connection is closed without an answer; where the [http.ResponseWriter] cannot do that,
// the answer is an empty 502.
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	a, err := s.serve(r)
	if err != nil && r.Context().Err() != nil {
		return // nobody is left to answer
	}
	if err != nil || a.broken {
		if conn, _, err := http.NewResponseController(w).Hijack(); err == nil {
			_ = conn.Close() // it is broken either way
			return
		}
		w.WriteHeader(http.StatusBadGateway)
		return
	}
	a.header(w.Header())
	w.WriteHeader(a.reply.Status)
	_, _ = w.Write(a.reply.Body) // a caller who left is no concern of the service
}

// header writes the headers of an answer.
func (a *response) header(h http.Header) {
	h.Set("X-Amzn-Requestid", a.id)
	h.Set("Content-Length", strconv.Itoa(len(a.reply.Body)))
	if a.reply.ContentType != "" {
		h.Set("Content-Type", a.reply.ContentType)
	}
	if a.reply.ErrorType != "" {
		h.Set("X-Amzn-Errortype", a.reply.ErrorType)
	}
}

// method is the request's method as url.Error has it: "Post".
func method(r *http.Request) string {
	if r.Method == "" {
		return "Get"
	}
	return r.Method[:1] + strings.ToLower(r.Method[1:])
}
