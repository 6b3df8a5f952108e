package secretleaktest

import (
	"context"
	"errors"
	"iter"
	"maps"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cloudtrail"
	"github.com/aws/aws-sdk-go-v2/service/customerprofiles"
	"github.com/aws/aws-sdk-go-v2/service/rds"
	"github.com/aws/smithy-go/metrics"
	"github.com/aws/smithy-go/tracing"

	"github.com/streamwarden/streamwarden-go/activitystream"
	"github.com/streamwarden/streamwarden-go/activitystream/activitystreamtest"
	"github.com/streamwarden/streamwarden-go/eventstream"
	"github.com/streamwarden/streamwarden-go/eventstream/eventstreamtest"
	"github.com/streamwarden/streamwarden-go/ingestion"
	"github.com/streamwarden/streamwarden-go/ingestion/ingestiontest"
	"github.com/streamwarden/streamwarden-go/statemachine"
)

const maxWait = 10 * time.Minute

// setup has the settings of a method's client.
type setup struct {
	config func(aws.Config) aws.Config
	wait   statemachine.WaitOptions
	tracer tracing.TracerProvider
	meter  metrics.MeterProvider
	zero   bool // use the zero Client in place of one with these settings
}

// method runs one method of a client on its own simulator.
type method func(ctx context.Context, s setup) error

// methods returns the methods of all clients, by "package.Method".
func methods() map[string]method {
	all := map[string]method{}
	maps.Copy(all, activityStreamMethods())
	maps.Copy(all, ingestionMethods())
	maps.Copy(all, eventStreamMethods())
	return all
}

func activityStreamMethods() map[string]method {
	on := func(status activitystream.Status, run func(ctx context.Context, c *activitystream.Client, cluster, instance string) error) method {
		return func(ctx context.Context, s setup) error {
			server := activitystreamtest.NewServer()
			cluster := server.AddCluster(activitystreamtest.Cluster{Status: status})
			instance := server.AddInstance(activitystreamtest.Instance{Status: status})
			if s.zero {
				return run(ctx, new(activitystream.Client), cluster, instance)
			}
			return run(ctx, activitystream.NewFromConfig(s.config(server.Config()), func(o *activitystream.Options) {
				o.Wait = s.wait
				o.ClientOptions = append(o.ClientOptions, func(o *rds.Options) { o.TracerProvider, o.MeterProvider = s.tracer, s.meter })
			}), cluster, instance)
		}
	}
	const stopped, starting, started = activitystream.StatusStopped, activitystream.StatusStarting, activitystream.StatusStarted
	start := func(arn string) *activitystream.StartInput {
		return &activitystream.StartInput{ResourceArn: arn, Mode: activitystream.ModeAsync, KmsKeyId: "alias/audit", ApplyImmediately: true}
	}
	stop := func(arn string) *activitystream.StopInput {
		return &activitystream.StopInput{ResourceArn: arn, ApplyImmediately: true}
	}
	unlock := func(arn string) *activitystream.ModifyInput {
		return &activitystream.ModifyInput{ResourceArn: arn, AuditPolicyState: activitystream.AuditPolicyUnlocked}
	}
	type client = activitystream.Client
	return map[string]method{
		"activitystream.Start":  on(stopped, func(ctx context.Context, c *client, a, _ string) error { return errOf(c.Start(ctx, start(a))) }),
		"activitystream.Stop":   on(started, func(ctx context.Context, c *client, a, _ string) error { return errOf(c.Stop(ctx, stop(a))) }),
		"activitystream.Modify": on(started, func(ctx context.Context, c *client, _, b string) error { return errOf(c.Modify(ctx, unlock(b))) }),
		"activitystream.Get":    on(started, func(ctx context.Context, c *client, a, _ string) error { return errOf(c.Get(ctx, a)) }),
		"activitystream.List":   on(started, func(ctx context.Context, c *client, _, _ string) error { return drain(c.List(ctx)) }),
		"activitystream.Supported": on(stopped, func(ctx context.Context, c *client, a, _ string) error {
			return errOf(c.Supported(ctx, a))
		}),
		"activitystream.Members": on(started, func(ctx context.Context, c *client, a, _ string) error { return errOf(c.Members(ctx, a)) }),
		"activitystream.ExplainSilence": on(started, func(ctx context.Context, c *client, _, b string) error {
			m := activitystream.Member{InstanceArn: b, ResourceId: "db-EXAMPLE"}
			return errOf(c.ExplainSilence(m)(ctx, m.ResourceId, time.Now(), time.Time{}))
		}),
		"activitystream.Wait": on(starting, func(ctx context.Context, c *client, a, _ string) error {
			return errOf(c.Wait(ctx, a, started, maxWait))
		}),
		"activitystream.WaitPolicy": on(starting, func(ctx context.Context, c *client, _, b string) error {
			return errOf(c.WaitPolicy(ctx, b, activitystream.PolicyLocked, maxWait))
		}),
		"activitystream.Watch": on(starting, func(ctx context.Context, c *client, a, _ string) error { return drain(c.Watch(ctx, a)) }),
		"activitystream.EnsureStarted": on(stopped, func(ctx context.Context, c *client, _, b string) error {
			return errOf(c.EnsureStarted(ctx, start(b), maxWait))
		}),
		"activitystream.EnsureStopped": on(started, func(ctx context.Context, c *client, a, _ string) error {
			return errOf(c.EnsureStopped(ctx, stop(a), maxWait))
		}),
		"activitystream.EnsurePolicy": on(started, func(ctx context.Context, c *client, _, b string) error {
			return errOf(c.EnsurePolicy(ctx, unlock(b), maxWait))
		}),
		"activitystream.GetEach": on(started, func(ctx context.Context, c *client, a, b string) error {
			return results(c.GetEach(ctx, []string{a, b}))
		}),
		"activitystream.WaitEach": on(starting, func(ctx context.Context, c *client, a, b string) error {
			return results(c.WaitEach(ctx, []string{a, b}, started, maxWait))
		}),
		"activitystream.WatchEach": on(starting, func(ctx context.Context, c *client, a, b string) error {
			return results(c.WatchEach(ctx, []string{a, b}))
		}),
		"activitystream.EnsureStartedEach": on(stopped, func(ctx context.Context, c *client, a, b string) error {
			return results(c.EnsureStartedEach(ctx, []*activitystream.StartInput{start(a), start(b)}, maxWait))
		}),
		"activitystream.EnsureStoppedEach": on(started, func(ctx context.Context, c *client, a, b string) error {
			return results(c.EnsureStoppedEach(ctx, []*activitystream.StopInput{stop(a), stop(b)}, maxWait))
		}),
	}
}

