package streamwarden_test

import (
	"context"
	"iter"
	"log/slog"
	"net/http"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cloudtrail"
	cloudtrailtypes "github.com/aws/aws-sdk-go-v2/service/cloudtrail/types"
	profilestypes "github.com/aws/aws-sdk-go-v2/service/customerprofiles/types"
	"github.com/aws/aws-sdk-go-v2/service/rds"
	rdstypes "github.com/aws/aws-sdk-go-v2/service/rds/types"
	"github.com/aws/smithy-go/middleware"

	"github.com/streamwarden/streamwarden-go/activitystream"
	"github.com/streamwarden/streamwarden-go/activitystream/activitystreamtest"
	"github.com/streamwarden/streamwarden-go/eventstream"
	"github.com/streamwarden/streamwarden-go/eventstream/eventstreamtest"
	"github.com/streamwarden/streamwarden-go/ingestion"
	"github.com/streamwarden/streamwarden-go/ingestion/ingestiontest"
	"github.com/streamwarden/streamwarden-go/statemachine"
)

// This file runs nothing. It uses each exported name that programs compile against, with its type.
// A change that would break their builds breaks the build of this test first. Fields are passed as
// pointers, which convert to no other type.

// contractState is a user's own state, and contractValue the value that a user's Read returns.
type (
	contractState string
	contractValue struct{}

	machineOf   = statemachine.Machine[contractState]
	trackOf     = statemachine.Track[contractState]
	waiterOf    = statemachine.Waiter[contractValue, contractState]
	ensurerOf   = statemachine.Ensurer[contractValue, contractState]
	sightingOf  = statemachine.Sighting[contractState]
	waitOptions = statemachine.WaitOptions
)

// The core: machines.
var (
	_ func(statemachine.Definition[contractState]) (*machineOf, error) = statemachine.New[contractState]
	_ func(statemachine.Definition[contractState]) *machineOf          = statemachine.MustNew[contractState]

	_ func(*machineOf) string                                                                 = (*machineOf).Name
	_ func(*machineOf) []contractState                                                        = (*machineOf).States
	_ func(*machineOf) []statemachine.Transition[contractState]                               = (*machineOf).Transitions
	_ func(*machineOf, contractState) bool                                                    = (*machineOf).Known
	_ func(*machineOf, contractState) bool                                                    = (*machineOf).Transient
	_ func(*machineOf, contractState, statemachine.Operation) bool                            = (*machineOf).Permits
	_ func(*machineOf, contractState, contractState) bool                                     = (*machineOf).Settles
	_ func(*machineOf, contractState, contractState) ([]statemachine.Operation, bool)         = (*machineOf).Plan
	_ func(*machineOf) string                                                                 = (*machineOf).Mermaid
	_ func(*machineOf, contractState, time.Time, time.Duration, waitOptions) (trackOf, error) = (*machineOf).NewTrack
	_ func(*machineOf, *trackOf, contractState, time.Time) (bool, statemachine.Reason)        = (*machineOf).Observe
	_ func(*machineOf, *trackOf, statemachine.Kind, time.Time) statemachine.Reason            = (*machineOf).ObserveFailure
	_ func(*trackOf, time.Time) time.Time                                                     = (*trackOf).Next
	_ func(*trackOf, time.Time)                                                               = (*trackOf).Commanded

	_ = func(d *statemachine.Definition[contractState], t *statemachine.Transition[contractState]) {
		is[string](&d.Name)
		is[[]statemachine.Transition[contractState]](&d.Transitions)
		is[contractState](&d.Absent, &t.From, &t.To)
		is[statemachine.Operation](&t.By)
		is[bool](&t.Lapse)
	}
	_ = func(t *trackOf, s *sightingOf) {
		is[contractState](&t.Target, &s.State)
		is[time.Time](&t.Since, &t.Deadline, &s.At)
		is[[]sightingOf](&t.History)
		is[int](&t.Reads)
	}
)

