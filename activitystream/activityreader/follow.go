package activityreader

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/kinesis"
	"github.com/aws/aws-sdk-go-v2/service/kinesis/types"

	"github.com/streamwarden/streamwarden-go/internal/sdkcall"
	"github.com/streamwarden/streamwarden-go/statemachine"
)

// follower reads a stream for one call of a Reader's method. The caller's goroutine schedules the
// calls and handles their results, one at a time. Each call in flight has a goroutine.
type follower struct {
	r       *Reader
	sdk     sdkcall.Caller[kinesis.Options]
	options Options
	from    Position

	// deliver handles the records of a response, in order. It returns false to stop.
	deliver func(s *shard, records []types.Record, behind time.Duration) bool

	// step is called after each list and each call. It returns false to stop.
	step func() bool

	// tipDelay returns how long after the start of a read that found nothing behind it the shard
	// is read again.
	tipDelay func(s *shard) time.Duration

	// firstDelay is the time between the iterator of a shard and its first read.
	firstDelay time.Duration

	// lead is by how much a shard may be read ahead of the watermark. Zero means any.
	lead time.Duration

	// last is the time of the last read, which is also the latest. Zero means that reading does
	// not end on its own.
	last time.Time

	shards   map[string]*shard
	order    []*shard        // by ID
	seen     map[string]bool // shards that were taken in, or need not be; nil before the first list
	listDue  time.Time
	listedAt time.Time // start of the last list that succeeded; zero means none
	listFail int       // lists that failed in a row
	missing  time.Time // since when the stream is not found; zero means that it is
	latest   time.Time // since when everything is read, if reading began with the latest records
	began    time.Time
	reads    int // GetRecords calls
	inFlight int
	results  chan *result
	listErr  error // of the last list; nil if it succeeded
}

// result is what came of one call for a shard.
type result struct {
	shard    *shard
	started  time.Time
	late     bool   // the iterator was returned so late that what arrived since the list may be missing
	iterator string // what GetShardIterator returned; empty if the call was GetRecords
	out      *kinesis.GetRecordsOutput
	op       statemachine.Operation
	err      error
}

// errStopped ends a run that deliver or step stopped.
var errStopped = errors.New("stopped")

// run follows the stream until the context ends, deliver or step stops it, or there is a verdict,
// which it returns.
func (f *follower) run(ctx context.Context) error {
	f.sdk = f.r.sdk
	f.sdk.Limit = f.options.ReadTimeout
	f.shards = make(map[string]*shard)
	f.results = make(chan *result, f.options.Concurrency)
	f.began = time.Now()
	f.listDue = f.began
	calls, cancel := context.WithCancel(ctx)
	defer func() {
		cancel()
		for ; f.inFlight > 0; f.inFlight-- { // no goroutine outlives the call
			<-f.results
		}
	}()
	for {
		if ctx.Err() != nil {
			return f.end(Interrupted, contextError(ctx))
		}
		if now := time.Now(); !now.Before(f.listDue) {
			f.launch(calls, now) // before a list that may hang
			if err := f.list(ctx, now); err != nil {
				return err
			}
			if !f.step() {
				return errStopped
			}
			if !f.last.IsZero() && !now.Before(f.last) {
				f.listDue = now.Add(2 * f.options.ReadTimeout) // the wait has ended by then
			}
		}
		if res := f.next(ctx, f.launch(calls, time.Now())); res != nil {
			if err := f.handle(ctx, res); err != nil {
				return err
			}
			if !f.step() {
				return errStopped
			}
		}
	}
}

// next returns a result. It returns nil at the instant wake, and when the context ends.
func (f *follower) next(ctx context.Context, wake time.Time) (res *result) {
	select {
	case res = <-f.results: // before anything else, however often something else is due
	default:
		d := time.Until(wake)
		if d <= 0 {
			return nil
		}
		timer := time.NewTimer(d)
		defer timer.Stop()
		select {
		case res = <-f.results:
		case <-timer.C:
		case <-ctx.Done():
		}
	}
	if res != nil {
		f.inFlight--
	}
	return res
}

// end returns the error that ends a run.
func (f *follower) end(v Verdict, err error) error {
	return &ReadError{StreamName: f.r.streamName, Verdict: v, Position: f.position(), Err: err}
}

