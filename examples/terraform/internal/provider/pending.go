package provider

import (
	"context"
	"encoding/json"
	"time"

	"github.com/hashicorp/terraform-plugin-framework/diag"
)

// pendingKey is the key of the private state under which a pending command is stored.
const pendingKey = "pending"

// maxPending is how long a command can wait for a maintenance window: each database has one a week.
// After that, the library commands again, so the plan shows it.
const maxPending = 8 * 24 * time.Hour

// pending is a command that RDS accepted and executes in a maintenance window. RDS does not show
// it.
type pending struct {
	Operation string    `json:"operation,omitempty"`
	Since     time.Time `json:"since,omitzero"`
}

// active reports whether the command may still be executed.
func (p pending) active(now time.Time) bool {
	return !p.Since.IsZero() && now.Before(p.Since.Add(maxPending))
}

// json returns the private state. The value of a command that is not pending is an empty object.
func (p pending) json() []byte {
	b, err := json.Marshal(p)
	if err != nil {
		return []byte("{}")
	}
	return b
}

// private is the private state of a request.
type private interface {
	GetKey(ctx context.Context, key string) ([]byte, diag.Diagnostics)
}

// readPending returns the pending command of the private state, if there is one.
func readPending(ctx context.Context, state private, diags *diag.Diagnostics) (p pending) {
	b, d := state.GetKey(ctx, pendingKey)
	diags.Append(d...)
	if len(b) > 0 {
		if err := json.Unmarshal(b, &p); err != nil {
			diags.AddError("Invalid private state", err.Error())
		}
	}
	return p
}
