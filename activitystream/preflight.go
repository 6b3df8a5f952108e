package activitystream

import (
	"context"
	"errors"
	"slices"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/rds"
	"github.com/aws/aws-sdk-go-v2/service/rds/types"

	"github.com/streamwarden/streamwarden-go/internal/sdkcall"
	"github.com/streamwarden/streamwarden-go/internal/validate"
	"github.com/streamwarden/streamwarden-go/statemachine"
)

// Supported returns the modes in which the resource's engine, version and instance class support an
// activity stream. The status does not show this: RDS reports stopped for every database without a
// stream.
//
//   - Modes and no error: RDS sells this engine, version and class with a stream in these modes.
//   - No modes and no error: there can be no stream. RDS sells this engine, version and class
//     without one, or the engine never has one. A member instance of an Aurora cluster and a read
//     replica cannot have one either.
//   - An error: it is not known. If it is a [*statemachine.Fault] of kind Unknown, RDS does not
//     list this engine, version and class. It does not sell them anymore, but a running database of
//     this version may support a stream. [Client.EnsureStarted] sends the start, and RDS decides.
//
// Supported calls DescribeOrderableDBInstanceOptions for the class of the instance, or for the
// classes of the cluster's members, all of which must support the mode. For a cluster without
// members it asks about any class. An invalid ARN is rejected with a [*statemachine.InputError]. An
// error of the service is a [*statemachine.Fault].
func (c *Client) Supported(ctx context.Context, resourceArn string, optFns ...func(*Options)) ([]Mode, error) {
	call := c.ready().New(optFns)
	res, reason := parseARN(resourceArn, call.Region)
	if err := validate.FieldError("ResourceArn", reason); err != nil {
		return nil, err
	}
	s, err := call.describe(ctx, &res)
	if err != nil {
		return nil, err
	}
	if s.noStream() != "" {
		return nil, nil
	}
	supported, err := newPreflight(call, &res).modes(ctx, &res, s)
	switch {
	case err != nil:
		return nil, err
	case supported.listed && len(supported.modes) == 0: // one class rules it out, whatever the others are
		return nil, nil
	case supported.unknown != nil:
		return nil, supported.unknown
	}
	return supported.modes, nil
}

// preflight checks whether streams can be started, with at most one question for each engine,
// version and class. It is safe for concurrent use.
type preflight struct {
	call *call

	// sem is held during requests, so that others wait for the same result. It is not a mutex,
	// because the wait ends with the caller's context, and because time does not advance in a
	// testing/synctest bubble while a goroutine waits for a mutex.
	sem           chan struct{}
	pending       []string            // clusters, by ARN in lower case, whose classes are not known yet
	classes       map[string][]string // of the members, by cluster
	modesByOption map[orderable]support
	denied        error // set once the caller lacked the permission to ask
}

// orderable is a question to DescribeOrderableDBInstanceOptions.
type orderable struct {
	engine, version, class string
}

// support is what RDS lists about the modes of one or several options.
type support struct {
	modes   []Mode
	listed  bool  // RDS lists at least one of them, so other modes than these are not supported
	unknown error // why the modes of another are not known; nil if RDS lists all
}

// newPreflight returns the preflight of a call that may start the streams of these resources.
func newPreflight(c *call, resources ...*resource) *preflight {
	p := &preflight{call: c.queued(), sem: make(chan struct{}, 1), classes: map[string][]string{}, modesByOption: map[orderable]support{}}
	for _, res := range resources {
		if res.resourceType == cluster {
			p.pending = append(p.pending, res.arn)
		}
	}
	return p
}

// check rejects a start that the resource does not support. It rejects none for which that is not
// known, unless the error is retryable.
func (p *preflight) check(ctx context.Context, in *StartInput, res *resource, s *Stream) error {
	if err := checkMode(in, s); err != nil {
		return err
	}
	if p.call.options.SkipPreflight {
		return nil
	}
	supported, err := p.modes(ctx, res, s)
	switch kind := statemachine.KindOf(err); {
	case kind.Retryable(), kind == statemachine.Interrupted:
		return err
	case err != nil, !supported.listed: // not known
		return nil //nolint:nilerr // RDS decides when the command is sent
	case len(supported.modes) == 0:
		return unsupported(StartActivityStream, in.ResourceArn, "%s %s on this instance class does not support activity streams", s.Engine, s.EngineVersion)
	case !slices.Contains(supported.modes, in.Mode):
		return unsupported(StartActivityStream, in.ResourceArn, "%s %s on this instance class does not support activity streams in mode %s (supported: %v)",
			s.Engine, s.EngineVersion, in.Mode, supported.modes)
	}
	return nil
}

// modes returns the modes that all classes of the resource support, as far as RDS lists them.
func (p *preflight) modes(ctx context.Context, res *resource, s *Stream) (support, error) {
	select {
	case p.sem <- struct{}{}:
		defer func() { <-p.sem }()
	case <-ctx.Done():
		return support{}, p.call.sdk.Faults.Fault(ctx, describeOrderableDBInstanceOptions, res.given, ctx.Err())
	}
	if p.denied != nil {
		return support{}, p.denied
	}
	supported, err := p.supportedModes(ctx, res, s)
	if errors.Is(err, statemachine.AccessDenied) {
		p.denied = err
	}
	return supported, err
}

