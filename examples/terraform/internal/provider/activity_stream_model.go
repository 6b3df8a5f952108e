package provider

import (
	"strings"
	"time"

	"github.com/hashicorp/terraform-plugin-framework-timeouts/resource/timeouts"
	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/streamwarden/streamwarden-go/activitystream"
	"github.com/streamwarden/streamwarden-go/statemachine"
)

// activityStreamModel is the configuration, the plan and the state of an activityStream.
type activityStreamModel struct {
	ResourceArn       types.String   `tfsdk:"resource_arn"`
	Mode              types.String   `tfsdk:"mode"`
	KmsKeyID          types.String   `tfsdk:"kms_key_id"`
	NativeAuditFields types.Bool     `tfsdk:"engine_native_audit_fields_included"`
	AuditPolicyState  types.String   `tfsdk:"audit_policy_state"`
	ApplyImmediately  types.Bool     `tfsdk:"apply_immediately"`
	AllowRestart      types.Bool     `tfsdk:"allow_restart"`
	Status            types.String   `tfsdk:"status"`
	KmsKeyIDInUse     types.String   `tfsdk:"kms_key_id_in_use"`
	KinesisStreamName types.String   `tfsdk:"kinesis_stream_name"`
	KinesisStreamArn  types.String   `tfsdk:"kinesis_stream_arn"`
	Timeouts          timeouts.Value `tfsdk:"timeouts"`
}

// streamProblem returns a problem of an activity stream.
func streamProblem(summary string) problem {
	return problem{
		summary: summary, first: "resource_arn",
		attributes: map[string]string{
			"Mode": "mode", "KmsKeyId": "kms_key_id", "EngineNativeAuditFieldsIncluded": "engine_native_audit_fields_included",
			"ApplyImmediately": "apply_immediately", "AuditPolicyState": "audit_policy_state", "ForceRestart": "kms_key_id",
		},
		byKind: map[statemachine.Kind]string{statemachine.KeyNotAccessible: "kms_key_id", statemachine.Unsupported: "mode"},
	}
}

func (m *activityStreamModel) limits() (timeouts.Value, time.Duration) {
	return m.Timeouts, defaultTimeout
}

func (m *activityStreamModel) region(diags *diag.Diagnostics) string {
	a, err := activitystream.ParseARN(m.ResourceArn.ValueString())
	streamProblem("Invalid ARN").add(diags, err)
	return a.Region
}

// startInput returns the input of EnsureStarted.
func (m *activityStreamModel) startInput() *activitystream.StartInput {
	return &activitystream.StartInput{
		ResourceArn: m.ResourceArn.ValueString(), Mode: activitystream.Mode(m.Mode.ValueString()), KmsKeyId: m.KmsKeyID.ValueString(),
		ApplyImmediately: m.ApplyImmediately.ValueBool(), EngineNativeAuditFieldsIncluded: m.NativeAuditFields.ValueBool(),
	}
}

// show copies what was read into the state. While the stream is stopped, RDS shows no settings, and
// those of the state stay.
func (m *activityStreamModel) show(s *activitystream.Stream) {
	m.Status = types.StringValue(string(s.Status))
	m.KmsKeyIDInUse, m.KinesisStreamName, m.KinesisStreamArn = types.StringNull(), types.StringNull(), types.StringNull()
	if m.AuditPolicyState.IsUnknown() {
		m.AuditPolicyState = types.StringNull()
	}
	if s.Status != activitystream.StatusStarted && s.Status != activitystream.StatusStarting {
		return
	}
	m.KmsKeyIDInUse, m.KinesisStreamName, m.KinesisStreamArn = text(s.KmsKeyId), text(s.KinesisStreamName), text(s.KinesisStreamArn())
	if s.Mode != "" {
		m.Mode = types.StringValue(string(s.Mode))
	}
	if a, err := activitystream.ParseARN(s.ResourceArn); err == nil && !a.Cluster {
		m.NativeAuditFields = types.BoolValue(s.EngineNativeAuditFieldsIncluded)
	}
	switch s.PolicyStatus {
	case activitystream.PolicyLocked, activitystream.PolicyLocking:
		m.AuditPolicyState = types.StringValue(string(activitystream.AuditPolicyLocked))
	case activitystream.PolicyUnlocked, activitystream.PolicyUnlocking:
		m.AuditPolicyState = types.StringValue(string(activitystream.AuditPolicyUnlocked))
	}
}

// text returns a string value, or null for the empty string.
func text(s string) types.String {
	if s == "" {
		return types.StringNull()
	}
	return types.StringValue(s)
}

// name returns the name of the database, for summaries. OpenTofu merges warnings with equal ones.
func name(m *activityStreamModel) string {
	if a, err := activitystream.ParseARN(m.ResourceArn.ValueString()); err == nil {
		return a.Name
	}
	return m.ResourceArn.ValueString()
}

// sameName reports whether two ARNs name one database.
func sameName(a, b types.String) bool { return strings.EqualFold(a.ValueString(), b.ValueString()) }
