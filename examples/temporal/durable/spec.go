package durable

import (
	"cmp"
	"errors"
	"fmt"
	"time"

	"github.com/streamwarden/streamwarden-go/activitystream"
	"github.com/streamwarden/streamwarden-go/statemachine"
)

// AccountRegion is an account in a Region: what RDS's quota is counted by.
type AccountRegion struct {
	Account string `json:"account"`
	Region  string `json:"region"`
}

// String is the ID of the one Region workflow that a place has at a time.
func (p AccountRegion) String() string { return "activitystreams/" + p.Account + "/" + p.Region }

// Spec is what is wanted of a stream, or of each stream of an estate.
type Spec struct {
	Target  activitystream.Status     `json:"target"`  // StatusStarted or StatusStopped
	Start   activitystream.StartInput `json:"start"`   // how; its ResourceArn is each stream's own. For a stop, ApplyImmediately alone counts
	Restart bool                      `json:"restart"` // stop and start again a stream with other settings
	MaxWait time.Duration             `json:"max_wait"`
	Timing  Timing                    `json:"timing"`
}

// Timing has the bounds of time. Zero members have the defaults in filled.
type Timing struct {
	MinDelay   time.Duration `json:"min_delay,omitempty"` // between two reads of a stream, as MaxDelay and Grace: see statemachine.WaitOptions
	MaxDelay   time.Duration `json:"max_delay,omitempty"`
	Grace      time.Duration `json:"grace,omitempty"`
	Activity   time.Duration `json:"activity,omitempty"`   // an activity that takes longer is lost
	MaxReadAge time.Duration `json:"fresh,omitempty"`      // a read that is older decides nothing, a command that was decided before is not sent
	Report     time.Duration `json:"report,omitempty"`     // a Region reports a change to its Estate no sooner after the last
	PerSecond  float64       `json:"per_second,omitempty"` // calls of an account in a Region
	Events     int           `json:"events,omitempty"`     // a history as long is continued in a new one; zero: when the server suggests it
}

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

// ensure begins the ensure of one stream.
func (w Spec) ensure(arn string, at time.Time) (statemachine.EnsureTrack[activitystream.Status], error) {
	t := w.Timing.withDefaults()
	o := statemachine.WaitOptions{MinDelay: t.MinDelay, MaxDelay: t.MaxDelay, Grace: t.Grace}
	if !w.Start.ApplyImmediately { // nothing shows before the maintenance window
		o.Grace = max(w.MaxWait, t.Grace)
	}
	p, err := activitystream.Machine().NewEnsureTrack(w.Target, at, w.MaxWait, o)
	if err = errors.Join(err, w.check(arn)); err != nil {
		return p, fmt.Errorf("ensure of %s: %w", arn, err)
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

// check refuses, before anything is run, what a command would be refused for: the stop of a restart must not go out if the start cannot.
func (w Spec) check(arn string) error {
	var wrong statemachine.InputError
	switch w.Target {
	case activitystream.StatusStopped:
		return (&activitystream.StopInput{ResourceArn: arn}).Validate()
	case activitystream.StatusStarted:
		if w.Restart && !w.Start.ApplyImmediately {
			wrong.Add("ApplyImmediately", "must be true with Restart: else nothing may be recorded from one maintenance window to the next")
		}
		return errors.Join(wrong.Err(), new(w.startInput(arn)).Validate())
	default:
		wrong.Add("target", fmt.Sprintf("must be %s or %s, is %q", activitystream.StatusStarted, activitystream.StatusStopped, w.Target))
		return wrong.Err()
	}
}

// startInput is the input of a start of one stream.
func (w Spec) startInput(arn string) activitystream.StartInput {
	in := w.Start
	in.ResourceArn = arn
	return in
}
