package docs

import (
	"context"
	"encoding/json"
	"iter"
	"maps"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/streamwarden/streamwarden-go/activitystream"
	"github.com/streamwarden/streamwarden-go/activitystream/activitystreamtest"
	"github.com/streamwarden/streamwarden-go/eventstream"
	"github.com/streamwarden/streamwarden-go/eventstream/eventstreamtest"
	"github.com/streamwarden/streamwarden-go/ingestion"
	"github.com/streamwarden/streamwarden-go/ingestion/ingestiontest"
	"github.com/streamwarden/streamwarden-go/internal/snippets"
	"github.com/streamwarden/streamwarden-go/statemachine"
)

// The actions that AWS documents in addition to the operation's own. The simulators check no
// permissions.
var (
	eventsAction  = []string{"rds:DescribeEvents"} // after a wait that failed
	keyExtras     = []string{"kms:CreateGrant", "kms:DescribeKey"}
	createExtras  = []string{"iam:PutRolePolicy", "kinesis:DescribeStreamSummary", "profile:TagResource"}
	deleteExtras  = []string{"iam:DeleteRolePolicy"}
	getExtras     = []string{"kinesis:DescribeStreamSummary"}
	ensureExtras  = slices.Concat(createExtras, getExtras)
	restartExtras = slices.Concat(ensureExtras, deleteExtras)
	deletedExtras = slices.Concat(getExtras, deleteExtras)
)

// policies has a row for each file in docs/policies: the methods of a client that the policy is
// for, and the further actions that AWS documents.
var policies = []struct {
	file    string
	methods string
	extras  []string
}{
	{"activitystream-read", "Get List Members Wait WaitPolicy Watch GetEach WaitEach WatchEach", eventsAction},
	{"activitystream-supported", "Supported", nil},
	{"activitystream-explain-silence", "ExplainSilence", nil},
	{"activitystream-start", "Start", keyExtras},
	{"activitystream-stop", "Stop", nil},
	{"activitystream-modify", "Modify", nil},
	{"activitystream-ensure-started", "EnsureStarted EnsureStartedEach", slices.Concat(keyExtras, eventsAction)},
	{"activitystream-ensure-started-restart", "EnsureStarted+AllowRestart EnsureStartedEach+AllowRestart", slices.Concat(keyExtras, eventsAction)},
	{"activitystream-ensure-stopped", "EnsureStopped EnsureStoppedEach", eventsAction},
	{"activitystream-ensure-policy", "EnsurePolicy", eventsAction},
	{"ingestion-read", "Get Wait Watch GetEach WaitEach WatchEach", nil},
	{"ingestion-list", "List", nil},
	{"ingestion-start", "Start", nil},
	{"ingestion-stop", "Stop", nil},
	{"ingestion-ensure-started", "EnsureStarted EnsureStartedEach", nil},
	{"ingestion-ensure-stopped", "EnsureStopped EnsureStoppedEach", nil},
	{"eventstream-read", "Get Wait WaitHealthy Watch GetEach WaitEach WaitHealthyEach WatchEach", getExtras},
	{"eventstream-list", "List", nil},
	{"eventstream-create", "Create", createExtras},
	{"eventstream-delete", "Delete", deleteExtras},
	{"eventstream-ensure-created", "EnsureCreated EnsureCreatedEach", ensureExtras},
	{"eventstream-ensure-created-restart", "EnsureCreated+AllowRestart EnsureCreatedEach+AllowRestart", restartExtras},
	{"eventstream-ensure-deleted", "EnsureDeleted EnsureDeletedEach", deletedExtras},
	{"eventstream-set-tags", "SetTags", getExtras},
}

// service has a service's IAM prefix, its client, and a function for each of the client's methods,
// which runs the method and returns the operations that it called.
type service struct {
	prefix string
	client any
	run    map[string]func(ctx context.Context) []statemachine.Operation
}

func services() map[string]service {
	return map[string]service{
		"activitystream": {"rds", (*activitystream.Client)(nil), activityStreamMethods()},
		"ingestion":      {"cloudtrail", (*ingestion.Client)(nil), ingestionMethods()},
		"eventstream":    {"profile", (*eventstream.Client)(nil), eventStreamMethods()},
	}
}

