package activityreader

import (
	"cmp"
	"context"
	"iter"
	"log/slog"
	"slices"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/kinesis/types"

	"github.com/streamwarden/streamwarden-go/statemachine"
)

// RecordingState is what is known about the recording of one instance.
type RecordingState string

const (
	// StateRecording means that the instance is heard from. Since is the first record that shows
	// it.
	StateRecording RecordingState = "recording"

	// StateSilent means that everything up to the watermark was read and that the instance was
	// not heard from for longer than [Options].Silence. Since is its last record, or when
	// watching began. Nothing may be recorded.
	StateSilent RecordingState = "silent"

	// StateGap means that the instance was not heard from between Since and Until, and was heard
	// from again. Since is its last record before, or when watching began. A StateRecording
	// follows.
	StateGap RecordingState = "gap"

	// StateBehind means that the reader is behind, so that nothing can be said about what arrived
	// after Since, the watermark. It ends with one of the other states.
	StateBehind RecordingState = "behind"

	// StateUndecodable means that records arrived between Since and Until that could not be
	// decoded. With an InstanceId, the instance was not heard from for longer than
	// [Options].Silence, and these records may be its own. Without an InstanceId, the Change
	// reports the first such record after a while, whose instance is not known.
	StateUndecodable RecordingState = "undecodable"
)

// Change is one change in the recording of an instance.
type Change struct {
	InstanceId  string         // the DbiResourceId; empty for an undecodable record
	State       RecordingState // what is known from now on
	Since       time.Time      // when State began, as an arrival time in Kinesis
	Until       time.Time      // when State ended, as an arrival time in Kinesis; zero if it continues
	Watermark   time.Time      // the arrival time up to which the whole stream was read; zero before that is known
	Interval    time.Duration  // of the instance's heartbeats, as set or learned
	Explanation string         // what [Options].Explain returned
	Err         error          // with StateUndecodable, why; with StateBehind, why a call fails, if one does

	position Position
}

// Position returns where to resume [Reader.Watch] after this change. It holds what Watch knows of
// the instances, so that a gap that spans a restart is found with its true bounds.
func (c *Change) Position() Position { return c.position }

// Bounds of what Watch learns and holds.
const (
	leastInterval = time.Second
	mostInterval  = 30 * time.Second
	leastSilence  = 10 * time.Second
	enough        = 8                      // heartbeats from which an interval is learned
	dense         = 250 * time.Millisecond // records between two others this close say nothing more
	maxLead       = 10 * time.Minute       // by which a shard is read ahead of the watermark
	refreshDelay  = 10 * time.Second       // between two positions to resume at
)

// Watch yields a Change whenever the recording of an instance changes: first its current state,
// then each silence, its end, each gap, and whether the reader is behind. It follows the stream
// from a position on until the context ends. Pass [Latest] to start now, or a stored
// [Change.Position] to resume.
//
// The instanceIDs are the DbiResourceIds of the instances that must be recorded: one that was
// never heard from is silent. Any other instance is watched from its first record on, so that the
// list can be empty and instances can join. An instance that leaves the cluster becomes silent. To
// tell it from one that is not recorded, call [activitystream.Client.Members].
//
// Watch looks for a silence only before the watermark: the least arrival time up to which every
// open shard was read. A shard is read up to its last record or, if the service reports nothing
// after it, up to now. Watch processes records in the order of their arrival as the watermark
// advances. A reader that was paused, throttled or restarted therefore raises no false alarm, and
// finds each gap with the bounds that it had. If the watermark stays behind for longer than
// [Options].BehindAfter, Watch reports StateBehind. A silence is reported within [Options].Silence
// and two PollDelays.
//
// Arrival times come from the clocks of the shards. Where these differ by up to D, the bounds of a
// silence are off by up to D, and Watch finds each silence that is longer than Silence plus D, up
// to D later. It ignores one that is shorter than Silence by this machine's clock, which says
// between which reads a record arrived. Nothing that is shorter than Silence less two PollDelays is
// therefore reported. For what arrived while the reader was behind, the limit is Silence less D.
// This machine's clock may be wrong by up to 30 s.
//
// Changes are yielded at least once. An error is yielded once with a nil Change and ends the
// iteration: a [*ReadError] with its verdict and the position, or a [*statemachine.InputError].
// Memory is bounded whatever the backlog: no shard is read more than 10 minutes ahead of the
// watermark. Ranging again reads again from the same position. No goroutine outlives the range
// loop.
//
// [activitystream.Client.Members]: https://pkg.go.dev/github.com/streamwarden/streamwarden-go/activitystream#Client.Members
func (r *Reader) Watch(ctx context.Context, from Position, instanceIDs []string) iter.Seq2[*Change, error] {
	return func(yield func(*Change, error) bool) {
		o, err := r.resolve("Watch", checkIDs(instanceIDs)...)
		if err != nil {
			yield(nil, err)
			return
		}
		w := newWatcher(ctx, &follower{r: r, options: o, from: from, lead: maxLead}, instanceIDs, yield)
		if err := w.f.run(ctx); err != errStopped { //nolint:errorlint // run returns it as it is
			if end, ok := err.(*ReadError); ok { //nolint:errorlint // run returns it as it is
				end.Position = w.position()
			}
			yield(nil, err)
		}
	}
}

