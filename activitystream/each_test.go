package activitystream_test

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"maps"
	"math/rand/v2"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/streamwarden/streamwarden-go/activitystream"
	"github.com/streamwarden/streamwarden-go/activitystream/activitystreamtest"
	"github.com/streamwarden/streamwarden-go/internal/assert"
	"github.com/streamwarden/streamwarden-go/statemachine"
)

// clusters adds n clusters and returns their ARNs.
func clusters(s *server, n int, status activitystream.Status) []string {
	var arns []string
	for i := range n {
		arns = append(arns, s.AddCluster(activitystreamtest.Cluster{Identifier: fmt.Sprintf("c-%04d", i), Status: status, KmsKeyId: keyID}))
	}
	return arns
}

func instances(s *server, n int, status activitystream.Status) []string {
	var arns []string
	for i := range n {
		arns = append(arns, s.AddInstance(activitystreamtest.Instance{Identifier: fmt.Sprintf("i-%04d", i), Status: status, KmsKeyId: keyID}))
	}
	return arns
}

func starts(arns []string) []*activitystream.StartInput {
	var ins []*activitystream.StartInput
	for _, arn := range arns {
		ins = append(ins, start(arn))
	}
	return ins
}

func stops(arns []string) []*activitystream.StopInput {
	var ins []*activitystream.StopInput
	for _, arn := range arns {
		ins = append(ins, stop(arn))
	}
	return ins
}

// verdicts returns the results as "<index> <key>: <verdict>", in the order of the indexes.
func verdicts[R any](seq iter.Seq2[string, statemachine.Result[R]]) []string {
	byIndex := map[int]string{}
	var indexes []int
	for key, r := range seq {
		text := fmt.Sprintf("%d %s: %s", r.Index, key, assert.ErrorSummary(r.Err))
		if old, twice := byIndex[r.Index]; twice {
			text = old + ", and again " + text
		} else {
			indexes = append(indexes, r.Index)
		}
		byIndex[r.Index] = text
	}
	var list []string
	slices.Sort(indexes)
	for _, i := range indexes {
		list = append(list, strings.TrimSuffix(byIndex[i], " "))
	}
	return list
}

// named returns how many resources each read requested: "DescribeDBClusters 100".
func named(s *server) map[string]int {
	counts := map[string]int{}
	for _, c := range s.Calls() {
		counts[fmt.Sprintf("%s %d", c.Operation, c.ResourceCount)]++
	}
	return counts
}

