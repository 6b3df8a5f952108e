package activitystream

import (
	"context"
	"errors"
	"log/slog"
	"sync/atomic"
	"time"

	"github.com/streamwarden/streamwarden-go/internal/sdkcall"
	"github.com/streamwarden/streamwarden-go/internal/validate"
	"github.com/streamwarden/streamwarden-go/statemachine"
)

// EnsureOutput is the result of an Ensure method. It is never nil, and it is valid along with an
// error, too.
type EnsureOutput struct {
	// Stream is the last value that was read. It is nil if no read succeeded.
	Stream *Stream `json:"stream,omitempty"`

	// Operations lists the accepted operations, in order. It is empty if none was needed.
	Operations []statemachine.Operation `json:"operations,omitempty"`

	// Planned lists the operations that a DryRun would have run.
	Planned []statemachine.Operation `json:"planned,omitempty"`

	// Pending is the command that was accepted last, if the call ended before a read showed an effect
	// of it, or, with Options.PendingSince, the one that an earlier call sent. PendingSince is when it
	// was sent. Without ApplyImmediately it takes effect in the next maintenance window. Both are
	// empty if no command is pending.
	Pending      statemachine.Operation `json:"pending,omitempty"`
	PendingSince time.Time              `json:"pending_since,omitzero"`

	// GapFrom and GapTo bound the time in which a restart (AllowRestart) may have left activity
	// unrecorded. GapTo is zero if no read showed the stream started again. Without a restart both
	// are zero.
	GapFrom time.Time `json:"gap_from,omitzero"`
	GapTo   time.Time `json:"gap_to,omitzero"`

	// Before is the stream as it was before a restart (AllowRestart), with the settings to go back
	// to. It is nil without a restart.
	Before *Stream `json:"before,omitempty"`

	// KeyNotCompared says why EnsureStarted did not compare the key of a stream that is started:
	// the input names an alias that was not resolved. It is empty if the key was compared.
	KeyNotCompared string `json:"key_not_compared,omitempty"`
}

// LogValue returns what was done and the last status, as a group. Its keys are stable.
func (o *EnsureOutput) LogValue() slog.Value {
	var attrs []slog.Attr
	if o.Stream != nil {
		attrs = append(attrs, slog.String("status", string(o.Stream.Status)))
	}
	if o.KeyNotCompared != "" {
		attrs = append(attrs, slog.String("key_not_compared", o.KeyNotCompared))
	}
	done := statemachine.Ensured[*Stream]{
		Operations: o.Operations, Planned: o.Planned, Pending: o.Pending, PendingSince: o.PendingSince, GapFrom: o.GapFrom, GapTo: o.GapTo,
	}
	return slog.GroupValue(append(attrs, done.LogValue().Group()...)...)
}

// newEnsureOutput converts the result of statemachine.
func newEnsureOutput(e *statemachine.Ensured[*Stream]) *EnsureOutput {
	return &EnsureOutput{
		Stream: e.Value, Operations: e.Operations, Planned: e.Planned,
		Pending: e.Pending, PendingSince: e.PendingSince, GapFrom: e.GapFrom, GapTo: e.GapTo, Before: e.Before,
	}
}

