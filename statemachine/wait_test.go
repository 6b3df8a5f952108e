package statemachine_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/streamwarden/streamwarden-go/internal/assert"
	"github.com/streamwarden/streamwarden-go/statemachine"
)

// TestWait checks each rule of Waiter.Wait, and common cases of failure, at exact instants.
func TestWait(t *testing.T) {
	t.Parallel()
	const s = time.Second
	tens := every(10 * s)
	with := func(change func(*statemachine.WaitOptions)) statemachine.WaitOptions {
		o := tens
		change(&o)
		return o
	}
	for _, tt := range []struct {
		name, why string
		responses []response
		target    state // started if empty
		maxWait   time.Duration
		opts      statemachine.WaitOptions

		reads   []time.Duration // when
		elapsed time.Duration   // when Wait returned
		number  int             // of the read whose value was returned; 0: none
		reason  statemachine.Reason
		kind    statemachine.Kind
		says    []string // in the error's text
	}{{
		name: "there already", why: "rule 1: it reads at once",
		responses: []response{{state: started}}, maxWait: time.Hour, opts: tens,
		reads: secs(0), number: 1,
	}, {
		name: "start", why: "rule 3: starting settles into started",
		responses: []response{{state: starting}, {state: starting}, {state: started}}, maxWait: time.Hour, opts: tens,
		reads: secs(0, 10, 20), elapsed: 20 * s, number: 3,
	}, {
		name: "stale stopped", why: "rule 4: the read right after the command shows what was before",
		responses: []response{{state: stopped}, {state: stopped}, {state: starting}, {state: started}}, maxWait: time.Hour, opts: tens,
		reads: secs(0, 10, 20, 30), elapsed: 30 * s, number: 4,
	}, {
		name: "old read on the way", why: "rule 4: a single old read within the grace is no lapse",
		responses: []response{{state: starting}, {state: starting}, {state: stopped}, {state: starting}, {state: started}}, maxWait: time.Hour, opts: tens,
		reads: secs(0, 10, 20, 30, 40), elapsed: 40 * s, number: 5,
	}, {
		name: "empty status", why: "rule 4: an empty status too may be an old read",
		responses: []response{{state: ""}, {state: starting}, {state: started}}, maxWait: time.Hour, opts: tens,
		reads: secs(0, 10, 20), elapsed: 20 * s, number: 3,
	}, {
		name: "empty status that stays", why: "rule 5: an empty status is not waited for until the deadline",
		responses: []response{{state: ""}}, maxWait: time.Hour, opts: with(func(o *statemachine.WaitOptions) { o.Grace = 15 * s }),
		reads: secs(0, 10, 20), elapsed: 20 * s, number: 3, reason: statemachine.Unreachable, kind: statemachine.Unknown,
		says: []string{"stream res-1: waiting for started: unreachable (3 reads in 20s)", "look at the window"},
	}, {
		name: "rolled back", why: "rule 5: after the grace a state that was left is a lapse",
		responses: []response{{state: starting}, {state: starting}, {state: starting}, {state: starting}, {state: starting}, {state: starting}, {state: stopped}},
		maxWait:   time.Hour, opts: with(func(o *statemachine.WaitOptions) { o.Grace = 15 * s }),
		reads: secs(0, 10, 20, 30, 40, 50, 60, 70), elapsed: 70 * s, number: 8, reason: statemachine.Lapsed, kind: statemachine.Unknown,
		says: []string{"lapsed: starting → stopped after 1m0s (8 reads in 1m10s)", "; Start would lead to started"},
	}, {
		name: "rolled back, no grace", why: "a negative grace believes every read",
		responses: []response{{state: starting}, {state: stopped}}, maxWait: time.Hour, opts: with(func(o *statemachine.WaitOptions) { o.Grace = statemachine.NoGrace }),
		reads: secs(0, 10), elapsed: 10 * s, number: 2, reason: statemachine.Lapsed, kind: statemachine.Unknown,
		says: []string{"starting → stopped after 10s"},
	}, {
		name: "was there and left", why: "rule 5: with Consecutive, leaving the target is a lapse too",
		responses: []response{{state: started}, {state: stopped}}, maxWait: time.Hour,
		opts:  with(func(o *statemachine.WaitOptions) { o.Grace, o.Consecutive = -1, 2 }),
		reads: secs(0, 10), elapsed: 10 * s, number: 2, reason: statemachine.Lapsed, kind: statemachine.Unknown,
	}, {
		name: "unreachable", why: "rule 5: the error names the operation that would lead there",
		responses: []response{{state: stopped}}, maxWait: time.Hour, opts: with(func(o *statemachine.WaitOptions) { o.Grace = 20 * s }),
		reads: secs(0, 10, 20), elapsed: 20 * s, number: 3, reason: statemachine.Unreachable, kind: statemachine.Unknown,
		says: []string{"unreachable from stopped", "Start would lead to started", "look at the window"},
	}, {
		name: "unreachable while it moves", why: "stopping does not settle into started",
		responses: []response{{state: stopping}}, maxWait: time.Hour, opts: with(func(o *statemachine.WaitOptions) { o.Grace = 5 * s }),
		reads: secs(0, 10), elapsed: 10 * s, number: 2, reason: statemachine.Unreachable, kind: statemachine.Unknown,
		says: []string{"unreachable from stopping", "Start would lead to started"},
	}, {
		name: "coming back is no lapse", why: "rule 3: starting after started settles into started again",
		responses: []response{{state: started}, {state: starting}, {state: started}, {state: started}}, maxWait: time.Hour,
		opts:  with(func(o *statemachine.WaitOptions) { o.Consecutive = 2 }),
		reads: secs(0, 10, 20, 30), elapsed: 30 * s, number: 4,
	}, {
		name: "unknown status", why: "rule 2: it is never success, and counts neither as left nor as come back",
		responses: []response{{state: novel}, {state: novel}, {state: stopped}}, maxWait: time.Hour,
		opts:  with(func(o *statemachine.WaitOptions) { o.Grace = statemachine.NoGrace }),
		reads: secs(0, 10, 20), elapsed: 20 * s, number: 3, reason: statemachine.Unreachable, kind: statemachine.Unknown,
	}, {
		name: "unknown status on the way", why: "rule 2: it keeps waiting, after the grace too",
		responses: []response{{state: starting}, {state: novel}, {state: novel}, {state: started}}, maxWait: time.Hour,
		opts:  with(func(o *statemachine.WaitOptions) { o.Grace = statemachine.NoGrace }),
		reads: secs(0, 10, 20, 30), elapsed: 30 * s, number: 4,
	}, {
		name: "unknown status until the deadline", why: "rule 2",
		responses: []response{{state: novel}}, maxWait: 15 * s, opts: tens,
		reads: secs(0, 10, 15), elapsed: 15 * s, number: 3, reason: statemachine.TimedOut, kind: statemachine.Unknown,
		says: []string{"timed out (3 reads in 15s), last seen defrosting"},
	}, {
		name: "throttled", why: "rule 6: tolerated, with twice the delay",
		responses: []response{{state: starting}, {err: fault(statemachine.Throttled)}, {state: starting}, {state: started}}, maxWait: time.Hour, opts: tens,
		reads: secs(0, 10, 30, 40), elapsed: 40 * s, number: 4,
	}, {
		name: "throttled in a row", why: "rule 6: twice the delay and no more",
		responses: []response{{err: fault(statemachine.Throttled)}, {err: fault(statemachine.Unavailable)}, {err: fault(statemachine.Conflict)}, {state: started}},
		maxWait:   time.Hour, opts: tens,
		reads: secs(0, 20, 40, 60), elapsed: 60 * s, number: 4,
	}, {
		name: "throttled until the deadline", why: "rules 6 and 10: tolerated no longer, and the read error is kept",
		responses: []response{{state: starting}, {err: fault(statemachine.Throttled)}}, maxWait: 25 * s, opts: tens,
		reads: secs(0, 10, 25), elapsed: 25 * s, number: 1, reason: statemachine.TimedOut, kind: statemachine.Throttled,
		says: []string{"timed out (3 reads in 25s), last seen starting: Describe: throttled: Code.throttled: the service says throttled"},
	}, {
		name: "access denied", why: "rule 6: an error that no retry fixes ends it at once",
		responses: []response{{state: starting}, {err: fault(statemachine.AccessDenied)}}, maxWait: time.Hour, opts: tens,
		reads: secs(0, 10), elapsed: 10 * s, number: 1, reason: statemachine.ReadFailed, kind: statemachine.AccessDenied,
		says: []string{"read failed (2 reads in 10s), last seen starting: Describe: access denied"},
	}, {
		name: "unknown error", why: "rule 6: an unknown error is not retried",
		responses: []response{{err: errors.New("out of cheese")}}, maxWait: time.Hour, opts: tens,
		reads: secs(0), reason: statemachine.ReadFailed, kind: statemachine.Unknown,
		says: []string{"read failed (1 read in 0s): out of cheese"},
	}, {
		name: "gone", why: "rule 6: not found where absence is no state",
		responses: []response{{state: starting}, {err: fault(statemachine.NotFound)}}, maxWait: time.Hour, opts: tens,
		reads: secs(0, 10), elapsed: 10 * s, number: 1, reason: statemachine.Gone, kind: statemachine.NotFound,
		says: []string{"gone: there is no such resource", "last seen starting"},
	}, {
		name: "delays grow", why: "rule 7: an eightieth of the time waited, within the bounds",
		responses: []response{{state: starting, takes: 400 * s}, {state: starting, takes: 400 * s}, {state: starting, takes: 400 * s}, {state: started}}, maxWait: time.Hour,
		opts:  statemachine.WaitOptions{MinDelay: 7 * s, MaxDelay: 12 * s, ReadTimeout: time.Hour, Jitter: identity},
		reads: secs(0, 407, 817.0875, 1229.0875), elapsed: 1229087500 * time.Microsecond, number: 4,
	}, {
		name: "jitter", why: "rule 7: the jittered delay is waited, and it is never zero",
		responses: []response{{state: starting}, {state: starting}, {state: started}}, maxWait: time.Hour,
		opts:  statemachine.WaitOptions{Jitter: func(time.Duration) time.Duration { return -time.Second }},
		reads: []time.Duration{0, time.Microsecond, 2 * time.Microsecond}, elapsed: 2 * time.Microsecond, number: 3,
	}, {
		name: "jitter beyond the deadline", why: "rules 7 and 8: the last read is at the deadline whatever the jitter says",
		responses: []response{{state: starting}}, maxWait: 30 * s,
		opts:  statemachine.WaitOptions{MinDelay: 20 * s, Jitter: func(d time.Duration) time.Duration { return 10 * d }},
		reads: secs(0, 30), elapsed: 30 * s, number: 2, reason: statemachine.TimedOut, kind: statemachine.Unknown,
	}, {
		name: "deadline between two reads", why: "rule 8: one last read exactly at the deadline, which may succeed",
		responses: []response{{state: starting}, {state: starting}, {state: starting}, {state: started}}, maxWait: 25 * s, opts: tens,
		reads: secs(0, 10, 20, 25), elapsed: 25 * s, number: 4,
	}, {
		name: "timed out", why: "rules 8 and 9: and no read after it",
		responses: []response{{state: starting}}, maxWait: 25 * s, opts: tens,
		reads: secs(0, 10, 20, 25), elapsed: 25 * s, number: 4, reason: statemachine.TimedOut, kind: statemachine.Unknown,
		says: []string{"stream res-1: waiting for started: timed out (4 reads in 25s), last seen starting"},
	}, {
		name: "a read across the deadline", why: "rule 8: none starts after the deadline",
		responses: []response{{state: starting}, {state: starting}, {state: starting, takes: 10 * s}, {state: started}}, maxWait: 25 * s, opts: tens,
		reads: secs(0, 10, 20), elapsed: 30 * s, number: 3, reason: statemachine.TimedOut, kind: statemachine.Unknown,
	}, {
		name: "success across the deadline", why: "rule 1 comes before the deadline",
		responses: []response{{state: started, takes: 10 * s}}, maxWait: 5 * s, opts: tens,
		reads: secs(0), elapsed: 10 * s, number: 1,
	}, {
		name: "a verdict at the deadline", why: "rule 5 comes before the deadline",
		responses: []response{{state: stopped}}, maxWait: 15 * s, opts: with(func(o *statemachine.WaitOptions) { o.Grace = 15 * s }),
		reads: secs(0, 10, 15), elapsed: 15 * s, number: 3, reason: statemachine.Unreachable, kind: statemachine.Unknown,
	}, {
		name: "a read that hangs", why: "rules 6 and 8: after ReadTimeout it is unavailable, which is tolerated",
		responses: []response{{state: starting}, {hang: true}, {state: started}}, maxWait: time.Hour, opts: tens,
		reads: secs(0, 10, 60), elapsed: 60 * s, number: 3,
	}, {
		name: "two reads that hang", why: "a read after one that hung has all of its ReadTimeout again",
		responses: []response{{hang: true}, {hang: true}, {state: starting, takes: 4 * s}, {state: started}}, maxWait: time.Hour,
		opts:  with(func(o *statemachine.WaitOptions) { o.ReadTimeout = 5 * s }),
		reads: secs(0, 25, 50, 64), elapsed: 64 * s, number: 4,
	}, {
		name: "hanging at the deadline", why: "rule 8: it ends a ReadTimeout after the deadline at most",
		responses: []response{{state: starting}, {hang: true}}, maxWait: 10 * s, opts: tens,
		reads: secs(0, 10), elapsed: 40 * s, number: 1, reason: statemachine.TimedOut, kind: statemachine.Unavailable,
		says: []string{"timed out (2 reads in 40s), last seen starting: no response within 30s: send request: context deadline exceeded"},
	}, {
		name: "consecutive", why: "rule 1: another state resets the count, a failed read does not",
		responses: []response{{state: started}, {state: started}, {state: starting}, {state: started}, {state: started}, {err: fault(statemachine.Throttled)}, {state: started}},
		maxWait:   time.Hour, opts: with(func(o *statemachine.WaitOptions) { o.Consecutive = 3 }),
		reads: secs(0, 10, 20, 30, 40, 50, 70), elapsed: 70 * s, number: 7,
	}, {
		name: "not often enough", why: "rule 1: at the deadline the target once is not the target twice",
		responses: []response{{state: starting}, {state: started}}, maxWait: 10 * s, opts: with(func(o *statemachine.WaitOptions) { o.Consecutive = 2 }),
		reads: secs(0, 10), elapsed: 10 * s, number: 2, reason: statemachine.TimedOut, kind: statemachine.Unknown,
	}} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				begin := time.Now()
				s := responses(tt.responses...)
				if tt.target == "" {
					tt.target = started
				}
				v, err := s.waiter(tt.opts).Wait(t.Context(), tt.target, tt.maxWait)
				assert.Equal(t, "reads", tt.reads, s.reads)
				assert.Equal(t, "elapsed", tt.elapsed, time.Since(begin))
				assert.Equal(t, "number of the value", tt.number, v.Number)
				assert.Equal(t, "kind", tt.kind, statemachine.KindOf(err))
				if tt.reason == "" {
					assert.Equal(t, "error", nil, err)
				} else {
					checkWaitError(t, err, tt.reason, len(tt.reads), tt.elapsed, tt.says)
				}
				if t.Failed() {
					t.Logf("%s; error: %v", tt.why, err)
				}
			})
		})
	}
}