func TestEachYieldsDuplicatesByTheirOwnKey(t *testing.T) {
	const shouting = "arn:aws:rds:us-east-1:123456789012:cluster:DAS-CLUSTER"
	const missing = "arn:aws:rds:us-east-1:123456789012:cluster:missing"
	arns := []string{clusterARN, "no-arn", shouting, instanceARN, clusterARN, missing, "", missing}
	assert.RunSynctest(t, "GetEach", func(t *testing.T) {
		s := activitystreamtest.NewServer()
		for _, db := range databases() {
			db.add(s, activitystream.StatusStarted)
		}
		assert.Equal(t, "results", []string{
			"0 " + clusterARN + ":", "1 no-arn: invalid input", "2 " + shouting + ":", "3 " + instanceARN + ":", "4 " + clusterARN + ":",
			"5 " + missing + ": not found", "6 : invalid input", "7 " + missing + ": not found",
		}, verdicts(client(s).GetEach(t.Context(), arns)))
		assert.Equal(t, "reads", map[string]int{"DescribeDBClusters 2": 1, "DescribeDBClusters 1": 1, "DescribeDBInstances 1": 1}, named(s))
	})
	assert.RunSynctest(t, "WaitEach", func(t *testing.T) {
		s := activitystreamtest.NewServer()
		for _, db := range databases() {
			db.add(s, activitystream.StatusStarted)
		}
		assert.Equal(t, "results", []string{
			"0 " + clusterARN + ":", "1 no-arn: invalid input", "2 " + shouting + ":", "3 " + instanceARN + ":", "4 " + clusterARN + ":",
			"5 " + missing + ": gone", "6 : invalid input", "7 " + missing + ": gone",
		}, verdicts(client(s).WaitEach(t.Context(), arns, activitystream.StatusStarted, time.Hour)))
		assert.Equal(t, "reads", map[string]int{"DescribeDBClusters 2": 1, "DescribeDBClusters 1": 1, "DescribeDBInstances 1": 1}, named(s))
	})
	assert.RunSynctest(t, "EnsureStartedEach", func(t *testing.T) {
		s := activitystreamtest.NewServer()
		for _, db := range databases() {
			db.add(s, activitystream.StatusStopped)
		}
		sync := start(instanceARN)
		sync.Mode = activitystream.ModeSync
		again := start(shouting)
		ins := append(starts([]string{clusterARN, instanceARN}), nil, sync, again, &activitystream.StartInput{ResourceArn: clusterARN}, start(missing))
		assert.Equal(t, "results", []string{
			"0 " + clusterARN + ":", "1 " + instanceARN + ": invalid input", "2 : invalid input", "3 " + instanceARN + ": invalid input",
			"4 " + shouting + ":", "5 " + clusterARN + ": invalid input", "6 " + missing + ": gone",
		}, verdicts(client(s).EnsureStartedEach(t.Context(), ins, time.Hour)))
		for _, c := range s.Calls() {
			if c.Resource == instanceARN {
				t.Errorf("sent for two inputs that contradict each other: %+v", c)
			}
		}
		if n := len(reads(s, opStart, time.Time{})); n != 1 {
			t.Errorf("%d starts", n)
		}
	})
	assert.RunSynctest(t, "EnsureStoppedEach", func(t *testing.T) {
		s := activitystreamtest.NewServer()
		for _, db := range databases() {
			db.add(s, activitystream.StatusStarted)
		}
		later := stop(clusterARN)
		later.ApplyImmediately = false
		ins := append(stops([]string{clusterARN, instanceARN, instanceARN}), later)
		var operations []string
		for arn, r := range client(s).EnsureStoppedEach(t.Context(), ins, time.Hour) {
			operations = append(operations, fmt.Sprint(arn, " ", r.Index, " ", r.Value.Operations, " ", assert.ErrorSummary(r.Err)))
		}
		assert.Equal(t, "results", []string{
			clusterARN + " 0 [] invalid input", clusterARN + " 3 [] invalid input",
			instanceARN + " 1 [StopActivityStream] ", instanceARN + " 2 [StopActivityStream] ",
		}, sorted(operations))
	})
	assert.RunSynctest(t, "nothing asked", func(t *testing.T) {
		s := activitystreamtest.NewServer()
		c := client(s)
		assert.Equal(t, "GetEach", nil, verdicts(c.GetEach(t.Context(), nil)))
		assert.Equal(t, "WaitEach", nil, verdicts(c.WaitEach(t.Context(), nil, activitystream.StatusStarted, time.Hour)))
		assert.Equal(t, "WatchEach", nil, verdicts(c.WatchEach(t.Context(), nil)))
		assert.Equal(t, "EnsureStartedEach", nil, verdicts(c.EnsureStartedEach(t.Context(), nil, time.Hour)))
		assert.Equal(t, "EnsureStoppedEach", nil, verdicts(c.EnsureStoppedEach(t.Context(), nil, time.Hour)))
		assert.Equal(t, "nothing right", []string{"0 x: invalid input"}, verdicts(c.GetEach(t.Context(), []string{"x"})))
		assert.Equal(t, "calls", 0, len(s.Calls()))
	})
}

