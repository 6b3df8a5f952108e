package activitystream_test

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/streamwarden/streamwarden-go/activitystream"
	"github.com/streamwarden/streamwarden-go/activitystream/activitystreamtest"
	"github.com/streamwarden/streamwarden-go/internal/assert"
	"github.com/streamwarden/streamwarden-go/statemachine"
)

// waited is what came of a wait.
type waited struct {
	Verdict string
	Took    time.Duration
	Status  activitystream.Status // of the value returned with the error
	Last    string                // of the WaitError
	Reads   int
}

func TestWait(t *testing.T) {
	const m = time.Minute
	type options = activitystreamtest.Options
	for _, test := range []struct {
		why     string
		options func(*options)
		setup   func(s *server, db database) // before the wait
		target  activitystream.Status
		maxWait time.Duration
		grace   time.Duration
		status  activitystream.Status // at first
		want    waited
		says    []string
	}{
		{
			why: "a long start: the delay is an eightieth of the time waited", status: activitystream.StatusStarting,
			options: func(o *options) { o.Starting = 20 * m },
			want:    waited{Status: activitystream.StatusStarted, Took: 1200*time.Second + 0, Reads: 0}, // see below
		},
		{
			why:  "no actor started it",
			want: waited{Verdict: "unreachable", Status: activitystream.StatusStopped, Last: "stopped", Took: m, Reads: 13},
			says: []string{"unreachable from stopped", "StartActivityStream would lead to started", "ApplyImmediately", "maintenance window"},
		},
		{
			why: "stopping does not lead to starting", status: activitystream.StatusStopping, target: activitystream.StatusStarting,
			want: waited{Verdict: "unreachable", Status: activitystream.StatusStopped, Last: "stopped", Took: m, Reads: 13},
		},
		{
			why: "a start in the maintenance window, with a grace as long as the wait", grace: 12 * time.Hour, maxWait: 12 * time.Hour,
			setup: func(s *server, db database) {
				time.AfterFunc(5*time.Hour, func() { s.Set(db.arn, activitystream.StatusStarting) })
			},
			want: waited{Status: activitystream.StatusStarted, Took: 5*time.Hour + 2*m, Reads: 0},
		},
	} {
		for name, db := range databases() {
			assert.RunSynctest(t, test.why+" ("+name+")", func(t *testing.T) {
				s := activitystreamtest.NewServer(func(o *options) {
					if test.options != nil {
						test.options(o)
					}
				})
				db.add(s, test.status)
				if test.setup != nil {
					test.setup(s, db)
				}
				target, maxWait := test.target, test.maxWait
				if target == "" {
					target = activitystream.StatusStarted
				}
				if maxWait == 0 {
					maxWait = time.Hour
				}
				began := time.Now()
				got, err := client(s).Wait(t.Context(), db.arn, target, maxWait, func(o *activitystream.Options) { o.Wait.Grace = test.grace })
				outcome := waited{Verdict: assert.ErrorSummary(err), Took: time.Since(began), Reads: len(s.Calls()) - len(reads(s, describeEvents, began))}
				if got != nil {
					outcome.Status = got.Status
				}
				want := test.want
				switch {
				case test.options != nil && want.Reads == 0, test.grace > time.Hour:
					// Late by less than an eightieth of the time waited, and 2 minutes at most.
					late := outcome.Took - want.Took
					if late < 0 || late > min(want.Took/80, 2*m) {
						t.Errorf("%s late", late)
					}
					want.Took, want.Reads = outcome.Took, outcome.Reads
				}
				if err != nil {
					we := assert.ErrorAs[*statemachine.WaitError](t, err)
					outcome.Last = we.Last
					assert.Equal(t, "reads of the error", outcome.Reads, we.Reads)
					assert.Equal(t, "elapsed of the error", outcome.Took, we.Elapsed)
					assert.Equal(t, "resource of the error", db.arn, we.Resource)
					assert.ErrorOneLine(t, err)
					assert.ErrorContains(t, err, append(test.says, db.arn)...)
				}
				assert.Equal(t, "wait", want, outcome)
				assert.Equal(t, "in time", test.want.Verdict == "timed out", errors.Is(err, context.DeadlineExceeded))
			})
		}
	}
}