// EnsureStarted starts the stream if necessary and waits, for at most maxWait, until it is started
// as specified by in. It is safe to repeat: from a cron job, after a crash, or while another
// process does the same. It returns what it did, even with an error.
//
// The rules are those of [statemachine.Ensurer.Ensure], on [Machine]. In short, it reads first. It
// leaves a stream alone that is started as specified, and waits for one that is starting or
// stopping. Otherwise it runs StartActivityStream. With ApplyImmediately that restarts the
// database, so it is accepted at most once per call. If another actor stops the stream again,
// EnsureStarted reports Lapsed and does not start it again.
//
//   - A stream that is started with another Mode, key or native-field setting is a
//     [*statemachine.DriftError]. With AllowRestart it is stopped and started instead, and the
//     output has the time in which nothing was recorded. A restart begins once all reads of a grace
//     period have shown the other settings. If RDS then rejects the requested settings, or accepts
//     the start and rolls it back, EnsureStarted starts the stream as it was before, and the error
//     is a [*statemachine.RestartError].
//   - RDS has no operation that checks a key, but KMS has. With Options.ResolveKey, a key that
//     cannot be used ends the call as KeyNotAccessible before the stop of a restart, and nothing is
//     changed. RDS reports a key by its ID, so the ID and the ARN of one key are equal. An alias is
//     compared if Options.ResolveKey resolves it. Otherwise EnsureOutput.KeyNotCompared says why it
//     is not.
//   - Before the start it checks, as [Client.Supported] does, whether the engine, version and class
//     support the mode. If not, the error is Unsupported. The result is not known if RDS does not
//     list them, if the caller lacks the permission, or if the check failed twice or took 10 s.
//     Then the start is sent, and RDS decides. A client keeps each result for 5 minutes, for all
//     its calls.
//   - A database that cannot have a stream of its own is Unsupported, by what was read of it alone.
//     For a member instance of a cluster, the message has the cluster's ARN.
//   - If the database is stopped, being deleted or broken, so that it cannot accept a command, the
//     error is InvalidState.
//   - Without ApplyImmediately, RDS shows no change until the maintenance window. The stream may
//     stay stopped for all of maxWait, and a second call may send the command again. With
//     Options.LeavePending the call returns once the command was accepted, and with
//     Options.PendingSince a later call does not send it again.
//   - With Options.ForceRestart it restarts a started stream whose settings do not differ.
//
// The error is a [*statemachine.WaitError], a [*statemachine.Fault], a [*statemachine.DriftError]
// or, before a request is sent, a [*statemachine.InputError].
func (c *Client) EnsureStarted(ctx context.Context, in *StartInput, maxWait time.Duration, optFns ...func(*Options)) (*EnsureOutput, error) {
	call := c.ready().NewNoRetry(optFns)
	x, e, err := call.newStart(ctx, in, maxWait)
	if err != nil {
		return &EnsureOutput{}, err
	}
	defer x.preflight.end()
	out, err := ensure(ctx, call, "activitystream.EnsureStarted", e, StatusStarted, maxWait)
	return x.keys.note(out, in), err
}

// EnsureStopped stops the stream if necessary and waits, for at most maxWait, until it is stopped.
// The rules are those of [Client.EnsureStarted], in reverse. Settings are not compared. A member
// instance of a cluster and a read replica are Unsupported, although RDS reports them as stopped:
// the stream of the cluster or the source may be started.
func (c *Client) EnsureStopped(ctx context.Context, in *StopInput, maxWait time.Duration, optFns ...func(*Options)) (*EnsureOutput, error) {
	call := c.ready().NewNoRetry(optFns)
	e, err := call.newStop(in, maxWait)
	if err != nil {
		return &EnsureOutput{}, err
	}
	return ensure(ctx, call, "activitystream.EnsureStopped", e, StatusStopped, maxWait)
}

// EnsurePolicy locks or unlocks the audit policy of an instance as specified by in, if necessary,
// and waits for it for at most maxWait. The rules are those of [Client.EnsureStarted], on
// [PolicyMachine]. It does not start a stream. It waits for one that is starting. One that is
// stopped or stopping has no policy, and the call ends as Unreachable.
func (c *Client) EnsurePolicy(ctx context.Context, in *ModifyInput, maxWait time.Duration, optFns ...func(*Options)) (*EnsureOutput, error) {
	call := c.ready().NewNoRetry(optFns)
	target := PolicyLocked
	if in != nil && in.AuditPolicyState == AuditPolicyUnlocked {
		target = PolicyUnlocked
	}
	e, err := call.newPolicyChange(in, target, maxWait)
	if err != nil {
		return &EnsureOutput{}, err
	}
	return ensure(ctx, call, "activitystream.EnsurePolicy", e, target, maxWait)
}

// newStart validates the arguments of an EnsureStarted, and returns its starter and its ensurer.
// Like newWait, it keeps these values off the stack while the call sleeps.
func (c *call) newStart(ctx context.Context, in *StartInput, maxWait time.Duration) (*starter, *statemachine.Ensurer[*Stream, Status], error) {
	res, err := in.check(c)
	if err := validate.WaitArgs(machine, StatusStarted, maxWait, &c.options.Wait, err); err != nil {
		return nil, nil, err
	}
	x := newStarter(c, maxWait, res)
	w := newWaiter(c, res, machine, (*Stream).status)
	return x, sdkcall.Ensurer(w, x.goal(ctx, in, res), c.startOptions()), nil
}