func TestEachReadsInBatches(t *testing.T) {
	assert.RunSynctest(t, "mixed, more than one read holds", func(t *testing.T) {
		s := activitystreamtest.NewServer()
		arns := slices.Concat(clusters(s, 230, activitystream.StatusStarted), instances(s, 101, activitystream.StatusStarted))
		rand.New(rand.NewPCG(1, 2)).Shuffle(len(arns), func(i, j int) { arns[i], arns[j] = arns[j], arns[i] })
		got := map[string]string{}
		for arn, r := range client(s).GetEach(t.Context(), arns) {
			if r.Err != nil {
				t.Fatal(r.Err)
			}
			got[arn] = r.Value.ResourceArn
			assert.Equal(t, "index", arn, arns[r.Index])
		}
		assert.Equal(t, "results", len(arns), len(got))
		for arn, value := range got {
			assert.Equal(t, "value", arn, value)
		}
		assert.Equal(t, "reads", map[string]int{
			"DescribeDBClusters 100": 2, "DescribeDBClusters 30": 1, "DescribeDBInstances 100": 1, "DescribeDBInstances 1": 1,
		}, named(s))
	})
	assert.RunSynctest(t, "identifiers in the filter are small letters", func(t *testing.T) {
		s := activitystreamtest.NewServer()
		for _, db := range databases() {
			db.add(s, activitystream.StatusStarted)
		}
		w := &wire{server: s}
		c := activitystream.NewFromConfig(w.config(), exact)
		for arn, r := range c.GetEach(t.Context(), []string{strings.ToUpper(clusterARN[41:]) + "x", "arn:aws:rds:us-east-1:123456789012:cluster:DAS-Cluster", "arn:aws:rds:us-east-1:123456789012:db:MY-ORCL-DB"}) {
			if r.Err != nil && r.Index > 0 {
				t.Errorf("%s: %v", arn, r.Err)
			}
		}
		var values []string
		for _, form := range w.forms {
			values = append(values, filtered(form)...)
			assert.Equal(t, "records", "100", form.Get("MaxRecords"))
		}
		assert.Equal(t, "filters", []string{clusterARN, instanceARN}, sorted(values))
	})
}

func TestWaitEach(t *testing.T) {
	assert.RunSynctest(t, "each at its own instant", func(t *testing.T) {
		s := activitystreamtest.NewServer(func(o *activitystreamtest.Options) {
			o.Transition = func(arn, _, _ string) time.Duration {
				return map[string]time.Duration{"0": time.Minute, "1": 2 * time.Minute, "2": 3 * time.Minute}[arn[len(arn)-1:]]
			}
		})
		arns := clusters(s, 3, activitystream.StatusStarting)
		s.Lapse(arns[1])
		time.AfterFunc(152*time.Second, func() { s.Remove(arns[2]) })
		began := time.Now()
		var got []string
		for arn, r := range client(s).WaitEach(t.Context(), arns, activitystream.StatusStarted, time.Hour) {
			got = append(got, fmt.Sprint(arn[len(arn)-1:], " ", time.Since(began), " ", assert.ErrorSummary(r.Err), " ", r.Value.Status))
		}
		assert.Equal(t, "results", []string{"0 1m0s  started", "2 2m35s gone starting", "1 2m55s lapsed stopped"}, got)
	})
	assert.RunSynctest(t, "what ends one badly is from a read of it alone", func(t *testing.T) {
		s := activitystreamtest.NewServer(func(o *activitystreamtest.Options) {
			o.Transition = func(arn, _, _ string) time.Duration { return 2 * time.Minute }
		})
		arns := clusters(s, 3, activitystream.StatusStarting)
		s.Lapse(arns[0])
		s.Remove(arns[1])
		assert.Equal(t, "results", []string{"0 " + arns[0] + ": lapsed", "1 " + arns[1] + ": gone", "2 " + arns[2] + ":"},
			verdicts(client(s).WaitEach(t.Context(), arns, activitystream.StatusStarted, time.Hour)))
		alone := map[string]int{}
		for _, c := range s.Calls() {
			if c.ResourceCount == 1 {
				alone[c.Resource]++
			}
		}
		if alone[arns[0]] == 0 || alone[arns[1]] == 0 {
			t.Errorf("reads alone: %v", alone)
		}
	})
	assert.RunSynctest(t, "the deadline of all", func(t *testing.T) {
		s := activitystreamtest.NewServer()
		arns := clusters(s, 250, activitystream.StatusStarting)
		began := time.Now()
		n := 0
		for _, r := range client(s).WaitEach(t.Context(), arns, activitystream.StatusStarted, 33*time.Second) {
			n++
			assert.Equal(t, "verdict", "timed out", assert.ErrorSummary(r.Err))
			assert.Equal(t, "time of the verdict", 33*time.Second, assert.ErrorAs[*statemachine.WaitError](t, r.Err).Elapsed)
			assert.Equal(t, "value", activitystream.StatusStarting, r.Value.Status)
			assert.ErrorOneLine(t, r.Err)
		}
		if took := time.Since(began); took > 93*time.Second { // events are read for a minute at most
			t.Errorf("the loop took %s", took)
		}
		assert.Equal(t, "results", 250, n)
	})
	assert.RunSynctest(t, "canceled, with a cause", func(t *testing.T) {
		s := activitystreamtest.NewServer()
		arns := clusters(s, 3, activitystream.StatusStarting)
		boss := errors.New("the boss said stop")
		ctx, cancel := context.WithCancelCause(t.Context())
		time.AfterFunc(7*time.Second, func() { cancel(boss) })
		began := time.Now()
		n := 0
		for _, r := range client(s).WaitEach(ctx, arns, activitystream.StatusStarted, time.Hour) {
			n++
			assert.Equal(t, "time", 7*time.Second, time.Since(began))
			if assert.ErrorSummary(r.Err) != "canceled" || !errors.Is(r.Err, boss) || !errors.Is(r.Err, context.Canceled) {
				t.Errorf("%v", r.Err)
			}
		}
		assert.Equal(t, "results", 3, n)
	})
	assert.RunSynctest(t, "a failing read of many loses none", func(t *testing.T) {
		s := activitystreamtest.NewServer()
		arns := clusters(s, 150, activitystream.StatusStarting)
		for _, f := range []failure{{Code: "Throttling"}, {Drop: true}, {Code: "ServiceUnavailable", Status: 503}, {Body: "<html>"}, {Hang: true}} {
			f.Times = 3
			s.Fail("", f)
		}
		for arn, r := range client(s).WaitEach(t.Context(), arns, activitystream.StatusStarted, time.Hour) {
			if r.Err != nil {
				t.Errorf("%s: %v", arn, r.Err)
			}
		}
	})
}

