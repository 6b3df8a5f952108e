package ingestion_test

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/streamwarden/streamwarden-go/ingestion"
	"github.com/streamwarden/streamwarden-go/ingestion/ingestiontest"
	"github.com/streamwarden/streamwarden-go/internal/assert"
	"github.com/streamwarden/streamwarden-go/statemachine"
)

// addStores adds n stores and returns their ARNs.
func addStores(s *server, n int, status ingestion.Status) []string {
	var arns []string
	for i := range n {
		arns = append(arns, s.AddEventDataStore(store{Id: fmt.Sprintf("00000000-0000-4000-8000-%012d", i), Status: status}))
	}
	return arns
}

func starts(stores ...string) []*ingestion.StartInput {
	var ins []*ingestion.StartInput
	for _, s := range stores {
		ins = append(ins, &ingestion.StartInput{EventDataStore: s})
	}
	return ins
}

func stops(stores ...string) []*ingestion.StopInput {
	var ins []*ingestion.StopInput
	for _, s := range stores {
		ins = append(ins, &ingestion.StopInput{EventDataStore: s})
	}
	return ins
}

// verdicts lists the results as "<index> <key>: <verdict>", sorted. It fails the test for a result
// with another key than that of its input.
func verdicts[R any](tb testing.TB, stores []string, seq iter.Seq2[string, statemachine.Result[R]]) []string {
	tb.Helper()
	var list []string
	for key, r := range seq {
		assert.Equal(tb, "key", stores[r.Index], key)
		list = append(list, strings.TrimSuffix(fmt.Sprintf("%d %s: %s", r.Index, key, assert.ErrorSummary(r.Err)), " "))
	}
	slices.Sort(list)
	return list
}

// count returns the number of calls by operation, and those that were throttled under "throttled".
func count(s *server) map[string]int {
	n := map[string]int{}
	for _, c := range s.Calls() {
		n[string(c.Operation)]++
		if c.Code == "ThrottlingException" {
			n["throttled"]++
		}
	}
	return n
}

func TestEachYieldsOneResultForEachInput(t *testing.T) {
	const (
		missing   = "11111111-1111-4222-8333-123456789abc"
		elsewhere = "arn:aws:cloudtrail:us-west-2:123456789012:eventdatastore/" + storeID
		account2  = "arn:aws:cloudtrail:us-east-1:210987654321:eventdatastore/" + missing
	)
	upper := strings.ToUpper(storeID)
	stores := []string{storeARN, "x", storeID, missing, upper, "", elsewhere, storeARN, account2, "eventdatastore/" + storeID}
	want := func(absent string) []string {
		return []string{
			"0 " + storeARN + ":", "1 x: invalid input", "2 " + storeID + ":", "3 " + missing + ": " + absent, "4 " + upper + ":",
			"5 : invalid input", "6 " + elsewhere + ": invalid input", "7 " + storeARN + ":", "8 " + account2 + ": " + absent,
			"9 eventdatastore/" + storeID + ":",
		}
	}
	for _, tt := range []struct {
		why  string
		call func(ctx context.Context, tb testing.TB, c *ingestion.Client) []string
		want []string
	}{
		{"GetEach", func(ctx context.Context, tb testing.TB, c *ingestion.Client) []string {
			return verdicts(tb, stores, c.GetEach(ctx, stores))
		}, want("not found")},
		{"WaitEach", func(ctx context.Context, tb testing.TB, c *ingestion.Client) []string {
			return verdicts(tb, stores, c.WaitEach(ctx, stores, ingestion.StatusEnabled, time.Hour))
		}, want("gone")},
		{"EnsureStartedEach", func(ctx context.Context, tb testing.TB, c *ingestion.Client) []string {
			return verdicts(tb, stores, c.EnsureStartedEach(ctx, starts(stores...), time.Hour))
		}, want("gone")},
	} {
		assert.RunSynctest(t, tt.why, func(t *testing.T) {
			s := newServer(ingestion.StatusEnabled)
			assert.Equal(t, "results", tt.want, tt.call(t.Context(), t, client(s)))
			calls := 2
			if tt.why == "EnsureStartedEach" { // a store that was just created may not show for a Grace
				calls = 17
			}
			assert.Equal(t, "calls", map[string]int{"GetEventDataStore": calls}, count(s))
		})
	}
}