// TestPoliciesAllowTheCalls compares the actions of each policy with the calls of its methods and
// the further actions that AWS documents.
func TestPoliciesAllowTheCalls(t *testing.T) {
	all, covered, files := services(), map[string]bool{}, map[string]bool{}
	for _, p := range policies {
		name, _, _ := strings.Cut(p.file, "-")
		service := all[name]
		files[p.file+".json"] = true
		want := slices.Clone(p.extras)
		for method := range strings.FieldsSeq(p.methods) {
			base, _, _ := strings.Cut(method, "+")
			covered[name+"."+base] = true
			run := service.run[method]
			if run == nil {
				t.Errorf("%s: method %s is not in the table", p.file, method)
				continue
			}
			synctest.Test(t, func(t *testing.T) {
				ctx, cancel := context.WithCancel(t.Context())
				defer cancel()
				for _, op := range run(ctx) {
					want = append(want, service.prefix+":"+string(op))
				}
			})
		}
		slices.Sort(want)
		if diff := cmp.Diff(slices.Compact(want), actions(t, p.file)); diff != "" {
			t.Errorf("docs/policies/%s.json (-want +got):\n%s", p.file, diff)
		}
	}
	for name, service := range all {
		for method := range reflect.TypeOf(service.client).Methods() {
			if !covered[name+"."+method.Name] {
				t.Errorf("no policy is for %s.Client.%s", name, method.Name)
			}
		}
	}
	found, err := filepath.Glob(snippets.RepoPath("docs/policies/*"))
	if err != nil {
		t.Fatal(err)
	}
	guide, err := snippets.ReadFile("docs/permissions.md")
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range found {
		name := filepath.Base(f)
		if !files[name] {
			t.Errorf("docs/policies/%s is not tested", name)
		}
		if !strings.Contains(guide, "(policies/"+name+")") {
			t.Errorf("docs/permissions.md has no link to %s", name)
		}
	}
}

// actions returns the actions that a policy allows. Each statement must allow actions, without
// patterns.
func actions(t *testing.T, file string) []string {
	t.Helper()
	text, err := os.ReadFile(snippets.RepoPath("docs/policies/" + file + ".json"))
	if err != nil {
		t.Fatal(err)
	}
	var policy struct {
		Version   string
		Statement []struct {
			Sid, Effect      string
			Action, Resource []string
			Condition        map[string]map[string]string
		}
	}
	d := json.NewDecoder(strings.NewReader(string(text)))
	d.DisallowUnknownFields()
	if err := d.Decode(&policy); err != nil {
		t.Fatalf("%s: %v", file, err)
	}
	if policy.Version != "2012-10-17" {
		t.Errorf("%s: version %q", file, policy.Version)
	}
	var all []string
	for _, s := range policy.Statement {
		if s.Effect != "Allow" || len(s.Action) == 0 || len(s.Resource) == 0 {
			t.Errorf("%s: statement %s allows nothing", file, s.Sid)
		}
		for _, a := range s.Action {
			if strings.Contains(a, "*") {
				t.Errorf("%s: %s is a pattern", file, a)
			}
		}
		all = append(all, s.Action...)
	}
	slices.Sort(all)
	if !slices.Equal(all, slices.Compact(slices.Clone(all))) {
		t.Errorf("%s: duplicate action", file)
	}
	return all
}

// operations returns the distinct operations of calls.
func operations[C any](calls []C, op func(C) statemachine.Operation) []statemachine.Operation {
	found := map[statemachine.Operation]bool{}
	for _, c := range calls {
		found[op(c)] = true
	}
	return slices.Sorted(maps.Keys(found))
}

// drain ranges over a sequence, up to its third value.
func drain[K, V any](seq iter.Seq2[K, V]) {
	n := 0
	for range seq {
		if n++; n == 3 {
			return
		}
	}
}

