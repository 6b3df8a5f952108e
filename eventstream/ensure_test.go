package eventstream_test

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/streamwarden/streamwarden-go/eventstream"
	"github.com/streamwarden/streamwarden-go/eventstream/eventstreamtest"
	"github.com/streamwarden/streamwarden-go/internal/assert"
	"github.com/streamwarden/streamwarden-go/statemachine"
)

// did is the outcome of an Ensure method.
type did struct {
	Summary    string
	Took       time.Duration
	State      eventstream.State // of the output's stream
	Operations []string
	Planned    []string
	Commands   []string // as returned by commands
	Gap        [2]time.Duration
	End        eventstream.State // the true state afterwards
}

const (
	opCreate = "CreateEventStream"
	opDelete = "DeleteEventStream"
)

// names converts operations to strings.
func names(ops []statemachine.Operation) []string {
	var list []string
	for _, op := range ops {
		list = append(list, string(op))
	}
	return list
}

// outcomeOf returns the outcome of an Ensure method that started at began.
func outcomeOf(s *server, began time.Time, out *eventstream.EnsureOutput, err error) did {
	got := did{
		Summary: assert.ErrorDetail(err), Took: time.Since(began), Operations: names(out.Operations), Planned: names(out.Planned),
		Commands: commands(s, began), End: s.State(streamARN),
	}
	if out.Stream != nil {
		got.State = out.Stream.State
	}
	for i, at := range []time.Time{out.GapFrom, out.GapTo} {
		if !at.IsZero() {
			got.Gap[i] = at.Sub(began)
		}
	}
	return got
}

// TestRestartGoesBack checks that a stream gets its former destination and tags back if the service
// rejects the new destination in the middle of a restart.
func TestRestartGoesBack(t *testing.T) {
	ways := map[string]func(context.Context, *eventstream.Client) (*eventstream.EnsureOutput, error){
		"one": func(ctx context.Context, c *eventstream.Client) (*eventstream.EnsureOutput, error) {
			return c.EnsureCreated(ctx, create(), time.Hour, allowRestart)
		},
		"each": func(ctx context.Context, c *eventstream.Client) (*eventstream.EnsureOutput, error) {
			for _, r := range c.EnsureCreatedEach(ctx, []*eventstream.CreateInput{create()}, time.Hour, allowRestart) {
				return r.Value, r.Err
			}
			return nil, nil
		},
	}
	for name, way := range ways {
		assert.RunSynctest(t, name, func(t *testing.T) {
			s := empty()
			e := example()
			e.Uri, e.Tags = otherURI, map[string]string{"owner": "audit"}
			s.AddEventStream(e)
			s.SetKinesisStream(uri, eventstreamtest.KinesisMissing)
			began := time.Now()
			out, err := way(t.Context(), client(s))
			assert.ErrorIs(t, err, statemachine.InvalidInput)
			assert.ErrorContains(t, err, "the former settings are restored", "The Kinesis Data Stream does not exist")
			restart := assert.ErrorAs[*statemachine.RestartError](t, err)
			assert.Equal(t, "gap of the error", [2]time.Time{out.GapFrom, out.GapTo}, [2]time.Time{restart.From, restart.To})
			assert.Equal(t, "commands", []string{
				"1m0s DeleteEventStream ok", "1m2s CreateEventStream BadRequestException", "1m4s CreateEventStream ok",
			}, commands(s, began))
			assert.Equal(t, "operations", []string{opDelete, opCreate}, names(out.Operations))
			after := assert.Must(client(s).Get(t.Context(), ref()))(t)
			for what, got := range map[string]*eventstream.Stream{"before": out.Before, "after": after} {
				assert.Equal(t, what+": destination", otherURI, got.Uri)
				assert.Equal(t, what+": tags", e.Tags, got.Tags)
			}
		})
	}
}

