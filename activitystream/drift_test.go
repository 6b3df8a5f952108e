package activitystream_test

import (
	"errors"
	"testing"

	"github.com/streamwarden/streamwarden-go/activitystream"
	"github.com/streamwarden/streamwarden-go/statemachine"
)

// TestStartInputDrift asks what an Ensure call asks of a stream, for one that is stored between its
// steps.
func TestStartInputDrift(t *testing.T) {
	t.Parallel()
	const arn = "arn:aws:rds:us-east-1:123456789012:cluster:orders"
	in := activitystream.StartInput{ResourceArn: arn, Mode: activitystream.ModeAsync, KmsKeyId: "arn:aws:kms:us-east-1:123456789012:key/AB-12", ApplyImmediately: true}
	for _, tt := range []struct {
		why    string
		stream activitystream.Stream
		want   error
	}{
		{"as asked for; the key by its ID", activitystream.Stream{ResourceArn: arn, Mode: activitystream.ModeAsync, KmsKeyId: "ab-12"}, nil},
		{"another mode", activitystream.Stream{ResourceArn: arn, Mode: activitystream.ModeSync, KmsKeyId: "ab-12"}, statemachine.Drifted},
	} {
		if err := in.Drift(&tt.stream); !errors.Is(err, tt.want) {
			t.Errorf("Drift: %v, want %v: %s", err, tt.want, tt.why)
		}
	}
	in.Mode = activitystream.ModeSync
	mysql := activitystream.Stream{ResourceArn: arn, Engine: "aurora-mysql", Mode: activitystream.ModeAsync}
	if err := in.Drift(&mysql); !errors.Is(err, statemachine.Unsupported) {
		t.Errorf("sync for Aurora MySQL: %v, want Unsupported", err)
	}
	for status, want := range map[string]bool{"available": false, "modifying": false, "stopped": true, "deleting": true} {
		if err := (&activitystream.Stream{ResourceStatus: status}).Stuck(); (err != nil) != want {
			t.Errorf("Stuck of %s: %v, want one: %t", status, err, want)
		}
	}
}
