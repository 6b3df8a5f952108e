package main

import (
	"mime"
	"net/http"
	"net/url"
	"strings"
)

// scopeOf returns the service in the scope of a request's signature, or "" without a signature.
func scopeOf(r *http.Request) string {
	credential := r.URL.Query().Get("X-Amz-Credential")
	if _, rest, ok := strings.Cut(r.Header.Get("Authorization"), "Credential="); ok {
		credential, _, _ = strings.Cut(rest, ",")
	}
	// key/date/region/service/aws4_request, without the region if the signature is for several.
	parts := strings.Split(strings.TrimSpace(credential), "/")
	if n := len(parts); n >= 4 && parts[n-1] == "aws4_request" {
		return parts[n-2]
	}
	return ""
}

// isForm reports whether a request is of the query protocol.
func isForm(r *http.Request) bool {
	if r.URL.Query().Has("Action") {
		return true
	}
	t, _, err := mime.ParseMediaType(r.Header.Get("Content-Type"))
	return err == nil && t == "application/x-www-form-urlencoded"
}

// requestInfo describes a request that no service serves.
type requestInfo struct {
	protocol         protocol
	scope, operation string
}

// requestInfoOf returns what a request shows of itself.
func requestInfoOf(r *http.Request, body []byte) requestInfo {
	s := requestInfo{protocol: restJSON, scope: scopeOf(r), operation: r.Method + " " + r.URL.Path}
	switch target := r.Header.Get("X-Amz-Target"); {
	case target != "":
		s.protocol, s.operation = jsonRPC, target
	case isForm(r):
		form, _ := url.ParseQuery(string(body)) // what can be parsed is enough
		s.protocol, s.operation = query, r.URL.Query().Get("Action")+form.Get("Action")
	}
	s.operation = truncate(s.operation)
	return s
}
