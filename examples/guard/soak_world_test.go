package main

import (
	"context"
	"fmt"
	"iter"
	"log/slog"
	"math/rand/v2"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cloudtrail"
	"github.com/aws/aws-sdk-go-v2/service/customerprofiles"
	"github.com/aws/aws-sdk-go-v2/service/rds"

	"github.com/streamwarden/streamwarden-go/activitystream"
	"github.com/streamwarden/streamwarden-go/activitystream/activitystreamtest"
	"github.com/streamwarden/streamwarden-go/eventstream"
	"github.com/streamwarden/streamwarden-go/eventstream/eventstreamtest"
	"github.com/streamwarden/streamwarden-go/ingestion"
	"github.com/streamwarden/streamwarden-go/ingestion/ingestiontest"
	"github.com/streamwarden/streamwarden-go/statemachine"
)

// remembered bounds what a simulator remembers, so that its log does not hide what the guard uses. It is more than what happens to one resource.
const remembered = 4096

// soak is one run: three simulated services, what goes wrong with them, a guard of many resources, and the oracle beside it.
type soak struct {
	plan

	dice     dice
	began    time.Time
	calm     time.Time // nothing goes wrong any more from then on
	end      time.Time
	services [3]*service
	rds      *activitystreamtest.Server
	trail    *ingestiontest.Server
	profiles *eventstreamtest.Server

	guard    *guard
	subjects []*subject
	byName   map[string]*subject // by what the guard calls it, and by ARN
	happens  []event

	ctx     context.Context //nolint:containedctx // of the one run
	tally   tally
	denials sync.Map // when access was denied last, by what the call named
	waiting sync.WaitGroup

	mu    sync.Mutex // of what follows, and of the subjects' last two
	wrong []string
	off   time.Duration // that resources were not as they should be
}

// subject is one resource under guard.
type subject struct {
	name, arn string // as the guard calls it, and the simulator
	service   *service
	target    string
	other     string // that a wait can be for, too
	runs      []statemachine.Operation
	table     table
	thing     *thing
	truth     func() string
	history   func() life
	hands     hands
	wait      func(ctx context.Context, target string, maxWait time.Duration) error
	stored    func(ctx context.Context, target string, maxWait time.Duration, clock *clock) error

	orders []order
	read   time.Time // the guard's last one that succeeded
}

// hands are what can be done to a resource behind the guard's back.
type hands struct {
	stop, help      func() // by somebody who commands
	remove, restore func()
	lapse           func() // by the service, at once
	mend            func() // what it takes after that; nil: the guard can do it
	rollBack        func() // by the service, with the guard's next start; nil: there is no such thing
}

// event is something that happens, if the resource is in a state in which it can.
type event struct {
	at   time.Time
	what string
	can  func() bool
	do   func()
}

func always() bool { return true }

// newSoak makes the world as it is in the beginning.
func newSoak(p plan, seed uint64) *soak {
	w := &soak{plan: p, dice: dice(seed), began: time.Now(), byName: map[string]*subject{}}
	w.end = w.began.Add(p.length)
	w.calm = w.end.Add(-quiet)
	databases := &service{name: "RDS", throttling: "Throttling", accessError: "AccessDenied", commands: map[string]bool{"StartActivityStream": true}}
	stores := &service{name: "CloudTrail", throttling: "ThrottlingException", accessError: "AccessDeniedException", commands: map[string]bool{"StartEventDataStoreIngestion": true}}
	streams := &service{name: "Customer Profiles", throttling: "ThrottlingException", accessError: "AccessDeniedException", commands: map[string]bool{"CreateEventStream": true}}
	w.services = [3]*service{databases, stores, streams}
	w.rds = activitystreamtest.NewServer(func(o *activitystreamtest.Options) {
		o.Transition, o.StaleFunc, o.Remember = w.pace, w.staleness, remembered
		o.Latency = func(c activitystreamtest.Call) time.Duration { return w.latency(databases, c) }
		o.Intercept = func(c activitystreamtest.Call) *activitystreamtest.Failure { return w.intercept(databases, c) }
	})
	w.trail = ingestiontest.NewServer(func(o *ingestiontest.Options) {
		o.Transition, o.StaleFunc, o.Remember = w.pace, w.staleness, remembered
		o.Latency = func(c ingestiontest.Call) time.Duration { return w.latency(stores, activitystreamtest.Call(c)) }
		o.Intercept = func(c ingestiontest.Call) *ingestiontest.Failure {
			return (*ingestiontest.Failure)(w.intercept(stores, activitystreamtest.Call(c)))
		}
	})
	w.profiles = eventstreamtest.NewServer(func(o *eventstreamtest.Options) {
		o.StaleFunc, o.Remember = w.staleness, remembered
		o.Latency = func(c eventstreamtest.Call) time.Duration { return w.latency(streams, activitystreamtest.Call(c)) }
		o.Intercept = func(c eventstreamtest.Call) *eventstreamtest.Failure {
			return (*eventstreamtest.Failure)(w.intercept(streams, activitystreamtest.Call(c)))
		}
	})
	w.guard = &guard{rules: theRules(), log: slog.New(counter{&w.tally})}
	w.guard.rules.every = p.every
	w.databases()
	w.stores()
	w.streams()
	w.watched()
	w.weather()
	for _, s := range w.subjects {
		w.fortunes(s)
	}
	slices.SortFunc(w.happens, func(a, b event) int { return a.at.Compare(b.at) })
	return w
}