// TestEachReadsSinglyWhenBatchesAreDenied runs with a policy that allows single ARNs only, which
// denies filtered reads.
func TestEachReadsSinglyWhenBatchesAreDenied(t *testing.T) {
	for _, test := range []struct {
		name string
		call func(ctx context.Context, c *activitystream.Client, arns []string) []string
	}{
		{"GetEach", func(ctx context.Context, c *activitystream.Client, arns []string) []string {
			return verdicts(c.GetEach(ctx, arns))
		}},
		{"WaitEach", func(ctx context.Context, c *activitystream.Client, arns []string) []string {
			return verdicts(c.WaitEach(ctx, arns, activitystream.StatusStarted, time.Hour))
		}},
		{"EnsureStartedEach", func(ctx context.Context, c *activitystream.Client, arns []string) []string {
			return verdicts(c.EnsureStartedEach(ctx, starts(arns), time.Hour))
		}},
		{"EnsureStoppedEach", func(ctx context.Context, c *activitystream.Client, arns []string) []string {
			return verdicts(c.EnsureStoppedEach(ctx, stops(arns), time.Hour))
		}},
	} {
		assert.RunSynctest(t, test.name, func(t *testing.T) {
			s := activitystreamtest.NewServer()
			status := activitystream.StatusStopped
			if test.name != "EnsureStartedEach" {
				status = activitystream.StatusStarted
			}
			arns := slices.Concat(clusters(s, 4, status), instances(s, 3, status))
			secret := arns[1]
			w := &wire{server: s, respond: func(form url.Values) (*http.Response, error) {
				if filtered(form) != nil || form.Get("DBClusterIdentifier") == secret {
					return refusal(403, "AccessDenied", "no policy allows it"), nil
				}
				return nil, nil
			}}
			c := activitystream.NewFromConfig(w.config(), exact)
			var want []string
			for i, arn := range arns {
				want = append(want, fmt.Sprintf("%d %s:", i, arn))
			}
			want[1] += " read failed"
			if test.name == "GetEach" {
				want[1] = "1 " + secret + ": access denied"
			}
			assert.Equal(t, "results", want, test.call(t.Context(), c, arns))
		})
	}
}

// TestEachReadsSinglyWhenOneARNFailsTheBatch makes RDS reject every batch that contains a certain
// ARN.
func TestEachReadsSinglyWhenOneARNFailsTheBatch(t *testing.T) {
	assert.RunSynctest(t, "WaitEach", func(t *testing.T) {
		s := activitystreamtest.NewServer()
		arns := clusters(s, 120, activitystream.StatusStarting)
		bad := arns[40]
		w := &wire{server: s, respond: func(form url.Values) (*http.Response, error) {
			if slices.Contains(filtered(form), bad) || form.Get("DBClusterIdentifier") == bad {
				return refusal(400, "InvalidParameterValue", "The provided ARN is invalid"), nil
			}
			return nil, nil
		}}
		var wrong []string
		n := 0
		for arn, r := range activitystream.NewFromConfig(w.config(), exact).WaitEach(t.Context(), arns, activitystream.StatusStarted, time.Hour) {
			n++
			if r.Err != nil {
				wrong = append(wrong, arn+" "+assert.ErrorSummary(r.Err))
			}
		}
		assert.Equal(t, "wrong", []string{bad + " read failed"}, wrong)
		assert.Equal(t, "results", 120, n)
		// 100 are read alone once; from then on the rest goes together again.
		if len(w.forms) > 220 {
			t.Errorf("%d calls", len(w.forms))
		}
	})
}

