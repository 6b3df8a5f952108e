package provider

import (
	"context"
	"errors"
	"slices"

	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/path"

	"github.com/streamwarden/streamwarden-go/activitystream"
	"github.com/streamwarden/streamwarden-go/statemachine"
)

// validate adds the errors of a plan, as far as its values are known.
func validate(m *activityStreamModel, diags *diag.Diagnostics) {
	in := m.startInput()
	known := map[string]bool{
		"ResourceArn": !m.ResourceArn.IsUnknown(), "Mode": !m.Mode.IsUnknown(), "KmsKeyId": !m.KmsKeyID.IsUnknown(),
		"EngineNativeAuditFieldsIncluded": !m.NativeAuditFields.IsUnknown() && !m.ResourceArn.IsUnknown(),
	}
	if input, ok := errors.AsType[*statemachine.InputError](in.Validate()); ok {
		input.Fields = slices.DeleteFunc(input.Fields, func(f statemachine.FieldError) bool { return !known[f.Field] })
		streamProblem("Invalid activity stream").add(diags, input)
	}
	switch state := m.AuditPolicyState; {
	case state.IsUnknown() || state.IsNull():
	case state.ValueString() != string(activitystream.AuditPolicyLocked) && state.ValueString() != string(activitystream.AuditPolicyUnlocked):
		diags.AddAttributeError(path.Root("audit_policy_state"), "Invalid activity stream", `audit_policy_state must be "locked" or "unlocked".`)
	case !m.ResourceArn.IsUnknown():
		if a, err := activitystream.ParseARN(m.ResourceArn.ValueString()); err == nil && a.Cluster {
			diags.AddAttributeError(path.Root("audit_policy_state"), "Invalid activity stream", "A cluster has no audit policy.")
		}
	}
	if m.AllowRestart.ValueBool() && !m.ApplyImmediately.IsUnknown() && !m.ApplyImmediately.ValueBool() {
		diags.AddAttributeError(path.Root("allow_restart"), "Invalid activity stream",
			"allow_restart requires apply_immediately: otherwise nothing may be recorded between two maintenance windows.")
	}
}

// warnDenied warns if the provider may not ask which modes a database supports. RDS then decides.
// It asks about the first database only, because the clients skip the question once it was denied.
func (c *regional) warnDenied(ctx context.Context, m *activityStreamModel, diags *diag.Diagnostics) {
	c.askOnce.Do(func() {
		if _, err := c.activityStreams.Supported(ctx, m.ResourceArn.ValueString()); errors.Is(err, statemachine.AccessDenied) {
			diags.AddAttributeWarning(path.Root("mode"), "Cannot check whether "+name(m)+" supports an activity stream", detail(err))
		}
	})
}

// refuseRestart adds an error for each setting that only a restart can change.
func refuseRestart(m *activityStreamModel, ch changes, diags *diag.Diagnostics) {
	for _, setting := range ch.settings {
		why := "The change stops and starts the activity stream. The database restarts twice, and nothing is recorded in between. Set allow_restart and apply_immediately to allow that."
		if setting == "kms_key_id" && ch.keyUnknown {
			why += "\n\nWhether the alias names the key that the stream uses is not known. Grant kms:DescribeKey, or set kms_key_id to the ID or ARN of a key."
		}
		diags.AddAttributeError(path.Root(setting), "Changing "+setting+" restarts "+name(m), why)
	}
}

// warnRestart warns that an apply restarts the database. The summary has its name, because OpenTofu
// merges warnings with equal summaries.
func warnRestart(m *activityStreamModel, diags *diag.Diagnostics) {
	diags.AddAttributeWarning(path.Root("resource_arn"), "Applying will restart "+name(m), restartDetail(m))
}

// restartDetail says when a database restarts.
func restartDetail(m *activityStreamModel) string {
	if m.ApplyImmediately.ValueBool() {
		return "RDS restarts the database at once, because apply_immediately is set."
	}
	return "RDS restarts the database in its next maintenance window, because apply_immediately is not set."
}