// checkIDs rejects empty resource IDs.
func checkIDs(ids []string) []statemachine.FieldError {
	if slices.Contains(ids, "") {
		return []statemachine.FieldError{{Field: "instanceIDs", Reason: "must not contain an empty ID: pass DbiResourceIds (db-…)"}}
	}
	return nil
}

// watcher judges silence for one call of Watch.
type watcher struct {
	ctx   context.Context //nolint:containedctx // of one call
	f     *follower
	yield func(*Change, error) bool

	byID      map[string]*instance // by ID in lower case
	instances []*instance
	start     time.Time         // since when instances are watched; zero until it is known
	judged    time.Time         // the watermark of the last judgment
	unknown   marks             // records that could not be decoded
	unknownAt time.Time         // the last of them that was judged
	cause     error             // why the last of them could not be decoded
	trails    map[string]*trail // by shard
	behind    bool
	resumed   time.Time // when the loop body returned
	queue     []*Change
	safe      Position // to resume at such that no change is missed that is not yielded yet
	safeAt    time.Time
}

func newWatcher(ctx context.Context, f *follower, ids []string, yield func(*Change, error) bool) *watcher {
	w := &watcher{
		ctx: ctx, f: f, yield: yield, byID: make(map[string]*instance), trails: make(map[string]*trail),
		resumed: time.Now(), safe: f.from,
	}
	for _, s := range f.from.Shards {
		if !s.At.IsZero() && (w.start.IsZero() || s.At.Before(w.start)) {
			w.start = s.At
		}
	}
	for _, id := range ids {
		w.instance(id).listed = true
	}
	for id, known := range f.from.Instances {
		i := w.instance(id)
		i.interval, i.from, i.heard, i.covered = known.Interval, known.From, known.Heard, known.Heard
	}
	f.deliver = w.deliver
	f.step = w.step
	f.tipDelay = func(*shard) time.Duration { return f.options.PollDelay }
	return w
}

// instance returns what is known of an instance.
func (w *watcher) instance(id string) *instance {
	key := strings.ToLower(id)
	i := w.byID[key]
	if i == nil {
		i = &instance{id: id}
		w.byID[key] = i
		w.instances = append(w.instances, i)
	}
	return i
}

// deliver takes in the records of a response.
func (w *watcher) deliver(s *shard, records []types.Record, _ time.Duration) bool {
	t := w.trails[s.id]
	if t == nil {
		t = &trail{cursor: s.cursor}
		w.trails[s.id] = t
	}
	now := time.Now()
	for d, err := range w.f.deliveries(w.ctx, s, records) {
		if err != nil {
			w.cause = err
			w.unknown.add(mark{at: d.ArrivedAt})
			continue
		}
		if d.Record.InstanceId == "" {
			continue
		}
		heartbeat := false
		for e := range d.Record.Events {
			heartbeat = heartbeat || d.Record.Events[e].Heartbeat()
		}
		i := w.instance(d.Record.InstanceId)
		i.pending.add(mark{at: d.ArrivedAt, heartbeat: heartbeat, after: s.after, read: now})
		i.latestAlive = later(i.latestAlive, s.after)
	}
	t.points = append(t.points, s.cursor)
	return true
}

