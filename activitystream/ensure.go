package activitystream

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws/arn"

	"github.com/streamwarden/streamwarden-go/internal/sdkcall"
	"github.com/streamwarden/streamwarden-go/internal/validate"
	"github.com/streamwarden/streamwarden-go/statemachine"
)

// EnsureOutput is what an ensure did.
type EnsureOutput struct {
	Stream     *Stream                  // read last; nil if no read succeeded
	Operations []statemachine.Operation // accepted, in order; empty: nothing had to be run
	Planned    []statemachine.Operation // of a dry run: what would have been run

	// GapFrom and GapTo are the instants between which a restart (AllowRestart) may have left activity
	// unrecorded. GapTo is zero if the stream was not seen started again. Without a restart both are zero.
	GapFrom, GapTo time.Time
}

func newEnsureOutput(e statemachine.Ensured[*Stream]) *EnsureOutput {
	return &EnsureOutput{Stream: e.Value, Operations: e.Operations, Planned: e.Planned, GapFrom: e.GapFrom, GapTo: e.GapTo}
}

// EnsureStarted makes sure that the stream is started as in says, within maxWait, whatever its state was
// before. It can be called again and again: from a cron job, after a crash, alongside another actor. It returns
// what it did, even alongside an error.
//
// The rules are those of [statemachine.Ensurer.Ensure], on [Machine]. In short: it reads first; a stream that
// is started as wanted is left alone, one that is starting is waited for, one that is stopping is waited out;
// else it runs StartActivityStream, which is accepted at most once a call, since with ApplyImmediately it
// restarts the database. Somebody who stops the stream again is reported (Lapsed), not fought.
//
//   - A stream that is started with another Mode, key or native-field setting is a [*statemachine.DriftError],
//     unless AllowRestart has it stopped and started; the output says when nothing was recorded. RDS tells a
//     key by its ID, whatever it was given by: the ID and the ARN of one key are the same. An alias is not
//     compared.
//   - Before the start it asks whether the engine, version and class can have a stream in this mode, as
//     [Client.Supported] does: if not, Unsupported. A caller who may not ask is not stopped.
//   - A database that is stopped, being deleted or broken, so that it can accept no command, is InvalidState at once.
//   - Without ApplyImmediately RDS shows nothing until the maintenance window: the stream may stay stopped all
//     of maxWait, and a second call may send the command again.
//
// Errors are a [*statemachine.WaitError], a [*statemachine.Fault], a [*statemachine.DriftError] or, before
// anything is sent, a [*statemachine.InputError].
func (c *Client) EnsureStarted(ctx context.Context, in *StartInput, maxWait time.Duration, optFns ...func(*Options)) (*EnsureOutput, error) {
	call := c.calls.NewNoRetry(optFns)
	if err := validate.WaitArgs(machine, StatusStarted, maxWait, &call.options.Wait, call.checkStart(in)); err != nil {
		return &EnsureOutput{}, err
	}
	goal := call.startGoal(in, maxWait, newPreflight(call, []*StartInput{in}))
	return call.ensure(ctx, goal, maxWait)
}

// EnsureStopped makes sure that the stream is stopped within maxWait, whatever its state was before. The rules
// are those of [Client.EnsureStarted], in reverse; there is no drift.
func (c *Client) EnsureStopped(ctx context.Context, in *StopInput, maxWait time.Duration, optFns ...func(*Options)) (*EnsureOutput, error) {
	call := c.calls.NewNoRetry(optFns)
	if err := validate.WaitArgs(machine, StatusStopped, maxWait, &call.options.Wait, in.validate(call.Region)); err != nil {
		return &EnsureOutput{}, err
	}
	return call.ensure(ctx, call.stopGoal(in, maxWait), maxWait)
}

// EnsurePolicy makes sure that the audit policy of an instance is locked or unlocked, as in says, within
// maxWait, by the rules of [Client.EnsureStarted] on [PolicyMachine]. It does not start a stream: one that is
// starting is waited for, one that is stopped or stopping has no policy and is Unreachable.
func (c *Client) EnsurePolicy(ctx context.Context, in *ModifyInput, maxWait time.Duration, optFns ...func(*Options)) (*EnsureOutput, error) {
	call := c.calls.NewNoRetry(optFns)
	target := PolicyLocked
	if in != nil && in.AuditPolicyState == AuditPolicyUnlocked {
		target = PolicyUnlocked
	}
	if err := validate.WaitArgs(policyMachine, target, maxWait, &call.options.Wait, in.validate(call.Region)); err != nil {
		return &EnsureOutput{}, err
	}
	goal := statemachine.Goal[*Stream, PolicyStatus]{
		Resource: in.ResourceArn, Target: target,
		Command: func(ctx context.Context, _ statemachine.Operation) error {
			_, err := call.modify(ctx, in)
			return err
		},
	}
	return ensure(ctx, call, "activitystream.EnsurePolicy", goal, maxWait, policyMachine, (*Stream).policy, call.ensureOptions())
}

// checkStart is everything that is wrong with the input of an EnsureStarted.
func (c *call) checkStart(in *StartInput) error {
	err := in.validate(c.Region)
	if in != nil && c.options.AllowRestart && !in.ApplyImmediately {
		err = validate.JoinInputErrors(err, validate.FieldError("ApplyImmediately",
			"must be true with AllowRestart: else nothing may be recorded from one maintenance window to the next"))
	}
	return err
}

