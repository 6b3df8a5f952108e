package activitystream

import (
	"fmt"
	"regexp"
	"strings"

	"github.com/aws/aws-sdk-go-v2/service/rds/types"

	"github.com/streamwarden/streamwarden-go/internal/validate"
	"github.com/streamwarden/streamwarden-go/statemachine"
)

// Mode is how a database session waits for its activity to be recorded. It is the Mode of
// StartActivityStream.
type Mode = types.ActivityStreamMode

// The modes.
const (
	// ModeSync means that a session waits until its event is durable, which favors the accuracy of
	// the stream. Only Aurora PostgreSQL supports it.
	ModeSync Mode = types.ActivityStreamModeSync

	// ModeAsync means that a session continues at once, which favors the performance of the database.
	// A failure can lose events.
	ModeAsync Mode = types.ActivityStreamModeAsync
)

// AuditPolicyState is the state to which ModifyActivityStream takes an instance's audit policy.
type AuditPolicyState = types.AuditPolicyState

// The states of the audit policy that ModifyActivityStream accepts.
const (
	// AuditPolicyLocked makes the audit policy in the database read-only: [PolicyLocking], then
	// [PolicyLocked].
	AuditPolicyLocked AuditPolicyState = types.AuditPolicyStateLockedPolicy

	// AuditPolicyUnlocked makes the audit policy in the database editable: [PolicyUnlocking], then
	// [PolicyUnlocked].
	AuditPolicyUnlocked AuditPolicyState = types.AuditPolicyStateUnlockedPolicy
)

// StartInput is the input of StartActivityStream.
type StartInput struct {
	// ResourceArn is the ARN of an Aurora cluster (arn:aws:rds:us-east-1:123456789012:cluster:name)
	// or of an RDS for Oracle or SQL Server instance (…:db:name), in the client's Region. It is sent
	// in lower case, as RDS stores it. Required.
	ResourceArn string

	// Mode is [ModeSync] or [ModeAsync]. Only Aurora PostgreSQL supports ModeSync. Required.
	Mode Mode

	// KmsKeyId is the KMS key that encrypts the activity: a key ARN, a key ID, an alias ARN or an
	// alias name (alias/name). Keys managed by AWS (alias/aws/…) are rejected. The caller needs
	// kms:CreateGrant and kms:DescribeKey on the key. Required.
	KmsKeyId string

	// ApplyImmediately restarts the database at once. Without it, the stream does not change, and
	// reads show no difference, until the next maintenance window.
	ApplyImmediately bool

	// EngineNativeAuditFieldsIncluded adds the engine's own audit fields to the events. It applies to
	// instances only. With the ARN of a cluster it is rejected with an InputError.
	EngineNativeAuditFieldsIncluded bool
}

// StopInput is the input of StopActivityStream.
type StopInput struct {
	ResourceArn      string // as in StartInput; required
	ApplyImmediately bool   // as in StartInput: restarts the database at once
}

// ModifyInput is the input of ModifyActivityStream.
type ModifyInput struct {
	// ResourceArn is the ARN of an RDS for Oracle or SQL Server instance: …:db:name. Required.
	ResourceArn string

	// AuditPolicyState is [AuditPolicyLocked] or [AuditPolicyUnlocked]. Empty means locked, the
	// service's default.
	AuditPolicyState AuditPolicyState
}

// Validate returns a [*statemachine.InputError] with every invalid field, or nil. The client's
// methods call it. They also compare the Region of the ARN with the client's.
func (in *StartInput) Validate() error {
	_, err := in.parse("")
	return err
}

// Validate returns a [*statemachine.InputError] with every invalid field, or nil.
func (in *StopInput) Validate() error {
	_, err := in.parse("")
	return err
}

// Validate returns a [*statemachine.InputError] with every invalid field, or nil.
func (in *ModifyInput) Validate() error {
	_, err := in.parse("")
	return err
}

// parse validates the input and returns the resource that it names.
func (in *StartInput) parse(region string) (*resource, error) {
	if in == nil {
		return nil, validate.NilInput(StartActivityStream)
	}
	wrong := statemachine.InputError{Operation: StartActivityStream}
	res, reason := parseARN(in.ResourceArn, region)
	wrong.Add("ResourceArn", reason)
	wrong.Add("Mode", validate.OneOf(in.Mode, in.Mode.Values()))
	wrong.Add("KmsKeyId", checkKey(in.KmsKeyId))
	if in.EngineNativeAuditFieldsIncluded && res.resourceType == cluster {
		wrong.Add("EngineNativeAuditFieldsIncluded", "must be false for a cluster: it applies to instances only")
	}
	return &res, wrong.Err()
}