// checkWaitError checks an error that ended a wait for started.
func checkWaitError(t *testing.T, err error, reason statemachine.Reason, reads int, elapsed time.Duration, says []string) {
	t.Helper()
	we := waitError(t, err)
	assert.Equal(t, "machine, resource, target", []string{"stream", "res-1", "started"}, []string{we.Machine, we.Resource, we.Target})
	assert.Equal(t, "reason", reason, we.Reason)
	assert.Equal(t, "reads", reads, we.Reads)
	assert.Equal(t, "elapsed", elapsed, we.Elapsed)
	for _, other := range []statemachine.Reason{
		statemachine.TimedOut, statemachine.Canceled, statemachine.Unreachable, statemachine.Lapsed, statemachine.Gone, statemachine.ReadFailed,
	} {
		assert.Equal(t, "errors.Is "+string(other), reason == other, errors.Is(err, other))
	}
	assert.Equal(t, "errors.Is context.DeadlineExceeded", reason == statemachine.TimedOut, errors.Is(err, context.DeadlineExceeded))
	assert.Equal(t, "errors.Is context.Canceled", false, errors.Is(err, context.Canceled))
	for _, part := range says {
		if !strings.Contains(err.Error(), part) {
			t.Errorf("error lacks %q: %v", part, err)
		}
	}
	if strings.ContainsAny(err.Error(), "\r\n") {
		t.Errorf("error is more than one line: %q", err)
	}
}

