package ingestion_test

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/streamwarden/streamwarden-go/ingestion"
	"github.com/streamwarden/streamwarden-go/ingestion/ingestiontest"
	"github.com/streamwarden/streamwarden-go/statemachine"
)

// soon makes an example read again after 1 ms. Programs keep the default delays.
func soon(o *ingestion.Options) {
	o.Wait.MinDelay, o.Wait.MaxDelay = time.Millisecond, time.Millisecond
	o.ReadPacer, o.CommandPacer = statemachine.NewPacer(1000, 1), statemachine.NewPacer(1000, 1)
}

// This example starts ingestion and waits until the store is enabled. The simulated store changes
// its status after two reads have shown STARTING_INGESTION.
func Example() {
	cloudTrail := ingestiontest.NewServer(func(o *ingestiontest.Options) { o.ReadsPerTransition = 2 })
	arn := cloudTrail.AddEventDataStore(ingestiontest.EventDataStore{Name: "audit", Status: ingestion.StatusStoppedIngestion})
	client := ingestion.NewFromConfig(cloudTrail.Config(), soon)
	ctx := context.Background()

	if _, err := client.Start(ctx, &ingestion.StartInput{EventDataStore: arn}); err != nil {
		fmt.Println(err)
		return
	}
	store, err := client.Wait(ctx, arn, ingestion.StatusEnabled, 15*time.Minute, func(o *ingestion.Options) {
		o.Wait.OnRead = func(r statemachine.Reading) { fmt.Println(r.Reads, r.State) }
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(store.Name, store.Status, store.Categories)
	// Output:
	// 1 STARTING_INGESTION
	// 2 STARTING_INGESTION
	// 3 ENABLED
	// audit ENABLED [Management]
}

// The second call finds nothing to do.
func ExampleClient_EnsureStarted() {
	cloudTrail := ingestiontest.NewServer(func(o *ingestiontest.Options) { o.ReadsPerTransition = 2 })
	arn := cloudTrail.AddEventDataStore(ingestiontest.EventDataStore{Status: ingestion.StatusStoppedIngestion})
	client := ingestion.NewFromConfig(cloudTrail.Config(), soon)

	for range 2 {
		out, err := client.EnsureStarted(context.Background(), &ingestion.StartInput{EventDataStore: arn}, 15*time.Minute)
		if err != nil {
			fmt.Println(err)
			return
		}
		fmt.Println(out.EventDataStore.Status, out.Operations)
	}
	// Output:
	// ENABLED [StartEventDataStoreIngestion]
	// ENABLED []
}

// Each store has its own result. Failures returns all errors as one.
func ExampleClient_EnsureStartedEach() {
	cloudTrail := ingestiontest.NewServer()
	add := func(id, category string) *ingestion.StartInput {
		cloudTrail.AddEventDataStore(ingestiontest.EventDataStore{Id: id, Status: ingestion.StatusStoppedIngestion, Categories: []string{category}})
		return &ingestion.StartInput{EventDataStore: id}
	}
	ins := []*ingestion.StartInput{add("management", "Management"), add("partner", "ActivityAuditLog")}
	client := ingestion.NewFromConfig(cloudTrail.Config(), soon)

	dryRun := func(o *ingestion.Options) { o.DryRun = true }
	results := client.EnsureStartedEach(context.Background(), ins, 15*time.Minute, dryRun)
	fmt.Println(statemachine.Failures(results))
	// Output:
	// 1 of 2 failed: StartEventDataStoreIngestion partner: unsupported: CloudTrail cannot start or stop ingestion of the event categories [ActivityAuditLog]
}

// The error names the operation that would help.
func ExampleClient_EnsureStarted_deleted() {
	cloudTrail := ingestiontest.NewServer()
	arn := cloudTrail.AddEventDataStore(ingestiontest.EventDataStore{Id: "4d2a1f0e", Status: ingestion.StatusPendingDeletion})
	client := ingestion.NewFromConfig(cloudTrail.Config(), func(o *ingestion.Options) {
		o.Wait.Grace = statemachine.NoGrace // the simulator's reads are not stale
	})

	_, err := client.EnsureStarted(context.Background(), &ingestion.StartInput{EventDataStore: arn}, 15*time.Minute)
	if wait, ok := errors.AsType[*statemachine.WaitError](err); ok {
		fmt.Println(wait.Reason, "from", wait.Last)
		fmt.Println(wait.Plan, "would lead to", wait.Target)
	}
	// Output:
	// unreachable from PENDING_DELETION
	// [RestoreEventDataStore] would lead to ENABLED
}

// A dry run returns the operations that would be called.
func ExampleClient_EnsureStopped_dryRun() {
	cloudTrail := ingestiontest.NewServer()
	arn := cloudTrail.AddEventDataStore(ingestiontest.EventDataStore{})
	client := ingestion.NewFromConfig(cloudTrail.Config(), func(o *ingestion.Options) { o.DryRun = true })

	out, err := client.EnsureStopped(context.Background(), &ingestion.StopInput{EventDataStore: arn}, time.Minute)
	fmt.Println(out.Planned, err)
	// Output:
	// [StopEventDataStoreIngestion] <nil>
}

// List reads each store, because ListEventDataStores returns no status.
func ExampleClient_List() {
	cloudTrail := ingestiontest.NewServer()
	cloudTrail.AddEventDataStore(ingestiontest.EventDataStore{Id: "id-1", Name: "audit"})
	cloudTrail.AddEventDataStore(ingestiontest.EventDataStore{
		Id: "id-2", Name: "partners", Categories: []string{"ActivityAuditLog"}, Status: ingestion.StatusStoppedIngestion,
	})
	client := ingestion.NewFromConfig(cloudTrail.Config())

	for store, err := range client.List(context.Background()) {
		if err != nil {
			fmt.Println(err)
			return
		}
		fmt.Println(store.Name, store.Status, store.Controllable())
	}
	// Output:
	// audit ENABLED true
	// partners STOPPED_INGESTION false
}

// Watch yields each change until the loop ends.
func ExampleClient_Watch() {
	cloudTrail := ingestiontest.NewServer(func(o *ingestiontest.Options) { o.ReadsPerTransition = 1 })
	arn := cloudTrail.AddEventDataStore(ingestiontest.EventDataStore{Status: ingestion.StatusStoppingIngestion})
	client := ingestion.NewFromConfig(cloudTrail.Config(), func(o *ingestion.Options) { o.Wait.WatchDelay = time.Millisecond })

	for store, err := range client.Watch(context.Background(), arn) {
		if err != nil {
			fmt.Println(err)
			return
		}
		fmt.Println(store.Status)
		if store.Status == ingestion.StatusStoppedIngestion {
			break
		}
	}
	// Output:
	// STOPPING_INGESTION
	// STOPPED_INGESTION
}
