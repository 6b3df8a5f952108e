package provider

import (
	"context"
	"errors"
	"slices"
	"time"

	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/path"
	"github.com/hashicorp/terraform-plugin-framework/resource"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/streamwarden/streamwarden-go/activitystream"
	"github.com/streamwarden/streamwarden-go/statemachine"
)

// ModifyPlan plans what an apply will do, and says so.
func (r *activityStream) ModifyPlan(ctx context.Context, req resource.ModifyPlanRequest, resp *resource.ModifyPlanResponse) {
	if req.Plan.Raw.IsNull() {
		r.planDestroy(ctx, req, resp)
		return
	}
	var m, config activityStreamModel
	resp.Diagnostics.Append(req.Plan.Get(ctx, &m)...)
	resp.Diagnostics.Append(req.Config.Get(ctx, &config)...)
	if resp.Diagnostics.HasError() {
		return
	}
	validate(&m, &resp.Diagnostics)
	if resp.Diagnostics.HasError() {
		return
	}
	if req.State.Raw.IsNull() {
		r.planCreate(ctx, &m, &resp.Diagnostics)
	} else {
		var was activityStreamModel
		resp.Diagnostics.Append(req.State.Get(ctx, &was)...)
		if resp.Diagnostics.HasError() {
			return
		}
		if !m.ResourceArn.IsUnknown() && sameName(m.ResourceArn, was.ResourceArn) {
			m.ResourceArn = was.ResourceArn
		} else {
			resp.RequiresReplace = append(resp.RequiresReplace, path.Root("resource_arn"))
			resp.Diagnostics.Append(resp.Plan.Set(ctx, &m)...)
			return
		}
		p := readPending(ctx, req.Private, &resp.Diagnostics)
		r.planUpdate(ctx, &was, &m, p, &resp.Diagnostics)
		if config.AuditPolicyState.IsNull() { // not managed
			a, err := activitystream.ParseARN(m.ResourceArn.ValueString())
			if m.AuditPolicyState = was.AuditPolicyState; m.Status.IsUnknown() && err == nil && !a.Cluster {
				m.AuditPolicyState = types.StringUnknown()
			}
		}
	}
	resp.Diagnostics.Append(resp.Plan.Set(ctx, &m)...)
}

// planCreate plans a create: it warns of the restart, and rejects what the database does not
// support, and a stream that is started with other settings.
func (r *activityStream) planCreate(ctx context.Context, m *activityStreamModel, diags *diag.Diagnostics) {
	m.setUnknown()
	if m.ResourceArn.IsUnknown() || r.clients == nil {
		diags.AddAttributeWarning(path.Root("resource_arn"), "Applying will restart a database that is not known yet", restartDetail(m))
		return
	}
	c := r.client(ctx, m, diags)
	if c == nil {
		return
	}
	if m.Mode.IsUnknown() || m.KmsKeyID.IsUnknown() {
		warnRestart(m, diags)
		return
	}
	out, err := c.activityStreams.EnsureStarted(ctx, m.startInput(), time.Minute, func(o *activitystream.Options) {
		o.DryRun, o.Wait.Grace = true, statemachine.NoGrace
	})
	switch {
	case errors.Is(err, statemachine.Gone): // it may be created before the apply
	case err != nil:
		streamProblem("Cannot plan the activity stream of "+name(m)).add(diags, err)
		return
	case out.Stream.Status == activitystream.StatusStarted:
		return // it is adopted, and the apply says so
	default:
		c.warnDenied(ctx, m, diags)
	}
	warnRestart(m, diags)
}

// planUpdate plans an update.
func (r *activityStream) planUpdate(ctx context.Context, was, m *activityStreamModel, p pending, diags *diag.Diagnostics) {
	m.Status, m.KmsKeyIDInUse, m.KinesisStreamName, m.KinesisStreamArn = was.Status, was.KmsKeyIDInUse, was.KinesisStreamName, was.KinesisStreamArn
	if m.KmsKeyID.IsUnknown() || m.Mode.IsUnknown() || r.clients == nil {
		m.setUnknown()
		warnRestart(m, diags)
		return
	}
	c := r.client(ctx, m, diags)
	if c == nil {
		return
	}
	started := was.Status.ValueString() == string(activitystream.StatusStarted)
	ch := c.changes(ctx, was, m)
	if !slices.Contains(ch.settings, "kms_key_id") {
		m.KmsKeyID = was.KmsKeyID // another name of the same key is no change
	}
	waits := p.active(time.Now()) && !m.ApplyImmediately.ValueBool()
	switch {
	case !started && waits && !ch.restarts(): // the plan stays empty
	case !started:
		m.setUnknown()
		warnRestart(m, diags)
	case ch.restarts():
		m.setUnknown()
		if !m.AllowRestart.ValueBool() {
			refuseRestart(m, ch, diags)
			return
		}
		warnRestart(m, diags)
	}
}

// setUnknown makes what an apply may change unknown.
func (m *activityStreamModel) setUnknown() {
	m.Status, m.KmsKeyIDInUse = types.StringUnknown(), types.StringUnknown()
	m.KinesisStreamName, m.KinesisStreamArn = types.StringUnknown(), types.StringUnknown()
}

// planDestroy warns that a destroy restarts the database.
func (r *activityStream) planDestroy(ctx context.Context, req resource.ModifyPlanRequest, resp *resource.ModifyPlanResponse) {
	var was activityStreamModel
	resp.Diagnostics.Append(req.State.Get(ctx, &was)...)
	if !resp.Diagnostics.HasError() && was.Status.ValueString() != string(activitystream.StatusStopped) {
		resp.Diagnostics.AddWarning("Applying will restart "+name(&was), "The destroy stops the activity stream. "+restartDetail(&was))
	}
}