func TestWaitErrorFields(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		begin := time.Now()
		denied := fault(statemachine.AccessDenied)
		s := responses(response{state: stopped}, response{state: starting}, response{state: starting}, response{err: fmt.Errorf("wrapped: %w", denied)})
		_, err := s.waiter(every(10*time.Second)).Wait(t.Context(), started, time.Hour)
		we := waitError(t, err)
		assert.Equal(t, "history", []statemachine.Sighting[string]{
			{State: "stopped", At: begin}, {State: "starting", At: begin.Add(10 * time.Second)},
		}, we.History)
		assert.Equal(t, "last", "starting", we.Last)
		if f, ok := errors.AsType[*statemachine.Fault](err); !ok || !errors.Is(err, denied) || f == nil {
			t.Errorf("the read's own error is not reached: %v", err)
		}
		assert.Equal(t, "chain", []string{"read failed", "access denied"}, chain(err))
		assert.Equal(t, "plan", nil, we.Plan)
	})
}

// TestWaitContextTakesPrecedence checks that the end of the context takes precedence over what a
// read shows.
func TestWaitContextTakesPrecedence(t *testing.T) {
	t.Parallel()
	reason := errors.New("the operator went home")
	for _, tt := range []struct {
		name, why string
		responses []response
		cancel    time.Duration // with reason as the cause; 0: not
		deadline  time.Duration // of the context; 0: none
		reads     []time.Duration
		elapsed   time.Duration
		chain     []string
		cause     bool
	}{{
		name: "between two reads", why: "the last read is a while ago, and the time waited is that until the end",
		responses: []response{{state: starting}}, cancel: 15 * time.Second,
		reads: secs(0, 10), elapsed: 15 * time.Second, chain: []string{"canceled", "interrupted", "context canceled"}, cause: true,
	}, {
		name: "during a read", why: "what the read says is not what ended it",
		responses: []response{{state: starting}, {hang: true}}, cancel: 15 * time.Second,
		reads: secs(0, 10), elapsed: 15 * time.Second, chain: []string{"canceled", "interrupted", "context canceled"}, cause: true,
	}, {
		name: "during a read that is denied", why: "a done context comes before everything, and the failure is kept",
		responses: []response{{state: starting}, {takes: 10 * time.Second, deaf: true, err: fault(statemachine.AccessDenied)}}, cancel: 15 * time.Second,
		reads: secs(0, 10), elapsed: 20 * time.Second, chain: []string{"canceled", "access denied", "interrupted", "context canceled"}, cause: true,
	}, {
		name: "before it began", why: "nothing is read",
		responses: []response{{state: started}}, cancel: -1,
		chain: []string{"canceled", "interrupted", "context canceled"}, cause: true,
	}, {
		name: "after a tolerated failure", why: "the failure of the last read is kept",
		responses: []response{{err: fault(statemachine.Throttled)}}, cancel: 5 * time.Second,
		reads: secs(0), elapsed: 5 * time.Second, chain: []string{"canceled", "throttled", "interrupted", "context canceled"}, cause: true,
	}, {
		name: "its own deadline", why: "an earlier deadline of the context's is Canceled, and DeadlineExceeded",
		responses: []response{{state: starting}}, deadline: 12 * time.Second,
		reads: secs(0, 10), elapsed: 12 * time.Second, chain: []string{"canceled", "interrupted", "context deadline exceeded"},
	}, {
		name: "its own deadline during a read", why: "as above",
		responses: []response{{state: starting}, {hang: true}}, deadline: 12 * time.Second,
		reads: secs(0, 10), elapsed: 12 * time.Second, chain: []string{"canceled", "interrupted", "context deadline exceeded"},
	}} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				ctx, cancel := context.WithCancelCause(t.Context())
				defer cancel(nil)
				if tt.deadline > 0 {
					var stop context.CancelFunc
					ctx, stop = context.WithTimeout(ctx, tt.deadline)
					defer stop()
				}
				switch {
				case tt.cancel < 0:
					cancel(reason)
				case tt.cancel > 0:
					time.AfterFunc(tt.cancel, func() { cancel(reason) })
				}
				begin := time.Now()
				s := responses(tt.responses...)
				_, err := s.waiter(every(10*time.Second)).Wait(ctx, started, time.Hour)
				we := waitError(t, err)
				assert.Equal(t, "reads", tt.reads, s.reads)
				assert.Equal(t, "elapsed", tt.elapsed, time.Since(begin))
				assert.Equal(t, "Elapsed", tt.elapsed, we.Elapsed)
				assert.Equal(t, "Reads", len(tt.reads), we.Reads)
				assert.Equal(t, "kind", statemachine.Interrupted, statemachine.KindOf(err))
				assert.Equal(t, "errors.Is ctx.Err()", true, errors.Is(err, ctx.Err()))
				assert.Equal(t, "errors.Is cause", tt.cause, errors.Is(err, reason))
				if strings.ContainsAny(err.Error(), "\r\n") {
					t.Errorf("error is more than one line: %q", err)
				}
				assert.Equal(t, "chain", tt.chain, chain(err))
				if t.Failed() {
					t.Logf("%s; error: %v", tt.why, err)
				}
			})
		})
	}
}

