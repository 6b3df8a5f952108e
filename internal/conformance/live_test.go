//go:build live

package conformance

import (
	"context"
	"fmt"
	"os"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/aws/arn"
	awsmiddleware "github.com/aws/aws-sdk-go-v2/aws/middleware"
	"github.com/aws/aws-sdk-go-v2/config"
	"github.com/aws/smithy-go/middleware"

	"github.com/streamwarden/streamwarden-go/activitystream"
	"github.com/streamwarden/streamwarden-go/eventstream"
	"github.com/streamwarden/streamwarden-go/internal/simulator"
	"github.com/streamwarden/streamwarden-go/statemachine"
)

// The variables that select the resources; see the package comment.
const (
	liveCluster     = "STREAMWARDEN_LIVE_CLUSTER"
	liveInstance    = "STREAMWARDEN_LIVE_INSTANCE"
	liveStore       = "STREAMWARDEN_LIVE_EVENT_DATA_STORE"
	liveEventStream = "STREAMWARDEN_LIVE_EVENT_STREAM"
	liveKey         = "STREAMWARDEN_LIVE_KMS_KEY"
	liveChange      = "STREAMWARDEN_LIVE_CHANGE"
)

// candidate is a resource that can be checked.
type candidate struct {
	name, variable string
	changes        string // the effect if liveChange names it

	// subjects returns the resource for both of its scenarios, in their order, or the reason why it
	// cannot be checked.
	subjects func(t *testing.T, cfg aws.Config, value string, may bool) (up, down subject, reason string)
}

// candidates returns the resources that can be checked.
func candidates() []candidate {
	return []candidate{
		{
			"cluster", liveCluster, "its activity stream is stopped and started, or started and stopped, at once: THE DATABASE RESTARTS, TWICE, and " +
				"in between no activity is recorded", liveDatabase,
		},
		{
			"instance", liveInstance, "its activity stream is stopped and started, or started and stopped, at once: THE DATABASE RESTARTS, TWICE, and " +
				"in between no activity is recorded", liveDatabase,
		},
		{"policy", liveInstance, "the audit policy is unlocked and locked, or locked and unlocked", livePolicy},
		{
			"ingestion", liveStore, "ingestion is stopped and started, or started and stopped: what happens in between is never ingested",
			func(_ *testing.T, cfg aws.Config, value string, _ bool) (up, down subject, reason string) {
				return ofStore(cfg, value, true), ofStore(cfg, value, false), ""
			},
		},
		{
			"event stream", liveEventStream, "it is deleted, and created with the same destination and tags: in between nothing is exported, and it is " +
				"another stream of the same name", liveStream,
		},
	}
}

// liveDatabase returns the stream of a cluster or an instance.
func liveDatabase(t *testing.T, cfg aws.Config, value string, may bool) (up, down subject, reason string) {
	s, err := activitystream.NewFromConfig(cfg).Get(t.Context(), value)
	if err != nil {
		t.Fatal(err)
	}
	in := activitystream.StartInput{
		ResourceArn: value, Mode: s.Mode, KmsKeyId: s.KmsKeyId, ApplyImmediately: true,
		EngineNativeAuditFieldsIncluded: s.EngineNativeAuditFieldsIncluded,
	}
	if s.Status == activitystream.StatusStopped {
		in.Mode, in.KmsKeyId, in.EngineNativeAuditFieldsIncluded = activitystream.ModeAsync, os.Getenv(liveKey), false
		if in.KmsKeyId == "" {
			if may {
				return up, down, "its stream is stopped: set " + liveKey + " to the key for starting it"
			}
			in.KmsKeyId = "alias/any" // for dry runs, which never send it
		}
	}
	return ofStream(cfg, in, true), ofStream(cfg, in, false), ""
}

// livePolicy returns the audit policy of an instance.
func livePolicy(t *testing.T, cfg aws.Config, value string, _ bool) (up, down subject, reason string) {
	s, err := activitystream.NewFromConfig(cfg).Get(t.Context(), value)
	if err != nil {
		t.Fatal(err)
	}
	if s.Status != activitystream.StatusStarted {
		return up, down, fmt.Sprintf("its stream is %s: a policy has a lifecycle only while it is started", s.Status)
	}
	return ofPolicy(cfg, value, true), ofPolicy(cfg, value, false), ""
}

// liveStream returns an event stream.
func liveStream(t *testing.T, cfg aws.Config, value string, _ bool) (up, down subject, reason string) {
	var ref eventstream.Ref
	ref.DomainName, ref.EventStreamName, _ = strings.Cut(value, "/")
	s, err := eventstream.NewFromConfig(cfg).Get(t.Context(), ref)
	if err != nil {
		t.Fatal(err)
	}
	in := eventstream.CreateInput{Ref: ref, Uri: s.Uri, Tags: s.Tags}
	return ofEventStream(cfg, in, true), ofEventStream(cfg, in, false), ""
}

