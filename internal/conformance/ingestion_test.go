package conformance

import (
	"cmp"
	"context"
	"iter"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"

	"github.com/streamwarden/streamwarden-go/ingestion"
	"github.com/streamwarden/streamwarden-go/ingestion/ingestiontest"
	"github.com/streamwarden/streamwarden-go/internal/simulator"
)

const (
	storeID  = "4d2a1f0e-1111-4222-8333-123456789abc"
	storeARN = "arn:aws:cloudtrail:us-east-1:123456789012:eventdatastore/" + storeID
)

// eventDataStores returns the scenarios of live event ingestion.
func eventDataStores() []scenario {
	const (
		stopped, starting = string(ingestion.StatusStoppedIngestion), string(ingestion.StatusStartingIngestion)
		enabled, stopping = string(ingestion.StatusEnabled), string(ingestion.StatusStoppingIngestion)
	)
	start := scenario{
		name: "ingestion, start", machine: ingestion.Machine().Name(), op: ingestion.StartEventDataStoreIngestion, read: "GetEventDataStore",
		from: stopped, via: starting, to: enabled, back: stopping, stuck: string(ingestion.StatusPendingDeletion),
		busy: "InvalidEventDataStoreStatusException", already: "InvalidEventDataStoreStatusException",
		least: 2 * time.Second, most: time.Minute, rows: ingestionRows,
		has:      settles | returns | lapses | vanishes | watches | commands | unplannable,
		simulate: simulateStore,
	}
	stop := start
	stop.name, stop.op = "ingestion, stop", ingestion.StopEventDataStoreIngestion
	stop.from, stop.via, stop.to, stop.back = enabled, stopping, stopped, starting
	return withEach(start, stop)
}

// simulateStore returns the event data store on a simulator.
func simulateStore(w scenario, change func(simulator.Call) *simulator.Failure) subject {
	s := ingestiontest.NewServer(func(o *ingestiontest.Options) {
		o.Starting, o.Stopping = settle, settle
		o.Intercept = change
	})
	s.AddEventDataStore(ingestiontest.EventDataStore{Id: storeID, Status: ingestion.Status(w.from)})
	sub := ofStore(s.Config(), storeARN, w.to == string(ingestion.StatusEnabled))
	if w.each {
		sub = ofStores(sub, s.Config(), storeARN, w.to == string(ingestion.StatusEnabled))
	}
	sub.simulated = simulated{
		move:   func(state string) { s.Set(storeARN, ingestion.Status(state)) },
		remove: func() { s.Remove(storeARN) },
		lapse:  func() { s.Lapse(storeARN) },
		stale:  func(d time.Duration) { s.Stale(storeARN, d) },
		clear:  func() { s.ClearFailures("") },
		fail:   s.Fail,
		log:    s.Calls,
		truth:  func() string { return string(s.Status(storeARN)) },
	}
	return sub
}

func stateOfStore(s *ingestion.EventDataStore) string { return string(s.Status) }

// storeOptions returns a function that applies the settings.
func storeOptions(o settings) func(*ingestion.Options) {
	return func(to *ingestion.Options) {
		to.Wait, to.DryRun, to.ReadPacer = o.wait, o.dryRun, cmp.Or(o.pacer, to.ReadPacer)
	}
}

// ensuredStore converts the output of an ensure method.
func ensuredStore(out *ingestion.EnsureOutput, err error) (ensureResult, error) {
	if out == nil {
		return ensureResult{IsNil: true}, err
	}
	d := ensureResult{Operations: out.Operations, Planned: out.Planned, Pending: out.Pending}
	if out.EventDataStore != nil {
		d.State = stateOfStore(out.EventDataStore)
	}
	return d, err
}

// ofStores returns sub with the methods for many event data stores.
func ofStores(sub subject, cfg aws.Config, arn string, start bool) subject {
	c := ingestion.NewFromConfig(cfg)
	stores := []string{arn}
	sub.wait = func(ctx context.Context, target string, maxWait time.Duration, o settings) (string, error) {
		return stateOf(stateOfStore)(only(c.WaitEach(ctx, stores, ingestion.Status(target), maxWait, storeOptions(o))))
	}
	sub.watch = func(ctx context.Context, o settings) iter.Seq2[string, error] {
		return states(stateOfStore, withoutKeys(c.WatchEach(ctx, stores, storeOptions(o))))
	}
	sub.ensure = func(ctx context.Context, maxWait time.Duration, o settings) (ensureResult, error) {
		if start {
			return ensuredStore(only(c.EnsureStartedEach(ctx, []*ingestion.StartInput{{EventDataStore: arn}}, maxWait, storeOptions(o))))
		}
		return ensuredStore(only(c.EnsureStoppedEach(ctx, []*ingestion.StopInput{{EventDataStore: arn}}, maxWait, storeOptions(o))))
	}
	return sub
}

// ofStore returns an event data store. Its operation starts or stops ingestion.
func ofStore(cfg aws.Config, arn string, start bool) subject {
	c := ingestion.NewFromConfig(cfg)
	state, options, did := stateOfStore, storeOptions, ensuredStore
	starts, stops := &ingestion.StartInput{EventDataStore: arn}, &ingestion.StopInput{EventDataStore: arn}
	return subject{
		resource: arn,
		get:      func(ctx context.Context) (string, error) { return stateOf(state)(c.Get(ctx, arn)) },
		run: func(ctx context.Context) error {
			if start {
				return errOf(c.Start(ctx, starts))
			}
			return errOf(c.Stop(ctx, stops))
		},
		wait: func(ctx context.Context, target string, maxWait time.Duration, o settings) (string, error) {
			return stateOf(state)(c.Wait(ctx, arn, ingestion.Status(target), maxWait, options(o)))
		},
		watch: func(ctx context.Context, o settings) iter.Seq2[string, error] {
			return states(state, c.Watch(ctx, arn, options(o)))
		},
		ensure: func(ctx context.Context, maxWait time.Duration, o settings) (ensureResult, error) {
			if start {
				return did(c.EnsureStarted(ctx, starts, maxWait, options(o)))
			}
			return did(c.EnsureStopped(ctx, stops, maxWait, options(o)))
		},
	}
}
