package durable

import (
	"cmp"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/streamwarden/streamwarden-go/activitystream"
	"github.com/streamwarden/streamwarden-go/statemachine"
)

// AccountRegion is an account in a Region, for which RDS has one quota.
type AccountRegion struct {
	Account string `json:"account"`
	Region  string `json:"region"`
}

// String returns the ID of the Region workflow. One of that ID runs at a time.
func (p AccountRegion) String() string { return "activitystreams/" + p.Account + "/" + p.Region }

// Spec is the target of a stream, or of each stream of an estate.
type Spec struct {
	Target  activitystream.Status     `json:"target"`  // StatusStarted or StatusStopped
	Start   activitystream.StartInput `json:"start"`   // without ResourceArn; a stop uses only ApplyImmediately
	Restart bool                      `json:"restart"` // stop and start a stream that has other settings
	MaxWait time.Duration             `json:"max_wait"`
	Timing  Timing                    `json:"timing"`
}

// Timing has the delays and timeouts. withDefaults has the values that zero fields stand for.
type Timing struct {
	MinDelay   time.Duration `json:"min_delay,omitempty"` // MinDelay, MaxDelay and Grace: see statemachine.WaitOptions
	MaxDelay   time.Duration `json:"max_delay,omitempty"`
	Grace      time.Duration `json:"grace,omitempty"`
	Activity   time.Duration `json:"activity,omitempty"`     // timeout of an activity
	MaxReadAge time.Duration `json:"max_read_age,omitempty"` // older reads, and commands based on them, are discarded
	Report     time.Duration `json:"report,omitempty"`       // minimum time between two reports of a Region to its Estate
	PerSecond  float64       `json:"per_second,omitempty"`   // calls per account and Region
	Events     int           `json:"events,omitempty"`       // length of a history that ends it; zero means that the server decides
}

// withDefaults returns t with defaults in place of zero fields.
func (t Timing) withDefaults() Timing {
	t.MinDelay = cmp.Or(t.MinDelay, 5*time.Second)
	t.MaxDelay = cmp.Or(t.MaxDelay, max(2*time.Minute, t.MinDelay))
	t.Grace = cmp.Or(t.Grace, time.Minute)
	t.Activity = cmp.Or(t.Activity, time.Minute)
	t.MaxReadAge = cmp.Or(t.MaxReadAge, time.Minute)
	t.Report = cmp.Or(t.Report, time.Minute)
	t.PerSecond = cmp.Or(t.PerSecond, 8) // of RDS's 12
	return t
}

// ensure returns a new ensure for one stream.
func (w Spec) ensure(arn string, at time.Time) (statemachine.EnsureTrack[activitystream.Status], error) {
	t := w.Timing.withDefaults()
	o := statemachine.WaitOptions{MinDelay: t.MinDelay, MaxDelay: t.MaxDelay, Grace: t.Grace}
	p, err := activitystream.Machine().NewEnsureTrack(w.Target, at, w.MaxWait, o)
	if err = errors.Join(err, w.check(arn)); err != nil {
		return p, fmt.Errorf("ensure of %s: %w", arn, err)
	}
	if !w.Start.ApplyImmediately { // an accepted command shows no effect before the maintenance window
		p.AcceptedGrace = max(w.MaxWait, t.Grace)
	}
	p.Resource, p.Restart = arn, w.Restart && w.Target == activitystream.StatusStarted
	p.Operations = []statemachine.Operation{activitystream.StopActivityStream}
	if w.Target == activitystream.StatusStarted {
		p.Operations = []statemachine.Operation{activitystream.StartActivityStream}
		if p.Restart {
			p.Operations = append(p.Operations, activitystream.StopActivityStream)
		}
	}
	return p, nil
}

// check returns the errors that a command would be rejected for. The stop of a restart must not be
// sent if the start cannot be.
func (w Spec) check(arn string) error {
	var wrong statemachine.InputError
	switch w.Target {
	case activitystream.StatusStopped:
		return (&activitystream.StopInput{ResourceArn: arn}).Validate()
	case activitystream.StatusStarted:
		if w.Restart && !w.Start.ApplyImmediately {
			wrong.Add("ApplyImmediately", "must be true with Restart: otherwise nothing may be recorded between two maintenance windows")
		}
		return errors.Join(wrong.Err(), new(w.startInput(arn)).Validate())
	default:
		wrong.Add("target", fmt.Sprintf("must be %s or %s, got %q", activitystream.StatusStarted, activitystream.StatusStopped, w.Target))
		return wrong.Err()
	}
}

// startInput returns the input for a start of one stream.
func (w Spec) startInput(arn string) activitystream.StartInput {
	in := w.Start
	in.ResourceArn = arn
	return in
}

// supports returns an error if the database does not support the mode of a start.
func supports(modes []activitystream.Mode, in activitystream.StartInput) error {
	if slices.Contains(modes, in.Mode) {
		return nil
	}
	return fmt.Errorf("%w: %s does not support activity streams in mode %s (supported: %v)", statemachine.Unsupported, in.ResourceArn, in.Mode, modes)
}