// databases are read together, by one client.
func (w *soak) databases() {
	client, other := w.rdsClient("guard"), w.rdsClient("others")
	var ins []*activitystream.StartInput
	for i := range w.each * 2 {
		id := fmt.Sprintf("db-%03d", i)
		var add func(status activitystream.Status) string
		if i%2 == 0 {
			add = func(status activitystream.Status) string {
				return w.rds.AddCluster(activitystreamtest.Cluster{Identifier: id, Status: status, KmsKeyId: key})
			}
		} else {
			add = func(status activitystream.Status) string {
				return w.rds.AddInstance(activitystreamtest.Instance{Identifier: id, Status: status, KmsKeyId: key})
			}
		}
		arn := add(activitystream.StatusStarted)
		set := func(status activitystream.Status) func() { return func() { w.rds.Set(arn, status) } }
		w.add(&subject{
			name: arn, arn: arn, service: w.services[0], table: tableOf(activitystream.Machine()),
			target: string(activitystream.StatusStarted), other: string(activitystream.StatusStopped),
			runs:    []statemachine.Operation{activitystream.StartActivityStream},
			truth:   func() string { return string(w.rds.Status(arn)) },
			history: func() life { return lifeOf(w.rds.History(arn)) },
			hands: hands{
				stop: set(activitystream.StatusStopping), lapse: set(activitystream.StatusStopped),
				help: func() { add(activitystream.StatusStarting) }, // with the key that is asked for
				rollBack: func() {
					w.rds.Set(arn, activitystream.StatusStopped)
					w.rds.Lapse(arn)
				},
				remove: func() { w.rds.Remove(arn) }, restore: func() { add(activitystream.StatusStopped) },
			},
			wait: func(ctx context.Context, target string, maxWait time.Duration) error {
				_, err := other.Wait(ctx, arn, activitystream.Status(target), maxWait)
				return err
			},
			stored: func(ctx context.Context, target string, maxWait time.Duration, c *clock) error {
				return carry(ctx, activitystream.Machine(), activitystream.Status(target), maxWait, c, func(ctx context.Context) (activitystream.Status, error) {
					s, err := other.Get(ctx, arn)
					if err != nil {
						return "", err
					}
					return s.Status, nil
				})
			},
		})
		ins = append(ins, &activitystream.StartInput{ResourceArn: arn, Mode: activitystream.ModeAsync, KmsKeyId: key, ApplyImmediately: true})
	}
	w.guard.sources = append(w.guard.sources, activityStreams(client, w.guard.rules, ins...))
}

func (w *soak) rdsClient(whose string) *activitystream.Client {
	return activitystream.NewFromConfig(w.config(w.rds.Config()), func(o *activitystream.Options) {
		o.Wait.Jitter, o.Wait.OnRead = w.dice.jitter(whose), w.seen
		o.Pacer = statemachine.NewPacer(8, 300) // all of them can be put back at one instant: who is first under a smaller burst is not the seed's to say
		o.ClientOptions = append(o.ClientOptions, func(o *rds.Options) { o.Retryer = aws.NopRetryer{} })
	})
}