// The core: waits and Ensure calls.
var (
	_ func(*waiterOf, context.Context, contractState, time.Duration, ...func(*waitOptions)) (contractValue, error)                        = (*waiterOf).Wait
	_ func(*waiterOf, context.Context, ...func(*waitOptions)) iter.Seq2[contractValue, error]                                             = (*waiterOf).Watch
	_ func(*ensurerOf, context.Context, contractState, time.Duration, ...func(*waitOptions)) (statemachine.Ensured[contractValue], error) = (*ensurerOf).Ensure

	_ = func(w *waiterOf, e *ensurerOf, done *statemachine.Ensured[contractValue], r *statemachine.Result[contractValue]) {
		is[*machineOf](&w.Machine)
		is[string](&w.Resource)
		is[func(context.Context) (contractValue, error)](&w.Read)
		is[func(contractValue) contractState](&w.State)
		is[func(error) statemachine.Kind](&w.Kind)
		is[func(contractValue) error](&w.Check, &e.Drift)
		is[func(a, b contractValue) bool](&w.Same)
		is[waitOptions](&w.Options)
		is[waiterOf](&e.Waiter)
		is[func(context.Context, statemachine.Operation) error](&e.Command)
		is[contractValue](&done.Value, &r.Value)
		is[[]statemachine.Operation](&done.Operations)
		is[int](&r.Index)
		is[error](&r.Err)
	}
	_ = func(o *waitOptions, r *statemachine.Reading) {
		is[time.Duration](&o.MinDelay, &o.MaxDelay, &o.ReadTimeout, &o.Grace, &o.WatchDelay, &r.Elapsed, &r.NextDelay)
		is[func(time.Duration) time.Duration](&o.Jitter)
		is[int](&o.Consecutive, &r.Reads)
		is[func(statemachine.Reading)](&o.OnRead)
		is[func(statemachine.Progress)](&o.OnProgress)
		is[*slog.Logger](&o.Logger)
		is[string](&r.Resource, &r.Target, &r.State)
		is[error](&r.Err)
	}
)

// The core: errors.
var (
	_ func(error) statemachine.Kind = statemachine.KindOf

	_ = []error{&statemachine.WaitError{}, &statemachine.Fault{}, &statemachine.InputError{}, &statemachine.DriftError{}}
	_ = [...]statemachine.Reason{
		statemachine.TimedOut, statemachine.Canceled, statemachine.Unreachable, statemachine.Lapsed, statemachine.Gone, statemachine.ReadFailed,
	}
	_ = [...]statemachine.Kind{
		statemachine.InvalidInput, statemachine.NotFound, statemachine.InvalidState, statemachine.AlreadyInState, statemachine.Conflict,
		statemachine.AccessDenied, statemachine.KeyNotAccessible, statemachine.Unsupported, statemachine.LimitExceeded, statemachine.MissingDependency,
		statemachine.Throttled, statemachine.Unavailable, statemachine.Unauthenticated, statemachine.Drifted, statemachine.Interrupted, statemachine.Unknown,
	}
	_ = [...]error{statemachine.Lapsed, statemachine.NotFound} // both are errors, so errors.Is accepts them

	_ = func(w *statemachine.WaitError, f *statemachine.Fault, in *statemachine.InputError, d *statemachine.DriftError) {
		is[string](&w.Machine, &w.Resource, &w.Target, &w.Last, &f.Resource, &f.Code, &f.Message, &f.RequestID, &d.Resource)
		is[string](&in.Fields[0].Field, &in.Fields[0].Reason, &d.Fields[0].Field, &d.Fields[0].Want, &d.Fields[0].Got)
		is[statemachine.Reason](&w.Reason)
		is[int](&w.Reads)
		is[time.Duration](&w.Elapsed)
		is[[]statemachine.Sighting[string]](&w.History)
		is[error](&w.Err, &f.Err)
		is[statemachine.Kind](&f.Kind)
		is[statemachine.Operation](&f.Operation, &in.Operation)
		is[[]statemachine.FieldError](&in.Fields)
		is[[]statemachine.Drift](&d.Fields)
	}
)