func ingestionMethods() map[string]method {
	on := func(status ingestion.Status, run func(ctx context.Context, c *ingestion.Client, store string) error) method {
		return func(ctx context.Context, s setup) error {
			server := ingestiontest.NewServer()
			store := server.AddEventDataStore(ingestiontest.EventDataStore{Status: status})
			if s.zero {
				return run(ctx, new(ingestion.Client), store)
			}
			return run(ctx, ingestion.NewFromConfig(s.config(server.Config()), func(o *ingestion.Options) {
				o.Wait = s.wait
				o.ClientOptions = append(o.ClientOptions, func(o *cloudtrail.Options) { o.TracerProvider, o.MeterProvider = s.tracer, s.meter })
			}), store)
		}
	}
	const stopped, starting, enabled = ingestion.StatusStoppedIngestion, ingestion.StatusStartingIngestion, ingestion.StatusEnabled
	type client = ingestion.Client
	return map[string]method{
		"ingestion.Start": on(stopped, func(ctx context.Context, c *client, store string) error {
			return errOf(c.Start(ctx, &ingestion.StartInput{EventDataStore: store}))
		}),
		"ingestion.Stop": on(enabled, func(ctx context.Context, c *client, store string) error {
			return errOf(c.Stop(ctx, &ingestion.StopInput{EventDataStore: store}))
		}),
		"ingestion.Get":  on(enabled, func(ctx context.Context, c *client, store string) error { return errOf(c.Get(ctx, store)) }),
		"ingestion.List": on(enabled, func(ctx context.Context, c *client, _ string) error { return drain(c.List(ctx)) }),
		"ingestion.Wait": on(starting, func(ctx context.Context, c *client, store string) error {
			return errOf(c.Wait(ctx, store, enabled, maxWait))
		}),
		"ingestion.Watch": on(starting, func(ctx context.Context, c *client, store string) error { return drain(c.Watch(ctx, store)) }),
		"ingestion.EnsureStarted": on(stopped, func(ctx context.Context, c *client, store string) error {
			return errOf(c.EnsureStarted(ctx, &ingestion.StartInput{EventDataStore: store}, maxWait))
		}),
		"ingestion.EnsureStopped": on(enabled, func(ctx context.Context, c *client, store string) error {
			return errOf(c.EnsureStopped(ctx, &ingestion.StopInput{EventDataStore: store}, maxWait))
		}),
		"ingestion.GetEach": on(enabled, func(ctx context.Context, c *client, store string) error {
			return results(c.GetEach(ctx, []string{store}))
		}),
		"ingestion.WaitEach": on(starting, func(ctx context.Context, c *client, store string) error {
			return results(c.WaitEach(ctx, []string{store}, enabled, maxWait))
		}),
		"ingestion.WatchEach": on(starting, func(ctx context.Context, c *client, store string) error {
			return results(c.WatchEach(ctx, []string{store}))
		}),
		"ingestion.EnsureStartedEach": on(stopped, func(ctx context.Context, c *client, store string) error {
			return results(c.EnsureStartedEach(ctx, []*ingestion.StartInput{{EventDataStore: store}}, maxWait))
		}),
		"ingestion.EnsureStoppedEach": on(enabled, func(ctx context.Context, c *client, store string) error {
			return results(c.EnsureStoppedEach(ctx, []*ingestion.StopInput{{EventDataStore: store}}, maxWait))
		}),
	}
}