// launch starts the calls that are due, the longest due first, and returns when it has to be
// called again.
func (f *follower) launch(ctx context.Context, now time.Time) (wake time.Time) {
	wake = f.listDue
	var ready []*shard
	limit := f.limit()
	for _, s := range f.order {
		switch {
		case s.busy || !f.wanted(s):
		case !limit.IsZero() && s.upTo.After(limit):
		case s.due.After(now):
			if s.due.Before(wake) {
				wake = s.due
			}
		default:
			ready = append(ready, s)
		}
	}
	slices.SortStableFunc(ready, func(a, b *shard) int { return a.due.Compare(b.due) })
	for _, s := range ready {
		if f.inFlight >= f.options.Concurrency {
			return now.Add(time.Hour) // a result comes first
		}
		s.busy = true
		f.inFlight++
		go func(iterator string) { f.results <- f.call(ctx, s, iterator) }(s.iterator)
	}
	return wake
}

// limit returns the instant beyond which no shard is read further. Zero means none.
func (f *follower) limit() time.Time {
	if f.lead == 0 {
		return time.Time{}
	}
	w := f.watermark()
	if w.IsZero() {
		return w.Add(time.Nanosecond) // each shard is read once first
	}
	return w.Add(f.lead)
}

// wanted reports whether a shard is to be read, or to be read again. The last read is made once.
func (f *follower) wanted(s *shard) bool {
	return !s.cursor.Done && f.ready(s) && (f.last.IsZero() || s.calledAt.Before(f.last))
}

// ready reports whether the parents of a shard were read to their end, as far as the stream still
// has them.
func (f *follower) ready(s *shard) bool {
	for _, id := range s.parents {
		if p := f.shards[id]; p != nil && !p.cursor.Done {
			return false
		}
	}
	return true
}

// call makes one call for a shard: GetRecords, or GetShardIterator if there is no iterator.
func (f *follower) call(ctx context.Context, s *shard, iterator string) *result {
	res := &result{shard: s, started: time.Now()}
	name := f.r.streamName + "/" + s.id
	if iterator != "" {
		res.op = getRecords
		res.out, res.err = sdkcall.Do(ctx, f.sdk, getRecords, name, f.r.api.GetRecords, &kinesis.GetRecordsInput{ShardIterator: &iterator})
		return res
	}
	res.op = getShardIterator
	in := &kinesis.GetShardIteratorInput{StreamName: &f.r.streamName, ShardId: &s.id}
	switch c := &s.cursor; {
	case c.After != "":
		in.ShardIteratorType, in.StartingSequenceNumber = types.ShardIteratorTypeAfterSequenceNumber, &c.After
	case s.latest:
		in.ShardIteratorType = types.ShardIteratorTypeLatest
	case c.Oldest || c.At.IsZero():
		in.ShardIteratorType = types.ShardIteratorTypeTrimHorizon
	default:
		in.ShardIteratorType, in.Timestamp = types.ShardIteratorTypeAtTimestamp, new(c.At.Add(-clockMargin))
	}
	out, err := sdkcall.Do(ctx, f.sdk, getShardIterator, name, f.r.api.GetShardIterator, in)
	switch {
	case err != nil:
		res.err = err
	case aws.ToString(out.ShardIterator) == "":
		res.err = sdkcall.UnexpectedResponse(getShardIterator, name, out.ResultMetadata, "the response has no iterator")
	default:
		res.iterator, res.late = *out.ShardIterator, time.Since(s.cursor.At) > maxLatest
	}
	return res
}