func activityStreamMethods() map[string]func(context.Context) []statemachine.Operation {
	const maxWait = time.Hour
	type client = activitystream.Client
	// each runs a method on a cluster and on an instance, in each status, to cover all of its paths.
	each := func(method func(ctx context.Context, c *client, arn string)) func(context.Context) []statemachine.Operation {
		return func(ctx context.Context) []statemachine.Operation {
			var called []statemachine.Operation
			for _, s := range activitystream.Machine().States() {
				server := activitystreamtest.NewServer()
				c := activitystream.NewFromConfig(server.Config())
				ctx, cancel := context.WithTimeout(ctx, 4*maxWait) // ends a Watch
				method(ctx, c, server.AddCluster(activitystreamtest.Cluster{Status: s, Mode: activitystream.ModeSync}))
				method(ctx, c, server.AddInstance(activitystreamtest.Instance{Status: s, EngineNativeAuditFieldsIncluded: true}))
				cancel()
				called = append(called, operations(server.Calls(), func(c activitystreamtest.Call) statemachine.Operation { return c.Operation })...)
			}
			return called
		}
	}
	start := func(arn string) *activitystream.StartInput {
		return &activitystream.StartInput{ResourceArn: arn, Mode: activitystream.ModeAsync, KmsKeyId: "alias/audit", ApplyImmediately: true}
	}
	stop := func(arn string) *activitystream.StopInput {
		return &activitystream.StopInput{ResourceArn: arn, ApplyImmediately: true}
	}
	restart := func(o *activitystream.Options) { o.AllowRestart = true }
	unlock := func(arn string) *activitystream.ModifyInput {
		return &activitystream.ModifyInput{ResourceArn: arn, AuditPolicyState: activitystream.AuditPolicyUnlocked}
	}
	return map[string]func(context.Context) []statemachine.Operation{
		"Get":  each(func(ctx context.Context, c *client, arn string) { _, _ = c.Get(ctx, arn) }),
		"List": each(func(ctx context.Context, c *client, _ string) { drain(c.List(ctx)) }),
		"Wait": each(func(ctx context.Context, c *client, arn string) {
			_, _ = c.Wait(ctx, arn, activitystream.StatusStarted, maxWait)
		}),
		"WaitPolicy": each(func(ctx context.Context, c *client, arn string) {
			_, _ = c.WaitPolicy(ctx, arn, activitystream.PolicyLocked, maxWait)
		}),
		"Watch":   each(func(ctx context.Context, c *client, arn string) { drain(c.Watch(ctx, arn)) }),
		"GetEach": each(func(ctx context.Context, c *client, arn string) { drain(c.GetEach(ctx, []string{arn, arn + "-2"})) }),
		"WaitEach": each(func(ctx context.Context, c *client, arn string) {
			drain(c.WaitEach(ctx, []string{arn, arn + "-2"}, activitystream.StatusStarted, maxWait))
		}),
		"WatchEach": each(func(ctx context.Context, c *client, arn string) { drain(c.WatchEach(ctx, []string{arn, arn + "-2"})) }),
		"Members":   each(func(ctx context.Context, c *client, arn string) { _, _ = c.Members(ctx, arn) }),
		"ExplainSilence": each(func(ctx context.Context, c *client, arn string) {
			m := activitystream.Member{InstanceArn: arn, ResourceId: "db-A"}
			_, _ = c.ExplainSilence(m)(ctx, m.ResourceId, time.Now(), time.Time{})
		}),
		"Supported": each(func(ctx context.Context, c *client, arn string) { _, _ = c.Supported(ctx, arn) }),
		"Start":     each(func(ctx context.Context, c *client, arn string) { _, _ = c.Start(ctx, start(arn)) }),
		"Stop":      each(func(ctx context.Context, c *client, arn string) { _, _ = c.Stop(ctx, stop(arn)) }),
		"Modify":    each(func(ctx context.Context, c *client, arn string) { _, _ = c.Modify(ctx, unlock(arn)) }),

		"EnsureStarted": each(func(ctx context.Context, c *client, arn string) { _, _ = c.EnsureStarted(ctx, start(arn), maxWait) }),
		"EnsureStarted+AllowRestart": each(func(ctx context.Context, c *client, arn string) {
			_, _ = c.EnsureStarted(ctx, start(arn), maxWait, restart)
		}),
		"EnsureStartedEach": each(func(ctx context.Context, c *client, arn string) {
			drain(c.EnsureStartedEach(ctx, []*activitystream.StartInput{start(arn), start(arn + "-2")}, maxWait))
		}),
		"EnsureStartedEach+AllowRestart": each(func(ctx context.Context, c *client, arn string) {
			drain(c.EnsureStartedEach(ctx, []*activitystream.StartInput{start(arn)}, maxWait, restart))
		}),
		"EnsureStopped": each(func(ctx context.Context, c *client, arn string) { _, _ = c.EnsureStopped(ctx, stop(arn), maxWait) }),
		"EnsureStoppedEach": each(func(ctx context.Context, c *client, arn string) {
			drain(c.EnsureStoppedEach(ctx, []*activitystream.StopInput{stop(arn), stop(arn + "-2")}, maxWait))
		}),
		"EnsurePolicy": each(func(ctx context.Context, c *client, arn string) { _, _ = c.EnsurePolicy(ctx, unlock(arn), maxWait) }),
	}
}

