package provider

import (
	"context"
	"errors"

	"github.com/aws/aws-sdk-go-v2/aws/arn"
	"github.com/hashicorp/terraform-plugin-framework/diag"
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
type ingestionResource struct{ clients *clients }

var (
	_ resource.ResourceWithConfigure   = (*ingestionResource)(nil)
	_ resource.ResourceWithImportState = (*ingestionResource)(nil)
	_ resource.ResourceWithModifyPlan  = (*ingestionResource)(nil)
)

// Configure sets the clients.
func (r *ingestionResource) Configure(_ context.Context, req resource.ConfigureRequest, resp *resource.ConfigureResponse) {
	r.clients = configured(req.ProviderData, &resp.Diagnostics)
}

// client returns the client of the Region of the store.
func (r *ingestionResource) client(ctx context.Context, store string, diags *diag.Diagnostics) *ingestion.Client {
	region := ""
	if a, err := arn.Parse(store); err == nil {
		region = a.Region
	}
	c := r.clients.in(ctx, region, diags)
	if c == nil {
		return nil
	}
	return c.ingestion
}

// Create starts or stops ingestion. A create that fails leaves no state.
func (r *ingestionResource) Create(ctx context.Context, req resource.CreateRequest, resp *resource.CreateResponse) {
	var m ingestionModel
	resp.Diagnostics.Append(req.Plan.Get(ctx, &m)...)
	maxWait, diags := m.Timeouts.Create(ctx, defaultTimeout)
	resp.Diagnostics.Append(diags...)
	if resp.Diagnostics.HasError() {
		return
	}
	c := r.client(ctx, m.EventDataStore.ValueString(), &resp.Diagnostics)
	if c != nil && m.set(ctx, c, m.Enabled.ValueBool(), maxWait, &resp.Diagnostics) {
		resp.Diagnostics.Append(resp.State.Set(ctx, &m)...)
	}
}

// Read reads the store. One that is pending deletion counts as gone.
func (r *ingestionResource) Read(ctx context.Context, req resource.ReadRequest, resp *resource.ReadResponse) {
	var m ingestionModel
	resp.Diagnostics.Append(req.State.Get(ctx, &m)...)
	if resp.Diagnostics.HasError() {
		return
	}
	c := r.client(ctx, m.EventDataStore.ValueString(), &resp.Diagnostics)
	if c == nil {
		return
	}
	s, err := c.Get(ctx, m.EventDataStore.ValueString())
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
	resp.Diagnostics.Append(req.Plan.Get(ctx, &m)...)
	maxWait, diags := m.Timeouts.Update(ctx, defaultTimeout)
	resp.Diagnostics.Append(diags...)
	if resp.Diagnostics.HasError() {
		return
	}
	if !m.Status.IsUnknown() { // only on_destroy or timeouts changed
		resp.Diagnostics.Append(resp.State.Set(ctx, &m)...)
		return
	}
	c := r.client(ctx, m.EventDataStore.ValueString(), &resp.Diagnostics)
	if c != nil && m.set(ctx, c, m.Enabled.ValueBool(), maxWait, &resp.Diagnostics) {
		resp.Diagnostics.Append(resp.State.Set(ctx, &m)...)
	}
}

// Delete does what on_destroy says.
func (r *ingestionResource) Delete(ctx context.Context, req resource.DeleteRequest, resp *resource.DeleteResponse) {
	var m ingestionModel
	resp.Diagnostics.Append(req.State.Get(ctx, &m)...)
	maxWait, diags := m.Timeouts.Delete(ctx, defaultTimeout)
	resp.Diagnostics.Append(diags...)
	if resp.Diagnostics.HasError() || m.OnDestroy.ValueString() == onDestroyKeep {
		return
	}
	if c := r.client(ctx, m.EventDataStore.ValueString(), &resp.Diagnostics); c != nil {
		m.set(ctx, c, m.OnDestroy.ValueString() == onDestroyStart, maxWait, &resp.Diagnostics)
	}
}

// ImportState imports the ingestion of a store by the ARN or ID of the store.
func (r *ingestionResource) ImportState(ctx context.Context, req resource.ImportStateRequest, resp *resource.ImportStateResponse) {
	resource.ImportStatePassthroughID(ctx, path.Root("event_data_store"), req, resp)
	resp.Diagnostics.Append(resp.State.SetAttribute(ctx, path.Root("on_destroy"), onDestroyKeep)...)
}