// parse validates the input and returns the resource that it names.
func (in *StopInput) parse(region string) (*resource, error) {
	if in == nil {
		return nil, validate.NilInput(StopActivityStream)
	}
	wrong := statemachine.InputError{Operation: StopActivityStream}
	res, reason := parseARN(in.ResourceArn, region)
	wrong.Add("ResourceArn", reason)
	return &res, wrong.Err()
}

// parse validates the input and returns the resource that it names.
func (in *ModifyInput) parse(region string) (*resource, error) {
	if in == nil {
		return nil, validate.NilInput(ModifyActivityStream)
	}
	wrong := statemachine.InputError{Operation: ModifyActivityStream}
	res, reason := parseInstance(in.ResourceArn, region)
	wrong.Add("ResourceArn", reason)
	if in.AuditPolicyState != "" {
		wrong.Add("AuditPolicyState", validate.OneOf(in.AuditPolicyState, in.AuditPolicyState.Values()))
	}
	return &res, wrong.Err()
}

// resourceType is the type of a resource, as its ARN spells it.
type resourceType string

const (
	cluster  resourceType = "cluster"
	instance resourceType = "db"
)

// resource is a cluster or an instance.
type resource struct {
	given        string // the ARN as the caller passed it
	arn          string // the ARN in lower case: identifiers ignore case, but RDS's filters do not
	resourceType resourceType
}

// parseARN returns the resource that an ARN names, or the reason why the ARN is invalid. Then the
// resource has only the given text, unless just the Region is wrong. An empty region accepts every
// Region.
func parseARN(s, region string) (resource, string) {
	res := resource{given: s}
	a, reason := validate.ARN(s, "rds", "")
	if reason != "" {
		return res, reason
	}
	typ, id, _ := strings.Cut(a.Resource, ":")
	if t := resourceType(typ); t != cluster && t != instance {
		return res, fmt.Sprintf("must be the ARN of a cluster (…:cluster:name) or of an instance (…:db:name), got %q", s)
	}
	if id == "" {
		return res, fmt.Sprintf("must be an ARN that ends with a name (…:%s:name), got %q", typ, s)
	}
	if reason := validate.Charset(id, "letters, digits and hyphens in the name", func(r rune) bool {
		return r == '-' || validate.Alphanumeric(r)
	}); reason != "" {
		return res, reason
	}
	res.arn, res.resourceType = strings.ToLower(s), resourceType(typ)
	return res, validate.Region(a, region)
}

// parseInstance does what parseARN does, and rejects clusters.
func parseInstance(s, region string) (resource, string) {
	res, reason := parseARN(s, region)
	if reason == "" && res.resourceType != instance {
		reason = "must be the ARN of an RDS for Oracle or SQL Server instance (…:db:name): a cluster has no audit policy"
	}
	return res, reason
}

var (
	keyIDRE     = regexp.MustCompile(`\A([0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}|mrk-[0-9a-zA-Z]+)\z`)
	keyInARNRE  = regexp.MustCompile(`\A[0-9a-zA-Z-]+\z`) // AWS's example has an ID that is not a UUID
	aliasNameRE = regexp.MustCompile(`\Aalias/[a-zA-Z0-9/_-]{1,250}\z`)
)

// checkKey returns the reason why a KMS key is invalid, or "".
func checkKey(s string) string {
	name, ok := s, keyIDRE.MatchString(s) || aliasNameRE.MatchString(s)
	if strings.HasPrefix(s, "arn:") {
		a, reason := validate.ARN(s, "kms", "")
		if reason != "" {
			return reason
		}
		name = a.Resource
		id, isKey := strings.CutPrefix(name, "key/")
		if !isKey && !strings.HasPrefix(name, "alias/") {
			return fmt.Sprintf("must be the ARN of a key (…:key/id) or of an alias (…:alias/name), got %q", s)
		}
		ok = isKey && keyInARNRE.MatchString(id) || aliasNameRE.MatchString(name)
	}
	switch {
	case s == "":
		return validate.Required
	case strings.HasPrefix(name, "alias/aws/"):
		return fmt.Sprintf("must be a customer managed key, got %q, which AWS manages", s)
	case !ok:
		return fmt.Sprintf("must be a key ARN, a key ID, an alias ARN or an alias name (alias/name), got %q", s)
	}
	return ""
}
