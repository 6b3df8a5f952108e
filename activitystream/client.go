package activitystream

import (
	"cmp"
	"context"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/rds"

	"github.com/streamwarden/streamwarden-go/internal/sdkcall"
	"github.com/streamwarden/streamwarden-go/statemachine"
)

// API is the part of an [rds.Client] that a [Client] calls.
type API interface {
	StartActivityStream(context.Context, *rds.StartActivityStreamInput, ...func(*rds.Options)) (*rds.StartActivityStreamOutput, error)
	StopActivityStream(context.Context, *rds.StopActivityStreamInput, ...func(*rds.Options)) (*rds.StopActivityStreamOutput, error)
	ModifyActivityStream(context.Context, *rds.ModifyActivityStreamInput, ...func(*rds.Options)) (*rds.ModifyActivityStreamOutput, error)
	DescribeDBClusters(context.Context, *rds.DescribeDBClustersInput, ...func(*rds.Options)) (*rds.DescribeDBClustersOutput, error)
	DescribeDBInstances(context.Context, *rds.DescribeDBInstancesInput, ...func(*rds.Options)) (*rds.DescribeDBInstancesOutput, error)
	DescribeOrderableDBInstanceOptions(context.Context, *rds.DescribeOrderableDBInstanceOptionsInput, ...func(*rds.Options)) (*rds.DescribeOrderableDBInstanceOptionsOutput, error)
}

var _ API = (*rds.Client)(nil)

// Client starts, stops, reads and waits for activity streams. It is safe for concurrent use. Make
// it with [New] or [NewFromConfig]: the methods of a zero Client return a
// [*statemachine.InputError].
type Client struct {
	calls sdkcall.Calls[Options, call]
}

// New returns a client that calls api, usually an [rds.Client]. If api has a method
// Options() rds.Options, as an rds.Client does, the client rejects ARNs of Regions other than its
// own.
func New(api API, optFns ...func(*Options)) *Client {
	if api == nil {
		api = rds.New(rds.Options{APIOptions: sdkcall.NoAPI()})
	}
	o := Options{}.withOptFns(optFns)
	o.Pacer = cmp.Or(o.Pacer, statemachine.NewPacer(defaultPerSecond, defaultBurst))
	o.ownRequests = false
	c := &Client{}
	shared := newSharedState(o, func() *call { return c.calls.NewNoRetry(nil) })
	c.calls = sdkcall.NewCalls(api, o, Options.withOptFns, func(api API, o Options, pacing sdkcall.Pacing, reached *sdkcall.Reached) *call {
		return newCall(api, o, pacing, reached, shared)
	})
	return c
}

// NewFromConfig returns a client that calls RDS with cfg, as [rds.NewFromConfig] does.
func NewFromConfig(cfg aws.Config, optFns ...func(*Options)) *Client {
	return New(rds.NewFromConfig(cfg), optFns...)
}

// ready returns the calls of the client. Every request of a zero Client fails with an InputError.
func (c *Client) ready() *sdkcall.Calls[Options, call] {
	if c == nil || c.calls.IsZero() {
		return &New(nil).calls
	}
	return &c.calls
}

// call is one call of a method of the client, with its options resolved. It is immutable.
type call struct {
	sdkcall.ClientInfo

	api     API
	options Options
	sdk     sdkcall.Caller[rds.Options]
	shared  *sharedState // nil if the call has settings of its own for its requests
}

// sharedState is what all calls of a client share.
type sharedState struct {
	options  Options // of the client
	reads    map[resourceType]*statemachine.SharedReads[*Stream]
	findings *findings
}

// newSharedState returns the shared state of a client with the options o, which reads with the
// call that newCall returns.
func newSharedState(o Options, newCall func() *call) *sharedState {
	shared := &sharedState{options: o, reads: map[resourceType]*statemachine.SharedReads[*Stream]{}, findings: newFindings()}
	for _, t := range []resourceType{cluster, instance} {
		shared.reads[t] = &statemachine.SharedReads[*Stream]{Batch: pageSize, ReadMany: func(ctx context.Context, arns []string) ([]statemachine.Result[*Stream], error) {
			return newCall().describeBatch(ctx, arns, func(arn string) *resource {
				res, _ := parseARN(arn, "") // validated before
				return &res
			})
		}}
	}
	return shared
}

// covers reports whether the requests of a call with the options o are like those of the client.
func (s *sharedState) covers(o Options) bool {
	return !o.ownRequests && o.Pacer == s.options.Pacer && o.Wait.ReadTimeout == s.options.Wait.ReadTimeout
}

// newCall returns a call with the options o.
func newCall(api API, o Options, pacing sdkcall.Pacing, reached *sdkcall.Reached, shared *sharedState) *call {
	sdk := sdkcall.NewCaller(api, "activitystream", faults, o.ClientOptions, func(o *rds.Options) sdkcall.Fields {
		return sdkcall.Fields{Region: &o.Region, Tracer: &o.TracerProvider, Meter: &o.MeterProvider, Retryer: &o.Retryer, APIOptions: &o.APIOptions}
	}, pacing, reached)
	sdk.Pacer = o.Pacer
	covered := shared.covers(o)
	o = o.withDefaults()
	o.Wait.OnProgress = sdk.WithMetrics(o.Wait.OnProgress)
	c := &call{ClientInfo: sdk.ClientInfo, api: api, options: o, sdk: sdk}
	if covered {
		c.shared = shared
	}
	return c
}

// sharedReads returns the reads that can be made together with one of this resource, or nil.
func (c *call) sharedReads(res *resource) *statemachine.SharedReads[*Stream] {
	if c.shared == nil {
		return nil
	}
	return c.shared.reads[res.resourceType]
}

// paced returns a copy of c for a request that has its slot.
func (c call) paced() *call {
	c.sdk.Pacing = sdkcall.Paced
	return &c
}

// queued returns a copy of c whose requests wait for a slot.
func (c call) queued() *call {
	c.sdk = c.sdk.Queued()
	return &c
}

// newWaiter returns a waiter for one resource.
func newWaiter[S ~string](c *call, res *resource, m *statemachine.Machine[S], state func(*Stream) S) *statemachine.Waiter[*Stream, S] {
	f := newFleet(c, m, state)
	f.Read = func(ctx context.Context, _ string) (*Stream, error) { return c.describe(ctx, res) }
	w := sdkcall.Waiter(&f, res.given)
	w.Shared = c.sharedReads(res)
	return w
}
