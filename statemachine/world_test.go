package statemachine_test

import (
	"context"
	"fmt"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/streamwarden/streamwarden-go/internal/assert"
	"github.com/streamwarden/streamwarden-go/statemachine"
)

// world is many resources that are read alone or together, in virtual time.
type world struct {
	begin   time.Time
	lives   map[string]life
	latency time.Duration

	lacks  map[string]bool                      // reads of many do not have these
	fails  map[string]error                     // reads of this one alone
	refuse func(names []string, n int) error    // the nth read of many
	hang   func(names []string, many bool) bool // until the context ends

	mu       sync.Mutex
	calls    []call
	inflight int
	peak     int
}

// call is one read.
type call struct {
	At    time.Duration
	Names []string
	Many  bool
}

// newWorld returns n resources, r0, r1, …, each with a life of its own.
func newWorld(n int, l func(i int, begin time.Time) life) *world {
	w := &world{begin: time.Now(), lives: map[string]life{}, lacks: map[string]bool{}, fails: map[string]error{}}
	for i := range n {
		w.lives[fmt.Sprintf("r%d", i)] = l(i, w.begin)
	}
	return w
}

// startedAfter returns a life that is starting until d after the beginning.
func startedAfter(d func(i int) time.Duration) func(int, time.Time) life {
	return func(i int, begin time.Time) life {
		return life{{State: starting, At: begin.Add(-time.Hour)}, {State: started, At: begin.Add(d(i))}}
	}
}

func (w *world) enter(names []string, many bool) (n int, leave func()) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.calls = append(w.calls, call{At: time.Since(w.begin), Names: slices.Clone(names), Many: many})
	w.inflight++
	w.peak = max(w.peak, w.inflight)
	return len(w.calls), func() {
		w.mu.Lock()
		defer w.mu.Unlock()
		w.inflight--
	}
}

// respond waits until the response of a read is due.
func (w *world) respond(ctx context.Context, names []string, many bool) error {
	if w.hang != nil && w.hang(names, many) {
		<-ctx.Done()
		return ctx.Err()
	}
	return assert.Sleep(ctx, w.latency)
}

func (w *world) read(ctx context.Context, name string) (row, error) {
	_, leave := w.enter([]string{name}, false)
	defer leave()
	if err := w.respond(ctx, []string{name}, false); err != nil {
		return row{}, err
	}
	if err := w.fails[name]; err != nil {
		return row{}, err
	}
	l, ok := w.lives[name]
	if !ok {
		return row{}, fault(statemachine.NotFound)
	}
	return row{State: l.at(time.Now())}, nil
}

func (w *world) readMany(ctx context.Context, names []string) ([]statemachine.Result[row], error) {
	n, leave := w.enter(names, true)
	defer leave()
	if err := w.respond(ctx, names, true); err != nil {
		return nil, err
	}
	if w.refuse != nil {
		if err := w.refuse(names, n); err != nil {
			return nil, err
		}
	}
	var results []statemachine.Result[row]
	for i, name := range slices.Backward(names) { // in no order of theirs
		if l, ok := w.lives[name]; ok && !w.lacks[name] {
			results = append(results, statemachine.Result[row]{Index: i, Value: row{State: l.at(time.Now())}})
		}
	}
	return results, nil
}

// fleet reads the world.
func (w *world) fleet(o statemachine.WaitOptions) *statemachine.Fleet[row, state] {
	return &statemachine.Fleet[row, state]{Machine: stream(), Read: w.read, ReadMany: w.readMany, State: stateOf, Options: o}
}

// goals returns the goals of n resources.
func goals(n int, target state) []statemachine.Goal[row, state] {
	gs := make([]statemachine.Goal[row, state], n)
	for i := range gs {
		gs[i] = statemachine.Goal[row, state]{Resource: fmt.Sprintf("r%d", i), Target: target}
	}
	return gs
}

// names returns the resources of n goals.
func names(n int) []string {
	var ns []string
	for i := range n {
		ns = append(ns, fmt.Sprintf("r%d", i))
	}
	return ns
}

// outcomeOf returns one result as a line, with its instant.
func (w *world) outcomeOf(i int, v row, err error) string {
	text := string(v.State)
	if err != nil {
		text += fmt.Sprintf(" %v", chain(err))
	}
	return fmt.Sprintf("%v r%d %s", time.Since(w.begin), i, text)
}

// each ranges over a fleet to its end.
func (w *world) each(t *testing.T, f *statemachine.Fleet[row, state], gs []statemachine.Goal[row, state], maxWait time.Duration) (results []string) {
	t.Helper()
	for i, r := range f.Each(t.Context(), gs, maxWait) {
		if r.Index != i {
			t.Errorf("index %d, in the result %d", i, r.Index)
		}
		results = append(results, w.outcomeOf(i, r.Value.Value, r.Err))
	}
	return results
}

// lines returns the calls, one per line.
func (w *world) lines() (lines []string) {
	w.mu.Lock()
	defer w.mu.Unlock()
	for _, c := range w.calls {
		word := "one"
		if c.Many {
			word = "many"
		}
		lines = append(lines, fmt.Sprintf("%v %s %v", c.At, word, c.Names))
	}
	return lines
}