// newStop does for an EnsureStopped what newStart does for an EnsureStarted.
func (c *call) newStop(in *StopInput, maxWait time.Duration) (*statemachine.Ensurer[*Stream, Status], error) {
	res, err := in.check(c)
	if err := validate.WaitArgs(machine, StatusStopped, maxWait, &c.options.Wait, err); err != nil {
		return nil, err
	}
	return sdkcall.Ensurer(newWaiter(c, res, machine, (*Stream).status), c.stopGoal(in, res, maxWait), c.ensureOptions(StopActivityStream)), nil
}

// newPolicyChange does for an EnsurePolicy what newStart does for an EnsureStarted.
func (c *call) newPolicyChange(in *ModifyInput, target PolicyStatus, maxWait time.Duration) (*statemachine.Ensurer[*Stream, PolicyStatus], error) {
	res, err := in.parse(c.Region)
	if err := validate.WaitArgs(policyMachine, target, maxWait, &c.options.Wait, err); err != nil {
		return nil, err
	}
	w := newWaiter(c, res, policyMachine, c.policyState())
	w.Check = checkStream
	return sdkcall.Ensurer(w, statemachine.Goal[*Stream, PolicyStatus]{Command: func(ctx context.Context, _ statemachine.Operation) error {
		_, err := c.modify(ctx, in, res)
		return err
	}}, c.ensureOptions()), nil
}

// check validates the input of an EnsureStarted and returns the resource that it names.
func (in *StartInput) check(c *call) (*resource, error) {
	res, err := in.parse(c.Region)
	if in != nil && c.options.mayRestart() && !in.ApplyImmediately {
		err = validate.JoinInputErrors(err, validate.FieldError("ApplyImmediately",
			"must be true with AllowRestart or ForceRestart: otherwise nothing may be recorded between two maintenance windows"))
	}
	return res, err
}

// check validates the input of an EnsureStopped and returns the resource that it names.
func (in *StopInput) check(c *call) (*resource, error) { return in.parse(c.Region) }

// starter is what the streams share that one call ensures to be started.
type starter struct {
	call      *call
	maxWait   time.Duration
	preflight *preflight
	keys      *keyResolver
}

// newStarter returns the starter of a call for these resources.
func newStarter(c *call, maxWait time.Duration, resources ...*resource) *starter {
	return &starter{c, maxWait, newPreflight(c, resources...), newKeyResolver(c)}
}

// goal returns what EnsureStarted does for one stream.
func (x *starter) goal(ctx context.Context, in *StartInput, res *resource) statemachine.Goal[*Stream, Status] {
	g := statemachine.Goal[*Stream, Status]{
		Drift: x.keys.drift(ctx, in),
		Command: func(ctx context.Context, op statemachine.Operation) (err error) {
			if op == StopActivityStream { // the first half of a restart
				_, err = x.call.stop(ctx, res, in.ApplyImmediately)
			} else {
				_, err = x.call.start(ctx, in, res)
			}
			return err
		},
		// The preflight also runs before the stop of a restart, so that a stream is not stopped that
		// cannot be started again. The key is only checked there: RDS rejects the start of a stopped
		// stream without harm.
		Preflight: func(ctx context.Context, s *Stream, op statemachine.Operation) error {
			if err := x.preflight.check(ctx, in, res, s); err != nil || op != StopActivityStream {
				return err
			}
			return x.keys.check(ctx, in, x.preflight.call.sdk.Limit)
		},
		Restore: func(ctx context.Context, before *Stream, _ statemachine.Operation) error {
			_, err := x.call.start(ctx, &StartInput{
				ResourceArn: res.given, Mode: before.Mode, KmsKeyId: before.KmsKeyId, ApplyImmediately: true,
				EngineNativeAuditFieldsIncluded: before.EngineNativeAuditFieldsIncluded,
			}, res)
			return err
		},
	}
	if x.call.options.ForceRestart {
		g.Drift, g.Command = forceRestart(res, x.call.grace(), g.Drift, g.Command)
	}
	g.AcceptedGrace, g.Leave, g.NotBefore = x.call.window(in.ApplyImmediately, x.maxWait)
	return g
}

