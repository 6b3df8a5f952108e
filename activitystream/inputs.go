package activitystream

import (
	"fmt"
	"regexp"
	"strings"

	"github.com/aws/aws-sdk-go-v2/service/rds/types"

	"github.com/streamwarden/streamwarden-go/internal/validate"
	"github.com/streamwarden/streamwarden-go/statemachine"
)

// Mode is how a session of the database waits for its activity to be recorded: the Mode of StartActivityStream.
type Mode = types.ActivityStreamMode

// The modes.
const (
	// ModeSync has a session wait until its event is durable: for the accuracy of the stream. Aurora PostgreSQL only.
	ModeSync Mode = types.ActivityStreamModeSync

	// ModeAsync has a session go on at once: for the performance of the database. Events may be lost in a failure.
	ModeAsync Mode = types.ActivityStreamModeAsync
)

// AuditPolicyState is what ModifyActivityStream makes of an instance's audit policy.
type AuditPolicyState = types.AuditPolicyState

// The audit policy's states as ModifyActivityStream takes them.
const (
	// AuditPolicyLocked makes the audit policy in the database read-only: [PolicyLocking], then [PolicyLocked].
	AuditPolicyLocked AuditPolicyState = types.AuditPolicyStateLockedPolicy

	// AuditPolicyUnlocked has the audit policy in the database edited: [PolicyUnlocking], then [PolicyUnlocked].
	AuditPolicyUnlocked AuditPolicyState = types.AuditPolicyStateUnlockedPolicy
)

// StartInput is the input of StartActivityStream.
type StartInput struct {
	// ResourceArn is the ARN of an Aurora cluster (arn:aws:rds:us-east-1:123456789012:cluster:name) or of an
	// RDS for Oracle or SQL Server instance (…:db:name), in the client's Region. It is sent in lower
	// case, as RDS has it. Required.
	ResourceArn string

	// Mode is [ModeSync] or [ModeAsync]. Required. Only Aurora PostgreSQL has ModeSync.
	Mode Mode

	// KmsKeyId is the KMS key that encrypts the activity: a key ARN, a key ID, an alias ARN or an alias name
	// (alias/name). A key managed by AWS (alias/aws/…) cannot be used. The caller needs kms:CreateGrant and
	// kms:DescribeKey on it. Required.
	KmsKeyId string

	// ApplyImmediately restarts the database right away. Otherwise nothing happens, and nothing can be seen,
	// until the next maintenance window.
	ApplyImmediately bool

	// EngineNativeAuditFieldsIncluded adds the engine's own audit fields to the events. Instances only: with the
	// ARN of a cluster it is an InputError.
	EngineNativeAuditFieldsIncluded bool
}

// StopInput is the input of StopActivityStream.
type StopInput struct {
	ResourceArn      string // as in StartInput. Required
	ApplyImmediately bool   // as in StartInput: it restarts the database right away
}

// ModifyInput is the input of ModifyActivityStream.
type ModifyInput struct {
	// ResourceArn is the ARN of an RDS for Oracle or SQL Server instance: …:db:name. Required.
	ResourceArn string

	// AuditPolicyState is [AuditPolicyLocked] or [AuditPolicyUnlocked]; empty, the service's default, is locked.
	AuditPolicyState AuditPolicyState
}

// Validate tells everything that is wrong with the input, as a [*statemachine.InputError]. The client's methods
// call it, and compare the ARN's Region with the client's, too.
func (in *StartInput) Validate() error { return in.validate("") }

// Validate tells everything that is wrong with the input, as a [*statemachine.InputError].
func (in *StopInput) Validate() error { return in.validate("") }

// Validate tells everything that is wrong with the input, as a [*statemachine.InputError].
func (in *ModifyInput) Validate() error { return in.validate("") }