// handle takes in the result of a call. It returns an error if that ends the run.
func (f *follower) handle(ctx context.Context, res *result) error {
	s := res.shard
	s.busy = false
	if res.op == getRecords || res.err != nil {
		s.calledAt = res.started
	}
	if res.err != nil {
		if ctx.Err() != nil {
			return f.end(Interrupted, contextError(ctx))
		}
		return f.failed(ctx, res)
	}
	s.err = nil
	if res.iterator != "" {
		s.iterator = res.iterator
		s.due = f.capped(res.started.Add(f.firstDelay))
		if s.latest && f.last.IsZero() { // for a wait, no later iterator may be at an earlier time
			s.latest = false
			if res.late {
				s.iterator = ""
			}
		}
		return nil
	}
	if out := res.out; out.NextShardIterator == nil && out.MillisBehindLatest == nil && len(out.Records)+len(out.ChildShards) == 0 && s.empty < 3 { // the SDK takes a response without a document for success: not the end of a shard
		s.empty++
		s.iterator = ""
		f.listDue = time.Now()
		res.err = sdkcall.UnexpectedResponse(getRecords, f.r.streamName+"/"+s.id, out.ResultMetadata, "the response is empty")
		return f.failed(ctx, res)
	}
	s.failures, s.empty = 0, 0
	f.reads++
	records, bytes := inOrder(res.out.Records)
	behind := time.Duration(aws.ToInt64(res.out.MillisBehindLatest)) * time.Millisecond
	if res.out.MillisBehindLatest == nil && len(records) > 0 { // there may be more
		behind = time.Millisecond
	}
	s.iterator = aws.ToString(res.out.NextShardIterator)
	s.due = res.started.Add(max(minDelay, time.Duration(bytes)*time.Second/bytesPerSecond))
	if behind <= 0 {
		s.due = later(s.due, res.started.Add(f.tipDelay(s)))
	}
	s.due = f.capped(s.due)
	if len(records) > 0 && !f.deliver(s, records, behind) {
		return errStopped
	}
	if ctx.Err() != nil {
		return f.end(Interrupted, contextError(ctx))
	}
	f.progress(s, res, behind)
	if s.iterator == "" {
		s.cursor.Done = true
		f.listDue = time.Now()
		f.options.Logger.LogAttrs(ctx, slog.LevelInfo, "shard was read to its end", slog.String("shard", s.id))
	}
	if f.options.OnRead != nil {
		f.options.OnRead(Reading{ShardId: s.id, Records: len(records), Bytes: bytes, Behind: behind})
	}
	return nil
}

// progress moves the shard's part of the watermark.
func (f *follower) progress(s *shard, res *result, behind time.Duration) {
	if !f.last.IsZero() {
		return // a wait has no use for it
	}
	var last time.Time
	for i := range res.out.Records {
		last = later(last, aws.ToTime(res.out.Records[i].ApproximateArrivalTimestamp))
	}
	if !s.tip.IsZero() && !last.IsZero() {
		s.delays = appendLatest(s.delays, min(max(s.tip.Sub(last), 0), clockMargin), 15)
		s.cursor.Late = percentile(s.delays, 50) // one late record does not change the median
	}
	s.advance(last)
	if behind > 0 || s.iterator == "" || s.closed {
		s.tip = time.Time{}
		return
	}
	s.before, s.after = s.after, res.started
	// That nothing is behind says that everything that arrived was read only if the shard is
	// open: what arrives after a reshard is in its children. The shard was open when it was
	// listed, and when it was read before.
	seen := later(s.tip, f.listedAt)
	s.tip = res.started
	if res.started.Sub(seen) > f.options.PollDelay+3*time.Second {
		f.listDue = time.Now()
		return
	}
	s.advance(res.started.Add(-s.cursor.Late))
}

// failed handles a call that failed. It returns an error if no retry can help.
func (f *follower) failed(ctx context.Context, res *result) error {
	s := res.shard
	err, kind := res.err, statemachine.KindOf(res.err)
	s.err = err
	if res.op == getRecords {
		f.reads++
		if f.options.OnRead != nil {
			f.options.OnRead(Reading{ShardId: s.id, Err: err})
		}
	}
	s.failures++
	s.due = res.started.Add(min(time.Second<<min(s.failures-1, 10), maxBackoff))
	if fault, ok := errors.AsType[*statemachine.Fault](err); ok && fault.Code == "ExpiredIteratorException" {
		s.iterator = ""
		if s.failures == 1 {
			s.due = res.started.Add(minDelay)
		}
		return nil
	}
	f.options.Logger.LogAttrs(ctx, slog.LevelWarn, "call failed", slog.String("shard", s.id), slog.String("error", err.Error()))
	switch {
	case kind == statemachine.NotFound, kind == statemachine.InvalidInput:
		// The stream or the shard is gone, or the iterator or the sequence number is of another
		// stream: the list says which.
		s.iterator = ""
		s.lost = kind == statemachine.NotFound
		f.listDue = time.Now()
		if kind == statemachine.InvalidInput && s.failures > 2 {
			if res.op == getShardIterator && s.cursor.After != "" { // the sequence number is of another stream
				return f.end(StreamRecreated, err)
			}
			return f.end(ReadFailed, err)
		}
	case kind == statemachine.Unknown && s.failures <= maxUnknown:
	case !kind.Retryable():
		return f.end(ReadFailed, err)
	}
	s.due = f.capped(s.due)
	return nil
}