func TestEnsureStartedEach(t *testing.T) {
	assert.RunSynctest(t, "each as it should be", func(t *testing.T) {
		s := activitystreamtest.NewServer()
		add := func(id string, status activitystream.Status, key string) string {
			return s.AddCluster(activitystreamtest.Cluster{Identifier: id, Status: status, KmsKeyId: key})
		}
		arns := []string{
			add("a-stopped", "", ""), add("b-starting", "starting", keyID), add("c-started", "started", keyID), add("d-stopping", "stopping", keyID),
			add("e-drifted", "started", otherKeyID), add("f-off", "", ""), s.AddInstance(activitystreamtest.Instance{Identifier: "g-oracle"}),
			s.AddInstance(activitystreamtest.Instance{Identifier: "h-mysql", Engine: "mysql"}), add("i-rival", "", ""),
			s.AddCluster(activitystreamtest.Cluster{Identifier: "j-refused"}),
		}
		s.SetResourceStatus(arns[5], "stopped")
		time.AfterFunc(88*time.Second, func() { s.Set(arns[8], activitystream.StatusStopping) })
		s.Fail(opStart, failure{Resource: arns[9], Code: "InvalidDBClusterStateFault"})
		began := time.Now()
		got := map[string]string{}
		for arn, r := range client(s).EnsureStartedEach(t.Context(), starts(arns), time.Hour) {
			got[arn[strings.LastIndex(arn, ":")+1:]] = strings.TrimSpace(fmt.Sprint(time.Since(began), r.Value.Operations, " ", r.Value.Stream.Status, " ", assert.ErrorSummary(r.Err)))
		}
		assert.Equal(t, "results", map[string]string{
			"a-stopped":  "2m0s [StartActivityStream] started",
			"b-starting": "2m0s [] started",
			"c-started":  "0s [] started",
			"d-stopping": "3m0s [StartActivityStream] started",
			"e-drifted":  "0s [] started drifted",
			"f-off":      "0s [] stopped invalid state",
			"g-oracle":   "2m0s [StartActivityStream] started",
			"h-mysql":    "0s [] stopped unsupported",
			"i-rival":    "2m25s [StartActivityStream] stopping lapsed",
			"j-refused":  "2m5s [StartActivityStream] started",
		}, got)
	})
	assert.RunSynctest(t, "restart, in a dry run and in earnest", func(t *testing.T) {
		s := activitystreamtest.NewServer()
		var arns []string
		for i := range 30 {
			arns = append(arns, s.AddCluster(activitystreamtest.Cluster{Identifier: fmt.Sprintf("c-%d", i), Status: "started", KmsKeyId: otherKeyID}))
		}
		c := client(s, func(o *activitystream.Options) { o.AllowRestart = true })
		for arn, r := range c.EnsureStartedEach(t.Context(), starts(arns), time.Hour, func(o *activitystream.Options) { o.DryRun = true }) {
			assert.Equal(t, arn, []string{opStop, opStart}, ops(r.Value.Planned))
		}
		assert.Equal(t, "commands of a dry run", 0, len(commands(s, time.Now())))
		for arn, r := range c.EnsureStartedEach(t.Context(), starts(arns), time.Hour) {
			assert.Equal(t, arn, []string{opStop, opStart}, ops(r.Value.Operations))
			if r.Err != nil || r.Value.GapFrom.IsZero() || !r.Value.GapTo.After(r.Value.GapFrom) {
				t.Errorf("%s: %v, gap from %s to %s", arn, r.Err, r.Value.GapFrom, r.Value.GapTo)
			}
		}
	})
	assert.RunSynctest(t, "each with a maintenance window", func(t *testing.T) {
		s := activitystreamtest.NewServer(func(o *activitystreamtest.Options) { o.MaintenanceWindow = 3 * time.Hour })
		arns := clusters(s, 5, "")
		ins := starts(arns)
		for _, in := range ins {
			in.ApplyImmediately = false
		}
		for arn, r := range client(s).EnsureStartedEach(t.Context(), ins, 6*time.Hour) {
			if r.Err != nil {
				t.Errorf("%s: %v", arn, r.Err)
			}
		}
		assert.Equal(t, "commands", 5, len(commands(s, time.Now())))
	})
	assert.RunSynctest(t, "three hundred resources whose commands are throttled", func(t *testing.T) {
		s := activitystreamtest.NewServer(func(o *activitystreamtest.Options) {
			o.Latency = func(activitystreamtest.Call) time.Duration { return 300 * time.Millisecond }
		})
		arns := slices.Concat(clusters(s, 200, ""), instances(s, 100, ""))
		s.Throttle(30, 6)
		for arn, r := range client(s).EnsureStartedEach(t.Context(), starts(arns), time.Hour) {
			if r.Err != nil {
				t.Errorf("%s: %v", arn, r.Err)
			}
			assert.Equal(t, arn, []string{opStart}, ops(r.Value.Operations))
		}
		accepted := map[string]int{}
		for _, c := range s.Calls() {
			if c.Operation == opStart && c.Accepted {
				accepted[c.Resource]++
			}
		}
		assert.Equal(t, "started", 300, len(accepted))
		assert.Equal(t, "the most of one", 1, slices.Max(slices.Collect(maps.Values(accepted))))
	})
}

