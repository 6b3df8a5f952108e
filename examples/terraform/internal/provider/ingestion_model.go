package provider

import (
	"context"
	"time"

	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/path"
	"github.com/hashicorp/terraform-plugin-framework/resource"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/streamwarden/streamwarden-go/ingestion"
)

// ingestionProblem returns a problem of the ingestion of a store.
func ingestionProblem(summary string) problem {
	return problem{summary: summary, first: "event_data_store", attributes: map[string]string{"EventDataStore": "event_data_store"}}
}

// show copies what was read into the state.
func (m *ingestionModel) show(s *ingestion.EventDataStore) {
	m.Status = types.StringValue(string(s.Status))
	switch s.Status {
	case ingestion.StatusEnabled, ingestion.StatusStartingIngestion:
		m.Enabled = types.BoolValue(true)
	case ingestion.StatusStoppedIngestion, ingestion.StatusStoppingIngestion:
		m.Enabled = types.BoolValue(false)
	case ingestion.StatusCreated, ingestion.StatusPendingDeletion: // neither
	}
}

// set starts or stops ingestion as the model says, and updates it with what was read. It reports
// false if it failed.
func (m *ingestionModel) set(ctx context.Context, c *ingestion.Client, enabled bool, maxWait time.Duration, diags *diag.Diagnostics) bool {
	store := m.EventDataStore.ValueString()
	log := func(o *ingestion.Options) { o.Wait.Logger = logger(ctx) }
	ensure, what := func() (*ingestion.EnsureOutput, error) {
		return c.EnsureStarted(ctx, &ingestion.StartInput{EventDataStore: store}, maxWait, log)
	}, "start"
	if !enabled {
		ensure, what = func() (*ingestion.EnsureOutput, error) {
			return c.EnsureStopped(ctx, &ingestion.StopInput{EventDataStore: store}, maxWait, log)
		}, "stop"
	}
	out, err := ensure()
	if err != nil {
		ingestionProblem("Cannot "+what+" the ingestion of "+store).add(diags, err)
		return false
	}
	m.show(out.EventDataStore)
	return true
}

// ModifyPlan plans the status.
func (r *ingestionResource) ModifyPlan(ctx context.Context, req resource.ModifyPlanRequest, resp *resource.ModifyPlanResponse) {
	if req.Plan.Raw.IsNull() {
		return
	}
	var m ingestionModel
	resp.Diagnostics.Append(req.Plan.Get(ctx, &m)...)
	if resp.Diagnostics.HasError() {
		return
	}
	switch v := m.OnDestroy.ValueString(); {
	case m.OnDestroy.IsUnknown(), v == onDestroyKeep, v == onDestroyStart, v == onDestroyStop:
	default:
		resp.Diagnostics.AddAttributeError(path.Root("on_destroy"), "Invalid on_destroy", `on_destroy must be "keep", "start" or "stop".`)
		return
	}
	if !m.EventDataStore.IsUnknown() {
		in := ingestion.StartInput{EventDataStore: m.EventDataStore.ValueString()}
		ingestionProblem("Invalid event data store").add(&resp.Diagnostics, in.Validate())
	}
	m.Status = types.StringUnknown()
	if !req.State.Raw.IsNull() && !m.Enabled.IsUnknown() {
		var was ingestionModel
		resp.Diagnostics.Append(req.State.Get(ctx, &was)...)
		end := ingestion.StatusEnabled
		if !m.Enabled.ValueBool() {
			end = ingestion.StatusStoppedIngestion
		}
		if was.Status.ValueString() == string(end) {
			m.Status = was.Status
		}
	}
	resp.Diagnostics.Append(resp.Plan.Set(ctx, &m)...)
}
