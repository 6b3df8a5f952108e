package ingestiontest

import (
	"strings"

	"github.com/streamwarden/streamwarden-go/ingestion"
	"github.com/streamwarden/streamwarden-go/internal/simulator"
)

// maxTaggedResources is the maximum number of ARNs in a request of ListTags.
const maxTaggedResources = 20

// tagsRequest is a request of ListTags.
type tagsRequest struct {
	ResourceIdList []string
	NextToken      *string
}

// taggedResources returns the resources that a request of ListTags names.
func taggedResources(r *simulator.Request) []string {
	var in tagsRequest
	if e := r.Decode(&in); e != nil {
		return nil
	}
	return in.ResourceIdList
}

// listTags executes ListTags. AWS reserves its pagination token for the future, so every token is
// invalid.
func (s *Server) listTags(r *simulator.Request) (simulator.Result, *simulator.Error) {
	var in tagsRequest
	if e := r.Decode(&in); e != nil {
		return simulator.Result{}, e
	}
	switch n := len(in.ResourceIdList); {
	case n == 0 || n > maxTaggedResources:
		return simulator.Result{}, invalid("ResourceIdList must have from 1 to %d ARNs, got %d.", maxTaggedResources, n)
	case in.NextToken != nil:
		if _, ok := r.PageAfter(*in.NextToken); !ok || *in.NextToken == "" {
			return simulator.Result{}, &simulator.Error{Code: "InvalidTokenException", Message: "The NextToken is not valid."}
		}
	}
	type resourceTag struct {
		ResourceId string
		TagsList   []tag
	}
	var out struct {
		ResourceTagList []resourceTag
		NextToken       string `json:",omitempty"`
	}
	for _, arn := range in.ResourceIdList {
		d, e := s.findTagged(r, arn)
		if e != nil {
			return simulator.Result{}, e
		}
		tags := d.tags
		if tags == nil {
			tags = []tag{}
		}
		out.ResourceTagList = append(out.ResourceTagList, resourceTag{arn, tags})
	}
	out.NextToken = r.NextToken("")
	return simulator.Result{Body: simulator.Encode(out), Records: len(out.ResourceTagList)}, nil
}

// findTagged returns the store of an ARN in a request of ListTags.
func (s *Server) findTagged(r *simulator.Request, arn string) (record, *simulator.Error) {
	switch {
	case !strings.HasPrefix(arn, "arn:"):
		return record{}, &simulator.Error{Code: "CloudTrailARNInvalidException", Message: "The ARN " + arn + " is not valid."}
	case !strings.Contains(arn, ":eventdatastore/"):
		return record{}, simulator.Errorf("ResourceTypeNotSupportedException", "The simulator supports the tags of event data stores only, got %s.", arn)
	case !strings.HasPrefix(arn, s.arn("cloudtrail", "")):
		return record{}, arnInvalid("The ARN " + arn + " does not map to an event data store in your account.")
	}
	d, ok := s.stores.Get(arn).Now(r.At)
	if !ok || r.Foreign {
		return record{}, notFound()
	}
	if d.Status == ingestion.StatusPendingDeletion {
		return record{}, &simulator.Error{Code: "InactiveEventDataStoreException", Message: "The event data store is inactive."}
	}
	return d, nil
}