// stores share their quotas, as the clients of one account.
func (w *soak) stores() {
	reads, commands, others := statemachine.NewPacer(8, 2), statemachine.NewPacer(.9, 1), statemachine.NewPacer(8, 2)
	for i := range w.each {
		id := fmt.Sprintf("4d2a1f0e-1111-4222-8333-%012d", i)
		add := func() string { return w.trail.AddEventDataStore(ingestiontest.EventDataStore{Id: id}) }
		arn := add()
		client := func(whose string, reads *statemachine.Pacer) *ingestion.Client {
			return ingestion.NewFromConfig(w.config(w.trail.Config()), func(o *ingestion.Options) {
				o.Wait.Jitter, o.Wait.OnRead = w.dice.jitter(whose+arn), w.seen
				o.ReadPacer, o.CommandPacer = reads, commands
				o.ClientOptions = append(o.ClientOptions, func(o *cloudtrail.Options) { o.Retryer = aws.NopRetryer{} })
			})
		}
		other := client("others", others)
		set := func(status ingestion.Status) func() { return func() { w.trail.Set(arn, status) } }
		s := &subject{
			name: arn, arn: arn, service: w.services[1], table: tableOf(ingestion.Machine()),
			target: string(ingestion.StatusEnabled), other: string(ingestion.StatusStoppedIngestion),
			runs:    []statemachine.Operation{ingestion.StartEventDataStoreIngestion},
			truth:   func() string { return string(w.trail.Status(arn)) },
			history: func() life { return lifeOf(w.trail.History(arn)) },
			hands: hands{
				stop: set(ingestion.StatusStoppingIngestion), help: set(ingestion.StatusStartingIngestion), lapse: set(ingestion.StatusStoppedIngestion),
				rollBack: func() {
					w.trail.Set(arn, ingestion.StatusStoppedIngestion)
					w.trail.Lapse(arn)
				},
				remove: set(ingestion.StatusPendingDeletion), restore: set(ingestion.StatusEnabled),
			},
			wait: func(ctx context.Context, target string, maxWait time.Duration) error {
				_, err := other.Wait(ctx, arn, ingestion.Status(target), maxWait)
				return err
			},
			stored: func(ctx context.Context, target string, maxWait time.Duration, c *clock) error {
				return carry(ctx, ingestion.Machine(), ingestion.Status(target), maxWait, c, func(ctx context.Context) (ingestion.Status, error) {
					s, err := other.Get(ctx, arn)
					if err != nil {
						return "", err
					}
					return s.Status, nil
				})
			},
		}
		if i%2 == 0 { // deleted for good
			s.hands.remove, s.hands.restore = func() { w.trail.Remove(arn) }, func() { add() }
		}
		w.add(s)
		w.guard.sources = append(w.guard.sources, eventDataStore(client("guard", reads), w.guard.rules, arn))
	}
}

// streams share their quotas, too.
func (w *soak) streams() {
	pacer := func() *statemachine.Pacer { return statemachine.NewPacer(4, 2) }
	reads, commands, others := pacer(), pacer(), pacer()
	for i := range w.each {
		in := &eventstream.CreateInput{
			Ref: eventstream.Ref{DomainName: fmt.Sprintf("domain-%03d", i), EventStreamName: "events"},
			Uri: fmt.Sprintf("arn:aws:kinesis:us-east-1:123456789012:stream/events-%03d", i),
		}
		add := func() string {
			return w.profiles.AddEventStream(eventstreamtest.EventStream{DomainName: in.DomainName, EventStreamName: in.EventStreamName, Uri: in.Uri})
		}
		arn := add()
		client := func(whose string, reads *statemachine.Pacer) *eventstream.Client {
			return eventstream.NewFromConfig(w.config(w.profiles.Config()), func(o *eventstream.Options) {
				o.Wait.Jitter, o.Wait.OnRead = w.dice.jitter(whose+arn), w.seen
				o.ReadPacer, o.CommandPacer = reads, commands
				o.ClientOptions = append(o.ClientOptions, func(o *customerprofiles.Options) { o.Retryer = aws.NopRetryer{} })
			})
		}
		other := client("others", others)
		remove := func() { w.profiles.Remove(arn) }
		w.add(&subject{
			name: in.Ref.String(), arn: arn, service: w.services[2], table: tableOf(eventstream.Machine()),
			target: string(eventstream.StateRunning), other: string(eventstream.StateAbsent),
			runs:    []statemachine.Operation{eventstream.CreateEventStream},
			truth:   func() string { return string(w.profiles.State(arn)) },
			history: func() life { return lifeOf(w.profiles.History(arn)) },
			hands: hands{
				stop: remove, help: func() { add() }, remove: remove, restore: func() { add() },
				lapse: func() { w.profiles.Lapse(arn) }, mend: remove, // one that the service stopped is nobody's to start
			},
			wait: func(ctx context.Context, target string, maxWait time.Duration) error {
				_, err := other.Wait(ctx, in.Ref, eventstream.State(target), maxWait)
				return err
			},
			stored: func(ctx context.Context, target string, maxWait time.Duration, c *clock) error {
				return carry(ctx, eventstream.Machine(), eventstream.State(target), maxWait, c, func(ctx context.Context) (eventstream.State, error) {
					s, err := other.Get(ctx, in.Ref)
					if err != nil {
						return "", err
					}
					return s.State, nil
				})
			},
		})
		w.guard.sources = append(w.guard.sources, eventStream(client("guard", reads), w.guard.rules, in))
	}
}

