package benchmarks

import (
	"math"
	"strings"
)

// judge makes a row of each goal. many is how many waits together count; times is how many times fewer reads they need than one by one, and strangers how many
// packages statemachine brings along.
func (r *Results) judge(many int, times Spread, strangers int) {
	most := func(measure, unit string, goal float64, got Spread) {
		r.Rows = append(r.Rows, Row{Measure: measure, Unit: unit, Goal: goal, Got: got})
	}
	ask, tell, one, further, client := timings(r, "ask"), timings(r, "tell"), timings(r, "one read"), timings(r, "further read"), timings(r, "over the client")

	most("May this operation run in this state (`Permits`)", "× looplab's `Can`", 0.6, ratio(ask["Permits"], ask["looplab Can"]))
	most("Can this state settle there (`Settles`)", "× looplab's `Can`", 0.6, ratio(ask["Settles"], ask["looplab Can"]))
	most("Either", "allocations", 0, exactly(max(ask["Permits"].Allocs, ask["Settles"].Allocs)))

	most("A read that shows nothing new (`Observe`)", "× cocoonspace's `Event`, which is not safe for concurrent use", 1, ratio(tell["Observe"], tell["cocoonspace Event"]))
	most("The same", "× looplab's `Event`", 0.2, ratio(tell["Observe"], tell["looplab Event"]))
	most("The same", "allocations", 0, exactly(tell["Observe"].Allocs))

	most("A wait of one read (with a timeout for the read, which no peer has)", "× the SDK's waiter", 1, ratio(one["streamwarden"], one["SDK waiter"]))
	most("The same", "× the SDK's waiter, in allocations", 1, exactly(one["streamwarden"].Allocs/one["SDK waiter"].Allocs))
	most("The same", "× `StateChangeConf`", 1.0/3, ratio(one["streamwarden"], one["StateChangeConf"]))
	most("The same", "× `StateChangeConf`, in allocations", 1.0/3, exactly(one["streamwarden"].Allocs/one["StateChangeConf"].Allocs))

	most("Each further read, without the sleep", "× the SDK's waiter", 0.6, ratio(further["streamwarden"], further["SDK waiter"]))
	most("The same", "allocations", 2, exactly(further["streamwarden"].Allocs))

	most("A wait of one read over the SDK's client", "× the bare call", 1.02, ratio(client["activitystream Wait"], client["bare call"]))
	most("The same", "allocations more than the bare call", 12, exactly(client["activitystream Wait"].Allocs-client["bare call"].Allocs))
	short := timings(r, "over the client, short answers")
	most("The same, with the simulator's response, a third as long as RDS's", "× the bare call", 1.02, ratio(short["activitystream Wait"], short["bare call"]))

	memory := map[string]Footprint{}
	for _, f := range r.Memory {
		memory[f.Name] = f
	}
	most("Memory of a wait, one goroutine each", "× the SDK's waiter", 0.6, exactly(memory["streamwarden"].Bytes/memory["SDK waiter"].Bytes))
	most("The same, after a read with the SDK's client", "× the SDK's waiter", 0.6, exactly(memory["streamwarden"].Deep/memory["SDK waiter"].Deep))
	most("The same, for a complete `activitystream` Wait with its last value", "× the SDK's waiter", 0.6, exactly(memory["activitystream Wait"].Deep/memory["SDK waiter"].Deep))
	most("Memory of a wait in a `WaitEach`, with its last value", "bytes", 1024, exactly(memory["streamwarden WaitEach"].Bytes))
	most("The same", "goroutines in all", 10, exactly(math.Round(memory["streamwarden WaitEach"].Goroutines*float64(memory["streamwarden WaitEach"].Waits))))

	worst := 0.0
	for _, c := range r.Lag {
		own := c.Waiters[0].Times
		if worst = max(worst, own); c.Name == "slow" {
			most("Detection lag at the same number of reads, slow transitions", "× the best schedule", 1.3, exactly(own))
		}
	}
	most("The same, worst of slow, quick and mixed transitions", "× the best schedule", 2.2, exactly(worst))

	for _, q := range r.Quota {
		if q.Waits == many && strings.HasPrefix(q.Name, "activitystream") {
			most("1,000 waits together under RDS's quota", "lost", 0, exactly(float64(q.Lost)))
			most("The same", "throttled", 0, exactly(float64(q.Throttled)))
		}
	}
	r.Rows = append(r.Rows, Row{Measure: "The same", Unit: "times fewer reads than one by one at the same lag", Goal: 70, AtLeast: true, Got: times})

	sdk, ours := r.Builds[0], r.Builds[1]
	most("A program that uses `activitystream`", "× one that calls the same six operations with the SDK", 1.08, exactly(float64(ours.Bytes)/float64(sdk.Bytes)))
	most("The same, stripped", "× one that calls the same six operations with the SDK", 1.08, exactly(float64(ours.Stripped)/float64(sdk.Stripped)))
	bare := r.Builds[2:]
	most("The same, if neither loads the SDK's configuration", "× one that calls the same six operations with the SDK", 1.08, exactly(float64(bare[1].Bytes)/float64(bare[0].Bytes)))
	most("Importing `statemachine` alone", "third-party packages", 0, exactly(float64(strangers)))
}