func TestEachOfInvalidArguments(t *testing.T) {
	assert.RunSynctest(t, "every result has the error of the call", func(t *testing.T) {
		s := newServer(ingestion.StatusEnabled)
		c := client(s)
		bad := []string{"0 " + storeARN + ": invalid input", "1 " + storeID + ": invalid input"}
		stores := []string{storeARN, storeID}
		assert.Equal(t, "target", bad, verdicts(t, stores, c.WaitEach(t.Context(), stores, "NOPE", time.Hour)))
		assert.Equal(t, "maxWait", bad, verdicts(t, stores, c.EnsureStartedEach(t.Context(), starts(stores...), 0)))
		assert.Equal(t, "Concurrency", bad, verdicts(t, stores, c.GetEach(t.Context(), stores, func(o *ingestion.Options) { o.Concurrency = -1 })))
		assert.Equal(t, "nil", []string{"0 : invalid input"}, verdicts(t, []string{""}, c.EnsureStoppedEach(t.Context(), []*ingestion.StopInput{nil}, time.Hour)))
		assert.Equal(t, "calls", 0, len(s.Calls()))
	})
	assert.RunSynctest(t, "no inputs", func(t *testing.T) {
		s := newServer(ingestion.StatusEnabled)
		c := client(s)
		assert.Equal(t, "GetEach", nil, verdicts(t, nil, c.GetEach(t.Context(), nil)))
		assert.Equal(t, "WaitEach", nil, verdicts(t, nil, c.WaitEach(t.Context(), nil, ingestion.StatusEnabled, time.Hour)))
		assert.Equal(t, "WatchEach", nil, verdicts(t, nil, c.WatchEach(t.Context(), nil)))
		assert.Equal(t, "EnsureStartedEach", nil, verdicts(t, nil, c.EnsureStartedEach(t.Context(), nil, time.Hour)))
		assert.Equal(t, "EnsureStoppedEach", nil, verdicts(t, nil, c.EnsureStoppedEach(t.Context(), nil, time.Hour)))
		assert.Equal(t, "calls", 0, len(s.Calls()))
	})
}

func TestEnsureStartedEach(t *testing.T) {
	assert.RunSynctest(t, "each store by the rules of EnsureStarted", func(t *testing.T) {
		s := ingestiontest.NewServer(func(o *ingestiontest.Options) { o.Starting, o.Stopping = time.Minute, time.Minute })
		add := func(id string, status ingestion.Status, categories ...string) string {
			return s.AddEventDataStore(store{Id: "00000000-0000-4000-8000-00000000000" + id, Status: status, Categories: categories})
		}
		ins := starts(
			add("0", ingestion.StatusEnabled),
			add("1", ingestion.StatusStoppedIngestion),
			add("2", ingestion.StatusStoppingIngestion),
			add("3", ingestion.StatusStoppedIngestion, "ActivityAuditLog"),
			add("4", ingestion.StatusPendingDeletion),
			add("5", ingestion.StatusStoppedIngestion),
		)
		ins = append(ins, starts(ins[1].EventDataStore)...)
		s.Lapse(ins[5].EventDataStore)
		began := time.Now()
		got := make([]string, len(ins))
		for _, r := range client(s).EnsureStartedEach(t.Context(), ins, time.Hour) {
			got[r.Index] = fmt.Sprint(time.Since(began).Round(time.Second), " ", assert.ErrorSummary(r.Err), " ", r.Value.EventDataStore.Status, " ", ops(r.Value.Operations))
		}
		assert.Equal(t, "results", []string{
			"0s  ENABLED []",
			"1m0s  ENABLED [StartEventDataStoreIngestion]",
			"2m0s  ENABLED [StartEventDataStoreIngestion]",
			"1s unsupported STOPPED_INGESTION []",
			"1m0s unreachable PENDING_DELETION []",
			"2m0s lapsed STOPPED_INGESTION [StartEventDataStoreIngestion]",
			"1m0s  ENABLED [StartEventDataStoreIngestion]",
		}, got)
		assert.Equal(t, "commands", []string{
			"0s StartEventDataStoreIngestion accepted",
			"2.222222222s StartEventDataStoreIngestion accepted",
			"1m0.125s StartEventDataStoreIngestion accepted",
		}, commands(s, began))
	})
	assert.RunSynctest(t, "a dry run sends nothing", func(t *testing.T) {
		s := ingestiontest.NewServer()
		ins := starts(addStores(s, 3, ingestion.StatusStoppedIngestion)...)
		for _, r := range client(s).EnsureStartedEach(t.Context(), ins, time.Hour, func(o *ingestion.Options) { o.DryRun = true }) {
			assert.Equal(t, "error", nil, r.Err)
			assert.Equal(t, "planned", []string{"StartEventDataStoreIngestion"}, ops(r.Value.Planned))
		}
		assert.Equal(t, "calls", map[string]int{"GetEventDataStore": 3}, count(s))
	})
}

