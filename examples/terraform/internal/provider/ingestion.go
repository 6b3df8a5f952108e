package provider

import (
	"context"
	"errors"

	"github.com/hashicorp/terraform-plugin-framework-timeouts/resource/timeouts"
	"github.com/hashicorp/terraform-plugin-framework/path"
	"github.com/hashicorp/terraform-plugin-framework/resource"

	"github.com/streamwarden/streamwarden-go/ingestion"
	"github.com/streamwarden/streamwarden-go/statemachine"
)

// What a destroy does with the ingestion.
const (
	onDestroyKeep  = "keep"
	onDestroyStart = "start"
	onDestroyStop  = "stop"
)

// ingestionResource is the resource streamwarden_event_data_store_ingestion.
type ingestionResource struct{ base }

var (
	_ resource.ResourceWithConfigure   = (*ingestionResource)(nil)
	_ resource.ResourceWithImportState = (*ingestionResource)(nil)
	_ resource.ResourceWithModifyPlan  = (*ingestionResource)(nil)
)

// Create starts or stops ingestion. A create that fails leaves no state.
func (r *ingestionResource) Create(ctx context.Context, req resource.CreateRequest, resp *resource.CreateResponse) {
	var m ingestionModel
	c, maxWait := r.begin(ctx, req.Plan, &m, timeouts.Value.Create, &resp.Diagnostics)
	if c != nil && m.set(ctx, c.ingestion, m.Enabled.ValueBool(), maxWait, &resp.Diagnostics) {
		resp.Diagnostics.Append(resp.State.Set(ctx, &m)...)
	}
}

// Read reads the store. One that is pending deletion counts as gone.
func (r *ingestionResource) Read(ctx context.Context, req resource.ReadRequest, resp *resource.ReadResponse) {
	var m ingestionModel
	c := r.read(ctx, req.State, &m, &resp.Diagnostics)
	if c == nil {
		return
	}
	s, err := c.ingestion.Get(ctx, m.EventDataStore.ValueString())
	switch {
	case errors.Is(err, statemachine.NotFound), err == nil && s.Status == ingestion.StatusPendingDeletion:
		resp.State.RemoveResource(ctx)
		return
	case err != nil:
		ingestionProblem("Cannot read the event data store "+m.EventDataStore.ValueString()).add(&resp.Diagnostics, err)
		return
	}
	m.show(s)
	resp.Diagnostics.Append(resp.State.Set(ctx, &m)...)
}

// Update starts or stops ingestion.
func (r *ingestionResource) Update(ctx context.Context, req resource.UpdateRequest, resp *resource.UpdateResponse) {
	var m ingestionModel
	c, maxWait := r.begin(ctx, req.Plan, &m, timeouts.Value.Update, &resp.Diagnostics)
	if c == nil {
		return
	}
	onlySettings := !m.Status.IsUnknown() // on_destroy or the timeouts
	if onlySettings || m.set(ctx, c.ingestion, m.Enabled.ValueBool(), maxWait, &resp.Diagnostics) {
		resp.Diagnostics.Append(resp.State.Set(ctx, &m)...)
	}
}

// Delete does what on_destroy says.
func (r *ingestionResource) Delete(ctx context.Context, req resource.DeleteRequest, resp *resource.DeleteResponse) {
	var m ingestionModel
	c, maxWait := r.begin(ctx, req.State, &m, timeouts.Value.Delete, &resp.Diagnostics)
	if c != nil && m.OnDestroy.ValueString() != onDestroyKeep {
		m.set(ctx, c.ingestion, m.OnDestroy.ValueString() == onDestroyStart, maxWait, &resp.Diagnostics)
	}
}

// ImportState imports the ingestion of a store by the ARN or ID of the store.
func (r *ingestionResource) ImportState(ctx context.Context, req resource.ImportStateRequest, resp *resource.ImportStateResponse) {
	resource.ImportStatePassthroughID(ctx, path.Root("event_data_store"), req, resp)
	resp.Diagnostics.Append(resp.State.SetAttribute(ctx, path.Root("on_destroy"), onDestroyKeep)...)
}