// contractRDS has the methods that a user's own mock of RDS needs.
type contractRDS interface {
	StartActivityStream(context.Context, *rds.StartActivityStreamInput, ...func(*rds.Options)) (*rds.StartActivityStreamOutput, error)
	StopActivityStream(context.Context, *rds.StopActivityStreamInput, ...func(*rds.Options)) (*rds.StopActivityStreamOutput, error)
	ModifyActivityStream(context.Context, *rds.ModifyActivityStreamInput, ...func(*rds.Options)) (*rds.ModifyActivityStreamOutput, error)
	DescribeDBClusters(context.Context, *rds.DescribeDBClustersInput, ...func(*rds.Options)) (*rds.DescribeDBClustersOutput, error)
	DescribeDBInstances(context.Context, *rds.DescribeDBInstancesInput, ...func(*rds.Options)) (*rds.DescribeDBInstancesOutput, error)
	DescribeOrderableDBInstanceOptions(context.Context, *rds.DescribeOrderableDBInstanceOptionsInput, ...func(*rds.Options)) (*rds.DescribeOrderableDBInstanceOptionsOutput, error)
}

// Short names for long signatures of activitystream.
type (
	asClient  = activitystream.Client
	asOptions = activitystream.Options
	asStream  = activitystream.Stream
	asEnsured = activitystream.EnsureOutput
	asStreams = iter.Seq2[string, statemachine.Result[*asStream]]
	asEnsures = iter.Seq2[string, statemachine.Result[*asEnsured]]
)

// RDS activity streams.
var (
	_ activitystream.API = contractRDS(nil)
	_ activitystream.API = (*rds.Client)(nil)

	_ func(activitystream.API, ...func(*asOptions)) *asClient           = activitystream.New
	_ func(aws.Config, ...func(*asOptions)) *asClient                   = activitystream.NewFromConfig
	_ func() *statemachine.Machine[rdstypes.ActivityStreamStatus]       = activitystream.Machine
	_ func() *statemachine.Machine[rdstypes.ActivityStreamPolicyStatus] = activitystream.PolicyMachine
	_ func(*activitystream.StartInput) error                            = (*activitystream.StartInput).Validate
	_ func(*activitystream.StopInput) error                             = (*activitystream.StopInput).Validate
	_ func(*activitystream.ModifyInput) error                           = (*activitystream.ModifyInput).Validate

	_ func(*asClient, context.Context, *activitystream.StartInput, ...func(*asOptions)) (*activitystream.StartOutput, error)   = (*asClient).Start
	_ func(*asClient, context.Context, *activitystream.StopInput, ...func(*asOptions)) (*activitystream.StopOutput, error)     = (*asClient).Stop
	_ func(*asClient, context.Context, *activitystream.ModifyInput, ...func(*asOptions)) (*activitystream.ModifyOutput, error) = (*asClient).Modify
	_ func(*asClient, context.Context, string, ...func(*asOptions)) (*asStream, error)                                         = (*asClient).Get
	_ func(*asClient, context.Context, ...func(*asOptions)) iter.Seq2[*asStream, error]                                        = (*asClient).List
	_ func(*asClient, context.Context, string, ...func(*asOptions)) iter.Seq2[*asStream, error]                                = (*asClient).Watch
	_ func(*asClient, context.Context, string, ...func(*asOptions)) ([]activitystream.Mode, error)                             = (*asClient).Supported

	_ func(*asClient, context.Context, string, activitystream.Status, time.Duration, ...func(*asOptions)) (*asStream, error)       = (*asClient).Wait
	_ func(*asClient, context.Context, string, activitystream.PolicyStatus, time.Duration, ...func(*asOptions)) (*asStream, error) = (*asClient).WaitPolicy
	_ func(*asClient, context.Context, *activitystream.StartInput, time.Duration, ...func(*asOptions)) (*asEnsured, error)         = (*asClient).EnsureStarted
	_ func(*asClient, context.Context, *activitystream.StopInput, time.Duration, ...func(*asOptions)) (*asEnsured, error)          = (*asClient).EnsureStopped
	_ func(*asClient, context.Context, *activitystream.ModifyInput, time.Duration, ...func(*asOptions)) (*asEnsured, error)        = (*asClient).EnsurePolicy

	_ func(*asClient, context.Context, []string, ...func(*asOptions)) asStreams                                       = (*asClient).GetEach
	_ func(*asClient, context.Context, []string, ...func(*asOptions)) asStreams                                       = (*asClient).WatchEach
	_ func(*asClient, context.Context, []string, activitystream.Status, time.Duration, ...func(*asOptions)) asStreams = (*asClient).WaitEach
	_ func(*asClient, context.Context, []*activitystream.StartInput, time.Duration, ...func(*asOptions)) asEnsures    = (*asClient).EnsureStartedEach
	_ func(*asClient, context.Context, []*activitystream.StopInput, time.Duration, ...func(*asOptions)) asEnsures     = (*asClient).EnsureStoppedEach

	// Values of the SDK's enums convert without a cast, and the constants are typed.
	_ = [...]*rdstypes.ActivityStreamStatus{
		new(activitystream.StatusStopped), new(activitystream.StatusStarting), new(activitystream.StatusStarted), new(activitystream.StatusStopping),
	}
	_ = [...]*rdstypes.ActivityStreamPolicyStatus{
		new(activitystream.PolicyLocked), new(activitystream.PolicyUnlocked), new(activitystream.PolicyLocking), new(activitystream.PolicyUnlocking),
	}
	_ = [...]*rdstypes.ActivityStreamMode{new(activitystream.ModeSync), new(activitystream.ModeAsync)}
	_ = [...]*rdstypes.AuditPolicyState{new(activitystream.AuditPolicyLocked), new(activitystream.AuditPolicyUnlocked)}

	_ = func(start *activitystream.StartInput, stop *activitystream.StopInput, modify *activitystream.ModifyInput, s *asStream) {
		is[string](&start.ResourceArn, &start.KmsKeyId, &stop.ResourceArn, &modify.ResourceArn)
		is[string](&s.ResourceArn, &s.KmsKeyId, &s.KinesisStreamName, &s.Engine, &s.EngineVersion, &s.ResourceId, &s.ResourceStatus)
		is[bool](&start.ApplyImmediately, &start.EngineNativeAuditFieldsIncluded, &stop.ApplyImmediately, &s.EngineNativeAuditFieldsIncluded)
		is[activitystream.Mode](&start.Mode, &s.Mode)
		is[activitystream.AuditPolicyState](&modify.AuditPolicyState)
		is[activitystream.Status](&s.Status)
		is[activitystream.PolicyStatus](&s.PolicyStatus)
	}
	_ = func(start *activitystream.StartOutput, stop *activitystream.StopOutput, modify *activitystream.ModifyOutput, e *asEnsured, o *asOptions) {
		is[string](&start.KmsKeyId, &start.KinesisStreamName, &stop.KmsKeyId, &stop.KinesisStreamName, &modify.KmsKeyId, &modify.KinesisStreamName)
		is[bool](&start.ApplyImmediately, &start.EngineNativeAuditFieldsIncluded, &modify.EngineNativeAuditFieldsIncluded)
		is[activitystream.Status](&start.Status, &stop.Status, &modify.Status)
		is[activitystream.Mode](&start.Mode, &modify.Mode)
		is[activitystream.PolicyStatus](&modify.PolicyStatus)
		is[middleware.Metadata](&start.ResultMetadata, &stop.ResultMetadata, &modify.ResultMetadata)
		is[*asStream](&e.Stream)
		is[[]statemachine.Operation](&e.Operations, &e.Planned)
		is[time.Time](&e.GapFrom, &e.GapTo)
		is[waitOptions](&o.Wait)
		is[[]func(*rds.Options)](&o.ClientOptions)
		is[bool](&o.AllowRestart, &o.DryRun)
		is[int](&o.Concurrency)
	}
)

