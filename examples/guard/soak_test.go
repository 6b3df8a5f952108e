package main

import (
	"flag"
	"fmt"
	"maps"
	"runtime"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"text/tabwriter"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/streamwarden/streamwarden-go/internal/assert"
)

// A soak runs a guard of many resources for a long virtual time under every fault of the
// simulators. A short one is a part of each test run. The long one is a month of 200 resources:
//
//	go test ./examples/guard -run 'TestSoak$' -v -timeout 60m -soak
//
// A seed decides everything that happens, so a soak can be repeated. If a result is wrong or a
// resource is lost, the test prints the command that repeats the soak.
var (
	month    = flag.Bool("soak", false, "run TestSoak in full: a month of 200 resources")
	soakSeed = flag.Uint64("soak.seed", 1, "seed of TestSoak")
)

// plan is the extent of a soak.
type plan struct {
	length     time.Duration
	every      time.Duration // between two reads of a resource
	each       int           // stores, streams, and half of the databases
	eventEvery time.Duration // in the mean, of one resource
	stormEvery time.Duration // of one service
}

// quiet is the time without faults at the end, in which the guard repairs everything: a repair may
// take an hour, with a backoff of an hour after it.
const quiet = 4 * time.Hour

func shortPlan() plan {
	if assert.Race {
		return plan{length: 7 * time.Hour, every: 2 * time.Minute, each: 2, eventEvery: 15 * time.Minute, stormEvery: time.Hour}
	}
	return plan{length: 16 * time.Hour, every: 2 * time.Minute, each: 6, eventEvery: 40 * time.Minute, stormEvery: 4 * time.Hour}
}

func longPlan() plan {
	return plan{length: 30 * 24 * time.Hour, every: 5 * time.Minute, each: 50, eventEvery: 10 * time.Hour, stormEvery: 36 * time.Hour}
}

// outcome is the result of a soak. Its counts depend only on the seed; measured does not.
type outcome struct {
	counts   map[string]map[string]int
	off      time.Duration
	wrong    []string
	recovery []string // from each blackout
	measured []string
}

// again returns the command that repeats a soak.
func again(seed uint64) string {
	text := fmt.Sprintf("go test ./examples/guard -run 'TestSoak$' -v -timeout 60m -soak.seed=%d", seed)
	if *month {
		text += " -soak"
	}
	if assert.Race {
		text = strings.Replace(text, "go test", "go test -race", 1)
	}
	return text
}

// TestSoak checks that no resource is lost, that no result is wrong and that no goroutine is left.
func TestSoak(t *testing.T) {
	p := shortPlan()
	if *month {
		p = longPlan()
	}
	o := soaked(t, p, *soakSeed)
	t.Log(o.table(p, *soakSeed))
	for _, wrong := range o.wrong[:min(len(o.wrong), 20)] { // in the order of time
		t.Errorf("seed %d: %s", *soakSeed, wrong)
	}
	if len(o.wrong) > 0 {
		t.Errorf("again: %s", again(*soakSeed))
	}
	if assert.Race { // too short for one of each kind
		return
	}
	for _, kind := range []string{throttled, failing, reset, lost, late, tooLate, hung, denied, oldRead, outOfOrder, stepBack, stepForth} {
		if o.counts["faults"][kind] == 0 {
			t.Errorf("there was no fault %q", kind)
		}
	}
}

// TestSoakRepeatsWithSameSeed checks that a seed repeats a soak, and that another seed does not. It
// uses one processor, because reads of many resources that are due at one instant are made by the
// goroutine that comes first.
func TestSoakRepeatsWithSameSeed(t *testing.T) { //nolint:paralleltest // changes GOMAXPROCS
	defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(1))
	p := plan{length: quiet + 3*time.Hour, every: 2 * time.Minute, each: 2, eventEvery: 15 * time.Minute, stormEvery: time.Hour}
	if assert.Race {
		p.each, p.length = 1, quiet+90*time.Minute
	}
	once, again, other := soaked(t, p, 1), soaked(t, p, 1), soaked(t, p, 2)
	if diff := cmp.Diff(once.counts, again.counts); diff != "" {
		t.Errorf("the same seed again: (-once +again)\n%s", diff)
	}
	if once.off != again.off {
		t.Errorf("the same seed again: resources were off target for %v, then for %v", once.off, again.off)
	}
	if diff := cmp.Diff(once.recovery, again.recovery); diff != "" {
		t.Errorf("the same seed again: (-once +again)\n%s", diff)
	}
	if cmp.Equal(once.counts, other.counts) {
		t.Error("another seed makes the same table")
	}
	for _, o := range []outcome{once, other} {
		for _, wrong := range o.wrong {
			t.Error(wrong)
		}
	}
}

// soaked runs one soak.
func soaked(t *testing.T, p plan, seed uint64) outcome {
	t.Helper()
	var o outcome
	before := runtime.NumGoroutine()
	sample := func(when string) {
		o.measured = append(o.measured, fmt.Sprintf("%s: %d goroutines, heap %.1f MiB", when, runtime.NumGoroutine(), float64(heap())/(1<<20)))
	}
	sample("before")
	first := heap()
	synctest.Test(t, func(t *testing.T) {
		w := newSoak(p, seed)
		sample("with the simulators filled")
		w.run(t.Context(), sample)
		o.counts, o.off, o.wrong = w.tally.of, w.off, w.wrong
		for _, b := range w.dark {
			o.recovery = append(o.recovery, b.recovery(w.began))
		}
	})
	sample("after")
	if n := runtime.NumGoroutine(); n > before {
		o.wrong = append(o.wrong, fmt.Sprintf("%d goroutines before, %d after", before, n))
	}
	if last := heap(); last > first+8<<20 {
		o.wrong = append(o.wrong, fmt.Sprintf("heap: %d bytes before, %d after", first, last))
	}
	return o
}

// heap returns the bytes in use after a garbage collection.
func heap() uint64 {
	var m runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&m)
	return m.HeapAlloc
}

// table formats the outcome.
func (o *outcome) table(p plan, seed uint64) string {
	var b strings.Builder
	tab := tabwriter.NewWriter(&b, 0, 0, 2, ' ', 0)
	fmt.Fprintf(tab, "%d resources for %v, read every %v, seed %d\n", 4*p.each, p.length, p.every, seed)
	sorts := []struct{ sort, title string }{
		{"faults", "faults injected"}, {"events", "events"}, {"reads", "reads"}, {"waits", "waits"}, {"verdicts", "verdicts"},
		{"commands", "commands"}, {"log", "the guard's log"},
	}
	for _, s := range sorts {
		fmt.Fprintf(tab, "%s\t\n", s.title)
		for _, what := range slices.Sorted(maps.Keys(o.counts[s.sort])) {
			fmt.Fprintf(tab, "  %s\t%d\n", what, o.counts[s.sort][what])
		}
	}
	lost := 0
	for _, n := range o.counts["lost"] {
		lost += n
	}
	share := float64(o.off) / float64(p.length) / float64(4*p.each)
	fmt.Fprintf(tab, "time that resources were off target\t%.2f %%\n", 100*share)
	for _, text := range o.recovery {
		fmt.Fprintf(tab, "everything was stopped %s\n", text)
	}
	fmt.Fprintf(tab, "WRONG\t%d\n", len(o.wrong))
	fmt.Fprintf(tab, "LOST\t%d\n", lost)
	_ = tab.Flush()
	for _, line := range o.measured {
		fmt.Fprintln(&b, line)
	}
	return b.String()
}
