package benchmarks

import (
	"flag"
	"io"
	"log"
	"slices"
	"testing"
	"time"
)

var measure = flag.Bool("measure", false, "measure in full, and write results.json, README.md and the charts; takes minutes")

// effort is the extent of the measurement.
type effort struct {
	rounds int           // the rounds of interleaved runs
	slice  time.Duration // the duration of one run
	waits  int           // the waits of a memory measurement
	spread int           // the transitions of each class
	crowds []int         // the numbers of concurrent waits under the quota
	many   int           // the number of them for the table
	seeds  int
}

var (
	full = effort{
		rounds: 301, slice: time.Millisecond, waits: 20_000, spread: 1000,
		crowds: []int{30, 100, 200, 300, 400, 500, 700, 1000, 2000}, many: 1000, seeds: 3,
	}
	quick = effort{rounds: 5, slice: 50 * time.Microsecond, waits: 1000, spread: 100, crowds: []int{10, 50}, many: 50, seeds: 1}
)

// TestMeasure measures everything briefly. With -measure it measures in full and writes the
// results.
func TestMeasure(t *testing.T) {
	log.SetOutput(io.Discard) // StateChangeConf logs each read
	e := quick
	if *measure {
		e = full
	}
	r := e.run(t)
	if want := 36; len(r.Rows) != want {
		t.Errorf("%d rows, want %d", len(r.Rows), want)
	}
	for _, row := range r.Rows {
		t.Logf("%-5t %s: %.3g (%.3g to %.3g) %s, goal %g", row.Met(), row.Measure, row.Got.Median, row.Got.Low, row.Got.High, row.Unit, row.Goal)
	}
	if !*measure {
		return
	}
	if err := r.Save("results.json"); err != nil {
		t.Fatal(err)
	}
	if err := Publish(r); err != nil {
		t.Fatal(err)
	}
}

// run returns the results of a measurement.
func (e effort) run(t *testing.T) *Results {
	r := &Results{Machine: thisMachine(), Peers: peerVersions(t)}
	r.time("ask", interleave(e.rounds, e.slice, queryContenders()))
	r.time("tell", interleave(e.rounds, e.slice, observeContenders()))
	r.time("one read", interleave(e.rounds, e.slice, waitsOfOneRead()))
	r.time("over the client", fresh(10, 2*e.rounds, 4*e.slice, fullResponses)) // longer slices for longer calls
	r.time("over the client, short responses", fresh(10, 2*e.rounds, 4*e.slice, shortResponses))
	r.time("further read", withoutSleep(interleave(e.rounds, e.slice, waitsOfManyReads(t))))
	r.time("further read over the client", withoutSleep(fresh(10, e.rounds, 4*e.slice, func() []contender { return furtherReadsOverTheClient(t) })))
	footprint(t, named("StateChangeConf"), shallow, e.waits) // creates goroutines for the next measurements to reuse
	r.Memory = append(r.Memory, fleetFootprint(t, e.waits))
	for _, w := range waiters() {
		f := footprint(t, w, shallow, e.waits)
		f.Deep = footprint(t, w, deep(), e.waits).Bytes
		r.Memory = append(r.Memory, f)
	}
	f := footprint(t, waiter{"activitystream Wait", serviceWait}, nil, e.waits)
	f.Deep = f.Bytes
	r.Memory = append(r.Memory, f)
	r.Lag = measureLag(t, e.spread)
	for _, n := range e.crowds {
		r.Quota = append(r.Quota, together(t, n, 1)...)
	}
	var times []float64
	for seed := range uint64(e.seeds) {
		times = append(times, fewer(t, e.many, seed))
	}
	r.Builds = measureBuilds(t)
	r.judge(e.many, spreadOf(times), len(thirdParty(t)))
	r.records(t, e)
	r.reader(t, e)
	return r
}

// withoutSleep subtracts the timing of the contender "sleep" from the others.
func withoutSleep(reads map[string]Timing) map[string]Timing {
	sleep := reads["sleep"]
	delete(reads, "sleep")
	for name, one := range reads {
		reads[name] = one.less(sleep)
	}
	return reads
}

// time adds the timings of one kind of work, by contender.
func (r *Results) time(work string, timings map[string]Timing) {
	for name, one := range timings {
		one.Work, one.Name = work, name
		r.Timings = append(r.Timings, one)
	}
	slices.SortStableFunc(r.Timings[len(r.Timings)-len(timings):], func(a, b Timing) int {
		return int(a.Nanoseconds.Median - b.Nanoseconds.Median)
	})
}