// TestRestartGoesBackAfterLostResponse checks that the error has the rejection and the gap, too, if
// the response to the create that restores the former settings is lost.
func TestRestartGoesBackAfterLostResponse(t *testing.T) {
	assert.RunSynctest(t, "lost", func(t *testing.T) {
		s := empty()
		e := example()
		e.Uri = otherURI
		s.AddEventStream(e)
		s.SetKinesisStream(uri, eventstreamtest.KinesisMissing)
		s.Fail(opCreate, failure{Code: "BadRequestException", Message: "The Kinesis Data Stream does not exist"})
		s.Fail(opCreate, failure{Lost: true})
		began := time.Now()
		out, err := client(s).EnsureCreated(t.Context(), create(), time.Hour, allowRestart)
		assert.ErrorIs(t, err, statemachine.InvalidInput)
		assert.ErrorContains(t, err, "the former settings are restored", "The Kinesis Data Stream does not exist")
		assert.Equal(t, "commands", []string{
			"1m0s DeleteEventStream ok", "1m2s CreateEventStream BadRequestException", "1m4s CreateEventStream lost",
		}, commands(s, began))
		assert.Equal(t, "operations", []string{opDelete, opCreate}, names(out.Operations))
		assert.Equal(t, "gap", [2]time.Duration{time.Minute, 2*time.Minute + 4*time.Second}, [2]time.Duration{out.GapFrom.Sub(began), out.GapTo.Sub(began)})
	})
}

// TestRestartGoesBackAfterRollback checks that a stream gets its former destination back if the one
// that the service created in the middle of a restart does not stay.
func TestRestartGoesBackAfterRollback(t *testing.T) {
	assert.RunSynctest(t, "absent again", func(t *testing.T) {
		var s *server
		creates := 0
		s = empty(func(o *options) {
			o.Intercept = func(c eventstreamtest.Call) *failure {
				if c.Operation != opCreate {
					return nil
				}
				if creates++; creates == 1 {
					time.AfterFunc(time.Second, func() { s.Remove(streamARN) })
				}
				return nil
			}
		})
		e := example()
		e.Uri = otherURI
		s.AddEventStream(e)
		began := time.Now()
		out, err := client(s).EnsureCreated(t.Context(), create(), time.Hour, allowRestart)
		assert.ErrorIs(t, err, statemachine.Unreachable)
		assert.ErrorContains(t, err, "the former settings are restored")
		assert.Equal(t, "commands", []string{
			"1m0s DeleteEventStream ok", "1m2s CreateEventStream ok", "2m2s CreateEventStream ok",
		}, commands(s, began))
		assert.Equal(t, "operations", []string{opDelete, opCreate, opCreate}, names(out.Operations))
		assert.Equal(t, "destination", otherURI, assert.Must(client(s).Get(t.Context(), ref()))(t).Uri)
		assert.Equal(t, "gap", [2]time.Duration{time.Minute, 3*time.Minute + 2*time.Second}, [2]time.Duration{out.GapFrom.Sub(began), out.GapTo.Sub(began)})
	})
}

// ensureTest is a test of an Ensure method.
type ensureTest struct {
	why     string
	setup   func(s *server) // before the call
	options func(*eventstream.Options)
	maxWait time.Duration // zero means 1 hour
	want    did
	says    []string
}

func (test ensureTest) run(t *testing.T, server func(...func(*options)) *server,
	ensure func(context.Context, *eventstream.Client, time.Duration) (*eventstream.EnsureOutput, error),
) {
	t.Helper()
	assert.RunSynctest(t, test.why, func(t *testing.T) {
		s := server()
		if test.setup != nil {
			test.setup(s)
		}
		c := client(s, func(o *eventstream.Options) {
			if test.options != nil {
				test.options(o)
			}
		})
		began := time.Now()
		out, err := ensure(t.Context(), c, cmp.Or(test.maxWait, time.Hour))
		assert.Equal(t, "outcome", test.want, outcomeOf(s, began, out, err))
		if err != nil || len(test.says) > 0 {
			assert.ErrorOneLine(t, err)
			assert.ErrorContains(t, err, test.says...)
		}
	})
}

