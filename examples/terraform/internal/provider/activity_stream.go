package provider

import (
	"context"
	"errors"

	"github.com/hashicorp/terraform-plugin-framework-timeouts/resource/timeouts"
	"github.com/hashicorp/terraform-plugin-framework/resource"

	"github.com/streamwarden/streamwarden-go/activitystream"
	"github.com/streamwarden/streamwarden-go/statemachine"
)

// activityStream is the resource streamwarden_activity_stream.
type activityStream struct{ base }

var (
	_ resource.ResourceWithConfigure   = (*activityStream)(nil)
	_ resource.ResourceWithImportState = (*activityStream)(nil)
	_ resource.ResourceWithModifyPlan  = (*activityStream)(nil)
)

// Create starts a stream. A create that fails leaves no state: a tainted one would be replaced,
// with two more restarts of the database. The next apply joins what is under way.
func (r *activityStream) Create(ctx context.Context, req resource.CreateRequest, resp *resource.CreateResponse) {
	var m activityStreamModel
	c, maxWait := r.begin(ctx, req.Plan, &m, timeouts.Value.Create, &resp.Diagnostics)
	if c == nil {
		return
	}
	policy := m.AuditPolicyState
	p, ok := start(ctx, c, &m, maxWait, startOptions{}, &resp.Diagnostics)
	if !ok || !lock(ctx, c, &m, policy, maxWait, &resp.Diagnostics) {
		return
	}
	resp.Diagnostics.Append(resp.Private.SetKey(ctx, pendingKey, p.json())...)
	resp.Diagnostics.Append(resp.State.Set(ctx, &m)...)
}

// Read reads the stream.
func (r *activityStream) Read(ctx context.Context, req resource.ReadRequest, resp *resource.ReadResponse) {
	var m activityStreamModel
	c := r.read(ctx, req.State, &m, &resp.Diagnostics)
	if c == nil {
		return
	}
	s, err := c.activityStreams.Get(ctx, m.ResourceArn.ValueString())
	if errors.Is(err, statemachine.NotFound) {
		resp.State.RemoveResource(ctx)
		return
	}
	if err != nil {
		streamProblem("Cannot read the activity stream of "+name(&m)).add(&resp.Diagnostics, err)
		return
	}
	m.show(s)
	if m.KmsKeyID.IsNull() { // after an import
		m.KmsKeyID = m.KmsKeyIDInUse
	}
	if s.Status == activitystream.StatusStarted {
		resp.Diagnostics.Append(resp.Private.SetKey(ctx, pendingKey, pending{}.json())...)
	}
	resp.Diagnostics.Append(resp.State.Set(ctx, &m)...)
}

// Update starts a stream that was stopped, restarts one whose settings changed, and locks or
// unlocks its audit policy.
func (r *activityStream) Update(ctx context.Context, req resource.UpdateRequest, resp *resource.UpdateResponse) {
	var m, was activityStreamModel
	c, maxWait := r.begin(ctx, req.Plan, &m, timeouts.Value.Update, &resp.Diagnostics)
	if resp.Diagnostics.Append(req.State.Get(ctx, &was)...); c == nil || resp.Diagnostics.HasError() {
		return
	}
	p, policy := readPending(ctx, req.Private, &resp.Diagnostics), m.AuditPolicyState
	if m.Status.IsUnknown() { // the plan announced a command
		ch := c.changes(ctx, &was, &m)
		var ok bool
		if p, ok = start(ctx, c, &m, maxWait, startOptions{
			restart: m.AllowRestart.ValueBool() && ch.restarts(), force: ch.keyUnknown, pending: p,
		}, &resp.Diagnostics); !ok {
			return
		}
	} else {
		m.AuditPolicyState = was.AuditPolicyState
	}
	if !lock(ctx, c, &m, policy, maxWait, &resp.Diagnostics) {
		return
	}
	resp.Diagnostics.Append(resp.Private.SetKey(ctx, pendingKey, p.json())...)
	resp.Diagnostics.Append(resp.State.Set(ctx, &m)...)
}