func ingestionMethods() map[string]func(context.Context) []statemachine.Operation {
	const maxWait = time.Hour
	type client = ingestion.Client
	each := func(method func(ctx context.Context, c *client, arn string)) func(context.Context) []statemachine.Operation {
		return func(ctx context.Context) []statemachine.Operation {
			var called []statemachine.Operation
			for _, s := range ingestion.Machine().States() {
				server := ingestiontest.NewServer()
				arn := server.AddEventDataStore(ingestiontest.EventDataStore{Status: s})
				ctx, cancel := context.WithTimeout(ctx, 2*maxWait) // ends a Watch
				method(ctx, ingestion.NewFromConfig(server.Config()), arn)
				cancel()
				called = append(called, operations(server.Calls(), func(c ingestiontest.Call) statemachine.Operation { return c.Operation })...)
			}
			return called
		}
	}
	return map[string]func(context.Context) []statemachine.Operation{
		"Get":  each(func(ctx context.Context, c *client, arn string) { _, _ = c.Get(ctx, arn) }),
		"List": each(func(ctx context.Context, c *client, _ string) { drain(c.List(ctx)) }),
		"Wait": each(func(ctx context.Context, c *client, arn string) {
			_, _ = c.Wait(ctx, arn, ingestion.StatusEnabled, maxWait)
		}),
		"Watch": each(func(ctx context.Context, c *client, arn string) { drain(c.Watch(ctx, arn)) }),
		"Start": each(func(ctx context.Context, c *client, arn string) {
			_, _ = c.Start(ctx, &ingestion.StartInput{EventDataStore: arn})
		}),
		"Stop": each(func(ctx context.Context, c *client, arn string) {
			_, _ = c.Stop(ctx, &ingestion.StopInput{EventDataStore: arn})
		}),
		"EnsureStarted": each(func(ctx context.Context, c *client, arn string) {
			_, _ = c.EnsureStarted(ctx, &ingestion.StartInput{EventDataStore: arn}, maxWait)
		}),
		"EnsureStopped": each(func(ctx context.Context, c *client, arn string) {
			_, _ = c.EnsureStopped(ctx, &ingestion.StopInput{EventDataStore: arn}, maxWait)
		}),
		"GetEach": each(func(ctx context.Context, c *client, arn string) { drain(c.GetEach(ctx, []string{arn})) }),
		"WaitEach": each(func(ctx context.Context, c *client, arn string) {
			drain(c.WaitEach(ctx, []string{arn}, ingestion.StatusEnabled, maxWait))
		}),
		"WatchEach": each(func(ctx context.Context, c *client, arn string) { drain(c.WatchEach(ctx, []string{arn})) }),
		"EnsureStartedEach": each(func(ctx context.Context, c *client, arn string) {
			drain(c.EnsureStartedEach(ctx, []*ingestion.StartInput{{EventDataStore: arn}}, maxWait))
		}),
		"EnsureStoppedEach": each(func(ctx context.Context, c *client, arn string) {
			drain(c.EnsureStoppedEach(ctx, []*ingestion.StopInput{{EventDataStore: arn}}, maxWait))
		}),
	}
}