func TestEnsureCreatedReachesTargetOrFails(t *testing.T) {
	const s, m = time.Second, time.Minute
	drifted := func(s *server) {
		e := example()
		e.Uri = otherURI
		s.AddEventStream(e)
	}
	for _, test := range []ensureTest{
		{
			why: "tags that the input does not have are not compared", setup: func(s *server) {
				e := example()
				e.Tags = map[string]string{"k": "v"}
				s.AddEventStream(e)
			},
			want: did{State: runs, End: runs},
		},
		{
			why: "rejected once", setup: func(s *server) {
				s.Fail(opCreate, failure{Code: "BadRequestException", Message: "The Kinesis Data Stream is not Active"})
			},
			want: did{Took: 4 * s, State: runs, End: runs, Operations: []string{opCreate}, Commands: []string{
				"0s CreateEventStream BadRequestException", "2s CreateEventStream ok",
			}},
		},
		{
			why: "the destination becomes active later", setup: func(s *server) {
				s.SetKinesisStream(uri, eventstreamtest.KinesisNotActive)
				time.AfterFunc(7*time.Second, func() { s.SetKinesisStream(uri, eventstreamtest.KinesisActive) })
			},
			want: did{Took: 10 * s, State: runs, End: runs, Operations: []string{opCreate}, Commands: []string{
				"0s CreateEventStream BadRequestException", "2s CreateEventStream BadRequestException", "4s CreateEventStream BadRequestException",
				"6s CreateEventStream BadRequestException", "8s CreateEventStream ok",
			}},
		},
		{
			why: "the domain has another stream", setup: func(s *server) {
				s.AddEventStream(eventstreamtest.EventStream{DomainName: "example-domain", EventStreamName: "other", Uri: otherURI})
			},
			want: did{Summary: "conflict", State: absent, End: absent, Commands: []string{"0s CreateEventStream BadRequestException"}},
			says: []string{"the domain already has the event stream other (RUNNING) to " + otherURI, "delete that one, or use its name"},
		},
		{
			why: "a dry run in a domain that has another stream", options: dryRun, setup: func(s *server) {
				s.AddEventStream(eventstreamtest.EventStream{DomainName: "example-domain", EventStreamName: "other", Uri: otherURI})
			},
			want: did{Summary: "conflict", State: absent, End: absent, Planned: []string{opCreate}},
			says: []string{"the domain already has the event stream other (RUNNING) to " + otherURI},
		},
		{
			why: "the domain gets another stream after the read", setup: func(s *server) {
				s.Fail(opCreate, failure{Code: "BadRequestException", Message: "The Customer Profiles Domain: d is already associated with an active EventStream"})
				time.AfterFunc(time.Second, func() {
					s.AddEventStream(eventstreamtest.EventStream{DomainName: "example-domain", EventStreamName: "other", Uri: otherURI})
				})
			},
			want: did{Summary: "conflict", Took: 2 * s, State: absent, End: absent, Commands: []string{
				"0s CreateEventStream BadRequestException", "2s CreateEventStream BadRequestException",
			}},
		},
		{
			why: "the domain loses its other stream before the next read", setup: func(s *server) {
				s.Fail(opCreate, failure{Code: "BadRequestException", Message: "The Customer Profiles Domain: d is already associated with an active EventStream"})
			},
			want: did{Took: 4 * s, State: runs, End: runs, Operations: []string{opCreate}, Commands: []string{
				"0s CreateEventStream BadRequestException", "2s CreateEventStream ok",
			}},
		},
		{
			why: "the domain is deleted before the command", setup: func(s *server) { s.Fail(opCreate, failure{Code: "ResourceNotFoundException", Status: 404}) },
			want: did{Summary: "not found", State: absent, End: absent, Commands: []string{"0s CreateEventStream ResourceNotFoundException"}},
		},
		{
			why: "reads are denied", setup: func(s *server) { s.Fail("", failure{Code: "ResourceNotFoundException", Status: 404, Times: -1}) },
			want: did{Summary: "read failed: not found", End: absent},
		},
		{
			why: "the service executes the command and fails",
			setup: func(s *server) {
				s.Fail(opCreate, failure{Code: "InternalServerException", Status: 500, Lost: true})
			},
			want: did{Took: 2 * s, State: runs, End: runs, Operations: []string{opCreate}, Commands: []string{"0s CreateEventStream InternalServerException"}},
		},
		{
			why: "another destination", setup: drifted,
			want: did{Summary: "drifted", State: runs, End: runs},
			says: []string{"example-domain/example-stream: drifted: Uri is " + otherURI + ", wanted " + uri},
		},
		{
			why: "another destination, replaced", setup: drifted, options: allowRestart,
			want: did{
				Took: 64 * s, State: runs, End: runs, Operations: []string{opDelete, opCreate}, Gap: [2]time.Duration{m, 64 * s},
				Commands: []string{"1m0s DeleteEventStream ok", "1m2s CreateEventStream ok"},
			},
		},
		{
			why: "another destination, replaced, with stale reads", options: allowRestart,
			setup: func(s *server) {
				drifted(s)
				pass(time.Hour)
				s.Stale(streamARN, 40*time.Second)
			},
			want: did{
				Took: 140 * s, State: runs, End: runs, Operations: []string{opDelete, opCreate}, Gap: [2]time.Duration{m, 140 * s},
				Commands: []string{"1m0s DeleteEventStream ok", "1m40s CreateEventStream ok"},
			},
		},
		{
			why: "another destination, replaced, and stale reads afterwards", options: allowRestart,
			setup: func(s *server) {
				drifted(s)
				pass(time.Hour)
				time.AfterFunc(62*time.Second+1, func() { s.Stale(streamARN, 10*time.Second) })
			},
			want: did{
				Took: 72 * s, State: runs, End: runs, Operations: []string{opDelete, opCreate}, Gap: [2]time.Duration{m, 72 * s},
				Commands: []string{"1m0s DeleteEventStream ok", "1m2s CreateEventStream ok"},
			},
		},
		{
			why: "another destination, and the second half fails", setup: func(s *server) {
				drifted(s)
				s.Fail(opCreate, failure{Code: "AccessDeniedException", Status: 403})
			},
			options: allowRestart,
			want: did{
				Summary: "access denied", Took: 124 * s, State: runs, End: runs, Operations: []string{opDelete, opCreate}, Gap: [2]time.Duration{m, 124 * s},
				Commands: []string{"1m0s DeleteEventStream ok", "1m2s CreateEventStream AccessDeniedException", "1m4s CreateEventStream ok"},
			},
		},
		{
			why: "another destination, and another actor recreates it", options: allowRestart,
			setup: func(s *server) {
				drifted(s)
				time.AfterFunc(61*time.Second, func() { drifted(s) })
			},
			want: did{
				Summary: "drifted", Took: 2 * m, State: runs, End: runs, Operations: []string{opDelete}, Gap: [2]time.Duration{m, 0},
				Commands: []string{"1m0s DeleteEventStream ok"},
			},
		},
		{
			why: "stopped", setup: func(s *server) { s.AddEventStream(example()); s.Lapse(streamARN) },
			want: did{Summary: "unreachable", Took: m, State: stopped, End: stopped},
			says: []string{"unreachable from STOPPED", "DeleteEventStream, then CreateEventStream would lead to RUNNING"},
		},
		{
			why: "stopped, replaced", setup: func(s *server) { s.AddEventStream(example()); s.Lapse(streamARN) }, options: allowRestart,
			want: did{
				Took: 4 * s, State: runs, End: runs, Operations: []string{opDelete, opCreate},
				Commands: []string{"0s DeleteEventStream ok", "2s CreateEventStream ok"},
			},
		},
		{
			why: "another actor deletes it again",
			setup: func(s *server) {
				pass(time.Hour)
				s.Stale(streamARN, 10*time.Second) // so that a read shows it running after it was deleted
				time.AfterFunc(time.Second, func() { s.Remove(streamARN) })
			},
			want: did{Took: 10 * s, State: runs, End: absent, Operations: []string{opCreate}, Commands: []string{"0s CreateEventStream ok"}},
		},
		{
			why: "it stops before a read shows it running", setup: func(s *server) { time.AfterFunc(time.Second, func() { s.Lapse(streamARN) }) }, options: allowRestart,
			want: did{Summary: "unreachable", Took: m, State: stopped, End: stopped, Operations: []string{opCreate}, Commands: []string{"0s CreateEventStream ok"}},
			says: []string{"DeleteEventStream, then CreateEventStream would lead to RUNNING"},
		},
		{
			why: "a dry run of a drift", options: dryRun, setup: drifted,
			want: did{Summary: "drifted", State: runs, End: runs},
		},
		{
			why: "a dry run of a replacement", options: func(o *eventstream.Options) { o.AllowRestart, o.DryRun = true, true }, setup: drifted,
			want: did{State: runs, End: runs, Planned: []string{opDelete, opCreate}},
		},
		{
			why: "a dry run of a stopped stream", options: func(o *eventstream.Options) { o.AllowRestart, o.DryRun = true, true },
			setup: func(s *server) { s.AddEventStream(example()); s.Lapse(streamARN) },
			want:  did{State: stopped, End: stopped, Planned: []string{opDelete, opCreate}},
		},
		{
			why: "the deadline while it is rejected", maxWait: 3 * s, setup: func(s *server) {
				s.Fail(opCreate, failure{Code: "BadRequestException", Message: "too early", Times: -1})
			},
			want: did{Summary: "timed out: invalid input", Took: 3 * s, State: absent, End: absent, Commands: []string{
				"0s CreateEventStream BadRequestException", "2s CreateEventStream BadRequestException",
			}},
			says: []string{"timed out (3 reads in 3s)", "too early"},
		},
		{
			why: "the deadline in the middle of a replacement", maxWait: 70 * s, options: allowRestart,
			setup: func(s *server) {
				drifted(s)
				pass(time.Hour)
				s.Stale(streamARN, 40*time.Second)
			},
			want: did{
				Summary: "timed out", Took: 70 * s, State: runs, End: absent, Operations: []string{opDelete}, Gap: [2]time.Duration{m, 0},
				Commands: []string{"1m0s DeleteEventStream ok"},
			},
			says: []string{"DeleteEventStream accepted, waiting for RUNNING: timed out"},
		},
	} {
		test.run(t, empty, func(ctx context.Context, c *eventstream.Client, maxWait time.Duration) (*eventstream.EnsureOutput, error) {
			return c.EnsureCreated(ctx, create(), maxWait)
		})
	}
}