// step judges what the watermark permits, and yields what changed.
func (w *watcher) step() bool {
	now := time.Now()
	mark := w.f.watermark()
	if mark.After(w.judged) {
		w.judge(mark)
	}
	w.lag(now)
	if len(w.queue) == 0 {
		if now.Sub(w.safeAt) >= refreshDelay && !w.judged.IsZero() {
			w.safe, w.safeAt = w.position(), now
		}
		return true
	}
	queue := w.queue
	w.queue = nil
	after := w.position()
	for n, c := range queue {
		c.position = w.safe
		if n == len(queue)-1 {
			c.position = after
		}
		w.explain(c)
		if !w.yield(c, nil) {
			return false
		}
	}
	w.safe, w.safeAt, w.resumed = after, time.Now(), time.Now()
	return true
}

// judge judges everything that arrived up to the watermark.
func (w *watcher) judge(mark time.Time) {
	w.judged = mark
	unknown := w.undecodable(mark)
	w.start = cmp.Or(w.start, w.f.latest)
	if w.start.IsZero() { // reading began with the oldest record
		w.start = mark
		for _, i := range w.instances {
			if len(i.pending) > 0 && i.pending[0].at.Before(w.start) {
				w.start = i.pending[0].at
			}
		}
	}
	for _, i := range w.instances {
		own := i.pending.take(mark)
		if i.from.IsZero() {
			i.from, i.alive = w.start, w.f.latest
			i.latestAlive = later(i.latestAlive, i.alive)
			if !i.listed && len(own) > 0 {
				i.from = own[0].at
			} else if !i.listed {
				i.from = time.Time{} // it is not heard from below the watermark yet
				continue
			}
		}
		i.covered = cmp.Or(i.covered, i.from)
		rest := unknown
		for len(own)+len(rest) > 0 { // in the order of arrival
			if len(own) == 0 || len(rest) > 0 && rest[0].at.Before(own[0].at) {
				i.uncertain(rest[0].at)
				rest = rest[1:]
				continue
			}
			w.hear(i, own[0], own[1:])
			own = own[1:]
		}
		w.silence(i)
	}
	for id, t := range w.trails {
		t.advance(mark)
		if w.f.shards[id] == nil && len(t.points) == 0 {
			delete(w.trails, id)
		}
	}
}

// undecodable returns the records up to the watermark that could not be decoded, and reports the
// first of them after a while.
func (w *watcher) undecodable(mark time.Time) marks {
	unknown := w.unknown.take(mark)
	for _, u := range unknown {
		if w.unknownAt.IsZero() || u.at.Sub(w.unknownAt) > leastSilence {
			w.queue = append(w.queue, &Change{State: StateUndecodable, Since: u.at, Watermark: mark, Err: w.cause})
		}
		w.unknownAt = u.at
	}
	return unknown
}

// hear takes in a record of an instance. The others are those below the watermark that follow it.
func (w *watcher) hear(i *instance, m mark, others marks) {
	last, limit := cmp.Or(i.heard, i.from), w.limit(i)
	gone := m.at.Sub(last) > limit && !i.heardUntil(m, others, limit)
	i.alive = later(i.alive, m.after)
	if !m.at.After(last) && !i.heard.IsZero() {
		return // it is delivered again, or late
	}
	switch {
	case gone && max(i.hole, m.at.Sub(i.covered)) > limit:
		w.emit(i, StateGap, last, m.at)
	case gone && i.state != StateUndecodable:
		w.emit(i, StateUndecodable, last, m.at)
	}
	if !gone && m.heartbeat {
		i.learn(m.at)
	}
	if m.heartbeat {
		i.beat = m.at
	}
	i.heard, i.covered, i.hole = m.at, m.at, 0
	if i.state != StateRecording {
		w.emit(i, StateRecording, m.at, time.Time{})
	}
}

