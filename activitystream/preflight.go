package activitystream

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/rds"
	"github.com/aws/aws-sdk-go-v2/service/rds/types"

	"github.com/streamwarden/streamwarden-go/internal/sdkcall"
	"github.com/streamwarden/streamwarden-go/internal/validate"
	"github.com/streamwarden/streamwarden-go/statemachine"
)

// Supported tells the modes that the resource's engine, version and instance class can have an activity stream
// in: none where they can have no stream. RDS itself does not tell: it reports every database that has no
// stream as stopped.
//
// It asks DescribeOrderableDBInstanceOptions for the class of the instance, or for those of the cluster's
// members, which must all support it; a cluster without members is asked for any class. An ARN that is not
// valid is a [*statemachine.InputError], an error of the service a [*statemachine.Fault].
func (c *Client) Supported(ctx context.Context, resourceArn string, optFns ...func(*Options)) ([]Mode, error) {
	call := c.calls.New(optFns)
	res, reason := parseARN(resourceArn, call.Region)
	if err := validate.FieldError("ResourceArn", reason); err != nil {
		return nil, err
	}
	s, err := call.describe(ctx, &res)
	if err != nil {
		return nil, err
	}
	return newPreflight(call, []*StartInput{{ResourceArn: resourceArn}}).modes(ctx, res, s)
}

// preflight finds out whether streams can be started, asking no more than once for each engine, version and
// class. It is safe for concurrent use.
type preflight struct {
	call *call

	// sem is held during the calls: others that need the same answer wait for it. It is no mutex, because such
	// a wait ends with the caller's context, and because in a testing/synctest bubble no time passes while a
	// goroutine waits for a mutex.
	sem           chan struct{}
	pending       []string // clusters whose members' classes are not known yet
	classes       map[string][]string
	modesByOption map[orderable][]Mode
	denied        error // the caller may not ask
}

// orderable is what DescribeOrderableDBInstanceOptions is asked for.
type orderable struct {
	engine, version, class string
}

func newPreflight(c *call, ins []*StartInput) *preflight {
	p := &preflight{call: c, sem: make(chan struct{}, 1), classes: map[string][]string{}, modesByOption: map[orderable][]Mode{}}
	for _, in := range ins {
		if res, _ := parseARN(in.ResourceArn, ""); res.sort == cluster {
			p.pending = append(p.pending, res.arn)
		}
	}
	return p
}

// unsupported refuses a start.
func unsupported(in *StartInput, format string, args ...any) error {
	return &statemachine.Fault{
		Kind: statemachine.Unsupported, Operation: StartActivityStream, Resource: in.ResourceArn, Message: fmt.Sprintf(format, args...),
	}
}

// checkMode refuses a mode that the engine cannot have, which takes no question.
func checkMode(in *StartInput, s *Stream) error {
	if modes, ok := s.engineModes(); ok && !slices.Contains(modes, in.Mode) {
		return unsupported(in, "%s has no activity stream in mode %s, only in %v", s.Engine, in.Mode, modes)
	}
	return nil
}

// check refuses a start that the resource does not support. A caller who may not ask is not stopped.
func (p *preflight) check(ctx context.Context, in *StartInput, s *Stream) error {
	if err := checkMode(in, s); err != nil {
		return err
	}
	res, _ := parseARN(in.ResourceArn, "")
	modes, err := p.modes(ctx, res, s)
	switch {
	case errors.Is(err, statemachine.AccessDenied):
		return nil
	case err != nil:
		return err
	case len(modes) == 0:
		return unsupported(in, "%s %s on this instance class can have no activity stream", s.Engine, s.EngineVersion)
	case !slices.Contains(modes, in.Mode):
		return unsupported(in, "%s %s on this instance class has no activity stream in mode %s, only in %v", s.Engine, s.EngineVersion, in.Mode, modes)
	}
	return nil
}

