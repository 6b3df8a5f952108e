package activitystream_test

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"time"

	"github.com/streamwarden/streamwarden-go/activitystream"
	"github.com/streamwarden/streamwarden-go/activitystream/activitystreamtest"
	"github.com/streamwarden/streamwarden-go/statemachine"
)

// simulated returns an in-process RDS, whose streams move on when two reads have seen them, and a
// client that reads it again without delay. A program has activitystream.NewFromConfig(cfg) in its
// place.
func simulated() (*activitystreamtest.Server, *activitystream.Client) {
	rds := activitystreamtest.NewServer(func(o *activitystreamtest.Options) { o.ReadsPerTransition = 2 })
	return rds, activitystream.NewFromConfig(rds.Config(), func(o *activitystream.Options) {
		o.Wait.MinDelay, o.Wait.MaxDelay, o.Wait.WatchDelay = time.Microsecond, time.Microsecond, time.Microsecond
	})
}

// Start the stream of an Aurora cluster and wait until activity is recorded.
func ExampleClient_Wait() {
	rds, client := simulated()
	arn := rds.AddCluster(activitystreamtest.Cluster{Identifier: "orders"})
	ctx := context.Background()

	_, err := client.Start(ctx, &activitystream.StartInput{
		ResourceArn:      arn,
		Mode:             activitystream.ModeSync,
		KmsKeyId:         "alias/audit",
		ApplyImmediately: true, // restarts the database
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	stream, err := client.Wait(ctx, arn, activitystream.StatusStarted, 30*time.Minute)
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(stream.Status, stream.Mode)
	// Output: started sync
}

// Stop a stream. It may be stopped already.
func ExampleClient_Stop() {
	rds, client := simulated()
	arn := rds.AddCluster(activitystreamtest.Cluster{Identifier: "orders", Status: activitystream.StatusStarted})
	ctx := context.Background()

	_, err := client.Stop(ctx, &activitystream.StopInput{ResourceArn: arn, ApplyImmediately: true})
	if err != nil && !errors.Is(err, statemachine.AlreadyInState) {
		fmt.Println(err)
		return
	}
	stream, err := client.Wait(ctx, arn, activitystream.StatusStopped, 30*time.Minute)
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(stream.Status)
	// Output: stopped
}

// The audit policy of an Oracle or SQL Server database can be edited while it is unlocked.
func ExampleClient_EnsurePolicy() {
	rds, client := simulated()
	arn := rds.AddInstance(activitystreamtest.Instance{Engine: "oracle-ee", Status: activitystream.StatusStarted})
	ctx := context.Background()

	policy := func(state activitystream.AuditPolicyState) error {
		out, err := client.EnsurePolicy(ctx, &activitystream.ModifyInput{ResourceArn: arn, AuditPolicyState: state}, 10*time.Minute)
		if err == nil {
			fmt.Println(out.Stream.PolicyStatus)
		}
		return err
	}
	if err := policy(activitystream.AuditPolicyUnlocked); err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println("CREATE AUDIT POLICY payroll ACTIONS ALL ON hr.salaries")
	if err := policy(activitystream.AuditPolicyLocked); err != nil {
		fmt.Println(err)
		return
	}
	// Output:
	// unlocked
	// CREATE AUDIT POLICY payroll ACTIONS ALL ON hr.salaries
	// locked
}

// Watch a stream and report every change.
func ExampleClient_Watch() {
	rds, client := simulated()
	arn := rds.AddCluster(activitystreamtest.Cluster{Identifier: "orders", Status: activitystream.StatusStarting})

	for stream, err := range client.Watch(context.Background(), arn) {
		if err != nil {
			fmt.Println(err)
			return
		}
		fmt.Println(stream.Status)
		if stream.Status == activitystream.StatusStarted {
			break // and nothing is read any more
		}
	}
	// Output:
	// starting
	// started
}

// Watch many streams in few reads: each as it is, then what changes.
func ExampleClient_WatchEach() {
	rds, client := simulated()
	arns := []string{
		rds.AddCluster(activitystreamtest.Cluster{Identifier: "orders", Status: activitystream.StatusStarting}),
		rds.AddInstance(activitystreamtest.Instance{Identifier: "payroll", Status: activitystream.StatusStarting}),
	}

	started := map[string]bool{}
	for arn, result := range client.WatchEach(context.Background(), arns) {
		if result.Err != nil { // the watch of this one has ended, the others go on
			fmt.Println(arn, result.Err)
			continue
		}
		if result.Value.Status == activitystream.StatusStarted {
			started[arn] = true
		}
		if len(started) == len(arns) {
			break // and nothing is read any more
		}
	}
	fmt.Println(len(started), "streams record")
	// Output:
	// 2 streams record
}

// Say what should be, from a cron job or after a crash: what is there already is left alone.
func ExampleClient_EnsureStarted() {
	rds, client := simulated()
	arn := rds.AddCluster(activitystreamtest.Cluster{Identifier: "orders"})
	want := &activitystream.StartInput{ResourceArn: arn, Mode: activitystream.ModeAsync, KmsKeyId: "alias/audit", ApplyImmediately: true}

	for range 2 {
		out, err := client.EnsureStarted(context.Background(), want, 30*time.Minute)
		if err != nil {
			fmt.Println(err, "after", out.Operations)
			return
		}
		fmt.Println(out.Stream.Status, out.Operations)
	}
	// Output:
	// started [StartActivityStream]
	// started []
}

// What would be done, and nothing done.
func ExampleOptions_dryRun() {
	rds, client := simulated()
	arn := rds.AddCluster(activitystreamtest.Cluster{Identifier: "orders"})
	want := &activitystream.StartInput{ResourceArn: arn, Mode: activitystream.ModeAsync, KmsKeyId: "alias/audit", ApplyImmediately: true}

	out, err := client.EnsureStarted(context.Background(), want, 30*time.Minute, func(o *activitystream.Options) { o.DryRun = true })
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(out.Stream.Status, out.Planned)
	// Output: stopped [StartActivityStream]
}

// Progress of many at once: OnProgress and the body of the loop share variables.
func ExampleClient_EnsureStartedEach_progress() {
	rds, client := simulated()
	var want []*activitystream.StartInput
	for _, name := range []string{"orders", "customers"} {
		arn := rds.AddCluster(activitystreamtest.Cluster{Identifier: name})
		want = append(want, &activitystream.StartInput{ResourceArn: arn, Mode: activitystream.ModeAsync, KmsKeyId: "alias/audit", ApplyImmediately: true})
	}

	accepted, state := 0, map[string]string{}
	progress := func(o *activitystream.Options) {
		o.Wait.OnProgress = func(p statemachine.Progress) {
			state[p.Resource] = p.State
			if p.Type == statemachine.ProgressAccepted {
				accepted++
			}
		}
	}
	for arn, result := range client.EnsureStartedEach(context.Background(), want, time.Hour, progress) {
		if result.Err != nil {
			fmt.Println(result.Err)
		}
		fmt.Println("is", state[arn])
	}
	fmt.Println(accepted, "commands accepted")
	// Output:
	// is started
	// is started
	// 2 commands accepted
}

// Many at once, in few reads and under RDS's quota. One's failure is its own.
func ExampleClient_EnsureStartedEach() {
	rds, client := simulated()
	var want []*activitystream.StartInput
	for _, arn := range []string{
		rds.AddCluster(activitystreamtest.Cluster{Identifier: "orders"}),
		rds.AddCluster(activitystreamtest.Cluster{Identifier: "customers", Engine: "aurora-mysql"}),
		rds.AddInstance(activitystreamtest.Instance{Identifier: "payroll", Engine: "oracle-ee"}),
		rds.AddInstance(activitystreamtest.Instance{Identifier: "blog", Engine: "mysql"}),
	} {
		want = append(want, &activitystream.StartInput{ResourceArn: arn, Mode: activitystream.ModeAsync, KmsKeyId: "alias/audit", ApplyImmediately: true})
	}

	done := map[string]any{}
	for arn, result := range client.EnsureStartedEach(context.Background(), want, time.Hour) {
		if result.Err != nil { // the others go on
			done[arn] = statemachine.KindOf(result.Err)
			continue
		}
		done[arn] = result.Value.Stream.Status
	}
	for _, arn := range slices.Sorted(maps.Keys(done)) {
		fmt.Println(arn, done[arn])
	}
	// Output:
	// arn:aws:rds:us-east-1:123456789012:cluster:customers started
	// arn:aws:rds:us-east-1:123456789012:cluster:orders started
	// arn:aws:rds:us-east-1:123456789012:db:blog unsupported
	// arn:aws:rds:us-east-1:123456789012:db:payroll started
}

// Every stream of the Region, the stopped ones of databases that can have one too.
func ExampleClient_List() {
	rds, client := simulated()
	rds.AddCluster(activitystreamtest.Cluster{Identifier: "orders", Status: activitystream.StatusStarted})
	rds.AddInstance(activitystreamtest.Instance{Identifier: "payroll", Engine: "oracle-ee"})
	rds.AddInstance(activitystreamtest.Instance{Identifier: "blog", Engine: "mysql"}) // which can have none

	for stream, err := range client.List(context.Background()) {
		if err != nil {
			fmt.Println(err)
			return
		}
		fmt.Println(stream.Engine, stream.Status)
	}
	// Output:
	// aurora-postgresql started
	// oracle-ee stopped
}

// What went wrong, and what to do about it: a Kind for each error, a Reason for each wait that
// ended without its target, and the facts in the error's type.
func Example_errors() {
	rds, client := simulated()
	arn := rds.AddCluster(activitystreamtest.Cluster{Identifier: "orders"})
	rds.SetKeyAccessible("alias/audit", false)
	want := &activitystream.StartInput{ResourceArn: arn, Mode: activitystream.ModeAsync, KmsKeyId: "alias/audit", ApplyImmediately: true}

	out, err := client.EnsureStarted(context.Background(), want, 30*time.Minute)
	switch {
	case err == nil:
		fmt.Println(out.Stream.Status)
	case errors.Is(err, statemachine.KeyNotAccessible):
		fmt.Println("the key does not exist, is disabled, or we lack kms:CreateGrant")
	case errors.Is(err, statemachine.TimedOut), errors.Is(err, statemachine.Canceled):
		fmt.Println("not yet; what was commanded:", out.Operations)
	case errors.Is(err, statemachine.Lapsed):
		fmt.Println("rolled back, or stopped by another actor")
	case errors.Is(err, statemachine.Drifted):
		fmt.Println("started with other settings by another actor")
	}
	if fault, ok := errors.AsType[*statemachine.Fault](err); ok {
		fmt.Println(fault.Operation, fault.Code)
	}
	// Output:
	// the key does not exist, is disabled, or we lack kms:CreateGrant
	// StartActivityStream KMSKeyNotAccessibleFault
}

// auditOn stands for the reader's own code in the next example.
func auditOn(ctx context.Context, client *activitystream.Client, arn string) string {
	_, err := client.EnsureStarted(ctx, &activitystream.StartInput{
		ResourceArn: arn, Mode: activitystream.ModeAsync, KmsKeyId: "alias/audit", ApplyImmediately: true,
	}, 30*time.Minute)
	if errors.Is(err, statemachine.AccessDenied) {
		return "ask the security team for rds:StartActivityStream"
	}
	if err != nil {
		return err.Error()
	}
	return "on"
}

// How does your own code handle throttling, a lost response or an error of AWS? In a test, run it
// in a testing/synctest bubble, where half an hour takes no time.
func Example_testYourOwnCode() {
	rds, client := simulated()
	arn := rds.AddCluster(activitystreamtest.Cluster{Identifier: "orders"})

	rds.Fail(activitystream.StartActivityStream, activitystreamtest.Failure{Code: "AccessDenied", Status: 403})
	fmt.Println(auditOn(context.Background(), client, arn))

	rds.Fail(activitystream.StartActivityStream, activitystreamtest.Failure{Lost: true}) // RDS executes the command, but its response is lost
	fmt.Println(auditOn(context.Background(), client, arn))

	for _, call := range rds.Calls() {
		if call.Operation == activitystream.StartActivityStream {
			fmt.Println(call.Operation, "accepted:", call.Accepted)
		}
	}
	// Output:
	// ask the security team for rds:StartActivityStream
	// on
	// StartActivityStream accepted: false
	// StartActivityStream accepted: true
}