// silence judges the time between an instance's last record and the watermark.
func (w *watcher) silence(i *instance) {
	last := cmp.Or(i.heard, i.from)
	limit := w.limit(i)
	if w.judged.Sub(last) <= limit || !i.latestAlive.IsZero() && time.Since(i.latestAlive) <= limit {
		return
	}
	switch hole := max(i.hole, w.judged.Sub(i.covered)); {
	case i.state == StateSilent:
	case hole > limit:
		w.emit(i, StateSilent, last, time.Time{})
	case i.state != StateUndecodable:
		w.emit(i, StateUndecodable, last, time.Time{})
	}
}

// emit queues a change of an instance. Until is zero if the state continues.
func (w *watcher) emit(i *instance, state RecordingState, since, until time.Time) {
	c := &Change{InstanceId: i.id, State: state, Since: since, Until: until, Watermark: w.judged, Interval: w.interval(i)}
	if state == StateUndecodable {
		c.Err = w.cause
	}
	if state == StateBehind { // which says nothing about the instance
		c.Err = w.f.failing()
	} else {
		i.state, i.since = state, since
	}
	i.shown = state
	w.queue = append(w.queue, c)
}

// interval returns the interval of an instance's heartbeats: as it is set, as it was learned, or
// as those of the others were.
func (w *watcher) interval(i *instance) time.Duration {
	if d := cmp.Or(w.f.options.Heartbeat, i.interval); d > 0 {
		return d
	}
	var most time.Duration
	for _, other := range w.instances {
		most = max(most, other.interval)
	}
	return cmp.Or(most, mostInterval)
}

// limit returns how long an instance may be silent.
func (w *watcher) limit(i *instance) time.Duration {
	if d := w.f.options.Silence; d > 0 {
		return d
	}
	return max(leastSilence, 3*w.interval(i)+2*w.f.options.PollDelay)
}

// lag reports that the reader is behind, and that it is not anymore.
func (w *watcher) lag(now time.Time) {
	reached := cmp.Or(w.judged, w.start, w.f.began)
	from := reached
	if w.resumed.After(from) {
		from = w.resumed // the time of the loop body is not the reader's
	}
	switch after := w.f.options.BehindAfter; {
	case !w.behind && now.Sub(from) > after:
		w.behind = true
		for _, i := range w.instances {
			if i.state != StateSilent && (i.listed || i.state != "") {
				w.emit(i, StateBehind, reached, time.Time{})
			}
		}
	case w.behind && now.Sub(reached) <= after/2:
		w.behind = false
		for _, i := range w.instances {
			if i.shown == StateBehind && i.state != "" {
				w.emit(i, i.state, i.since, time.Time{})
			}
		}
	}
}

// explain asks for the reason of a silence.
func (w *watcher) explain(c *Change) {
	o := &w.f.options
	if o.Explain == nil || c.State != StateSilent && c.State != StateGap {
		return
	}
	ctx, cancel := context.WithTimeout(w.ctx, o.ReadTimeout)
	defer cancel()
	text, err := o.Explain(ctx, c.InstanceId, c.Since, c.Until)
	if err != nil {
		o.Logger.LogAttrs(ctx, slog.LevelWarn, "a silence could not be explained", slog.String("error", err.Error()))
	}
	c.Explanation = text
}

// position returns where to resume so that everything above the watermark is read again.
func (w *watcher) position() Position {
	if len(w.f.order) == 0 {
		return w.f.from
	}
	p := w.f.position()
	for id, t := range w.trails {
		if s, ok := p.Shards[id]; ok && len(t.points) == 0 {
			t.cursor.At, t.cursor.Done = s.At, s.Done
		}
		p.Shards[id] = t.cursor
	}
	p.Instances = make(map[string]InstancePosition, len(w.instances))
	for _, i := range w.instances {
		if !i.from.IsZero() {
			p.Instances[i.id] = InstancePosition{Heard: i.heard, From: i.from, Interval: i.interval}
		}
	}
	return p
}

