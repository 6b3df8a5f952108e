package eventstream_test

import (
	"cmp"
	"context"
	"errors"
	"testing"
	"time"

	gocmp "github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/streamwarden/streamwarden-go/eventstream"
	"github.com/streamwarden/streamwarden-go/eventstream/eventstreamtest"
	"github.com/streamwarden/streamwarden-go/internal/assert"
	"github.com/streamwarden/streamwarden-go/statemachine"
)

const (
	absent  = eventstream.StateAbsent
	runs    = eventstream.StateRunning
	stopped = eventstream.StateStopped
)

// waited is the outcome of a wait.
type waited struct {
	Summary string
	Took    time.Duration
	State   eventstream.State // of the value
	Calls   int
}

// waitTest is a test of a wait.
type waitTest struct {
	why     string
	options func(*options)
	setup   func(s *server)   // before the wait, with the stream running
	target  eventstream.State // of a Wait
	maxWait time.Duration     // zero means 1 hour
	want    waited
	says    []string
}

func (test waitTest) run(t *testing.T, wait func(context.Context, *eventstream.Client, time.Duration) (*eventstream.Stream, error)) {
	t.Helper()
	assert.RunSynctest(t, test.why, func(t *testing.T) {
		s := running(func(o *options) {
			if test.options != nil {
				test.options(o)
			}
		})
		if test.setup != nil {
			test.setup(s)
		}
		before, began := len(s.Calls()), time.Now()
		value, err := wait(t.Context(), client(s), cmp.Or(test.maxWait, time.Hour))
		got := waited{Summary: assert.ErrorDetail(err), Took: time.Since(began), Calls: len(s.Calls()) - before}
		if value != nil {
			got.State = value.State
			if value.DomainName != "example-domain" || value.EventStreamName != "example-stream" {
				t.Errorf("names are %s, %s", value.DomainName, value.EventStreamName)
			}
		}
		assert.Equal(t, "outcome", test.want, got)
		if err != nil || len(test.says) > 0 {
			assert.ErrorOneLine(t, err)
			assert.ErrorContains(t, err, test.says...)
		}
	})
}

func TestWaitReachesTargetOrFails(t *testing.T) {
	const s, m = time.Second, time.Minute
	for _, test := range []waitTest{
		{
			why: "already gone", target: absent, setup: func(s *server) { s.Remove(streamARN) },
			want: waited{State: absent, Calls: 2},
		},
		{
			why: "deleted by another actor", target: absent, setup: func(s *server) { time.AfterFunc(5*m, func() { s.Remove(streamARN) }) },
			want: waited{Summary: "unreachable", Took: m, State: runs, Calls: 31},
			says: []string{"event stream example-domain/example-stream: waiting for ABSENT: unreachable from RUNNING (31 reads in 1m0s)", "DeleteEventStream would lead to ABSENT"},
		},
		{
			why: "not there", target: runs, setup: func(s *server) { s.Remove(streamARN) },
			want: waited{Summary: "unreachable", Took: m, State: absent, Calls: 62},
			says: []string{"unreachable from ABSENT", "CreateEventStream would lead to RUNNING"},
		},
		{
			why: "stopped", target: runs, setup: func(s *server) { s.Lapse(streamARN) },
			want: waited{Summary: "unreachable", Took: m, State: stopped, Calls: 31},
			says: []string{"unreachable from STOPPED", "DeleteEventStream, then CreateEventStream would lead to RUNNING"},
		},
		{
			why: "nothing leads to stopped", target: stopped,
			want: waited{Summary: "unreachable", Took: m, State: runs, Calls: 31},
		},
		{
			why: "the service stops it", target: stopped, setup: func(s *server) { time.AfterFunc(29*time.Second, func() { s.Lapse(streamARN) }) },
			want: waited{Took: 30 * s, State: stopped, Calls: 16},
		},
		{
			why: "denied, or no such domain", target: absent,
			setup: func(s *server) { s.Fail("", failure{Code: "ResourceNotFoundException", Status: 404, Times: -1}) },
			want:  waited{Summary: "read failed: not found", Calls: 2},
			says:  []string{"read failed", "event stream or domain not found, or access denied"},
		},
		{
			why: "the list has it for a while", target: absent,
			setup: func(s *server) {
				s.Fail(getEventStream, failure{Code: "ResourceNotFoundException", Status: 404, Times: -1})
				time.AfterFunc(10*time.Second, func() { s.Remove(streamARN) })
			},
			want: waited{Took: 12 * s, State: absent, Calls: 8}, // reads every 4 s: each fails until then
		},
		{
			why: "the list always has it", target: absent, maxWait: 10 * s,
			setup: func(s *server) {
				s.Fail(getEventStream, failure{Code: "ResourceNotFoundException", Status: 404, Times: -1})
			},
			want: waited{Summary: "timed out: unavailable", Took: 10 * s, Calls: 8},
			says: []string{"ListEventStreams lists it"},
		},
		{
			why: "the list may not be read", target: absent,
			setup: func(s *server) {
				s.Remove(streamARN)
				s.Fail(listEventStreams, failure{Code: "AccessDeniedException", Status: 403, Times: -1})
			},
			want: waited{Summary: "read failed: access denied", Calls: 2},
		},
		{
			why: "the list is throttled", target: absent,
			setup: func(s *server) {
				s.Remove(streamARN)
				s.Fail(listEventStreams, failure{Code: "ThrottlingException", Status: 429})
			},
			want: waited{Took: 4 * s, State: absent, Calls: 4},
		},
		{
			why: "stale reads of a deleted stream", target: runs,
			setup: func(s *server) {
				s.Remove(streamARN)
				time.AfterFunc(3*time.Second, func() { s.AddEventStream(example()) })
				s.FreezeReads(streamARN, 5) // Get and List twice, and Get
			},
			want: waited{Took: 8 * s, State: runs, Calls: 7},
		},
	} {
		test.run(t, func(ctx context.Context, c *eventstream.Client, maxWait time.Duration) (*eventstream.Stream, error) {
			return c.Wait(ctx, ref(), test.target, maxWait)
		})
	}
}

