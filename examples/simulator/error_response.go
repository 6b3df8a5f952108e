package main

import (
	"encoding/json"
	"encoding/xml"
	"net/http"
)

// protocol is the format of a client's requests, and of the errors that it understands.
type protocol int

const (
	restJSON protocol = iota
	jsonRPC
	query
)

// errorResponse is an error of the router, for a request that reaches no service.
type errorResponse struct {
	status        int
	code, message string
}

// write writes the error in the client's protocol.
func (e errorResponse) write(w http.ResponseWriter, p protocol) {
	contentType, body := e.document(p)
	h := w.Header()
	h.Set("Content-Type", contentType)
	h.Set("X-Amzn-Requestid", "00000000-0000-4000-8000-000000000000")
	if p == restJSON {
		h.Set("X-Amzn-Errortype", e.code)
	}
	w.WriteHeader(e.status)
	_, _ = w.Write(body) // the client may have left
}

// document returns the error as a document of the protocol.
func (e errorResponse) document(p protocol) (contentType string, body []byte) {
	if p == query {
		body, _ = xml.Marshal(struct { // strings always encode
			XMLName xml.Name `xml:"ErrorResponse"`
			Type    string   `xml:"Error>Type"`
			Code    string   `xml:"Error>Code"`
			Message string   `xml:"Error>Message"`
		}{Type: "Sender", Code: e.code, Message: e.message})
		return "text/xml", body
	}
	body, err := json.Marshal(struct {
		Type    string `json:"__type"`
		Message string `json:"message"`
	}{e.code, e.message})
	if err != nil { // strings always encode
		body = nil
	}
	if p == jsonRPC {
		return "application/x-amz-json-1.1", body
	}
	return "application/json", body
}