func TestWaitIgnoresCaseOfARN(t *testing.T) {
	assert.RunSynctest(t, "cluster", func(t *testing.T) {
		const arn = "arn:aws:rds:us-east-1:123456789012:cluster:DAS-Cluster"
		s := activitystreamtest.NewServer()
		s.AddCluster(activitystreamtest.Cluster{Identifier: "das-cluster", Status: activitystream.StatusStarting})
		got := assert.Must(client(s).Wait(t.Context(), arn, activitystream.StatusStarted, time.Hour))(t)
		assert.Equal(t, "as RDS writes it", clusterARN, got.ResourceArn)
		_, err := client(s).Wait(t.Context(), arn, activitystream.StatusStopped, time.Hour)
		assert.Equal(t, "as it was given", arn, assert.ErrorAs[*statemachine.WaitError](t, err).Resource)
	})
}

func TestWaitPolicy(t *testing.T) {
	const m = time.Minute
	for _, test := range []struct {
		why     string
		status  activitystream.Status
		policy  activitystream.PolicyStatus
		target  activitystream.PolicyStatus
		setup   func(s *server)
		maxWait time.Duration // zero: an hour
		want    waited
		policy2 activitystream.PolicyStatus // in the end
		says    []string
	}{
		{
			why: "already locked", status: activitystream.StatusStarted, target: activitystream.PolicyLocked,
			want: waited{Status: activitystream.StatusStarted, Reads: 1}, policy2: activitystream.PolicyLocked,
		},
		{
			why: "it is being unlocked", status: activitystream.StatusStarted, policy: activitystream.PolicyUnlocking, target: activitystream.PolicyUnlocked,
			want: waited{Status: activitystream.StatusStarted, Took: 30 * time.Second, Reads: 7}, policy2: activitystream.PolicyUnlocked,
		},
		{
			why: "no actor unlocks it", status: activitystream.StatusStarted, target: activitystream.PolicyUnlocked,
			want:    waited{Verdict: "unreachable", Status: activitystream.StatusStarted, Last: "locked", Took: m, Reads: 13},
			policy2: activitystream.PolicyLocked, says: []string{"ModifyActivityStream would lead to unlocked"},
		},
		{
			why: "while the stream is starting its policy has no life yet, though it reads locked", status: activitystream.StatusStarting, target: activitystream.PolicyLocked,
			want: waited{Status: activitystream.StatusStarted, Took: 2 * m, Reads: 25}, policy2: activitystream.PolicyLocked,
		},
		{
			why: "a stopped stream has no policy, though it reads locked", status: activitystream.StatusStopped, target: activitystream.PolicyLocked,
			want:    waited{Verdict: "unreachable", Status: activitystream.StatusStopped, Took: m, Reads: 13},
			policy2: activitystream.PolicyLocked, says: []string{"only while the stream is started"},
		},
		{
			why: "nor has one that is stopping", status: activitystream.StatusStopping, target: activitystream.PolicyLocked,
			want:    waited{Verdict: "unreachable", Status: activitystream.StatusStopped, Took: m, Reads: 13},
			policy2: activitystream.PolicyLocked,
		},
		{
			why: "the stream is stopped while the policy is being unlocked", status: activitystream.StatusStarted, policy: activitystream.PolicyUnlocking,
			target: activitystream.PolicyUnlocked,
			setup: func(s *server) {
				s.SetPolicy(instanceARN, activitystream.PolicyUnlocking)
				time.AfterFunc(12*time.Second, func() { s.Set(instanceARN, activitystream.StatusStopping) })
			},
			want:    waited{Verdict: "lapsed", Status: activitystream.StatusStopping, Took: 70 * time.Second, Reads: 15},
			policy2: activitystream.PolicyUnlocked, // its time passes all the same
		},
		{
			why: "a start that is rolled back was never on the way", status: activitystream.StatusStarting, target: activitystream.PolicyLocked,
			setup:   func(s *server) { s.Lapse(instanceARN) },
			want:    waited{Verdict: "unreachable", Status: activitystream.StatusStopped, Took: 2*m + 55*time.Second, Reads: 36},
			policy2: activitystream.PolicyLocked,
		},
		{
			why:    "a read from before a start that another actor began late in the grace period",
			status: activitystream.StatusStopped, target: activitystream.PolicyLocked,
			setup: func(s *server) {
				time.AfterFunc(52*time.Second, func() { s.Set(instanceARN, activitystream.StatusStarting) })
				time.AfterFunc(62*time.Second, func() { s.Stale(instanceARN, 20*time.Second) })
				time.AfterFunc(67*time.Second, func() { s.Stale(instanceARN, 0) })
			},
			want:    waited{Status: activitystream.StatusStarted, Took: 175 * time.Second, Reads: 36},
			policy2: activitystream.PolicyLocked,
		},
		{
			why: "a wait that is shorter than the grace period", status: activitystream.StatusStopped, target: activitystream.PolicyLocked, maxWait: 5 * time.Second,
			want:    waited{Verdict: "timed out", Status: activitystream.StatusStopped, Took: 5 * time.Second, Reads: 2},
			says:    []string{"the audit policy changes only while the stream is started"},
			policy2: activitystream.PolicyLocked,
		},
	} {
		assert.RunSynctest(t, test.why, func(t *testing.T) {
			s := activitystreamtest.NewServer()
			s.AddInstance(activitystreamtest.Instance{Identifier: "my-orcl-db", Status: test.status, PolicyStatus: test.policy})
			if test.setup != nil {
				test.setup(s)
			}
			began := time.Now()
			got, err := client(s).WaitPolicy(t.Context(), instanceARN, test.target, cmp.Or(test.maxWait, time.Hour))
			outcome := waited{Verdict: assert.ErrorSummary(err), Took: time.Since(began), Reads: len(s.Calls()) - len(reads(s, describeEvents, began)), Status: got.Status}
			if err != nil {
				outcome.Last = assert.ErrorAs[*statemachine.WaitError](t, err).Last
				assert.ErrorOneLine(t, err)
				assert.ErrorContains(t, err, append(test.says, "activity stream audit policy "+instanceARN)...)
			}
			assert.Equal(t, "wait", test.want, outcome)
			assert.Equal(t, "policy", test.policy2, got.PolicyStatus)
		})
	}
	t.Run("a cluster", func(t *testing.T) {
		s := activitystreamtest.NewServer()
		_, err := client(s).WaitPolicy(background(), clusterARN, activitystream.PolicyLocked, time.Hour)
		assert.Equal(t, "fields", []string{"ResourceArn"}, assert.InputFields(err))
		assert.Equal(t, "calls", 0, len(s.Calls()))
	})
	t.Run("a target that is no policy status", func(t *testing.T) {
		_, err := client(activitystreamtest.NewServer()).WaitPolicy(background(), instanceARN, "(stream starting)", time.Hour)
		assert.Equal(t, "fields", []string{"target"}, assert.InputFields(err))
	})
}