// CloudTrail event data stores.
type (
	inClient  = ingestion.Client
	inOptions = ingestion.Options
	inStore   = ingestion.EventDataStore
	inEnsured = ingestion.EnsureOutput
	inStores  = iter.Seq2[string, statemachine.Result[*inStore]]
	inEnsures = iter.Seq2[string, statemachine.Result[*inEnsured]]
)

var (
	_ ingestion.API = (*cloudtrail.Client)(nil)

	_ func(ingestion.API, ...func(*inOptions)) *inClient                 = ingestion.New
	_ func(aws.Config, ...func(*inOptions)) *inClient                    = ingestion.NewFromConfig
	_ func() *statemachine.Machine[cloudtrailtypes.EventDataStoreStatus] = ingestion.Machine
	_ func(*ingestion.StartInput) error                                  = (*ingestion.StartInput).Validate
	_ func(*ingestion.StopInput) error                                   = (*ingestion.StopInput).Validate

	_ func(*inClient, context.Context, *ingestion.StartInput, ...func(*inOptions)) (*ingestion.StartOutput, error)     = (*inClient).Start
	_ func(*inClient, context.Context, *ingestion.StopInput, ...func(*inOptions)) (*ingestion.StopOutput, error)       = (*inClient).Stop
	_ func(*inClient, context.Context, string, ...func(*inOptions)) (*inStore, error)                                  = (*inClient).Get
	_ func(*inClient, context.Context, ...func(*inOptions)) iter.Seq2[*inStore, error]                                 = (*inClient).List
	_ func(*inClient, context.Context, string, ingestion.Status, time.Duration, ...func(*inOptions)) (*inStore, error) = (*inClient).Wait
	_ func(*inClient, context.Context, string, ...func(*inOptions)) iter.Seq2[*inStore, error]                         = (*inClient).Watch
	_ func(*inClient, context.Context, *ingestion.StartInput, time.Duration, ...func(*inOptions)) (*inEnsured, error)  = (*inClient).EnsureStarted
	_ func(*inClient, context.Context, *ingestion.StopInput, time.Duration, ...func(*inOptions)) (*inEnsured, error)   = (*inClient).EnsureStopped

	_ func(*inClient, context.Context, []string, ...func(*inOptions)) inStores                                  = (*inClient).GetEach
	_ func(*inClient, context.Context, []string, ...func(*inOptions)) inStores                                  = (*inClient).WatchEach
	_ func(*inClient, context.Context, []string, ingestion.Status, time.Duration, ...func(*inOptions)) inStores = (*inClient).WaitEach
	_ func(*inClient, context.Context, []*ingestion.StartInput, time.Duration, ...func(*inOptions)) inEnsures   = (*inClient).EnsureStartedEach
	_ func(*inClient, context.Context, []*ingestion.StopInput, time.Duration, ...func(*inOptions)) inEnsures    = (*inClient).EnsureStoppedEach

	_ = func(start *ingestion.StartInput, stop *ingestion.StopInput, s *inStore, e *inEnsured, o *inOptions) {
		is[string](&start.EventDataStore, &stop.EventDataStore)
		is[cloudtrailtypes.EventDataStoreStatus](&s.Status)
		is[[]string](&s.Categories)
		is[[]statemachine.Operation](&e.Operations, &e.Planned)
		is[waitOptions](&o.Wait)
		is[[]func(*cloudtrail.Options)](&o.ClientOptions)
		is[bool](&o.DryRun)
		is[int](&o.Concurrency)
	}
)

