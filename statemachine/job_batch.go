package statemachine

import (
	"cmp"
	"context"
	"time"
)

// batching decides how the next read of a job is made: together with reads of other resources, or
// alone.
type batching struct {
	alone      bool      // the next read is of this resource alone
	bad        uint8     // batch reads in a row that had to be made again alone
	lost       uint8     // batch reads in a row without a response
	togetherAt time.Time // reads are made together again from then on
}

// The time in which a resource is read alone after a bad batch read. It doubles with each further
// one in a row.
const (
	minAlone = time.Minute
	maxAlone = time.Hour
)

// limit returns the maximum size of a batch with this resource. A batch that was lost twice in a
// row may be too large for one response, so its size is halved each time.
func (b *batching) limit(batch int) int { return max(batch>>max(int(b.lost)-1, 0), 1) }

// handleRead processes a read of this resource, alone or together with others, and reports it.
func (j *job[R, S]) handleRead(ctx context.Context, together bool, v R, err error, at time.Time) step {
	before := j.counts()
	var next step
	if together {
		next = j.decideTogether(ctx, v, err, at)
	} else if next = j.decide(ctx, v, err, at); err == nil {
		j.batching.lost = 0
		j.batching.alone = j.due.Before(j.batching.togetherAt)
	}
	j.reportRead(ctx, next, before, at)
	return next
}

// decideTogether processes a read together with other resources. Whatever would end the job badly
// must come from a read of this resource alone.
func (j *job[R, S]) decideTogether(ctx context.Context, v R, err error, at time.Time) step {
	kind := callKind(ctx, err, j.config.kind)
	switch {
	case kind == "":
		j.batching.lost = 0
		next := j.decide(ctx, v, err, at)
		if next == stepDone && (j.err != nil || j.reason != "" && j.reason != TimedOut) {
			return j.reread(kind, at)
		}
		j.batching.bad = 0
		return next
	case kind.Retryable() || kind == Interrupted:
		if kind == Unavailable {
			j.batching.lost = min(j.batching.lost+1, 8)
		}
		return j.decide(ctx, v, err, at)
	}
	j.countFailure(err, at)
	return j.reread(kind, at)
}

// reread makes the next read due now and alone, because of a batch read with an error of this kind,
// or of what it showed. At the deadline the wait ends instead.
func (j *job[R, S]) reread(kind Kind, at time.Time) step {
	if j.track.timedOut() != "" { // no read starts after the deadline
		if j.err != nil {
			j.failure = j.err
		}
		return j.endWait(TimedOut)
	}
	j.err, j.reason = nil, ""
	b := &j.batching
	b.alone, b.togetherAt = true, at
	if b.bad > 0 || kind != "" && kind != InvalidInput { // such as for a policy that allows single reads only
		b.togetherAt = at.Add(min(minAlone<<b.bad, maxAlone))
	}
	b.bad = min(b.bad+1, 8)
	j.due = at
	return stepRead
}

// byResource returns one result for each of n resources of a batch read that returned results or
// err. A resource without a result is NotFound.
func byResource[R any](n int, results []Result[R], err error) []Result[R] {
	all := make([]Result[R], n)
	for i := range all {
		all[i].Index, all[i].Err = i, cmp.Or(err, error(NotFound))
	}
	for _, r := range results {
		if r.Index >= 0 && r.Index < n && err == nil {
			all[r.Index] = r
		}
	}
	return all
}

// pacingErr returns the error of a batch read for the pacer: a throttled one if there is any.
func pacingErr[R any](results []Result[R], err error, kind func(error) Kind) error {
	for i := range results {
		if e := results[i].Err; e != nil && (err == nil || kind(e) == Throttled) {
			err = e
		}
	}
	return err
}