func TestEnsureDeletedReachesTargetOrFails(t *testing.T) {
	const s, m = time.Second, time.Minute
	for _, test := range []ensureTest{
		{
			why: "it is stopped", setup: func(s *server) { s.Lapse(streamARN) },
			want: did{Took: 2 * s, State: absent, End: absent, Operations: []string{opDelete}, Commands: []string{"0s DeleteEventStream ok"}},
		},
		{
			why: "the first read is stale", setup: func(s *server) { s.FreezeReads(streamARN, 1); s.Remove(streamARN) },
			want: did{Took: 2 * s, State: absent, End: absent, Commands: []string{"0s DeleteEventStream ResourceNotFoundException"}},
		},
		{
			why: "a bad request is not retried", setup: func(s *server) { s.Fail(opDelete, failure{Code: "BadRequestException"}) },
			want: did{Summary: "invalid input", State: runs, End: runs, Commands: []string{"0s DeleteEventStream BadRequestException"}},
		},
		{
			why: "the list has it for a while", setup: func(s *server) {
				time.AfterFunc(time.Second, func() {
					s.AddEventStream(example()) // as a stale list would
					s.Fail(getEventStream, failure{Code: "ResourceNotFoundException", Status: 404, Times: 2})
					time.AfterFunc(6*time.Second, func() { s.Remove(streamARN) })
				})
			},
			want: did{Took: 10 * s, State: absent, End: absent, Operations: []string{opDelete}, Commands: []string{"0s DeleteEventStream ok"}},
		},
		{
			why: "there is no such domain, or access is denied", setup: func(s *server) { s.Fail("", failure{Code: "ResourceNotFoundException", Status: 404, Times: -1}) },
			want: did{Summary: "read failed: not found", End: runs},
			says: []string{"event stream or domain not found, or access denied"},
		},
	} {
		test.run(t, running, func(ctx context.Context, c *eventstream.Client, maxWait time.Duration) (*eventstream.EnsureOutput, error) {
			return c.EnsureDeleted(ctx, ref(), maxWait)
		})
	}
}