// stopGoal returns what EnsureStopped does for one stream.
func (c *call) stopGoal(in *StopInput, res *resource, maxWait time.Duration) statemachine.Goal[*Stream, Status] {
	g := statemachine.Goal[*Stream, Status]{
		Drift: in.drift,
		Command: func(ctx context.Context, _ statemachine.Operation) error {
			_, err := c.stop(ctx, res, in.ApplyImmediately)
			return err
		},
		Preflight: func(_ context.Context, s *Stream, _ statemachine.Operation) error { return in.drift(s) },
	}
	g.AcceptedGrace, g.Leave, g.NotBefore = c.window(in.ApplyImmediately, maxWait)
	return g
}

// forceRestart returns the Drift and the Command of an EnsureStarted that restarts a stream even if
// drift finds no difference: a stream has drifted until a start that may have been executed. For a
// grace period after that, a read may still show the stream as it was before.
func forceRestart(res *resource, grace time.Duration, drift func(*Stream) error, command func(context.Context, statemachine.Operation) error) (
	func(*Stream) error, func(context.Context, statemachine.Operation) error,
) {
	var seenAt time.Time                    // the last read before the start
	var startedAt atomic.Pointer[time.Time] // the command runs concurrently with the loop
	return func(s *Stream) error {
			if err := drift(s); err != nil {
				return err
			}
			d := statemachine.DriftError{Resource: res.given}
			switch at := startedAt.Load(); {
			case at == nil:
				seenAt = time.Now()
				d.Add("ForceRestart", "true", "not restarted yet")
			case at.Sub(seenAt) < grace && time.Since(*at) < grace:
				d.Add("ForceRestart", "true", "not confirmed yet")
			}
			return d.Err()
		}, func(ctx context.Context, op statemachine.Operation) error {
			err := command(ctx, op)
			f, _ := errors.AsType[*statemachine.Fault](err)
			if op == StartActivityStream && (err == nil || f != nil && (f.Kind == statemachine.Unavailable || f.Kind == statemachine.Interrupted) && !f.NotSent) {
				startedAt.Store(new(time.Now()))
			}
			return err
		}
}

// drift rejects a database whose stream is that of another one.
func (in *StopInput) drift(s *Stream) error {
	return checkDatabase(StopActivityStream, in.ResourceArn, s.noOwnStream())
}

// window returns the settings of a command that takes effect only in a maintenance window: the
// grace period once it was accepted, whether to leave it then, and when to send it at the earliest.
func (c *call) window(immediately bool, maxWait time.Duration) (grace time.Duration, leave bool, notBefore time.Time) {
	if immediately {
		return 0, false, time.Time{}
	}
	if since := c.options.PendingSince; !since.IsZero() {
		notBefore = since.Add(maxPending)
	}
	return max(maxWait, c.options.Wait.Grace), c.options.LeavePending, notBefore
}

// maxPending is how long a command waits at most for a maintenance window. Each database has one
// every week.
const maxPending = 8 * 24 * time.Hour

// startOptions returns the settings of an EnsureStarted.
func (c *call) startOptions() statemachine.EnsureOptions[*Stream] {
	o := c.ensureOptions(StartActivityStream)
	if c.options.mayRestart() {
		o.Operations = append(o.Operations, StopActivityStream)
		o.Restart = true
	}
	return o
}

// ensureOptions returns the settings of an Ensure method that may run these operations. None means
// all operations of the machine.
func (c *call) ensureOptions(operations ...statemachine.Operation) statemachine.EnsureOptions[*Stream] {
	return statemachine.EnsureOptions[*Stream]{
		Operations: operations,
		Stuck:      (*Stream).Stuck,
		DryRun:     c.options.DryRun,
	}
}

// ensure runs an ensurer in a span.
func ensure[S ~string](ctx context.Context, c *call, span string, e *statemachine.Ensurer[*Stream, S], target S, maxWait time.Duration) (*EnsureOutput, error) {
	began := time.Now()
	out, err := sdkcall.Ensure(ctx, c.Tracer, span, e, target, maxWait, newEnsureOutput)
	return out, c.explain(ctx, e.Resource, began, out.Stream, err)
}