// modes are those that all classes of the resource support.
func (p *preflight) modes(ctx context.Context, res resource, s *Stream) ([]Mode, error) {
	select {
	case p.sem <- struct{}{}:
		defer func() { <-p.sem }()
	case <-ctx.Done():
		return nil, p.call.sdk.Faults.Fault(ctx, describeOrderableDBInstanceOptions, res.given, ctx.Err())
	}
	if p.denied != nil {
		return nil, p.denied
	}
	modes, err := p.supportedModes(ctx, res, s)
	if errors.Is(err, statemachine.AccessDenied) {
		p.denied = err
	}
	return modes, err
}

func (p *preflight) supportedModes(ctx context.Context, res resource, s *Stream) ([]Mode, error) {
	classes := []string{s.class}
	if res.sort == cluster {
		if err := p.loadMemberClasses(ctx, res.arn); err != nil {
			return nil, err
		}
		classes = p.classes[res.arn]
	}
	var modes []Mode
	for i, class := range classes {
		supported, err := p.orderable(ctx, orderable{s.Engine, s.EngineVersion, class})
		if err != nil {
			return nil, err
		}
		if i == 0 {
			modes = slices.Clone(supported)
		}
		modes = slices.DeleteFunc(modes, func(m Mode) bool { return !slices.Contains(supported, m) })
	}
	return modes, nil
}

// loadMemberClasses finds the classes of a cluster's members, and in the same call those of others whose turn will come.
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
	found, err := p.classesOf(ctx, batch)
	if err != nil && len(batch) > 1 && !statemachine.KindOf(err).Retryable() { // the others' fault, maybe
		batch = batch[:1]
		found, err = p.classesOf(ctx, batch)
	}
	if err != nil {
		return err
	}
	for _, arn := range batch {
		classes := found[arn[strings.LastIndex(arn, ":")+1:]]
		slices.Sort(classes)
		if classes = slices.Compact(classes); len(classes) == 0 {
			classes = []string{""} // any
		}
		p.classes[arn] = classes
	}
	return nil
}

// classesOf reads the classes of the clusters' members, by the identifier of the cluster, which is how a member
// names it.
func (p *preflight) classesOf(ctx context.Context, arns []string) (map[string][]string, error) {
	pages := sdkcall.Pages(ctx, describeDBInstances, arns[0], "Marker", func(ctx context.Context, marker *string) ([]types.DBInstance, *string, error) {
		out, err := sdkcall.Do(ctx, p.call.sdk.Queued(), describeDBInstances, arns[0], p.call.api.DescribeDBInstances, &rds.DescribeDBInstancesInput{
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

// orderable asks for the modes that any option with this engine, version and class supports.
func (p *preflight) orderable(ctx context.Context, key orderable) ([]Mode, error) {
	if modes, ok := p.modesByOption[key]; ok {
		return modes, nil
	}
	in := rds.DescribeOrderableDBInstanceOptionsInput{Engine: &key.engine, MaxRecords: new(int32(pageSize))}
	if key.version != "" {
		in.EngineVersion = &key.version
	}
	if key.class != "" {
		in.DBInstanceClass = &key.class
	}
	pages := sdkcall.Pages(ctx, describeOrderableDBInstanceOptions, "", "Marker", func(ctx context.Context, marker *string) ([]types.OrderableDBInstanceOption, *string, error) {
		in.Marker = marker
		out, err := sdkcall.Do(ctx, p.call.sdk.Queued(), describeOrderableDBInstanceOptions, "", p.call.api.DescribeOrderableDBInstanceOptions, &in)
		if err != nil {
			return nil, nil, err
		}
		return out.OrderableDBInstanceOptions, out.Marker, nil
	})
	var modes []Mode
	for option, err := range pages {
		if err != nil {
			return nil, err
		}
		for _, m := range option.SupportedActivityStreamModes {
			if !slices.Contains(modes, Mode(m)) {
				modes = append(modes, Mode(m))
			}
		}
	}
	slices.Sort(modes)
	p.modesByOption[key] = modes
	return modes, nil
}