// TestAccessDeniedIsReadFailed checks that NotFound is in the error of a wait although the stream
// does not count as absent.
func TestAccessDeniedIsReadFailed(t *testing.T) {
	assert.RunSynctest(t, "", func(t *testing.T) {
		_, err := client(running()).Wait(t.Context(), eventstream.Ref{DomainName: "x", EventStreamName: "y"}, absent, time.Hour)
		for _, want := range []error{statemachine.ReadFailed, statemachine.NotFound} {
			if !errors.Is(err, want) {
				t.Errorf("errors.Is(err, %v) is false: %v", want, err)
			}
		}
		assert.Equal(t, "code", "ResourceNotFoundException", assert.ErrorAs[*statemachine.Fault](t, err).Code)
	})
}

func TestWaitHealthyReachesTargetOrFails(t *testing.T) {
	const s, m = time.Second, time.Minute
	unhealthy := func(message string) func(*server) {
		return func(s *server) { s.SetDestination(streamARN, eventstream.DestinationUnhealthy, message) }
	}
	for _, test := range []waitTest{
		{why: "healthy already", want: waited{State: runs, Calls: 1}},
		{
			why: "permissions propagate", options: func(o *options) { o.DestinationSetup = 42 * time.Second },
			setup: func(s *server) {
				s.Remove(streamARN)
				if _, err := client(s).Create(context.Background(), create()); err != nil {
					panic(err)
				}
			},
			want: waited{Took: 42 * s, State: runs, Calls: 22},
		},
		{
			why: "throttled for a while", options: func(o *options) { o.DestinationRecovery = 99 * time.Second }, setup: unhealthy(eventstreamtest.MessageThrottled),
			want: waited{Took: 100 * s, State: runs, Calls: 51},
		},
		{
			why: "the key is throttled", setup: unhealthy(eventstreamtest.MessageKeyThrottled), maxWait: 2 * m,
			want: waited{Summary: "timed out", Took: 2 * m, State: runs, Calls: 61},
			says: []string{"event stream destination example-domain/example-stream: waiting for HEALTHY: timed out", "last seen UNHEALTHY", eventstreamtest.MessageKeyThrottled, uri},
		},
		{
			why: "the key's configuration", setup: unhealthy(eventstreamtest.MessageKey), maxWait: 2 * m,
			want: waited{Summary: "timed out", Took: 2 * m, State: runs, Calls: 61},
		},
		{
			why: "throttled, then deleted", setup: func(s *server) {
				unhealthy(eventstreamtest.MessageThrottled)(s)
				time.AfterFunc(31*time.Second, func() { s.Remove(streamARN) })
			},
			want: waited{Summary: "gone", Took: 90 * s, State: absent, Calls: 76},
			says: []string{"the event stream is ABSENT", uri + " was UNHEALTHY", eventstreamtest.MessageThrottled},
		},
		{
			why: "no message", setup: unhealthy(""), maxWait: 2 * m,
			want: waited{Summary: "timed out", Took: 2 * m, State: runs, Calls: 61},
		},
		{
			why: "not active", setup: unhealthy(eventstreamtest.MessageNotActive),
			want: waited{Summary: "unreachable: missing dependency", Took: m, State: runs, Calls: 31},
			says: []string{"The Kinesis Data Stream is not Active", uri, "DeleteEventStream, then CreateEventStream would lead to HEALTHY"},
		},
		{
			why: "missing", setup: unhealthy(eventstreamtest.MessageMissing),
			want: waited{Summary: "unreachable: missing dependency", Took: m, State: runs, Calls: 31},
			says: []string{"does not exist"},
		},
		{
			why: "missing later", setup: func(s *server) {
				unhealthy(eventstreamtest.MessageThrottled)(s)
				time.AfterFunc(9*time.Second, func() { unhealthy(eventstreamtest.MessageMissing)(s) })
			},
			want: waited{Summary: "unreachable: missing dependency", Took: 68 * s, State: runs, Calls: 35},
		},
		{
			why: "the stream is stopped", setup: func(s *server) { s.Lapse(streamARN) },
			want: waited{Summary: "unreachable", Took: m, State: stopped, Calls: 31},
			says: []string{"the event stream is STOPPED", "DeleteEventStream, then CreateEventStream would lead to HEALTHY"},
		},
		{
			why: "stopped, in a wait that is shorter than the grace period", setup: func(s *server) { s.Lapse(streamARN) }, maxWait: 5 * s,
			want: waited{Summary: "timed out", Took: 5 * s, State: stopped, Calls: 4},
			says: []string{"the event stream is STOPPED", "DeleteEventStream, then CreateEventStream would lead to HEALTHY", "only while its event stream is RUNNING"},
		},
		{
			why: "no stream, in a wait that is shorter than the grace period", setup: func(s *server) { s.Remove(streamARN) }, maxWait: 5 * s,
			want: waited{Summary: "timed out", Took: 5 * s, State: absent, Calls: 8},
			says: []string{"the event stream is ABSENT", "; CreateEventStream would lead to HEALTHY"},
		},
		{
			why: "missing, in a wait that is shorter than the grace period", setup: unhealthy(eventstreamtest.MessageMissing), maxWait: 5 * s,
			want: waited{Summary: "timed out: missing dependency", Took: 5 * s, State: runs, Calls: 4},
			says: []string{"does not exist", "DeleteEventStream, then CreateEventStream would lead to HEALTHY"},
		},
		{
			why: "the stream stops", setup: func(s *server) {
				unhealthy(eventstreamtest.MessageKey)(s)
				time.AfterFunc(89*time.Second, func() { s.Lapse(streamARN) })
			},
			want: waited{Summary: "lapsed", Took: 148 * s, State: stopped, Calls: 75},
			says: []string{"lapsed", "the event stream is STOPPED", eventstreamtest.MessageKey},
		},
		{
			why: "the last read is throttled", maxWait: 3 * s, setup: func(srv *server) {
				unhealthy(eventstreamtest.MessageKey)(srv)
				time.AfterFunc(s, func() { srv.Fail(getEventStream, failure{Code: "ThrottlingException", Status: 429, Times: -1}) })
			},
			want: waited{Summary: "timed out: throttled", Took: 3 * s, State: runs, Calls: 3},
			says: []string{"ThrottlingException", eventstreamtest.MessageKey},
		},
		{
			why: "there is no stream", setup: func(s *server) { s.Remove(streamARN) },
			want: waited{Summary: "gone", Took: m, State: absent, Calls: 62},
			says: []string{"there is no such resource", "CreateEventStream would lead to HEALTHY"},
		},
		{
			why: "stale reads from before the stream", setup: func(s *server) {
				s.Remove(streamARN)
				pass(time.Hour)
				s.Stale(streamARN, 40*time.Second)
				s.AddEventStream(example())
			},
			want: waited{Took: 40 * s, State: runs, Calls: 41},
		},
		{
			why: "an unknown state", maxWait: 2 * m,
			setup: func(s *server) { s.Set(streamARN, "PAUSED") },
			want:  waited{Summary: "timed out", Took: 2 * m, State: "PAUSED", Calls: 61},
			says:  []string{"PAUSED"},
		},
		{
			why: "denied", setup: func(s *server) { s.Fail("", failure{Code: "ResourceNotFoundException", Status: 404, Times: -1}) },
			want: waited{Summary: "read failed: not found", Calls: 2},
		},
	} {
		test.run(t, func(ctx context.Context, c *eventstream.Client, maxWait time.Duration) (*eventstream.Stream, error) {
			value, err := c.WaitHealthy(ctx, ref(), maxWait)
			if err == nil && (value.State != runs || value.Status != eventstream.DestinationHealthy) {
				t.Errorf("success with %s and %s", value.State, value.Status)
			}
			return value, err
		})
	}
}