// seen is one turn of a Watch's loop.
type seen struct {
	At     time.Duration
	Stream string // status, policy, the database's
	Err    string
}

func TestWatch(t *testing.T) {
	const s30 = 30 * time.Second
	for _, test := range []struct {
		why   string
		setup func(s *server)
		want  []seen
	}{
		{
			why: "changes of status, policy and the database's status are yielded",
			setup: func(s *server) {
				time.AfterFunc(40*time.Second, func() { s.Set(instanceARN, activitystream.StatusStarting) })
				time.AfterFunc(200*time.Second, func() { s.SetPolicy(instanceARN, activitystream.PolicyUnlocking) })
				time.AfterFunc(305*time.Second, func() { s.SetResourceStatus(instanceARN, "backing-up") })
				time.AfterFunc(335*time.Second, func() { s.Remove(instanceARN) })
			},
			want: []seen{
				{0, "stopped locked available", ""},
				{2 * s30, "starting locked available", ""},
				{6 * s30, "started locked available", ""},
				{7 * s30, "started unlocking-policy configuring-activity-stream", ""},
				{8 * s30, "started unlocked available", ""},
				{11 * s30, "started unlocked backing-up", ""},
				{12 * s30, "started unlocked backing-up", "gone"},
			},
		},
		{
			why: "a tolerated failure is not yielded and doubles the delay",
			setup: func(s *server) {
				time.AfterFunc(20*time.Second, func() { s.Fail("", failure{Code: "ServiceUnavailable", Status: 503, Times: 2}) })
				time.AfterFunc(70*time.Second, func() { s.Set(instanceARN, activitystream.StatusStarted) })
				time.AfterFunc(170*time.Second, func() { s.Fail("", failure{Code: "AccessDenied", Status: 403}) })
			},
			want: []seen{ // reads at 0, 30 and 90, which fail, 150, 180
				{0, "stopped locked available", ""},
				{5 * s30, "started locked available", ""},
				{6 * s30, "started locked available", "read failed"},
			},
		},
		{
			why: "a policy that changed between two reads, while the database stayed available",
			setup: func(s *server) {
				s.Set(instanceARN, activitystream.StatusStarted)
				time.AfterFunc(40*time.Second, func() { s.SetPolicy(instanceARN, activitystream.PolicyUnlocked) })
				time.AfterFunc(70*time.Second, func() { s.Remove(instanceARN) })
			},
			want: []seen{{0, "started locked available", ""}, {2 * s30, "started unlocked available", ""}, {3 * s30, "started unlocked available", "gone"}},
		},
		{
			why:   "gone from the beginning",
			setup: func(s *server) { s.Remove(instanceARN) },
			want:  []seen{{0, "", "gone"}},
		},
		{
			why: "an unknown status is a status",
			setup: func(s *server) {
				time.AfterFunc(1*time.Second, func() { s.Set(instanceARN, "paused") })
				time.AfterFunc(31*time.Second, func() { s.Remove(instanceARN) })
			},
			want: []seen{{0, "stopped locked available", ""}, {s30, "paused locked available", ""}, {2 * s30, "paused locked available", "gone"}},
		},
	} {
		assert.RunSynctest(t, test.why, func(t *testing.T) {
			s := activitystreamtest.NewServer()
			s.AddInstance(activitystreamtest.Instance{Identifier: "my-orcl-db"})
			test.setup(s)
			began := time.Now()
			var got []seen
			for st, err := range client(s).Watch(t.Context(), instanceARN) {
				n := seen{At: time.Since(began), Err: assert.ErrorSummary(err)}
				if st != nil {
					n.Stream = strings.Join([]string{string(st.Status), string(st.PolicyStatus), st.ResourceStatus}, " ")
				}
				got = append(got, n)
			}
			assert.Equal(t, "watch", test.want, got)
		})
	}
}

