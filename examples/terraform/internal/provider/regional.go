package provider

import (
	"context"
	"fmt"
	"sync"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cloudtrail"
	"github.com/aws/aws-sdk-go-v2/service/customerprofiles"
	"github.com/aws/aws-sdk-go-v2/service/kms"
	"github.com/aws/aws-sdk-go-v2/service/rds"

	"github.com/streamwarden/streamwarden-go/activitystream"
	"github.com/streamwarden/streamwarden-go/activitystream/kmsalias"
	"github.com/streamwarden/streamwarden-go/eventstream"
	"github.com/streamwarden/streamwarden-go/ingestion"
	"github.com/streamwarden/streamwarden-go/statemachine"
)

// regional are the clients of one Region. All resources of the Region share them, and so their
// quotas.
type regional struct {
	region          string
	activityStreams *activitystream.Client
	ingestion       *ingestion.Client
	eventStreams    *eventstream.Client
	resolveKey      func(ctx context.Context, alias string) (string, error)
	askOnce         sync.Once // which modes a database supports
}

// newRegional returns the clients of a Region.
func newRegional(cfg aws.Config, s settings) *regional {
	perSecond := s.perSecond
	if perSecond == 0 {
		perSecond = defaultPerSecond
	}
	keys := kms.NewFromConfig(cfg, func(o *kms.Options) { o.BaseEndpoint = s.endpoint("kms", o.BaseEndpoint) })
	resolve := onceEach(kmsalias.Resolver(keys))
	rdsAPI := rds.NewFromConfig(cfg, func(o *rds.Options) { o.BaseEndpoint = s.endpoint("rds", o.BaseEndpoint) })
	trailAPI := cloudtrail.NewFromConfig(cfg, func(o *cloudtrail.Options) { o.BaseEndpoint = s.endpoint("cloudtrail", o.BaseEndpoint) })
	profilesAPI := customerprofiles.NewFromConfig(cfg, func(o *customerprofiles.Options) {
		o.BaseEndpoint = s.endpoint("customerprofiles", o.BaseEndpoint)
	})
	return &regional{
		region: cfg.Region,
		activityStreams: activitystream.New(rdsAPI, func(o *activitystream.Options) {
			o.ResolveKey = resolve
			o.Pacer = statemachine.NewPacer(perSecond, burst)
			s.hooks.tune(&o.Wait)
		}),
		ingestion:    ingestion.New(trailAPI, func(o *ingestion.Options) { s.hooks.tune(&o.Wait) }),
		eventStreams: eventstream.New(profilesAPI, func(o *eventstream.Options) { s.hooks.tune(&o.Wait) }),
		resolveKey:   resolve,
	}
}

// onceEach resolves each key once for all resources, because a plan of many databases usually names
// one. A process of the provider lives for one plan or apply. Errors are not remembered, because
// they can pass.
func onceEach(resolve func(context.Context, string) (string, error)) func(context.Context, string) (string, error) {
	type result struct {
		once sync.Once
		key  string
		err  error
	}
	var results sync.Map
	return func(ctx context.Context, alias string) (string, error) {
		v, _ := results.LoadOrStore(alias, new(result))
		r, ok := v.(*result)
		if !ok {
			return "", fmt.Errorf("resolving %s: unexpected %T", alias, v)
		}
		r.once.Do(func() { r.key, r.err = resolve(ctx, alias) })
		if r.err != nil {
			results.CompareAndDelete(alias, v)
		}
		return r.key, r.err
	}
}