// list reads the list of shards and takes in what changed. It returns an error if that ends the
// run.
func (f *follower) list(ctx context.Context, now time.Time) error {
	listed, err := f.pages(ctx)
	if err != nil {
		if ctx.Err() != nil {
			return f.end(Interrupted, contextError(ctx))
		}
		return f.listFailed(ctx, now, err)
	}
	f.listFail, f.listErr = 0, nil
	if len(listed) == 0 { // the stream is being created
		f.listDue = f.capped(now.Add(max(f.options.PollDelay, time.Second)))
		return nil
	}
	f.missing = time.Time{}
	if err := f.sameStream(listed); err != nil {
		return err
	}
	for i := range listed {
		if s := f.shards[listed[i].id]; s != nil {
			s.closed = s.closed || listed[i].closed
		}
	}
	f.add(ctx, listed, now)
	f.forget(listed)
	f.listedAt = now
	f.listDue = now.Add(relistDelay)
	for _, s := range f.order {
		if s.cursor.Done && !f.replaced(s) { // its children are not listed yet
			f.listDue = now.Add(max(f.options.PollDelay, time.Second))
		}
	}
	f.listDue = f.capped(f.listDue)
	return nil
}

// pages reads all pages of the list.
func (f *follower) pages(ctx context.Context) (all []*shard, err error) {
	name := &f.r.streamName
	pages := sdkcall.Pages(ctx, listShards, *name, "NextToken", func(ctx context.Context, token *string) ([]types.Shard, *string, error) {
		in := &kinesis.ListShardsInput{NextToken: token}
		if token == nil { // Kinesis rejects a token with a name
			in.StreamName = name
		}
		out, err := sdkcall.Do(ctx, f.sdk, listShards, *name, f.r.api.ListShards, in)
		if err != nil {
			return nil, nil, err
		}
		return out.Shards, out.NextToken, nil
	})
	for listed, err := range pages {
		if err != nil {
			return nil, err
		}
		if s := newShard(&listed); s.id != "" {
			all = append(all, s)
		}
	}
	return all, nil
}

// failing returns why a shard or the list is not read: the error of its last call, if that failed.
func (f *follower) failing() error {
	for _, s := range f.order {
		if s.err != nil {
			return s.err
		}
	}
	return f.listErr
}

// listFailed handles a list that failed.
func (f *follower) listFailed(ctx context.Context, now time.Time, err error) error {
	f.listErr = err
	f.listFail++
	f.options.Logger.LogAttrs(ctx, slog.LevelWarn, "call failed", slog.String("error", err.Error()))
	f.listDue = now.Add(min(time.Second<<min(f.listFail-1, 10), maxBackoff))
	kind := statemachine.KindOf(err)
	switch {
	case kind == statemachine.NotFound:
		if f.missing.IsZero() {
			f.missing = now
		}
		ends := f.last.IsZero() || len(f.order) > 0 // a wait waits for a stream that was never there
		if ends && now.Sub(f.missing) >= f.options.Grace {
			return f.end(StreamDeleted, err)
		}
		f.listDue = now.Add(max(f.options.PollDelay, time.Second))
		if end := f.missing.Add(f.options.Grace); ends && f.listDue.After(end) {
			f.listDue = end
		}
	case kind.Retryable():
	case kind == statemachine.Unknown && f.listFail <= maxUnknown:
	default:
		return f.end(ReadFailed, err)
	}
	f.listDue = f.capped(f.listDue)
	return nil
}

// capped returns when a call that is due goes out: that of the last read at the latest, and none
// waits after it.
func (f *follower) capped(due time.Time) time.Time {
	if f.last.IsZero() || !due.After(f.last) {
		return due
	}
	if now := time.Now(); !now.Before(f.last) {
		return now.Add(minDelay)
	}
	return f.last
}

// sameStream checks that the stream is the one that the position is of.
func (f *follower) sameStream(listed []*shard) error {
	known := f.from.Shards
	if len(f.order) > 0 {
		known = f.position().Shards
	}
	found := len(known) == 0
	for _, l := range listed {
		k, ok := known[l.id]
		found = found || ok
		if ok && k.Start != "" && l.cursor.Start != "" && k.Start != l.cursor.Start {
			return f.end(StreamRecreated, fmt.Errorf("shard %s begins at another sequence number than before", l.id))
		}
	}
	if !found {
		return f.end(StreamRecreated, errors.New("the stream has none of the shards that were read: it is another stream, or the position is older than the stream's retention period"))
	}
	return nil
}