// sighting is one value of a Watch, its time, and its error.
type sighting struct {
	At      time.Duration
	State   eventstream.State
	Status  eventstream.DestinationStatus
	Message string
	Summary string
}

func TestWatchYieldsChanges(t *testing.T) {
	assert.RunSynctest(t, "", func(t *testing.T) {
		s := running()
		at := func(d time.Duration, f func()) { time.AfterFunc(d-time.Second, f) }
		at(1*time.Minute, func() { s.SetDestination(streamARN, eventstream.DestinationUnhealthy, eventstreamtest.MessageKey) })
		at(2*time.Minute, func() {
			s.SetDestination(streamARN, eventstream.DestinationUnhealthy, eventstreamtest.MessageThrottled)
		})
		at(3*time.Minute, func() { s.Lapse(streamARN) })
		at(4*time.Minute, func() { s.Remove(streamARN) })
		at(5*time.Minute, func() { s.AddEventStream(example()) })
		at(6*time.Minute, func() { s.AddEventStream(example()) }) // another of the same name
		at(7*time.Minute, func() { s.Fail("", failure{Code: "InternalServerException", Status: 500}) })
		at(8*time.Minute+30*time.Second, func() { s.Fail("", failure{Code: "ResourceNotFoundException", Status: 404, Times: -1}) })
		began := time.Now()
		var got []sighting
		var tolerated []string
		for value, err := range client(s, func(o *eventstream.Options) {
			o.Wait.OnRead = func(r statemachine.Reading) {
				if r.Err != nil {
					tolerated = append(tolerated, r.Elapsed.String()+" "+string(statemachine.KindOf(r.Err)))
				}
			}
		}).Watch(t.Context(), ref()) {
			got = append(got, sighting{time.Since(began), value.State, value.Status, value.Message, assert.ErrorDetail(err)})
		}
		const healthy, unhealthy = eventstream.DestinationHealthy, eventstream.DestinationUnhealthy
		assert.Equal(t, "yielded", []sighting{
			{0, runs, healthy, "", ""},
			{1 * time.Minute, runs, unhealthy, eventstreamtest.MessageKey, ""},
			{2 * time.Minute, runs, unhealthy, eventstreamtest.MessageThrottled, ""},
			{3 * time.Minute, stopped, unhealthy, eventstreamtest.MessageThrottled, ""},
			{4 * time.Minute, absent, "", "", ""},
			{5 * time.Minute, runs, healthy, "", ""},
			{6 * time.Minute, runs, healthy, "", ""},
			{8*time.Minute + 30*time.Second, runs, healthy, "", "read failed: not found"},
		}, got)
		assert.Equal(t, "failures", []string{"7m0s unavailable", "8m30s not found"}, tolerated)
	})
}