func TestWatchYieldsChangeOfModeAndKey(t *testing.T) {
	assert.RunSynctest(t, "a restart between two reads", func(t *testing.T) {
		s := activitystreamtest.NewServer()
		s.AddCluster(activitystreamtest.Cluster{Identifier: "das-cluster", Status: activitystream.StatusStarted, KmsKeyId: keyID})
		time.AfterFunc(10*time.Second, func() {
			s.AddCluster(activitystreamtest.Cluster{Identifier: "das-cluster", Status: activitystream.StatusStarted, KmsKeyId: otherKeyID})
		})
		time.AfterFunc(40*time.Second, func() {
			s.AddCluster(activitystreamtest.Cluster{Identifier: "das-cluster", Status: activitystream.StatusStarted, KmsKeyId: otherKeyID, Mode: activitystream.ModeSync})
		})
		var got []string
		for st, err := range client(s).Watch(t.Context(), clusterARN) {
			if err != nil {
				t.Fatal(err)
			}
			if got = append(got, st.KmsKeyId+" "+string(st.Mode)); len(got) == 3 {
				break
			}
		}
		assert.Equal(t, "watch", []string{keyID + " async", otherKeyID + " async", otherKeyID + " sync"}, got)
	})
}

// TestWatchYieldsEverySetting checks what changes between two reads without a status: the native
// audit fields, and the database that the ARN names.
func TestWatchYieldsEverySetting(t *testing.T) {
	assert.RunSynctest(t, "the native audit fields, then a switchover", func(t *testing.T) {
		s := activitystreamtest.NewServer()
		add := func(native bool) string {
			return s.AddInstance(activitystreamtest.Instance{
				Identifier: "orcl", Status: activitystream.StatusStarted, KmsKeyId: keyID, ResourceId: "db-BLUE", EngineNativeAuditFieldsIncluded: native,
			})
		}
		arn := add(false)
		time.AfterFunc(10*time.Second, func() { add(true) })
		time.AfterFunc(40*time.Second, func() { s.Switchover(arn, "db-GREEN", activitystream.StatusStopped) })
		time.AfterFunc(70*time.Second, func() { s.Remove(arn) })
		began := time.Now()
		var got []string
		for st, err := range client(s).Watch(t.Context(), arn) {
			if err != nil {
				break
			}
			got = append(got, fmt.Sprintf("%s %s %t %s", time.Since(began), st.ResourceId, st.EngineNativeAuditFieldsIncluded, st.Status))
		}
		assert.Equal(t, "watch", []string{"0s db-BLUE false started", "30s db-BLUE true started", "1m0s db-GREEN false stopped"}, got)
	})
}

// TestWaitAdjustsDefaultOfOtherBound sets one bound of the delay for a call, which adjusts the
// default of the other as it does for a client.
func TestWaitAdjustsDefaultOfOtherBound(t *testing.T) {
	assert.RunSynctest(t, "a call's MinDelay above the default MaxDelay", func(t *testing.T) {
		s := activitystreamtest.NewServer(func(o *activitystreamtest.Options) { o.Starting = 4 * time.Minute })
		arn := s.AddCluster(activitystreamtest.Cluster{Status: activitystream.StatusStarting})
		began := time.Now()
		assert.Must(client(s).Wait(t.Context(), arn, activitystream.StatusStarted, time.Hour, func(o *activitystream.Options) {
			o.Wait.MinDelay = 5 * time.Minute
		}))(t)
		assert.Equal(t, "time", 5*time.Minute, time.Since(began))
	})
}