func TestWaitAbsent(t *testing.T) {
	t.Parallel()
	missing := response{err: fault(statemachine.NotFound)}
	for _, tt := range []struct {
		name, why string
		responses []response
		target    state
		grace     time.Duration
		reads     []time.Duration
		number    int
		reason    statemachine.Reason
	}{
		{"gone at once", "rule 6, then 1: not found is the absent state", []response{missing}, absent, 0, secs(0), 0, ""},
		{"until it is gone", "as above", []response{{state: deleting}, {state: deleting}, missing}, absent, 0, secs(0, 10, 20), 0, ""},
		{"not there yet", "rule 6, then 4: a creation may not show yet", []response{missing, missing, {state: creating}, {state: active}}, active, 0, secs(0, 10, 20, 30), 4, ""},
		{"not there", "rule 6, then 5", []response{missing}, active, 15 * time.Second, secs(0, 10, 20), 0, statemachine.Unreachable},
		{"vanished", "rule 6, then 5: it was on its way", []response{{state: creating}, missing}, active, 15 * time.Second, secs(0, 10, 20), 1, statemachine.Lapsed},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				s := responses(tt.responses...)
				w := s.waiter(every(10 * time.Second))
				w.Machine, w.Options.Grace = topic(), tt.grace
				v, err := w.Wait(t.Context(), tt.target, time.Hour)
				assert.Equal(t, "reads", tt.reads, s.reads)
				assert.Equal(t, "number of the value", tt.number, v.Number)
				if tt.reason == "" {
					assert.Equal(t, "error", nil, err)
				} else {
					we := waitError(t, err)
					assert.Equal(t, "reason", tt.reason, we.Reason)
					assert.Equal(t, "last", string(absent), we.Last)
					assert.Equal(t, "err", nil, we.Err)
					assert.Equal(t, "plan", []statemachine.Operation{opCreate}, we.Plan)
				}
				if t.Failed() {
					t.Logf("%s; error: %v", tt.why, err)
				}
			})
		})
	}
}