func TestWatchEach(t *testing.T) {
	assert.RunSynctest(t, "changes, and ends of each", func(t *testing.T) {
		s := activitystreamtest.NewServer()
		for _, db := range databases() {
			db.add(s, "")
		}
		time.AfterFunc(40*time.Second, func() { s.Set(clusterARN, activitystream.StatusStarting) })
		time.AfterFunc(100*time.Second, func() { s.Remove(instanceARN) })
		time.AfterFunc(200*time.Second, func() { s.Remove(clusterARN) })
		began := time.Now()
		got := map[string][]string{}
		for arn, r := range client(s).WatchEach(t.Context(), []string{clusterARN, "x", instanceARN, clusterARN}) {
			text := fmt.Sprint(time.Since(began), " ", assert.ErrorSummary(r.Err))
			if r.Value != nil {
				text += " " + string(r.Value.Status)
			}
			key := fmt.Sprintf("%d %s", r.Index, arn)
			got[key] = append(got[key], text)
		}
		of := []string{"0s  stopped", "1m0s  starting", "3m0s  started", "3m30s gone started"}
		assert.Equal(t, "watch", map[string][]string{
			"0 " + clusterARN: of, "3 " + clusterARN: of, "1 x": {"0s invalid input"},
			"2 " + instanceARN: {"0s  stopped", "2m0s gone stopped"},
		}, got)
	})
}

func TestEachStopsWhenCallerBreaks(t *testing.T) {
	for _, test := range []struct {
		name string
		call func(ctx context.Context, c *activitystream.Client, arns []string)
	}{
		{"GetEach", func(ctx context.Context, c *activitystream.Client, arns []string) {
			for range c.GetEach(ctx, arns) {
				break
			}
		}},
		{"WaitEach", func(ctx context.Context, c *activitystream.Client, arns []string) {
			for range c.WaitEach(ctx, arns, activitystream.StatusStarted, time.Hour) {
				break
			}
		}},
		{"WatchEach", func(ctx context.Context, c *activitystream.Client, arns []string) {
			for range c.WatchEach(ctx, arns) {
				break
			}
		}},
		{"EnsureStartedEach", func(ctx context.Context, c *activitystream.Client, arns []string) {
			for range c.EnsureStartedEach(ctx, starts(arns), time.Hour) {
				break
			}
		}},
		{"EnsureStoppedEach", func(ctx context.Context, c *activitystream.Client, arns []string) {
			for range c.EnsureStoppedEach(ctx, stops(arns), time.Hour) {
				break
			}
		}},
	} {
		assert.RunSynctest(t, test.name, func(t *testing.T) {
			s := activitystreamtest.NewServer(func(o *activitystreamtest.Options) {
				o.Transition = func(arn, _, _ string) time.Duration {
					return time.Duration(1+rand.New(rand.NewPCG(uint64(len(arn)), uint64(arn[len(arn)-1]))).IntN(300)) * time.Second
				}
				o.Latency = func(activitystreamtest.Call) time.Duration { return time.Second }
			})
			test.call(t.Context(), client(s), slices.Concat(clusters(s, 250, ""), clusters(s, 150, activitystream.StatusStarted)))
			before := len(s.Calls())
			if before == 0 {
				t.Error("no call at all")
			}
			pass(time.Hour)
			assert.Equal(t, "calls afterwards", before, len(s.Calls()))
		})
	}
}