// TestEnsureWithAnotherActor lets another actor change the stream between the read and the
// command.
func TestEnsureWithAnotherActor(t *testing.T) {
	for _, test := range []struct {
		why    string
		there  bool
		rival  func(s *server)
		ensure func(ctx context.Context, c *eventstream.Client) (*eventstream.EnsureOutput, error)
		want   did
	}{
		{
			why: "it creates it with another Uri", ensure: ensureCreated, rival: func(s *server) {
				e := example()
				e.Uri = otherURI
				s.AddEventStream(e)
			},
			want: did{Summary: "drifted", Took: 2 * time.Second, State: runs, End: runs, Commands: []string{"0s CreateEventStream BadRequestException"}},
		},
	} {
		assert.RunSynctest(t, test.why, func(t *testing.T) {
			var s *server
			came := false
			s = empty(func(o *options) {
				o.Intercept = func(c call) *failure {
					if !came && (c.Operation == opCreate || c.Operation == opDelete) {
						came = true
						test.rival(s)
					}
					return nil
				}
			})
			if test.there {
				s.AddEventStream(example())
			}
			began := time.Now()
			out, err := test.ensure(t.Context(), client(s))
			assert.Equal(t, "outcome", test.want, outcomeOf(s, began, out, err))
		})
	}
}