func TestWaitCheck(t *testing.T) {
	t.Parallel()
	sick := errors.New("the destination is unhealthy")
	check := func(r row) error {
		if r.Number >= 2 {
			return sick
		}
		return nil
	}
	t.Run("ends as unreachable", func(t *testing.T) {
		t.Parallel()
		synctest.Test(t, func(t *testing.T) {
			s := shows(starting)
			o := every(10 * time.Second)
			o.Grace = 15 * time.Second
			w := s.waiter(o)
			w.Check = check
			v, err := w.Wait(t.Context(), started, time.Hour)
			assert.Equal(t, "number of the value", 3, v.Number)
			assert.Equal(t, "reason", statemachine.Unreachable, waitError(t, err).Reason)
			assert.Equal(t, "errors.Is", true, errors.Is(err, sick))
		})
	})
	t.Run("is not asked in the target", func(t *testing.T) {
		t.Parallel()
		synctest.Test(t, func(t *testing.T) {
			s := shows(starting, started)
			w := s.waiter(every(10 * time.Second))
			w.Check = check
			_, err := w.Wait(t.Context(), started, time.Hour)
			assert.Equal(t, "error", nil, err)
		})
	})
}

// TestWaitUsesKind checks that Kind classifies errors, but only the end of the caller's context
// is Interrupted.
func TestWaitUsesKind(t *testing.T) {
	t.Parallel()
	strange := errors.New("strange")
	for _, tt := range []struct {
		why    string
		err    error
		kind   statemachine.Kind // what Kind makes of it
		reason statemachine.Reason
	}{
		{"tolerated, for Kind says so", strange, statemachine.Unavailable, ""},
		{"fatal, for Kind says so", fault(statemachine.Throttled), statemachine.AccessDenied, statemachine.ReadFailed},
		{"not the caller's context", strange, statemachine.Interrupted, ""},
		{"a context error of the client's own, to KindOf", context.DeadlineExceeded, "", ""},
		{"a canceled one too, to KindOf", context.Canceled, "", ""},
	} {
		t.Run(tt.why, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				s := responses(response{err: tt.err}, response{state: started})
				w := s.waiter(every(10 * time.Second))
				if tt.kind != "" {
					w.Kind = func(error) statemachine.Kind { return tt.kind }
				}
				_, err := w.Wait(t.Context(), started, time.Hour)
				if tt.reason == "" {
					assert.Equal(t, "error", nil, err)
					assert.Equal(t, "reads", secs(0, 20), s.reads)
				} else {
					assert.Equal(t, "reason", tt.reason, waitError(t, err).Reason)
				}
			})
		})
	}
}

