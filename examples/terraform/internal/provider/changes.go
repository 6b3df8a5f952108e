package provider

import (
	"context"
	"strings"

	"github.com/streamwarden/streamwarden-go/activitystream"
)

// changes are the settings that differ between a state and a plan and require a restart.
type changes struct {
	settings   []string // names of attributes
	keyUnknown bool     // one of them is the key, and only because it cannot be compared
}

// restarts reports whether there are any.
func (c changes) restarts() bool { return len(c.settings) > 0 }

// changes compares a state with a plan. Two names of one key are equal. The name of a key is
// resolved; one that cannot be resolved is another key unless it is the text of the state.
func (c *regional) changes(ctx context.Context, was, m *activityStreamModel) changes {
	var ch changes
	add := func(name string, differ bool) {
		if differ {
			ch.settings = append(ch.settings, name)
		}
	}
	add("mode", !m.Mode.Equal(was.Mode))
	same, known := c.sameKey(ctx, was, m)
	add("kms_key_id", !same)
	ch.keyUnknown = !same && !known
	add("engine_native_audit_fields_included", !m.NativeAuditFields.Equal(was.NativeAuditFields))
	return ch
}

// sameKey reports whether the key of a plan is the one that the stream uses or, if it is stopped,
// that of the state. known is false if that could not be decided.
func (c *regional) sameKey(ctx context.Context, was, m *activityStreamModel) (same, known bool) {
	key := m.KmsKeyID.ValueString()
	if isAlias(key) {
		if resolved, err := c.resolveKey(ctx, key); err == nil || resolved != "" { // a disabled key has both
			key = resolved
		}
	}
	inUse := was.KmsKeyIDInUse.ValueString()
	if same, known = activitystream.SameKey(key, inUse); known {
		return same, true
	}
	if m.KmsKeyID.Equal(was.KmsKeyID) {
		return true, false
	}
	return activitystream.SameKey(key, was.KmsKeyID.ValueString())
}

// isAlias reports whether a key is given by an alias.
func isAlias(key string) bool {
	return strings.HasPrefix(key, "alias/") || strings.HasPrefix(key, "arn:") && strings.Contains(key, ":alias/")
}