// Customer Profiles event streams.
type (
	esClient  = eventstream.Client
	esOptions = eventstream.Options
	esStream  = eventstream.Stream
	esEnsured = eventstream.EnsureOutput
	esStreams = iter.Seq2[eventstream.Ref, statemachine.Result[*esStream]]
	esEnsures = iter.Seq2[eventstream.Ref, statemachine.Result[*esEnsured]]
)

var (
	_ func(eventstream.API, ...func(*esOptions)) *esClient                     = eventstream.New
	_ func(aws.Config, ...func(*esOptions)) *esClient                          = eventstream.NewFromConfig
	_ func() *statemachine.Machine[profilestypes.EventStreamState]             = eventstream.Machine
	_ func() *statemachine.Machine[profilestypes.EventStreamDestinationStatus] = eventstream.DestinationMachine

	_ func(*esClient, context.Context, *eventstream.CreateInput, ...func(*esOptions)) (*eventstream.CreateOutput, error)          = (*esClient).Create
	_ func(*esClient, context.Context, eventstream.Ref, ...func(*esOptions)) (*esStream, error)                                   = (*esClient).Get
	_ func(*esClient, context.Context, eventstream.Ref, ...func(*esOptions)) (*eventstream.DeleteOutput, error)                   = (*esClient).Delete
	_ func(*esClient, context.Context, string, ...func(*esOptions)) iter.Seq2[*esStream, error]                                   = (*esClient).List
	_ func(*esClient, context.Context, eventstream.Ref, eventstream.State, time.Duration, ...func(*esOptions)) (*esStream, error) = (*esClient).Wait
	_ func(*esClient, context.Context, eventstream.Ref, time.Duration, ...func(*esOptions)) (*esStream, error)                    = (*esClient).WaitHealthy
	_ func(*esClient, context.Context, eventstream.Ref, ...func(*esOptions)) iter.Seq2[*esStream, error]                          = (*esClient).Watch
	_ func(*esClient, context.Context, *eventstream.CreateInput, time.Duration, ...func(*esOptions)) (*esEnsured, error)          = (*esClient).EnsureCreated
	_ func(*esClient, context.Context, eventstream.Ref, time.Duration, ...func(*esOptions)) (*esEnsured, error)                   = (*esClient).EnsureDeleted

	_ func(*esClient, context.Context, []eventstream.Ref, ...func(*esOptions)) esStreams                                   = (*esClient).GetEach
	_ func(*esClient, context.Context, []eventstream.Ref, ...func(*esOptions)) esStreams                                   = (*esClient).WatchEach
	_ func(*esClient, context.Context, []eventstream.Ref, eventstream.State, time.Duration, ...func(*esOptions)) esStreams = (*esClient).WaitEach
	_ func(*esClient, context.Context, []eventstream.Ref, time.Duration, ...func(*esOptions)) esStreams                    = (*esClient).WaitHealthyEach
	_ func(*esClient, context.Context, []*eventstream.CreateInput, time.Duration, ...func(*esOptions)) esEnsures           = (*esClient).EnsureCreatedEach
	_ func(*esClient, context.Context, []eventstream.Ref, time.Duration, ...func(*esOptions)) esEnsures                    = (*esClient).EnsureDeletedEach

	_ *profilestypes.EventStreamState = new(eventstream.StateAbsent)

	_ = func(ref *eventstream.Ref, in *eventstream.CreateInput, s *esStream, e *esEnsured) {
		is[string](&ref.DomainName, &ref.EventStreamName, &in.Uri, &s.Uri, &s.Message)
		is[eventstream.Ref](&in.Ref)
		is[map[string]string](&in.Tags)
		is[eventstream.State](&s.State)
		is[eventstream.DestinationStatus](&s.Status)
		is[[]statemachine.Operation](&e.Operations, &e.Planned)
		_ = s.UnhealthySince
	}
)