// TestWaitHangingReadIsUnavailable checks that a read that exceeds its timeout is Unavailable,
// whatever Kind returns.
func TestWaitHangingReadIsUnavailable(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := responses(response{hang: true}, response{state: started})
		w := s.waiter(every(10 * time.Second))
		w.Kind = func(error) statemachine.Kind { return statemachine.Unknown }
		_, err := w.Wait(t.Context(), started, time.Hour)
		assert.Equal(t, "error", nil, err)
		assert.Equal(t, "reads", secs(0, 50), s.reads)
	})
}

// TestWaitHangingReadReportsTimeout checks that a Fault that only reports the end of its context
// becomes "no response within 30s", or "not sent" if the request never left the machine.
func TestWaitHangingReadReportsTimeout(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := shows(starting)
		w := s.waiter(every(10 * time.Second))
		reads := 0
		w.Read = func(ctx context.Context) (row, error) {
			<-ctx.Done()
			f := statemachine.Fault{Kind: statemachine.Interrupted, Operation: "Describe", Err: ctx.Err()}
			switch reads++; reads {
			case 1:
				f.Resource = "res-1"
			case 2:
				f.NotSent, f.Message = true, "cannot get credentials"
			case 3:
				f.NotSent = true
			}
			return row{}, &f
		}
		var said []string
		w.Options.OnRead = func(r statemachine.Reading) { said = append(said, r.Err.Error()) }
		_, err := w.Wait(t.Context(), started, 3*time.Minute)
		e := waitError(t, err)
		assert.Equal(t, "reason", statemachine.TimedOut, e.Reason)
		assert.Equal(t, "errors of the reads", []string{
			"Describe res-1: no response within 30s", "Describe: not sent within 30s: cannot get credentials", "Describe: not sent within 30s",
			"Describe: no response within 30s",
		}, said)
		assert.Equal(t, "kind", statemachine.Unavailable, statemachine.KindOf(err))
	})
}