// startGoal is what EnsureStarted wants.
func (c *call) startGoal(in *StartInput, maxWait time.Duration, pre *preflight) statemachine.Goal[*Stream, Status] {
	return statemachine.Goal[*Stream, Status]{
		Resource: in.ResourceArn, Target: StatusStarted,
		Command: func(ctx context.Context, op statemachine.Operation) error {
			var err error
			if op == StopActivityStream { // of a restart
				_, err = c.stop(ctx, &StopInput{ResourceArn: in.ResourceArn, ApplyImmediately: in.ApplyImmediately})
			} else {
				_, err = c.start(ctx, in)
			}
			return err
		},
		Preflight: func(ctx context.Context, s *Stream, _ statemachine.Operation) error {
			return pre.check(ctx, in, s) // before the stop of a restart, too: it must be possible to start again
		},
		Drift: in.Drift,
		Grace: c.commandGrace(in.ApplyImmediately, maxWait),
	}
}

// stopGoal is what EnsureStopped wants.
func (c *call) stopGoal(in *StopInput, maxWait time.Duration) statemachine.Goal[*Stream, Status] {
	return statemachine.Goal[*Stream, Status]{
		Resource: in.ResourceArn, Target: StatusStopped,
		Command: func(ctx context.Context, _ statemachine.Operation) error {
			_, err := c.stop(ctx, in)
			return err
		},
		Grace: c.commandGrace(in.ApplyImmediately, maxWait),
	}
}

// commandGrace is how long a command may show nothing.
func (c *call) commandGrace(immediately bool, maxWait time.Duration) time.Duration {
	if immediately {
		return 0
	}
	return max(maxWait, c.options.Wait.Grace)
}

// ensureOptions are the settings of every ensure of this package; runs are what it may run.
func (c *call) ensureOptions(runs ...statemachine.Operation) statemachine.EnsureOptions[*Stream] {
	return statemachine.EnsureOptions[*Stream]{
		Operations: runs,
		Stuck:      stuck,
		Restart:    c.options.AllowRestart,
		DryRun:     c.options.DryRun,
	}
}

// allowedOperations are the operations that an ensure of the stream to target may run.
func (c *call) allowedOperations(target Status) []statemachine.Operation {
	switch {
	case target == StatusStopped:
		return []statemachine.Operation{StopActivityStream}
	case c.options.AllowRestart:
		return []statemachine.Operation{StartActivityStream, StopActivityStream}
	}
	return []statemachine.Operation{StartActivityStream}
}

// ensure runs one ensure of the stream.
func (c *call) ensure(ctx context.Context, goal statemachine.Goal[*Stream, Status], maxWait time.Duration) (*EnsureOutput, error) {
	name := "activitystream.EnsureStarted"
	if goal.Target == StatusStopped {
		name = "activitystream.EnsureStopped"
	}
	return ensure(ctx, c, name, goal, maxWait, machine, (*Stream).status, c.ensureOptions(c.allowedOperations(goal.Target)...))
}

func ensure[S ~string](ctx context.Context, c *call, name string, goal statemachine.Goal[*Stream, S], maxWait time.Duration,
	m *statemachine.Machine[S], state func(*Stream) S, commands statemachine.EnsureOptions[*Stream],
) (*EnsureOutput, error) {
	res, _ := parseARN(goal.Resource, c.Region)
	e := statemachine.Ensurer[*Stream, S]{
		Waiter:    *waiter(c, &res, m, state),
		Command:   goal.Command,
		Drift:     goal.Drift,
		Preflight: goal.Preflight,
		Commands:  commands,
	}
	if goal.Grace != 0 {
		e.Options.Grace = goal.Grace
	}
	done, err := sdkcall.Ensure(ctx, c.Tracer, name, &e, goal.Target, maxWait)
	return newEnsureOutput(done), err
}

// drift is what differs of a started stream from what in asks for.
func drift(in *StartInput, s *Stream) error {
	d := statemachine.DriftError{Resource: in.ResourceArn}
	d.Add("Mode", string(in.Mode), string(s.Mode))
	if want, got := keyID(in.KmsKeyId), keyID(s.KmsKeyId); want != "" && got != "" {
		d.Add("KmsKeyId", want, got)
	}
	if strings.Contains(s.ResourceArn, ":"+string(instance)+":") {
		d.Add("EngineNativeAuditFieldsIncluded", fmt.Sprint(in.EngineNativeAuditFieldsIncluded), fmt.Sprint(s.EngineNativeAuditFieldsIncluded))
	}
	return d.Err()
}

// keyID is the ID of a key, whichever way it was given: empty for an alias, which only KMS could resolve.
func keyID(s string) string {
	if a, err := arn.Parse(s); err == nil {
		s = a.Resource
	}
	if strings.HasPrefix(s, "alias/") {
		return ""
	}
	return strings.ToLower(strings.TrimPrefix(s, "key/"))
}

// unrecoverableStatuses are the statuses of a database, as RDS's user guides list them, that do not become "available"
// by themselves: no command is accepted in them.
var unrecoverableStatuses = map[string]bool{ //nolint:gochecknoglobals // a table
	"cloning-failed":                      true,
	"deleting":                            true,
	"failed":                              true,
	"inaccessible-encryption-credentials": true,
	"inaccessible-encryption-credentials-recoverable": true,
	"incompatible-network":                            true,
	"incompatible-option-group":                       true,
	"incompatible-parameters":                         true,
	"incompatible-restore":                            true,
	"insufficient-capacity":                           true,
	"migration-failed":                                true,
	"restore-error":                                   true,
	"stopped":                                         true,
	"stopping":                                        true,
	"storage-full":                                    true,
}

// stuck tells why a database that refused a command will not accept one.
func stuck(s *Stream) error {
	if !unrecoverableStatuses[s.ResourceStatus] {
		return nil
	}
	return fmt.Errorf("the database is %s: it accepts no command until somebody makes it available", s.ResourceStatus)
}
