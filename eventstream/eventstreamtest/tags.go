package eventstreamtest

import (
	"encoding/json"
	"fmt"
	"maps"

	"github.com/streamwarden/streamwarden-go/eventstream"
	"github.com/streamwarden/streamwarden-go/internal/simulator"
)

// maxTags is the maximum of tags of one stream.
const maxTags = 50

// tag executes TagResource.
func (s *Server) tag(r *simulator.Request) (simulator.Result, *simulator.Error) {
	var body struct {
		Tags map[string]string `json:"tags"` // the other operations spell it "Tags"
	}
	if err := json.Unmarshal(r.Body, &body); err != nil {
		return simulator.Result{}, &simulator.Error{Code: "SerializationException", Message: "The body cannot be parsed: " + err.Error()}
	}
	if len(body.Tags) == 0 {
		return simulator.Result{}, badRequest("tags must have at least 1 entry.")
	}
	return s.setTags(r, func(tags map[string]string) { maps.Copy(tags, body.Tags) })
}

// untag executes UntagResource.
func (s *Server) untag(r *simulator.Request) (simulator.Result, *simulator.Error) {
	keys := r.Params["tagKeys"]
	if len(keys) == 0 {
		return simulator.Result{}, badRequest("tagKeys must have at least 1 entry.")
	}
	return s.setTags(r, func(tags map[string]string) {
		for _, key := range keys {
			delete(tags, key)
		}
	})
}

// setTags changes the tags of the stream that a request names by its ARN.
func (s *Server) setTags(r *simulator.Request, change func(map[string]string)) (simulator.Result, *simulator.Error) {
	arn := r.Get("resourceArn")
	res := s.streams.Get(arn)
	v, ok := res.Now(r.At)
	if !ok || r.Foreign {
		return simulator.Result{}, notFound("The resource " + arn + " does not exist, or access to it was denied.")
	}
	tags := make(map[string]string)
	maps.Copy(tags, v.Tags)
	change(tags)
	if err := (&eventstream.CreateInput{
		Ref: eventstream.Ref{DomainName: v.DomainName, EventStreamName: v.EventStreamName}, Uri: v.Uri, Tags: tags,
	}).Validate(); err != nil {
		return simulator.Result{}, badRequest(fmt.Sprintf("The tags are invalid (at most %d): %s", maxTags, err))
	}
	v.Tags = tags
	res.Set(r.At, "tags", v)
	return simulator.Result{}, nil
}