func eventStreamMethods() map[string]func(context.Context) []statemachine.Operation {
	const (
		maxWait = time.Hour
		uri     = "arn:aws:kinesis:us-east-1:123456789012:stream/profile-events"
	)
	type client = eventstream.Client
	ref := eventstream.Ref{DomainName: "example-domain", EventStreamName: "example-stream"}
	each := func(method func(ctx context.Context, c *client)) func(context.Context) []statemachine.Operation {
		return func(ctx context.Context) []statemachine.Operation {
			var called []statemachine.Operation
			for _, s := range eventstream.Machine().States() {
				server := eventstreamtest.NewServer()
				server.AddDomain(ref.DomainName)
				if s != eventstream.StateAbsent {
					server.AddEventStream(eventstreamtest.EventStream{DomainName: ref.DomainName, EventStreamName: ref.EventStreamName, State: s})
				}
				ctx, cancel := context.WithTimeout(ctx, 2*maxWait)
				method(ctx, eventstream.NewFromConfig(server.Config()))
				cancel()
				called = append(called, operations(server.Calls(), func(c eventstreamtest.Call) statemachine.Operation { return c.Operation })...)
			}
			return called
		}
	}
	create := &eventstream.CreateInput{Ref: ref, Uri: uri, Tags: map[string]string{"team": "audit"}}
	refs, creates := []eventstream.Ref{ref}, []*eventstream.CreateInput{create}
	restart := func(o *eventstream.Options) { o.AllowRestart = true }
	return map[string]func(context.Context) []statemachine.Operation{
		"Get":         each(func(ctx context.Context, c *client) { _, _ = c.Get(ctx, ref) }),
		"List":        each(func(ctx context.Context, c *client) { drain(c.List(ctx, ref.DomainName)) }),
		"Wait":        each(func(ctx context.Context, c *client) { _, _ = c.Wait(ctx, ref, eventstream.StateAbsent, maxWait) }),
		"WaitHealthy": each(func(ctx context.Context, c *client) { _, _ = c.WaitHealthy(ctx, ref, maxWait) }),
		"Watch":       each(func(ctx context.Context, c *client) { drain(c.Watch(ctx, ref)) }),
		"Create":      each(func(ctx context.Context, c *client) { _, _ = c.Create(ctx, create) }),
		"Delete":      each(func(ctx context.Context, c *client) { _, _ = c.Delete(ctx, ref) }),

		// The second call removes the tags of the first.
		"SetTags": each(func(ctx context.Context, c *client) {
			_, _ = c.SetTags(ctx, ref, create.Tags)
			_, _ = c.SetTags(ctx, ref, nil)
		}),

		"EnsureCreated":              each(func(ctx context.Context, c *client) { _, _ = c.EnsureCreated(ctx, create, maxWait) }),
		"EnsureCreated+AllowRestart": each(func(ctx context.Context, c *client) { _, _ = c.EnsureCreated(ctx, create, maxWait, restart) }),
		"EnsureDeleted":              each(func(ctx context.Context, c *client) { _, _ = c.EnsureDeleted(ctx, ref, maxWait) }),

		"GetEach": each(func(ctx context.Context, c *client) { drain(c.GetEach(ctx, refs)) }),
		"WaitEach": each(func(ctx context.Context, c *client) {
			drain(c.WaitEach(ctx, refs, eventstream.StateAbsent, maxWait))
		}),
		"WaitHealthyEach":   each(func(ctx context.Context, c *client) { drain(c.WaitHealthyEach(ctx, refs, maxWait)) }),
		"WatchEach":         each(func(ctx context.Context, c *client) { drain(c.WatchEach(ctx, refs)) }),
		"EnsureCreatedEach": each(func(ctx context.Context, c *client) { drain(c.EnsureCreatedEach(ctx, creates, maxWait)) }),
		"EnsureCreatedEach+AllowRestart": each(func(ctx context.Context, c *client) {
			drain(c.EnsureCreatedEach(ctx, creates, maxWait, restart))
		}),
		"EnsureDeletedEach": each(func(ctx context.Context, c *client) { drain(c.EnsureDeletedEach(ctx, refs, maxWait)) }),
	}
}
