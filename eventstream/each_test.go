package eventstream_test

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/streamwarden/streamwarden-go/eventstream"
	"github.com/streamwarden/streamwarden-go/eventstream/eventstreamtest"
	"github.com/streamwarden/streamwarden-go/internal/assert"
	"github.com/streamwarden/streamwarden-go/statemachine"
)

// domain returns the Ref of a stream in the i-th domain.
func domain(i int) eventstream.Ref {
	return eventstream.Ref{DomainName: fmt.Sprintf("domain-%04d", i), EventStreamName: "events"}
}

// domains returns a server with n domains, and the Refs of their streams. The streams exist if they
// have a state.
func domains(n int, state eventstream.State, optFns ...func(*options)) (*server, []eventstream.Ref) {
	s := eventstreamtest.NewServer(optFns...)
	var refs []eventstream.Ref
	for i := range n {
		r := domain(i)
		s.AddDomain(r.DomainName)
		if state != eventstream.StateAbsent {
			s.AddEventStream(eventstreamtest.EventStream{DomainName: r.DomainName, EventStreamName: r.EventStreamName, Uri: uri, State: state})
		}
		refs = append(refs, r)
	}
	return s, refs
}

func creates(refs ...eventstream.Ref) []*eventstream.CreateInput {
	var ins []*eventstream.CreateInput
	for _, r := range refs {
		ins = append(ins, &eventstream.CreateInput{Ref: r, Uri: uri})
	}
	return ins
}

// verdicts lists the results as "<index> <key>: <verdict>", sorted. It fails the test for a result
// with another key than that of its input.
func verdicts[R any](tb testing.TB, refs []eventstream.Ref, seq iter.Seq2[eventstream.Ref, statemachine.Result[R]]) []string {
	tb.Helper()
	var list []string
	for key, r := range seq {
		assert.Equal(tb, "key", refs[r.Index], key)
		list = append(list, strings.TrimSuffix(fmt.Sprintf("%d %s: %s", r.Index, key, assert.ErrorSummary(r.Err)), " "))
	}
	slices.Sort(list)
	return list
}

// count returns the number of calls by operation, and those that were throttled under "throttled".
func count(s *server) map[string]int {
	n := map[string]int{}
	for _, c := range s.Calls() {
		n[string(c.Operation)]++
		if c.Code == "ThrottlingException" {
			n["throttled"]++
		}
	}
	return n
}

func TestEachYieldsOneResultForEachInput(t *testing.T) {
	missing := eventstream.Ref{DomainName: "no-domain", EventStreamName: "x"}
	absent := eventstream.Ref{DomainName: "example-domain", EventStreamName: "other"}
	refs := []eventstream.Ref{ref(), {DomainName: "example-domain"}, ref(), missing, absent, {DomainName: "Example-Domain", EventStreamName: "example-stream"}}
	for _, tt := range []struct {
		why  string
		call func(ctx context.Context, tb testing.TB, c *eventstream.Client) []string
		want []string
	}{
		{"GetEach", func(ctx context.Context, tb testing.TB, c *eventstream.Client) []string {
			return verdicts(tb, refs, c.GetEach(ctx, refs))
		}, []string{
			"0 example-domain/example-stream:", "1 example-domain/: invalid input", "2 example-domain/example-stream:", "3 no-domain/x: not found",
			"4 example-domain/other: not found", "5 Example-Domain/example-stream: not found",
		}},
		{"WaitEach", func(ctx context.Context, tb testing.TB, c *eventstream.Client) []string {
			return verdicts(tb, refs, c.WaitEach(ctx, refs, eventstream.StateAbsent, 10*time.Second))
		}, []string{
			"0 example-domain/example-stream: timed out", "1 example-domain/: invalid input", "2 example-domain/example-stream: timed out",
			"3 no-domain/x: read failed", "4 example-domain/other:", "5 Example-Domain/example-stream: read failed",
		}},
		{"EnsureDeletedEach", func(ctx context.Context, tb testing.TB, c *eventstream.Client) []string {
			return verdicts(tb, refs, c.EnsureDeletedEach(ctx, refs, time.Hour))
		}, []string{
			"0 example-domain/example-stream:", "1 example-domain/: invalid input", "2 example-domain/example-stream:",
			"3 no-domain/x: read failed", "4 example-domain/other:", "5 Example-Domain/example-stream: read failed",
		}},
	} {
		assert.RunSynctest(t, tt.why, func(t *testing.T) {
			assert.Equal(t, "results", tt.want, tt.call(t.Context(), t, client(running())))
		})
	}
}