func ensureCreated(ctx context.Context, c *eventstream.Client) (*eventstream.EnsureOutput, error) {
	return c.EnsureCreated(ctx, create(), time.Hour)
}

func ensureDeleted(ctx context.Context, c *eventstream.Client) (*eventstream.EnsureOutput, error) {
	return c.EnsureDeleted(ctx, ref(), time.Hour)
}

// TestEnsureFinishesAfterCrash ends the program after each single call and runs it again. The
// result is right, and no operation takes effect twice.
func TestEnsureFinishesAfterCrash(t *testing.T) {
	for _, test := range []struct {
		why    string
		setup  func(s *server)
		ensure func(ctx context.Context, c *eventstream.Client) (*eventstream.EnsureOutput, error)
		end    eventstream.State
		most   int // accepted commands
		least  int // calls of a run without a crash or stale reads
	}{
		{"create", func(*server) {}, ensureCreated, runs, 1, 3},
		{"delete", func(s *server) { s.AddEventStream(example()) }, ensureDeleted, absent, 1, 3},
		{"replace", func(s *server) {
			e := example()
			e.Uri = otherURI
			s.AddEventStream(e)
		}, ensureCreated, runs, 2, 5},
		{"replace a stopped stream", func(s *server) {
			s.AddEventStream(example())
			s.Lapse(streamARN)
		}, ensureCreated, runs, 2, 5},
	} {
		for _, lag := range []time.Duration{0, 7 * time.Second} {
			for n, done := 1, false; !done; n++ {
				assert.RunSynctest(t, fmt.Sprintf("%s/reads %s old/dies after call %d", test.why, lag, n), func(t *testing.T) {
					var died context.CancelFunc
					count := 0
					s := empty(func(o *options) {
						o.StaleFunc = func(string) time.Duration { return lag }
						o.Intercept = func(call) *failure {
							if count++; count == n {
								died() // the request is executed nevertheless
							}
							return nil
						}
					})
					test.setup(s)
					s.Stale(streamARN, 0) // no earlier history for stale reads
					pass(time.Hour)
					began := time.Now()
					ctx, cancel := context.WithCancel(t.Context())
					died = cancel
					_, err := test.ensure(ctx, client(s, allowRestart))
					if err == nil {
						done = true // the call finished first
						if n <= test.least {
							t.Errorf("finished after %d calls, want at least %d", n-1, test.least)
						}
					} else if !errors.Is(err, context.Canceled) {
						t.Fatal(err)
					}
					cancel()
					out, err := test.ensure(t.Context(), client(s, allowRestart))
					if err != nil {
						t.Fatalf("the second run: %v", err)
					}
					assert.Equal(t, "state of the output", test.end, out.Stream.State)
					assert.Equal(t, "true state", test.end, s.State(streamARN))
					if test.end == runs {
						assert.Equal(t, "destination", uri, out.Stream.Uri)
					}
					accepted := 0
					for _, c := range s.Calls() {
						if c.Accepted && (c.Operation == opCreate || c.Operation == opDelete) {
							accepted++
						}
					}
					if accepted > test.most {
						t.Errorf("%d commands were accepted: %q", accepted, commands(s, began))
					}
				})
				if n > 100 {
					t.Fatal("no end after 100 calls")
				}
			}
		}
	}
}

