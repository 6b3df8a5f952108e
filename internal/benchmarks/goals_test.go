package benchmarks

import (
	"math"
	"strings"
)

// judge adds a row for each goal. The row of concurrent waits is for many waits. The argument times
// is the factor by which they need fewer reads than separate waits, and strangers is the number of
// third-party packages that statemachine imports.
func (r *Results) judge(many int, times Spread, strangers int) {
	most := func(measure, unit string, goal float64, got Spread) {
		r.Rows = append(r.Rows, Row{Measure: measure, Unit: unit, Goal: goal, Got: got})
	}
	ask, tell, one, further := timings(r, "ask"), timings(r, "tell"), timings(r, "one read"), timings(r, "further read")

	most("May this operation run in this state (`Permits`)", "× looplab's `Can`", 0.6, ratio(ask["Permits"], ask["looplab Can"]))
	most("Can this state settle there (`Settles`)", "× looplab's `Can`", 0.6, ratio(ask["Settles"], ask["looplab Can"]))
	most("Either", "allocations", 0, exactly(max(ask["Permits"].Allocs, ask["Settles"].Allocs)))

	most("A read that shows nothing new (`Observe`)", "× cocoonspace's `Event`, which is not safe for concurrent use", 1, ratio(tell["Observe"], tell["cocoonspace Event"]))
	most("The same", "× looplab's `Event`", 0.2, ratio(tell["Observe"], tell["looplab Event"]))
	most("The same", "allocations", 0, exactly(tell["Observe"].Allocs))

	waits := func(work string) (ours, sdk Timing) {
		all := timings(r, work)
		return all["activitystream Wait"], all["SDK waiter"]
	}
	const overSame = "× the SDK's waiter over the same client"
	ours, sdk := waits("over the client")
	most("A wait of one read over the SDK's client", overSame, 1.02, ratio(ours, sdk))
	most("The same", overSame+", in allocations", 1, exactly(ours.Allocs/sdk.Allocs))
	ours, sdk = waits("over the client, short responses")
	most("The same, with the simulator's response, a third as long as RDS's", overSame, 1.02, ratio(ours, sdk))
	ours, sdk = waits("further read over the client")
	most("Each further read over the SDK's client, without the sleep", overSame, 1.02, ratio(ours, sdk))
	most("The same", overSame+", in allocations", 1, exactly(ours.Allocs/sdk.Allocs))

	most("A wait of one read from memory (with a timeout for the read, which no peer has)", "× the SDK's waiter", 1, ratio(one["streamwarden"], one["SDK waiter"]))
	most("The same", "× the SDK's waiter, in allocations", 1, exactly(one["streamwarden"].Allocs/one["SDK waiter"].Allocs))
	most("The same", "× `StateChangeConf`", 1.0/3, ratio(one["streamwarden"], one["StateChangeConf"]))
	most("The same", "× `StateChangeConf`, in allocations", 1.0/3, exactly(one["streamwarden"].Allocs/one["StateChangeConf"].Allocs))
	most("Each further read from memory, without the sleep", "× the SDK's waiter", 1, ratio(further["streamwarden"], further["SDK waiter"]))
	most("The same", "× the SDK's waiter, in allocations", 1, exactly(further["streamwarden"].Allocs/further["SDK waiter"].Allocs))

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

	bySDK, byUs := r.Builds[0], r.Builds[1]
	most("A program that uses `activitystream`", "× one that calls the same six operations with the SDK", 1.08, exactly(float64(byUs.Bytes)/float64(bySDK.Bytes)))
	most("The same, stripped", "× one that calls the same six operations with the SDK", 1.08, exactly(float64(byUs.Stripped)/float64(bySDK.Stripped)))
	bare := r.Builds[2:]
	most("The same, if neither loads the SDK's configuration", "× one that calls the same six operations with the SDK", 1.08, exactly(float64(bare[1].Bytes)/float64(bare[0].Bytes)))
	most("Importing `statemachine` alone", "third-party packages", 0, exactly(float64(strangers)))
}
