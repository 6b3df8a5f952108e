package statemachine_test

import (
	"encoding/json"
	"fmt"
	"time"

	"github.com/streamwarden/streamwarden-go/statemachine"
)

// An ensure that could be stored between any two of its steps, here with scripted reads in place
// of a service.
func ExampleMachine_ObserveRead() {
	machine := statemachine.MustNew(statemachine.Definition[string]{
		Name: "DB instance",
		Transitions: []statemachine.Transition[string]{
			{From: "stopped", To: "starting", By: "StartDBInstance"},
			{From: "starting", To: "available"},
		},
	})
	now := time.Date(2026, 1, 2, 3, 4, 0, 0, time.UTC)
	p, err := machine.NewEnsureTrack("available", now, time.Hour, statemachine.WaitOptions{MinDelay: 5 * time.Second, MaxDelay: time.Minute})
	if err != nil {
		fmt.Println(err)
		return
	}
	for _, state := range []string{"stopped", "stopped", "starting", "available"} {
		stored, err := json.Marshal(p) // what another process would read back
		p = statemachine.EnsureTrack[string]{}
		if err == nil {
			err = json.Unmarshal(stored, &p)
		}
		if err != nil {
			fmt.Println(err)
			return
		}
		step := machine.ObserveRead(&p, statemachine.Observation[string]{State: state}, now)
		if step.Run != "" {
			fmt.Println(now.Format(time.TimeOnly), state, "→", step.Run)
			step = machine.ObserveCommand(&p, nil, now, now.Add(time.Second)) // it was accepted after a second
		}
		if step.Done {
			fmt.Println(now.Format(time.TimeOnly), state, "→ done:", step.Err, p.Accepted)
			return
		}
		now = p.Track.Next(p.Track.Now)
	}
	// Output:
	// 03:04:00 stopped → StartDBInstance
	// 03:04:16 available → done: <nil> [StartDBInstance]
}