// add takes in the shards that were not known.
func (f *follower) add(ctx context.Context, listed []*shard, now time.Time) {
	first := f.seen == nil
	if first {
		f.seen = f.passed(listed)
		f.warnOfLost(ctx, listed, now)
	}
	for _, s := range listed {
		if f.seen[s.id] {
			continue
		}
		f.seen[s.id] = true
		stored, ok := f.from.Shards[s.id]
		switch {
		case ok && first:
			stored.Start = cmp.Or(s.cursor.Start, stored.Start)
			s.cursor, s.upTo, s.delays = stored, stored.At, []time.Duration{stored.Late}
		case first && f.from.Latest && len(f.from.Shards) == 0:
			if s.closed {
				continue
			}
			s.latest, s.cursor.At, s.upTo = true, now, now
			f.latest = now
		default:
			s.cursor.Oldest = true
			if !first {
				f.options.Logger.LogAttrs(ctx, slog.LevelInfo, "shard was added", slog.String("shard", s.id))
			}
		}
		s.due = now
		f.shards[s.id] = s
		f.order = append(f.order, s)
	}
	slices.SortFunc(f.order, func(a, b *shard) int { return strings.Compare(a.id, b.id) })
	for _, s := range f.order {
		if s.upTo.IsZero() {
			f.inherit(s)
		}
	}
}

// inherit moves a child up to where its parents were read: its records arrived after theirs.
func (f *follower) inherit(s *shard) {
	for _, id := range s.parents {
		if p := f.shards[id]; p != nil && p.cursor.Done {
			s.upTo = later(s.upTo, p.upTo)
			s.after = later(s.after, p.before) // the last read can be later than the reshard
		}
	}
}

// warnOfLost logs the shards of the position whose next records expired, because the stream does
// not have them anymore, or may have expired.
func (f *follower) warnOfLost(ctx context.Context, listed []*shard, now time.Time) {
	for id, stored := range f.from.Shards {
		switch {
		case stored.Done:
		case !slices.ContainsFunc(listed, func(s *shard) bool { return s.id == id }):
			f.options.Logger.LogAttrs(ctx, slog.LevelWarn, "shard expired before it was read to its end", slog.String("shard", id))
		case !stored.At.IsZero() && now.Sub(stored.At) > retention:
			f.options.Logger.LogAttrs(ctx, slog.LevelWarn, "records may have expired before they were read", slog.String("shard", id), slog.Time("since", stored.At))
		}
	}
}

// passed returns the shards that were read to their end before and that the position does not
// name anymore: the ancestors of those that it names.
func (f *follower) passed(listed []*shard) map[string]bool {
	byID := make(map[string]*shard, len(listed))
	for _, s := range listed {
		byID[s.id] = s
	}
	passed := make(map[string]bool)
	var visit func(id string)
	visit = func(id string) {
		s := byID[id]
		if s == nil {
			return
		}
		for _, p := range s.parents {
			if _, named := f.from.Shards[p]; !named && !passed[p] {
				passed[p] = true
				visit(p)
			}
		}
	}
	for id := range f.from.Shards {
		visit(id)
	}
	return passed
}

// forget drops the shards that were read to their end, once all their children are known. A shard
// that the service neither lists nor finds has no records left.
func (f *follower) forget(listed []*shard) {
	ids := make(map[string]bool, len(listed))
	for _, s := range listed {
		ids[s.id] = true
	}
	for _, s := range f.order {
		if s.lost && !ids[s.id] {
			s.cursor.Done = true
		}
	}
	f.order = slices.DeleteFunc(f.order, func(s *shard) bool {
		if !s.cursor.Done || s.busy || ids[s.id] && !f.replaced(s) {
			return false
		}
		delete(f.shards, s.id)
		return true
	})
}

// replaced reports whether all children of a shard are known, or were read to their end as well.
func (f *follower) replaced(s *shard) bool {
	var children []hashRange
	for _, c := range f.order {
		if slices.Contains(c.parents, s.id) {
			children = append(children, c.hash)
		}
	}
	return s.hash.covered(children)
}

// watermark returns the arrival time up to which the whole stream was read. Zero means that it is
// not known yet.
//
// A shard that was read to its end counts until its children are known, so that what arrives in
// them is not missed.
func (f *follower) watermark() time.Time {
	var least time.Time
	for _, s := range f.order {
		if !s.cursor.Done && !f.ready(s) {
			continue // its parents count
		}
		if s.upTo.IsZero() {
			return time.Time{}
		}
		if least.IsZero() || s.upTo.Before(least) {
			least = s.upTo
		}
	}
	return least
}

// position returns where every shard is.
func (f *follower) position() Position {
	if len(f.order) == 0 {
		return f.from
	}
	p := Position{Shards: make(map[string]ShardPosition, len(f.order))}
	for _, s := range f.order {
		p.Shards[s.id] = s.cursor
	}
	return p
}
