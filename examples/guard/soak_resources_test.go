package main

import (
	"context"
	"fmt"
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

// subject is one guarded resource.
type subject struct {
	name, arn string // as the guard calls it, and the simulator
	service   *service
	target    string
	other     string // that a wait can be for, too
	runs      []statemachine.Operation
	table     table
	resource  *resource
	truth     func() string
	history   func() life
	hands     hands
	wait      func(ctx context.Context, target string, maxWait time.Duration) error
	stored    func(ctx context.Context, target string, maxWait time.Duration, clock *clock) error

	orders   []order
	settings life        // whose settings it has had
	reports  []time.Time // when the guard reported other settings
	read     time.Time   // the guard's last one that succeeded
}

// hands are the ways to change a resource without the guard.
type hands struct {
	stop, help      func() // by another actor's command
	remove, restore func()
	lapse           func()             // by the service, at once
	unblock         func()             // lets the guard repair it after a lapse; nil if the guard can
	rollBack        func()             // by the service, at the guard's next start; may be nil
	configure       func(whose string) // changes a setting at the target; may be nil
}

// Whose settings a resource has.
const (
	ours   = "ours"
	rivals = "a rival's"
)

// databases adds databases, which the guard reads with one client.
func (w *soak) databases() {
	client, other := w.rdsClient("guard"), w.rdsClient("others")
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
		var configure func(string)
		if i%2 == 0 {
			configure = func(whose string) {
				c := activitystreamtest.Cluster{Identifier: id, Status: activitystream.StatusStarted, KmsKeyId: key}
				if whose == rivals {
					c.KmsKeyId = "0987dcba-09fe-87dc-65ba-ab0987654321"
				}
				w.rds.AddCluster(c)
			}
		}
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
				remove: func() { w.rds.Remove(arn) }, restore: func() { add(activitystream.StatusStopped) }, configure: configure,
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
		in := &activitystream.StartInput{ResourceArn: arn, Mode: activitystream.ModeAsync, KmsKeyId: key, ApplyImmediately: true}
		w.guard.resources = append(w.guard.resources, activityStream(client, w.guard.settings, in))
	}
}

func (w *soak) rdsClient(whose string) *activitystream.Client {
	return activitystream.NewFromConfig(w.config(w.rds.Config()), func(o *activitystream.Options) {
		o.Wait.Jitter, o.Wait.OnProgress = w.dice.jitter(whose), w.seen
		// A burst for all databases at once: the order under a smaller burst would be random.
		o.Pacer = statemachine.NewPacer(8, 300)
		o.ClientOptions = append(o.ClientOptions, func(o *rds.Options) { o.Retryer = aws.NopRetryer{} })
	})
}

// stores adds event data stores. Their clients share the pacers, as those of one account.
func (w *soak) stores() {
	reads, commands, others := statemachine.NewPacer(8, 2), statemachine.NewPacer(.9, 1), statemachine.NewPacer(8, 2)
	for i := range w.each {
		id := fmt.Sprintf("4d2a1f0e-1111-4222-8333-%012d", i)
		add := func() string { return w.trail.AddEventDataStore(ingestiontest.EventDataStore{Id: id}) }
		arn := add()
		client := func(whose string, reads *statemachine.Pacer) *ingestion.Client {
			return ingestion.NewFromConfig(w.config(w.trail.Config()), func(o *ingestion.Options) {
				o.Wait.Jitter, o.Wait.OnProgress = w.dice.jitter(whose+arn), w.seen
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
		w.guard.resources = append(w.guard.resources, eventDataStore(client("guard", reads), w.guard.settings, &ingestion.StartInput{EventDataStore: arn}))
	}
}

// streams adds event streams. Their clients share the pacers, as those of one account.
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
				o.Wait.Jitter, o.Wait.OnProgress = w.dice.jitter(whose+arn), w.seen
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
				lapse: func() { w.profiles.Lapse(arn) }, unblock: remove, // a stopped stream cannot be started
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
		w.guard.resources = append(w.guard.resources, eventStream(client("guard", reads), w.guard.settings, in))
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