func TestEachStopsWhenCallerBreaksAtInvalidInput(t *testing.T) {
	for _, why := range []string{"input", "options"} {
		assert.RunSynctest(t, why, func(t *testing.T) {
			s := activitystreamtest.NewServer()
			arns := clusters(s, 2, "")
			n := 0
			concurrency := -1
			if why == "input" {
				arns, concurrency = append(arns, "x", "y"), 0
			}
			for _, r := range client(s).WaitEach(t.Context(), arns, activitystream.StatusStarted, time.Hour, func(o *activitystream.Options) { o.Concurrency = concurrency }) {
				n++
				assert.Equal(t, "verdict", "invalid input", assert.ErrorSummary(r.Err))
				break
			}
			assert.Equal(t, "results", 1, n)
			assert.Equal(t, "calls", 0, len(s.Calls()))
		})
	}
}

// TestEachInvalidInputsHaveOutputsOfTheirOwn checks that invalid inputs do not share an
// EnsureOutput.
func TestEachInvalidInputsHaveOutputsOfTheirOwn(t *testing.T) {
	assert.RunSynctest(t, "", func(t *testing.T) {
		seen := map[*activitystream.EnsureOutput]bool{}
		for _, r := range client(activitystreamtest.NewServer()).EnsureStoppedEach(t.Context(), []*activitystream.StopInput{{}, {}}, time.Hour) {
			seen[r.Value] = true
		}
		assert.Equal(t, "outputs", 2, len(seen))
	})
}

// TestEnsureEachReturnsOperationsWhenCanceled checks that the output lists the accepted commands.
func TestEnsureEachReturnsOperationsWhenCanceled(t *testing.T) {
	assert.RunSynctest(t, "after the commands", func(t *testing.T) {
		s := activitystreamtest.NewServer()
		arns := clusters(s, 20, "")
		ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
		defer cancel()
		n := 0
		for arn, r := range client(s).EnsureStartedEach(ctx, starts(arns), time.Hour) {
			n++
			assert.Equal(t, arn, "canceled", assert.ErrorSummary(r.Err))
			assert.Equal(t, arn, []string{opStart}, ops(r.Value.Operations))
			assert.Equal(t, arn, activitystream.StatusStarting, r.Value.Stream.Status)
			if !errors.Is(r.Err, context.DeadlineExceeded) || errors.Is(r.Err, statemachine.TimedOut) {
				t.Error(r.Err)
			}
		}
		assert.Equal(t, "results", 20, n)
	})
}

// TestWatchEachSkipsToLatestForSlowLoop checks that a loop body that is slower than the changes
// sees the latest value and the end.
func TestWatchEachSkipsToLatestForSlowLoop(t *testing.T) {
	assert.RunSynctest(t, "the latest only", func(t *testing.T) {
		s := activitystreamtest.NewServer()
		s.AddCluster(activitystreamtest.Cluster{Identifier: "das-cluster", Status: activitystream.StatusStarting})
		time.AfterFunc(5*time.Minute, func() { s.Set(clusterARN, activitystream.StatusStopping) })
		time.AfterFunc(20*time.Minute, func() { s.Remove(clusterARN) })
		var got []string
		for _, r := range client(s).WatchEach(t.Context(), []string{clusterARN}) {
			got = append(got, strings.TrimSpace(string(r.Value.Status)+" "+assert.ErrorSummary(r.Err)))
			pass(10 * time.Minute)
		}
		assert.Equal(t, "watch", []string{"starting", "stopped", "stopped gone"}, got)
	})
}