func (w *soak) add(s *subject) {
	w.subjects = append(w.subjects, s)
	w.byName[s.name], w.byName[s.arn] = s, s
}

func lifeOf[S ~string](history []statemachine.Sighting[S]) life {
	l := make(life, len(history))
	for i, s := range history {
		l[i] = moment{at: s.At, state: string(s.State)}
	}
	return l
}

// watched puts the oracle's ears between the guard and the library: it hears each read, each ensure's end and each watch's.
func (w *soak) watched() {
	for _, src := range w.guard.sources {
		for name, t := range src.things {
			s := w.byName[name]
			s.thing = t
			// They begin one after the other, each at an instant of its own.
			t.unwatched = w.began.Add(time.Minute + between(w.dice.about(w.began, "first", name), 0, w.every))
			ensure := t.ensure
			t.ensure = func(ctx context.Context) (ran []statemachine.Operation, err error) {
				w.wait(ctx, s, "ensure", verdict{
					target: s.target, ensure: true, runs: s.runs, least: w.guard.rules.maxWait, most: w.guard.rules.maxWait,
				}, func(ctx context.Context, v *verdict) {
					ran, err = ensure(ctx)
					v.operations, v.err = ran, err
				})
				return ran, err
			}
		}
		watch := src.watch
		src.watch = func(ctx context.Context, names []string, onRead func(statemachine.Reading)) iter.Seq2[string, sight] {
			return func(yield func(string, sight) bool) {
				for name, seen := range watch(ctx, names, func(r statemachine.Reading) {
					w.seen(r)
					w.noted(r)
					onRead(r)
				}) {
					if seen.err != nil && ctx.Err() == nil {
						w.lost(w.byName[name], seen.err)
					}
					if !yield(name, seen) {
						return
					}
				}
			}
		}
	}
}

// weather plans the storms.
func (w *soak) weather() {
	for _, s := range w.services {
		r := w.dice.about(w.began, "storms", s.name)
		for at := w.began.Add(between(r, w.stormEvery/2, w.stormEvery)); at.Before(w.calm); at = at.Add(between(r, w.stormEvery/2, 3*w.stormEvery/2)) {
			s.storms = append(s.storms, storm{from: at, to: at.Add(between(r, 2*time.Minute, 40*time.Minute)), what: storms[len(s.storms)%len(storms)]})
			w.tally.add("faults", outOfOrder)
		}
	}
}

// fortunes plan what happens to one resource.
func (w *soak) fortunes(s *subject) {
	r := w.dice.about(w.began, "fortunes", s.name)
	at := w.began.Add(5*time.Minute + between(r, 0, w.eventEvery))
	for {
		story := w.story(r, s, at)
		at = story[len(story)-1].at
		if !at.Before(w.calm) {
			return
		}
		w.happens = append(w.happens, story...)
		at = at.Add(between(r, w.eventEvery/10, 2*w.eventEvery))
	}
}

