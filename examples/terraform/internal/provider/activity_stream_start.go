package provider

import (
	"context"
	"time"

	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/path"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/streamwarden/streamwarden-go/activitystream"
)

// startOptions are what distinguishes an update from a create.
type startOptions struct {
	restart bool // a started stream may be stopped and started
	force   bool // it has to be, because its key cannot be compared
	pending pending
}

// start starts a stream as the model says, and updates it with what was read. It reports false if
// it failed.
func start(ctx context.Context, c *regional, m *activityStreamModel, maxWait time.Duration, o startOptions, diags *diag.Diagnostics) (pending, bool) {
	in := m.startInput()
	out, err := c.activityStreams.EnsureStarted(ctx, in, maxWait, func(opts *activitystream.Options) {
		opts.Wait.Logger = logger(ctx)
		opts.AllowRestart, opts.ForceRestart = o.restart, o.restart && o.force
		opts.LeavePending, opts.PendingSince = true, o.pending.Since
	})
	reportGap(m, out, diags)
	if err != nil {
		streamProblem("Cannot start the activity stream of "+name(m)).add(diags, err)
		return pending{}, false
	}
	if out.KeyNotCompared != "" && len(out.Operations) == 0 {
		diags.AddAttributeWarning(path.Root("kms_key_id"), "The key of the activity stream of "+name(m)+" was not compared",
			"The stream was started already. "+out.KeyNotCompared+". Grant kms:DescribeKey, or set kms_key_id to the ID or ARN of a key.")
	}
	started := out.Stream != nil && out.Stream.Status == activitystream.StatusStarted
	if started && len(out.Operations) == 0 && m.Status.IsUnknown() && o == (startOptions{}) {
		diags.AddAttributeWarning(path.Root("resource_arn"), "The activity stream of "+name(m)+" was started already",
			"It has the settings of this configuration, so it is managed from now on. Nothing was restarted. A destroy stops it.")
	}
	m.show(out.Stream)
	if out.Pending == "" {
		return pending{}, true
	}
	p := o.pending
	if !out.PendingSince.IsZero() {
		p = pending{Operation: string(out.Pending), Since: out.PendingSince}
	}
	diags.AddAttributeWarning(path.Root("apply_immediately"), "The activity stream of "+name(m)+" waits for the maintenance window",
		"RDS accepted "+p.Operation+" at "+p.Since.UTC().Format(time.RFC3339)+" and executes it in the next maintenance window of the database. Plans stay empty until then.")
	return p, true
}

// lock locks or unlocks the audit policy as wanted, if that is known and the stream is started. It
// reports false if it failed.
func lock(ctx context.Context, c *regional, m *activityStreamModel, want types.String, maxWait time.Duration, diags *diag.Diagnostics) bool {
	if want.IsUnknown() || want.IsNull() {
		return true
	}
	if m.Status.ValueString() == string(activitystream.StatusStarted) && !m.AuditPolicyState.Equal(want) {
		in := &activitystream.ModifyInput{ResourceArn: m.ResourceArn.ValueString(), AuditPolicyState: activitystream.AuditPolicyState(want.ValueString())}
		_, err := c.activityStreams.EnsurePolicy(ctx, in, maxWait, func(o *activitystream.Options) { o.Wait.Logger = logger(ctx) })
		if err != nil {
			p := streamProblem("Cannot change the audit policy of " + name(m))
			p.first = "audit_policy_state"
			p.add(diags, err)
			return false
		}
	}
	m.AuditPolicyState = want
	return true
}

// reportGap warns about the time in which nothing was recorded.
func reportGap(m *activityStreamModel, out *activitystream.EnsureOutput, diags *diag.Diagnostics) {
	if out.GapFrom.IsZero() {
		return
	}
	until := "an unknown time"
	if !out.GapTo.IsZero() {
		until = out.GapTo.UTC().Format(time.RFC3339)
	}
	diags.AddAttributeWarning(path.Root("resource_arn"), "The activity of "+name(m)+" has a gap",
		"The activity stream was restarted. Activity between "+out.GapFrom.UTC().Format(time.RFC3339)+" and "+until+" may not be recorded.")
}