// permitted reports whether liveChange names a resource.
func permitted(name string) bool {
	return slices.Contains(strings.Split(os.Getenv(liveChange), ","), name)
}

// TestLive checks the rules that apply to real resources, on those that the variables name.
func TestLive(t *testing.T) {
	names := make([]string, 0, len(candidates()))
	asked := false
	for _, c := range candidates() {
		names = append(names, c.name)
		asked = asked || os.Getenv(c.variable) != ""
	}
	if !asked {
		t.Skipf("no resource is selected: set %s, %s (ARNs), %s (an ARN) or %s (domain/name)", liveCluster, liveInstance, liveStore, liveEventStream)
	}
	if list := os.Getenv(liveChange); list != "" {
		for name := range strings.SplitSeq(list, ",") {
			if !slices.Contains(names, name) {
				t.Fatalf("%s contains %q, want some of %q, separated by commas", liveChange, name, names)
			}
		}
	}
	for _, c := range candidates() {
		if value := os.Getenv(c.variable); value != "" {
			t.Run(c.name, func(t *testing.T) { c.check(t, value) })
		}
	}
}

// check checks one resource.
func (c candidate) check(t *testing.T, value string) {
	g := &gate{may: permitted(c.name)}
	up, down, reason := c.subjects(t, g.config(t, value), value, g.may)
	if reason != "" {
		t.Skipf("%s: %s", value, reason)
	}
	pair := slices.DeleteFunc(scenarios(), func(w scenario) bool { return !strings.HasPrefix(w.name, c.name+",") })
	state, err := up.get(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	first, second := fixture{scenario: pair[0], subject: up}, fixture{scenario: pair[1], subject: down} // the current end, and the other end
	if state == pair[1].to {
		first, second = second, first
	}
	if state != first.to {
		t.Skipf("%s is %s: it must be and stay %s or %s", value, state, pair[0].to, pair[1].to)
	}
	run := func(w fixture, at live) {
		for _, r := range rules() {
			if r.live == at && w.has&r.needs == r.needs {
				t.Run(r.name, func(t *testing.T) {
					defer r.explain(t, w.scenario)
					w := w
					w.T, w.calls = t, g.seen
					r.check(&w)
				})
			}
		}
	}
	run(first, atTarget)
	run(second, opposite)
	if !g.may {
		t.Logf("%s: nothing was changed. With %s=%q %s", value, liveChange, c.name, c.changes)
		return
	}
	t.Logf("%s: %s", value, c.changes)
	run(second, changed)
	run(first, changed) // and back
	if state, err = up.get(t.Context()); err != nil || state != first.to {
		t.Errorf("%s IS LEFT IN STATE %q, WAS %q (%v)", value, state, first.to, err)
	}
}

// gate records each call of a client, and blocks calls that change a resource, unless they are
// allowed.
type gate struct {
	may bool

	mu    sync.Mutex
	calls []simulator.Call
}

// config returns the default config for the resource's Region, with the gate at the start of each
// call.
func (g *gate) config(t *testing.T, value string) aws.Config {
	var options []func(*config.LoadOptions) error
	if a, err := arn.Parse(value); err == nil {
		options = append(options, config.WithRegion(a.Region))
	}
	cfg, err := config.LoadDefaultConfig(t.Context(), options...)
	if err != nil {
		t.Fatal(err)
	}
	cfg.APIOptions = append(cfg.APIOptions, func(s *middleware.Stack) error {
		return s.Initialize.Add(middleware.InitializeMiddlewareFunc("gate", g.check), middleware.After)
	})
	return cfg
}

// check records a call, and returns an error if the call must not be sent.
func (g *gate) check(ctx context.Context, in middleware.InitializeInput, next middleware.InitializeHandler) (
	middleware.InitializeOutput, middleware.Metadata, error,
) {
	op := awsmiddleware.GetOperationName(ctx)
	g.mu.Lock()
	g.calls = append(g.calls, simulator.Call{At: time.Now(), Operation: statemachine.Operation(op), ResourceCount: 1})
	g.mu.Unlock()
	reads := strings.HasPrefix(op, "Describe") || strings.HasPrefix(op, "Get") || strings.HasPrefix(op, "List")
	if !reads && !g.may {
		return middleware.InitializeOutput{}, middleware.Metadata{}, fmt.Errorf("%s would change the resource, which %s does not allow", op, liveChange)
	}
	return next.HandleInitialize(ctx, in)
}

// seen returns the calls so far.
func (g *gate) seen() []simulator.Call {
	g.mu.Lock()
	defer g.mu.Unlock()
	return slices.Clone(g.calls)
}
