package activitystream

import (
	"context"
	"errors"
	"maps"
	"slices"
	"strings"
	"sync"
	"time"

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
//   - Modes and no error: RDS offers this engine, version and class, with a stream in these modes.
//   - No modes and no error: there can be no stream. RDS offers this engine, version and class
//     without one, or the engine never has one. A member instance of an Aurora cluster and a read
//     replica cannot have one either.
//   - An error: it is not known. If it is a [*statemachine.Fault] of kind Unknown, RDS does not
//     list this engine, version and class. New databases cannot have them anymore, but a running
//     database of this version may support a stream. [Client.EnsureStarted] sends the start, and
//     RDS decides.
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
	p := &preflight{call: call.asking(), attempts: 1, known: newFindings()}
	supported, err := p.modes(ctx, &res, s)
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

// preflight checks whether the streams of one call can be started.
type preflight struct {
	call      *call
	resources []*resource // whose streams the call may start
	attempts  int         // to ask a question
	known     *findings
}

// findings is what RDS has said about engines and clusters. A client has one for all its calls, so
// that each question is asked once in maxFindingAge. It is safe for concurrent use.
type findings struct {
	modes   sdkcall.Cache[orderable, support]
	classes sdkcall.Cache[string, []string] // of the members of a cluster, by ARN in lower case

	mu       sync.Mutex
	expected map[string]int // clusters whose classes calls may ask for, and how many calls
	denied   error          // the caller lacked the permission to ask
	deniedAt time.Time
}

// Bounds of the questions of a preflight. RDS can start a stream without their results.
const (
	maxFindingAge   = 5 * time.Minute
	maxQuestionTime = 10 * time.Second
	maxAttempts     = 2
)

func newFindings() *findings {
	return &findings{
		modes:    sdkcall.Cache[orderable, support]{MaxAge: maxFindingAge},
		classes:  sdkcall.Cache[string, []string]{MaxAge: maxFindingAge},
		expected: map[string]int{},
	}
}

// expect adds by to the number of calls that may ask for the classes of a cluster.
func (f *findings) expect(resources []*resource, by int) {
	f.mu.Lock()
	defer f.mu.Unlock()
	for _, res := range resources {
		if res.resourceType != cluster {
			continue
		}
		if f.expected[res.arn] += by; f.expected[res.arn] == 0 {
			delete(f.expected, res.arn)
		}
	}
}

// askable returns the ARN of a cluster, and then the clusters that may be asked for together with
// it.
func (f *findings) askable(arn string) []string {
	f.mu.Lock()
	defer f.mu.Unlock()
	return append([]string{arn}, slices.Sorted(maps.Keys(f.expected))...)
}

// deny records an error if it is a lack of permission, and returns the last one, if it is recent.
func (f *findings) deny(err error) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	if errors.Is(err, statemachine.AccessDenied) {
		f.denied, f.deniedAt = err, time.Now()
	}
	if time.Since(f.deniedAt) >= maxFindingAge {
		f.denied = nil
	}
	return f.denied
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

// newPreflight returns the preflight of a call that may start the streams of these resources. When
// the call ends, it must call end.
func newPreflight(c *call, resources ...*resource) *preflight {
	p := &preflight{call: c.asking(), resources: resources, attempts: maxAttempts, known: newFindings()}
	if c.shared != nil {
		p.known = c.shared.findings
	}
	p.known.expect(resources, 1)
	return p
}

// end ends the preflight.
func (p *preflight) end() { p.known.expect(p.resources, -1) }

// check rejects a start that the resource does not support. It rejects none for which that is not
// known.
func (p *preflight) check(ctx context.Context, in *StartInput, res *resource, s *Stream) error {
	if err := checkMode(in, s); err != nil {
		return err
	}
	if p.call.options.SkipPreflight {
		return nil
	}
	supported, err := p.modes(ctx, res, s)
	switch {
	case errors.Is(err, statemachine.Interrupted):
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
func (p *preflight) modes(ctx context.Context, res *resource, s *Stream) (all support, err error) {
	classes := []string{s.class}
	if res.resourceType == cluster {
		if classes, err = p.memberClasses(ctx, res.arn); err != nil {
			return support{}, err
		}
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

// ask asks a question until there is a result, the attempts are used up, or the error says that
// another attempt is of no use, such as after a timeout.
func ask[T any](ctx context.Context, p *preflight, question func(context.Context) (T, error)) (result T, err error) {
	for range p.attempts {
		if denied := p.known.deny(nil); denied != nil {
			return result, denied
		}
		result, err = question(ctx)
		if !statemachine.KindOf(err).Retryable() || errors.Is(err, context.DeadlineExceeded) {
			break
		}
	}
	_ = p.known.deny(err)
	return result, err
}

// asking returns a copy of c for the requests of a question. One that hangs leaves time for the
// command.
func (c call) asking() *call {
	c.sdk = c.sdk.Queued()
	c.sdk.Limit = maxQuestionTime
	if limit := c.options.Wait.ReadTimeout; limit > 0 {
		c.sdk.Limit = min(limit/3, maxQuestionTime)
	}
	return &c
}

// memberClasses returns the classes of a cluster's members. One request asks for those of other
// clusters, too, for which calls may ask.
func (p *preflight) memberClasses(ctx context.Context, arn string) ([]string, error) {
	return p.known.classes.Get(ctx, p.known.askable(arn), pageSize, func(ctx context.Context, arns []string) (map[string][]string, error) {
		for {
			found, err := ask(ctx, p, func(ctx context.Context) (map[string][]string, error) { return p.readClasses(ctx, arns) })
			if err == nil || len(arns) == 1 || statemachine.KindOf(err).Retryable() {
				return found, err
			}
			arns = arns[:1] // another cluster may be the cause
		}
	})
}

// readClasses reads the classes of the clusters' members. RDS refers to a cluster by its identifier
// there.
func (p *preflight) readClasses(ctx context.Context, arns []string) (map[string][]string, error) {
	byIdentifier := make(map[string][]string, len(arns))
	for s, err := range p.call.pages(ctx, query{resourceType: instance, resource: arns[0], filters: filter("db-cluster-id", arns), requireList: true}) {
		if err != nil {
			return nil, err
		}
		cluster := strings.ToLower(s.memberOf)
		byIdentifier[cluster] = append(byIdentifier[cluster], s.class)
	}
	found := make(map[string][]string, len(arns))
	for _, arn := range arns {
		classes := byIdentifier[arn[strings.LastIndex(arn, ":")+1:]]
		slices.Sort(classes)
		if classes = slices.Compact(classes); len(classes) == 0 {
			classes = []string{""} // any class
		}
		found[arn] = classes
	}
	return found, nil
}

// orderableModes returns the modes that any option with this engine, version and class supports, if
// RDS lists one.
func (p *preflight) orderableModes(ctx context.Context, key orderable) (support, error) {
	return p.known.modes.Get(ctx, []orderable{key}, 1, func(ctx context.Context, _ []orderable) (map[orderable]support, error) {
		found, err := ask(ctx, p, func(ctx context.Context) (support, error) { return p.readModes(ctx, key) })
		return map[orderable]support{key: found}, err
	})
}

// readModes does what orderableModes does.
func (p *preflight) readModes(ctx context.Context, key orderable) (support, error) {
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
		if err == nil && out.OrderableDBInstanceOptions == nil && sdkcall.HasRawResponse(out.ResultMetadata) { // RDS encodes an empty list
			err = sdkcall.UnexpectedResponse(op, "", out.ResultMetadata, "response has no list of options")
		}
		if err != nil {
			return nil, nil, err
		}
		return out.OrderableDBInstanceOptions, out.Marker, nil
	})
	var found support
	for option, err := range pages {
		if errors.Is(err, statemachine.InvalidInput) { // "Cannot find version …": RDS does not offer it anymore
			return support{unknown: notListed(key, err)}, nil
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
	if !found.listed {
		found.unknown = notListed(key, nil)
	}
	slices.Sort(found.modes)
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