func TestEachSlowLoopDelaysNoOtherResource(t *testing.T) {
	assert.RunSynctest(t, "WaitEach", func(t *testing.T) {
		s := activitystreamtest.NewServer()
		arns := append(clusters(s, 10, activitystream.StatusStarting), s.AddCluster(activitystreamtest.Cluster{Identifier: "there", Status: "started"}))
		began := time.Now()
		n := 0
		for _, r := range client(s).WaitEach(t.Context(), arns, activitystream.StatusStarted, time.Hour) {
			if n++; r.Err != nil {
				t.Error(r.Err)
			}
			pass(2 * time.Hour)
		}
		assert.Equal(t, "results", 11, n)
		assert.Equal(t, "reads", every(0, 5*time.Second, 2*time.Minute), reads(s, describeClusters, began))
	})
	assert.RunSynctest(t, "EnsureStartedEach", func(t *testing.T) {
		s := activitystreamtest.NewServer()
		arns := append(clusters(s, 10, ""), s.AddCluster(activitystreamtest.Cluster{Identifier: "there", Status: "started", KmsKeyId: keyID}))
		began := time.Now()
		for _, r := range client(s).EnsureStartedEach(t.Context(), starts(arns), time.Hour) {
			if r.Err != nil {
				t.Error(r.Err)
			}
			pass(2 * time.Hour)
		}
		calls := s.Calls()
		if last := calls[len(calls)-1].At.Sub(began); last != 2*time.Minute {
			t.Errorf("the last read was at %s", last)
		}
	})
}

func TestWaitEachOfThousandStaysUnderQuota(t *testing.T) {
	size := 1000
	if assert.Race { // which makes it ten times slower
		size = 400
	}
	assert.RunSynctest(t, "300 and 12 a second", func(t *testing.T) {
		s := activitystreamtest.NewServer(func(o *activitystreamtest.Options) {
			o.Latency = func(c activitystreamtest.Call) time.Duration {
				return 300*time.Millisecond + time.Duration(c.Records)*2*time.Millisecond
			}
			o.Transition = func(arn, _, _ string) time.Duration {
				return time.Duration(60+rand.New(rand.NewPCG(uint64(arn[len(arn)-1]), uint64(arn[len(arn)-2]))).IntN(600)) * time.Second
			}
		})
		arns := clusters(s, size, activitystream.StatusStarting)
		s.Throttle(300, 12)
		n := 0
		for arn, r := range client(s).WaitEach(t.Context(), arns, activitystream.StatusStarted, 30*time.Minute) {
			if n++; r.Err != nil {
				t.Fatalf("%s: %v", arn, r.Err)
			}
		}
		assert.Equal(t, "results", size, n)
		throttled := 0
		for _, c := range s.Calls() {
			if c.Code == "Throttling" {
				throttled++
			}
		}
		assert.Equal(t, "throttled", 0, throttled)
		if len(s.Calls()) > 2500 {
			t.Errorf("%d calls", len(s.Calls()))
		}
	})
}

// TestCallsOfOneClientShareItsPacer runs two calls of one client. Throttling of one pauses the
// other.
func TestCallsOfOneClientShareItsPacer(t *testing.T) {
	assert.RunSynctest(t, "waits", func(t *testing.T) {
		s := activitystreamtest.NewServer()
		arns := clusters(s, 4, activitystream.StatusStarted)
		c := client(s, func(o *activitystream.Options) { o.Pacer = statemachine.NewPacer(0.5, 1) })
		began := time.Now()
		for _, arn := range arns {
			assert.Must(c.Wait(t.Context(), arn, activitystream.StatusStarted, time.Hour))(t)
		}
		assert.Equal(t, "reads", every(0, 2*time.Second, 6*time.Second), reads(s, describeClusters, began))
	})
	assert.RunSynctest(t, "a throttled read pauses the next wait", func(t *testing.T) {
		s := activitystreamtest.NewServer()
		arns := clusters(s, 2, activitystream.StatusStarted)
		c := client(s)
		s.Fail(describeClusters, failure{Code: "Throttling", Resource: arns[0]})
		done := make(chan error)
		began := time.Now()
		go func() {
			_, err := c.Wait(t.Context(), arns[0], activitystream.StatusStarted, time.Hour)
			done <- err
		}()
		pass(time.Millisecond)
		assert.Must(c.Wait(t.Context(), arns[1], activitystream.StatusStarted, time.Hour))(t)
		assert.Equal(t, "the second wait", time.Second, time.Since(began))
		if err := <-done; err != nil {
			t.Error(err)
		}
	})
}
