package statemachine

import "time"

// config holds what all resources of one call share: fields of the Waiter or Fleet, with the
// options of the call applied.
type config[R any, S ~string] struct {
	machine    *Machine[S]
	state      func(R) S
	kind       func(error) Kind
	check      func(R) error
	same       func(a, b R) bool
	identity   func(R) string
	opts       WaitOptions
	onProgress func(Progress) // receives every report; nil if the options have neither OnProgress nor OnRead
	mode       mode
	commands   *commandOptions[R] // nil if the call sends no commands
}

// commandOptions is an EnsureOptions without what only the loops need.
type commandOptions[R any] struct {
	operations      []Operation
	kind            func(error) Kind
	stuck           func(R) error
	restart, dryRun bool
}

// mode is what a call does with each resource.
type mode int

const (
	modeWait  mode = iota // wait for a state, with or without commands
	modeWatch             // report every change
	modeGet               // read once
)

// complete applies the options of the call, fills in the defaults, and reports everything that is
// invalid, in addition to errs.
func (c *config[R, S]) complete(
	target S, maxWait time.Duration, optFns []func(*WaitOptions), errs *InputError,
) error {
	for _, fn := range optFns {
		fn(&c.opts)
	}
	c.opts.setDefaults()
	c.opts.validate(errs)
	c.onProgress = c.opts.progressHook()
	if c.machine == nil {
		errs.Add("Machine", "is nil")
	} else if c.mode == modeWait {
		c.machine.validateWait(target, maxWait, errs)
	}
	if c.state == nil {
		errs.Add("State", "is nil")
	}
	if c.kind == nil {
		c.kind = KindOf
	}
	if c.commands != nil && c.commands.kind == nil {
		c.commands.kind = c.kind
	}
	return errs.Err()
}

// skips reports whether a watch does not report b after a.
func (c *config[R, S]) skips(a, b R) bool {
	if c.identity != nil && c.identity(a) != c.identity(b) {
		return false
	}
	if c.same != nil {
		return c.same(a, b)
	}
	return c.state(a) == c.state(b)
}

// limit returns when a job with this deadline ends at the latest. Both may be zero, for never.
func (c *config[R, S]) limit(deadline time.Time) time.Time {
	if deadline.IsZero() {
		return deadline
	}
	return deadline.Add(c.opts.ReadTimeout)
}

// lastStart returns when a read may start at the latest. The read at the deadline may wait for a
// slot, so that many waits that end at one time share the rate limit. The rest of the ReadTimeout
// is for the read itself.
func (c *config[R, S]) lastStart(deadline time.Time) time.Time {
	return deadline.Add(c.opts.ReadTimeout / 2)
}
