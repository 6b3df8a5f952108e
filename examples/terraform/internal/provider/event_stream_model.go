package provider

import (
	"context"
	"strings"
	"time"

	"github.com/hashicorp/terraform-plugin-framework-timeouts/resource/timeouts"
	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/streamwarden/streamwarden-go/eventstream"
	"github.com/streamwarden/streamwarden-go/statemachine"
)

// eventStreamModel is the configuration, the plan and the state of an eventStream.
type eventStreamModel struct {
	DomainName         types.String   `tfsdk:"domain_name"`
	EventStreamName    types.String   `tfsdk:"event_stream_name"`
	URI                types.String   `tfsdk:"uri"`
	Tags               types.Map      `tfsdk:"tags"`
	WaitHealthy        types.Bool     `tfsdk:"wait_healthy"`
	Arn                types.String   `tfsdk:"arn"`
	State              types.String   `tfsdk:"state"`
	DestinationStatus  types.String   `tfsdk:"destination_status"`
	DestinationMessage types.String   `tfsdk:"destination_message"`
	Timeouts           timeouts.Value `tfsdk:"timeouts"`
}

func (m *eventStreamModel) limits() (timeouts.Value, time.Duration) {
	return m.Timeouts, eventStreamTimeout
}

// region returns the Region of the destination, which is that of the domain. An import has none.
func (m *eventStreamModel) region(*diag.Diagnostics) string { return regionOf(m.URI) }

// eventStreamProblem returns a problem of an event stream.
func eventStreamProblem(summary string) problem {
	return problem{
		summary: summary, first: "domain_name",
		attributes: map[string]string{"DomainName": "domain_name", "EventStreamName": "event_stream_name", "Uri": "uri", "Tags": "tags"},
		byKind:     map[statemachine.Kind]string{statemachine.Conflict: "uri", statemachine.InvalidInput: "uri"},
	}
}

// ref returns the names of the stream.
func (m *eventStreamModel) ref() eventstream.Ref {
	return eventstream.Ref{DomainName: m.DomainName.ValueString(), EventStreamName: m.EventStreamName.ValueString()}
}

// tags returns the tags of the model.
func (m *eventStreamModel) tags(ctx context.Context, diags *diag.Diagnostics) map[string]string {
	tags := map[string]string{}
	if !m.Tags.IsNull() && !m.Tags.IsUnknown() {
		diags.Append(m.Tags.ElementsAs(ctx, &tags, false)...)
	}
	return tags
}

// show copies what was read into the state, except the tags.
func (m *eventStreamModel) show(s *eventstream.Stream) {
	m.Arn, m.State, m.URI = text(s.EventStreamArn), types.StringValue(string(s.State)), types.StringValue(s.Uri)
	m.DestinationStatus, m.DestinationMessage = text(string(s.Status)), text(s.Message)
}

// showTags copies the tags that were read into the state. No tags are null, unless the state has an
// empty map.
func (m *eventStreamModel) showTags(ctx context.Context, s *eventstream.Stream, diags *diag.Diagnostics) {
	tags := map[string]string{}
	for key, value := range s.Tags {
		if !strings.HasPrefix(key, "aws:") {
			tags[key] = value
		}
	}
	if len(tags) == 0 && (m.Tags.IsNull() || len(m.Tags.Elements()) > 0) {
		m.Tags = types.MapNull(types.StringType)
		return
	}
	v, d := types.MapValueFrom(ctx, types.StringType, tags)
	diags.Append(d...)
	m.Tags = v
}