// TestWatchYieldsEveryDifference checks that Watch yields a stream that differs in any member.
func TestWatchYieldsEveryDifference(t *testing.T) {
	for why, change := range map[string]func(*eventstreamtest.EventStream){
		"tags":         func(e *eventstreamtest.EventStream) { e.Tags = map[string]string{"k": "v"} },
		"uri":          func(e *eventstreamtest.EventStream) { e.Uri = otherURI },
		"message":      func(e *eventstreamtest.EventStream) { e.DestinationMessage = "fine" },
		"creation":     func(*eventstreamtest.EventStream) {},
		"stopped":      func(e *eventstreamtest.EventStream) { e.State = stopped },
		"health":       func(e *eventstreamtest.EventStream) { e.DestinationStatus = eventstream.DestinationUnhealthy },
		"of the state": func(e *eventstreamtest.EventStream) { e.State = "PAUSED" },
	} {
		assert.RunSynctest(t, why, func(t *testing.T) {
			s := running()
			time.AfterFunc(time.Minute-1, func() {
				e := example()
				change(&e)
				s.AddEventStream(e)
			})
			began := time.Now()
			var last *eventstream.Stream
			for value := range client(s).Watch(t.Context(), ref()) {
				if last != nil {
					assert.Equal(t, "instant", time.Minute, time.Since(began))
					if gocmp.Equal(last, value, cmpopts.EquateEmpty()) {
						t.Errorf("no difference: %+v", value)
					}
					break
				}
				last = value
			}
		})
	}
}
