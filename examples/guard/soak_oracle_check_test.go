package main

import (
	"strings"
	"testing"
	"time"

	"github.com/streamwarden/streamwarden-go/activitystream"
	"github.com/streamwarden/streamwarden-go/statemachine"
)

// TestOracle checks that the oracle accepts correct results and finds each kind of wrong one.
func TestOracle(t *testing.T) {
	began := time.Date(2000, 1, 1, 0, 0, 0, 0, time.UTC)
	at := func(minutes float64) time.Time { return began.Add(time.Duration(minutes * float64(time.Minute))) }
	lives := map[string]life{
		"stopped":  {{at(-60), "stopped"}},
		"started":  {{at(-60), "started"}},
		"starting": {{at(-60), "stopped"}, {at(0), "starting"}},
		"repaired": {{at(-60), "stopped"}, {at(1), "starting"}, {at(4), "started"}},
		"lapsed":   {{at(-60), "stopped"}, {at(1), "starting"}, {at(4), "stopped"}},
		"deleted":  {{at(-60), "started"}, {at(4), gone}},
		"long ago": {{at(-60), "started"}, {at(-30), "stopped"}},
	}
	const start = activitystream.StartActivityStream
	reason := func(r statemachine.Reason) error { return &statemachine.WaitError{Reason: r} }
	fault := func(k statemachine.Kind) error { return &statemachine.Fault{Kind: k} }
	sent := func(minutes float64, fate string, accepted bool) order {
		return order{op: start, at: at(minutes), fate: fate, accepted: accepted}
	}
	for _, c := range []struct {
		why    string
		life   string
		end    float64 // minutes
		wait   bool    // not an Ensure method
		err    error
		orders []order
		ran    []statemachine.Operation
		facts  facts
		wrong  string // empty if the result is correct
	}{
		{why: "it is there", life: "repaired", end: 5, orders: []order{sent(1, "", true)}, ran: []statemachine.Operation{start}},
		{why: "it was there just now, and reads are old", life: "deleted", end: 4.5},
		{why: "it is not there yet", life: "starting", end: 5, wrong: "success"},
		{why: "it was there long ago", life: "long ago", end: 5, wrong: "success"},
		{why: "a wait cannot get there", life: "stopped", end: 5, wait: true, err: reason(statemachine.Unreachable)},
		{why: "an Ensure method can get there", life: "stopped", end: 5, err: reason(statemachine.Unreachable), wrong: "unreachable"},
		{why: "it was on its way", life: "starting", end: 5, wait: true, err: reason(statemachine.Unreachable), wrong: "unreachable"},
		{why: "not before its command", life: "lapsed", end: 6, err: reason(statemachine.Unreachable), orders: []order{sent(1, "", true)}, ran: []statemachine.Operation{start}},
		{why: "it lapsed", life: "lapsed", end: 5, err: reason(statemachine.Lapsed), orders: []order{sent(1, "", true)}, ran: []statemachine.Operation{start}},
		{why: "nothing lapsed", life: "repaired", end: 5, err: reason(statemachine.Lapsed), orders: []order{sent(1, "", true)}, ran: []statemachine.Operation{start}, wrong: "lapsed"},
		{why: "it was set on its way, and a stale read is no lapse", life: "repaired", end: 1.5, wait: true, err: reason(statemachine.Lapsed), wrong: "lapsed"},
		{why: "it is deleted", life: "deleted", end: 5, err: reason(statemachine.Gone)},
		{why: "it is not deleted", life: "started", end: 5, err: reason(statemachine.Gone), wrong: "gone"},
		{why: "the command found nothing", life: "deleted", end: 5, err: fault(statemachine.NotFound)},
		{why: "there was something to find", life: "started", end: 5, err: fault(statemachine.NotFound), wrong: "not found"},
		{why: "reads are denied", life: "started", end: 5, err: reason(statemachine.ReadFailed), facts: facts{denied: true}},
		{why: "reads are not denied", life: "started", end: 5, err: reason(statemachine.ReadFailed), wrong: "read failed"},
		{why: "commands are denied", life: "stopped", end: 5, err: fault(statemachine.AccessDenied), facts: facts{denied: true}},
		{why: "commands are not denied", life: "stopped", end: 5, err: fault(statemachine.AccessDenied), wrong: "access denied"},
		{why: "the caller gave up", life: "stopped", end: 5, err: reason(statemachine.Canceled), facts: facts{ended: true}},
		{why: "the caller did not", life: "stopped", end: 5, err: reason(statemachine.Canceled), wrong: "canceled"},
		{why: "the time is over", life: "starting", end: 60, err: reason(statemachine.TimedOut)},
		{why: "the time is not over", life: "starting", end: 59, err: reason(statemachine.TimedOut), wrong: "timed out"},
		{why: "it was there all the time", life: "started", end: 60, err: reason(statemachine.TimedOut), wrong: "timed out"},
		{why: "it was there, and no read succeeded", life: "started", end: 60, err: reason(statemachine.TimedOut), facts: facts{stormy: true}},
		{why: "it ends late", life: "started", end: 61, wrong: "after the deadline"},
		{why: "drift without drift", life: "started", end: 5, err: fault(statemachine.Drifted), wrong: "drifted"},
		{why: "drift", life: "started", end: 5, err: fault(statemachine.Drifted), facts: facts{drifted: true}},
		{why: "nothing had to be run", life: "started", end: 5, orders: []order{sent(4, throttled, false)}, wrong: "on no way"},
		{why: "it was run twice", life: "repaired", end: 5, orders: []order{sent(1, "", true), sent(2, "", false)}, ran: []statemachine.Operation{start}, wrong: "sent again"},
		{why: "it was run again because it was lost", life: "repaired", end: 5, orders: []order{sent(0, reset, false), sent(1, "", true)}, ran: []statemachine.Operation{start}},
		{why: "it was run again at once", life: "repaired", end: 5, orders: []order{sent(.5, reset, false), sent(1, "", true)}, ran: []statemachine.Operation{start}, wrong: "sent again"},
		{why: "it was run after the time", life: "stopped", end: 60, err: reason(statemachine.TimedOut), orders: []order{sent(60.1, hung, false)}, wrong: "after the deadline"},
		{why: "an accepted operation is missing", life: "repaired", end: 5, orders: []order{sent(1, "", true)}, wrong: "is not in"},
		{why: "it may have been run", life: "repaired", end: 5, orders: []order{sent(1, lost, true)}},
		{why: "an operation is reported that was not sent", life: "started", end: 5, ran: []statemachine.Operation{start}, wrong: "never sent"},
		{why: "an operation is reported twice", life: "repaired", end: 5, orders: []order{sent(1, "", true)}, ran: []statemachine.Operation{start, start}, wrong: "twice"},
	} {
		v := verdict{
			target: "started", begin: began, end: at(c.end), least: time.Hour, most: time.Hour, patience: patience,
			ensure: !c.wait, operations: c.ran, err: c.err,
		}
		if v.ensure {
			v.runs = []statemachine.Operation{start}
		}
		f := c.facts
		f.table, f.life, f.orders = tableOf(activitystream.Machine()), lives[c.life], c.orders
		if got := v.judge(&f); (got == "") != (c.wrong == "") || !strings.Contains(got, c.wrong) {
			t.Errorf("%s: %q, want %q", c.why, got, c.wrong)
		}
	}
}