// TestEnsureSendsCommandOnce checks that a command is one HTTP request, whatever the retryer of
// the caller is.
func TestEnsureSendsCommandOnce(t *testing.T) {
	assert.RunSynctest(t, "", func(t *testing.T) {
		s := empty()
		s.Fail(opCreate, failure{Drop: true, Times: -1})
		began := time.Now()
		out, err := client(s).EnsureCreated(t.Context(), create(), 3*time.Minute)
		assert.Equal(t, "outcome", did{
			Summary: "timed out: unavailable", Took: 3 * time.Minute, State: absent, End: absent, Commands: []string{
				"0s CreateEventStream dropped", "1m0s CreateEventStream dropped", "2m0s CreateEventStream dropped",
			},
		}, outcomeOf(s, began, out, err))
	})
}

// TestEnsureCreatedComparesTags checks that each tag of the input is compared, and that no event
// is lost for a tag: the stream is not deleted, even if a restart is allowed.
func TestEnsureCreatedComparesTags(t *testing.T) {
	for _, test := range []struct {
		why  string
		uri  string
		tags map[string]string // of the stream
		want []statemachine.Drift
		ops  []statemachine.Operation // with AllowRestart
	}{
		{why: "as specified, and one more", uri: uri, tags: map[string]string{"team": "audit", "empty": "", "more": "v"}},
		{
			why: "another value", uri: uri, tags: map[string]string{"team": "rivals", "empty": ""},
			want: []statemachine.Drift{{Field: `Tags["team"]`, Want: "audit", Got: "rivals"}},
		},
		{
			why: "no tags", uri: uri,
			want: []statemachine.Drift{{Field: `Tags["empty"]`, Got: "(no tag)"}, {Field: `Tags["team"]`, Want: "audit", Got: "(no tag)"}},
		},
		{
			why: "another destination, too", uri: otherURI, tags: map[string]string{"team": "audit"},
			want: []statemachine.Drift{{Field: "Uri", Want: uri, Got: otherURI}, {Field: `Tags["empty"]`, Got: "(no tag)"}},
			ops:  []statemachine.Operation{eventstream.DeleteEventStream, eventstream.CreateEventStream},
		},
	} {
		assert.RunSynctest(t, test.why, func(t *testing.T) {
			s := empty()
			e := example()
			e.Uri, e.Tags = test.uri, test.tags
			s.AddEventStream(e)
			in := create()
			in.Tags = map[string]string{"team": "audit", "empty": ""}
			_, err := client(s).EnsureCreated(t.Context(), in, time.Hour)
			var drift *statemachine.DriftError
			errors.As(err, &drift)
			var got []statemachine.Drift
			if drift != nil {
				got = drift.Fields
			}
			assert.Equal(t, "drift", test.want, got)

			out, err := client(s).EnsureCreated(t.Context(), in, time.Hour, func(o *eventstream.Options) { o.AllowRestart = true })
			assert.Equal(t, "operations of a restart", test.ops, out.Operations)
			if drifted := errors.Is(err, statemachine.Drifted); drifted != (test.want != nil && test.ops == nil) {
				t.Errorf("with AllowRestart: %v", err)
			}
		})
	}
}