// supportedModes does what modes does. The caller holds sem.
func (p *preflight) supportedModes(ctx context.Context, res *resource, s *Stream) (all support, err error) {
	classes := []string{s.class}
	if res.resourceType == cluster {
		if err := p.loadMemberClasses(ctx, res.arn); err != nil {
			return support{}, err
		}
		classes = p.classes[res.arn]
	}
	for _, class := range classes {
		one, err := p.orderableModes(ctx, orderable{s.Engine, s.EngineVersion, class})
		switch {
		case err != nil:
			return support{}, err
		case !one.listed:
			all.unknown = one.unknown
		case !all.listed:
			all.modes, all.listed = slices.Clone(one.modes), true
		default:
			all.modes = slices.DeleteFunc(all.modes, func(m Mode) bool { return !slices.Contains(one.modes, m) })
		}
	}
	return all, nil
}

// loadMemberClasses reads the classes of a cluster's members, and with the same request those of
// other pending clusters.
func (p *preflight) loadMemberClasses(ctx context.Context, arn string) error {
	if _, ok := p.classes[arn]; ok {
		return nil
	}
	batch := []string{arn}
	rest := p.pending[:0:0]
	for _, other := range p.pending {
		switch _, known := p.classes[other]; {
		case known || other == arn:
		case len(batch) < pageSize:
			batch = append(batch, other)
		default:
			rest = append(rest, other)
		}
	}
	p.pending = rest
	found, err := p.memberClasses(ctx, batch)
	if err != nil && len(batch) > 1 && !statemachine.KindOf(err).Retryable() { // another cluster may be the cause
		batch = batch[:1]
		found, err = p.memberClasses(ctx, batch)
	}
	if err != nil {
		return err
	}
	for _, arn := range batch {
		classes := found[arn[strings.LastIndex(arn, ":")+1:]]
		slices.Sort(classes)
		if classes = slices.Compact(classes); len(classes) == 0 {
			classes = []string{""} // any class
		}
		p.classes[arn] = classes
	}
	return nil
}

// memberClasses reads the classes of the clusters' members, by the cluster's identifier, which is
// how a member refers to its cluster.
func (p *preflight) memberClasses(ctx context.Context, arns []string) (map[string][]string, error) {
	pages := sdkcall.Pages(ctx, describeDBInstances, arns[0], "Marker", func(ctx context.Context, marker *string) ([]types.DBInstance, *string, error) {
		out, err := sdkcall.Do(ctx, p.call.sdk, describeDBInstances, arns[0], p.call.api.DescribeDBInstances, &rds.DescribeDBInstancesInput{
			Filters: filter("db-cluster-id", arns), MaxRecords: new(int32(pageSize)), Marker: marker,
		})
		if err != nil {
			return nil, nil, err
		}
		return out.DBInstances, out.Marker, nil
	})
	found := make(map[string][]string, len(arns))
	for instance, err := range pages {
		if err != nil {
			return nil, err
		}
		cluster := strings.ToLower(aws.ToString(instance.DBClusterIdentifier))
		found[cluster] = append(found[cluster], aws.ToString(instance.DBInstanceClass))
	}
	return found, nil
}

// orderableModes returns the modes that any option with this engine, version and class supports, if
// RDS lists one.
func (p *preflight) orderableModes(ctx context.Context, key orderable) (support, error) {
	if known, ok := p.modesByOption[key]; ok {
		return known, nil
	}
	in := rds.DescribeOrderableDBInstanceOptionsInput{Engine: &key.engine, MaxRecords: new(int32(pageSize))}
	if key.version != "" {
		in.EngineVersion = &key.version
	}
	if key.class != "" {
		in.DBInstanceClass = &key.class
	}
	const op = describeOrderableDBInstanceOptions
	pages := sdkcall.Pages(ctx, op, "", "Marker", func(ctx context.Context, marker *string) ([]types.OrderableDBInstanceOption, *string, error) {
		in.Marker = marker
		out, err := sdkcall.Do(ctx, p.call.sdk, op, "", p.call.api.DescribeOrderableDBInstanceOptions, &in)
		if err != nil {
			return nil, nil, err
		}
		return out.OrderableDBInstanceOptions, out.Marker, nil
	})
	var found support
	for option, err := range pages {
		if errors.Is(err, statemachine.InvalidInput) { // "Cannot find version …": RDS does not sell it anymore
			found = support{unknown: notListed(key, err)}
			break
		}
		if err != nil {
			return support{}, err
		}
		found.listed = true
		for _, m := range option.SupportedActivityStreamModes {
			if !slices.Contains(found.modes, Mode(m)) {
				found.modes = append(found.modes, Mode(m))
			}
		}
	}
	if !found.listed && found.unknown == nil {
		found.unknown = notListed(key, nil)
	}
	slices.Sort(found.modes)
	p.modesByOption[key] = found
	return found, nil
}

// notListed returns the Fault of an option that RDS does not list, of kind Unknown. rejection is
// RDS's error, or nil for an empty list.
func notListed(key orderable, rejection error) error {
	f := &statemachine.Fault{Operation: describeOrderableDBInstanceOptions, Err: rejection}
	if of, ok := errors.AsType[*statemachine.Fault](rejection); ok {
		*f = *of
	}
	what := strings.TrimSpace(key.engine + " " + key.version)
	if key.class != "" {
		what += " on " + key.class
	}
	f.Kind = statemachine.Unknown
	f.Message = strings.TrimSuffix(strings.TrimSpace("RDS does not list "+what+", so its support of activity streams is not known: "+f.Message), ":")
	return f
}