func TestEnsureCreatedEach(t *testing.T) {
	assert.RunSynctest(t, "different inputs for one stream are invalid, equal ones share a result", func(t *testing.T) {
		s, refs := domains(2, eventstream.StateAbsent)
		ins := creates(refs[0], refs[1], refs[0], refs[1])
		ins[3].Uri = otherURI
		ins = append(ins, nil, &eventstream.CreateInput{Ref: refs[0], Uri: "nope"})
		keys := []eventstream.Ref{refs[0], refs[1], refs[0], refs[1], {}, refs[0]}
		assert.Equal(t, "results", []string{
			"0 domain-0000/events:", "1 domain-0001/events: invalid input", "2 domain-0000/events:", "3 domain-0001/events: invalid input",
			"4 /: invalid input", "5 domain-0000/events: invalid input",
		}, verdicts(t, keys, client(s).EnsureCreatedEach(t.Context(), ins, time.Hour)))
		for _, c := range s.Calls() {
			if strings.Contains(c.Resource, refs[1].DomainName) {
				t.Errorf("sent for inputs that contradict each other: %+v", c)
			}
		}
		for _, r := range client(s).EnsureCreatedEach(t.Context(), ins[1:4:4], time.Hour) {
			if r.Index != 1 {
				assert.Equal(t, "error", "invalid input: EventStreamName has conflicting inputs for the same resource: domain-0001/events", r.Err.Error())
			}
		}
	})
	assert.RunSynctest(t, "each stream by the rules of EnsureCreated", func(t *testing.T) {
		s, refs := domains(5, eventstream.StateAbsent)
		add := func(i int, name, uri string, state eventstream.State) {
			s.AddEventStream(eventstreamtest.EventStream{DomainName: refs[i].DomainName, EventStreamName: name, Uri: uri, State: state})
		}
		add(1, "events", uri, eventstream.StateRunning)
		add(2, "events", otherURI, eventstream.StateRunning)
		add(3, "events", uri, eventstream.StateStopped)
		add(4, "others", otherURI, eventstream.StateRunning)
		began := time.Now()
		got := make([]string, 5)
		for _, r := range client(s).EnsureCreatedEach(t.Context(), creates(refs...), time.Hour) {
			got[r.Index] = fmt.Sprint(time.Since(began).Round(time.Second), " ", assert.ErrorSummary(r.Err), " ", r.Value.Stream.State, " ", r.Value.Operations)
		}
		assert.Equal(t, "results", []string{
			"3s  RUNNING [CreateEventStream]",
			"0s  RUNNING []",
			"0s drifted RUNNING []",
			"1m1s unreachable STOPPED []",
			"2s conflict ABSENT []",
		}, got)
		assert.Equal(t, "commands", []string{"500ms CreateEventStream ok", "1.611111111s CreateEventStream BadRequestException"}, commands(s, began))
	})
	assert.RunSynctest(t, "AllowRestart", func(t *testing.T) {
		s, refs := domains(2, eventstream.StateStopped)
		for _, r := range client(s, allowRestart).EnsureCreatedEach(t.Context(), creates(refs...), time.Hour) {
			assert.Equal(t, "error", nil, r.Err)
			assert.Equal(t, "operations", []statemachine.Operation{eventstream.DeleteEventStream, eventstream.CreateEventStream}, r.Value.Operations)
		}
	})
}

// TestEachConfirmsAbsenceOncePerDomain checks that one ListEventStreams confirms the absence of all
// streams of a domain that are read at about the same time.
func TestEachConfirmsAbsenceOncePerDomain(t *testing.T) {
	var refs []eventstream.Ref
	for i := range 12 {
		refs = append(refs, eventstream.Ref{DomainName: domain(i % 2).DomainName, EventStreamName: fmt.Sprint("stream-", i)})
	}
	assert.RunSynctest(t, "GetEach", func(t *testing.T) {
		s, _ := domains(2, eventstream.StateRunning)
		for _, r := range client(s).GetEach(t.Context(), refs) {
			assert.ErrorIs(t, r.Err, statemachine.NotFound)
		}
		assert.Equal(t, "calls", map[string]int{"GetEventStream": 12, "ListEventStreams": 2}, count(s))
	})
	assert.RunSynctest(t, "another list for the next read", func(t *testing.T) {
		s, _ := domains(2, eventstream.StateRunning)
		for _, r := range client(s).WaitEach(t.Context(), refs, eventstream.StateAbsent, time.Hour, func(o *eventstream.Options) { o.Wait.Consecutive = 3 }) {
			assert.Equal(t, "error", nil, r.Err)
		}
		assert.Equal(t, "calls", map[string]int{"GetEventStream": 36, "ListEventStreams": 6}, count(s))
	})
	assert.RunSynctest(t, "a failed list is not kept", func(t *testing.T) {
		s, _ := domains(2, eventstream.StateRunning)
		s.Fail(listEventStreams, failure{Code: "InternalServerException", Status: 500, Times: 3})
		for _, r := range client(s).GetEach(t.Context(), refs) {
			assert.ErrorIs(t, r.Err, statemachine.NotFound)
		}
		assert.Equal(t, "calls", map[string]int{"GetEventStream": 15, "ListEventStreams": 5}, count(s))
	})
}

