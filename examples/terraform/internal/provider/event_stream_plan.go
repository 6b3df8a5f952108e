package provider

import (
	"context"

	"github.com/hashicorp/terraform-plugin-framework/path"
	"github.com/hashicorp/terraform-plugin-framework/resource"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/streamwarden/streamwarden-go/eventstream"
)

// ModifyPlan replaces a stream that is stopped, and warns of one whose destination is unhealthy.
func (r *eventStream) ModifyPlan(ctx context.Context, req resource.ModifyPlanRequest, resp *resource.ModifyPlanResponse) {
	if req.Plan.Raw.IsNull() {
		return
	}
	var m eventStreamModel
	resp.Diagnostics.Append(req.Plan.Get(ctx, &m)...)
	if resp.Diagnostics.HasError() {
		return
	}
	m.Arn, m.State, m.DestinationStatus, m.DestinationMessage = types.StringUnknown(), types.StringUnknown(), types.StringUnknown(), types.StringUnknown()
	if !req.State.Raw.IsNull() {
		var was eventStreamModel
		resp.Diagnostics.Append(req.State.Get(ctx, &was)...)
		if was.DestinationStatus.ValueString() == string(eventstream.DestinationUnhealthy) {
			resp.Diagnostics.AddAttributeWarning(path.Root("uri"), "The destination of "+was.ref().String()+" is unhealthy",
				"Events are not exported. "+was.DestinationMessage.ValueString())
		}
		switch {
		case was.State.ValueString() == string(eventstream.StateStopped):
			resp.RequiresReplace = append(resp.RequiresReplace, path.Root("state"))
			resp.Diagnostics.AddAttributeWarning(path.Root("state"), "The event stream "+was.ref().String()+" is stopped",
				"Only a new event stream exports events again, so this one is replaced.")
		case len(resp.RequiresReplace) == 0 && m.URI.Equal(was.URI):
			m.Arn, m.State, m.DestinationStatus, m.DestinationMessage = was.Arn, was.State, was.DestinationStatus, was.DestinationMessage
		}
	}
	if in := (eventstream.CreateInput{Ref: m.ref(), Uri: m.URI.ValueString(), Tags: m.tags(ctx, &resp.Diagnostics)}); !m.DomainName.IsUnknown() &&
		!m.EventStreamName.IsUnknown() && !m.URI.IsUnknown() {
		eventStreamProblem("Invalid event stream").add(&resp.Diagnostics, in.Validate())
	}
	resp.Diagnostics.Append(resp.Plan.Set(ctx, &m)...)
}