// TestWaitErrorPlanIsCopy checks that a caller may modify the plan of an error.
func TestWaitErrorPlanIsCopy(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := shows(stopped)
		w := s.waiter(every(10 * time.Second))
		_, err := w.Wait(t.Context(), started, time.Hour)
		waitError(t, err).Plan[0] = "Scribble"
		plan, _ := w.Machine.Plan(stopped, started)
		assert.Equal(t, "plan", []statemachine.Operation{opStart}, plan)
	})
}

// TestWaitLateReadKeepsError checks that the error of a read that took too long is kept, unless
// it only reports the end of its context.
func TestWaitLateReadKeepsError(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := responses(response{takes: time.Minute, deaf: true, err: fault(statemachine.AccessDenied)})
		_, err := s.waiter(every(10*time.Second)).Wait(t.Context(), started, 20*time.Second)
		assert.Equal(t, "kind", statemachine.Unavailable, statemachine.KindOf(err))
		assert.Equal(t, "chain", []string{"timed out", "access denied", "unavailable", "context deadline exceeded"}, chain(err))
	})
}

func TestWaitInvalidInputIsRejected(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		why     string
		change  func(*statemachine.Waiter[row, state])
		target  state
		maxWait time.Duration
		want    []string
	}{
		{"no time", nil, started, 0, []string{"maxWait"}},
		{"less than no time", nil, started, -time.Second, []string{"maxWait"}},
		{"unknown target", nil, novel, time.Hour, []string{"target"}},
		{"no target", nil, "", time.Hour, []string{"target"}},
		{
			"everything at once", func(w *statemachine.Waiter[row, state]) {
				w.Read, w.State = nil, nil
				w.Options = statemachine.WaitOptions{MinDelay: -1, MaxDelay: -1, ReadTimeout: -1, WatchDelay: -1, Consecutive: -1}
			}, novel, 0,
			[]string{"Read", "target", "maxWait", "MinDelay", "MaxDelay", "ReadTimeout", "WatchDelay", "Consecutive", "State"},
		},
		{"the zero value", func(w *statemachine.Waiter[row, state]) { *w = statemachine.Waiter[row, state]{} }, started, time.Hour, []string{"Read", "Machine", "State"}},
		{"a machine that New did not make", func(w *statemachine.Waiter[row, state]) { w.Machine = new(statemachine.Machine[state]) }, started, time.Hour, []string{"target"}},
	} {
		t.Run(tt.why, func(t *testing.T) {
			t.Parallel()
			s := shows(started)
			w := s.waiter(every(time.Second))
			if tt.change != nil {
				tt.change(w)
			}
			_, err := w.Wait(t.Context(), tt.target, tt.maxWait)
			input, ok := errors.AsType[*statemachine.InputError](err)
			if !ok {
				t.Fatalf("no *InputError: %v", err)
			}
			got := fields(input)
			for _, f := range tt.want {
				if !contains(got, f) {
					t.Errorf("%s is not refused: %v", f, err)
				}
			}
			assert.Equal(t, "number of fields", len(tt.want), len(got))
			assert.Equal(t, "kind", statemachine.InvalidInput, statemachine.KindOf(err))
			assert.Equal(t, "reads", 0, len(s.reads))
		})
	}
}