func TestWaitHealthyEach(t *testing.T) {
	assert.RunSynctest(t, "each stream by the rules of WaitHealthy", func(t *testing.T) {
		s, refs := domains(4, eventstream.StateRunning, func(o *options) { o.DestinationRecovery = time.Minute })
		arn := func(i int) string {
			return strings.Replace(strings.Replace(streamARN, "example-domain", refs[i].DomainName, 1), "example-stream", "events", 1)
		}
		s.SetDestination(arn(1), eventstream.DestinationUnhealthy, "throttled")
		s.SetDestination(arn(2), eventstream.DestinationUnhealthy, "The Kinesis Data Stream does not exist. Please recreate the event stream")
		s.Set(arn(3), eventstream.StateStopped)
		began := time.Now()
		got := make([]string, 4)
		for _, r := range client(s).WaitHealthyEach(t.Context(), refs, time.Hour) {
			var plan []statemachine.Operation
			if e, ok := errors.AsType[*statemachine.WaitError](r.Err); ok {
				plan = e.Plan
			}
			got[r.Index] = fmt.Sprint(time.Since(began).Round(time.Second), " ", assert.ErrorSummary(r.Err), " ", r.Value.State, " ", r.Value.Status, " ", plan)
		}
		assert.Equal(t, "results", []string{
			"0s  RUNNING HEALTHY []",
			"1m0s  RUNNING HEALTHY []",
			"1m0s unreachable RUNNING UNHEALTHY [DeleteEventStream CreateEventStream]",
			"1m1s unreachable STOPPED HEALTHY [DeleteEventStream CreateEventStream]",
		}, got)
	})
}

// TestWaitHealthyEachOfManyAtOnce ends many waits while others are read. Run it with -race.
func TestWaitHealthyEachOfManyAtOnce(t *testing.T) {
	assert.RunSynctest(t, "no destination can become healthy", func(t *testing.T) {
		s, refs := domains(200, eventstream.StateRunning)
		for _, ref := range refs {
			arn := strings.Replace(strings.Replace(streamARN, "example-domain", ref.DomainName, 1), "example-stream", "events", 1)
			s.SetDestination(arn, eventstream.DestinationUnhealthy, eventstreamtest.MessageMissing)
		}
		n := 0
		for _, r := range client(s).WaitHealthyEach(t.Context(), refs, time.Hour) {
			n++
			assert.ErrorIs(t, r.Err, statemachine.MissingDependency)
		}
		assert.Equal(t, "results", len(refs), n)
	})
}

func TestWatchEach(t *testing.T) {
	assert.RunSynctest(t, "each change, also an absence", func(t *testing.T) {
		s, refs := domains(2, eventstream.StateRunning)
		time.AfterFunc(45*time.Second, func() {
			s.Remove("arn:aws:profile:us-east-1:123456789012:domains/domain-0001/event-streams/events")
		})
		began := time.Now()
		var got []string
		for key, r := range client(s).WatchEach(t.Context(), refs) {
			got = append(got, fmt.Sprint(time.Since(began), " ", key, " ", r.Value.State, " ", r.Err))
			if len(got) == 3 {
				break
			}
		}
		slices.Sort(got[:2]) // the first two reads are made at the same time
		assert.Equal(t, "results", []string{
			"0s domain-0000/events RUNNING <nil>", "0s domain-0001/events RUNNING <nil>", "1m0.25s domain-0001/events ABSENT <nil>",
		}, got)
	})
}