func TestWatchEach(t *testing.T) {
	assert.RunSynctest(t, "each change, then the end of one", func(t *testing.T) {
		s := ingestiontest.NewServer(func(o *ingestiontest.Options) { o.Starting = time.Minute })
		arns := addStores(s, 2, ingestion.StatusEnabled)
		time.AfterFunc(45*time.Second, func() { s.Set(arns[0], ingestion.StatusStoppedIngestion) })
		time.AfterFunc(75*time.Second, func() { s.Remove(arns[1]) })
		began := time.Now()
		var got []string
		for _, r := range client(s).WatchEach(t.Context(), arns) {
			got = append(got, fmt.Sprint(time.Since(began), " ", r.Index, " ", r.Value.Status, " ", assert.ErrorSummary(r.Err)))
			if len(got) == 4 {
				break
			}
		}
		slices.Sort(got[:2]) // the first two reads are made at the same time
		assert.Equal(t, "results", []string{
			"0s 0 ENABLED ", "0s 1 ENABLED ", "1m0s 0 STOPPED_INGESTION ", "1m30s 1 ENABLED gone",
		}, got)
	})
}

// TestEachOfAThousandStores checks the cost of many stores under CloudTrail's quotas. Ten is the
// quota of a Region, which this test ignores.
func TestEachOfAThousandStores(t *testing.T) {
	const n = 1000
	assert.RunSynctest(t, "all", func(t *testing.T) {
		s := ingestiontest.NewServer()
		arns := addStores(s, n, ingestion.StatusStoppedIngestion)
		s.Throttle(10, 10)
		c := client(s)
		type figures struct {
			Took          time.Duration
			Results       int
			Reads, Starts int
			Stops         int
			Throttled     int
		}
		began, before := time.Now(), map[string]int{}
		measure := func(results int, failed error) figures {
			assert.Equal(t, "failures", nil, failed)
			now := count(s)
			f := figures{
				time.Since(began).Round(time.Millisecond), results, now["GetEventDataStore"] - before["GetEventDataStore"],
				now["StartEventDataStoreIngestion"] - before["StartEventDataStoreIngestion"],
				now["StopEventDataStoreIngestion"] - before["StopEventDataStoreIngestion"], now["throttled"],
			}
			began, before = time.Now(), now
			return f
		}
		got := map[string]figures{}
		got["GetEach"] = measure(drain(c.GetEach(t.Context(), arns)))
		got["EnsureStartedEach"] = measure(drain(c.EnsureStartedEach(t.Context(), starts(arns...), 3*time.Hour)))
		got["WaitEach"] = measure(drain(c.WaitEach(t.Context(), arns, ingestion.StatusEnabled, time.Hour)))
		got["EnsureStoppedEach"] = measure(drain(c.EnsureStoppedEach(t.Context(), stops(arns[:n/10]...), time.Hour)))
		assert.Equal(t, "figures", map[string]figures{
			"GetEach":           {Took: 2*time.Minute + 4750*time.Millisecond, Results: n, Reads: n},
			"EnsureStartedEach": {Took: 19*time.Minute + 31750*time.Millisecond, Results: n, Reads: 9310, Starts: n},
			"WaitEach":          {Took: 2*time.Minute + 4875*time.Millisecond, Results: n, Reads: n},
			"EnsureStoppedEach": {Took: 2*time.Minute + 51819*time.Millisecond, Results: n / 10, Reads: 1304, Stops: n / 10},
		}, got)
	})
}

// drain returns the number of results and the failures.
func drain[R any](seq iter.Seq2[string, statemachine.Result[R]]) (results int, failed error) {
	var all []error
	for _, r := range seq {
		results++
		all = append(all, r.Err)
	}
	return results, errors.Join(all...)
}