func eventStreamMethods() map[string]method {
	ref := eventstream.Ref{DomainName: "customers", EventStreamName: "profiles"}
	refs := []eventstream.Ref{ref}
	create := &eventstream.CreateInput{Ref: ref, Uri: "arn:aws:kinesis:us-east-1:123456789012:stream/profiles"}
	on := func(exists bool, run func(ctx context.Context, c *eventstream.Client) error) method {
		return func(ctx context.Context, s setup) error {
			server := eventstreamtest.NewServer()
			server.AddDomain(ref.DomainName)
			if exists {
				server.AddEventStream(eventstreamtest.EventStream{DomainName: ref.DomainName, EventStreamName: ref.EventStreamName})
			}
			if s.zero {
				return run(ctx, new(eventstream.Client))
			}
			return run(ctx, eventstream.NewFromConfig(s.config(server.Config()), func(o *eventstream.Options) {
				o.Wait = s.wait
				o.ClientOptions = append(o.ClientOptions, func(o *customerprofiles.Options) { o.TracerProvider, o.MeterProvider = s.tracer, s.meter })
			}))
		}
	}
	type client = eventstream.Client
	return map[string]method{
		"eventstream.Create": on(false, func(ctx context.Context, c *client) error { return errOf(c.Create(ctx, create)) }),
		"eventstream.Delete": on(true, func(ctx context.Context, c *client) error { return errOf(c.Delete(ctx, ref)) }),
		"eventstream.Get":    on(true, func(ctx context.Context, c *client) error { return errOf(c.Get(ctx, ref)) }),
		"eventstream.List":   on(true, func(ctx context.Context, c *client) error { return drain(c.List(ctx, ref.DomainName)) }),
		"eventstream.Wait": on(true, func(ctx context.Context, c *client) error {
			return errOf(c.Wait(ctx, ref, eventstream.StateRunning, maxWait))
		}),
		"eventstream.WaitHealthy":   on(true, func(ctx context.Context, c *client) error { return errOf(c.WaitHealthy(ctx, ref, maxWait)) }),
		"eventstream.Watch":         on(true, func(ctx context.Context, c *client) error { return drain(c.Watch(ctx, ref)) }),
		"eventstream.EnsureCreated": on(false, func(ctx context.Context, c *client) error { return errOf(c.EnsureCreated(ctx, create, maxWait)) }),
		"eventstream.EnsureDeleted": on(true, func(ctx context.Context, c *client) error { return errOf(c.EnsureDeleted(ctx, ref, maxWait)) }),
		"eventstream.GetEach":       on(true, func(ctx context.Context, c *client) error { return results(c.GetEach(ctx, refs)) }),
		"eventstream.WaitEach": on(true, func(ctx context.Context, c *client) error {
			return results(c.WaitEach(ctx, refs, eventstream.StateRunning, maxWait))
		}),
		"eventstream.WaitHealthyEach": on(true, func(ctx context.Context, c *client) error {
			return results(c.WaitHealthyEach(ctx, refs, maxWait))
		}),
		"eventstream.WatchEach": on(true, func(ctx context.Context, c *client) error { return results(c.WatchEach(ctx, refs)) }),
		"eventstream.EnsureCreatedEach": on(false, func(ctx context.Context, c *client) error {
			return results(c.EnsureCreatedEach(ctx, []*eventstream.CreateInput{create}, maxWait))
		}),
		"eventstream.SetTags": on(true, func(ctx context.Context, c *client) error {
			_, err := c.SetTags(ctx, ref, map[string]string{"team": "audit"})
			return err
		}),
		"eventstream.EnsureDeletedEach": on(true, func(ctx context.Context, c *client) error {
			return results(c.EnsureDeletedEach(ctx, refs, maxWait))
		}),
	}
}

// errOf returns the error of a call.
func errOf[T any](_ T, err error) error { return err }

// drain returns the errors of a sequence.
func drain[T any](seq iter.Seq2[T, error]) error {
	var all []error
	for _, err := range seq {
		all = append(all, err)
	}
	return errors.Join(all...)
}

// results returns the errors of the results of an …Each method.
func results[K, R any](seq iter.Seq2[K, statemachine.Result[R]]) error {
	var all []error
	for _, r := range seq {
		all = append(all, r.Err)
	}
	return errors.Join(all...)
}