// TestEachDecidesAgainBeforeLateCommand checks that no stream is deleted or created because of a
// read that is older than MaxDelay, however long the queues of reads and commands are.
func TestEachDecidesAgainBeforeLateCommand(t *testing.T) {
	for _, test := range []struct {
		why             string
		reads, commands float64 // a second
	}{
		{"reads are slow, so those that repeat each minute are late", 0.5, 1.0 / 10},
		{"commands are slow", 5, 1.0 / 90},
	} {
		assert.RunSynctest(t, test.why, func(t *testing.T) {
			s, refs := domains(60, eventstream.StateRunning)
			c := client(s, allowRestart, func(o *eventstream.Options) {
				o.ReadPacer, o.CommandPacer = statemachine.NewPacer(test.reads, 1), statemachine.NewPacer(test.commands, 1)
			})
			ins := creates(refs...)
			for _, in := range ins {
				in.Uri = otherURI
			}
			results, failed := drain(c.EnsureCreatedEach(t.Context(), ins, 24*time.Hour))
			assert.Equal(t, "failures", nil, failed)
			assert.Equal(t, "results", len(refs), results)
			read := map[string]time.Time{} // by ARN
			for _, call := range s.Calls() {
				switch call.Operation {
				case getEventStream:
					read[call.Resource] = call.At
				case listEventStreams:
					read[s.ARN(call.Resource, "events")] = call.At
				default:
					if age := call.At.Sub(read[call.Resource]); age > time.Minute {
						t.Errorf("%s %s after a read %s before", call.Operation, call.Resource, age)
					}
				}
			}
			assert.Equal(t, "commands", 2*len(refs), count(s)["DeleteEventStream"]+count(s)["CreateEventStream"])
		})
	}
}

// TestEachOfAThousandDomains checks the cost of many streams under the quotas of Customer Profiles.
func TestEachOfAThousandDomains(t *testing.T) {
	const n = 1000
	assert.RunSynctest(t, "all", func(t *testing.T) {
		s, refs := domains(n, eventstream.StateAbsent, func(o *options) {
			// A response never arrives at the instant when another request is due.
			o.Latency = func(call) time.Duration { return 30 * time.Millisecond }
		})
		s.Throttle(5, 5)
		c := client(s)
		type figures struct {
			Took                          time.Duration
			Results                       int
			Gets, Lists, Creates, Deletes int
			Throttled                     int
		}
		began, before := time.Now(), map[string]int{}
		measure := func(results int, failed error) figures {
			assert.Equal(t, "failures", nil, failed)
			now := count(s)
			more := func(op string) int { return now[op] - before[op] }
			f := figures{
				time.Since(began).Round(time.Millisecond), results, more("GetEventStream"), more("ListEventStreams"), more("CreateEventStream"), more("DeleteEventStream"), now["throttled"],
			}
			began, before = time.Now(), now
			return f
		}
		got := map[string]figures{}
		got["EnsureCreatedEach"] = measure(drain(c.EnsureCreatedEach(t.Context(), creates(refs...), 3*time.Hour)))
		got["WaitHealthyEach"] = measure(drain(c.WaitHealthyEach(t.Context(), refs, time.Hour)))
		got["EnsureDeletedEach of 100"] = measure(drain(c.EnsureDeletedEach(t.Context(), refs[:n/10], 3*time.Hour)))
		got["WaitEach for 100 absent streams"] = measure(drain(c.WaitEach(t.Context(), refs[:n/10], eventstream.StateAbsent, time.Hour)))
		assert.Equal(t, "figures", map[string]figures{
			"EnsureCreatedEach":               {Took: 20*time.Minute + 30*time.Millisecond, Results: n, Gets: 2901, Lists: 1901, Creates: n},
			"WaitHealthyEach":                 {Took: 4*time.Minute + 10*time.Second, Results: n, Gets: n},
			"EnsureDeletedEach of 100":        {Took: time.Minute + 52340*time.Millisecond, Results: 100, Gets: 230, Lists: 100, Deletes: 100},
			"WaitEach for 100 absent streams": {Took: 49970 * time.Millisecond, Results: 100, Gets: 100, Lists: 100},
		}, got)
	})
}

// drain returns the number of results and the failures.
func drain[R any](seq iter.Seq2[eventstream.Ref, statemachine.Result[R]]) (results int, failed error) {
	var all []error
	for _, r := range seq {
		results++
		all = append(all, r.Err)
	}
	return results, errors.Join(all...)
}