// trail is how far a shard was read: up to the watermark, and beyond.
type trail struct {
	cursor ShardPosition   // after the last response that is below the watermark as a whole
	points []ShardPosition // after each later response
}

// advance moves the cursor to the watermark.
func (t *trail) advance(watermark time.Time) {
	n := 0
	for n < len(t.points) && !t.points[n].At.After(watermark) {
		t.cursor = t.points[n]
		n++
	}
	t.points = slices.Delete(t.points, 0, n)
}

// instance is what Watch knows of one instance.
type instance struct {
	id      string
	listed  bool // the caller named it
	pending marks
	from    time.Time      // since when it is watched; zero until it is known
	heard   time.Time      // its last record below the watermark
	alive   time.Time      // it, or one before, arrived later than this by our clock; zero: not known
	beat    time.Time      // its last heartbeat
	covered time.Time      // its last record, or a later one whose instance is not known
	hole    time.Duration  // the longest time since heard in which neither came
	state   RecordingState // StateGap is not one of them for longer than an instant
	shown   RecordingState // the last that was yielded
	since   time.Time      // of the state

	latestAlive time.Time // as alive, of any record, even if it is above the watermark

	interval  time.Duration   // as learned
	intervals []time.Duration // the latest
}

func later(a, b time.Time) time.Time {
	if a.After(b) {
		return a
	}
	return b
}

// heardUntil reports whether the instance was heard from, up to the record m, never more than limit
// apart by this machine's clock. The clocks of two shards can differ so much that the records of
// one come after m in the order of arrival, although they came before it: among the others, or
// above the watermark.
func (i *instance) heardUntil(m mark, others marks, limit time.Duration) bool {
	if i.alive.IsZero() {
		return false
	}
	read := slices.DeleteFunc(slices.Concat(others, i.pending, marks{m}), func(o mark) bool { return o.read.After(m.read) })
	slices.SortFunc(read, func(a, b mark) int { return a.read.Compare(b.read) })
	alive := i.alive
	for _, o := range read {
		if o.read.Sub(alive) > limit {
			return false
		}
		alive = later(alive, o.after)
	}
	return true
}

// uncertain takes in a record whose instance is not known.
func (i *instance) uncertain(at time.Time) {
	if at.After(i.covered) {
		i.hole = max(i.hole, at.Sub(i.covered))
		i.covered = at
	}
}

// learn takes in the time between two heartbeats. The interval is the 90th percentile of the last
// 32, so that it is what the instance mostly keeps to.
func (i *instance) learn(at time.Time) {
	d := at.Sub(i.beat)
	if i.beat.IsZero() || d < dense {
		return
	}
	i.intervals = appendLatest(i.intervals, d, 32)
	if len(i.intervals) >= enough {
		i.interval = min(max(percentile(i.intervals, 90), leastInterval), mostInterval)
	}
}

// mark is the arrival of a record.
type mark struct {
	at          time.Time // of the shard's clock
	heartbeat   bool
	after, read time.Time // between which it arrived, of this machine's clock; after is zero if it is not known
}

// marks are arrivals in their order. Those that are close to others on both sides are left out:
// they change no bound.
type marks []mark

func (m *marks) add(a mark) {
	list := *m
	n := len(list)
	for n > 0 && a.at.Before(list[n-1].at) {
		n--
	}
	if n > 0 && list[n-1].at.Equal(a.at) {
		list[n-1].heartbeat = list[n-1].heartbeat || a.heartbeat
		return
	}
	if n >= 2 && n == len(list) && a.at.Sub(list[n-2].at) < dense {
		list[n-1] = a
		return
	}
	if n > 0 && n < len(list) && list[n].at.Sub(list[n-1].at) < dense {
		return
	}
	*m = slices.Insert(list, n, a)
}

// take removes and returns those up to an instant.
func (m *marks) take(to time.Time) []mark {
	n := 0
	for n < len(*m) && !(*m)[n].at.After(to) {
		n++
	}
	taken := slices.Clone((*m)[:n])
	*m = slices.Delete(*m, 0, n)
	return taken
}