// story is one thing that happens to a resource, from its beginning to its end.
func (w *soak) story(r *rand.Rand, s *subject, at time.Time) []event {
	in := func(state string) func() bool { return func() bool { return s.truth() == state } }
	well, off := in(s.target), in(s.other)
	h := &s.hands
	var story []event
	switch c := r.IntN(20); {
	case c < 6:
		story = append(story, event{at, "stopped by somebody", well, h.stop})
	case c < 12 && (c < 9 || h.rollBack == nil):
		story = append(story, event{at, "lapsed", well, h.lapse})
		if h.mend != nil {
			story = append(story, event{at.Add(between(r, 2*time.Minute, 3*time.Hour)), "deleted after it lapsed", always, h.mend})
		}
	case c < 12:
		story = append(story, event{at, "start rolled back", well, h.rollBack})
	case c < 15:
		story = append(story, event{at, "stopped by somebody", well, h.stop},
			event{at.Add(between(r, 5*time.Second, 5*time.Minute)), "started by somebody", off, h.help})
	case c < 17:
		removed := false
		story = append(story, event{at, "deleted", well, func() {
			removed = true
			h.remove()
		}}, event{at.Add(between(r, 2*time.Minute, 3*time.Hour)), "made anew by somebody", func() bool { return removed }, h.restore})
	default:
		for range 3 + r.IntN(4) {
			story = append(story, event{at, "stopped by a rival", well, h.stop})
			at = at.Add(between(r, 2*time.Minute, 40*time.Minute))
		}
	}
	if r.IntN(2) == 0 {
		story = slices.Insert(story, 1, w.bystander(r, s, story[0].at))
		slices.SortStableFunc(story, func(a, b event) int { return a.at.Compare(b.at) })
	}
	return story
}

// run lets things happen until the end, and the guard guard.
func (w *soak) run(ctx context.Context, sample func(when string)) {
	ctx, cancel := context.WithDeadline(ctx, w.end)
	w.ctx = ctx
	defer cancel()
	w.waiting.Go(func() {
		for _, e := range w.happens {
			if !sleepUntil(ctx, e.at) {
				return
			}
			if e.can() {
				w.tally.add("events", e.what)
				e.do()
			}
		}
	})
	w.waiting.Go(func() {
		if sleepUntil(ctx, w.began.Add(w.length/10)) {
			sample("after a tenth of the time")
		}
		if sleepUntil(ctx, w.end.Add(-time.Minute)) {
			sample("in the last minute")
		}
	})
	w.guard.run(ctx)
	cancel()
	w.waiting.Wait()
	w.inventory()
}

func sleepUntil(ctx context.Context, at time.Time) bool {
	t := time.NewTimer(time.Until(at))
	defer t.Stop()
	select {
	case <-ctx.Done():
		return false
	case <-t.C:
		return true
	}
}

// inventory counts what was lost: what is not as it should be, and what the guard does not know to be as it should be.
func (w *soak) inventory() {
	for _, s := range w.subjects {
		l := s.history()
		switch {
		case l[0].at.After(w.began):
			w.blame(s, "the simulator forgot what was true: remembered is too little")
		case l[len(l)-1].state != s.target:
			w.tally.add("lost", "not as it should be")
			w.blame(s, fmt.Sprintf("it is lost: in the end it is %q", l[len(l)-1].state))
		case s.thing.state != s.target, w.end.Sub(s.read) > 3*w.every:
			w.tally.add("lost", "not watched")
			w.blame(s, fmt.Sprintf("it is lost: the guard read it last at %s, as %q", s.read.Format(time.DateTime), s.thing.state))
		}
		for i, m := range l {
			until := w.end
			if i+1 < len(l) {
				until = l[i+1].at
			}
			if m.state != s.target {
				w.off += until.Sub(m.at)
			}
		}
	}
}

// counter is a log that only counts.
type counter struct{ tally *tally }

func (c counter) Enabled(context.Context, slog.Level) bool { return true }
func (c counter) WithAttrs([]slog.Attr) slog.Handler       { return c }
func (c counter) WithGroup(string) slog.Handler            { return c }
func (c counter) Handle(_ context.Context, r slog.Record) error {
	msg, _, _ := strings.Cut(r.Message, ":")
	c.tally.add("log", msg)
	return nil
}
