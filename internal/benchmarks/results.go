package benchmarks

import (
	"encoding/json"
	"os"
	"slices"
)

// Results is one run, as stored in results.json. The tables and the charts show it.
type Results struct {
	Machine Machine           `json:"machine"`
	Peers   map[string]string `json:"peers"` // module and version
	Rows    []Row             `json:"rows"`
	Timings []Timing          `json:"timings"`
	Lag     []Class           `json:"lag"`
	Quota   []Together        `json:"quota"`
	Memory  []Footprint       `json:"memory"`
	Builds  []Build           `json:"builds"`
}

// Machine is the machine of the run.
type Machine struct {
	CPU   string `json:"cpu"`
	Cores int    `json:"cores"`
	OS    string `json:"os"`
	Arch  string `json:"arch"`
	Go    string `json:"go"`
}

// Row is one goal and what was measured.
type Row struct {
	Measure string  `json:"measure"`
	Unit    string  `json:"unit"` // "× looplab's Can", "allocations", …
	Goal    float64 `json:"goal"`
	AtLeast bool    `json:"at_least,omitempty"` // the goal is a lower bound; else an upper one
	Got     Spread  `json:"got"`
}

// Met reports whether the median meets the goal.
func (r Row) Met() bool {
	if r.AtLeast {
		return r.Got.Median >= r.Goal
	}
	return r.Got.Median <= r.Goal
}

// Spread is a median and the quartiles around it. A count, as opposed to a time, has three equal
// values.
type Spread struct {
	Median float64 `json:"median"`
	Low    float64 `json:"low"`
	High   float64 `json:"high"`
}

func exactly(v float64) Spread { return Spread{v, v, v} }

func spreadOf(values []float64) Spread {
	s := slices.Sorted(slices.Values(values))
	at := func(q float64) float64 { return s[int(q*float64(len(s)-1)+0.5)] }
	return Spread{Median: at(0.5), Low: at(0.25), High: at(0.75)}
}

// Timing is what a unit of work costs one contender. The nanoseconds belong to one run on one
// machine: they compare with each other and with nothing else.
type Timing struct {
	Work        string  `json:"work"`
	Name        string  `json:"name"`
	Nanoseconds Spread  `json:"ns"`
	Allocs      float64 `json:"allocs"`
	Bytes       float64 `json:"bytes"`

	rounds []float64
}

// Class is one distribution of how long transitions take, with the results of the waits for them.
type Class struct {
	Name     string      `json:"name"`
	Frontier []Point     `json:"frontier"` // the best possible schedules, given the distribution
	Waiters  []Scheduled `json:"waiters"`
}

// Point is a mean number of reads, and the mean lag in seconds from the change to the read that
// shows it.
type Point struct {
	Reads float64 `json:"reads"`
	Lag   float64 `json:"lag"`
}

// Scheduled is one waiter's point, and its lag as a multiple of the frontier's at the same number
// of reads.
type Scheduled struct {
	Name string `json:"name"`
	Point
	Times float64 `json:"times_the_best"`
}

// Together is the result of many waits at once under a quota.
type Together struct {
	Name      string  `json:"name"`
	Waits     int     `json:"waits"`
	Lost      int     `json:"lost"`
	Throttled int     `json:"throttled"` // calls that the service refused
	Calls     int     `json:"calls"`
	Lag       float64 `json:"lag"` // mean of those that were not lost, in seconds
}

// Footprint is the memory per wait of many waits that sleep at once.
type Footprint struct {
	Name       string  `json:"name"`
	Waits      int     `json:"waits"`
	Bytes      float64 `json:"bytes"`      // a wait, stacks included
	Deep       float64 `json:"bytes_deep"` // the same, where each read is a call of the SDK's client
	Goroutines float64 `json:"goroutines"` // a wait
}

// Build is the size of a program.
type Build struct {
	Name     string `json:"name"`
	Bytes    int64  `json:"bytes"`
	Stripped int64  `json:"stripped"` // with -ldflags='-s -w'
}

// Load reads a results file.
func Load(name string) (*Results, error) {
	text, err := os.ReadFile(name) //nolint:gosec // the caller's own file
	if err != nil {
		return nil, err
	}
	var r Results
	return &r, json.Unmarshal(text, &r)
}

// Save writes a results file.
func (r *Results) Save(name string) error {
	text, err := json.MarshalIndent(r, "", "\t")
	if err != nil {
		return err
	}
	return os.WriteFile(name, append(text, '\n'), 0o644) //nolint:gosec // a document, readable by all
}
