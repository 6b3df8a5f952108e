package provider

import (
	"context"
	"strings"

	"github.com/hashicorp/terraform-plugin-framework-timeouts/resource/timeouts"
	"github.com/hashicorp/terraform-plugin-framework/path"
	"github.com/hashicorp/terraform-plugin-framework/resource"

	"github.com/streamwarden/streamwarden-go/eventstream"
)

// Delete deletes the stream.
func (r *eventStream) Delete(ctx context.Context, req resource.DeleteRequest, resp *resource.DeleteResponse) {
	var m eventStreamModel
	c, maxWait := r.begin(ctx, req.State, &m, timeouts.Value.Delete, &resp.Diagnostics)
	if c == nil {
		return
	}
	_, err := c.eventStreams.EnsureDeleted(ctx, m.ref(), maxWait, func(o *eventstream.Options) { o.Wait.Logger = logger(ctx) })
	eventStreamProblem("Cannot delete the event stream "+m.ref().String()).add(&resp.Diagnostics, err)
}

// ImportState imports a stream by the names of its domain and of itself: domain/stream.
func (r *eventStream) ImportState(ctx context.Context, req resource.ImportStateRequest, resp *resource.ImportStateResponse) {
	domain, stream, ok := strings.Cut(req.ID, "/")
	if !ok {
		resp.Diagnostics.AddError("Invalid import ID", "The ID is the name of the domain, a slash and the name of the event stream, such as example-domain/example-stream.")
		return
	}
	resp.Diagnostics.Append(resp.State.SetAttribute(ctx, path.Root("domain_name"), domain)...)
	resp.Diagnostics.Append(resp.State.SetAttribute(ctx, path.Root("event_stream_name"), stream)...)
	resp.Diagnostics.Append(resp.State.SetAttribute(ctx, path.Root("wait_healthy"), false)...)
}