// contractServer has the methods that all simulators share. S is the type of a resource's state, F
// that of a failure, and C that of a call.
type contractServer[S, F, C any] interface {
	aws.HTTPClient
	http.Handler
	Config() aws.Config
	Set(arn string, state S)
	Remove(arn string)
	Fail(op statemachine.Operation, f F)
	Stale(arn string, d time.Duration)
	Lapse(arn string)
	Throttle(burst int, perSecond float64)
	Calls() []C
}

// The simulators.
var (
	_ func(...func(*activitystreamtest.Options)) *activitystreamtest.Server = activitystreamtest.NewServer
	_ func(...func(*ingestiontest.Options)) *ingestiontest.Server           = ingestiontest.NewServer
	_ func(...func(*eventstreamtest.Options)) *eventstreamtest.Server       = eventstreamtest.NewServer

	_ contractServer[activitystream.Status, activitystreamtest.Failure, activitystreamtest.Call] = (*activitystreamtest.Server)(nil)
	_ contractServer[ingestion.Status, ingestiontest.Failure, ingestiontest.Call]                = (*ingestiontest.Server)(nil)
	_ contractServer[eventstream.State, eventstreamtest.Failure, eventstreamtest.Call]           = (*eventstreamtest.Server)(nil)

	_ func(*activitystreamtest.Server, activitystreamtest.Cluster) string  = (*activitystreamtest.Server).AddCluster
	_ func(*activitystreamtest.Server, activitystreamtest.Instance) string = (*activitystreamtest.Server).AddInstance
	_ func(*ingestiontest.Server, ingestiontest.EventDataStore) string     = (*ingestiontest.Server).AddEventDataStore
	_ func(*eventstreamtest.Server, string)                                = (*eventstreamtest.Server).AddDomain
	_ func(*eventstreamtest.Server, eventstreamtest.EventStream) string    = (*eventstreamtest.Server).AddEventStream

	_ = func(o *activitystreamtest.Options, f *activitystreamtest.Failure) {
		is[string](&o.Region, &o.Account, &f.Code, &f.Message)
		is[int](&f.Status, &f.Times)
		is[bool](&f.Drop, &f.Lost)
	}
)

// is accepts pointers to fields of type T only.
func is[T any](...*T) {}
