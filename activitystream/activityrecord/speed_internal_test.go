package activityrecord

import (
	"bytes"
	"compress/gzip"
	"context"
	"encoding/base64"
	"encoding/json"
	"flag"
	"io"
	"math/rand/v2"
	"runtime"
	"runtime/debug"
	"slices"
	"syscall"
	"testing"
	"time"
)

var speed = flag.Bool("speed", false, "measure the cost of decoding in full, and check the goals; takes half a minute")

// A step is one way to do something, or one part of it.
type step struct {
	name string
	run  func()
}

// TestSpeed compares Decode with the sum of its parts, and with the same steps and encoding/json.
// The page of internal/benchmarks has the comparison with the official SDK.
//
//	GOMAXPROCS=1 go test ./activitystream/activityrecord -run TestSpeed -speed -v
func TestSpeed(t *testing.T) {
	rounds := 3
	if *speed {
		rounds = 301
	}
	for _, v := range corpus(t) {
		w := new(workspace)
		decoder := NewDecoder(KeysFunc(func(context.Context, []byte) ([]byte, error) { return v.key, nil }))
		text, sealed, compressed, document := v.layers(t)
		buffer := make([]byte, len(text))
		open := func() {
			if err := w.message.parse(sealed); err != nil {
				t.Fatal(err)
			}
			if _, err := w.message.open(w.plaintext[:0], v.key); err != nil {
				t.Fatal(err)
			}
		}
		w.plaintext = make([]byte, 0, len(sealed))
		unzip := func() {
			if _, err := w.inflater.inflate(compressed, defaultMaxInflated); err != nil {
				t.Fatal(err)
			}
		}
		steps := []step{
			{"Decode", func() {
				if _, err := decoder.Decode(t.Context(), v.data); err != nil {
					t.Fatal(err)
				}
			}},
			{"base64", func() {
				if _, err := base64.StdEncoding.Decode(buffer, text); err != nil {
					t.Fatal(err)
				}
			}},
			{"AES-GCM", open},
			{"gunzip", unzip},
			{"JSON", func() {
				w.inner.maxEvents = defaultMaxEvents
				if err := w.inner.decode(&Record{}, document); err != nil {
					t.Fatal(err)
				}
			}},
			{"encoding/json", func() {
				standardJSON(t, v.data, document)
				open()
				unzip()
			}},
			{"compress/gzip and encoding/json", func() {
				standardJSON(t, v.data, document)
				open()
				r, err := gzip.NewReader(bytes.NewReader(compressed))
				if err != nil {
					t.Fatal(err)
				}
				if _, err := io.ReadAll(r); err != nil {
					t.Fatal(err)
				}
			}},
		}
		times := interleave(rounds, steps)
		ratio := func(of string, over ...string) float64 {
			var all []float64
			for i, total := range times[of] {
				sum := 0.0
				for _, name := range over {
					sum += times[name][i]
				}
				all = append(all, total/sum)
			}
			return median(all)
		}
		parts, standard := ratio("Decode", "base64", "AES-GCM", "gunzip", "JSON"), ratio("encoding/json", "Decode")
		for _, s := range steps {
			t.Logf("%s: %s takes %.1f µs", v.name, s.name, median(times[s.name])/1e3)
		}
		t.Logf("%s: %.2f times the sum of its parts", v.name, parts)
		t.Logf("%s: %.1f times as fast as with encoding/json, of at most %.1f if all but AES-GCM and gunzip took no time; %.1f as with compress/gzip, too",
			v.name, standard, ratio("encoding/json", "AES-GCM", "gunzip"), ratio("compress/gzip and encoding/json", "Decode"))
		if *speed && (parts > 1.3 || v.name != "heartbeat" && standard < 4) {
			t.Errorf("%s: the goals are at most 1.3 and, for a batch, at least 4", v.name)
		}
	}
}

// record is a record of the corpus.
type record struct {
	name      string
	data, key []byte
}

// corpus returns the heartbeat and the batch of 400 events among the vectors.
func corpus(t *testing.T) []record {
	t.Helper()
	var all []record
	for _, v := range ReadVectors(t) {
		switch v.Name {
		case "heartbeat", "postgresql, 400 events in many frames, suite 0178":
			all = append(all, record{v.Name, v.Data, v.Key})
		}
	}
	if len(all) != 2 {
		t.Fatalf("got %d records, want 2", len(all))
	}
	return all
}

// layers returns what is in a record, from the outside to the inside.
func (v record) layers(t *testing.T) (text, sealed, compressed, document []byte) {
	t.Helper()
	var e envelope
	if err := e.parse(v.data); err != nil {
		t.Fatal(err)
	}
	var m message
	if err := m.parse(e.message); err != nil {
		t.Fatal(err)
	}
	compressed, problem := m.open(nil, v.key)
	if problem != nil {
		t.Fatal(problem)
	}
	r, err := gzip.NewReader(bytes.NewReader(compressed))
	if err != nil {
		t.Fatal(err)
	}
	if document, err = io.ReadAll(r); err != nil {
		t.Fatal(err)
	}
	return base64.StdEncoding.AppendEncode(nil, e.message), e.message, compressed, document
}

// interleave runs each step once a round, in random order, so that what else the machine does hits
// all of them alike. It returns the nanoseconds of processor time of each round by name.
func interleave(rounds int, steps []step) map[string][]float64 {
	times := map[string][]float64{}
	const slice = 2 * time.Millisecond
	count := map[string]int{}
	for _, s := range steps {
		s.run()
		start := time.Now()
		s.run()
		count[s.name] = int(max(slice/max(time.Since(start), 1), 1))
	}
	defer debug.SetGCPercent(debug.SetGCPercent(-1))
	for range rounds {
		runtime.GC()
		for _, i := range rand.Perm(len(steps)) {
			s := steps[i]
			s.run()
			start := cpu()
			for range count[s.name] {
				s.run()
			}
			times[s.name] = append(times[s.name], float64(cpu()-start)/float64(count[s.name]))
		}
	}
	return times
}

func median(values []float64) float64 {
	s := slices.Sorted(slices.Values(values))
	return s[len(s)/2]
}

// standardJSON decodes both JSON documents of a record with encoding/json.
func standardJSON(t *testing.T, data, document []byte) {
	var e struct {
		Type, Version               string
		DatabaseActivityEvents, Key []byte
	}
	if err := json.Unmarshal(data, &e); err != nil {
		t.Fatal(err)
	}
	var r jsonRecord
	if err := json.Unmarshal(document, &r); err != nil || len(r.DatabaseActivityEventList) == 0 {
		t.Fatal(err)
	}
}

// jsonRecord is a Record for encoding/json.
type jsonRecord struct {
	ClusterId, InstanceId     string
	DatabaseActivityEventList []jsonEvent
}

type jsonEvent struct{ Event }

func (e *jsonEvent) UnmarshalJSON(data []byte) error {
	fields := struct {
		*Event
		StatementId json.Number // which encoding/json does not read into a string
	}{Event: &e.Event}
	err := json.Unmarshal(data, &fields)
	e.StatementId, e.Raw = string(fields.StatementId), bytes.Clone(data)
	return err
}

// cpu returns the processor time of this process, which other processes do not add to.
func cpu() time.Duration {
	var u syscall.Rusage
	_ = syscall.Getrusage(syscall.RUSAGE_SELF, &u)
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}