func (in *StartInput) validate(region string) error {
	if in == nil {
		return validate.NilInput(StartActivityStream)
	}
	wrong := statemachine.InputError{Operation: StartActivityStream}
	_, reason := parseARN(in.ResourceArn, region)
	wrong.Add("ResourceArn", reason)
	wrong.Add("Mode", validate.OneOf(in.Mode, in.Mode.Values()))
	wrong.Add("KmsKeyId", checkKey(in.KmsKeyId))
	// Whatever the Region is: every wrong field is told at once.
	if res, _ := parseARN(in.ResourceArn, ""); in.EngineNativeAuditFieldsIncluded && res.sort == cluster {
		wrong.Add("EngineNativeAuditFieldsIncluded", "is for instances only, and this is the ARN of a cluster")
	}
	return wrong.Err()
}

func (in *StopInput) validate(region string) error {
	if in == nil {
		return validate.NilInput(StopActivityStream)
	}
	wrong := statemachine.InputError{Operation: StopActivityStream}
	_, reason := parseARN(in.ResourceArn, region)
	wrong.Add("ResourceArn", reason)
	return wrong.Err()
}

func (in *ModifyInput) validate(region string) error {
	if in == nil {
		return validate.NilInput(ModifyActivityStream)
	}
	wrong := statemachine.InputError{Operation: ModifyActivityStream}
	_, reason := parseInstance(in.ResourceArn, region)
	wrong.Add("ResourceArn", reason)
	if in.AuditPolicyState != "" {
		wrong.Add("AuditPolicyState", validate.OneOf(in.AuditPolicyState, in.AuditPolicyState.Values()))
	}
	return wrong.Err()
}

// resourceType is what an ARN names. The value is the resource type in the ARN.
type resourceType string

const (
	cluster  resourceType = "cluster"
	instance resourceType = "db"
)

// resource is a cluster or an instance.
type resource struct {
	given string // as it was given
	arn   string // as RDS writes it: its identifiers are not case-sensitive, its filters are
	sort  resourceType
}

// parseARN takes an ARN apart. It says what is wrong with it if it is none of a cluster or instance, or, unless
// region is empty, of another Region.
func parseARN(s, region string) (resource, string) {
	a, reason := validate.ARN(s, "rds", region)
	if reason != "" {
		return resource{}, reason
	}
	kind, id, _ := strings.Cut(a.Resource, ":")
	switch resourceType(kind) {
	case cluster, instance:
	default:
		return resource{}, fmt.Sprintf("must be the ARN of a cluster (…:cluster:name) or of an instance (…:db:name), is %q", s)
	}
	if id == "" {
		return resource{}, fmt.Sprintf("names no %s: %q", kind, s)
	}
	if reason := validate.Charset(id, "letters, digits and hyphens in the name", func(r rune) bool {
		return r == '-' || validate.Alphanumeric(r)
	}); reason != "" {
		return resource{}, reason
	}
	return resource{given: s, arn: strings.ToLower(s), sort: resourceType(kind)}, ""
}

// parseInstance is parseARN for the ARN of an instance.
func parseInstance(s, region string) (resource, string) {
	res, reason := parseARN(s, region)
	if reason == "" && res.sort != instance {
		reason = "must be the ARN of an RDS for Oracle or SQL Server instance (…:db:name): a cluster has no audit policy"
	}
	return res, reason
}

var (
	keyIDRE     = regexp.MustCompile(`\A([0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}|mrk-[0-9a-zA-Z]+)\z`)
	keyInARNRE  = regexp.MustCompile(`\A[0-9a-zA-Z-]+\z`) // AWS's own example has an ID that is none
	aliasNameRE = regexp.MustCompile(`\Aalias/[a-zA-Z0-9/_-]{1,250}\z`)
)

// checkKey says what is wrong with a KMS key.
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
			return fmt.Sprintf("must be the ARN of a key (…:key/id) or of an alias (…:alias/name), is %q", s)
		}
		ok = isKey && keyInARNRE.MatchString(id) || aliasNameRE.MatchString(name)
	}
	switch {
	case s == "":
		return "is empty"
	case strings.HasPrefix(name, "alias/aws/"):
		return fmt.Sprintf("must be a customer managed key: %q is managed by AWS", s)
	case !ok:
		return fmt.Sprintf("must be a key ARN, a key ID, an alias ARN or an alias name (alias/name), is %q", s)
	}
	return ""
}