func contains(list []string, s string) bool {
	return slices.Contains(list, s)
}

// TestWaitOptionFunctionsOverrideFields checks that the options of a call come after those of the
// Waiter, and do not modify them.
func TestWaitOptionFunctionsOverrideFields(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := shows(starting, started)
		w := s.waiter(every(10 * time.Second))
		_, err := w.Wait(t.Context(), started, time.Hour, func(o *statemachine.WaitOptions) { o.MinDelay, o.MaxDelay = time.Second, time.Second })
		assert.Equal(t, "error", nil, err)
		assert.Equal(t, "reads", secs(0, 1), s.reads)
		assert.Equal(t, "MinDelay", 10*time.Second, w.Options.MinDelay)
	})
}

func TestOnReadReceivesEveryRead(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		denied, throttled := fault(statemachine.AccessDenied), fault(statemachine.Throttled)
		s := responses(response{state: stopped}, response{err: throttled}, response{state: starting, takes: 3 * time.Second}, response{err: denied})
		var got []statemachine.Reading
		o := every(10 * time.Second)
		o.OnRead = func(r statemachine.Reading) { got = append(got, r) }
		_, err := s.waiter(o).Wait(t.Context(), started, time.Hour)
		assert.Equal(t, "reason", statemachine.ReadFailed, waitError(t, err).Reason)
		want := []statemachine.Reading{
			{State: "stopped", Reads: 1, NextDelay: 10 * time.Second},
			{State: "stopped", Reads: 2, Elapsed: 10 * time.Second, NextDelay: 20 * time.Second, Err: throttled},
			{State: "starting", Reads: 3, Elapsed: 33 * time.Second, NextDelay: 10 * time.Second},
			{State: "starting", Reads: 4, Elapsed: 43 * time.Second, Err: denied},
		}
		assert.Equal(t, "number", len(want), len(got))
		for i := range got {
			want[i].Resource, want[i].Target = "res-1", "started"
			if got[i] != want[i] {
				t.Errorf("reading %d: got %+v, want %+v", i, got[i], want[i])
			}
		}
	})
}

// TestOnReadReceivesInterruptedRead checks that OnRead is called for the read during which the
// context ended.
func TestOnReadReceivesInterruptedRead(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithTimeout(t.Context(), 15*time.Second)
		defer cancel()
		s := responses(response{state: starting}, response{hang: true})
		var got []statemachine.Reading
		o := every(10 * time.Second)
		o.OnRead = func(r statemachine.Reading) { got = append(got, r) }
		_, err := s.waiter(o).Wait(ctx, started, time.Hour)
		assert.Equal(t, "reads", len(got), waitError(t, err).Reads)
		assert.Equal(t, "interrupted", true, errors.Is(got[len(got)-1].Err, context.DeadlineExceeded))
	})
}

// TestWaitCauseThatWrapsContextErrorIsNotRepeated checks that a cause that includes the error of
// the context is not reported twice.
func TestWaitCauseThatWrapsContextErrorIsNotRepeated(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		reason := fmt.Errorf("the operator went home: %w", context.Canceled)
		ctx, cancel := context.WithCancelCause(t.Context())
		cancel(reason)
		_, err := shows(starting).waiter(tens()).Wait(ctx, started, time.Minute)
		assert.Equal(t, "cause", true, errors.Is(err, reason))
		assert.Equal(t, "text", "the operator went home: context canceled", waitError(t, err).Err.Error())
	})
}

// TestWaitTargetReadAsContextEndsCounts checks that a read that shows the target counts, even if
// the context ended during it.
func TestWaitTargetReadAsContextEndsCounts(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithCancel(t.Context())
		s := shows(started)
		w := s.waiter(tens())
		w.Read = func(ctx context.Context) (row, error) {
			cancel()
			return s.read(ctx)
		}
		got, err := w.Wait(ctx, started, time.Minute)
		assert.Equal(t, "error", nil, err)
		assert.Equal(t, "value", row{State: started, Number: 1}, got)
	})
}
